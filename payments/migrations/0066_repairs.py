"""Repair follows wherever a case ends in the member's favour, by decision or by silence (7.10, 7.11)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

PAID = import_module("payments.migrations.0014_hearings_paid")

# When a case about something like a ban ended in the member's favour: a panel decided so, or its time passed though the
# member had made their part of the lot, or nobody explained anything in seven days.
REPAIRED = """
CREATE VIEW public.payments_repaired AS
SELECT c.id, c.person_id, c.ground, c.opened_at, ended.at AS ended_at
FROM public.governance_case c
LEFT JOIN public.governance_panel p ON p.case_id = c.id AND p.stage = 'first'
LEFT JOIN public.governance_decision d ON d.panel_id = p.id
LEFT JOIN public.governance_motion m ON m.id = d.motion_id
CROSS JOIN LATERAL (SELECT CASE
    WHEN d.id IS NOT NULL THEN CASE WHEN m.measure = 'repair' THEN d.decided_at END
    WHEN p.id IS NOT NULL THEN CASE WHEN EXISTS (
        SELECT FROM public.governance_drawpart t JOIN public.governance_drawreveal o ON o.part_id = t.id
        WHERE t.panel_id = p.id AND t.role = 'member') THEN p.decide_by END
    WHEN NOT EXISTS (SELECT FROM public.governance_statement s WHERE s.case_id = c.id AND s.kind = 'explanation')
    THEN c.opened_at + interval '168 hours'
END AS at) ended
WHERE c.kind = 'equivalent' AND ended.at <= public.coop_now();
"""

# Work was kept from a member from 14 days before such a case on, or from the day on which they left under pressure.
OF_CASES = PAID.LOST.index("UNION ALL")
LOST = (
    PAID.LOST[:OF_CASES].replace("CREATE VIEW", "CREATE OR REPLACE VIEW")
    + """UNION ALL
SELECT 'case:' || r.id, r.person_id, 'work', r.opened_at - interval '14 days', r.ended_at, false
FROM public.payments_repaired r WHERE r.ground IN ('no_offers', 'lost_tier')
UNION ALL
SELECT 'case:' || r.id, r.person_id, 'work', s.since, r.ended_at, false
FROM public.payments_repaired r CROSS JOIN LATERAL (
    SELECT min(l.since) AS since FROM public.governance_standing l
    WHERE l.person_id = r.person_id AND l.status = 'left' AND l.since >= r.opened_at
) s WHERE r.ground = 'pressed_to_leave' AND s.since < r.ended_at;
"""
)

# Answers sent back for a client that are not paid any more; the app above knows the work.
RETURNS = """
CREATE VIEW public.payments_unpaid_returns AS
SELECT NULL::bigint AS person_id, NULL::bigint AS amount, NULL::timestamptz AS at WHERE false;
"""

# Pay that was kept back: what a payout held, whose money comes by its own way, so that a half is added to it; and
# answers that one client sent back in the week before, one and a half times, as nothing else pays them.
KEPT = """
CREATE VIEW public.payments_kept_back AS
SELECT 'case:' || r.id AS source, r.person_id, kept.amount
FROM public.payments_repaired r CROSS JOIN LATERAL (
    SELECT ceil(sum(o.amount) / 2.0)::bigint AS amount FROM public.payments_payout o
    WHERE r.ground = 'held_payout' AND o.person_id = r.person_id
        AND o.requested_at <= r.opened_at - interval '72 hours'
        AND (o.sent_at IS NULL OR o.sent_at > o.requested_at + interval '72 hours')
        AND (o.settled_at IS NULL OR o.settled_at > r.opened_at)
    UNION ALL
    SELECT ceil(1.5 * sum(u.amount))::bigint FROM public.payments_unpaid_returns u
    WHERE r.ground = 'mass_rejection' AND u.person_id = r.person_id
        AND u.at > r.opened_at - interval '168 hours' AND u.at <= r.opened_at
) kept WHERE kept.amount > 0;
"""

OWED = (
    PAID.OWED.rstrip().removesuffix(";")
    + """
UNION ALL
SELECT k.person_id, 27, k.source, NULL, NULL, k.amount FROM public.payments_kept_back k
WHERE NOT EXISTS (SELECT FROM public.payments_entitlement e WHERE e.kind = 27 AND e.source = k.source);
"""
)


class Migration(migrations.Migration):
    """Compose what is owed from every case that ended in the member's favour."""

    dependencies: ClassVar = [("payments", "0065_who_is_offered_less"), ("governance", "0058_protected_acts")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (REPAIRED, LOST, RETURNS, KEPT, OWED)),
        guards.Grant("payments_repaired", "SELECT"),
        guards.Grant("payments_kept_back", "SELECT"),
    ]
