"""What the open ledger tells of a month that is over is worked out once: no reader makes the database do it again."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from payments import background, open_ledger, published
from payments.open_ledger import Month
from tests.governance.conftest import reach

pytestmark = pytest.mark.django_db
type Earn = Callable[[Person, str], int]
ASKED = ("payments_hours_paid", "payments_transfer")


@pytest.fixture
def over(earn: Earn, amina: Person, luis: Person, priya: Person, teresa: Person, petra: Person, now: datetime) -> Month:
    """Return a month that is over, in which five people were paid."""
    for person in (amina, luis, priya, teresa, petra):
        earn(person, "2.345678")
    reach(Month.of(now).after + timedelta(hours=2))
    return Month.of(now)


def asked(month: Month) -> list[str]:
    """Return what of a month's work and books is asked for when it is told."""
    with CaptureQueriesContext(connection) as queries:
        open_ledger.told(month, at=clock.now())
    asked = [query["sql"] for query in queries]
    return [name for name in ASKED for sql in asked if f"{name}(" in sql or f"FROM {name} " in sql]


def test_a_month_is_worked_out_once_and_told_the_same(over: Month) -> None:
    assert set(asked(over)) == set(ASKED)
    assert asked(over) == []
    kept, worked = open_ledger.told(over, at=clock.now()), open_ledger.figures(over)
    assert kept == worked
    for _content_type, write in published.TYPES.values():
        assert write(kept) == write(worked)


def test_the_worker_keeps_what_is_over_before_anybody_reads_it(over: Month) -> None:
    assert background.keep_figures(0) == 1
    assert background.keep_figures(0) == 0
    assert asked(over) == []
    assert asked(Month.of(clock.now())) == []


def test_a_month_that_runs_is_never_kept(over: Month) -> None:
    running = Month.of(clock.now())
    open_ledger.told(running, at=clock.now())
    background.keep_figures(0)
    assert cache.get(f"ledger:{running}") is None


def test_one_works_a_month_out_and_others_are_told_so(
    over: Month, client: Browser, superuser: psycopg.Connection
) -> None:
    superuser.execute(open_ledger.WAIT)
    for address in (f"/ledger/?month={over}", f"/ledger/{over}.json"):
        answer = client.get(address)
        assert answer.status_code == 503
        assert "being worked out at this moment" in answer.text
    superuser.rollback()
    assert json.loads(client.get(f"/ledger/{over}.json").content)["rows"][0]["amount"] == "11.72839"


def test_a_month_that_is_kept_is_told_whoever_works_another_out(
    over: Month, client: Browser, superuser: psycopg.Connection
) -> None:
    cache.set(f"ledger:{over}", {"moved": [["work", 5_000_000, 5]], "people": 5, "hours": []})
    superuser.execute(open_ledger.WAIT)
    assert "5.00" in client.get(f"/ledger/?month={over}").text
