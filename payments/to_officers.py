"""Payouts to whoever handles money: another of them sends it, and whoever checks the books may be the second hand.

The founding gives the right to handle money to two seats. Of a payout to one of them only one is left, and two officers
who are not the payee end each payout (D8). An auditor has no other power over money, and sends none.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal, Refused
from governance import offices
from governance.models import Office, Right
from payments import deposits
from payments.models import Payout, PayoutState


def handlers(at: datetime) -> QuerySet[Office]:
    """Return the offices that handle money at a moment."""
    return offices.with_right(Right.MONEY, at)


def to_handlers(at: datetime) -> QuerySet[Payout]:
    """Return the payouts to whoever handles money at a moment, or did when theirs went out."""
    went = Payout.objects.alias(went=Coalesce("run__released_at", "sent_at"))
    offices_of_payee = Office.objects.filter(person=OuterRef("person"))
    then = offices_of_payee.alias(did=offices.has_right(Right.MONEY, OuterRef("went"))).filter(did=True)
    return went.filter(Q(person__in=handlers(at).values("person_id")) | Exists(then))


def is_to_one(payout: Payout, at: datetime) -> bool:
    """Tell whether a payout is to somebody who handles money at a moment."""
    return handlers(at).filter(person=payout.person_id).exists()


def went_to_one(payout: Payout, at: datetime) -> bool:
    """Tell whether a payout is to somebody who handles money at a moment, or did when it went out."""
    return to_handlers(at).filter(pk=payout.pk).exists()


def refusal(payout: Payout, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer has no part in what became of a payout; None if they have."""
    no = deposits.refusal_of_office(by, at)
    if no and _checks_the_books(by, at) and went_to_one(payout, at):
        return None
    return no


def _checks_the_books(office: Office, at: datetime) -> bool:
    return offices.with_right(Right.BOOKS, at).filter(pk=office.pk).exists()


def office_for(person: Person, payout: Payout, at: datetime) -> tuple[Office, Right]:
    """Return the post by which a person has a part in a payout, and its right; raise Refused if they hold none.

    It is that which handles money, where they hold one.
    """
    books = offices.with_right(Right.BOOKS, at).select_related("person").filter(person=person).first()
    if books and not offices.may(person, Right.MONEY, at) and went_to_one(payout, at):
        return books, Right.BOOKS
    return deposits.office_of(person, at), Right.MONEY


def right_to_look(person: Person, at: datetime) -> Right:
    """Return the right by which a person sees which payouts to officers wait; raise Refused if they have none."""
    rights = offices.rights_of(person, at)
    if right := next((one for one in (Right.MONEY, Right.BOOKS) if one in rights), None):
        return right
    words = _("This page is for the treasurer, the secretary and the auditor.")
    raise Refused(Refusal(words, "D8", _("Posts are given by a vote (rule N12).")))


def waiting(at: datetime) -> QuerySet[Payout]:
    """Return the payouts under way to whoever handles money, or did when theirs went out, the oldest first."""
    open_ones = Q(state__in=[PayoutState.REQUESTED, PayoutState.SENDING, PayoutState.SENT])
    return to_handlers(at).filter(open_ones).select_related("person").order_by("pk")
