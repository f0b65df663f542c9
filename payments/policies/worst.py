"""What a change takes at worst, in words: what no unit of the past lost, and what it lets be lost (P9).

A time limit, a floor, its deposit and a reopening change what clients may do. The report says what became of the pay
of the last 28 days if all of them did it.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from payments.models import Kind
from payments.policies import spreads
from payments.policies.spreads import Lines
from payments.templatetags.money import money

type Figures = Mapping[str, Any]


def lines(impact: Mapping[str, object]) -> Lines:
    """Return what a report says of the worst in words; nothing for a change that has no such figures."""
    worst = impact.get("worst")
    tell = TOLD.get(str(worst.get("of"))) if isinstance(worst, Mapping) else None
    return tell(worst) if tell and isinstance(worst, Mapping) else []


def _time(worst: Figures) -> Lines:
    whose = (_("People whose units these are"), spreads.count(worst["people"]))
    if worst["people"] is None or worst["difference"] is None:
        return [whose]
    gains = Decimal(worst["difference"]) > 0
    late = _("Units that took longer than a job would have to give, and not longer than it must give now")
    safe = _("Units that took longer than a job must give now, and not longer than it would have to give")
    return [
        (safe if gains else late, str(worst["units"])),
        (_("What that makes of their pay, where jobs give no more time than they must"), _sum(worst)),
        whose,
        *spreads.lines(worst),
    ]


def _floor(worst: Figures) -> Lines:
    return [
        (_("Weeks of people there that were counted, of the last four"), _units(worst)),
        (_("What the change makes of the sum that was added to reach the floor"), _sum(worst)),
        (_("People who would have been added less"), spreads.count(worst["losing"])),
        *spreads.lines(worst),
    ]


def _deposit(worst: Figures) -> Lines:
    now, then = (money(Decimal(sum_), "USD") for sum_ in worst["deposits"])
    words = _("%(then)s, and not %(now)s") % {"then": then, "now": now}
    return [
        (_("Deposits of the jobs that opened in the last 28 days"), words),
        (_("What the last four weeks lacked to the floor"), _lacked(worst)),
    ]


def _lacked(worst: Figures) -> str:
    lacked, covered = worst["lacked"], worst["by_deposits"]
    if lacked is None:
        return str(spreads.UNTOLD)
    if covered is None:
        return money(Decimal(lacked), "USD")
    sums = {"lacked": money(Decimal(lacked), "USD"), "covered": money(Decimal(covered), "USD")}
    return _("%(lacked)s; deposits paid %(covered)s of it at once") % sums


def _reopening(worst: Figures) -> Lines:
    return [
        (_("What such work could be opened for again, for each answer"), money(Decimal(worst["pays"]), "USD")),
        (_("Units of the last 28 days that this client paid more for"), _units(worst)),
        (_("What that makes of their pay, if all of them paid no more than that"), _sum(worst)),
        (_("People whose units these are"), spreads.count(worst["people"])),
        *spreads.lines(worst),
    ]


def _sum(worst: Figures) -> str:
    return spreads.signed(worst["difference"], "USD")


def _units(worst: Figures) -> str:
    return str(spreads.UNTOLD if worst["units"] is None else worst["units"])


TOLD: Mapping[str, Callable[[Figures], Lines]] = {
    Kind.TIME_LIMIT: _time, Kind.FLOOR: _floor, Kind.DEPOSIT: _deposit, Kind.REOPENING: _reopening,
}  # fmt: skip
