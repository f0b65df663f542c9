"""Deposits by card: begun by a client, paid on a page of the processor's, and on the books as the processor says.

Nothing is believed but what the processor answers when it is asked: not a webhook's words, not a browser's. What is
paid is the client's at once and funds a job once it is settled, as a card's money can be late or fail. What a payer's
bank takes back later comes from what the client has available; the rest it owes, and its next money repays it first. A
member's pay is never touched by it.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from governance import notices
from payments import accounts, ledger, paybacks, reconciling
from payments.ledger import Kind, Line
from payments.models import Account, CardEvent, CardOutcome, CardPayment, Outcome, PayBack, PayBackState, RailEvent
from payments.money import to_micro
from payments.rails import stripe_cards
from payments.rails.api import Unanswered
from payments.rails.stripe_calls import Declined
from payments.rails.stripe_cards import Dispute, Refund, Said, Stands
from payments.templatetags.money import money

LEAST, MOST = Decimal(1), Decimal(10_000)
# Of all disputes of a payment. Stripe's price list has 15 US dollars for one, and as much again if it is contested.
MOST_FOR_DISPUTES = Decimal(50)
# A payer's bank may dispute a payment for 120 days, and end it months later; what was told stays told.
DISPUTABLE = timedelta(days=300)
WRITTEN_DOWN = timedelta(days=1)
TELL = "payments.tell_of_dispute"
TOLD = (CardOutcome.CHARGED_BACK, CardOutcome.WON)
ENDED = (CardOutcome.SETTLED, CardOutcome.EXPIRED)


def offered() -> bool:
    """Tell whether this site takes cards."""
    return bool(settings.STRIPE_URL)


def refusal(amount: Decimal) -> Refusal | None:
    """Say why this amount cannot be paid by card, or nothing."""
    if not offered():
        return Refusal(_("Cards are not taken here."), appeal=_("Send the money by bank transfer."), status=409)
    if not LEAST <= amount <= MOST:
        words = _("By card it is between %(least)s and %(most)s.")
        bounds = {"least": money(LEAST, "USD"), "most": money(MOST, "USD")}
        return Refusal(words % bounds, appeal=_("Send more by bank transfer."), status=400)
    return None


def begin(client: Client, *, amount: Decimal, key: UUID, back: str, by: Person, at: datetime) -> str:
    """Begin to pay a deposit by card, in whole cents; return the address of the processor's page.

    The same form `key` leads to the same page. `back` is where the page leads afterwards. Raises Refused where cards
    are not taken, for an amount out of bounds, and when the processor does not answer.
    """
    refuse_if(refusal(amount))
    words = _("Deposit of %(client)s") % {"client": client.name}
    try:
        page = stripe_cards.page(amount, words, key=f"WORKHALL-CARD-{client.pk}-{key}", back=back)
    except (Unanswered, Declined) as error:
        reason = _("The card service does not answer now.")
        raise Refused(Refusal(reason, appeal=_("Nothing was paid. Try again later."), status=503)) from error
    with transaction.atomic():
        facts = {"client": client, "amount": page.amount, "asked_by": by, "at": at}
        payment, new = CardPayment.objects.get_or_create(session=page.session, defaults=facts)
        if new:
            events.write("cards.begun", by=by, subject=f"card_payment:{payment.pk}", at=at)
    return page.address


def payments_of(client: Client) -> QuerySet[CardPayment]:
    """Return what a client began to pay by card, newest first, with all that was said of each; two queries."""
    return CardPayment.objects.filter(client=client).prefetch_related("events").order_by("-pk")


def go_on(*, at: datetime) -> int:
    """Ask after every payment that is not settled and can still be paid; return how many moved on."""
    waiting = CardPayment.objects.exclude(events__outcome__in=ENDED).order_by("pk")
    return sum(ask(payment, at=at) for payment in waiting)


def heard(body: bytes, *, at: datetime) -> int:
    """Ask after the payment that a message names; return how many moved on. The message is a hint and no more."""
    about = _object_in(body)
    if about.get("object") == "dispute":
        return _ask_of_disputes(str(about.get("payment_intent")), at)
    session = str(about.get("id")) if about.get("object") == "checkout.session" else ""
    return sum(ask(payment, at=at) for payment in CardPayment.objects.filter(session=session))


def _ask_of_disputes(intent: str, at: datetime) -> int:
    if not CardEvent.objects.filter(event=f"{intent}/{CardOutcome.PAID}").exists():
        return 0
    try:
        found = stripe_cards.disputes_of(intent)
    except (Unanswered, Declined):
        return 0
    return _settle_disputes(found, at)


def heard_of(*, at: datetime) -> int:
    """Ask which payments were disputed lately, by whatever payer; return how many words of it are new."""
    try:
        found = stripe_cards.disputes(since=at - DISPUTABLE)
    except (Unanswered, Declined):
        return 0
    return _settle_disputes(found, at)


def _settle_disputes(found: Iterable[Dispute], at: datetime) -> int:
    """Write down what is new about disputes; what their clients asked back and is not to be sent any more stays."""
    news = sum(_settle_dispute(dispute, at) for dispute in found)
    paybacks.stay(at=at)
    return news


def refunded(*, at: datetime) -> int:
    """Ask what was given back of our payments at the processor itself; return how many refunds nobody here knows.

    Each moves nothing and waits for an officer, a day after it was made: before that whoever sent it may write it down.
    """
    try:
        found = stripe_cards.refunds(since=at - DISPUTABLE, until=at - WRITTEN_DOWN)
    except (Unanswered, Declined):
        return 0
    names = [f"{one.number}/refund" for one in found]
    known = set(RailEvent.objects.filter(rail="stripe", event__in=names).values_list("event", flat=True))
    ours = PayBack.objects.exclude(card=None).exclude(state=PayBackState.FAILED)
    sent = set(ours.values_list("reference", "amount"))
    news = [one for one in found if (one.number, one.amount) not in sent and f"{one.number}/refund" not in known]
    return sum(_ask_an_officer(one, at) for one in news)


def _ask_an_officer(refund: Refund, at: datetime) -> int:
    paid = CardEvent.objects.filter(event=f"{refund.intent}/{CardOutcome.PAID}").select_related("payment").first()
    if paid is None:
        return 0
    words = _("Given back at the card service, of payment %(number)s.") % {"number": paid.payment.session}
    question = RailEvent(
        rail="stripe", event=f"{refund.number}/refund", outcome=Outcome.UNKNOWN, amount=refund.amount, currency="USD",
        words=words[:140], occurred_at=at, noted_at=at,
    )  # fmt: skip
    reconciling.book([question], by=None, at=at)
    return 1


def _settle_dispute(dispute: Dispute, at: datetime) -> int:
    """Write down what is new about a dispute of ours; return how many words that is."""
    paid = CardEvent.objects.filter(event=f"{dispute.intent}/{CardOutcome.PAID}").select_related("payment").first()
    if paid is None:
        return 0
    told = {CardOutcome.CHARGED_BACK: dispute.taken, CardOutcome.WON: dispute.given_back}
    try:
        with transaction.atomic():
            known = set(paid.payment.events.values_list("event", flat=True))
            names = {outcome: f"{dispute.number}/{outcome}" for outcome, amount in told.items() if amount}
            news = {outcome: name for outcome, name in names.items() if name not in known}
            for outcome, name in news.items():
                _book(paid.payment, outcome, name, told[outcome], at)
            if CardOutcome.CHARGED_BACK in news and dispute.fee:
                _book_fee(dispute.number, dispute.fee, at, most=MOST_FOR_DISPUTES - _taken_for_disputes(paid.payment))
    except IntegrityError:  # somebody asked at the same time and was faster, or it says more than was paid
        return 0
    return len(news)


def debts() -> list[tuple[Client, Decimal]]:
    """Return each client who owes, with how much, the most first; two queries."""
    owing = Account.objects.filter(kind="client:receivable", currency="USD", balance__lt=0).order_by("balance")
    sums = {int(account.code.split(":")[1]): -account.balance for account in owing}
    known = Client.objects.in_bulk(sums)
    return [(known[number], amount) for number, amount in sums.items()]


def _object_in(body: bytes) -> dict[str, object]:
    """Return what a message says it is about."""
    try:
        said = json.loads(body)["data"]["object"]
    except (ValueError, KeyError, TypeError):
        return {}
    return said if isinstance(said, dict) else {}


def ask(payment: CardPayment, *, at: datetime) -> bool:
    """Ask where a payment is and write down what is new; tell whether anything was.

    Nothing moves when the processor does not answer, or says another amount than it asked for.
    """
    try:
        said = stripe_cards.look(payment.session)
        with transaction.atomic():
            news = _news(payment, said)
            for outcome in news:
                _write(payment, outcome, said, at)
    except (Unanswered, Declined, IntegrityError):  # the last: somebody asked at the same time and was faster
        return False
    return bool(news)


def _news(payment: CardPayment, said: Said) -> list[CardOutcome]:
    """Return what is new in what the processor says."""
    known = set(payment.events.values_list("outcome", flat=True))
    if said.stands == Stands.EXPIRED:
        return [] if known else [CardOutcome.EXPIRED]
    if said.stands == Stands.OPEN or said.amount != payment.amount:
        return []
    told = [CardOutcome.PAID] + ([CardOutcome.SETTLED] if said.stands == Stands.AT_HAND else [])
    return [outcome for outcome in told if outcome not in known]


def _write(payment: CardPayment, outcome: CardOutcome, said: Said, at: datetime) -> None:
    """Write down what the processor said, move the money as it said, and book the fee that it took."""
    _book(payment, outcome, f"{said.intent or payment.session}/{outcome}", payment.amount, at)
    if outcome == CardOutcome.SETTLED and said.fee:
        _book_fee(said.intent, said.fee, at, most=min(payment.amount, payment.amount / 10 + 1))


def _book(payment: CardPayment, outcome: CardOutcome, name: str, amount: Decimal, at: datetime) -> None:
    event = CardEvent.objects.create(payment=payment, outcome=outcome, event=name, amount=amount, noted_at=at)
    if lines := _lines(event):
        # What follows in this act as well: what is settled at once, a fee of the processor's, and what is repaid.
        theirs = accounts.client(payment.client_id), accounts.receivable(payment.client_id)
        more = accounts.STRIPE, accounts.RAIL_FEES, *theirs
        mine = ledger.touched((payment.currency, line) for line in lines)
        ledger.hold(mine | {(payment.currency, code) for code in more})
        ledger.post(*lines, journal=lines[0].ref, at=at, currency=payment.currency)
    events.write(f"cards.{outcome}", by=None, subject=f"card_payment:{payment.pk}", at=at)
    if outcome in TOLD:
        for seat in payment.client.seats.exclude(accepted_at=None).filter(ended_at=None, person__isnull=False):
            background.configure_task(TELL).defer(person_id=seat.person_id, event_id=event.pk)


def tell(person: Person, event: CardEvent) -> None:
    """Mail somebody who sits for a client that a payer's bank took money back, or gave it back, in their language."""
    notices.send(person, lambda: _words(event))


def _words(event: CardEvent) -> tuple[str, str]:
    client = event.payment.client
    facts = {"sum": money(event.amount, event.payment.currency), "client": client.name}
    address = f"{settings.ORIGIN}/c/{client.slug}/money/"
    if event.outcome == CardOutcome.WON:
        text = _("The bank of the card gave %(sum)s back. It is on the balance of %(client)s, less what was owed.")
        return _("A disputed payment by card was given back"), f"{text % facts}\n\n{address}\n"
    owed = -ledger.balance(accounts.receivable(client.pk))
    text = _(
        "The bank of the card took %(sum)s back from us. It came from what %(client)s had available; it owes %(owed)s"
        " now, which its next money repays first. Members keep what they were paid. If you did not dispute it, ask the"
        " bank."
    ) % (facts | {"owed": money(owed, "USD")})
    return _("A payment by card was taken back"), f"{text}\n\n{address}\n"


def _lines(event: CardEvent) -> list[Line]:
    """Return the transfers that a word of the processor's moves.

    Paid: kind 33, clearing:in to client:held. Settled: kind 34, client:held to clearing:in, and kind 1, bank:stripe to
    client:available. Charged back: kind 19, client:receivable to bank:stripe; won: kind 36, bank:stripe to
    client:available. After each the database repays what is owed from what is available (kind 35, client:available to
    client:receivable). Keys `card_event:<id>:<kind>`.
    """
    ref, client = f"card_event:{event.pk}", event.payment.client_id
    moves = {
        CardOutcome.PAID: [(Kind.CARD_PAID, accounts.CLEARING_IN, accounts.held(client))],
        CardOutcome.SETTLED: [
            (Kind.CARD_SETTLED, accounts.held(client), accounts.CLEARING_IN),
            (Kind.DEPOSIT, accounts.STRIPE, accounts.client(client)),
        ],
        CardOutcome.CHARGED_BACK: [(Kind.CHARGED_BACK, accounts.receivable(client), accounts.STRIPE)],
        CardOutcome.WON: [(Kind.WON_BACK, accounts.STRIPE, accounts.client(client))],
    }.get(CardOutcome(event.outcome), [])
    return [Line(kind, debit, credit, event.amount, f"{ref}:{kind}", ref) for kind, debit, credit in moves]


def _taken_for_disputes(payment: CardPayment) -> Decimal:
    disputed = payment.events.filter(outcome=CardOutcome.CHARGED_BACK).values_list("event", flat=True)
    names = [f"{name.partition('/')[0]}/fee" for name in disputed]
    booked = RailEvent.objects.filter(rail="stripe", event__in=names, outcome=Outcome.FEE)
    return booked.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def _book_fee(about: str, fee: Decimal, at: datetime, *, most: Decimal) -> None:
    """Book what the processor took for itself (kind 17): the cooperative bears it, as any rail's.

    Beyond `most` it is a question for officers, and nothing is booked by the processor's word.
    """
    taken = RailEvent(
        rail="stripe", event=f"{about}/fee", outcome=Outcome.FEE, amount=fee, currency="USD", occurred_at=at,
        noted_at=at,
    )  # fmt: skip
    if fee > most:
        taken.event, taken.outcome = f"{about}/asked/{to_micro(fee)}", Outcome.UNKNOWN
        taken.words = _("A fee that is higher than we book by the service's word.")
        if RailEvent.objects.filter(rail="stripe", event=taken.event).exists():
            return
    reconciling.book([taken], by=None, at=at)
