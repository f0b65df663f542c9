"""An open job grows: what its new tasks cost, there and at the stages after it, is set aside first."""

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from coop.people.models import Person
from coop.record import events
from coop.refusals import refuse_if
from payments import escrow
from payments.money import from_micro
from tasks import funds, jobs, locks
from tasks.models import Job, Takes, Task

JOIN = "SELECT joined, after, short, deposit FROM tasks_join(%s, %s, %s, %s, %s, %s, %s)"


def join(job: Job, tasks: Sequence[Task], *, by: Person | None, at: datetime) -> bool:
    """Let tasks join an open job with their money, as `more` does, in one statement: who waits for the job waits once.

    Tell whether they did: none join a draft, a closed job, or one that others follow. Raise Refused if the client's
    balance is short.
    """
    # Nobody takes a key beforehand that they cannot work out; twice it cannot be posted, as a task is in a job once.
    facts: list[Any] = [job.pk, *_columns(tasks), uuid.uuid4()]
    with connection.cursor() as cursor:
        cursor.execute(JOIN, [*facts, by.pk if by else None, at])
        numbers, after, short, deposit = cursor.fetchone() or (None, 0, None, 0)
    if numbers is None:
        refuse_if(escrow.refusal_to_fund(job.client, from_micro(short)) if short else None)
        return False
    for position, (task, number) in enumerate(zip(tasks, numbers, strict=True), after + 1):
        task.pk, task.position = number, position
    if deposit > 0:
        locks.job(job)
        funds.set_deposit_aside(job, job.pay, by=by, at=at)
    return True


def _columns(tasks: Sequence[Task]) -> list[list[str | None]]:
    """Return the names of tasks, their data and what a machine said of them."""
    return [
        [task.external_id for task in tasks],
        [json.dumps(task.data) for task in tasks],
        [json.dumps(task.prediction) if task.prediction else None for task in tasks],
    ]


def asked(job: Job, count: int) -> list[tuple[Job, int]]:
    """Return a job and each stage after it, the former first, with what so many tasks more come to there at most."""
    found = [(job, count)]
    for stage in job.next_stages.filter(job__closed_at=None).select_related("job__client").order_by("pk"):
        found += asked(stage.job, count * job.overlap if stage.takes == Takes.EACH else count)
    return found


def price(job: Job, count: int) -> Decimal:
    """Return the US$ that so many tasks more cost at most, with all that they come to at the stages after the job."""
    quotes = (
        jobs.quote(one.work_type_id, tasks, one.overlap, one.pay, share=one.check_share, more=True)
        for one, tasks in asked(job, count)
    )
    return sum((quote.total for quote in quotes), Decimal(0))


@contextmanager
def more(job: Job, count: int, *, by: Person | None, at: datetime) -> Iterator[int]:
    """Set the money of so many tasks aside (kind 2), let them be written, then set aside what they ask of the deposits.

    Yield the position of the job's last task. Within a transaction that has the job locked. Raise Refused if the
    client's balance is short.
    """
    room = funds.room(job)
    asking = _locked(job, count) if room.leads else [(job, count)]
    for one, tasks in asking:
        _set_aside(one, tasks, room if one == job else funds.room(one), by=by, at=at)
    yield room.last
    for one, _tasks in asking:
        funds.set_deposit_aside(one, one.pay, by=by, at=at)
    events.write("jobs.grew", by=by, subject=f"job:{job.pk}", at=at)


def _locked(job: Job, count: int) -> list[tuple[Job, int]]:
    """Return what `asked` does, as it stands once the stages after the job are locked."""
    later = [one.pk for one, _tasks in asked(job, count) if one != job]
    list(Job.objects.select_for_update(no_key=True).filter(pk__in=later).order_by("pk"))
    return asked(job, count)


def _set_aside(job: Job, count: int, room: funds.Room, *, by: Person | None, at: datetime) -> None:
    """Set aside what tasks cost before they are there; what was freed by those called off is used first."""
    short = count * job.overlap * room.price - room.spare
    if short > 0:
        funds.set_aside_more(job, short, room.fundings + 1, by=by, at=at)
