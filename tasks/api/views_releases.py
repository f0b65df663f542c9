"""The API's view of versions of a job's data set."""

from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers as drf
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from coop.refusals import refuse_if
from tasks import deletions, formats, release_files, releases
from tasks.api import serializers
from tasks.api.paging import CURSOR, ByTask, page_of
from tasks.api.views import Anything, KeyView
from tasks.formats import card
from tasks.models import ReleaseFile, Withdrawal


class WithdrawalOut(drf.ModelSerializer[Withdrawal]):
    """An item that later versions leave out, by your own id, and why."""

    id = drf.CharField(source="task.external_id")

    class Meta:
        model = Withdrawal
        fields = ("id", "reason", "at")


class BeingMade(drf.ModelSerializer[ReleaseFile]):
    """A file of a version that is being made: `place` is how many parts of `of` are read for it."""

    of = drf.SerializerMethodField()

    class Meta:
        model = ReleaseFile
        fields = ("name", "asked_at", "place", "of")

    def get_of(self, file: ReleaseFile) -> int:
        """Return how many parts are read in all."""
        return release_files.format_of(file).reads(file.release)


class Releases(KeyView):
    """The versions of a job's data set."""

    scope = {"GET": "read", "POST": "post"}

    @extend_schema(operation_id="list_releases", parameters=[CURSOR], responses=page_of(serializers.ReleaseOut))
    def get(self, request: Request, number: int) -> Response:
        """List the versions, the newest first."""
        return self.listed(self.job(number).releases.all(), serializers.ReleaseOut)

    @extend_schema(
        operation_id="make_release",
        request=serializers.NewRelease,
        responses={202: serializers.ReleaseOut},
    )
    def post(self, request: Request, number: int) -> Response:
        """Have the next version written; ask for it again until `finished_at` is there."""
        given = serializers.NewRelease(data=request.data)
        given.is_valid(raise_exception=True)
        made = releases.ask(self.job(number), **given.validated_data, by=self.who(), at=clock.now())
        return Response(serializers.ReleaseOut(made).data, status=202)


class OneRelease(KeyView):
    """One version of a job's data set."""

    @extend_schema(operation_id="get_release", responses=serializers.ReleaseOut)
    def get(self, request: Request, number: int, release: int) -> Response:
        """Tell how far a version is, and what it holds."""
        found = get_object_or_404(self.job(number).releases, number=release)
        return Response(serializers.ReleaseOut(found).data)


class ReleaseDownload(KeyView):
    """A version in one of its formats."""

    scope = "download"
    renderer_classes = (Anything, JSONRenderer)

    @extend_schema(
        operation_id="download_release",
        parameters=[OpenApiParameter("kind", enum=[*formats.names(), "certificate"], location="path")],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            202: BeingMade,
        },
    )
    def get(self, request: Request, number: int, release: int, kind: str) -> HttpResponseBase:
        """Send a version from where `Range` and `If-Range` ask, or its pay certificate.

        The file of a large version is made first: ask again until it is (202 tells how far that is).
        """
        loaded = self.job(number).releases.exclude(finished_at=None).select_related("job__work_type")
        found = get_object_or_404(loaded, number=release)
        if kind == "certificate":
            return HttpResponse(card.bundle(found), content_type="application/json")
        if kind not in formats.of(found.job):
            raise Http404
        refuse_if(deletions.gone(found.job))
        file = release_files.ask(found, formats.find(kind, found.job), at=clock.now())
        if file.finished_at is None:
            return JsonResponse(BeingMade(file).data, status=202, headers={"Retry-After": "5"})
        self.fetched(f"job:{number} version {release} {kind}")
        return release_files.sent(file, request.headers)


class Withdrawals(KeyView):
    """What later versions leave out."""

    scope = {"GET": "read", "POST": "post"}

    @extend_schema(operation_id="list_withdrawals", parameters=[CURSOR], responses=page_of(WithdrawalOut))
    def get(self, request: Request, number: int) -> Response:
        """List what later versions leave out, with the reason, in the order of the tasks."""
        found = Withdrawal.objects.filter(task__job=self.job(number)).select_related("task")
        return self.listed(found, WithdrawalOut, ByTask())

    @extend_schema(
        operation_id="withdraw_items",
        request=serializers.NewWithdrawal,
        responses={200: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, number: int) -> Response:
        """Leave items out of later versions, with the reason; their answers stay paid."""
        given = serializers.NewWithdrawal(data=request.data)
        given.is_valid(raise_exception=True)
        facts = given.validated_data
        count = releases.withdraw(
            self.job(number), facts["items"], reason=facts["reason"], by=self.who(), at=clock.now()
        )
        return Response({"withdrawn": count})
