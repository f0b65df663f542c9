"""Stages: a job whose tasks are made from what an older job of the client came to: write, critique, check, decide.

A stage is a job: it keeps its own rate card, pay, money, overlap and checks. Its money is set aside before the first of
them opens, for all that can come; what never comes goes back to the client. The database makes the tasks from accepted
answers, once; whoever answered a task takes none that was made from it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from coop import due
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from tasks import content, files, predictions
from tasks.models import HandOver, Job, ReviewRule, Stage, Takes, Task, Topic

AT_ONCE = 50
NAME = re.compile(r"[a-z_][a-z0-9_]{0,59}")
PART = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")
# What a task of one kind shows of an answer of another, where there is no doubt.
USUAL: Mapping[tuple[str, str], dict[str, str]] = {
    ("steps", "step_check"): {"steps": "steps.text"},
    ("rewriting", "rewriting"): {"text": "text"},
    ("rewriting", "comparison"): {"response_b": "text"},
    ("choice", "choice"): {"answered": "labels"},
}
# The answer itself, as what stands in the fields of the next.
WHOLE = {predictions.FIELD: "value"}


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of what the stage before came to: tasks made, answers that agree, and those nobody can be shown."""

    made: int
    agreed: int
    problems: int


def carried(former: Job, job: Job, takes: str) -> dict[str, str]:
    """Return which parts of an answer a stage usually shows, by the name its kind knows; all of them if in doubt.

    Where both are of one kind and each answer goes on, the next begins with it as it is, to put right what is wrong.
    """
    usual = USUAL.get((former.work_type.shape, job.work_type.shape))
    if former.work_type.shape == job.work_type.shape and takes == Takes.EACH:
        usual = usual or WHOLE
    return usual or {name: name for name in former.shape.columns(former.form) if NAME.fullmatch(name)}


def refusal(job: Job, *, after: Job, takes: str, carries: Mapping[str, str]) -> Refusal | None:
    """Say why a job cannot follow another one like this; None if it can."""
    if job.client_id != after.client_id or job.pk <= after.pk:
        return Refusal(_("A stage follows an older job of the same client."), status=409)
    if job.opened_at or job.closed_at or after.opened_at or after.closed_at:
        return Refusal(_("Stages are joined while both jobs are drafts."), status=409)
    if job.tasks.exists() or Stage.objects.filter(job=job).exists():
        return Refusal(_("This job has tasks of its own, or follows another one already."), status=409)
    if takes == Takes.SPLIT and (after.review_rule != ReviewRule.MAJORITY or after.overlap == 1):
        return Refusal(_("Only answers that are accepted by agreement can be split."), status=409)
    if lacking := content.lacking(job.content, after.content):
        reason = _("Its tasks show what job %(after)s shows; name on its card, no rarer than there: %(topics)s.")
        words = {"after": after.pk, "topics": ", ".join(str(Topic(topic).label) for topic in lacking)}
        return Refusal(
            reason % words, content.RULE, _("Draft it anew with these, and with pay for its rests."), status=409
        )
    return _refusal_to_carry(job, after, takes, carries)


def _refusal_to_carry(job: Job, after: Job, takes: str, carries: Mapping[str, str]) -> Refusal | None:
    wrong = [name for name, part in carries.items() if not (NAME.fullmatch(name) and PART.fullmatch(part))]
    if not carries or wrong:
        return Refusal(_("Say which part of an answer the next tasks show, as: steps = steps.text"), status=422)
    if predictions.FIELD in carries and (takes != Takes.EACH or after.work_type.shape != job.work_type.shape):
        return Refusal(
            _("A task begins with an earlier answer where each goes on by itself, to the same kind of answer."),
            status=409,
        )
    return None


@transaction.atomic
def join(
    job: Job, *, after: Job, takes: str, carries: Mapping[str, str], apart_from_all: bool = True, by: Person,
    at: datetime,
) -> Stage:  # fmt: skip
    """Let a draft follow an older draft; its tasks are made from what that one comes to. Raise Refused otherwise."""
    refuse_if(refusal(job, after=after, takes=takes, carries=carries))
    try:
        with transaction.atomic():
            made = Stage.objects.create(
                job=job, after=after, takes=takes, carries=dict(carries), apart_from_all=apart_from_all, written_by=by
            )
    except IntegrityError as error:
        if guard_of(error) != "stages_join_drafts_of_one_client":
            raise
        raise Refused(Refusal(_("Whoever has a seat at the client joins its jobs."), status=403)) from error
    events.write("stages.joined", by=by, subject=f"job:{job.pk}", at=at, after=after.pk, takes=str(takes))
    return made


def arrived(stage: Stage) -> Arrived:
    """Return what became of what the stage before came to so far."""
    none = Q(task=None)
    return Arrived(
        **stage.arrivals.aggregate(
            made=Count("pk", filter=~none),
            agreed=Count("pk", filter=none & Q(problem="")),
            problems=Count("pk", filter=none & ~Q(problem="")),
        )
    )


def problems(stage: Stage) -> list[HandOver]:
    """Return the last fifty that nobody can be shown, each with its task of before."""
    stuck = stage.arrivals.filter(task=None).exclude(problem="").select_related("source").order_by("-pk")
    return list(stuck[:50])


def hand_on_due(*, at: datetime) -> int:
    """Hand on whatever is settled and was not yet, at every open stage; return how much. Anybody may call it (P5)."""
    going = Stage.objects.filter(job__opened_at__isnull=False, job__closed_at=None)
    stages = going.select_related("job__work_type", "after").order_by("pk")
    return due.each(lambda stage: hand_on(stage, at=at), stages, failed="stage %s could not be handed on")


def hand_on(stage: Stage, *, at: datetime) -> int:
    """Hand on what is settled at the job before, 50 at a time, each in its own transaction; return how much.

    Stopped in between it goes on where it stood. What the next kind of answer cannot show is kept with the problem.
    Files of the stage's own that are still being read come first: until then nothing is handed on.
    """
    if files.are_coming(stage.job):
        return 0
    total = 0
    try:
        while count := _some(stage, at):
            total += count
    except IntegrityError as error:
        # It waits until the client has set its money aside.
        if guard_of(error) != "tasks_arrive_whole":
            raise
    return total


@transaction.atomic
def _some(stage: Stage, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT source, assignment, data, agreed FROM tasks_due(%s, %s)", [stage.pk, AT_ONCE])
        due = [(source, assignment, json.loads(data), agreed) for source, assignment, data, agreed in cursor.fetchall()]
        if not due:
            return 0
        # What a member wrote lends no file: only what the client said of the tasks before.
        sources = Task.objects.filter(pk__in=[source for source, _given, _data, agreed in due if not agreed])
        files.bring_along(stage.job, stage.after, sources.values_list("data", flat=True), at=at)
        known = files.shown(stage.job, (data for _source, _assignment, data, _agreed in due))
        given = [
            {"source": source, "assignment": assignment, "problem": "" if agreed else _problem(stage.job, data, known)}
            for source, assignment, data, agreed in due
        ]
        cursor.execute("SELECT tasks_hand_on(%s, %s)", [stage.pk, json.dumps(given)])
        (count,) = cursor.fetchone()
    if count:
        events.write("stages.handed_on", by=None, subject=f"job:{stage.job_id}", at=at)
    return int(count)


def _problem(job: Job, data: dict[str, Any], known: predictions.Files) -> str:
    """Return why a job's kind of answer cannot show this; nothing where it can."""
    shape = job.shape
    try:
        data, answer = predictions.apart(job, data, known)
    except predictions.Unusable as error:
        return str(error)
    form = shape.form_for(job.form, data)
    lacking = [*shape.data_problems(form, data), *files.missing(shape, form, data, known)]
    return " ".join(map(str, lacking or predictions.problems(job, data, answer, known)))


def begins_with_an_answer(task: Task) -> bool:
    """Tell whether what stands in a task's fields is a member's answer of the stage before; a machine has a name."""
    said = task.prediction or {"model": ""}
    return "model" not in said and Stage.objects.filter(job=task.job_id).exists()
