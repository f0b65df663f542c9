"""Handing in: once, in time, and never lost."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from tasks import answers, claims
from tasks.models import Answer, Draft, Job
from tests.tasks.conftest import DIFFERENT, SAME, hand_in, work
from tests.tasks.test_claims import statements


def test_an_answer_waits_for_its_check_and_silence_has_a_date(job: Job, amina: Person) -> None:
    mine = work(job, amina, SAME)
    assert mine.state == "submitted"
    assert mine.submitted_at is not None
    assert mine.accept_by == mine.submitted_at + timedelta(days=job.review_days)
    assert mine.answers.get().value == SAME


def test_the_same_key_again_is_the_same_answer(job: Job, amina: Person, at: datetime) -> None:
    mine, key = claims.claim_next(job, by=amina, at=at), uuid.uuid4()
    first = answers.submit(mine, value=SAME, key=key, seconds=5, by=amina, at=at)
    again = answers.submit(mine, value=DIFFERENT, key=key, seconds=9, by=amina, at=at)
    assert again.pk == first.pk
    assert Answer.objects.get(assignment=mine).value == SAME


def test_another_key_for_a_task_handed_in_is_refused(job: Job, amina: Person) -> None:
    mine = work(job, amina, SAME)
    with pytest.raises(Refused, match="already"):
        hand_in(mine, DIFFERENT)


def test_a_key_of_another_task_is_refused(job: Job, amina: Person, at: datetime) -> None:
    key = uuid.uuid4()
    first = claims.claim_next(job, by=amina, at=at)
    answers.submit(first, value=SAME, key=key, seconds=5, by=amina, at=at)
    second = claims.claim_next(job, by=amina, at=at)
    with pytest.raises(Refused, match="for another task"):
        answers.submit(second, value=SAME, key=key, seconds=5, by=amina, at=at)
    second.refresh_from_db()
    assert second.state == "claimed"


def test_after_its_time_an_answer_is_refused_and_the_draft_is_kept(
    job: Job, amina: Person, later: Callable[..., datetime]
) -> None:
    mine = claims.claim_next(job, by=amina, at=clock.now())
    answers.save_draft(mine, value=SAME, by=amina, at=clock.now())
    at = later(minutes=31)
    with pytest.raises(Refused, match="ran out") as refused:
        hand_in(mine, SAME, at=at)
    assert refused.value.refusal.status == 409
    claims.expire_due(at=at)
    assert Draft.objects.get(assignment=mine).value == SAME


def test_a_draft_is_saved_unfinished_replaced_and_gone_when_handed_in(job: Job, amina: Person, at: datetime) -> None:
    mine = claims.claim_next(job, by=amina, at=at)
    answers.save_draft(mine, value={"labels": []}, by=amina, at=at)
    answers.save_draft(mine, value=SAME, by=amina, at=at)
    assert Draft.objects.get(assignment=mine).value == SAME
    hand_in(mine, SAME)
    assert not Draft.objects.filter(assignment=mine).exists()


def test_a_draft_longer_than_anybody_writes_is_refused(job: Job, amina: Person, at: datetime) -> None:
    mine = claims.claim_next(job, by=amina, at=at)
    with pytest.raises(Refused, match="more than one answer holds: at most 64,000"):
        answers.save_draft(mine, value={"labels": ["x" * 70_000]}, by=amina, at=at)


def test_nobody_writes_in_somebody_elses_task(job: Job, amina: Person, luis: Person, at: datetime) -> None:
    mine = claims.claim_next(job, by=amina, at=at)
    for act in (
        lambda: answers.save_draft(mine, value=SAME, by=luis, at=at),
        lambda: answers.submit(mine, value=SAME, key=uuid.uuid4(), seconds=1, by=luis, at=at),
    ):
        with pytest.raises(Refused, match="somebody else"):
            act()
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "value", [{}, {"labels": []}, {"labels": ["Other"]}, {"labels": ["Same", "Different"]}, [], None]
)
def test_a_value_that_is_no_answer_is_refused_and_nothing_is_sent(
    job: Job, amina: Person, at: datetime, value: object
) -> None:
    mine = claims.claim_next(job, by=amina, at=at)
    with pytest.raises(Refused) as refused:
        answers.submit(mine, value=value, key=uuid.uuid4(), seconds=1, by=amina, at=at)  # type: ignore[arg-type]
    assert refused.value.refusal.status == 422
    assert not Answer.objects.filter(assignment=mine).exists()


def test_handing_in_is_two_statements(job: Job, amina: Person) -> None:
    mine = claims.claim_next(job, by=amina, at=clock.now())
    at = clock.now()
    with CaptureQueriesContext(connection) as queries:
        hand_in(mine, SAME, at=at)
    assert len(statements(queries)) == 2, statements(queries)


def test_handing_in_the_last_answer_settles_in_a_fixed_number_of_statements(
    job: Job, amina: Person, luis: Person, priya: Person
) -> None:
    for who in (amina, luis, priya):
        work(job, who, SAME)
    for who in (amina, luis):
        work(job, who, SAME)
    last = claims.claim_next(job, by=priya, at=clock.now())
    at = clock.now()
    with CaptureQueriesContext(connection) as queries:
        hand_in(last, SAME, at=at)
    # One of them looks whether somebody is checking the answer.
    assert len(statements(queries)) == 8, statements(queries)
