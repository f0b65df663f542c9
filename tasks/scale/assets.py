"""Files that a client hands in, or says where they lie, to be named in its orders as scaledata://KEY/NAME."""

import json
import mimetypes
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from django.core.files import File
from django.db import transaction

from coop.people.models import Client, Person
from tasks import files
from tasks.models import Asset, Job
from tasks.scale import facts
from tasks.scale.access import Wrong, checked

LONGEST_NAME, LONGEST_ADDRESS = 200, 2000
SCHEME = "scaledata://"
# Attachments of these types are files that members see on our pages.
SHOWN = frozenset({"image", "audio", "video", "pdf"})
MOST_SHOWN = 100


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
    """Write down where a file lies. It is not asked for now: what has not come by then, an order cannot show."""
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
        content_type=_type(facts["name"]),
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
    found = {one.key: one for one in Asset.objects.filter(client=client, test=False, key__in=keys.values())}
    for text, key in keys.items():
        if key not in found:
            message = f"There is no file {text[:80]}"
            raise Wrong(message)
        if not found[key].file:
            fetch(found[key].address)
    return {text: Named(found[key], _name(found[key])) for text, key in keys.items()}


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(hex=text.removeprefix(SCHEME).split("/")[0])
    except ValueError:
        return uuid.UUID(int=0)


def _name(asset: Asset) -> str:
    ending = PurePath(asset.name).suffix or mimetypes.guess_extension(asset.content_type) or ".bin"
    return f"{asset.key.hex}{ending[:6]}"


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


def refuse_elsewhere(data: Mapping[str, Any], parts: Iterable[str]) -> None:
    """Raise Wrong where a part that shows a file names one that lies elsewhere."""
    for part in parts:
        for text in texts(data.get(part)):
            if not text.startswith(SCHEME):
                fetch(text)


def fetch(address: str) -> None:
    """Raise Wrong: files are not fetched from elsewhere yet."""
    message = f"{address[:80]} is not fetched yet: hand the file in with files/upload and name its attachment_url."
    raise Wrong(message)


def hand_over(job: Job, shown: Sequence[Named], *, by: Person, at: datetime) -> None:
    """Give a job its files, read and written again as every client's. Raise Wrong for what cannot be shown."""
    if len(shown) > MOST_SHOWN:
        message = f"A batch shows at most {MOST_SHOWN} files: finalize several."
        raise Wrong(message)
    if not shown:
        return
    with ExitStack() as opened:
        given = [File(opened.enter_context(one.asset.file.open("rb")), name=one.name) for one in shown]
        delivery = files.take_in(files.receive(job, given, by=by, at=at), at=at)
    if wrong := files.problems(delivery):
        names = {one.name: one.asset.name for one in shown}
        message = f"{names.get(wrong[0][0], wrong[0][0])}: {wrong[0][1]}"
        raise Wrong(message)
