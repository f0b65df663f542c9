"""Tell the open ledger what each accepted unit paid and how long it took."""

from typing import ClassVar

from django.db import migrations

WORK_PAID = """
CREATE OR REPLACE VIEW public.payments_work_paid AS
SELECT j.work_type_id, a.person_id, a.pay AS amount, w.seconds, a.decided_at
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
CROSS JOIN LATERAL (
    SELECT sum(seconds)::numeric AS seconds FROM public.tasks_answer WHERE assignment_id = a.id
) w WHERE a.state = 'accepted';
"""


class Migration(migrations.Migration):
    """Fill the view."""

    dependencies: ClassVar = [("tasks", "0012_disputes_guards"), ("payments", "0016_open_ledger")]
    operations: ClassVar = [migrations.RunSQL(WORK_PAID)]
