"""A quarter with fees in it, closed, and a vote on what it left over: what several tests of the surplus begin with."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from coop import clock
from coop.people.models import Client, Person
from governance import mandates, offices, proposals, voting
from governance.models import Mandate, Proposal
from payments import escrow, rates, surplus
from payments.models import FILLED, Allocation, Budget, Close, Purpose
from payments.surplus import Quarter
from tests.governance.conftest import cast_all, reach, support
from tests.money_in import arrive

JOB = 700_077
NUMBERS = count(50_000_001)
SHARES = {"reserve": 4000, "education": 1000, "members": 5000, "cash": 3000, "replaces": 0}


def work(wages: dict[Person, str]) -> None:
    """Let people be paid wages by Orbit, and the cooperative its fee on each."""
    at, fee, orbit = clock.now(), rates.fee_now(), Client.objects.get(slug="orbit")
    teresa = Person.objects.get(email="teresa@demo.workhall.example")
    office = offices.require(teresa, "treasurer", at)
    for person, wage in wages.items():
        number, pay = next(NUMBERS), Decimal(wage)
        charge = rates.fee_on(pay, fee)
        arrive(orbit, amount=pay + charge, reference=f"LEFT-{number}", by=office, at=at)
        escrow.fund(JOB, pay + charge, orbit, number, by=None, at=at)
        escrow.commit(JOB, person.pk, number, pay + charge, at=at)
        escrow.release(JOB, person.pk, number, pay, charge, fee, at=at)


def over() -> tuple[Quarter, datetime]:
    """Let the running quarter end and an hour pass; return it and the time."""
    quarter = Quarter.of(clock.now())
    return quarter, reach(quarter.after + timedelta(hours=1))


def closed() -> Close:
    """Let the running quarter end and close it."""
    _quarter, at = over()
    return surplus.close_due(at)[-1]


def said(close: Close, **shares: Any) -> dict[str, Any]:
    """Return what a proposal about a closed quarter says."""
    return {"key": f"quarter:{close.period}", **SHARES, **shares}


def drafted(payload: dict[str, Any], by: Person, policy: str = "surplus") -> Proposal:
    """Write down a division, or another change of the common money."""
    at = clock.now()
    return proposals.draft(policy=policy, payload=payload, title="Shall it?", text="Why.", by=by, at=at)


def published(payload: dict[str, Any], by: Person, policy: str = "surplus") -> Proposal:
    """Put it to all."""
    return proposals.publish(support(drafted(payload, by, policy)), by=by, at=clock.now())


def voted(payload: dict[str, Any], by: Person, policy: str = "surplus") -> Mandate:
    """Take it through its vote, to the moment its mandate is due."""
    proposal = published(payload, by, policy)
    cast_all(proposal, yes=40)
    voting.close(proposal, at=reach(proposal.closes_at))
    mandate = Mandate.objects.get(proposal=proposal)
    reach(mandate.due_at)
    return mandate


def divided(close: Close, by: Person, **shares: Any) -> Allocation:
    """Divide a closed quarter by a vote."""
    enactment = mandates.enact(voted(said(close, **shares), by), at=clock.now())
    assert not enactment.failure
    return Allocation.objects.get(close=close)


def budget_of(quarter: Quarter, **sums: Any) -> dict[str, Any]:
    """Return what a proposal says of a quarter's budget, in micro-units."""
    return {
        "key": f"quarter:{quarter}",
        "replaces": 0,
        "posts": {},
        **dict.fromkeys((*Purpose.values, *FILLED), 0),
        **sums,
    }


def budgeted(by: Person, **sums: Any) -> Budget:
    """Vote a budget of the next quarter and carry it out."""
    quarter = Quarter.of(Quarter.of(clock.now()).after)
    enactment = mandates.enact(voted(budget_of(quarter, **sums), by, "budget"), at=clock.now())
    assert not enactment.failure
    return Budget.objects.get(period=str(quarter))
