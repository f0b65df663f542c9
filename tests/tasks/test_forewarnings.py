"""A day of deletion is told of by letter: when it is fixed, and two weeks before it; without that nothing goes."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people.models import Client, ClientSeat, Person
from tasks import background, claims, deletions, erasing, forewarnings, jobs, notices
from tasks.models import Forewarning, Job
from tests.tasks import orders
from tests.tasks.conftest import SAME, work
from tests.tasks.test_client_pages import words
from tests.tasks.test_erasing import _folder_of_its_own, contents, day, draft, opened, passed

__all__ = ["_folder_of_its_own"]
pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
GUARD = "deletions_are_told_of_in_time"
INSERT = "INSERT INTO tasks_forewarning (job_id, about) VALUES (%s, %s)"


def told() -> list[tuple[int, str, int]]:
    """Return who is told of what, in the order in which it was deferred."""
    waiting = ProcrastinateJob.objects.filter(task_name=notices.TELL).order_by("id").values_list("args", flat=True)
    return [(one["person_id"], one["about"], one["number"]) for one in waiting]


def test_the_clients_seats_hear_of_a_day_that_opened_by_whatever_way(orbit: Client, olga: Person) -> None:
    job, other = draft(orbit, olga), draft(orbit, olga, days=None)
    orders.deposit(orbit, "500")
    for one in (job, other):
        jobs.fund(one, by=olga, at=clock.now())
    assert forewarnings.tell_due(at=clock.now()) == 0
    # As a session of the site could, that goes round the act.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tasks_job SET opened_at = coop_now() WHERE id = ANY (%s)", [[job.pk, other.pk]])
    assert background.forewarn(0) == 1
    assert told() == [(olga.pk, "will_go", job.pk)]
    assert background.forewarn(0) == 0
    assert len(told()) == 1


def test_two_weeks_before_it_who_worked_hears_what_goes_and_the_client_that_it_may_download(
    orbit: Client, olga: Person, luis: Person, later: Later
) -> None:
    job = opened(orbit, olga)
    work(job, luis, SAME)
    passed(later, 15)
    assert [about for _who, about, _job in told()] == ["will_go"]
    passed(later, 1)
    assert told()[1:] == [(olga.pk, "goes_soon", job.pk), (luis.pk, "work_goes", job.pk)]
    assert Job.objects.get(pk=job.pk).closed_at
    passed(later, 20)
    assert len(told()) == 3
    assert Job.objects.get(pk=job.pk).emptied_at


def test_a_letter_says_that_a_job_is_closed_once_it_is(orbit: Client, olga: Person, later: Later) -> None:
    """Letters are sought every five minutes, what is to be closed once an hour."""
    job = opened(orbit, olga)
    later(days=17)
    background.forewarn(0)
    assert [about for _who, about, _job in told()] == ["will_go"]
    background.erase(0)
    assert [about for _who, about, _job in told()] == ["will_go"]
    background.forewarn(0)
    assert told()[1:] == [(olga.pk, "goes_soon", job.pk)]


def test_who_is_still_at_work_hears_of_it_too(
    orbit: Client, olga: Person, luis: Person, amina: Person, later: Later
) -> None:
    job = opened(orbit, olga)
    later(days=16, hours=1)
    claims.leave(claims.claim_next(job, by=luis, at=clock.now()), by=luis, at=clock.now())
    claims.claim_next(job, by=amina, at=clock.now())
    erasing.close_due(at=clock.now())
    background.forewarn(0)
    assert [who for who, about, _job in told() if about == "work_goes"] == [amina.pk]


def test_officers_hear_of_the_day_of_a_client_for_whom_nobody_speaks(
    orbit: Client, olga: Person, samuel: Person, later: Later
) -> None:
    job = opened(orbit, olga)
    ClientSeat.objects.filter(client=orbit).update(ended_at=clock.now())
    background.forewarn(0)
    assert told() == [(samuel.pk, "left_goes", job.pk)]
    passed(later, 16)
    assert told() == [(samuel.pk, "left_goes", job.pk)] * 2
    subject, text = notices.words("left_goes", job.pk)
    assert "nobody speaks for its client" in subject
    assert text.rstrip().endswith(f"/jobs/{job.pk}/")


def test_who_checks_an_answer_reads_the_day_before_taking_it_and_beside_it(
    orbit: Client, olga: Person, luis: Person, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    job = opened(orbit, olga)
    answer = work(job, luis, SAME)
    page = signed_in(amina)
    assert "Tasks and answers are deleted" in words(page.get("/review/"))
    assert page.post(f"/review/{answer.pk}/take/").status_code == 302
    held = words(page.get("/review/"))
    assert "The answer" in held
    assert "Tasks and answers are deleted" in held


def test_nothing_is_deleted_before_it_was_told_of_for_a_week(
    orbit: Client, olga: Person, luis: Person, later: Later
) -> None:
    """No letter went for as long as the worker stood: the day passes, and the week begins when it goes on."""
    job = opened(orbit, olga)
    work(job, luis, SAME)
    later(days=16)
    erasing.close_due(at=clock.now())
    later(days=20)
    assert erasing.erase_due(at=clock.now()) == 0
    background.accept_silent(0)
    forewarnings.tell_due(at=clock.now())
    later(days=6, hours=23)
    assert erasing.erase_due(at=clock.now()) == 0
    assert "Secret" in contents(job)
    later(hours=2)
    assert erasing.erase_due(at=clock.now()) == 1


def test_one_that_cannot_be_told_holds_up_no_other(
    orbit: Client, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = opened(orbit, olga), opened(orbit, olga)
    note = notices.tell

    def fails(person: Person, about: str, number: int) -> None:
        if number == first.pk:
            raise OSError(about)
        note(person, about, number)

    monkeypatch.setattr(notices, "tell", fails)
    assert forewarnings.tell_due(at=clock.now()) == 1
    assert [job for _who, _about, job in told()] == [second.pk]
    monkeypatch.setattr(notices, "tell", note)
    assert forewarnings.tell_due(at=clock.now()) == 1
    assert [job for _who, _about, job in told()] == [second.pk, first.pk]


def test_a_letter_says_the_day_and_where_in_its_readers_language(
    orbit: Client, olga: Person, luis: Person, mailoutbox: list[EmailMessage]
) -> None:
    job = opened(orbit, olga)
    luis.language = "es"
    for person, about, where in (
        (olga, "will_go", reverse("api_keys", args=["orbit"])),
        (olga, "goes_soon", f"/c/orbit/jobs/{job.pk}/versions/"),
        (luis, "work_goes", "/work/"),
    ):
        notices.deliver(person, about, job.pk)
        mail = mailoutbox[-1]
        assert str(mail.body).rstrip().endswith(where)
        assert str(day(30).year) in mail.subject
        assert "Secret" not in mail.subject + str(mail.body)
    assert "SHA-256" in str(mailoutbox[-1].body)
    assert mailoutbox[-1].subject.startswith("El ")


def test_whoever_opens_a_draft_is_told_of_the_day_before(
    orbit: Client, olga: Person, signed_in: Callable[[Person], Browser]
) -> None:
    job = draft(orbit, olga)
    orders.deposit(orbit, "500")
    jobs.fund(job, by=olga, at=clock.now())
    page = reverse("tasks:client_job", args=["orbit", job.pk])
    assert "The day of deletion stays too" in words(signed_in(olga).get(page))
    deletions.name(job, None, by=olga, at=clock.now())
    assert "The day of deletion stays too" not in words(signed_in(olga).get(page))


def test_it_is_said_to_have_been_told_when_it_was_not(
    attack: Attack, orbit: Client, olga: Person, later: Later
) -> None:
    unopened, unnamed, job = draft(orbit, olga), opened(orbit, olga, days=None), opened(orbit, olga)
    for one, about in ((unopened, "fixed"), (unnamed, "fixed"), (unnamed, "soon"), (job, "soon"), (job, "else")):
        attack(INSERT, [one.pk, about], guard=GUARD)
    forewarnings.tell_due(at=clock.now())
    attack(INSERT, [job.pk, "fixed"], guard="told_of_deletion_once")
    attack("INSERT INTO tasks_forewarning (job_id, about, at) VALUES (%s, 'soon', '2000-01-01')", [job.pk], guard=GUARD)
    attack("UPDATE tasks_forewarning SET at = '2000-01-01'", guard="permission denied")
    attack("DELETE FROM tasks_forewarning", guard="permission denied")
    later(days=17)
    attack(INSERT, [job.pk, "soon"], guard=GUARD)
    erasing.close_due(at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO tasks_forewarning (job_id, about, at) VALUES (%s, 'soon', '2000-01-01')", [job.pk])
    # The database says when.
    told_at = Forewarning.objects.get(job=job, about="soon").at
    assert told_at is not None
    assert clock.now() - timedelta(minutes=5) < told_at <= clock.now()
