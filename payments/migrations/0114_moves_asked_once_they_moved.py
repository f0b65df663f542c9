"""What is moved away from Stripe lay there, whenever it is asked; no payment by card costs more than it was.

Whether a move is posted may be asked before balances move, where one statement confirms and posts it. A list's
differences are read in one pass.
"""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

LISTS = import_module("payments.migrations.0111_lists_of_services")
SINCE = import_module("payments.migrations.0113_since_it_differs")

FEES = "guard_fees_are_of_something"
# For a dispute it may be more, and Stripe says nowhere how high it is.
KNOWN = "|| 'charged_back')"
NO_MORE = f"""{KNOWN}
        AND (c.outcome = 'charged_back' OR NEW.amount <= c.amount)"""
# Since the day after which the two sums were never the same again; words of officers from before are of another time.
DIFFER = f"""{SINCE.BOTH.partition("), differ AS (")[0]}), by_day AS (
        SELECT place, currency, key, day, sum(said) AS said, sum(booked) AS booked, bool_or(booked <> 0) AS in_books,
            sum(sum(said - booked)) OVER (PARTITION BY place, currency, key ORDER BY day) AS more
        FROM side GROUP BY place, currency, key, day
    ), and_same AS (
        SELECT *, max(day) FILTER (WHERE more = 0) OVER (PARTITION BY place, currency, key) AS same_on FROM by_day
    ), differ AS (
        SELECT place, currency, key, sum(said) AS said, sum(booked) AS booked, bool_or(in_books) AS in_books,
            min(day) FILTER (WHERE same_on IS NULL OR day > same_on) AS since
        FROM and_same GROUP BY place, currency, key HAVING sum(said) <> sum(booked)
    )
    SELECT place, currency, key, said, booked, since, explained, explained < 2 AND {SINCE.TODAY} - since
        > CASE WHEN in_books THEN {LISTS.OTHERWISE_FOR} ELSE {LISTS.NOT_BOOKED_FOR} END AS late
    FROM differ CROSS JOIN LATERAL (
        SELECT count(DISTINCT o.person_id) AS explained FROM public.payments_explanation x
        JOIN public.governance_office o ON o.id = x.office_id WHERE (x.place, x.currency, x.key, x.amount)
            = (differ.place, differ.currency, differ.key, differ.said - differ.booked)
            AND (x.at AT TIME ZONE interval '0')::date >= since
    ) said_of_it
"""


class Migration(migrations.Migration):
    """Ask it once balances have moved, and of each fee."""

    dependencies: ClassVar = [("payments", "0113_since_it_differs")]
    operations: ClassVar = [
        guards.Edited("guard_what_stripe_pays_lies_there", ("p.kind IN (14, 17, 44)", "p.kind IN (14, 17, 44, 46)")),
        guards.Edited(FEES, (KNOWN, NO_MORE), ("by card, or", "by card and no more than that, or")),
        migrations.RunSQL(f"CREATE OR REPLACE VIEW public.payments_differences AS {DIFFER};"),
    ]
