"""How a sum spreads over people, in words: by quarters of them and by country, and nobody's name."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from babel import Locale
from django.utils.translation import get_language, gettext_lazy, to_locale
from django.utils.translation import gettext as _

from payments.templatetags.money import money

type Lines = list[tuple[str, str]]
type Figures = Mapping[str, Any]
# A report has null where it would speak of one to four people.
FEW = gettext_lazy("fewer than five")
UNTOLD = gettext_lazy("not told, as it concerns fewer than five people")


def lines(figures: Figures) -> Lines:
    """Return the quarters of those concerned, then each country of five and more; nothing where they are too few."""
    kept = currency(figures)
    said = quarters([signed(str(sum_), kept) for sum_ in figures.get("quarters") or []])
    found = [(_("For each of them, in 28 days"), said)] if said else []
    return found + [_country(cell, kept) for cell in _cells(figures)]


def quarters(sums: Sequence[str]) -> str:
    """Return in words what a quarter, half and three quarters of people have at most; of few, half; of fewer, nothing.

    A report tells three sums of twenty people and more, one of ten and more.
    """
    if not sums:
        return ""
    if len(sums) == 1:
        return _("half at most %(middle)s") % {"middle": sums[0]}
    words = _("a quarter at most %(least)s, half at most %(middle)s, three quarters at most %(most)s")
    return words % dict(zip(("least", "middle", "most"), sums, strict=True))


def count(people: int | None) -> str:
    """Return a number of people; none is told of one to four."""
    return str(FEW if people is None else people)


def signed(sum_: Decimal | str | None, currency: str) -> str:
    """Return a sum with its sign, as people read it; words where it would be of fewer than five people."""
    if sum_ is None:
        return str(UNTOLD)
    sum_ = Decimal(sum_)
    return ("+" if sum_ > 0 else "") + money(sum_, currency)


def currency(figures: Figures) -> str:
    """Return the currency in which figures are."""
    return str(figures.get("currency", "USD"))


def _country(cell: Sequence[Any], kept: str) -> tuple[str, str]:
    code, people, sum_ = cell
    words = _("%(people)s people, %(sum)s") % {"people": people, "sum": signed(sum_, kept)}
    territories: Mapping[str, str] = Locale.parse(to_locale(get_language() or "en")).territories
    return territories.get(code, code) if code else _("Other countries, together"), words


def _cells(figures: Figures) -> Sequence[Sequence[Any]]:
    cells = figures.get("countries")
    return cells if isinstance(cells, Sequence) and len(cells) > 1 else ()
