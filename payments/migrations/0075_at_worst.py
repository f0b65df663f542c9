"""What a time limit, a floor, its deposit or a reopening takes at worst is told in figures, in the report (P9)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# What the work tells: how long each unit of the last 28 days was held until it was first handed in; what each paid for
# which client; the wages of the jobs that opened; what a client's comparable work has to pay.
FIGURES = """
CREATE VIEW public.payments_units_held AS
SELECT NULL::bigint AS work_type_id, NULL::bigint AS person_id, NULL::bigint AS pay, NULL::numeric AS seconds
    WHERE false;
CREATE VIEW public.payments_units_of_clients AS
SELECT NULL::bigint AS client_id, NULL::bigint AS work_type_id, NULL::bigint AS person_id, NULL::bigint AS pay
    WHERE false;
CREATE VIEW public.payments_jobs_opened AS
SELECT NULL::bigint AS work_type_id, NULL::numeric AS wages WHERE false;
CREATE FUNCTION public.payments_mark_of_client(client bigint, work bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $mark$ SELECT NULL::bigint $mark$;
"""

# Who loses how much, by quarter and country and by nobody's name: no cell of fewer than five, and none that could be
# worked out from the others. One line for each person.
SPREAD = """
CREATE TYPE public.payments_share_of_one AS (country text, units bigint, difference bigint);

CREATE FUNCTION public.payments_spread(people public.payments_share_of_one[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $spread$
    WITH each AS (
        SELECT country, units, difference FROM unnest(people)
    ), cells AS (
        SELECT country, count(*) AS people, sum(difference) AS difference FROM each GROUP BY country
    ), merged AS (
        SELECT CASE WHEN people < 5 OR smaller BETWEEN 1 AND 4 THEN '' ELSE country END AS country, people, difference
        FROM (SELECT *, coalesce(sum(people) OVER (ORDER BY people, country
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS smaller FROM cells) ordered
    )
    SELECT jsonb_build_object(
        'people', count(*), 'units', coalesce(sum(units), 0), 'losing', count(*) FILTER (WHERE difference < 0),
        'difference', public.payments_plain(coalesce(sum(difference), 0)),
        'quarters', CASE WHEN count(*) >= 10 THEN jsonb_build_array(
            public.payments_plain(percentile_disc(0.25) WITHIN GROUP (ORDER BY difference)),
            public.payments_plain(percentile_disc(0.5) WITHIN GROUP (ORDER BY difference)),
            public.payments_plain(percentile_disc(0.75) WITHIN GROUP (ORDER BY difference))) ELSE '[]' END,
        'countries', coalesce((SELECT jsonb_agg(jsonb_build_array(
                c.country, c.people, public.payments_plain(c.difference)) ORDER BY c.country = '', c.country)
            FROM (SELECT country, sum(people) AS people, sum(difference) AS difference
                FROM merged GROUP BY country HAVING sum(people) >= 5) c), '[]')
    ) FROM each
$spread$;
"""

# A job gives each task the least time that was voted, or three times the estimate where that is more. At worst all give
# just that: a unit that was held for longer is not paid.
TIME = """
CREATE FUNCTION public.payments_worst_of_time(becomes bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $worst$
    WITH least AS MATERIALIZED (
        SELECT r.id, greatest((public.payments_in_force('time_limit', '') ->> 'least')::bigint, r.thrice) AS was,
            greatest(payments_worst_of_time.becomes, r.thrice) AS becomes
        FROM public.payments_worktype t CROSS JOIN LATERAL (
            SELECT t.id, 3 * r.estimated_seconds AS thrice FROM public.payments_rate r WHERE r.work_type_id = t.id
            ORDER BY r.version DESC LIMIT 1
        ) r
    )
    SELECT public.payments_spread(array_agg(
        ROW(each.country, each.units, each.difference)::public.payments_share_of_one))
    FROM (
        SELECT p.country, count(*) AS units,
            sum(CASE WHEN u.seconds > k.becomes THEN -u.pay ELSE u.pay END)::bigint AS difference
        FROM public.payments_units_held u JOIN least k ON k.id = u.work_type_id
        JOIN public.people_person p ON p.id = u.person_id
        WHERE (u.seconds > k.was) <> (u.seconds > k.becomes)
        GROUP BY u.person_id, p.country
    ) each
$worst$;
"""

# The last four weeks that are over, as they were counted: what they would have lacked to the floor that is proposed.
FLOOR = """
CREATE FUNCTION public.payments_worst_of_floor(about text, becomes bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $worst$
    WITH floors AS MATERIALIZED (
        SELECT p.country, public.payments_floor_in(p.country) AS was, greatest(0,
            CASE about WHEN '' THEN becomes
                ELSE (public.payments_in_force('floor', '') ->> 'micro_an_hour')::bigint END,
            CASE about WHEN 'country:' || p.country THEN becomes ELSE (
                SELECT (i.value::jsonb ->> 'micro_an_hour')::bigint FROM public.payments_instrument i
                WHERE i.kind = 'floor' AND i.key = 'country:' || p.country ORDER BY i.version DESC LIMIT 1) END
        ) AS becomes FROM (SELECT DISTINCT country FROM public.people_person) p
        WHERE about IN ('', 'country:' || p.country)
    )
    SELECT public.payments_spread(array_agg(
        ROW(each.country, each.units, each.difference)::public.payments_share_of_one))
    FROM (
        SELECT p.country, count(*) AS units, sum(
            greatest(0, public.payments_round_up(f.becomes::numeric * t.seconds, 3600) - t.earned)
            - greatest(0, public.payments_round_up(f.was::numeric * t.seconds, 3600) - t.earned))::bigint AS difference
        FROM public.payments_topup t JOIN public.people_person p ON p.id = t.person_id JOIN floors f USING (country)
        WHERE t.week >= (public.payments_last_week() - interval '21 days')::date
        GROUP BY t.person_id, p.country
    ) each
$worst$;
"""

# What jobs deposit, of the wages of those that opened in the last 28 days; and what the last four weeks lacked.
DEPOSIT = """
CREATE FUNCTION public.payments_worst_of_deposit(about text, becomes bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $worst$
    SELECT jsonb_build_object(
        'deposits', (SELECT jsonb_build_array(
                public.payments_plain(coalesce(sum(div(j.wages * j.was, 10000)), 0)),
                public.payments_plain(coalesce(sum(div(j.wages * j.becomes, 10000)), 0)))
            FROM (
                SELECT o.wages, public.payments_deposit_share(o.work_type_id) AS was, CASE
                    WHEN about = 'work_type:' || o.work_type_id THEN payments_worst_of_deposit.becomes
                    WHEN about = '' AND NOT EXISTS (SELECT FROM public.payments_instrument i
                        WHERE i.kind = 'deposit' AND i.key = 'work_type:' || o.work_type_id)
                    THEN payments_worst_of_deposit.becomes
                    ELSE public.payments_deposit_share(o.work_type_id) END AS becomes
                FROM public.payments_jobs_opened o
            ) j),
        'lacked', public.payments_plain(coalesce(sum(p.amount), 0)),
        'by_deposits', public.payments_plain(coalesce(sum(p.amount) FILTER (WHERE p.job IS NOT NULL), 0)))
    FROM public.payments_topuppart p JOIN public.payments_topup t ON t.id = p.topup_id
    WHERE t.week >= (public.payments_last_week() - interval '21 days')::date
$worst$;
"""

# A client opens work again for what was voted, and never below the rate. At worst all that it gave in the last 28 days
# pays no more than that; `kept` is that pay beside the best of the last 12 months, as of a rate.
REOPENING = """
CREATE FUNCTION public.payments_worst_of_reopening(about text, becomes bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $worst$
    WITH it AS MATERIALIZED (
        SELECT w.client, w.work, greatest(becomes, r.amount)::bigint AS pay
        FROM (SELECT substring(about FROM '^client:([0-9]+)/')::bigint AS client,
            substring(about FROM 'work_type:([0-9]+)$')::bigint AS work) w
        CROSS JOIN LATERAL (SELECT r.amount FROM public.payments_rate r WHERE r.work_type_id = w.work
            ORDER BY r.version DESC LIMIT 1) r
    )
    SELECT public.payments_spread(array_agg(
        ROW(each.country, each.units, each.difference)::public.payments_share_of_one))
        || (SELECT jsonb_build_object('pays', public.payments_plain(i.pay), 'mark', public.payments_plain(m.mark),
                'kept', CASE WHEN m.mark > 0 THEN jsonb_build_array(
                    div(i.pay, gcd(i.pay, m.mark))::text, div(m.mark, gcd(i.pay, m.mark))::text) END)
            FROM it i CROSS JOIN LATERAL (SELECT public.payments_mark_of_client(i.client, i.work) AS mark) m)
    FROM (
        SELECT p.country, count(*) AS units, sum(least(u.pay, i.pay) - u.pay)::bigint AS difference
        FROM it i JOIN public.payments_units_of_clients u ON u.client_id = i.client AND u.work_type_id = i.work
        JOIN public.people_person p ON p.id = u.person_id
        WHERE u.pay > i.pay GROUP BY u.person_id, p.country
    ) each
$worst$;
"""
AT_WORST = """
CREATE FUNCTION public.payments_at_worst(policy text, payload jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $worst$
    SELECT CASE WHEN worst IS NULL THEN '{}' ELSE jsonb_build_object('worst', worst || jsonb_build_object('of', policy))
        || CASE jsonb_typeof(worst -> 'kept') WHEN 'array' THEN jsonb_build_object('kept', worst -> 'kept')
            ELSE '{}' END END
    FROM (SELECT CASE policy
        WHEN 'time_limit' THEN public.payments_worst_of_time((payload -> 'value' ->> 'least')::bigint)
        WHEN 'floor' THEN public.payments_worst_of_floor(
            payload ->> 'key', (payload -> 'value' ->> 'micro_an_hour')::bigint)
        WHEN 'deposit' THEN public.payments_worst_of_deposit(
            payload ->> 'key', (payload -> 'value' ->> 'share')::bigint)
        WHEN 'reopening' THEN public.payments_worst_of_reopening(
            payload ->> 'key', (payload -> 'value' ->> 'micro')::bigint)
    END AS worst) found
$worst$;
"""


class Migration(migrations.Migration):
    """Find it set by set, and print it with the rest."""

    dependencies: ClassVar = [("payments", "0074_probes")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (FIGURES, SPREAD, TIME, FLOOR, DEPOSIT, REOPENING, AT_WORST)),
        guards.Edited(
            "payments_impact",
            (
                "SELECT found || jsonb_build_object('rule', needed,",
                "SELECT found || public.payments_at_worst(policy, payload) || jsonb_build_object('rule', needed,",
            ),
        ),
    ]
