"""How a sum spreads over people, in words: by quarters of them and by country, and nobody's name."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from babel import Locale
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from payments.templatetags.money import money

type Lines = list[tuple[str, str]]
type Figures = Mapping[str, Any]


def lines(figures: Figures) -> Lines:
    """Return the quarters of those concerned, then each country of five and more; nothing where they are too few."""
    quarters, kept = figures.get("quarters"), currency(figures)
    found = []
    if isinstance(quarters, Sequence) and quarters:
        least, middle, most = (signed(Decimal(str(sum_)), kept) for sum_ in quarters)
        words = _("a quarter at most %(least)s, half at most %(middle)s, three quarters at most %(most)s")
        found.append((_("For each of them, in 28 days"), words % {"least": least, "middle": middle, "most": most}))
    return found + [_country(cell, kept) for cell in _cells(figures)]


def signed(sum_: Decimal, currency: str) -> str:
    """Return a sum with its sign, as people read it."""
    return ("+" if sum_ > 0 else "") + money(sum_, currency)


def currency(figures: Figures) -> str:
    """Return the currency in which figures are."""
    return str(figures.get("currency", "USD"))


def _country(cell: Sequence[Any], kept: str) -> tuple[str, str]:
    code, people, sum_ = cell
    words = _("%(people)s people, %(sum)s") % {"people": people, "sum": signed(Decimal(sum_), kept)}
    territories: Mapping[str, str] = Locale.parse(to_locale(get_language() or "en")).territories
    return territories.get(code, code) if code else _("Other countries, together"), words


def _cells(figures: Figures) -> Sequence[Sequence[Any]]:
    cells = figures.get("countries")
    return cells if isinstance(cells, Sequence) and len(cells) > 1 else ()
