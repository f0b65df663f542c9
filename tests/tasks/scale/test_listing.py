"""Lists as they are asked for: batches by when they were completed, projects that are put away, kinds of work."""

from datetime import timedelta

import pytest
import scaleapi
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Person
from payments import rates
from tests.tasks import media_jobs
from tests.tasks.scale.test_live import PAIR, do, job_of

pytestmark = pytest.mark.django_db


def test_batches_are_found_by_when_their_last_task_was_done(live: scaleapi.ScaleClient, amina: Person) -> None:
    ends = []
    for name in ("first", "second", "open"):
        live.create_batch("Pairs", name)
        made = [live.create_task(TaskType.Categorization, batch=name, **PAIR) for _turn in range(2)]
        live.finalize_batch(name)
        for task in made[: 1 if name == "open" else 2]:
            do(job_of(task), amina, {"labels": ["Same"]})
        ends.append(clock.now())

    def found(**bounds: object) -> list[str]:
        return [batch.name for batch in live.v2.get_batches(**bounds).batches]

    assert found() == ["open", "second", "first"]
    assert found(completed_before=ends[0]) == ["first"]
    assert found(completed_after=ends[0]) == ["second"]
    assert found(completed_after=ends[0] - timedelta(days=1)) == ["second", "first"]
    assert found(completed_after=ends[2], completed_before=ends[2]) == []
    done = live.v2.set_batch_metadata(set_batch_metadata_request={"batch_name": "first", "metadata": {"a": 1}})
    assert done.metadata == {"a": 1}
    more = {"batch_id": done.id, "metadata": {"b": 2}, "merge": True}
    assert live.v2.set_batch_metadata(set_batch_metadata_request=more).metadata == {"a": 1, "b": 2}
    assert live.get_batch("first").metadata == {"a": 1, "b": 2}


def test_no_project_is_put_away(live: scaleapi.ScaleClient) -> None:
    said = [live.api.get_request("projects", params={"archived": archived}) for archived in (True, False)]
    assert [[one["name"] for one in found] for found in said] == [[], ["Pairs"]]


def test_of_several_kinds_of_work_the_first_voted_is_taken_and_named(live: scaleapi.ScaleClient, amina: Person) -> None:
    other = media_jobs.voted_kind("choice", amina)
    assert rates.current(other).amount
    live.create_project("Any", TaskType.Categorization)
    task = live.create_task(TaskType.Categorization, project="Any", **PAIR)
    job = job_of(task)
    assert task.as_dict()["work_type"] == job.work_type.slug == "product-match"
