"""The money: kinds of work, rates, the fee, other instruments, accounts and transfers, deposits, payouts, surplus."""

from payments.models.books import Account, Transfer
from payments.models.details import PayoutDetails
from payments.models.entitlements import Entitlement, Owing
from payments.models.instruments import Instrument, Kind
from payments.models.payouts import Deposit, Fund, Payout, PayoutState
from payments.models.rates import Fee, Rate, WorkType
from payments.models.surplus import Allocation, Close, Redemption, Share

__all__ = [
    "Account",
    "Allocation",
    "Close",
    "Deposit",
    "Entitlement",
    "Fee",
    "Fund",
    "Instrument",
    "Kind",
    "Owing",
    "Payout",
    "PayoutDetails",
    "PayoutState",
    "Rate",
    "Redemption",
    "Share",
    "Transfer",
    "WorkType",
]
