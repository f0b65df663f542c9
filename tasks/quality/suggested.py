"""How often what a machine had said was left as it stood, against the time it took: of all together, never of one."""

from dataclasses import dataclass

from django.db import connection

from tasks.models import Job

# Fewer people or answers, and the shares would tell of one of them.
LEAST_PEOPLE, LEAST_ANSWERS = 5, 20
KEPT = """
WITH latest AS (
    SELECT id, task_id, person_id FROM tasks_assignment
    WHERE job_id = %s AND submitted_at IS NOT NULL ORDER BY id DESC LIMIT 5000
), given AS (
    SELECT l.person_id, w.seconds, (w.value - 'shown') = (t.prediction -> 'value') - 'shown' AS kept,
        ntile(4) OVER (ORDER BY w.seconds) AS quarter
    FROM latest l JOIN tasks_task t ON t.id = l.task_id JOIN tasks_answer w ON w.assignment_id = l.id AND w.number = 1
    WHERE t.prediction IS NOT NULL
)
SELECT count(*), count(*) FILTER (WHERE kept),
    (SELECT count(DISTINCT person_id) FROM given)
FROM given GROUP BY quarter ORDER BY quarter
"""


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of the answers by their time: how many, and how many of 10,000 of them changed nothing."""

    answers: int
    kept: int


def of(job: Job) -> list[Quarter]:
    """Return the quarters, the quickest first; none where too few answered what a machine had said before."""
    with connection.cursor() as cursor:
        cursor.execute(KEPT, [job.pk])
        rows = cursor.fetchall()
    if sum(row[0] for row in rows) < LEAST_ANSWERS or rows[0][2] < LEAST_PEOPLE:
        return []
    return [Quarter(answers, round(10_000 * kept / answers)) for answers, kept, _people in rows]
