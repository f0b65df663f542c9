"""Who reads what of the record: everybody all of it, but for when somebody began to work, which is theirs.

Between that and the handing in of an answer lies the time of one member at one task (decision 0279). Such a line keeps
its place and its hash for everybody, so that the log is checked as before; what it says is for whoever did it.
"""

import secrets

from django.db.models import Q

from coop.people.models import Person
from coop.record.models import Event

BEGINNINGS = {"claims.claimed", "checks.taken", "extensions.given"}


def mark() -> str:
    """Return what goes into such a line so that nobody finds by trying which words have its hash."""
    return secrets.token_hex(16)


def by(reader: Person | None) -> Q:
    """Find what a reader, None for a visitor, reads of the record."""
    everybodys = ~Q(kind__in=BEGINNINGS)
    return everybodys | Q(actor=reader) if reader else everybodys


def may_read(reader: Person | None, event: Event) -> bool:
    """Tell whether a reader reads what an event says."""
    return event.kind not in BEGINNINGS or (reader is not None and event.actor_id == reader.pk)
