"""On the day that a client named, what its tasks showed and what was answered to them is deleted; what was paid stays.

Nobody deletes a row. The database alone empties the columns that hold contents, of a job whose day has come and in
which nothing is left to decide, and leaves the SHA-256 of each answer in its place.
"""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

DAY = "contents_go_on_the_day_that_was_named"
TODAY = "(public.coop_now() AT TIME ZONE 'UTC')::date"
# Nothing may be left that somebody has to look at: a panel, a check, a version, a next stage, a member who asks why.
MAY = f"""
CREATE FUNCTION public.tasks_may_delete(job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $may$
    SELECT EXISTS (
        SELECT FROM public.tasks_job j WHERE j.id = job AND j.delete_on <= {TODAY}
            AND j.closed_at <= public.coop_now() - interval '168 hours'
    ) AND NOT EXISTS (
        SELECT FROM public.tasks_assignment a WHERE a.job_id = job
            AND (a.state IN ('claimed', 'submitted', 'sent_back', 'disputed')
                OR a.decided_at > public.coop_now() - interval '168 hours')
    ) AND NOT EXISTS (
        SELECT FROM public.tasks_check k JOIN public.tasks_assignment a ON a.id = k.assignment_id
        WHERE a.job_id = job AND k.state = 'open'
    ) AND NOT EXISTS (
        SELECT FROM public.tasks_dispute d JOIN public.tasks_assignment a ON a.id = d.assignment_id
        LEFT JOIN public.tasks_settlement s ON s.dispute_id = d.id
        WHERE a.job_id = job AND coalesce(s.settled_at > public.coop_now() - interval '168 hours', true)
    ) AND NOT EXISTS (
        SELECT FROM public.tasks_release r WHERE r.job_id = job AND r.finished_at IS NULL
            AND r.asked_at > public.coop_now() - interval '24 hours'
    ) AND NOT EXISTS (
        SELECT FROM public.tasks_stage s JOIN public.tasks_job n ON n.id = s.job_id
        WHERE s.after_id = job AND n.closed_at IS NULL
    ) AND NOT EXISTS (
        SELECT FROM public.tasks_order o JOIN public.tasks_task t ON t.id = o.task_id WHERE t.job_id = job
    )
$may$;
"""
# The one change that the guards of kept rows let pass: these columns emptied, of a job that is being emptied.
EMPTIES = """
CREATE FUNCTION public.tasks_empties(job bigint, former jsonb, latter jsonb, emptied jsonb) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $empties$
    SELECT latter = former || emptied
        AND EXISTS (SELECT FROM public.tasks_job j WHERE j.id = job AND j.deleted_at IS NOT NULL)
$empties$;
"""
HOLDS = """
CREATE FUNCTION public.tasks_holds_contents(job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $holds$
    SELECT EXISTS (SELECT FROM public.tasks_jobfile f WHERE f.job_id = job
            AND (f.file <> '' OR f.small <> '' OR f.source <> '' OR f.usable))
        OR EXISTS (SELECT FROM public.tasks_upload u WHERE u.job_id = job AND (u.file <> '' OR u.problems <> '[]'))
        OR EXISTS (SELECT FROM public.tasks_task t WHERE t.job_id = job
            AND (t.data <> '{}' OR t.gold IS NOT NULL OR t.prediction IS NOT NULL))
        OR EXISTS (SELECT FROM public.tasks_knownanswer k JOIN public.tasks_task t ON t.id = k.task_id
            WHERE t.job_id = job AND k.why <> '')
        OR EXISTS (SELECT FROM public.tasks_assignment a JOIN public.tasks_answer w ON w.assignment_id = a.id
            WHERE a.job_id = job AND w.digest IS NULL)
        OR EXISTS (SELECT FROM public.tasks_assignment a JOIN public.tasks_draft d ON d.assignment_id = a.id
            WHERE a.job_id = job)
        OR EXISTS (SELECT FROM public.tasks_assignment a JOIN public.tasks_teamdraft d ON d.assignment_id = a.id
            WHERE a.job_id = job AND d.value <> '{}')
$holds$;
"""
# As often as it is called it empties the next tasks by their place, and says up to which; nothing where none is left.
EMPTY = """
CREATE FUNCTION public.tasks_delete_contents(job bigint, place integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $empty$
DECLARE
    upto integer := (SELECT max(n.position) FROM (SELECT t.position FROM public.tasks_task t
        WHERE t.job_id = job AND t.position > place ORDER BY t.position LIMIT most) n);
    taken bigint[] := ARRAY(SELECT a.id FROM public.tasks_task t JOIN public.tasks_assignment a ON a.task_id = t.id
        WHERE t.job_id = job AND t.position > place AND t.position <= upto);
BEGIN
    -- The database keeps what one of a team wrote when a draft goes: so drafts go first.
    DELETE FROM public.tasks_draft d WHERE d.assignment_id = ANY (taken)
        AND EXISTS (SELECT FROM public.tasks_job j WHERE j.id = job AND j.deleted_at IS NOT NULL);
    UPDATE public.tasks_teamdraft d SET value = '{}' WHERE d.assignment_id = ANY (taken) AND d.value <> '{}';
    UPDATE public.tasks_answer w SET value = '{}', digest = encode(sha256(convert_to(w.value::text, 'UTF8')), 'hex')
        WHERE w.assignment_id = ANY (taken) AND w.digest IS NULL;
    UPDATE public.tasks_knownanswer k SET value = '{}', why = '' FROM public.tasks_task t
        WHERE t.id = k.task_id AND t.job_id = job AND t.position > place AND t.position <= upto AND k.why <> '';
    UPDATE public.tasks_task t SET data = '{}', gold = NULL, prediction = NULL
        WHERE t.job_id = job AND t.position > place AND t.position <= upto
        AND (t.data <> '{}' OR t.gold IS NOT NULL OR t.prediction IS NOT NULL);
    RETURN upto;
END $empty$;
"""
EMPTY_FILES = """
CREATE FUNCTION public.tasks_delete_files(job bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $empty$
BEGIN
    UPDATE public.tasks_jobfile f SET file = '', small = '', source = '', facts = '{}', usable = false
        WHERE f.job_id = job AND (f.file <> '' OR f.small <> '' OR f.source <> '' OR f.usable)
        AND EXISTS (SELECT FROM public.tasks_job j WHERE j.id = job AND j.deleted_at IS NOT NULL);
    UPDATE public.tasks_upload u SET file = '', problems = '[]' WHERE u.job_id = job
        AND EXISTS (SELECT FROM public.tasks_job j WHERE j.id = job AND j.deleted_at IS NOT NULL);
END $empty$;
"""
BEGIN = """
CREATE FUNCTION public.tasks_begin_to_delete(job bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $begin$
BEGIN
    PERFORM FROM public.tasks_job j WHERE j.id = job FOR NO KEY UPDATE;
    UPDATE public.tasks_job j SET deleted_at = public.coop_now()
        WHERE j.id = job AND j.deleted_at IS NULL AND public.tasks_may_delete(j.id);
    RETURN FOUND;
END $begin$;
CREATE FUNCTION public.tasks_end_to_delete(job bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $end$
BEGIN
    UPDATE public.tasks_job j SET emptied_at = public.coop_now()
        WHERE j.id = job AND j.deleted_at IS NOT NULL AND j.emptied_at IS NULL;
    RETURN FOUND;
END $end$;
"""
# A stage shows what the job before it showed, so its contents go no later.
FOLLOWS = """
CREATE FUNCTION public.tasks_stages_go_no_later() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $later$
BEGIN
    UPDATE public.tasks_job n SET delete_on = f.delete_on
        FROM public.tasks_stage s JOIN public.tasks_job f ON f.id = s.after_id
        WHERE n.id = s.job_id AND n.deleted_at IS NULL AND (n.delete_on > f.delete_on OR n.delete_on IS NULL)
        AND f.delete_on IS NOT NULL
        AND CASE TG_TABLE_NAME WHEN 'tasks_stage' THEN n.id = (to_jsonb(NEW) ->> 'job_id')::bigint
            ELSE f.id = (to_jsonb(NEW) ->> 'id')::bigint END;
    RETURN NULL;
END $later$;
CREATE TRIGGER stages_go_no_later AFTER UPDATE OF delete_on ON public.tasks_job
    FOR EACH ROW WHEN (NEW.delete_on IS NOT NULL) EXECUTE FUNCTION public.tasks_stages_go_no_later();
CREATE TRIGGER stages_go_no_later AFTER INSERT ON public.tasks_stage
    FOR EACH ROW EXECUTE FUNCTION public.tasks_stages_go_no_later();
ALTER TABLE public.tasks_job ENABLE ALWAYS TRIGGER stages_go_no_later;
ALTER TABLE public.tasks_stage ENABLE ALWAYS TRIGGER stages_go_no_later;
"""
# Members were told a day before they took a task: it comes no later than that.
NAMED = f"""
    IF TG_OP = 'INSERT' THEN
        held := NEW.deleted_at IS NULL AND NEW.emptied_at IS NULL
            AND (NEW.delete_on IS NULL OR NEW.delete_on BETWEEN {TODAY} + 15 AND {TODAY} + 3660);
    ELSE
        held := true;
        IF NEW.delete_on IS DISTINCT FROM OLD.delete_on THEN
            held := OLD.deleted_at IS NULL AND CASE WHEN NEW.delete_on IS NULL THEN OLD.opened_at IS NULL
                ELSE NEW.delete_on BETWEEN {TODAY} + 15 AND {TODAY} + 3660
                    AND (OLD.opened_at IS NULL OR NEW.delete_on < coalesce(OLD.delete_on, 'infinity')) END;
        END IF;
        IF NEW.deleted_at IS DISTINCT FROM OLD.deleted_at THEN
            {guards.in_the_present(DAY)}
            held := held AND OLD.deleted_at IS NULL AND NEW.delete_on IS NOT DISTINCT FROM OLD.delete_on
                AND public.tasks_may_delete(OLD.id);
            NEW.deleted_at := public.coop_now();
        END IF;
        IF NEW.emptied_at IS DISTINCT FROM OLD.emptied_at THEN
            {guards.in_the_present(DAY)}
            held := held AND OLD.emptied_at IS NULL AND OLD.deleted_at IS NOT NULL
                AND NOT public.tasks_holds_contents(OLD.id);
            NEW.emptied_at := public.coop_now();
        END IF;
    END IF;
    IF held IS NOT TRUE THEN
        {guards.refuse(DAY, "Contents are deleted on the day that members were told, when all is decided; not later.")}
    END IF;
    RETURN NEW;
"""
OF_ANSWER = "(SELECT a.job_id FROM public.tasks_assignment a WHERE a.id = OLD.assignment_id)"
HASH = "encode(sha256(convert_to(OLD.value::text, 'UTF8')), 'hex')"


def lets(emptied: str, *, job: str = "OLD.job_id") -> str:
    """Return the condition by which a kept row may be emptied: of a job whose day has come, and nothing else of it."""
    return f"public.tasks_empties({job}, to_jsonb(OLD), to_jsonb(NEW), {emptied})"


def before(emptied: str, *, job: str) -> str:
    """Return the plpgsql that lets a change pass before anything else is asked."""
    return f"""
    IF TG_OP = 'UPDATE' THEN
        IF {lets(emptied, job=job)} THEN
            RETURN NEW;
        END IF;
    END IF;
    """


TASK = '\'{"data": {}, "gold": null, "prediction": null}\''
FILE = '\'{"file": "", "small": "", "source": "", "facts": {}, "usable": false}\''
KNOWN = '\'{"value": {}, "why": ""}\''
KNOWN_OF = "(SELECT t.job_id FROM public.tasks_task t WHERE t.id = OLD.task_id)"


UNTIL = "So it is until the day of deletion that its job named."
WORDS = {
    "tasks_answer_is_append_only": "What was handed in is never changed; a redo is a new answer.",
    "open_slots_follow_assignments": "Open slots are counted by the database; the rest of a task never changes.",
    "files_that_are_shown_stay": "A file that tasks may name stays as it is.",
    "tasks_teamdraft_is_append_only": "What one of a team wrote is kept with their name.",
}


class Migration(migrations.Migration):
    """Keep the day with the job, and let the database empty what it is to empty."""

    dependencies: ClassVar = [("tasks", "0090_kept_where_they_lived")]
    operations: ClassVar = [
        migrations.AddField("job", "delete_on", models.DateField(
            help_text="From this day on, in UTC, what its tasks show and what was answered is deleted.", null=True
        )),
        migrations.AddField("job", "deleted_at", models.DateTimeField(
            editable=False, help_text="From when on nothing of it is shown.", null=True
        )),
        migrations.AddField("job", "emptied_at", models.DateTimeField(
            editable=False, help_text="When the last of it was deleted.", null=True
        )),
        migrations.AddField("answer", "digest", models.CharField(
            editable=False, help_text="SHA-256 of the value that was deleted, as the database wrote it.",
            max_length=64, null=True,
        )),
        migrations.AddIndex("job", models.Index(
            condition=models.Q(("delete_on__isnull", False), ("emptied_at", None)), fields=["delete_on"],
            name="jobs_to_be_emptied",
        )),
        *(migrations.RunSQL(sql) for sql in (MAY, EMPTIES, HOLDS, EMPTY, EMPTY_FILES, BEGIN, FOLLOWS)),
        guards.Procedure(
            DAY, table="tasks_job", on="INSERT OR UPDATE", declare="held boolean;", body=NAMED, definer=True
        ),
        guards.Edited("guard_open_slots_follow_assignments", (
            "= to_jsonb(OLD) - '{open_slots,turn,prediction}'::text[]",
            f"= to_jsonb(OLD) - '{{open_slots,turn,prediction}}'::text[] OR {lets(TASK)}",
        )),
        guards.Edited("guard_predictions_come_before_work", (
            "(NEW.turn IS NOT DISTINCT FROM OLD.turn OR", f"{lets(TASK)} OR (NEW.turn IS NOT DISTINCT FROM OLD.turn OR",
        )),
        guards.Edited("guard_tasks_answer_is_append_only", ("BEGIN\n", "BEGIN\n" + before(
            f"jsonb_build_object('value', '{{}}'::jsonb, 'digest', {HASH})", job=OF_ANSWER
        ))),
        guards.Edited("guard_tasks_teamdraft_is_append_only", ("BEGIN\n", "BEGIN\n" + before(
            "'{\"value\": {}}'", job=OF_ANSWER
        ))),
        guards.Edited("guard_known_answers_come_before_the_work", ("BEGIN\n", "BEGIN\n" + before(KNOWN, job=KNOWN_OF))),
        guards.Edited("guard_files_that_are_shown_stay", ("(NOT OLD.usable)", f"(NOT OLD.usable OR {lets(FILE)})")),
        *(guards.Edited(f"guard_{name}", (was, f"{was} {UNTIL}")) for name, was in WORDS.items()),
        guards.Grant("tasks_job", "INSERT (delete_on, deleted_at, emptied_at)", "UPDATE (delete_on)"),
        *(guards.Allow(f"tasks_{name}") for name in (
            "may_delete(bigint)", "empties(bigint, jsonb, jsonb, jsonb)", "begin_to_delete(bigint)",
            "end_to_delete(bigint)", "delete_contents(bigint, integer, integer)", "delete_files(bigint)",
        )),
    ]  # fmt: skip
