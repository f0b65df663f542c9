"""Who looks at a rejected answer sees what its task shows: that is chosen, counts, and waits for cap and rests (E6)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

CHECKED = "\n        UNION ALL\n        SELECT c.taken_at, least("
# Nobody notes when a place that was drawn is first used: up to what was found, three times the voted time at most.
LOOKED = """
        UNION ALL
        SELECT greatest(l.seated_at, l.found_at - interval '3 seconds' * r.estimated_seconds), l.found_at
        FROM (SELECT p.dispute_id, p.seated_at, f.found_at FROM public.tasks_peer p
            JOIN public.tasks_finding f ON f.peer_id = p.id WHERE p.person_id = tasks_seen.person
            ORDER BY p.id DESC LIMIT 3000) l
        JOIN public.tasks_dispute q ON q.id = l.dispute_id JOIN public.tasks_assignment a ON a.id = q.assignment_id
        JOIN public.tasks_job j ON j.id = a.job_id JOIN public.payments_rate r ON r.id = a.rate_id
        WHERE j.content <> '{}' AND l.found_at > public.coop_now() - interval '72 hours'"""
KNOWS_THE_WORK = "AND EXISTS (SELECT FROM public.tasks_assignment o JOIN public.tasks_job k ON k.id = o.job_id"
MAY = """AND (j.content = '{}' OR public.tasks_chose(p.id, j.content) AND public.tasks_may_look(p.id))
    """


class Migration(migrations.Migration):
    """Count it, draw nobody who did not choose it or may not look now, and ask both again when it is decided."""

    dependencies: ClassVar = [("tasks", "0120_skills")]
    operations: ClassVar = [
        guards.Edited("tasks_seen", (CHECKED, LOOKED + CHECKED)),
        guards.Edited("tasks_next_peer", (KNOWS_THE_WORK, MAY + KNOWS_THE_WORK)),
        guards.Guard(
            "looks_at_what_upsets_have_their_cap",
            table="tasks_finding",
            holds="""EXISTS (SELECT FROM public.tasks_peer p JOIN public.tasks_dispute q ON q.id = p.dispute_id
        JOIN public.tasks_assignment a ON a.id = q.assignment_id JOIN public.tasks_job j ON j.id = a.job_id
        WHERE p.id = NEW.peer_id AND (j.content = '{}'
            OR public.tasks_chose(p.person_id, j.content) AND public.tasks_may_look(p.person_id)))""",
            otherwise="Looks at what may upset are chosen, wait for rests and stop at the cap, as the work does (E6).",
            definer=True,
        ),
    ]
