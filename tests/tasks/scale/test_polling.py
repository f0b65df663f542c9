"""A program that asks again and again for what is new hears of every answer."""

import uuid

import pytest
import scaleapi
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Person
from tasks import answers, reviews
from tasks.models import Ground
from tests.tasks.scale.test_live import PAIR, do, job_of

pytestmark = pytest.mark.django_db


class Poller:
    """Asks for what changed since the newest time it knows, as programs do."""

    def __init__(self, live: scaleapi.ScaleClient, known: str) -> None:
        """Begin with this as the newest time."""
        self.live, self.known = live, known

    def news(self) -> list[tuple[str, str]]:
        """Return id and status of what is new; nothing that is new stands before what was known."""
        found = list(self.live.get_tasks(project_name="Pairs", updated_after=self.known))
        fresh = [one for one in found if one.updated_at != self.known]
        assert all(one.updated_at > self.known for one in fresh)
        self.known = max([self.known, *(one.updated_at for one in fresh)])
        return [(one.id, one.status) for one in fresh]


def test_a_poller_hears_of_answers_as_they_come_go_back_and_are_decided(
    live: scaleapi.ScaleClient, amina: Person, luis: Person, olga: Person
) -> None:
    task = live.create_task(TaskType.Categorization, project="Pairs", **PAIR)
    waiting = live.create_task(TaskType.Categorization, project="Pairs", **PAIR)
    poller = Poller(live, waiting.updated_at)
    assert poller.news() == []
    given = do(job_of(task), amina, {"labels": ["Different"]})
    before = poller.known
    assert poller.news() == [(task.id, "completed")]
    assert poller.known == live.get_task(task.id).completed_at
    early = live.tasks(updated_before=before)
    assert task.id not in [one.id for one in early]
    reviews.send_back(given, reason="Look at the volume.", place="labels", by=luis, at=clock.now())
    assert poller.news() == [(task.id, "pending")]
    answers.submit(given, value={"labels": ["Same"]}, key=uuid.uuid4(), seconds=30, by=amina, at=clock.now())
    assert poller.news() == [(task.id, "completed")]
    reviews.accept(given, by=olga, at=clock.now(), ground=Ground.CLIENT)
    assert poller.news() == [(task.id, "completed")]
    live.get_task(task.id).set_metadata({"seen": True})
    assert poller.news() == [(task.id, "completed")]
    assert poller.news() == []
