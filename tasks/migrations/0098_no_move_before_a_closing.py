"""Nobody who moved there in the year before is kept by a closed country but from what they did in it (D6).

That a country closes is voted, and so known, before it does. And contents wait for the cases of all who worked in a
job; those of a draft stay.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# As before, but for when somebody moved.
KEPT = """
CREATE OR REPLACE VIEW public.tasks_kept_from_work AS
WITH closed AS NOT MATERIALIZED (
    SELECT v.key, v.since, coalesce((
        SELECT min(o.since) FROM public.payments_instrument o WHERE o.kind = 'region' AND o.key = v.key
            AND o.version > v.version AND o.value::jsonb -> 'open' IS DISTINCT FROM 'false'
    ), public.coop_now()) AS until
    FROM (
        SELECT i.key, i.version, i.since, i.value::jsonb -> 'open' AS opened,
            lag(i.value::jsonb -> 'open') OVER (PARTITION BY i.key ORDER BY i.version) AS before
        FROM public.payments_instrument i WHERE i.kind = 'region'
    ) v WHERE v.opened = 'false' AND v.before IS DISTINCT FROM 'false' AND v.since <= public.coop_now()
)
SELECT k.person_id, max(least(k.until, public.coop_now())) AS last_at, k.kind FROM (
    SELECT p.person_id, p.ends_at AS until, NULL::bigint AS kind FROM public.governance_pause p
    WHERE p.scope <> 'session' AND p.scope NOT LIKE 'payout:%'
    UNION ALL SELECT r.person_id, r.ends_at, NULL FROM public.governance_restriction r WHERE r.scope <> 'mute'
    UNION ALL SELECT t.person_id, t.at, NULL FROM public.governance_turnedaway t
    WHERE t.act IN ('claim', 'board') AND t.ground = ''
    UNION ALL SELECT c.person_id, public.coop_now(), NULL FROM public.governance_case c
    WHERE c.kind = 'equivalent' AND c.ground IN ('no_offers', 'lost_tier') AND NOT EXISTS (
        SELECT FROM public.tasks_assignment a WHERE a.person_id = c.person_id AND a.claimed_at > c.opened_at)
    UNION ALL SELECT p.id, closed.until, did.kind FROM public.people_person p
    JOIN closed ON closed.key = 'country:' || coalesce(nullif(p.country, ''), '--')
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM public.record_event e WHERE e.subject = 'person:' || p.id AND e.kind = 'people.moved'
                AND e.at > closed.since - interval '8760 hours'
        ) AS lately OFFSET 0
    ) moved
    CROSS JOIN LATERAL (
        SELECT NULL::bigint AS kind WHERE NOT moved.lately
        UNION ALL SELECT j.work_type_id FROM (
            SELECT a.job_id, a.claimed_at FROM public.tasks_assignment a WHERE a.person_id = p.id
            UNION ALL SELECT a.job_id, a.claimed_at FROM public.tasks_teammember m
            JOIN public.tasks_assignment a ON a.team_id = m.team_id WHERE m.person_id = p.id
        ) a JOIN public.tasks_job j ON j.id = a.job_id
        WHERE moved.lately AND a.claimed_at > closed.since - interval '8760 hours' AND a.claimed_at <= closed.since
    ) did
) k GROUP BY k.person_id, k.kind;
"""
WORKED = """SELECT FROM public.tasks_assignment a WHERE a.job_id = job AND a.person_id = c.person_id
        )"""
# In whose team it was, who checked it, and who looked at it.
WORKED_TOO = """SELECT FROM public.tasks_assignment a WHERE a.job_id = job AND (a.person_id = c.person_id
                OR EXISTS (SELECT FROM public.tasks_teammember m
                    WHERE m.team_id = a.team_id AND m.person_id = c.person_id)
                OR EXISTS (SELECT FROM public.tasks_check k
                    WHERE k.assignment_id = a.id AND k.person_id = c.person_id)
                OR EXISTS (SELECT FROM public.tasks_peer s JOIN public.tasks_dispute q ON q.id = s.dispute_id
                    WHERE q.assignment_id = a.id AND s.person_id = c.person_id))
        )"""


class Migration(migrations.Migration):
    """Ask for both."""

    dependencies: ClassVar = [("tasks", "0097_found_before_is_paid")]
    operations: ClassVar = [
        migrations.RunSQL(KEPT),
        guards.Edited(
            "tasks_may_delete",
            (WORKED, WORKED_TOO),
            ("WHERE j.id = job AND j.delete_on", "WHERE j.id = job AND j.opened_at IS NOT NULL AND j.delete_on"),
        ),
    ]
