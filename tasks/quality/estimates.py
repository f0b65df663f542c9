"""Comparing all answers of a job: what they come to, how far they agree, whose say what.

From then on each task's answers are weighed by what was found (`of`), which costs the same however large the job is.
The whole is compared anew once a tenth more answers are there, so that an answer's share of that cost stays the same.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from coop import due
from coop.record import events
from tasks.models import Answer, AssignmentState, Estimate, Job, Reliability, Weighing
from tasks.quality.weights import Outcome, Weights

if TYPE_CHECKING:
    from tasks.quality.agreement import Agreement
    from tasks.quality.inference import Given

CHUNK = 2000
DOUBTFUL = 50
# A tenth more answers than before are reason to compare anew.
GROWTH = 1.1
DUE = """
SELECT j.id FROM tasks_job j LEFT JOIN tasks_estimate e ON e.job_id = j.id CROSS JOIN LATERAL (
    SELECT count(*) AS answers FROM tasks_assignment a
    WHERE a.job_id = j.id AND a.submitted_at IS NOT NULL AND a.state <> 'rejected'
) given
WHERE j.opened_at IS NOT NULL AND NOT j.is_onboarding AND j.deleted_at IS NULL
  AND (j.closed_at IS NULL OR e.at IS NULL OR e.at < j.closed_at + interval '60 days')
  AND given.answers > 1 AND given.answers >= %s * coalesce(e.answers, 0) AND given.answers > coalesce(e.answers, 0)
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

    given = inference.gathered(answers(job))
    if len(given.table) < 2:  # noqa: PLR2004 - nothing to compare
        return None
    way = inference.way_for(given)
    weights = inference.weigh(given, way)
    said = given.by_task()
    outcomes = {task: weights.outcome(labels) for task, labels in said.items()}
    facts: dict[str, Any] = {
        "answers": len(given.table),
        "people": len(given.people),
        "doubtful": _doubtful(outcomes),
        "at": at,
        **ordered.facts(job),
        **_agreed(job, given),
    }
    found = Estimate(job=job, way=way, priors=weights.priors, usual=weights.usual, **facts)
    return _write(found, _reliabilities(job, weights, said, outcomes))


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
    compared = distances.compared(job, distance)
    if compared.answers < 2:  # noqa: PLR2004 - nothing to compare
        return None
    found = Estimate(
        job=job, way=Weighing.MAJORITY, answers=compared.answers, people=compared.people, doubtful=compared.doubtful,
        at=at, **_told(distances.alpha(job, compared, distance)),
    )  # fmt: skip
    return _write(found, [])


def _doubtful(outcomes: dict[int, Outcome]) -> list[tuple[int, float]]:
    """Return the least certain tasks."""
    by_doubt = sorted(outcomes.items(), key=lambda one: one[1].confidence)
    return [(task, round(outcome.confidence, 4)) for task, outcome in by_doubt[:DOUBTFUL] if outcome.confidence < 1]


def _reliabilities(
    job: Job, weights: Weights, said: dict[int, dict[int, str]], outcomes: dict[int, Outcome]
) -> list[Reliability]:
    answered, agreed = Counter[int](), Counter[int]()
    for task, labels in said.items():
        answered.update(labels.keys())
        agreed.update(who for who, label in labels.items() if label == outcomes[task].label)
    return [
        Reliability(
            job=job, person_id=who, answers=count, agreed=agreed[who], errors=weights.errors.get(who, {})
        )
        for who, count in sorted(answered.items())
    ]  # fmt: skip


@transaction.atomic
def _write(found: Estimate, reliabilities: list[Reliability]) -> Estimate:
    """Put what was found in the place of what was found before."""
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
    with connection.cursor() as cursor:
        cursor.execute(DUE, [GROWTH])
        numbers = [number for (number,) in cursor.fetchall()]
    jobs = Job.objects.select_related("work_type").in_bulk(numbers)
    return due.each(
        lambda job: estimate(job, at=at) is not None, [jobs[number] for number in numbers],
        failed="the answers of job %s could not be compared",
    )  # fmt: skip
