"""A job with answers, and its versions."""

from collections.abc import Callable

import pytest

from coop import clock
from coop.people.models import Client, Person
from tasks import releases
from tasks.models import Job, Release
from tests.tasks import orders
from tests.tasks.test_exports import answer

type Made = Callable[..., Release]


@pytest.fixture
def job(orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person) -> Job:
    """Return a job of six tasks: all agree on the first, one differs on the second, the third has one answer."""
    job = orders.opened(orbit, olga, tasks=6)
    answer(job, (amina, "Same"), (luis, "Same"), (priya, "Same"))
    answer(job, (amina, "Different"), (luis, "Same"), (priya, "Different"))
    answer(job, (amina, "Same"))
    return job


@pytest.fixture
def made(olga: Person) -> Made:
    """Return a function that has the next version of a job written."""

    def make(job: Job, **splits: int) -> Release:
        asked = releases.ask(job, splits=splits or None, by=olga, at=clock.now())
        return releases.write(asked, at=clock.now())

    return make
