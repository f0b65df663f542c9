"""Data sets: a client hands in a file of tasks; it is loaded whole, or not at all with every problem and its line.

A file is read as a stream and each row checked as it is written; only one with problems is read again, to name them
all. An open job takes a small file, checked first, with the money for its tasks in one act (`tasks.growing`).
"""

import hashlib
import json
from array import array
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import batched
from typing import BinaryIO, cast

import numpy as np
from django.conf import settings
from django.core.files import File
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.database import moment
from coop.people.models import Person
from coop.portions import portions
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from tasks import files, foreign, growing, holding, predictions, weighing
from tasks.models import Job, Stage, Upload
from tasks.rows import Problem, Row

# A file this small is read while the client waits; a larger one by the worker.
AT_ONCE_MAX_BYTES = 1_000_000
PROBLEMS_KEPT = 200
# Fewer rows than this the database notices by itself in time.
COUNTED_FROM = 10_000
LOAD = "tasks.load_data_set"
# While files that came before it are read.
SECONDS_LATER = 20
# Not COPY: PostgreSQL takes none into a table of compartments. A thousand rows a statement come near it.
INSERT = """
INSERT INTO tasks_task (job_id, upload_id, position, external_id, data, prediction, open_slots)
SELECT %s, %s, sent.position, sent.external_id, sent.data::jsonb, sent.prediction::jsonb, %s
FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[]) AS sent (position, external_id, data, prediction)
"""
AT_ONCE = 1_000


def too_large(most: int | None = None) -> Refusal:
    """Return the refusal of a file over a bound, that of pages where no other is said."""
    most = (most or settings.DATASET_UPLOAD_MAX_BYTES) // 1_000_000
    return Refusal(
        _("The file is larger than %(most)d MB. We stopped reading it; nothing was kept.") % {"most": most},
        appeal=_("Send it in several smaller files; each adds to the job."),
        status=413,
    )


def refusal(job: Job) -> Refusal | None:
    """Say why a job takes no more tasks, or nothing."""
    if job.closed_at:
        return Refusal(_("The job is closed."), appeal=_("Post a new job."), status=409)
    if Stage.objects.filter(job=job).exists():
        return Refusal(_("The tasks of a stage come from the stage before."), status=409)
    return None


def receive(job: Job, file: "File[bytes]", *, by: Person | None, at: datetime) -> Upload:
    """Keep a client's file and load it: at once when it is small, else in the background. Return the upload.

    Its problems are in the upload, not raised. The same file sent again to a job that has its tasks changes nothing.
    Raise Refused when the job takes no tasks, the file is too large, the client keeps too much here, or, of an open
    job, too little money is there for the tasks.
    """
    most = settings.DATASET_STREAM_MAX_BYTES
    refuse_if(too_large(most) if file.size > most else holding.refusal(job.client, file.size))
    if file.size > AT_ONCE_MAX_BYTES:
        return _keep(job, file, by=by, at=at)
    return _at_once(job, file, by=by, at=at)


@transaction.atomic
def _at_once(job: Job, file: "File[bytes]", *, by: Person | None, at: datetime) -> Upload:
    upload = _keep(job, file, by=by, at=at)
    try:
        return load(upload, at=at)
    except BaseException:
        # Its row goes with the transaction: nothing else knows the file.
        upload.file.delete(save=False)
        raise


@transaction.atomic
def _keep(job: Job, file: "File[bytes]", *, by: Person | None, at: datetime) -> Upload:
    job = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    refuse_if(refusal(job))
    # While its tasks arrive nobody can claim any: the claims wait for the money.
    refuse_if(too_large(AT_ONCE_MAX_BYTES) if job.opened_at and file.size > AT_ONCE_MAX_BYTES else None)
    # Named by what is in it: a file sent twice is found, and nothing of a client's name reaches the disk.
    stored = f"{job.pk}-{_digest(file)}"
    if upload := job.uploads.filter(file__startswith=f"datasets/{stored}", problem_count=0).first():
        return upload
    name = (file.name or "").rsplit("/")[-1].replace("\0", "")[:200] or _("data set")
    upload = Upload(job=job, file_name=name, created_by=by, created_at=at)
    upload.file.save(f"{stored}.data", file, save=False)
    upload.save(force_insert=True)
    events.write("datasets.received", by=by, subject=f"job:{job.pk}", at=at, upload=upload.pk)
    if file.size > AT_ONCE_MAX_BYTES:
        have_loaded(upload)
    return upload


def have_loaded(upload: Upload, *, later: bool = False) -> None:
    """Let the worker load an upload, one of a job at a time; `later` once some seconds are over."""
    wait = {"seconds": SECONDS_LATER} if later else None
    background.configure_task(LOAD, lock=f"job:{upload.job_id}", schedule_in=wait).defer(upload_id=upload.pk)


def _digest(file: "File[bytes]") -> str:
    """Return the SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


@transaction.atomic
def load(upload: Upload, *, at: datetime) -> Upload:
    """Read an upload into its job's tasks, or keep its problems; one that is done already changes nothing.

    Raise Refused if the job is open and its client has too little money for them.
    """
    known = Job.objects.select_related("client", "work_type")
    job = known.select_for_update(no_key=True, of=["self"]).get(pk=upload.job_id)
    upload = Upload.objects.select_for_update(no_key=True, of=["self"]).select_related("created_by").get(pk=upload.pk)
    if upload.finished_at:
        return upload
    moment.take_time(minutes=10)
    with upload.file.open("rb") as opened:
        file = cast("BinaryIO", opened.file)
        count, problems = _grow(job, upload, file, at=at) if job.opened_at else _fill(job, upload, file)
    upload.rows, upload.problem_count, upload.finished_at = count, len(problems), at
    upload.problems = [{"line": found.line, "problem": found.words} for found in problems.first]
    _take_stock(0 if problems else count)
    upload.save(update_fields=["rows", "problems", "problem_count", "finished_at"])
    if problems:
        events.write("datasets.sent_back", by=upload.created_by, subject=f"job:{job.pk}", at=at, upload=upload.pk)
    else:
        events.write("datasets.loaded", by=upload.created_by, subject=f"job:{job.pk}", at=at, upload=upload.pk)
    return upload


def _grow(job: Job, upload: Upload, file: BinaryIO, *, at: datetime) -> "tuple[int, _Problems]":
    """Read a file into an open job once all its rows are found good and their money is there."""
    count, problems = _check(job, file)
    if not problems:
        with growing.more(job, count, by=upload.created_by, at=at):
            _write(job, upload, file)
        _weigh(job, file, count)
    return count, problems


def _fill(job: Job, upload: Upload, file: BinaryIO) -> "tuple[int, _Problems]":
    """Read a file into a draft, each row checked as it is written; read it again only to name what is wrong with it."""
    try:
        with transaction.atomic():
            refuse_if(refusal(job))
            count = _write(job, upload, file)
            _weigh(job, file, count)
            return count, _Problems()
    except (_Faulty, Refused, IntegrityError):
        file.seek(0)
        count, problems = _check(job, file)
        if not problems:
            raise
        return count, problems


def _weigh(job: Job, file: BinaryIO, count: int) -> None:
    file.seek(0)
    weighing.weigh(job, (row.data for row in foreign.read(file) if isinstance(row, Row)), count)


def _take_stock(rows: int) -> None:
    """Have the tasks counted after a large delivery: until then each claim would be planned for the few of before."""
    if rows >= COUNTED_FROM:
        with connection.cursor() as cursor:
            cursor.execute("SELECT public.tasks_take_stock()")


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


class _Ids:
    """The ids of a file: of each eight bytes and its line, so that a million of them take sixteen megabytes.

    What stands for an id is Python's own hash of it, keyed anew in each process: two that differ look alike in one file
    of a million in ten million files, which can then be sent again.
    """

    def __init__(self) -> None:
        self.marks, self.lines = array("q"), array("q")

    def __len__(self) -> int:
        return len(self.marks)

    def add(self, name: str, line: int) -> None:
        self.marks.append(hash(name))
        self.lines.append(line)

    def again(self) -> Iterator[tuple[int, int]]:
        """Yield the line of each id that stood before, and the line where it first did."""
        marks, lines = np.frombuffer(self.marks, np.int64), np.frombuffer(self.lines, np.int64)
        order = np.argsort(marks, kind="stable")
        first = -1
        for place in np.flatnonzero(marks[order][1:] == marks[order][:-1]):
            one, other = int(order[place]), int(order[place + 1])
            first = one if first < 0 or marks[first] != marks[one] else first
            yield int(lines[other]), int(lines[first])


def _check(job: Job, file: BinaryIO) -> tuple[int, _Problems]:
    """Return how many rows of a file are good, and every problem in it."""
    problems = _Problems()
    if refused := refusal(job):
        problems.add(Problem(1, str(refused)))
        return 0, problems
    ids = _Ids()
    for some in batched(_good(job, file, problems), AT_ONCE * 5, strict=False):
        for name, line in some:
            ids.add(name, line)
        for name, line in _known(job, dict(some)):
            problems.add(Problem(line, _("The job has a task with the id “%(id)s” already.") % {"id": name}))
    for line, first in ids.again() if ids else ():
        problems.add(Problem(line, _("Line %(line)d has the same id.") % {"line": first}))
    if not ids and not problems:
        problems.add(Problem(1, _("The file names its columns but has no rows.")))
    return len(ids), problems


def _good(job: Job, file: BinaryIO, problems: _Problems) -> Iterator[tuple[str, int]]:
    """Yield the id and the line of each row that can be read, and note what is wrong with it or with others."""
    position, known = _last_position(job), files.shown(job)
    for found in foreign.read(file):
        if isinstance(found, Problem):
            problems.add(found)
            continue
        position += 1
        for words in predictions.row_problems(job, found.data, known):
            problems.add(Problem(found.line, str(words)))
        yield found.external_id or str(position), found.line


def _known(job: Job, ids: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield those of the ids that the job has already, each with its line."""
    for name in job.tasks.filter(external_id__in=ids).values_list("external_id", flat=True) if ids else ():
        yield name, ids[name]


class _Faulty(Exception):  # noqa: N818 - not a fault of ours: a row of the file is not good
    """A file is not written as it stands."""


def _write(job: Job, upload: Upload, file: BinaryIO) -> int:
    """Write the rows of a file as the job's next tasks and return how many. Raise _Faulty at a row that is not good.

    While the database writes some, the next are read: `executemany` waits for nothing in between.
    """
    # Asked before: while the statement takes in its rows, the connection takes no other.
    start, known = _last_position(job) + 1, files.shown(job)
    parts = portions(_prepared(job, file, start, known), most=AT_ONCE, weight=_letters)
    given = ([job.pk, upload.pk, job.overlap, *map(list, zip(*some, strict=True))] for some in parts)
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, given)  # type: ignore[arg-type] # psycopg takes what can be gone through once
        count: int = cursor.rowcount
    if count == 0:
        raise _Faulty
    return count


def _letters(row: tuple[int, str, str, str | None]) -> int:
    _position, _name, data, said = row
    return len(data) + len(said or "")


def _prepared(
    job: Job, file: BinaryIO, start: int, known: predictions.Files
) -> Iterator[tuple[int, str, str, str | None]]:
    """Yield what is written of each row: position, id, data, and what a machine said of it."""
    file.seek(0)
    for position, row in enumerate(foreign.read(file), start):
        if isinstance(row, Problem):
            raise _Faulty
        try:
            data, prediction = predictions.apart(job, row.data, known)
        except predictions.Unusable as error:
            raise _Faulty from error
        if predictions.problems_apart(job, data, prediction, known):
            raise _Faulty
        yield position, row.external_id or str(position), _json(data), _json(prediction) if prediction else None


# One for all rows: json.dumps would make another for each.
_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _last_position(job: Job) -> int:
    last: int | None = job.tasks.aggregate(last=Max("position"))["last"]
    return last or 0
