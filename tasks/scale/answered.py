"""What orders were answered: made up for those that try things out, members' own for the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import Http404

from coop.people.models import Client
from tasks import exports
from tasks.models import JobFile, Order, Task
from tasks.scale import finding, kinds
from tasks.scale import threads as telling
from tasks.scale.kinds import chat, frames, masks
from tasks.scale.kinds.kind import Kind
from tasks.shapes import film

type Json = dict[str, Any]
NOBODY = "test-contributor"
LIFE = timedelta(days=1)
_SIGNER = TimestampSigner(salt="tasks.scale.response")


@dataclass(frozen=True, slots=True)
class Said:
    """The answers to an order: what they come to, each by itself, by the client's pseudonym for whom, and when."""

    whole: Json
    each: list[Json]
    by: list[str]
    at: list[datetime]


def of(orders: Sequence[Order], *, until: datetime | None = None) -> dict[int, Said]:
    """Return the answers to those of the orders that are completed, as they stood then or now, by their number."""
    done = [order for order in orders if finding.status(order) == "completed"]
    return {**dict(_made_up(done)), **dict(_by_members(done, until))}


def _made_up(done: Sequence[Order]) -> Iterator[tuple[int, Said]]:
    for order in done:
        if order.test:
            value = kind_of(order).example(order.params)
            yield order.pk, Said(value, [value], [NOBODY], [order.created_at])


def _by_members(done: Sequence[Order], until: datetime | None) -> Iterator[tuple[int, Said]]:
    """Yield members' answers, job by job: one look at each for a page."""
    asked = sorted(((order.task, order) for order in done if order.task), key=lambda one: _place(one[0]))
    for _job, together in groupby(asked, key=lambda one: one[0].job_id):
        page = list(together)
        known = {task.external_id: order.pk for task, order in page}
        tasks = [task.pk for task, _order in page]
        for result, given in exports.those(page[0][0].job, tasks, until=until):
            each = [one.value for one in given]
            whole = each[0] if result.value is None else result.value
            yield known[result.task], Said(whole, each, [one.by for one in given], [one.at for one in given])


def _place(task: Task) -> tuple[int, int]:
    return task.job_id, task.position


def response(order: Order, said: Said, *, counted: bool = True) -> Json:
    """Return a response; of what is told frame by frame and of masks, where their files lie.

    Whether the pixels of things are `counted`: each answer is drawn for it, which for a page of them takes too long.
    """
    if isinstance(kind_of(order), frames.Frames):
        return {"annotations": {"url": address(order)}}
    told = kind_of(order).response(order.params, _values(order, said), order.key)
    if isinstance(kind_of(order), masks.Segmentation):
        told["annotations"] = _lying(order, told["annotations"])
        if counted and masks.single(order.params["labels"]):
            told["labelMapping"] = masks.counted(told["labelMapping"], order.params, said.whole, _size(order))
    return told


def _lying(order: Order, parts: Any) -> Any:  # noqa: ANN401 - names in objects
    """Return the names of files as their addresses."""
    if isinstance(parts, dict):
        return {name: _lying(order, part) for name, part in parts.items()}
    if isinstance(parts, list):
        return [_lying(order, part) for part in parts]
    return address(order, parts)


def _values(order: Order, said: Said) -> list[Json]:
    return said.each if kind_of(order).tells_each else [said.whole]


def threads(order: Order, said: Said) -> list[Json]:
    """Return the threads of a conversation, one for each answer; none of other work."""
    if not isinstance(kind_of(order), chat.Chat):
        return []
    submissions = [
        {"submitted_at": at.isoformat(), "contributor_id": by} for by, at in zip(said.by, said.at, strict=True)
    ]
    return telling.of(order.params, said.each, order.key, submissions)


def annotation(client: Client, said: str, *, test: bool) -> Json:
    """Return one annotation of a conversation by its id, which begins with its task's; Http404 for none."""
    order = finding.of(client, test=test).filter(key=finding.key_of(said.partition("-")[0])).first()
    answers = of([order]) if order else {}
    found = telling.notes(threads(order, answers[order.pk])) if order and answers else ()
    wanted = next((one for one in found if one["id"] == said), None)
    if wanted is None:
        raise Http404
    return wanted


def kind_of(order: Order) -> Kind:
    """Return the kind of an order."""
    kind = kinds.find(order.kind)
    assert kind is not None  # noqa: S101 - no order is taken of an unknown kind
    return kind


def address(order: Order, part: str = "") -> str:
    """Return where the file of a response lies: whoever has the address may read it, for a day."""
    return f"{settings.ORIGIN}/v1/response/{_SIGNER.sign(f'{order.key.hex}{part and "."}{part}')}"


def meant(signed: str) -> tuple[Order, str]:
    """Return the order that an address is of, and which of its files; Http404 for none of ours, or one too old."""
    try:
        key, _dot, part = _SIGNER.unsign(signed, max_age=LIFE).partition(".")
    except BadSignature as error:
        raise Http404 from error
    return finding.joined(Order.objects.filter(key=finding.key_of(key))).select_related("client").get(), part


def content(order: Order, part: str) -> object:
    """Return what a file of a response holds, bytes where it is a PNG; Http404 where there is none."""
    kind, said = kind_of(order), of([order]).get(order.pk)
    if said is not None and part and isinstance(kind, masks.Segmentation):
        return masks.png(order.params, said.whole, part, _size(order))
    if said is None or not isinstance(kind, frames.Frames):
        raise Http404
    # Of a video sent as a file the task's data say at which moments it was cut; what the order itself calls so is not.
    moments = order.task.data.get(film.MOMENTS) if order.task else None
    return kind.content({**order.params, film.MOMENTS: moments}, _values(order, said), order.key)


def _size(order: Order) -> masks.Size:
    """Return the size of the picture that an order shows; that of the example where nothing was fetched."""
    if order.task is None:
        return masks.SMALL
    facts = JobFile.objects.get(job=order.task.job_id, usable=True, name=order.task.data["image"]).facts
    return facts["width"], facts["height"]
