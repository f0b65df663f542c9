"""Where the cooperative's money lies: the bank and each service, by our books.

Each way to be paid pays from one place (`rails.place_of`), which the database knows as well (`payments_place`): what
PayPal paid out leaves what lies at PayPal. What is bought of a currency lies where payouts in it are made from.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from coop.refusals import Refusal
from payments import accounts, ledger
from payments.models import Account, Place
from payments.templatetags.money import money


@dataclass(frozen=True, slots=True)
class Holding:
    """What lies at a place in a currency; below zero is what we owe there."""

    place: Place
    currency: str
    amount: Decimal


def kept_at(currency: str) -> Place:
    """Return the place that payouts in a currency are made from: the bank, where no service sends it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_kept_at(%s)", [currency])
        (code,) = cursor.fetchone()
    return next(place for place in Place if accounts.place(place) == code)


def held(place: Place, currency: str = "USD") -> Decimal:
    """Return what lies at a place, in a currency."""
    return -ledger.balance(accounts.place(place), currency)


def holdings() -> list[Holding]:
    """Return what lies at each place in each currency that it ever had, the bank first; one query."""
    codes = {accounts.place(place): place for place in Place}
    found = Account.objects.filter(code__in=codes)
    each = [Holding(codes[account.code], account.currency, -account.balance) for account in found]
    return sorted(each, key=lambda one: (list(Place).index(one.place), one.currency != "USD", one.currency))


def refusal(place: Place, amount: Decimal, currency: str = "USD", *, appeal: str = "") -> Refusal | None:
    """Say why so much cannot have left a place, and what to do; None if by our books it can."""
    if amount <= (lies := held(place, currency)):
        return None
    words = _("By our books there is %(held)s (%(place)s).") % {"place": place.label, "held": money(lies, currency)}
    return Refusal(words, appeal=appeal or _way(place, amount - lies, currency), status=409)


def _way(place: Place, lacks: Decimal, currency: str) -> str:
    """Say what officers do where a place lacks so much: fill it up from the bank, if that has such money."""
    if place == Place.MAIN or currency != "USD":
        return _("Write down first what came in, was bought or was moved there.")
    words = _(
        "Send at least %(lacks)s from the bank to %(place)s. On the desk, under “Where our money lies”, one officer"
        " notes that as a move and another confirms it. Then try again."
    )
    return words % {"lacks": money(lacks, currency), "place": place.label}
