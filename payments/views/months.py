"""Months in addresses."""

from django.http import Http404

from coop import clock
from payments.open_ledger import Month


def named(name: str) -> Month:
    """Return the month of a name, as "2026-11"; Http404 for what is none, or lies ahead."""
    try:
        month = Month.named(name)
    except ValueError as error:
        raise Http404 from error
    if month.first > clock.now():
        raise Http404
    return month
