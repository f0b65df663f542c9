"""What a kind of work takes by the time it was worked at, measured by the database once a day."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from coop.database import guards

FIGURES = import_module("tasks.migrations.0003_figures").FIGURES
MEASURED = "paces_are_measured_by_the_database"
MEASURE = """
CREATE FUNCTION public.tasks_measure_kind(work bigint)
RETURNS TABLE (units bigint, people bigint, median numeric, quicker numeric, slower numeric) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $measure$
    WITH latest AS (
        SELECT a.id, a.person_id, row_number() OVER (PARTITION BY a.person_id ORDER BY a.id DESC) AS place FROM (
            SELECT w.id, w.person_id FROM public.tasks_assignment w JOIN public.tasks_job j ON j.id = w.job_id
            WHERE j.work_type_id = tasks_measure_kind.work AND w.state = 'accepted' ORDER BY w.id DESC LIMIT 5000
        ) a
    ), taken AS MATERIALIZED (
        SELECT l.id, l.person_id FROM latest l WHERE l.place <= 6
    ), took AS (
        SELECT t.id, t.person_id, extract(epoch FROM sum(s.to_at - s.from_at)) AS seconds
        FROM taken t JOIN public.tasks_stretches_of(ARRAY(SELECT id FROM taken)) s ON s.assignment_id = t.id
        GROUP BY t.id, t.person_id
    )
    SELECT count(*), count(DISTINCT t.person_id),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY t.seconds)::numeric,
        percentile_cont(0.25) WITHIN GROUP (ORDER BY t.seconds)::numeric,
        percentile_cont(0.75) WITHIN GROUP (ORDER BY t.seconds)::numeric FROM took t
$measure$;
"""
# The measured pace where there is a fresh one; else, as before, the seconds that answers were handed in with.
FRESH = """FROM public.tasks_pace p WHERE p.work_type_id = t.id
        AND p.at > public.coop_now() - interval '8 days'"""
BEFORE = FIGURES.partition("FROM public.payments_worktype t CROSS JOIN LATERAL (\n")[2].partition("\n) m;")[0]
VIEW = f"""
CREATE OR REPLACE VIEW public.payments_measured_time AS
SELECT t.id AS work_type_id, m.units, m.people, m.median_seconds, m.q1, m.q3
FROM public.payments_worktype t CROSS JOIN LATERAL (
    (SELECT p.units::bigint AS units, p.people::bigint AS people, p.median_seconds::numeric AS median_seconds,
        p.quicker_quarter::numeric AS q1, p.slower_quarter::numeric AS q3
    {FRESH} ORDER BY p.id DESC LIMIT 1)
    UNION ALL
    SELECT told.* FROM (SELECT 1 WHERE NOT EXISTS (SELECT {FRESH})) nothing CROSS JOIN LATERAL (
{BEFORE}
    ) told
) m;
"""
TODAY = "What work takes is measured by the database, once a day, from 20 answers of 5 members on."
FOUND = f"""
    {guards.in_the_present(MEASURED)}
    SELECT m.* INTO found FROM public.tasks_measure_kind(NEW.work_type_id) m;
    IF (found.units >= 20 AND found.people >= 5 AND found.median > 0 AND NOT EXISTS (
        SELECT FROM public.tasks_pace p WHERE p.work_type_id = NEW.work_type_id
        AND p.at > public.coop_now() - interval '20 hours')) IS NOT TRUE
    THEN
        {guards.refuse(MEASURED, TODAY)}
    END IF;
    NEW.units := found.units;
    NEW.people := found.people;
    NEW.median_seconds := found.median;
    NEW.quicker_quarter := found.quicker;
    NEW.slower_quarter := found.slower;
    NEW.at := public.coop_now();
    RETURN NEW;
"""
SECONDS = models.DecimalField(decimal_places=3, max_digits=12)


class Migration(migrations.Migration):
    """Make the table, measure, and let what is shown and asked go by it."""

    dependencies: ClassVar = [("tasks", "0030_shortfalls_guards")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Pace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("units", models.PositiveIntegerField()),
                ("people", models.PositiveIntegerField()),
                ("median_seconds", SECONDS),
                ("quicker_quarter", SECONDS.clone()),
                ("slower_quarter", SECONDS.clone()),
                ("at", models.DateTimeField()),
                (
                    "work_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="paces", to="payments.worktype"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(MEASURE),
        guards.Procedure(MEASURED, table="tasks_pace", declare="found record;", body=FOUND, definer=True),
        guards.AppendOnly("tasks_pace", otherwise="What was measured stays as it was."),
        guards.Grant("tasks_pace", "SELECT", "INSERT"),
        migrations.RunSQL(VIEW),
    ]
