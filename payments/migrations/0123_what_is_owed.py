"""What members are owed beside payouts, of which fund and since when: for themselves and the open ledger."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

OVER = """
CREATE FUNCTION public.payments_month_over(month text) RETURNS timestamptz LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $over$
    SELECT (to_date(month, 'YYYY-MM') + interval '1 month')::timestamptz
$over$;
"""
# A case's repair is owed from its decision, an appeal's from its own or from when it should have been made.
OWED = """
CREATE VIEW public.payments_still_owed AS
SELECT t.person_id, 'top_up' AS kind, CASE WHEN p.job IS NULL THEN 'floor' ELSE 'deposits' END AS fund,
    'topup:' || p.id AS source, t.at AS since, p.amount
FROM public.payments_topuppart p JOIN public.payments_topup t ON t.id = p.topup_id
WHERE NOT EXISTS (SELECT FROM public.payments_transfer paid WHERE paid.ref = 'topup:' || p.id AND paid.kind = 11)
UNION ALL
SELECT o.person_id, CASE o.kind WHEN 24 THEN 'paused' WHEN 25 THEN 'unfounded' WHEN 26 THEN 'panel' ELSE 'back_pay' END,
    'hearing', o.source, coalesce(
        o.since,
        (SELECT s.at FROM public.payments_seats_served s WHERE o.source = 'seat:' || s.id),
        (SELECT min(d.decided_at) FROM public.governance_decision d WHERE o.source = 'case:' || d.case_id),
        (SELECT coalesce(e.decided_at, p.decide_by) FROM public.governance_restriction r
            JOIN public.governance_decision d ON d.id = r.decision_id
            JOIN public.governance_panel p ON p.case_id = d.case_id AND p.stage = 'appeal'
            LEFT JOIN public.governance_decision e ON e.panel_id = p.id
            WHERE o.source = 'restriction:' || r.id ORDER BY p.id LIMIT 1)
    ), o.amount
FROM public.payments_owed o WHERE o.amount > 0
UNION ALL
SELECT o.person, 'post', 'posts', 'office:' || o.office || ':' || o.month,
    public.payments_month_over(o.month), o.amount
FROM public.payments_post_pay_owed() o;
"""


class Migration(migrations.Migration):
    """Add the view."""

    dependencies: ClassVar = [("payments", "0122_payouts_to_officers")]
    operations: ClassVar = [
        migrations.RunSQL(OVER),
        guards.InUtc("payments_month_over"),
        guards.Allow("payments_month_over(text)"),
        migrations.RunSQL(OWED),
        guards.Grant("payments_still_owed", "SELECT"),
    ]
