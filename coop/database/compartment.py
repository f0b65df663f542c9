"""Whose material a connection sees: in a request served in a client's name that client's alone, the second wall.

The statement that finds out in whose name a request comes narrows the connection too, so it costs no round trip. The
database's policies (guards.Compartment) do the rest: a query that forgets its filter finds nothing of other clients.
Members' requests, officers' and the worker's go over many clients and are not narrowed; their filters stand alone.
"""

from typing import Any

from django.db import connection
from django.db.models import Func, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast

from coop.database.pooled import LEAVE, SETTING


def enter[Row: Model](found: QuerySet[Row], *, client: str) -> Row | None:
    """Return the first row of a query, and see from now on only what is of the client that its field `client` names.

    None, and nothing is narrowed, where the query finds nothing. It lasts until `leave`.
    """
    connection.ensure_connection()
    connection.connection.is_narrow = True
    number = Cast(client, TextField())
    narrowing = Func(Value(SETTING), number, Value(value=False), function="set_config", output_field=TextField())
    return found.annotate(compartment=narrowing).first()


def leave() -> None:
    """See everything again; nothing is asked where nothing was narrowed."""
    held: Any = connection.connection
    if getattr(held, "is_narrow", False):
        with connection.cursor() as cursor:
            cursor.execute(LEAVE)
        held.is_narrow = False
