"""Batches that a program fills and never finalizes, as Scale's standard ones."""

from collections.abc import Callable
from datetime import datetime

import pytest
from scaleapi.exceptions import ScaleInvalidRequest
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Client
from tasks.scale import batches
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
