"""What the registry of instruments needs to know of the work, and what it decides about it."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Who is affected: those of a kind of work, everybody who works, and those who live in a country (residents need not
# have worked: a region is closed to whoever lives there).
FIGURES = """
CREATE OR REPLACE VIEW public.governance_engagement AS
SELECT 'work_type:' || j.work_type_id AS subject, a.person_id, max(a.claimed_at) AS last_at
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
GROUP BY j.work_type_id, a.person_id
UNION ALL
SELECT 'everybody', a.person_id, max(a.claimed_at) FROM public.tasks_assignment a GROUP BY a.person_id
UNION ALL
SELECT 'country:' || p.country, p.id, public.coop_now() FROM public.people_person p WHERE p.country <> '';

CREATE OR REPLACE VIEW public.payments_units_done AS
SELECT j.work_type_id, a.person_id, count(*) FILTER (WHERE a.state = 'accepted') AS accepted,
    count(*) FILTER (WHERE a.claimed_at > public.coop_now() - interval '24 hours') AS taken_today
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
GROUP BY j.work_type_id, a.person_id;
"""

MAY_WORK = """
CREATE OR REPLACE FUNCTION public.tasks_may_work(person bigint, job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $may$
    SELECT CASE WHEN coalesce(s.status, 'applicant') IN ('left', 'expelled') THEN false
        WHEN coalesce(s.status, 'applicant') = 'applicant' THEN j.is_onboarding ELSE true END
    AND NOT EXISTS (
        SELECT FROM public.governance_pause p WHERE p.person_id = person AND p.scope IN ('work', 'job:' || job)
        AND public.coop_now() >= p.starts_at AND public.coop_now() < p.ends_at
    ) AND (j.is_onboarding OR NOT EXISTS (
        SELECT FROM public.people_clientseat c
        WHERE c.client_id = j.client_id AND c.person_id = person AND c.accepted_at IS NOT NULL AND c.ended_at IS NULL
    )) AND (j.is_onboarding OR public.payments_opens_to(person, j.work_type_id))
    FROM public.tasks_job j LEFT JOIN LATERAL (
        SELECT status FROM public.governance_standing WHERE person_id = person ORDER BY id DESC LIMIT 1
    ) s ON true WHERE j.id = job
$may$;
"""

KEEPS = """NEW.opened_at IS NULL OR NEW.closed_at IS NOT NULL
    OR (TG_OP = 'UPDATE' AND OLD.opened_at IS NOT NULL) OR NEW.is_onboarding OR (
        NEW.time_limit >= (public.payments_in_force('time_limit', '') ->> 'least')::integer * interval '1 second'
        AND NEW.review_days <= (public.payments_in_force('acceptance', '') ->> 'silence_days')::integer
        AND public.payments_takes_jobs(NEW.work_type_id)
    )"""


class Migration(migrations.Migration):
    """Fill the views, compose who may work, and watch the opening of jobs."""

    dependencies: ClassVar = [("tasks", "0005_stock"), ("payments", "0008_registry")]
    operations: ClassVar = [
        migrations.RunSQL(FIGURES),
        migrations.RunSQL(MAY_WORK),
        guards.Guard(
            "job_keeps_to_the_instruments",
            table="tasks_job",
            on="INSERT OR UPDATE",
            holds=KEEPS,
            otherwise="A job's time, its days of silence and its kind of work are within what the members voted.",
            definer=True,
        ),
    ]
