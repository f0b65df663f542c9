"""What was saved in time is not lost: a complete draft is handed in by itself when the time runs out (L6, L7)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from tasks import answers, claims, reviews
from tasks.models import Answer, Assignment, AssignmentState, Draft, Job
from tests.tasks.conftest import SAME, committed_money, price

pytestmark = pytest.mark.django_db
type Later = Callable[..., datetime]


def begun(job: Job, who: Person, value: dict[str, Any]) -> Assignment:
    """Claim a task and save a draft of it."""
    mine = claims.claim_next(job, by=who, at=clock.now())
    answers.save_draft(mine, value=value, by=who, at=clock.now())
    return mine


def test_a_complete_draft_is_handed_in_when_the_time_runs_out(job: Job, amina: Person, later: Later) -> None:
    mine = begun(job, amina, SAME)
    assert answers.hand_in_saved(at=later(minutes=29)) == 0
    assert answers.hand_in_saved(at=later(minutes=2)) == 1
    assert answers.hand_in_saved(at=clock.now()) == 0
    mine.refresh_from_db()
    answer = Answer.objects.get(assignment=mine)
    assert (mine.state, answer.value) == (AssignmentState.SUBMITTED, SAME)
    assert answer.at < mine.expires_at
    assert committed_money(job, amina) == price(job)


def test_one_that_cannot_be_handed_in_holds_up_no_other(
    new_job: Callable[..., Job], amina: Person, luis: Person, later: Later
) -> None:
    job = new_job(tasks=2, overlap=1)
    broken, mine = begun(job, amina, SAME), begun(job, luis, SAME)
    Draft.objects.filter(assignment=broken).update(saved_at=broken.claimed_at - timedelta(days=1))
    assert answers.hand_in_saved(at=later(minutes=31)) == 1
    mine.refresh_from_db()
    broken.refresh_from_db()
    assert (mine.state, broken.state) == (AssignmentState.SUBMITTED, AssignmentState.CLAIMED)


def test_silence_then_pays_it_in_full(job: Job, amina: Person, later: Later) -> None:
    mine = begun(job, amina, SAME)
    answers.hand_in_saved(at=later(minutes=31))
    later(days=4)
    reviews.accept_silent(at=clock.now())
    mine.refresh_from_db()
    assert mine.state == AssignmentState.ACCEPTED


def test_what_is_not_complete_goes_back_to_the_job(job: Job, amina: Person, later: Later) -> None:
    mine = begun(job, amina, {"labels": []})
    assert answers.hand_in_saved(at=later(minutes=31)) == 0
    claims.expire_due(at=later(hours=1))
    mine.refresh_from_db()
    assert mine.state == AssignmentState.EXPIRED
    assert committed_money(job, amina) == 0
    assert mine.draft.value == {"labels": []}


def test_another_members_claim_does_not_sweep_a_saved_answer_away(
    new_job: Callable[..., Job], amina: Person, luis: Person, later: Later
) -> None:
    job = new_job(tasks=1, overlap=1)
    mine = begun(job, amina, SAME)
    later(minutes=31)
    assert claims.expire_due(job, at=clock.now()) == 0
    assert answers.hand_in_saved(at=clock.now(), person=luis) == 0
    assert answers.hand_in_saved(at=clock.now(), person=amina) == 1
    mine.refresh_from_db()
    assert mine.state == AssignmentState.SUBMITTED


def test_claiming_on_loses_nothing_of_what_was_saved(
    job: Job, amina: Person, later: Later, signed_in: Callable[[Person], Browser]
) -> None:
    mine = begun(job, amina, SAME)
    assert "A pause does not stop the clock." in signed_in(amina).get(f"/work/{mine.pk}/").text
    later(minutes=31)
    signed_in(amina).post(f"/jobs/{job.pk}/claim/")
    mine.refresh_from_db()
    assert mine.state == AssignmentState.SUBMITTED
    assert Assignment.objects.filter(person=amina, state=AssignmentState.CLAIMED).exclude(pk=mine.pk).count() == 1
