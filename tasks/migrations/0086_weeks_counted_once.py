"""The weeks of work are counted once for each kind, and not for each person who did it (D6)."""

from typing import ClassVar

from django.db import migrations

# Who holds the qualification of each kind of work, and until when; as before. OFFSET 0 keeps the planner from asking
# for the weeks again at every person. Five of 63 marks are five people at least, without sorting a million of them;
# where two people share a mark a week may pass for none, in favour of whoever is on the roll.
HELD = """
    SELECT k.id AS kind, did.person_id, CASE WHEN asked.units > 0 OR did.last_at >= asked.since THEN asked.until
        WHEN kept.last_at IS NOT NULL THEN least(kept.last_at, asked.until) END AS last_at
    FROM public.payments_worktype k
    CROSS JOIN LATERAL (
        SELECT v.units, v.kind, v.until, coalesce((
            SELECT (date '2000-01-03' + 7 * w.week)::timestamp AT TIME ZONE 'UTC' FROM (
                SELECT ((a.claimed_at AT TIME ZONE 'UTC')::date - date '2000-01-03') / 7 AS week, a.person_id
                FROM public.tasks_job j JOIN public.tasks_assignment a ON a.job_id = j.id
                LEFT JOIN (SELECT r.job_id, max(r.until) AS until FROM public.tasks_reserve r GROUP BY r.job_id) shared
                    ON shared.job_id = j.id
                WHERE j.work_type_id = k.id AND v.units = 0 AND NOT j.is_onboarding AND a.team_id IS NULL
                    AND a.state = 'accepted' AND a.claimed_at < v.until
                    AND a.claimed_at >= greatest(j.opened_at + interval '24 hours', shared.until)
            ) w GROUP BY w.week HAVING bit_count(bit_or(1::bigint << (w.person_id % 63)::integer)::bit(64)) >= 5
            ORDER BY w.week DESC OFFSET 13 LIMIT 1
        ), '-infinity') AS since
        FROM (
            SELECT 0::bigint AS units, k.id AS kind, coalesce(min(i.since), public.coop_now()) AS until
            FROM public.payments_instrument i WHERE i.kind = 'qualification' AND i.key = 'work_type:' || k.id
            UNION ALL
            SELECT (i.value::jsonb ->> 'units')::bigint,
                CASE i.value::jsonb ->> 'units' WHEN '0' THEN k.id ELSE (i.value::jsonb ->> 'of')::bigint END,
                coalesce(lead(i.since) OVER (ORDER BY i.version), public.coop_now())
            FROM public.payments_instrument i WHERE i.kind = 'qualification' AND i.key = 'work_type:' || k.id
        ) v OFFSET 0
    ) asked
    CROSS JOIN LATERAL (
        SELECT a.person_id, max(a.claimed_at) AS last_at
        FROM public.tasks_job j JOIN public.tasks_assignment a ON a.job_id = j.id
        WHERE j.work_type_id = asked.kind AND a.state = 'accepted' AND a.decided_at <= asked.until
            AND (asked.units > 0 OR NOT j.is_onboarding)
        GROUP BY a.person_id HAVING count(*) >= greatest(asked.units, 1)
    ) did
    LEFT JOIN public.tasks_kept_from_work kept ON kept.person_id = did.person_id
"""
QUALIFIED = f"""
CREATE OR REPLACE VIEW public.governance_qualified AS
SELECT 'work_type:' || h.kind AS subject, h.person_id, h.last_at FROM ({HELD}) h WHERE h.last_at IS NOT NULL
UNION ALL
SELECT 'everybody', h.person_id, max(h.last_at) FROM ({HELD}) h WHERE h.last_at IS NOT NULL GROUP BY h.person_id;
"""


class Migration(migrations.Migration):
    """Ask in that order."""

    dependencies: ClassVar = [("tasks", "0085_usual_pay")]
    operations: ClassVar = [migrations.RunSQL(QUALIFIED)]
