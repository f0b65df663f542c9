"""Exchange on the way out: accounts are in US dollars, and a payout becomes the currency of its way at a told rate.

The database works every quote out (`payments_exchanged`) and lets money move only as it says
(`exchanges_are_as_quoted`, `exchanges_are_whole`). What a payout brought back is exchanged back at the same quote: a
member never bears a rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from governance.models import Office
from payments import accounts, deposits, ledger, places
from payments.ledger import Kind, Line
from payments.models import ExchangeQuote, Payout, Purchase
from payments.money import MINOR_UNITS, from_micro
from payments.templatetags.money import money

USD = "USD"


@dataclass(frozen=True, slots=True)
class Price:
    """What one US dollar becomes in a currency, and where that figure comes from, as "purchase:3"."""

    currency: str
    rate: Decimal
    source: str


def price(currency: str) -> Price | None:
    """Return what one US dollar was bought for the last time, in a currency; None where none was bought."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT source, rate FROM payments_bought_at(%s)", [currency])
        found = cursor.fetchone()
    return Price(currency, found[1], found[0]) if found else None


def held(currency: str) -> Decimal:
    """Return what is held of a currency, where payouts in it are made from, and promised to nobody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_held(%s)", [currency])
        (micro,) = cursor.fetchone()
    return from_micro(micro)


def tell(person: Person, asked: Decimal, *, rail: str, at: Price, now: datetime) -> ExchangeQuote:
    """Work out what a person's US dollars become by a rail, and return it: good for 30 minutes, for one payout.

    Raises Refused where it comes to less than one unit of the currency.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_unit(%s, %s)", [rail, at.currency])
        (unit,) = cursor.fetchone()
    if asked * at.rate < from_micro(unit):
        raise Refused(Refusal(_("This is less than one unit of %(currency)s.") % {"currency": at.currency}, status=409))
    quote = ExchangeQuote.objects.create(
        person=person, rail=rail, currency=at.currency, asked=asked, rate=at.rate, source=at.source, made_at=now,
        expires_at=now,
    )  # fmt: skip
    quote.refresh_from_db()
    return quote


def out(payout: Payout) -> list[tuple[str, Line]]:
    """Return the pair that turns US dollars into what a payout sends (kind 23), each with its currency.

    member:payable to fx:USD, fx:<currency> to member:payable. Keys `payout:<id>:fx:<currency>`; none without a quote.
    """
    quote, mine = payout.quote, accounts.payable(payout.person_id)
    if quote is None:
        return []
    abroad = accounts.fx(quote.currency)
    return [
        (USD, _line(payout, mine, accounts.fx(USD), quote.costs, "fx:USD")),
        (quote.currency, _line(payout, abroad, mine, quote.arrives, f"fx:{quote.currency}")),
    ]


def back(payout: Payout) -> list[tuple[str, Line]]:
    """Return the pair that turns what came back into the same US dollars again (kind 23), each with its currency.

    member:payable to fx:<currency>, fx:USD to member:payable. Keys `payout:<id>:back:<currency>`.
    """
    quote, mine = payout.quote, accounts.payable(payout.person_id)
    if quote is None:
        return []
    abroad = accounts.fx(quote.currency)
    return [
        (quote.currency, _line(payout, mine, abroad, quote.arrives, f"back:{quote.currency}")),
        (USD, _line(payout, accounts.fx(USD), mine, quote.costs, "back:USD")),
    ]


def _line(payout: Payout, debit: str, credit: str, amount: Decimal, part: str) -> Line:
    ref = f"payout:{payout.pk}"
    return Line(Kind.EXCHANGED, debit, credit, amount, f"{ref}:{part}", ref)


def post(lines: Sequence[tuple[str, Line]], *, journal: str = "", at: datetime) -> None:
    """Post lines of several currencies, those of one currency in one statement; `journal` where they name none."""
    currencies = dict.fromkeys(currency for currency, _one in lines)
    if len(currencies) > 1:
        ledger.hold(ledger.touched(lines))
    for currency in currencies:
        own = [line for its, line in lines if its == currency]
        ledger.post_many(own, journal=journal, at=at, currency=currency)


def refusal_to_note(currency: str, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot note a purchase; None if they can."""
    if currency == USD or currency not in MINOR_UNITS:
        return Refusal(_("No way to be paid sends this currency."), status=400)
    return deposits.refusal_of_office(by, at)


def note(currency: str, *, bought: Decimal, paid: Decimal, reference: str, by: Office, at: datetime) -> Purchase:
    """Note that the cooperative bought foreign money: how much, for how many US dollars, by the bank's reference.

    Raises Refused out of office, for no such currency, or for a reference that is noted and was not turned down.
    """
    refuse_if(refusal_to_note(currency, by=by, at=at))
    try:
        with transaction.atomic():
            purchase = Purchase.objects.create(
                currency=currency, bought=bought, paid=paid, reference=reference, noted_by=by, noted_at=at
            )
            events.write("exchange.noted", by=by.person, subject=f"purchase:{purchase.pk}", at=at)
    except IntegrityError as error:
        if guard_of(error) != "a_purchase_is_noted_once":
            raise
        raise Refused(Refusal(_("A purchase with this bank reference is noted."), status=409)) from error
    return purchase


def waiting() -> QuerySet[Purchase]:
    """Return the purchases that no second officer has confirmed or turned down, the newest first."""
    noted = Purchase.objects.filter(confirmed_at=None, turned_down_by=None)
    return noted.select_related("noted_by__person").order_by("-pk")


def refusal(purchase: Purchase, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer can neither confirm a purchase nor turn it down; None if they can do one of them."""
    if purchase.confirmed_at is not None:
        return Refusal(_("This purchase was confirmed."), status=409)
    if purchase.turned_down_by_id is not None:
        return Refusal(_("This purchase was turned down."), status=409)
    return deposits.refusal_of_office(by, at)


def refusal_to_confirm(purchase: Purchase, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot confirm a purchase; None if they can."""
    return refusal(purchase, by=by, at=at) or refusal_to_own(purchase, by=by)


def refusal_to_own(purchase: Purchase, *, by: Office) -> Refusal | None:
    """Say that an officer does not confirm what they noted themselves; None if another did."""
    if by.person_id == purchase.noted_by.person_id:
        return Refusal(_("You noted this purchase; another officer confirms it."), "D8", _("Ask the other officer."))
    return None


@transaction.atomic
def confirm(purchase: Purchase, *, by: Office, at: datetime) -> Purchase:
    """Confirm a purchase by the bank's statements (kind 23): its price holds for members from now on.

    fx:USD to bank:main in US dollars, bank:<place> to fx:<currency> in the currency, where payouts in it are made from.
    Keys `purchase:<id>:<currency>`.
    """
    purchase = _locked(purchase)
    refuse_if(refusal_to_confirm(purchase, by=by, at=at))
    if (holds := -ledger.balance(accounts.BANK)) < purchase.paid:
        raise Refused(Refusal(_("The bank holds %(held)s only.") % {"held": money(holds, USD)}, status=409))
    purchase.confirmed_by, purchase.confirmed_at = by, at
    purchase.save(update_fields=["confirmed_by", "confirmed_at"])
    ref, abroad = f"purchase:{purchase.pk}", accounts.fx(purchase.currency)
    place = accounts.place(places.kept_at(purchase.currency))
    sold = Line(Kind.EXCHANGED, accounts.fx(USD), accounts.BANK, purchase.paid, f"{ref}:USD", ref)
    bought = Line(Kind.EXCHANGED, place, abroad, purchase.bought, f"{ref}:{purchase.currency}", ref)
    post([(USD, sold), (purchase.currency, bought)], journal=ref, at=at)
    events.write("exchange.bought", by=by.person, subject=ref, at=at)
    return purchase


@transaction.atomic
def turn_down(purchase: Purchase, *, by: Office, at: datetime) -> Purchase:
    """Say that the bank shows no such purchase: nothing is booked. Whoever noted it may say so too.

    Raises Refused as `refusal`.
    """
    purchase = _locked(purchase)
    refuse_if(refusal(purchase, by=by, at=at))
    purchase.turn_down(by=by, at=at)
    events.write("exchange.turned_down", by=by.person, subject=f"purchase:{purchase.pk}", at=at)
    return purchase


def _locked(purchase: Purchase) -> Purchase:
    return Purchase.objects.select_for_update(of=("self",)).select_related("noted_by").get(pk=purchase.pk)
