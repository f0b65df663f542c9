"""How one's own answers compare with what all came to: for the member alone."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from coop.people.models import Person
from tasks import shapes
from tasks.models import Answer, AssignmentState, Job, Reliability
from tasks.quality import estimates

# The latest answers looked through for those that differ.
LATEST = 200
SHOWN = 20
# Fewer people, and the usual share would tell of one of them.
LEAST_PEOPLE = 5


@dataclass(frozen=True, slots=True)
class Differing:
    """An answer of one's own that is not what the answers to its task came to, both as words."""

    assignment: int
    mine: str
    others: str


def of(person: Person) -> QuerySet[Reliability]:
    """Return how a person's answers compare, by job, the newest job first."""
    found = Reliability.objects.filter(person=person).select_related("job__client", "job__estimate")
    return found.order_by("-job_id")


def usual_share(job: Job) -> int | None:
    """Return how many of 10,000 answers in a job are what they came to; None with fewer than five people."""
    counts = list(Reliability.objects.filter(job=job).values_list("answers", "agreed"))
    if len(counts) < LEAST_PEOPLE:
        return None
    return round(10_000 * sum(agreed for _answers, agreed in counts) / sum(answers for answers, _agreed in counts))


def differing(person: Person, job: Job) -> list[Differing]:
    """Return which of a person's latest answers differ from what came out, of tasks that nobody answers any more."""
    weights, shape = estimates.of(job), job.shape
    found: list[Differing] = []
    for given in _answered_with(person, job).values():
        keys = {who: shape.key_of(job.form, value) for who, (_number, value) in given.items()}
        said = {who: label for who, label in keys.items() if label is not None}
        number, mine = given[person.pk]
        label = weights.outcome(said).label if said else None
        if label is not None and label != keys[person.pk]:
            theirs = next(value for who, (_number, value) in given.items() if keys[who] == label)
            found.append(Differing(number, _words(shape, job, mine), _words(shape, job, theirs)))
    return found[:SHOWN]


def _answered_with(person: Person, job: Job) -> Mapping[int, dict[int, tuple[int, dict[str, Any]]]]:
    """Return by task, the latest first, who gave which answer, with the assignment's number."""
    mine = Answer.objects.filter(assignment__job=job, assignment__person=person, assignment__task__open_slots=0)
    tasks = list(mine.order_by("-pk").values_list("assignment__task_id", flat=True)[:LATEST])
    all_of_them = Answer.objects.filter(assignment__task_id__in=tasks).exclude(
        assignment__state=AssignmentState.REJECTED
    )
    facts = all_of_them.order_by("-assignment__task_id", "number").values_list(
        "assignment__task_id", "assignment__person_id", "assignment_id", "value"
    )
    found: dict[int, dict[int, tuple[int, dict[str, Any]]]] = defaultdict(dict)
    for task, who, number, value in facts:
        found[task][who] = (number, value)
    return {task: given for task, given in found.items() if person.pk in given}


def _words(shape: shapes.Shape, job: Job, value: dict[str, Any]) -> str:
    return ", ".join(cell for cell in shape.cells(job.form, value) if cell)
