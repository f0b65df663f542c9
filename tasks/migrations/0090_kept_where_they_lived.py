"""A closed country keeps from work who lived there, or worked in the year before: no old vote comes by moving (D6)."""

from typing import ClassVar

from django.db import migrations

# As before; but a move has starved nobody of work who did none in the year before it closed. That somebody moved is on
# record (`record_moves`), from where is not (N8). Moving somebody away and back, in their name, takes no vote of who
# works.
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
    WHERE NOT EXISTS (
        SELECT FROM public.record_event e
        WHERE e.subject = 'person:' || p.id AND e.kind = 'people.moved' AND e.at > closed.since
    ) OR EXISTS (
        SELECT FROM public.tasks_assignment a WHERE a.person_id = p.id
            AND a.claimed_at > closed.since - interval '8760 hours' AND a.claimed_at <= closed.until)
) k GROUP BY k.person_id;
"""


class Migration(migrations.Migration):
    """Ask whether they moved, and worked."""

    dependencies: ClassVar = [("tasks", "0089_days_in_utc"), ("record", "0006_moves")]
    operations: ClassVar = [migrations.RunSQL(KEPT)]
