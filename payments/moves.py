"""Money that the cooperative moves between two places of its own: a service's payout to the bank, filling up PayPal.

One officer notes it by what the bank or the service shows, another confirms it; then the books have it. What was noted
wrong is turned down, by the one who noted it too; what was confirmed all the same is put right by a move back.
"""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from governance.models import Office
from payments import accounts, deposits, ledger, places
from payments.ledger import Kind, Line
from payments.models import Move, Place


def waiting() -> QuerySet[Move]:
    """Return the moves that no second officer has confirmed or turned down, the oldest first."""
    return Move.objects.filter(confirmed_at=None, turned_down_by=None).select_related("noted_by__person").order_by("pk")


def refusal_to_note(source: Place, target: Place, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot note a move; None if they can."""
    if source == target:
        return Refusal(_("Money moves between two different places."), status=400)
    return deposits.refusal_of_office(by, at)


def note(
    source: Place,
    target: Place,
    *,
    amount: Decimal,
    reference: str,
    arrived_as: str = "",
    currency: str = "USD",
    by: Office,
    at: datetime,
) -> Move:
    """Note that money went from one place of ours to another, by the bank's or the service's reference.

    `arrived_as` where the place it went to has another of its own. Raises Refused out of office, within one place, or
    for a reference that is noted and was not turned down.
    """
    refuse_if(refusal_to_note(source, target, by=by, at=at))
    try:
        with transaction.atomic():
            move = Move.objects.create(
                source=source, target=target, amount=amount, currency=currency, reference=reference,
                arrived_as=arrived_as, noted_by=by, noted_at=at,
            )  # fmt: skip
            events.write("places.noted", by=by.person, subject=f"move:{move.pk}", at=at)
    except IntegrityError as error:
        if guard_of(error) != "a_move_is_noted_once":
            raise
        raise Refused(Refusal(_("A move with this reference is noted."), status=409)) from error
    return move


def refusal(move: Move, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer can neither confirm a move nor turn it down; None if they can do one of them."""
    if move.confirmed_at is not None:
        return Refusal(_("This move was confirmed."), status=409)
    if move.turned_down_by_id is not None:
        return Refusal(_("This move was turned down."), status=409)
    return deposits.refusal_of_office(by, at)


def refusal_to_confirm(move: Move, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot confirm a move; None if they can."""
    return refusal(move, by=by, at=at) or refusal_to_own(move, by=by)


def refusal_to_own(move: Move, *, by: Office) -> Refusal | None:
    """Say that an officer does not confirm what they noted themselves; None if another did."""
    if by.person_id == move.noted_by.person_id:
        return Refusal(_("You noted this move; another officer confirms it."), "D8", _("Ask the other officer."))
    return None


@transaction.atomic
def confirm(move: Move, *, by: Office, at: datetime) -> Move:
    """Confirm a move (kind 46, bank:<target> to bank:<source>). Key `move:<id>`.

    Raises Refused as `refusal_to_confirm`, and where by our books less lies at its source.
    """
    move = _locked(move)
    refuse_if(refusal_to_confirm(move, by=by, at=at))
    out_of, into = (accounts.place(place) for place in (move.source, move.target))
    ledger.hold((move.currency, code) for code in (out_of, into))
    appeal = _("Write down first what came in or was moved there, or turn this move down.")
    refuse_if(places.refusal(Place(move.source), move.amount, move.currency, appeal=appeal))
    move.confirmed_by, move.confirmed_at = by, at
    move.save(update_fields=["confirmed_by", "confirmed_at"])
    ref = f"move:{move.pk}"
    ledger.post(Line(Kind.MOVED, into, out_of, move.amount, ref, ref), journal=ref, at=at, currency=move.currency)
    events.write("places.moved", by=by.person, subject=ref, at=at)
    return move


@transaction.atomic
def turn_down(move: Move, *, by: Office, at: datetime) -> Move:
    """Say that the two places show no such move: nothing is booked. Whoever noted it may say so too.

    Raises Refused as `refusal`.
    """
    move = _locked(move)
    refuse_if(refusal(move, by=by, at=at))
    move.turn_down(by=by, at=at)
    events.write("places.turned_down", by=by.person, subject=f"move:{move.pk}", at=at)
    return move


def _locked(move: Move) -> Move:
    return Move.objects.select_for_update(of=("self",)).select_related("noted_by").get(pk=move.pk)
