"""Files of a job that is being written: its preview shows them, a pilot and the job that is made take them over.

They are read as a job's are, each by itself: a file that cannot be read says why, and one of the same name that is sent
again takes its place. They are the client's alone, and are erased with the draft. A job gets files of its own: its day
of deletion is not the draft's.
"""

import itertools
import json
import logging
import math
import time
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import Error, transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from coop import door
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from tasks import files, holding, outside, shapes, unfit
from tasks.media.bounds import FILE_BYTES, MEMBERS, NAME_CHARACTERS, Unfit
from tasks.models import Delivery, FileKind, Job, JobFile, Sketch, SketchFile
from tasks.models.sketches import mark
from tasks.rows import ID_MAX
from tasks.shapes import media

log = logging.getLogger(__name__)
READ = "tasks.read_draft_files"
MOST = MEMBERS + files.AT_ONCE
# For so long one address is waited for. A name leaves room for a number before it.
PATIENCE = 20.0
NUMBERED = 5
LONGEST_NAME = NAME_CHARACTERS - NUMBERED
# What may pass: a full disk, too little memory, a database that is away.
PASSING = (Error, OSError, MemoryError)


def ended(sketch: Sketch) -> Refusal | None:
    """Say that a job was made of a draft, or that it was dropped; nothing while it is written."""
    if sketch.job_id or sketch.dropped_at:
        return Refusal(_("This is no draft any more."), appeal=_("Post a new job."), status=409)
    return None


def refusal(sketch: Sketch, given: "Sequence[File[bytes]]") -> Refusal | None:
    """Say why a draft does not take these files, or nothing."""
    if no := ended(sketch) or files.count_refusal(given):
        return no
    size = sum(file.size for file in given)
    return refusal_of_count(sketch, len(given)) or holding.refusal(sketch.client, size)


def refusal_of_count(sketch: Sketch, more: int) -> Refusal | None:
    """Say that a draft has as many files as it can, or nothing."""
    if here(sketch).count() + more > MOST:
        words = _("A draft has at most %(most)d files.") % {"most": MOST}
        return Refusal(words, appeal=_("Bring the others once the job is made."), status=409)
    return None


@transaction.atomic
def receive(sketch: Sketch, given: "Sequence[File[bytes]]", *, by: Person) -> Sketch:
    """Keep what a client handed in for a draft, to be read in the background; return the draft.

    Raise Refused when it is a job already, for none or too many at once, or where the client keeps too much here.
    """
    held = _locked(sketch)
    refuse_if(refusal(held, given))
    SketchFile.objects.bulk_create(_row(held, file, by) for file in given)
    return _changed(held, by)


def refusal_to_fetch(sketch: Sketch, addresses: Sequence[str]) -> Refusal | None:
    """Say why a draft does not take what lies at these addresses, or nothing; nobody is asked."""
    if no := ended(sketch) or files.count_refusal(addresses):
        return no
    for address in addresses:
        if why := door.refusal(address):
            words = {"address": address[:80], "why": outside.OUTSIDE[why]}
            return Refusal(_("%(address)s: %(why)s") % words, status=422)
    return refusal_of_count(sketch, len(addresses)) or holding.refusal(sketch.client, 0)


@transaction.atomic
def fetch(sketch: Sketch, addresses: Sequence[str], *, by: Person) -> Sketch:
    """Have files fetched for a draft, through the guarded door, in the background; return the draft.

    Each is named by the end of its address, with a number before it where another address ends alike; fetched again it
    takes the place of what came before. Raise Refused for what is no address, or as `receive` does.
    """
    held, asked = _locked(sketch), list(dict.fromkeys(addresses))
    refuse_if(refusal_to_fetch(held, asked))
    named = _names(asked, list(here(held).order_by("pk")))
    SketchFile.objects.bulk_create(
        SketchFile(sketch=held, name=name, address=address, key=uuid.uuid4(), given_by=by)
        for address, name in named.items()
    )
    return _changed(held, by)


def _names(addresses: Iterable[str], known: Collection[SketchFile]) -> dict[str, str]:
    """Return by address how its file is called beside those `known`, oldest first; what lies elsewhere keeps its own.

    Of several that differ in their signatures alone the first is the first again.
    """
    before: defaultdict[str, list[str]] = defaultdict(list)
    for file in known:
        before[file.mark()].append(file.name)
    taken = {file.name for file in known if file.problem is None or file.address}
    fetched = {file.name for file in known if file.problem is None and file.address}
    named: dict[str, str] = {}
    for number, address in enumerate(addresses, 1):
        now = set(named.values())
        last = unquote(urlsplit(address).path).rsplit("/", 1)[-1][-LONGEST_NAME:]
        if name := next((name for name in before[mark(address)] if name not in now), ""):
            named[address] = name
        elif not media.NAME.fullmatch(last):
            named[address] = _numbered(number, ".file", now | taken)
        else:
            named[address] = last if last not in now | fetched else _numbered(number, f"-{last}", now | taken)
    return named


def _numbered(first: int, rest: str, taken: Collection[str]) -> str:
    """Return the first number, from `first` on, with the rest that is not taken."""
    return next(name for number in itertools.count(first) if (name := f"{number}{rest}") not in taken)


def _changed(held: Sketch, by: Person) -> Sketch:
    """Note who wrote on a draft last, and have its files read."""
    _written(held, by)
    have_read(held)
    return held


def _written(held: Sketch, by: Person) -> Sketch:
    held.written_by = by
    held.save(update_fields=["written_by"])
    return held


def have_read(sketch: Sketch) -> None:
    """Let the worker read the files of a draft, in the transaction of the act."""
    files.wait_to_read(READ, sketch.client_id, sketch_id=sketch.pk)


def _row(held: Sketch, file: "File[bytes]", by: Person) -> SketchFile:
    return files.stored(SketchFile(sketch=held, name=files.plain_name(file), key=uuid.uuid4(), given_by=by), file)


def take_in(sketch: int, *, at: datetime, seconds: float = math.inf) -> bool:
    """Read the files of a draft that were not read yet, by its number, for so long; tell whether some are left."""
    until = time.monotonic() + seconds
    while file := _next(sketch):
        if time.monotonic() > until:
            return True
        _read(file, at)
    _forget_replaced(sketch)
    return False


def _read(file: SketchFile, at: datetime) -> None:
    """Read a file; one at which the reading itself breaks is broken, and holds up none of the others.

    What is wrong with the machine is no fault of the file: it is raised, and the file read another time.
    """
    with TemporaryDirectory() as folder:
        try:
            files.read(file, Path(folder), at=at, bring=_fetched if file.address else None)
        except Exception as error:
            if isinstance(error, PASSING) and not isinstance(error, FileNotFoundError):
                raise
            log.exception("file %s of a draft could not be read", file.pk)
            files.give_up(file, at=at)


def _next(sketch: int) -> SketchFile | None:
    waiting = SketchFile.objects.filter(sketch=sketch, done_at=None, is_gone=False).select_related("sketch__client")
    return waiting.order_by("pk").first()


def _fetched(file: SketchFile, folder: Path) -> Path:
    """Return where what stands at a file's address was put; raise Unfit where nothing came."""
    if holding.refusal(file.sketch.client, 0):
        raise Unfit(problem="full")
    came = folder / files.CAME
    try:
        with came.open("wb") as out:
            door.fetch(file.address, out, most=FILE_BYTES, seconds=PATIENCE)
    except door.Closed as closed:
        raise Unfit(problem=f"door_{closed.why}") from closed
    return came


@transaction.atomic
def _forget_replaced(sketch: int) -> None:
    """Delete the archives that were unpacked, and what was sent again in the same name."""
    held = Sketch.objects.select_for_update(no_key=True).get(pk=sketch)
    unpacked = Q(kind=FileKind.ARCHIVE, problem__isnull=True)
    good = here(held).filter(done_at__isnull=False, problem__isnull=True).order_by("pk")
    newest = dict(good.values_list("name", "pk"))
    replaced = [pk for pk, name in here(held).values_list("pk", "name") if pk < newest.get(name, 0)]
    _delete(here(held).filter(Q(pk__in=replaced) | unpacked, done_at__isnull=False))


def here(sketch: Sketch) -> QuerySet[SketchFile]:
    """Return the files of a draft, whatever they are, but for those that were deleted."""
    return sketch.files.filter(is_gone=False)


def taken_in(sketch: Sketch) -> QuerySet[SketchFile]:
    """Return the files that tasks may name, in the order in which they came."""
    read = here(sketch).filter(done_at__isnull=False, problem__isnull=True)
    return read.exclude(kind=FileKind.ARCHIVE).order_by("pk")


def names(sketch: Sketch) -> set[str]:
    """Return how the files are called that tasks may name."""
    return set(taken_in(sketch).values_list("name", flat=True))


def are_coming(sketch: Sketch) -> bool:
    """Tell whether some are still being read."""
    return here(sketch).filter(done_at=None).exists()


def refusal_while_read(sketch: Sketch) -> Refusal | None:
    """Say that files are still being read, or nothing."""
    if are_coming(sketch):
        appeal = _("Wait until it is done, or take the files away.")
        return Refusal(_("Files are still being read."), appeal=appeal, status=409)
    return None


def counts(sketch: Sketch) -> dict[str, int]:
    """Return how many files there are, how many of them were read, and how many cannot be taken."""
    done, wrong = Q(done_at__isnull=False), Q(problem__isnull=False)
    return here(sketch).aggregate(all=Count("pk"), read=Count("pk", filter=done), wrong=Count("pk", filter=wrong))


def problems(sketch: Sketch, *, most: int = 200) -> list[tuple[str, str]]:
    """Return name and problem of the first files that were not taken."""
    wrong = here(sketch).filter(problem__isnull=False).order_by("pk")[:most]
    return [(file.name, unfit.words(file.problem)) for file in wrong]


def shown(sketch: Sketch, data: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the files that such tasks name, by name, as kinds of work know them."""
    names = {name for one in data for name in media.names(one)}
    found = taken_in(sketch).filter(name__in=names).select_related("sketch__client") if names else ()
    return {file.name: file.shown() for file in found}


def one_each(sketch: Sketch) -> Iterator[dict[str, Any]]:
    """Yield a task for each file of the kind that a task of the draft is about; none where that takes several."""
    shape = shapes.find(sketch.work_type.shape)
    for part, kind in [*shape.files.items(), *((part, str(FileKind.VIDEO)) for part in shape.films)]:
        names = dict.fromkeys(taken_in(sketch).filter(kind=kind).values_list("name", flat=True))
        if names and _is_about_one(shape, part, next(iter(names)), kind):
            yield from ({"id": named, part: name} for named, name in zip(_ids(names), names, strict=True))


def _is_about_one(shape: shapes.Shape, part: str, name: str, kind: str) -> bool:
    """Tell whether a task of this kind of work can be about one file of a kind."""
    filmed = part in shape.films
    return filmed == (kind == FileKind.VIDEO) and not shape.data_problems({}, {part: name})


def _ids(names: Iterable[str]) -> Iterator[str]:
    """Yield an id for each name: the name, or the end of a long one, with a number where another ends alike."""
    taken: set[str] = set()
    for number, name in enumerate(names, 1):
        end = name[-ID_MAX:]
        found = end if end not in taken else _numbered(number, f"-{end[-ID_MAX + NUMBERED :]}", taken)
        taken.add(found)
        yield found


def as_rows(tasks: Iterable[Mapping[str, Any]]) -> bytes:
    """Return tasks as a file that holds one on each line."""
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in tasks)


def hand_over(
    sketch: Sketch, job: Job, data: Iterable[Mapping[str, Any]] | None = None, *, by: Person, at: datetime
) -> None:  # fmt: skip
    """Give a job the files that these tasks name (all of them without `data`), before its tasks come.

    What lies on disk is not written anew, and yet is the job's own: the draft's goes with the draft.
    """
    found = taken_in(sketch)
    if data is not None:
        found = found.filter(name__in={name for one in data for name in media.names(one)})
    newest = {file.name: file for file in found}
    if not newest:
        return
    came = Delivery.objects.create(job=job, digest="", created_by=by, created_at=at, finished_at=at)
    JobFile.objects.bulk_create([_of_the_job(came, file) for file in newest.values()], batch_size=500)
    events.write("files.taken_in", by=by, subject=f"job:{job.pk}", at=at, delivery=came.pk)


def _of_the_job(came: Delivery, file: SketchFile) -> JobFile:
    same = {name: getattr(file, name) for name in ("name", "kind", "content_type", "bytes", "facts")}
    made = JobFile(**same, delivery=came, job_id=came.job_id, key=uuid.uuid4(), done_at=came.finished_at, usable=True)
    made.file = _under(str(file.file.name), f"files/{made.key.hex[:2]}/{made.key}")
    made.small = _under(str(file.small.name), f"files/{made.key.hex[:2]}/{made.key}-small") if file.small else ""
    return made


def _under(name: str, another: str) -> str:
    """Let what lies on disk under one name lie there under another, too; return that. It is kept once."""
    target = Path(default_storage.path(another))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.hardlink_to(default_storage.path(name))
    # As if written now: what no row knows yet, and is a day old, would be swept away.
    target.touch()
    return another


@transaction.atomic
def take_away(sketch: Sketch, *, by: Person) -> Sketch:
    """Delete all files of a draft. Raise Refused when it is a job already."""
    held = _locked(sketch)
    refuse_if(ended(held))
    forget(held)
    return _written(held, by)


def forget(held: Sketch) -> None:
    """Delete all files of a draft whose row is locked, from the disk once that is certain."""
    _delete(here(held))


def _delete(gone: QuerySet[SketchFile]) -> None:
    names = [name for row in gone.values_list("source", "file", "small") for name in row if name]
    gone.update(
        name="", address="", source="", file="", small="", content_type="", bytes=0, facts={}, problem=None,
        is_gone=True,
    )  # fmt: skip
    transaction.on_commit(lambda: _delete_from_disk(names))


def _delete_from_disk(names: Collection[str]) -> None:
    for name in names:
        default_storage.delete(name)


def _locked(sketch: Sketch) -> Sketch:
    found = Sketch.objects.select_for_update(no_key=True, of=["self"])
    return found.select_related("client", "work_type").get(pk=sketch.pk)
