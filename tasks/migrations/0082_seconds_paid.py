"""How many seconds of somebody's work had been paid by a moment: an auditor asks it of decisions long ago (R2)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# As governance_paid_time counts them, of what had been accepted by then; in doubt fewer.
PAID = """
CREATE FUNCTION public.tasks_seconds_paid(who bigint, until timestamptz) RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $paid$
    SELECT coalesce(sum(least(t.seconds, 3 * t.estimated_seconds)), 0) FROM (
        SELECT r.estimated_seconds, sum(w.seconds) AS seconds
        FROM public.tasks_assignment a JOIN public.tasks_answer w ON w.assignment_id = a.id
        JOIN public.payments_rate r ON r.id = a.rate_id
        WHERE a.person_id = who AND a.state = 'accepted' AND a.decided_at <= until GROUP BY a.id, r.estimated_seconds
    ) t
$paid$;
"""


class Migration(migrations.Migration):
    """Let it be asked."""

    dependencies: ClassVar = [("tasks", "0081_known_lately")]
    operations: ClassVar = [
        migrations.RunSQL(PAID),
        guards.Allow("tasks_seconds_paid(bigint, timestamptz)"),
    ]
