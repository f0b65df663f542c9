# ruff: noqa: S608 - the pieces of SQL put together here are all in this file
"""The hourly guarantee: whose week paid less for an hour than the floor of their region is paid what lacks (E4).

Weeks are UTC, Monday to Monday. What was handed in within a week is counted once nothing of it, or of weeks before, is
still being decided: the time it took, overlaps counted once, and what it paid. What lacks is paid by the deposits of
the jobs that made it lack, in the measure of the time at each; the rest by fund:floor in the order in which it was
found, and what the fund cannot cover stays owed. The database finds every figure.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import IntegrityError, connection, transaction

from coop.people.models import Person
from coop.record import events
from coop.refusals import guard_of
from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.models import Reckoning
from payments.money import from_micro, to_micro

WEEK = timedelta(days=7)
NOTHING_NEW = "weeks_are_reckoned_when_over"

# Weeks that are over and not complete, the first being that in which the members first voted a floor.
DUE = """
SELECT week::date FROM generate_series(payments_first_week(), payments_last_week(), interval '7 days') week
WHERE NOT EXISTS (SELECT FROM payments_reckoning r WHERE r.week = week.week::date AND r.complete) ORDER BY week
"""
PAID = "EXISTS (SELECT FROM payments_transfer paid WHERE paid.ref = 'topup:' || p.id AND paid.kind = 11)"
OWED = f"FROM payments_topuppart p WHERE NOT {PAID}"
# A deposit has what it owes. The fund pays in the order in which it was found, as far as it reaches.
PAYABLE = f"""
SELECT owed.id, t.person_id, t.week, owed.job, owed.amount FROM (
    SELECT p.*, sum(p.amount) FILTER (WHERE p.job IS NULL) OVER (ORDER BY p.id) AS upto {OWED}
) owed JOIN payments_topup t ON t.id = owed.topup_id
WHERE owed.job IS NOT NULL
    OR owed.upto <= (SELECT balance FROM payments_account WHERE code = 'fund:floor' AND currency = 'USD')
ORDER BY owed.id LIMIT %s
"""
MINE = f"""
SELECT t.week, t.seconds, t.floor, t.earned, t.amount,
    coalesce((SELECT sum(p.amount) FROM payments_topuppart p WHERE p.topup_id = t.id AND {PAID}), 0)
FROM payments_topup t WHERE t.person_id = %s ORDER BY t.week DESC LIMIT %s
"""

# The weeks of a person that were counted in a time, or of which something was paid in it.
WEEKS_OF = """
SELECT t.week, t.seconds, t.floor, t.earned, t.amount, p.id, p.job, p.amount
FROM payments_topup t LEFT JOIN payments_topuppart p ON p.topup_id = t.id
WHERE t.person_id = %(person)s AND (t.at >= %(first)s AND t.at < %(after)s OR EXISTS (
    SELECT FROM payments_topuppart q JOIN payments_transfer paid ON paid.ref = 'topup:' || q.id AND paid.kind = 11
    WHERE q.topup_id = t.id AND paid.posted_at >= %(first)s AND paid.posted_at < %(after)s))
ORDER BY t.week, p.id
"""


@dataclass(frozen=True, slots=True)
class Part:
    """What pays a part of what a week lacked, in US dollars: a job's deposit, or the fund where `job` is None."""

    ref: str
    job: int | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Counted:
    """What a week came to when it was counted, and what pays what it lacked; none of it changes. See TopUp."""

    monday: date
    seconds: int
    floor: Decimal
    earned: Decimal
    lacked: Decimal
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Week:
    """What a member's week came to: see TopUp; `received` is what of the amount was paid so far."""

    monday: date
    seconds: int
    floor: Decimal
    earned: Decimal
    amount: Decimal
    received: Decimal

    @property
    def owed(self) -> Decimal:
        """What of the amount is not paid yet, in US dollars."""
        return self.amount - self.received

    @property
    def paid(self) -> bool:
        """Tell whether something lacked and all of it was paid."""
        return self.amount > 0 and not self.owed

    @property
    def least(self) -> Decimal:
        """What the time pays at the floor, in US dollars; rounded up to the micro-unit."""
        return from_micro(-(-int(self.floor * 1_000_000) * self.seconds // 3600))


def weeks(person: Person, *, most: int = 8) -> list[Week]:
    """Return what a member's latest weeks came to, newest first; one query."""
    with connection.cursor() as cursor:
        cursor.execute(MINE, [person.pk, most])
        return [
            Week(week, seconds, from_micro(floor), from_micro(earned), from_micro(amount), from_micro(int(paid)))
            for week, seconds, floor, earned, amount, paid in cursor.fetchall()
        ]


def counted(person: Person, first: datetime, after: datetime) -> list[Counted]:
    """Return a member's weeks that were counted, or paid for, from one moment until another; one query."""
    with connection.cursor() as cursor:
        cursor.execute(WEEKS_OF, {"person": person.pk, "first": first, "after": after})
        return [_counted(week, list(rows)) for week, rows in groupby(cursor.fetchall(), key=itemgetter(0))]


def _counted(week: date, rows: list[tuple[Any, ...]]) -> Counted:
    _week, seconds, floor, earned, lacked, *_part = rows[0]
    parts = [Part(f"topup:{number}", job, from_micro(amount)) for *_facts, number, job, amount in rows if number]
    return Counted(week, seconds, from_micro(floor), from_micro(earned), from_micro(lacked), parts)


def due() -> list[date]:
    """Return the Mondays of the weeks that are over and have something left to count, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(DUE)
        return [week for (week,) in cursor.fetchall()]


def settle(*, at: datetime) -> int:
    """Count every week that is due and pay what the fund reaches; return how many payments. Anybody may call it."""
    for week in due():
        reckon(week, at=at)
    paid = 0
    while now := pay(at=at):
        paid += now
    return paid


def reckon(week: date, *, at: datetime) -> Reckoning | None:
    """Count the week that began on a Monday, as far as it is decided; None where nothing is new. Anybody may call it.

    Raises IntegrityError `weeks_are_reckoned_in_order` for a week before the one before it was counted.
    """
    try:
        with transaction.atomic():
            found = Reckoning.objects.create(week=week, at=at)
            found.refresh_from_db()
            events.write(
                "guarantee.reckoned", by=None, subject=f"reckoning:{found.pk}", at=at, week=str(week),
                people=found.people,
            )  # fmt: skip
    except IntegrityError as error:
        if guard_of(error) != NOTHING_NEW:
            raise
        return None
    return found


def pay(*, at: datetime, limit: int = 500) -> int:
    """Pay what lacks (kind 11, job:floor or fund:floor to member:payable), at most `limit` parts; return how many.

    Key `floor:<member>:<week>`, with `:job:<job>` for a deposit's part.
    Where somebody else pays the same this moment, or the fund is short, nothing is paid.
    """
    with connection.cursor() as cursor:
        cursor.execute(PAYABLE, [limit])
        owed = cursor.fetchall()
    try:
        with transaction.atomic():
            new = ledger.post_many([_line(*row) for row in owed], at=at)
            events.write_many(events.Entry("guarantee.paid", None, row.ref, at, {}) for row in new)
    except IntegrityError as error:
        if guard_of(error) not in {"account_above_its_floor", "facts_are_posted_once"}:
            raise
        return 0
    return len(new)


def _line(number: int, person: int, week: date, job: int | None, amount: int) -> Line:
    key = f"floor:{person}:{week}" + (f":job:{job}" if job else "")
    source = accounts.deposit(job) if job else accounts.FLOOR
    return Line(Kind.TOP_UP, source, accounts.payable(person), from_micro(amount), key, f"topup:{number}", key)


def deposit_on(wages: Decimal, work_type_id: int) -> Decimal:
    """Return what a job sets aside for the floor on all its wages: the voted share, rounded down to the micro-unit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_deposit_share(%s)", [work_type_id])
        (share,) = cursor.fetchone()
    return from_micro(to_micro(wages) * int(share) // 10_000)
