"""What was found before a stage is paid before it goes on, and named at it no rarer than at the job before (E6)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

HIDES = """
CREATE OR REPLACE FUNCTION public.tasks_hides(job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $hides$
    SELECT EXISTS (SELECT FROM public.tasks_hiddencontent h JOIN public.tasks_job j ON j.id = tasks_hides.job
        WHERE (h.job_id = j.id OR h.job_id IN (SELECT public.tasks_stages_before(j.id)))
            AND (NOT j.content ? h.topic OR NOT EXISTS (
                SELECT FROM public.payments_transfer t WHERE t.ref = 'hidden:' || h.id AND t.kind = 42)))
$hides$;
"""
FOUND = "OR h.job_id IN (SELECT public.tasks_stages_before(NEW.id)))"
# Whoever is first names it first: the share of a card stays as it is once named.
NO_RARER = """ AND NOT EXISTS (
                        SELECT FROM public.tasks_stage s JOIN public.tasks_job f ON f.id = s.after_id
                        WHERE s.job_id = NEW.id AND EXISTS (
                            SELECT FROM public.tasks_hiddencontent e WHERE e.topic = one.key
                                AND e.job_id IN (SELECT public.tasks_stages_before(NEW.id)))
                            AND (array_position(ARRAY['rare', 'some', 'often', 'most'], one.value)
                                >= array_position(ARRAY['rare', 'some', 'often', 'most'], f.content ->> one.key)
                            ) IS NOT TRUE)"""


class Migration(migrations.Migration):
    """Ask for both."""

    dependencies: ClassVar = [("tasks", "0096_decided_before_deleted")]
    operations: ClassVar = [
        migrations.RunSQL(HIDES),
        guards.Edited("guard_job_content_is_frozen", (FOUND, FOUND + NO_RARER)),
    ]
