"""The pages of the ground."""

from typing import cast

from django.http import HttpRequest

from coop.people.models import Person


def me(request: HttpRequest) -> Person:
    """Return who is signed in; the views that call it ask for that first."""
    return cast("Person", request.user)


def reader(request: HttpRequest) -> Person | None:
    """Return who reads, or None for a visitor."""
    return request.user if isinstance(request.user, Person) else None
