"""A version stays as it was written, whoever asks."""

from collections.abc import Callable

import pytest

from coop import clock
from coop.people.models import Person
from tasks import releases
from tasks.models import Job, Release
from tests.tasks.releases.conftest import Made

type Attack = Callable[..., None]


@pytest.mark.parametrize(
    "change",
    ["digest = repeat('0', 64)", "certificate = '{}'", "parts = '[]'", "place = 0", "finished_at = NULL, digest = ''"],
)
def test_a_version_that_is_whole_never_changes(job: Job, made: Made, attack: Attack, change: str) -> None:
    release = made(job)
    attack(f"UPDATE tasks_release SET {change} WHERE id = %s", [release.pk], guard="releases_stay_as_made")


@pytest.mark.parametrize("change", ["place = 0", "parts = '[]'"])
def test_a_version_being_written_never_goes_back(job: Job, olga: Person, attack: Attack, change: str) -> None:
    asked = releases.ask(job, by=olga, at=clock.now())
    Release.objects.filter(pk=asked.pk).update(place=2, parts=["a"])
    attack(f"UPDATE tasks_release SET {change} WHERE id = %s", [asked.pk], guard="releases_stay_as_made")


def test_a_version_ends_with_its_digest(job: Job, olga: Person, attack: Attack) -> None:
    asked = releases.ask(job, by=olga, at=clock.now())
    attack(
        "UPDATE tasks_release SET finished_at = coop_now() WHERE id = %s", [asked.pk],
        guard="finished_releases_have_a_digest",
    )  # fmt: skip
