"""What a quarter leaves over: fee income less expenses, closed to the last unit, then divided as the members voted.

Quarters are the calendar's, in UTC: long enough for a vote on each (29 days by N11), short enough that what is members'
does not lie for a year. What was spent beyond the fees is carried over: the next ones bear it first. Closing follows
from time alone, dividing from a mandate alone; the database finds every sum.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, QuerySet, Sum
from django.utils.translation import gettext as _

from coop.record import events
from governance.models import Mandate
from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.models import Allocation, Close, Transfer
from payments.money import from_micro, plain

# A posting may begin before midnight and commit after it.
SETTLED = timedelta(hours=1)
MONTHS = 3

TO_CLOSE = "SELECT code, amount FROM payments_to_close(%s) ORDER BY code"
OPEN = """
INSERT INTO payments_account (code, currency) SELECT code, 'USD' FROM payments_allocation_lines(%s) ORDER BY code
ON CONFLICT (code, currency) DO NOTHING
"""
# A hundred thousand members in one statement; the key stands for the quarter and the account, always the same.
DIVIDE = """
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
SELECT md5('alloc:' || %(period)s || ':' || line.code)::uuid, %(journal)s, %(kind)s, surplus.id, target.id, line.amount,
    %(ref)s, %(at)s
FROM payments_allocation_lines(%(allocation)s) line
JOIN payments_account target ON target.code = line.code AND target.currency = 'USD'
JOIN payments_account surplus ON surplus.code = %(surplus)s AND surplus.currency = 'USD'
ORDER BY target.id
"""


@dataclass(frozen=True, slots=True)
class Quarter:
    """A calendar quarter in UTC, as "2026-Q4"."""

    year: int
    number: int

    @classmethod
    def of(cls, at: datetime) -> "Quarter":
        """Return the quarter of a moment."""
        at = at.astimezone(UTC)
        return cls(at.year, (at.month - 1) // MONTHS + 1)

    @classmethod
    def named(cls, name: str) -> "Quarter":
        """Return the quarter of a name that `str` gave."""
        year, number = name.split("-Q")
        return cls(int(year), int(number))

    @property
    def after(self) -> datetime:
        """The moment at which it is over."""
        ended = self.number * MONTHS
        return datetime(self.year + ended // 12, ended % 12 + 1, 1, tzinfo=UTC)

    @property
    def words(self) -> str:
        """Its name as people say it."""
        return _("quarter %(number)s of %(year)s") % {"number": self.number, "year": self.year}

    def __str__(self) -> str:
        return f"{self.year:04}-Q{self.number}"


def due(at: datetime) -> Quarter | None:
    """Return the next quarter to close at a moment: each begins where the last ended, the first with the books."""
    begins = Close.objects.order_by("-ends_at").values_list("ends_at", flat=True).first()
    begins = begins or Transfer.objects.order_by("id").values_list("posted_at", flat=True).first()
    quarter = Quarter.of(begins) if begins else None
    return quarter if quarter and quarter.after + SETTLED <= at else None


def close_due(at: datetime) -> list[Close]:
    """Close every quarter that is over, the oldest first. Anybody may call it; time alone decides (P5)."""
    closed = []
    while quarter := due(at):
        closed.append(close(quarter, at=at))
    return closed


@transaction.atomic
def close(quarter: Quarter, *, at: datetime) -> Close:
    """Close a quarter (kind 20, coop:fee to surplus:<period> and from there to coop:expense:<x>). Key `close:<period>`.

    Raises IntegrityError `close_is_of_a_quarter_that_is_over` before an hour after its end, out of turn, and twice.
    """
    closed = Close.objects.create(period=str(quarter), ends_at=quarter.after, at=at)
    closed.refresh_from_db()
    ledger.post_many(_closing(closed), journal=f"close:{quarter}", at=at)
    facts = {"period": str(quarter), "surplus": plain(closed.surplus)}
    if closed.carried:
        facts["carried"] = plain(closed.carried)
    events.write("surplus.closed", by=None, subject=f"close:{closed.pk}", at=at, **facts)
    return closed


def _closing(closed: Close) -> list[Line]:
    """Return the postings that leave nothing in fees, and of expenses what they do not bear, in the order of codes."""
    surplus, ref = accounts.surplus(closed.period), f"close:{closed.pk}"
    with connection.cursor() as cursor:
        cursor.execute(TO_CLOSE, [closed.ends_at])
        balances = [(code, from_micro(int(amount))) for code, amount in cursor.fetchall()]
    lines, left = [], closed.expenses
    for code, amount in balances:
        key, borne = f"close:{closed.period}:{code}", min(-amount, left)
        if code == accounts.FEE:
            lines.append(Line(Kind.CLOSED, code, surplus, amount, key, ref))
        elif borne > 0:
            lines.append(Line(Kind.CLOSED, surplus, code, borne, key, ref))
            left -= borne
    return lines


@transaction.atomic
def divide(closed: Close, mandate: Mandate, *, at: datetime) -> Allocation:
    """Divide a closed quarter's surplus as its vote said (kind 21, surplus:<period> to reserve, education, members).

    The database finds shares by largest remainder of paid work, so that the sum is exact. Key `alloc:<period>:<code>`.
    Raises IntegrityError `surplus_is_divided_as_voted` without a mandate that is due, or when it was divided before.
    """
    divided = Allocation.objects.create(close=closed, mandate=mandate, at=at)
    divided.refresh_from_db()
    ref = f"allocation:{divided.pk}"
    said: dict[str, Any] = {
        "period": closed.period, "journal": ledger.key_of(ref), "kind": int(Kind.ALLOCATED), "ref": ref, "at": at,
        "allocation": divided.pk, "surplus": accounts.surplus(closed.period),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(OPEN, [divided.pk])
        cursor.execute(DIVIDE, said)
    facts = {"period": closed.period, "mandate": mandate.pk}
    events.write("surplus.divided", by=None, subject=ref, at=at, **facts)
    return divided


def to_divide() -> QuerySet[Close]:
    """Return the closed quarters that left something over which nobody has divided yet, the oldest first."""
    return Close.objects.filter(allocation=None, income__gt=F("expenses")).order_by("ends_at")


def told() -> QuerySet[Close]:
    """Return the closed quarters, newest first, with how each was divided and among how many."""
    found = Close.objects.select_related("allocation__mandate__proposal").order_by("-ends_at")
    return found.annotate(
        people=Count("allocation__shares"), cash=Sum("allocation__shares__cash"),
        capital=Sum("allocation__shares__capital"),
    )  # fmt: skip


def history(most: int = 8) -> QuerySet[Close]:
    """Return the latest of them; one query."""
    return told()[:most]
