"""The units that a change of pay is replayed on, and how long they took under each rate."""

from typing import ClassVar

from django.db import migrations

UNITS = """
CREATE OR REPLACE VIEW public.payments_replay_units AS
SELECT j.work_type_id, a.person_id, a.pay, w.seconds
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
LEFT JOIN LATERAL (
    SELECT sum(seconds)::bigint AS seconds FROM public.tasks_answer WHERE assignment_id = a.id
) w ON true
WHERE a.state = 'accepted' AND a.decided_at > public.coop_now() - interval '28 days';

-- From the latest 400 units of each job under each rate, so that the figure follows the work.
CREATE OR REPLACE VIEW public.payments_time_under_rate AS
SELECT r.id AS rate_id, m.units, m.median_seconds
FROM public.payments_rate r CROSS JOIN LATERAL (
    SELECT count(*) AS units, percentile_disc(0.5) WITHIN GROUP (ORDER BY s.seconds) AS median_seconds
    FROM public.tasks_job j CROSS JOIN LATERAL (
        SELECT w.seconds FROM (
            SELECT id FROM public.tasks_assignment
            WHERE job_id = j.id AND rate_id = r.id AND state = 'accepted' ORDER BY id DESC LIMIT 400
        ) a CROSS JOIN LATERAL (
            SELECT sum(seconds)::bigint AS seconds FROM public.tasks_answer WHERE assignment_id = a.id
        ) w
    ) s WHERE j.work_type_id = r.work_type_id
) m;
"""


class Migration(migrations.Migration):
    """Fill the views."""

    dependencies: ClassVar = [("tasks", "0007_restrictions"), ("payments", "0012_replay")]
    operations: ClassVar = [migrations.RunSQL(UNITS)]
