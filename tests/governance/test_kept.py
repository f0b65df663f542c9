"""Nothing of the ground is rewritten, deleted or emptied, not even by the owner of the database."""

import psycopg
import pytest

pytestmark = pytest.mark.django_db
TABLES = """
SELECT tgrelid::regclass::text, min(tgname) FROM pg_trigger
WHERE tgname ~ '_is_(kept|append_only)$' AND tgrelid::regclass::text ~ '^governance_' GROUP BY 1 ORDER BY 1
"""
GUARDS = "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass"


def plant(superuser: psycopg.Connection, table: str) -> None:
    """Leave an empty row in a table: no test need know how each of them is come by. The guards stay as they are."""
    guards = superuser.execute(GUARDS, [table]).fetchall()
    superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for (name,) in superuser.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'n')"
        " AND NOT (contype = 'n' AND conname ~ '_id_not_null$' AND conkey = ARRAY[1::smallint])", [table]
    ).fetchall():  # fmt: skip
        superuser.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    superuser.execute(f"INSERT INTO {table} DEFAULT VALUES ON CONFLICT DO NOTHING")
    superuser.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for name, mode in guards:
        if mode == "A":
            superuser.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    superuser.execute("SET LOCAL ROLE workhall_owner")


def refused(superuser: psycopg.Connection, statement: str) -> str:
    """Return which guard refuses a statement of the owner's."""
    with pytest.raises(psycopg.errors.CheckViolation) as caught, superuser.transaction():
        superuser.execute(statement)
    return str(caught.value.diag.constraint_name)


def kept(by: psycopg.Connection) -> list[tuple[str, str]]:
    """Return the tables that keep their rows, each with the guard that keeps them."""
    found: list[tuple[str, str]] = by.execute(TABLES).fetchall()
    assert len(found) > 48
    return found


def test_the_owner_empties_no_table(owner: psycopg.Connection) -> None:
    for table, guard in kept(owner):
        assert refused(owner, f"TRUNCATE {table} CASCADE") == guard


def test_the_owner_deletes_and_rewrites_no_row(superuser: psycopg.Connection) -> None:
    for table, guard in kept(superuser):
        with superuser.transaction(force_rollback=True):
            plant(superuser, table)
            assert (table, refused(superuser, f"DELETE FROM {table}")) == (table, guard)
            if guard.endswith("_is_append_only"):
                assert (table, refused(superuser, f"UPDATE {table} SET id = id + 1000")) == (table, guard)


def test_the_owners_guards_stay_on_in_every_session(owner: psycopg.Connection) -> None:
    for table, _guard in kept(owner):
        assert {mode for _name, mode in owner.execute(GUARDS, [table]).fetchall()} == {"A"}
