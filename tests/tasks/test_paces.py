"""What a kind of work takes is measured by the time it was worked at; the card says it, and floors go by it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from payments import floors, rates
from payments.models import WorkType
from tasks import background, engaged, paces, reviews
from tasks.models import Job, Pace, ReviewRule
from tests.tasks import orders
from tests.tasks.test_guarantee import claim, hand_in
from tests.tasks.test_instruments import decided
from tests.tasks.test_shortfalls import crowd, do, monday

type Attack = Callable[..., None]
__all__ = ["crowd", "decided", "monday"]

MEASURE = """INSERT INTO tasks_pace (work_type_id, units, people, median_seconds, quicker_quarter, slower_quarter, at)
VALUES (%s, 500, 50, 1, 1, 1, coop_now())"""
MEASURED = "paces_are_measured_by_the_database"


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    """Return a job of which each may do eight tasks."""
    return orders.opened(orbit, olga, tasks=8, overlap=6, review_rule=ReviewRule.PEER)


@pytest.fixture
def kind(job: Job) -> WorkType:
    work_type: WorkType = job.work_type
    return work_type


def test_the_card_says_what_work_took_and_a_floor_goes_by_it(
    crowd: list[Person], job: Job, kind: WorkType, signed_in: Callable[[Person], Browser]
) -> None:
    for who, seconds in zip(crowd[:5], (20, 30, 40, 50, 60), strict=True):
        do(job, [who], 4, seconds)
    # Handed in with a number of their own making; the page saw 40 seconds.
    assert background.measure_paces(0) == 1
    pace = Pace.objects.get()
    assert (pace.units, pace.people, pace.median_seconds) == (20, 5, Decimal(40))
    assert (pace.quicker_quarter, pace.slower_quarter) == (Decimal(30), Decimal(50))
    time = rates.measured_time(kind, rates.current(kind))
    assert (time.measured, time.usual, time.quicker_quarter, time.slower_quarter) == (
        True,
        Decimal(40),
        Decimal(30),
        Decimal(50),
    )
    assert floors.least_pay(kind.pk) == Decimal("0.111112")  # ten dollars an hour for 40 seconds
    page = " ".join(signed_in(crowd[5]).get(f"/jobs/{job.pk}/").text.split())
    for words in ("40 s", "The slower quarter takes", "50 s", "The quicker quarter takes", "30 s"):
        assert words in page
    # After eight days without a look the seconds of the answers stand for it again.
    clock.advance(timedelta(days=8))
    assert rates.measured_time(kind, rates.current(kind)).units >= 20
    assert paces.measure(kind, at=clock.now())


def test_the_page_and_not_the_member_says_how_long_it_took(crowd: list[Person], job: Job, kind: WorkType) -> None:
    """One minute was worked at of each ten that the task was open."""
    for who in crowd[:5]:
        for _turn in range(4):
            mine = claim(job, who)
            clock.advance(timedelta(seconds=30))
            engaged.note(mine, seconds=30, ago=0, by=who, at=clock.now())
            clock.advance(timedelta(seconds=570))
            engaged.note(mine, seconds=30, ago=0, by=who, at=clock.now())
            hand_in(mine, None)
    clock.advance(timedelta(days=job.review_days, hours=1))
    reviews.accept_silent(at=clock.now(), limit=100)
    pace = paces.measure(kind, at=clock.now())
    assert pace is not None
    assert 58 <= pace.median_seconds <= 62


def test_a_pace_of_too_few_of_ones_own_or_twice_a_day(
    crowd: list[Person], job: Job, kind: WorkType, attack: Attack
) -> None:
    do(job, crowd[:4], 6, 20)
    assert paces.measure(kind, at=clock.now()) is None
    # The middle of four people's times is told, and no quarter, which could be somebody's own.
    time = rates.measured_time(kind, rates.current(kind))
    assert (time.people, time.measured, time.quicker_quarter, time.slower_quarter) == (4, True, None, None)
    attack(MEASURE, [kind.pk], guard=MEASURED)
    do(job, crowd[4:5], 4, 20)
    first = paces.measure(kind, at=clock.now())
    assert first is not None
    assert (first.people, first.median_seconds) == (5, Decimal(20))
    assert paces.measure(kind, at=clock.now()) is None
    attack(MEASURE, [kind.pk], guard="paces_are_measured_by_the_database")
    attack("UPDATE tasks_pace SET median_seconds = 1", guard="permission denied")


def test_a_pace_from_an_older_view(monday: object, kind: WorkType, attack_from_the_past: Attack) -> None:
    attack_from_the_past(MEASURE, [kind.pk], guard=MEASURED)
