"""Tell a statement what each wage was for."""

from typing import ClassVar

from django.db import migrations

ANSWERS = """
CREATE OR REPLACE VIEW public.payments_paid_answers AS
SELECT a.id AS assignment_id, a.job_id, j.title, a.rate_id, w.seconds
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
CROSS JOIN LATERAL (
    SELECT sum(seconds)::numeric AS seconds FROM public.tasks_answer WHERE assignment_id = a.id
) w;
"""


class Migration(migrations.Migration):
    """Fill the view."""

    dependencies: ClassVar = [("tasks", "0022_checks_named_apart"), ("payments", "0030_statements")]
    operations: ClassVar = [migrations.RunSQL(ANSWERS)]
