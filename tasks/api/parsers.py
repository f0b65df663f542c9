"""Reading what a program sends, within bounds: a large body goes to a file as it arrives, never into memory."""

import json
from collections.abc import Mapping
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from coop.refusals import Refusal, refuse_if
from tasks import datasets

PIECE = 64 * 1024


class SmallJson(JSONParser):
    """JSON of the size of a form."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return the value; raise Refused for a body over the bound, ParseError for no JSON."""
        request = (parser_context or {})["request"]
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        too_large = Refusal(
            _("The body is larger than %(most)d bytes.") % {"most": settings.DATA_UPLOAD_MAX_MEMORY_SIZE},
            appeal=_("Send tasks as application/x-ndjson, one object on each line."),
            status=413,
        )
        refuse_if(too_large if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE else None)
        return super().parse(stream, media_type, parser_context)


class JsonList(SmallJson):
    """A list of tasks as JSON, made into the lines that a data set has."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - DRF knows no file as a body
        """Return the tasks as a file, one on each line."""
        rows = super().parse(stream, media_type, parser_context)
        if not isinstance(rows, list):
            raise ParseError(_("Send a list of objects, or one object on each line as application/x-ndjson."))
        file = TemporaryFile()  # noqa: SIM115 - closed with the request
        file.writelines(json.dumps(row).encode() + b"\n" for row in rows)
        return _whole(file)


class Lines(BaseParser):
    """Tasks as JSONL, one object on each line."""

    media_type = "application/x-ndjson"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - DRF knows no file as a body
        """Return the body as a file; raise Refused at the bound, having kept nothing."""
        file = TemporaryFile()  # noqa: SIM115 - closed with the request
        while piece := stream.read(PIECE):
            file.write(piece)
            refuse_if(datasets.too_large() if file.tell() > settings.DATASET_UPLOAD_MAX_BYTES else None)
        return _whole(file)


class Table(Lines):
    """Tasks as CSV, the first line naming the columns."""

    media_type = "text/csv"


def _whole(file: IO[bytes]) -> "File[bytes]":
    file.seek(0)
    return File(file, name="api")
