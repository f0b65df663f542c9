"""Tasks that join an open job come with the money of all that they can come to at the stages after it."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# What a stage hands on was counted when its first job opened or grew; only what a client brings asks for more.
FOLLOWS = """
CREATE FUNCTION public.tasks_funds_what_follows(job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $follows$
    SELECT EXISTS (SELECT FROM public.tasks_stage s WHERE s.job_id = tasks_funds_what_follows.job) OR NOT EXISTS (
        WITH RECURSIVE following AS (
            SELECT j.id, j.pay FROM public.tasks_stage s JOIN public.tasks_job j ON j.id = s.job_id
            WHERE s.after_id = tasks_funds_what_follows.job AND j.closed_at IS NULL
            UNION ALL
            SELECT j.id, j.pay FROM following f JOIN public.tasks_stage s ON s.after_id = f.id
            JOIN public.tasks_job j ON j.id = s.job_id WHERE j.closed_at IS NULL
        ) SELECT FROM following f WHERE public.tasks_set_aside(f.id) < public.tasks_money_needed(f.id, f.pay))
$follows$;
"""
FUNDED = "OR public.tasks_set_aside(j.id) >= public.tasks_money_needed(j.id, j.pay))"
WITH_STAGES = """OR (public.tasks_set_aside(j.id) >= public.tasks_money_needed(j.id, j.pay)
                    AND public.tasks_funds_what_follows(j.id)))"""


class Migration(migrations.Migration):
    """Ask for the money of the stages as well."""

    dependencies: ClassVar = [("tasks", "0061_endpoints")]
    operations: ClassVar = [
        migrations.RunSQL(FOLLOWS),
        guards.Edited("guard_tasks_arrive_whole", (FUNDED, WITH_STAGES)),
    ]
