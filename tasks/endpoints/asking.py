"""Asking models in the background: eight servers side by side, each about some tasks at a time, in their order.

A call that fails is made again, with fewer tasks, a minute later and then ever later, eight times; then the server is
asked no more until its client says so. What a model says is checked as a member's answer is; what cannot be used is
told to the client with why.
"""

import json
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext as _

from coop import door
from coop.record import events
from payments import envelopes
from tasks import foreign, predictions
from tasks.endpoints import naming, protocol
from tasks.endpoints.protocol import Failed, Said, Server
from tasks.models import Assignment, Endpoint, Job, Task
from tasks.rows import Problem

SIDE_BY_SIDE = 8
DELAYS = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240)]
# Whoever is asked is not asked by another worker meanwhile, and again after that should this one end on the way.
ON_THE_WAY = timedelta(minutes=5)
MOST_PROBLEMS = 100
# Tasks that somebody is claiming this moment stay as they are, and so do those with a prediction.
WRITE = """
WITH said AS (
    SELECT * FROM unnest(%(tasks)s::bigint[], %(said)s::jsonb[]) AS s (id, prediction)
), held AS (
    SELECT t.id FROM tasks_task t WHERE t.id = ANY(%(tasks)s) ORDER BY t.id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE tasks_task t SET prediction = s.prediction FROM held h JOIN said s ON s.id = h.id
WHERE t.id = h.id AND t.prediction IS NULL AND t.open_slots = %(overlap)s
    AND NOT EXISTS (SELECT FROM tasks_assignment a WHERE a.task_id = t.id)
"""

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A server and the tasks that it is asked about."""

    endpoint: Endpoint
    tasks: Sequence[Task]


def ask_due(*, at: datetime) -> int:
    """Ask the first servers that are due about their next tasks, and keep what they say; return how many."""
    asked = [Asked(endpoint, _next(endpoint)) for endpoint in _taken(at)]
    servers = [_server(one.endpoint) for one in asked]
    # Every answer is kept, also where one of them breaks us; that one is asked again once it is nobody's.
    with ThreadPoolExecutor(SIDE_BY_SIDE) as together, ExitStack() as kept:
        for one, server in zip(asked, servers, strict=True):
            kept.callback(_keep, one, together.submit(_ask, one, server), at)
    return len(asked)


@transaction.atomic
def _taken(at: datetime) -> list[Endpoint]:
    """Return the servers that are due, longest waiting first, and leave them to nobody else for five minutes."""
    further = Task.objects.filter(job=OuterRef("job"), position__gt=OuterRef("after"))
    due = Endpoint.objects.filter(Exists(further), next_at__lte=at, job__closed_at=None).order_by("next_at", "pk")
    taken = list(
        due.select_related("job__work_type").select_for_update(no_key=True, skip_locked=True, of=["self"])[
            :SIDE_BY_SIDE
        ]
    )
    for endpoint in taken:
        endpoint.next_at = at + ON_THE_WAY
    Endpoint.objects.bulk_update(taken, ["next_at"])
    return taken


def _next(endpoint: Endpoint) -> list[Task]:
    """Return the next tasks that nobody was offered and of which nothing is said yet."""
    offered = Assignment.objects.filter(task=OuterRef("pk"))
    fresh = Task.objects.filter(
        ~Exists(offered), job=endpoint.job_id, position__gt=endpoint.after, open_slots=endpoint.job.overlap,
        prediction__isnull=True, gold__isnull=True,
    )  # fmt: skip
    return list(fresh.order_by("position")[: endpoint.at_once])


def _server(endpoint: Endpoint) -> Server | None:
    """Return an endpoint's server; None where what opens it can no longer be read."""
    try:
        return Server(endpoint.url, naming.secret(endpoint))
    except envelopes.Unopened:
        return None


def _ask(asked: Asked, server: Server | None) -> Said | Failed:
    """Return what a model says of its tasks, or why it says nothing; this runs beside others, without the database."""
    endpoint = asked.endpoint
    if server is None:
        return Failed(protocol.UNOPENED)
    if not asked.tasks:
        return Said(endpoint.version, [])
    project, schema = protocol.project(endpoint.job), protocol.schema(endpoint.job, asked.tasks[0].data)
    try:
        # A server that was started anew knows nothing of what it was told before.
        version = endpoint.version if endpoint.after and not endpoint.tries else server.greet(project, schema)
        said = server.predict(project, schema, [protocol.told(task) for task in asked.tasks])
    except Failed as failed:
        return failed
    return Said(said.version or version, said.results)


@transaction.atomic
def _keep(asked: Asked, coming: Future[Said | Failed], at: datetime) -> None:
    """Write down what came of a call, unless the client named or ended something meanwhile."""
    said = coming.result()
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=asked.endpoint.pk)
    if endpoint.next_at != asked.endpoint.next_at:
        return
    endpoint.at = at
    if isinstance(said, Failed):
        _put_off(endpoint, said, at)
    else:
        _take(endpoint, asked, said, at)
    endpoint.save(update_fields=[
        "version", "at_once", "after", "tries", "next_at", "at", "problem", "status", "predicted", "refused",
        "problems",
    ])  # fmt: skip


def _put_off(endpoint: Endpoint, failed: Failed, at: datetime) -> None:
    """Ask again later and with fewer tasks; at once, and one by one, where a server takes no more than one."""
    endpoint.problem, endpoint.status = failed.problem, failed.status
    if failed.problem == protocol.COUNT and endpoint.at_once > 1:
        endpoint.at_once, endpoint.next_at = 1, at
        return
    endpoint.at_once = max(1, endpoint.at_once // 2)
    if failed.problem in {door.Why.PRIVATE, protocol.UNOPENED} or endpoint.tries >= len(DELAYS):
        endpoint.next_at = None
        events.write("endpoints.given_up", by=None, subject=f"job:{endpoint.pk}", at=at, problem=failed.problem)
    else:
        endpoint.next_at = at + DELAYS[endpoint.tries]
        endpoint.tries += 1


def _take(endpoint: Endpoint, asked: Asked, said: Said, at: datetime) -> None:
    """Keep what can be used of what a model said, and of the rest why not."""
    job = asked.endpoint.job
    usable, problems = _sorted(job, asked.tasks, said)
    endpoint.predicted += _write(job, usable)
    endpoint.refused += len(problems)
    endpoint.problems = [*endpoint.problems, *problems][:MOST_PROBLEMS]
    endpoint.version, endpoint.tries, endpoint.problem, endpoint.status = said.version, 0, "", None
    endpoint.next_at, endpoint.after = at, asked.tasks[-1].position if asked.tasks else _last(job)


def _last(job: Job) -> int:
    last: int | None = job.tasks.aggregate(last=Max("position"))["last"]
    return last or 0


def _sorted(job: Job, tasks: Sequence[Task], said: Said) -> tuple[list[tuple[int, Json]], list[Json]]:
    """Return the predictions that can be used, each with its task, and what is wrong with the others."""
    usable, problems = [], []
    for task, result in zip(tasks, said.results, strict=True):
        try:
            found = _prediction(job, task, protocol.first(result), said.version)
        except predictions.Unusable as error:
            problems.append({"task": task.external_id, "problem": str(error)})
        else:
            usable += [(task.pk, found)] if found else []
    return usable, problems


def _prediction(job: Job, task: Task, result: object, version: str) -> Json | None:
    """Return what is said of a task as its kind of work has it; raise Unusable where it cannot be kept or shown."""
    if result is None:
        return None
    if not isinstance(result, dict):
        raise predictions.Unusable(_("What is said of a task is an object with a “result”."))
    if result.get("task") not in (None, task.position):
        raise predictions.Unusable(_("What came in this task's place is about another task."))
    named = {**result, "model_version": protocol.version(result) or version}
    row = next(foreign.checked([{"data": {}, "predictions": [named]}]))
    if isinstance(row, Problem):
        raise predictions.Unusable(row.words)
    _data, found = predictions.apart(job, {**task.data, **row.data}, {})
    if problems := predictions.problems(job, task.data, found, {}):
        raise predictions.Unusable(problems[0])
    return found


def _write(job: Job, usable: Sequence[tuple[int, Json]]) -> int:
    """Write predictions of tasks that still are offered to nobody; return how many."""
    facts: dict[str, Any] = {
        "tasks": [task for task, _said in usable], "said": [json.dumps(said) for _task, said in usable],
        "overlap": job.overlap,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(WRITE, facts)
        return int(cursor.rowcount)
