"""The pay of posts: what a budget says for each a month, paid when the month is over, by time alone (N11).

A month is paid as the budget in force at its beginning said, by the days (UTC) in which the office was held at noon,
rounded down to the micro-unit. It comes out of the fees of the quarter in which it is paid; what they do not cover yet
stays owed.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from coop.record import events
from coop.refusals import guard_of
from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.money import from_micro

OWED = "SELECT office, person, month, amount FROM payments_post_pay_owed()"
PAID = """
SELECT o.post, count(DISTINCT o.id), sum(t.amount) FROM payments_transfer t
JOIN governance_office o ON t.ref = 'office:' || o.id || ':' || %(month)s
WHERE t.kind = 40 GROUP BY o.post ORDER BY o.post
"""
SHORT = {"posts_are_paid_as_voted", "facts_are_posted_once"}


@dataclass(frozen=True, slots=True)
class Owed:
    """What an office is owed for a month ("2027-01"), in US dollars."""

    office_id: int
    person_id: int
    month: str
    amount: Decimal

    @property
    def ref(self) -> str:
        """The fact that its transfer is about."""
        return f"office:{self.office_id}:{self.month}"


@dataclass(frozen=True, slots=True)
class Paid:
    """What the holders of a post were paid for a month, in US dollars."""

    post: str
    holders: int
    amount: Decimal


def owed() -> list[Owed]:
    """Return what is owed now for months that are over, the oldest first; one query."""
    with connection.cursor() as cursor:
        cursor.execute(OWED)
        return [Owed(office, person, month, from_micro(int(amount))) for office, person, month, amount in cursor]


def settle(*, at: datetime) -> int:
    """Pay what is owed, the oldest first, as far as the quarter's fees reach; return how many. Anybody may call it."""
    paid = 0
    for one in owed():
        try:
            pay(one, at=at)
        except IntegrityError as error:  # the fees do not reach, or somebody was faster
            if guard_of(error) not in SHORT:
                raise
            break
        paid += 1
    return paid


@transaction.atomic
def pay(one: Owed, *, at: datetime) -> None:
    """Pay an office for a month (kind 40, coop:expense:posts to member:payable). Key `office:<id>:<month>`.

    Raises IntegrityError `posts_are_paid_as_voted` for anything else than what is owed, or beyond the quarter's fees.
    """
    line = Line(Kind.POST_PAY, accounts.expense("posts"), accounts.payable(one.person_id), one.amount, one.ref, one.ref)
    ledger.post(line, journal=one.ref, at=at)
    events.write("posts.paid", by=None, subject=f"office:{one.office_id}", at=at, month=one.month)


def paid(month: str) -> list[Paid]:
    """Return what each post was paid for a month; one query."""
    with connection.cursor() as cursor:
        cursor.execute(PAID, {"month": month})
        return [Paid(post, holders, from_micro(int(amount))) for post, holders, amount in cursor]
