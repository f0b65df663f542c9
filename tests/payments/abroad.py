"""What tests of payouts in another currency share: an open way, money that was bought, a released run."""

from datetime import timedelta
from decimal import Decimal

from coop import clock
from coop.people.models import Person
from governance.models import Office
from payments import background, details, exchange, payouts
from payments.models import ExchangeQuote, Payout, Purchase

WAIT = timedelta(hours=73)


def buy(
    treasurer: Office,
    secretary: Office,
    *,
    bought: str = "2587.40",
    paid: str = "20",
    reference: str = "FX-1",
    currency: str = "KES",
) -> Purchase:
    """Buy shillings, at 129.37 for a US dollar where nothing else is said."""
    noted = exchange.note(
        currency, bought=Decimal(bought), paid=Decimal(paid), reference=reference, by=treasurer, at=clock.now()
    )
    return exchange.confirm(noted, by=secretary, at=clock.now())


def say_where(person: Person, rail: str, **facts: str) -> None:
    """Say where a person's money goes, and let the letter go out; it takes effect after 72 hours, or at once."""
    given = details.give(person, rail=rail, facts=facts, by=person, at=clock.now())
    background.tell_of_details(details=given.pk)


def tell(person: Person, amount: str, rail: str = "mpesa") -> ExchangeQuote:
    """Tell a person what an amount becomes."""
    return payouts.told(person, amount=Decimal(amount), rail=rail, by=person, at=clock.now())


def take(person: Person, amount: str, rail: str = "mpesa") -> Payout:
    """Let a person ask for a payout in another currency."""
    return payouts.request_told(tell(person, amount, rail), by=person, at=clock.now())
