"""Exact money: a Decimal and a currency at the surface, whole micro-units (10^-6) in the database."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

MICRO = 1_000_000
# Decimal places of each currency's smallest coin (ISO 4217); payouts go out in whole ones.
MINOR_UNITS = {"USD": 2, "EUR": 2, "KES": 2, "VES": 2}


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


class MoneyField(models.BigIntegerField):
    """An amount of money: Decimal in Python, bigint micro-units in the database."""

    description = "Amount in micro-units"

    def from_db_value(self, value: int | None, *_: object) -> Decimal | None:
        """Turn what the database holds (a bigint, or a numeric from a sum) into a Decimal."""
        return None if value is None else from_micro(int(value))

    def to_python(self, value: Any) -> Decimal | None:
        """Read a Decimal from a form or a fixture."""
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))

    def get_prep_value(self, value: Any) -> int | None:
        """Write whole micro-units; refuse what is finer, or no number."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        try:
            return to_micro(Decimal(value))
        except (ValueError, ArithmeticError) as error:
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
