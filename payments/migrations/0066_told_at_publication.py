"""No raise and no new kind of work makes a vote worse than was told: what stood when it was published counts (G6)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# What a change makes of the terms of pay, as far as it changes what a unit comes to or when it can be paid out.
CHANGED = """
CREATE FUNCTION public.payments_terms_changed(policy text, payload jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $changed$
    SELECT CASE
        WHEN policy = 'payout_minimum' THEN jsonb_build_object('minimum', payload -> 'value' -> 'micro')
        WHEN policy = 'rounding' THEN payload -> 'value'
        WHEN policy IN ('region', 'opening') AND payload -> 'value' ->> 'open' = 'false' THEN '{"taken": 10000}'
        ELSE '{}'
    END
$changed$;
"""
# Each kind of work that could be told of, under the worse of what stood then and what stands now: its rate, the least
# payout and the steps. A raise and finer steps drop out; a cut, a higher least payout and coarser steps compose.
PROBES = """
CREATE FUNCTION public.payments_instrument_at(what text, moment timestamptz) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $at$
    SELECT i.value::jsonb FROM public.payments_instrument i
    WHERE i.kind = what AND i.key = '' AND i.since <= moment ORDER BY i.version DESC LIMIT 1
$at$;

CREATE FUNCTION public.payments_probes_since(policy text, payload jsonb, moment timestamptz)
RETURNS TABLE (tried bigint, lower bigint) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $probes$
    WITH stood AS (
        SELECT public.payments_instrument_at('payout_minimum', m.at) AS minimum,
            public.payments_instrument_at('rounding', m.at) AS steps
        FROM (VALUES (moment), (public.coop_now())) AS m (at)
    ), worst AS (
        SELECT jsonb_build_object('minimum', max((minimum ->> 'micro')::bigint),
            'wage_step', max((steps ->> 'wage_step')::bigint),
            'payout_step', max((steps ->> 'payout_step')::bigint)) AS terms FROM stood
    ), kinds AS MATERIALIZED (
        SELECT public.payments_terms_of(t.id, it.terms) AS was,
            public.payments_terms_of(t.id, it.terms || public.payments_terms_changed(policy, payload)) AS becomes
        FROM public.payments_worktype t CROSS JOIN worst w
        CROSS JOIN LATERAL (
            SELECT r.amount FROM public.payments_rate r WHERE r.work_type_id = t.id AND r.since <= moment
            ORDER BY r.version DESC LIMIT 1
        ) told
        CROSS JOIN LATERAL (
            SELECT r.amount FROM public.payments_rate r WHERE r.work_type_id = t.id ORDER BY r.version DESC LIMIT 1
        ) now
        CROSS JOIN LATERAL (
            SELECT w.terms || jsonb_build_object('amount', least(told.amount, now.amount)) AS terms
        ) it
        WHERE policy <> 'opening' OR payload ->> 'key' = 'work_type:' || t.id
    )
    SELECT count(*), count(*) FILTER (
        WHERE public.payments_net(n, becomes) < public.payments_net(n, was)
        OR public.payments_ready(public.payments_net(n, becomes), becomes)
            < public.payments_ready(public.payments_net(n, was), was)
    ) FROM kinds, generate_series(1, 200) n
$probes$;
"""
WORSE = """
CREATE OR REPLACE FUNCTION public.payments_worse_than_told(vote bigint)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $worse$
    SELECT coalesce((
        SELECT does.lower * (told.probes ->> 'tried')::bigint > (told.probes ->> 'lower')::bigint * does.tried
        FROM public.governance_proposal p
        CROSS JOIN LATERAL (SELECT p.impact::jsonb -> 'probes' AS probes) told
        CROSS JOIN LATERAL public.payments_probes_since(p.policy, p.payload::jsonb, p.published_at) does
        WHERE p.id = vote AND public.payments_is_ours(p.policy)
    ), false)
$worse$;
"""
OPEN = """
            CASE payload -> 'value' ->> 'open' WHEN 'false' THEN '{"taken": 10000}' ELSE '{}' END::jsonb)"""
TERMS = "public.payments_terms_changed(policy, payload))"


class Migration(migrations.Migration):
    """Compare the probes of then alone; the report asks the same function what a change makes of the terms."""

    dependencies: ClassVar = [("payments", "0065_who_is_offered_less")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (CHANGED, PROBES, WORSE)),
        guards.Edited(
            "payments_impact",
            ("jsonb_build_object('minimum', payload -> 'value' -> 'micro'))", TERMS),
            ("payments_replay(NULL, NULL, '{}', payload -> 'value')", f"payments_replay(NULL, NULL, '{{}}', {TERMS}"),
            (OPEN, f" {TERMS}"),
        ),
    ]
