"""What happened, for everybody to read and to check."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coop import sentences
from coop.people.models import Person
from coop.record import log
from coop.record.models import Event, Leaf

PAGE = 50
CHUNK = 2_000


@require_safe
def what_happened(request: HttpRequest) -> HttpResponse:
    """List events, newest first, fifty at a time, with the log's head; closed ones to whom they concern, by subject."""
    subject, kind = request.GET.get("subject", ""), request.GET.get("kind", "")
    reader = _reader(request)
    found = list(_older(_chosen(subject, kind, reader), request.GET.get("before", ""))[: PAGE + 1])
    shown = {
        "lines": [(event, sentences.of(event, reader=reader)) for event in found[:PAGE]],
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
        "head": log.head(batches=1),  # the worker seals the rest; a reader does not wait for it
        "subject": subject,
        "kind": kind,
        "kinds": sentences.OPEN,
    }
    return render(request, "record/what_happened.html", shown)


def _reader(request: HttpRequest) -> Person | None:
    return request.user if isinstance(request.user, Person) else None


def _chosen(subject: str, kind: str, reader: Person | None) -> QuerySet[Event]:
    """Return the events about a subject and of a kind, where given; Http404 for what no event can hold."""
    if "\0" in subject + kind:
        raise Http404
    events = Event.objects.select_related("actor", "leaf").order_by("-id")
    if not subject and kind and kind not in sentences.OPEN:
        return events.none()
    events = events.filter(_open_to(reader), subject=subject) if subject else events.filter(closed=False)
    return events.filter(kind=kind) if kind else events


def _open_to(reader: Person | None) -> Q:
    """Return which entries a reader may read: the open ones and their own."""
    return Q(closed=False) | Q(actor=reader) if reader else Q(closed=False)


def _older(events: QuerySet[Event], before: str) -> QuerySet[Event]:
    if not before:
        return events
    if not before.isdecimal() or len(before) > 18:  # noqa: PLR2004 - what a bigint surely holds
        raise Http404
    return events.filter(pk__lt=int(before))


@require_safe
def download(request: HttpRequest) -> StreamingHttpResponse:
    """Stream every sealed event with its hashes, one JSON object a line; of closed ones to others, the hashes alone.

    Who acted is told where the reader may know; `who` is what the hash has of it, from its veil and the number.
    """
    log.seal()
    answer = StreamingHttpResponse(_lines(_reader(request)), content_type="application/jsonl")
    answer["Content-Disposition"] = 'attachment; filename="events.jsonl"'
    return answer


def _lines(reader: Person | None) -> Iterator[str]:
    last = -1
    while chunk := list(Leaf.objects.filter(index__gt=last).select_related("event").order_by("index")[:CHUNK]):
        last = chunk[-1].index
        lines = (_line(leaf, reader) for leaf in chunk)
        yield "".join(json.dumps(line, cls=DjangoJSONEncoder) + "\n" for line in lines)


def _line(leaf: Leaf, reader: Person | None) -> dict[str, Any]:
    event, hashes = leaf.event, {"leaf_hash": bytes(leaf.leaf_hash).hex(), "chain_hash": bytes(leaf.chain_hash).hex()}
    if event.closed and (reader is None or event.actor_id != reader.pk):
        nothing = dict.fromkeys(("id", "at", "kind", "subject"), None)
        return {"index": leaf.index, "closed": True} | nothing | {"data": {}} | hashes
    said = {"id": event.pk, "at": log.when(event.at), "kind": event.kind, "subject": event.subject, "data": event.data}
    # Without a veil, who acted would be found by trying each number.
    said |= {"who": log.who(event.veil, event.actor_id)} if event.veil else {}
    actor = {"actor": event.actor_id, "veil": event.veil} if sentences.knows(reader, event) else {}
    return {"index": leaf.index, "closed": event.closed} | said | hashes | actor


@require_safe
def head(_request: HttpRequest) -> JsonResponse:
    """Answer the log's size, root and chain hash now."""
    now = log.head()
    return JsonResponse({"size": now.size, "root": now.root.hex(), "chain": now.chain.hex(), "at": now.at})


@require_safe
def proof(_request: HttpRequest, index: int) -> JsonResponse:
    """Answer the proof that a place is in today's tree."""
    now = log.head()
    leaf = Leaf.objects.filter(index=index).first() if index < now.size else None
    if leaf is None:
        raise Http404
    path = [node.hex() for node in log.inclusion(index, now.size)]
    facts = {"index": index, "leaf_hash": bytes(leaf.leaf_hash).hex(), "size": now.size, "root": now.root.hex()}
    return JsonResponse(facts | {"path": path})


@require_safe
def consistency(_request: HttpRequest, old: int) -> JsonResponse:
    """Answer the proof that the tree of `old` places only grew into today's."""
    now = log.head()
    if not 0 < old <= now.size:
        raise Http404
    proved = [node.hex() for node in log.consistency(old, now.size)]
    return JsonResponse({"old": old, "size": now.size, "root": now.root.hex(), "proof": proved})
