"""Payouts: a member asks, one officer sends by hand, another says whether the money arrived.

The money leaves `payable` when it is asked for, so that it cannot be asked for twice; if it comes back, so does the
balance. Settled and came back share one key: both is impossible.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from governance import pauses, standing
from governance.models import Office, Status
from payments import accounts, deposits, details, exchange, instruments, ledger, places, rails, to_officers
from payments.exchange import Price
from payments.instruments import BY_HAND, PayoutTerms
from payments.ledger import Kind, Line
from payments.models import ExchangeQuote, Payout, PayoutDetails, PayoutState
from payments.templatetags.money import money

CENT = Decimal("0.01")
TELL = "payments.tell_of_payout"

type Exchange = tuple[str, Line]


def ready(person: Person) -> Decimal:
    """Return what a person has earned and not asked for yet, in US dollars, with all its decimals."""
    return ledger.balance(accounts.payable(person.pk))


def most(person: Person) -> Decimal:
    """Return the largest payout a person can ask for, in the steps the members voted; what is finer stays theirs."""
    return _in_steps(ready(person), terms_for(person).step)


def terms_for(person: Person, rail: str = BY_HAND) -> PayoutTerms:
    """Return how a person is paid out by a rail: as the members voted, and whoever has left every cent."""
    voted = instruments.payout_terms(rail)
    gone = standing.status(person) in {Status.LEFT, Status.EXPELLED}
    return replace(voted, minimum=CENT, step=CENT) if gone else voted


def _in_steps(amount: Decimal, step: Decimal) -> Decimal:
    return (amount / step).quantize(Decimal(1), ROUND_DOWN) * step


def refusal(person: Person, amount: Decimal, rail: str = BY_HAND) -> Refusal | None:
    """Say why a person cannot ask for this amount by a rail; None if they can. Standing never is a reason (E3)."""
    asked = terms_for(person, rail)
    least = rails.of(rail).quote(asked).minimum
    if not amount.is_finite() or amount < least:
        reason = _("A payout is at least %(minimum)s.") % {"minimum": money(least, "USD")}
        return Refusal(reason, "part 8", _("What you earned stays yours and does not expire (E3)."), status=409)
    if amount != _in_steps(amount, asked.step):
        words = _("Money is sent in steps of %(step)s.") % {"step": money(asked.step, "USD")}
        return Refusal(words, appeal=_("What is finer stays yours."), status=409)
    if not asked.is_open:
        return Refusal(_("The members have closed this way to be paid."), "N6", _("Your pay stays yours (E3)."))
    return _too_much(person) if amount > _in_steps(ready(person), asked.step) else None


def _too_much(person: Person) -> Refusal:
    reason = _("You can ask for up to %(largest)s now.") % {"largest": money(most(person), "USD")}
    return Refusal(
        reason, appeal=_("If you think more is missing, ask the treasurer to look at your lines."), status=409
    )


def asked_with(person: Person, key: UUID) -> Payout | None:
    """Return the payout that a person asked for with this form, if it was sent before."""
    return Payout.objects.filter(person=person, key=key).first()


@dataclass(frozen=True, slots=True)
class Way:
    """A way a member can be paid by now: where to, and what they are told before they choose."""

    rail: rails.Rail
    details: PayoutDetails
    quote: rails.Quote
    price: Price | None


def ways(person: Person, *, at: datetime) -> list[Way]:
    """Return the open ways for which a person has said where their money goes; a query for each currency and two."""
    known = details.in_force(person, at=at)
    terms = instruments.payout_terms_of(*(one.rail for one in known))
    found = [(rails.of(one.rail), one) for one in known if terms[one.rail].is_open and rails.of(one.rail).available]
    prices = _prices(rail for rail, _one in found)
    told = [Way(rail, one, rail.quote(terms[rail.name]), prices.get(rail.currency)) for rail, one in found]
    return [way for way in told if way.price or way.rail.currency == exchange.USD]


def _prices(ways: Iterable[rails.Rail]) -> dict[str, Price | None]:
    abroad = {rail.currency for rail in ways} - {exchange.USD}
    return {currency: exchange.price(currency) for currency in sorted(abroad)}


@dataclass(frozen=True, slots=True)
class Open:
    """An open way to be paid as its page shows it: `now` where the money goes, `soon` what is about to take effect."""

    rail: rails.Rail
    quote: rails.Quote
    price: Price | None
    now: PayoutDetails | None
    soon: list[PayoutDetails]


def open_ways(person: Person, *, at: datetime) -> list[Open]:
    """Return every way that the members opened, with where this person's money goes by it.

    A query for each currency and three.
    """
    now = {one.rail: one for one in details.in_force(person, at=at)}
    soon, terms = details.waiting(person, at=at), instruments.payout_terms_of(*rails.ALL)
    found = [rail for name, rail in rails.ALL.items() if terms[name].is_open and rail.available]
    prices = _prices(found)
    return [
        Open(
            rail, rail.quote(terms[rail.name]), prices.get(rail.currency), now.get(rail.name),
            [one for one in soon if one.rail == rail.name],
        )
        for rail in found
    ]  # fmt: skip


def request(
    person: Person, *, amount: Decimal, by: Person, at: datetime, rail: str = BY_HAND, key: UUID | None = None
) -> Payout:
    """Ask for a payout of one's own, in US dollars (kind 13, member:payable to clearing:out). Key `payout:<id>`.

    It goes where the person said for this rail. The same form `key` again returns the same payout. Raises Refused
    below the minimum, in parts of a cent, above the balance, without details in force, or by anybody else.
    """
    if by != person:
        raise Refused(Refusal(_("Only you can ask for your money."), "E3"))
    key = key or uuid4()
    if standing := asked_with(person, key):
        return standing
    refuse_if(refusal(person, amount, rail))
    if rails.of(rail).currency != exchange.USD:
        raise Refused(Refusal(_("This way pays in another currency: look first at what arrives."), status=409))
    return _ask(Payout(person=person, amount=amount, rail=rail, requested_at=at, key=key))


def told(person: Person, *, amount: Decimal, by: Person, at: datetime, rail: str) -> ExchangeQuote:
    """Tell a person what their US dollars become by a way that pays in another currency; good for 30 minutes.

    Raises Refused as `request` does, beyond what the way can pay, and where too little of its currency is held.
    """
    if by != person:
        raise Refused(Refusal(_("Only you can ask for your money."), "E3"))
    refuse_if(refusal(person, amount, rail))
    _where(person, rail, at)
    way = rails.of(rail)
    price = exchange.price(way.currency)
    if price is None:
        raise Refused(_none_held(way.currency, Decimal(0)))
    arrives = _in_steps(amount * price.rate, way.unit)
    refuse_if(way.refusal_of_amount(arrives))
    if (free := exchange.held(way.currency)) < arrives:
        raise Refused(_none_held(way.currency, free))
    return exchange.tell(person, amount, rail=rail, at=price, now=at)


def refusal_of_told(quote: ExchangeQuote, *, at: datetime) -> Refusal | None:
    """Say why the payout that a quote is about cannot be asked for now; None if it can."""
    if at >= quote.expires_at:
        return Refusal(_("This rate was good for 30 minutes. Look at what arrives now."), status=409)
    if unasked := refusal(quote.person, quote.asked, quote.rail):
        return unasked
    free = exchange.held(quote.currency)
    return _none_held(quote.currency, free) if free < quote.arrives else None


def request_told(quote: ExchangeQuote, *, by: Person, at: datetime) -> Payout:
    """Ask for the payout that a quote is about (kinds 23 and 13), and return it; the same one if it was asked for.

    Raises Refused once the quote is 30 minutes old, as `request` does, and where too little of its currency is held.
    """
    if by != quote.person:
        raise Refused(Refusal(_("Only you can ask for your money."), "E3"))
    key = ledger.key_of(f"quote:{quote.pk}")
    if standing := asked_with(by, key):
        return standing
    refuse_if(refusal_of_told(quote, at=at))
    facts = {"amount": quote.arrives, "currency": quote.currency, "rail": quote.rail, "quote": quote}
    return _ask(Payout(person=by, requested_at=at, key=key, **facts))


def _none_held(currency: str, free: Decimal) -> Refusal:
    words = _("The cooperative holds %(held)s for payouts now.") % {"held": money(free, currency)}
    return Refusal(words, "E3", _("Ask for less, by another way, or again once it has bought more."), status=409)


def _ask(payout: Payout) -> Payout:
    """Ask for a payout to where its person said, or return the one that was asked for with the same form."""
    payout.details = _where(payout.person, payout.rail, payout.requested_at)
    payout.method = payout.details.hint
    try:
        return _request(payout)
    except IntegrityError as error:  # somebody with the same money or the same form was faster
        if standing := asked_with(payout.person, payout.key):
            return standing
        raise Refused(_too_much(payout.person)) from error


def _where(person: Person, rail: str, at: datetime) -> PayoutDetails:
    for one in details.in_force(person, at=at):
        if one.rail == rail:
            return one
    reason = _("You have not said where your money goes by this way, or its 72 hours are not over.")
    raise Refused(Refusal(reason, "E3", _("Your pay stays yours and does not expire."), status=409))


@transaction.atomic
def _request(payout: Payout) -> Payout:
    (payout,) = Payout.objects.bulk_create([payout])
    mine = accounts.payable(payout.person_id)
    _post(payout, Kind.PAYOUT, mine, accounts.CLEARING_OUT, payout.requested_at, before=exchange.out(payout))
    events.write("payouts.requested", by=payout.person, subject=f"payout:{payout.pk}", at=payout.requested_at)
    return payout


def refusal_to_send(payout: Payout, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot send a payout; None if they can."""
    if payout.state != PayoutState.REQUESTED:
        return Refusal(_("This payout has been sent."), status=409)
    if payout.run_id is not None:
        return Refusal(_("This payout goes with run %(number)s.") % {"number": payout.run_id}, status=409)
    if no := deposits.refusal_of_office(by, at) or _not_yet(payout, at):
        return no
    if by.person_id == payout.person_id:
        return Refusal(_("Nobody sends money to themselves."), "D8", _("Ask another officer."))
    return None


def _not_yet(payout: Payout, at: datetime) -> Refusal | None:
    if at < payout.requested_at + instruments.payout_terms(payout.rail).delay:
        return Refusal(_("This payout rests as long as the members voted."), "N3", status=409)
    held = pauses.held(payout.pk, at)
    if held is None:
        return None
    words = _("Two officers hold this payout until %(end)s UTC; then it goes out.")
    return Refusal(words % {"end": date_format(held.ends_at, "d M H:i")}, "part 6", status=409)


def destination(payout: Payout, *, by: Office, at: datetime) -> list[tuple[str, str]]:
    """Return where a payout goes, label by label, to an officer who can send it now; nothing to anybody else.

    Raises envelopes.Unopened where the details are not what the person said.
    """
    if payout.details is None or refusal_to_send(payout, by=by, at=at):
        return []
    said = details.opened(payout.details)
    return [(str(field.label), said[field.name]) for field in rails.of(payout.rail).fields if said.get(field.name)]


@transaction.atomic
def send(payout: Payout, *, reference: str, by: Office, at: datetime) -> Payout:
    """Write down that the money was sent, with the bank's reference. The ledger moves when it is confirmed."""
    payout = _locked(payout)
    refuse_if(refusal_to_send(payout, by=by, at=at))
    payout.state, payout.reference, payout.sent_by, payout.sent_at = PayoutState.SENT, reference, by, at
    payout.save(update_fields=["state", "reference", "sent_by", "sent_at"])
    events.write("payouts.sent", by=by.person, subject=f"payout:{payout.pk}", at=at)
    return payout


def refusal_to_confirm(payout: Payout, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot confirm what became of a payout; None if they can."""
    if payout.state != PayoutState.SENT or payout.sent_by is None:
        return Refusal(_("Only a payout that is on its way can be confirmed."), status=409)
    if payout.run_id is not None:
        words = _("What goes with a run ends as the bank or the service says, or as two officers read its statement.")
        return Refusal(words, "D8", status=409)
    if no := to_officers.refusal(payout, by=by, at=at):
        return no
    if by.person_id == payout.sent_by.person_id:
        return Refusal(_("You sent this payout; another officer confirms it."), "D8", _("Ask the other officer."))
    if by.person_id == payout.person_id:
        return Refusal(
            _("Nobody confirms money to themselves."), "D8",
            _("Ask another who handles money, or the auditor; if there is none, the members elect one (rule N12)."),
        )  # fmt: skip
    return None


@transaction.atomic
def settle(payout: Payout, *, by: Office, at: datetime) -> Payout:
    """Confirm that the money arrived (kind 14, clearing:out to bank:<place>). Key `payout:<id>:result`.

    Raises Refused where by our books less lies at the place that paid it.
    """
    payout, place = _confirm(payout, PayoutState.SETTLED, by, at), rails.place_of(payout.rail)
    refuse_if(places.refusal(place, payout.amount, payout.currency))
    _post(payout, Kind.PAID_OUT, accounts.CLEARING_OUT, accounts.place(place), at, "result")
    events.write("payouts.settled", by=by.person, subject=f"payout:{payout.pk}", at=at)
    return payout


@transaction.atomic
def fail(payout: Payout, *, by: Office, at: datetime) -> Payout:
    """Confirm that the money came back (kind 15, clearing:out to member:payable). Key `payout:<id>:result`.

    What was exchanged is exchanged back (kind 23).
    """
    payout = _confirm(payout, PayoutState.FAILED, by, at)
    mine = accounts.payable(payout.person_id)
    _post(payout, Kind.CAME_BACK, accounts.CLEARING_OUT, mine, at, "result", after=exchange.back(payout))
    have_told(payout, why="")
    events.write("payouts.failed", by=by.person, subject=f"payout:{payout.pk}", at=at)
    return payout


def have_told(payout: Payout, *, why: str) -> None:
    """Have a member told by e-mail that a payout came back; it stands or falls with the act around it."""
    background.configure_task(TELL).defer(payout=payout.pk, why=why)


def _confirm(payout: Payout, state: PayoutState, by: Office, at: datetime) -> Payout:
    payout = _locked(payout)
    refuse_if(refusal_to_confirm(payout, by=by, at=at))
    payout.state, payout.settled_by, payout.settled_at = state, by, at
    payout.save(update_fields=["state", "settled_by", "settled_at"])
    return payout


def _locked(payout: Payout) -> Payout:
    return Payout.objects.select_for_update(of=("self",)).select_related("sent_by").get(pk=payout.pk)


def _post(
    payout: Payout, kind: Kind, debit: str, credit: str, at: datetime, *part: str,
    before: Sequence[Exchange] = (), after: Sequence[Exchange] = (),
) -> None:  # fmt: skip
    ref = f"payout:{payout.pk}"
    key = ":".join((ref, *part))
    line = (payout.currency, Line(kind, debit, credit, payout.amount, key, ref))
    exchange.post([*before, line, *after], journal=key, at=at)
