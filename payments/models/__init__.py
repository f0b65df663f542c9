"""The money: kinds of work and their voted rates, the fee, accounts and transfers, deposits, payouts, what is owed."""

from payments.models.books import Account, Transfer
from payments.models.entitlements import Entitlement, Owing
from payments.models.payouts import Deposit, Fund, Payout, PayoutState
from payments.models.rates import Fee, Rate, WorkType

__all__ = [
    "Account",
    "Deposit",
    "Entitlement",
    "Fee",
    "Fund",
    "Owing",
    "Payout",
    "PayoutState",
    "Rate",
    "Transfer",
    "WorkType",
]
