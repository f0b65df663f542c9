"""Reading the tasks a program sends: a large body goes to a file as it arrives, never into memory."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request

from coop.refusals import Refusal, Refused, refuse_if
from tasks import bounded, datasets

PIECE = 64 * 1024
# A list is parsed whole, in memory.
LISTED_MAX, LISTED_MAX_BYTES = 10_000, 20_000_000


def _too_long() -> Refusal:
    words = _("A list holds at most %(most)d tasks and %(size)d MB.")
    return Refusal(
        words % {"most": LISTED_MAX, "size": LISTED_MAX_BYTES // 1_000_000},
        appeal=_("Send tasks as application/x-ndjson, one object on each line: up to a million in one request."),
        status=413,
    )


class _Short:
    """A body that refuses to be longer than a list may be."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.taken = stream, 0

    def read(self, size: int = -1) -> bytes:
        piece = self.stream.read(min(size, PIECE) if size >= 0 else LISTED_MAX_BYTES + 1)
        self.taken += len(piece)
        if self.taken > LISTED_MAX_BYTES:
            raise Refused(_too_long())
        return piece


class JsonList(BaseParser):
    """A list of tasks as JSON, made into the lines that a data set has.

    No JSONParser itself, as DRF has Django take the bodies of those into memory, by a bound for pages.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - DRF knows no file as a body
        """Return the tasks as a file, one on each line; raise Refused for more than 10,000 or 20 MB."""
        rows: object = JSONParser().parse(_Short(stream), media_type, parser_context)  # type: ignore[arg-type]
        if not isinstance(rows, list):
            raise ParseError(_("Send a list of objects, or one object on each line as application/x-ndjson."))
        if len(rows) > LISTED_MAX:
            raise Refused(_too_long())
        file = TemporaryFile()  # noqa: SIM115 - closed with the request
        file.writelines(json.dumps(row).encode() + b"\n" for row in rows)
        return _whole(file)


class Lines(BaseParser):
    """Tasks as JSONL, one object on each line."""

    media_type = "application/x-ndjson"

    def most(self) -> int:
        """Return how many bytes are taken."""
        return int(settings.DATASET_STREAM_MAX_BYTES)

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - DRF knows no file as a body
        """Return the body as a file; raise Refused at the bound, having kept nothing."""
        file = TemporaryFile()  # noqa: SIM115 - closed with the request
        while file.tell() <= self.most():
            file.write(piece := stream.read(PIECE))
            if not piece:
                return _whole(file)
        file.close()
        raise Refused(datasets.too_large(self.most()))


class Table(Lines):
    """Tasks as CSV, the first line naming the columns."""

    media_type = "text/csv"


class Zip(Lines):
    """Files packed in a zip."""

    media_type = "application/zip"

    def most(self) -> int:
        """Return how many bytes are taken, as by a page."""
        return int(settings.DATASET_UPLOAD_MAX_BYTES)

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - DRF knows no file as a body
        """Return the body as a file with a name; raise Refused at the bound, having kept nothing."""
        file = super().parse(stream, media_type, parser_context)
        file.name = "files.zip"
        return file


# How files are handed in, as the schema says it.
FILES: dict[str, Any] = {
    "application/zip": OpenApiTypes.BINARY,
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
    },
}


@contextmanager
def files_of(request: Request) -> "Iterator[list[File[bytes]]]":
    """Give the files that were handed in, a zip or fields called file, open as long as they are taken in.

    Raise Refused where the request was cut off at its bound.
    """
    sent = request.data
    given = [sent] if isinstance(sent, File) else request.FILES.getlist("file")
    refuse_if(datasets.too_large() if bounded.was_cut_off(request._request) else None)  # noqa: SLF001 - DRF's own
    with ExitStack() as opened:
        yield [opened.enter_context(one) for one in given]


def _whole(file: IO[bytes]) -> "File[bytes]":
    file.seek(0)
    return File(file, name="api")
