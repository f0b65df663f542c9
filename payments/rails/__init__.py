"""The ways to be paid, one interface for all. Which are open is voted; the database knows the same names."""

from collections.abc import Mapping

from coop.refusals import Refusal
from payments.models import SERVICES, Place
from payments.rails.bank import Bank
from payments.rails.hand import Hand
from payments.rails.interface import Facts, Field, Quote, Rail
from payments.rails.mpesa import Mpesa
from payments.rails.paypal import PayPal
from payments.rails.stripe import Stripe
from payments.rails.wise import Wise
from payments.rails.wise_places import ALL as PLACES

__all__ = ["ALL", "Facts", "Field", "Quote", "Rail", "currencies", "of", "place_of", "refusal"]

WISE = tuple(Wise(place) for place in PLACES)
ALL: Mapping[str, Rail] = {rail.name: rail for rail in (Hand(), Bank(), PayPal(), Stripe(), Mpesa(), *WISE)}


def of(name: str) -> Rail:
    """Return a rail by its name; LookupError where there is none."""
    return ALL[name]


def place_of(name: str) -> Place:
    """Return the place where the money lies that a rail pays, or that a service's own list is of, by its name."""
    return Place(name) if name in SERVICES else Place(of(name).paid_from)


def currencies() -> list[str]:
    """Return the currencies besides US dollars that a way pays in."""
    return sorted({rail.currency for rail in ALL.values()} - {"USD"})


def refusal(rail: Rail, facts: Facts) -> Refusal | None:
    """Say why money cannot be sent there by this rail, or nothing."""
    return rail.missing(facts) or rail.refusal(facts)
