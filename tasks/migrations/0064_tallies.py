"""What a job's tasks need is known without counting them: one task more costs the same, however many there are.

A tally says how much of a job's money its tasks cannot need (`spare`), at what a slot costs now. What arrives takes
from it, what is set aside adds to it. Whatever makes the work that stands dearer forgets it; then all is counted again.
"""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from coop.database import guards

PATH = "SET search_path = pg_catalog, public, pg_temp"
TALLIES = """
INSERT INTO public.tasks_tally (job_id, tasks, fundings, deposited, seen)
SELECT j.id, (SELECT count(*) FROM public.tasks_task t WHERE t.job_id = j.id), m.times, m.deposited
    - coalesce((SELECT sum(t.amount) FROM public.payments_account a JOIN public.payments_transfer t ON t.debit_id = a.id
        WHERE a.code = 'job:' || j.id || ':floor' AND a.currency = 'USD' AND t.kind = 99), 0), m.last
FROM public.tasks_job j CROSS JOIN LATERAL (
    SELECT count(*) AS times, coalesce(max(t.id), 0) AS last,
        coalesce(sum(t.amount) FILTER (WHERE a.kind = 'job:floor'), 0) AS deposited
    FROM public.payments_account a JOIN public.payments_transfer t ON t.credit_id = a.id AND t.kind = 2
    WHERE a.code IN ('job:' || j.id || ':escrow', 'job:' || j.id || ':floor') AND a.currency = 'USD'
) m;
"""
# A job that others follow, or that follows one, is counted each time: what comes to it is not what arrives.
SPARE = f"""
CREATE FUNCTION public.tasks_spare(job bigint, arrived bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER {PATH} AS $spare$
DECLARE
    tally record;
    came record;
    work record;
BEGIN
    -- Whoever makes dearer what stands waits here, or is counted below.
    SELECT y.spare, y.price, y.seen INTO tally FROM public.tasks_tally y WHERE y.job_id = job FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO public.tasks_tally AS y (job_id, tasks, fundings, deposited, seen) VALUES (job, 0, 0, 0, 0)
            ON CONFLICT (job_id) DO UPDATE SET spare = NULL RETURNING y.spare, y.price, y.seen INTO tally;
    END IF;
    SELECT count(*) AS times, max(t.id) AS last,
        coalesce(sum(t.amount) FILTER (WHERE a.kind = 'job:escrow'), 0)::bigint AS aside,
        coalesce(sum(t.amount) FILTER (WHERE a.kind = 'job:floor'), 0)::bigint AS deposited INTO came
    FROM public.payments_account a JOIN public.payments_transfer t ON t.credit_id = a.id AND t.id > tally.seen
    WHERE a.code IN ('job:' || job || ':escrow', 'job:' || job || ':floor') AND a.currency = 'USD' AND t.kind = 2;
    SELECT j.pay, j.pay + j.pay * f.on_wage / 10000 + 2 * coalesce(public.payments_check_pay(j.work_type_id, j.pay), 0)
        AS price, NOT j.is_onboarding
        AND NOT EXISTS (SELECT FROM public.tasks_stage s WHERE s.job_id = j.id)
        AND NOT EXISTS (SELECT FROM public.tasks_stage s WHERE s.after_id = j.id) AS alone INTO work
    FROM public.tasks_job j
    CROSS JOIN LATERAL (SELECT on_wage FROM public.payments_fee ORDER BY version DESC LIMIT 1) f WHERE j.id = job;
    IF work.alone AND tally.price = work.price AND tally.spare IS NOT NULL THEN
        tally.spare := tally.spare + came.aside - arrived * work.price;
    ELSE
        tally.spare := public.tasks_set_aside(job) - public.tasks_money_needed(job, work.pay);
    END IF;
    UPDATE public.tasks_tally y SET spare = tally.spare, price = work.price, fundings = y.fundings + came.times,
        deposited = y.deposited + came.deposited, seen = greatest(y.seen, came.last) WHERE y.job_id = job;
    RETURN tally.spare;
END $spare$;

CREATE FUNCTION public.tasks_room(job bigint)
RETURNS TABLE (spare bigint, price bigint, fundings bigint, last integer, leads boolean)
LANGUAGE plpgsql SECURITY DEFINER {PATH} AS $room$
BEGIN
    PERFORM public.tasks_spare(job, 0);
    RETURN QUERY SELECT y.spare, y.price, y.fundings,
        coalesce((SELECT max(t.position) FROM public.tasks_task t WHERE t.job_id = job), 0),
        EXISTS (SELECT FROM public.tasks_stage s WHERE s.after_id = job)
        FROM public.tasks_tally y WHERE y.job_id = job;
END $room$;
"""
TALLIED = """
    INSERT INTO public.tasks_tally AS y (job_id, tasks, fundings, deposited, seen)
        SELECT a.job_id, count(*), 0, 0, 0 FROM arrived a JOIN public.tasks_job j ON j.id = a.job_id
        GROUP BY a.job_id ORDER BY a.job_id
        ON CONFLICT (job_id) DO UPDATE SET tasks = y.tasks + excluded.tasks;
    IF EXISTS (
        SELECT FROM (
"""
# Money that goes back, disputes (two checks more), checks that ran out, a slot that comes back after a check, a guide
# that has to be read again: after each the same money does for less.
FORGET = f"""
CREATE FUNCTION public.tasks_forget_spare() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PATH} AS $forget$
DECLARE
    about bigint;
BEGIN
    IF TG_TABLE_NAME = 'tasks_check' THEN
        SELECT a.job_id INTO about FROM public.tasks_assignment a WHERE a.id = NEW.assignment_id;
    ELSIF TG_TABLE_NAME <> 'tasks_task' OR EXISTS (
        SELECT FROM public.tasks_check k JOIN public.tasks_assignment a ON a.id = k.assignment_id
        WHERE a.task_id = NEW.id)
    THEN
        about := NEW.job_id;
    END IF;
    UPDATE public.tasks_tally SET spare = NULL WHERE job_id = about;
    RETURN NULL;
END $forget$;

CREATE FUNCTION public.tasks_forget_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PATH} AS $moved$
BEGIN
    INSERT INTO public.tasks_tally AS y (job_id, tasks, fundings, deposited, seen)
        SELECT j.id, 0, 0, CASE WHEN a.kind = 'job:floor' AND NEW.kind = 99 THEN -NEW.amount ELSE 0 END, 0
        FROM public.payments_account a JOIN public.tasks_job j ON j.id = split_part(a.code, ':', 2)::bigint
        WHERE a.id = NEW.debit_id AND a.kind IN ('job:escrow', 'job:floor')
        ON CONFLICT (job_id) DO UPDATE SET spare = NULL, deposited = y.deposited + excluded.deposited;
    RETURN NULL;
END $moved$;
"""


def forgets(name: str, table: str, when: str, *, by: str = "tasks_forget_spare") -> str:
    """Return the trigger by which a change of a table forgets what is spare."""
    return f"""
CREATE TRIGGER {name} AFTER {when} EXECUTE FUNCTION public.{by}();
ALTER TABLE public.{table} ENABLE ALWAYS TRIGGER {name};
"""


ROW = "FOR EACH ROW WHEN"
TRIGGERS = (
    forgets("disputes_are_counted_anew", "tasks_assignment",
            f"UPDATE OF state ON public.tasks_assignment {ROW} (NEW.state = 'disputed')"),
    forgets("lapses_are_counted_anew", "tasks_check",
            f"UPDATE OF state ON public.tasks_check {ROW} (NEW.state = 'lapsed')"),
    forgets("returns_are_counted_anew", "tasks_task",
            f"UPDATE OF open_slots ON public.tasks_task {ROW} (NEW.open_slots > OLD.open_slots)"),
    forgets("guides_are_counted_anew", "tasks_guideversion",
            "INSERT ON public.tasks_guideversion FOR EACH ROW"),
    forgets("refunds_are_counted_anew", "payments_transfer",
            f"INSERT ON public.payments_transfer {ROW} (NEW.kind IN (18, 99))", by="tasks_forget_moved"),
)  # fmt: skip
FREED = """UPDATE public.tasks_task SET open_slots = 0 WHERE id = task;"""
KEPT = """UPDATE public.tasks_tally y SET spare = y.spare + t.open_slots * y.price
        FROM public.tasks_task t WHERE t.id = task AND y.job_id = t.job_id;
    UPDATE public.tasks_task SET open_slots = 0 WHERE id = task;"""
ASKED = """(public.tasks_set_aside(j.id) >= public.tasks_money_needed(j.id, j.pay)
                    AND public.tasks_funds_what_follows(j.id))"""
SPARED = "(public.tasks_spare(j.id, a.slots) >= 0 AND public.tasks_funds_what_follows(j.id))"
DEPOSITED = """coalesce((SELECT sum(CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END)
            FROM public.payments_account a JOIN public.payments_transfer t
                ON (t.credit_id = a.id AND t.kind = 2) OR (t.debit_id = a.id AND t.kind = 99)
            WHERE a.code = 'job:' || j.id || ':floor' AND a.currency = 'USD'), 0))::bigint"""
KNOWN = """coalesce(y.deposited, 0) - coalesce((SELECT sum(t.amount)
            FROM public.payments_account a JOIN public.payments_transfer t
                ON t.credit_id = a.id AND t.kind = 2 AND t.id > coalesce(y.seen, 0)
            WHERE a.code = 'job:' || j.id || ':floor' AND a.currency = 'USD'), 0))::bigint"""


class Migration(migrations.Migration):
    """Tally each job, ask the tally, and forget it where it would promise too much."""

    dependencies: ClassVar = [("tasks", "0063_halts")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("job", models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="tally",
                    serialize=False, to="tasks.job",
                )),
                ("tasks", models.IntegerField()),
                ("fundings", models.BigIntegerField(
                    help_text="How often money was set aside, for answers or the floor."
                )),
                ("deposited", models.BigIntegerField(help_text="For the floor, without what was taken back.")),
                ("seen", models.BigIntegerField()),
                ("price", models.BigIntegerField(null=True)),
                ("spare", models.BigIntegerField(null=True)),
            ],
        ),
        *(migrations.RunSQL(sql) for sql in (TALLIES, SPARE, FORGET, *TRIGGERS)),
        guards.Edited(
            "guard_tasks_arrive_whole",
            ("\n    IF EXISTS (\n        SELECT FROM (\n", TALLIED),
            ("count(gold) AS known", "count(gold) AS known, sum(open_slots) AS slots"),
            (ASKED, SPARED),
        ),
        guards.Edited("tasks_call_off", (FREED, KEPT)),
        guards.Edited(
            "tasks_deposit_needed",
            ("(SELECT count(*) FROM public.tasks_task t WHERE t.job_id = j.id)", "coalesce(y.tasks, 0)"),
            (DEPOSITED, KNOWN),
            ("tasks_job j WHERE", "tasks_job j LEFT JOIN public.tasks_tally y ON y.job_id = j.id WHERE"),
        ),
        guards.Allow("tasks_room(bigint)"),
        guards.NeverDeleted("tasks_tally"),
        guards.Grant("tasks_tally", "SELECT"),
        guards.Compartment(
            "tasks_tally",
            "EXISTS (SELECT FROM public.tasks_job j WHERE j.id = job_id AND j.client_id = {served})",
        ),
    ]  # fmt: skip
