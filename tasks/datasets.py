"""Data sets: a client hands in a file of tasks; it is loaded whole, or not at all with every problem and its line.

A file is read twice as a stream: once to check every row, then, if all are good, into the database by COPY.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched
from typing import BinaryIO
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from tasks import rows
from tasks.models import Job, Upload
from tasks.rows import Problem, Row

# A file this small is read while the client waits; a larger one by the worker.
AT_ONCE_MAX_BYTES = 1_000_000
PROBLEMS_KEPT = 200
LOAD = "tasks.load_data_set"
COPY = "COPY tasks_task (job_id, upload_id, position, external_id, data, open_slots) FROM STDIN"


def too_large() -> Refusal:
    """Return the refusal of a file over the bound."""
    most = settings.DATASET_UPLOAD_MAX_BYTES // 1_000_000
    return Refusal(
        _("The file is larger than %(most)d MB. We stopped reading it; nothing was kept.") % {"most": most},
        appeal=_("Send it in several smaller files; each adds to the job."),
        status=413,
    )


def refusal(job: Job) -> Refusal | None:
    """Say why a job takes no more tasks, or nothing."""
    if job.opened_at or job.closed_at:
        return Refusal(
            _("Tasks are added while a job is a draft; this one is open or closed."),
            appeal=_("Post a new job for them."),
            status=409,
        )
    return None


def receive(job: Job, file: File[bytes], *, by: Person | None, at: datetime) -> Upload:
    """Keep a client's file and load it: at once when it is small, else in the background. Return the upload.

    Its problems are in the upload, not raised. Raise Refused when the job takes no tasks or the file is too large.
    """
    refuse_if(refusal(job))
    refuse_if(too_large() if file.size > settings.DATASET_UPLOAD_MAX_BYTES else None)
    small = file.size <= AT_ONCE_MAX_BYTES
    upload = _keep(job, file, by=by, at=at, later=not small)
    return load(upload, at=at) if small else upload


@transaction.atomic
def _keep(job: Job, file: File[bytes], *, by: Person | None, at: datetime, later: bool) -> Upload:
    name = (file.name or "").rsplit("/")[-1].replace("\0", "")[:200] or _("data set")
    upload = Upload(job=job, file_name=name, created_by=by, created_at=at)
    # The name on disk is ours: nothing of a client's name reaches the file system.
    upload.file.save(f"{uuid4().hex}.data", file, save=False)
    upload.save(force_insert=True)
    events.write("datasets.received", by=by, subject=f"job:{job.pk}", at=at, upload=upload.pk, bytes=upload.file.size)
    if later:
        background.configure_task(LOAD, lock=f"job:{job.pk}").defer(upload_id=upload.pk)
    return upload


@transaction.atomic
def load(upload: Upload, *, at: datetime) -> Upload:
    """Read an upload into its job's tasks, or keep its problems; one that is done already changes nothing."""
    job = Job.objects.select_for_update(no_key=True).get(pk=upload.job_id)
    upload = Upload.objects.select_for_update(no_key=True, of=["self"]).select_related("created_by").get(pk=upload.pk)
    if upload.finished_at:
        return upload
    _take_time()
    with upload.file.open("rb") as file:
        count, problems = _check(job, file)
        upload.rows, upload.problem_count, upload.finished_at = count, len(problems), at
        upload.problems = [{"line": found.line, "problem": found.words} for found in problems.first]
        if not problems:
            _copy(job, upload, file)
    upload.save(update_fields=["rows", "problems", "problem_count", "finished_at"])
    events.write(
        "datasets.loaded" if not problems else "datasets.sent_back",
        by=upload.created_by, subject=f"job:{job.pk}", at=at, upload=upload.pk, rows=count, problems=len(problems),
    )  # fmt: skip
    return upload


def _take_time() -> None:
    """Let this transaction read a long file; the site's own limits are for pages."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '10min'")


class _Problems:
    """The problems of a file: all counted, the first ones kept."""

    def __init__(self) -> None:
        self.first: list[Problem] = []
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def add(self, problem: Problem) -> None:
        self.count += 1
        if self.count <= PROBLEMS_KEPT:
            self.first.append(problem)


def _check(job: Job, file: BinaryIO) -> tuple[int, _Problems]:
    """Return how many rows of a file are good, and every problem in it."""
    problems, lines = _Problems(), {}
    if refused := refusal(job):
        problems.add(Problem(1, str(refused)))
        return 0, problems
    position = _last_position(job)
    for found in rows.read(file):
        if isinstance(found, Problem):
            problems.add(found)
            continue
        position += 1
        name = found.external_id or str(position)
        if name in lines:
            problems.add(Problem(found.line, _("Line %(line)d has the same id.") % {"line": lines[name]}))
        lines.setdefault(name, found.line)
    for name in _known(job, lines):
        problems.add(Problem(lines[name], _("The job has a task with the id “%(id)s” already.") % {"id": name}))
    if not lines and not problems:
        problems.add(Problem(1, _("The file names its columns but has no rows.")))
    return len(lines), problems


def _known(job: Job, ids: Iterable[str]) -> Iterator[str]:
    """Yield those of the ids that the job has already."""
    for some in batched(ids, 5000, strict=False) if job.tasks.exists() else ():
        yield from job.tasks.filter(external_id__in=some).values_list("external_id", flat=True)


def _copy(job: Job, upload: Upload, file: BinaryIO) -> None:
    """Write the rows of a file that was found good as the job's next tasks."""
    file.seek(0)
    start = _last_position(job) + 1
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for position, row in enumerate(rows.read(file), start):
            if isinstance(row, Row):
                external_id = row.external_id or str(position)
                copy.write_row((job.pk, upload.pk, position, external_id, row.data, job.overlap))


def _last_position(job: Job) -> int:
    last: int | None = job.tasks.aggregate(last=Max("position"))["last"]
    return last or 0
