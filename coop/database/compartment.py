"""Whose material a connection sees: in a request served in a client's name that client's alone, the second wall.

The statement that finds out in whose name a request comes narrows the connection too, so it costs no round trip. The
database's policies (guards.Compartment) do the rest: a query that forgets its filter finds nothing of other clients.
Members' requests, officers' and the worker's go over many clients and are not narrowed; their filters stand alone.
"""

from collections.abc import Callable
from typing import Any, cast

from django.db import connection
from django.db.models import Func, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast

from coop.database.kept import Kept
from coop.database.pooled import LEAVE, SETTING


def enter[Row: Model](found: QuerySet[Row], *, client: str) -> Row | None:
    """Return the first row of a query, and see from now on only what is of the client that its field `client` names.

    None, and nothing is narrowed, where the query finds nothing. It lasts until `leave`.
    """
    _narrow()
    return _narrowing(found, client=client).first()


class Entering[Row: Model](Kept[Row]):
    """A kept query of which each row that it finds is entered, as by `enter`."""

    def __init__(self, query: Callable[[], QuerySet[Row]], *, client: str) -> None:
        """Keep what makes the query, and which of its fields names the client."""
        super().__init__(lambda: _narrowing(query(), client=client))

    def first(self, **given: object) -> Row | None:
        """Return the first row, and see from now on only what is of its client; nothing is narrowed with None."""
        _narrow()
        return super().first(**given)


def _narrowing[Row: Model](found: QuerySet[Row], *, client: str) -> QuerySet[Row]:
    number = Cast(client, TextField())
    sets = Func(Value(SETTING), number, Value(value=False), function="set_config", output_field=TextField())
    narrowed: Any = found.annotate(compartment=sets)
    return cast("QuerySet[Row]", narrowed)


def _narrow() -> None:
    """Note on the connection that a query is about to narrow it, for `leave`."""
    connection.ensure_connection()
    connection.connection.is_narrow = True


def leave() -> None:
    """See everything again; nothing is asked where nothing was narrowed.

    A connection of the pool goes back to it, which widens it before it hands it out (`pooled.checked`).
    """
    held: Any = connection.connection
    if not getattr(held, "is_narrow", False):
        return
    if connection.pool:  # type: ignore[attr-defined]  # of PostgreSQL's
        connection.close()
        return
    with connection.cursor() as cursor:
        cursor.execute(LEAVE)
    held.is_narrow = False
