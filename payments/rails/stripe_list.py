"""What moved on our balance at Stripe, by its own balance transactions, and what it held at the end of a day (UTC).

As docs.stripe.com has it, the balance of a currency, available and pending, is the sum of the `net` of all balance
transactions in it. Stripe tells the balance of now alone: what moved since a day ended is taken off again.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from payments.money import MINOR_UNITS
from payments.rails.api import Unanswered
from payments.rails.statement import Entry, Statement
from payments.rails.stripe_calls import Declined, ask

if TYPE_CHECKING:
    from stripe import BalanceTransaction
    from stripe.params import BalanceTransactionListParams

# What Stripe takes for itself, about no payment of ours.
FEES = {"stripe_fee", "stripe_fx_fee", "tax_fee"}
# Of what we hold there to pay from; it keeps others for cards that it issues, and of what it holds back by itself.
OURS = {None, "payments"}


def lists(last: Callable[[str], date | None], until: date) -> list[Statement]:
    """Return a list for each currency of ours: from the day after its `last` one to `until`.

    The first is of that day alone. Raises Unanswered, also where something moved while Stripe was asked.
    """
    try:
        held = _held()
        found = [_list(currency, cents, last(currency), until) for currency, cents in sorted(held.items())]
        if _held() != held:
            raise Unanswered(until)
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


def _list(currency: str, cents: int, last: date | None, until: date) -> Statement:
    first = last + timedelta(days=1) if last else until
    moved = _moved(currency, since=int(datetime.combine(first, time(), UTC).timestamp()))
    later = sum(one.net for one in moved if _day(one) > until)
    entries = [_entry(one) for one in moved if _day(one) <= until]
    closing = _units(cents - later, currency)
    opening = closing - sum((entry.amount for entry in entries), Decimal(0))
    return Statement(until.isoformat(), f"stripe {currency}", currency, opening, closing, entries)


def _moved(currency: str, *, since: int) -> "list[BalanceTransaction]":
    """Return what moved since a moment, the oldest first."""
    asked: BalanceTransactionListParams = {
        "currency": currency.lower(), "created": {"gte": since}, "limit": 100, "expand": ["data.source"],
    }  # fmt: skip
    found = ask(lambda stripe: list(stripe.v1.balance_transactions.list(asked).auto_paging_iter()))
    return [one for one in reversed(found) if one.balance_type in OURS]


def _entry(one: "BalanceTransaction") -> Entry:
    """Return a line; of its words no more than what kind it is, as they may name somebody."""
    currency = one.currency.upper()
    return Entry(
        reference=one.id, key=_key(one), amount=_units(one.net, currency), currency=currency, day=_day(one),
        came_back=False, is_fee=one.type in FEES, reason="", words=one.type[:140],
    )  # fmt: skip


def _key(one: "BalanceTransaction") -> str:
    """Return Stripe's number of what our books know: the payment of a charge, the transfer that is taken back."""
    source = one.source
    if source is None or isinstance(source, str):
        return source or one.id
    said = source.to_dict()
    about = {"charge": "payment_intent", "transfer_reversal": "transfer"}.get(said["object"], "id")
    return str(said.get(about) or said["id"])


def _day(one: "BalanceTransaction") -> date:
    return datetime.fromtimestamp(one.created, UTC).date()


def _units(cents: int, currency: str) -> Decimal:
    return Decimal(cents).scaleb(-MINOR_UNITS[currency])
