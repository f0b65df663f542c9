"""A job whose usual hour makes less than the floor is paused until its client makes up for it, to the unit (E4)."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import accounts, escrow, guarantee, invariants
from payments.models import Account
from tasks import background, claims, jobs, offers, reviews, shortfalls
from tasks.models import Assignment, Difference, Job, ReviewRule, Shortfall
from tests.governance.conftest import members
from tests.tasks import orders
from tests.tasks.conftest import payable
from tests.tasks.test_guarantee import KENYA, next_monday, work
from tests.tasks.test_instruments import decided
from tests.tasks.test_promises import CLAIM, facts

type Attack = Callable[..., None]
__all__ = ["decided"]

# Half of the answers take 80 seconds: at ten dollars an hour that is 22.2223 cents, for which nine were paid.
LEAST, LACKS = Decimal("0.222223"), Decimal("0.132223")
PAUSE = """INSERT INTO tasks_shortfall (job_id, units, people, median_seconds, floor, pay, least_pay, at)
VALUES (%s, 500, 50, 3600, 90000000, 1, 90000000, coop_now())"""
POST = """INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
VALUES (gen_random_uuid(), gen_random_uuid(), 11, %s, %s, %s, %s, coop_now())"""
MEASURED = "shortfalls_are_measured_by_the_database"


@pytest.fixture
def monday(decided: Callable[..., None]) -> datetime:
    """Let Kenya have a floor of ten dollars an hour, and a week begin."""
    decided(*KENYA)
    return next_monday()


@pytest.fixture
def crowd(monday: datetime, olga: Person) -> list[Person]:
    """Return six members in Kenya who have nothing to do with the client."""
    return [person for person in members() if person.country == "KE" and person != olga][:6]


@pytest.fixture
def slow(monday: datetime, orbit: Client, olga: Person) -> Job:
    """Return a job of which each may do eight tasks."""
    half = timedelta(minutes=30)
    return orders.opened(orbit, olga, tasks=8, overlap=6, review_rule=ReviewRule.PEER, time_limit=half)


def do(job: Job, people: Iterable[Person], each: int = 4, seconds: int = 80) -> None:
    """Let people do so many tasks in so many seconds each, and silence accept them."""
    for who in people:
        for _turn in range(each):
            work(job, who, seconds, None)
    clock.advance(timedelta(days=job.review_days, hours=1))
    reviews.accept_silent(at=clock.now(), limit=1000)


@pytest.fixture
def paused(slow: Job, crowd: list[Person]) -> Job:
    """Return a job that is paused below the floor."""
    do(slow, crowd[:5])
    background.look_for_shortfalls(0)
    return slow


def account(code: str) -> int:
    return Account.objects.get_or_create(code=code, currency="USD")[0].pk


def test_a_job_below_the_floor_is_paused_with_the_reason(
    paused: Job, crowd: list[Person], olga: Person, signed_in: Callable[[Person], Browser], attack: Attack
) -> None:
    found = shortfalls.standing(paused)
    assert found is not None
    assert (found.units, found.people, found.median_seconds) == (20, 5, 80)
    assert (found.floor, found.pay, found.least_pay) == (Decimal(10), Decimal("0.09"), LEAST)
    assert shortfalls.due(paused) == 20 * LACKS
    for who in crowd[4:]:  # one who worked there, one who did not
        with pytest.raises(Refused, match="is paused"):
            claims.claim_next(paused, by=who, at=clock.now())
    like = Assignment.objects.filter(job=paused).latest("pk")
    attack(CLAIM, facts(like, crowd[5]), guard="nobody_works_below_the_floor_at_a_job")
    assert paused.pk not in {line.job.pk for line in offers.on_the_board()}
    assert "is paused" in signed_in(crowd[5]).get(f"/jobs/{paused.pk}/").text
    page = signed_in(olga).get(f"/c/{paused.client.slug}/jobs/{paused.pk}/").text
    for figure in ("1\N{NO-BREAK SPACE}min 20", "10.00", "0.222223", "2.64446"):
        assert figure.replace("\N{NO-BREAK SPACE}", " ") in page.replace("\N{NO-BREAK SPACE}", " ")
    # It is looked at again every hour, and paused once.
    background.look_for_shortfalls(0)
    assert Shortfall.objects.count() == 1


def test_it_opens_when_the_pay_is_raised_and_all_are_paid_the_difference(
    paused: Job, crowd: list[Person], orbit: Client, olga: Person
) -> None:
    before = {who: payable(who) for who in crowd}
    jobs.raise_pay(paused, pay=Decimal("0.2"), by=olga, at=clock.now())
    with pytest.raises(Refused, match="E4"):
        claims.claim_next(paused, by=crowd[5], at=clock.now())
    held, aside = escrow.available(orbit), escrow.set_aside(paused.pk)
    raised = jobs.raise_pay(paused, pay=LEAST, by=olga, at=clock.now())
    spent = escrow.set_aside(paused.pk) - aside + 20 * LACKS
    assert held - escrow.available(orbit) == spent
    assert {who: payable(who) - before[who] for who in crowd} == {
        who: 4 * LACKS if who in crowd[:5] else Decimal(0) for who in crowd
    }
    assert escrow.deposited(paused.pk) == 0
    assert (shortfalls.standing(raised), jobs.missing(raised)) == (None, Decimal(0))
    assert claims.claim_next(raised, by=crowd[5], at=clock.now()).pay == LEAST
    assert not any(invariants.broken().values())
    # The same units at the new pay make the floor.
    assert shortfalls.look(raised, at=clock.now()) is None
    # The week is counted with what was paid on top: nothing lacks.
    next_monday()
    guarantee.settle(at=clock.now())
    weeks = [guarantee.weeks(who)[0] for who in crowd[:5]]
    assert {(week.seconds, week.earned, week.amount) for week in weeks} == {(320, 4 * LEAST, Decimal(0))}


def test_a_client_without_the_money_stays_paused(paused: Job, orbit: Client, olga: Person) -> None:
    escrow.fund(paused.pk, escrow.available(orbit) - Decimal(1), orbit, 99, by=olga, at=clock.now())
    with pytest.raises(Refused, match="short of"):
        jobs.raise_pay(paused, pay=LEAST, by=olga, at=clock.now())
    assert shortfalls.standing(paused)


@pytest.mark.parametrize(
    ("people", "each", "seconds"), [(5, 3, 80), (4, 6, 80), (6, 4, 32)], ids=["few answers", "few people", "in time"]
)
def test_no_job_is_paused_on_less(slow: Job, crowd: list[Person], people: int, each: int, seconds: int) -> None:
    do(slow, crowd[:people], each, seconds)
    assert shortfalls.look(slow, at=clock.now()) is None


def test_nobody_alone_makes_the_middle(slow: Job, crowd: list[Person]) -> None:
    """One who takes long eight times counts six times, among fifteen quick answers."""
    do(slow, crowd[:1], 8)
    do(slow, crowd[1:], 3, 20)
    assert shortfalls.look(slow, at=clock.now()) is None
    units = connection.cursor()
    units.execute("SELECT count(*) FROM tasks_assignment WHERE job_id = %s AND state = 'accepted'", [slow.pk])
    assert units.fetchone() == (23,)


def test_a_pause_that_nothing_measured(slow: Job, crowd: list[Person], attack: Attack) -> None:
    attack(PAUSE, [slow.pk], guard=MEASURED)
    do(slow, crowd[:5])
    with connection.cursor() as cursor:
        cursor.execute(PAUSE, [slow.pk])
    found = Shortfall.objects.get()
    assert (found.units, found.floor, found.least_pay) == (20, Decimal(10), LEAST)
    attack(PAUSE, [slow.pk], guard="one_shortfall_at_a_time")


def test_a_pause_measured_from_an_older_view(slow: Job, attack_from_the_past: Attack) -> None:
    attack_from_the_past(PAUSE, [slow.pk], guard=MEASURED)


def test_a_pause_ended_without_the_raise_or_the_money(
    paused: Job, olga: Person, orbit: Client, attack: Attack, attack_from_the_past: Attack, owner: psycopg.Connection
) -> None:
    end = "UPDATE tasks_shortfall SET made_up_at = coop_now()"
    attack(end, guard="shortfalls_are_made_up_once")
    attack_from_the_past(end, [], guard="shortfalls_are_made_up_once")
    attack("UPDATE tasks_shortfall SET least_pay = 1", guard="permission denied")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        owner.execute("UPDATE tasks_shortfall SET least_pay = least_pay - 1")
    owner.rollback()
    assert refused.value.diag.constraint_name == "shortfall_figures_are_frozen"
    attack("DELETE FROM tasks_shortfall", guard="permission denied")
    attack("UPDATE tasks_difference SET amount = 1", guard="permission denied")
    # The pay raised with the money for the answers alone.
    micro = 222_223
    attack("UPDATE tasks_job SET pay = %s WHERE id = %s", [micro, paused.pk], guard="job_opens_with_")
    escrow.fund(paused.pk, Decimal(500), orbit, 98, by=olga, at=clock.now())
    escrow.fund(paused.pk, 20 * LACKS, orbit, 97, by=olga, at=clock.now(), floor=True)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tasks_job SET pay = %s WHERE id = %s", [micro, paused.pk])
            cursor.execute(end)
        assert Difference.objects.count() == 20
        attack("SET CONSTRAINTS ALL IMMEDIATE", guard="differences_are_paid")
        transaction.set_rollback(True)


def test_a_difference_of_another_sum_to_another_or_twice(
    paused: Job, crowd: list[Person], olga: Person, orbit: Client, attack: Attack
) -> None:
    source, other = account(accounts.deposit(paused.pk)), account(accounts.FLOOR)
    his = account(accounts.payable(crowd[0].pk))
    escrow.fund(paused.pk, Decimal(500), orbit, 98, by=olga, at=clock.now())
    escrow.fund(paused.pk, 20 * LACKS, orbit, 97, by=olga, at=clock.now(), floor=True)
    with transaction.atomic():
        Job.objects.filter(pk=paused.pk).update(pay=LEAST)
        Shortfall.objects.update(made_up_at=clock.now())
        one = Difference.objects.select_related("assignment").latest("pk")
        hers, ref = account(accounts.payable(one.assignment.person_id)), f"difference:{one.pk}"
        assert (one.amount, his != hers) == (LACKS, True)
        for wrong in (
            [source, his, 132_223, ref],
            [source, hers, 132_224, ref],
            [source, hers, 132_222, ref],
            [source, hers, 132_223, "difference:999999"],
            [source, hers, 132_223, "difference:x"],
            [other, hers, 132_223, ref],
        ):
            attack(POST, wrong, guard="differences_are_paid_as_found")
        transaction.set_rollback(True)
    jobs.raise_pay(paused, pay=LEAST, by=olga, at=clock.now())
    one = Difference.objects.select_related("assignment").latest("pk")
    hers = account(accounts.payable(one.assignment.person_id))
    attack(POST, [source, hers, 132_223, f"difference:{one.pk}"], guard="facts_are_posted_once")
    attack("UPDATE tasks_shortfall SET made_up_at = coop_now()", guard="shortfalls_are_made_up_once")
