"""What a report says of fewer than five people is that they are fewer than five; what is decided stays exact (P9)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

REPLAY = import_module("payments.migrations.0012_replay").REPLAY
COUNTED = "jsonb_build_object('tried', tried, 'lower', lower)"
BY_EDITION = "jsonb_build_object('tried', tried, 'lower', lower, 'edition', 2)"

# A sum is of whoever it speaks of: a country of five in which two lose is a sum of two. So both are counted, who is in
# a cell and whom it touches. Cells that are small in either are told together, with the smallest other cell where they
# are small even so. A half of people is told from ten of them on and a quarter from twenty, as each has five then.
SPREAD = """
CREATE OR REPLACE FUNCTION public.payments_spread(people public.payments_share_of_one[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $spread$
    WITH each AS (
        SELECT country, units, difference FROM unnest(people)
    ), cells AS (
        SELECT country, count(*) AS people, count(*) FILTER (WHERE difference <> 0) AS touched,
            sum(difference) AS difference FROM each GROUP BY country
    ), marked AS (
        SELECT *, people < 5 OR touched BETWEEN 1 AND 4 AS small FROM cells
    ), merged AS (
        SELECT CASE WHEN small OR people_before BETWEEN 1 AND 4 OR touched_before BETWEEN 1 AND 4
            THEN '' ELSE country END AS country, people, touched, difference
        FROM (SELECT *, sum(people) OVER before AS people_before, sum(touched) OVER before AS touched_before
            FROM marked WINDOW before AS (ORDER BY small DESC, touched = 0, people, country
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) ordered
    )
    SELECT jsonb_build_object(
        'people', count(*), 'touched', count(*) FILTER (WHERE difference <> 0), 'units', coalesce(sum(units), 0),
        'losing', count(*) FILTER (WHERE difference < 0),
        'difference', public.payments_plain(coalesce(sum(difference), 0)),
        'quarters', CASE WHEN count(*) >= 20 THEN jsonb_build_array(
                public.payments_plain(percentile_disc(0.25) WITHIN GROUP (ORDER BY difference)),
                public.payments_plain(percentile_disc(0.5) WITHIN GROUP (ORDER BY difference)),
                public.payments_plain(percentile_disc(0.75) WITHIN GROUP (ORDER BY difference)))
            WHEN count(*) >= 10 THEN jsonb_build_array(
                public.payments_plain(percentile_disc(0.5) WITHIN GROUP (ORDER BY difference)))
            ELSE '[]' END,
        'countries', coalesce((SELECT jsonb_agg(jsonb_build_array(
                c.country, c.people, public.payments_plain(c.difference)) ORDER BY c.country = '', c.country)
            FROM (SELECT country, sum(people) AS people, sum(difference) AS difference
                FROM merged GROUP BY country HAVING sum(people) >= 5 AND sum(touched) NOT BETWEEN 1 AND 4) c), '[]')
    ) FROM each
$spread$;
"""
# As before, spread by that function.
OF_ALL = f"""    )
    SELECT public.payments_spread(array_agg(ROW(country, units, difference)::public.payments_share_of_one))
        || jsonb_build_object('days', 28, 'losing', count(*) FILTER (WHERE loses),
        'cut', bool_or(loses) IS TRUE OR (SELECT lower > 0 FROM probes) OR (SELECT worse FROM time),
        'probes', (SELECT {BY_EDITION} FROM probes),
        'worse_time', (SELECT worse FROM time)
    ) FROM people
"""
BEGINS = "    ), cells AS ("
STOOD = BEGINS + REPLAY.partition(BEGINS)[2].partition("$replay$")[0].replace(COUNTED, BY_EDITION)

# What is published of a report: null where it would be of one to four people.
TOLD = """
CREATE FUNCTION public.payments_told(found jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, public, pg_temp AS $told$
    SELECT jsonb_object_agg(part.key, CASE
        WHEN part.key IN ('people', 'losing', 'shut_out', 'over')
            AND part.value #>> '{}' IN ('1', '2', '3', '4') THEN 'null'
        WHEN part.key = 'units' AND found ->> 'people' IN ('1', '2', '3', '4') THEN 'null'
        WHEN found ->> 'touched' IN ('1', '2', '3', '4') AND part.key = 'difference' THEN 'null'
        WHEN found ->> 'touched' IN ('1', '2', '3', '4') AND part.key IN ('quarters', 'countries') THEN '[]'
        WHEN part.key = 'worst' THEN public.payments_told(part.value)
        ELSE part.value END)
    FROM jsonb_each(found) part WHERE part.key <> 'touched'
$told$;

ALTER FUNCTION public.payments_impact(text, jsonb) RENAME TO payments_impact_in_full;
REVOKE EXECUTE ON FUNCTION public.payments_impact_in_full(text, jsonb) FROM workhall_web;
CREATE FUNCTION public.payments_impact(policy text, payload jsonb) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $impact$
    SELECT public.payments_told(public.payments_impact_in_full(policy, payload))
$impact$;
"""
# The checks of 28 days, of each who did them.
CHECKED = """SELECT public.payments_replay(ARRAY[]::bigint[], NULL, '{}', '{}') || jsonb_build_object(
                'people', count(DISTINCT person_id), 'units', count(*),
                'difference', public.payments_plain(coalesce(sum(div(pay * becomes, was) - pay), 0)),
                'losing', count(DISTINCT person_id) FILTER (WHERE becomes < was), 'cut', becomes < was)
            FROM (SELECT (payload -> 'value' ->> 'share')::numeric AS becomes, coalesce(
                (public.payments_in_force('checking', payload ->> 'key') ->> 'share')::numeric, 1) AS was) voted
            LEFT JOIN public.payments_checks_paid c ON c.at > public.coop_now() - interval '28 days'
                AND payload ->> 'key' IN ('', 'work_type:' || c.work_type_id)
            GROUP BY becomes, was"""
CHECKED_BY_EACH = """SELECT public.payments_replay(ARRAY[]::bigint[], NULL, '{}', '{}') || (
                SELECT public.payments_spread(array_agg(
                    ROW(each.country, each.units, each.difference)::public.payments_share_of_one))
                FROM (
                    SELECT p.country, count(*) AS units, sum(div(c.pay * becomes, was) - c.pay)::bigint AS difference
                    FROM public.payments_checks_paid c JOIN public.people_person p ON p.id = c.person_id
                    WHERE c.at > public.coop_now() - interval '28 days'
                        AND payload ->> 'key' IN ('', 'work_type:' || c.work_type_id)
                    GROUP BY p.id
                ) each
            ) || jsonb_build_object('cut', becomes < was)
            FROM (SELECT (payload -> 'value' ->> 'share')::numeric AS becomes, coalesce(
                (public.payments_in_force('checking', payload ->> 'key') ->> 'share')::numeric, 1) AS was) voted"""
# What the weeks lacked was paid to people; and what deposits did not pay of it is the rest.
LACKED = """'lacked', public.payments_plain(coalesce(sum(p.amount), 0)),
        'by_deposits', public.payments_plain(coalesce(sum(p.amount) FILTER (WHERE p.job IS NOT NULL), 0)))"""
LACKED_BY_FIVE = """'lacked', CASE WHEN count(DISTINCT t.person_id) NOT BETWEEN 1 AND 4
            THEN public.payments_plain(coalesce(sum(p.amount), 0)) END,
        'by_deposits', CASE WHEN count(DISTINCT t.person_id) FILTER (WHERE p.job IS NOT NULL) NOT BETWEEN 1 AND 4
            AND count(DISTINCT t.person_id) FILTER (WHERE p.job IS NULL) NOT BETWEEN 1 AND 4
            THEN public.payments_plain(coalesce(sum(p.amount) FILTER (WHERE p.job IS NOT NULL), 0)) END)"""
# A surplus is divided by sums that all know; who they are divided among is not told apart.
SHARED = """'quarters', CASE WHEN count(*) >= 10 THEN jsonb_build_array(
                public.payments_plain(percentile_disc(0.25) WITHIN GROUP (ORDER BY s.cash + s.capital)),
                public.payments_plain(percentile_disc(0.5) WITHIN GROUP (ORDER BY s.cash + s.capital)),
                public.payments_plain(percentile_disc(0.75) WITHIN GROUP (ORDER BY s.cash + s.capital)))
                ELSE '[]' END)"""
SHARED_BY_FIVE = SHARED.replace(">= 10", ">= 20").replace(
    "ELSE '[]' END)",
    """WHEN count(*) >= 10 THEN jsonb_build_array(
                public.payments_plain(percentile_disc(0.5) WITHIN GROUP (ORDER BY s.cash + s.capital)))
                ELSE '[]' END)""",
)
RAISED = """'units', coalesce(sum(u.units), 0),
        'cost', public.payments_plain(
            least((said ->> 'most')::bigint, coalesce(sum(u.units), 0) * (said ->> 'amount')::bigint)::bigint))"""
RAISED_BY_FIVE = """'units', CASE WHEN count(*) NOT BETWEEN 1 AND 4 THEN coalesce(sum(u.units), 0) END,
        'cost', CASE WHEN count(*) NOT BETWEEN 1 AND 4 THEN public.payments_plain(
            least((said ->> 'most')::bigint, coalesce(sum(u.units), 0) * (said ->> 'amount')::bigint)::bigint) END)"""


class Migration(migrations.Migration):
    """Spread every report by one function, and publish what it tells."""

    dependencies: ClassVar = [("payments", "0083_sums_that_stay")]
    operations: ClassVar = [
        migrations.RunSQL(SPREAD),
        guards.Edited("payments_replay", (STOOD, OF_ALL)),
        guards.Edited("payments_impact", (CHECKED, CHECKED_BY_EACH)),
        guards.Edited("payments_worst_of_deposit", (LACKED, LACKED_BY_FIVE)),
        guards.Edited(
            "payments_surplus_impact",
            ("'people', count(*),", "'people', CASE WHEN count(*) NOT BETWEEN 1 AND 4 THEN count(*) END,"),
            (SHARED, SHARED_BY_FIVE),
        ),
        guards.Edited("payments_raise_impact", (RAISED, RAISED_BY_FIVE)),
        migrations.RunSQL(TOLD),
        guards.Allow("payments_impact(text, jsonb)"),
    ]
