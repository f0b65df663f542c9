"""Nothing that was answered is lost, whatever dies; and the look at what stands would see it."""

import os
import subprocess
import sys
import uuid
from datetime import datetime

from django.conf import settings

from coop.people.models import Client, Person
from tasks import reviews
from tests.crash import blows, rounds, truth
from tests.tasks.conftest import make_job, work

PATIENCE = 900


def test_each_way_to_die_loses_nothing() -> None:
    ours = {"DATABASE_URL", "OWNER_DATABASE_URL", "WORKHALL_ORIGIN", "DJANGO_SETTINGS_MODULE", "WORKHALL_STATE"}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-m", "tests.crash", "--rounds", str(len(blows.ALL)), "--tasks", "2000"]
    done = subprocess.run(  # noqa: S603 - our own module
        command,
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("all stands") == len(blows.ALL) + 1
    assert {name for name in blows.ALL if name in done.stdout} == set(blows.ALL)


def test_every_way_to_die_comes_as_often() -> None:
    names = [name for name, _seconds in rounds.plan(8, seed=1)]
    assert sorted(names) == sorted([*blows.ALL] * 2)
    assert rounds.plan(8, seed=1) == rounds.plan(8, seed=1) != rounds.plan(8, seed=2)


def test_what_was_answered_and_does_not_stand_is_seen(
    amina: Person, luis: Person, orbit: Client, olga: Person, now: datetime
) -> None:
    checked = work(make_job(orbit, olga, review_rule="peer"), amina, {"labels": ["Same"]})
    invented = str(uuid.uuid4())
    stands = str(checked.answers.get().key)
    assert truth.missing(truth.ANSWERS, [stands, invented]) == [invented]
    assert truth.missing(truth.PAYOUTS, [invented]) == [invented]
    assert truth.missing(truth.PAID, [9**9]) == [9**9]
    assert truth.missing(truth.ACCEPTED, [checked.pk]) == [checked.pk]
    reviews.accept(checked, by=luis, at=now)
    assert truth.missing(truth.ACCEPTED, [checked.pk, 9**9]) == [9**9]
    assert truth.missing(truth.UPLOADS, [9**9]) == [9**9]
