"""What statements have of payouts that did not end by them: one waits for its second officer, or a line is a question.

A true one is no reason to say that no statement has a payout; a made-up one holds up nobody's money for long.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

# How long no two officers decide about a payout that a waiting file has: from the first such file since it went out,
# and at the soonest from when they could decide (`verdicts_come_after_72_hours` reckons the same).
HELD_FOR = timedelta(hours=72)
# What is open at the bank, and each line about it that nobody confirmed. Only lines of a file that waits or that came
# since the oldest of them went out are read, however many were turned down before.
SAID = """
WITH gone AS (
    SELECT p.id, coalesce(r.handed_over_at, r.released_at) AS at
    FROM payments_payout p JOIN payments_payrun r ON r.id = p.run_id
    WHERE p.rail = 'bank' AND p.state IN ('sending', 'sent')
), said AS (
    SELECT g.id, g.number, g.given_at, g.turned_down_by_id IS NULL AS waits, l.place,
        substring(l.line ->> 'key' FROM '^WORKHALL-PAYOUT-0*([1-9][0-9]*)$') AS payout
    FROM payments_givenstatement g CROSS JOIN LATERAL jsonb_array_elements(g.lines) WITH ORDINALITY AS l (line, place)
    WHERE NOT EXISTS (SELECT FROM payments_bankstatement s WHERE s.given_id = g.id)
    AND (g.turned_down_by_id IS NULL OR g.given_at >= (SELECT min(at) FROM gone))
)
"""
HELD = f"""{SAID}
SELECT gone.id FROM gone JOIN said ON said.payout = gone.id::text GROUP BY gone.id, gone.at
HAVING bool_or(waits)
AND greatest(min(given_at) FILTER (WHERE given_at >= gone.at), gone.at + %(sooner)s::interval)
    + %(held)s::interval > %(now)s
"""  # noqa: S608 - both pieces are ours
LINES = f"""{SAID}
SELECT said.id, said.number, place, gone.id FROM gone JOIN said ON said.payout = gone.id::text
WHERE waits AND gone.id = ANY(%s) ORDER BY said.id, place
"""  # noqa: S608 - likewise
# What a confirmed statement has of them and did not book, as money that was not there by the books or an officer's own.
ASKED = "SELECT event, statement, line, payout, incoming FROM payments_asked_of(%s)"


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A line about a payout, counted from 1, on a statement that waits for its second officer; `given` is its id."""

    given: int
    statement: str
    line: int
    payout: int


def holding(*, sooner: timedelta, at: datetime) -> set[int]:
    """Return the numbers of the payouts that nobody decides about, as a statement that has them waits; one query.

    `sooner` is how long after the bank was given the file two officers can decide at the earliest.
    """
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"sooner": str(sooner), "held": str(HELD_FOR), "now": at})
        return {number for (number,) in cursor.fetchall()}


def lines(payouts: Collection[int]) -> list[Unconfirmed]:
    """Return what waiting statements have of these payouts while they are on their way; one query."""
    with connection.cursor() as cursor:
        cursor.execute(LINES, [list(payouts)])
        return [Unconfirmed(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Asked:
    """A line about a payout, counted from 1, on a statement that two saw, which is a question; `event` is its id."""

    event: int
    statement: str
    line: int
    payout: int
    incoming: bool


def asked(payouts: Collection[int]) -> list[Asked]:
    """Return what confirmed statements have of these payouts while they are on their way, as questions; one query."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED, [list(payouts)])
        return [Asked(*row) for row in cursor.fetchall()]
