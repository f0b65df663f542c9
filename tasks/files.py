"""Files of a job: a client hands in images, recordings, point clouds or a zip of them; its tasks name them.

Each is read in the background, one at a time, by a process apart (`tasks.media`), and written again. A delivery comes
in whole, or not at all with the problem of each file. Reading goes on where it stopped, whoever ends it.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django import app as background

from coop.people import clients
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Text, refuse_if
from tasks import holding, outside
from tasks.media import apart
from tasks.media.bounds import MEMBERS, NAME_CHARACTERS, Unfit
from tasks.models import LIVE_STATES, Delivery, FileKind, Job, JobFile, SketchFile
from tasks.shapes import Json, Shape, media

AT_ONCE = 100
MOST = 20_000
READ = "tasks.read_files"
READ_OF = ["source", "kind", "file", "small", "content_type", "bytes", "facts", "problem", "done_at"]
PROBLEMS: dict[str, Text] = {
    "unknown": gettext_lazy(
        "It is no image (PNG, JPEG, WebP, BMP), recording (WAV, FLAC, Ogg, MP3), video (MP4, WebM, MOV), point cloud"
        " (KITTI .bin, PCD) or zip."
    ),
    "broken": gettext_lazy("It cannot be read to its end. Open it on your side and save it again."),
    "pixels": gettext_lazy(
        "It has %(width)d by %(height)d pixels; at most %(most)d million are read. Cut it in parts."
    ),
    "moving": gettext_lazy("It holds several pictures. Send each as an image of its own."),
    "sound_format": gettext_lazy("A recording is WAV, FLAC, Ogg or MP3 with one or two channels."),
    "long": gettext_lazy("It is longer than %(minutes)d minutes. Cut it in parts, one for each task."),
    "silent": gettext_lazy("It holds no sound."),
    "video_format": gettext_lazy("Its pictures are packed in a way that is not read. Save it as MP4 with H.264."),
    "video_pixels": gettext_lazy("Its frames have %(width)d by %(height)d pixels; at most %(most)d million are read."),
    "still": gettext_lazy("It holds no moving picture."),
    "slow": gettext_lazy("It takes too much time to be read. Save it smaller, or cut it in parts."),
    "points": gettext_lazy("It has %(points)d points; at most %(most)d are read."),
    "nowhere": gettext_lazy("It has no point within ten kilometres."),
    "pcd_packed": gettext_lazy("Its points are packed in a way that is not read. Save it as PCD with DATA binary."),
    "archive_broken": gettext_lazy("The zip cannot be unpacked. Pack it again in the usual way (deflate)."),
    "archive_locked": gettext_lazy("The zip asks for a password. Pack it without one."),
    "archive_empty": gettext_lazy("The zip holds no file."),
    "nested": gettext_lazy("A zip within a zip is not unpacked. Put its files in the outer one."),
    "members": gettext_lazy("It makes %(count)d files; at most %(most)d come in one delivery. Send several."),
    "member_large": gettext_lazy("%(name)s in it is larger than %(most)d MB."),
    "unpacked": gettext_lazy("Unpacked it is larger than %(most)d MB. Send several."),
    "outside": gettext_lazy("The name “%(name)s” in it leads out of the zip, or is too long. Name files plainly."),
    "name": gettext_lazy("A file is named with an ending, as 000001.png, in at most 200 characters."),
    "twice": gettext_lazy("The delivery holds two files of this name."),
    "known": gettext_lazy("The job has a file of this name already. Files stay as they are; choose another name."),
    "full": gettext_lazy("Your organisation keeps as much here as it may. Nothing more was fetched."),
    **{f"door_{why}": said for why, said in outside.OUTSIDE.items()},
    "late": gettext_lazy("The job was closed before its files were read. Post a new job for them."),
}
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
WEIGH_MORE = """
UPDATE tasks_job j SET task_bytes = (j.task_bytes::bigint * (y.tasks - %(count)s) + %(found)s) / y.tasks
FROM tasks_tally y WHERE y.job_id = j.id AND j.id = %(job)s
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
    background.configure_task(READ, lock=f"job:{job.pk}").defer(delivery_id=delivery.pk)
    return delivery


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


def take_in(delivery: Delivery, *, at: datetime) -> Delivery:
    """Read every file of a delivery that was not read yet, then let tasks name them, or none of them."""
    while file := delivery.files.filter(done_at=None).order_by("pk").first():
        with TemporaryDirectory() as folder:
            read(file, Path(folder), at=at)
    return _finish(delivery, at)


def read[F: (JobFile, SketchFile)](
    file: F, folder: Path, *, at: datetime, bring: Callable[[F, Path], Path] | None = None
) -> None:  # fmt: skip
    """Have one file written again apart, and keep what came of it; `bring` fetches what lies elsewhere."""
    try:
        _require_name(file)
        came = bring(file, folder) if bring else Path(file.source.path)
        _keep(file, apart.run(came, folder), folder, at)
    except Unfit as unfit:
        _keep(file, {"problem": {"problem": unfit.problem, **unfit.facts}}, folder, at)


def give_up[F: (JobFile, SketchFile)](file: F, *, at: datetime) -> None:
    """Note of a file that it cannot be read."""
    _keep(file, {"problem": {"problem": "broken"}}, Path(), at)


def _require_name(file: JobFile | SketchFile) -> None:
    if not media.NAME.fullmatch(file.name):
        raise Unfit(problem="name")


@transaction.atomic
def _keep[F: (JobFile, SketchFile)](file: F, said: dict[str, Any], folder: Path, at: datetime) -> None:
    """Write down what a file is, unless another worker did, or it is gone; what came goes when that is sure."""
    if not file.hold():
        return
    found = file.beside().select_for_update(no_key=True, of=["self"]).filter(pk=file.pk, done_at=None).first()
    if found is None:
        return
    found.bytes = 0
    for name, value in said.items():
        setattr(found, name, value)
    if found.kind == FileKind.ARCHIVE:
        _unpack(found, folder)
    elif found.problem is None:
        _save(found, folder)
    also: list[str] = found.forget_origin()
    came, found.source, found.done_at = str(found.source.name), "", at
    found.save(update_fields=[*READ_OF, *also])
    if came:
        transaction.on_commit(lambda: default_storage.delete(came))


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
    whole = (folder / "whole").read_bytes()
    file.bytes = len(whole)
    file.file.save(f"{file.key.hex[:2]}/{file.key}", ContentFile(whole), save=False)
    if (folder / "small").exists():
        small = ContentFile((folder / "small").read_bytes())
        file.small.save(f"{file.key.hex[:2]}/{file.key}-small", small, save=False)


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


def are_coming(job: Job) -> bool:
    """Tell whether files that were handed in to a job are still being read."""
    return bool(job.shape.files) and job.deliveries.filter(finished_at=None).exists()


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


def words(problem: Any) -> str:  # noqa: ANN401 - as the database keeps it
    """Return what is wrong with a file, in the reader's language."""
    said: str = str(PROBLEMS[problem["problem"]]) % problem
    return said


def problems(delivery: Delivery, *, most: int = 200) -> list[tuple[str, str]]:
    """Return name and problem of the first files that were not taken."""
    wrong = delivery.files.filter(problem__isnull=False).order_by("pk")[:most]
    return [(file.name, words(file.problem)) for file in wrong]


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


def weigh(job: Job, added: Iterable[Mapping[str, Any]], count: int) -> None:
    """Note how many bytes the files of a task have on average, with the data of `count` that were added just now."""
    sizes: dict[str, int] = dict(job.files.filter(usable=True).values_list("name", "bytes"))
    if not sizes:
        return
    found = sum(sizes.get(name, 0) for data in added for name in media.names(data))
    tasks = job.tasks.count()
    job.task_bytes = (job.task_bytes * (tasks - count) + found) // tasks
    job.save(update_fields=["task_bytes"])


def weigh_more(job: Job, added: Iterable[Mapping[str, Any]], count: int) -> None:
    """Bring up to date what the files of a task of an open job have on average, once `count` have joined it."""
    if not job.task_bytes:
        return
    names = [name for data in added for name in media.names(data)]
    sizes: dict[str, int] = dict(job.files.filter(usable=True, name__in=names).values_list("name", "bytes"))
    with connection.cursor() as cursor:
        cursor.execute(WEIGH_MORE, {"job": job.pk, "found": sum(sizes.get(name, 0) for name in names), "count": count})


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
