"""Guides grow by versions: questions from inside a task, readings that are paid, and pilots anew where much changed."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.money
from coop.database import guards

ASKED = import_module("tasks.migrations.0035_asked_by_kind")
PILOTS = import_module("tasks.migrations.0016_pilots_guards")
SURPLUS = import_module("payments.migrations.0021_surplus_guards")
changed = import_module("payments.migrations.0024_checking").changed

# A minute for 150 words, half a minute at least; at what the kind's voted time makes of the job's pay, rounded up. A
# small part is a tenth of the job's own guide or 60 words, whichever is more, in all changes since the last pilot.
WEIGHS = """
CREATE FUNCTION public.tasks_words(said text) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $words$
    SELECT count(*) FROM regexp_matches(said, '\\S+', 'g')
$words$;

CREATE FUNCTION public.tasks_new_words(was text, becomes text) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $new$
    SELECT coalesce(sum(public.tasks_words(n.line)), 0)::bigint FROM regexp_split_to_table(becomes, '\n') n (line)
    WHERE btrim(n.line, E' \\t\\r') NOT IN (
        SELECT btrim(o.line, E' \\t\\r') FROM regexp_split_to_table(was, '\n') o (line))
$new$;

CREATE FUNCTION public.tasks_weigh_guide(job bigint, becomes text) RETURNS TABLE (
    words bigint, changed bigint, seconds bigint, pay bigint, rescopes boolean, readers bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $weigh$
    WITH stands AS (
        SELECT j.id, j.guide AS first, j.pay AS job_pay, coalesce(v.guide, j.guide) AS was, r.estimated_seconds
        FROM public.tasks_job j CROSS JOIN LATERAL (
            SELECT estimated_seconds FROM public.payments_rate
            WHERE work_type_id = j.work_type_id ORDER BY version DESC LIMIT 1
        ) r LEFT JOIN LATERAL (
            SELECT guide FROM public.tasks_guideversion WHERE job_id = j.id ORDER BY number DESC LIMIT 1
        ) v ON true WHERE j.id = tasks_weigh_guide.job
    ), counted AS (
        SELECT s.*, public.tasks_new_words(s.was, becomes) AS fresh, public.tasks_new_words(becomes, s.was) AS gone
        FROM stands s
    )
    SELECT c.fresh, greatest(c.fresh, c.gone), t.seconds,
        public.payments_round_up(c.job_pay::numeric * t.seconds, c.estimated_seconds)::bigint,
        greatest(c.fresh, c.gone) + coalesce((SELECT sum(v.changed) FROM public.tasks_guideversion v
            WHERE v.job_id = c.id AND v.number > coalesce((SELECT max(w.number) FROM public.tasks_guideversion w
                WHERE w.job_id = c.id AND w.rescopes), 0)), 0) > greatest(60, public.tasks_words(c.first) / 10),
        (SELECT count(DISTINCT a.person_id) FROM public.tasks_assignment a WHERE a.job_id = c.id)
    FROM counted c CROSS JOIN LATERAL (SELECT greatest(30, (c.fresh * 2 + 4) / 5) AS seconds) t
$weigh$;
"""
# Whoever took a task before a version was there and has not read it since.
UNREAD = """EXISTS (SELECT FROM public.tasks_assignment b
        WHERE b.job_id = v.job_id AND b.person_id = {person} AND b.claimed_at <= v.at)
    AND NOT EXISTS (SELECT FROM public.tasks_reading r WHERE r.version_id = v.id AND r.person_id = {person})"""
NEEDED = """
CREATE FUNCTION public.tasks_readings_needed(job bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $readings$
    SELECT coalesce(sum(v.pay * (SELECT count(DISTINCT a.person_id) FROM public.tasks_assignment a
        WHERE a.job_id = v.job_id AND a.claimed_at <= v.at AND NOT EXISTS (
            SELECT FROM public.tasks_reading r WHERE r.version_id = v.id AND r.person_id = a.person_id))), 0)::bigint
    FROM public.tasks_guideversion v WHERE v.job_id = tasks_readings_needed.job
$readings$;

CREATE OR REPLACE FUNCTION public.tasks_money_needed(job bigint, pay bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $needed$
    SELECT public.tasks_wages_needed(job, pay) + public.tasks_checks_needed(job, pay)
        + public.tasks_readings_needed(job)
$needed$;
"""

# The pilot of a job whose guide changed begins with that change, and is measured by the work before the first of them.
SINCE = """
CREATE FUNCTION public.tasks_rescoped_at(job bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $since$
    SELECT coalesce(max(v.at), '-infinity') FROM public.tasks_guideversion v
    WHERE v.job_id = tasks_rescoped_at.job AND v.rescopes
$since$;
"""
MEASURE = changed(
    PILOTS.MEASURE,
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    ("AS mark, now.estimated_seconds\n", "AS mark, now.estimated_seconds, NULL::timestamptz AS until\n"),
    (
        "        WHERE j.id = job\n    ), known",
        """        WHERE j.id = job
        UNION ALL
        SELECT j.id, j.opened_at, j.work_type_id, j.client_id,
            v.job_pay - greatest(coalesce(was.amount, now.amount) - now.amount, 0), now.estimated_seconds, v.at
        FROM public.tasks_job j CROSS JOIN LATERAL (SELECT g.job_pay, g.at FROM public.tasks_guideversion g
            WHERE g.job_id = j.id AND g.rescopes ORDER BY g.number LIMIT 1) v
        CROSS JOIN LATERAL (SELECT r.amount, r.estimated_seconds FROM public.payments_rate r
            WHERE r.work_type_id = j.work_type_id ORDER BY r.version DESC LIMIT 1) now
        LEFT JOIN LATERAL (SELECT r.amount FROM public.payments_rate r
            WHERE r.work_type_id = j.work_type_id AND r.since <= v.at
            ORDER BY r.version DESC LIMIT 1) was ON true
        WHERE j.id = job
    ), known""",
    ),
    (
        "        WHERE a.state = 'accepted' GROUP BY a.person_id HAVING",
        (
            "        WHERE a.state = 'accepted' AND (f.until IS NULL OR a.claimed_at <= f.until)\n"
            "        GROUP BY a.person_id HAVING"
        ),
    ),
    (
        "WHERE a.job_id = job AND a.state = 'accepted'\n",
        (
            "WHERE a.job_id = job AND a.state = 'accepted'\n"
            "                AND a.claimed_at > public.tasks_rescoped_at(job)\n"
        ),
    ),
    (
        "WHERE job_id = f.id AND state = 'accepted' ORDER BY",
        (
            "WHERE job_id = f.id AND state = 'accepted'\n"
            "                        AND (f.until IS NULL OR claimed_at <= f.until) ORDER BY"
        ),
    ),
)
CLAIMED = changed(
    PILOTS.CLAIMED,
    ("    SELECT p.* INTO pilot", "    since := public.tasks_rescoped_at(NEW.job_id);\n    SELECT p.* INTO pilot"),
    (
        "    IF pilot.measured_at > public.coop_now() - interval '7 days' OR (\n        pilot.id IS NULL AND 6 >",
        (
            "    IF pilot.measured_at > greatest(since, public.coop_now() - interval '7 days') OR (\n"
            "        (pilot.id IS NULL OR pilot.measured_at <= since) AND 6 >"
        ),
    ),
    (
        "AND a.person_id = NEW.person_id AND a.state",
        "AND a.person_id = NEW.person_id AND a.claimed_at > since AND a.state",
    ),
    (
        "AND a.claimed_at > public.coop_now() - interval '28 days'",
        "AND a.claimed_at > greatest(public.coop_now() - interval '28 days', public.tasks_rescoped_at(o.id))",
    ),
    (
        "AND NOT EXISTS (SELECT FROM public.tasks_pilot p WHERE p.job_id = o.id)",
        (
            "AND NOT EXISTS (SELECT FROM public.tasks_pilot p WHERE p.job_id = o.id\n"
            "                    AND p.measured_at > public.tasks_rescoped_at(o.id))"
        ),
    ),
)

ASKS = "questions_are_asked_from_a_task"
ASK = f"""
    NEW.asked_at := public.coop_now();
    IF (NEW.words ~ '\\S' AND length(NEW.words) <= 1000 AND 3 > (
            SELECT count(*) FROM public.tasks_question q WHERE q.assignment_id = NEW.assignment_id)
        AND (SELECT a.state IN ('claimed', 'sent_back') AND NOT j.is_onboarding FROM public.tasks_assignment a
            JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = NEW.assignment_id FOR NO KEY UPDATE OF a)
    ) IS NOT TRUE THEN
        {guards.refuse(ASKS, "Whoever has a task open asks about it: three questions at most.")}
    END IF;
    RETURN NEW;
"""
CHANGES = "guides_change_by_versions"
CHANGE = f"""
    {guards.in_the_present(CHANGES)}
    SELECT j.* INTO work FROM public.tasks_job j WHERE j.id = NEW.job_id FOR NO KEY UPDATE;
    SELECT v.* INTO former FROM public.tasks_guideversion v WHERE v.job_id = NEW.job_id ORDER BY v.number DESC LIMIT 1;
    IF (work.opened_at IS NOT NULL AND work.closed_at IS NULL AND NOT work.is_onboarding
        AND NEW.guide ~ '\\S' AND length(NEW.guide) <= 40000 AND NEW.guide <> coalesce(former.guide, work.guide)
        AND EXISTS (SELECT FROM public.people_clientseat s WHERE s.client_id = work.client_id
            AND s.person_id = NEW.written_by_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)
    ) IS NOT TRUE THEN
        {guards.refuse(CHANGES, "Whoever has a seat at the client changes the guide of an open job, by a new version.")}
    END IF;
    SELECT w.* INTO weighed FROM public.tasks_weigh_guide(NEW.job_id, NEW.guide) w;
    NEW.number := coalesce(former.number, 1) + 1;
    NEW.digest := encode(sha256(convert_to(NEW.guide, 'UTF8')), 'hex');
    NEW.words := weighed.words;
    NEW.changed := weighed.changed;
    NEW.seconds := weighed.seconds;
    NEW.pay := weighed.pay;
    NEW.job_pay := work.pay;
    NEW.rescopes := weighed.rescopes;
    NEW.at := public.coop_now();
    IF NEW.rescopes THEN
        INSERT INTO public.tasks_rescoping (job_id, at) VALUES (NEW.job_id, NEW.at) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NEW;
"""
FUNDED = """(SELECT j.closed_at IS NOT NULL OR public.tasks_set_aside(j.id) >= public.tasks_money_needed(j.id, j.pay)
    FROM public.tasks_job j WHERE j.id = NEW.job_id)"""
REPLIED = """NEW.words ~ '\\S' AND EXISTS (
    SELECT FROM public.tasks_question q JOIN public.tasks_assignment a ON a.id = q.assignment_id
    JOIN public.tasks_guideversion v ON v.job_id = a.job_id AND v.at >= q.asked_at
    WHERE q.id = NEW.question_id AND v.id = NEW.version_id AND position(NEW.words IN v.guide) > 0)"""

READS = "changed_guides_are_read_by_who_worked"
READ = f"""
    {guards.in_the_present(READS)}
    SELECT v.id, v.job_id, v.pay, v.at, j.closed_at, j.pay AS job_pay INTO version
        FROM public.tasks_guideversion v JOIN public.tasks_job j ON j.id = v.job_id WHERE v.id = NEW.version_id;
    NEW.at := public.coop_now();
    NEW.pay := version.pay;
    -- Claims of this moment wait here, so that no reading takes the money behind an answer.
    PERFORM FROM public.payments_account WHERE code = 'job:' || version.job_id || ':escrow' FOR NO KEY UPDATE;
    IF (version.closed_at IS NULL AND public.tasks_may_work(NEW.person_id, version.job_id)
        AND EXISTS (SELECT FROM public.tasks_assignment a WHERE a.job_id = version.job_id
            AND a.person_id = NEW.person_id AND a.claimed_at <= version.at)
        AND public.tasks_set_aside(version.job_id) - NEW.pay
            >= public.tasks_wages_needed(version.job_id, version.job_pay)
    ) IS NOT TRUE THEN
        {guards.refuse(READS, "Whoever worked by an older guide reads the changed one, paid, while the job is open.")}
    END IF;
    RETURN NEW;
"""
PAID = """2 = (SELECT count(*) FROM public.payments_transfer t
    WHERE t.ref = 'reading:' || NEW.id AND t.kind IN (3, 10) AND t.amount = NEW.pay)"""
# Asked of the transfers about readings alone: a claim pays nothing for it.
MOVED = f"""
CREATE FUNCTION public.guard_readings_are_paid_as_published() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT NEW.*) p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_reading r ON r.id =
            CASE WHEN p.ref ~ '^reading:[1-9][0-9]{{0,17}}$' THEN split_part(p.ref, ':', 2)::bigint END
        LEFT JOIN public.tasks_guideversion v ON v.id = r.version_id
        WHERE (p.amount = r.pay AND d.currency = 'USD' AND CASE
                WHEN p.kind = 3 THEN d.code = 'job:' || v.job_id || ':escrow'
                    AND c.code = 'job:' || v.job_id || ':commit:' || r.person_id
                WHEN p.kind = 10 THEN d.code = 'job:' || v.job_id || ':commit:' || r.person_id
                    AND c.code = 'member:' || r.person_id || ':payable' END) IS NOT TRUE
    ) THEN
        {guards.refuse("readings_are_paid_as_published", "A reading is paid once, to who read, what its version says.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE TRIGGER readings_are_paid_as_published AFTER INSERT ON public.payments_transfer FOR EACH ROW
    WHEN (NEW.kind IN (3, 10) AND NEW.ref LIKE 'reading:%')
    EXECUTE FUNCTION public.guard_readings_are_paid_as_published();
ALTER TABLE public.payments_transfer ENABLE ALWAYS TRIGGER readings_are_paid_as_published;
"""
PROMISED = changed(
    ASKED.PROMISED,
    (
        "AND NOT (p.kind IN (3, 4) AND p.ref LIKE 'check:%') AND (",
        (
            "AND NOT (p.kind IN (3, 4) AND p.ref LIKE 'check:%')\n"
            "            AND NOT (p.kind IN (3, 10) AND p.ref LIKE 'reading:%') AND ("
        ),
    ),
)
NUMBER = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
KEPT = django.db.models.deletion.PROTECT
MAKE = [
    migrations.CreateModel(
        name="GuideVersion",
        fields=[
            ("id", NUMBER),
            ("number", models.PositiveIntegerField(editable=False, null=True)),
            ("guide", models.TextField(help_text="Markdown.", max_length=40_000)),
            ("digest", models.CharField(
                editable=False, help_text="SHA-256 of the guide, as rate cards name it.", max_length=64
            )),
            ("words", models.PositiveIntegerField(editable=False, null=True)),
            ("changed", models.PositiveIntegerField(editable=False, null=True)),
            ("seconds", models.PositiveIntegerField(editable=False, null=True)),
            ("pay", payments.money.MoneyField(editable=False, null=True)),
            ("job_pay", payments.money.MoneyField(editable=False, null=True)),
            ("rescopes", models.BooleanField(editable=False, null=True)),
            ("at", models.DateTimeField(editable=False, null=True)),
            ("job", models.ForeignKey(db_index=False, on_delete=KEPT, related_name="guide_versions", to="tasks.job")),
            ("written_by", models.ForeignKey(on_delete=KEPT, related_name="+", to=settings.AUTH_USER_MODEL)),
        ],
        options={"constraints": [models.UniqueConstraint(fields=("job", "number"), name="one_guide_per_number")]},
    ),
    migrations.CreateModel(
        name="Question",
        fields=[
            ("id", NUMBER.clone()),
            ("words", models.TextField(max_length=1000)),
            ("asked_at", models.DateTimeField(editable=False, null=True)),
            ("assignment", models.ForeignKey(on_delete=KEPT, related_name="questions", to="tasks.assignment")),
        ],
    ),
    migrations.CreateModel(
        name="Reply",
        fields=[
            ("id", NUMBER.clone()),
            ("words", models.TextField(max_length=4000)),
            ("question", models.OneToOneField(on_delete=KEPT, related_name="reply", to="tasks.question")),
            ("version", models.ForeignKey(on_delete=KEPT, related_name="replies", to="tasks.guideversion")),
        ],
    ),
    migrations.CreateModel(
        name="Reading",
        fields=[
            ("id", NUMBER.clone()),
            ("pay", payments.money.MoneyField(editable=False, null=True)),
            ("at", models.DateTimeField(editable=False, null=True)),
            ("person", models.ForeignKey(on_delete=KEPT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ("version", models.ForeignKey(
                db_index=False, on_delete=KEPT, related_name="readings", to="tasks.guideversion"
            )),
        ],
        options={"constraints": [
            models.UniqueConstraint(fields=("version", "person"), name="one_reading_per_person_and_version")
        ]},
    ),
]  # fmt: skip


class Migration(migrations.Migration):
    """Make the tables, say what a change weighs, and watch who asks, changes, reads and works."""

    dependencies: ClassVar = [
        ("tasks", "0038_predictions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        *MAKE,
        *(migrations.RunSQL(sql) for sql in (WEIGHS, NEEDED, SINCE, MEASURE, ASKED.apart(PROMISED))),
        guards.Allow("tasks_weigh_guide(bigint, text)"),
        guards.Allow("tasks_readings_needed(bigint)"),
        guards.Procedure(
            "work_is_piloted_before_it_grows",
            table="tasks_assignment",
            declare="pilot public.tasks_pilot; since timestamptz;",
            body=CLAIMED,
            definer=True,
        ),
        guards.Procedure(ASKS, table="tasks_question", body=ASK, definer=True),
        guards.AppendOnly("tasks_question", otherwise="A question is kept as it was asked."),
        guards.Grant("tasks_question", "SELECT", "INSERT"),
        guards.Procedure(
            CHANGES,
            table="tasks_guideversion",
            declare="work record; former record; weighed record;",
            body=CHANGE,
            definer=True,
        ),
        guards.AppendOnly("tasks_guideversion", otherwise="What a guide said stays; what it says next is a version."),
        guards.Grant("tasks_guideversion", "SELECT", "INSERT"),
        migrations.RunSQL(
            SURPLUS.deferred(
                "guides_change_with_money_to_read_them", "tasks_guideversion", FUNDED,
                "A guide changes when the money is set aside for everybody who has to read it (E6).",
            )
        ),
        guards.Guard(
            "replies_stand_in_the_guide", table="tasks_reply", holds=REPLIED, definer=True,
            otherwise="A question is answered in the guide, for everybody.",
        ),
        guards.AppendOnly("tasks_reply", otherwise="A reply stays as it was given."),
        guards.Grant("tasks_reply", "SELECT", "INSERT"),
        guards.Procedure(READS, table="tasks_reading", declare="version record;", body=READ, definer=True),
        guards.AppendOnly("tasks_reading", otherwise="Who read a guide and was paid for it stays written down."),
        guards.Grant("tasks_reading", "SELECT", "INSERT"),
        migrations.RunSQL(
            SURPLUS.deferred(
                "readings_are_paid", "tasks_reading", PAID, "Reading a changed guide is paid in the same act (E6)."
            )
        ),
        migrations.RunSQL(MOVED),
        guards.Guard(
            "changed_guides_are_read_first",
            table="tasks_assignment",
            holds=f"""NOT EXISTS (SELECT FROM public.tasks_guideversion v WHERE v.job_id = NEW.job_id
                AND {UNREAD.format(person="NEW.person_id")})""",
            otherwise="Whoever worked by an older guide reads what changed before the next task, and is paid for it.",
            definer=True,
        ),
        guards.Guard(
            "cards_name_the_guide_as_it_stands",
            table="tasks_assignment",
            holds="""coalesce((SELECT v.digest = (SELECT c.body::jsonb ->> 'guide' FROM public.tasks_ratecard c
                    WHERE c.digest = NEW.card_id) FROM public.tasks_guideversion v
                WHERE v.job_id = NEW.job_id ORDER BY v.number DESC LIMIT 1), true)""",
            otherwise="A task is taken by a card that names the guide as it stands now.",
            definer=True,
        ),
    ]  # fmt: skip
