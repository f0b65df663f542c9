"""The units of a replay without their seconds, which no price asks for: a million of them in one scan."""

from typing import ClassVar

from django.db import migrations

UNITS = """
DROP VIEW public.payments_replay_units;
CREATE VIEW public.payments_replay_units AS
SELECT j.work_type_id, a.person_id, a.pay
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
WHERE a.state = 'accepted' AND a.decided_at > (SELECT public.coop_now() - interval '28 days');
"""


class Migration(migrations.Migration):
    """Make the view anew; what reads it names its columns."""

    dependencies: ClassVar = [("tasks", "0009_comparable_jobs")]
    operations: ClassVar = [migrations.RunSQL(UNITS)]
