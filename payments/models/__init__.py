"""The money: kinds of work, rates, the fee, other instruments, accounts and transfers, deposits and payouts."""

from payments.models.books import Account, Transfer
from payments.models.entitlements import Entitlement, Owing
from payments.models.instruments import Instrument, Kind
from payments.models.payouts import Deposit, Fund, Payout, PayoutState
from payments.models.rates import Fee, Rate, WorkType

__all__ = [
    "Account",
    "Deposit",
    "Entitlement",
    "Fee",
    "Fund",
    "Instrument",
    "Kind",
    "Owing",
    "Payout",
    "PayoutState",
    "Rate",
    "Transfer",
    "WorkType",
]
