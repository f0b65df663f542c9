"""Rejected answers of all jobs, by the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tasks import disputes
from tasks.api.paging import CURSOR, page_of
from tasks.api.serializers import DisputeOut
from tasks.api.views import KeyView
from tasks.models import Dispute


class LookOut(serializers.Serializer[Any]):
    """What one of the members who looked said of it."""

    stands = serializers.BooleanField()
    reason = serializers.CharField()


class DisputeWhole(DisputeOut):
    """A rejected answer with what those who looked said, once it is decided."""

    findings = serializers.SerializerMethodField()

    class Meta(DisputeOut.Meta):
        fields = (*DisputeOut.Meta.fields, "findings")  # type: ignore[assignment]

    @extend_schema_field(LookOut(many=True))
    def get_findings(self, dispute: Dispute) -> Any:  # noqa: ANN401 - DRF's own
        """Return what was found; nothing before it is decided."""
        return LookOut(disputes.findings(dispute), many=True).data


class AllDisputes(KeyView):
    """The answers of all jobs that were rejected."""

    @extend_schema(operation_id="list_all_disputes", parameters=[CURSOR], responses=page_of(DisputeOut))
    def get(self, request: Request) -> Response:
        """List them, the newest first, each with until when members decide and what they decided."""
        return self.listed(disputes.of(self.key().client), DisputeOut)


class OneDispute(KeyView):
    """One rejected answer."""

    @extend_schema(operation_id="get_dispute", responses={200: DisputeWhole})
    def get(self, request: Request, number: int) -> Response:
        """Return a rejected answer, with why members decided as they did once they have."""
        found = get_object_or_404(disputes.of(self.key().client), pk=number)
        return Response(DisputeWhole(found).data)
