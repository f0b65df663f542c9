"""Pages in a person's own time and language."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from coop.database import compartment


def zone(name: str) -> zoneinfo.ZoneInfo:
    """Return the zone of this name; UTC when this machine does not know it (America is a folder of zones, and none)."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


class Compartments:
    """Middleware: no request begins, and none is left, within the compartment of the client it was served for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Leave the compartment once the response is sent to its end, which may be long after this returns."""
        compartment.leave()
        response = self.get_response(request)
        response._resource_closers.append(compartment.leave)  # type: ignore[attr-defined]  # noqa: SLF001 - Django's
        return response


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
