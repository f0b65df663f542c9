"""Who may work asks what panels decided, and reports of content count as protected acts."""

from typing import ClassVar

from django.db import migrations

MAY_WORK = """
CREATE OR REPLACE FUNCTION public.tasks_may_work(person bigint, job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $may$
    SELECT CASE WHEN coalesce(s.status, 'applicant') IN ('left', 'expelled') THEN false
        WHEN coalesce(s.status, 'applicant') = 'applicant' THEN j.is_onboarding ELSE true END
    AND NOT EXISTS (
        SELECT FROM public.governance_pause p WHERE p.person_id = person AND p.scope IN ('work', 'job:' || job)
        AND public.coop_now() >= p.starts_at AND public.coop_now() < p.ends_at
    ) AND NOT public.governance_bars(person, ARRAY['work', 'job:' || job, 'client:' || j.client_id])
    AND (j.is_onboarding OR NOT EXISTS (
        SELECT FROM public.people_clientseat c
        WHERE c.client_id = j.client_id AND c.person_id = person AND c.accepted_at IS NOT NULL AND c.ended_at IS NULL
    )) AND (j.is_onboarding OR public.payments_opens_to(person, j.work_type_id))
    FROM public.tasks_job j LEFT JOIN LATERAL (
        SELECT status FROM public.governance_standing WHERE person_id = person ORDER BY id DESC LIMIT 1
    ) s ON true WHERE j.id = job
$may$;
"""

PROTECTED = """
CREATE OR REPLACE VIEW public.governance_protected_work AS
    SELECT r.person_id, 'reported' AS kind, r.at FROM public.tasks_report r;
"""


class Migration(migrations.Migration):
    """Compose it."""

    dependencies: ClassVar = [("tasks", "0006_instruments"), ("governance", "0013_decisions_and_restrictions")]
    operations: ClassVar = [migrations.RunSQL(MAY_WORK), migrations.RunSQL(PROTECTED)]
