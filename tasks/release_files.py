"""The file that a version goes home in: made once of each format, sent from wherever somebody asks, then forgotten.

A small one is made while whoever asked waits, a larger one by the worker. It lies beside the version's parts under its
right name only once it is whole, goes with them on the day of deletion, and a week after nobody took it. JSON lines are
the parts themselves.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.http import HttpResponse, StreamingHttpResponse
from procrastinate.contrib.django import app as background
from procrastinate.exceptions import AlreadyEnqueued

from tasks import formats, releases
from tasks.formats import Format, parts
from tasks.models import Job, Release, ReleaseFile

MAKE, CALCULATES = "tasks.make_release_file", "tasks.calculates"
# Bytes of a version, and of what its format carries, that are written while somebody waits: a second at most.
AT_ONCE = 4_000_000
UNUSED, A_DAY = timedelta(days=7), timedelta(days=1)
LINES = "jsonl"


def ask(release: Release, wanted: Format, *, at: datetime) -> ReleaseFile:
    """Return a whole version's file of a format: made now where it is small, else the worker is making it.

    Asked for again it is the same file.
    """
    if wanted.name == LINES:
        size, whole = releases.size(release), release.finished_at
        return ReleaseFile(release=release, name=LINES, bytes=size, digest=release.digest, finished_at=whole)
    with transaction.atomic():
        file = _kept(release, wanted, at)
        if file.finished_at is None and not _is_small(release, wanted):
            _let_make(file)
    if file.finished_at is None and _is_small(release, wanted):
        return make(file, at=at)
    return _used(file, at)


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


def _empty(file: ReleaseFile) -> None:
    file.asked_at = file.finished_at = None
    file.digest, file.bytes, file.place = "", 0, 0
    file.save(update_fields=["asked_at", "finished_at", "digest", "bytes", "place"])


def _is_small(release: Release, wanted: Format) -> bool:
    carried = release.job.files.filter(usable=True).aggregate(sum=Sum("bytes"))["sum"] if wanted.carries else 0
    return wanted.passes == 0 or releases.size(release) + (carried or 0) <= AT_ONCE


def _let_make(file: ReleaseFile) -> None:
    """Have the worker make a file: also one that a worker left, however often it is asked for."""
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
    """Make a file from its beginning and put it under its name; none that is whole, forgotten, or of a deleted job."""
    deleted = Job.objects.exclude(deleted_at=None).filter(pk=file.release.job_id)
    if file.finished_at or file.asked_at is None or deleted.exists():
        return file
    file.place, file.release.part_was_read = 0, partial(_note, file)
    path = Path(default_storage.path(_name(file)))
    path.parent.mkdir(parents=True, exist_ok=True)
    being_made = path.with_name(f"{uuid4()}.new")
    try:
        size, digest = _written(being_made, format_of(file).write(file.release))
        made = _finish(file, being_made, size=size, digest=digest, at=at)
    finally:
        being_made.unlink(missing_ok=True)
    _make_room(made)
    return made


def _note(file: ReleaseFile) -> None:
    file.place += 1
    ReleaseFile.objects.filter(pk=file.pk, finished_at=None).exclude(asked_at=None).update(place=file.place)


def _written(path: Path, pieces: Iterator[bytes]) -> tuple[int, str]:
    """Write a file until it is safe on disk; return its bytes and its SHA-256."""
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for piece in pieces:
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
    file.bytes, file.digest, file.finished_at = size, digest, at
    file.save(update_fields=["place", "bytes", "digest", "finished_at"])
    return file


def sent(file: ReleaseFile, asked: Mapping[str, str]) -> HttpResponse | StreamingHttpResponse:
    """Return a whole file as one to be kept, from where the headers of a request ask for it."""
    release, wanted = file.release, format_of(file)
    read = partial(releases.between, release) if file.name == LINES else partial(_between, _name(file))
    answer = parts.answer(asked, read, size=file.bytes, tag=file.digest, media=wanted.media)
    name = f"job-{release.job_id}-version-{release.number}-{wanted.name}.{wanted.ending}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _between(name: str, first: int, end: int) -> Iterator[bytes]:
    with default_storage.open(name, "rb") as file:
        yield from releases.read(file, first, end)


def _make_room(file: ReleaseFile) -> None:
    """Forget other files of a file's client, those first that nobody took for longest, until they fit its bound."""
    taken = file.bytes
    others = ReleaseFile.objects.filter(release__job__client=file.release.job.client_id).exclude(finished_at=None)
    for number, size in others.exclude(pk=file.pk).order_by("-used_at", "-pk").values_list("pk", "bytes"):
        taken += size
        if taken > settings.CLIENT_MAX_BYTES:
            _forget(ReleaseFile.objects.filter(pk=number))


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
