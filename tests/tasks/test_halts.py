"""A client pauses a job: what is taken goes on, nobody takes more, and nothing of it chooses who works."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from payments import escrow, invariants
from tasks import claims, halts, jobs, offers, reviews
from tasks.models import Halt, Job
from tests.tasks.conftest import SAME, hand_in, payable
from tests.tasks.test_api import ALL, program
from tests.tasks.test_promises import CLAIM, draft, facts
from tests.tasks.test_sharing import shared, three

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

__all__ = ["shared", "three"]
WHY = "The pictures of the second half are wrong."
BEGIN = "INSERT INTO tasks_halt (job_id, reason, asked_by_id) VALUES (%s, %s, %s)"


def pause(job: Job, by: Person) -> Halt:
    return halts.begin(job, reason=WHY, by=by, at=clock.now())


def test_what_is_taken_goes_on_and_nobody_takes_more(job: Job, olga: Person, amina: Person, luis: Person) -> None:
    mine, held = claims.claim_next(job, by=amina, at=clock.now()), escrow.set_aside(job.pk)
    pause(job, olga)
    assert not offers.on_the_board()
    with pytest.raises(Refused, match="second half"):
        claims.claim_next(job, by=luis, at=clock.now())
    assert claims.claim_next(job, by=amina, at=clock.now()) == mine
    hand_in(mine, SAME)
    assert (escrow.set_aside(job.pk), Job.objects.get(pk=job.pk).pay) == (held, job.pay)
    clock.advance(timedelta(days=9))
    jobs.close(job, by=olga, at=clock.now())
    reviews.accept_silent(at=clock.now())
    assert payable(amina) == job.pay
    assert not any(invariants.broken().values())


def test_it_goes_on_when_the_client_says_so(job: Job, olga: Person, luis: Person) -> None:
    pause(job, olga)
    for _again in range(2):
        halts.end(job, by=olga, at=clock.now())
    assert [line.job for line in offers.on_the_board()] == [job]
    assert claims.claim_next(job, by=luis, at=clock.now())
    assert list(Event.objects.filter(kind__in=("jobs.halted", "jobs.resumed")).values_list("kind", flat=True)) == [
        "jobs.halted", "jobs.resumed",
    ]  # fmt: skip


def test_it_is_paused_once_a_day_with_a_reason_by_its_client(job: Job, olga: Person, luis: Person) -> None:
    for by, reason, why in ((luis, WHY, "no seat"), (olga, "short", "Say why"), (olga, "x" * 501, "Say why")):
        with pytest.raises(Refused, match=why):
            halts.begin(job, reason=reason, by=by, at=clock.now())
    pause(job, olga)
    with pytest.raises(Refused, match="already"):
        pause(job, olga)
    with pytest.raises(Refused, match="no seat"):
        halts.end(job, by=luis, at=clock.now())
    halts.end(job, by=olga, at=clock.now())
    with pytest.raises(Refused, match="once in 24 hours"):
        pause(job, olga)
    clock.advance(timedelta(hours=24))
    pause(job, olga)
    jobs.close(job, by=olga, at=clock.now())
    with pytest.raises(Refused, match="open"):
        pause(job, olga)


# As the web role.


def test_nobody_takes_what_is_halted(job: Job, olga: Person, amina: Person, luis: Person, attack: Attack) -> None:
    like = claims.claim_next(job, by=amina, at=clock.now())
    pause(job, olga)
    attack(CLAIM, facts(like, luis), guard="nobody_takes_what_is_halted")


def test_a_halt_begins_by_the_client(job: Job, olga: Person, luis: Person, attack: Attack) -> None:
    guard = "halts_begin_by_the_client"
    attack(BEGIN, [job.pk, WHY, luis.pk], guard=guard)
    attack(BEGIN, [job.pk, "a b c d e f", olga.pk], guard=guard)
    attack(BEGIN, [draft(job), WHY, olga.pk], guard=guard)
    pause(job, olga)
    halts.end(job, by=olga, at=clock.now())
    attack(BEGIN, [job.pk, WHY, olga.pk], guard=guard)
    clock.advance(timedelta(hours=24))
    with connection.cursor() as cursor:
        cursor.execute(BEGIN.replace("id)", "id, at)").replace("%s)", "%s, '2026-01-01')"), [job.pk, WHY, olga.pk])
    begun = Halt.objects.latest("pk").at
    assert begun
    assert begun > clock.now() - timedelta(minutes=1)


def test_one_halt_at_a_time(job: Job, olga: Person, attack: Attack) -> None:
    pause(job, olga)
    clock.advance(timedelta(hours=25))
    attack(BEGIN, [job.pk, WHY, olga.pk], guard="one_halt_at_a_time")


def test_a_halt_ends_once_and_lasts_once(job: Job, olga: Person, attack: Attack) -> None:
    pause(job, olga)
    halts.end(job, by=olga, at=clock.now())
    attack("UPDATE tasks_halt SET ended_at = NULL", guard="halts_end_once")
    attack("UPDATE tasks_halt SET reason = 'x'", guard="permission denied")


def test_no_share_that_is_kept_is_halted(shared: Callable[..., Job], olga: Person, attack: Attack) -> None:
    job = shared(6)
    with pytest.raises(Refused, match="kept for members"):
        pause(job, olga)
    attack(BEGIN, [job.pk, WHY, olga.pk], guard="halts_begin_by_the_client")


# On pages and by programs.


def test_the_client_pauses_on_the_page_and_members_read_why(
    job: Job, olga: Person, amina: Person, signed_in: SignedIn
) -> None:
    browser, place = signed_in(olga), reverse("tasks:client_job", args=[job.client.slug, job.pk])
    assert "Pause the job" in browser.get(place).text
    assert "Say why" in browser.post(f"{place}pause/", {"reason": "no"}, follow=True).text
    assert "Paused by you: nobody takes more of it" in browser.post(f"{place}pause/", {"reason": WHY}, follow=True).text
    assert "paused" in browser.get(reverse("tasks:client", args=[job.client.slug])).text
    assert WHY in signed_in(amina).get(f"/jobs/{job.pk}/").text
    assert "It goes on" in signed_in(olga).post(f"{place}resume/", follow=True).text
    assert WHY not in signed_in(amina).get(f"/jobs/{job.pk}/").text


def test_a_program_pauses_and_resumes(job: Job, olga: Person) -> None:
    call, _key = program(job.client, olga, ALL)
    assert call("GET", f"jobs/{job.pk}").json()["paused_at"] is None
    assert call("POST", f"jobs/{job.pk}/pause", {"reason": WHY}).json()["paused_at"]
    assert call("POST", f"jobs/{job.pk}/pause", {"reason": WHY}).status_code == 409
    assert call("POST", f"jobs/{job.pk}/resume").json()["paused_at"] is None
