"""Files of a job that is being written, by the API: handed in, listed, made into tasks, taken away."""

import re
from typing import Any
from uuid import UUID

from django.db.models import F
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tasks import draft_files, files, sketches, unfit
from tasks.api import parsers
from tasks.api.parsers import Zip
from tasks.api.views import Anything
from tasks.api.views_drafts import SketchView, SketchWhole
from tasks.models import Sketch, SketchFile
from tasks.views.files import sent

FRAME = re.compile(r"[0-9]{1,3}")


class DraftFileOut(serializers.ModelSerializer[SketchFile]):
    """A file of a draft: its name for tasks, what it is, and why it is not taken, if so.

    By its `key` it is fetched as members would see it.
    """

    problem = serializers.SerializerMethodField(help_text="null while it is read, and where there is none.")
    read = serializers.SerializerMethodField(help_text="Whether it was read already.")

    class Meta:
        model = SketchFile
        fields = ("key", "name", "kind", "bytes", "facts", "read", "problem")

    def get_problem(self, file: SketchFile) -> str | None:
        """Return why it is not taken."""
        return unfit.words(file.problem) if file.problem else None

    def get_read(self, file: SketchFile) -> bool:
        """Tell whether it was read already."""
        return file.done_at is not None


class DraftFilesOut(serializers.Serializer[Any]):
    """The files of a draft: how many there are, were read, and cannot be taken, and the first 200 of them."""

    all = serializers.IntegerField()
    read = serializers.IntegerField()
    wrong = serializers.IntegerField()
    files = DraftFileOut(many=True)


class SketchFiles(SketchView):
    """The files that tasks of a job which is being written name."""

    scope = {"GET": "read", "POST": "post", "DELETE": "post"}
    parser_classes = (MultiPartParser, Zip)

    @extend_schema(operation_id="list_draft_files", responses={200: DraftFilesOut})
    def get(self, request: Request, number: int) -> Response:
        """Tell how far its files are read, and what is wrong with each that is not taken; those first."""
        return Response(_told(self.sketch(number)))

    @extend_schema(
        operation_id="add_draft_files",
        request=parsers.FILES,
        responses={202: DraftFilesOut},
    )
    def post(self, request: Request, number: int) -> Response:
        """Hand in a zip, or up to 100 fields called file; of the same name, the later one counts."""
        sketch = self.sketch(number)
        with parsers.files_of(request) as given:
            draft_files.receive(sketch, given, by=self.who())
        return Response(_told(sketch), status=202)

    @extend_schema(operation_id="drop_draft_files", request=None, responses={204: None})
    def delete(self, request: Request, number: int) -> Response:
        """Delete them all; a pilot keeps its own."""
        draft_files.take_away(self.sketch(number), by=self.who())
        return Response(status=204)


class SketchFileContent(SketchView):
    """A file of a job that is being written, as members would see it."""

    renderer_classes = (Anything, JSONRenderer)

    @extend_schema(
        operation_id="read_draft_file",
        parameters=[
            OpenApiParameter("small", bool, description="An image as it is sent to phones."),
            OpenApiParameter("frame", int, description="Of a video, which of the frames in its facts, from 0."),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, number: int, key: UUID) -> HttpResponseBase:
        """Send the file as it was written again, of a video one frame; 404 until it is read, and if it is not taken."""
        found = get_object_or_404(draft_files.taken_in(self.sketch(number)), key=key)
        small, asked = request.query_params.get("small") in {"1", "true"}, request.query_params.get("frame", "")
        frame = int(asked) if FRAME.fullmatch(asked) else None
        return sent(request, found, small=small, frame=frame)


class Elsewhere(serializers.Serializer[Any]):
    """Where files lie."""

    addresses = serializers.ListField(
        child=serializers.CharField(max_length=2000), max_length=files.AT_ONCE,
        help_text="Of public servers, by http or https; each file is named by the end of its address.",
    )  # fmt: skip


class FetchFiles(SketchView):
    """Files that lie elsewhere."""

    scope = "post"

    @extend_schema(operation_id="fetch_draft_files", request=Elsewhere, responses={202: DraftFilesOut})
    def post(self, request: Request, number: int) -> Response:
        """Have them fetched in the background; GET of the files tells what came."""
        sketch, given = self.sketch(number), Elsewhere(data=request.data)
        given.is_valid(raise_exception=True)
        draft_files.fetch(sketch, given.validated_data["addresses"], by=self.who())
        return Response(_told(sketch), status=202)


def _told(sketch: Sketch) -> dict[str, Any]:
    first = draft_files.here(sketch).order_by(F("problem").asc(nulls_last=True), "pk")[:200]
    return DraftFilesOut({**draft_files.counts(sketch), "files": first}).data


class OneTaskEach(SketchView):
    """Tasks made of files."""

    scope = "post"

    @extend_schema(operation_id="make_draft_tasks_of_files", request=None, responses={200: SketchWhole})
    def post(self, request: Request, number: int) -> Response:
        """Let its tasks be one for each of its files, in place of those before."""
        sketches.ask_one_each(self.sketch(number), by=self.who())
        return Response(SketchWhole(self.sketch(number)).data)
