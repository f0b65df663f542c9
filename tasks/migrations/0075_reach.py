"""What an emergency reaches of the work: a job, the jobs of a project, those of a kind of work (part 6)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

REACH = """
CREATE OR REPLACE FUNCTION public.governance_scopes_of(job bigint) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $scopes$
    SELECT ARRAY['job:' || j.id]
        || ARRAY(SELECT 'project:' || l.project_id FROM public.tasks_lot l WHERE l.job_id = j.id)
        || ARRAY['class:' || t.slug]
    FROM public.tasks_job j JOIN public.payments_worktype t ON t.id = j.work_type_id WHERE j.id = job
$scopes$;
CREATE OR REPLACE FUNCTION public.governance_jobs_in(scope text) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $jobs$
    SELECT n.job FROM (SELECT CASE WHEN scope ~ '^job:[1-9][0-9]{0,17}$' THEN substr(scope, 5)::bigint END AS job) n
    WHERE n.job IS NOT NULL
    UNION ALL
    SELECT l.job_id FROM public.tasks_lot l
    WHERE l.project_id = CASE WHEN scope ~ '^project:[1-9][0-9]{0,17}$' THEN substr(scope, 9)::bigint END
    UNION ALL
    SELECT j.id FROM public.tasks_job j JOIN public.payments_worktype t ON t.id = j.work_type_id
    WHERE t.slug = CASE WHEN scope ~ '^class:' THEN substr(scope, 7) END
$jobs$;
"""
# The jobs that a pause or a decision that stands closes to a person, by whatever scope but all work.
CLOSED = """
CREATE FUNCTION public.tasks_closed_to(person bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $closed$
    SELECT job FROM public.governance_pause p CROSS JOIN LATERAL public.governance_jobs_in(p.scope) job
    WHERE p.person_id = person AND public.coop_now() >= p.starts_at AND public.coop_now() < p.ends_at
    UNION
    SELECT job FROM public.governance_restriction r CROSS JOIN LATERAL public.governance_jobs_in(r.scope) job
    WHERE r.person_id = person AND public.coop_now() >= r.starts_at AND public.coop_now() < r.ends_at
        AND public.governance_stands(r.decision_id)
$closed$;
"""
PROJECT = "(SELECT l.project_id FROM public.tasks_lot l WHERE l.job_id = j.id)"
KIND = "(SELECT t.slug FROM public.payments_worktype t WHERE t.id = j.work_type_id)"
WIDER = f"'project:' || {PROJECT}, 'class:' || {KIND}"
BARRED = "'tier:' || (SELECT t.tier FROM public.payments_worktype t WHERE t.id = j.work_type_id)]"


def reached(job: str) -> tuple[tuple[str, str], ...]:
    """Return the changes by which a function asks for pauses and decisions that reach a job by a wider scope."""
    return (
        (f"p.scope IN ('work', 'job:' || {job})", f"p.scope IN ('work', 'job:' || {job}, {WIDER})"),
        (BARRED, f"{BARRED.removesuffix(']')}, {WIDER}]"),
    )


class Migration(migrations.Migration):
    """Ask for all of them, wherever work is offered, taken and checked."""

    dependencies: ClassVar = [("tasks", "0074_signs"), ("governance", "0064_reach")]
    operations: ClassVar = [
        migrations.RunSQL(REACH),
        migrations.RunSQL(CLOSED),
        guards.Allow("tasks_closed_to(bigint)"),
        guards.Edited("tasks_may_work", *reached("job")),
        guards.Edited("tasks_may_check", *reached("j.id")),
        guards.Edited("governance_turned_from_work", ("'tier:' || t.tier]", f"'tier:' || t.tier, {WIDER}]")),
    ]
