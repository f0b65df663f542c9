"""Payouts by a service: handed over one by one under their own keys, and asked after until they ended.

A payout whose answer was lost is asked for again under the same key, never sent as another. What a service sends us by
itself is a hint to ask; nothing in it is believed.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from coop.record import events
from payments import details, exchange, places, rails, reconciling, runs
from payments.models import Outcome, Payout, PayoutState, PayRun, RailEvent, Verdict
from payments.money import to_micro
from payments.rails.api import AnsweringRail, ApiRail, Going, Order, Told, Unanswered

# Money that waits to be claimed is held money: it comes back before the third day (E3).
UNCLAIMED = timedelta(hours=48)
# For so long a service is asked after what officers gave back in its place.
ASKED_ON = timedelta(days=30)
ENDS = {Going.ARRIVED: Outcome.SETTLED, Going.CAME_BACK: Outcome.FAILED}
ENDED_BY = (Outcome.SETTLED, Outcome.FAILED, Outcome.RETURNED)
# Under this name stands a fee that is a question.
ASKED = "asked"
UNDER_WAY = (PayoutState.SENDING, PayoutState.SENT)
ENDED = (PayoutState.SETTLED, PayoutState.FAILED)


def services() -> list[ApiRail]:
    """Return the rails that are a service."""
    return [rail for rail in rails.ALL.values() if isinstance(rail, ApiRail)]


def of_hook(hook: str) -> list[ApiRail]:
    """Return the rails whose messages come under a name."""
    return [rail for rail in services() if hook in {rail.hook, rail.name if not rail.hook else ""} - {""}]


def go_on(*, at: datetime) -> int:
    """Carry out every released run of a service and ask after what is under way; return how many payouts moved on.

    Anybody may call it, at any time, as often as they like: a payout is sent once.
    """
    moved = 0
    for rail in services():
        for run in PayRun.objects.filter(rail=rail.name, released_at__isnull=False, handed_over_at=None):
            runs.carry_out(run, at=at)
        asked = Payout.objects.filter(Q(state__in=UNDER_WAY) | _given_back(at), rail=rail.name).order_by("pk")
        for number in asked.values_list("pk", flat=True):
            moved += ask(number, at=at)
        _note_what_is_over(rail, at)
    return moved


def _given_back(at: datetime) -> Q:
    """Return those that officers said never arrived: if the service says otherwise later, the desk learns of it."""
    said = Verdict.objects.filter(arrived=False, at__gt=at - ASKED_ON)
    return Q(state=PayoutState.FAILED, pk__in=said.values("payout"))


def heard(rail: ApiRail, body: bytes, *, at: datetime) -> int:
    """Ask after the payout that a message of a service names; return how many moved on."""
    reference = rail.named_in(body)
    ways = [one.name for one in of_hook(rail.hook or rail.name)]
    named = Payout.objects.filter(rail__in=ways, reference=reference) if reference else Payout.objects.none()
    return sum(ask(number, at=at) for number in named.values_list("pk", flat=True))


def answered(token: str, body: bytes, *, at: datetime) -> bool:
    """Write down what a service answers at an address of its own; tell whether a payout moved on.

    Raises LookupError for an address of nobody's, Unanswered where the service has to be asked and cannot be.
    """
    for rail in services():
        if isinstance(rail, AnsweringRail) and rail.available:
            said = rail.answered(token, body)
            return said is not None and _believe(rail, *said, at=at)
    raise LookupError(token)


@transaction.atomic
def _believe(rail: ApiRail, key: str, told: Told, *, at: datetime) -> bool:
    mine = Payout.objects.select_for_update(of=("self",)).select_related("quote", "person")
    payout = mine.filter(pk=runs.payout_of(key) or 0, rail=rail.name, state__in=[*UNDER_WAY, *ENDED]).first()
    return payout is not None and _write(payout, told, at)


@transaction.atomic
def ask(number: int, *, at: datetime) -> bool:
    """Ask a service where a payout is, sending it if it never was; tell whether it moved on.

    Nothing moves while somebody else asks for it, or when the service does not answer.
    """
    mine = Payout.objects.select_for_update(of=("self",), skip_locked=True)
    payout = mine.select_related("details", "person", "run", "quote").filter(pk=number).first()
    if payout is None:
        return False
    try:
        told = _asked(payout, at)
    except Unanswered:
        return False
    return told is not None and _write(payout, told, at)


def _asked(payout: Payout, at: datetime) -> Told | None:
    rail = rails.of(payout.rail)
    if not isinstance(rail, ApiRail) or payout.run is None or payout.run.released_at is None or not payout.details:
        return None
    if payout.reference:
        told = rail.look(payout.reference)
        late = payout.state == PayoutState.SENT and payout.sent_at is not None and at >= payout.sent_at + UNCLAIMED
        return rail.give_up(payout.reference) if late and told.going == Going.ON_ITS_WAY else told
    if payout.state != PayoutState.SENDING or at > payout.run.released_at + rail.memory:
        # The service may have forgotten the key by now, so nothing is sent again; one that answers later is asked.
        if isinstance(rail, AnsweringRail):
            rail.look(runs.key_of(payout.pk))
        return None
    to = details.opened(payout.details)
    return rail.send(Order(runs.key_of(payout.pk), to, payout.amount, payout.currency))


def _write(payout: Payout, told: Told, at: datetime) -> bool:
    """Write down what a service said, as far as it is new."""
    before = payout.state
    if before == PayoutState.SENDING and told.reference:
        payout.state, payout.reference, payout.sent_at = PayoutState.SENT, told.reference, at
        payout.save(update_fields=["state", "reference", "sent_at"])
        events.write("payouts.sent", by=None, subject=f"payout:{payout.pk}", at=at)
    said = [] if told.going == Going.ON_ITS_WAY else _news(payout, told, at)
    news = _unknown(payout, said)
    # What by our books was not there to be paid is asked for again, once officers wrote down how it came there.
    if any(event.outcome == Outcome.SETTLED for event in news) and _left(payout) < payout.amount:
        news = []
    reconciling.book(news, by=None, at=at)
    return before == PayoutState.SENDING or bool(news)


def _unknown(payout: Payout, said: list[RailEvent]) -> list[RailEvent]:
    """Return what was not said before; another fee than is booked already is a question, and a question stays one."""
    known = list(RailEvent.objects.filter(rail=payout.rail, payout=payout))
    fees, names = {event.amount for event in known if event.outcome == Outcome.FEE}, _names(payout, known)
    for event in said:
        asked = _name(payout, ASKED, event.amount)
        if event.outcome == Outcome.FEE and (asked in names or (fees and event.amount not in fees)):
            event.outcome, event.event = Outcome.PARTIAL, asked
    return [event for event in said if event.event not in names]


def _names(payout: Payout, known: list[RailEvent]) -> set[str]:
    """Return under which names something was said; before decision 0257 what has its sum in it had none."""
    key, names = runs.key_of(payout.pk), {event.event for event in known}
    for event in known:
        if event.event == f"{key}/{Outcome.FEE}":
            names.add(_name(payout, event.outcome if event.outcome == Outcome.FEE else ASKED, event.amount))
        elif event.event == f"{key}/{event.outcome}":
            names.add(_name(payout, event.outcome, event.amount))
    return names


def _name(payout: Payout, outcome: str, amount: Decimal) -> str:
    """Return what a word about a payout is called: how it ended is said once, all else once of each sum.

    Else whoever knows the name could say it first, with another sum.
    """
    name = f"{runs.key_of(payout.pk)}/{outcome}"
    return name if outcome in ENDED_BY else f"{name}/{to_micro(amount)}"


def _left(payout: Payout) -> Decimal:
    return places.held(rails.place_of(payout.rail), payout.currency)


def _news(payout: Payout, told: Told, at: datetime) -> list[RailEvent]:
    if payout.state == PayoutState.FAILED and told.going == Going.CAME_BACK:
        return []
    outcome = _outcome(payout, told)
    amount = told.amount or payout.amount
    news = [_event(payout, outcome, told, at, amount=amount)]
    if told.fee:
        # Beyond what the books have there it is a question: so much more has to be bought, or moved there. So is
        # what is more than a tenth of it and one (`fees_are_of_something`).
        left = _left(payout) - (payout.amount if outcome == Outcome.SETTLED else 0)
        free = left if payout.quote is None else min(left, exchange.held(payout.currency))
        fee = _event(payout, Outcome.FEE, told, at, amount=told.fee)
        if told.fee > min(free, payout.amount / 10 + 1):
            fee.outcome, fee.event = Outcome.PARTIAL, _name(payout, ASKED, told.fee)
        news.append(fee)
    return news


def _outcome(payout: Payout, told: Told) -> Outcome:
    """Return what a word means for a payout where it stands; what contradicts an earlier one moves nothing."""
    if told.amount is not None and told.amount != payout.amount:
        return Outcome.PARTIAL
    if payout.state == PayoutState.SETTLED and told.going == Going.CAME_BACK:
        service = rails.of(payout.rail)
        return Outcome.RETURNED if isinstance(service, ApiRail) and service.returns else Outcome.REPEATED
    if payout.state == PayoutState.FAILED and told.going == Going.ARRIVED:
        return Outcome.REPEATED  # it was given back before: an officer asks the service
    return ENDS[told.going]


def _event(payout: Payout, outcome: Outcome, told: Told, at: datetime, *, amount: Decimal) -> RailEvent:
    return RailEvent(
        rail=payout.rail, event=_name(payout, outcome, amount), payout=payout, outcome=outcome, amount=amount,
        currency=payout.currency, words=told.words, occurred_at=at, noted_at=at,
    )  # fmt: skip


def _note_what_is_over(rail: ApiRail, at: datetime) -> None:
    """Write down which runs the service has whole."""
    begun = PayRun.objects.filter(rail=rail.name, released_at__isnull=False, handed_over_at=None)
    begun.exclude(payouts__state__in=[PayoutState.REQUESTED, PayoutState.SENDING]).update(handed_over_at=at)
