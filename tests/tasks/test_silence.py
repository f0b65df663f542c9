"""What nobody objected to in time: all of it is accepted, by two hands where there is more than one batch."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal

import psycopg
import pytest

from coop import clock
from coop.people.models import Person
from payments import invariants
from tasks import reviews, silence
from tasks.models import Assignment, Job, ReviewRule
from tests.payments.test_lock_order import until_waiting
from tests.tasks.conftest import SAME, committed_money, payable, work

type NewJob = Callable[..., Job]
HOLD = "SELECT FROM payments_account WHERE code = 'fund:training' FOR NO KEY UPDATE"


@pytest.fixture
def waiting(new_job: NewJob, amina: Person, later: Callable[..., datetime]) -> Job:
    """Return a job with nine answers that nobody objected to."""
    job = new_job(review_rule=ReviewRule.PEER, overlap=1, tasks=9)
    for _task in range(9):
        work(job, amina, SAME)
    later(days=4)
    return job


def paid_for(job: Job, who: Person) -> None:
    """Assert that each answer is accepted and paid once."""
    assert set(Assignment.objects.filter(job=job).values_list("state", flat=True)) == {"accepted"}
    assert (payable(who), committed_money(job, who)) == (9 * Decimal("0.09"), Decimal(0))
    assert not any(invariants.broken().values())


@pytest.mark.django_db
def test_what_one_batch_holds_is_accepted_by_one_hand(waiting: Job, amina: Person) -> None:
    assert list(silence.accept_all(limit=10)) == [9]
    assert list(silence.accept_all(limit=10)) == [0]
    paid_for(waiting, amina)


@pytest.mark.usefixtures("committed")
def test_more_than_one_batch_is_accepted_by_two_hands_at_once(
    waiting: Job, amina: Person, owner: psycopg.Connection
) -> None:
    going = silence.accept_all(limit=2)
    assert next(going) == 2
    owner.execute(HOLD)
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list, going)
        try:
            until_waiting(2)
        finally:
            owner.rollback()
        assert sum(rest.result()) == 7
    paid_for(waiting, amina)


def test_one_answer_that_cannot_be_accepted_keeps_nobody_else_from_their_pay(
    waiting: Job, amina: Person, poison: Callable[[str, str], None]
) -> None:
    broken = Assignment.objects.filter(job=waiting).order_by("accept_by")[0]
    poison("tasks_assignment", f"NEW.id = {broken.pk} AND NEW.state = 'accepted'")
    assert list(silence.accept_all(limit=10)) == [8]
    assert payable(amina) == 8 * Decimal("0.09")
    assert reviews.accept_silent(at=clock.now(), person=amina) == 0
    assert not any(invariants.broken().values())


def test_a_whole_batch_that_cannot_be_accepted_stands_before_nobody(
    waiting: Job, new_job: NewJob, amina: Person, priya: Person, poison: Callable[[str, str], None],
    later: Callable[..., datetime],
) -> None:  # fmt: skip
    other = new_job(review_rule=ReviewRule.PEER, overlap=1, tasks=9)
    for _task in range(3):
        work(other, priya, SAME)
    later(days=4)
    poison("tasks_assignment", f"NEW.job_id = {waiting.pk} AND NEW.state = 'accepted'")
    # The oldest are the nine of the job where something is wrong.
    assert list(silence.accept_all(limit=4)) == [3]
    assert (payable(amina), payable(priya)) == (Decimal(0), 3 * Decimal("0.09"))
    assert not any(invariants.broken().values())
