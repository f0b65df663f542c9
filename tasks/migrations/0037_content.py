"""Content that may upset: named by topic, taken by whoever chose it, in bounded doses, with paid rests."""

from importlib import import_module
from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

COMPARABLE = import_module("tasks.migrations.0009_comparable_jobs")
changed = import_module("payments.migrations.0024_checking").changed

TOPICS = [
    ("violence", "Violence and injuries"),
    ("sexual", "Sexual content"),
    ("self_harm", "Self-harm and suicide"),
    ("hate", "Hate and insults"),
    ("child_safety", "Texts about harm to children"),
    ("medical", "Wounds, illness and operations"),
    ("animals", "Harm to animals"),
    ("other", "Something else that may upset"),
]
NAMES = [name for name, _words in TOPICS]
LISTED = ", ".join(f"'{name}'" for name in NAMES)

# With a fifth on top, rounded up: ten minutes of rest for fifty of work.
RESTS = """
CREATE FUNCTION public.tasks_with_rests(amount bigint, content jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $rests$
    SELECT CASE WHEN content = '{}' THEN amount ELSE (amount * 6 + 4) / 5 END
$rests$;

CREATE FUNCTION public.tasks_for_the_work(pay bigint, content jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $work$
    SELECT CASE WHEN content = '{}' THEN pay ELSE pay * 5 / 6 END
$work$;

CREATE FUNCTION public.tasks_chose(person bigint, content jsonb) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $chose$
    SELECT content = '{}' OR EXISTS (
        SELECT FROM public.tasks_contentchoice c WHERE c.person_id = tasks_chose.person
        AND ARRAY(SELECT jsonb_object_keys(content)) <@ c.topics::text[])
$chose$;
"""

# When somebody worked in the last 24 hours at tasks that may upset: what was noted as engaged time; where nothing was,
# from taking to handing in, three times the voted time at most. What overlaps counts once.
SEEN = """
CREATE FUNCTION public.tasks_seen(person bigint) RETURNS tstzmultirange
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $seen$
    WITH held AS MATERIALIZED (
        SELECT a.id, a.claimed_at, least(coalesce(a.submitted_at, a.decided_at, public.coop_now()), a.expires_at,
            a.claimed_at + interval '3 seconds' * r.estimated_seconds) AS until
        FROM public.tasks_job j CROSS JOIN LATERAL (
            SELECT w.* FROM public.tasks_assignment w
            WHERE w.person_id = tasks_seen.person AND w.job_id = j.id ORDER BY w.id DESC LIMIT 3000
        ) a JOIN public.payments_rate r ON r.id = a.rate_id
        WHERE j.content <> '{}' AND (j.closed_at IS NULL OR j.closed_at > public.coop_now() - interval '96 hours')
        AND a.claimed_at > public.coop_now() - interval '72 hours'
    ), part AS (
        SELECT s.from_at, s.to_at FROM held h JOIN public.tasks_span s ON s.assignment_id = h.id
        UNION ALL
        SELECT h.claimed_at, h.until FROM held h
        WHERE NOT EXISTS (SELECT FROM public.tasks_span s WHERE s.assignment_id = h.id)
    )
    SELECT coalesce(range_agg(tstzrange(p.from_at, p.to_at)) FILTER (WHERE p.to_at > p.from_at), '{}')
        * tstzmultirange(tstzrange(public.coop_now() - interval '24 hours', public.coop_now()))
    FROM part p
$seen$;

-- Since the last ten minutes without it, whoever has seen fifty rests for ten.
CREATE FUNCTION public.tasks_exposure(person bigint)
RETURNS TABLE (seconds bigint, most bigint, rest_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $exposure$
    WITH piece AS (
        SELECT lower(one) AS from_at, upper(one) AS to_at, lag(upper(one)) OVER (ORDER BY lower(one)) AS before
        FROM unnest(public.tasks_seen(tasks_exposure.person)) one
    ), begun AS (
        SELECT max(p.from_at) AS at FROM piece p
        WHERE p.before IS NULL OR p.from_at - p.before >= interval '10 minutes'
    )
    SELECT coalesce((SELECT sum(extract(epoch FROM p.to_at - p.from_at)) FROM piece p), 0)::bigint,
        60 * least(coalesce(c.minutes, n.ceiling), n.ceiling),
        (SELECT CASE WHEN sum(p.to_at - p.from_at) >= interval '50 minutes'
            THEN max(p.to_at) + interval '10 minutes' END FROM piece p, begun WHERE p.from_at >= begun.at)
    FROM (SELECT public.governance_number('exposure_minutes') AS ceiling) n
    LEFT JOIN public.tasks_contentchoice c ON c.person_id = tasks_exposure.person
$exposure$;
"""

# Comparable work is compared without the rests that the pay of each includes (N5).
LEAST = changed(
    COMPARABLE.LEAST,
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    ("o.pay - greatest", "public.tasks_for_the_work(o.pay, o.content) - greatest"),
)
KEEPING = changed(
    COMPARABLE.KEEPING,
    (
        "public.tasks_least_pay(NEW.id, NEW.client_id, NEW.work_type_id, NEW.title)",
        (
            "public.tasks_with_rests("
            "public.tasks_least_pay(NEW.id, NEW.client_id, NEW.work_type_id, NEW.title), NEW.content)"
        ),
    ),
)

SAID = "What may upset is named by topic, each with how often it comes up."
NAMED = f"""
    IF (jsonb_typeof(NEW.content) = 'object'
        AND NOT EXISTS (SELECT FROM jsonb_each(NEW.content) one WHERE one.key NOT IN ({LISTED})
            OR one.value #>> '{{}}' IS NULL OR one.value #>> '{{}}' NOT IN ('rare', 'some', 'often', 'most'))
        AND (NEW.sensitivity = '' OR NEW.content <> '{{}}')
        AND (NEW.sensitivity <> '' OR NOT NEW.content ? 'other')) IS NOT TRUE
    THEN
        {guards.refuse("content_is_named_by_topic", SAID)}
    END IF;
    RETURN NEW;
"""
PAYS = """NEW.opened_at IS NULL OR NEW.closed_at IS NOT NULL OR NEW.content = '{}'
    OR (TG_OP = 'UPDATE' AND OLD.opened_at IS NOT NULL) OR (
        NEW.pay >= public.tasks_with_rests((SELECT r.amount FROM public.payments_rate r
            WHERE r.work_type_id = NEW.work_type_id ORDER BY r.version DESC LIMIT 1), NEW.content)
        AND NEW.pay >= public.tasks_with_rests(
            public.payments_least_by_floor(NEW.work_type_id, NULL, NULL)::bigint, NEW.content))"""
PAID = "Work that may upset pays a fifth more than the rate: its rests are paid (E6)."
CHOSEN = "Nobody is given what may upset but by their own choice of topics, on a card that names them."
CLAIM = f"""
    SELECT j.content, j.work_type_id INTO work FROM public.tasks_job j WHERE j.id = NEW.job_id;
    IF work.content = '{{}}' THEN
        RETURN NEW;
    END IF;
    IF (public.tasks_chose(NEW.person_id, work.content) AND work.content = (
        SELECT c.body::jsonb -> 'content' FROM public.tasks_ratecard c WHERE c.digest = NEW.card_id
    )) IS NOT TRUE THEN
        {guards.refuse("upsetting_work_is_chosen", CHOSEN)}
    END IF;
    IF (NEW.pay >= public.tasks_with_rests((SELECT r.amount FROM public.payments_rate r
            WHERE r.work_type_id = work.work_type_id ORDER BY r.version DESC LIMIT 1), work.content)
        AND NEW.pay >= public.tasks_with_rests(public.payments_least_by_floor(work.work_type_id, NULL,
            (SELECT p.country FROM public.people_person p WHERE p.id = NEW.person_id))::bigint, work.content)
    ) IS NOT TRUE THEN
        {guards.refuse("rests_are_paid", PAID)}
    END IF;
    SELECT * INTO found FROM public.tasks_exposure(NEW.person_id);
    IF found.rest_until > public.coop_now() THEN
        {guards.refuse("rests_are_taken", "After 50 minutes of what may upset come 10 minutes without it.")}
    END IF;
    IF (found.seconds < found.most) IS NOT TRUE THEN
        {guards.refuse("exposure_has_its_cap", "Of 24 hours nobody sees what may upset for longer than their cap.")}
    END IF;
    RETURN NEW;
"""
CHECK = """public.tasks_chose(NEW.person_id, (SELECT j.content FROM public.tasks_assignment a
    JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = NEW.assignment_id))"""
WITHIN = "NEW.minutes IS NULL OR NEW.minutes <= public.governance_number('exposure_minutes')"


class Migration(migrations.Migration):
    """Name it, choose it, count it, and let it rest."""

    dependencies: ClassVar = [
        ("tasks", "0036_releases"),
        ("governance", "0054_exposure"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.AddField(
            "job",
            "content",
            models.JSONField(db_default={}, default=dict, help_text="{topic: how often it comes up}."),
        ),
        migrations.AddIndex(
            "job",
            models.Index(condition=~models.Q(("content", {})), fields=["id"], name="jobs_that_may_upset"),
        ),
        migrations.CreateModel(
            name="ContentChoice",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="content_choice",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=TOPICS, max_length=12), default=list, size=None
                    ),
                ),
                ("minutes", models.PositiveSmallIntegerField(null=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("topics__contained_by", NAMES)), name="topics_are_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("minutes", None), ("minutes__gt", 0), _connector="OR"),
                        name="caps_are_positive",
                    ),
                ]
            },
        ),
        migrations.RunSQL(RESTS),
        migrations.RunSQL(SEEN),
        migrations.RunSQL(LEAST),
        guards.Allow("tasks_with_rests(bigint, jsonb)"),
        guards.Allow("tasks_chose(bigint, jsonb)"),
        guards.Allow("tasks_exposure(bigint)"),
        guards.Procedure("content_is_named_by_topic", table="tasks_job", body=NAMED),
        guards.Frozen(
            "tasks_job",
            ["content"],
            name="job_content_is_frozen",
            otherwise="What a job may show stays as its client named it; other content is a new job.",
        ),
        guards.Guard(
            "jobs_pay_for_rests",
            table="tasks_job",
            on="INSERT OR UPDATE",
            holds=PAYS,
            otherwise="A job that may upset opens with a fifth more than the rate: its rests are paid (E6).",
            definer=True,
        ),
        guards.Procedure("job_reopens_no_lower", table="tasks_job", on="INSERT OR UPDATE", body=KEEPING, definer=True),
        guards.Procedure(
            "upsetting_work_is_chosen",
            table="tasks_assignment",
            declare="work record; found record;",
            body=CLAIM,
            definer=True,
        ),
        guards.Guard(
            "checks_that_may_upset_are_chosen", table="tasks_check", holds=CHECK, otherwise=CHOSEN, definer=True
        ),
        guards.Guard(
            "caps_are_within_the_rules",
            table="tasks_contentchoice",
            on="INSERT OR UPDATE",
            holds=WITHIN,
            otherwise="A cap of one's own is at most what the members voted for all.",
            definer=True,
        ),
        guards.Grant("tasks_job", "INSERT (content)"),
        guards.Grant("tasks_contentchoice", "SELECT", "INSERT", "UPDATE (topics, minutes, at)"),
    ]
