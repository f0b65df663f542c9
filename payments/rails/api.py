"""Rails that are a service with an API: one key for each payout, whatever happens on the way."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import httpx

from payments.rails.interface import Facts, Rail


class Unanswered(Exception):  # noqa: N818 - reads as the sentence it is
    """Nobody knows whether the service did it: no answer, or none that says. Ask again with the same key."""


class Going(StrEnum):
    """Where money is, as a service says."""

    ON_ITS_WAY = "on its way"
    ARRIVED = "arrived"
    CAME_BACK = "came back"


@dataclass(frozen=True, slots=True)
class Order:
    """One payout to be sent: the key that is its own for ever, where to, how much."""

    key: str
    to: Facts
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a service says of a payout: its own `reference` to ask by, what it took, a reason in `words`.

    `amount` is how much it says that was, where it says so. All in the currency that was sent.
    """

    going: Going
    reference: str
    fee: Decimal = Decimal(0)
    words: str = ""
    amount: Decimal | None = None


class ApiRail(Rail):
    """A service that is told to send and asked what became of it. What it sends us by itself is only a hint to ask."""

    in_runs = True
    has_file = False
    # For so long the service knows a key again; nothing is sent a second time after that.
    memory: timedelta
    # What its messages come under, `/hooks/<hook>/`: its own name, unless several ways are one service's.
    hook = ""
    # Whether what has arrived can come back; where it cannot, such a word is a question for an officer.
    returns = True

    @abstractmethod
    def send(self, order: Order) -> Told:
        """Send a payout, or find what was sent under its key before. Raises Unanswered."""

    @abstractmethod
    def look(self, reference: str) -> Told:
        """Say where a payout is. Raises Unanswered."""

    @abstractmethod
    def give_up(self, reference: str) -> Told:
        """Take back what nobody has claimed, and say where it is now. Raises Unanswered."""

    def genuine(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether a message may be the service's own; where it does not sign any, nobody can tell."""
        return True

    @abstractmethod
    def named_in(self, body: bytes) -> str:
        """Return the reference that a message of the service speaks of; nothing where it names none."""


class AnsweringRail(ApiRail):
    """A service that says later what became of a payout, at an address that nobody else was told."""

    @abstractmethod
    def answered(self, token: str, body: bytes) -> tuple[str, Told] | None:
        """Return the key of a payout and what became of it, if this answers a question of ours; nothing otherwise.

        A word that we did not ask for makes the service be asked. Raises Unanswered where that fails, LookupError for
        an address that is not this service's.
        """


def base_of(url: str) -> str:
    """Return the address of a service out of a setting that also has its secrets, as user and password."""
    place = urlsplit(url)
    return f"{place.scheme}://{place.hostname}{f':{place.port}' if place.port else ''}"


def read(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object that a service answered; raise Unanswered for anything else."""
    try:
        said = answer.json()
    except ValueError as error:
        raise Unanswered(answer.status_code) from error
    if not isinstance(said, dict):
        raise Unanswered(answer.status_code)
    return said
