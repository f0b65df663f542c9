"""Versions of a job's data set: asked for by the client, written part by part in the background, then never changed.

A version tells what the answers handed in until it was asked for came to, each item with all its answers, the rate
cards they were given at, and the guide they followed. Written in parts of 5,000 tasks, each in a transaction of its
own: memory stays the same however large the job, and a writer that was killed goes on after the last whole part.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from tasks import certificates, deletions, exports
from tasks.exports import Given, Result
from tasks.models import Answer, Job, Release, Task, Withdrawal

AT_ONCE = 5_000
PIECE = 1 << 16
WRITE = "tasks.write_release"
ALL = {"train": 100}
MOST_SPLITS = 5
LONGEST_REASON = 500
FINISHED = ["added", "changed", "removed", "digest", "certificate", "signature", "finished_at"]

type Json = dict[str, Any]


def refusal(job: Job, splits: Mapping[str, int]) -> Refusal | None:
    """Say why no version can be made now, or nothing; `splits` are names and hundredths."""
    if no := deletions.gone(job):
        return no
    if job.releases.filter(finished_at=None).exists():
        return Refusal(_("A version is being written."), appeal=_("Wait until it is done."), status=409)
    named = all(name.isidentifier() and name.islower() for name in splits)
    if not named or len(splits) > MOST_SPLITS or any(share < 1 for share in splits.values()):
        return Refusal(_("Name up to five splits in small letters, each with one hundredth at least."), status=400)
    if sum(splits.values()) != 100:  # noqa: PLR2004 - hundredths
        return Refusal(_("The splits make a hundred hundredths together."), status=400)
    if not Answer.objects.filter(assignment__job=job).exists():
        return Refusal(_("There are no answers yet."), status=409)
    return None


@transaction.atomic
def ask(job: Job, *, splits: Mapping[str, int] | None = None, by: Person | None, at: datetime) -> Release:
    """Have the next version of a job's data set written; the worker writes it. Raise Refused while one is written."""
    job = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    shares = dict(splits or ALL)
    refuse_if(refusal(job, shares))
    latest = job.releases.order_by("-number").first()
    made = Release.objects.create(
        job=job, number=latest.number + 1 if latest else 1, splits=shares, asked_by=by, asked_at=at,
        tasks=job.tasks.count(), folder=uuid4(),
    )  # fmt: skip
    events.write("releases.asked", by=by, subject=f"job:{job.pk}", at=at, number=made.number)
    background.configure_task(WRITE, lock=f"release:{made.pk}").defer(release_id=made.pk)
    return made


def write(release: Release, *, at: datetime) -> Release:
    """Write what is left of a version, and finish it; one that is finished, or of a deleted job, stays as it is."""
    while release.finished_at is None and _is_shown(release) and _write_part(release):
        pass
    return finish(release, at=at) if release.finished_at is None and _is_shown(release) else release


def _is_shown(release: Release) -> bool:
    """Tell whether a job's contents are still there: they may go while a version of them is written."""
    return Job.objects.filter(pk=release.job_id, deleted_at=None).exists()


@transaction.atomic
def _write_part(release: Release) -> bool:
    """Write the next 5,000 tasks into a file of their own; return whether there were any."""
    job = Job.objects.select_related("client", "work_type").get(pk=release.job_id)
    upto = release.place + AT_ONCE
    if not Task.objects.filter(job=job, position__gt=release.place).exists():
        return False
    with TemporaryFile() as file:
        items, answers = _put_down(file, (item(release, *found) for found in _found(job, release, upto)))
        if items:
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            default_storage.save(_part(release, len(release.parts)), File(file))
            release.parts = [*release.parts, digest]
    release.place = upto
    release.items += items
    release.answers += answers
    release.save(update_fields=["parts", "place", "items", "answers"])
    return True


def _put_down(file: IO[bytes], items: Iterable[Json]) -> tuple[int, int]:
    """Write items as lines, one in memory at a time; return how many they were, and how many answers."""
    count = answers = 0
    for one in items:
        file.write(line(one).encode())
        count += 1
        answers += len(one["answers"])
    return count, answers


def _found(job: Job, release: Release, upto: int) -> Iterator[tuple[Result, list[Given]]]:
    """Yield the next tasks that have an answer, none that was withdrawn."""
    withdrawn = set(
        Withdrawal.objects.filter(
            task__job=job, task__position__gt=release.place, task__position__lte=upto, at__lte=release.asked_at
        ).values_list("task__external_id", flat=True)
    )
    found = exports.whole(job, after=release.place, upto=upto, until=release.asked_at)
    return (one for one in found if one[0].task not in withdrawn)


def item(release: Release, result: Result, given: Sequence[Given]) -> Json:
    """Return one item as a version tells it."""
    answers = [
        {"by": one.by, "answer": one.value, "state": one.state, "at": one.at.isoformat(), "number": one.number,
         "card": one.card, **({"touched": one.touched} if one.prediction else {})}
        for one in given
    ]  # fmt: skip
    told = {**result.row(), "answers": answers, "split": split_of(release, result.task)}
    said = {"prediction": given[0].prediction} if given[0].prediction else {}
    return {**told, **said, "position": result.position}


def split_of(release: Release, name: str) -> str:
    """Return the split of an item: by its name alone, so that it stays there in every version with the same shares."""
    drawn = int(hashlib.sha256(f"{release.job_id}:{name}".encode()).hexdigest()[:8], 16) % 100
    for split, share in release.splits.items():
        if drawn < share:
            return str(split)
        drawn -= share
    raise AssertionError


def line(one: Json) -> str:
    """Return an item as one line of canonical JSON."""
    return json.dumps(one, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"


def _part(release: Release, number: int) -> str:
    return f"releases/{release.folder}/part-{number:05d}.jsonl"


def parts_of(release: Release) -> list[str]:
    """Return the names of all that lies on disk of a version, whatever its row says of it."""
    folder = f"releases/{release.folder}"
    found = default_storage.listdir(folder)[1] if default_storage.exists(folder) else []
    return [f"{folder}/{name}" for name in found]


def lines(release: Release) -> Iterator[str]:
    """Yield the lines of a version in the order of its tasks, one in memory at a time."""
    for number in range(len(release.parts)):
        with default_storage.open(_part(release, number), "rb") as part:
            for raw in part:
                yield raw.decode()
        if release.part_was_read:
            release.part_was_read()


def size(release: Release) -> int:
    """Return how many bytes the lines of a version have."""
    return sum(default_storage.size(_part(release, number)) for number in range(len(release.parts)))


def between(release: Release, first: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of a version's lines from the first place up to the end, 64 KiB in memory at a time."""
    for number in range(len(release.parts)):
        name = _part(release, number)
        length = default_storage.size(name)
        if first < length and end > 0:
            with default_storage.open(name, "rb") as part:
                yield from read(part, max(first, 0), min(end, length))
        first, end = first - length, end - length


def read(file: IO[bytes], first: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of a file from the first place up to the end, 64 KiB in memory at a time."""
    file.seek(first)
    while first < end and (found := file.read(min(PIECE, end - first))):
        first += len(found)
        yield found


def items(release: Release) -> Iterator[Json]:
    """Yield the items of a version."""
    return map(json.loads, lines(release))


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an item since the version before: added, changed or removed."""

    name: str
    what: str


def _placed(release: Release, side: int) -> Iterator[tuple[int, int, Json]]:
    return ((one["position"], side, one) for one in items(release))


def changes(release: Release) -> Iterator[Change]:
    """Yield how a version differs from the one before it, in the order of the tasks; both are read side by side."""
    before = Release.objects.filter(job=release.job_id, number=release.number - 1).first()
    sides = [_placed(made, side) for side, made in enumerate((before, release)) if made]
    for _position, pair in groupby(merge(*sides, key=itemgetter(0, 1)), itemgetter(0)):
        found = list(pair)
        _place, side, one = found[-1]
        if len(found) == 1:
            yield Change(one["id"], "added" if side else "removed")
        elif line(found[0][2]) != line(one):
            yield Change(one["id"], "changed")


def finish(release: Release, *, at: datetime) -> Release:
    """Count what changed, sign what was paid for it, and close a version of which every part is written."""
    told = Counter(change.what for change in changes(release))
    release.added, release.changed, release.removed = told["added"], told["changed"], told["removed"]
    release.digest = hashlib.sha256("".join(f"{part}\n" for part in release.parts).encode()).hexdigest()
    release.finished_at = at
    release.certificate = certificates.of(release, cards(release))
    release.signature = certificates.sign(release.certificate)
    with transaction.atomic():
        release.save(update_fields=FINISHED)
        events.write(
            "releases.made", by=release.asked_by, subject=f"job:{release.job_id}", at=at, number=release.number,
            digest=release.digest, key=certificates.public_key(),
            certificate=hashlib.sha256(release.certificate.encode()).hexdigest(),
        )  # fmt: skip
    return release


def cards(release: Release) -> Counter[str]:
    """Return how many answers of a version were given at which rate card, by its SHA-256."""
    return Counter(answer["card"] for one in items(release) for answer in one["answers"])


def refusal_to_withdraw(job: Job, names: Sequence[str], reason: str) -> Refusal | None:
    """Say why these items cannot be withdrawn, or nothing."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        return Refusal(_("Say in at most 500 characters why they are left out."), status=400)
    known = set(job.tasks.filter(external_id__in=names).values_list("external_id", flat=True))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        words = _("The job has no task “%(name)s”.") % {"name": (unknown or [""])[0][:120]}
        return Refusal(words, appeal=_("Nothing was withdrawn. Give the tasks by your own ids."), status=400)
    return None


@transaction.atomic
def withdraw(job: Job, names: Sequence[str], *, reason: str, by: Person | None, at: datetime) -> int:
    """Leave tasks out of later versions, by the client's ids; return how many were new. Versions that stand stay."""
    refuse_if(refusal_to_withdraw(job, names, reason))
    found = job.tasks.filter(external_id__in=names, withdrawal=None)
    rows = [Withdrawal(task=task, reason=reason.strip(), by=by, at=at) for task in found]
    Withdrawal.objects.bulk_create(rows)
    events.write("releases.withdrawn", by=by, subject=f"job:{job.pk}", at=at)
    return len(rows)
