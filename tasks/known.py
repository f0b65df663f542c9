"""Known answers: a client says for some of its tasks what is right and why, before anybody works.

Members learn both after they answered, to get better at it. The answers are paid like all others, and no score follows:
what offers work, accepts, pays or bars reads none of it (7.5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from tasks.models import OPEN_STATES, Answer, Assignment, AssignmentState, Job, KnownAnswer, Task

LONGEST_WHY = 2000
# Drawings are compared while the page is made: of more than these nothing is told.
MOST_COMPARED = 100


@dataclass(frozen=True, slots=True)
class Met:
    """How many known answers a job has, how many answers were given to those tasks, and how many say the same.

    `same` is None for kinds of work whose answers are never the same.
    """

    known: int
    answers: int
    same: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a member reads after answering: the known answer as words, why, and whether theirs says the same.

    `same` is None where two answers of the kind are never the same.
    """

    words: str
    why: str
    same: bool | None


def refusal(task: Task, value: Mapping[str, Any], why: str) -> Refusal | None:
    """Say why this cannot be written down as the known answer to a task; None if it can."""
    job = task.job
    if job.opened_at or job.closed_at:
        return Refusal(_("Known answers are given while the job is a draft, before anybody works."), status=409)
    if not why.strip() or len(why) > LONGEST_WHY or "\0" in why:
        return Refusal(_("Say why it is right, in 2,000 characters at most: members read it."), status=422)
    if wrong := job.question(task).problems(dict(value)):
        return Refusal(" ".join(wrong), status=422)
    return None


@transaction.atomic
def say(task: Task, *, value: Mapping[str, Any], why: str, by: Person, at: datetime) -> KnownAnswer:
    """Write down what is right for a task of a draft, and why; said again it replaces what stood. Raise Refused."""
    refuse_if(refusal(task, value, why))
    said = {"value": dict(value), "why": why.strip(), "written_by": by}
    made, _new = KnownAnswer.objects.update_or_create(task=task, defaults=said)
    events.write("known.said", by=by, subject=f"job:{task.job_id}", at=at, task=task.pk)
    return made


def shown_to(assignment: Assignment) -> Shown | None:
    """Return what is known of a task, once its member has handed in; None before, or where nothing is known."""
    if assignment.state in {*OPEN_STATES, AssignmentState.LEFT, AssignmentState.SKIPPED, AssignmentState.EXPIRED}:
        return None
    found: KnownAnswer | None = getattr(assignment.task, "known_answer", None)
    mine = assignment.answers.order_by("number").last() if found else None
    if found is None or mine is None:
        return None
    # The page of a task does not load what is right before it may be read.
    found.refresh_from_db(fields=["value", "why"])
    return Shown(words(assignment.job, found.value), found.why, _same(assignment.job, mine.value, found.value))


def met(job: Job) -> Met:
    """Return how often a job's answers say what was known: of all together; never of deleted ones."""
    known = dict(KnownAnswer.objects.filter(task__job=job).exclude(why="").values_list("task", "value"))
    given = Answer.objects.filter(assignment__task__in=known, assignment__job=job).order_by("number")
    count = given.values("assignment").distinct().order_by().count()
    if not job.shape.agrees(job.form) and count > MOST_COMPARED:
        return Met(len(known), count, None)
    latest = {number: (task, value) for number, task, value in given.values_list(
        "assignment", "assignment__task", "value")}  # fmt: skip
    found = [_same(job, value, known[task]) for task, value in latest.values()]
    return Met(len(known), len(latest), None if None in found else sum(map(bool, found)))


def words(job: Job, value: Mapping[str, Any]) -> str:
    """Return an answer as words."""
    return ", ".join(cell for cell in job.shape.cells(job.form, dict(value)) if cell)


def _same(job: Job, one: Mapping[str, Any], known: Mapping[str, Any]) -> bool | None:
    keys = [job.shape.key_of(job.form, dict(value)) for value in (one, known)]
    if None not in keys:
        return keys[0] == keys[1]
    # Of drawings: each thing of one is in the other, too, and covers it by half or more.
    return job.shape.meets(job.form, dict(one), dict(known))
