"""Stripe Checkout: a page of Stripe's on which somebody pays a sum by card. No card's number ever comes here.

What a payer's bank takes back is a dispute of Stripe's; what it did with our money are its balance transactions.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from payments.rails.api import Unanswered
from payments.rails.stripe_calls import ask

if TYPE_CHECKING:
    from stripe import BalanceTransaction
    from stripe import Dispute as StripeDispute
    from stripe.checkout import Session
    from stripe.params import DisputeListParams, RefundListParams
    from stripe.params.checkout import SessionCreateParams

DEEP = "payment_intent.latest_charge.balance_transaction"
CURRENCY = "usd"


@dataclass(frozen=True, slots=True)
class Page:
    """A page to pay on: its number, its address, and the US dollars that Stripe asks for there."""

    session: str
    address: str
    amount: Decimal


class Stands(StrEnum):
    """Where a payment is: not paid yet, never paid, paid, or in our account there to be used."""

    OPEN = "open"
    EXPIRED = "expired"
    PAID = "paid"
    AT_HAND = "at hand"


@dataclass(frozen=True, slots=True)
class Said:
    """What Stripe says of a page: where its payment is, the payment's number, US dollars paid and taken as a fee."""

    stands: Stands
    intent: str = ""
    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a payer's bank did about a payment: US dollars taken from us, given back, and the fee for it."""

    number: str
    intent: str
    taken: Decimal
    given_back: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Refund:
    """What was given back of a payment at Stripe itself: its number there, the payment's, US dollars."""

    number: str
    intent: str
    amount: Decimal


def page(amount: Decimal, words: str, *, key: str, back: str) -> Page:
    """Make a page on which whole cents are paid; the same key makes one alone. Raises Declined, Unanswered."""
    price = {"currency": CURRENCY, "unit_amount": int(amount * 100), "product_data": {"name": words}}
    facts: SessionCreateParams = {
        "mode": "payment",
        "allowed_payment_method_types": ["card"],
        "line_items": [{"quantity": 1, "price_data": price}],  # type: ignore[typeddict-item]  # three lines for one
        "adaptive_pricing": {"enabled": False},
        "success_url": back,
        "cancel_url": back,
    }
    made = ask(lambda stripe: stripe.v1.checkout.sessions.create(facts, {"idempotency_key": key}))
    if made.url is None:
        raise Unanswered(made.id)
    return Page(made.id, made.url, _dollars(made.amount_total, made.currency))


def look(session: str) -> Said:
    """Say where the payment of a page is. Raises Declined, Unanswered."""
    found = ask(lambda stripe: stripe.v1.checkout.sessions.retrieve(session, {"expand": [DEEP]}))
    if found.payment_status != "paid":
        return Said(Stands.EXPIRED if found.status == "expired" else Stands.OPEN)
    intent, booked = _deep(found)
    stands = Stands.AT_HAND if booked.status == "available" else Stands.PAID
    paid = _dollars(found.amount_total, found.currency)
    return Said(stands, intent, paid, _dollars(booked.fee, booked.currency))


def disputes(*, since: datetime) -> list[Dispute]:
    """Return every dispute that began since a moment, the oldest first. Raises Unanswered."""
    return _disputes({"created": {"gte": int(since.timestamp())}, "limit": 100})


def disputes_of(intent: str) -> list[Dispute]:
    """Return every dispute about a payment, the oldest first. Raises Declined, Unanswered."""
    return _disputes({"payment_intent": intent, "limit": 100})


def _disputes(asked: "DisputeListParams") -> list[Dispute]:
    found = ask(lambda stripe: list(stripe.v1.disputes.list(asked).auto_paging_iter()))
    return [_dispute(one) for one in reversed(found)]


def _dispute(found: "StripeDispute") -> Dispute:
    moved = [_dollars(one.amount, one.currency) for one in found.balance_transactions]
    fee = sum((_dollars(one.fee, one.currency) for one in found.balance_transactions), Decimal(0))
    taken = -sum((amount for amount in moved if amount < 0), Decimal(0))
    given_back = sum((amount for amount in moved if amount > 0), Decimal(0))
    return Dispute(found.id, str(found.payment_intent), taken, given_back, max(fee, Decimal(0)))


def refunds(*, since: datetime, until: datetime) -> list[Refund]:
    """Return every refund that was made between two moments, the oldest first. Raises Declined, Unanswered."""
    span = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
    asked: RefundListParams = {"created": span, "limit": 100}  # type: ignore[typeddict-item]  # as the SDK's example
    found = ask(lambda stripe: list(stripe.v1.refunds.list(asked).auto_paging_iter()))
    standing = [one for one in reversed(found) if one.status not in {"failed", "canceled"}]
    return [Refund(one.id, str(one.payment_intent), _dollars(one.amount, one.currency)) for one in standing]


def _deep(found: "Session") -> "tuple[str, BalanceTransaction]":
    """Return the payment's number and how Stripe booked it, which it may not have done yet."""
    intent = found.payment_intent
    charge = None if intent is None or isinstance(intent, str) else intent.latest_charge
    booked = None if charge is None or isinstance(charge, str) else charge.balance_transaction
    if intent is None or isinstance(intent, str) or booked is None or isinstance(booked, str):
        raise Unanswered(found.id)
    return intent.id, booked


def _dollars(cents: int | None, currency: str | None) -> Decimal:
    if cents is None or currency != CURRENCY:
        raise Unanswered(currency)
    return Decimal(cents) / 100
