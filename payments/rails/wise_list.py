"""What moved on our balances at Wise, by its own statements, and what each held at the end of a day (UTC).

As docs.wise.com documents it: a statement of one balance, each transaction on one line with what Wise took for it. Wise
may ask that somebody looks at the statement on its site first, once in 90 days (SCA, profiles in the UK and the EEA).
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from payments.money import MINOR_UNITS
from payments.rails import wise
from payments.rails.api import Unanswered
from payments.rails.statement import Asked, Days, Entry, Statement


def lists(days: Asked) -> list[Statement]:
    """Return a list for each balance in a currency of ours, of the days that are asked for. Raises Unanswered."""
    balances = wise.asked(f"/v4/profiles/{wise.profile()}/balances", {"types": "STANDARD"})
    try:
        each = sorted((one["currency"], int(one["id"])) for one in balances if one["currency"] in MINOR_UNITS)
        asked = [(currency, number, days(currency)) for currency, number in each]
        return [_list(currency, number, its) for currency, number, its in asked if its]
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Unanswered(str(error)) from error


def _list(currency: str, number: int, asked: Days) -> Statement:
    said = wise.asked(f"/v1/profiles/{wise.profile()}/balance-statements/{number}/statement.json", {
        "currency": currency, "intervalStart": f"{asked.first}T00:00:00.000Z",
        "intervalEnd": f"{asked.last}T23:59:59.999Z", "type": "COMPACT",
    })  # fmt: skip
    closing = _amount(said["endOfStatementBalance"], currency)
    entries = [_entry(one, currency) for one in said["transactions"]]
    opening = closing - sum((entry.amount for entry in entries), Decimal(0))
    return Statement(asked.last.isoformat(), f"wise {currency}", currency, opening, closing, entries)


def _entry(one: dict[str, Any], currency: str) -> Entry:
    """Return a line; `totalFees` is part of its amount. A refund has the reference of its transfer.

    Of its words no more than what kind it is, as they name who is paid.
    """
    reference, kind = str(one["referenceNumber"]), str(one["details"]["type"])
    return Entry(
        reference=f"{reference} {one['date']}"[:80], key=reference.removeprefix("TRANSFER-"),
        amount=_amount(one["amount"], currency), currency=currency, day=datetime.fromisoformat(one["date"]).date(),
        came_back=False, is_fee=kind == "ACCRUAL_CHARGE", reason="", words=kind[:140],
    )  # fmt: skip


def _amount(said: dict[str, Any], currency: str) -> Decimal:
    if said["currency"] != currency:
        raise Unanswered(said["currency"])
    return Decimal(str(said["value"]))
