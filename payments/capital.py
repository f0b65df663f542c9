"""A member's capital: what votes kept of their shares of surpluses, what they paid in, and interest that was voted.

Whoever leaves is paid all of it, at once.

It follows from the standing alone, never from an officer: whoever looks, pays. While somebody is a member it stays.
"""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, guard_of, refuse_if
from governance import standing
from governance.models import Status
from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.models import Contribution, Interest, Redemption, Share
from payments.templatetags.money import money

DUE = """
SELECT s.person_id FROM (
    SELECT DISTINCT ON (person_id) person_id, status FROM governance_standing
    WHERE %(person)s::bigint IS NULL OR person_id = %(person)s ORDER BY person_id, id DESC
) s JOIN payments_account a ON a.code = 'member:' || s.person_id || ':capital' AND a.currency = 'USD'
WHERE s.status IN ('left', 'expelled') AND a.balance > 0 ORDER BY s.person_id LIMIT %(most)s
"""


def held(person: Person) -> Decimal:
    """Return what a person's capital account holds, in US dollars."""
    return ledger.balance(accounts.capital(person.pk))


def shares_of(person: Person) -> QuerySet[Share]:
    """Return a person's shares of surpluses, newest first, with the vote behind each."""
    mine = Share.objects.filter(person=person).order_by("-id")
    return mine.select_related("allocation__close", "allocation__mandate")


def interests_of(person: Person) -> QuerySet[Interest]:
    """Return a person's interest on capital, newest first, with the vote behind each."""
    mine = Interest.objects.filter(person=person).order_by("-id")
    return mine.select_related("allocation__close", "allocation__mandate")


def contributions_of(person: Person) -> QuerySet[Contribution]:
    """Return what a person paid in, newest first."""
    return Contribution.objects.filter(person=person).order_by("-id")


def refusal(person: Person, amount: Decimal) -> Refusal | None:
    """Say why a person cannot pay so much into their capital now; None if they can. Nobody has to."""
    if standing.status(person) != Status.MEMBER:
        return Refusal(_("Members pay into their capital."), "N11")
    ready = ledger.balance(accounts.payable(person.pk))
    if 0 < amount <= ready:
        return None
    return Refusal(_("You have %(ready)s ready.") % {"ready": money(ready, "USD")}, status=409)


@transaction.atomic
def pay_in(person: Person, amount: Decimal, *, by: Person, at: datetime) -> Contribution:
    """Pay whole cents of what a member earned into their capital (kind 22, member:payable to member:capital).

    Key `contribution:<id>`. Raises Refused for anybody but the member, and beyond what is ready.
    """
    source, target = accounts.payable(person.pk), accounts.capital(person.pk)
    # What is ready now stays so until it is paid in.
    ledger.hold(("USD", code) for code in (source, target))
    refuse_if(refusal(person, amount) if by == person else Refusal(_("Only you can do this."), "E3"))
    paid = Contribution.objects.create(person=person, amount=amount, at=at)
    ref = f"contribution:{paid.pk}"
    ledger.post(Line(Kind.REDEEMED, source, target, amount, ref, ref), journal=ref, at=at)
    events.write("capital.paid_in", by=person, subject=ref, at=at)
    return paid


def redeem_due(*, at: datetime, person: Person | None = None, most: int = 100) -> int:
    """Pay out the capital of whoever has left (or of this person); return how many that were. Anybody may call it."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"person": person.pk if person else None, "most": most})
        people = [number for (number,) in cursor.fetchall()]
    return sum(_redeem(number, at=at) for number in people)


def _redeem(person_id: int, *, at: datetime) -> bool:
    """Pay out one person's capital; False when somebody else has done so this moment."""
    try:
        redeem(person_id, at=at)
    except IntegrityError as error:
        if guard_of(error) != "capital_is_paid_out_on_leaving":
            raise
        return False
    return True


@transaction.atomic
def redeem(person_id: int, *, at: datetime) -> Redemption:
    """Pay out all the capital of somebody who has left (kind 22, member:capital to member:payable). Key `cap:<id>`.

    Raises IntegrityError `capital_is_paid_out_on_leaving` while they are a member, and when there is none.
    """
    paid = Redemption.objects.create(person_id=person_id, at=at)
    paid.refresh_from_db()
    ref = f"redemption:{paid.pk}"
    source, target = accounts.capital(person_id), accounts.payable(person_id)
    ledger.post(Line(Kind.REDEEMED, source, target, paid.amount, f"cap:{paid.pk}", ref), journal=ref, at=at)
    events.write("capital.redeemed", by=None, subject=ref, at=at)
    return paid
