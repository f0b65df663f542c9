"""Answers are sent compressed, but for what is so already, images and sound, and for parts, which are told in bytes."""

from http import HTTPStatus

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

PACKED = ("image/", "audio/")


class Gzip(GZipMiddleware):
    """Django's own, which would also pack what gains nothing by it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Leave an answer that is packed already, or a part of a file, as it is."""
        if response.status_code == HTTPStatus.PARTIAL_CONTENT or response.get("Content-Type", "").startswith(PACKED):
            return response
        return super().process_response(request, response)
