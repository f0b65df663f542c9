"""What came with the data is found at every job that shows it; a closed one names it at the pay that it had."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

# Every job that shows the same data: those before it, and all that follow any of these.
SAME = """
CREATE FUNCTION public.tasks_of_its_data(job bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $same$
    WITH RECURSIVE up (id) AS (
        SELECT tasks_of_its_data.job
        UNION SELECT s.after_id FROM up JOIN public.tasks_stage s ON s.job_id = up.id
    ), line (id) AS (
        SELECT up.id FROM up
        UNION SELECT s.job_id FROM line l JOIN public.tasks_stage s ON s.after_id = l.id
    ) SELECT l.id FROM line l
$same$;
CREATE FUNCTION public.tasks_found_for(job bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $found$
    SELECT h.id FROM public.tasks_hiddencontent h
    WHERE h.job_id IN (SELECT public.tasks_of_its_data(tasks_found_for.job)) AND (
        h.with_data OR h.job_id = tasks_found_for.job
        OR h.job_id IN (SELECT public.tasks_stages_before(tasks_found_for.job)))
$found$;
CREATE OR REPLACE FUNCTION public.tasks_hides(job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $hides$
    SELECT EXISTS (SELECT FROM public.tasks_hiddencontent h JOIN public.tasks_job j ON j.id = tasks_hides.job
        WHERE h.id IN (SELECT public.tasks_found_for(j.id)) AND (NOT j.content ? h.topic OR NOT EXISTS (
            SELECT FROM public.payments_transfer t WHERE t.ref = 'hidden:' || h.id AND t.kind = 42)))
$hides$;
"""
HIDING = """
CREATE FUNCTION public.tasks_hiding() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $hiding$
    SELECT DISTINCT l.id FROM public.tasks_hiddencontent h CROSS JOIN LATERAL public.tasks_of_its_data(h.job_id) l (id)
    WHERE public.tasks_hides(l.id)
$hiding$;
"""
REASON = "AND length(btrim(NEW.reason)) >= 10"
OF_A_STAGE = """
        AND (NOT NEW.with_data OR EXISTS (SELECT FROM public.tasks_stage s WHERE s.job_id = NEW.job_id))"""
FOUND_HERE = "(h.job_id = NEW.id OR h.job_id IN (SELECT public.tasks_stages_before(NEW.id)))"
FOUND_BEFORE = "e.job_id IN (SELECT public.tasks_stages_before(NEW.id))"
# Nobody is asked for more at a closed job: what it paid stays, and those who work after it wait for its word.
PAYS = "AND NEW.pay >= public.tasks_with_rests((SELECT"
PAYS_WHERE_OPEN = "AND (OLD.closed_at IS NOT NULL OR (NEW.pay >= public.tasks_with_rests((SELECT"
LAST = "NULL, NULL)::bigint, NEW.content))"


class Migration(migrations.Migration):
    """Let an officer say it, let every job of that data wait, and let a closed job name what was found."""

    dependencies: ClassVar = [("tasks", "0107_an_answer_by_its_number")]
    operations: ClassVar = [
        migrations.AddField("hiddencontent", "with_data", models.BooleanField(db_default=False, default=False)),
        guards.Grant("tasks_hiddencontent", "INSERT (with_data)"),
        migrations.RunSQL(SAME),
        guards.Allow("tasks_found_for(bigint)"),
        migrations.RunSQL(HIDING),
        guards.Allow("tasks_hiding()"),
        guards.Guard(
            "nobody_checks_before_it_is_named",
            table="tasks_check",
            holds="""NOT public.tasks_hides(
        (SELECT a.job_id FROM public.tasks_assignment a WHERE a.id = NEW.assignment_id))""",
            otherwise="This job is paused, its checks too: it showed what its card did not say (E6).",
            definer=True,
        ),
        guards.Edited("guard_hidden_content_is_found_by_reports", (REASON, REASON + OF_A_STAGE)),
        guards.Edited(
            "guard_job_content_is_frozen",
            (FOUND_HERE, "h.id IN (SELECT public.tasks_found_for(NEW.id))"),
            (FOUND_BEFORE, "e.id IN (SELECT public.tasks_found_for(s.after_id))"),
            (PAYS, PAYS_WHERE_OPEN),
            (LAST, LAST + "))"),
        ),
    ]
