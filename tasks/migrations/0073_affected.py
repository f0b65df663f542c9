"""What the roll of those affected knows of the work: units, also a team's; shares kept; qualifications held (D6)."""

from typing import ClassVar

from django.db import migrations

# Who had a unit: whoever took it, and whoever was in the team that did. Residents need not have worked: a region is
# closed to whoever lives there.
UNITS = """
CREATE OR REPLACE VIEW public.governance_engagement AS
SELECT 'work_type:' || j.work_type_id AS subject, a.person_id, max(a.claimed_at) AS last_at
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
GROUP BY j.work_type_id, a.person_id
UNION ALL
SELECT 'work_type:' || j.work_type_id, m.person_id, max(a.claimed_at)
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
JOIN public.tasks_teammember m ON m.team_id = a.team_id
GROUP BY j.work_type_id, m.person_id
UNION ALL
SELECT 'everybody', a.person_id, max(a.claimed_at) FROM public.tasks_assignment a GROUP BY a.person_id
UNION ALL
SELECT 'everybody', m.person_id, max(a.claimed_at)
FROM public.tasks_assignment a JOIN public.tasks_teammember m ON m.team_id = a.team_id GROUP BY m.person_id
UNION ALL
SELECT 'country:' || p.country, p.id, public.coop_now() FROM public.people_person p WHERE p.country <> '';
"""

# An offer to somebody is a share of a job that was kept for them (N9): as long as it was kept. What stands on the
# board for all is offered to nobody in particular.
OFFERS = """
CREATE OR REPLACE VIEW public.governance_offered AS
SELECT 'work_type:' || j.work_type_id AS subject, r.person_id, max(least(r.until, public.coop_now())) AS last_at
FROM public.tasks_reserve r JOIN public.tasks_job j ON j.id = r.job_id
WHERE r.units > 0 GROUP BY j.work_type_id, r.person_id
UNION ALL
SELECT 'everybody', r.person_id, max(least(r.until, public.coop_now()))
FROM public.tasks_reserve r WHERE r.units > 0 GROUP BY r.person_id;
"""

# Each version of what a kind of work asks (D3), until when it was in force, and who met it then. A kind that asks
# nothing is known by those who did it: one accepted unit, whenever. Else whoever is given no work lost their vote.
QUALIFIED = """
CREATE OR REPLACE VIEW public.governance_qualified AS
SELECT 'work_type:' || k.id AS subject, did.person_id, asked.until AS last_at
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
    SELECT a.person_id FROM public.tasks_job j JOIN public.tasks_assignment a ON a.job_id = j.id
    WHERE j.work_type_id = asked.kind AND a.state = 'accepted' AND a.decided_at <= asked.until
        AND (asked.units > 0 OR NOT j.is_onboarding)
    GROUP BY a.person_id HAVING count(*) >= greatest(asked.units, 1)
) did
UNION ALL
SELECT 'everybody', p.id, public.coop_now() FROM public.people_person p WHERE EXISTS (
    SELECT FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
    WHERE a.person_id = p.id AND a.state = 'accepted' AND NOT j.is_onboarding
);
"""


class Migration(migrations.Migration):
    """Fill the views."""

    dependencies: ClassVar = [
        ("tasks", "0072_orders_in_no_job"),
        ("governance", "0060_affected"),
        ("payments", "0066_told_at_publication"),
    ]
    operations: ClassVar = [migrations.RunSQL(sql) for sql in (UNITS, OFFERS, QUALIFIED)]
