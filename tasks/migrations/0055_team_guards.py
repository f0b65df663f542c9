"""What teams promise: nobody is in one unasked, a split is agreed before the work, and pays everybody their part."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
changed = import_module("payments.migrations.0024_checking").changed

# Who a task taken by this person would be for: their team at the job, or them alone; nothing where they never were in a
# team, so that nobody else's claim costs more.
KNOWN = """
CREATE FUNCTION public.tasks_team_of(person bigint, job bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $team$
    SELECT t.id FROM public.tasks_teammember m JOIN public.tasks_team t ON t.id = m.team_id
    WHERE m.person_id = person AND t.job_id = job AND t.began_at IS NOT NULL AND t.ended_at IS NULL
$team$;
CREATE FUNCTION public.tasks_taken_for(person bigint, job bigint) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $people$
    SELECT CASE WHEN EXISTS (SELECT FROM public.tasks_teammember m WHERE m.person_id = person) THEN coalesce((
        SELECT array_agg(m.person_id) FROM public.tasks_teammember m
        WHERE m.team_id = public.tasks_team_of(person, job)), ARRAY[person]) END
$people$;
-- Whether none of these people answered the task, alone or in a team, nor one that it was made from, nor the reverse.
CREATE FUNCTION public.tasks_is_new_to(task bigint, people bigint[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $new$
    SELECT NOT EXISTS (
        SELECT FROM (
            SELECT a.person_id, a.team_id FROM public.tasks_assignment a WHERE a.task_id = tasks_is_new_to.task
            UNION ALL
            SELECT b.person_id, b.team_id FROM public.tasks_apart p
            JOIN public.tasks_assignment b ON b.task_id = p.source_id
            WHERE p.task_id = tasks_is_new_to.task AND b.state NOT IN ('left', 'skipped', 'expired')
            UNION ALL
            SELECT b.person_id, b.team_id FROM public.tasks_apart p
            JOIN public.tasks_assignment b ON b.task_id = p.task_id WHERE p.source_id = tasks_is_new_to.task
        ) had WHERE had.person_id = ANY(people) OR EXISTS (
            SELECT FROM public.tasks_teammember m WHERE m.team_id = had.team_id AND m.person_id = ANY(people)))
$new$;
CREATE FUNCTION public.tasks_in_team(team bigint, person bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $in$
    SELECT EXISTS (SELECT FROM public.tasks_teammember m WHERE m.team_id = team AND m.person_id = person)
$in$;
-- What everybody consents to: who works at which job, for how much of its pay.
CREATE FUNCTION public.tasks_team_digest(team bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $digest$
    SELECT encode(sha256(convert_to('job ' || t.job_id || ': ' || (
        SELECT string_agg(m.person_id || ' ' || m.percent || ' %', ', ' ORDER BY m.person_id)
        FROM public.tasks_teammember m WHERE m.team_id = t.id), 'UTF8')), 'hex')
    FROM public.tasks_team t WHERE t.id = team
$digest$;
"""
# Whole micro-units: what is left over by rounding down goes to who was cut most, one unit each.
SPLIT = """
CREATE FUNCTION public.tasks_split(team bigint, whole bigint) RETURNS TABLE (person_id bigint, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $split$
    SELECT c.person_id, c.part + CASE WHEN row_number() OVER (ORDER BY c.rest DESC, c.person_id)
        <= whole - sum(c.part) OVER () THEN 1 ELSE 0 END
    FROM (
        SELECT m.person_id, whole * m.percent / 100 AS part, whole * m.percent % 100 AS rest
        FROM public.tasks_teammember m WHERE m.team_id = team
    ) c
$split$;
CREATE FUNCTION public.tasks_part(team bigint, person bigint, whole bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $part$
    SELECT s.amount FROM public.tasks_split(team, whole) s WHERE s.person_id = person
$part$;
-- What of an answer's pay an account gets: all of it the one person's, or each of a team its part; no other any.
CREATE FUNCTION public.tasks_due_to(code text, team bigint, person bigint, whole bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $due$
    SELECT CASE WHEN team IS NOT NULL
        THEN (SELECT s.amount FROM public.tasks_split(team, whole) s
            WHERE code = 'member:' || s.person_id || ':payable')
        WHEN code = 'member:' || person || ':payable' THEN whole END
$due$;
"""
FORMED = "teams_are_formed_where_members_check"
FORM = f"""
    {guards.in_the_present(FORMED)}
    NEW.at := public.coop_now();
    IF (NEW.began_at IS NULL AND NEW.ended_at IS NULL AND NEW.ended_by_id IS NULL AND (
        SELECT j.opened_at IS NOT NULL AND j.closed_at IS NULL AND NOT j.is_onboarding AND j.review_rule = 'peer'
            AND j.content = '{{}}' FROM public.tasks_job j WHERE j.id = NEW.job_id)
        AND public.tasks_may_work(NEW.proposed_by_id, NEW.job_id)) IS NOT TRUE
    THEN
        {guards.refuse(FORMED, "A team is formed for an open job whose answers a member checks, by who may do it.")}
    END IF;
    RETURN NEW;
"""
UNASKED = "nobody_is_in_a_team_unasked"
ASK = f"""
    {guards.in_the_present(UNASKED)}
    SELECT t.* INTO team FROM public.tasks_team t WHERE t.id = NEW.team_id FOR NO KEY UPDATE;
    IF (team.began_at IS NULL AND team.ended_at IS NULL AND NEW.consent = '' AND NEW.consented_at IS NULL
        AND public.tasks_may_work(NEW.person_id, team.job_id)
        AND NOT EXISTS (SELECT FROM public.tasks_teammember m WHERE m.team_id = team.id AND m.consent <> '')
        AND (SELECT count(*) < 5 FROM public.tasks_teammember m WHERE m.team_id = team.id)) IS NOT TRUE
    THEN
        {guards.refuse(UNASKED, "Up to five who may do a job are asked to be a team before anybody consents.")}
    END IF;
    RETURN NEW;
"""
CONSENTS = "consents_name_what_was_agreed"
CONSENT = f"""
    {guards.in_the_present(CONSENTS)}
    SELECT t.* INTO team FROM public.tasks_team t WHERE t.id = OLD.team_id FOR NO KEY UPDATE;
    IF (ROW(NEW.id, NEW.team_id, NEW.person_id, NEW.percent)
            IS NOT DISTINCT FROM ROW(OLD.id, OLD.team_id, OLD.person_id, OLD.percent)
        AND OLD.consent = '' AND NEW.consent = public.tasks_team_digest(OLD.team_id)
        AND team.began_at IS NULL AND team.ended_at IS NULL
        AND (SELECT sum(m.percent) = 100 AND count(*) > 1 FROM public.tasks_teammember m WHERE m.team_id = team.id)
        AND public.tasks_may_work(OLD.person_id, team.job_id)) IS NOT TRUE
    THEN
        {guards.refuse(CONSENTS, "Each consents once, for themselves, to the split as it stands: 100 percent in all.")}
    END IF;
    NEW.consented_at := public.coop_now();
    RETURN NEW;
"""
# The record shows everybody what was signed in their name.
SIGNED = """EXISTS (SELECT FROM public.record_event e WHERE e.kind = 'teams.consented'
    AND e.actor_id = NEW.person_id AND e.subject = 'team:' || NEW.team_id)"""
BEGINS = "teams_begin_with_everyones_consent"
MOVES = f"""
    {guards.in_the_present(BEGINS)}
    PERFORM FROM public.tasks_job j WHERE j.id = OLD.job_id FOR NO KEY UPDATE;
    IF ROW(NEW.id, NEW.job_id, NEW.proposed_by_id, NEW.at)
        IS DISTINCT FROM ROW(OLD.id, OLD.job_id, OLD.proposed_by_id, OLD.at)
    THEN
        {guards.refuse(BEGINS, "A team stays what was agreed; another split is another team.")}
    END IF;
    IF NEW.began_at IS DISTINCT FROM OLD.began_at THEN
        IF (OLD.began_at IS NULL AND OLD.ended_at IS NULL AND NEW.ended_at IS NULL AND EXISTS (
                SELECT FROM public.tasks_teammember m WHERE m.team_id = OLD.id)
            AND NOT EXISTS (SELECT FROM public.tasks_teammember m WHERE m.team_id = OLD.id
                AND m.consent <> public.tasks_team_digest(OLD.id))
            AND NOT EXISTS (SELECT FROM public.tasks_teammember m WHERE m.team_id = OLD.id
                AND public.tasks_team_of(m.person_id, OLD.job_id) IS NOT NULL)) IS NOT TRUE
        THEN
            {guards.refuse(BEGINS, "A team begins once, when everybody in it has consented and is in no other one.")}
        END IF;
        NEW.began_at := public.coop_now();
    END IF;
    IF ROW(NEW.ended_at, NEW.ended_by_id) IS DISTINCT FROM ROW(OLD.ended_at, OLD.ended_by_id) THEN
        IF (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
            AND public.tasks_in_team(OLD.id, NEW.ended_by_id)) IS NOT TRUE
        THEN
            {guards.refuse("teams_end_once_by_one_of_them", "A team ends once, by one of those who are in it.")}
        END IF;
        NEW.ended_at := public.coop_now();
    END IF;
    RETURN NEW;
"""
TAKES = "teams_take_what_is_new_to_all"
WORK = "teams_work_when_all_may"
TAKE = f"""
    NEW.team_id := public.tasks_team_of(NEW.person_id, NEW.job_id);
    people := public.tasks_taken_for(NEW.person_id, NEW.job_id);
    IF people IS NULL THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present(TAKES)}
    -- Others who are taking it this moment wait here.
    PERFORM FROM public.tasks_task t WHERE t.id = NEW.task_id FOR NO KEY UPDATE;
    IF public.tasks_is_new_to(NEW.task_id, people) IS NOT TRUE THEN
        {guards.refuse(TAKES, "A team takes what none of them has answered, alone or with others.")}
    END IF;
    IF EXISTS (SELECT FROM unnest(people) one WHERE public.tasks_may_work(one, NEW.job_id) IS NOT TRUE) THEN
        {guards.refuse(WORK, "A team takes tasks while everybody in it may do this work.")}
    END IF;
    RETURN NEW;
"""
NOTES = """(SELECT public.tasks_in_team(a.team_id, NEW.person_id) FROM public.tasks_assignment a
        WHERE a.id = NEW.assignment_id) AND length(NEW.words) BETWEEN 1 AND 2000 AND length(btrim(NEW.words)) > 0"""
DATED = """
CREATE FUNCTION public.tasks_date_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $dated$
BEGIN
    NEW.at := public.coop_now();
    RETURN NEW;
END $dated$;
CREATE TRIGGER notes_are_dated BEFORE INSERT ON public.tasks_teamnote
    FOR EACH ROW EXECUTE FUNCTION public.tasks_date_note();
ALTER TABLE public.tasks_teamnote ENABLE ALWAYS TRIGGER notes_are_dated;
"""
# Whoever goes on with what another one wrote takes nothing away from it.
KEPT = """
CREATE FUNCTION public.tasks_keep_draft() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $kept$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.written_by_id IS DISTINCT FROM OLD.written_by_id THEN
        INSERT INTO public.tasks_teamdraft (assignment_id, person_id, value, saved_at)
        SELECT a.id, coalesce(OLD.written_by_id, a.person_id), OLD.value, OLD.saved_at
        FROM public.tasks_assignment a WHERE a.id = OLD.assignment_id AND a.team_id IS NOT NULL;
    END IF;
    RETURN NULL;
END $kept$;
CREATE TRIGGER drafts_of_a_team_are_kept AFTER UPDATE OR DELETE ON public.tasks_draft
    FOR EACH ROW EXECUTE FUNCTION public.tasks_keep_draft();
ALTER TABLE public.tasks_draft ENABLE ALWAYS TRIGGER drafts_of_a_team_are_kept;
"""
WRITERS = """NEW.written_by_id IS NULL OR (SELECT NEW.written_by_id = a.person_id
        OR public.tasks_in_team(a.team_id, NEW.written_by_id)
        FROM public.tasks_assignment a WHERE a.id = NEW.assignment_id)"""
EACH = "LEFT JOIN public.tasks_teammember m ON m.team_id = a.team_id"
# When each of a team worked at a task, up to their share of what its time can be; who took it also by taking and
# handing it in.
STRETCHES = (
    (
        "SELECT a.id, a.person_id, a.claimed_at,",
        (
            "SELECT row_number() OVER () AS id, a.id AS work, coalesce(m.person_id, a.person_id) AS person_id,\n"
            "            coalesce(m.person_id = a.person_id, true) AS own, a.claimed_at,"
        ),
    ),
    (
        "CASE WHEN again.at IS NULL THEN 1 ELSE 2 END AS most",
        "CASE WHEN again.at IS NULL THEN 1 ELSE 2 END\n                * coalesce(m.percent, 100) / 100 AS most",
    ),
    ("JOIN public.payments_rate r ON r.id = a.rate_id\n", f"JOIN public.payments_rate r ON r.id = a.rate_id {EACH}\n"),
    (
        "FROM lease l JOIN public.tasks_span s ON s.assignment_id = l.id\n",
        (
            "FROM lease l JOIN public.tasks_span s ON s.assignment_id = l.work\n"
            "            AND CASE WHEN s.person_id IS NULL THEN l.own ELSE s.person_id = l.person_id END\n"
        ),
    ),
    (
        "FROM lease l LEFT JOIN noted n ON n.id = l.id\n        UNION ALL",
        "FROM lease l LEFT JOIN noted n ON n.id = l.id WHERE l.own OR n.first_go\n        UNION ALL",
    ),
    (
        "FROM lease l LEFT JOIN noted n ON n.id = l.id WHERE l.again_at IS NOT NULL\n",
        (
            "FROM lease l LEFT JOIN noted n ON n.id = l.id\n"
            "        WHERE l.again_at IS NOT NULL AND (l.own OR n.second_go)\n"
        ),
    ),
    ("SELECT l.id, l.person_id, l.handed_at", "SELECT l.work, l.person_id, l.handed_at"),
)
# What each earned by it.
EARNED = (
    ("SELECT a.person_id,", "SELECT coalesce(m.person_id, a.person_id) AS person_id,"),
    (
        "sum(a.pay + coalesce(d.amount, 0))",
        (
            "sum(CASE WHEN a.team_id IS NULL THEN a.pay + coalesce(d.amount, 0) ELSE\n"
            "                public.tasks_part(a.team_id, m.person_id, a.pay)\n"
            "                + public.tasks_part(a.team_id, m.person_id, coalesce(d.amount, 0)::bigint) END)"
        ),
    ),
    (
        "JOIN public.tasks_assignment a ON a.id = w.assignment_id\n        LEFT JOIN (SELECT e.",
        f"JOIN public.tasks_assignment a ON a.id = w.assignment_id {EACH}\n        LEFT JOIN (SELECT e.",
    ),
    ("GROUP BY a.person_id", "GROUP BY coalesce(m.person_id, a.person_id)"),
)
DUE = "public.tasks_due_to(c.code, a.team_id, a.person_id, "


class Migration(migrations.Migration):
    """Promise it, and let what counted one person for each answer count everybody who was agreed on."""

    dependencies: ClassVar = [("tasks", "0054_teams"), ("payments", "0059_fewer_questions")]
    operations: ClassVar = [
        migrations.RunSQL(KNOWN),
        migrations.RunSQL(SPLIT),
        guards.Allow("tasks_taken_for(bigint, bigint)"),
        guards.Allow("tasks_is_new_to(bigint, bigint[])"),
        guards.Allow("tasks_team_digest(bigint)"),
        guards.Allow("tasks_split(bigint, bigint)"),
        guards.Procedure(FORMED, table="tasks_team", body=FORM, definer=True),
        guards.Procedure(
            BEGINS, table="tasks_team", on="UPDATE", body=MOVES, definer=True
        ),
        guards.NeverDeleted("tasks_team"),
        guards.Grant("tasks_team", "SELECT", "INSERT", "UPDATE (began_at, ended_at, ended_by_id)"),
        guards.Procedure(UNASKED, table="tasks_teammember", declare="team record;", body=ASK, definer=True),
        guards.Procedure(
            CONSENTS, table="tasks_teammember", on="UPDATE", declare="team record;", body=CONSENT, definer=True
        ),
        migrations.RunSQL(
            changed(
                SURPLUS.deferred(
                    "consents_stand_in_the_record",
                    "tasks_teammember",
                    SIGNED,
                    "Whoever consents signs it in the record, where they can see it.",
                ),
                ("AFTER INSERT ON", "AFTER UPDATE ON"),
            )
        ),
        guards.NeverDeleted("tasks_teammember"),
        guards.Grant("tasks_teammember", "SELECT", "INSERT", "UPDATE (consent)"),
        guards.Procedure(TAKES, table="tasks_assignment", declare="people bigint[];", body=TAKE, definer=True),
        guards.Guard(
            "notes_are_the_teams",
            table="tasks_teamnote",
            holds=NOTES,
            otherwise="About a task of a team its members write to each other.",
            definer=True,
        ),
        migrations.RunSQL(DATED),
        guards.AppendOnly("tasks_teamnote", otherwise="What was said in a team stays as it was said."),
        guards.Grant("tasks_teamnote", "SELECT", "INSERT"),
        migrations.RunSQL(KEPT),
        guards.AppendOnly("tasks_teamdraft", otherwise="What one of a team wrote is kept with their name."),
        # Written by the database alone.
        guards.Grant("tasks_teamdraft", "SELECT"),
        guards.Guard(
            "drafts_are_written_by_who_works",
            table="tasks_draft",
            holds=WRITERS,
            on="INSERT OR UPDATE",
            otherwise="A draft is written by who took the task, or by one of their team.",
            definer=True,
        ),
        guards.Grant("tasks_draft", "INSERT (written_by_id)", "UPDATE (written_by_id)"),
        guards.Grant("tasks_span", "INSERT (person_id)"),
        guards.Edited(
            "guard_assignment_terms_are_frozen", ("NEW.fee, NEW", "NEW.fee, NEW.team_id, NEW"),
            ("OLD.fee, OLD", "OLD.fee, OLD.team_id, OLD"),
        ),
        guards.Edited(
            "guard_spans_lie_within_the_task",
            (
                "SELECT a.state, a.claimed_at, a.expires_at INTO lease",
                ("SELECT a.state, a.claimed_at, a.expires_at, NEW.person_id IS NULL OR (NEW.person_id <> a.person_id\n"
                "        AND public.tasks_in_team(a.team_id, NEW.person_id)) AS theirs INTO lease"),
            ),
            ("AND NEW.to_at <= NEW.noted_at)", "AND NEW.to_at <= NEW.noted_at AND lease.theirs)"),
            (
                "s.assignment_id = NEW.assignment_id\n",
                "s.assignment_id = NEW.assignment_id\n        AND s.person_id IS NOT DISTINCT FROM NEW.person_id\n",
            ),
        ),
        guards.Edited("tasks_stretches", *STRETCHES, (
            "who IS NULL OR a.person_id = who", "who IS NULL OR coalesce(m.person_id, a.person_id) = who",
        )),
        guards.Edited("tasks_stretches_of", *STRETCHES),
        guards.Edited("payments_week_worked", *EARNED),
        guards.Edited("payments_week_jobs", *EARNED),
        # Nobody looks at what their own team answered.
        guards.Edited("tasks_has_part", (
            "o.task_id = a.task_id AND o.person_id = person",
            "o.task_id = a.task_id AND (o.person_id = person OR public.tasks_in_team(o.team_id, person))",
        )),
        guards.Edited("guard_reviews_are_made_by_others", (
            "NEW.reviewer_id <> a.person_id",
            "NEW.reviewer_id <> a.person_id AND NOT public.tasks_in_team(a.team_id, NEW.reviewer_id)",
        )),
        guards.Edited(
            "guard_rejections_are_made_in_time_by_others",
            ("SELECT a.person_id, a.task_id,", "SELECT a.person_id, a.team_id, a.task_id,"),
            (
                "NEW.rejected_by_id <> work.person_id",
                ("NEW.rejected_by_id <> work.person_id\n"
                "        AND NOT public.tasks_in_team(work.team_id, NEW.rejected_by_id)"),
            ),
        ),
        # The wage goes to whom the work's own guard says, which knows teams; the books know one of each commitment.
        guards.Edited("payments_postings", (
            "(5,'job:commit'::text,'member:payable'::text,4,2)",
            "(5,'job:commit'::text,'member:payable'::text,NULL::integer,NULL::integer)",
        )),
        guards.Edited(
            "guard_wage_is_what_was_promised",
            ("WHEN 5 THEN p.amount = a.pay AND", f"WHEN 5 THEN p.amount = {DUE}a.pay) AND"),
            ("WHEN 28 THEN p.amount = a.pay AND", f"WHEN 28 THEN p.amount = {DUE}a.pay) AND"),
            ("WHEN 28 THEN c.code = 'member:' || a.person_id || ':payable'\n", "WHEN 28 THEN true\n"),
        ),
        guards.Edited(
            "guard_differences_are_paid_as_found",
            ("p.amount = o.amount AND", f"p.amount = {DUE}o.amount) AND"),
            ("            AND c.code = 'member:' || a.person_id || ':payable'\n", ""),
        ),
        guards.Edited("guard_differences_are_paid", (
            ("AND NOT EXISTS (SELECT FROM public.payments_transfer t"
            " WHERE t.ref = 'difference:' || d.id AND t.kind = 11)"),
            ("AND d.amount IS DISTINCT FROM (SELECT sum(t.amount) FROM public.payments_transfer t\n"
            "            WHERE t.ref = 'difference:' || d.id AND t.kind = 11)"),
        )),
        guards.Edited(
            "guard_tips_go_to_who_answered",
            ("p.amount = t.amount AND", f"p.amount = {DUE}t.amount) AND"),
            ("available'\n            AND c.code = 'member:' || a.person_id || ':payable'", "available'"),
        ),
        guards.Edited("guard_tip_is_posted", (
            ("EXISTS (SELECT FROM public.payments_transfer t\n"
            "    WHERE t.ref = 'assignment:' || NEW.assignment_id AND t.kind = 12 AND t.amount = NEW.amount)"),
            ("NEW.amount = (SELECT sum(t.amount) FROM public.payments_transfer t\n"
            "    WHERE t.ref = 'assignment:' || NEW.assignment_id AND t.kind = 12)"),
        )),
    ]  # fmt: skip
