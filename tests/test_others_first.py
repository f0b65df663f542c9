"""Whoever was not the first in a moment is told to try again: no page or API answers that as a fault of ours."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import scaleapi
from django.db import OperationalError, connection
from django.test import Client as Browser
from django.test import RequestFactory

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from coop.people.models import Person
from coop.refusals import Refused, api_answer, try_again
from governance import resigning, standing
from governance.models import Standing, Status
from tasks.scale.access import ScaleView

type SignedIn = Callable[[Person], Browser]
PAGE = "/standing/come-back/"
HELD = "SELECT FROM people_person WHERE id = %s FOR NO KEY UPDATE"
WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
BACK = """INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id)
VALUES (%s, 'member', now(), 'D1', %s)"""


@pytest.fixture
def other(committed: None, cluster: Cluster, database_name: str) -> Iterator[psycopg.Connection]:
    """Connect as somebody else who works with the site."""
    with psycopg.connect(cluster.url(roles.WEB, database_name)) as site:
        yield site
        site.rollback()


@pytest.fixture
def away(committed: None, priya: Person) -> Person:
    """Let Priya have left."""
    resigning.give_notice(priya, pressure="none", at=clock.now())
    resigning.leave_due(clock.advance(timedelta(days=7, seconds=1)))
    assert standing.status(priya) == Status.LEFT
    return priya


def alone[T](act: Callable[[], T], patience: str = "10s") -> T:
    """Do something over a connection of its own, which waits so long for a lock."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])
        return act()
    finally:
        connection.close()


def until_held_up(by: psycopg.Connection) -> None:
    """Return once somebody waits for what this connection holds; raise AssertionError after half a minute."""
    for _look in range(300):
        if by.execute(WAITS).fetchone() == (True,):
            return
        time.sleep(0.1)
    message = "Nobody waits."
    raise AssertionError(message)


def while_they_come_back[T](act: Callable[[], T], who: Person, other: psycopg.Connection) -> T:
    """Do something that waits with a number for its row, while a later one is written."""
    with ThreadPoolExecutor(1) as pool:
        other.execute(HELD, [who.pk])
        waits = pool.submit(alone, act)
        until_held_up(other)
        other.execute(BACK, [who.pk, who.pk])
        other.commit()
        return waits.result()


def test_a_standing_that_another_overtook_is_refused(away: Person, other: psycopg.Connection) -> None:
    with pytest.raises(Refused, match="Please try again"):
        while_they_come_back(lambda: standing.come_back(away, at=clock.now()), away, other)


def test_who_came_back_twice_at_once_is_told_to_try_again(
    away: Person, other: psycopg.Connection, signed_in: SignedIn
) -> None:
    browser = signed_in(away)
    said = while_they_come_back(lambda: browser.post(PAGE), away, other)
    assert (said.status_code, "Please try again." in said.text) == (409, True)
    assert Standing.objects.filter(person=away, rule="D1", status=Status.MEMBER).count() == 1


def test_a_page_that_waited_too_long_says_so(
    away: Person, other: psycopg.Connection, signed_in: SignedIn, caplog: pytest.LogCaptureFixture
) -> None:
    browser = signed_in(away)
    other.execute(HELD, [away.pk])
    with ThreadPoolExecutor(1) as pool:
        said = pool.submit(alone, lambda: browser.post(PAGE), "200ms").result()
    assert (said.status_code, "Somebody else was changing the same" in said.text) == (409, True)
    told = next(record for record in caplog.records if record.name == "coop.refusals")
    assert (told.getMessage(), bool(told.exc_info)) == (f"others were changing the same: standing of {away.pk}", True)
    assert standing.status(away) == Status.LEFT


def refused_by_the_database(statement: str) -> OperationalError:
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
    return caught.value


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
def test_the_api_says_409_and_what_helps(committed: None, code: str, caplog: pytest.LogCaptureFixture) -> None:
    error = refused_by_the_database(f"DO $$ BEGIN RAISE USING ERRCODE = '{code}'; END $$")
    answer: Any = api_answer(error, {"request": RequestFactory().post("/api/v1/jobs")})
    assert (answer.status_code, answer.data["remedy"]) == (409, "Please try again.")
    assert "others were changing the same: POST /api/v1/jobs" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
def test_scales_client_tries_again_by_itself(committed: None, code: str) -> None:
    error = refused_by_the_database(f"DO $$ BEGIN RAISE USING ERRCODE = '{code}'; END $$")
    answer: Any = ScaleView().handle_exception(error)
    assert answer.status_code in scaleapi.api.HTTP_STATUS_FORCE_LIST
    assert answer.data == {
        "status_code": 503, "error": "Somebody else was changing the same in this moment. Please try again."
    }  # fmt: skip


def test_what_took_too_long_is_our_fault_and_no_refusal(committed: None) -> None:
    error = refused_by_the_database("SET statement_timeout = '10ms'; SELECT pg_sleep(1)")
    assert try_again(error) is None
    assert api_answer(error, {}) is None
