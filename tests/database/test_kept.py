"""No row that is kept is rewritten or deleted and no such table emptied, not even by the owner of the database."""

import psycopg
import pytest

from tests.database import bare

pytestmark = pytest.mark.django_db
TABLES = """
SELECT tgrelid::regclass::text, min(tgname), attname FROM pg_trigger
JOIN pg_attribute ON attrelid = tgrelid AND attnum = 1
WHERE tgname ~ '_is_(kept|append_only)$' GROUP BY 1, 3 ORDER BY 1
"""
GUARDS = "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass"


def plant(superuser: psycopg.Connection, table: str) -> None:
    """Leave an empty row in a table without any: no test need know how each is come by. The guards stay as they are."""
    guards = superuser.execute(GUARDS, [table]).fetchall()
    bare.lay(superuser, table)
    superuser.execute(f"INSERT INTO {table} DEFAULT VALUES ON CONFLICT DO NOTHING")
    superuser.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for name, mode in guards:
        if mode == "A":
            superuser.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def refused(superuser: psycopg.Connection, statement: str) -> str:
    """Return which guard refuses a statement of the owner's."""
    with pytest.raises(psycopg.errors.CheckViolation) as caught, superuser.transaction(force_rollback=True):
        superuser.execute(statement)
    return str(caught.value.diag.constraint_name)


def kept(by: psycopg.Connection) -> list[tuple[str, str, str]]:
    """Return the tables that keep their rows, each with the guard that keeps them and its first column, the key."""
    found: list[tuple[str, str, str]] = by.execute(TABLES).fetchall()
    assert len(found) > 99
    return found


def test_the_owner_empties_no_table(owner: psycopg.Connection) -> None:
    for table, guard, _key in kept(owner):
        assert refused(owner, f"TRUNCATE {table} CASCADE") == guard


def test_the_owner_deletes_and_rewrites_no_row(superuser: psycopg.Connection) -> None:
    for table, guard, key in kept(superuser):
        with superuser.transaction(force_rollback=True):
            if superuser.execute(f"SELECT EXISTS (SELECT FROM {table})").fetchone() == (False,):
                plant(superuser, table)
            superuser.execute("SET LOCAL ROLE workhall_owner")
            assert (table, refused(superuser, f"DELETE FROM {table}")) == (table, guard)
            if guard.endswith("_is_append_only"):
                assert (table, refused(superuser, f"UPDATE {table} SET {key} = {key}")) == (table, guard)


def test_the_owners_guards_stay_on_in_every_session(owner: psycopg.Connection) -> None:
    for table, _guard, _key in kept(owner):
        assert {mode for _name, mode in owner.execute(GUARDS, [table]).fetchall()} == {"A"}
