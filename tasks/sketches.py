"""Jobs as far as they are written: a client saves each step, leaves, comes back, and makes the job of it.

Whoever has a seat at the client may go on with it. Of its file a paid pilot asks the first rows, the job itself the
others; a pilot is a job like any other, funded and opened in the same act.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.people.models import Client, Person
from coop.refusals import Refusal, Refused, refuse_if
from payments.models import WorkType
from tasks import datasets, deletions, draft_files, foreign, jobs
from tasks.models import Job, Sketch, Upload
from tasks.models.sketches import NOTICE
from tasks.rows import Problem, Row
from tasks.shapes import media

PILOT_TASKS = 20
LOOKED_AT = 200
LARGEST = 300_000
MOST = 50
# For so long nobody touches a draft before it is told of.
UNTOUCHED = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a file, and the problems among them, each with its line."""

    rows: list[Row]
    problems: list[Problem]


def under_way(client: Client) -> QuerySet[Sketch]:
    """Return the sketches of a client that are no job yet and were not dropped, the latest first."""
    return client.sketches.filter(job=None, dropped_at=None).select_related("work_type", "pilot").order_by("-at")


def written() -> QuerySet[Sketch]:
    """Return every sketch that is no job yet and was not dropped, of all clients."""
    return Sketch.objects.filter(job=None, dropped_at=None)


def refusal_to_begin(client: Client) -> Refusal | None:
    """Say why a client cannot begin another sketch, or nothing."""
    if under_way(client).count() >= MOST:
        words = _("%(most)d jobs are half written already.") % {"most": MOST}
        return Refusal(words, appeal=_("Finish or drop one of them."), status=409)
    return None


@transaction.atomic
def begin(client: Client, *, work_type: WorkType, by: Person, at: datetime) -> Sketch:
    """Begin a job of one kind of work; one that the same person began and left empty is taken up again."""
    empty = under_way(client).filter(work_type=work_type, written_by=by, said={}, file="")
    if found := empty.exclude(files__is_gone=False).first():
        return found
    refuse_if(refusal_to_begin(client))
    return Sketch.objects.create(client=client, work_type=work_type, written_by=by, begun_at=at)


def refusal_to_write(sketch: Sketch, said: Mapping[str, Any]) -> Refusal | None:
    """Say why this cannot be kept, or nothing."""
    if no := draft_files.ended(sketch):
        return no
    if len(json.dumps(said)) > LARGEST:
        return Refusal(_("This is too long to be kept."), appeal=_("Shorten the guide."), status=413)
    return None


@transaction.atomic
def keep(sketch: Sketch, said: Mapping[str, Any], *, by: Person) -> Sketch:
    """Keep what was filled in, right or not, beside what other steps said. Raise Refused when it is a job already."""
    held = _locked(sketch)
    whole = held.said | {name: _plain(value) for name, value in said.items()}
    refuse_if(refusal_to_write(held, whole))
    held.said, held.written_by = whole, by
    held.save(update_fields=["said", "written_by"])
    return held


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    """Return what was filled in without characters that are nothing."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int) else str(value).replace("\0", "")


@transaction.atomic
def change_kind(sketch: Sketch, work_type: WorkType, *, by: Person) -> Sketch:
    """Let it be another kind of work; what both kinds ask stays. Raise Refused when it is a job already."""
    held = _locked(sketch)
    refuse_if(refusal_to_write(held, held.said))
    held.work_type, held.written_by = work_type, by
    held.save(update_fields=["work_type", "written_by"])
    return held


@transaction.atomic
def bring(sketch: Sketch, file: "File[bytes]", *, by: Person) -> Sketch:
    """Keep the file of its tasks in place of the one before; it is read when the job is made.

    Raise Refused when it is too large, or holds no row, or when this is a job already.
    """
    return _brought(_locked(sketch), file, piloted=0, by=by)


def _brought(held: Sketch, file: "File[bytes]", *, piloted: int, by: Person) -> Sketch:
    refuse_if(refusal_to_write(held, held.said))
    refuse_if(datasets.too_large() if file.size > settings.DATASET_UPLOAD_MAX_BYTES else None)
    count = _count(file)
    refuse_if(_refusal_of(file) if not count else None)
    _forget_file(held)
    held.file.save(f"{held.pk}.data", file, save=False)
    held.file_name = (file.name or "").rsplit("/")[-1].replace("\0", "")[:200] or str(_("data set"))
    held.rows, held.bytes, held.piloted, held.written_by = count, file.size, piloted, by
    held.save(update_fields=["file", "file_name", "rows", "bytes", "piloted", "written_by"])
    return held


def _count(file: "File[bytes]") -> int:
    """Return how many rows a file has: read row by row where it is small, by its lines where it is large."""
    file.seek(0)
    if file.size <= datasets.AT_ONCE_MAX_BYTES:
        found = sum(isinstance(row, Row) for row in foreign.read(cast("BinaryIO", file)))
    else:
        found = sum(chunk.count(b"\n") for chunk in file.chunks())
    file.seek(0)
    return found


def _refusal_of(file: "File[bytes]") -> Refusal:
    """Say why nothing can be read from a file."""
    first = next((one for one in foreign.read(cast("BinaryIO", file)) if isinstance(one, Problem)), None)
    words = first.words if first else _("The file names its columns but has no rows.")
    return Refusal(words, appeal=_("Send it again when it is mended."), status=422)


def sample(sketch: Sketch, most: int = LOOKED_AT) -> Sample:
    """Return the first rows of its file with what is wrong among them; nothing where it has no file."""
    found = list(islice(_read(sketch), most)) if sketch.file else []
    return Sample([one for one in found if isinstance(one, Row)], [one for one in found if isinstance(one, Problem)])


def _read(sketch: Sketch) -> Iterator[Row | Problem]:
    with sketch.file.open("rb") as opened:
        yield from foreign.read(cast("BinaryIO", opened.file))


@transaction.atomic
def ask_one_each(sketch: Sketch, *, by: Person) -> Sketch:
    """Let its tasks be one for each of its files, in place of those before; raise Refused where that cannot be.

    What a pilot asked about files that are still here stays first, and is not asked again.
    """
    held = _locked(sketch)
    each = list(draft_files.one_each(held))
    if not each:
        words = _("No file is here of which a task of this kind could be made by itself.")
        raise Refused(Refusal(words, appeal=_("Bring files of the right kind, or a file of tasks."), status=409))
    asked = _asked(held)
    seen = {name for row in asked for name in media.names(row.data)}
    rows = b"".join(map(_line, asked)) + draft_files.as_rows(one for one in each if seen.isdisjoint(media.names(one)))
    return _brought(held, ContentFile(rows, name=str(_("one task for each file"))), piloted=len(asked), by=by)


def _asked(held: Sketch) -> list[Row]:
    """Return the rows that pilots asked, without those of files that were taken away since."""
    rows = (one for one in _read(held) if isinstance(one, Row)) if held.piloted else iter(())
    asked = list(islice(rows, held.piloted))
    gone = {name for row in asked for name in media.names(row.data)} - draft_files.names(held)
    return [row for row in asked if gone.isdisjoint(media.names(row.data))]


@transaction.atomic
def drop(sketch: Sketch, *, by: Person, at: datetime) -> Sketch:
    """Forget what was written, and its files; dropped again it stays so. Raise Refused when it is a job already."""
    held = _locked(sketch)
    if held.dropped_at:
        return held
    refuse_if(refusal_to_write(held, held.said))
    held.dropped_at = at
    return _emptied(held, "dropped_at", by=by)


@transaction.atomic
def let_go(sketch: Sketch, *, at: datetime) -> bool:
    """Drop a draft that was told of two weeks ago, in nobody's name; False where somebody touched it since."""
    held = _locked(sketch)
    if draft_files.ended(held) or not held.told_at or held.told_at > at - NOTICE:
        return False
    held.dropped_at = at
    _emptied(held, "dropped_at", by=held.written_by)
    return True


@transaction.atomic
def make(sketch: Sketch, facts: Mapping[str, Any], *, again: bool = False, by: Person, at: datetime) -> Job:
    """Make the job of it, with the rows that no pilot asked (`again`: with all), and return it; made again the same.

    The job is a draft that nobody sees before its money is set aside and it is opened. Raise Refused where it may not
    be drafted like this.
    """
    held = _locked(sketch)
    if held.job:
        return held.job
    refuse_if(refusal_to_write(held, held.said) or draft_files.refusal_while_read(held))
    job = _draft(held, facts, by=by, at=at)
    draft_files.hand_over(held, job, by=by, at=at)
    if held.file:
        _hand_over(held, job, 0 if again else held.piloted, None, by=by, at=at)
    held.job = job
    _emptied(held, "job", by=by)
    return job


def _draft(held: Sketch, facts: Mapping[str, Any], *, by: Person, at: datetime) -> Job:
    """Draft a job of what was written, with its day of deletion where one was named."""
    said = dict(facts)
    on = said.pop("delete_on", None)
    job = jobs.draft(held.client, **said, by=by, at=at)
    return deletions.name(job, on, by=by, at=at) if on else job


def refusal_to_pilot(sketch: Sketch) -> Refusal | None:
    """Say why no pilot can be run of it, or nothing."""
    if no := refusal_to_write(sketch, sketch.said):
        return no
    if not sketch.file or sketch.rows <= sketch.piloted:
        return Refusal(
            _("A pilot asks the first tasks: there are none left."), appeal=_("Bring more data."), status=409
        )
    return draft_files.refusal_while_read(sketch)


@transaction.atomic
def pilot(sketch: Sketch, facts: Mapping[str, Any], *, tasks: int = PILOT_TASKS, by: Person, at: datetime) -> Job:
    """Ask its next `tasks` rows in a job of their own, funded and opened in this act, and return that job.

    Nothing happens where any part of it is refused: the money lacks, rows are wrong, the pay is too low.
    """
    held = _locked(sketch)
    refuse_if(refusal_to_pilot(held))
    job = _draft(held, facts, by=by, at=at)
    asked = islice((one.data for one in _read(held) if isinstance(one, Row)), held.piloted, held.piloted + tasks)
    draft_files.hand_over(held, job, asked, by=by, at=at)
    upload = _hand_over(held, job, held.piloted, tasks, by=by, at=at)
    if upload and upload.problem_count:
        first = upload.problems[0]
        words = _("Line %(line)d of the data: %(problem)s") % first
        raise Refused(Refusal(words, appeal=_("Mend the file and bring it again."), status=422))
    job = jobs.open(jobs.fund(job, by=by, at=at), by=by, at=at)
    held.pilot, held.piloted, held.written_by = job, held.piloted + job.tasks.count(), by
    held.save(update_fields=["pilot", "piloted", "written_by"])
    return job


def _hand_over(sketch: Sketch, job: Job, start: int, most: int | None, *, by: Person, at: datetime) -> Upload | None:
    """Hand rows of the file over to a job; nothing where none is left."""
    end = None if most is None else start + most
    with sketch.file.open("rb") as whole, TemporaryFile() as some:
        if start == 0 and most is None:
            return datasets.receive(job, File(whole.file, name=sketch.file_name), by=by, at=at)
        rows = (one for one in foreign.read(cast("BinaryIO", whole.file)) if isinstance(one, Row))
        some.writelines(map(_line, islice(rows, start, end)))
        if not some.tell():
            return None
        some.seek(0)
        return datasets.receive(job, File(some, name=sketch.file_name), by=by, at=at)


def _line(row: Row) -> bytes:
    named = {"id": row.external_id} if row.external_id else {}
    return (json.dumps({**named, **row.data}, ensure_ascii=False) + "\n").encode()


def _emptied(held: Sketch, ended: str, *, by: Person) -> Sketch:
    """End a sketch: what it said and its file are kept no longer."""
    _forget_file(held)
    draft_files.forget(held)
    held.said, held.file, held.file_name, held.written_by = {}, "", "", by
    held.save(update_fields=["said", "file", "file_name", "written_by", ended])
    return held


def _forget_file(held: Sketch) -> None:
    """Delete the file once the change of its row is certain."""
    if held.file:
        storage, name = held.file.storage, held.file.name
        transaction.on_commit(lambda: storage.delete(str(name)))


def _locked(sketch: Sketch) -> Sketch:
    """Return the sketch as it stands, its row locked."""
    found = Sketch.objects.select_for_update(no_key=True, of=["self"])
    return found.select_related("client", "work_type", "job", "pilot").get(pk=sketch.pk)
