"""Each part of what a petition, a recall, a report and an appeal are asked: just the one thing is not right."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.database.bare import ask_alone, empty, plant, stop_the_clock, written

pytestmark = pytest.mark.django_db
STEP, DAY = timedelta(microseconds=1), timedelta(days=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
MEMBER, OFFICER, STRANGER, CANDIDATE = 1, 2, 3, 4
CUT, PLAIN = 1, 2
type Row = dict[str, Any]


@pytest.fixture
def hall(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let an officer be in office, and a cut that was voted be due in a moment, another thing too."""
    empty(superuser, *(f"governance_{table}" for table in (
        "petition", "signature", "standing", "office", "officeend", "post", "mandate", "proposal", "tally", "rule",
        "call", "decision", "panel", "motion", "case", "appeal", "message", "messagereport",
    )))  # fmt: skip
    stop_the_clock(superuser, NOW)
    for person, status in ((MEMBER, "member"), (OFFICER, "member"), (STRANGER, "left"), (CANDIDATE, "candidate")):
        plant(superuser, "governance_standing", person_id=person, status=status, since=NOW - 99 * DAY)
    for number, key in enumerate(("N1", "N14", "N13", "3.2"), 1):
        plant(superuser, "governance_rule", id=number, key=key)
    for number, due in ((CUT, NOW + STEP), (PLAIN, NOW)):
        plant(superuser, "governance_proposal", id=number, rule_id=number, policy="paint", payload="{}")
        plant(superuser, "governance_mandate", id=number, proposal_id=number, due_at=due, given_at=NOW - 9 * DAY)
    plant(superuser, "governance_post", name="clerk", version=1, since=NOW - 99 * DAY, abolished=False, rights="[]")
    for number in (1, 2):
        plant(superuser, "governance_office", id=number, person_id=OFFICER, post="clerk", mandate_id=1,
              starts_at=NOW, ends_at=NOW + number * STEP)  # fmt: skip
    return superuser


RECALLED = "INSERT INTO governance_petition (recalls_id, opened_at) VALUES ({}, '{}')"


@pytest.mark.parametrize(
    ("world", "row", "opens"),
    [
        ("SELECT", {"kind": "stop", "stops_id": CUT}, True), ("SELECT", {"kind": "stop", "stops_id": PLAIN}, False),
        ("SELECT", {"kind": "stop", "stops_id": 9}, False),
        ("SELECT", {"kind": "stop", "stops_id": CUT, "opened_by_id": CANDIDATE}, False),
        ("UPDATE governance_mandate SET due_at = '2030-01-01Z'", {"kind": "stop", "stops_id": CUT}, False),
        ("SELECT", {}, True), ("SELECT", {"opened_by_id": CANDIDATE}, False), ("SELECT", {"recalls_id": 9}, False),
        ("UPDATE governance_office SET ends_at = '2030-01-01Z' WHERE id = 1", {}, False),
        (RECALLED.format(1, "2029-12-02 00:00:00.000001Z"), {}, False), (RECALLED.format(1, "2029-12-02Z"), {}, True),
        (RECALLED.format(2, "2029-12-31Z"), {}, True),
    ],
    ids=str,
)  # fmt: skip
def test_members_ask_to_stop_a_cut_that_waits_and_to_recall_once_in_thirty_days(
    hall: psycopg.Connection, world: str, row: Row, *, opens: bool
) -> None:
    hall.execute(world.encode())
    ask_alone(hall, "petition_is_opened_in_its_time", "governance_petition")
    told = written(hall, "governance_petition", {"kind": "recall", "recalls_id": 1, "opened_by_id": MEMBER, **row})
    assert (told["opened_at"] if isinstance(told, dict) else told) == (
        NOW if opens else "petition_is_opened_in_its_time"
    )


@pytest.fixture
def recalled(hall: psycopg.Connection) -> psycopg.Connection:
    """Let the vote to recall the officer from the first office have passed, and be due now."""
    for number, office in ((7, 1), (8, 2)):
        plant(hall, "governance_petition", id=number, kind="recall", recalls_id=office)
        plant(hall, "governance_proposal", id=number, policy="recall", petition_id=number, rule_id=3, payload="{}")
        plant(hall, "governance_mandate", id=number, proposal_id=number, due_at=NOW, expires_at=NOW + STEP)
    plant(hall, "governance_tally", proposal_id=7, passed=True)
    plant(hall, "governance_tally", proposal_id=8, passed=True)
    return hall


@pytest.mark.parametrize(
    ("world", "row", "ends"),
    [
        ("SELECT", {}, True), ("SELECT", {"mandate_id": 8}, False), ("SELECT", {"mandate_id": 1}, False),
        ("SELECT", {"office_id": 2}, False), ("UPDATE governance_proposal SET policy = 'stop' WHERE id = 7", {}, False),
        ("UPDATE governance_petition SET kind = 'stop' WHERE id = 7", {}, False),
        ("UPDATE governance_proposal SET rule_id = 4 WHERE id = 7", {}, False),
        ("UPDATE governance_tally SET passed = false WHERE proposal_id = 7", {}, False),
        ("UPDATE governance_tally SET passed = false WHERE proposal_id = 8", {}, True),
        ("UPDATE governance_mandate SET due_at = expires_at", {}, False),
        ("UPDATE governance_mandate SET expires_at = due_at", {}, False),
        ("UPDATE governance_office SET ends_at = '2030-01-01Z' WHERE id = 1", {}, False),
    ],
    ids=str,
)  # fmt: skip
def test_an_office_ends_by_the_vote_that_recalls_it(
    recalled: psycopg.Connection, world: str, row: Row, *, ends: bool
) -> None:
    recalled.execute(world.encode())
    ask_alone(recalled, "office_ends_by_its_recall", "governance_officeend")
    told = written(recalled, "governance_officeend", {"office_id": 1, "mandate_id": 7, **row})
    assert (told["at"] if isinstance(told, dict) else told) == (NOW if ends else "office_ends_by_its_recall")


@pytest.mark.parametrize(
    ("world", "by", "appeals"),
    [
        ("SELECT", MEMBER, True), ("SELECT", OFFICER, False),
        ("UPDATE governance_panel SET stage = 'appeal' WHERE id = 1", MEMBER, False),
        ("UPDATE governance_case SET kind = 'equivalent' WHERE id = 1", MEMBER, False),
        ("UPDATE governance_motion SET measure = 'nothing' WHERE id = 1", MEMBER, False),
        ("UPDATE governance_decision SET decided_at = decided_at - interval '1 microsecond'", MEMBER, False),
    ],
)  # fmt: skip
def test_the_member_appeals_for_90_days(hall: psycopg.Connection, world: str, by: int, *, appeals: bool) -> None:
    for number, person in ((1, MEMBER), (2, OFFICER)):
        plant(hall, "governance_case", id=number, kind="charge", person_id=person)
        plant(hall, "governance_panel", id=number, stage="first")
        plant(hall, "governance_motion", id=number, measure="advice")
        plant(hall, "governance_decision", id=number, case_id=number, panel_id=number, motion_id=number,
              decided_at=NOW - 90 * DAY + STEP)  # fmt: skip
    hall.execute(world.encode())
    ask_alone(hall, "appeal_is_the_members_for_90_days", "governance_appeal")
    told = written(hall, "governance_appeal", {"decision_id": 1, "by_id": by})
    assert (told != "appeal_is_the_members_for_90_days") == appeals


@pytest.mark.parametrize(
    ("row", "reports", "found"),
    [
        ({}, 0, ""), ({"reporter_id": CANDIDATE}, 0, ""), ({"reporter_id": STRANGER}, 0, "report_is_a_members_own"),
        ({"reporter_id": OFFICER}, 0, "report_is_a_members_own"), ({"message_id": 3}, 0, "report_is_a_members_own"),
        ({"quote": "corrected"}, 0, ""), ({"quote": "elsewhere"}, 0, "report_quotes_the_message"), ({}, 9, ""),
        ({}, 10, "reports_are_no_flood"), ({}, 11, "reports_are_no_flood"),
    ],
    ids=str,
)  # fmt: skip
def test_a_report_is_a_members_own_and_quotes(hall: psycopg.Connection, row: Row, reports: int, found: str) -> None:
    """Members and candidates report what somebody else wrote, in its words (report_is_a_members_own)."""
    for number, text, corrects in ((1, "as written", None), (2, "elsewhere", None), (3, "corrected", 1)):
        plant(hall, "governance_message", id=number, author_id=OFFICER, text=text, corrects_id=corrects)
    for person, ago, many in ((MEMBER, DAY / 24 - STEP, reports), (MEMBER, DAY / 24, 20), (STRANGER, STEP, 20)):
        for _one in range(many):
            plant(hall, "governance_messagereport", reporter_id=person, reported_at=NOW - ago)
    ask_alone(hall, "report_is_a_members_own", "governance_messagereport")
    said = {"reporter_id": MEMBER, "message_id": 1, "quote": "written", **row}
    told = written(hall, "governance_messagereport", said)
    assert (told if isinstance(told, str) else "") == found
