"""Pages in a person's own time and language."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation


def zone(name: str) -> zoneinfo.ZoneInfo:
    """Return the zone of this name; UTC when this machine does not know it."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


class LocalTime:
    """Middleware: shows each page in the zone and language of whoever is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate zone and language for the length of the request; a visitor's stay as the browser asked."""
        person = request.user
        if not person.is_authenticated:
            with timezone.override("UTC"):
                return self.get_response(request)
        language = person.language if person.language in dict(settings.LANGUAGES) else translation.get_language()
        with timezone.override(zone(person.time_zone)), translation.override(language):
            return self.get_response(request)
