"""Who lives where work is closed is kept from it (N6, D6); and what is given of one hand is told of one (D5)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# As before, and until a region opened again.
KEPT = """
CREATE OR REPLACE VIEW public.tasks_kept_from_work AS
SELECT k.person_id, max(least(k.until, public.coop_now())) AS last_at FROM (
    SELECT p.person_id, p.ends_at AS until FROM public.governance_pause p
    WHERE p.scope <> 'session' AND p.scope NOT LIKE 'payout:%'
    UNION ALL SELECT r.person_id, r.ends_at FROM public.governance_restriction r WHERE r.scope <> 'mute'
    UNION ALL SELECT t.person_id, t.at FROM public.governance_turnedaway t WHERE t.act IN ('claim', 'board')
    UNION ALL SELECT c.person_id, public.coop_now() FROM public.governance_case c
    WHERE c.kind = 'equivalent' AND c.ground IN ('no_offers', 'lost_tier') AND NOT EXISTS (
        SELECT FROM public.tasks_assignment a WHERE a.person_id = c.person_id AND a.claimed_at > c.opened_at)
    UNION ALL SELECT p.id, closed.until FROM public.people_person p JOIN (
        SELECT i.key, i.since, i.value::jsonb -> 'open' AS opened,
            coalesce(lead(i.since) OVER (PARTITION BY i.key ORDER BY i.version), public.coop_now()) AS until
        FROM public.payments_instrument i WHERE i.kind = 'region'
    ) closed ON closed.key = 'country:' || coalesce(nullif(p.country, ''), '--')
        AND closed.opened = 'false' AND closed.since <= public.coop_now()
) k GROUP BY k.person_id;
"""


class Migration(migrations.Migration):
    """Count them, and the work of all in whose names the same people order."""

    dependencies: ClassVar = [("tasks", "0086_weeks_counted_once"), ("payments", "0089_sealed_statements")]
    operations: ClassVar = [
        migrations.RunSQL(KEPT),
        guards.Edited(
            "payments_worst_of_reopening",
            (
                "ON u.client_id = i.client AND",
                "ON u.client_id IN (SELECT public.tasks_of_one_hand(i.client)) AND",
            ),
        ),
    ]
