"""Exact money: a Decimal and a currency at the surface, whole micro-units (10^-6) in the database."""

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable

MICRO = 1_000_000
# Decimal places of each currency's smallest coin (ISO 4217); payouts go out in whole ones.
MINOR_UNITS = {"USD": 2, "EUR": 2, "GBP": 2, "INR": 2, "KES": 2, "VES": 2}


def to_micro(amount: Decimal) -> int:
    """Return the amount in whole micro-units; raise ValueError when it is no number or finer than that."""
    if not amount.is_finite():
        message = "An amount is a finite number."
        raise ValueError(message)
    micro = amount * MICRO
    if micro != micro.to_integral_value():
        message = "An amount has at most six decimal places."
        raise ValueError(message)
    return int(micro)


def from_micro(micro: int) -> Decimal:
    """Return micro-units as an exact amount."""
    return Decimal(micro) / MICRO


def plain(amount: Decimal) -> str:
    """Return an amount in digits alone, without zeros at the end: what stands in payloads and files."""
    written = f"{amount:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


class MoneyField(models.BigIntegerField):  # type: ignore[type-arg]  # Django's fields are not generic at run time
    """An amount of money: Decimal in Python, bigint micro-units in the database."""

    description = "Amount in micro-units"
    # What the type checker takes the attribute for: set as a Decimal or a whole number, read as a Decimal.
    _pyi_private_set_type: Decimal | int | Combinable  # type: ignore[assignment]
    _pyi_private_get_type: Decimal  # type: ignore[assignment]

    def from_db_value(self, value: int | None, *_: object) -> Decimal | None:
        """Turn what the database holds (a bigint, or a numeric from a sum) into a Decimal."""
        return None if value is None else from_micro(int(value))

    def to_python(self, value: object) -> Decimal | None:
        """Read a Decimal from a form or a fixture."""
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))

    def get_prep_value(self, value: object) -> int | None:
        """Write whole micro-units; refuse what is finer, or no number."""
        if value is None or hasattr(value, "resolve_expression"):
            return value  # type: ignore[return-value]  # an expression goes through as it is
        try:
            return to_micro(Decimal(value))  # type: ignore[arg-type]  # what is no number raises
        except (ValueError, TypeError, ArithmeticError) as error:
            raise ValidationError(str(error)) from error


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in one currency. Adding two currencies raises ValueError."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            message = f"{self.currency} and {other.currency} do not add up."
            raise ValueError(message)
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.amount * times, self.currency)
