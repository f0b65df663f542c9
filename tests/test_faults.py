"""What is told of a fault of ours: programs read JSON of their interface, people a page, and nobody the fault."""

import logging
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client as Browser

from coop import clock
from coop.people import keys
from coop.people.models import Client, Person
from tasks.api import views
from tasks.scale.views.projects import Projects

pytestmark = pytest.mark.django_db
SECRET = "the secret of the fault"


def breaks(*_request: object, **_named: object) -> None:
    raise RuntimeError(SECRET)


def takes_too_long(*_request: object, **_named: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1")
        cursor.execute("SELECT pg_sleep(5)")


def reaches_no_database(*_request: object, **_named: object) -> None:
    with connection.wrap_database_errors:
        psycopg.connect(f"host=127.0.0.1 port=1 application_name='{SECRET}'", connect_timeout=2)


type Ask = Callable[[str], Any]
FAULTS = [(breaks, 500), (reaches_no_database, 503), (takes_too_long, 504)]


@pytest.fixture
def ask(orbit: Client, olga: Person) -> Ask:
    """Return a function that asks with a key of Orbit's, as a program does."""
    _key, secret = keys.issue(orbit, name="program", scopes=["read"], by=olga, at=clock.now())
    browser = Browser(raise_request_exception=False, headers={"authorization": f"Bearer {secret}"})
    return browser.get


@pytest.mark.parametrize(("fault", "status"), FAULTS)
def test_a_program_of_scales_reads_its_error(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Any, status: int
) -> None:
    monkeypatch.setattr(Projects, "get", fault)
    with caplog.at_level(logging.ERROR, "django.request"):
        for address in ("/v1/projects", "/v1//projects"):
            told = ask(address)
            assert (told.status_code, told["Content-Type"]) == (status, "application/json")
            assert told.json().keys() == {"status_code", "error"}
            assert told.json()["status_code"] == status
            assert SECRET not in told.content.decode()
    assert [one.exc_info is not None for one in caplog.records] == [True, True], "the log has the fault"


@pytest.mark.parametrize(("fault", "status"), FAULTS)
def test_a_program_of_ours_reads_a_problem(ask: Ask, monkeypatch: pytest.MonkeyPatch, fault: Any, status: int) -> None:
    monkeypatch.setattr(views.Jobs, "get", fault)
    told = ask("/api/v1/jobs")
    assert (told.status_code, told["Content-Type"]) == (status, "application/problem+json")
    assert (told.json()["status"], bool(told.json()["title"])) == (status, True)
    assert SECRET not in told.content.decode()


def test_everybody_else_reads_a_page(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coop.views.constitution.in_force", breaks)
    told = ask("/how-we-decide/")
    assert (told.status_code, told["Content-Type"].partition(";")[0]) == (500, "text/html")
    assert "Something broke on our side" in told.content.decode()
