"""Statements and the open ledger read the stretches of work, not what each answer told (decision 0280)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

ANSWERS = """
DROP VIEW public.payments_work_paid;
DROP VIEW public.payments_paid_answers;
CREATE VIEW public.payments_paid_answers AS
SELECT a.id AS assignment_id, a.job_id, j.title, a.rate_id
FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id;
"""
# Each second counts once, for the task that was begun first: the sum over all is the time that passed at work.
TIME = """
CREATE OR REPLACE FUNCTION public.payments_time_of(who bigint, works bigint[])
RETURNS TABLE (assignment_id bigint, seconds numeric) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $time$
    WITH mine AS (
        SELECT s.assignment_id, s.from_at, s.to_at, max(s.to_at) OVER (
            ORDER BY s.from_at, s.assignment_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
        FROM public.tasks_stretches_of(works) s WHERE s.person_id = who
    )
    SELECT m.assignment_id, sum(greatest(0, extract(epoch FROM m.to_at - greatest(m.from_at, m.until))))
    FROM mine m GROUP BY m.assignment_id
$time$;
"""
HOURS = """
CREATE OR REPLACE FUNCTION public.payments_hours_paid(first timestamptz, after timestamptz)
RETURNS TABLE (work_type_id bigint, person_id bigint, amount numeric, seconds numeric) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $hours$
    WITH done AS MATERIALIZED (
        SELECT a.id, j.work_type_id, a.person_id, a.team_id, a.pay
        FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
        WHERE a.state = 'accepted' AND a.decided_at >= first AND a.decided_at < after
    ), paid AS (
        SELECT d.work_type_id, coalesce(m.person_id, d.person_id) AS person_id, sum(CASE WHEN d.team_id IS NULL
            THEN d.pay ELSE public.tasks_part(d.team_id, m.person_id, d.pay) END) AS amount
        FROM done d LEFT JOIN public.tasks_teammember m ON m.team_id = d.team_id GROUP BY 1, 2
    ), worked AS (
        SELECT d.work_type_id, s.person_id, range_agg(tstzrange(s.from_at, s.to_at)) AS spans
        FROM public.tasks_stretches_of(ARRAY(SELECT d.id FROM done d)) s
        JOIN done d ON d.id = s.assignment_id GROUP BY 1, 2
    )
    SELECT p.work_type_id, p.person_id, p.amount,
        (SELECT sum(extract(epoch FROM upper(span) - lower(span))) FROM unnest(w.spans) span)
    FROM paid p JOIN worked w ON w.work_type_id = p.work_type_id AND w.person_id = p.person_id
$hours$;
"""


class Migration(migrations.Migration):
    """Fill the functions."""

    dependencies: ClassVar = [("tasks", "0127_words_of_what_is_unfit"), ("payments", "0121_engaged_hours")]
    operations: ClassVar = [
        migrations.RunSQL(ANSWERS + TIME + HOURS),
        guards.Grant("payments_paid_answers", "SELECT"),
        guards.Allow("tasks_stretches_of(bigint[])"),
        guards.Allow("tasks_part(bigint, bigint, bigint)"),
        guards.InUtc("payments_time_of", "payments_hours_paid"),
    ]
