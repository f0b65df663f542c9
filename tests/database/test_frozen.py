"""What is frozen of a row never changes, column by column, not even for the owner of the database."""

import re

import psycopg
import pytest

from tests.database.test_kept import plant, refused

pytestmark = pytest.mark.django_db

# Each guard with its table and what it freezes.
FROZEN = {
    "governance_candidacy governance_candidacy_is_frozen": "call_id person_id put_forward_at",
    "governance_letter governance_letter_stays_the_same": "id person_id kind subject made_at",
    "governance_letterwish governance_letterwish_stays_the_same": "id person_id",
    "payments_account payments_account_is_frozen": "code kind currency floor ceiling tracked",
    "payments_givenstatement payments_givenstatement_is_frozen": (
        "id place number digest currency opening closing lines given_by_id given_at"
    ),
    "payments_move payments_move_is_frozen": (
        "id source target amount currency reference arrived_as noted_by_id noted_at"
    ),
    "payments_payback payments_payback_is_frozen": (
        "id client_id deposit_id card_id amount key part asked_by_id asked_at"
    ),
    "payments_payout payments_payout_is_frozen": (
        "person_id amount currency method rail details_id quote_id key requested_at"
    ),
    "payments_payoutdetails payments_payoutdetails_is_frozen": "id person_id rail version fingerprint given_at",
    "payments_payrun payments_payrun_is_frozen": "id rail made_at",
    "payments_purchase payments_purchase_is_frozen": "id currency bought paid reference noted_by_id noted_at",
    "people_addresschange people_addresschange_stays_the_same": "id person_id old_address new_address asked_at",
    "people_apikey people_apikey_stays_the_same": (
        "id client_id created_by_id name prefix digest scopes created_at expires_at"
    ),
    "people_client people_client_stays_the_same": "id slug is_cooperative created_at",
    "people_clientseat people_clientseat_stays_the_same": "id client_id person_id offered_to created_at",
    "people_person people_person_stays_the_same": "id joined_at",
    "tasks_asset tasks_asset_is_frozen": (
        "id key client_id test name project_name reference address created_by_id created_at"
    ),
    "tasks_asset asset_orders_are_frozen": "order_id",
    "tasks_assignment assignment_terms_are_frozen": (
        "task_id job_id person_id slot rate_id fee_version_id card_id pay fee team_id claimed_at"
    ),
    "tasks_batch tasks_batch_is_frozen": "id key client_id project_id test name created_by_id created_at",
    "tasks_check check_terms_are_frozen": "assignment_id person_id pay taken_at until",
    "tasks_delivery tasks_delivery_is_frozen": "id job_id digest created_by_id created_at",
    "tasks_endpoint tasks_endpoint_is_frozen": "job_id",
    "tasks_halt tasks_halt_is_frozen": "id job_id reason asked_by_id at",
    "tasks_job job_content_is_frozen": "content",
    "tasks_jobfile tasks_jobfile_is_frozen": "id delivery_id job_id packed_in_id name key",
    "tasks_order tasks_order_is_frozen": (
        "id key client_id test kind project_id batch_id version_id params instruction callback_url role expected"
        " initial created_by_id created_at"
    ),
    "tasks_batch batch_callbacks_are_frozen": "callback",
    "tasks_call tasks_call_is_frozen": "key_id name digest at",
    "tasks_attempt tasks_attempt_is_frozen": "message_id at status problem milliseconds",
    "tasks_message tasks_message_is_frozen": "key client_id webhook_id url kind subject payload made_at",
    "tasks_webhook tasks_webhook_is_frozen": "client_id url kinds created_by_id created_at",
    "tasks_shortfall shortfall_figures_are_frozen": "job_id units people median_seconds floor pay least_pay at",
}
# What of a job is frozen depends on whether it is open: tests/tasks/test_promises.py.
GUARDS = """
SELECT tgrelid::regclass || ' ' || tgname FROM pg_trigger
WHERE tgname ~ '(frozen|stays_the_same)$' AND tgname <> 'job_terms_are_frozen'
"""
# Those that are asked only of statements that write what they freeze (decision 0240): of which, and what they compare.
WHEN_WRITTEN = """
SELECT t.tgname, t.tgrelid::regclass::text, p.prosrc, (SELECT array_agg(a.attname::text) FROM pg_attribute a
    WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr))
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgname ~ '(frozen|stays_the_same)$' AND t.tgattr::text <> '' ORDER BY t.tgname
"""
BEFORE_UPDATE = """
SELECT p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgrelid = %s::regclass AND NOT t.tgisinternal AND (t.tgtype & 19) = 19
"""
# How a trigger of a row changes it on its way: it sets a column, reads into it, or gives another row back.
CHANGES_IT = re.compile(
    r"(?:^|;|\b(?:BEGIN|THEN|ELSE|LOOP))\s*NEW(?:\.\w+)?\s*:?=|\bINTO\b[^;]*\bNEW\b|\bRETURN\b(?!\s+(?:NEW|OLD|NULL)\s*;)",
    re.IGNORECASE,
)
ON = "SELECT tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s"
TYPE = "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
# Another value of each type.
OTHER = {
    **dict.fromkeys(("text", "character varying"), "CASE {0} WHEN 'x' THEN 'y' ELSE 'x' END"),
    **dict.fromkeys(("bigint", "integer", "smallint"), "coalesce({0}, 0) + 1"),
    "timestamp with time zone": "coalesce({0}, '2026-05-04') + interval '1 second'", "boolean": "{0} IS NOT TRUE",
    "uuid": "gen_random_uuid()", "jsonb": "'[\"x\"]'",
}  # fmt: skip


def leave_alone(superuser: psycopg.Connection, table: str, guard: str) -> None:
    """Leave a row in a table and one guard of those that watch it, as it is."""
    if superuser.execute(f"SELECT EXISTS (SELECT FROM {table})").fetchone() == (False,):
        plant(superuser, table)
    superuser.execute("SET CONSTRAINTS ALL IMMEDIATE")
    before = superuser.execute(ON, [table, guard]).fetchone()
    superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    if before == ("A",):
        superuser.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")
    superuser.execute("SET LOCAL ROLE workhall_owner")


@pytest.mark.parametrize("frozen", FROZEN)
def test_no_frozen_column_changes(superuser: psycopg.Connection, frozen: str) -> None:
    table, guard = frozen.split()
    leave_alone(superuser, table, guard)
    for column in FROZEN[frozen].split():
        (kind,) = superuser.execute(TYPE, [table, column]).fetchone() or ("",)
        change = f"UPDATE {table} SET {column} = {OTHER[kind].format(column)}"
        assert (column, refused(superuser, change)) == (column, guard)


def test_each_guard_that_freezes_is_tried(superuser: psycopg.Connection) -> None:
    assert sorted(guard for (guard,) in superuser.execute(GUARDS).fetchall()) == sorted(FROZEN)


def test_what_is_asked_when_it_is_written_is_asked_of_all_that_it_freezes(superuser: psycopg.Connection) -> None:
    found = superuser.execute(WHEN_WRITTEN).fetchall()
    assert [guard for guard, *_more in found] == ["assignment_terms_are_frozen", "payments_account_is_frozen"]
    for guard, table, source, columns in found:
        assert set(columns) == set(re.findall(r"OLD\.(\w+)", source)) == set(FROZEN[f"{table} {guard}"].split())


@pytest.mark.parametrize("table", ["payments_account", "tasks_assignment"])
def test_no_guard_changes_a_row_that_is_about_to_be_written(superuser: psycopg.Connection, table: str) -> None:
    sources = [source for (source,) in superuser.execute(BEFORE_UPDATE, [table]).fetchall()]
    assert sources
    assert [source for source in sources if CHANGES_IT.search(source)] == []


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN NEW.pay := 1; RETURN NEW; END",
        "BEGIN\n    IF OLD.pay = 1 THEN\n        NEW.pay = OLD.pay;\n    END IF;\n    RETURN NEW;\nEND",
        "BEGIN SELECT 1 INTO STRICT NEW.pay; RETURN NEW; END",
        "BEGIN RETURN other; END",
    ],
)
def test_a_guard_that_changes_a_row_is_found(body: str) -> None:
    assert CHANGES_IT.search(body)
    assert not CHANGES_IT.search("BEGIN IF NEW.pay = OLD.pay THEN RETURN NEW; END IF; RETURN NULL; END")
