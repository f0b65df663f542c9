"""Stages: jobs that follow another one; what is handed on, with its money; and nobody follows themselves."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

WORK = import_module("tasks.migrations.0002_guards")
SHORT = import_module("tasks.migrations.0030_shortfalls_guards")
SHARING = import_module("tasks.migrations.0044_sharing")
changed = import_module("payments.migrations.0024_checking").changed

UNDECIDED = "('claimed', 'submitted', 'sent_back', 'disputed')"
LIVE = "('claimed', 'submitted', 'sent_back', 'disputed', 'accepted')"

# How many tasks can still come to a stage: from what is open, undecided or not handed on yet at the job before, and
# from what can still come to that one. None once the stage is closed.
EXPECTED = f"""
CREATE FUNCTION public.tasks_expected(job bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $expected$
DECLARE
    stage record;
    former record;
    coming bigint := 0;
BEGIN
    SELECT s.* INTO stage FROM public.tasks_stage s JOIN public.tasks_job j ON j.id = s.job_id
        WHERE s.job_id = tasks_expected.job AND j.closed_at IS NULL;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    SELECT j.id, j.overlap, j.closed_at IS NULL AS goes_on INTO former
        FROM public.tasks_job j WHERE j.id = stage.after_id;
    IF former.goes_on THEN
        coming := public.tasks_expected(former.id);
    END IF;
    IF stage.takes = 'each' THEN
        RETURN coming * former.overlap
            + CASE WHEN former.goes_on THEN (SELECT coalesce(sum(t.open_slots), 0) FROM public.tasks_task t
                WHERE t.job_id = former.id) ELSE 0 END
            + (SELECT count(*) FROM public.tasks_assignment a WHERE a.job_id = former.id AND a.state IN {LIVE})
            - (SELECT count(*) FROM public.tasks_handover h WHERE h.stage_id = stage.job_id);
    END IF;
    RETURN coming + (SELECT count(*) FROM public.tasks_task t WHERE t.job_id = former.id
        AND (former.goes_on OR EXISTS (
            SELECT FROM public.tasks_assignment a WHERE a.task_id = t.id AND a.state IN {LIVE}))
        AND NOT EXISTS (SELECT FROM public.tasks_handover h WHERE h.stage_id = stage.job_id AND h.source_id = t.id));
END $expected$;
"""
NEEDED = """
CREATE OR REPLACE FUNCTION public.tasks_money_needed(job bigint, pay bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $needed$
    SELECT public.tasks_wages_needed(job, pay) + public.tasks_checks_needed(job, pay)
        + public.tasks_readings_needed(job) + coalesce((
            SELECT e.tasks * j.overlap * (tasks_money_needed.pay + tasks_money_needed.pay * f.on_wage / 10000
                + 2 * coalesce(public.payments_check_pay(j.work_type_id, tasks_money_needed.pay), 0))
            FROM public.tasks_job j CROSS JOIN LATERAL (SELECT public.tasks_expected(j.id) AS tasks) e
            CROSS JOIN LATERAL (SELECT on_wage FROM public.payments_fee ORDER BY version DESC LIMIT 1) f
            WHERE j.id = tasks_money_needed.job AND e.tasks > 0), 0)::bigint
$needed$;
"""
DEPOSIT = changed(
    SHORT.NEEDED,
    (
        "div((SELECT count(*) FROM public.tasks_task t WHERE t.job_id = j.id)::numeric",
        (
            "div(((SELECT count(*) FROM public.tasks_task t WHERE t.job_id = j.id)\n"
            "                + public.tasks_expected(j.id))::numeric"
        ),
    ),
)
OPENING = changed(
    WORK.OPENING,
    (
        "            AND EXISTS (SELECT FROM public.tasks_task t WHERE t.job_id = NEW.id)\n",
        (
            "            AND (EXISTS (SELECT FROM public.tasks_task t WHERE t.job_id = NEW.id)\n"
            "                OR public.tasks_expected(NEW.id) > 0)\n"
        ),
    ),
)

# A stage is shared out by what can come to it.
SHARES = changed(
    SHARING.SHARE.partition("CREATE TRIGGER")[0],
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    (
        "SELECT count(*) INTO units FROM public.tasks_task t WHERE t.job_id = NEW.id;",
        "SELECT count(*) + public.tasks_expected(NEW.id) INTO units FROM public.tasks_task t WHERE t.job_id = NEW.id;",
    ),
)

# What a task of the next stage shows: the data of before, and the parts of the answers that it carries. A part "a.b" is
# b of everything in a. Several answers come as a list; where they are split, each different one once.
CARRIED = """
CREATE FUNCTION public.tasks_carried(takes text, carries jsonb, data jsonb, answers jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $carried$
    SELECT tasks_carried.data || coalesce((SELECT jsonb_object_agg(c.key, CASE
        WHEN takes = 'each' AND position('.' IN c.value) = 0 THEN answers -> 0 -> c.value
        WHEN takes = 'split' THEN (SELECT coalesce(jsonb_agg(DISTINCT v), '[]')
            FROM jsonb_path_query(answers, ('$[*]."' || replace(c.value, '.', '"[*]."') || '"[*]')::jsonpath) v)
        ELSE jsonb_path_query_array(answers, ('$[*]."' || replace(c.value, '.', '"[*]."') || '"')::jsonpath) END)
        FROM jsonb_each_text(tasks_carried.carries) c), '{}')
$carried$;
"""
# What is settled at the job before and was not handed on: each accepted answer, or each task of which nothing is open
# or undecided any more. Answers that agree leave nothing to decide.
DUE = f"""
CREATE FUNCTION public.tasks_due(stage bigint, most integer)
RETURNS TABLE (source bigint, assignment bigint, data jsonb, agreed boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $due$
    SELECT t.id, a.id, public.tasks_carried(s.takes, s.carries, t.data, jsonb_build_array(w.value)), false
    FROM public.tasks_stage s JOIN public.tasks_assignment a ON a.job_id = s.after_id AND a.state = 'accepted'
    JOIN public.tasks_task t ON t.id = a.task_id
    CROSS JOIN LATERAL (SELECT value FROM public.tasks_answer WHERE assignment_id = a.id ORDER BY number DESC LIMIT 1) w
    WHERE s.job_id = stage AND s.takes = 'each' AND NOT EXISTS (
        SELECT FROM public.tasks_handover h WHERE h.stage_id = stage AND h.source_id = t.id AND h.assignment_id = a.id)
    UNION ALL
    SELECT t.id, NULL, public.tasks_carried(s.takes, s.carries, t.data, given.answers), s.takes = 'split' AND EXISTS (
            SELECT FROM public.tasks_review r JOIN public.tasks_assignment a ON a.id = r.assignment_id
            WHERE a.task_id = t.id AND r.ground = 'majority')
    FROM public.tasks_stage s JOIN public.tasks_job f ON f.id = s.after_id
    JOIN public.tasks_task t ON t.job_id = f.id AND (t.open_slots = 0 OR f.closed_at IS NOT NULL)
    CROSS JOIN LATERAL (
        SELECT jsonb_agg(w.value ORDER BY a.slot) AS answers
        FROM public.tasks_assignment a CROSS JOIN LATERAL (
            SELECT value FROM public.tasks_answer WHERE assignment_id = a.id ORDER BY number DESC LIMIT 1
        ) w WHERE a.task_id = t.id AND a.state = 'accepted'
    ) given
    WHERE s.job_id = stage AND s.takes <> 'each' AND given.answers IS NOT NULL
        AND NOT EXISTS (SELECT FROM public.tasks_assignment a WHERE a.task_id = t.id AND a.state IN {UNDECIDED})
        AND NOT EXISTS (SELECT FROM public.tasks_handover h WHERE h.stage_id = stage AND h.source_id = t.id)
    ORDER BY 1, 2 LIMIT most
$due$;

-- Writes what of that is given, each with a problem or none: only what the database itself finds to be due, and once.
CREATE FUNCTION public.tasks_hand_on(stage bigint, given jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $hand$
DECLARE
    whole record;
    handed bigint;
BEGIN
    SELECT s.apart_from_all, j.overlap INTO whole FROM public.tasks_stage s JOIN public.tasks_job j ON j.id = s.job_id
        WHERE s.job_id = stage AND j.opened_at IS NOT NULL AND j.closed_at IS NULL FOR NO KEY UPDATE OF j;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    WITH RECURSIVE due AS MATERIALIZED (
        SELECT d.*, g.problem, t.external_id, a.slot, CASE WHEN NOT d.agreed AND g.problem = ''
            THEN nextval(pg_get_serial_sequence('public.tasks_task', 'id')) END AS task
        FROM public.tasks_due(stage, jsonb_array_length(given)) d
        JOIN jsonb_to_recordset(given) g (source bigint, assignment bigint, problem text)
            ON g.source = d.source AND g.assignment IS NOT DISTINCT FROM d.assignment
        JOIN public.tasks_task t ON t.id = d.source
        LEFT JOIN public.tasks_assignment a ON a.id = d.assignment
    ), written AS (
        INSERT INTO public.tasks_handover (stage_id, source_id, assignment_id, task_id, problem, at)
        SELECT stage, d.source, d.assignment, d.task, CASE WHEN d.agreed THEN '' ELSE d.problem END, public.coop_now()
        FROM due d RETURNING 1
    ), line (task, source) AS (
        SELECT d.task, d.source FROM due d WHERE d.task IS NOT NULL
        UNION
        SELECT l.task, h.source_id FROM line l JOIN public.tasks_handover h ON h.task_id = l.source
        WHERE whole.apart_from_all
    ), kept AS (
        INSERT INTO public.tasks_apart (task_id, source_id) SELECT l.task, l.source FROM line l
    ), made AS (
        INSERT INTO public.tasks_task (id, job_id, position, external_id, data, open_slots)
        SELECT d.task, stage, coalesce((SELECT max(position) FROM public.tasks_task WHERE job_id = stage), 0)
                + row_number() OVER (ORDER BY d.source, d.assignment),
            CASE WHEN d.slot IS NULL THEN d.external_id WHEN length(d.external_id) <= 110
                THEN d.external_id || '-' || d.slot ELSE 'task-' || d.source || '-' || d.slot END,
            d.data, whole.overlap
        FROM due d WHERE d.task IS NOT NULL
    )
    SELECT count(*) INTO handed FROM written;
    RETURN handed;
END $hand$;
"""
JOINS = "stages_join_drafts_of_one_client"
JOIN = f"""
    {guards.in_the_present(JOINS)}
    NEW.at := public.coop_now();
    SELECT j.* INTO own FROM public.tasks_job j WHERE j.id = NEW.job_id FOR NO KEY UPDATE;
    SELECT j.* INTO former FROM public.tasks_job j WHERE j.id = NEW.after_id FOR NO KEY UPDATE;
    IF (own.client_id = former.client_id AND own.id > former.id AND NOT own.is_onboarding AND NOT former.is_onboarding
        AND own.opened_at IS NULL AND own.closed_at IS NULL AND former.opened_at IS NULL AND former.closed_at IS NULL
        AND NOT EXISTS (SELECT FROM public.tasks_task t WHERE t.job_id = own.id)
        AND (NEW.takes <> 'split' OR (former.review_rule = 'majority' AND former.overlap > 1))
        AND jsonb_typeof(NEW.carries) = 'object' AND NEW.carries <> '{{}}' AND NOT EXISTS (
            SELECT FROM jsonb_each(NEW.carries) c WHERE (c.key ~ '^[a-z_][a-z0-9_]{{0,59}}$'
                AND jsonb_typeof(c.value) = 'string'
                AND c.value #>> '{{}}' ~ '^[a-z_][a-z0-9_]*([.][a-z_][a-z0-9_]*)?$') IS NOT TRUE)
        AND EXISTS (SELECT FROM public.people_clientseat s WHERE s.client_id = own.client_id
            AND s.person_id = NEW.written_by_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)
    ) IS NOT TRUE THEN
        {guards.refuse(JOINS, "A stage is a draft without tasks that follows an older draft of the same client.")}
    END IF;
    RETURN NEW;
"""
TAKE_ONLY = f"""
CREATE FUNCTION public.guard_stages_take_only_what_was_handed_on() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT job_id FROM arrived) a JOIN public.tasks_stage s ON s.job_id = a.job_id
        JOIN arrived t ON t.job_id = s.job_id
        WHERE NOT EXISTS (SELECT FROM public.tasks_handover h WHERE h.task_id = t.id AND h.stage_id = s.job_id)
    ) THEN
        {guards.refuse("stages_take_only_what_was_handed_on", "A stage's tasks come from the stage before, alone.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE TRIGGER stages_take_only_what_was_handed_on AFTER INSERT ON public.tasks_task
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT
    EXECUTE FUNCTION public.guard_stages_take_only_what_was_handed_on();
ALTER TABLE public.tasks_task ENABLE ALWAYS TRIGGER stages_take_only_what_was_handed_on;
"""
FROM_ITS_END = """NEW.opened_at IS NULL OR OLD.opened_at IS NOT NULL OR NEW.closed_at IS NOT NULL OR NOT EXISTS (
    SELECT FROM public.tasks_stage s JOIN public.tasks_job n ON n.id = s.job_id
    WHERE s.after_id = NEW.id AND n.opened_at IS NULL AND n.closed_at IS NULL)"""
OTHERS = """NOT EXISTS (SELECT FROM public.tasks_apart p JOIN public.tasks_assignment b ON b.task_id = p.source_id
        WHERE p.task_id = NEW.task_id AND b.person_id = NEW.person_id AND b.state NOT IN ('left', 'skipped', 'expired'))
    AND NOT EXISTS (SELECT FROM public.tasks_apart p JOIN public.tasks_assignment b ON b.task_id = p.task_id
        WHERE p.source_id = NEW.task_id AND b.person_id = NEW.person_id)"""

NUMBER = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
KEPT = django.db.models.deletion.PROTECT
TAKES = [
    ("each", "Each accepted answer by itself"),
    ("split", "Each task whose answers do not agree, with what was answered"),
    ("whole", "Each task once, with all its accepted answers"),
]
MAKE = [
    migrations.CreateModel(
        name="Stage",
        fields=[
            ("job", models.OneToOneField(
                on_delete=KEPT, primary_key=True, related_name="stage", serialize=False, to="tasks.job"
            )),
            ("takes", models.CharField(choices=TAKES, max_length=5)),
            ("carries", models.JSONField()),
            ("apart_from_all", models.BooleanField(
                default=True, help_text="Nobody who answered at any stage before; else only not at the one before."
            )),
            ("at", models.DateTimeField(editable=False, null=True)),
            ("after", models.ForeignKey(on_delete=KEPT, related_name="next_stages", to="tasks.job")),
            ("written_by", models.ForeignKey(on_delete=KEPT, related_name="+", to=settings.AUTH_USER_MODEL)),
        ],
    ),
    migrations.CreateModel(
        name="HandOver",
        fields=[
            ("id", NUMBER),
            ("problem", models.TextField(blank=True, help_text="Why the next kind of answer cannot show it.")),
            ("at", models.DateTimeField(editable=False, null=True)),
            ("assignment", models.ForeignKey(
                null=True, on_delete=KEPT, related_name="handed_on", to="tasks.assignment"
            )),
            ("source", models.ForeignKey(on_delete=KEPT, related_name="handed_on", to="tasks.task")),
            ("stage", models.ForeignKey(db_index=False, on_delete=KEPT, related_name="arrivals", to="tasks.stage")),
            ("task", models.OneToOneField(null=True, on_delete=KEPT, related_name="origin", to="tasks.task")),
        ],
        options={"constraints": [
            models.UniqueConstraint(fields=("stage", "assignment"), name="each_answer_is_handed_on_once"),
            models.UniqueConstraint(
                fields=("stage", "source"), condition=models.Q(("assignment", None)), name="each_task_is_handed_on_once"
            ),
        ]},
    ),
    migrations.CreateModel(
        name="Apart",
        fields=[
            ("id", NUMBER.clone()),
            ("task", models.ForeignKey(db_index=False, on_delete=KEPT, related_name="apart_from", to="tasks.task")),
            ("source", models.ForeignKey(on_delete=KEPT, related_name="+", to="tasks.task")),
        ],
        options={"constraints": [models.UniqueConstraint(fields=("task", "source"), name="one_distance_per_pair")]},
    ),
]  # fmt: skip


class Migration(migrations.Migration):
    """Make the tables, count what can still come, and watch what is joined, handed on and claimed."""

    dependencies: ClassVar = [
        ("tasks", "0047_webhooks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        *MAKE,
        *(migrations.RunSQL(sql) for sql in (EXPECTED, NEEDED, DEPOSIT, SHARES, CARRIED, DUE, TAKE_ONLY)),
        guards.Allow("tasks_expected(bigint)"),
        guards.Allow("tasks_due(bigint, integer)"),
        guards.Allow("tasks_hand_on(bigint, jsonb)"),
        guards.Procedure(
            "job_opens_with_money",
            table="tasks_job",
            declare="held boolean;",
            body=OPENING,
            on="INSERT OR UPDATE",
            definer=True,
        ),
        guards.Procedure(
            JOINS, table="tasks_stage", declare="own record; former record;", body=JOIN, definer=True
        ),
        guards.AppendOnly("tasks_stage", otherwise="Which job follows which stays as it was joined."),
        guards.Grant("tasks_stage", "SELECT", "INSERT"),
        guards.AppendOnly("tasks_handover", otherwise="What was handed on stays at its stage."),
        # Written by the database alone.
        guards.Grant("tasks_handover", "SELECT"),
        guards.AppendOnly("tasks_apart", otherwise="Who keeps apart from whom does not change."),
        guards.Grant("tasks_apart", "SELECT"),
        guards.Guard(
            "chains_open_from_their_end",
            table="tasks_job",
            on="UPDATE",
            holds=FROM_ITS_END,
            otherwise="A job opens when the stages after it are open, with all their money set aside.",
            definer=True,
        ),
        guards.Guard(
            "nobody_follows_themselves",
            table="tasks_assignment",
            holds=OTHERS,
            otherwise="Whoever answered a task takes none that was made from it, and the other way round.",
            definer=True,
        ),
    ]  # fmt: skip
