"""What the hearing fund owes people by facts of the ground, paid when anybody looks: time decides, never an officer.

A pause is paid as it runs, each whole hour at the member's average of the 13 weeks before it began (part 6): what the
work of those 91 days paid, over 91 days, times the time paused. Fractions of a micro-unit are rounded up once over the
whole pause, for the member. The database alone finds span and amount (`entitlement_is_what_the_facts_say`).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from coop.people.models import Person
from coop.record import events
from coop.refusals import guard_of
from payments import accounts, ledger
from payments.ledger import Line
from payments.models import Entitlement, Owing
from payments.money import from_micro

DUE = """
SELECT person_id, kind, source, amount FROM payments_owed
WHERE amount > 0 AND (%(person)s::bigint IS NULL OR person_id = %(person)s) ORDER BY kind, source LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Owed:
    """What is due to a person now and not paid yet, in US dollars."""

    person_id: int
    kind: Owing
    source: str
    amount: Decimal


def owed(person: Person | None = None, *, most: int = 100) -> list[Owed]:
    """Return what the hearing fund owes a person now (or anybody, when left out); one query."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"person": person.pk if person else None, "most": most})
        rows = cursor.fetchall()
    return [Owed(who, Owing(kind), source, from_micro(int(amount))) for who, kind, source, amount in rows]


def settle(*, at: datetime, person: Person | None = None) -> int:
    """Pay what is due to a person (or to anybody) and return how many payments that were. Anybody may call it.

    What the fund cannot cover stays due and is paid when there is money.
    """
    return sum(_pay(one, at=at) for one in owed(person))


def _pay(one: Owed, *, at: datetime) -> bool:
    """Pay one thing that is due; False when the fund is short, or somebody else has paid it this moment."""
    try:
        with transaction.atomic():
            pay(one.person_id, one.kind, one.source, at=at)
    except IntegrityError as error:
        if guard_of(error) not in {
            "account_above_its_floor",
            "entitlement_is_what_the_facts_say",
            "entitled_once_for_each_span",
            "entitled_once",
        }:
            raise
        return False
    return True


@transaction.atomic
def pay(person_id: int, kind: Owing, source: str, *, at: datetime) -> Entitlement:
    """Write down what is due and pay it (kinds 24 to 27, fund:hearing to member:payable). Key `entitlement:<id>`.

    Raises IntegrityError `entitlement_is_what_the_facts_say` when nothing is due, `account_above_its_floor` when the
    fund is short.
    """
    entitled = Entitlement.objects.create(person_id=person_id, kind=kind, source=source, at=at)
    entitled.refresh_from_db()
    ref = f"entitlement:{entitled.pk}"
    line = Line(kind, accounts.HEARING, accounts.payable(person_id), entitled.amount, ref, ref)
    ledger.post(line, journal=ref, at=at)
    events.write("entitlements.paid", by=None, subject=ref, at=at, source=source.partition(":")[0])
    return entitled
