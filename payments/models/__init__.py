"""The money: kinds of work, rates, the fee, other instruments, accounts and transfers, deposits, payouts, surplus."""

from payments.models.books import Account, Transfer
from payments.models.budgets import FILLED, Budget, Expense, Outlay, Purpose
from payments.models.cards import CardEvent, CardOutcome, CardPayment
from payments.models.corrections import Correction
from payments.models.details import PayoutDetails
from payments.models.entitlements import Entitlement, Owing
from payments.models.exchange import ExchangeQuote, Purchase
from payments.models.guarantee import Reckoning, TopUp, TopUpPart
from payments.models.instruments import Instrument, Kind
from payments.models.paybacks import PayBack, PayBackState
from payments.models.payouts import Deposit, Fund, Payout, PayoutState, PayRun
from payments.models.places import SERVICES, Explanation, Move, Place
from payments.models.proofs import DepositProof, RailAnswer
from payments.models.raises import Raise
from payments.models.rates import Fee, Rate, WorkType
from payments.models.runs import BankStatement, GivenStatement, Outcome, RailEvent
from payments.models.sealed import SealedStatement
from payments.models.support import Support, SupportAnswer, Supporting
from payments.models.surplus import Allocation, Close, Contribution, Interest, Redemption, Share
from payments.models.verdicts import Verdict

__all__ = [
    "FILLED",
    "SERVICES",
    "Account",
    "Allocation",
    "BankStatement",
    "Budget",
    "CardEvent",
    "CardOutcome",
    "CardPayment",
    "Close",
    "Contribution",
    "Correction",
    "Deposit",
    "DepositProof",
    "Entitlement",
    "ExchangeQuote",
    "Expense",
    "Explanation",
    "Fee",
    "Fund",
    "GivenStatement",
    "Instrument",
    "Interest",
    "Kind",
    "Move",
    "Outcome",
    "Outlay",
    "Owing",
    "PayBack",
    "PayBackState",
    "PayRun",
    "Payout",
    "PayoutDetails",
    "PayoutState",
    "Place",
    "Purchase",
    "Purpose",
    "RailAnswer",
    "RailEvent",
    "Raise",
    "Rate",
    "Reckoning",
    "Redemption",
    "SealedStatement",
    "Share",
    "Support",
    "SupportAnswer",
    "Supporting",
    "TopUp",
    "TopUpPart",
    "Transfer",
    "Verdict",
    "WorkType",
]
