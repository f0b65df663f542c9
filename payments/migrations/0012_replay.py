"""A cut is found by replay (D4): the last 28 days' units and fixed probes, priced before and after, by the database."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# What the work tells of its units: those of the last 28 days, and how long units took under each rate.
WORK_FIGURES = """
CREATE VIEW public.payments_replay_units AS
SELECT NULL::bigint AS work_type_id, NULL::bigint AS person_id, NULL::bigint AS pay, NULL::bigint AS seconds
    WHERE false;

CREATE VIEW public.payments_time_under_rate AS
SELECT NULL::bigint AS rate_id, NULL::bigint AS units, NULL::bigint AS median_seconds WHERE false;
"""

# Two classes share their parts when their canonical keys do (D5). A kind of work has four: what is answered (shape),
# tier, language, family of guides (its name); three shared are comparable.
COMPARABLE = """
CREATE FUNCTION public.payments_comparable_kinds(work bigint)
RETURNS TABLE (work_type_id bigint, earlier boolean) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $alike$
    SELECT o.id, o.created_at < t.created_at
    FROM public.payments_worktype t JOIN public.payments_worktype o ON o.id <> t.id
    WHERE t.id = work AND 3 <= public.payments_shared_parts(t.shape, t.tier, t.language, t.name,
        o.shape, o.tier, o.language, o.name)
$alike$;
"""
SHARED = """
CREATE FUNCTION public.payments_shared_parts(shape text, tier text, language text, name text,
    shape2 text, tier2 text, language2 text, name2 text) RETURNS integer LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $shared$
    SELECT (public.payments_fold(shape) = public.payments_fold(shape2))::integer
        + (public.payments_fold(tier) = public.payments_fold(tier2))::integer
        + (public.payments_fold(language) = public.payments_fold(language2))::integer
        + (public.payments_fold(name) = public.payments_fold(name2))::integer
$shared$;
"""

# The high-water marks of a class (D7): what it paid under every rate of the last 12 months, by the unit and by the
# hour, at the voted time and, where it was measured, at the median time; and by the hour what comparable kinds paid
# that were there before it, so that a split class has no second budget. `num` / `den` is the share a new rate keeps.
MARKS = """
CREATE FUNCTION public.payments_kept_shares(work bigint, pay numeric, seconds numeric)
RETURNS TABLE (version integer, own boolean, num numeric, den numeric) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $marks$
    WITH classes AS (
        SELECT work AS id, true AS own
        UNION ALL SELECT k.work_type_id, false FROM public.payments_comparable_kinds(work) k WHERE k.earlier
    ), past AS (
        SELECT c.own, r.id, r.version, r.amount::numeric AS was, r.estimated_seconds::numeric AS took,
            m.median_seconds::numeric AS median
        FROM classes c JOIN public.payments_rate r ON r.work_type_id = c.id
        LEFT JOIN public.payments_time_under_rate m ON m.rate_id = r.id AND m.units >= 20 AND m.median_seconds > 0
        WHERE NOT EXISTS (
            SELECT FROM public.payments_rate later WHERE later.work_type_id = c.id AND later.version > r.version
            AND later.since <= public.coop_now() - interval '12 months'
        )
    ), latest AS (
        SELECT took, median FROM past WHERE own ORDER BY version DESC LIMIT 1
    )
    SELECT version, true, pay, was FROM past WHERE own
    UNION ALL SELECT version, own, pay * took, was * seconds FROM past
    -- What a unit takes now grows with the voted time; nothing is measured under a rate that nobody worked at yet.
    UNION ALL SELECT p.version, p.own, pay * l.took * p.median, p.was * l.median * seconds
        FROM past p CROSS JOIN latest l WHERE p.own AND p.median IS NOT NULL AND l.median IS NOT NULL
$marks$;

CREATE OR REPLACE FUNCTION public.payments_rule_for_rate(work bigint, pay bigint, seconds integer) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $rule$
    WITH shares AS (
        SELECT * FROM public.payments_kept_shares(work, pay, seconds)
    ), latest AS (
        SELECT r.amount::numeric AS was, r.estimated_seconds::numeric AS took FROM public.payments_rate r
        WHERE r.work_type_id = work ORDER BY r.version DESC LIMIT 1
    )
    SELECT CASE
        WHEN (SELECT pay >= was AND pay * took >= was * seconds FROM latest) THEN 'N10'
        WHEN NOT EXISTS (SELECT FROM latest) AND coalesce(bool_and(num >= den), true) THEN 'N10'
        WHEN bool_and(100 * num >= 95 * den) THEN 'N1'
        WHEN bool_and(100 * num >= 85 * den) THEN 'N2'
        ELSE 'N3'
    END FROM shares
$rule$;
"""

# Terms of pay, before and after: each is a whole number. `taken` is what is held back of a wage, in basis points.
TERMS = """
CREATE TYPE public.payments_terms AS (
    amount bigint, seconds bigint, wage_step bigint, bonus_every bigint, bonus bigint, taken bigint, minimum bigint,
    payout_step bigint, delay_hours bigint
);

CREATE FUNCTION public.payments_terms_of(work bigint, changed jsonb) RETURNS public.payments_terms
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $terms$
    SELECT ROW(
        coalesce((changed ->> 'amount')::bigint, r.amount),
        coalesce((changed ->> 'seconds')::bigint, r.estimated_seconds),
        coalesce((changed ->> 'wage_step')::bigint,
            (public.payments_in_force('rounding', '') ->> 'wage_step')::bigint),
        coalesce((changed ->> 'bonus_every')::bigint, (public.payments_in_force('bonus', '') ->> 'every')::bigint),
        coalesce((changed ->> 'bonus')::bigint, 0),
        coalesce((changed ->> 'taken')::bigint, 0),
        coalesce((changed ->> 'minimum')::bigint,
            (public.payments_in_force('payout_minimum', '') ->> 'micro')::bigint),
        coalesce((changed ->> 'payout_step')::bigint,
            (public.payments_in_force('rounding', '') ->> 'payout_step')::bigint),
        coalesce((changed ->> 'delay_hours')::bigint,
            (public.payments_in_force('payout_delay', '') ->> 'hours')::bigint)
    )::public.payments_terms
    FROM public.payments_rate r WHERE r.work_type_id = work ORDER BY r.version DESC LIMIT 1
$terms$;

-- What `units` of a person come to, net; and what of a sum can be paid out at once. Both are rounded down, as pay is.
CREATE FUNCTION public.payments_net(units bigint, t public.payments_terms) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $net$
    SELECT units * (t.amount * (10000 - t.taken) / 10000 / t.wage_step * t.wage_step)
        + CASE WHEN t.bonus_every > 0 THEN units / t.bonus_every * t.bonus ELSE 0 END
$net$;

CREATE FUNCTION public.payments_ready(net bigint, t public.payments_terms) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $ready$
    SELECT CASE WHEN net >= t.minimum THEN net - net % t.payout_step ELSE 0 END
$ready$;

CREATE FUNCTION public.payments_plain(micro numeric) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $plain$
    SELECT trim_scale(micro / 1000000)::text
$plain$;
"""

# One look at the units, whole sums only. A unit paid above its rate keeps what the client added: a cut counts for it
# too, as what falls is what it is sure of. `works` null is every kind of work; `living` null is everywhere.
REPLAY = """
CREATE FUNCTION public.payments_replay(works bigint[], living text, before jsonb, changed jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $replay$
    WITH kinds AS MATERIALIZED (
        SELECT t.id, public.payments_terms_of(t.id, before) AS was, public.payments_terms_of(t.id, changed) AS becomes
        FROM public.payments_worktype t WHERE (works IS NULL OR t.id = ANY(works))
            AND EXISTS (SELECT FROM public.payments_rate r WHERE r.work_type_id = t.id)
    ), flat AS MATERIALIZED (
        SELECT id, was, becomes, (was).amount AS amount, (was).seconds AS seconds, (becomes).amount AS amount2,
            (becomes).seconds AS seconds2, (becomes).taken AS taken2, (becomes).wage_step AS step2
        FROM kinds
    ), done AS MATERIALIZED (
        SELECT u.work_type_id, u.person_id, count(*) AS units, sum(greatest(u.pay, k.amount))::bigint AS paid,
            sum((CASE WHEN k.amount2 >= k.amount THEN greatest(u.pay, k.amount2)
                ELSE greatest(u.pay, k.amount) - (k.amount - k.amount2) END)
                * (10000 - k.taken2) / 10000 / k.step2 * k.step2)::bigint AS paid2
        FROM public.payments_replay_units u JOIN flat k ON k.id = u.work_type_id
        GROUP BY u.work_type_id, u.person_id
    ), each AS MATERIALIZED (
        SELECT d.person_id, p.country, sum(d.units)::bigint AS units,
            sum(d.paid + CASE WHEN (k.was).bonus_every > 0
                THEN d.units / (k.was).bonus_every * (k.was).bonus ELSE 0 END)::bigint AS net,
            sum(d.paid2 + CASE WHEN (k.becomes).bonus_every > 0
                THEN d.units / (k.becomes).bonus_every * (k.becomes).bonus ELSE 0 END)::bigint AS net2,
            min(k.was::text)::public.payments_terms AS was, min(k.becomes::text)::public.payments_terms AS becomes
        FROM done d JOIN kinds k ON k.id = d.work_type_id JOIN public.people_person p ON p.id = d.person_id
        WHERE living IS NULL OR p.country = living
        GROUP BY d.person_id, p.country
    ), people AS MATERIALIZED (
        SELECT country, units, net2 - net AS difference,
            net2 < net OR public.payments_ready(net2, becomes) < public.payments_ready(net, was) AS loses FROM each
    ), probes AS MATERIALIZED (
        -- 1 to 200 units, the first of a new worker among them, and what of them could be paid out.
        SELECT count(*) AS tried, count(*) FILTER (
            WHERE public.payments_net(n, becomes) < public.payments_net(n, was)
            OR public.payments_ready(public.payments_net(n, becomes), becomes)
                < public.payments_ready(public.payments_net(n, was), was)
        ) AS lower FROM kinds, generate_series(1, 200) n
    ), time AS (
        SELECT coalesce(bool_or(
            amount2 * (10000 - taken2) / 10000 * seconds < amount * seconds2
            OR (becomes).delay_hours > (was).delay_hours
        ), false) AS worse FROM flat
    ), cells AS (
        SELECT country, count(*) AS people, sum(difference) AS difference FROM people GROUP BY country
    ), merged AS (
        -- No cell of fewer than five, and none that could be worked out from the others.
        SELECT CASE WHEN people < 5 OR smaller BETWEEN 1 AND 4 THEN '' ELSE country END AS country, people, difference
        FROM (SELECT *, coalesce(sum(people) OVER (ORDER BY people, country
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS smaller FROM cells) ordered
    )
    SELECT jsonb_build_object(
        'days', 28, 'people', count(*), 'units', coalesce(sum(units), 0),
        'difference', public.payments_plain(coalesce(sum(difference), 0)),
        'losing', count(*) FILTER (WHERE loses),
        'cut', bool_or(loses) IS TRUE OR (SELECT lower > 0 FROM probes) OR (SELECT worse FROM time),
        'probes', (SELECT jsonb_build_object('tried', tried, 'lower', lower) FROM probes),
        'worse_time', (SELECT worse FROM time),
        'quarters', CASE WHEN count(*) >= 10 THEN jsonb_build_array(
            public.payments_plain(percentile_disc(0.25) WITHIN GROUP (ORDER BY difference)),
            public.payments_plain(percentile_disc(0.5) WITHIN GROUP (ORDER BY difference)),
            public.payments_plain(percentile_disc(0.75) WITHIN GROUP (ORDER BY difference))) ELSE '[]' END,
        'countries', coalesce((SELECT jsonb_agg(jsonb_build_array(
                c.country, c.people, public.payments_plain(c.difference)) ORDER BY c.country = '', c.country)
            FROM (SELECT country, sum(people) AS people, sum(difference) AS difference
                FROM merged GROUP BY country HAVING sum(people) >= 5) c), '[]')
    ) FROM people
$replay$;
"""

# The rule a change needs and what it does, from nothing but its policy and its payload: asked by the page when it is
# proposed, by the database when it is published and again when it is carried out.
IMPACT = """
CREATE FUNCTION public.payments_micro(amount text) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $micro$
    SELECT CASE WHEN amount ~ '^[0-9]{1,9}([.][0-9]{1,6})?$' THEN (amount::numeric * 1000000)::bigint END
$micro$;

CREATE FUNCTION public.payments_needed_rule(policy text, payload jsonb) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $needed$
    SELECT CASE policy
        WHEN 'rate_change' THEN public.payments_rule_for_rate((payload ->> 'work_type')::bigint,
            public.payments_micro(payload ->> 'amount'), (payload ->> 'estimated_seconds')::integer)
        WHEN 'fee_change' THEN CASE WHEN (payload ->> 'on_wage')::integer <=
            (SELECT f.on_wage FROM public.payments_fee f ORDER BY f.version DESC LIMIT 1) THEN 'N11' ELSE 'N3' END
        ELSE public.payments_rule_for_instrument(policy, payload ->> 'key', payload -> 'value')
    END
$needed$;

CREATE FUNCTION public.payments_is_ours(policy text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $ours$
    SELECT policy IN ('rate_change', 'fee_change', 'rounding', 'currency', 'bonus', 'time_limit', 'acceptance',
        'allocation', 'qualification', 'region', 'client_block', 'payout_minimum', 'payout_delay', 'floor', 'rail',
        'opening', 'reopening')
$ours$;

CREATE FUNCTION public.payments_kept(work bigint, pay bigint, seconds integer) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $kept$
    SELECT jsonb_build_array(div(num, gcd(num, den))::text, div(den, gcd(num, den))::text)
    FROM public.payments_kept_shares(work, pay, seconds) ORDER BY num / den LIMIT 1
$kept$;

CREATE FUNCTION public.payments_impact(policy text, payload jsonb) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $impact$
    SELECT CASE policy
        WHEN 'rate_change' THEN (
            SELECT public.payments_replay(ARRAY[r.work_type_id], NULL, '{}', jsonb_build_object(
                'amount', public.payments_micro(payload ->> 'amount'), 'seconds', payload -> 'estimated_seconds'))
                || jsonb_build_object('old', public.payments_plain(r.amount), 'new', payload -> 'amount',
                    'currency', r.currency, 'kept', public.payments_kept(r.work_type_id,
                        public.payments_micro(payload ->> 'amount'), (payload ->> 'estimated_seconds')::integer))
            FROM public.payments_rate r WHERE r.work_type_id = (payload ->> 'work_type')::bigint
            ORDER BY r.version DESC LIMIT 1
        )
        WHEN 'payout_minimum' THEN
            public.payments_replay(NULL, NULL, '{}', jsonb_build_object('minimum', payload -> 'value' -> 'micro'))
        WHEN 'payout_delay' THEN
            public.payments_replay(NULL, NULL, '{}', jsonb_build_object('delay_hours', payload -> 'value' -> 'hours'))
        WHEN 'rounding' THEN public.payments_replay(NULL, NULL, '{}', payload -> 'value')
        -- What is closed pays nothing: all that was earned there is what is lost.
        WHEN 'region' THEN public.payments_replay(NULL, split_part(payload ->> 'key', ':', 2), '{}',
            CASE payload -> 'value' ->> 'open' WHEN 'false' THEN '{"taken": 10000}' ELSE '{}' END::jsonb)
        WHEN 'opening' THEN public.payments_replay(ARRAY[split_part(payload ->> 'key', ':', 2)::bigint], NULL, '{}',
            CASE payload -> 'value' ->> 'open' WHEN 'false' THEN '{"taken": 10000}' ELSE '{}' END::jsonb)
        ELSE public.payments_replay(CASE WHEN payload ->> 'key' ~ '^work_type:[0-9]+$'
            THEN ARRAY[split_part(payload ->> 'key', ':', 2)::bigint] END, NULL, '{}', '{}')
    END || jsonb_build_object('rule', public.payments_needed_rule(policy, payload))
$impact$;
"""

TOO_MILD = "What this change does needs a stricter rule than the one it was given."
ALIKE = guards.refuse(
    "impact_is_computed_by_the_database", "A cut of comparable work was proposed in the last 90 days (3.3)."
)
COMPUTED = f"""
    IF OLD.published_at IS NOT NULL OR NEW.published_at IS NULL OR NOT public.payments_is_ours(NEW.policy) THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("impact_is_computed_by_the_database")}
    SELECT r.key INTO given FROM public.governance_rule r WHERE r.id = NEW.rule_id;
    IF public.payments_suffices(given, public.payments_needed_rule(NEW.policy, NEW.payload::jsonb)) IS NOT TRUE
        OR NEW.subject IS DISTINCT FROM (CASE NEW.policy
            WHEN 'rate_change' THEN 'work_type:' || (NEW.payload::jsonb ->> 'work_type')
            WHEN 'fee_change' THEN 'everybody'
            ELSE public.payments_subject(NEW.policy, NEW.payload::jsonb ->> 'key') END)
    THEN
        {guards.refuse("impact_is_computed_by_the_database", TOO_MILD)}
    END IF;
    IF given IN ('N1', 'N2', 'N3') AND NEW.policy = 'rate_change' AND EXISTS (
        SELECT FROM public.payments_comparable_kinds((NEW.payload::jsonb ->> 'work_type')::bigint) k
        JOIN public.governance_proposal other ON other.subject = 'work_type:' || k.work_type_id
            AND other.policy = 'rate_change' AND other.published_at > public.coop_now() - interval '2160 hours'
        JOIN public.governance_rule r ON r.id = other.rule_id AND r.key IN ('N1', 'N2', 'N3')
    ) THEN
        {ALIKE}
    END IF;
    NEW.impact := public.payments_canonical(public.payments_impact(NEW.policy, NEW.payload::jsonb));
    RETURN NEW;
"""


# Pages ask it too, and its parts are closed to them.
ASKED = "ALTER FUNCTION public.payments_instrument_holds(text, text, jsonb) SECURITY DEFINER;"


class Migration(migrations.Migration):
    """Install the replay, and let the database print what a change does on the proposal it is in."""

    dependencies: ClassVar = [("payments", "0011_entitled_once"), ("governance", "0005_counting_options")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (ASKED, WORK_FIGURES, SHARED, COMPARABLE, MARKS, TERMS, REPLAY, IMPACT)),
        # Its name comes before `proposal_stands_once_published`, which makes the digest.
        guards.Procedure(
            "impact_is_computed_by_the_database",
            table="governance_proposal",
            on="UPDATE",
            declare="given text;",
            body=COMPUTED,
            definer=True,
        ),
        guards.Allow("payments_impact(text, jsonb)"),
        guards.Allow("payments_needed_rule(text, jsonb)"),
        guards.Allow("payments_subject(text, text)"),
    ]
