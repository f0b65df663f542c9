"""Nothing of the ground is rewritten, deleted or emptied, not even by the owner of the database."""

import psycopg
import pytest

pytestmark = pytest.mark.django_db
KEPT = [
    "rule", "parameter", "proposal", "option", "rollentry", "ballot", "tally", "mandate", "enactment", "standing",
    "office", "officeend", "post", "pauserequest", "pause",
    "call", "candidacy",
]  # fmt: skip


@pytest.mark.parametrize("table", KEPT)
def test_the_owner_empties_no_table(owner: psycopg.Connection, table: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        owner.execute(f"TRUNCATE governance_{table} CASCADE")
    assert str(caught.value.diag.constraint_name).endswith(("_is_append_only", "_is_kept"))


@pytest.mark.parametrize("table", ["rule", "mandate", "standing", "office", "post"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET id = id + 1000"])
def test_the_owner_rewrites_no_founding_row(owner: psycopg.Connection, table: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        owner.execute(statement.format(f"governance_{table}"))
    assert caught.value.diag.constraint_name == f"governance_{table}_is_append_only"


@pytest.mark.parametrize("table", KEPT)
def test_the_owners_guards_stay_on_in_every_session(owner: psycopg.Connection, table: str) -> None:
    modes = owner.execute(
        "SELECT DISTINCT tgenabled FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass",
        [f"governance_{table}"],
    ).fetchall()
    assert modes == [("A",)]
