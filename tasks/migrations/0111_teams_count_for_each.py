"""What a team did is each one's own: on rolls, in their hours, and on the card by which it is taken (D6, R1, E1)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# As before, and of a team: up to their share of what the task can count, the time that its others noted themselves.
PAID_TIME = """
CREATE OR REPLACE VIEW public.governance_paid_time AS
SELECT t.person_id, sum(least(t.seconds, t.most)) AS seconds
FROM (
    SELECT a.person_id, 3 * r.estimated_seconds::bigint AS most, sum(w.seconds) AS seconds
    FROM public.tasks_assignment a JOIN public.tasks_answer w ON w.assignment_id = a.id
    JOIN public.payments_rate r ON r.id = a.rate_id
    WHERE a.state IN ('accepted', 'disputed', 'rejected') GROUP BY a.id, a.person_id, r.estimated_seconds
    UNION ALL
    SELECT k.person_id, r.estimated_seconds, extract(epoch FROM k.ended_at - k.taken_at)::bigint
    FROM public.tasks_check k JOIN public.tasks_assignment a ON a.id = k.assignment_id
    JOIN public.payments_rate r ON r.id = a.rate_id
    WHERE k.state = 'done'
    UNION ALL
    SELECT m.person_id, 3 * r.estimated_seconds::bigint * m.percent / 100, (
        SELECT sum(extract(epoch FROM upper(stretch) - lower(stretch)))::bigint FROM unnest((
            SELECT range_agg(tstzrange(s.from_at, s.to_at)) FROM public.tasks_span s
            WHERE s.assignment_id = a.id AND s.person_id = m.person_id)) stretch)
    FROM public.tasks_teammember m
    JOIN public.tasks_assignment a ON a.team_id = m.team_id AND a.person_id <> m.person_id
    JOIN public.payments_rate r ON r.id = a.rate_id
    WHERE a.state IN ('accepted', 'disputed', 'rejected')
) t WHERE t.seconds IS NOT NULL GROUP BY t.person_id;
"""
# As before, and of who knows a kind that asks nothing: whoever did it in a team as well.
HELD = """
    SELECT k.id AS kind, did.person_id, CASE WHEN asked.units > 0 OR did.last_at >= asked.since THEN asked.until
        WHEN kept.last_at IS NOT NULL THEN least(kept.last_at, asked.until) END AS last_at
    FROM public.payments_worktype k
    CROSS JOIN LATERAL (
        SELECT v.units, v.kind, v.until, coalesce((
            SELECT (date '2000-01-03' + 7 * w.week)::timestamp AT TIME ZONE interval '0' FROM (
                SELECT ((a.claimed_at AT TIME ZONE interval '0')::date - date '2000-01-03') / 7 AS week, a.person_id
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
        UNION ALL
        SELECT m.person_id, max(a.claimed_at)
        FROM public.tasks_teammember m JOIN public.tasks_assignment a ON a.team_id = m.team_id
        JOIN public.tasks_job j ON j.id = a.job_id
        WHERE asked.units = 0 AND j.work_type_id = asked.kind AND a.state = 'accepted' AND a.decided_at <= asked.until
        GROUP BY m.person_id
    ) did
    LEFT JOIN public.tasks_kept_from_work kept
        ON kept.person_id = did.person_id AND coalesce(kept.kind, k.id) = k.id
"""
QUALIFIED = f"""
CREATE OR REPLACE VIEW public.governance_qualified AS
SELECT 'work_type:' || h.kind AS subject, h.person_id, h.last_at FROM ({HELD}) h WHERE h.last_at IS NOT NULL
UNION ALL
SELECT 'everybody', h.person_id, max(h.last_at) FROM ({HELD}) h WHERE h.last_at IS NOT NULL GROUP BY h.person_id;
"""
# After the team was written on the task: what of the pay is somebody's stands on the card that they accepted.
NAMED = """EXISTS (
    SELECT FROM public.tasks_ratecard c
    LEFT JOIN public.tasks_teammember m ON m.team_id = NEW.team_id AND m.person_id = NEW.person_id
    WHERE c.digest = NEW.card_id
        AND ROW(c.body::jsonb -> 'team', c.body::jsonb -> 'share')
            IS NOT DISTINCT FROM ROW(to_jsonb(NEW.team_id), to_jsonb(m.percent)))"""


class Migration(migrations.Migration):
    """Fill the views, and ask for the card."""

    dependencies: ClassVar = [("tasks", "0110_days_as_they_come"), ("governance", "0079_carried_out_as_voted")]
    operations: ClassVar = [
        migrations.RunSQL(PAID_TIME),
        migrations.RunSQL(QUALIFIED),
        guards.Allow("tasks_team_of(bigint, bigint)"),
        guards.Guard(
            "terms_name_the_team",
            table="tasks_assignment",
            holds=NAMED,
            otherwise="Whoever takes a task with a team accepted the card that says so, and which share is theirs.",
            definer=True,
        ),
    ]
