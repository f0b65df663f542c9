"""Members doing anything in any order: slots and money add up after every step."""

import contextlib
import random
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import QuerySet

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import invariants, ledger
from tasks import answers, checks, claims, jobs, reviews
from tasks.models import LIVE_STATES, Assignment, Check, Job, ReviewRule, Task
from tests.tasks.conftest import DIFFERENT, SAME, make_job

LOCKED = ("claimed", "submitted", "sent_back")


def paid_for(some: QuerySet[Check]) -> Decimal:
    return sum((one.pay or Decimal(0) for one in some), Decimal(0))


def check(job: Job, members: list[Person]) -> None:
    """Assert what must hold whenever no act is under way."""
    for task in Task.objects.filter(job=job):
        assert task.open_slots == job.overlap - task.assignments.filter(state__in=LIVE_STATES).count()
    for who in members:
        mine = Assignment.objects.filter(job=job, person=who)
        locked = sum((one.pay + one.fee for one in mine.filter(state__in=LOCKED)), Decimal(0))
        earned = sum((one.pay for one in mine.filter(state="accepted")), Decimal(0))
        taken, checked = (paid_for(Check.objects.filter(person=who, state=state)) for state in ("open", "done"))
        assert ledger.balance(f"job:{job.pk}:commit:{who.pk}") == locked + taken
        assert ledger.balance(f"member:{who.pk}:payable") == earned + checked
    held, wages = ledger.balance(f"job:{job.pk}:escrow"), job.assignments.filter(state__in=LIVE_STATES)
    checks_paid = paid_for(Check.objects.filter(assignment__job=job, state__in=["open", "done"]))
    # What was set aside is with the answers, with the checks, or still here; and no check touches the wages.
    assert held + checks_paid + sum((one.pay + one.fee for one in wages), Decimal(0)) == jobs.price(job).total
    slots = sum(Task.objects.filter(job=job).values_list("open_slots", flat=True))
    assert held >= slots * Decimal("0.099")
    assert not any(invariants.broken().values())


def step(chance: random.Random, job: Job, who: Person) -> None:
    """Do one thing that a member may try; being refused is an outcome too."""
    at = clock.now()
    mine = list(Assignment.objects.filter(job=job, person=who, state__in=["claimed", "sent_back"]))
    others = list(Assignment.objects.filter(job=job, state="submitted"))
    act = chance.choice(
        ["claim", "claim", "send", "send", "leave", "skip", "accept", "back", "take", "time", "silence"]
    )
    with contextlib.suppress(Refused):
        if act == "claim":
            claims.claim_next(job, by=who, at=at)
        elif act == "send" and mine:
            value = chance.choice([SAME, SAME, DIFFERENT])
            answers.submit(mine[0], value=value, key=uuid.uuid4(), seconds=9, by=who, at=at)
        elif act in {"leave", "skip"} and mine:
            getattr(claims, act)(mine[0], by=who, at=at)
        elif act == "accept" and others:
            reviews.accept(others[0], by=who, at=at)
        elif act == "back" and others:
            reviews.send_back(others[0], reason="Look again.", place="labels", by=who, at=at)
        elif act == "take" and others:
            checks.take(others[0], by=who, at=at)
        elif act == "time":
            claims.expire_due(at=clock.advance(timedelta(minutes=chance.choice([5, 40]))))
            checks.lapse_due(at=clock.now())
        elif act == "silence" and chance.random() < 0.2:
            reviews.accept_silent(at=clock.advance(timedelta(days=4)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rule", [ReviewRule.MAJORITY, ReviewRule.PEER])
def test_slots_and_money_add_up_whatever_members_do(orbit: Client, olga: Person, seed: int, rule: ReviewRule) -> None:
    chance = random.Random(f"{seed}{rule}")  # noqa: S311 - repeatable, not secret
    job = make_job(orbit, olga, tasks=4, overlap=chance.choice([1, 2, 3]), review_rule=rule)
    members = list(Person.objects.filter(name__in=["Amina", "Luis", "Priya", "Teresa", "Samuel"]).order_by("pk"))
    for _turn in range(8):
        for _act in range(6):
            step(chance, job, chance.choice(members))
        check(job, members)
    assert Assignment.objects.filter(job=job).exists()
