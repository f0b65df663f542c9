"""Raises that the reserve pays (N10): voted for a kind of work and a quarter, paid when the quarter is over.

The most that one can cost is set aside when it takes effect, so that the reserve never promises what it lacks. Each
answer paid in the quarter gets the voted amount; where that were more than was set aside, it is shared out by answers.
"""

from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import QuerySet

from coop.record import events
from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.models import Raise, WorkType
from payments.money import from_micro
from payments.surplus import Quarter

DUE = """
SELECT r.id FROM payments_raise r
JOIN payments_account a ON a.code = 'raise:' || r.id AND a.currency = 'USD' AND a.balance > 0
WHERE upper(payments_quarter(r.period)) + interval '1 hour' <= coop_now() ORDER BY r.id
"""
LINES = "SELECT code, amount FROM payments_raise_lines(%s) ORDER BY code"


@transaction.atomic
def take_effect(voted: Raise, *, at: datetime) -> Raise:
    """Write down a raise and set its money aside (kind 37, reserve:collective to raise:<id>). Key `raise:<id>`.

    Raises IntegrityError `raise_is_what_the_vote_said`, or `account_above_its_floor` when the reserve has less.
    """
    voted.save(force_insert=True)
    ref = f"raise:{voted.pk}"
    line = Line(Kind.RAISE_SET_ASIDE, accounts.RESERVE, accounts.for_raise(voted.pk), voted.most, ref, ref)
    ledger.post(line, journal=ref, at=at)
    events.write("raises.in_force", by=None, subject=ref, at=at, period=voted.period)
    return voted


def settle(*, at: datetime) -> int:
    """Pay the raises whose quarter is over; return how many. Anybody may call it: time decides."""
    with connection.cursor() as cursor:
        cursor.execute(DUE)
        due = [number for (number,) in cursor.fetchall()]
    return sum(pay(number, at=at) for number in due)


@transaction.atomic
def pay(number: int, *, at: datetime) -> bool:
    """Pay a raise to those who did the work, and the rest back to the reserve (kind 38). Key `raise:<id>:<code>`.

    Returns False when somebody else has done so this moment. Raises IntegrityError `raises_move_as_voted` before an
    hour after the quarter's end, and for any other sums.
    """
    with connection.cursor() as cursor:
        cursor.execute(LINES, [number])
        parts = [(code, from_micro(int(amount))) for code, amount in cursor.fetchall()]
    ref, source = f"raise:{number}", accounts.for_raise(number)
    lines = [Line(Kind.RAISE_PAID, source, code, amount, f"{ref}:{code}", ref) for code, amount in parts]
    new = ledger.post_many(lines, journal=f"{ref}:paid", at=at)
    if new:
        events.write("raises.paid", by=None, subject=ref, at=at)
    return bool(new)


def of(work_type: WorkType, at: datetime) -> QuerySet[Raise]:
    """Return the raises of a kind of work for the running quarter and those to come."""
    return work_type.raises.filter(period__gte=str(Quarter.of(at))).order_by("period").select_related("mandate")


def running(at: datetime) -> QuerySet[Raise]:
    """Return the raises of the running quarter."""
    found = Raise.objects.filter(period=str(Quarter.of(at))).select_related("work_type", "mandate")
    return found.order_by("work_type__name")


def set_from(said: dict[str, object], work_type_id: int, **facts: object) -> Raise:
    """Return the raise that a payload in micro-units says, not saved."""
    sums: dict[str, Decimal] = {name: from_micro(int(str(said[name]))) for name in ("amount", "most")}
    return Raise(work_type_id=work_type_id, period=str(said["period"]), **sums, **facts)
