"""A table laid bare within a test's transaction, so that one guard of it is asked alone."""

import psycopg
from psycopg import sql

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


def plant(superuser: psycopg.Connection, table: str, **values: object) -> None:
    """Write a row of these values into a bare table."""
    columns = sql.SQL(", ").join(map(sql.Identifier, values))
    places = sql.SQL(", ").join(sql.Placeholder() * len(values))
    row = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), columns, places)
    superuser.execute(row, list(values.values()))
