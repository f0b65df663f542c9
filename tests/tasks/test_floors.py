"""No job opens and no task is taken below the floor of the region (E4)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from coop.people.models import Client, Person
from coop.refusals import Refused
from payments.models import Kind
from tasks import claims, drafting, jobs, sketches
from tasks.models import Job
from tests.tasks import orders
from tests.tasks.conftest import SAME, work
from tests.tasks.test_comparable import OPEN
from tests.tasks.test_instruments import decided
from tests.tasks.test_promises import CLAIM, facts

type Attack = Callable[..., None]
__all__ = ["decided"]

# 30 seconds at 11 dollars an hour are 9.1667 cents, where 9 are voted.
KENYA = (Kind.FLOOR, "country:KE", {"micro_an_hour": 11_000_000})


def test_a_job_below_the_floor_of_those_who_do_the_work_does_not_open(
    decided: Callable[..., None], job: Job, orbit: Client, olga: Person, amina: Person, at: datetime, attack: Attack
) -> None:
    work(job, amina, SAME)
    low = orders.ready(orbit, olga)
    decided(*KENYA)
    with pytest.raises(Refused, match="E4"):
        jobs.open(low, by=olga, at=at)
    attack(OPEN, [low.pk], guard="job_opens_above_the_floor")
    assert orders.opened(orbit, olga, pay=Decimal("0.091667")).opened_at


def test_nobody_works_below_the_floor_of_their_region(
    decided: Callable[..., None], job: Job, amina: Person, luis: Person, at: datetime, attack: Attack
) -> None:
    mine = claims.claim_next(job, by=luis, at=at)
    decided(*KENYA)
    with pytest.raises(Refused, match="E4"):
        claims.claim_next(job, by=amina, at=at)
    attack(CLAIM, facts(mine, amina), guard="work_pays_the_floor_of_its_region")


def test_what_was_taken_before_is_paid_as_it_was_shown(
    decided: Callable[..., None], job: Job, amina: Person, at: datetime
) -> None:
    mine = claims.claim_next(job, by=amina, at=at)
    decided(*KENYA)
    assert claims.claim_next(job, by=amina, at=at) == mine


def test_a_job_that_is_begun_starts_at_what_the_floor_asks_of_its_topics(
    decided: Callable[..., None], job: Job, orbit: Client, olga: Person, amina: Person, at: datetime
) -> None:
    """The floor is of the work itself: a job that may upset pays a fifth more, for rests."""
    work(job, amina, SAME)
    decided(*KENYA)
    sketch = sketches.begin(orbit, work_type=job.work_type, by=olga, at=at)
    assert drafting.started(sketch)["pay"] == "0.091667"
    sketch = sketches.keep(sketch, {"content_violence": "some"}, by=olga)
    assert drafting.started(sketch)["pay"] == drafting.whole(sketch)["pay"].value() == "0.110001"
    assert drafting.money(sketch)["least_by_floor"] == Decimal("0.110001")
    sketch = sketches.keep(sketch, {"pay": "0.110000"}, by=olga)
    assert drafting.started(sketch)["pay"] == "0.110000"
