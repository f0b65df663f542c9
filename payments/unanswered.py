"""Payouts that no rail answered for: a service is asked again at a press, and in the end two officers decide.

A service is asked by itself every ten minutes. Where it has said nothing 72 hours after the run was released (E3), two
officers, neither the payee, read the service's own statement; what both read is booked as the service's word would be.
So with the bank: 5 days after it was given the file, or once it booked another amount than was ordered.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance import offices
from governance.models import Office
from payments import came_back, deposits, places, rails, reconciling, runs, sending, to_officers, unconfirmed
from payments.models import Outcome, Payout, PayoutState, RailEvent, Verdict

SLOW = timedelta(hours=24)
DECIDED_AFTER = timedelta(hours=72)


def waiting(*, at: datetime) -> QuerySet[Payout]:
    """Return the payouts for which a service has had no answer a day after their run was released, the oldest first."""
    names = [rail.name for rail in sending.services()]
    late = Payout.objects.filter(rail__in=names, state__in=sending.UNDER_WAY, run__released_at__lte=at - SLOW)
    return late.select_related("person", "run").order_by("pk")


def is_waiting(payout: Payout) -> bool:
    """Tell whether a payout went out with a run and has not ended."""
    return payout.run_id is not None and payout.state in sending.UNDER_WAY


def is_asked(payout: Payout) -> bool:
    """Tell whether there is a service that can be asked for a payout; the bank says it by its statements alone."""
    return payout.rail in {rail.name for rail in sending.services()}


def decided_from(payout: Payout) -> datetime | None:
    """Return when two officers can decide at the earliest where the rail says nothing; None before it was told."""
    if payout.run is None:
        return None
    if payout.rail == reconciling.RAIL:
        return payout.run.handed_over_at and payout.run.handed_over_at + reconciling.MISSING_AFTER
    return payout.run.released_at and payout.run.released_at + DECIDED_AFTER


def told(payout: Payout) -> dict[str, object]:
    """Return what a payout's page says of this: from when officers can decide (None once it ended), whether they did.

    And when it is tried again, where it came back. A query once it ended, two more where it came back, none before.
    """
    ended = payout.settled_at is not None and payout.settled_by_id is None
    return {
        "decided": decided_from(payout) if is_waiting(payout) else None,
        "judged": ended and payout.events.filter(event__endswith="/verdict").exists(),
        "again": came_back.again(payout) if payout.state == PayoutState.FAILED else "",
    }


def refusal_to_ask(payout: Payout, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot have a service asked again; None if they can."""
    if no := deposits.refusal_of_office(by, at):
        return no
    if is_waiting(payout) and is_asked(payout):
        return None
    return Refusal(_("This payout does not wait for a service."), status=409)


def ask_again(payout: Payout, *, by: Office, at: datetime) -> bool:
    """Ask the service now where a payout is; tell whether it moved on. Some answer later, at an address of ours."""
    refuse_if(refusal_to_ask(payout, by=by, at=at))
    return sending.ask(payout.pk, at=at)


def refusal(payout: Payout, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot say what the rail's statement has of a payout; None if they can."""
    if no := to_officers.refusal(payout, by=by, at=at):
        return no
    if not is_waiting(payout):
        return Refusal(_("This payout does not wait for a word."), status=409)
    if by.person_id == payout.person_id:
        return Refusal(_("Nobody decides about money to themselves."), "D8", _("Ask another officer."))
    return _too_early(payout, at)


def _too_early(payout: Payout, at: datetime) -> Refusal | None:
    if payout.rail == reconciling.RAIL and payout.pk in reconciling.unseen(at=at):
        appeal = _(
            "Look at that statement first: confirm it, or turn it down. It holds up a decision for 72 hours at most."
        )
        return Refusal(_("A statement that has this payout waits for an officer."), "E3", appeal, status=409)
    due = decided_from(payout)
    if (due and due <= at) or _booked_otherwise(payout):
        return None
    if is_asked(payout):
        words = _("A service has 72 hours to answer; before that nobody decides in its place.")
        return Refusal(words, "E3", _("Ask it again."), status=409)
    words = _("A bank has five days from when it has the file; before that its statements decide.")
    return Refusal(words, "E3", status=409)


def _stands(payout: Payout) -> Refusal | None:
    """Say where a confirmed statement has a payout, as paid and not as come back; None if none has."""
    found = unconfirmed.asked([payout.pk])
    out, back = ([one for one in found if one.incoming is way] for way in (False, True))
    if len(out) <= len(back):
        return None
    where = {"statement": out[0].statement, "line": out[0].line}
    appeal = _("Say that it arrived; where by our books the money was not there, write down first what came in.")
    words = _("This payout stands on statement %(statement)s, line %(line)s, as a question.") % where
    return Refusal(words, "E3", appeal, status=409)


def _booked_otherwise(payout: Payout) -> bool:
    return payout.rail == reconciling.RAIL and payout.events.filter(outcome=Outcome.PARTIAL).exists()


@transaction.atomic
def decide(payout: Payout, *, arrived: bool, words: str, by: Office, at: datetime) -> bool:
    """Write down what an officer read; where another one read the same, book it, and tell so.

    `words` names the statement and its line. What arrived is kind 14, what did not 15. Raises Refused as `refusal`, and
    for what did not arrive though a confirmed statement has that it went out, and not that it came back.
    """
    refuse_if(refusal(payout, by=by, at=at) or (None if arrived else _stands(payout)))
    Verdict.objects.create(payout=payout, arrived=arrived, words=words, office=by, at=at)
    events.write("payouts.judged", by=by.person, subject=f"payout:{payout.pk}", at=at)
    if not _agreed(payout, arrived=arrived):
        return False
    if arrived:
        refuse_if(places.refusal(rails.place_of(payout.rail), payout.amount, payout.currency))
    outcome = Outcome.SETTLED if arrived else Outcome.FAILED
    said = RailEvent(
        rail=payout.rail, event=f"{runs.key_of(payout.pk)}/verdict", payout=payout, outcome=outcome,
        amount=payout.amount, currency=payout.currency, words=words, occurred_at=at, noted_at=at,
    )  # fmt: skip
    reconciling.book([said], by=None, at=at)
    return True


def _agreed(payout: Payout, *, arrived: bool) -> bool:
    """Tell whether the latest words of two officers are this, one of whom handled money when they read it."""
    said = Verdict.objects.filter(payout=payout).order_by("office__person_id", "-pk").distinct("office__person_id")
    agree = [one for one in said.select_related("office") if one.arrived == arrived]
    return len(agree) > 1 and any(offices.handles_money(one.office, one.at) for one in agree)
