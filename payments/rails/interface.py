"""What every way to be paid has in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from coop.refusals import Refusal
from payments.instruments import PayoutTerms

type Facts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """Something a rail has to know: `name` in the sealed facts, what people read, the longest it can be."""

    name: str
    label: Promise
    hint: Promise | str = ""
    longest: int = 80
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """What a member is told before choosing: the least amount and the fee they bear (US$), days at most, what arrives.

    `currency` is the one that arrives.
    """

    minimum: Decimal
    fee: Decimal
    days: int
    currency: str


class Rail:
    """A way to be paid. Which rails are open is the members' to vote (`rail:<name>`, N6)."""

    name: str
    label: Promise
    about: Promise
    fields: tuple[Field, ...]
    days: int
    # Where the money lies that it pays: one of models.Place.
    paid_from = "main"
    # Whether its payouts go together in runs, released by two officers; whether a run is a file.
    in_runs = False
    has_file = False
    # Whether this site can send by it at all.
    available = True
    # Set where no real service answers; said wherever the rail shows.
    simulated = False
    # What arrives; what is asked for is in US dollars, and exchanged on the way.
    currency = "USD"
    # The smallest part of it that can be sent.
    unit = Decimal("0.01")
    # The least the service itself can send, in US dollars.
    least = Decimal("0.01")

    def quote(self, terms: PayoutTerms) -> Quote:
        """Return what a member is told; what a service charges the cooperative bears (kind 17)."""
        return Quote(max(terms.minimum, self.least), Decimal(0), self.days, self.currency)

    def refusal_of_amount(self, arrives: Decimal) -> Refusal | None:
        """Say why so much, in the currency that arrives, cannot be sent at once; nothing where it can."""
        return None

    def refusal(self, facts: Mapping[str, str]) -> Refusal | None:
        """Say why money cannot be sent there, or nothing. Facts are clean: see `clean`."""
        return None

    def hint(self, facts: Mapping[str, str]) -> str:
        """Return what the person knows these facts by, with at most three characters of the account."""
        raise NotImplementedError

    def clean(self, facts: Mapping[str, str]) -> Facts:
        """Return only this rail's facts, without spaces around."""
        return {field.name: " ".join(str(facts.get(field.name, "")).split()) for field in self.fields}

    def missing(self, facts: Mapping[str, str]) -> Refusal | None:
        """Say which of the facts is missing or too long."""
        for field in self.fields:
            given = facts[field.name]
            if len(given) > field.longest or not (given or field.optional):
                return Refusal(_("Please fill in: %(field)s.") % {"field": field.label}, status=400)
        return None


def last_of(account: str) -> str:
    """Return the end of an account, by which its owner knows it and nobody else can use it."""
    return f"…{account[-3:]}" if len(account) > 6 else "…"  # noqa: PLR2004 - less than half of it
