"""Answers are sent compressed, but for what is so already, images and sound, and for parts, which are told in bytes."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

PACKED = ("image/", "audio/")


class Gzip(GZipMiddleware):
    """Django's own, which would also pack what gains nothing by it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Leave as it is an answer that is packed already, and one that can be asked for in parts: whole or a part."""
        in_parts = response.get("Accept-Ranges", "none") != "none"
        if in_parts or response.get("Content-Type", "").startswith(PACKED):
            return response
        return super().process_response(request, response)
