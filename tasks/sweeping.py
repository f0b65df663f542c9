"""What lies on disk of files that no row knows: an act that was undone leaves what it had written."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import batched
from pathlib import PurePosixPath

from django.core.files.storage import default_storage

from tasks.models import JobFile

FOLDERS = ("files", "deliveries")
AT_ONCE = 1_000
KEY_LENGTH = 36


def sweep(*, before: datetime) -> int:
    """Delete what was written before a time and stands in no row by its key; return how many files."""
    return sum(_swept(some, before) for folder in FOLDERS for some in batched(_names(folder), AT_ONCE, strict=False))


def _names(folder: str) -> Iterator[str]:
    if not default_storage.exists(folder):
        return
    folders, names = default_storage.listdir(folder)
    yield from (f"{folder}/{name}" for name in names)
    for inner in folders:
        yield from _names(f"{folder}/{inner}")


def _swept(names: tuple[str, ...], before: datetime) -> int:
    keys = {name: key for name in names if (key := _key(name))}
    known = set(JobFile.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    gone = [name for name, key in keys.items() if key not in known and default_storage.get_modified_time(name) < before]
    for name in gone:
        default_storage.delete(name)
    return len(gone)


def _key(name: str) -> uuid.UUID | None:
    """Return the key of the row that a name on disk is made of; None for what is none of these files."""
    try:
        return uuid.UUID(PurePosixPath(name).name[:KEY_LENGTH])
    except ValueError:
        return None
