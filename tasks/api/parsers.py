"""Reading the tasks a program sends: a large body goes to a file as it arrives, never into memory."""

import json
from collections.abc import Mapping
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from coop.refusals import Refused
from tasks import datasets

PIECE = 64 * 1024


class JsonList(JSONParser):
    """A list of tasks as JSON, made into the lines that a data set has."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - DRF knows no file as a body
        """Return the tasks as a file, one on each line."""
        rows: object = super().parse(stream, media_type, parser_context)
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
        while file.tell() <= settings.DATASET_UPLOAD_MAX_BYTES:
            file.write(piece := stream.read(PIECE))
            if not piece:
                return _whole(file)
        file.close()
        raise Refused(datasets.too_large())


class Table(Lines):
    """Tasks as CSV, the first line naming the columns."""

    media_type = "text/csv"


class Zip(Lines):
    """Files packed in a zip."""

    media_type = "application/zip"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - DRF knows no file as a body
        """Return the body as a file with a name; raise Refused at the bound, having kept nothing."""
        file = super().parse(stream, media_type, parser_context)
        file.name = "files.zip"
        return file


def _whole(file: IO[bytes]) -> "File[bytes]":
    file.seek(0)
    return File(file, name="api")
