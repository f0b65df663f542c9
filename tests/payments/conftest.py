import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from coop.people.models import Client, Person
from governance import offices
from governance.models import Office
from payments import escrow, rates
from payments.models import Fee
from tasks import reviews
from tasks.models import Ground, Job
from tests.conftest import connect_django, recreate
from tests.money_in import arrive, endow
from tests.tasks.conftest import SAME, make_job, work

JOB = 700_001
NUMBERS = count(9_000_001)

# The books are tested by themselves: without the guard by which the work, above them, ties wages to its assignments.
ALONE = "ALTER TABLE payments_transfer DISABLE TRIGGER wage_is_what_was_promised"


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest,
    cluster: Cluster,
    database_name: str,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """Give a test the books alone, as the web role: rolled back, or really committed and then made anew."""
    with django_db_blocker.unblock():
        if "committed" in request.fixturenames:
            with psycopg.connect(cluster.url("postgres", database_name)) as superuser:
                superuser.execute(ALONE)
            yield
            connection.close()
            recreate(cluster, database_name)
            return
        connect_django(cluster, "postgres", database_name)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(ALONE)
                cursor.execute(f"SET SESSION AUTHORIZATION {roles.WEB}")
            yield
            transaction.set_rollback(True)
        connect_django(cluster, roles.WEB, database_name)


@contextmanager
def owning() -> Iterator[None]:
    """Be the owner of the schema for a while: what even the owner is refused, a guard refuses."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; SET SESSION AUTHORIZATION {roles.OWNER}")
        yield
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; SET SESSION AUTHORIZATION {roles.WEB}")


def in_full(policy: str, payload: Mapping[str, object]) -> dict[str, Any]:
    """Return the figures that a report is made of, also of few people: nobody but the owner of the schema has them."""
    with owning(), connection.cursor() as cursor:
        cursor.execute("SELECT payments_impact_in_full(%s, %s)::text", [policy, json.dumps(payload)])
        found: dict[str, Any] = json.loads(cursor.fetchone()[0])
    return found


@pytest.fixture
def treasurer(teresa: Person, now: datetime) -> Office:
    return offices.require(teresa, "treasurer", now)


@pytest.fixture
def secretary(petra: Person, now: datetime) -> Office:
    return offices.require(petra, "secretary", now)


@pytest.fixture
def fee(now: datetime) -> Fee:
    return rates.fee_now()


@pytest.fixture
def deposit(orbit: Client, treasurer: Office, now: datetime) -> Callable[[str], None]:
    """Return a function that puts an amount on Orbit's balance."""

    def record(amount: str) -> None:
        arrive(orbit, amount=Decimal(amount), reference=f"BANK-T{next(NUMBERS)}", by=treasurer, at=now)

    return record


@pytest.fixture
def training(orbit: Client, treasurer: Office, now: datetime) -> None:
    endow(orbit, amount=Decimal(50), reference="GRANT-T", by=treasurer, at=now)


@pytest.fixture
def earn(training: None, now: datetime) -> Callable[[Person, str], int]:
    """Return a function that pays a person for onboarding and returns the assignment's number."""

    def pay(person: Person, amount: str) -> int:
        number = next(NUMBERS)
        escrow.commit(JOB, person.pk, number, Decimal(amount), at=now, onboarding=True)
        escrow.pay_onboarding(JOB, person.pk, number, Decimal(amount), at=now)
        return number

    return pay


@pytest.fixture
def checked(orbit: Client, olga: Person) -> Job:
    """Open a job in which a member checks each answer."""
    return make_job(orbit, olga, tasks=25, overlap=1, review_rule="peer")


@pytest.fixture
def paid(checked: Job, luis: Person) -> Callable[[Person], Decimal]:
    """Return a function that lets a person do a task and be paid for it."""

    def do(person: Person) -> Decimal:
        assignment = work(checked, person, SAME)
        reviews.accept(assignment, by=luis, at=clock.now(), ground=Ground.PEER)
        pay: Decimal = assignment.pay
        return pay

    return do
