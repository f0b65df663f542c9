"""Files that a client hands in, or says where they lie, to be named in its orders as scaledata://KEY/NAME."""

import json
import mimetypes
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from django.core.files import File
from django.db import transaction

from coop import door
from coop.people.models import Client, Person
from tasks import files
from tasks.models import Asset, Job, Order
from tasks.scale import facts, problems
from tasks.scale.access import Wrong, checked

LONGEST_NAME, LONGEST_ADDRESS = 200, 2000
SCHEME = "scaledata://"
MOST_SHOWN = 100
TOO_MANY = f"A task shows at most {MOST_SHOWN} files."
# What an address says of a file by its end that no member can be shown.
UNREAD = {
    ".pdf": "Members are shown no pdf: send its pages as images, or its text.",
    ".json": "JSON is read as frames of a lidar alone (lidarannotation): send images, or the text itself.",
}
ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}")


@transaction.atomic
def keep(
    client: Client, file: "File[bytes]", said: Mapping[str, Any], *, test: bool, by: Person, at: datetime
) -> Asset:
    """Keep a file; the same `reference_id` sent again keeps what stands."""
    facts = _facts(said, default=str(file.name or "file").replace("\\", "/").rsplit("/")[-1])
    if known := _known(client, facts, test=test):
        return known
    asset = Asset(
        client=client, test=test, **facts, created_by=by, created_at=at, bytes=file.size or 0,
        content_type=(getattr(file, "content_type", "") or _type(facts["name"]))[:100],
    )  # fmt: skip
    # Under a number of ours: nothing of a client's name reaches the disk.
    asset.file.save(asset.key.hex, file, save=False)
    asset.save(force_insert=True)
    return asset


@transaction.atomic
def note(client: Client, said: Mapping[str, Any], *, test: bool, by: Person, at: datetime) -> Asset:
    """Write down where a file lies. A live key's is fetched in the background; of a test's nothing is shown."""
    address = str(said.get("file_url") or "")
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if len(address) > LONGEST_ADDRESS or not parts.scheme or not (parts.netloc or parts.path):
        message = "Missing required parameter: file_url"
        raise Wrong(message)
    facts = _facts(said, default=parts.path.rsplit("/")[-1] or "file")
    return _known(client, facts, test=test) or Asset.objects.create(
        client=client, test=test, **facts, address=address, created_by=by, created_at=at,
        content_type=_type(facts["name"]), next_at=None if test else at,
    )  # fmt: skip


def _facts(said: Mapping[str, Any], *, default: str) -> dict[str, Any]:
    metadata = said.get("metadata") or {}
    try:
        metadata = json.loads(metadata) if isinstance(metadata, str) else metadata
    except (ValueError, RecursionError) as error:
        message = "metadata must be an object"
        raise Wrong(message) from error
    name, reference, project = (said.get(one) for one in ("display_name", "reference_id", "project_name"))
    return checked({
        "name": str(name or default)[:LONGEST_NAME] or "file", "metadata": facts.metadata_of(metadata),
        "reference": str(reference)[:LONGEST_NAME] if reference else None,
        "project_name": str(project or "")[:LONGEST_NAME],
    })  # fmt: skip


def _known(client: Client, facts: Mapping[str, Any], *, test: bool) -> Asset | None:
    reference = facts["reference"]
    return Asset.objects.filter(client=client, test=test, reference=reference).first() if reference else None


def _type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Named:
    """A file of a client's with the name it has in a job: of ours, with the ending that says what it is."""

    asset: Asset
    name: str


def named(client: Client, said: Any) -> dict[str, Named]:  # noqa: ANN401 - what orders say, whatever it is
    """Return the live files that texts name as scaledata://KEY/NAME, by those texts. Raise Wrong for one not here."""
    keys = {text: _key(text) for text in texts(said) if text.startswith(SCHEME)}
    if not keys:
        return {}
    found = {one.key: one for one in Asset.objects.filter(client=client, test=False, key__in=keys.values())}
    for text, key in keys.items():
        if key not in found:
            message = f"There is no file {text[:80]}"
            raise Wrong(message)
        if not found[key].file:
            _refuse_absent(found[key])
    return {text: Named(found[key], _name(found[key])) for text, key in keys.items()}


def _refuse_absent(asset: Asset) -> None:
    """Raise Wrong: an imported file is still on its way, when asking again helps (503), or never comes."""
    if asset.problem:
        message = f"{asset.address[:200]}: {problems.words(asset.problem)}"
        raise Wrong(message)
    message = f"{asset.name[:80]} is still being fetched: try again in a moment."
    raise Wrong(message, 503)


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(hex=text.removeprefix(SCHEME).split("/")[0])
    except ValueError:
        return uuid.UUID(int=0)


def _name(asset: Asset) -> str:
    return f"{asset.key.hex}{_ending(asset.name, asset.content_type)}"


def _ending(name: str, content_type: str) -> str:
    said = PurePath(name).suffix or mimetypes.guess_extension(content_type) or ""
    return said if ENDING.fullmatch(said) else ".bin"


def texts(said: Any) -> Iterator[str]:  # noqa: ANN401 - whatever JSON can hold
    """Yield every text in what was said."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict | list):
        for one in said.values() if isinstance(said, dict) else said:
            yield from texts(one)


def renamed(said: Any, found: Mapping[str, Named]) -> Any:  # noqa: ANN401 - likewise
    """Return data with each file by its name in the job."""
    if isinstance(said, str):
        return found[said].name if said in found else said
    if isinstance(said, dict):
        return {name: renamed(one, found) for name, one in said.items()}
    return [renamed(one, found) for one in said] if isinstance(said, list) else said


def elsewhere(data: Mapping[str, Any], parts: Iterable[str], *, reads: Collection[str] = ()) -> list[str]:
    """Return the addresses in parts that show files, each once. Raise Wrong for what is none, and for too many.

    And for what by its end cannot be shown, but for the ends that the kind of task `reads`.
    """
    said = dict.fromkeys(text for part in parts for text in texts(data.get(part)) if not text.startswith(SCHEME))
    for text in said:
        if why := door.refusal(text):
            message = f"{text[:80]}: {problems.words(problems.of_door(why))}"
            raise Wrong(message)
        if (kind := PurePath(urlsplit(text).path).suffix.lower()) in UNREAD.keys() - reads:
            message = f"{text[:80]}: {UNREAD[kind]}"
            raise Wrong(message)
    if len(said) > MOST_SHOWN:
        raise Wrong(TOO_MANY)
    return list(said)


def expected(addresses: Iterable[str]) -> dict[str, Named]:
    """Return files as they will be named once they are fetched, by their addresses."""
    return {made.address: Named(made, _name(made)) for made in map(_to_fetch, addresses)}


def look_for(order: Order, addresses: Iterable[str], *, by: Person, at: datetime) -> None:
    """Write down what is to be fetched for an order."""
    Asset.objects.bulk_create(
        _to_fetch(one, client_id=order.client_id, order=order, created_by=by, created_at=at, next_at=at)
        for one in addresses
    )


def _to_fetch(address: str, **more: Any) -> Asset:
    name = urlsplit(address).path.rsplit("/")[-1][:LONGEST_NAME] or "file"
    return Asset(test=False, address=address, name=name, content_type=_type(name), **more)


def fetched(orders: Collection[Order]) -> dict[str, Named]:
    """Return what was fetched for orders, by its address."""
    found = Asset.objects.filter(order__in=orders).exclude(file="")
    return {one.address: Named(one, _name(one)) for one in found}


def locked(shown: Collection[Named]) -> None:
    """Lock the rows of files, in one order for everybody."""
    kept = [one.asset.pk for one in shown if one.asset.pk]
    if kept:
        list(Asset.objects.select_for_update(no_key=True).filter(pk__in=kept).order_by("pk").values_list("pk"))


def _lacking(job: Job, shown: Sequence[Named]) -> list[Named]:
    """Return the files that a job has not; two orders that show the same one wait for each other."""
    if not shown:
        return []
    locked(shown)
    has = set(job.files.filter(usable=True, name__in=[one.name for one in shown]).values_list("name", flat=True))
    return [one for one in shown if one.name not in has]


def hand_over(job: Job, shown: Sequence[Named], *, by: Person, at: datetime) -> None:
    """Give a job the files that it has not, read and written again as every client's. Raise Wrong for what is none."""
    lacking = _lacking(job, shown)
    if not lacking:
        return
    with ExitStack() as opened:
        given = [File(opened.enter_context(one.asset.file.open("rb")), name=one.name) for one in lacking]
        delivery = files.take_in(files.receive(job, given, by=by, at=at), at=at)
    if wrong := files.problems(delivery):
        names = {one.name: one.asset.name for one in shown}
        message = f"{names.get(wrong[0][0], wrong[0][0])}: {wrong[0][1]}"
        raise Wrong(message)
