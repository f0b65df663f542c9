"""The rate card: what each kind of work pays at least, the fee on top, and what both make of an hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from django.db import connection

from coop.database.kept import Given, Kept
from payments.models import Fee, Rate, WorkType
from payments.money import from_micro, to_micro

CENT = Decimal("0.01")
HOUR = 3600
YEAR = timedelta(days=365)
# The funds that receive a voted share of the fee, each rounded down; the co-op keeps the rest.
SHARES = ("training", "care", "floor")
# Below this many accepted units the voted estimate stands in for the measured time.
MEASURED_FROM = 20
# Among fewer, a quarter of the times would tell somebody's own.
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Time:
    """How long a unit takes, in seconds: `usual` is the median if `measured`, else the estimate that was voted on.

    `units` and `people` say how many it was measured from; the quarters are None unless measured of FEWEST people.
    """

    usual: Decimal
    measured: bool
    units: int = 0
    people: int = 0
    quicker_quarter: Decimal | None = None
    slower_quarter: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the rate card: the rate in force, the time a unit takes, and what that makes of an hour."""

    rate: Rate
    time: Time

    @property
    def hourly(self) -> Decimal:
        """Return the pay of an hour at the usual time, in the rate's currency."""
        return hourly(self.rate.amount, self.time.usual)


@dataclass(frozen=True, slots=True)
class Step:
    """A rate in its history: by how many per cent it changed a unit's pay (None for the first), and its hour then."""

    rate: Rate
    per_cent: Decimal | None
    hourly: Decimal


def card() -> list[Row]:
    """Return the rate card: every kind of work with its rate in force, by name; two queries."""
    latest = Rate.objects.order_by("work_type_id", "-version").distinct("work_type_id")
    rates = list(Rate.objects.filter(pk__in=latest).select_related("work_type", "mandate").order_by("work_type__name"))
    known = times(rates)
    return [Row(rate, known[rate.work_type_id]) for rate in rates]


CURRENT = Kept(lambda: Rate.objects.filter(work_type=Given("work_type")).order_by("-version"))


def current(work_type: WorkType) -> Rate:
    """Return the rate in force; raise Rate.DoesNotExist for a kind of work nobody voted a rate for."""
    found = CURRENT.first(work_type=work_type.pk)
    if found is None:
        raise Rate.DoesNotExist
    found.work_type = work_type
    return found


def history(work_type: WorkType) -> list[Rate]:
    """Return every rate of a kind of work, newest first, with the mandate and proposal behind each."""
    return list(work_type.rates.select_related("mandate__proposal").order_by("-version"))


def steps(past: list[Rate]) -> list[Step]:
    """Return a history, newest first as `history` gives it, with what each step changed."""
    return [_step(rate, before) for rate, before in zip(past, [*past[1:], None], strict=True)]


def fee_now() -> Fee:
    """Return the fee in force; raise Fee.DoesNotExist before the cooperative was founded."""
    return Fee.objects.order_by("-version")[:1].get()


def fee_on(pay: Decimal, fee: Fee) -> Decimal:
    """Return the co-op's fee on top of a wage, rounded down to the micro-unit, in the wage's currency."""
    return from_micro(to_micro(pay) * fee.on_wage // 10_000)


def divide(charge: Decimal, fee: Fee) -> tuple[Decimal, dict[str, Decimal]]:
    """Return what of a fee charged the co-op keeps and what each fund of SHARES receives; the sum is exact."""
    kept, *parts = _divided(to_micro(charge), *(getattr(fee, name) for name in SHARES))
    return kept, dict(zip(SHARES, parts, strict=True))


@lru_cache(maxsize=1_000)
def _divided(whole: int, *shares: int) -> tuple[Decimal, ...]:
    """Return what is left of a whole, then each share of it: a batch has the same ones a thousand times."""
    parts = [whole * share // 10_000 for share in shares]
    return tuple(from_micro(part) for part in (whole - sum(parts), *parts))


def hourly(pay: Decimal, seconds: Decimal | int) -> Decimal:
    """Return what a unit's pay makes in an hour, to the cent, half to even; seconds above zero."""
    return (pay * HOUR / Decimal(seconds)).quantize(CENT, ROUND_HALF_EVEN)


def measured_time(work_type: WorkType, rate: Rate) -> Time:
    """Return how long a unit takes: the median of accepted units from the 20th on, the rate's estimate before."""
    return times([rate])[work_type.pk]


def times(rates: list[Rate]) -> dict[int, Time]:
    """Return the time of each rate's kind of work, by its id; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT work_type_id, units, people, median_seconds, q1, q3 FROM payments_measured_time"
            " WHERE work_type_id = ANY(%s) AND units >= %s AND median_seconds > 0",
            [[rate.work_type_id for rate in rates], MEASURED_FROM],
        )
        measured = {work: _measured(*figures) for work, *figures in cursor.fetchall()}
    return {rate.work_type_id: measured.get(rate.work_type_id) or _estimate(rate) for rate in rates}


def measured_seconds(work_type: WorkType) -> Decimal:
    """Return the usual seconds of a unit: measured once 20 are accepted, else estimated."""
    return measured_time(work_type, current(work_type)).usual


def in_force_since(work_type: WorkType, since: datetime) -> list[Rate]:
    """Return the rates that were in force at any moment from `since` on, oldest first."""
    rates = list(work_type.rates.order_by("version"))
    replaced = [rate.since for rate in rates[1:]]
    return [rate for rate, end in zip(rates, [*replaced, None], strict=True) if end is None or end > since]


def highest_of_12_months(work_type: WorkType, at: datetime) -> Rate:
    """Return the rate that paid best per unit within 12 months before `at` (D7): cuts are measured from it."""
    return max(in_force_since(work_type, at - YEAR), key=lambda rate: rate.amount)


def _step(rate: Rate, before: Rate | None) -> Step:
    change = ((rate.amount / before.amount - 1) * 100).quantize(Decimal("0.1")) if before else None
    return Step(rate, change, hourly(rate.amount, rate.estimated_seconds))


def _measured(units: int, people: int, median: Decimal, quicker: Decimal, slower: Decimal) -> Time:
    """Return a measured time; its quarters only where nobody's own time can be told from them."""
    if people < FEWEST:
        return Time(median, measured=True, units=units, people=people)
    return Time(median, True, units, people, quicker, slower)  # noqa: FBT003 - in the order of the fields


def _estimate(rate: Rate) -> Time:
    return Time(Decimal(rate.estimated_seconds), measured=False)
