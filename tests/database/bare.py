"""Tables laid bare within a test's transaction, so that one guard of them, or one function, is asked alone."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

# All that an empty row would break, the key first; a key that PostgreSQL numbers itself stays.
BOUNDS = """
SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype <> 't' AND NOT (contype = 'n' AND EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1] AND attidentity <> ''))
ORDER BY contype = 'n', contype = 'p' DESC
"""


def lay(superuser: psycopg.Connection, table: str) -> None:
    """Switch a table's guards off and drop its bounds, as far as an empty row would break them."""
    superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for (bound,) in superuser.execute(BOUNDS, [table]).fetchall():
        superuser.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {bound} CASCADE")


def empty(superuser: psycopg.Connection, *tables: str) -> None:
    """Lay tables bare and take out their rows: a world in which only what a test plants is to be found."""
    for table in tables:
        lay(superuser, table)
        superuser.execute(f"DELETE FROM {table}")


def plant(superuser: psycopg.Connection, table: str, **values: object) -> dict[str, Any]:
    """Write a row of these values into a bare table and return it whole."""
    columns = sql.SQL(", ").join(map(sql.Identifier, values))
    places = sql.SQL(", ").join(sql.Placeholder() * len(values))
    row = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING *").format(sql.Identifier(table), columns, places)
    with superuser.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(row, list(values.values())).fetchone() or {}


def ask_alone(superuser: psycopg.Connection, guard: str, table: str) -> None:
    """Let one guard of a bare table refuse again."""
    superuser.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")


def written(superuser: psycopg.Connection, table: str, values: Mapping[str, object]) -> dict[str, Any] | str:
    """Return a row as the guards of its table leave it, or the name of the one that refuses it; it does not stay."""
    return _tried(superuser, lambda: plant(superuser, table, **values))


def changed(superuser: psycopg.Connection, table: str, number: int, **values: object) -> dict[str, Any] | str:
    """Return the row of a number with some values changed, or what refuses it; it does not stay."""
    setting = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values)
    update = sql.SQL("UPDATE {} SET {} WHERE id = %s RETURNING *").format(sql.Identifier(table), setting)

    def change() -> dict[str, Any]:
        with superuser.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(update, [*values.values(), number]).fetchone() or {}

    return _tried(superuser, change)


def _tried(superuser: psycopg.Connection, act: Callable[[], dict[str, Any]]) -> dict[str, Any] | str:
    try:
        with superuser.transaction(force_rollback=True):
            return act()
    except psycopg.errors.CheckViolation as refused:
        return refused.diag.constraint_name or ""


def stop_the_clock(superuser: psycopg.Connection, at: datetime) -> None:
    """Let it be this very moment in the cooperative until the test is over."""
    superuser.execute(
        "CREATE OR REPLACE FUNCTION public.coop_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
        f" SET search_path = pg_catalog, public, pg_temp AS $$ SELECT '{at.isoformat()}'::timestamptz $$"
    )
