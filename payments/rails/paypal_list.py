"""What moved on our balance at PayPal, by its Transaction Search, and what it held at both ends of the days (UTC).

As developer.paypal.com documents it: at most 31 days a call, 500 transactions a page and 10,000 in all; what was done
is on no list for up to three hours, and each answer says until when it is whole. By itself it lists what moved the
balance alone. The total balance has in it what PayPal holds back, so holding something and letting it go move nothing.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from payments.money import MINOR_UNITS
from payments.rails import paypal
from payments.rails.api import Unanswered
from payments.rails.paypal import TooMany
from payments.rails.statement import Asked, Days, Entry, Statement

DAY = timedelta(days=1)
PAGE = 500
# Transaction event codes (T-codes). What PayPal takes for itself, but for the fee of payouts, which it tells with each.
FEES, FEE_OF_PAYOUTS = "T01", "T0104"
# Payouts, their fee, and what of one came back: they bear the name that we gave the payout, or refer to what does.
OF_PAYOUTS = {"T0001", FEE_OF_PAYOUTS, "T1114", "T1115"}
OURS = re.compile(r"WORKHALL-PAYOUT-[0-9]{1,18}")
# Held back, or let go again.
HOLDS = re.compile(r"T(15|21)[0-9]{2}|T11(05|10|11)")


def lists(days: Asked) -> list[Statement]:
    """Return a list for each currency of ours, of the days that are asked for, or of the first of them.

    Raises Unanswered, also where PayPal does not know all of these days yet.
    """
    try:
        held = paypal.asked("/v1/reporting/balances", {})["balances"]
        each = sorted({one["currency"] for one in held if one["currency"] in MINOR_UNITS})
        return [_list(currency, its) for currency in each if (its := days(currency))]
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise Unanswered(str(error)) from error


def _list(currency: str, asked: Days) -> Statement:
    moved, until = _moved(currency, asked.first, asked.last)
    booked = _entries([one for one in moved if not HOLDS.fullmatch(one["transaction_event_code"])], currency)
    # What was begun before, and moved on these days, is of these days: no list goes back behind the one before it.
    entries = [replace(one, day=max(one.day, asked.first)) for one in booked]
    opening, closing = (_held(currency, day) for day in (asked.first - DAY, until))
    return Statement(until.isoformat(), f"paypal {currency}", currency, opening, closing, entries)


def _moved(currency: str, first: date, last: date) -> tuple[list[dict[str, Any]], date]:
    """Return what moved on these days, and on the last of them: fewer where that is more than PayPal lists."""
    try:
        return _pages(currency, first, last), last
    except TooMany:
        if first == last:
            raise
        return _moved(currency, first, first + (last - first) // 2)


def _pages(currency: str, first: date, last: date) -> list[dict[str, Any]]:
    said = {
        "start_date": f"{first}T00:00:00Z", "end_date": f"{last}T23:59:59Z", "transaction_currency": currency,
        "fields": "transaction_info", "page_size": str(PAGE),
    }  # fmt: skip
    found: list[dict[str, Any]] = []
    page, pages = 0, 1
    while page < pages:
        page += 1
        answer = paypal.asked("/v1/reporting/transactions", said | {"page": str(page)})
        _is_whole(answer["last_refreshed_datetime"], last)
        found += [one["transaction_info"] for one in answer["transaction_details"]]
        pages = min(int(answer["total_pages"]), 10_000 // PAGE)
    return found


def _is_whole(known: str, last: date) -> None:
    """Raise Unanswered unless PayPal knows all of a day."""
    if datetime.fromisoformat(known) < datetime.combine(last + DAY, time(), UTC):
        raise Unanswered(known)


def _held(currency: str, day: date) -> Decimal:
    """Return what was held at the end of a day."""
    said = {"as_of_time": f"{day}T23:59:59Z", "currency_code": currency}
    answer = paypal.asked("/v1/reporting/balances", said)
    mine = [one["total_balance"] for one in answer["balances"] if one["currency"] == currency]
    return sum((_amount(one, currency) for one in mine), Decimal(0))


def _entries(moved: list[dict[str, Any]], currency: str) -> list[Entry]:
    """Return a line for each, the oldest first."""
    of_payouts = [one for one in moved if one["transaction_event_code"] in OF_PAYOUTS]
    named = {one["transaction_id"]: one["custom_field"] for one in of_payouts if _is_ours(one)}
    ours = {one["transaction_id"]: named.get(one.get("paypal_reference_id")) for one in of_payouts} | named
    in_order = sorted(moved, key=lambda one: datetime.fromisoformat(one["transaction_initiation_date"]))
    return [_entry(one, str(ours.get(one["transaction_id"]) or one["transaction_id"]), currency) for one in in_order]


def _is_ours(one: dict[str, Any]) -> bool:
    """Tell whether it bears the name of a payout. Asked of payouts alone: on a payment whoever pays writes it."""
    return OURS.fullmatch(str(one.get("custom_field", ""))) is not None


def _entry(one: dict[str, Any], key: str, currency: str) -> Entry:
    """Return a line, with what PayPal took for it; of its words no more than what kind it is, as they name somebody."""
    code, fee = str(one["transaction_event_code"]), Decimal(0)
    if "fee_amount" in one:
        fee = _amount(one["fee_amount"], currency)
    return Entry(
        reference=str(one["transaction_id"]), key=key, amount=_amount(one["transaction_amount"], currency) + fee,
        currency=currency, day=datetime.fromisoformat(one["transaction_initiation_date"]).astimezone(UTC).date(),
        came_back=False, is_fee=code.startswith(FEES) and code != FEE_OF_PAYOUTS, reason="", words=code[:140],
    )  # fmt: skip


def _amount(said: dict[str, Any], currency: str) -> Decimal:
    if said["currency_code"] != currency:
        raise Unanswered(said["currency_code"])
    return Decimal(said["value"])
