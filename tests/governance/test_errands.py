"""Errands that the machine gave up are told to who holds a post, once, and nobody is told of the telling."""

import psycopg
import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import ConnectorException

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from governance import background, errands, offices

pytestmark = pytest.mark.django_db


def given_up(task: str, *, minutes: int = 5) -> None:
    """Let an errand fail for good, so many minutes ago."""
    number = app.configure_task(task).defer()
    with connection.cursor() as cursor:
        for status in ("doing", "failed"):
            cursor.execute("UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [status, number])
        cursor.execute(
            "UPDATE procrastinate_events SET at = at - %s * interval '1 minute' WHERE job_id = %s", [minutes, number]
        )


def letters() -> list[str]:
    """Send what was deferred, and return the letters of it."""
    waiting = [job.args for job in ProcrastinateJob.objects.filter(task_name=errands.TELL, status="todo")]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = %s", [errands.TELL])
    mail.outbox.clear()
    for args in waiting:
        background.mail_of_errands(**args)
    return [str(message.body) for message in mail.outbox]


def test_who_holds_a_post_is_told_once(amina: Person) -> None:
    given_up("tasks.write_release")
    given_up("tasks.write_release", minutes=7)
    given_up("tasks.load_data_set")
    assert background.tell_of_errands(timestamp=0) == 3
    told = letters()
    assert len(told) == len({office.person_id for office in offices.held(clock.now())}) > 1
    assert amina.email not in {address for message in mail.outbox for address in message.to}
    assert "tasks.write_release: 2\n" in told[0]
    assert "tasks.load_data_set: 1\n" in told[0]
    event = Event.objects.get(kind="errands.given_up")
    assert event.data["tasks"] == {"tasks.load_data_set": 1, "tasks.write_release": 2}
    assert background.tell_of_errands(timestamp=0) == 0
    given_up("tasks.write_release", minutes=2)
    assert background.tell_of_errands(timestamp=0) == 1
    assert "tasks.write_release: 1\n" in letters()[0]


@pytest.mark.usefixtures("committed")
def test_what_stops_before_all_are_told_is_told_the_next_time(owner: psycopg.Connection) -> None:
    given_up("tasks.write_release")
    last = max(office.person_id for office in offices.held(clock.now()))
    owner.execute(
        f"ALTER TABLE procrastinate_jobs ADD CONSTRAINT ends CHECK (args ->> 'person_id' <> '{last}')".encode()
    )
    owner.commit()
    with pytest.raises(ConnectorException) as ended:
        background.tell_of_errands(timestamp=0)
    assert '"ends"' in str(ended.value.__cause__)
    assert not Event.objects.filter(kind="errands.given_up").exists()
    assert letters() == []
    owner.execute("ALTER TABLE procrastinate_jobs DROP CONSTRAINT ends")
    owner.commit()
    assert background.tell_of_errands(timestamp=0) == 1
    assert len(letters()) > 1


def test_what_ended_this_moment_is_told_the_next_time() -> None:
    given_up("tasks.write_release", minutes=0)
    assert background.tell_of_errands(timestamp=0) == 0


def test_letters_that_do_not_leave_make_no_more_letters() -> None:
    given_up(errands.TELL)
    assert background.tell_of_errands(timestamp=0) == 0
    assert not Event.objects.filter(kind="errands.given_up").exists()


@pytest.mark.parametrize("data", ['{"until": "9999-01-01T00:00:00+00:00"}', '{"until": "soon"}', "{}", "[]"])
def test_no_word_that_nobody_can_mean_silences_what_comes(data: str) -> None:
    """The web role writes events of any kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_event (at, kind, subject, data) VALUES (coop_now(), %s, %s, %s)",
            [errands.KIND, errands.SUBJECT, data],
        )
    given_up("tasks.write_release")
    assert background.tell_of_errands(timestamp=0) == 1
    assert background.tell_of_errands(timestamp=0) == 0


def test_neither_a_long_record_nor_a_flood_of_words_is_read_through() -> None:
    given_up("tasks.write_release")
    assert background.tell_of_errands(timestamp=0) == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_event (at, kind, subject, data)"
            " SELECT coop_now(), %s, %s, '{}' FROM generate_series(1, %s)",
            [errands.KIND, errands.SUBJECT, errands.MOST],
        )
    with CaptureQueriesContext(connection) as asked:
        # What cannot be known is told once more.
        assert background.tell_of_errands(timestamp=0) == 1
    (reads,) = (one["sql"] for one in asked if one["sql"].startswith("SELECT") and '"record_event"' in one["sql"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {reads}")
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert ("events_of_a_subject" in plan, "Limit" in plan) == (True, True)
