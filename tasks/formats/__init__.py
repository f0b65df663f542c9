"""The files a version of a data set goes out in. One module per format; each reads the items one after the other.

A format is written to a file on the server first where its kind needs a whole file (Parquet, ZIP), else piece by piece.
Which file a version has, and how it goes out, is `tasks.release_files`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from coop.refusals import Text
from tasks.formats import (
    card,
    carried,
    clouds,
    coco,
    conll,
    croissant,
    folder,
    jsonl,
    label_studio,
    moving,
    packed,
    parquet,
    table,
)
from tasks.models import Job, Release


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name in addresses, the file's ending, its media type, what writes it, and for which kinds alone.

    `about` says what it adds, or what of an answer it has no place for; `passes` how often it reads a version, and
    `per_split` that it does so for each split besides; `carries` that clients' files are in it.
    """

    name: str
    ending: str
    media: str
    write: Callable[[Release], Iterator[bytes]]
    kinds: tuple[str, ...] = ()
    about: Text = ""
    passes: int = 1
    per_split: bool = False
    carries: bool = False

    def reads(self, release: Release) -> int:
        """Return how many parts of a version are read to write it."""
        return len(release.parts) * self.times(release)

    def times(self, release: Release) -> int:
        """Return how often a version is read to write it."""
        return self.passes + (len(release.splits) if self.per_split else 0)


JSON, ZIP, LINES = "application/json", "application/zip", "application/x-ndjson; charset=utf-8"
_ALL = {
    one.name: one
    for one in (
        Format("jsonl", "jsonl", LINES, jsonl.write),
        Format("changes", "jsonl", LINES, jsonl.changes, about=_("what the version before had otherwise")),
        Format("csv", "csv", "text/csv; charset=utf-8", table.write, about=_("what the answers came to")),
        Format("parquet", "parquet", "application/vnd.apache.parquet", parquet.write, passes=2),
        Format("label-studio", "json", JSON, label_studio.write),
        Format("croissant", "zip", ZIP, croissant.write, per_split=True),
        Format(
            "conll", "conll", "text/plain; charset=utf-8", conll.write, ("spans",),
            _("no relations, and of marks that overlap the first alone"),
        ),
        Format("coco", "json", JSON, coco.write, ("image",), passes=2),
        Format("pascal-voc", "zip", ZIP, packed.voc, ("image",), _("the box round each shape, not its corners")),
        Format(
            "kitti", "zip", ZIP, packed.kitti, ("image",),
            _("the box round each shape; what is said of it and written there is in files beside"),
        ),
        Format("kitti-3d", "zip", ZIP, clouds.kitti, ("cuboids",)),
        Format("coco-tracks", "json", JSON, moving.as_coco, ("frames",), passes=4),
        Format("mot", "zip", ZIP, moving.as_mot, ("frames",)),
        Format("hugging-face", "zip", ZIP, folder.write, per_split=True),
        Format(
            "hugging-face-files", "zip", ZIP, folder.write_with_files, carried.KINDS,
            _("with the images or recordings in it: as large as these"), per_split=True, carries=True,
        ),
        Format(
            "statement", "md", "text/markdown; charset=utf-8", lambda release: iter([card.statement(release).encode()]),
            passes=0,
        ),
    )
}  # fmt: skip


def names() -> list[str]:
    """Return the names of all formats."""
    return list(_ALL)


def of(job: Job) -> list[str]:
    """Return the names of the formats for a job's kind of work."""
    return [one.name for one in offered(job)]


def offered(job: Job) -> list[Format]:
    """Return the formats for a job's kind of work."""
    return [one for one in _ALL.values() if not one.kinds or job.shape.name in one.kinds]


def find(name: str, job: Job) -> Format:
    """Return the format of that name; raise KeyError when there is none for a job's kind of work."""
    if name not in of(job):
        raise KeyError(name)
    return _ALL[name]
