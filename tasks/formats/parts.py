"""A version sent from wherever somebody asks: a download that broke off goes on there (RFC 9110, section 14)."""

import re
from collections.abc import Callable, Iterator, Mapping

from django.http import HttpResponse, StreamingHttpResponse

WANTED = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")

# Returns the bytes from the first place up to the second, that one not included.
type Read = Callable[[int, int], Iterator[bytes]]


def answer(
    asked: Mapping[str, str], read: Read, *, size: int, tag: str, media: str
) -> HttpResponse | StreamingHttpResponse:
    """Return what the headers of a request ask of a file: the whole, one part of it (206), or that there is none (416).

    `tag` names what the file holds. A part of another file (`If-Range`), several parts, or the last so many bytes are
    answered with the whole.
    """
    found = _wanted(asked, size, tag)
    first, end = found or (0, size)
    headers = {"ETag": f'"{tag}"', "Accept-Ranges": "bytes"}
    if found and first >= end:
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    if found:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    status = 206 if found else 200
    headers["Content-Length"] = str(end - first)
    return StreamingHttpResponse(read(first, end), status=status, content_type=media, headers=headers)


def _wanted(asked: Mapping[str, str], size: int, tag: str) -> tuple[int, int] | None:
    """Return the first place that is asked for and the one after the last; None for the whole."""
    found = WANTED.fullmatch(asked.get("Range", ""))
    if not found or asked.get("If-Range", f'"{tag}"') != f'"{tag}"' or (found[2] and int(found[2]) < int(found[1])):
        return None
    return int(found[1]), min(int(found[2] or size), size - 1) + 1
