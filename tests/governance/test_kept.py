"""Nothing of the ground is rewritten, deleted or emptied, not even by the owner of the database."""

import psycopg
import pytest

pytestmark = pytest.mark.django_db
# Rows that are never changed, and rows of which a few columns may be.
APPEND_ONLY = [
    "answer", "appeal", "ballot", "bylaw", "call", "case", "citation", "decision", "draw", "drawpart", "drawreveal",
    "enactment", "evidence", "fold", "hearing", "mandate", "message", "messagereport", "motion", "office", "officeact",
    "officeend", "option", "panel", "panelseat", "panelvote", "parameter", "pause", "pauserequest", "petition", "post",
    "reportanswer", "restriction", "rollentry", "rule", "seatrefusal", "signature", "standing", "statement", "support",
    "tally", "thread", "withholding",
]  # fmt: skip
KEPT = ["candidacy", "letter", "letterwish", "proposal", "resignation"]
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
    superuser.execute("SET ROLE workhall_owner")


def refused(superuser: psycopg.Connection, statement: str) -> str:
    """Return which guard refuses a statement of the owner's."""
    with pytest.raises(psycopg.errors.CheckViolation) as caught, superuser.transaction():
        superuser.execute(statement)
    return str(caught.value.diag.constraint_name)


@pytest.mark.parametrize("table", APPEND_ONLY + KEPT)
def test_the_owner_empties_no_table(owner: psycopg.Connection, table: str) -> None:
    kept = "is_kept" if table in KEPT else "is_append_only"
    assert refused(owner, f"TRUNCATE governance_{table} CASCADE") == f"governance_{table}_{kept}"


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_owner_rewrites_no_row(superuser: psycopg.Connection, table: str) -> None:
    plant(superuser, f"governance_{table}")
    for statement in ("DELETE FROM {}", "UPDATE {} SET id = id + 1000"):
        assert refused(superuser, statement.format(f"governance_{table}")) == f"governance_{table}_is_append_only"


@pytest.mark.parametrize("table", KEPT)
def test_the_owner_deletes_no_row(superuser: psycopg.Connection, table: str) -> None:
    plant(superuser, f"governance_{table}")
    assert refused(superuser, f"DELETE FROM governance_{table}") == f"governance_{table}_is_kept"


def test_every_table_that_keeps_its_rows_is_tried(owner: psycopg.Connection) -> None:
    tables = owner.execute(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
        " WHERE tgname ~ '_is_(kept|append_only)$' AND tgrelid::regclass::text ~ '^governance_'"
    ).fetchall()
    assert {table.removeprefix("governance_") for (table,) in tables} == {*APPEND_ONLY, *KEPT}


@pytest.mark.parametrize("table", APPEND_ONLY + KEPT)
def test_the_owners_guards_stay_on_in_every_session(owner: psycopg.Connection, table: str) -> None:
    assert {mode for _name, mode in owner.execute(GUARDS, [f"governance_{table}"]).fetchall()} == {"A"}
