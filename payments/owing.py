"""What members are owed beside payouts: to themselves with why and what happens next, to the public once it is late.

It is what weeks lacked to the floor, what the hearing fund owes, and the pay of posts. Each is paid by time alone; what
a fund cannot cover stays owed. The public reads what is unpaid 72 hours after it fell due (E3), by what it comes from:
rounded up, so that nobody reads a single payment off what changes, and merged where it is of fewer than five people.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from coop.people.models import Person
from payments.models import Owing
from payments.money import from_micro

FEWEST = 5
STEP = Decimal(10)
MINE = """
SELECT kind, fund, since, sum(amount) FROM payments_still_owed WHERE person_id = %s
GROUP BY kind, fund, since ORDER BY since, kind
"""
# What fell due within a time and is unpaid for longer than that, as JSON: what it comes from, to how many, how much.
LATE = """
SELECT coalesce(jsonb_agg(jsonb_build_array(late.fund, late.people, late.amount) ORDER BY late.people, late.fund), '[]')
FROM (
    SELECT o.fund, count(DISTINCT o.person_id) AS people, sum(o.amount) AS amount FROM payments_still_owed o
    WHERE o.since >= %(first)s AND o.since < %(after)s AND o.since < coop_now() - %(held)s::interval GROUP BY o.fund
) late
"""
FUNDS: dict[str, str | Promise] = {
    "floor": _("The fund for the hourly floor"),
    "deposits": _("Deposits of jobs for the hourly floor"),
    "hearing": _("The fund for hearings"),
    "posts": _("The quarter's fees, for the pay of posts"),
    "several": _("Several of these together"),
}
WORDS: dict[str, str | Promise] = {
    "top_up": _("What a week lacked to the hourly floor"),
    **{one.name.lower(): one.label for one in Owing},
    "post": _("Pay of your post"),
}
WHY: dict[str, str | Promise] = {
    "floor": _(
        "The fund for the floor does not reach it yet. It pays what was counted first, as soon as it has money."
    ),
    "deposits": _("The deposits of the jobs have it. It is paid with the next look, within a day."),
    "hearing": _("The fund for hearings does not reach it yet. It pays as soon as it has money."),
    "posts": _("The fees of the quarter do not reach it yet. The oldest month is paid first, as soon as they do."),
}


@dataclass(frozen=True, slots=True)
class Owed:
    """What a member is owed since a moment, in US dollars."""

    kind: str
    fund: str
    since: datetime
    amount: Decimal

    @property
    def words(self) -> str | Promise:
        """What it is, in words."""
        return WORDS[self.kind]

    @property
    def why(self) -> str | Promise:
        """Why it is not paid yet, and what happens next."""
        return WHY[self.fund]


@dataclass(frozen=True, slots=True)
class LateSum:
    """What is late from one fund, to how many people; amount rounded up to 10 US dollars, None for fewer than five."""

    fund: str
    people: int | None
    amount: Decimal | None

    @property
    def words(self) -> str | Promise:
        """What it comes from, in words."""
        return FUNDS[self.fund]


def to(person: Person) -> list[Owed]:
    """Return what a member is owed beside what they asked for, the oldest first; one query."""
    with connection.cursor() as cursor:
        cursor.execute(MINE, [person.pk])
        return [Owed(kind, fund, since, from_micro(int(amount))) for kind, fund, since, amount in cursor.fetchall()]


def told(late: str) -> list[LateSum]:
    """Return what the public reads of sums that are late, as LATE has them: of few merged with the next larger."""
    rows = json.loads(late)
    few = sum(people < FEWEST for _fund, people, _amount in rows)
    merged, alone = (rows[: few + 1], rows[few + 1 :]) if few else ([], rows)
    sums = [LateSum(fund, people, _up(amount)) for fund, people, amount in alone]
    return sums + ([_together(merged)] if merged else [])


def _together(rows: list[tuple[str, int, int]]) -> LateSum:
    fund = "several" if len(rows) > 1 else rows[0][0]
    enough = any(people >= FEWEST for _fund, people, _amount in rows)
    return LateSum(fund, None, _up(sum(amount for _fund, _people, amount in rows)) if enough else None)


def _up(micro: int) -> Decimal:
    return (from_micro(int(micro)) / STEP).quantize(Decimal(1), ROUND_CEILING) * STEP
