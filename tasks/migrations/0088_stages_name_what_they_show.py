"""What a stage shows of the one before stands on its own card: named when it is joined, and when it is found later."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Every job whose content comes along to a stage: the one it follows, what that follows, and so on.
BEFORE = """
CREATE FUNCTION public.tasks_stages_before(job bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $before$
    WITH RECURSIVE line (id) AS (
        SELECT s.after_id FROM public.tasks_stage s WHERE s.job_id = tasks_stages_before.job
        UNION SELECT s.after_id FROM line l JOIN public.tasks_stage s ON s.job_id = l.id
    ) SELECT l.id FROM line l
$before$;
"""
# No rarer than the stage before says: a part of its tasks may show more of it, never less than nothing is told.
NAMES = """NOT EXISTS (
    SELECT FROM public.tasks_job own, public.tasks_job former, jsonb_each_text(former.content) shown
    WHERE own.id = NEW.job_id AND former.id = NEW.after_id
        AND (array_position(ARRAY['rare', 'some', 'often', 'most'], own.content ->> shown.key)
            >= array_position(ARRAY['rare', 'some', 'often', 'most'], shown.value)) IS NOT TRUE)"""
# Where something was found before it, a stage waits until its own card names it too; who pays is the client of before.
HIDES = """
CREATE OR REPLACE FUNCTION public.tasks_hides(job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $hides$
    SELECT EXISTS (SELECT FROM public.tasks_hiddencontent h JOIN public.tasks_job j ON j.id = h.job_id
        WHERE h.job_id = tasks_hides.job AND (NOT j.content ? h.topic OR NOT EXISTS (
            SELECT FROM public.payments_transfer t WHERE t.ref = 'hidden:' || h.id AND t.kind = 42)))
    OR EXISTS (SELECT FROM public.tasks_stages_before(tasks_hides.job) b (id)
        JOIN public.tasks_hiddencontent h ON h.job_id = b.id
        JOIN public.tasks_job j ON j.id = tasks_hides.job WHERE NOT j.content ? h.topic)
$hides$;
"""


class Migration(migrations.Migration):
    """Ask it where a stage is joined, and let a stage name, and wait for, what was found before it."""

    dependencies: ClassVar = [("tasks", "0087_kept_by_us")]
    operations: ClassVar = [
        migrations.RunSQL(BEFORE),
        guards.Allow("tasks_stages_before(bigint)"),
        guards.Guard(
            "stages_name_what_they_show",
            table="tasks_stage",
            holds=NAMES,
            otherwise="A stage names on its card what the stage before may show, as often or more (E6).",
            definer=True,
        ),
        migrations.RunSQL(HIDES),
        guards.Edited(
            "guard_job_content_is_frozen",
            (
                "WHERE h.job_id = NEW.id AND h.topic = one.key",
                (
                    "WHERE h.topic = one.key AND (h.job_id = NEW.id"
                    " OR h.job_id IN (SELECT public.tasks_stages_before(NEW.id)))"
                ),
            ),
        ),
    ]
