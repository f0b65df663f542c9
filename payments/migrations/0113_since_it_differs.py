"""What differs from services' own lists is as old as it is, and what no list has for too long differs as well.

It was as young as the last that moved under its name, quiet at once where the same had been explained before, and quiet
for ever where nobody asked for lists any more.
"""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

LISTS = import_module("payments.migrations.0111_lists_of_services")

TODAY = "(public.coop_now() AT TIME ZONE interval '0')::date"
# For so many days what was booked may wait for the list that has it.
NOT_LISTED_FOR = 14
KNOWN = LISTS.BOTH.partition("), booked AS (")[0]
# What lay there before the first list is compared as of its first day.
BOTH = f"""{KNOWN.replace("m.day, m.until", "greatest(m.day, m.since) AS day, m.until")}), booked AS (
        SELECT place, currency, key, day, amount, day > until AND day >= {TODAY} - {NOT_LISTED_FOR} AND listed IS NULL
            AS later
        FROM known LEFT JOIN (SELECT DISTINCT place, currency, key, true AS listed FROM line) one
            USING (place, currency, key)
    ), side AS MATERIALIZED (
        SELECT place, currency, key, day, amount AS said, 0 AS booked FROM line
        UNION ALL SELECT place, currency, '', since, opening, 0 FROM span
        UNION ALL SELECT place, currency, key, day, 0, amount FROM booked WHERE NOT later
    ), differ AS (
        SELECT place, currency, key, sum(said) AS said, sum(booked) AS booked, bool_or(booked <> 0) AS in_books
        FROM side GROUP BY place, currency, key HAVING sum(said) <> sum(booked)
    )
"""
# Since the day after which the two sums were never the same again; words of officers from before are of another time.
SINCE = """
    FROM differ CROSS JOIN LATERAL (
        SELECT min(day) FILTER (WHERE same_on IS NULL OR day > same_on) AS since FROM (
            SELECT day, max(day) FILTER (WHERE more = 0) OVER () AS same_on FROM (
                SELECT day, sum(sum(s.said - s.booked)) OVER (ORDER BY day) AS more FROM side s
                WHERE (s.place, s.currency, s.key) = (differ.place, differ.currency, differ.key) GROUP BY day
            ) by_day
        ) and_same
    ) of_it CROSS JOIN LATERAL (
        SELECT count(DISTINCT o.person_id) AS explained FROM public.payments_explanation x
        JOIN public.governance_office o ON o.id = x.office_id WHERE (x.place, x.currency, x.key, x.amount)
            = (differ.place, differ.currency, differ.key, differ.said - differ.booked)
            AND (x.at AT TIME ZONE interval '0')::date >= since
    ) said_of_it
"""
DIFFER = f"""{BOTH}
    SELECT place, currency, key, said, booked, since, explained, explained < 2 AND {TODAY} - since
        > CASE WHEN in_books THEN {LISTS.OTHERWISE_FOR} ELSE {LISTS.NOT_BOOKED_FOR} END AS late
    {SINCE}"""
EACH = LISTS.EACH.replace(LISTS.BOTH, BOTH)
VIEWS = f"""
CREATE OR REPLACE VIEW public.payments_differences AS {DIFFER};
CREATE OR REPLACE VIEW public.payments_beside_lists AS {EACH};
"""


class Migration(migrations.Migration):
    """Look again, with the same columns."""

    dependencies: ClassVar = [("payments", "0112_fees_are_of_something")]
    operations: ClassVar = [migrations.RunSQL(VIEWS)]
