"""Versions of data sets as v2's deliveries, through Scale's own client."""

from datetime import timedelta
from typing import Any

import pytest
import scaleapi
from django.test import Client as Browser
from scaleapi.api_client.v2.exceptions import ApiException, NotFoundException
from scaleapi.tasks import TaskType

from coop import clock
from coop.people import clients
from coop.people.models import Person
from tasks import releases
from tests.tasks.scale.conftest import ALL, Programs
from tests.tasks.scale.test_live import PAIR, do, job_of

pytestmark = pytest.mark.django_db


def written(task: Any, by: Person) -> None:
    """Have the data set of a task's job written as it stands."""
    releases.write(releases.ask(job_of(task), by=by, at=clock.now()), at=clock.now())


@pytest.fixture
def tasks(live: scaleapi.ScaleClient, olga: Person, amina: Person) -> list[Any]:
    """Return three tasks of a batch, whose data set was written with one answer, then with two."""
    live.create_batch("Pairs", "week 23")
    tasks = [live.create_task(TaskType.Categorization, batch="week 23", **PAIR) for _turn in range(3)]
    live.finalize_batch("week 23")
    do(job_of(tasks[0]), amina, {"labels": ["Same"]})
    written(tasks[0], olga)
    do(job_of(tasks[0]), amina, {"labels": ["Different"]})
    written(tasks[0], olga)
    return tasks


def test_a_version_is_a_delivery_and_stays_as_it_was(live: scaleapi.ScaleClient, tasks: list[Any]) -> None:
    live.create_project("Other", TaskType.Categorization)
    second, first = live.v2.get_deliveries(project_name="Pairs", expand=["project"]).deliveries
    assert (first.task_count, second.task_count) == (1, 2)
    assert first.name != second.name
    assert "week 23" in first.name
    assert first.project.actual_instance.name == "Pairs"
    assert live.v2.get_deliveries(project_name="Other").deliveries == []
    later = clock.now() + timedelta(hours=1)
    assert live.v2.get_deliveries(delivered_after=later).deliveries == []

    known = {task.id: None for task in tasks}
    docs = live.v2.get_delivery_tasks(delivery_id=first.id)
    assert docs.total == 3
    assert {doc.task_id: doc.response for doc in docs.docs} == known | {tasks[0].id: {"category": "Same"}}
    docs = live.v2.get_delivery_tasks(project_name="Pairs")
    assert {doc.task_id: doc.response for doc in docs.docs} == known | {
        tasks[0].id: {"category": "Same"}, tasks[1].id: {"category": "Different"},
    }  # fmt: skip
    assert {doc.delivery_id for doc in docs.docs} == {second.id}

    page = live.v2.get_delivery(delivery_id=first.id, limit=2)
    rest = live.v2.get_delivery(delivery_name=first.name, limit=2, next_token=page.next_token)
    assert {one.task_id for one in [*page.tasks, *rest.tasks]} == set(known)
    assert (page.delivery.actual_instance.id, rest.next_token) == (first.id, None)


@pytest.mark.usefixtures("tasks")
def test_deliveries_come_in_pages_where_a_limit_is_said(live: scaleapi.ScaleClient) -> None:
    browser = Browser(headers={"authorization": f"Bearer {live.api.api_key}"})

    def names(query: str) -> tuple[list[str], str | None]:
        told = browser.get(f"/v2/deliveries?{query}").json()
        return [one["name"] for one in told["deliveries"]], told.get("next_token")

    every, none = names("")
    first, token = names("limit=1")
    assert (none, first) == (None, every[:1])
    assert names(f"limit=1&next_token={token}") == (every[1:], None)
    assert names(f"next_token={token}") == (every[1:], None)
    assert browser.get("/v2/deliveries?limit=none").status_code == 400
    assert browser.get(f"/v2/deliveries?limit=1&next_token={'0' * 32}").status_code == 404


def test_what_is_withdrawn_stands_in_no_later_version(
    live: scaleapi.ScaleClient, tasks: list[Any], olga: Person
) -> None:
    _second, first = live.v2.get_deliveries().deliveries
    releases.withdraw(job_of(tasks[0]), [tasks[0].id], reason="Asked to.", by=olga, at=clock.now())
    written(tasks[0], olga)
    third = live.v2.get_deliveries().deliveries[0]
    assert tasks[0].id not in {doc.task_id for doc in live.v2.get_delivery_tasks(delivery_id=third.id).docs}
    assert live.v2.get_delivery_tasks(delivery_id=first.id).total == 3


@pytest.mark.usefixtures("tasks")
def test_nobody_else_has_a_delivery(live: scaleapi.ScaleClient, program: Programs, luis: Person) -> None:
    first = live.v2.get_deliveries().deliveries[-1]
    rival = clients.found("Rival", slug="rival", by=luis, at=clock.now())
    theirs = program(ALL, of=rival, by=luis)
    assert theirs.v2.get_deliveries().deliveries == []
    for call in (
        lambda: theirs.v2.get_delivery(delivery_id=first.id), lambda: program().v2.get_delivery(delivery_id=first.id),
        lambda: theirs.v2.get_delivery_tasks(delivery_id=first.id),
    ):  # fmt: skip
        with pytest.raises(NotFoundException):
            call()
    with pytest.raises(ApiException) as refused:
        program(("read", "post")).v2.get_deliveries()
    assert refused.value.status == 402
