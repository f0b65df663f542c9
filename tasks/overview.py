"""A client's jobs side by side (E1) and one that is under way (E5): counted by the database, some queries for all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Min, QuerySet

from payments import accounts
from payments.models import Account
from payments.money import from_micro
from tasks import guides, jobs
from tasks.models import Assignment, AssignmentState, Estimate, Job, Question

ANSWER_WITHIN = timedelta(days=2)
HISTORY = timedelta(days=7)
DAY = timedelta(days=1)
LINES = """
SELECT j.id, coalesce((SELECT max(position) FROM tasks_task t WHERE t.job_id = j.id), 0) * j.overlap,
       a.accepted, a.at_work, a.spent
FROM tasks_job j CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'accepted') AS accepted,
           count(*) FILTER (WHERE state IN ('claimed', 'submitted', 'sent_back', 'disputed')) AS at_work,
           coalesce(sum(pay + fee) FILTER (WHERE state = 'accepted'), 0) AS spent
    FROM tasks_assignment WHERE job_id = j.id
) a WHERE j.id = ANY(%s)
"""
PACE = """
SELECT count(*) FILTER (WHERE submitted_at > %(day)s), count(*) FILTER (WHERE submitted_at > %(week)s),
       count(*) FILTER (WHERE state = 'submitted' AND accept_by <= %(now)s + interval '1 day'),
       count(*) FILTER (WHERE state = 'submitted' AND accept_by > %(now)s + interval '1 day'
           AND accept_by <= %(now)s + interval '2 days'),
       count(*) FILTER (WHERE state = 'submitted' AND accept_by > %(now)s + interval '2 days'),
       count(*) FILTER (WHERE submitted_at IS NOT NULL),
       (SELECT count(DISTINCT r.assignment_id) FROM tasks_review r JOIN tasks_assignment b ON b.id = r.assignment_id
            WHERE b.job_id = %(job)s AND r.decision = 'send_back'),
       (SELECT count(DISTINCT r.assignment_id) FROM tasks_review r JOIN tasks_assignment b ON b.id = r.assignment_id
            WHERE b.job_id = %(job)s AND r.ground IN ('peer', 'client'))
FROM tasks_assignment WHERE job_id = %(job)s
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A job among others: answers accepted and in work of all it asks, US$ spent on them and set aside for the rest.

    `alpha` is None before answers were compared; `answer_by` is when the oldest open question has waited two days.
    """

    job: Job
    answers: int
    accepted: int
    at_work: int
    spent: Decimal
    held: Decimal
    alpha: float | None
    questions: int
    answer_by: datetime | None


def lines(listed: Sequence[Job]) -> list[Line]:
    """Return jobs with where they stand; four queries for any number of them."""
    numbers = [job.pk for job in listed]
    with connection.cursor() as cursor:
        cursor.execute(LINES, [numbers])
        counted = {row[0]: row[1:] for row in cursor.fetchall()}
    codes = {accounts.escrow(number): number for number in numbers}
    found = Account.objects.filter(code__in=codes, currency="USD").values_list("code", "balance")
    held = {codes[code]: balance for code, balance in found}
    alphas = dict(Estimate.objects.filter(job__in=numbers).values_list("job", "alpha"))
    waiting = _questions(numbers)
    return [_line(job, counted[job.pk], held, alphas, waiting) for job in listed]


def _line(
    job: Job, counted: tuple[int, ...], held: dict[int, Decimal], alphas: dict[int, float | None],
    waiting: dict[int, tuple[int, datetime]],
) -> Line:  # fmt: skip
    answers, accepted, at_work, spent = map(int, counted)
    questions, oldest = waiting.get(job.pk, (0, None))
    by = oldest + ANSWER_WITHIN if oldest else None
    left = held.get(job.pk, Decimal(0))
    return Line(job, answers, accepted, at_work, from_micro(spent), left, alphas.get(job.pk), questions, by)


def _questions(numbers: list[int]) -> dict[int, tuple[int, datetime]]:
    """Return by job how many questions wait, and since when the oldest does."""
    asked = Question.objects.filter(assignment__job__in=numbers, reply=None).order_by()
    counted = asked.values("assignment__job").annotate(count=Count("pk"), oldest=Min("asked_at"))
    return {row["assignment__job"]: (row["count"], row["oldest"]) for row in counted}


@dataclass(frozen=True, slots=True)
class UnderWay:
    """How a job goes on: the days on which it may be done by its pace, what silence accepts when, what was returned.

    `earliest` and `latest` are None without an answer in a week; shares are parts of 10,000 of the answers handed in.
    """

    earliest: datetime | None
    latest: datetime | None
    in_one_day: int
    in_two_days: int
    later: int
    returned: int
    checked: int


def under_way(job: Job, left: int, *, at: datetime) -> UnderWay:
    """Return how a job goes on that asks for so many answers more; one query."""
    with connection.cursor() as cursor:
        cursor.execute(PACE, {"job": job.pk, "now": at, "day": at - DAY, "week": at - HISTORY})
        day, week, one, two, later, given, returned, checked = cursor.fetchone()
    open_for = min(HISTORY, max(DAY / 24, at - (job.opened_at or at)))
    paces = [pace for pace in (day / min(1, open_for / DAY), week / (open_for / DAY)) if pace > 0]
    ends = sorted(at + DAY * (left / pace) for pace in paces if left / pace < 3_650) if left else []  # noqa: PLR2004 - years
    earliest, latest = (ends[0], ends[-1]) if ends else (None, None)
    share = [round(10_000 * part / given) if given else 0 for part in (returned, checked)]
    return UnderWay(earliest, latest, one, two, later, *share)


def whole(job: Job, *, at: datetime) -> dict[str, Any]:
    """Return how far a job is and how it goes on, as one thing; three queries."""
    progress = jobs.progress(job)
    going = under_way(job, progress.unclaimed + progress.claimed + progress.sent_back, at=at)
    questions = guides.open_questions(job).count()
    return asdict(progress) | asdict(going) | {"answers": progress.answers, "questions": questions}


def oldest_question(job: Job) -> Question | None:
    """Return the question that waits longest, or nothing."""
    return guides.open_questions(job).first()


def handed_in(job: Job) -> QuerySet[Assignment]:
    """Return all answers of a job that were handed in, wherever they stand; those being written again among them."""
    return job.assignments.filter(submitted_at__isnull=False).select_related("task", "job__work_type")


def waiting(job: Job) -> QuerySet[Assignment]:
    """Return the answers of a job that wait for a look, those first that silence accepts first."""
    found = job.assignments.filter(state=AssignmentState.SUBMITTED).select_related("task", "job__work_type")
    return found.order_by("accept_by", "pk")
