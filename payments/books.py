"""The books as a whole: what each kind of account comes to."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from payments.invariants import SUMS
from payments.money import from_micro


@dataclass(frozen=True, slots=True)
class KindTotal:
    """All accounts of a kind: how many, and the sum of their balances (credits minus debits) in `currency`."""

    kind: str
    currency: str
    accounts: int
    total: Decimal


def trial_balance() -> list[KindTotal]:
    """Return the total of every kind of account, summed from the transfers themselves; all of them add up to zero."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT kind, currency, count(*), sum(total) FROM ({SUMS}) a GROUP BY kind, currency ORDER BY kind"  # noqa: S608 - both pieces are ours
        )
        return [KindTotal(kind, currency, number, from_micro(int(total))) for kind, currency, number, total in cursor]
