"""What a bank's statement or a service's own list says, in one form whoever it is of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """A booked movement: above zero what came in, below what went out.

    `reference` is the bank's or the service's own. `key` is what it is about: the end-to-end id of the order that it
    belongs to, a service's own number of a transfer or payment. `reason` is the code of a return.
    """

    reference: str
    key: str
    amount: Decimal
    currency: str
    day: date
    came_back: bool
    is_fee: bool
    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of one account; `opening` and `closing` are what the bank or service says the account held."""

    number: str
    account: str
    currency: str
    opening: Decimal
    closing: Decimal
    entries: list[Entry]

    @property
    def adds_up(self) -> bool:
        """Tell whether the entries lead from the opening to the closing balance."""
        return self.opening + sum(entry.amount for entry in self.entries) == self.closing


@dataclass(frozen=True, slots=True)
class Days:
    """The whole days (UTC) that a service is asked for in a currency; it may end its list sooner, on any of them.

    `opening` is what the list before closed with, None where there was none. `lately` where no day that is over comes
    after `last`.
    """

    first: date
    last: date
    opening: Decimal | None
    lately: bool


type Asked = Callable[[str], Days | None]
