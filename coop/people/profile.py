"""What a person says about themselves, changed by themselves alone."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused

FIELDS = ("name", "country", "language", "time_zone", "display_currency")


@transaction.atomic
def change(person: Person, *, by: Person, at: datetime, **facts: str) -> Person:
    """Change name, country, language, time zone or currency to show, and return the person. Raises Refused for others.

    The record says which of them changed, not to what.
    """
    if by.pk != person.pk:
        raise Refused(Refusal(_("Only you can change what you say about yourself.")))
    changed = sorted(field for field in FIELDS if field in facts and facts[field] != getattr(person, field))
    if changed:
        for field in changed:
            setattr(person, field, facts[field])
        person.save(update_fields=changed)
        events.write("people.changed", by=by, subject=f"person:{person.pk}", at=at, fields=changed)
    return person
