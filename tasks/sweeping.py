"""What lies on disk of files that no row knows: an act that was undone leaves what it had written.

So does a job that was emptied while a worker wrote, or by whoever called the database's functions before the worker.
"""

import re
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import batched

from django.core.files.storage import default_storage
from django.db.models import Q

from tasks.models import Job, JobFile, Release, ReleaseFile, SketchFile

AT_ONCE = 1_000
# As `files`, `datasets` and `releases` name what they write; the storage adds seven letters where a name was taken.
FILE = re.compile(
    r"(?:deliveries|files/[0-9a-f]{2})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-small)?(?:_\w{7})?"
)
DRAFTED = re.compile(r"drafts/(?:[0-9a-f]{2}/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-small)?(?:_\w{7})?")
DATA_SET = re.compile(r"datasets/([0-9]{1,18})-[0-9a-f]{64}(?:_\w{7})?\.data")
VERSION = r"releases/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/"
PART = re.compile(VERSION + r"part-[0-9]+(?:_\w{7})?\.jsonl")
# As `release_files` names a file of a version, and what is to be one: of a worker that died it stays so.
MADE = re.compile(VERSION + r"(?!part-)[a-z0-9-]+\.(?:[a-z]+|new)")


def sweep(*, before: datetime) -> int:
    """Delete what was written before a time and is named by no row, or was of an emptied job; return how many files."""
    return sum(
        _swept(gone(some), before)
        for folder, gone in FOLDERS.items()
        for some in batched(_names(folder), AT_ONCE, strict=False)
    )


def _names(folder: str) -> Iterator[str]:
    if not default_storage.exists(folder):
        return
    folders, names = default_storage.listdir(folder)
    yield from (f"{folder}/{name}" for name in names)
    for inner in folders:
        yield from _names(f"{folder}/{inner}")


def _swept(names: Iterable[str], before: datetime) -> int:
    gone = [name for name in names if _is_older(name, before)]
    for name in gone:
        default_storage.delete(name)
    return len(gone)


def _is_older(name: str, before: datetime) -> bool:
    """Tell whether a file was last written before a moment; not of one that somebody deleted meanwhile."""
    try:
        return default_storage.get_modified_time(name) < before
    except FileNotFoundError:
        return False


def keys_of(names: Iterable[str]) -> dict[str, uuid.UUID]:
    """Return by name on disk the key of the row for which the site wrote it; without what is none of these files."""
    return {name: uuid.UUID(key) for name, key in made(FILE, names).items()}


def named_by(rows: Q) -> set[str]:
    """Return what these rows of files name on disk."""
    return {name for names in JobFile.objects.filter(rows).values_list("file", "small", "source") for name in names}


def _unnamed(names: Collection[str]) -> Iterable[str]:
    keys = keys_of(names)
    left = keys.keys() - named_by(Q(key__in=keys.values()))
    # A stage shows what lies on disk under the key of the job before it.
    shown = named_by(Q(job__stage__isnull=False) & (Q(file__in=left) | Q(small__in=left))) if left else set()
    return left - shown


def _of_no_draft(names: Collection[str]) -> Iterable[str]:
    keys = made(DRAFTED, names)
    rows = SketchFile.objects.filter(key__in=keys.values()).values_list("source", "file", "small")
    return keys.keys() - {name for row in rows for name in row}


def _of_emptied_jobs(names: Collection[str]) -> Iterable[str]:
    jobs = made(DATA_SET, names)
    emptied = set(Job.objects.filter(pk__in=jobs.values(), emptied_at__isnull=False).values_list("pk", flat=True))
    return [name for name, job in jobs.items() if int(job) in emptied]


def _of_versions(names: Collection[str]) -> Iterable[str]:
    return [*_of_emptied_versions(names), *_made_and_unnamed(names)]


def _made_and_unnamed(names: Collection[str]) -> Iterable[str]:
    folders = made(MADE, names)
    rows = ReleaseFile.objects.filter(release__folder__in=folders.values()).exclude(asked_at=None)
    known = {f"releases/{folder}/{name}" for folder, name in rows.values_list("release__folder", "name")}
    return [name for name in folders if name.rpartition(".")[0] not in known]


def _of_emptied_versions(names: Collection[str]) -> Iterable[str]:
    folders = made(PART, names)
    emptied = Release.objects.filter(folder__in=folders.values(), job__emptied_at__isnull=False)
    known = {str(folder) for folder in emptied.values_list("folder", flat=True)}
    return [name for name, folder in folders.items() if folder in known]


def made(pattern: re.Pattern[str], names: Iterable[str]) -> Mapping[str, str]:
    """Return of the names that the site would have given by a pattern what stands in each: a key, or a job's number."""
    found = ((name, pattern.fullmatch(name)) for name in names)
    return {name: match[1] for name, match in found if match}


FOLDERS: Mapping[str, Callable[[Collection[str]], Iterable[str]]] = {
    "files": _unnamed, "deliveries": _unnamed, "drafts": _of_no_draft, "datasets": _of_emptied_jobs,
    "releases": _of_versions,
}  # fmt: skip
