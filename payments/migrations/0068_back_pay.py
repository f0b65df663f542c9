"""Back pay is one and a half times what was lost, no day twice, and a held payout is a sign of its own (7.10, 7.11)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# When the work of a wage was done, by its assignment; the work above knows.
DONE = """
CREATE VIEW public.payments_done_at AS SELECT NULL::bigint AS assignment_id, NULL::timestamptz AS at WHERE false;
"""
# What a person's work of a time was paid, in micro-units, whenever it was paid. What has no assignment counts when it
# was posted. `paused` counts what pauses paid too, as in the average: nobody's falls by having been paused.
# What was posted after `known` does not count, so that a sum that was paid stays as it was.
EARNED = """
CREATE FUNCTION public.payments_earned(
    who bigint, since timestamptz, until timestamptz, known timestamptz, paused boolean)
RETURNS numeric LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $earned$
    SELECT coalesce(sum(t.amount), 0)::numeric
    FROM public.payments_account c JOIN public.payments_transfer t ON t.credit_id = c.id
    LEFT JOIN public.payments_done_at d
        ON d.assignment_id = substring(t.ref FROM '^assignment:([0-9]{1,18})$')::bigint
    WHERE c.code = 'member:' || who || ':payable' AND c.currency = 'USD'
        AND t.posted_at >= since AND t.posted_at <= known
        AND (t.kind IN (5, 9, 10, 11, 26, 28, 31) OR (t.kind = 24 AND paused))
        AND coalesce(d.at, t.posted_at) >= since AND coalesce(d.at, t.posted_at) < until
$earned$;
"""
# A case of no offers is about 14 days before it, a lost kind of work is found within a day of it.
LOST = """
CREATE OR REPLACE VIEW public.payments_lost_time AS
SELECT 'restriction:' || r.id AS source, r.person_id, r.scope, r.starts_at, least(r.ends_at, a.appealed_at) AS ends_at,
    m.measure = 'pause' AS paid_meanwhile
FROM public.governance_restriction r
JOIN public.governance_decision d ON d.id = r.decision_id
JOIN public.governance_motion m ON m.id = d.motion_id
JOIN public.governance_appeal a ON a.decision_id = d.id AND a.appealed_at > r.starts_at
JOIN public.governance_panel p ON p.case_id = d.case_id AND p.stage = 'appeal'
LEFT JOIN public.governance_decision e ON e.panel_id = p.id
LEFT JOIN public.governance_motion n ON n.id = e.motion_id
WHERE r.scope NOT IN ('mute', 'membership')
    AND (n.measure = 'nothing' OR (e.id IS NULL AND p.decide_by <= public.coop_now()))
UNION ALL
SELECT 'case:' || c.id, c.person_id, 'work',
    c.opened_at - CASE c.ground WHEN 'no_offers' THEN interval '336 hours' ELSE interval '24 hours' END,
    d.decided_at, false
FROM public.governance_case c
JOIN public.governance_decision d ON d.case_id = c.id
JOIN public.governance_motion m ON m.id = d.motion_id
WHERE c.kind = 'equivalent' AND c.ground IN ('no_offers', 'lost_tier') AND m.measure = 'repair';
"""
# The members who did the kinds of work that somebody did, or any kind where they did none: what each of them earned on
# average, in the same 91 days. Asked only for who earned nothing in them.
PEERS = """
CREATE FUNCTION public.payments_peers_earned(who bigint, since timestamptz, until timestamptz)
RETURNS numeric LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $peers$
    WITH mine AS (
        SELECT d.work_type_id FROM public.payments_units_done d WHERE d.person_id = who AND d.accepted > 0
    ), peers AS (
        SELECT DISTINCT d.person_id FROM public.payments_units_done d
        WHERE d.accepted > 0 AND d.person_id <> who
            AND (d.work_type_id IN (SELECT m.work_type_id FROM mine m) OR NOT EXISTS (SELECT FROM mine))
    )
    SELECT coalesce(avg(e.amount), 0) FROM peers p
    CROSS JOIN LATERAL (SELECT public.payments_earned(p.person_id, since, until, until, true) AS amount) e
    WHERE e.amount > 0
$peers$;
"""
# Each number of the sum, as payments/repairs.py says it. The weeks of the average end where the lost time began, also
# where several cases follow each other. Days that were paid for already are left out, whatever case paid them.
PARTS = """
CREATE FUNCTION public.payments_back_pay_parts(lost text)
RETURNS TABLE (began_at timestamptz, starts_at timestamptz, ends_at timestamptz, by_peers boolean, before numeric,
    seconds numeric, meanwhile numeric, paused bigint, amount bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $parts$
    WITH me AS (
        SELECT * FROM public.payments_lost_time l WHERE l.source = lost
    ), paid AS (
        SELECT coalesce(max(e.id), 9223372036854775807) AS id, coalesce(max(e.at), public.coop_now()) AS at
        FROM public.payments_entitlement e WHERE e.kind = 27 AND e.source = lost
    ), began AS (
        SELECT lower(span) AS at FROM me, paid, unnest((
            SELECT range_agg(tstzrange(l.starts_at, l.ends_at)) FROM public.payments_lost_time l
            LEFT JOIN public.payments_entitlement e ON e.kind = 27 AND e.source = l.source
            WHERE l.person_id = me.person_id
                AND (l.source = me.source OR paid.id = 9223372036854775807 OR e.id < paid.id))) span
        WHERE span @> me.starts_at
    ), own AS (
        SELECT public.payments_earned(me.person_id, began.at - interval '91 days', began.at, paid.at, true) AS amount
        FROM me, began, paid
    ), average AS (
        SELECT own.amount = 0 AS by_peers, CASE WHEN own.amount > 0 THEN own.amount ELSE
            public.payments_peers_earned(me.person_id, began.at - interval '91 days', began.at) END AS amount
        FROM me, began, own
    ), spans AS (
        SELECT lower(span) AS since, upper(span) AS until FROM me, paid, unnest(
            tstzmultirange(tstzrange(me.starts_at, me.ends_at)) - coalesce((
                SELECT range_agg(tstzrange(l.starts_at, l.ends_at)) FROM public.payments_lost_time l
                JOIN public.payments_entitlement e ON e.kind = 27 AND e.source = l.source
                WHERE l.person_id = me.person_id AND e.id < paid.id
            ), '{}'::tstzmultirange)) span
    ), whole AS (
        SELECT coalesce(sum(extract(epoch FROM s.until - s.since)), 0) AS seconds,
            coalesce(sum(public.payments_earned(me.person_id, s.since, s.until, paid.at, false)), 0) AS meanwhile,
            coalesce(sum((
                SELECT sum(public.payments_pause_pay(p.source, least(p.ends_at, s.until))
                    - public.payments_pause_pay(p.source, greatest(p.starts_at, s.since)))
                FROM public.payments_pause_spans p WHERE p.person_id = me.person_id
                    AND p.starts_at < s.until AND p.ends_at > s.since
            )), 0)::bigint AS paused
        FROM me, paid, spans s
    )
    SELECT began.at, me.starts_at, me.ends_at, average.by_peers, average.amount, whole.seconds, whole.meanwhile,
        whole.paused, greatest(0, ceil(1.5 * greatest(0,
            average.amount * whole.seconds / 7862400 - whole.meanwhile))::bigint - whole.paused)
    FROM me, began, average, whole
$parts$;
CREATE OR REPLACE FUNCTION public.payments_back_pay(lost text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $back$
    SELECT p.amount FROM public.payments_back_pay_parts(lost) p
$back$;
"""
# Answers that came back and ended unpaid, of a case that a panel repairs: their pay, once. The work above knows.
RETURNED = """
CREATE VIEW public.payments_returned_unpaid AS
SELECT NULL::text AS source, NULL::bigint AS person_id, NULL::bigint AS answers, NULL::bigint AS amount WHERE false;
"""
OWED = """
UNION ALL
SELECT u.person_id, 27, u.source, NULL, NULL, u.amount FROM public.payments_returned_unpaid u
WHERE NOT EXISTS (SELECT FROM public.payments_entitlement e WHERE e.kind = 27 AND e.source = u.source);
"""
SIGN = """
CREATE OR REPLACE VIEW public.governance_sign_of_money AS
SELECT DISTINCT p.person_id, 'held_payout' AS ground FROM public.payments_payout p
WHERE p.state NOT IN ('settled', 'failed') AND p.requested_at <= public.coop_now() - interval '72 hours';
"""
EXTEND = f"""
DO $owed$
BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW public.payments_owed AS '
        || rtrim(pg_get_viewdef('public.payments_owed'::regclass), '; ') || $more${OWED}$more$;
END $owed$;
"""


class Migration(migrations.Migration):
    """Replace the sum, and let the work above fill in when work was done and what came back unpaid."""

    dependencies: ClassVar = [("payments", "0067_objections"), ("governance", "0063_signs")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (DONE, EARNED, LOST, PEERS, PARTS, RETURNED, EXTEND, SIGN)),
        guards.Allow("payments_back_pay_parts(text)"),
        guards.Allow("payments_earned(bigint, timestamptz, timestamptz, timestamptz, boolean)"),
        guards.Allow("payments_peers_earned(bigint, timestamptz, timestamptz)"),
        guards.Grant("payments_done_at", "SELECT"),
        guards.Grant("payments_returned_unpaid", "SELECT"),
    ]
