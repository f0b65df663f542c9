"""Rejected answers of all jobs, by the API."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tasks import disputes
from tasks.api import serializers
from tasks.api.views import CURSOR, KeyView, Newest


class DisputePage(serializers.Page):
    """A page of rejected answers, the newest first."""

    results = serializers.DisputeOut(many=True)


class AllDisputes(KeyView):
    """The answers of all jobs that were rejected."""

    @extend_schema(operation_id="list_all_disputes", parameters=[CURSOR], responses=DisputePage)
    def get(self, request: Request) -> Response:
        """List them, the newest first, each with until when members decide and what they decided."""
        pages = Newest()
        page = pages.paginate_queryset(disputes.of(self.key().client), request, view=self)
        return pages.get_paginated_response(serializers.DisputeOut(page, many=True).data)
