"""Each part of what is asked when a standing rises or falls: all else is right, and the one thing is not."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.database.bare import ask_alone, empty, plant, stop_the_clock, written

pytestmark = pytest.mark.django_db
STEP, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
NIA, OTHER = 901, 902
FOUNDING, PLAIN, EXPELLING = 1, 2, 3
PAID = """CREATE OR REPLACE VIEW governance_paid_time AS SELECT person_id::bigint, seconds::numeric
FROM (VALUES (901, {}), (902, 99999999)) p (person_id, seconds)"""
Row = dict[str, Any]


@pytest.fixture
def people(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let Nia and another be asked about, and nothing be known of Nia."""
    empty(superuser, *(f"governance_{table}" for table in (
        "standing", "mandate", "proposal", "resignation", "decision", "motion", "case", "panel", "appeal",
    )))  # fmt: skip
    stop_the_clock(superuser, NOW)
    superuser.execute(PAID.format(0))
    plant(superuser, "governance_standing", person_id=OTHER, status="member", since=NOW - 500 * DAY)
    for number, vote in ((FOUNDING, None), (PLAIN, 2), (EXPELLING, 3)):
        plant(superuser, "governance_mandate", id=number, proposal_id=vote, due_at=NOW, expires_at=NOW + STEP)
    return superuser


@pytest.mark.parametrize(
    ("was", "since", "seconds", "row", "rises"),
    [
        (None, None, 0, {"status": "candidate"}, True), ("applicant", NOW, 0, {"status": "candidate"}, True),
        ("candidate", NOW, 0, {"status": "candidate"}, False), ("left", NOW, 0, {"status": "candidate"}, False),
        ("candidate", NOW, 0, {"status": "candidate", "rule": ""}, False),
        (None, None, 0, {"status": "candidate", "rule": ""}, False),
        (None, None, 0, {"status": "candidate", "mandate_id": PLAIN}, False),
        (None, None, 0, {"status": "candidate", "mandate_id": FOUNDING}, True),
        (None, None, 99_999, {"status": "member"}, False), ("left", NOW - 999 * DAY, 0, {"status": "member"}, False),
        ("candidate", NOW - 90 * DAY, 0, {"status": "member"}, True),
        ("candidate", NOW - 90 * DAY + STEP, 71_999, {"status": "member"}, False),
        ("candidate", NOW, 72_000, {"status": "member"}, True),
        ("candidate", NOW, 72_000, {"status": "member", "mandate_id": PLAIN}, False),
        ("member", NOW, 0, {"status": "left", "rule": ""}, True), ("member", NOW, 0, {"status": "expelled"}, True),
    ],
    ids=str,
)  # fmt: skip
def test_a_standing_rises_in_order(
    people: psycopg.Connection, was: str | None, since: datetime | None, seconds: int, row: Row, *, rises: bool
) -> None:
    people.execute(PAID.format(seconds))
    if was:
        plant(people, "governance_standing", person_id=NIA, status="candidate", since=NOW - 500 * DAY)
        plant(people, "governance_standing", person_id=NIA, status=was, since=since)
    ask_alone(people, "standing_rises_in_order", "governance_standing")
    told = written(people, "governance_standing", {"person_id": NIA, "rule": "R2", **row})
    assert (told != "standing_rises_in_order") == rises


def lowered(people: psycopg.Connection, was: str | None, row: Row) -> bool:
    if was:
        plant(people, "governance_standing", person_id=NIA, status="expelled", since=NOW - 500 * DAY)
        plant(people, "governance_standing", person_id=NIA, status=was, since=NOW - 10 * DAY)
    plant(people, "governance_standing", person_id=OTHER, status="left", since=NOW)
    ask_alone(people, "standing_is_lowered_only_by_mandate", "governance_standing")
    told = written(people, "governance_standing", {"person_id": NIA, "since": NOW - DAY, **row})
    assert isinstance(told, str) or told["since"] == (NOW - DAY if row.get("mandate_id") == FOUNDING else NOW)
    return told != "standing_is_lowered_only_by_mandate"


NOTICE: Row = {"person_id": NIA, "given_at": NOW - 10 * DAY, "due_at": NOW, "taken_back_at": None}
LEAVE: Row = {"status": "left", "mandate_id": None}


@pytest.mark.parametrize(
    ("was", "notice", "row", "leaves"),
    [
        ("member", {}, {}, True), (None, {}, {}, True), ("candidate", {}, {}, True), ("left", {}, {}, False),
        ("expelled", {}, {}, False), ("member", {}, {"mandate_id": PLAIN}, False),
        ("member", {}, {"mandate_id": FOUNDING}, True), ("member", {}, {"status": "applicant"}, False),
        ("member", {}, {"status": "expelled"}, False), ("member", {"person_id": OTHER}, {}, False),
        ("member", {"taken_back_at": NOW}, {}, False), ("member", {"due_at": NOW + STEP}, {}, False),
        ("member", {"given_at": NOW - 10 * DAY - STEP}, {}, True), (None, {"given_at": NOW - 99 * DAY}, {}, True),
        ("candidate", {"given_at": NOW - 10 * DAY - STEP}, {}, False),
        ("member", {"given_at": NOW - 500 * DAY}, {}, True),
        ("member", {"given_at": NOW - 500 * DAY - STEP}, {}, False),
    ],
    ids=str,
)  # fmt: skip
def test_whoever_leaves_says_so_seven_days_before(
    people: psycopg.Connection, was: str | None, notice: Row, row: Row, *, leaves: bool
) -> None:
    """Else standing_is_lowered_only_by_mandate."""
    plant(people, "governance_resignation", **{**NOTICE, **notice})
    assert lowered(people, was, LEAVE | row) == leaves


EXPEL: Row = {"status": "expelled", "mandate_id": EXPELLING}


@pytest.mark.parametrize(
    ("world", "row", "expels"),
    [
        ("SELECT", {}, True), ("SELECT", {"mandate_id": PLAIN}, False), ("SELECT", {"person_id": OTHER}, False),
        ("SELECT", {"status": "left"}, False), ("SELECT", {"status": "applicant"}, False),
        ("UPDATE governance_proposal SET policy = 'paint'", {}, False),
        ("UPDATE governance_proposal SET rule_id = (SELECT min(id) FROM governance_rule WHERE key = 'N14')", {}, False),
        ("UPDATE governance_mandate SET due_at = expires_at", {}, False),
        ("UPDATE governance_mandate SET expires_at = due_at", {}, False),
        ("UPDATE governance_motion SET measure = 'pause'", {}, False),
        ("INSERT INTO governance_appeal (decision_id) VALUES (7)", {}, False),
        ("INSERT INTO governance_appeal (decision_id) VALUES (8)", {}, True),
        ("UPDATE governance_case SET person_id = 902", {}, False),
        ("UPDATE governance_decision SET decided_at = decided_at + interval '1 microsecond'", {}, False),
        ("UPDATE governance_decision SET decided_at = now(); UPDATE governance_panel SET stage = 'appeal'", {}, True),
    ],
    ids=str,
)  # fmt: skip
def test_whoever_is_expelled_was_heard_and_voted_out(
    people: psycopg.Connection, world: str, row: Row, *, expels: bool
) -> None:
    """Else standing_is_lowered_only_by_mandate."""
    (rule,) = people.execute("SELECT min(id) FROM governance_rule WHERE key = 'N7'").fetchone() or (0,)
    payload = json.dumps({"person": NIA, "decision": 7})
    plant(people, "governance_proposal", id=3, policy="expulsion", rule_id=rule, payload=payload)
    plant(people, "governance_case", id=7, person_id=NIA)
    plant(people, "governance_panel", id=7, case_id=7, stage="first")
    plant(people, "governance_motion", id=7, panel_id=7, measure="expulsion")
    plant(people, "governance_decision", id=7, case_id=7, panel_id=7, motion_id=7, decided_at=NOW - 90 * DAY)
    people.execute(world.encode())
    assert lowered(people, "member", EXPEL | row) == expels
