"""The API's view of a job's files."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from tasks import files
from tasks.api import parsers, serializers
from tasks.api.paging import CURSOR, page_of
from tasks.api.parsers import Zip
from tasks.api.views import KeyView


class Files(KeyView):
    """The files of a job: images, recordings, videos and point clouds that its tasks name."""

    scope = {"GET": "read", "POST": "post"}
    parser_classes = (MultiPartParser, Zip)

    @extend_schema(operation_id="list_files", parameters=[CURSOR], responses=page_of(serializers.DeliveryOut))
    def get(self, request: Request, number: int) -> Response:
        """List the deliveries and what became of them, the newest first."""
        return self.listed(self.shown(number).deliveries.all(), serializers.DeliveryOut)

    @extend_schema(
        operation_id="add_files",
        request=parsers.FILES,
        responses={202: serializers.DeliveryOut},
    )
    def post(self, request: Request, number: int) -> Response:
        """Hand in a zip, or up to 100 fields called file; they are read in the background (ask again with GET)."""
        job = self.job(number)
        with parsers.files_of(request) as given:
            delivery = files.receive(job, given, by=self.who(), at=clock.now())
        return Response(serializers.DeliveryOut(delivery).data, status=202)


class OneDelivery(KeyView):
    """One delivery of files."""

    @extend_schema(operation_id="get_files", responses={200: serializers.DeliveryWhole})
    def get(self, request: Request, number: int, delivery: int) -> Response:
        """Tell how far the files of a delivery are read, and what is wrong with each that is not taken."""
        found = get_object_or_404(self.shown(number).deliveries, pk=delivery)
        return Response(serializers.DeliveryWhole(found).data)
