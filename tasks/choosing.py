"""Which task of a job somebody takes: the first that is new to them, locked for them."""

from coop.people.models import Person
from tasks.models import Job, Task

# The highest number that a task's position can have.
LAST = 2_147_483_647
PASSING_OVER, WAITING = "SKIP LOCKED", ""
# What a person may take of the tasks t: none that they had, and none made from one that they answered, or the reverse.
# Whoever is in a team, or was, takes what is new to all of them. The function looks at one task, not at those they had
# themselves: planning what it asks as part of this, with the walls of each table, took longer than to answer it.
OF_ONE_JOB = """
    AND CASE WHEN EXISTS (SELECT FROM tasks_assignment a WHERE a.task_id = t.id AND a.person_id = %(person)s)
        THEN false ELSE tasks_is_new_to(t.id, coalesce(%(people)s::bigint[], ARRAY[%(person)s::bigint])) END
"""
# Where stages follow each other, tens of thousands of tasks may be made from what the person answered: a call for each
# takes six times as long. OFFSET 0 has who keeps apart looked up for the one task, never for all of them.
OF_STAGES = """
    AND NOT EXISTS (SELECT FROM tasks_assignment a WHERE a.task_id = t.id AND a.person_id = %(person)s)
    AND NOT EXISTS (SELECT FROM tasks_apart p JOIN tasks_assignment b ON b.task_id = p.source_id
        WHERE p.task_id = t.id AND b.person_id = %(person)s AND b.state NOT IN ('left', 'skipped', 'expired') OFFSET 0)
    AND NOT EXISTS (SELECT FROM tasks_apart p JOIN tasks_assignment b ON b.task_id = p.task_id
        WHERE p.source_id = t.id AND b.person_id = %(person)s OFFSET 0)
    AND (%(people)s::bigint[] IS NULL OR tasks_is_new_to(t.id, %(people)s::bigint[]))
"""
OF_JOB = "SELECT t.* FROM tasks_task t WHERE t.job_id = %(job)s AND t.open_slots > 0"
# Locked until the transaction ends; a task that somebody else is claiming this moment is passed over, or waited for.
LOCKED = "LIMIT 1 FOR NO KEY UPDATE OF t "
BETWEEN = OF_JOB + " AND t.position BETWEEN %(first)s AND %(last)s {for_them} ORDER BY t.position " + LOCKED
# The questions of a test are few: each person's come by a lot of their own, which can be drawn again. One that somebody
# else takes at this moment is waited for, as it has a place for everybody.
DRAWN = OF_JOB + " {for_them} ORDER BY md5(t.id || ':' || %(person)s), t.id " + LOCKED
# What a machine put in front: a few hundred tasks at most, however many the job has.
IN_FRONT = OF_JOB + " AND t.turn IS NOT NULL {for_them} ORDER BY t.turn " + LOCKED + PASSING_OVER


def first(
    found: str, *, job: Job, person: Person, people: list[int] | None, staged: bool, **places: int
) -> Task | None:
    """Return the first task that a query finds for a person, or for `people`, whom their team is; None without one.

    `staged` says that the job is a stage, or has one.
    """
    facts = {"job": job.pk, "person": person.pk, "people": people, **places}
    query = found.format(for_them=OF_STAGES if staged else OF_ONE_JOB)
    return next(iter(Task.objects.raw(query, facts)), None)
