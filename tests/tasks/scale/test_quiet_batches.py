"""Batches that a program fills and never finalizes, as Scale's standard ones."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from scaleapi.api_client.v2.models.batch_operation_request import BatchOperationRequest
from scaleapi.exceptions import ScaleInvalidRequest, ScaleNotEnabled
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Client
from tasks import background
from tasks.models import Batch, Order
from tasks.scale import batches
from tasks.scale import live as live_orders
from tests.tasks import orders
from tests.tasks.scale.conftest import ALL, Programs
from tests.tasks.scale.test_live import PAIR, job_of

pytestmark = pytest.mark.django_db


def test_a_batch_that_nobody_finalizes_starts_once_it_is_quiet(
    program: Programs, orbit: Client, later: Callable[..., datetime]
) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Pairs", TaskType.Categorization, params={"work_type": "product-match"})
    live.create_batch("Pairs", "empty")
    batch = live.create_batch("Pairs", "alone")
    made = live.create_task(TaskType.Categorization, batch="alone", **PAIR)
    dear = live.create_batch("Pairs", "dear")
    live.create_task(TaskType.Categorization, batch="dear", pay="10000", **PAIR | {"responses_required": 25})
    live.create_project("Staged", TaskType.Categorization, rapid=True, params={"work_type": "product-match"})
    waiting = live.create_batch("Staged", "staged")
    live.create_task(TaskType.Categorization, batch="staged", **PAIR)
    later(minutes=14)
    assert batches.finalize_quiet(at=clock.now()) == 0
    later(minutes=2)
    assert batches.finalize_quiet(at=clock.now()) == 1
    status = [client.get_status()["status"] for client in (batch, dear, waiting)]
    assert status == ["in_progress", "staging", "staging"]
    assert job_of(made).opened_at
    assert batches.finalize_quiet(at=clock.now()) == 0
    waiting.finalize()
    with pytest.raises(ScaleInvalidRequest, match="no more tasks"):
        live.create_task(TaskType.Categorization, batch="staged", **PAIR)
    assert "short" in raw(orbit, "dear")["waits_because"]
    orders.deposit(orbit, "500000")
    turn = Batch.objects.get(name="dear").pk % 60
    later(minutes=60 + (turn - clock.now().minute) % 60)
    assert batches.finalize_quiet(at=clock.now()) == 1
    assert (dear.get_status()["status"], raw(orbit, "dear").get("waits_because")) == ("in_progress", None)


def raw(client: Client, name: str) -> dict[str, Any]:
    """Return the options of a batch."""
    return dict(Batch.objects.get(client=client, name=name).options)


def test_a_key_that_may_not_spend_makes_no_batch_that_does(
    program: Programs, orbit: Client, later: Callable[..., datetime]
) -> None:
    orders.deposit(orbit, "100")
    live, posts = program(ALL), program(["read", "post"])
    live.create_project("Pairs", TaskType.Categorization, params={"work_type": "product-match"})
    posts.create_batch("Pairs", "theirs")
    posts.create_task(TaskType.Categorization, batch="theirs", **PAIR)
    live.create_batch("Pairs", "ours")
    with pytest.raises(ScaleNotEnabled):
        posts.create_task(TaskType.Categorization, batch="ours", **PAIR)
    later(minutes=16)
    assert batches.finalize_quiet(at=clock.now()) == 0
    live.finalize_batch("theirs")
    with pytest.raises(ScaleInvalidRequest, match="no more tasks"):
        posts.create_task(TaskType.Categorization, batch="theirs", **PAIR)


def test_what_is_in_the_way_of_one_batch_is_in_the_way_of_no_other(
    program: Programs, orbit: Client, later: Callable[..., datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Pairs", TaskType.Categorization, params={"work_type": "product-match"})
    for name in ("broken", "well"):
        live.create_batch("Pairs", name)
        live.create_task(TaskType.Categorization, batch=name, **PAIR)
    later(minutes=16)
    placed = live_orders.place

    def place(some: Sequence[Order], **more: Any) -> Any:
        if some[0].batch and some[0].batch.name == "broken":
            raise IndexError
        return placed(some, **more)

    monkeypatch.setattr(live_orders, "place", place)
    assert batches.finalize_quiet(at=clock.now()) == 1
    assert [live.batch_status(name)["status"] for name in ("broken", "well")] == ["staging", "in_progress"]
    assert "ours" in raw(orbit, "broken")["waits_because"]


def test_a_paused_batch_takes_tasks_and_places_them_once_it_goes_on(program: Programs, orbit: Client) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Pairs", TaskType.Categorization, params={"work_type": "product-match"})
    batch = live.create_batch("Pairs", "paused")
    live.create_task(TaskType.Categorization, batch="paused", **PAIR)
    batch.finalize()
    live.v2.pause_batch(BatchOperationRequest(batch_name="paused"))
    late = live.create_task(TaskType.Categorization, batch="paused", **PAIR | {"categories": ["other", "terms"]})
    canceled = live.create_task(TaskType.Categorization, batch="paused", **PAIR)
    canceled.cancel()
    background.place_rest(Batch.objects.get().pk)
    assert Order.objects.get(key=late.id).task is None
    live.v2.resume_batch(BatchOperationRequest(batch_name="paused"))
    batches.have_placed()
    batches.have_placed()
    deferred = ProcrastinateJob.objects.filter(task_name=batches.PLACE_REST, status="todo")
    assert deferred.count() == 1
    background.place_rest(Batch.objects.get().pk)
    assert job_of(late).opened_at
    assert Order.objects.get(key=canceled.id).task is None
