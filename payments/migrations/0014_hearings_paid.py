"""What panels and pauses by decision pay, what was unfounded, and what is repaired (parts 6, 7.4 and 7.10)."""

from django.db import migrations

from coop.database import guards

# A pause that a panel decided or prolonged runs until it is over or appealed; the one prolonged is averaged from where
# the emergency began, so that nobody's average falls by having been paused.
SPANS = """
CREATE OR REPLACE VIEW public.payments_pause_spans AS
SELECT 'pause:' || p.id AS source, p.person_id, p.scope, p.starts_at AS began_at, p.starts_at, p.ends_at,
    EXISTS (
        SELECT FROM public.governance_decision d JOIN public.governance_motion m ON m.id = d.motion_id
        JOIN public.governance_case c ON c.id = d.case_id
        WHERE c.pause_id = p.id AND c.kind = 'emergency' AND m.measure = 'unfounded'
    ) AS unfounded
FROM public.governance_pause p
UNION ALL
SELECT 'restriction:' || r.id, r.person_id, r.scope, coalesce(p.starts_at, r.starts_at), r.starts_at,
    least(r.ends_at, a.appealed_at), false
FROM public.governance_restriction r
JOIN public.governance_decision d ON d.id = r.decision_id
JOIN public.governance_motion m ON m.id = d.motion_id
JOIN public.governance_case c ON c.id = d.case_id
LEFT JOIN public.governance_pause p ON p.id = c.pause_id AND m.measure = 'prolong'
LEFT JOIN public.governance_appeal a ON a.decision_id = d.id
WHERE m.measure IN ('pause', 'prolong') AND (a.appealed_at IS NULL OR a.appealed_at > r.starts_at);
"""

# Time that was taken from somebody by a decision which does not stand: the nine others decided that nothing follows,
# or let their time pass; or a panel found that the cooperative kept work from a member.
LOST = """
CREATE VIEW public.payments_lost_time AS
SELECT 'restriction:' || r.id AS source, r.person_id, r.scope, r.starts_at, least(r.ends_at, a.appealed_at) AS ends_at,
    m.measure = 'pause' AS paid_meanwhile
FROM public.governance_restriction r
JOIN public.governance_decision d ON d.id = r.decision_id
JOIN public.governance_motion m ON m.id = d.motion_id
JOIN public.governance_appeal a ON a.decision_id = d.id AND a.appealed_at > r.starts_at
JOIN public.governance_panel p ON p.case_id = d.case_id AND p.stage = 'appeal'
LEFT JOIN public.governance_decision e ON e.panel_id = p.id
LEFT JOIN public.governance_motion n ON n.id = e.motion_id
WHERE r.scope <> 'mute' AND (n.measure = 'nothing' OR (e.id IS NULL AND p.decide_by <= public.coop_now()))
UNION ALL
SELECT 'case:' || c.id, c.person_id, 'work', c.opened_at - interval '14 days', d.decided_at, false
FROM public.governance_case c
JOIN public.governance_decision d ON d.case_id = c.id
JOIN public.governance_motion m ON m.id = d.motion_id
WHERE c.kind = 'equivalent' AND c.ground IN ('no_offers', 'lost_tier') AND m.measure = 'repair';
"""

# In micro-units: one and a half times the average of the 91 days before, for the time lost, less what the pause paid.
BACK_PAY = """
CREATE FUNCTION public.payments_back_pay(lost text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $back$
    SELECT greatest(0, ceil(1.5 * coalesce((
        SELECT sum(t.amount)
        FROM public.payments_account c JOIN public.payments_transfer t ON t.credit_id = c.id
        JOIN public.payments_account d ON d.id = t.debit_id
        WHERE c.code = 'member:' || l.person_id || ':payable' AND c.currency = 'USD'
        AND t.kind IN (5, 10, 24, 26, 28, 31)
        AND t.posted_at >= l.starts_at - interval '91 days' AND t.posted_at < l.starts_at
        AND (l.scope !~ '^job:' OR d.code = l.scope || ':commit:' || l.person_id)
    ), 0) * extract(epoch FROM l.ends_at - l.starts_at) / 7862400)::bigint
        - CASE WHEN l.paid_meanwhile THEN public.payments_pause_pay(l.source, l.ends_at) ELSE 0 END)
    FROM public.payments_lost_time l WHERE l.source = lost
$back$;
"""

# A seat is owed once its panel has decided; who spoke or voted is owed also when they were replaced after it, or when
# the panel let its time pass. The rate is the one in force when it became due.
SEATS = """
CREATE VIEW public.payments_seats_served AS
SELECT s.id, s.person_id, served.at, (
    SELECT r.amount FROM public.payments_rate r JOIN public.payments_worktype w ON w.id = r.work_type_id
    WHERE w.slug = 'panel' AND (r.since <= served.at OR r.version = 1) ORDER BY r.version DESC LIMIT 1
) AS amount
FROM public.governance_panelseat s
JOIN public.governance_panel p ON p.id = s.panel_id
LEFT JOIN public.governance_decision d ON d.panel_id = p.id
LEFT JOIN public.governance_seatrefusal x ON x.seat_id = s.id
CROSS JOIN LATERAL (
    SELECT CASE WHEN x.id IS NULL AND d.id IS NOT NULL THEN d.decided_at
        WHEN EXISTS (SELECT FROM public.governance_panelvote v WHERE v.seat_id = s.id)
            OR EXISTS (SELECT FROM public.governance_motion m WHERE m.seat_id = s.id)
            THEN coalesce(x.refused_at, p.decide_by)
    END AS at
) served
WHERE served.at <= public.coop_now();
"""

OWED = """
CREATE OR REPLACE VIEW public.payments_owed AS
WITH running AS (
    SELECT s.person_id, owing.kind, s.source, least(s.ends_at, s.starts_at
            + floor(extract(epoch FROM public.coop_now() - s.starts_at) / 3600) * interval '1 hour') AS upto,
        coalesce((SELECT max(e.until) FROM public.payments_entitlement e
            WHERE e.source = s.source AND e.kind = owing.kind), s.starts_at) AS paid_to
    FROM public.payments_pause_spans s CROSS JOIN (VALUES (24), (25)) owing (kind)
    WHERE owing.kind = 24 OR s.unfounded
)
SELECT person_id, kind, source, paid_to AS since, upto AS until,
    public.payments_pause_pay(source, upto) - public.payments_pause_pay(source, paid_to) AS amount
FROM running WHERE upto > paid_to
UNION ALL
SELECT s.person_id, 26, 'seat:' || s.id, NULL, NULL, s.amount FROM public.payments_seats_served s
WHERE NOT EXISTS (SELECT FROM public.payments_entitlement e WHERE e.kind = 26 AND e.source = 'seat:' || s.id)
UNION ALL
SELECT l.person_id, 27, l.source, NULL, NULL, public.payments_back_pay(l.source) FROM public.payments_lost_time l
WHERE NOT EXISTS (SELECT FROM public.payments_entitlement e WHERE e.kind = 27 AND e.source = l.source);
"""


class Migration(migrations.Migration):
    """Compose what is owed from what governance has decided."""

    dependencies = [("payments", "0013_fee_votes"), ("governance", "0013_decisions_and_restrictions")]
    operations = [
        *(migrations.RunSQL(sql) for sql in (SPANS, LOST, BACK_PAY, SEATS, OWED)),
        guards.Grant("payments_lost_time", "SELECT"),
        guards.Grant("payments_seats_served", "SELECT"),
        guards.Allow("payments_back_pay(text)"),
    ]
