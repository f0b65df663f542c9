"""Repair with back pay (7.10): one and a half times what somebody lost by a measure that should not have been.

    back pay = 1.5 x max(0, average x time - earned) - paid while paused, and never below 0

- `time` is that of the measure: for no offers from 14 days before the case, for a lost kind of work from a day before
  it, each until the panel decided; for a limit or a pause that nine others undid, as long as it had effect. Days that
  back pay was paid for already are left out.
- `average` is what the person's work of the 13 weeks (91 days) before was paid, over 91 days, as for a pause (part 6);
  or a quarter of what that of the 52 weeks before was, where it is more; or what the members who did the same kinds of
  work earned in the 13 weeks, for the part of them before the person's first work, where that is more still. Whoever
  earned nothing in 52 weeks has all of the last. Where cases follow each other without a gap the weeks end before the
  first, so that nobody's average falls by having been kept from work. What was paid stays as it was found.
- `earned` is what their work of that time was paid, also where it was paid later; service on panels counts as work.
- Amounts are US dollars, as wages are; a fraction of a micro-unit is rounded up once.

For mass returns the pay of each answer that came back and ended unpaid is owed, once and not one and a half times: an
answer that came back is not worth more than one that was accepted. A held payout is paid out and a mute ends: nothing
is owed for them. The database alone finds the amounts (`payments_back_pay_parts`, `payments_returned_unpaid`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from coop.people.models import Person
from payments.money import from_micro

WEEKS = timedelta(weeks=13)
PARTS = """
SELECT l.source, p.began_at, p.starts_at, p.ends_at, p.basis, p.before, p.seconds, p.meanwhile, p.paused, p.amount,
    (SELECT e.amount FROM payments_entitlement e WHERE e.kind = 27 AND e.source = l.source)
FROM payments_lost_time l CROSS JOIN LATERAL payments_back_pay_parts(l.source) p
WHERE l.person_id = %s ORDER BY p.starts_at DESC
"""
RETURNED = """
SELECT u.source, u.answers, u.amount, (SELECT e.amount FROM payments_entitlement e WHERE e.kind = 27
    AND e.source = u.source) FROM payments_returned_unpaid u WHERE u.person_id = %s ORDER BY u.source
"""


@dataclass(frozen=True, slots=True)
class BackPay:
    """The sum of one repair, each number as the module says; amounts in US dollars, `paid` None while it is owed.

    `basis` says whose `before` is: the person's "own", a quarter of their "year", or their "peers".
    """

    source: str
    began_at: datetime
    starts_at: datetime
    ends_at: datetime
    basis: str
    before: Decimal
    time: timedelta
    earned: Decimal
    paused: Decimal
    amount: Decimal
    paid: Decimal | None

    @property
    def weeks_from(self) -> datetime:
        """Return when the 13 weeks of the average begin."""
        return self.began_at - WEEKS

    @property
    def days(self) -> Decimal:
        """Return the time in days."""
        return Decimal(self.time / timedelta(days=1))

    @property
    def usual(self) -> Decimal:
        """Return what the average comes to in that time."""
        return self.before * Decimal(self.time / WEEKS)


@dataclass(frozen=True, slots=True)
class Returned:
    """What answers that came back and ended unpaid are owed; `paid` is None while it is owed."""

    source: str
    answers: int
    amount: Decimal
    paid: Decimal | None


def of(person: Person) -> list[BackPay]:
    """Return each back pay that a person has or is owed, the latest time first; one query."""
    with connection.cursor() as cursor:
        cursor.execute(PARTS, [person.pk])
        return [_read(*row) for row in cursor.fetchall()]


def _read(source: str, began: datetime, starts: datetime, ends: datetime, basis: str, *numbers: Decimal) -> BackPay:
    before, seconds, earned, paused, amount, paid = numbers
    return BackPay(
        source, began, starts, ends, basis, before / 1_000_000, timedelta(microseconds=int(seconds * 1_000_000)),
        from_micro(int(earned)), from_micro(int(paused)), from_micro(int(amount)),
        None if paid is None else from_micro(int(paid)),
    )  # fmt: skip


def returned(person: Person) -> list[Returned]:
    """Return what a person has or is owed for answers that came back and ended unpaid; one query."""
    with connection.cursor() as cursor:
        cursor.execute(RETURNED, [person.pk])
        rows = cursor.fetchall()
    return [
        Returned(source, answers, from_micro(int(amount)), None if paid is None else from_micro(int(paid)))
        for source, answers, amount, paid in rows
    ]
