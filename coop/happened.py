"""What happened, for everybody to read and to check."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coop import sentences
from coop.people.models import Person
from coop.record import log, reading
from coop.record.models import Event, Leaf

PAGE = 50
CHUNK = 2_000


@require_safe
def what_happened(request: HttpRequest) -> HttpResponse:
    """List events, newest first, fifty at a time, with the log's head."""
    subject, kind = request.GET.get("subject", ""), request.GET.get("kind", "")
    reader = _reader(request)
    chosen = _chosen(subject, kind).filter(reading.by(reader))
    found = list(_older(chosen, request.GET.get("before", ""))[: PAGE + 1])
    shown = {
        "lines": [(event, sentences.of(event, reader=reader)) for event in found[:PAGE]],
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
        "head": log.head(batches=1),  # the worker seals the rest; a reader does not wait for it
        "subject": subject,
        "kind": kind,
        "kinds": sorted(sentences.SENTENCES),
    }
    return render(request, "record/what_happened.html", shown)


def _reader(request: HttpRequest) -> Person | None:
    return request.user if isinstance(request.user, Person) else None


def _chosen(subject: str, kind: str) -> QuerySet[Event]:
    """Return the events about a subject and of a kind, where given; Http404 for what no event can hold."""
    if "\0" in subject + kind:
        raise Http404
    events = Event.objects.select_related("actor", "leaf").order_by("-id")
    events = events.filter(subject=subject) if subject else events
    return events.filter(kind=kind) if kind else events


def _older(events: QuerySet[Event], before: str) -> QuerySet[Event]:
    if not before:
        return events
    if not before.isdecimal() or len(before) > 18:  # noqa: PLR2004 - what a bigint surely holds
        raise Http404
    return events.filter(pk__lt=int(before))


@require_safe
def download(request: HttpRequest) -> StreamingHttpResponse:
    """Stream every sealed event with its hashes, one JSON object a line; who acted where the reader may know.

    Of when somebody else began to work there are the place and the hashes.
    """
    log.seal()
    answer = StreamingHttpResponse(_lines(_reader(request)), content_type="application/jsonl")
    answer["Content-Disposition"] = 'attachment; filename="events.jsonl"'
    return answer


def _lines(reader: Person | None) -> Iterator[str]:
    last = -1
    while chunk := list(Leaf.objects.filter(index__gt=last).select_related("event").order_by("index")[:CHUNK]):
        last = chunk[-1].index
        yield "".join(json.dumps(_line(leaf, reader), cls=DjangoJSONEncoder) + "\n" for leaf in chunk)


def _line(leaf: Leaf, reader: Person | None) -> dict[str, Any]:
    event, told = leaf.event, reading.may_read(reader, leaf.event)
    return {
        "index": leaf.index,
        "id": event.pk if told else None,
        "at": event.at if told else None,
        "kind": event.kind if told else None,
        "subject": event.subject if told else None,
        "data": event.data if told else None,
        "leaf_hash": bytes(leaf.leaf_hash).hex(),
        "chain_hash": bytes(leaf.chain_hash).hex(),
    } | ({"actor": event.actor_id} if sentences.knows(reader, event) else {})


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
