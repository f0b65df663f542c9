"""What the report of a change at its worst reads of the work: the times, the clients and the jobs that there were."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from coop import clock
from coop.people.models import Client, Person
from payments.models import Kind
from payments.policies import impacts
from tasks import claims
from tests.tasks.conftest import SAME, hand_in, make_job

pytestmark = pytest.mark.usefixtures("committed")


def test_units_are_told_with_the_time_they_were_held_and_what_their_client_paid(
    orbit: Client, olga: Person, amina: Person, luis: Person, owner: psycopg.Connection,
    later: Callable[..., datetime],
) -> None:  # fmt: skip
    job = make_job(orbit, olga, overlap=2, tasks=1, pay=Decimal("0.12"))
    mine, theirs = (claims.claim_next(job, by=who, at=clock.now()) for who in (amina, luis))
    later(seconds=100)
    hand_in(mine, SAME)
    later(seconds=200)
    hand_in(theirs, SAME)
    held = owner.execute("SELECT person_id, pay, seconds FROM payments_units_held ORDER BY person_id").fetchall()
    assert [row[:2] for row in held] == [(amina.pk, 120_000), (luis.pk, 120_000)]
    assert [least <= seconds < least + 30 for (*_row, seconds), least in zip(held, (100, 300), strict=True)] == [
        True
    ] * 2
    given = "SELECT client_id, work_type_id, person_id, pay FROM payments_units_of_clients ORDER BY person_id"
    rows = [(orbit.pk, job.work_type_id, who.pk, 120_000) for who in (amina, luis)]
    assert owner.execute(given).fetchall() == rows
    opened = owner.execute("SELECT wages FROM payments_jobs_opened WHERE work_type_id = %s", [job.work_type_id])
    assert (240_000,) in opened.fetchall()
    owner.rollback()
    about = f"client:{orbit.pk}/work_type:{job.work_type_id}"
    change = {"key": about, "value": {"micro": 96_000}, "replaces": 0}
    assert impacts.replayed(Kind.REOPENING, change)["kept"] == ["4", "5"]
    for kind, said in ((Kind.REOPENING, change), (Kind.TIME_LIMIT, {"key": "", "value": {"least": 200}})):
        told: Any = impacts.replayed(kind, said)["worst"]
        assert (told["people"], told["units"], told["difference"]) == (None, None, None)
    full = "SELECT payments_worst_of_reopening(%s, 96000), payments_worst_of_time(200)"
    found, lost = owner.execute(full, [about]).fetchone() or ({}, {})
    assert (found["units"], found["difference"]) == (2, "-0.048")
    assert lost["difference"] == "0.12"
