"""Nobody takes work at a job whose usual hour makes less than the floor, until its client has made up for it (E4)."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

DEPOSITS = import_module("tasks.migrations.0028_floor_deposits")
SURPLUS = import_module("payments.migrations.0021_surplus_guards")
WEEKS = import_module("tasks.migrations.0026_weeks")
changed = import_module("tasks.migrations.0012_disputes_guards").changed

# As for a week, of some assignments.
STRETCHES_OF = changed(
    WEEKS.STRETCHES,
    (
        "public.tasks_stretches(first timestamptz, after timestamptz, who bigint DEFAULT NULL)",
        "public.tasks_stretches_of(works bigint[])",
    ),
    (
        "WHERE w.number = 1 AND w.at >= first AND w.at < after AND (who IS NULL OR a.person_id = who)",
        "WHERE w.number = 1 AND w.assignment_id = ANY(works)",
    ),
)
# What a job's latest accepted answers took, at most six of each member, so that nobody alone makes the middle; the
# highest floor of the regions in which those live who did them; and what an answer must pay to make it, rounded up.
MEASURE = """
CREATE FUNCTION public.tasks_measure_job(job bigint)
RETURNS TABLE (units bigint, people bigint, median bigint, floor bigint, least_pay bigint) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $measure$
    WITH latest AS (
        SELECT a.id, a.person_id, row_number() OVER (PARTITION BY a.person_id ORDER BY a.id DESC) AS place FROM (
            SELECT w.id, w.person_id FROM public.tasks_assignment w
            WHERE w.job_id = tasks_measure_job.job AND w.state = 'accepted' ORDER BY w.id DESC LIMIT 400
        ) a
    ), taken AS MATERIALIZED (
        SELECT l.id, l.person_id FROM latest l WHERE l.place <= 6
    ), took AS (
        SELECT t.id, t.person_id, extract(epoch FROM sum(s.to_at - s.from_at)) AS seconds
        FROM taken t JOIN public.tasks_stretches_of(ARRAY(SELECT id FROM taken)) s ON s.assignment_id = t.id
        GROUP BY t.id, t.person_id
    ), figures AS (
        SELECT count(*) AS units, count(DISTINCT t.person_id) AS people,
            ceil(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.seconds))::bigint AS median FROM took t
    )
    SELECT f.units, f.people, f.median, r.floor,
        public.payments_round_up(r.floor::numeric * f.median, 3600)::bigint
    FROM figures f, (SELECT max(public.payments_floor_in(p.country)) AS floor
        FROM public.people_person p WHERE p.id IN (SELECT person_id FROM taken)) r
$measure$;

-- What those who did a job for less than `least_pay` are short of, each answer that was handed in; what was paid before
-- counts.
CREATE FUNCTION public.tasks_differences(job bigint, least_pay bigint)
RETURNS TABLE (assignment_id bigint, amount bigint) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $differences$
    SELECT a.id, (tasks_differences.least_pay - a.pay - coalesce(d.paid, 0))::bigint
    FROM public.tasks_assignment a CROSS JOIN LATERAL (
        SELECT sum(e.amount) AS paid FROM public.tasks_difference e WHERE e.assignment_id = a.id
    ) d
    WHERE a.job_id = tasks_differences.job AND a.state IN ('submitted', 'sent_back', 'accepted', 'disputed', 'rejected')
    AND a.pay + coalesce(d.paid, 0) < tasks_differences.least_pay
$differences$;

CREATE FUNCTION public.tasks_differences_due(job bigint) RETURNS bigint LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $due$
    SELECT coalesce(sum(d.amount), 0)::bigint FROM public.tasks_shortfall s
    CROSS JOIN LATERAL public.tasks_differences(s.job_id, s.least_pay) d
    WHERE s.job_id = tasks_differences_due.job AND s.made_up_at IS NULL
$due$;
"""
# With the deposit comes what a raise to the least pay owes to those who did a paused job; what was paid of it is spent.
NEEDED = changed(
    DEPOSITS.NEEDED,
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    (
        "        - coalesce((SELECT sum(CASE",
        """        + CASE WHEN EXISTS (SELECT FROM public.tasks_shortfall s WHERE s.job_id = j.id
            AND s.made_up_at IS NULL AND s.least_pay <= tasks_deposit_needed.pay)
            THEN public.tasks_differences_due(j.id) ELSE 0 END
        + coalesce((SELECT sum(d.amount) FROM public.tasks_difference d
            JOIN public.tasks_shortfall s ON s.id = d.shortfall_id WHERE s.job_id = j.id), 0)
        - coalesce((SELECT sum(CASE""",
    ),
)
# What was paid on top of an answer's pay is earned by it: a week that is counted later lacks that much less.
EARNED = (
    "coalesce(sum(a.pay) FILTER",
    "coalesce(sum(a.pay + coalesce(d.amount, 0)) FILTER",
)
ON_TOP = (
    "FROM public.tasks_answer w JOIN public.tasks_assignment a ON a.id = w.assignment_id\n        WHERE",
    (
        "FROM public.tasks_answer w JOIN public.tasks_assignment a ON a.id = w.assignment_id\n"
        "        LEFT JOIN (SELECT e.assignment_id, sum(e.amount) AS amount FROM public.tasks_difference e\n"
        "            GROUP BY e.assignment_id) d ON d.assignment_id = a.id\n        WHERE"
    ),
)

MEASURED = "shortfalls_are_measured_by_the_database"
SHORT = "A job is paused when the usual hour at it, from 20 answers of 5 members on, makes less than the floor (E4)."
FOUND = f"""
    {guards.in_the_present(MEASURED)}
    SELECT j.pay, j.opened_at IS NOT NULL AND j.closed_at IS NULL AND NOT j.is_onboarding AS open INTO work
        FROM public.tasks_job j WHERE j.id = NEW.job_id FOR NO KEY UPDATE;
    SELECT m.* INTO found FROM public.tasks_measure_job(NEW.job_id) m;
    IF (work.open AND found.units >= 20 AND found.people >= 5 AND work.pay < found.least_pay) IS NOT TRUE THEN
        {guards.refuse(MEASURED, SHORT)}
    END IF;
    NEW.units := found.units;
    NEW.people := found.people;
    NEW.median_seconds := found.median;
    NEW.floor := found.floor;
    NEW.pay := work.pay;
    NEW.least_pay := found.least_pay;
    NEW.at := public.coop_now();
    NEW.made_up_at := NULL;
    RETURN NEW;
"""
ONCE = "A pause ends once, when the pay makes the floor; then everybody who did it for less is paid the difference."
MADE_UP = f"""
    {guards.in_the_present("shortfalls_are_made_up_once")}
    PERFORM FROM public.tasks_job j WHERE j.id = OLD.job_id FOR NO KEY UPDATE;
    IF (OLD.made_up_at IS NULL AND NEW.made_up_at IS NOT NULL
        AND (SELECT j.pay >= OLD.least_pay FROM public.tasks_job j WHERE j.id = OLD.job_id)) IS NOT TRUE
    THEN
        {guards.refuse("shortfalls_are_made_up_once", ONCE)}
    END IF;
    NEW.made_up_at := public.coop_now();
    INSERT INTO public.tasks_difference (shortfall_id, assignment_id, amount)
    SELECT OLD.id, d.assignment_id, d.amount FROM public.tasks_differences(OLD.job_id, OLD.least_pay) d
    ORDER BY d.assignment_id;
    RETURN NEW;
"""
# At the end of the transaction: paid to everybody, out of money that came with it, and not out of what a deposit owes.
ALL_PAID = """NOT EXISTS (SELECT FROM public.tasks_difference d WHERE d.shortfall_id = NEW.id
        AND NOT EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'difference:' || d.id AND t.kind = 11))
    AND (SELECT public.tasks_deposit_needed(j.id, j.pay) = 0 FROM public.tasks_job j WHERE j.id = NEW.job_id)
    AND coalesce((SELECT a.balance FROM public.payments_account a WHERE a.code = 'job:' || NEW.job_id || ':floor'
        AND a.currency = 'USD'), 0) >= public.payments_deposit_owes(NEW.job_id)"""
AS_FOUND = """
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        JOIN public.payments_account d ON d.id = p.debit_id
        LEFT JOIN public.tasks_difference o ON o.id =
            CASE WHEN p.ref ~ '^difference:[1-9][0-9]{0,17}$' THEN split_part(p.ref, ':', 2)::bigint END
        LEFT JOIN public.tasks_assignment a ON a.id = o.assignment_id
        WHERE p.kind = 11 AND p.ref LIKE 'difference:%' AND (p.amount = o.amount AND c.currency = 'USD'
            AND c.code = 'member:' || a.person_id || ':payable'
            AND d.code = 'job:' || a.job_id || ':floor') IS NOT TRUE
"""


class Migration(migrations.Migration):
    """Measure, pause, and let a job go on when what lacked is paid."""

    dependencies: ClassVar = [("tasks", "0029_shortfalls"), ("payments", "0045_differences")]
    operations: ClassVar = [
        *(
            migrations.RunSQL(sql)
            for sql in (
                STRETCHES_OF, MEASURE, NEEDED, changed(WEEKS.WEEK, EARNED, ON_TOP),
                changed(DEPOSITS.JOBS, EARNED, ON_TOP),
            )
        ),
        guards.Allow("tasks_differences_due(bigint)"),
        guards.Procedure(
            MEASURED, table="tasks_shortfall", declare="work record; found record;", body=FOUND, definer=True
        ),
        guards.Procedure(
            "shortfalls_are_made_up_once", table="tasks_shortfall", on="UPDATE", body=MADE_UP, definer=True
        ),
        guards.Frozen(
            "tasks_shortfall",
            ["job_id", "units", "people", "median_seconds", "floor", "pay", "least_pay", "at"],
            # Before the guard that ends a pause, by the order of names.
            name="shortfall_figures_are_frozen",
            otherwise="What was measured when a job was paused stays as it was.",
        ),
        guards.NeverDeleted("tasks_shortfall"),
        guards.Grant("tasks_shortfall", "SELECT", "INSERT", "UPDATE (made_up_at)"),
        guards.AppendOnly("tasks_difference", otherwise="What an answer is paid afterwards stays what it is."),
        # Written by the database alone.
        guards.Grant("tasks_difference", "SELECT"),
        guards.Guard(
            "nobody_works_below_the_floor_at_a_job",
            table="tasks_assignment",
            holds="""NOT EXISTS (SELECT FROM public.tasks_shortfall s
                WHERE s.job_id = NEW.job_id AND s.made_up_at IS NULL)""",
            otherwise="This job is paused: the usual hour at it makes less than the floor (E4).",
            definer=True,
        ),
        migrations.RunSQL(
            changed(
                SURPLUS.deferred(
                    "differences_are_paid",
                    "tasks_shortfall",
                    ALL_PAID,
                    "A pause ends with the difference paid to everybody, by money that its client brought for it.",
                ),
                ("AFTER INSERT ON", "AFTER UPDATE ON"),
            )
        ),
        migrations.RunSQL(
            SURPLUS.posted(
                "differences_are_paid_as_found",
                AS_FOUND,
                "Whoever did a job below the floor is paid the difference once, out of that job's money.",
            )
        ),
    ]  # fmt: skip
