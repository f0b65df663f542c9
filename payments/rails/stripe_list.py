"""What moved on our balance at Stripe, by its own balance transactions, and what it held at the end of a day (UTC).

As docs.stripe.com has it, the balance of a currency, available and pending, is the sum of the `net` of all balance
transactions in it. Stripe tells the balance of now alone: what moved since yesterday ended is taken off again. A list
that ends sooner follows on from the one before, and the next that ends yesterday says whether both were whole.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from payments.money import MINOR_UNITS
from payments.rails.api import Unanswered
from payments.rails.statement import Asked, Days, Entry, Statement
from payments.rails.stripe_calls import Declined, ask

if TYPE_CHECKING:
    from stripe import BalanceTransaction
    from stripe.params import BalanceTransactionListParams

# What Stripe takes for itself, about no payment of ours.
FEES = {"stripe_fee", "stripe_fx_fee", "tax_fee"}
# Of what we hold there to pay from; it keeps others for cards that it issues, and of what it holds back by itself.
OURS = {None, "payments"}
# A list ends with the day on which it has so many lines, so that it is answered in time: 100 a call.
ENOUGH = 3_000
DAY = timedelta(days=1)


def lists(days: Asked) -> list[Statement]:
    """Return a list for each currency of ours, of the days that are asked for, or of the first of them.

    Raises Unanswered, also where something moved while Stripe was asked.
    """
    try:
        held = _held()
        asked = [(currency, cents, days(currency)) for currency, cents in sorted(held.items())]
        found = [_list(currency, cents, its) for currency, cents, its in asked if its]
        if _held() != held:
            raise Unanswered(held)
    except Declined as error:
        raise Unanswered(str(error)) from error
    return found


def _held() -> dict[str, int]:
    """Return what we hold there now by currency, as "USD", in its smallest unit."""
    balance = ask(lambda stripe: stripe.v1.balance.retrieve())
    sums: Counter[str] = Counter()
    for available in balance.available:
        sums[available.currency.upper()] += available.amount
    for pending in balance.pending:
        sums[pending.currency.upper()] += pending.amount
    return {currency: cents for currency, cents in sums.items() if currency in MINOR_UNITS}


def _list(currency: str, cents: int, asked: Days) -> Statement:
    until, moved = asked.first, _moved(currency, asked.first)
    while until < asked.last and len(moved) < ENOUGH:
        until += DAY
        moved += _moved(currency, until)
    entries = [_entry(one) for one in moved]
    came = sum((entry.amount for entry in entries), Decimal(0))
    if asked.opening is not None and not (asked.lately and until == asked.last):
        opening = asked.opening
    else:
        later = sum(one.net for one in _moved(currency, until + DAY, and_later=True))
        opening = _units(cents - later, currency) - came
    return Statement(until.isoformat(), f"stripe {currency}", currency, opening, opening + came, entries)


def _moved(currency: str, day: date, *, and_later: bool = False) -> "list[BalanceTransaction]":
    """Return what moved on a day (UTC), the oldest first; `and_later` until now."""
    since, end = (int(datetime.combine(one, time(), UTC).timestamp()) for one in (day, day + DAY))
    asked: BalanceTransactionListParams = {
        "currency": currency.lower(), "created": {"gte": since} if and_later else {"gte": since, "lt": end},
        "limit": 100, "expand": ["data.source"],
    }  # fmt: skip
    found = ask(lambda stripe: list(stripe.v1.balance_transactions.list(asked).auto_paging_iter()))
    return [one for one in reversed(found) if one.balance_type in OURS]


def _entry(one: "BalanceTransaction") -> Entry:
    """Return a line; of its words no more than what kind it is, as they may name somebody."""
    currency = one.currency.upper()
    return Entry(
        reference=one.id, key=_key(one), amount=_units(one.net, currency), currency=currency,
        day=datetime.fromtimestamp(one.created, UTC).date(), came_back=False, is_fee=one.type in FEES, reason="",
        words=one.type[:140],
    )  # fmt: skip


def _key(one: "BalanceTransaction") -> str:
    """Return Stripe's number of what our books know: the payment of a charge, the transfer that is taken back."""
    source = one.source
    if source is None or isinstance(source, str):
        return source or one.id
    said = source.to_dict()
    about = {"charge": "payment_intent", "transfer_reversal": "transfer"}.get(said["object"], "id")
    return str(said.get(about) or said["id"])


def _units(cents: int, currency: str) -> Decimal:
    return Decimal(cents).scaleb(-MINOR_UNITS[currency])
