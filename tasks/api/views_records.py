"""The record by the API: what happened, for anybody, as the page and the file of it have it."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from coop.people import scopes
from coop.record.models import Event
from tasks.api.paging import CURSOR, Newest, page_of
from tasks.api.unchanged import Unchanged


class RecordOut(serializers.ModelSerializer[Event]):
    """What happened, and its place in the log: null until it is sealed, minutes later.

    Who acted is not told here; `/record/proof/PLACE.json` proves a place.
    """

    place = serializers.SerializerMethodField()
    leaf_hash = serializers.SerializerMethodField()
    data = serializers.DictField()  # type: ignore[assignment]  # DRF takes it off the class

    class Meta:
        model = Event
        fields = ("id", "place", "at", "kind", "subject", "data", "leaf_hash")

    def get_place(self, event: Event) -> int | None:
        """Return its place in the log."""
        return event.leaf.index if hasattr(event, "leaf") else None

    def get_leaf_hash(self, event: Event) -> str | None:
        """Return the RFC 6962 hash of its text, as hex."""
        return bytes(event.leaf.leaf_hash).hex() if hasattr(event, "leaf") else None


class Records(Unchanged):
    """The record."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="list_records",
        parameters=[CURSOR, OpenApiParameter("subject", str, description="What it is about, as job:12 or client:3.")],
        responses={200: page_of(RecordOut), (404, scopes.TYPE): scopes.PROBLEM},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """List what happened, the newest first; for anybody. Closed ones are hashes in `/record/events.jsonl`."""
        subject = request.query_params.get("subject", "")
        if "\0" in subject:
            raise Http404
        events = Event.objects.filter(closed=False).select_related("leaf")
        found: Any = events.filter(subject=subject) if subject else events
        pages = Newest()
        page: Any = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(RecordOut(page, many=True).data)
