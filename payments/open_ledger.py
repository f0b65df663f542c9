"""What the public reads of the books, month by month: money in, to members, kept; what an hour came to; what is late.

No figure lets anybody guess a person: what fewer than five people got is merged with the next larger sum, and an
hour's pay is told from ten people on (cells under 5 merged, k ≥ 10). A month is told once it is over: whoever read it
twice while it ran would read what moved between, which may be a single payment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from coop.database import moment
from coop.record.models import Event
from coop.refusals import Refusal, Refused
from payments import owing
from payments.models import Transfer
from payments.models.payouts import HELD
from payments.money import from_micro
from payments.owing import FEWEST, LateSum

FEWEST_FOR_AN_HOUR = 10
# Whoever works a month out holds this, so that readers of months that nobody kept cost as much as one of them.
ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended('payments.open_ledger', 0))"
WAIT = "SELECT pg_advisory_xact_lock(hashtextextended('payments.open_ledger', 0))"
# A posting may begin before midnight and commit after it.
SETTLED = timedelta(hours=1)

# What a month's books and work come to, before what few people got is left out or merged.
type Worked = dict[str, Any]

FLOWS: dict[str, str | Promise] = {
    "received": _("Money in: deposits and grants"),
    "work": _("To members, for their work, disputed or not"),
    "training": _("To members, for training"),
    "hearings": _("To members, for pauses, panels, second looks and repair"),
    "care": _("To members, from the care fund"),
    "education": _("To members, from the education fund"),
    "other pay": _("To members, for anything else"),
    "several": _("To members, for several of these together"),
    "kept": _("Kept by the cooperative"),
    "funds": _("Put into the funds for training, care and the hourly floor"),
    "concealed": _("Paid into the care fund by clients whose jobs showed what they had not named"),
}
TO_MEMBERS = ("work", "training", "hearings", "care", "education", "other pay")

# A reversal counts against what it mirrors; what a payer's bank takes back (19) and what went back to a client (44)
# against what came in. What a payout brought back was the member's before.
FLOWS_OF = """
SELECT flow, sum(amount), count(DISTINCT person) FROM (
    SELECT CASE WHEN r.id IS NULL AND t.kind NOT IN (19, 44) THEN t.amount ELSE -t.amount END AS amount,
        CASE WHEN c.kind = 'member:payable' THEN c.id END AS person,
        CASE WHEN k.kind IN (1, 19, 36, 44) THEN 'received'
            -- What came back, or was told on its day as kept: a surplus is divided from former months' fees.
            WHEN k.kind IN (15, 16, 20, 21, 22, 23) THEN NULL
            WHEN k.kind IN (5, 9, 11, 28) OR k.kind = 38 AND c.kind = 'member:payable' THEN 'work'
            WHEN k.kind = 10 THEN 'training'
            WHEN k.kind IN (24, 25, 26, 27, 31) THEN 'hearings'
            WHEN k.kind = 41 THEN split_part(d.kind, ':', 2)
            WHEN c.kind = 'member:payable' THEN 'other pay'
            WHEN k.kind = 6 THEN 'kept'
            WHEN k.kind = 7 THEN 'funds'
            WHEN k.kind = 42 THEN 'concealed'
        END AS flow
    FROM payments_transfer t LEFT JOIN payments_transfer r ON r.id = t.reverses_id
    CROSS JOIN LATERAL (SELECT coalesce(r.kind, t.kind) AS kind, coalesce(r.credit_id, t.credit_id) AS credit_id) k
    JOIN payments_account c ON c.id = k.credit_id JOIN payments_account d ON d.id = t.debit_id
    WHERE t.posted_at >= %(first)s AND t.posted_at < %(after)s
) moved WHERE flow IS NOT NULL GROUP BY flow
"""
# How many different people got anything: the rows above count some of them twice.
PAID = """
SELECT count(DISTINCT t.credit_id) FROM payments_transfer t
JOIN payments_account c ON c.id = t.credit_id AND c.kind = 'member:payable'
WHERE t.posted_at >= %(first)s AND t.posted_at < %(after)s AND t.kind NOT IN (15, 16, 21, 22, 23)
"""
# Of what was accepted in the month: its engaged time, what overlaps within a kind of work once (decision 0280).
HOURS = """
SELECT t.slug, t.name, count(*), percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (
    ORDER BY round(w.amount * 3600 / w.seconds / 10000) * 10000)
FROM payments_hours_paid(%(first)s, %(after)s) w JOIN payments_worktype t ON t.id = w.work_type_id
WHERE w.seconds > 0 GROUP BY t.id ORDER BY t.name
"""
LATE = f"""
SELECT count(*), max(coalesce(settled_at, coop_now()) - requested_at), ({owing.LATE})
FROM payments_payout
WHERE requested_at >= %(first)s AND requested_at < %(after)s
AND coalesce(settled_at, coop_now()) - requested_at > %(held)s::interval
"""  # noqa: S608 - put together of what stands here


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in UTC, as "2026-11"."""

    first: datetime

    @classmethod
    def of(cls, at: datetime) -> "Month":
        """Return the month of a moment."""
        return cls(at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0))

    @classmethod
    def named(cls, name: str) -> "Month":
        """Return the month of a name; raise ValueError for what is none."""
        return cls(datetime.strptime(name, "%Y-%m").replace(tzinfo=UTC))

    @property
    def after(self) -> datetime:
        """The moment at which it is over."""
        return (self.first + timedelta(days=32)).replace(day=1)

    def is_over(self, at: datetime) -> bool:
        """Tell whether nothing more is posted in it."""
        return self.after + SETTLED <= at

    @property
    def day(self) -> date:
        """Its first day, as pages write months."""
        return self.first.date()

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that moved one way, in US dollars, and how many members got it (0 for what went to none)."""

    amount: Decimal
    people: int


@dataclass(frozen=True, slots=True)
class Flow:
    """A line of the month: money that moved one way, in US dollars, and how many members got it where that is told."""

    name: str
    amount: Decimal
    people: int | None = None

    @property
    def words(self) -> str | Promise:
        """What it is, in words."""
        return FLOWS[self.name]


@dataclass(frozen=True, slots=True)
class Hours:
    """What an hour of a kind of work came to for the people who did it in a month, in US dollars.

    The middle one, and where the slower and the faster quarter end; None for fewer than ten people. `people` is None
    for fewer than five.
    """

    slug: str
    name: str
    people: int | None
    slower: Decimal | None = None
    middle: Decimal | None = None
    faster: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the public reads about a month; amounts in US dollars, None where fewer than five people were paid.

    `share` is what of members' pay, fee and funds together went to members, from 0 to 1; what clients pay for content
    that they hid is a part of neither. `late` counts the payouts asked for in the month that took more than 72 hours
    (E3), `longest` is the longest of them; `owed` is what else fell due in the month and is unpaid after 72 hours.
    `root` is the Merkle root of the month's transfers, None until it is sealed.
    Of a month that is not `over` no money is told, and nothing of hours.
    """

    month: Month
    flows: list[Flow]
    people: int | None
    to_members: Decimal | None
    share: Decimal | None
    hours: list[Hours]
    late: int
    longest: timedelta | None
    owed: list[LateSum]
    root: str | None
    over: bool = True

    @property
    def percent(self) -> int | None:
        """The share in basis points (10,000 = all)."""
        return None if self.share is None else int(self.share * 10_000)

    @property
    def longest_hours(self) -> int:
        """The longest wait in whole hours."""
        return int(self.longest / timedelta(hours=1)) if self.longest else 0


def told(month: Month, *, at: datetime) -> Figures:
    """Return what the public reads of a month at a moment; of one that is over, what moved is worked out once and kept.

    Raises Refused (503) while another works out a month that is not kept yet.
    """
    if month.is_over(at):
        return _figures(month, cache.get(_key(month)) or _kept(month))
    [(late, longest, owed)] = _rows(LATE, month)
    return Figures(
        month=month, flows=[], people=None, to_members=None, share=None, hours=[], late=late, longest=longest,
        owed=owing.told(owed), root=None, over=False,
    )  # fmt: skip


def figures(month: Month) -> Figures:
    """Return the figures of a month, whether it is over or not, worked out now."""
    return _figures(month, _worked_out(month))


def keep_due(at: datetime) -> int:
    """Work out the months that are over and not kept, for as long as that takes; return how many those were."""
    over = [month for month in months(Month.of(at)) if month.is_over(at)]
    known = cache.get_many([_key(month) for month in over])
    due = [month for month in over if _key(month) not in known]
    for month in due:
        with moment.no_limit() as cursor:
            cursor.execute(WAIT)
            _kept(month)
    return len(due)


def _key(month: Month) -> str:
    return f"ledger:{month}"


@transaction.atomic
def _kept(month: Month) -> Worked:
    """Work out a month that is over, alone, and keep it for good: nothing moves in it any more."""
    with connection.cursor() as cursor:
        cursor.execute(ALONE)
        if cursor.fetchone() != (True,):
            words = _("The figures of this month are being worked out at this moment.")
            raise Refused(Refusal(words, appeal=_("Look again in a minute."), status=503))
    found = cache.get(_key(month)) or _worked_out(month)
    cache.set(_key(month), found, timeout=None)
    return found


def _worked_out(month: Month) -> Worked:
    """Return what moved, how many people were paid, and what hours came to, as numbers and words that can be kept."""
    [(people,)] = _rows(PAID, month)
    return {
        "moved": [[name, int(total), of] for name, total, of in _rows(FLOWS_OF, month)],
        "people": people,
        "hours": [[*kind, [int(quarter) for quarter in quarters]] for *kind, quarters in _rows(HOURS, month)],
    }


def _figures(month: Month, worked: Worked) -> Figures:
    moved = {name: Moved(from_micro(total), people) for name, total, people in worked["moved"]}
    [(late, longest, owed)] = _rows(LATE, month)
    many = worked["people"] >= FEWEST
    return Figures(
        month=month,
        flows=[_flow("received", moved), *(_paid(moved) if many else []), _flow("concealed", moved)],
        people=worked["people"] if many else None,
        to_members=_sum(moved, TO_MEMBERS) if many else None,
        share=_share(moved) if many else None,
        hours=_hours(worked["hours"]),
        late=late,
        longest=longest,
        owed=owing.told(owed),
        root=sealed_root(month),
    )


def months(until: Month) -> list[Month]:
    """Return the months from that of the first posting to one, oldest first; none while nothing was posted."""
    first = Transfer.objects.order_by("id").values_list("posted_at", flat=True).first()
    found = [] if first is None else [Month.of(first)]
    while found and found[-1].first < until.first:
        found.append(Month.of(found[-1].after))
    return found


def sealed_root(month: Month) -> str | None:
    """Return the Merkle root of the month's transfers from the record; None while it has not been sealed."""
    said = Event.objects.filter(kind="ledger.sealed", subject=f"ledger:{month}")
    # What lacks either is no seal (payments/sealing.py).
    sealed = said.filter(data__contains={}, data__has_keys=["transfers", "root"]).order_by("id").first()
    return str(sealed.data["root"]) if sealed else None


def _rows(sql: str, month: Month) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"first": month.first, "after": month.after, "held": str(HELD)})
        return list(cursor.fetchall())


def _flow(name: str, moved: dict[str, Moved]) -> Flow:
    return Flow(name, _sum(moved, [name]))


def _paid(moved: dict[str, Moved]) -> list[Flow]:
    return [*_to_members(moved), _flow("kept", moved), _flow("funds", moved)]


def _to_members(moved: dict[str, Moved]) -> list[Flow]:
    """Return what members got, the kinds that fewer than five people got merged with the next larger one."""
    rows = sorted((name for name in TO_MEMBERS if name in moved), key=lambda name: moved[name].people)
    few = [name for name in rows if moved[name].people < FEWEST]
    merged = rows[: len(few) + 1] if few else []
    alone = [
        Flow(name, moved[name].amount, moved[name].people)
        for name in TO_MEMBERS
        if name in moved and name not in merged
    ]
    return alone + ([Flow("several", _sum(moved, merged))] if merged else [])


def _sum(moved: dict[str, Moved], names: Iterable[str]) -> Decimal:
    return sum((moved[name].amount for name in names if name in moved), Decimal(0))


def _share(moved: dict[str, Moved]) -> Decimal | None:
    members = _sum(moved, TO_MEMBERS)
    whole = members + _sum(moved, ["kept", "funds"])
    return (members / whole).quantize(Decimal("0.001")) if whole else None


def _hours(rows: list[list[Any]]) -> list[Hours]:
    told = [_hour(*row) for row in rows if row[2] >= FEWEST]
    few = [row for row in rows if row[2] < FEWEST]
    return told + ([Hours("", str(_("Kinds of work done by fewer than five people each")), None)] if few else [])


def _hour(slug: str, name: str, people: int, quarters: list[int]) -> Hours:
    if people < FEWEST_FOR_AN_HOUR:
        return Hours(slug, name, people)
    return Hours(slug, name, people, *(from_micro(quarter) for quarter in quarters))
