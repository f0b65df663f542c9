"""The hourly guarantee: a week that paid less for an hour than the floor is topped up, to the unit, once (E4)."""

import csv
import io
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_UP, Decimal

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.audit import guarantee as walked
from coop.people.models import Client, Person
from governance.models import Office
from payments import accounts, guarantee, invariants, ledger, monthly, owing, statement_files
from payments.models import Account, Fund, Kind, Reckoning, TopUp
from payments.open_ledger import Month
from tasks import answers, claims, engaged, reviews
from tasks.models import Assignment, Job, ReviewRule
from tests.money_in import endow
from tests.tasks.conftest import SAME, payable
from tests.tasks.test_instruments import decided

type Attack = Callable[..., None]
type NewJob = Callable[..., Job]
__all__ = ["decided"]

# Ten dollars an hour: a task at 9 cents makes it in 32.4 seconds.
KENYA = (Kind.FLOOR, "country:KE", {"micro_an_hour": 10_000_000})
COUNT = "INSERT INTO payments_reckoning (week, people, complete, at) VALUES (%s, 0, false, coop_now())"
LACKS = """INSERT INTO payments_topup (person_id, week, seconds, floor, earned, amount, at)
VALUES (%s, %s, 360, 10000000, 500000, %s, coop_now())"""
POST = """INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
VALUES (gen_random_uuid(), gen_random_uuid(), 11, %s, %s, %s, %s, coop_now())"""


@pytest.fixture
def floor(decided: Callable[..., None]) -> datetime:
    """Let Kenya have a floor, and a week begin; return its Monday."""
    decided(*KENYA)
    return next_monday()


def next_monday() -> datetime:
    """Let the clock run to an hour and a minute after Sunday's end; return that Monday's midnight."""
    at = clock.now().astimezone(UTC)
    monday = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=7 - at.weekday())
    clock.advance(monday + timedelta(minutes=61) - at)
    return monday


def claim(job: Job, who: Person) -> Assignment:
    return claims.claim_next(job, by=who, at=clock.now())


def hand_in(mine: Assignment, peer: Person | None) -> None:
    """Hand in with the seconds since it was taken, and let a peer accept it."""
    seconds = int((clock.now() - mine.claimed_at).total_seconds())
    answers.submit(
        mine,
        value=SAME,
        key=uuid.uuid4(),
        seconds=seconds,
        by=mine.person,
        at=clock.now(),
    )
    if peer:
        mine.refresh_from_db()
        reviews.accept(mine, by=peer, at=clock.now())


def work(job: Job, who: Person, seconds: int, peer: Person | None) -> Assignment:
    """Do a task in so many seconds."""
    mine = claim(job, who)
    # What the test itself takes is no second of theirs.
    clock.advance(mine.claimed_at + timedelta(seconds=seconds) - clock.now())
    hand_in(mine, peer)
    return mine


def give(amount: str) -> None:
    """Let somebody give money to the fund."""
    house, teresa = (
        Client.objects.get(is_cooperative=True),
        Office.objects.get(post="treasurer"),
    )
    reference = uuid.uuid4().hex[:12]
    endow(
        house,
        amount=Decimal(amount),
        reference=reference,
        by=teresa,
        at=clock.now(),
        fund=Fund.FLOOR,
    )


@pytest.fixture
def peers(new_job: NewJob) -> Job:
    """Return a job whose answers members check."""
    return new_job(review_rule=ReviewRule.PEER, tasks=6)


def test_a_slow_week_is_paid_what_lacks_to_the_unit_and_once(
    floor: datetime, peers: Job, amina: Person, luis: Person
) -> None:
    for _task in range(3):
        work(peers, amina, 80, luis)
    give("5")
    fed = ledger.balance(accounts.FLOOR)
    assert fed == 5 + 3 * Decimal("0.00045")  # a grant, and its share of three fees
    assert guarantee.settle(at=clock.now()) == 0
    next_monday()
    assert guarantee.settle(at=clock.now()) == 1
    (week,) = guarantee.weeks(amina)
    # 10 x 240 / 3600, rounded up, less three times 9 cents.
    assert (week.monday, week.seconds, week.floor, week.earned) == (
        floor.date(),
        240,
        Decimal(10),
        Decimal("0.27"),
    )
    assert (week.least, week.amount, week.paid) == (
        Decimal("0.666667"),
        Decimal("0.396667"),
        True,
    )
    assert payable(amina) == Decimal("0.27") + week.amount
    assert ledger.balance(accounts.FLOOR) == fed - week.amount
    assert guarantee.settle(at=clock.now()) == 0
    assert not any(invariants.broken().values())
    assert guarantee.weeks(luis) == []
    assert not found_again()


def test_whoever_reads_the_statement_can_work_the_week_out_again(
    floor: datetime, peers: Job, amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    work(peers, amina, 80, luis)
    give("5")
    next_monday()
    assert guarantee.settle(at=clock.now()) == 1
    month = monthly.statement(amina, Month.of(clock.now()))
    rows = list(csv.DictReader(io.StringIO(statement_files.as_csv(month).decode())))
    (week,), (part,) = ([row for row in rows if row["what"] == what] for what in ("week", "part of a week"))
    owed = (Decimal(week["floor"]) * int(week["seconds"]) / 3600).quantize(Decimal("0.000001"), ROUND_UP)
    assert owed - Decimal(week["earned"]) == Decimal(week["lacked"]) == Decimal(part["lacked"])
    (paid,) = [row for row in rows if row["ref"] == part["ref"] and row["amount"]]
    assert (week["week"], part["week"], paid["amount"]) == (str(floor.date()), str(floor.date()), week["lacked"])
    page = signed_in(amina).get(f"/pay/statements/{month.month}/").content.decode()
    assert "80 seconds / 3600" in page


def test_a_week_is_worked_out_again_from_the_work_itself(
    floor: datetime, peers: Job, amina: Person, luis: Person, owner: psycopg.Connection
) -> None:
    work(peers, amina, 80, luis)
    give("5")
    next_monday()
    assert guarantee.settle(at=clock.now()) == 1
    for table, column, by, says in (
        ("topup", "seconds", 20, "the work of the week says 80 seconds"),
        ("topup", "earned", -1, "seconds, which earned 0.09"),
        ("topup", "floor", 1, "no such floor was voted"),
        ("topup", "amount", 1, "floor, time and earnings make it 0.132223"),
        ("topup", "person_id", 1, "the work of the week says 0 seconds"),
        ("topuppart", "amount", 1, "that part of a week is 0.132224"),
        ("reckoning", "people", 1, "it was counted for 2"),
    ):
        assert not found_again()
        rewrite(owner, f"payments_{table}", column, by)
        assert says in " ".join(found_again())
        rewrite(owner, f"payments_{table}", column, -by)


def rewrite(owner: psycopg.Connection, table: str, column: str, by: int) -> None:
    """Write into the weeks as an owner who switched their guards off."""
    owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
    owner.execute(f"UPDATE {table} SET {column} = {column} + {by}".encode())
    owner.commit()


def test_whoever_moved_since_keeps_the_weeks_that_were_counted(
    floor: datetime, peers: Job, amina: Person, luis: Person
) -> None:
    work(peers, amina, 80, luis)
    next_monday()
    guarantee.settle(at=clock.now())
    Person.objects.filter(pk=amina.pk).update(country="DE")
    assert not found_again()


def found_again() -> list[str]:
    """Return what a walk through all weeks finds."""
    return [str(one) for one in walked.walk(bool)]


def test_what_the_fund_cannot_pay_stays_owed_and_is_paid_in_turn(
    floor: datetime,
    peers: Job,
    amina: Person,
    luis: Person,
    signed_in: Callable[[Person], Browser],
) -> None:
    work(peers, amina, 80, luis)
    next_monday()
    work(peers, amina, 80, luis)
    next_monday()
    assert guarantee.settle(at=clock.now()) == 0
    lacks = Decimal("0.132223")
    assert [(one.fund, one.amount) for one in owing.to(amina)] == [("floor", lacks)] * 2
    assert "is owed on top" in signed_in(amina).get("/pay/weeks/").text
    assert "The fund for the floor does not reach it yet." in signed_in(amina).get("/pay/").text
    give("0.2")
    assert guarantee.settle(at=clock.now()) == 1
    assert [week.paid for week in guarantee.weeks(amina)] == [False, True]
    assert not found_again()
    assert [one.amount for one in owing.to(amina)] == [lacks]
    assert payable(amina) == 2 * Decimal("0.09") + lacks


def test_nobody_earns_two_hours_in_one(
    floor: datetime, peers: Job, new_job: NewJob, amina: Person, luis: Person
) -> None:
    both = [claim(job, amina) for job in (peers, new_job(review_rule=ReviewRule.PEER, title="Another"))]
    for _part in range(2):
        clock.advance(timedelta(seconds=40))
        for mine in both:
            engaged.note(mine, seconds=40, ago=0, by=amina, at=clock.now())
    for mine in both:
        hand_in(mine, luis)
    next_monday()
    guarantee.settle(at=clock.now())
    (week,) = guarantee.weeks(amina)
    # Moments pass between two acts of the test itself.
    assert week.seconds in {80, 81, 82}
    assert week.earned == Decimal("0.18")
    assert not found_again()


def test_what_two_weeks_share_counts_in_the_first(
    floor: datetime, peers: Job, new_job: NewJob, amina: Person, luis: Person
) -> None:
    clock.advance(floor + timedelta(days=7, seconds=-60) - clock.now())
    first, second = (claim(job, amina) for job in (peers, new_job(review_rule=ReviewRule.PEER, title="Another")))
    clock.advance(timedelta(seconds=50))
    hand_in(first, luis)
    clock.advance(timedelta(seconds=30))
    hand_in(second, luis)
    next_monday()
    guarantee.settle(at=clock.now())
    later, earlier = (week.seconds for week in guarantee.weeks(amina))
    assert 30 <= later <= 32
    assert 50 <= earlier <= 52
    assert later + earlier < 84


def test_a_week_waits_until_all_of_it_is_decided(floor: datetime, peers: Job, amina: Person, luis: Person) -> None:
    work(peers, amina, 80, luis)
    clock.advance(floor + timedelta(days=6) - clock.now())
    work(peers, amina, 80, None)
    next_monday()
    guarantee.settle(at=clock.now())
    assert guarantee.weeks(amina) == []
    assert guarantee.due() == [*guarantee.due()[:-1], floor.date()]
    clock.advance(timedelta(days=3))
    assert reviews.accept_silent(at=clock.now()) == 1
    guarantee.settle(at=clock.now())
    assert [week.seconds for week in guarantee.weeks(amina)] == [160]
    assert guarantee.due() == []


def test_who_made_more_than_the_floor_is_owed_nothing(
    floor: datetime, peers: Job, amina: Person, luis: Person, priya: Person
) -> None:
    work(peers, amina, 20, luis)
    work(peers, priya, 80, luis)
    next_monday()
    guarantee.settle(at=clock.now())
    assert [(week.amount, week.paid) for week in guarantee.weeks(amina)] == [(Decimal(0), False)]
    assert guarantee.weeks(priya) == []


@pytest.mark.django_db
def test_without_a_floor_there_is_nothing_to_count(peers: Job, amina: Person, luis: Person) -> None:
    work(peers, amina, 80, luis)
    next_monday()
    assert guarantee.due() == []
    assert guarantee.settle(at=clock.now()) == 0


def test_a_week_that_is_not_over_not_a_week_or_out_of_turn(
    floor: datetime, peers: Job, amina: Person, luis: Person, attack: Attack
) -> None:
    work(peers, amina, 80, luis)
    for week in (
        floor,
        floor + timedelta(days=7),
        floor - timedelta(days=6),
        floor - timedelta(days=700),
    ):
        attack(COUNT, [week.date()], guard="weeks_are_reckoned_when_over")
    next_monday()
    attack(COUNT, [floor.date()], guard="weeks_are_reckoned_in_order")
    guarantee.settle(at=clock.now())
    attack(COUNT, [floor.date()], guard="weeks_are_reckoned_when_over")
    assert Reckoning.objects.get(week=floor.date()).people == 1


def test_a_week_counted_by_an_older_view(floor: datetime, attack_from_the_past: Attack) -> None:
    next_monday()
    attack_from_the_past(COUNT, [floor.date()], guard="weeks_are_reckoned_when_over")


def test_a_top_up_by_hand_or_of_another_sum(
    floor: datetime, amina: Person, attack: Attack, owner: psycopg.Connection
) -> None:
    attack(LACKS, [amina.pk, floor.date(), 500_000], guard="permission denied")
    attack("UPDATE payments_topup SET amount = 0", guard="permission denied")
    attack("UPDATE payments_reckoning SET complete = false", guard="permission denied")
    owner.execute(LACKS, [amina.pk, floor.date(), 500_000])
    for amount in (500_001, 499_999, 0):
        with (
            pytest.raises(psycopg.errors.CheckViolation) as refused,
            owner.transaction(),
        ):
            owner.execute(LACKS, [amina.pk, floor.date() + timedelta(days=7), amount])
        assert refused.value.diag.constraint_name == "top_ups_are_what_lacks"


def test_a_payment_of_more_to_another_or_twice(
    floor: datetime,
    peers: Job,
    new_job: NewJob,
    amina: Person,
    luis: Person,
    attack: Attack,
) -> None:
    work(peers, amina, 80, luis)
    next_monday()
    guarantee.settle(at=clock.now())
    give("5")
    found = TopUp.objects.get(person=amina)
    fund = Account.objects.get(code=accounts.FLOOR).pk
    work(new_job(review_rule=ReviewRule.PEER, title="Another"), luis, 5, amina)
    hers, his = (Account.objects.get(code=accounts.payable(who.pk)).pk for who in (amina, luis))
    ref, right = f"topup:{found.pk}", "top_ups_pay_what_lacks"
    attack(POST, [fund, hers, 132_224, ref], guard=right)
    attack(POST, [fund, his, 132_223, ref], guard=right)
    attack(POST, [fund, hers, 132_223, "topup:0"], guard=right)
    assert guarantee.settle(at=clock.now()) == 1
    attack(POST, [fund, hers, 132_223, ref], guard="facts_are_posted_once")


def test_a_lower_floor_holds_from_the_week_after(floor: datetime, owner: psycopg.Connection) -> None:
    owner.execute("ALTER TABLE payments_instrument DISABLE TRIGGER USER")
    owner.execute(
        "INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since) SELECT kind, key, 2,"
        " '{\"micro_an_hour\":4000000}', mandate_id, %s FROM payments_instrument WHERE key = 'country:KE'",
        [floor + timedelta(days=2)],
    )
    weeks = [floor + timedelta(days=days) for days in (-7, 0, 7)]
    said = [owner.execute("SELECT payments_floor_of_week('KE', %s)", [week]).fetchone() for week in weeks]
    assert said == [(10_000_000,), (10_000_000,), (4_000_000,)]


def test_a_member_reads_the_figures_and_each_stretch_of_time(
    floor: datetime,
    peers: Job,
    amina: Person,
    luis: Person,
    signed_in: Callable[[Person], Browser],
) -> None:
    work(peers, amina, 80, luis)
    next_monday()
    give("5")
    guarantee.settle(at=clock.now())
    assert "Topped up to the floor of an hour" in signed_in(amina).get("/pay/").text
    page = " ".join(signed_in(amina).get("/pay/weeks/").text.split())
    for figure in ("US$ 10.00", "US$ 0.222223", "US$ 0.132223", "was paid"):
        assert figure in page
    address = f"/work/hours/{floor.date()}/"
    week_after = f"/work/hours/{floor.date() + timedelta(days=7)}/"
    assert address in signed_in(amina).get(week_after).text
    assert signed_in(amina).get("/work/hours/").status_code == 200
    hours = " ".join(signed_in(amina).get(address).text.split())
    assert peers.title in hours
    assert "1 min 20 s" in hours
    assert peers.title not in signed_in(luis).get(address).text
    assert signed_in(amina).get("/work/hours/2026-02-30/").status_code == 404


def test_the_cost_of_counting_and_paying_does_not_grow(
    floor: datetime,
    peers: Job,
    amina: Person,
    luis: Person,
    django_assert_num_queries: Callable[..., object],
) -> None:
    work(peers, amina, 80, luis)
    next_monday()
    guarantee.reckon(floor.date() - timedelta(days=7), at=clock.now())
    with django_assert_num_queries(6):  # type: ignore[attr-defined]
        guarantee.reckon(floor.date(), at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payments_topup")
        assert cursor.fetchone() == (1,)
