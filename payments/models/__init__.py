"""The money: kinds of work and their voted rates, the fee, accounts and transfers, deposits and payouts."""

from payments.models.books import Account, Transfer
from payments.models.payouts import Deposit, Fund, Payout, PayoutState
from payments.models.rates import Fee, Rate, WorkType

__all__ = ["Account", "Deposit", "Fee", "Fund", "Payout", "PayoutState", "Rate", "Transfer", "WorkType"]
