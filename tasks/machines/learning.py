"""The built-in machine at a job: asked for in a draft, taught in the background by the job's own accepted answers.

Of the tasks that nobody was offered yet it puts those in front that it doubts most; where the client says so, members
start from its guess. It is taught anew when a fifth more answers are accepted, by 20,000 of them at most, and looks at
5,000 tasks at most: what an answer costs stays the same however large the job.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from coop import due
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from tasks.models import Answer, Assignment, AssignmentState, Job, Machine, Task

NAME = "Workhall baseline"
LEAST, GROWTH, STEP = 100, 1.2, 500
TAUGHT_BY, LOOKED_AT, IN_FRONT = 20_000, 5_000, 500
DUE = """
SELECT m.job_id FROM tasks_machine m JOIN tasks_job j ON j.id = m.job_id CROSS JOIN LATERAL (
    SELECT count(*) AS answers FROM tasks_assignment a WHERE a.job_id = j.id AND a.state = 'accepted'
) given
WHERE (m.orders OR m.shows) AND j.opened_at IS NOT NULL AND j.closed_at IS NULL
  AND given.answers >= greatest(%(least)s, least(%(growth)s * m.learned, m.learned + %(step)s))
ORDER BY j.id
"""
# Tasks that somebody is claiming this moment stay as they are; what stood in front before makes room.
PUT_IN_FRONT = """
WITH chosen AS (
    SELECT * FROM unnest(%(tasks)s::bigint[], %(turns)s::integer[], %(said)s::jsonb[]) AS c (id, turn, said)
), held AS (
    SELECT t.id FROM tasks_task t WHERE t.id IN (
        SELECT id FROM chosen UNION
        SELECT id FROM tasks_task WHERE job_id = %(job)s AND open_slots > 0 AND turn IS NOT NULL
    ) ORDER BY t.id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE tasks_task t SET turn = c.turn, prediction = CASE
    WHEN c.said IS NOT NULL AND t.open_slots = %(overlap)s
        AND (t.prediction IS NULL OR t.prediction ->> 'model' = %(name)s)
        AND NOT EXISTS (SELECT FROM tasks_assignment a WHERE a.task_id = t.id)
    THEN c.said ELSE t.prediction END
FROM held h LEFT JOIN chosen c ON c.id = h.id WHERE t.id = h.id
"""

type Json = dict[str, Any]


def refusal(job: Job) -> Refusal | None:
    """Say why no machine can be asked to help with this job, or nothing."""
    if job.opened_at or job.closed_at:
        return Refusal(_("What a machine does is said before a job opens: it is part of the work."), status=409)
    if not (job.shape.guessable and job.form.get("labels")):
        words = _("The built-in machine learns to choose among the labels of a job; this job has none.")
        return Refusal(words, appeal=_("Bring predictions of your own with the tasks."), status=400)
    return None


@transaction.atomic
def ask(job: Job, *, orders: bool, shows: bool, by: Person | None, at: datetime) -> Machine:
    """Have a machine order a draft's tasks by its doubt, show its guesses, both or neither."""
    job = Job.objects.select_for_update(no_key=True, of=["self"]).select_related("work_type").get(pk=job.pk)
    refuse_if(refusal(job))
    asked = {"orders": orders, "shows": shows, "asked_by": by, "asked_at": at}
    machine, _made = Machine.objects.update_or_create(job=job, defaults=asked)
    events.write("machines.asked", by=by, subject=f"job:{job.pk}", at=at, orders=orders, shows=shows)
    return machine


def teach_due(*, at: datetime) -> int:
    """Teach every machine whose job has enough new accepted answers; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"least": LEAST, "growth": GROWTH, "step": STEP})
        numbers = [number for (number,) in cursor.fetchall()]
    machines = Machine.objects.select_related("job__work_type").in_bulk(numbers)
    return due.each(
        lambda machine: teach(machine, at=at), [machines[number] for number in numbers],
        failed="the machine of job %s could not be taught",
    )  # fmt: skip


def teach(machine: Machine, *, at: datetime) -> bool:
    """Teach a machine by what was accepted so far and put what it doubts in front; False where all said the same."""
    from tasks.machines import baseline  # noqa: PLC0415 - large libraries that no page needs

    job = machine.job
    machine.learned = Assignment.objects.filter(job=job, state=AssignmentState.ACCEPTED).count()
    known, values = _accepted(job)
    lots = random.Random(f"{job.pk}:{machine.learned}") if machine.orders else None  # noqa: S311 - a lot to be repeated
    asked = _not_offered(job, lots)
    found = baseline.guess(known, [data for _number, data in asked])
    if found is None:
        _write(machine, [], at)
        return False
    machine.tried, machine.agreed = found.tried, found.agreed
    guesses = [
        (number, values[label], chance)
        for (number, _data), label, chance in zip(asked, found.labels, found.chances, strict=True)
    ]
    _write(machine, (sorted(guesses, key=lambda one: one[2]) if machine.orders else guesses)[:IN_FRONT], at)
    return True


def _accepted(job: Job) -> tuple[list[tuple[Json, str]], dict[str, Json]]:
    """Return data and label of each task on whose label most accepted answers agree, and a value for each label."""
    found = Answer.last_ones().filter(assignment__job=job, assignment__state=AssignmentState.ACCEPTED)
    facts = found.order_by("-assignment_id").values_list("assignment__task_id", "value", "assignment__task__data")
    said: dict[int, Counter[str]] = defaultdict(Counter)
    shown: dict[int, Json] = {}
    values: dict[str, Json] = {}
    for task, value, data in facts[:TAUGHT_BY]:
        label = str(job.shape.agreement_key(value))
        said[task][label] += 1
        shown[task], values[label] = data, value
    most = {task: counted.most_common(2) for task, counted in said.items()}
    sure = {task: top[0][0] for task, top in most.items() if len(top) == 1 or top[0][1] > top[1][1]}
    return [(shown[task], label) for task, label in sorted(sure.items())], values


def _not_offered(job: Job, lots: random.Random | None) -> list[tuple[int, Json]]:
    """Return 5,000 tasks that nobody was offered, with their data: from a place drawn by lot on, or the first ones."""
    offered = Assignment.objects.filter(task=OuterRef("pk"))
    fresh = Task.objects.filter(~Exists(offered), job=job, open_slots__gt=0, open_slots=job.overlap)
    first, last = (
        fresh.order_by(order).values_list("position", flat=True).first() for order in ("position", "-position")
    )
    if first is None or last is None:
        return []
    start = lots.randint(first, last) if lots else first
    found = [*_some(fresh.filter(position__gte=start), LOOKED_AT)]
    return found + _some(fresh.filter(position__lt=start), LOOKED_AT - len(found))


def _some(tasks: QuerySet[Task], most: int) -> list[tuple[int, Json]]:
    return list(islice(tasks.order_by("position").values_list("pk", "data")[:most], most))


@transaction.atomic
def _write(machine: Machine, chosen: Sequence[tuple[int, Json, float]], at: datetime) -> None:
    """Put tasks in front in this order, with what was guessed of them where it is shown."""
    said = [json.dumps({"value": value, "model": NAME, "score": round(chance, 4)}) for _task, value, chance in chosen]
    facts: dict[str, Any] = {
        "job": machine.job_id, "overlap": machine.job.overlap, "name": NAME,
        "tasks": [task for task, _value, _chance in chosen],
        "turns": [place if machine.orders else None for place in range(1, len(chosen) + 1)],
        "said": said if machine.shows else [None] * len(chosen),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(PUT_IN_FRONT, facts)
    machine.at = at
    machine.save(update_fields=["learned", "tried", "agreed", "at"])
    events.write("machines.taught", by=None, subject=f"job:{machine.job_id}", at=at)
