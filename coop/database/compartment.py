"""Whose material a connection sees: in a request served in a client's name that client's alone, the second wall.

The statement that finds out in whose name a request comes narrows the connection too, so it costs no round trip. The
database's policies (guards.Compartment) do the rest: a query that forgets its filter finds nothing of other clients.
Members' requests, officers' and the worker's go over many clients and are not narrowed; their filters stand alone.
"""

from typing import Any, cast

from django.db import connection
from django.db.models import Func, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast

from coop.database.pooled import LEAVE, SETTING


def enter[Row: Model](found: QuerySet[Row], *, client: str) -> Row | None:
    """Return the first row of a query, and see from now on only what is of the client that its field `client` names.

    None, and nothing is narrowed, where the query finds nothing. It lasts until `leave`.
    """
    narrow()
    return narrowing(found, client=client).first()


def narrowing[Row: Model](found: QuerySet[Row], *, client: str) -> QuerySet[Row]:
    """Return a query that narrows the connection as `enter` does, to be asked after `narrow`."""
    number = Cast(client, TextField())
    sets = Func(Value(SETTING), number, Value(value=False), function="set_config", output_field=TextField())
    narrowed: Any = found.annotate(compartment=sets)
    return cast("QuerySet[Row]", narrowed)


def narrow() -> None:
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
