"""A member's statement of one month: what they had, pay for each job, other pay, what went out, what they have.

With it their weeks by the hour, as they were counted, and their capital.

Wages and payouts are never taken back, so whoever asks again later reads the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection

from coop.people.models import Person
from payments import accounts, guarantee, rates, statements
from payments.guarantee import Counted
from payments.ledger import Kind
from payments.models import Account
from payments.money import from_micro
from payments.open_ledger import Month

# Every transfer of one account in a period, oldest first, with the answer it pays for and the rate behind it. The time
# stands beside the pay of the answer, once: a tip for it is for no more of it.
MINE = """
WITH moved AS (
    SELECT id, key, kind, ref, amount AS moved, posted_at FROM payments_transfer
    WHERE credit_id = %(account)s AND posted_at >= %(first)s AND posted_at < %(after)s
    UNION ALL
    SELECT id, key, kind, ref, -amount, posted_at FROM payments_transfer
    WHERE debit_id = %(account)s AND posted_at >= %(first)s AND posted_at < %(after)s
), mine AS MATERIALIZED (
    SELECT m.*, CASE WHEN m.ref LIKE 'assignment:%%' THEN split_part(m.ref, ':', 2)::bigint END AS work FROM moved m
), timed AS MATERIALIZED (
    SELECT t.assignment_id, t.seconds
    FROM payments_time_of(%(who)s, ARRAY(SELECT m.work FROM mine m WHERE m.kind = ANY(%(pay)s))) t
)
SELECT m.posted_at, m.kind, m.ref, m.moved, m.key,
    p.job_id, p.title, w.slug, v.version, v.amount, d.proposal_id, t.seconds
FROM mine m
LEFT JOIN payments_paid_answers p ON p.assignment_id = m.work
LEFT JOIN timed t ON t.assignment_id = m.work AND m.kind = ANY(%(pay)s)
LEFT JOIN payments_rate v ON v.id = p.rate_id
LEFT JOIN payments_worktype w ON w.id = v.work_type_id
LEFT JOIN governance_mandate d ON d.id = v.mandate_id
ORDER BY m.id
"""
BEFORE = """
SELECT coalesce((SELECT sum(amount) FROM payments_transfer WHERE credit_id = %(account)s AND posted_at < %(first)s), 0)
    - coalesce((SELECT sum(amount) FROM payments_transfer WHERE debit_id = %(account)s AND posted_at < %(first)s), 0)
"""
# What a payout brought back was the member's before: it counts against what went out.
MONTHS = """
SELECT date_trunc('month', posted_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
    coalesce(sum(moved) FILTER (WHERE NOT payout), 0), coalesce(-sum(moved) FILTER (WHERE payout), 0)
FROM (
    SELECT posted_at, amount AS moved, kind IN (15, 16, 23) AS payout FROM payments_transfer
    WHERE credit_id = %(account)s
    UNION ALL
    SELECT posted_at, -amount, kind IN (13, 22, 23) FROM payments_transfer WHERE debit_id = %(account)s
) mine GROUP BY 1 ORDER BY 1 DESC
"""
ANSWERED = [Kind.WAGE, Kind.TRAINING_PAY, Kind.ADVANCE]
PAYOUTS = (Kind.PAYOUT, Kind.CAME_BACK, Kind.LATE_RETURN, Kind.EXCHANGED)


@dataclass(frozen=True, slots=True)
class Work:
    """The answer that a line pays for: its job, kind of work, the voted rate it was claimed at, and its time.

    `seconds` are engaged ones (decision 0280): of tasks that overlap each second counts once, for the one begun first.
    """

    job: int
    title: str
    slug: str
    version: int
    rate: Decimal
    proposal: int | None
    seconds: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer as the member's account saw it, in US dollars; `balance` is what it left."""

    at: datetime
    kind: Kind
    ref: str
    amount: Decimal
    key: UUID
    work: Work | None
    balance: Decimal

    @property
    def words(self) -> str:
        """What it was, in the reader's language."""
        return statements.words(self.kind, self.amount)

    @property
    def went_out(self) -> bool:
        """Tell whether it is no pay, but pay that went out or came back."""
        return self.kind in PAYOUTS or (self.kind == Kind.REDEEMED and self.amount < 0)


@dataclass(frozen=True, slots=True)
class Capital:
    """One transfer as the member's capital saw it, in US dollars; `balance` is what it left."""

    at: datetime
    kind: Kind
    ref: str
    amount: Decimal
    key: UUID
    balance: Decimal

    @property
    def words(self) -> str:
        """What it was, in the reader's language."""
        return statements.words(self.kind, -self.amount if self.kind == Kind.REDEEMED else self.amount)


@dataclass(frozen=True, slots=True)
class JobPay:
    """What one job paid at one voted rate: answers, US dollars, seconds worked and what an hour came to."""

    work: Work
    answers: int
    amount: Decimal
    seconds: Decimal

    @property
    def hourly(self) -> Decimal | None:
        """US dollars an hour, to the cent; None without time."""
        return rates.hourly(self.amount, self.seconds) if self.seconds else None


@dataclass(frozen=True, slots=True)
class Total:
    """Lines of one kind that no job paid: what they were, how many, and their sum in US dollars."""

    words: str
    lines: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """A member's month (UTC), in US dollars: `before` and every line make `after`, exactly.

    So do `capital_before` and what moved their capital make `capital_after`. `weeks` are those of the hourly guarantee
    that were counted in the month, or of which something was paid in it.
    """

    person: Person
    month: Month
    before: Decimal
    lines: list[Line]
    capital_before: Decimal
    capital: list[Capital]
    weeks: list[Counted]

    @property
    def after(self) -> Decimal:
        """What the member had when the month ended, or has now."""
        return self.lines[-1].balance if self.lines else self.before

    @property
    def capital_after(self) -> Decimal:
        """What the member's capital was when the month ended, or is now."""
        return self.capital[-1].balance if self.capital else self.capital_before

    @property
    def jobs(self) -> list[JobPay]:
        """What each job paid at each rate, in the order of the jobs' names."""
        worked = [line for line in self.lines if line.work]
        by_rate = sorted(worked, key=_rate_of)
        return [_job(list(lines)) for _rate, lines in groupby(by_rate, key=_rate_of)]

    @property
    def others(self) -> list[Total]:
        """What was earned otherwise, by kind."""
        return _totals(line for line in self.lines if not line.work and not line.went_out)

    @property
    def payouts(self) -> list[Total]:
        """What went out, and what came back."""
        return _totals(line for line in self.lines if line.went_out)

    @property
    def earned(self) -> Decimal:
        """All that was earned in the month."""
        return sum((line.amount for line in self.lines if not line.went_out), Decimal(0))


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """One month of a year's list: what was earned and what was paid out, in US dollars."""

    month: Month
    earned: Decimal
    paid_out: Decimal


def statement(person: Person, month: Month) -> Statement:
    """Return a member's statement of a month, in six queries whatever its length."""
    codes = accounts.payable(person.pk), accounts.capital(person.pk)
    (before, rows), (capital, moved) = (_moved(person, code, month) for code in codes)
    return Statement(
        person, month, before, list(_lines(rows, before)), capital, list(_capital(moved, capital)),
        guarantee.counted(person, month.first, month.after),
    )  # fmt: skip


def _moved(person: Person, code: str, month: Month) -> tuple[Decimal, list[tuple[Any, ...]]]:
    """Return what an account had before a month, and every transfer of it in the month."""
    bounds: dict[str, Any] = {"account": _account(code), "first": month.first, "after": month.after}
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, bounds)
        before = from_micro(int(cursor.fetchone()[0]))
        cursor.execute(MINE, bounds | {"who": person.pk, "pay": ANSWERED})
        return before, cursor.fetchall()


def _capital(rows: Iterable[tuple[Any, ...]], balance: Decimal) -> Iterator[Capital]:
    for at, kind, ref, moved, key, *_work in rows:
        amount = from_micro(moved)
        balance += amount
        yield Capital(at, Kind(kind), ref, amount, key, balance)


def months(person: Person) -> list[MonthTotal]:
    """Return every month in which a member's money moved, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, {"account": _account(accounts.payable(person.pk))})
        return [
            MonthTotal(Month.of(first), from_micro(int(earned)), from_micro(int(out))) for first, earned, out in cursor
        ]


def years(person: Person) -> list[tuple[int, list[MonthTotal], MonthTotal]]:
    """Return a member's months by year, newest first, each year with its total."""
    by_year = groupby(months(person), key=lambda total: total.month.first.year)
    return [(year, listed, _sum(listed)) for year, found in by_year if (listed := list(found))]


def _sum(listed: list[MonthTotal]) -> MonthTotal:
    earned, out = (sum((getattr(one, part) for one in listed), Decimal(0)) for part in ("earned", "paid_out"))
    return MonthTotal(listed[-1].month, earned, out)


def _account(code: str) -> int | None:
    return Account.objects.filter(code=code).values_list("pk", flat=True).first()


def _lines(rows: Iterable[tuple[Any, ...]], balance: Decimal) -> Iterator[Line]:
    for at, kind, ref, moved, key, *work in rows:
        amount = from_micro(moved)
        balance += amount
        yield Line(at, Kind(kind), ref, amount, key, _work(*work), balance)


def _work(job: int | None, *facts: object) -> Work | None:
    if job is None:
        return None
    title, slug, version, rate, proposal, seconds = facts
    return Work(job, title, slug, version, from_micro(rate), proposal, seconds or Decimal(0))  # type: ignore[arg-type]


def _rate_of(line: Line) -> tuple[str, int, int]:
    work = line.work
    assert work is not None  # noqa: S101 - only lines of work are asked
    return work.title, work.job, work.version


def _job(lines: list[Line]) -> JobPay:
    first = lines[0].work
    assert first is not None  # noqa: S101 - as above
    seconds = sum((line.work.seconds for line in lines if line.work), Decimal(0))
    return JobPay(first, len(lines), sum((line.amount for line in lines), Decimal(0)), seconds)


def _totals(lines: Iterable[Line]) -> list[Total]:
    named = sorted(lines, key=attrgetter("kind"))
    grouped = (list(found) for _kind, found in groupby(named, key=attrgetter("kind")))
    return [Total(found[0].words, len(found), sum((line.amount for line in found), Decimal(0))) for found in grouped]
