"""The file that a version goes home in: made once of each format, sent from wherever somebody asks, then forgotten.

A small one is made while whoever asked waits, a larger one by the worker. It lies beside the version's parts under its
right name only once it is whole, goes with them on the day of deletion, and a week after nobody took it. JSON lines are
the parts themselves.

One that cannot be made is begun three times at most, until it is forgotten as the others; one that finds no room waits
until there may be some.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import F, QuerySet, Sum
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background
from procrastinate.exceptions import AlreadyEnqueued

from coop.refusals import Refusal, Refused, refuse_if
from tasks import formats, releases
from tasks.formats import Format, carried, parts
from tasks.models import Failure, Job, Release, ReleaseFile

MAKE, CALCULATES = "tasks.make_release_file", "tasks.calculates"
# Bytes of a version, each time it is read for a file, that are written while somebody waits: a second at most.
AT_ONCE = 4_000_000
UNUSED, A_DAY = timedelta(days=7), timedelta(days=1)
# When a file was taken is known to the day: one that was taken within a day is younger than that.
SPARED = 2 * A_DAY
AGAIN = {Failure.ROOM: A_DAY, Failure.DISK: timedelta(hours=1)}
MOST_TRIES, MOST_WAITING = 3, 2
# Of the disk that is everybody's so much stays free. What is carried lies there twice while it is packed.
FREE, COPIES = 1_000_000_000, 2
LINES = "jsonl"


class NotMade(Exception):  # noqa: N818 - not a fault of ours: there is no room
    """A file is not made, as its row is to say."""

    def __init__(self, why: Failure) -> None:
        """Keep why."""
        super().__init__(why)
        self.why = why


def ask(release: Release, wanted: Format, *, at: datetime) -> ReleaseFile:
    """Return a whole version's file of a format: made now where it is small, else the worker is making it.

    Asked for again it is the same file. Raise Refused where it cannot be made, or two others are waited for.
    """
    if wanted.name == LINES:
        size, whole = releases.size(release), release.finished_at
        return ReleaseFile(release=release, name=LINES, bytes=size, digest=release.digest, finished_at=whole)
    small = _is_small(release, wanted)
    with transaction.atomic():
        file = _kept(release, wanted, at)
        if file.finished_at is None:
            _ask_anew(file, at)
        if file.finished_at is None and not small:
            _let_make(file, at)
    if file.finished_at is None and small:
        file = make(file, at=at)
        refuse_if(refusal(file, at=at))
        return file
    return _used(file, at)


def refusal(file: ReleaseFile, *, at: datetime) -> Refusal | None:
    """Say why a file that was not made cannot be asked for now, or nothing."""
    if file.failed_at is None or file.failed_at <= at - AGAIN.get(Failure(file.failure), UNUSED):
        return None
    if file.failure == Failure.DISK:
        words, appeal = _("There is too little room for the file on our disk now."), _("Ask for it again in an hour.")
    elif file.failure == Failure.ROOM:
        words = _("With what you took within two days, your files would have more than the %(most).1f GB kept for you.")
        words %= {"most": settings.CLIENT_MAX_BYTES / 1_000_000_000}
        appeal = _("Take another format, without files in it; or ask for it again tomorrow.")
    elif file.tries >= MOST_TRIES:
        words, appeal = _("The file could not be made. We look at it."), _("Take another format meanwhile.")
    else:
        return None
    return Refusal(words, appeal=appeal, status=409)


def _kept(release: Release, wanted: Format, at: datetime) -> ReleaseFile:
    """Return the row of a file, asked for anew where it was forgotten or is gone from the disk."""
    ReleaseFile.objects.get_or_create(release=release, name=wanted.name, defaults={"used_at": at})
    file = ReleaseFile.objects.select_for_update().get(release=release, name=wanted.name)
    file.release = release
    if file.finished_at and not default_storage.exists(_name(file)):
        _empty(file)
    if file.asked_at is None:
        file.asked_at = file.used_at = at
        file.save(update_fields=["asked_at", "used_at"])
    return file


def _ask_anew(file: ReleaseFile, at: datetime) -> None:
    """Forget that a file was not made; raise Refused where it would not be now."""
    refuse_if(refusal(file, at=at))
    if file.failed_at:
        file.asked_at, file.failed_at, file.failure = at, None, ""
        file.save(update_fields=["asked_at", "failed_at", "failure"])


def _empty(file: ReleaseFile) -> None:
    file.asked_at = file.finished_at = file.failed_at = None
    file.digest, file.bytes, file.place, file.tries, file.failure = "", 0, 0, 0, ""
    file.save(update_fields=["asked_at", "finished_at", "digest", "bytes", "place", "tries", "failed_at", "failure"])


def _is_small(release: Release, wanted: Format) -> bool:
    return not wanted.carries and releases.size(release) * wanted.times(release) <= AT_ONCE


def _others(file: ReleaseFile) -> QuerySet[ReleaseFile]:
    """Return the other files of a file's client."""
    return ReleaseFile.objects.filter(release__job__client=file.release.job.client_id).exclude(pk=file.pk)


def _crowded(file: ReleaseFile, at: datetime) -> Refusal | None:
    """Say that a client waits for as many other files as one may, or nothing; one file is counted at a time."""
    with connection.cursor() as cursor:
        who = f"release-files:{file.release.job.client_id}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [who])
    waiting = _others(file).filter(finished_at=None, failed_at=None, asked_at__gt=at - A_DAY)
    if waiting.count() < MOST_WAITING:
        return None
    return Refusal(
        _("Two other files are being made for you."), appeal=_("Ask again when one of them is whole."), status=409
    )


def _let_make(file: ReleaseFile, at: datetime) -> None:
    """Have the worker make a file: also one that a worker left, however often it is asked for."""
    refuse_if(_crowded(file, at))
    task = background.configure_task(MAKE, lock=CALCULATES, queueing_lock=f"release-file:{file.pk}")
    with suppress(AlreadyEnqueued), transaction.atomic():
        task.defer(file_id=file.pk)


def _used(file: ReleaseFile, at: datetime) -> ReleaseFile:
    if file.used_at < at - A_DAY:
        file.used_at = at
        file.save(update_fields=["used_at"])
    return file


def format_of(file: ReleaseFile) -> Format:
    """Return the format of a file."""
    return formats.find(file.name, file.release.job)


def _name(file: ReleaseFile) -> str:
    return f"releases/{file.release.folder}/{file.name}.{format_of(file).ending}"


def make(file: ReleaseFile, *, at: datetime) -> ReleaseFile:
    """Make a file from its beginning and put it under its name; none that is whole, forgotten, or of a deleted job.

    Its row says where it was begun too often, or there is no room for it; or why not, and what was raised goes on.
    """
    deleted = Job.objects.exclude(deleted_at=None).filter(pk=file.release.job_id)
    if file.finished_at or file.asked_at is None or deleted.exists():
        return file
    if file.tries >= MOST_TRIES:
        return _failed(file, Failure.FAULT, at)
    _begin(file)
    try:
        return _make(file, at)
    except NotMade as error:
        return _failed(file, error.why, at)
    except Exception:
        _failed(file, Failure.FAULT, at)
        raise


def _being_made(file: ReleaseFile) -> QuerySet[ReleaseFile]:
    return ReleaseFile.objects.filter(pk=file.pk, finished_at=None).exclude(asked_at=None)


def _begin(file: ReleaseFile) -> None:
    """Count a try before it ends: it may end the worker."""
    file.place, file.release.part_was_read = 0, partial(_note, file)
    file.tries += 1
    _being_made(file).update(place=0, tries=F("tries") + 1)


def _failed(file: ReleaseFile, why: Failure, at: datetime) -> ReleaseFile:
    """Write down why a file was not made; what found no room was no try."""
    file.failed_at, file.failure, file.tries = at, why, file.tries if why == Failure.FAULT else 0
    _being_made(file).update(failed_at=at, failure=why, tries=file.tries)
    return file


def _make(file: ReleaseFile, at: datetime) -> ReleaseFile:
    path, room = Path(default_storage.path(_name(file))), _room(file, at)
    path.parent.mkdir(parents=True, exist_ok=True)
    _look_for_space(file, path.parent, room)
    being_made = path.with_name(f"{uuid4()}.new")
    try:
        size, digest = _written(being_made, format_of(file).write(file.release), most=room)
        made = _finish(file, being_made, size=size, digest=digest, at=at)
    finally:
        being_made.unlink(missing_ok=True)
    _make_room(made, at)
    return made


def _room(file: ReleaseFile, at: datetime) -> int:
    """Return how many bytes a file may have beside those of its client's that were taken lately."""
    lately = _others(file).exclude(finished_at=None).filter(used_at__gt=at - SPARED)
    return settings.CLIENT_MAX_BYTES - (lately.aggregate(sum=Sum("bytes"))["sum"] or 0)


def _look_for_space(file: ReleaseFile, folder: Path, room: int) -> None:
    """Raise NotMade where what a file carries has no room, or the disks are nearly full."""
    wanted = format_of(file)
    weight = carried.weight(file.release.job) if wanted.carries else 0
    if weight > room:
        raise NotMade(Failure.ROOM)
    needed = COPIES * (weight + releases.size(file.release) * bool(wanted.passes)) + FREE
    if min(shutil.disk_usage(where).free for where in (folder, tempfile.gettempdir())) < needed:
        raise NotMade(Failure.DISK)


def _note(file: ReleaseFile) -> None:
    file.place += 1
    _being_made(file).update(place=file.place)


def _written(path: Path, pieces: Iterator[bytes], *, most: int) -> tuple[int, str]:
    """Write a file until it is safe on disk; return its bytes and its SHA-256. Raise NotMade where it has more."""
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for piece in pieces:
            if file.tell() + len(piece) > most:
                raise NotMade(Failure.ROOM)
            file.write(piece)
            digest.update(piece)
        file.flush()
        os.fsync(file.fileno())
        return file.tell(), digest.hexdigest()


@transaction.atomic
def _finish(file: ReleaseFile, made: Path, *, size: int, digest: str, at: datetime) -> ReleaseFile:
    """Put a file under its name; of two that were made at once the first, and none that is forgotten meanwhile.

    Whoever deletes the job waits for its row, and then finds the file.
    """
    job = Job.objects.select_for_update(no_key=True).get(pk=file.release.job_id)
    held = ReleaseFile.objects.select_for_update().get(pk=file.pk)
    if held.finished_at or held.asked_at is None or job.deleted_at:
        return held
    made.replace(default_storage.path(_name(file)))
    _sync(made.parent)
    file.bytes, file.digest, file.finished_at = size, digest, at
    file.save(update_fields=["place", "bytes", "digest", "finished_at"])
    return file


def _sync(folder: Path) -> None:
    """Bring the names of a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sent(file: ReleaseFile, asked: Mapping[str, str]) -> HttpResponse | StreamingHttpResponse:
    """Return a whole file as one to be kept, from where the headers of a request ask for it."""
    release, wanted = file.release, format_of(file)
    read = partial(releases.between, release) if file.name == LINES else partial(_between, _name(file))
    answer = parts.answer(asked, read, size=file.bytes, tag=file.digest, media=wanted.media)
    name = f"job-{release.job_id}-version-{release.number}-{wanted.name}.{wanted.ending}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _between(name: str, first: int, end: int) -> Iterator[bytes]:
    """Open a file before the first byte is asked for: who deletes it meanwhile takes nothing from who reads it."""
    pieces = _opened(name, first, end)
    try:
        next(pieces)
    except FileNotFoundError as error:
        gone = Refusal(_("The file was taken away in this moment."), appeal=_("Please ask for it again."), status=409)
        raise Refused(gone) from error
    return pieces


def _opened(name: str, first: int, end: int) -> Iterator[bytes]:
    """Yield nothing once the file is open, then its bytes."""
    with default_storage.open(name, "rb") as file:
        yield b""
        yield from releases.read(file, first, end)


def _make_room(file: ReleaseFile, at: datetime) -> None:
    """Forget other files of a file's client, those first that nobody took for longest, until they fit its bound.

    None that was taken lately: the file was made for what these leave.
    """
    taken = file.bytes
    others = _others(file).exclude(finished_at=None)
    for number, size in others.order_by("-used_at", "-pk").values_list("pk", "bytes"):
        taken += size
        if taken > settings.CLIENT_MAX_BYTES:
            _forget(ReleaseFile.objects.filter(pk=number, used_at__lte=at - SPARED))


def forget(*, at: datetime) -> int:
    """Delete the files that nobody took for a week; return how many."""
    unused = ReleaseFile.objects.filter(used_at__lt=at - UNUSED).exclude(asked_at=None)
    return sum(_forget(unused.filter(pk=number)) for number in unused.values_list("pk", flat=True))


@transaction.atomic
def _forget(found: QuerySet[ReleaseFile]) -> bool:
    """Delete a file and empty its row where it is still found: somebody may have taken it meanwhile."""
    file = found.select_related("release__job__work_type").select_for_update(of=["self"]).first()
    if file is None:
        return False
    default_storage.delete(_name(file))
    _empty(file)
    return True
