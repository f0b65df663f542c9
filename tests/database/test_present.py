"""Guards that read other rows decide on what stands now: in a transaction that keeps an older view they refuse at once.

Each is asked alone, for an empty row: the other guards of its table and its constraints are off.
"""

import psycopg
import pytest

from tests.database import bare

pytestmark = pytest.mark.django_db
WATCHED = r"""
SELECT t.tgname, t.tgrelid::regclass::text, t.tgtype & 4 > 0, a.attname
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = 1
WHERE NOT t.tgisinternal AND p.prosrc LIKE '%transaction\_isolation%' AND t.tgtype & 20 > 0 ORDER BY 1, 2
"""
# An empty row does not reach their question: what they watch has not happened in it.
NOT_ASKED = {
    "a_budget_is_voted_by_its_rule", "a_reserve_raise_is_voted_by_its_rule", "a_surplus_is_voted_by_its_rule",
    "address_changes_after_seven_days", "assignment_is_claimed_at_the_voted_rate", "books_are_sealed_by_the_database",
    "contents_go_on_the_day_that_was_named", "cuts_keep_their_rhythm",
    "election_offers_its_candidates", "impact_is_computed_by_the_database", "job_opens_with_money",
    "job_reopens_no_lower", "payout_is_held_for_72_hours", "predictions_come_before_work",
    "rival_stands_beside_the_first", "skills_asked_are_tested", "statements_are_sealed_as_a_whole",
    "teams_take_what_is_new_to_all",
}  # fmt: skip
# These let an empty row pass: it is nobody's, or nothing in it has happened yet.
LET_PASS = (NOT_ASKED - {"assignment_is_claimed_at_the_voted_rate", "job_opens_with_money"}) | {
    "a_failed_vote_gives_no_bylaw", "a_failed_vote_gives_no_office", "a_failed_vote_gives_no_officeend",
    "a_failed_vote_gives_no_post", "a_failed_vote_gives_no_standing",
    "checkpoint_finds_the_record_moving", "clients_send_few_back",
    "enactment_did_what_was_voted",
    "notice_is_taken_back_in_time", "office_is_kept_apart_from_others", "office_is_one_persons_seat",
    "rejections_stay_few", "tasks_arrive_whole",
    "teams_begin_with_everyones_consent", "what_is_held_is_not_sent", "what_stands_as_paid_arrived",
}  # fmt: skip


def alone(superuser: psycopg.Connection, guard: str, table: str, *, insert: bool) -> None:
    """Leave one guard on a table; where it watches changes, with an empty row to be changed."""
    bare.lay(superuser, table)
    if not insert:
        superuser.execute(f"DELETE FROM {table}")
        superuser.execute(f"INSERT INTO {table} DEFAULT VALUES")
    superuser.execute("SET CONSTRAINTS ALL IMMEDIATE")
    superuser.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")


def said(superuser: psycopg.Connection, level: str) -> dict[str, str]:
    """Return what each guard says to an empty row in a transaction of a level; nothing if it lets it pass."""
    found = {}
    for guard, table, insert, key in superuser.execute(WATCHED).fetchall():
        superuser.rollback()
        superuser.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        alone(superuser, guard, table, insert=insert)
        try:
            superuser.execute(f"INSERT INTO {table} DEFAULT VALUES" if insert else f"UPDATE {table} SET {key} = {key}")
            superuser.execute("SET CONSTRAINTS ALL IMMEDIATE")
            found[guard] = ""
        except psycopg.errors.CheckViolation as error:
            found[guard] = f"{error.diag.constraint_name}: {error.diag.message_primary}"
    superuser.rollback()
    assert not [guard for guard, why in found.items() if why and not why.startswith(f"{guard}: ")]
    return found


def test_they_refuse_whoever_looks_at_the_past(superuser: psycopg.Connection) -> None:
    words = said(superuser, "REPEATABLE READ")
    assert len(words) > 99
    assert {guard for guard, why in words.items() if "older view" not in why} == NOT_ASKED


def test_they_decide_on_what_stands_now(superuser: psycopg.Connection) -> None:
    words = said(superuser, "READ COMMITTED")
    assert not [guard for guard, why in words.items() if "older view" in why]
    assert {guard for guard, why in words.items() if not why} == LET_PASS
