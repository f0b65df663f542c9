"""What a client's money did in a month: what came in, what each job paid and the fee on it, what is left.

A client's money is what they have available, what is set aside for their jobs and what stands behind claims; an invoice
tells what crossed its border. Transfers never change, so whoever asks again for a month that is over reads the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from coop.people.models import Client
from payments.ledger import Kind
from payments.money import from_micro
from payments.open_ledger import Month

OWN = """
WITH own AS (
    SELECT a.id, code.job FROM payments_account a JOIN (
        SELECT 'client:' || %(client)s || ':' || part AS code, NULL::bigint AS job
        FROM unnest(ARRAY['available', 'receivable', 'held']) part
        UNION ALL
        SELECT 'job:' || j.id || ':' || part, j.id FROM tasks_job j, unnest(ARRAY['escrow', 'floor']) part
        WHERE j.client_id = %(client)s
        UNION
        SELECT 'job:' || s.job_id || ':commit:' || s.person_id, s.job_id FROM tasks_assignment s
        JOIN tasks_job j ON j.id = s.job_id WHERE j.client_id = %(client)s
        UNION
        SELECT 'job:' || s.job_id || ':commit:' || k.person_id, s.job_id FROM tasks_check k
        JOIN tasks_assignment s ON s.id = k.assignment_id JOIN tasks_job j ON j.id = s.job_id
        WHERE j.client_id = %(client)s
    ) code ON a.code = code.code
), crossed AS (
    SELECT own.job, t.id, t.kind, t.ref, t.reverses_id, t.posted_at, -t.amount AS moved
    FROM own JOIN payments_transfer t ON t.debit_id = own.id
    WHERE NOT EXISTS (SELECT FROM own other WHERE other.id = t.credit_id)
    UNION ALL
    SELECT own.job, t.id, t.kind, t.ref, t.reverses_id, t.posted_at, t.amount
    FROM own JOIN payments_transfer t ON t.credit_id = own.id
    WHERE NOT EXISTS (SELECT FROM own other WHERE other.id = t.debit_id)
)
"""
BEFORE = f"{OWN} SELECT coalesce(sum(moved), 0) FROM crossed WHERE posted_at < %(first)s"  # noqa: S608 - our own text
# A reversal counts against what it mirrors. What a team is paid for one answer is counted once.
MOVED = f"""
{OWN}
SELECT c.job, j.title, coalesce(r.kind, c.kind), count(DISTINCT c.ref), sum(c.moved) FROM crossed c
LEFT JOIN payments_transfer r ON r.id = c.reverses_id LEFT JOIN tasks_job j ON j.id = c.job
WHERE c.posted_at >= %(first)s AND c.posted_at < %(after)s GROUP BY 1, 2, 3 ORDER BY 2, 1, 3
"""  # noqa: S608 - our own text
MONTHS = f"""
{OWN}
SELECT date_trunc('month', posted_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
    coalesce(sum(moved) FILTER (WHERE job IS NULL), 0), coalesce(-sum(moved) FILTER (WHERE job IS NOT NULL), 0)
FROM crossed GROUP BY 1 ORDER BY 1 DESC
"""  # noqa: S608 - our own text
WAGES, FEES = {Kind.WAGE, Kind.RECOVERED, Kind.TOP_UP}, {Kind.FEE, Kind.LEVY}
WORDS: dict[int, str | Promise] = {
    Kind.DEPOSIT: _("Deposit"),
    Kind.TIP: _("Tips for answers"),
    Kind.CONCEALED: _("For content that was not named, to the care fund"),
    Kind.CARD_PAID: _("Paid by card, to be settled"),
    Kind.CARD_SETTLED: _("Paid by card, settled: a deposit"),
    Kind.CHARGED_BACK: _("Taken back by the payer's bank"),
    Kind.WON_BACK: _("Given back by the payer's bank"),
    Kind.BACK_ASKED: _("Asked back by you"),
    Kind.BACK_FAILED: _("Asked back, and here again"),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """Transfers of one kind across the border, in US dollars; what came in is above zero."""

    job: int | None
    title: str
    kind: int
    transfers: int  # by what they are about
    amount: Decimal


@dataclass(frozen=True, slots=True)
class JobCost:
    """What a job paid in a month, in US dollars: to members for answers and for checks, and the fee."""

    job: int
    title: str
    answers: int
    wages: Decimal
    checks: Decimal
    fee: Decimal

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.wages + self.checks + self.fee


@dataclass(frozen=True, slots=True)
class Invoice:
    """A client's month (UTC), in US dollars: `before` and all that moved make `after`, exactly."""

    client: Client
    month: Month
    before: Decimal
    moved: list[Moved]

    @property
    def number(self) -> str:
        """The number that an accountant files it by: one for each client and month."""
        return f"WH-{self.client.pk}-{self.month}"

    @property
    def jobs(self) -> list[JobCost]:
        """What each job paid, in the order of their titles."""
        of_jobs = [one for one in self.moved if one.job]
        return [_cost(list(rows)) for _job, rows in groupby(of_jobs, key=attrgetter("job"))]

    @property
    def others(self) -> list[tuple[str | Promise, Decimal]]:
        """What moved for no job, by kind: deposits, corrections of them."""
        return [(WORDS.get(one.kind, _("Correction")), one.amount) for one in self.moved if not one.job]

    @property
    def paid_in(self) -> Decimal:
        """What came in."""
        return _sum(one.amount for one in self.moved if not one.job)

    @property
    def spent(self) -> Decimal:
        """What the jobs paid, the fee with it."""
        return -_sum(one.amount for one in self.moved if one.job)

    @property
    def after(self) -> Decimal:
        """What was left: available, set aside, or behind claims."""
        return self.before + self.paid_in - self.spent


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """One month of a client's list, in US dollars."""

    month: Month
    paid_in: Decimal
    spent: Decimal


def invoice(client: Client, month: Month) -> Invoice:
    """Return a client's month, in two queries whatever moved in it."""
    bounds: dict[str, int | datetime] = {"client": client.pk, "first": month.first, "after": month.after}
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, bounds)
        before = from_micro(int(cursor.fetchone()[0]))
        cursor.execute(MOVED, bounds)
        moved = [
            Moved(job, title or "", kind, transfers, from_micro(int(amount)))
            for job, title, kind, transfers, amount in cursor
        ]
    return Invoice(client, month, before, moved)


def months(client: Client) -> list[MonthTotal]:
    """Return every month in which a client's money came in or was paid, newest first; one query."""
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, {"client": client.pk})
        return [
            MonthTotal(Month.of(first), from_micro(int(paid_in)), from_micro(int(spent)))
            for first, paid_in, spent in cursor
        ]


def _cost(rows: list[Moved]) -> JobCost:
    answers = sum(one.transfers for one in rows if one.kind in {Kind.WAGE, Kind.RECOVERED})
    wages, fee = (_sum(-one.amount for one in rows if one.kind in kinds) for kinds in (WAGES, FEES))
    other = _sum(-one.amount for one in rows if one.kind not in WAGES | FEES)
    return JobCost(rows[0].job or 0, rows[0].title, answers, wages, other, fee)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
