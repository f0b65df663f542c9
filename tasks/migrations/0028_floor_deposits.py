"""No job opens without its deposit for the floor, and the deposit stays until its last week was counted."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")

# The voted share of all wages of a job, rounded down, less what its client has put in already: what was paid out of it
# is not asked for again.
NEEDED = """
CREATE FUNCTION public.tasks_deposit_needed(job bigint, pay bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $needed$
    SELECT greatest(0, CASE WHEN j.is_onboarding THEN 0 ELSE
            div((SELECT count(*) FROM public.tasks_task t WHERE t.job_id = j.id)::numeric * j.overlap
                * tasks_deposit_needed.pay
                * public.payments_deposit_share(j.work_type_id), 10000) END
        - coalesce((SELECT sum(CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END)
            FROM public.payments_account a JOIN public.payments_transfer t
                ON (t.credit_id = a.id AND t.kind = 2) OR (t.debit_id = a.id AND t.kind = 99)
            WHERE a.code = 'job:' || j.id || ':floor' AND a.currency = 'USD'), 0))::bigint
    FROM public.tasks_job j WHERE j.id = tasks_deposit_needed.job
$needed$;
"""
OPENS = """NEW.opened_at IS NULL OR NEW.closed_at IS NOT NULL
    OR (TG_OP = 'UPDATE' AND OLD.opened_at IS NOT NULL AND NEW.pay <= OLD.pay)
    OR public.tasks_deposit_needed(NEW.id, NEW.pay) = 0"""

# Nothing of a closed job can be owed to anybody any more: none of it is open or undecided, and each week in which
# something of it was handed in is counted whole and paid. Before the members voted a floor no week is counted.
SETTLED = """
CREATE FUNCTION public.tasks_deposit_is_free(job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $free$
    SELECT j.closed_at IS NOT NULL AND public.payments_deposit_owes(j.id) = 0
        AND NOT EXISTS (SELECT FROM public.tasks_assignment a WHERE a.job_id = j.id
            AND a.state IN ('claimed', 'submitted', 'sent_back', 'disputed'))
        AND NOT EXISTS (
            SELECT FROM public.tasks_assignment a
            JOIN public.tasks_answer w ON w.assignment_id = a.id AND w.number = 1
            WHERE a.job_id = j.id AND date_trunc('week', w.at AT TIME ZONE 'UTC') >= public.payments_first_week()
            AND NOT EXISTS (SELECT FROM public.payments_reckoning r WHERE r.complete
                AND r.week = date_trunc('week', w.at AT TIME ZONE 'UTC')::date))
    FROM public.tasks_job j WHERE j.id = tasks_deposit_is_free.job
$free$;
"""
STAYS = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id AND d.kind = 'job:floor'
        WHERE p.kind IN (18, 99)
        AND public.tasks_deposit_is_free(split_part(d.code, ':', 2)::bigint) IS NOT TRUE
"""

# As for the whole week, job by job; a moment at two jobs is time at both.
JOBS = """
CREATE OR REPLACE FUNCTION public.payments_week_jobs(first timestamptz)
RETURNS TABLE (person_id bigint, job bigint, seconds bigint, earned bigint) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $jobs$
    WITH handed AS MATERIALIZED (
        SELECT a.person_id, a.job_id,
            coalesce(sum(a.pay) FILTER (WHERE a.state IN ('accepted', 'disputed', 'rejected')), 0) AS earned
        FROM public.tasks_answer w JOIN public.tasks_assignment a ON a.id = w.assignment_id
        WHERE w.number = 1 AND w.at >= first AND w.at < first + interval '7 days' GROUP BY a.person_id, a.job_id
    ), worked AS (
        SELECT s.person_id, a.job_id, range_agg(tstzrange(s.from_at, s.to_at)) AS spans
        FROM public.tasks_stretches(first, first + interval '7 days') s
        JOIN public.tasks_assignment a ON a.id = s.assignment_id GROUP BY s.person_id, a.job_id
    )
    SELECT h.person_id, h.job_id, coalesce((SELECT ceil(sum(extract(epoch FROM upper(span) - lower(span))))
        FROM unnest(w.spans) span), 0)::bigint, h.earned::bigint
    FROM handed h LEFT JOIN worked w ON w.person_id = h.person_id AND w.job_id = h.job_id
$jobs$;
"""


class Migration(migrations.Migration):
    """Watch the opening, and what comes back."""

    dependencies: ClassVar = [("tasks", "0027_shares"), ("payments", "0041_floor_deposits_guards")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql) for sql in (NEEDED, SETTLED, JOBS)),
        guards.Allow("tasks_deposit_needed(bigint, bigint)"),
        guards.Allow("tasks_deposit_is_free(bigint)"),
        guards.Guard(
            "job_opens_with_its_deposit",
            table="tasks_job",
            on="INSERT OR UPDATE",
            holds=OPENS,
            otherwise="A job opens with the voted deposit for the hourly floor set aside.",
            definer=True,
        ),
        migrations.RunSQL(
            SURPLUS.posted(
                "deposits_stay_until_weeks_are_counted",
                STAYS,
                "A deposit for the floor comes back when the job is closed and its last week was counted and paid.",
            )
        ),
    ]
