"""Locking what an act is about, with all that decides about it, in one statement.

The task's row is the lock of all its assignments, always taken first: so nobody waits in a circle. These are the
statements that every task passes several times, so they are written by hand.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from coop.people.models import Person
from payments.escrow import Acceptance
from payments.models import Fee
from payments.money import from_micro
from tasks.models import Assignment, Job, Task

ASSIGNMENT = [
    "id",
    "task_id",
    "job_id",
    "person_id",
    "slot",
    "rate_id",
    "fee_version_id",
    "card_id",
    "pay",
    "fee",
    "state",
    "claimed_at",
    "expires_at",
    "submitted_at",
    "accept_by",
    "decided_at",
    "team_id",
]
FEE = ["id", "version", "on_wage", "training", "care", "floor", "mandate_id", "since"]
TASK = ["id", "job_id", "upload_id", "position", "external_id", "data", "gold", "open_slots"]

COLUMNS = ", ".join([*(f"a.{name}" for name in ASSIGNMENT), *(f"f.{name}" for name in FEE)])
JOB = "SELECT opened_at, closed_at, pay, task_bytes FROM tasks_job WHERE id = %s FOR NO KEY UPDATE"
ONE = f"""
SELECT {COLUMNS}, {", ".join(f"t.{name}" for name in TASK)}
FROM tasks_task t JOIN tasks_assignment a ON a.task_id = t.id JOIN payments_fee f ON f.id = a.fee_version_id
WHERE a.id = %s FOR NO KEY UPDATE OF t, a
"""  # noqa: S608 - names of columns only
LIVE = f"""
SELECT {COLUMNS}, w.value
FROM tasks_assignment a JOIN payments_fee f ON f.id = a.fee_version_id LEFT JOIN LATERAL (
    SELECT value FROM tasks_answer WHERE assignment_id = a.id ORDER BY number DESC LIMIT 1
) w ON true
WHERE a.task_id = %s AND a.state IN ('claimed', 'submitted', 'sent_back', 'accepted', 'disputed') ORDER BY a.id
"""  # noqa: S608 - names of columns only
# The team's parts are asked for with it, so that a batch has as many statements with teams as without.
SILENT = f"""
SELECT {", ".join(f"f.{name}" for name in FEE)}, a.job_id, a.person_id, a.id, a.pay, a.fee,
    CASE WHEN a.team_id IS NOT NULL THEN
        (SELECT array_agg(ARRAY[s.person_id, s.amount] ORDER BY s.person_id) FROM tasks_split(a.team_id, a.pay) s) END
FROM tasks_assignment a JOIN tasks_task t ON t.id = a.task_id JOIN payments_fee f ON f.id = a.fee_version_id
WHERE a.state = 'submitted' AND a.accept_by <= %s
ORDER BY a.accept_by LIMIT %s FOR NO KEY UPDATE OF t, a SKIP LOCKED
"""  # noqa: S608 - names of columns only
SILENT_TO = SILENT.replace("WHERE", "WHERE a.person_id = %s AND")
SILENT_OF = SILENT.replace("WHERE", "WHERE a.id = ANY(%s) AND")


def job(job: Job) -> None:
    """Bring what can change of a job up to date, its row locked until the transaction ends, but not against claims."""
    with connection.cursor() as cursor:
        cursor.execute(JOB, [job.pk])
        job.opened_at, job.closed_at, pay, job.task_bytes = cursor.fetchone()
    job.pay = from_micro(pay)


def one(assignment: Assignment) -> Assignment:
    """Return an assignment as it stands now, with its task, locked until the transaction ends; one statement.

    Its job is the one that the caller's assignment has loaded: of an open job nothing changes that an answer needs.
    """
    with connection.cursor() as cursor:
        cursor.execute(ONE, [assignment.pk])
        row = cursor.fetchone()
    if row is None:
        raise Assignment.DoesNotExist
    made = _assignment(row, _task(row[len(ASSIGNMENT) + len(FEE) :]))
    if Assignment._meta.get_field("job").is_cached(assignment):  # noqa: SLF001 - Django's own name for it
        made.job = assignment.job
    return made


def live(task: Task) -> list[tuple[Assignment, dict[str, Any] | None]]:
    """Return the assignments that hold the slots of a task, each with its latest value; the caller holds the lock."""
    with connection.cursor() as cursor:
        cursor.execute(LIVE, [task.pk])
        return [(_assignment(row, task), row[-1] and json.loads(row[-1])) for row in cursor.fetchall()]


def silent(
    *, at: datetime, limit: int, person: Person | None = None, only: Sequence[Assignment] | None = None
) -> list[Acceptance]:
    """Return the answers whose time to object has passed, longest ago first, locked; what others lock is left out.

    Of all, of one person or of some of them. Nobody waits here, so that the order in which they are locked is no
    matter.
    """
    of: list[Any] = [[one.pk for one in only]] if only else [person.pk] if person else []
    statement = SILENT_OF if only else SILENT_TO if person else SILENT
    with connection.cursor() as cursor:
        cursor.execute(statement, [*of, at, limit])
        rows = cursor.fetchall()
    versions = {row[0]: row[: len(FEE)] for row in rows}
    fees = {number: Fee.from_db("default", FEE, list(version)) for number, version in versions.items()}
    return [_acceptance(fees[row[0]], *row[len(FEE) :]) for row in rows]


def _acceptance(
    fee_version: Fee, job: int, person: int, number: int, pay: int, fee: int, parts: list[list[int]] | None
) -> Acceptance:
    divided = tuple((who, from_micro(micro)) for who, micro in parts or ())
    return Acceptance(job, person, number, from_micro(pay), from_micro(fee), fee_version, divided)


def _assignment(row: tuple[Any, ...], task: Task) -> Assignment:
    facts = dict(zip(ASSIGNMENT, row, strict=False))
    facts |= {"pay": from_micro(facts["pay"]), "fee": from_micro(facts["fee"])}
    made = Assignment.from_db("default", ASSIGNMENT, list(facts.values()))
    made.task = task
    made.fee_version = Fee.from_db("default", FEE, list(row[len(ASSIGNMENT) : len(ASSIGNMENT) + len(FEE)]))
    return made


def _task(row: tuple[Any, ...]) -> Task:
    facts = dict(zip(TASK, row, strict=True))
    facts |= {"data": json.loads(facts["data"]), "gold": facts["gold"] and json.loads(facts["gold"])}
    return Task.from_db("default", TASK, list(facts.values()))
