"""Skills, their tests, and who showed them: a job may ask for one, and the database alone says who has it (N9).

A test is a job of the cooperative with known answers, like onboarding. What passes it stands in the instrument of
qualification; nobody gives a skill and nobody takes it away.
"""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from coop.database import guards

PATH = "SET search_path = pg_catalog, public, pg_temp"
WORDED, EARNED, TESTED = "skills_are_worded_in_both_languages", "skills_are_earned_in_tests", "skills_asked_are_tested"

WORDS = """NEW.name ~ '[^[:space:]]' AND NEW.about ~ '[^[:space:]]'
    AND NEW.name_es ~ '[^[:space:]]' AND NEW.about_es ~ '[^[:space:]]'
    AND EXISTS (SELECT FROM public.people_client c WHERE c.id = NEW.client_id AND c.is_cooperative)"""
WORDING = f"""
    NEW.created_at := public.coop_now();
    IF ({WORDS}) IS NOT TRUE THEN
        {guards.refuse(WORDED, "A skill is the cooperative's, and says what it is in English and in Spanish.")}
    END IF;
    RETURN NEW;
"""

ASKED = f"""
-- What passes a test that is begun at a moment, and when it may be taken again: the instrument as it stood then.
CREATE FUNCTION public.tasks_terms_of_tests(at timestamptz)
RETURNS TABLE (id bigint, drawn integer, needed integer, again interval)
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $terms$
    SELECT i.id, (i.value::jsonb ->> 'drawn')::integer, (i.value::jsonb ->> 'right')::integer,
        (i.value::jsonb ->> 'again_days')::integer * interval '24 hours'
    FROM public.payments_instrument i WHERE i.kind = 'qualification' AND i.key = 'skills' AND i.since <= at
    ORDER BY i.version DESC LIMIT 1
$terms$;

CREATE FUNCTION public.tasks_has_skill(person bigint, skill bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $has$
    SELECT EXISTS (SELECT FROM public.tasks_sitting s WHERE s.skill_id = skill AND s.person_id = person
        AND s.ended_at IS NOT NULL AND s.correct >= s.needed)
$has$;

-- The skills that a job may ask for: also a request that is served in a client's name sees which.
CREATE FUNCTION public.tasks_tested_skills() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $tested$
    SELECT DISTINCT j.tests_id FROM public.tasks_job j
    WHERE j.tests_id IS NOT NULL AND j.opened_at IS NOT NULL AND j.closed_at IS NULL
$tested$;

-- Whoever has begun goes on; whoever would begin has not the skill, waited as long as was voted, and meets no question
-- a second time.
CREATE FUNCTION public.tasks_may_sit(person bigint, job bigint, skill bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $sit$
    SELECT EXISTS (SELECT FROM public.tasks_sitting s
            WHERE s.skill_id = skill AND s.person_id = person AND s.ended_at IS NULL)
        OR NOT EXISTS (SELECT FROM public.tasks_sitting s WHERE s.skill_id = skill AND s.person_id = person
                AND (s.correct >= s.needed OR s.ended_at > public.coop_now() - t.again))
            AND t.drawn <= (SELECT count(*) FROM public.tasks_task q WHERE q.job_id = job AND NOT EXISTS (
                SELECT FROM public.tasks_assignment a WHERE a.task_id = q.id AND a.person_id = person
                    AND a.state <> 'claimed'))
    FROM public.tasks_terms_of_tests(public.coop_now()) t
$sit$;
"""

# What somebody answered since a moment in tests of a skill: how often, and how often as was known.
COUNTED = f"""
CREATE FUNCTION public.tasks_answered_in_tests(person bigint, skill bigint, since timestamptz)
RETURNS TABLE (answered bigint, correct bigint)
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $counted$
    SELECT count(*), count(*) FILTER (WHERE w.said @> q.known AND w.said <@ q.known)
    FROM public.tasks_job j JOIN public.tasks_assignment a ON a.job_id = j.id AND a.person_id = person
        AND a.claimed_at >= since
    JOIN public.tasks_review r ON r.assignment_id = a.id AND r.ground = 'gold' AND r.decision = 'accept'
    CROSS JOIN LATERAL (SELECT t.gold -> 'value' -> 'labels' AS known FROM public.tasks_task t
        WHERE t.id = a.task_id) q
    LEFT JOIN LATERAL (SELECT n.value -> 'labels' AS said FROM public.tasks_answer n WHERE n.assignment_id = a.id
        ORDER BY n.number DESC LIMIT 1) w ON true
    WHERE j.tests_id = skill
$counted$;

-- Asked of answers to known tasks alone. Of one person one at a time, so that none is counted past another; what was
-- taken beside a sitting that has ended meanwhile is paid, and begins none.
CREATE FUNCTION public.tasks_count_in_tests() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PATH} AS $count$
DECLARE
    held record;
    since timestamptz;
BEGIN
    SELECT a.person_id, a.claimed_at, j.tests_id INTO held FROM public.tasks_assignment a
        JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = NEW.assignment_id;
    IF held.tests_id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM public.people_person p WHERE p.id = held.person_id FOR NO KEY UPDATE;
    SELECT s.begun_at INTO since FROM public.tasks_sitting s
        WHERE s.skill_id = held.tests_id AND s.person_id = held.person_id AND s.ended_at IS NULL;
    IF since IS NULL AND NOT EXISTS (SELECT FROM public.tasks_sitting s WHERE s.skill_id = held.tests_id
        AND s.person_id = held.person_id AND (s.ended_at >= held.claimed_at OR s.correct >= s.needed))
    THEN
        INSERT INTO public.tasks_sitting (skill_id, person_id, terms_id, drawn, needed, answered, correct, begun_at)
        SELECT held.tests_id, held.person_id, t.id, t.drawn, t.needed, c.answered, c.correct, held.claimed_at
        FROM public.tasks_terms_of_tests(held.claimed_at) t,
            public.tasks_answered_in_tests(held.person_id, held.tests_id, held.claimed_at) c;
    ELSIF since <= held.claimed_at THEN
        UPDATE public.tasks_sitting s SET answered = c.answered, correct = c.correct,
            ended_at = CASE WHEN c.answered = s.drawn THEN public.coop_now() END
        FROM public.tasks_answered_in_tests(held.person_id, held.tests_id, since) c
        WHERE s.skill_id = held.tests_id AND s.person_id = held.person_id AND s.ended_at IS NULL;
        INSERT INTO public.record_event (at, kind, actor_id, subject, data)
        SELECT s.ended_at, 'skills.shown', s.person_id, 'skill:' || s.skill_id, '{{}}' FROM public.tasks_sitting s
        WHERE s.skill_id = held.tests_id AND s.person_id = held.person_id AND s.begun_at = since
            AND s.ended_at IS NOT NULL AND s.correct >= s.needed;
    END IF;
    RETURN NULL;
END $count$;
CREATE TRIGGER answers_to_tests_are_counted AFTER INSERT ON public.tasks_review FOR EACH ROW
    WHEN (NEW.ground = 'gold') EXECUTE FUNCTION public.tasks_count_in_tests();
ALTER TABLE public.tasks_review ENABLE ALWAYS TRIGGER answers_to_tests_are_counted;
"""
# Whoever writes it, the owner too: a sitting says what the answers say, under the terms as they stood, and once over
# it stays.
COUNTS = f"""
    {guards.in_the_present(EARNED)}
    IF (EXISTS (SELECT FROM public.tasks_terms_of_tests(NEW.begun_at) t
            WHERE (t.id, t.drawn, t.needed) = (NEW.terms_id, NEW.drawn, NEW.needed))
        AND EXISTS (SELECT FROM public.tasks_answered_in_tests(NEW.person_id, NEW.skill_id, NEW.begun_at) c
            WHERE (c.answered, c.correct) = (NEW.answered, NEW.correct))
        AND CASE TG_OP WHEN 'INSERT' THEN NEW.ended_at IS NULL AND NEW.answered = 1
            AND NOT EXISTS (SELECT FROM public.tasks_sitting s WHERE s.skill_id = NEW.skill_id
                AND s.person_id = NEW.person_id AND (s.ended_at >= NEW.begun_at OR s.correct >= s.needed))
        ELSE OLD.ended_at IS NULL AND (NEW.id, NEW.skill_id, NEW.person_id, NEW.terms_id, NEW.begun_at)
            = (OLD.id, OLD.skill_id, OLD.person_id, OLD.terms_id, OLD.begun_at) END
    ) IS NOT TRUE THEN
        {guards.refuse(EARNED, "A skill is shown by answers to known questions, and by nothing else; then it stays.")}
    END IF;
    RETURN NEW;
"""

# A test is the cooperative's own, with enough known questions for a second go; a job asks for nothing that nobody can
# show: as long as it is open, a test is.
TESTS = f"""
    IF NEW.asks_id IS NULL AND NEW.tests_id IS NULL AND (TG_OP = 'INSERT' OR OLD.tests_id IS NULL) THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present(TESTED)}
    opens := TG_OP = 'UPDATE' AND OLD.opened_at IS NULL AND NEW.opened_at IS NOT NULL AND NEW.closed_at IS NULL;
    IF opens AND NEW.asks_id IS NOT NULL THEN
        -- It does not close meanwhile.
        PERFORM FROM public.tasks_job t WHERE t.tests_id = NEW.asks_id AND t.opened_at IS NOT NULL
            AND t.closed_at IS NULL ORDER BY t.id FOR SHARE;
        held := FOUND;
    ELSIF opens THEN
        SELECT count(*) >= 2 * max(t.drawn) AND bool_and(jsonb_typeof(q.gold -> 'value' -> 'labels') = 'array')
            INTO held FROM public.tasks_task q, public.tasks_terms_of_tests(public.coop_now()) t
            WHERE q.job_id = NEW.id;
    ELSIF TG_OP = 'UPDATE' AND NEW.tests_id IS NOT NULL AND OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL THEN
        held := NOT EXISTS (SELECT FROM public.tasks_job a WHERE a.asks_id = NEW.tests_id
                AND a.opened_at IS NOT NULL AND a.closed_at IS NULL)
            OR EXISTS (SELECT FROM public.tasks_job t WHERE t.tests_id = NEW.tests_id AND t.id <> NEW.id
                AND t.opened_at IS NOT NULL AND t.closed_at IS NULL);
    END IF;
    IF (held AND (NEW.tests_id IS NULL OR NEW.is_onboarding) AND (NEW.asks_id IS NULL OR NOT NEW.is_onboarding)
        AND (TG_OP = 'INSERT' OR NEW.tests_id IS NOT DISTINCT FROM OLD.tests_id)
    ) IS NOT TRUE THEN
        {guards.refuse(TESTED, "A job asks for a skill as long as its paid test, of known questions, is open.")}
    END IF;
    RETURN NEW;
"""
FROZEN = "NEW.pass_mark IS NOT DISTINCT FROM OLD.pass_mark"
ONBOARDS = "THEN j.is_onboarding ELSE true END"
OPENS = "(j.is_onboarding OR public.payments_opens_to(person, j.work_type_id))"
PART, CLOSED = "AND NOT public.tasks_has_part(person, assignment)", "AND public.governance_stands(r.decision_id)"
HAS = "(j.asks_id IS NULL OR public.tasks_has_skill(person, j.asks_id))"
MAY_SIT = "(j.tests_id IS NULL OR public.tasks_may_sit(person, job, j.tests_id))"
KNOWN = "AND (a.known = 0 OR j.review_rule = 'gold')"


class Migration(migrations.Migration):
    """Make the tables, count what tests show, and ask for it where work is taken."""

    dependencies: ClassVar = [
        ("tasks", "0119_drafts_that_nobody_touches"),
        ("payments", "0117_how_tests_are_passed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Skill",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("about", models.TextField(help_text="Markdown.", max_length=4000)),
                ("name_es", models.CharField(max_length=60)),
                ("about_es", models.TextField(help_text="Markdown.", max_length=4000)),
                ("created_at", models.DateTimeField(editable=False, null=True)),
                ("client", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="skills", to="people.client"
                )),
                ("created_by", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
            ],
        ),
        migrations.CreateModel(
            name="Sitting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drawn", models.PositiveSmallIntegerField()),
                ("needed", models.PositiveSmallIntegerField()),
                ("answered", models.PositiveSmallIntegerField()),
                ("correct", models.PositiveSmallIntegerField()),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("person", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="sittings", to=settings.AUTH_USER_MODEL
                )),
                ("skill", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="sittings",
                    to="tasks.skill",
                )),
                ("terms", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                    to="payments.instrument",
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(ended_at=None), fields=("skill", "person"), name="one_sitting_of_a_test_at_a_time"
                    ),
                    models.UniqueConstraint(
                        condition=Q(ended_at__isnull=False, correct__gte=F("needed")), fields=("skill", "person"),
                        name="a_skill_is_shown_once",
                    ),
                    models.CheckConstraint(
                        condition=Q(correct__lte=F("answered"), answered__lte=F("drawn"), needed__lte=F("drawn")),
                        name="no_more_right_than_answered",
                    ),
                    models.CheckConstraint(
                        condition=Q(ended_at=None, answered__lt=F("drawn"))
                        | Q(ended_at__isnull=False, answered=F("drawn")),
                        name="sittings_end_with_their_last_answer",
                    ),
                ],
            },
        ),
        migrations.AddField("job", "asks", models.ForeignKey(
            help_text="What whoever takes it has to have shown.", null=True,
            on_delete=django.db.models.deletion.PROTECT, related_name="asked_by", to="tasks.skill",
        )),
        migrations.AddField("job", "tests", models.ForeignKey(
            editable=False, help_text="What it is the test of.", null=True,
            on_delete=django.db.models.deletion.PROTECT, related_name="tests", to="tasks.skill",
        )),
        guards.Procedure(WORDED, table="tasks_skill", body=WORDING, definer=True),
        guards.AppendOnly("tasks_skill", otherwise="A skill stays as it was worded: people hold it."),
        guards.Grant("tasks_skill", "SELECT", "INSERT"),
        migrations.RunSQL(ASKED),
        guards.Allow("tasks_may_sit(bigint, bigint, bigint)"),
        guards.Allow("tasks_tested_skills()"),
        migrations.RunSQL(COUNTED),
        guards.Procedure(EARNED, table="tasks_sitting", on="INSERT OR UPDATE", body=COUNTS, definer=True),
        guards.NeverDeleted("tasks_sitting", otherwise="Who has shown a skill keeps it."),
        # Written by the database alone.
        guards.Grant("tasks_sitting", "SELECT"),
        guards.Procedure(
            TESTED, table="tasks_job", on="INSERT OR UPDATE", declare="opens boolean; held boolean := true;",
            body=TESTS, definer=True,
        ),
        guards.Grant("tasks_job", "INSERT (asks_id, tests_id)", "UPDATE (asks_id)"),
        guards.Edited(
            "guard_job_terms_are_frozen", (FROZEN, f"{FROZEN} AND NEW.asks_id IS NOT DISTINCT FROM OLD.asks_id")
        ),
        guards.Edited("guard_tasks_arrive_whole", (
            KNOWN, f"{KNOWN} AND (j.tests_id IS NULL OR j.opened_at IS NULL)"
        )),
        # Whoever checks an answer could have given it.
        guards.Edited("tasks_may_check", (PART, f"{PART} AND {HAS}")),
        guards.Edited("tasks_closed_to", (CLOSED, f"""{CLOSED}
    UNION
    SELECT j.id FROM public.tasks_job j WHERE j.asks_id IS NOT NULL
        AND NOT public.tasks_has_skill(person, j.asks_id)""")),
        guards.Edited(
            "tasks_may_work",
            (ONBOARDS, "THEN j.is_onboarding AND j.tests_id IS NULL ELSE true END"),
            (OPENS, f"{OPENS} AND {HAS} AND {MAY_SIT}"),
        ),
    ]  # fmt: skip
