"""The API's view of a job's files."""

from contextlib import ExitStack

from django.core.files import File
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from coop.refusals import refuse_if
from tasks import bounded, datasets, files
from tasks.api import serializers
from tasks.api.paging import CURSOR, page_of
from tasks.api.parsers import Zip
from tasks.api.views import KeyView


class Files(KeyView):
    """The files of a job: images, recordings and point clouds that its tasks name."""

    scope = {"GET": "read", "POST": "post"}
    parser_classes = (MultiPartParser, Zip)

    @extend_schema(operation_id="list_files", parameters=[CURSOR], responses=page_of(serializers.DeliveryOut))
    def get(self, request: Request, number: int) -> Response:
        """List the deliveries and what became of them, the newest first."""
        return self.listed(self.shown(number).deliveries.all(), serializers.DeliveryOut)

    @extend_schema(
        operation_id="add_files",
        request={
            "application/zip": OpenApiTypes.BINARY,
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
            },
        },
        responses={202: serializers.DeliveryOut},
    )
    def post(self, request: Request, number: int) -> Response:
        """Hand in a zip, or up to 100 fields called file; they are read in the background (ask again with GET)."""
        job, sent = self.job(number), request.data
        given = [sent] if isinstance(sent, File) else request.FILES.getlist("file")
        refuse_if(datasets.too_large() if bounded.was_cut_off(request._request) else None)  # noqa: SLF001 - DRF's own
        with ExitStack() as opened:
            kept = [opened.enter_context(one) for one in given]
            delivery = files.receive(job, kept, by=self.who(), at=clock.now())
        return Response(serializers.DeliveryOut(delivery).data, status=202)


class OneDelivery(KeyView):
    """One delivery of files."""

    @extend_schema(operation_id="get_files", responses={200: serializers.DeliveryWhole})
    def get(self, request: Request, number: int, delivery: int) -> Response:
        """Tell how far the files of a delivery are read, and what is wrong with each that is not taken."""
        found = get_object_or_404(self.shown(number).deliveries, pk=delivery)
        return Response(serializers.DeliveryWhole(found).data)
