"""The files a version of a data set goes out in. One module per format; each reads the items one after the other.

A format is written to a file on the server first where its kind needs a whole file (Parquet, ZIP), else piece by piece.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _

from coop.refusals import Text
from tasks import releases
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
    parts,
    table,
)
from tasks.models import Job, Release


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name in addresses, the file's ending, its media type, what writes it, and for which kinds alone.

    `about` says what it adds, or what of an answer it has no place for.
    """

    name: str
    ending: str
    media: str
    write: Callable[[Release], Iterator[bytes]]
    kinds: tuple[str, ...] = ()
    about: Text = ""


JSON, ZIP, LINES = "application/json", "application/zip", "application/x-ndjson; charset=utf-8"
_ALL = {
    one.name: one
    for one in (
        Format("jsonl", "jsonl", LINES, jsonl.write),
        Format("changes", "jsonl", LINES, jsonl.changes, about=_("what the version before had otherwise")),
        Format("csv", "csv", "text/csv; charset=utf-8", table.write, about=_("what the answers came to")),
        Format("parquet", "parquet", "application/vnd.apache.parquet", parquet.write),
        Format("label-studio", "json", JSON, label_studio.write),
        Format("croissant", "zip", ZIP, croissant.write),
        Format(
            "conll", "conll", "text/plain; charset=utf-8", conll.write, ("spans",),
            _("no relations, and of marks that overlap the first alone"),
        ),
        Format("coco", "json", JSON, coco.write, ("image",)),
        Format("pascal-voc", "zip", ZIP, packed.voc, ("image",), _("the box round each shape, not its corners")),
        Format(
            "kitti", "zip", ZIP, packed.kitti, ("image",),
            _("the box round each shape; what is said of it and written there is in files beside"),
        ),
        Format("kitti-3d", "zip", ZIP, clouds.kitti, ("cuboids",)),
        Format("coco-tracks", "json", JSON, moving.as_coco, ("frames",)),
        Format("mot", "zip", ZIP, moving.as_mot, ("frames",)),
        Format("hugging-face", "zip", ZIP, folder.write),
        Format(
            "hugging-face-files", "zip", ZIP, folder.write_with_files, carried.KINDS,
            _("with the images or recordings in it: as large as these"),
        ),
        Format(
            "statement", "md", "text/markdown; charset=utf-8", lambda release: iter([card.statement(release).encode()])
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


def attached(release: Release, wanted: Format, asked: Mapping[str, str]) -> HttpResponse | StreamingHttpResponse:
    """Return a version as a file to be kept, handed out as it is read; JSON lines from where the headers ask for them.

    Those alone are kept as they go out, so that a part of them is a part of the same file. The others are written anew
    each time: a ZIP with its own moment in it, how long a file is known at its end alone, and the words of another
    release of ours may differ; their files are kept nowhere, as what they hold is deleted on its day.
    """
    file = f"job-{release.job_id}-version-{release.number}-{wanted.name}.{wanted.ending}"
    if wanted.name == "jsonl":
        size, read = releases.size(release), partial(releases.between, release)
        sent = parts.answer(asked, read, size=size, tag=release.digest, media=wanted.media)
    else:
        sent = StreamingHttpResponse(wanted.write(release), content_type=wanted.media)
        sent["Accept-Ranges"] = "none"
    sent["Content-Disposition"] = f'attachment; filename="{file}"'
    return sent
