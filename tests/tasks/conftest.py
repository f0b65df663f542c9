"""Jobs to work on, made as a client's are: drafted, filled, funded, opened."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from coop import clock
from coop.people.models import Client, Person
from governance.models import Office
from payments import escrow, ledger, rates
from payments.models import WorkType
from tasks import answers, claims, funds
from tasks.models import Answer, Assignment, Job, ReviewRule, Task
from tests.money_in import arrive

SAME = {"labels": ["Same"]}
DIFFERENT = {"labels": ["Different"]}
FORM = {"question": "Are these the same product?", "labels": ["Same", "Different"], "multiple": False}


def make_job(client: Client, by: Person, *, tasks: int | Sequence[int] = 5, **facts: Any) -> Job:
    """Draft, fill, fund and open a job of product matching, with so many tasks or tasks at these places."""
    at = clock.now()
    work_type = facts.pop("work_type", None) or WorkType.objects.get(slug="product-match")
    defaults = {
        "title": "Same or not?", "guide": "Look twice.", "form": FORM, "overlap": 3, "pay": Decimal("0.09"),
        "review_rule": ReviewRule.MAJORITY, "time_limit": timedelta(minutes=30), "drafted_at": at,
    }  # fmt: skip
    job = Job.objects.create(client=client, work_type=work_type, created_by=by, **(defaults | facts))
    Task.objects.bulk_create(
        Task(
            job=job, position=number, external_id=f"pair-{number}", open_slots=job.overlap,
            data={"left": {"name": f"Kettle {number}"}, "right": {"name": f"Steel kettle {number}"}},
        )
        for number in (range(1, tasks + 1) if isinstance(tasks, int) else tasks)
    )  # fmt: skip
    fund(job, funds.needed(job), by, at)
    Job.objects.filter(pk=job.pk).update(opened_at=clock.now())
    return Job.objects.get(pk=job.pk)


def fund(job: Job, amount: Decimal, by: Person, at: datetime) -> None:
    """Bring the client's money in, and set it aside for the job."""
    treasurer = Office.objects.get(post="treasurer")
    if amount:
        number = uuid.uuid4().hex[:12]
        arrive(job.client, amount=amount, reference=f"BANK-{number}", by=treasurer, at=at)
        escrow.fund(job.pk, amount, job.client, int(number, 16) % 10**9, by=by, at=at)


def hand_in(assignment: Assignment, value: dict[str, Any], *, at: datetime | None = None) -> Answer:
    """Hand in as the person who claimed it."""
    moment = at or clock.now()
    return answers.submit(assignment, value=value, key=uuid.uuid4(), seconds=30, by=assignment.person, at=moment)


def work(job: Job, who: Person, value: dict[str, Any]) -> Assignment:
    """Claim the next task and hand in a value."""
    assignment = claims.claim_next(job, by=who, at=clock.now())
    hand_in(assignment, value)
    assignment.refresh_from_db()
    return assignment


def payable(who: Person) -> Decimal:
    """Return what a person may take out."""
    return ledger.balance(f"member:{who.pk}:payable")


def committed_money(job: Job, who: Person) -> Decimal:
    return ledger.balance(f"job:{job.pk}:commit:{who.pk}")


def price(job: Job) -> Decimal:
    """Return pay and fee of one answer."""
    pay: Decimal = job.pay
    return pay + rates.fee_on(job.pay, rates.fee_now())


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    """Return an open job with five tasks, three answers each, agreement decides."""
    return make_job(orbit, olga)


@pytest.fixture
def new_job(orbit: Client, olga: Person) -> Callable[..., Job]:
    """Return a function that opens a job with other facts."""
    return lambda **facts: make_job(orbit, olga, **facts)
