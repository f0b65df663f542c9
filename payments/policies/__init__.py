"""What the members can change about money and access by a vote: one policy for each kind of instrument."""

from payments.policies.budgets import BudgetVote
from payments.policies.fees import FeeChange
from payments.policies.kinds import NewKind
from payments.policies.raises import ReserveRaise
from payments.policies.rates import RateChange
from payments.policies.surplus import SurplusDivision
from payments.policies.versions import (
    AcceptanceChange,
    AllocationChange,
    CheckingChange,
    DepositChange,
    FloorChange,
    OpeningChange,
    PayoutDelayChange,
    PayoutMinimumChange,
    QualificationChange,
    RailChange,
    RegionChange,
    ReopeningChange,
    RoundingChange,
    SupportChange,
    TimeLimitChange,
)

__all__ = [
    "AcceptanceChange",
    "AllocationChange",
    "BudgetVote",
    "CheckingChange",
    "DepositChange",
    "FeeChange",
    "FloorChange",
    "NewKind",
    "OpeningChange",
    "PayoutDelayChange",
    "PayoutMinimumChange",
    "QualificationChange",
    "RailChange",
    "RateChange",
    "RegionChange",
    "ReopeningChange",
    "ReserveRaise",
    "RoundingChange",
    "SupportChange",
    "SurplusDivision",
    "TimeLimitChange",
]
