"""What a pilot showed (E3): how long its tasks took, what members asked, where answers differ, what that makes of pay.

No time of one member is shown: the median, from twenty answers of three members on, and nothing else (decision 0279).
"""

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from django.db import connection

from payments import rates
from tasks import guides, jobs
from tasks.models import Estimate, Job, Question

FROM_UNITS, FROM_PEOPLE = 20, 3
CENT = Decimal("0.01")
TIMES = """
SELECT count(*), count(DISTINCT a.person_id),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY w.seconds)
FROM tasks_assignment a JOIN LATERAL (SELECT seconds FROM tasks_answer w WHERE w.assignment_id = a.id
    ORDER BY number LIMIT 1) w ON true
WHERE a.job_id = %s AND a.submitted_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out so far; times in seconds, pay in US$ for each answer. None where too few answered to tell.

    `keeps_the_hour` is the pay at which an hour makes what the voted rate makes at its own time; never less than the
    job's pay.
    """

    answers: int
    people: int
    median: int | None
    expected: int
    hourly: Decimal | None
    voted_hourly: Decimal
    keeps_the_hour: Decimal | None


def of(job: Job) -> Measured:
    """Return what the answers of a job show so far; three queries."""
    with connection.cursor() as cursor:
        cursor.execute(TIMES, [job.pk])
        answers, people, middle = cursor.fetchone()
    rate = rates.current(job.work_type)
    median = max(1, round(middle)) if answers >= FROM_UNITS and people >= FROM_PEOPLE else None
    keeps = None
    if median:
        least = (rate.amount * median / rate.estimated_seconds).quantize(CENT, ROUND_UP)
        keeps = max(job.pay, least)
    return Measured(
        answers, people, median, rate.estimated_seconds, rates.hourly(job.pay, median) if median else None,
        rates.hourly(rate.amount, rate.estimated_seconds), keeps,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What members asked, and the tasks whose answers differ most, by the client's own ids: both ask for words."""

    questions: list[Question]
    doubtful: list[tuple[str, int]]
    estimate: Estimate | None


def asked(job: Job) -> Asked:
    """Return what a pilot says about the guide: open questions, and the least certain tasks in basis points."""
    estimate = Estimate.objects.filter(job=job).first()
    doubtful = estimate.least_certain(10) if estimate else []
    return Asked(list(guides.open_questions(job)[:20]), doubtful, estimate)


def is_whole(job: Job) -> bool:
    """Tell whether every answer that a job asked for was handed in."""
    progress = jobs.progress(job)
    return progress.answers > 0 and not progress.unclaimed and not progress.claimed
