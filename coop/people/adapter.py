"""Where allauth's sign-up meets our people."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from coop import clock
from coop.people.models import Person
from coop.record import events

ABOUT = ("name", "country", "language", "time_zone")


class Adapter(DefaultAccountAdapter):
    """Saves what sign-up asked, and writes it down."""

    # ruff: noqa: ANN401, FBT001, FBT002 - allauth's own signature
    def save_user(self, request: HttpRequest, user: Person, form: Any, commit: bool = True) -> Person:
        """Return the new person, saved with name, country, language and time zone, the event beside it."""
        for field in ABOUT:
            setattr(user, field, form.cleaned_data[field])
        with transaction.atomic():
            super().save_user(request, user, form, commit=commit)
            if commit:
                events.write("people.joined", by=user, subject=f"person:{user.pk}", at=clock.now())
        return user
