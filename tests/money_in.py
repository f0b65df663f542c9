"""Money that arrives for clients and funds, as two officers say."""

from datetime import datetime
from decimal import Decimal

from coop.people.models import Client
from governance import offices
from governance.models import Office, Right
from payments import deposits
from payments.models import Deposit, Fund


def arrive(client: Client, *, amount: Decimal, reference: str, by: Office, at: datetime, fund: str = "") -> Deposit:
    """Write a deposit down as one officer and confirm it as another."""
    deposit = deposits.record(client, amount=amount, reference=reference, by=by, at=at, fund=fund)
    second = offices.with_right(Right.MONEY, at).exclude(person=by.person_id).order_by("pk")[0]
    deposits.confirm(deposit, by=second, at=at)
    return deposit


def endow(
    client: Client, *, amount: Decimal, reference: str, by: Office, at: datetime, fund: str = Fund.TRAINING
) -> Deposit:
    """Have a gift to a fund arrive."""
    return arrive(client, amount=amount, reference=reference, by=by, at=at, fund=fund)
