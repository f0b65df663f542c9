"""What the layers below need to know of the work: who worked where, for how long, and what is being checked."""

from django.db import migrations

# The columns are those of the empty views that governance and payments made; see there what each is for.
FIGURES = """
CREATE OR REPLACE VIEW public.governance_engagement AS
SELECT 'work_type:' || j.work_type_id AS subject, a.person_id, max(a.claimed_at) AS last_at
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
GROUP BY j.work_type_id, a.person_id;

-- Time gives votes: an accepted answer counts for what it took, and for three times its voted estimate at most, so that
-- neither waiting nor a made-up figure buys one.
CREATE OR REPLACE VIEW public.governance_paid_time AS
SELECT t.person_id, sum(least(t.seconds, 3 * t.estimated_seconds))::numeric AS seconds
FROM (
    SELECT a.person_id, r.estimated_seconds, sum(w.seconds) AS seconds
    FROM public.tasks_assignment a JOIN public.tasks_answer w ON w.assignment_id = a.id
    JOIN public.payments_rate r ON r.id = a.rate_id
    WHERE a.state = 'accepted' GROUP BY a.id, a.person_id, r.estimated_seconds
) t GROUP BY t.person_id;

CREATE OR REPLACE VIEW public.payments_recent_units AS
SELECT j.work_type_id, a.person_id, count(DISTINCT a.id) AS units, sum(w.seconds)::numeric AS seconds,
    max(a.decided_at) AS last_at
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
JOIN public.tasks_answer w ON w.assignment_id = a.id
WHERE a.state = 'accepted' AND a.decided_at > public.coop_now() - interval '28 days'
GROUP BY j.work_type_id, a.person_id;

-- From the latest 400 answers of each job, so that the figure follows the work and its cost stays the same.
CREATE OR REPLACE VIEW public.payments_measured_time AS
SELECT t.id AS work_type_id, m.units, m.people, m.median_seconds, m.q1, m.q3
FROM public.payments_worktype t CROSS JOIN LATERAL (
    SELECT count(*) AS units, count(DISTINCT s.person_id) AS people,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY s.seconds)::numeric AS median_seconds,
        percentile_cont(0.25) WITHIN GROUP (ORDER BY s.seconds)::numeric AS q1,
        percentile_cont(0.75) WITHIN GROUP (ORDER BY s.seconds)::numeric AS q3
    FROM public.tasks_job j CROSS JOIN LATERAL (
        SELECT a.person_id, w.seconds FROM (
            SELECT id, person_id FROM public.tasks_assignment
            WHERE job_id = j.id AND state = 'accepted' ORDER BY id DESC LIMIT 400
        ) a CROSS JOIN LATERAL (
            SELECT sum(seconds) AS seconds FROM public.tasks_answer WHERE assignment_id = a.id
        ) w
    ) s WHERE j.work_type_id = t.id
) m;

CREATE OR REPLACE VIEW public.payments_being_checked AS
SELECT a.person_id, count(*) AS units, sum(a.pay) AS amount, max(a.accept_by) AS latest
FROM public.tasks_assignment a WHERE a.state = 'submitted' GROUP BY a.person_id;
"""


class Migration(migrations.Migration):
    """Fill the views."""

    dependencies = [("tasks", "0002_guards"), ("governance", "0002_guards"), ("payments", "0002_guards")]
    operations = [migrations.RunSQL(FIGURES)]
