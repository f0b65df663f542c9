"""Movements that should not be there: two officers say why, and the mirror of the movement is posted (kind 99).

A deposit, the money set aside for a job and what a job gave back can be taken back, each once and whole; the right one
is posted after it. Pay, payouts, fees and exchanges never are (E3): a payout is corrected by what its rail says next,
a fee of a rail or a bill by another, and what a member was paid too much is the cooperative's loss.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from governance.models import Office
from payments import deposits, ledger, paybacks
from payments.ledger import Kind
from payments.models import CardPayment, Correction, Deposit, Transfer

CORRECTABLE = (Kind.DEPOSIT, Kind.FUND, Kind.REFUND)


def correctable() -> QuerySet[Transfer]:
    """Return the movements that can be taken back and were not, the newest first, each with its accounts."""
    found = Transfer.objects.filter(kind__in=CORRECTABLE, reversed_by=None)
    return found.select_related("debit", "credit").order_by("-id")


def waiting() -> QuerySet[Transfer]:
    """Return the movements that one officer called wrong and that stand, the oldest first."""
    said = Correction.objects.filter(transfer__reversed_by=None)
    return correctable().filter(pk__in=said.values("transfer")).order_by("id")


def of(transfer: Transfer) -> QuerySet[Correction]:
    """Return what officers said of a movement, in order."""
    return Correction.objects.filter(transfer=transfer).select_related("office__person").order_by("pk")


def refusal(transfer: Transfer, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot call a movement wrong; None if they can."""
    if no := deposits.refusal_of_office(by, at):
        return no
    if transfer.kind not in CORRECTABLE:
        words = _("Pay, payouts, fees and exchanges are not taken back.")
        return Refusal(words, "E3", _("A payout is corrected by what its rail says next."), status=409)
    if Transfer.objects.filter(reverses=transfer).exists():
        return Refusal(_("This was taken back."), status=409)
    if Correction.objects.filter(transfer=transfer, office__person=by.person_id).exists():
        return Refusal(_("You said so; another officer says it too."), "D8", _("Ask the other officer."), status=409)
    return None


@transaction.atomic
def say(transfer: Transfer, *, words: str, by: Office, at: datetime) -> bool:
    """Write down why an officer calls a movement wrong; where another one did, take it back, and tell so.

    What was asked back of a deposit and not sent stays with it. Raises Refused as `refusal`, and where its money is
    gone: spent, set aside or sent back.
    """
    refuse_if(refusal(transfer, by=by, at=at))
    Correction.objects.create(transfer=transfer, words=words, office=by)
    events.write("ledger.judged", by=by.person, subject=f"transfer:{transfer.pk}", at=at)
    if of(transfer).values("office__person").distinct().count() < 2:  # noqa: PLR2004 - two officers
        return False
    _let_stay(transfer, at)
    try:
        ledger.reverse(transfer, by=by, at=at)
    except IntegrityError as error:
        if (why := _in_words(guard_of(error))) is None:
            raise
        raise Refused(why) from error
    return True


def _let_stay(transfer: Transfer, at: datetime) -> None:
    """Let stay what was asked back of a deposit and not sent yet, so that it can be taken back."""
    thing, _colon, number = transfer.ref.partition(":")
    if transfer.kind == Kind.DEPOSIT and thing == "deposit":
        paybacks.drop(Deposit.objects.get(pk=number), None, at=at)
    elif transfer.kind == Kind.DEPOSIT and thing == "card_event":
        paybacks.drop(None, CardPayment.objects.get(events=int(number)), at=at)


def _in_words(guard: str | None) -> Refusal | None:
    """Say why a guard lets nothing be taken back; None for one that is about something else."""
    gone = _("Its money is not there any more: it was spent, set aside or sent back.")
    no = Refusal(gone, appeal=_("Let it become free first."), status=409)
    counting = _("It is set aside for the hourly floor until the job is closed and its last week was counted.")
    less = _("By our books the bank has less than that.")
    return {
        "account_above_its_floor": no,
        "money_goes_back_as_was_asked": no,
        "deposits_stay_until_weeks_are_counted": Refusal(counting, appeal=_("Close the job first."), status=409),
        "account_below_its_ceiling": Refusal(less, appeal=_("Write down first what came in."), status=409),
    }.get(guard or "")
