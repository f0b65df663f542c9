"""A table laid bare within a test's transaction, so that one guard of it is asked alone."""

import psycopg

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
