"""Files of a job: a client hands in images, recordings, point clouds or a zip of them; its tasks name them.

Each is read in the background, one at a time, by a process apart (`tasks.media`), and written again. A delivery comes
in whole, or not at all with the problem of each file. Reading goes on where it stopped, whoever ends it.
"""

import hashlib
import math
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.people import clients
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Text, refuse_if
from tasks import holding, unfit
from tasks.media import apart
from tasks.media.bounds import MEMBERS, NAME_CHARACTERS, Unfit
from tasks.models import LIVE_STATES, Delivery, FileKind, Job, JobFile, SketchFile
from tasks.shapes import Json, Shape, media

AT_ONCE = 100
MOST = 20_000
READ = "tasks.read_files"
# So long a machine may be at the files of one delivery, or of one draft, in seconds; of each it is told what it took.
READING = 7_200
MS = 1_000
# Of what waits, the lowest comes last.
LAST = -1
# In the folder of a file that is read: what was fetched, not made.
CAME = "came"
READ_OF = ["source", "kind", "file", "small", "content_type", "bytes", "facts", "problem", "done_at", "took"]
SEES = """
WITH seen AS (
    SELECT task_id FROM tasks_assignment WHERE person_id = %(person)s AND job_id = %(job)s AND state = ANY(%(live)s)
    UNION SELECT a.task_id FROM tasks_check k JOIN tasks_assignment a ON a.id = k.assignment_id
    WHERE k.person_id = %(person)s AND k.state = 'open' AND k.until > %(at)s AND a.job_id = %(job)s
    UNION SELECT a.task_id FROM tasks_peer p JOIN tasks_dispute d ON d.id = p.dispute_id
    JOIN tasks_assignment a ON a.id = d.assignment_id
    WHERE p.person_id = %(person)s AND p.decide_by > %(at)s AND a.job_id = %(job)s
    AND NOT EXISTS (SELECT FROM tasks_settlement s WHERE s.dispute_id = d.id)
)
SELECT EXISTS (SELECT FROM seen JOIN tasks_task t ON t.id = seen.task_id
    WHERE t.position > %(after)s
    AND jsonb_path_exists(t.data, '$.** ? (@ == $name)', jsonb_build_object('name', %(name)s::text)))
"""


def refusal(job: Job) -> Refusal | None:
    """Say why a job takes no files, or nothing."""
    if job.closed_at:
        return Refusal(_("The job is closed."), appeal=_("Post a new job."), status=409)
    if job.files.filter(usable=True).count() >= MOST:
        words = _("A job has at most %(most)d files.")
        return Refusal(words % {"most": MOST}, appeal=_("Post another job for the rest."), status=409)
    return None


def count_refusal(given: Sequence[object]) -> Refusal | None:
    """Say why so many files are not taken at once, or nothing."""
    if not given:
        return Refusal(_("No file was sent."), appeal=_("Choose one or several files."), status=400)
    if len(given) > AT_ONCE:
        words = _("At most %(most)d files are taken at once.")
        return Refusal(words % {"most": AT_ONCE}, appeal=_("Pack them in one zip."), status=413)
    return None


@transaction.atomic
def receive(job: Job, given: "Sequence[File[bytes]]", *, by: Person | None, at: datetime) -> Delivery:
    """Keep what a client handed in, to be read in the background; return the delivery.

    The same files in the same names sent again while they are read, or after they came in whole, change nothing.
    Raise Refused when the job takes no files, or for none or too many at once.
    """
    refuse_if(count_refusal(given))
    # Of an open job nobody waits here for the lock, which claims take: what may not come in is found at the end.
    jobs = Job.objects if job.opened_at else Job.objects.select_for_update(no_key=True)
    job = jobs.get(pk=job.pk)
    refuse_if(refusal(job))
    refuse_if(holding.refusal(job.client, sum(file.size for file in given)))
    digest = _digest(given)
    if known := job.deliveries.filter(digest=digest, problem_count=0).first():
        return known
    delivery = Delivery.objects.create(job=job, digest=digest, created_by=by, created_at=at)
    JobFile.objects.bulk_create(
        stored(JobFile(delivery=delivery, job=job, name=plain_name(file), key=uuid.uuid4()), file) for file in given
    )
    events.write("files.received", by=by, subject=f"job:{job.pk}", at=at, delivery=delivery.pk)
    have_read(delivery)
    return delivery


def have_read(delivery: Delivery) -> None:
    """Let the worker read the files of a delivery, in the transaction of the act."""
    wait_to_read(READ, delivery.job.client_id, delivery_id=delivery.pk)


def wait_to_read(task: str, client: int, **about: int) -> None:
    """Let the worker read files after all else that is due.

    One delivery or draft of a client at a time, and not beside what its orders have fetched: the other place is for
    what is due.
    """
    background.configure_task(task, lock=f"fetch:{client}", priority=LAST).defer(**about)


def plain_name(file: "File[bytes]") -> str:
    """Return the name of a file that was handed in, without folders of whoever sent it."""
    return (file.name or "").replace("\\", "/").rsplit("/")[-1].replace("\0", "")[:NAME_CHARACTERS]


def _digest(given: "Iterable[File[bytes]]") -> str:
    """Return the SHA-256 of names and contents, read in pieces."""
    digest = hashlib.sha256()
    for file in given:
        digest.update(f"\0{plain_name(file)}\0{file.size}\0".encode())
        for chunk in file.chunks():
            digest.update(chunk)
        file.seek(0)
    return digest.hexdigest()


def stored[F: (JobFile, SketchFile)](file: F, content: "File[bytes]") -> F:
    """Put what came on disk under a number of ours, never under a name of the client's; the row is not saved.

    Its bytes count to what the client keeps from now on, not only once it is read.
    """
    file.source.save(str(file.key), content, save=False)
    file.bytes = content.size
    return file


def take_in(delivery: Delivery, *, at: datetime, seconds: float = math.inf) -> Delivery:
    """Read the files of a delivery that were not read yet, then let tasks name them, or none of them.

    After so many seconds the rest is left for another time, and the delivery is not finished.
    """
    until = time.monotonic() + seconds
    while file := delivery.files.filter(done_at=None).order_by("pk").first():
        if time.monotonic() > until:
            return delivery
        with TemporaryDirectory() as folder:
            read(file, Path(folder), at=at)
    return _finish(delivery, at)


def read[F: (JobFile, SketchFile)](
    file: F, folder: Path, *, at: datetime, bring: Callable[[F, Path], Path] | None = None
) -> None:  # fmt: skip
    """Have one file written again apart, and keep what came of it; `bring` fetches what lies elsewhere."""
    try:
        _require_name(file)
        _require_time(file)
        came = bring(file, folder) if bring else Path(file.source.path)
        _keep(file, _written_again(file, came, folder), folder, at)
    except Unfit as why:
        _keep(file, {"problem": {"problem": why.problem, **why.facts}}, folder, at)


def _written_again(file: JobFile | SketchFile, came: Path, folder: Path) -> dict[str, Any]:
    """Have a file read apart, and note what that took, whatever comes of it."""
    began = time.monotonic()
    try:
        return apart.run(came, folder)
    finally:
        file.took = round((time.monotonic() - began) * MS)


def give_up[F: (JobFile, SketchFile)](file: F, *, at: datetime) -> None:
    """Note of a file that it cannot be read."""
    _keep(file, {"problem": {"problem": "broken"}}, Path(), at)


def _require_name(file: JobFile | SketchFile) -> None:
    if not media.NAME.fullmatch(file.name):
        raise Unfit(problem="name")


def _require_time(file: JobFile | SketchFile) -> None:
    """Raise Unfit where what came together took as long to be read as it may."""
    if (file.beside().aggregate(sum=Sum("took"))["sum"] or 0) >= READING * MS:
        raise Unfit(problem="hours", hours=READING // 3600)


@transaction.atomic
def _keep[F: (JobFile, SketchFile)](file: F, said: dict[str, Any], folder: Path, at: datetime) -> None:
    """Write down what a file is, unless another worker did, or it is gone; what came goes when that is sure."""
    if not file.hold():
        return
    found = file.beside().select_for_update(no_key=True, of=["self"]).filter(pk=file.pk, done_at=None).first()
    if found is None:
        return
    came_bytes, found.bytes, found.took = found.bytes, 0, file.took
    for name, value in said.items():
        setattr(found, name, value)
    if found.problem is None:
        _require_room(found, folder, less=came_bytes)
    if found.kind == FileKind.ARCHIVE:
        _unpack(found, folder)
    elif found.problem is None:
        _save(found, folder)
    also: list[str] = found.forget_origin()
    came, found.source, found.done_at = str(found.source.name), "", at
    found.save(update_fields=[*READ_OF, *also])
    if came:
        transaction.on_commit(lambda: default_storage.delete(came))


def _require_room(file: JobFile | SketchFile, folder: Path, *, less: int) -> None:
    """Raise Unfit where a client would keep too much with what was made of a file, `less` what goes for it."""
    made = sum(one.stat().st_size for one in folder.iterdir() if one.name != CAME)
    if made > less and holding.refusal(file.client, made - less):
        raise Unfit(problem="full")


def _unpack[F: (JobFile, SketchFile)](archive: F, folder: Path) -> None:
    """Make a row of each member; raise Unfit for what would be too many, or an archive from within one."""
    names = archive.facts.pop("names")
    count = archive.beside().count() + len(names)
    if archive.is_packed:
        raise Unfit(problem="nested")
    if count > MEMBERS + AT_ONCE:
        raise Unfit(problem="members", count=count, most=MEMBERS)
    archive.beside().bulk_create(_members(archive, folder, names), batch_size=200)


def _members[F: (JobFile, SketchFile)](archive: F, folder: Path, names: list[str]) -> Iterator[F]:
    for number, name in enumerate(names):
        with (folder / str(number)).open("rb") as opened:
            yield stored(archive.member(name, uuid.uuid4()), File(opened))


def _save(file: JobFile | SketchFile, folder: Path) -> None:
    file.bytes = (folder / "whole").stat().st_size
    for field, made, end in ((file.file, folder / "whole", ""), (file.small, folder / "small", "-small")):
        if made.exists():
            with made.open("rb") as opened:
                field.save(f"{file.key.hex[:2]}/{file.key}{end}", File(opened), save=False)


@transaction.atomic
def _finish(delivery: Delivery, at: datetime) -> Delivery:
    """End a delivery: all its files may be named now, or none and what was made of them is thrown away."""
    job = Job.objects.select_for_update(no_key=True).get(pk=delivery.job_id)
    delivery = Delivery.objects.select_for_update(no_key=True, of=["self"]).get(pk=delivery.pk)
    if delivery.finished_at:
        return delivery
    _find_clashes(delivery, late=job.closed_at is not None)
    delivery.finished_at, delivery.problem_count = at, delivery.files.filter(problem__isnull=False).count()
    delivery.save(update_fields=["finished_at", "problem_count"])
    facts: dict[str, Any] = {"by": delivery.created_by, "subject": f"job:{job.pk}", "at": at, "delivery": delivery.pk}
    if delivery.problem_count:
        _throw_away(delivery)
        events.write("files.sent_back", **facts)
    else:
        delivery.files.exclude(kind=FileKind.ARCHIVE).update(usable=True, after=_last(job) if job.opened_at else 0)
        events.write("files.taken_in", **facts)
    return delivery


def are_coming(job: Job, *, before: datetime | None = None) -> bool:
    """Tell whether files that were handed in to a job, or by a moment, are still being read."""
    coming = job.deliveries.filter(finished_at=None, **({"created_at__lte": before} if before else {}))
    return bool(job.shape.files) and coming.exists()


def bring_along(job: Job, former: Job, data: Iterable[Mapping[str, Any]], *, at: datetime) -> None:
    """Let a stage show the files that these tasks of the job before name: handed in once, kept once.

    A file that the stage has under that name stays its own.
    """
    names = {name for one in data for name in media.names(one)} if job.shape.files else set()
    lent = former.files.filter(usable=True, name__in=names)
    if not names or not lent.exists():
        return
    Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    own = job.files.filter(usable=True, name__in=names).values_list("name", flat=True)
    found = list(lent.exclude(name__in=list(own)).order_by("pk"))
    if found:
        came, last = Delivery.objects.create(job=job, digest="", created_at=at, finished_at=at), _last(job)
        JobFile.objects.bulk_create(_lent(came, file, after=last) for file in found)


def _lent(came: Delivery, file: JobFile, *, after: int) -> JobFile:
    """Return a row by which another job shows a file that lies on disk once."""
    same = {name: getattr(file, name) for name in ("name", "kind", "file", "small", "content_type", "bytes", "facts")}
    return JobFile(
        **same, delivery=came, job_id=came.job_id, key=uuid.uuid4(), done_at=came.finished_at, usable=True, after=after
    )


def _last(job: Job) -> int:
    """Return the position of a job's last task."""
    return job.tasks.order_by("-position").values_list("position", flat=True).first() or 0


def _find_clashes(delivery: Delivery, *, late: bool) -> None:
    """Note the problem of each good file whose name is taken, or that comes too late."""
    came = delivery.files.values("name")
    taken = set(delivery.job.files.filter(usable=True, name__in=came).values_list("name", flat=True))
    seen: set[str] = set()
    clashes = []
    for file in delivery.files.filter(problem__isnull=True).exclude(kind=FileKind.ARCHIVE).order_by("pk"):
        problem = "late" if late else "known" if file.name in taken else "twice" if file.name in seen else ""
        seen.add(file.name)
        if problem:
            file.problem = {"problem": problem}
            clashes.append(file)
    JobFile.objects.bulk_update(clashes, ["problem"], batch_size=500)


def _throw_away(delivery: Delivery) -> None:
    """Delete what was written again of a delivery that did not come in."""
    names = [name for pair in delivery.files.values_list("file", "small") for name in pair if name]
    transaction.on_commit(lambda: _delete(names))


def _delete(names: list[str]) -> None:
    for name in names:
        default_storage.delete(name)


def problems(delivery: Delivery, *, most: int = 200) -> list[tuple[str, str]]:
    """Return name and problem of the first files that were not taken."""
    wrong = delivery.files.filter(problem__isnull=False).order_by("pk")[:most]
    return [(file.name, unfit.words(file.problem)) for file in wrong]


def shown(job: Job, added: Iterable[Mapping[str, Any]] | None = None) -> dict[str, dict[str, Any]]:
    """Return the files that tasks may name, by name, as kinds of work know them; none where tasks name no files.

    Of data that are about to be `added` those alone that they name.
    """
    if not job.shape.files:
        return {}
    found = job.files.filter(usable=True)
    if added is not None:
        found = found.filter(name__in={name for data in added for name in media.names(data)})
    return {file.name: file.shown() for file in found}


def missing(shape: Shape, form: Json, data: Json, known: Mapping[str, Json]) -> Iterator[Text]:
    """Yield which part of a task's data names no file that its kind of work shows; `known` are as `shown` tells."""
    for part, asked in shape.files.items():
        named = data.get(part)
        filmed = part in shape.films and isinstance(named, str)
        kind = FileKind.VIDEO if filmed else asked
        for name in named if isinstance(named, list) and named else [named]:
            if not isinstance(name, str) or name not in known or known[name]["kind"] != kind:
                words = _("“%(part)s” names no file of the job that is: %(kind)s. Hand the files in first.")
                yield words % {"part": part, "kind": FileKind(kind).label}
                break
        else:
            yield from shape.film_problems(form, known[str(named)]) if filmed else ()


def may_see(file: JobFile, *, by: Person, at: datetime) -> bool:
    """Tell whether somebody may see a file: the job's client, and who does or checks a task that names it."""
    if not file.usable:
        return False
    if clients.has_seat(file.job.client_id, by):
        return True
    asked: dict[str, Any] = {
        "person": by.pk,
        "job": file.job_id,
        "live": list(LIVE_STATES),
        "at": at,
        "name": file.name,
        "after": file.after,
    }
    with connection.cursor() as cursor:
        cursor.execute(SEES, asked)
        (seen,) = cursor.fetchone()
    return bool(seen)
