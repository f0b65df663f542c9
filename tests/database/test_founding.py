"""What the founding wrote it wrote as the owner, by its own mandate, as first versions: nobody founds a second time.

Each guard that lets the founding pass is asked alone, for a row that says no more than its mandate and its version.
"""

import psycopg
import pytest

from tests.database.test_present import alone

pytestmark = pytest.mark.django_db
FOUNDED = """
SELECT t.tgname, t.tgrelid::regclass::text, p.prosrc LIKE '%NEW.version = 1%', p.prosrc LIKE '%governance.founded%'
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND t.tgtype & 4 > 0 AND t.tgrelid <> 'governance_mandate'::regclass
    AND p.prosrc LIKE '%governance_is_founding(NEW.mandate_id) AND public.governance_by_owner()%' ORDER BY 1
"""
# The founding's event comes last: some guards let nothing more pass after it.
NOT_YET = """
ALTER TABLE record_event DISABLE TRIGGER USER;
UPDATE record_event SET kind = 'governance.begun' WHERE kind = 'governance.founded';
"""
FOUNDING = "SELECT id FROM governance_mandate WHERE proposal_id IS NULL"


def passes(
    superuser: psycopg.Connection, guard: str, table: str, row: dict[str, int | None], *, role: str = "workhall_owner",
    over: bool = False,
) -> bool:  # fmt: skip
    """Tell whether a guard alone lets a row of a table pass that a role writes while the founding is not over."""
    columns, values = ", ".join(row), ", ".join(["%s"] * len(row))
    with superuser.transaction(force_rollback=True):
        alone(superuser, guard, table, insert=True)
        if not over:
            superuser.execute(NOT_YET)
        superuser.execute(f"GRANT INSERT ON {table} TO workhall_web")
        superuser.execute(f"SET LOCAL SESSION AUTHORIZATION {role}")
        try:
            superuser.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})", list(row.values()))
        except psycopg.errors.CheckViolation as error:
            return error.diag.constraint_name != guard
    return True


def test_only_the_owner_founds_by_the_founding_with_first_versions(superuser: psycopg.Connection) -> None:
    (founding,) = superuser.execute(FOUNDING).fetchone() or ()
    found = superuser.execute(FOUNDED).fetchall()
    assert len(found) > 7
    for guard, table, versions, ends in found:
        first: dict[str, int | None] = {"mandate_id": founding} | ({"version": 1} if versions else {})
        assert (guard, passes(superuser, guard, table, first)) == (guard, True)
        assert (guard, passes(superuser, guard, table, first, role="workhall_web")) == (guard, False)
        assert (guard, passes(superuser, guard, table, first | {"mandate_id": None})) == (guard, False)
        assert (guard, passes(superuser, guard, table, first, over=True)) == (guard, not ends)
        if versions:
            assert (guard, passes(superuser, guard, table, first | {"version": 2})) == (guard, False)
