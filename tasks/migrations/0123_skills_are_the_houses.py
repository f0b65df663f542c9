"""Officers alone put skills and tests up, a test is one that can be taken, and neither test nor skip shuts anybody out.

What a member may sit, what a job may ask for and when a test may close are one question, answered in one place.
"""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

SKILLS = import_module("tasks.migrations.0120_skills")
PATH, WORDED, TESTED, HAS = SKILLS.PATH, SKILLS.WORDED, SKILLS.TESTED, SKILLS.HAS

OFFICER = """EXISTS (SELECT FROM public.governance_office o WHERE o.person_id = NEW.created_by_id
        AND public.governance_may(o.id, 'handles_money', public.coop_now()))"""
NOTED = "INSERT INTO public.record_event (at, kind, actor_id, subject, data) VALUES (public.coop_now(), "
WORDING = f"""
    NEW.created_at := public.coop_now();
    IF ({SKILLS.WORDS} AND {OFFICER}) IS NOT TRUE THEN
        {guards.refuse(WORDED, "Officers who handle money word the cooperative's skills, in English and in Spanish.")}
    END IF;
    {NOTED}'skills.defined', NEW.created_by_id, 'skill:' || NEW.id, '{{}}');
    RETURN NEW;
"""

RATE = """(SELECT r.amount FROM public.payments_rate r WHERE r.work_type_id = {job}.work_type_id
            ORDER BY r.version DESC LIMIT 1)"""
# Whoever is in a go needs a question that is new to them; whoever begins has not the skill, has waited as long as was
# voted, and needs enough for a go, that they and the training fund have. Of nobody, it is asked of whoever comes new.
MAY_SIT = f"""
CREATE OR REPLACE FUNCTION public.tasks_may_sit(person bigint, job bigint, skill bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $sit$
    SELECT EXISTS (SELECT FROM public.tasks_job j CROSS JOIN public.tasks_terms_of_tests(public.coop_now()) t
        CROSS JOIN LATERAL (SELECT CASE WHEN EXISTS (SELECT FROM public.tasks_sitting s
            WHERE s.skill_id = skill AND s.person_id = person AND s.ended_at IS NULL) THEN 1
            ELSE t.drawn END AS asks) go
        WHERE j.id = job AND j.tests_id = skill AND j.opened_at IS NOT NULL AND j.closed_at IS NULL
        AND j.pay >= {RATE.format(job="j")}
        AND NOT EXISTS (SELECT FROM public.tasks_sitting s WHERE s.skill_id = skill AND s.person_id = person
            AND (s.ended_at IS NOT NULL AND s.correct >= s.needed
                OR go.asks > 1 AND s.ended_at > public.coop_now() - t.again))
        AND go.asks <= (SELECT count(*) FROM public.tasks_task q WHERE q.job_id = job AND NOT EXISTS (
            SELECT FROM public.tasks_assignment a WHERE a.task_id = q.id AND a.person_id = person
                AND a.state <> 'claimed'))
        AND go.asks * j.pay <= (SELECT f.balance FROM public.payments_account f
            WHERE f.code = 'fund:training' AND f.currency = 'USD'))
$sit$;

-- The skills that a job may ask for: somebody who comes new can take a test of it now.
CREATE OR REPLACE FUNCTION public.tasks_tested_skills() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $tested$
    SELECT DISTINCT j.tests_id FROM public.tasks_job j
    WHERE j.tests_id IS NOT NULL AND j.opened_at IS NOT NULL AND j.closed_at IS NULL
        AND public.tasks_may_sit(NULL, j.id, j.tests_id)
$tested$;
"""

# One at a time for each skill: of two tests that close at once the second sees that the first has closed.
TESTS = f"""
    IF NEW.asks_id IS NULL AND NEW.tests_id IS NULL AND (TG_OP = 'INSERT' OR OLD.tests_id IS NULL) THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present(TESTED)}
    opens := TG_OP = 'UPDATE' AND OLD.opened_at IS NULL AND NEW.opened_at IS NOT NULL AND NEW.closed_at IS NULL;
    IF opens AND NEW.asks_id IS NOT NULL THEN
        PERFORM FROM public.tasks_skill s WHERE s.id = NEW.asks_id FOR SHARE;
        held := NEW.asks_id IN (SELECT public.tasks_tested_skills());
    ELSIF opens THEN
        SELECT {OFFICER} AND count(*) >= 2 * max(t.drawn) AND bool_and(
            CASE WHEN jsonb_typeof(k.known) = 'array' AND jsonb_typeof(k.offered) = 'array' THEN
                jsonb_array_length(k.known) = 1 AND jsonb_typeof(k.known -> 0) = 'string'
                AND k.offered @> k.known AND jsonb_array_length(k.offered) > 1 ELSE false END)
            INTO held FROM public.tasks_task q CROSS JOIN public.tasks_terms_of_tests(public.coop_now()) t
            CROSS JOIN LATERAL (SELECT q.gold -> 'value' -> 'labels' AS known, q.data -> 'labels' AS offered) k
            WHERE q.job_id = NEW.id;
        {NOTED}'skills.test_opened', NEW.created_by_id, 'job:' || NEW.id,
            jsonb_build_object('skill', NEW.tests_id));
    ELSIF TG_OP = 'UPDATE' AND NEW.tests_id IS NOT NULL AND OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL THEN
        PERFORM FROM public.tasks_skill s WHERE s.id = NEW.tests_id FOR NO KEY UPDATE;
        held := NOT EXISTS (SELECT FROM public.tasks_job a WHERE a.asks_id = NEW.tests_id
                AND a.opened_at IS NOT NULL AND a.closed_at IS NULL)
            OR EXISTS (SELECT FROM public.tasks_job t WHERE t.tests_id = NEW.tests_id AND t.id <> NEW.id
                AND public.tasks_may_sit(NULL, t.id, t.tests_id));
    END IF;
    IF (held AND (NEW.tests_id IS NULL OR NEW.is_onboarding) AND (NEW.asks_id IS NULL OR NOT NEW.is_onboarding)
        AND (TG_OP = 'INSERT' OR NEW.tests_id IS NOT DISTINCT FROM OLD.tests_id)
        AND (TG_OP = 'INSERT' OR NEW.tests_id IS NULL OR NEW.opened_at IS NULL OR NEW.closed_at IS NOT NULL
            OR NOT opens AND NEW.pay = OLD.pay OR NEW.pay = {RATE.format(job="NEW")})
    ) IS NOT TRUE THEN
        {guards.refuse(TESTED, "A job asks for a skill as long as its paid test, of known questions, can be taken.")}
    END IF;
    RETURN NEW;
"""

# Nobody sits for the cooperative in a client's seat, who could raise it.
FOLLOWS = f"""
CREATE FUNCTION public.tasks_follow_a_raise() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PATH} AS $follow$
BEGIN
    WITH raised AS (
        UPDATE public.tasks_job j SET pay = NEW.amount FROM public.tasks_job was
        WHERE was.id = j.id AND j.work_type_id = NEW.work_type_id AND j.is_onboarding AND j.opened_at IS NOT NULL
            AND j.closed_at IS NULL AND j.pay < NEW.amount
        RETURNING j.id, was.pay AS before
    )
    INSERT INTO public.record_event (at, kind, actor_id, subject, data)
    SELECT public.coop_now(), 'jobs.raised', NULL, 'job:' || r.id,
        jsonb_build_object('before', r.before, 'pay', NEW.amount) FROM raised r;
    RETURN NULL;
END $follow$;
CREATE TRIGGER tests_follow_a_raise AFTER INSERT ON public.payments_rate
    FOR EACH ROW EXECUTE FUNCTION public.tasks_follow_a_raise();
ALTER TABLE public.payments_rate ENABLE ALWAYS TRIGGER tests_follow_a_raise;
"""

# As in 0074, of work alone: who takes the test of a skill that they lack had no offer by it.
NO_OFFERS = """
CREATE OR REPLACE VIEW public.tasks_turned_away_since AS
SELECT t.person_id, t.act, t.job, t.at FROM public.governance_turnedaway t
WHERE t.act IN ('claim', 'board') AND t.ground = '' AND t.at > public.coop_now() - interval '2160 hours'
    AND NOT EXISTS (SELECT FROM public.tasks_assignment a JOIN public.tasks_job k ON k.id = a.job_id
        WHERE a.person_id = t.person_id AND a.claimed_at > t.at AND NOT k.is_onboarding);
CREATE OR REPLACE VIEW public.tasks_had_no_offers AS
SELECT DISTINCT w.person_id FROM (
    SELECT j.work_type_id, a.person_id, max(a.claimed_at) AS last_at
    FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
    WHERE a.claimed_at > public.coop_now() - interval '2160 hours' AND NOT j.is_onboarding
    GROUP BY j.work_type_id, a.person_id
    UNION ALL
    SELECT j.work_type_id, t.person_id, min(t.at)
    FROM public.tasks_turned_away_since t JOIN public.tasks_job j ON NOT j.is_onboarding
        AND (t.job = j.id OR (t.act = 'board' AND j.opened_at <= t.at AND coalesce(j.closed_at, t.at) >= t.at))
    GROUP BY j.work_type_id, t.person_id
) w
CROSS JOIN LATERAL (
    SELECT s.status FROM public.governance_standing s WHERE s.person_id = w.person_id ORDER BY s.id DESC LIMIT 1
) now
WHERE now.status IN ('candidate', 'member') AND NOT public.governance_bars(w.person_id, ARRAY['work'])
AND w.last_at <= public.coop_now() - interval '336 hours' AND EXISTS (
    SELECT FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
    WHERE j.work_type_id = w.work_type_id AND a.person_id <> w.person_id
        AND a.claimed_at > public.coop_now() - interval '336 hours'
) AND NOT EXISTS (
    SELECT FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
    WHERE a.person_id = w.person_id AND NOT j.is_onboarding
        AND a.claimed_at > public.coop_now() - interval '336 hours'
) AND (EXISTS (
    SELECT FROM public.tasks_turned_away_since t WHERE t.person_id = w.person_id
) OR NOT EXISTS (
    SELECT FROM public.tasks_job j WHERE j.opened_at IS NOT NULL AND NOT j.is_onboarding
    AND j.work_type_id IN (SELECT o.work_type_id FROM public.tasks_assignment b
        JOIN public.tasks_job o ON o.id = b.job_id
        WHERE b.person_id = w.person_id AND b.claimed_at > public.coop_now() - interval '2160 hours')
    AND coalesce(j.closed_at, public.coop_now()) > public.coop_now() - interval '336 hours'
    AND public.tasks_may_work(w.person_id, j.id)
    AND (EXISTS (SELECT FROM public.tasks_reserve r
            WHERE r.job_id = j.id AND r.person_id = w.person_id AND r.units > 0)
        OR (j.closed_at IS NULL AND EXISTS (
                SELECT FROM public.tasks_task t WHERE t.job_id = j.id AND t.open_slots > 0)
            AND NOT EXISTS (SELECT FROM public.tasks_halt h WHERE h.job_id = j.id AND h.ended_at IS NULL))
        OR (SELECT max(a.claimed_at) FROM public.tasks_assignment a WHERE a.job_id = j.id)
            >= greatest(j.opened_at, public.coop_now() - interval '336 hours') + interval '24 hours')
));
"""
GIVEN_BACK = "'sent_back to skipped' THEN\n            allowed := ended"
ONCE = "NOT EXISTS (SELECT FROM public.tasks_job j WHERE j.id = OLD.job_id AND j.is_onboarding)"
LOOK_UP = "NOT public.tasks_has_skill(person, j.asks_id)"
SHOWN = """j.asks_id NOT IN (SELECT s.skill_id FROM public.tasks_sitting s
            WHERE s.person_id = person AND s.ended_at IS NOT NULL AND s.correct >= s.needed)"""
PEER = "public.tasks_is_member(p.id)"


class Migration(migrations.Migration):
    """Ask for officers, for tests that can be taken, and for work where offers are counted."""

    dependencies: ClassVar = [("tasks", "0122_a_share_is_checked")]
    operations: ClassVar = [
        guards.Procedure(WORDED, table="tasks_skill", body=WORDING, definer=True),
        migrations.RunSQL(MAY_SIT),
        guards.Procedure(
            TESTED, table="tasks_job", on="INSERT OR UPDATE", declare="opens boolean; held boolean := true;",
            body=TESTS, definer=True,
        ),
        migrations.RunSQL(FOLLOWS),
        migrations.RunSQL(NO_OFFERS),
        # A question is asked once: given back, it would be one that was met.
        guards.Edited("guard_assignment_moves_forward", (GIVEN_BACK, f"{GIVEN_BACK} AND {ONCE}")),
        # Who was tested, and how often in vain, is no client's.
        guards.Compartment("tasks_sitting", "false"),
        # Who decides on an answer could have given it.
        guards.Edited("tasks_next_peer", (PEER, f"{PEER} AND {HAS.replace('person', 'p.id')}")),
        guards.Edited("tasks_closed_to", (LOOK_UP, SHOWN)),
    ]  # fmt: skip
