"""How an amount is written: `{{ amount|money:"USD" }}`."""

from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, format_percent
from django import template
from django.utils.translation import get_language, to_locale

register = template.Library()

# Cents always, finer parts only when they are there: a rate of 0.001 must not read as 0.00.
PATTERN = "¤#,##0.00####"
# Members of many countries read this: which dollar it is stays visible in all of them.
SYMBOLS = {"USD": "US$\u00a0"}


@register.filter
def money(amount: Decimal | None, currency: str = "USD") -> str:
    """Return an amount with its currency as people of the page's language write it; nothing for no amount."""
    return "" if amount is None else _written(amount, currency, to_locale(get_language() or "en"))


@lru_cache(maxsize=1_000)
def _written(amount: Decimal, currency: str, locale: str) -> str:
    """Return an amount in a locale's letters: a page has the same few amounts again and again."""
    written = format_currency(abs(amount), currency, format=PATTERN, locale=locale, currency_digits=False)
    symbol = format_currency(0, currency, format="¤", locale=locale, currency_digits=False)
    sign = "\u2212" if amount < 0 else ""
    # A code of letters stands apart from the digits.
    apart = f"{symbol}\u00a0" if symbol[-1:].isalpha() and written.startswith(symbol) else symbol
    return sign + written.replace(symbol, SYMBOLS.get(currency, apart), 1)


@register.filter
def per_cent(basis_points: int) -> str:
    """Return a share given in basis points (100 = 1 %) as people of the page's language write it."""
    share = Decimal(basis_points) / 10_000
    return format_percent(share, format="#,##0.##%", locale=to_locale(get_language() or "en"))


@register.filter
def change(per_cent: Decimal) -> str:
    """Return a change in per cent and its sign, as people of the page's language write it."""
    written = format_percent(abs(per_cent) / 100, format="#,##0.#%", locale=to_locale(get_language() or "en"))
    return ("\u2212" if per_cent < 0 else "+") + written
