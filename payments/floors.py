"""The floor by region (E4): the least that an hour of work pays, whatever the vote."""

from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from coop.refusals import Refusal
from payments.money import from_micro
from payments.templatetags.money import money


def least_pay(work_type: int, *, seconds: int | None = None, country: str | None = None) -> Decimal:
    """Return the least pay of a unit, in US dollars, at which an hour makes the floor; nothing where there is none.

    The floor is that of `country`, else of every region in which the work is done; `seconds` is a time to be voted.
    The database asks the same when a rate is voted, a job opened and a task taken.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_least_by_floor(%s, %s, %s)", [work_type, seconds, country])
        (micro,) = cursor.fetchone()
    return from_micro(micro)


def refusal(work_type: int, pay: Decimal, *, seconds: int | None = None, country: str | None = None) -> Refusal | None:
    """Say that a pay is below the floor and how much would be above it, or nothing."""
    least = least_pay(work_type, seconds=seconds, country=country)
    if pay >= least:
        return None
    words = {"pay": money(pay, "USD"), "least": money(least, "USD")}
    reason = _("%(pay)s would make an hour that pays less than the floor of the region; it takes %(least)s at least.")
    return Refusal(reason % words, "E4", _("No vote and no client goes below it; a vote can change the floor."))
