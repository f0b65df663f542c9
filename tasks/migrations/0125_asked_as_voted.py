"""A job asks for a skill only where its kind of work was voted to (N9); a test keeps to the hourly floor."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

HELD = import_module("tasks.migrations.0123_skills_are_the_houses")
PATH = HELD.PATH

QUALIFIES = "WHEN 'qualification' THEN (about = 'skills'"
# In their order, each once, and each there is: what is voted on has its words for good.
ASKS = """WHEN 'qualification' THEN (about ~ '^asks/work_type:[1-9][0-9]{0,17}$'
                AND public.payments_named(value, 'skills') AND value -> 'skills' = (
                    SELECT coalesce(jsonb_agg(s.id ORDER BY s.id), '[]') FROM public.tasks_skill s
                    WHERE jsonb_typeof(value -> 'skills') = 'array' AND value -> 'skills' @> to_jsonb(s.id)))
            OR (about = 'skills'"""
SUBJECT = "WHEN what = 'reopening'"
# Of those who did this work in 28 days: who has not each of the skills that its jobs could ask for.
LACKS = "WHERE coalesce(has.accepted, 0) < (payload -> 'value' ->> 'units')::bigint"
NAMED = """ OR EXISTS (
                    SELECT FROM jsonb_array_elements_text(payload -> 'value' -> 'skills') one
                    WHERE NOT public.tasks_has_skill(did.person_id, one::bigint))"""
FUNCTIONS = f"""
-- The skills that jobs of a kind of work may ask for: as voted for this kind, and none where nothing was.
CREATE FUNCTION public.tasks_may_ask(work bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $asked$
    SELECT one::bigint FROM (SELECT i.value::jsonb -> 'skills' AS named FROM public.payments_instrument i
        WHERE i.kind = 'qualification' AND i.key = 'asks/work_type:' || work ORDER BY i.version DESC LIMIT 1) voted,
        jsonb_array_elements_text(voted.named) one
$asked$;

CREATE FUNCTION public.tasks_holders(skill bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $holders$
    SELECT count(*) FROM public.tasks_sitting s
    WHERE s.skill_id = skill AND s.ended_at IS NOT NULL AND s.correct >= s.needed
$holders$;

-- By which names the members vote on them.
CREATE VIEW public.payments_skills_named AS SELECT s.id, s.name, s.name_es FROM public.tasks_skill s;
"""
TESTED = "held := NEW.asks_id IN (SELECT public.tasks_tested_skills());"
VOTED = """held := NEW.asks_id IN (SELECT public.tasks_tested_skills())
            AND NEW.asks_id IN (SELECT public.tasks_may_ask(NEW.work_type_id));"""
SAID = "A job asks for a skill as long as its paid test, of known questions, can be taken."
SAYS = "A job asks for a skill voted for its kind of work, while its paid test, of known questions, can be taken."
FLOOR = "SELECT j.is_onboarding OR"


class Migration(migrations.Migration):
    """Let it be voted, ask for it when a job opens, and say how many have a skill."""

    dependencies: ClassVar = [("tasks", "0124_of_no_try"), ("payments", "0118_what_was_taken_beforehand")]
    operations: ClassVar = [
        guards.Edited("payments_instrument_holds", (QUALIFIES, ASKS)),
        guards.Edited("payments_subject", (SUBJECT, f"{SUBJECT} OR about ~ '^asks/'")),
        guards.Edited("payments_impact_in_full", (LACKS, LACKS + NAMED)),
        migrations.RunSQL(FUNCTIONS),
        guards.Allow("tasks_may_ask(bigint)"),
        guards.Allow("tasks_holders(bigint)"),
        guards.Grant("payments_skills_named", "SELECT"),
        guards.Edited("guard_skills_asked_are_tested", (TESTED, VOTED), (SAID, SAYS)),
        guards.Edited(
            "guard_work_pays_the_floor_of_its_region", (FLOOR, "SELECT j.is_onboarding AND j.tests_id IS NULL OR")
        ),
    ]
