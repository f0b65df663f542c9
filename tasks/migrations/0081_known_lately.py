"""What asks for no qualification gives none for ever: it goes where others had the work and nobody was kept (D6)."""

from typing import ClassVar

from django.db import migrations

# Until when somebody was kept from work by a pause or a decision, or turned away from it; until now while nothing was
# taken since a case like a ban opened.
KEPT = """
CREATE VIEW public.tasks_kept_from_work AS
SELECT k.person_id, max(least(k.until, public.coop_now())) AS last_at FROM (
    SELECT p.person_id, p.ends_at AS until FROM public.governance_pause p
    WHERE p.scope <> 'session' AND p.scope NOT LIKE 'payout:%'
    UNION ALL SELECT r.person_id, r.ends_at FROM public.governance_restriction r WHERE r.scope <> 'mute'
    UNION ALL SELECT t.person_id, t.at FROM public.governance_turnedaway t WHERE t.act IN ('claim', 'board')
    UNION ALL SELECT c.person_id, public.coop_now() FROM public.governance_case c
    WHERE c.kind = 'equivalent' AND c.ground IN ('no_offers', 'lost_tier') AND NOT EXISTS (
        SELECT FROM public.tasks_assignment a WHERE a.person_id = c.person_id AND a.claimed_at > c.opened_at)
) k GROUP BY k.person_id;
"""

# As before; but who knows a kind that asks nothing is who did it in the last 14 weeks of work. A week of work is one of
# which five people were paid for tasks that stood open to all: of no team, of no share that was kept for somebody, and
# taken a day or more after the job opened. Where no job opens, or few are given all of it, no such week passes.
QUALIFIED = """
CREATE OR REPLACE VIEW public.governance_qualified AS
WITH held AS NOT MATERIALIZED (
    SELECT k.id AS kind, did.person_id, CASE WHEN asked.units > 0 OR did.last_at >= known.since THEN asked.until
        WHEN kept.last_at IS NOT NULL THEN least(kept.last_at, asked.until) END AS last_at
    FROM public.payments_worktype k
    CROSS JOIN LATERAL (
        SELECT 0::bigint AS units, k.id AS kind, coalesce(min(i.since), public.coop_now()) AS until
        FROM public.payments_instrument i WHERE i.kind = 'qualification' AND i.key = 'work_type:' || k.id
        UNION ALL
        SELECT (i.value::jsonb ->> 'units')::bigint,
            CASE i.value::jsonb ->> 'units' WHEN '0' THEN k.id ELSE (i.value::jsonb ->> 'of')::bigint END,
            coalesce(lead(i.since) OVER (ORDER BY i.version), public.coop_now())
        FROM public.payments_instrument i WHERE i.kind = 'qualification' AND i.key = 'work_type:' || k.id
    ) asked
    CROSS JOIN LATERAL (
        SELECT coalesce((
            SELECT date_trunc('week', a.claimed_at, 'UTC')
            FROM public.tasks_job j JOIN public.tasks_assignment a ON a.job_id = j.id
            LEFT JOIN (SELECT r.job_id, max(r.until) AS until FROM public.tasks_reserve r GROUP BY r.job_id) shared
                ON shared.job_id = j.id
            WHERE j.work_type_id = k.id AND asked.units = 0 AND NOT j.is_onboarding AND a.team_id IS NULL
                AND a.state = 'accepted' AND a.claimed_at >= greatest(j.opened_at + interval '24 hours', shared.until)
                AND a.claimed_at < asked.until
            GROUP BY 1 HAVING count(DISTINCT a.person_id) >= 5
            ORDER BY 1 DESC OFFSET 13 LIMIT 1
        ), '-infinity') AS since
    ) known
    CROSS JOIN LATERAL (
        SELECT a.person_id, max(a.claimed_at) AS last_at
        FROM public.tasks_job j JOIN public.tasks_assignment a ON a.job_id = j.id
        WHERE j.work_type_id = asked.kind AND a.state = 'accepted' AND a.decided_at <= asked.until
            AND (asked.units > 0 OR NOT j.is_onboarding)
        GROUP BY a.person_id HAVING count(*) >= greatest(asked.units, 1)
    ) did
    LEFT JOIN public.tasks_kept_from_work kept ON kept.person_id = did.person_id
)
SELECT 'work_type:' || h.kind AS subject, h.person_id, h.last_at FROM held h WHERE h.last_at IS NOT NULL
UNION ALL
SELECT 'everybody', h.person_id, max(h.last_at) FROM held h WHERE h.last_at IS NOT NULL GROUP BY h.person_id;
"""


class Migration(migrations.Migration):
    """Fill the view anew."""

    dependencies: ClassVar = [("tasks", "0080_one_hand"), ("governance", "0067_sign_outs")]
    operations: ClassVar = [migrations.RunSQL(KEPT), migrations.RunSQL(QUALIFIED)]
