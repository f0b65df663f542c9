"""Tasks that join a job one by one: a draft, or an open job with their money set aside first.

A data set is a file that a client hands in (`tasks.datasets`); these come from programs, each by itself.
"""

import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.refusals import Refusal, Text, refuse_if
from tasks import files, growing, locks, predictions, rows, weighing
from tasks.models import Job, Task
from tasks.rows import Problem

# What a task is called by its client, and its data; a `prediction` among them is kept apart, as of a data set's row.
type Addition = tuple[str, dict[str, Any]]
# The files of a job that they name, as `files.shown` returns them.
type Known = dict[str, dict[str, Any]]


def _problems(job: Job, added: Sequence[Addition], known: Known) -> list[Text]:
    """Return what is wrong with tasks that would join a job; nothing where members can answer them."""
    lines = "".join(json.dumps({"id": name, **data}) + "\n" for name, data in added)
    found: list[Text] = []
    for row in rows.read(io.BytesIO(lines.encode())):
        found += [row.words] if isinstance(row, Problem) else predictions.row_problems(job, row.data, known)
    return found


@transaction.atomic(savepoint=False)
def add(job: Job, added: Sequence[Addition], *, by: Person, at: datetime) -> list[Task]:
    """Add tasks to a draft, or to an open job with what they cost. Raise Refused; then nothing was added or moved."""
    # Read through before the row is locked: what a job asks stands, and others wait for the lock.
    known = files.shown(job, (data for _name, data in added))
    refuse_if(next((Refusal(str(words), status=400) for words in _problems(job, added, known)), None))
    new = _tasks(job, added, known)
    if growing.join(job, new, by=by, at=at):
        weighing.weigh_more(job, (data for _name, data in added), len(added))
        return new
    locks.job(job)
    refuse_if(_refusal(job))
    if job.opened_at is None:
        written = _write(new, after=job.tasks.aggregate(last=Max("position"))["last"] or 0)
        weighing.weigh(job, (data for _name, data in added), len(added))
        return written
    with growing.more(job, len(added), by=by, at=at) as last:
        return _write(new, after=last)


def _tasks(job: Job, added: Sequence[Addition], known: Known) -> list[Task]:
    """Return tasks as they are to be written, what a machine said of them apart."""
    apart = ((name, *predictions.apart(job, row, known)) for name, row in added)
    return [
        Task(job=job, external_id=name, data=data, prediction=prediction, open_slots=job.overlap)
        for name, data, prediction in apart
    ]


def _write(new: list[Task], *, after: int) -> list[Task]:
    for position, task in enumerate(new, after + 1):
        task.position = position
    return Task.objects.bulk_create(new, batch_size=2000)


def _refusal(job: Job) -> Refusal | None:
    return Refusal(_("The job is closed."), appeal=_("Post a new job."), status=409) if job.closed_at else None
