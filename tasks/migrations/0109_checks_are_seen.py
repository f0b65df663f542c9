"""Who checks an answer sees what its task shows: that counts towards the cap and the rests, and waits for both (E6)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

WITHOUT_SPANS = "WHERE NOT EXISTS (SELECT FROM public.tasks_span s WHERE s.assignment_id = h.id)"
# No engaged time is kept of checks: as of answers without any, from taking to deciding, three times the voted time at
# most.
CHECKED = """
        UNION ALL
        SELECT c.taken_at, least(coalesce(c.ended_at, public.coop_now()), c.until,
            c.taken_at + interval '3 seconds' * r.estimated_seconds)
        FROM (SELECT k.* FROM public.tasks_check k WHERE k.person_id = tasks_seen.person
            ORDER BY k.id DESC LIMIT 3000) c
        JOIN public.tasks_assignment a ON a.id = c.assignment_id JOIN public.tasks_job j ON j.id = a.job_id
        JOIN public.payments_rate r ON r.id = a.rate_id
        WHERE j.content <> '{}' AND c.taken_at > public.coop_now() - interval '72 hours'"""
MAY = """
CREATE FUNCTION public.tasks_may_look(person bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $may$
    SELECT (e.rest_until > public.coop_now()) IS NOT TRUE AND e.seconds < e.most
    FROM public.tasks_exposure(tasks_may_look.person) e
$may$;
"""


class Migration(migrations.Migration):
    """Count it, and ask it."""

    dependencies: ClassVar = [("tasks", "0108_found_with_the_data")]
    operations: ClassVar = [
        guards.Edited("tasks_seen", (WITHOUT_SPANS, WITHOUT_SPANS + CHECKED)),
        migrations.RunSQL(MAY),
        guards.Allow("tasks_may_look(bigint)"),
        guards.Guard(
            "checks_of_what_upsets_have_their_cap",
            table="tasks_check",
            holds="""(SELECT j.content FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
        WHERE a.id = NEW.assignment_id) = '{}' OR public.tasks_may_look(NEW.person_id)""",
            otherwise="Checks of what may upset wait for the rest, and stop at the cap, as the work itself does (E6).",
            definer=True,
        ),
    ]
