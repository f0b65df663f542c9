from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from coop.people.models import Person
from coop.record import events
from coop.record.models import Event

pytestmark = pytest.mark.django_db


def test_an_event_says_what_happened_who_did_it_and_when(amina: Person, now: datetime) -> None:
    events.write("claims.claimed", by=amina, subject="assignment:7", at=now, job=3, pay=Decimal("0.090000"))
    event = Event.objects.get(subject="assignment:7")
    assert (event.kind, event.actor, event.at) == ("claims.claimed", amina, now)
    assert event.data == {"job": 3, "pay": "0.090000"}


def test_an_event_carries_the_transaction_that_wrote_it(amina: Person, now: datetime) -> None:
    events.write("claims.claimed", by=amina, subject="assignment:7", at=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        assert Event.objects.get(subject="assignment:7").transaction == cursor.fetchone()[0]


def test_a_set_of_acts_is_written_at_once(
    amina: Person, now: datetime, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    entries = [
        events.Entry("reviews.accepted", None, f"assignment:{n}", now, {"ground": "silence"}) for n in range(900)
    ]
    with django_assert_num_queries(1):
        assert events.write_many(entries) == 900
    assert Event.objects.filter(kind="reviews.accepted", actor=None).count() >= 900


def test_an_event_falls_with_its_act(amina: Person, now: datetime) -> None:
    with transaction.atomic():
        events.write("claims.claimed", by=amina, subject="assignment:7", at=now)
        transaction.set_rollback(True)
    assert not Event.objects.filter(subject="assignment:7").exists()


def test_nothing_is_written_into_the_future(amina: Person, now: datetime) -> None:
    with pytest.raises(IntegrityError, match="written down when it happens"):
        events.write("claims.claimed", by=amina, subject="assignment:7", at=now + timedelta(minutes=5))


INSERT = "INSERT INTO record_event (at, kind, subject, data) VALUES (coop_now() + %s::interval, %s, %s, '{}')"


@pytest.mark.parametrize("moved", ["61 minutes", "-61 minutes", "10 seconds"])
def test_an_event_is_not_dated_otherwise(attack: Callable[..., None], moved: str) -> None:
    if moved.startswith("6"):
        moved = f"-{moved}"
    attack(INSERT, [moved, "jobs.opened", "job:1"], guard="events_are_written_when_they_happen")


@pytest.mark.parametrize(
    ("kind", "subject"), [("jobs.opened", "job:1\njob:2"), ("jobs\nopened", "job:1"), ("x", "job:1")]
)
def test_an_event_cannot_pass_for_two(attack: Callable[..., None], kind: str, subject: str) -> None:
    attack(INSERT, ["0", kind, subject], guard="events_are_plain_lines")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record_event SET kind = 'jobs.closed'",
        "DELETE FROM record_event",
        "TRUNCATE record_event CASCADE",
        "INSERT INTO record_event (id, kind) VALUES (1, 'a.b') ON CONFLICT (id) DO UPDATE SET kind = 'c.d'",
    ],
)
def test_what_happened_is_never_changed_by_the_site(
    amina: Person, now: datetime, attack: Callable[..., None], statement: str
) -> None:
    events.write("jobs.opened", by=amina, subject="job:1", at=now)
    attack(statement, guard="permission denied for table record_event")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE record_event SET kind = 'jobs.closed'", "DELETE FROM record_event", "TRUNCATE record_event CASCADE"],
)
def test_what_happened_is_not_even_changed_by_the_owner(owner: psycopg.Connection, statement: str) -> None:
    owner.execute(
        "INSERT INTO record_event (at, kind, subject, data) VALUES (coop_now() - interval '1 year', 'a.b', 'c', '{}')"
    )
    owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        owner.execute(statement)
    assert refused.value.diag.constraint_name in {"record_event_is_append_only", "record_leaf_is_append_only"}


def test_the_site_does_not_say_what_the_schema_is(attack: Callable[..., None]) -> None:
    attack(
        "INSERT INTO record_event (at, kind, subject, data) VALUES (coop_now(), 'schema.recorded', 'x', '{}')",
        guard="schema_is_recorded_by_its_owner",
    )
