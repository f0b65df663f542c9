# ruff: noqa: S608 - the pieces of SQL put together here are all in this file
"""Comparing all answers of a job: what they come to, how far they agree, whose say what.

From then on each task's answers are weighed by what was found (`of`), which costs the same however large the job is.
The whole is compared anew once a tenth more answers are there, so that an answer's share of that cost stays the same.
Whether they are costs no more in a large job: each look counts what came since the last.
"""

import heapq
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Max

from coop import due
from coop.record import events
from tasks.models import Answer, AssignmentState, Estimate, Job, Reliability, Weighing
from tasks.quality.weights import Weights

if TYPE_CHECKING:
    from tasks.quality.agreement import Agreement
    from tasks.quality.inference import Given

CHUNK = 2000
DOUBTFUL = 50
# A tenth more answers than before are reason to compare anew.
GROWTH = 1.1
# From so many answers on, those that came since the last look are counted, and not all of them. One that is handed in
# while others are looked at may be left out; of fewer answers it may be the one that counts.
FEW = 1000
# Which large jobs answers still come to, and up to which of all answers each is counted.
LARGE = f"""tasks_estimate e JOIN tasks_job j ON j.id = e.job_id
WHERE e.answers >= {FEW} AND (j.closed_at IS NULL OR j.closed_at > %(at)s - interval '60 days')"""
COUNTED = f"SELECT min(e.counted_to) FROM {LARGE}"
COUNT = f"""
WITH large AS (SELECT e.job_id, e.counted_to FROM {LARGE}),
fresh AS (
    SELECT a.job_id, count(*) AS answers
    FROM tasks_answer w JOIN tasks_assignment a ON a.id = w.assignment_id JOIN large l ON l.job_id = a.job_id
    WHERE w.id > %(counted)s AND w.id <= %(last)s AND w.id > l.counted_to AND w.number = 1 AND a.state <> 'rejected'
    GROUP BY a.job_id
)
UPDATE tasks_estimate e SET counted = e.counted + coalesce(f.answers, 0), counted_to = %(last)s
FROM large l LEFT JOIN fresh f ON f.job_id = l.job_id WHERE e.job_id = l.job_id
"""
DUE = f"""
SELECT j.id FROM tasks_job j LEFT JOIN tasks_estimate e ON e.job_id = j.id CROSS JOIN LATERAL (
    SELECT CASE WHEN e.answers >= {FEW} THEN e.counted ELSE (
        SELECT count(*) FROM (
            SELECT FROM tasks_assignment a
            WHERE a.job_id = j.id AND a.submitted_at IS NOT NULL AND a.state <> 'rejected'
            LIMIT 2 + 2 * coalesce(e.answers, 0)
        ) enough
    ) END AS answers
) given
WHERE j.opened_at IS NOT NULL AND NOT j.is_onboarding AND j.deleted_at IS NULL
  AND (j.closed_at IS NULL OR e.at IS NULL OR e.at < j.closed_at + interval '60 days')
  AND given.answers >= greatest(2, coalesce(e.answers, 0) + 1, ceil(%s * coalesce(e.answers, 0)))
ORDER BY j.id
"""


def of(job: Job) -> Weights:
    """Return how the answers of a job are weighed by what was found last; alike where nothing was. Two queries."""
    found = Estimate.objects.filter(job=job).first()
    if not found or not found.priors:
        return Weights()
    errors = dict(Reliability.objects.filter(job=job).values_list("person_id", "errors"))
    return Weights(found.priors, errors, found.usual)


def answers(job: Job) -> Iterator[tuple[int, int, str]]:
    """Yield (task, person, label) for every answer that stands and can be the same as another, the last of a redo."""
    shape = job.shape
    found = Answer.last_ones().filter(assignment__job=job).exclude(assignment__state=AssignmentState.REJECTED)
    facts = found.order_by("pk").values_list("assignment__task_id", "assignment__person_id", "value")
    for task, person, value in facts.iterator(chunk_size=CHUNK):
        if (label := shape.key_of(job.form, value)) is not None:
            yield task, person, label


def estimate(job: Job, *, at: datetime) -> Estimate | None:
    """Compare all answers of a job and write down what was found; None where there are no two, or none can be the same.

    Anybody may ask.
    """
    if not job.shape.agrees(job.form):
        # Where nothing is written down it stays due: reading all its answers each time would be for nothing.
        return _of_drawings(job, at=at) if job.overlap > 1 and job.shape.merges(job.form) else None
    from tasks.quality import inference, ordered  # noqa: PLC0415 - large libraries that no page needs

    last = _last_answer()
    given = inference.gathered(answers(job))
    if len(given.table) < 2:  # noqa: PLR2004 - nothing to compare
        return None
    way = inference.way_for(given)
    weights = inference.weigh(given, way)
    weighed = _weighed(given, weights)
    facts: dict[str, Any] = {
        "answers": len(given.table),
        "people": len(given.people),
        "doubtful": _doubtful(given, weighed),
        "at": at,
        "counted_to": last,
        **ordered.facts(job),
        **_agreed(job, given),
    }
    found = Estimate(job=job, way=way, priors=weights.priors, usual=weights.usual, **facts)
    return _write(found, _reliabilities(job, weights, weighed))


def _last_answer() -> int:
    """Return the number of the last answer there is: it and all before are compared now, or waited for no longer."""
    last: int = Answer.objects.aggregate(last=Max("pk", default=0))["last"]
    return last


def _agreed(job: Job, given: "Given") -> dict[str, float]:
    """Return alpha by the distance of the job's kind, or by whether labels are the same where it has none."""
    from tasks.quality import agreement, distances  # noqa: PLC0415 - likewise

    if not (distance := job.shape.distance(job.form)):
        return _told(agreement.alpha(given.counts(), seed=job.pk))
    return _told(distances.alpha(job, distances.compared(job, distance), distance))


def _told(agreed: "Agreement | None") -> dict[str, float]:
    return {"alpha": agreed.alpha, "alpha_low": agreed.low, "alpha_high": agreed.high} if agreed else {}


def _of_drawings(job: Job, *, at: datetime) -> Estimate | None:
    """Compare drawings thing by thing: each counts alike, and nobody's errors are told."""
    from tasks.quality import distances  # noqa: PLC0415 - likewise

    if not (distance := job.shape.distance(job.form)):
        return None
    last = _last_answer()
    compared = distances.compared(job, distance)
    if compared.answers < 2:  # noqa: PLR2004 - nothing to compare
        return None
    found = Estimate(
        job=job, way=Weighing.MAJORITY, answers=compared.answers, people=compared.people, doubtful=compared.doubtful,
        at=at, counted_to=last, **_told(distances.alpha(job, compared, distance)),
    )  # fmt: skip
    return _write(found, [])


@dataclass(slots=True)
class Weighed:
    """How many answers each person gave, how many of them are what came out, and how sure each task is, in turn."""

    answered: Counter[int] = field(default_factory=Counter)
    agreed: Counter[int] = field(default_factory=Counter)
    sure: "array[float]" = field(default_factory=lambda: array("d"))


def _weighed(given: "Given", weights: Weights) -> Weighed:
    """Weigh the answers to each task, one task in memory at a time."""
    found = Weighed()
    for _task, labels in given.by_task():
        outcome = weights.outcome(labels)
        found.answered.update(labels.keys())
        found.agreed.update(who for who, label in labels.items() if label == outcome.label)
        found.sure.append(outcome.confidence)
    return found


def _doubtful(given: "Given", weighed: Weighed) -> list[tuple[int, float]]:
    """Return the least certain tasks."""
    least = heapq.nsmallest(DOUBTFUL, range(len(weighed.sure)), key=weighed.sure.__getitem__)
    return [(given.tasks[place], round(weighed.sure[place], 4)) for place in least if weighed.sure[place] < 1]


def _reliabilities(job: Job, weights: Weights, weighed: Weighed) -> list[Reliability]:
    return [
        Reliability(
            job=job, person_id=who, answers=count, agreed=weighed.agreed[who], errors=weights.errors.get(who, {})
        )
        for who, count in sorted(weighed.answered.items())
    ]  # fmt: skip


@transaction.atomic
def _write(found: Estimate, reliabilities: list[Reliability]) -> Estimate:
    """Put what was found in the place of what was found before."""
    found.counted = found.answers
    facts = [field.name for field in Estimate._meta.concrete_fields if field.name != "job"]  # noqa: SLF001 - Django's own name
    Estimate.objects.bulk_create([found], update_conflicts=True, unique_fields=["job"], update_fields=facts)
    Reliability.objects.bulk_create(
        reliabilities, CHUNK, update_conflicts=True, unique_fields=["job", "person"],
        update_fields=["answers", "agreed", "errors"],
    )  # fmt: skip
    events.write("quality.compared", by=None, subject=f"job:{found.job_id}", at=found.at, way=str(found.way))
    return found


def estimate_due(*, at: datetime) -> int:
    """Compare the answers of each job that has a tenth more than the last time; return of how many jobs.

    Deleted ones say nothing.
    """
    numbers = _due(at)
    jobs = Job.objects.select_related("work_type").in_bulk(numbers)
    return due.each(
        lambda job: estimate(job, at=at) is not None, [jobs[number] for number in numbers],
        failed="the answers of job %s could not be compared",
    )  # fmt: skip


def _due(at: datetime) -> list[int]:
    """Count what came to large jobs since the last look, and return the numbers of all jobs to compare anew."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, {"at": at})
        (counted,) = cursor.fetchone()
        if counted is not None:
            cursor.execute(COUNT, {"at": at, "counted": counted, "last": _last_answer()})
        cursor.execute(DUE, [GROWTH])
        return [number for (number,) in cursor.fetchall()]
