"""Writing down what happened: one event for every act, in the act's own transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from coop.people.models import Person


@dataclass(frozen=True, slots=True)
class Entry:
    """An event still to be written; `actor` is a person's number, None when nobody acted but the time."""

    kind: str
    actor: int | None
    subject: str
    at: datetime
    data: Mapping[str, object] = field(default_factory=dict)


# By hand: every act passes here, and this is a quarter of what saving a row through its model costs.
WRITE = "INSERT INTO record_event (at, kind, actor_id, subject, data) VALUES (%s, %s, %s, %s, %s)"
WRITE_MANY = """
INSERT INTO record_event (at, kind, actor_id, subject, data)
SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::bigint[], %s::text[], %s::text[]::jsonb[])
"""
# Of a row that the same statement makes: its `id` is told as `{name}`. `named` fills the places.
WRITE_OF = """
INSERT INTO record_event (at, kind, actor_id, subject, data)
SELECT %(event_at)s, %(event_kind)s, %(event_actor)s, %(event_subject)s,
    %(event_data)s::jsonb || jsonb_build_object('{name}', id)
FROM {row}
"""
TEXT_OF = DjangoJSONEncoder().encode


def write(kind: str, *, by: Person | None, subject: str, at: datetime, **data: object) -> None:
    """Write one event with one INSERT; it stands or falls with the act around it.

    `kind` reads as "claims.claimed", `subject` as "job:12". `data` is public unless the kind is CLOSED: numbers of rows
    and plain facts, no names, no addresses, no words that a person wrote. Decimals and times become text.
    """
    with connection.cursor() as cursor:
        cursor.execute(WRITE, columns(kind, by=by, subject=subject, at=at, **data))


def columns(kind: str, *, by: Person | None, subject: str, at: datetime, **data: object) -> list[Any]:
    """Return what `WRITE` asks, for an act that writes its row and its event with one statement."""
    return [at, kind, by.pk if by else None, subject, TEXT_OF(data)]


def named(kind: str, *, by: Person | None, subject: str, at: datetime, **data: object) -> dict[str, Any]:
    """Return what `WRITE_OF` asks, beside what else its statement does; the row's number is told by itself."""
    names = ("event_at", "event_kind", "event_actor", "event_subject", "event_data")
    return dict(zip(names, columns(kind, by=by, subject=subject, at=at, **data), strict=True))


def write_many(entries: Iterable[Entry]) -> int:
    """Write the events of a set of acts in one statement and return how many they were."""
    rows = [(one.at, one.kind, one.actor, one.subject, TEXT_OF(one.data)) for one in entries]
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(WRITE_MANY, [list(column) for column in zip(*rows, strict=True)])
    return len(rows)
