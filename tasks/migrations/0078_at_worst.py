"""What the report of a change at its worst knows of the work: times held, clients, jobs that opened, their marks."""

from typing import ClassVar

from django.db import migrations

# Until the first handing in: a redo has a time of its own.
HELD = """
CREATE OR REPLACE VIEW public.payments_units_held AS
SELECT j.work_type_id, a.person_id, a.pay, extract(epoch FROM w.at - a.claimed_at) AS seconds
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
JOIN public.tasks_answer w ON w.assignment_id = a.id AND w.number = 1
WHERE a.state = 'accepted' AND a.decided_at > (SELECT public.coop_now() - interval '28 days') AND NOT j.is_onboarding;
"""
CLIENTS = """
CREATE OR REPLACE VIEW public.payments_units_of_clients AS
SELECT j.client_id, j.work_type_id, a.person_id, a.pay
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
WHERE a.state = 'accepted' AND a.decided_at > (SELECT public.coop_now() - interval '28 days') AND NOT j.is_onboarding;

CREATE OR REPLACE FUNCTION public.payments_mark_of_client(client bigint, work bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $mark$
    SELECT public.tasks_least_pay(0, client, work, '')
$mark$;
"""
JOBS = """
CREATE OR REPLACE VIEW public.payments_jobs_opened AS
SELECT j.work_type_id, (SELECT count(*) FROM public.tasks_task t WHERE t.job_id = j.id)::numeric * j.overlap * j.pay
    AS wages
FROM public.tasks_job j WHERE NOT j.is_onboarding AND j.opened_at > public.coop_now() - interval '28 days';
"""


class Migration(migrations.Migration):
    """Fill the views, and ask for the mark of whatever comparable work a client had."""

    dependencies: ClassVar = [("tasks", "0077_answers_to_start_from"), ("payments", "0075_at_worst")]
    operations: ClassVar = [migrations.RunSQL(sql) for sql in (HELD, CLIENTS, JOBS)]
