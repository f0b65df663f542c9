"""The fixed probes of a change of pay (D4) are data in one place: odd amounts and the smallest payout among them."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Up to 200 units at the rate, the first of a new worker being one; some units whose pay a client raised by an odd
# amount; sums that no round step divides; the smallest payout, and the next ones. All in US dollars, in micro-units, as
# there is no other currency of pay: the registry takes one (`payments_instrument_holds`).
# A report is compared later with the editions that it was made of.
PROBES = """
CREATE FUNCTION public.payments_probes(upto integer)
RETURNS TABLE (edition integer, name text, units bigint, more bigint, ready bigint, steps bigint)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $probes$
    SELECT * FROM (
        SELECT 1, 'units', n, 0::bigint, NULL::bigint, NULL::bigint FROM generate_series(1::bigint, 200) n
        UNION ALL
        SELECT 2, 'odd units', n, more, NULL, NULL FROM unnest('{1,2,3,7,19,53,97,199}'::bigint[]) n
            CROSS JOIN unnest('{1,333,4999,7001,33333,123457}'::bigint[]) more
        UNION ALL
        SELECT 2, 'odd sums', NULL, NULL, 10000 * cents, NULL
            FROM unnest('{101,103,107,113,199,333,499,501,777,999,1001,2503,9999}'::bigint[]) cents
        UNION ALL
        SELECT 2, 'smallest payout', NULL, NULL, NULL, n FROM generate_series(0::bigint, 2) n
    ) known (edition, name, units, more, ready, steps) WHERE known.edition <= upto
$probes$;

-- What units come to, net, each paid so much more than the rate.
CREATE FUNCTION public.payments_net(units bigint, more bigint, t public.payments_terms) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $net$
    SELECT units * ((t.amount + more) * (10000 - t.taken) / 10000 / t.wage_step * t.wage_step)
        + CASE WHEN t.bonus_every > 0 THEN units / t.bonus_every * t.bonus ELSE 0 END
$net$;

-- Each probe, and whether it pays less or less of it can be paid out.
CREATE FUNCTION public.payments_probed(was public.payments_terms, becomes public.payments_terms, upto integer)
RETURNS TABLE (name text, units bigint, more bigint, net bigint, lower boolean)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $probed$
    SELECT p.name, p.units, p.more, before.net, after.net < before.net
        OR public.payments_ready(after.net, becomes) < public.payments_ready(before.net, was)
    FROM public.payments_probes(upto) p
    CROSS JOIN LATERAL (SELECT coalesce(public.payments_net(p.units, p.more, was), p.ready,
        greatest((was).minimum, (was).payout_step) + p.steps * (was).payout_step) AS net) before
    CROSS JOIN LATERAL (SELECT coalesce(public.payments_net(p.units, p.more, becomes), before.net) AS net) after
$probed$;
"""
EDITION = 2
OF_200 = """-- 1 to 200 units, the first of a new worker among them, and what of them could be paid out.
        SELECT count(*) AS tried, count(*) FILTER (
            WHERE public.payments_net(n, becomes) < public.payments_net(n, was)
            OR public.payments_ready(public.payments_net(n, becomes), becomes)
                < public.payments_ready(public.payments_net(n, was), was)
        ) AS lower FROM kinds, generate_series(1, 200) n"""
OF_ALL = f"""SELECT count(*) AS tried, count(*) FILTER (WHERE p.lower) AS lower
        FROM kinds, public.payments_probed(was, becomes, {EDITION}) p"""
COUNTED = "jsonb_build_object('tried', tried, 'lower', lower)"
OF_THEN = "payments_probes_since(p.policy, p.payload::jsonb, p.published_at)"
OF_ITS_EDITION = """payments_probes_since(
            p.policy, p.payload::jsonb, p.published_at, coalesce((told.probes ->> 'edition')::integer, 1))"""
# As before, by the probes that the report was made of.
SINCE = """
DROP FUNCTION public.payments_probes_since(text, jsonb, timestamptz);
CREATE FUNCTION public.payments_probes_since(policy text, payload jsonb, moment timestamptz, upto integer)
RETURNS TABLE (tried bigint, lower bigint, edition integer) LANGUAGE sql STABLE SECURITY DEFINER
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
    SELECT count(*), count(*) FILTER (WHERE p.lower), upto FROM kinds, public.payments_probed(was, becomes, upto) p
$probes$;
"""


class Migration(migrations.Migration):
    """Try them wherever a change is priced."""

    dependencies: ClassVar = [("payments", "0073_which_payout")]
    operations: ClassVar = [
        migrations.RunSQL(PROBES),
        migrations.RunSQL(SINCE),
        guards.Edited("payments_replay", (OF_200, OF_ALL), (COUNTED, f"{COUNTED[:-1]}, 'edition', {EDITION})")),
        guards.Edited("payments_worse_than_told", (OF_THEN, OF_ITS_EDITION)),
    ]
