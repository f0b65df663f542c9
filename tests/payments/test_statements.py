from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from coop import clock
from coop.people.models import Person
from payments import rates, statements
from payments.models import WorkType
from payments.policies import RateChange
from tasks import reviews
from tasks.models import Ground, Job
from tests.payments.conftest import in_full
from tests.tasks.conftest import SAME, work


def test_what_was_handed_in_is_being_checked_and_then_ready(checked: Job, amina: Person, luis: Person) -> None:
    assignment = work(checked, amina, SAME)
    during = statements.summary(amina, clock.now())
    assert (during.checking.units, during.checking.amount, during.ready) == (1, assignment.pay, Decimal(0))
    assert during.checking.latest == assignment.accept_by
    reviews.accept(assignment, by=luis, at=clock.now(), ground=Ground.PEER)
    after = statements.summary(amina, clock.now())
    assert (after.checking.units, after.checking.amount, after.ready) == (0, Decimal(0), assignment.pay)
    (line,) = statements.entries(statements.lines(amina), amina)
    assert (line.words, line.amount, line.about) == ("Answer accepted", assignment.pay, f"no. {assignment.pk}")


def test_an_hour_is_wages_over_the_time_it_took(paid: Callable[[Person], Decimal], amina: Person) -> None:
    pay = paid(amina) + paid(amina)
    hour = statements.hour(amina, clock.now())
    assert (hour.wages, hour.seconds, hour.rate) == (pay, Decimal(60), rates.hourly(pay, 60))


def test_nothing_is_shown_before_anything_was_accepted(amina: Person, now: datetime) -> None:
    assert statements.summary(amina, now) == statements.Summary(
        Decimal(0), Decimal(0), statements.Checking(0, Decimal(0), None), statements.Hour(Decimal(0), Decimal(0), None),
        Decimal(0),
    )  # fmt: skip


def test_the_hour_forgets_what_is_older_than_four_weeks(paid: Callable[[Person], Decimal], amina: Person) -> None:
    paid(amina)
    assert statements.hour(amina, clock.advance(timedelta(days=29))).rate is None


def test_the_time_is_estimated_until_twenty_are_measured(paid: Callable[[Person], Decimal], amina: Person) -> None:
    matching = WorkType.objects.get(slug="product-match")
    rate = rates.current(matching)
    for _turn in range(rates.MEASURED_FROM - 1):
        paid(amina)
    assert rates.measured_time(matching, rate) == rates.Time(Decimal(30), measured=False)
    paid(amina)
    time = rates.measured_time(matching, rate)
    assert (time.measured, time.units, time.people, time.usual) == (True, 20, 1, Decimal(30))


def test_what_a_change_makes_of_a_week_is_in_ones_own_money(paid: Callable[[Person], Decimal], amina: Person) -> None:
    matching = WorkType.objects.get(slug="product-match")
    payload = {
        "work_type": matching.pk, "amount": "0.05", "currency": "USD", "estimated_seconds": 30, "replaces": 1,
    }  # fmt: skip
    policy = RateChange()
    assert not policy.changes_for(amina, payload, clock.now())
    for _turn in range(4):
        paid(amina)
    assert policy.changes_for(amina, payload, clock.now()) == (
        "About US$\u00a00.04 a week less, from your last 28 days."
    )
    found = in_full(policy.name, payload)
    assert (found["people"], found["units"], found["difference"]) == (1, 4, "-0.16")
    told = policy.impact(payload, clock.now())
    assert (told["people"], told["units"], told["difference"], told["cut"]) == (None, None, None, True)
