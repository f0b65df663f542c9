"""What rails said that moved nothing: each waits until an officer says what became of it, and the answer stands."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance.models import Office
from payments import deposits
from payments.models import Deposit, Outcome, RailAnswer, RailEvent

WAIT = (Outcome.PARTIAL, Outcome.REPEATED, Outcome.UNKNOWN)


def waiting() -> QuerySet[RailEvent]:
    """Return what nobody has answered, the oldest first."""
    asked = RailEvent.objects.filter(outcome__in=WAIT, answer=None, proof=None)
    return asked.select_related("statement", "payout").order_by("pk")


def refusal(event: RailEvent, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot answer; None if they can."""
    if no := deposits.refusal_of_office(by, at):
        return no
    if not waiting().filter(pk=event.pk).exists():
        return Refusal(_("This was answered."), status=409)
    if event.payout and event.payout.person_id == by.person_id:
        return Refusal(_("Nobody decides about money to themselves."), "D8", _("Ask another officer."))
    return None


@transaction.atomic
def answer(event: RailEvent, *, words: str, by: Office, at: datetime) -> RailAnswer:
    """Write down what became of it; no money moves. Raises Refused as `refusal`."""
    refuse_if(refusal(event, by=by, at=at))
    said = RailAnswer.objects.create(event=event, words=words, by=by, at=at)
    events.write("statements.answered", by=by.person, subject=f"rail_event:{event.pk}", at=at)
    return said


@transaction.atomic
def is_deposit(event: RailEvent, *, deposit: Deposit, by: Office, at: datetime) -> None:
    """Say that a line is a deposit which was written down; it is credited, if it is not yet. Raises Refused."""
    refuse_if(refusal(event, by=by, at=at))
    if not deposits.like(event).filter(pk=deposit.pk).exists():
        refuse_if(
            Refusal(_("This line is not that deposit: look at the amount, and whether it was found."), status=409)
        )
    refuse_if(deposits.refusal_of_second(deposit, by=by))
    deposits.find(deposit, line=event, by=by, at=at)
