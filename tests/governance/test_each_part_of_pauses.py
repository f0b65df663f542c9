"""Each part of what two officers are asked who pause somebody or withhold a message: the one thing is not right."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.database.bare import ask_alone, empty, plant, stop_the_clock, written

pytestmark = pytest.mark.django_db
STEP, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
PAUSED, OTHER = 9, 10
# Offices by their numbers: who holds them, and which post.
SAFETY, MONEY, DESK, MONEY_TOO, SAFETY_TOO, DESK_TOO, ALL, ALL_TOO = range(1, 9)
HELD = {
    SAFETY: (1, "safety"), MONEY: (2, "money"), DESK: (3, "desk"), MONEY_TOO: (1, "money"), SAFETY_TOO: (5, "safety"),
    DESK_TOO: (1, "desk"), ALL: (6, "all"), ALL_TOO: (7, "all"),
}  # fmt: skip
RIGHTS = {
    "safety": '["asks_for_pauses"]', "money": '["asks_for_pauses", "handles_money"]', "desk": '["reads_reports"]',
    "all": '["asks_for_pauses", "reads_reports"]',
}  # fmt: skip
FACTS: dict[str, Any] = {
    "person_id": PAUSED, "ground": "violence", "scope": "work", "reason": "Why.", "evidence": "e",
    "first_officer_id": SAFETY,
}  # fmt: skip
type Row = dict[str, Any]


@pytest.fixture
def officers(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let some hold posts that may pause and withhold, and one of them ask for a pause of 72 hours within the day."""
    empty(superuser, *(f"governance_{table}" for table in (
        "office", "officeend", "post", "mandate", "proposal", "call", "standing", "pause", "pauserequest", "message",
        "messagereport", "reportanswer", "withholding",
    )))  # fmt: skip
    stop_the_clock(superuser, NOW)
    plant(superuser, "governance_mandate", id=1, given_at=NOW - 99 * DAY)
    for name, rights in RIGHTS.items():
        plant(superuser, "governance_post", name=name, version=1, rights=rights, since=NOW - 99 * DAY, abolished=False)
    for number, (person, post) in HELD.items():
        plant(superuser, "governance_office", id=number, person_id=person, post=post, mandate_id=1,
              starts_at=NOW - DAY, ends_at=NOW + DAY)  # fmt: skip
        plant(superuser, "governance_standing", person_id=person, status="member", since=NOW - 99 * DAY)
    plant(superuser, "governance_pauserequest", id=1, **FACTS, hours=72, asked_at=NOW - DAY + STEP)
    return superuser


def run(officers: psycopg.Connection, *statements: str) -> None:
    for statement in statements:
        officers.execute(statement.encode())


ASKED, OFFICE = "UPDATE governance_pauserequest SET {}", "UPDATE governance_office SET {}"


@pytest.mark.parametrize(
    ("world", "row", "paused"),
    [
        ("SELECT", {}, True), ("SELECT", {"ends_at": NOW + 72 * HOUR}, True),
        ("SELECT", {"ends_at": NOW + 72 * HOUR + STEP}, False), ("SELECT", {"person_id": OTHER}, False),
        ("SELECT", {"ground": "fraud"}, False), ("SELECT", {"scope": "job:1"}, False),
        ("SELECT", {"reason": "Else."}, False), ("SELECT", {"evidence": "f"}, False),
        ("SELECT", {"first_officer_id": SAFETY_TOO}, False), ("SELECT", {"second_officer_id": DESK}, False),
        ("SELECT", {"second_officer_id": MONEY_TOO}, False), ("SELECT", {"second_officer_id": SAFETY_TOO}, False),
        (ASKED.format("asked_at = '2029-12-31Z'"), {}, False), (ASKED.format("person_id = 1"), {"person_id": 1}, False),
        (ASKED.format("person_id = 2"), {"person_id": 2}, False),
        (ASKED.format("first_officer_id = 3"), {"first_officer_id": DESK}, False),
        (OFFICE.format("ends_at = '2030-01-01Z' WHERE id = 1"), {}, False),
        (OFFICE.format("ends_at = '2030-01-01Z' WHERE id = 2"), {}, False),
    ],
    ids=str,
)  # fmt: skip
def test_two_officers_of_two_posts_agree_on_a_pause_within_a_day(
    officers: psycopg.Connection, world: str, row: Row, *, paused: bool
) -> None:
    run(officers, world)
    ask_alone(officers, "pause_needs_two_officers", "governance_pause")
    told = written(officers, "governance_pause", {
        "request_id": 1, **FACTS, "second_officer_id": MONEY, "ends_at": NOW + HOUR, **row
    })  # fmt: skip
    assert (told != "pause_needs_two_officers") == paused
    if isinstance(told, dict):
        assert (told["starts_at"], told["ends_at"]) == (NOW, NOW + 72 * HOUR)


@pytest.mark.parametrize(
    ("earlier", "hours", "paused"),
    [
        ([(PAUSED, -30 * DAY, 1)], 72, True), ([(PAUSED, -30 * DAY + STEP, 1)], 72, False),
        ([(PAUSED, -30 * DAY + STEP, 1)], 71, True), ([(PAUSED, -DAY, 40), (PAUSED, -2 * DAY, 30)], 2, True),
        ([(PAUSED, -DAY, 40), (PAUSED, -2 * DAY, 30)], 3, False), ([(OTHER, -DAY, 72)], 72, True),
        ([(person, STEP, 1) for person in range(20, 24)], 72, True),
        ([(person, STEP, 1) for person in range(20, 25)], 72, False),
        ([(person, STEP, 1) for person in range(20, 26)], 72, False),
        ([(person, timedelta(), 1) for person in range(20, 26)], 72, True),
        ([(20, STEP, 1), *((person, STEP, 1) for person in range(20, 24))], 72, True),
        ([(PAUSED, STEP, 1), *((person, STEP, 1) for person in range(20, 24))], 71, True),
    ],
    ids=str,
)  # fmt: skip
def test_nobody_is_paused_for_more_than_72_hours_in_30_days_and_five_at_once(
    officers: psycopg.Connection, earlier: list[tuple[int, timedelta, int]], hours: int, *, paused: bool
) -> None:
    for person, ended, lasted in earlier:
        ends = NOW + ended
        plant(
            officers, "governance_pause", person_id=person, scope="work", starts_at=ends - lasted * HOUR, ends_at=ends
        )
    officers.execute("UPDATE governance_pauserequest SET hours = %s", [hours])
    ask_alone(officers, "pause_needs_two_officers", "governance_pause")
    row = {"request_id": 1, **FACTS, "second_officer_id": MONEY, "ends_at": NOW + HOUR}
    assert (written(officers, "governance_pause", row) != "pause_needs_two_officers") == paused


@pytest.fixture
def reported(officers: psycopg.Connection) -> psycopg.Connection:
    """Let a message of the person's be reported, and the desk have said within the day that it is to be withheld."""
    for number, author in ((1, PAUSED), (2, 1)):
        plant(officers, "governance_message", id=number, author_id=author)
        plant(officers, "governance_messagereport", id=number, message_id=number, reporter_id=OTHER)
    plant(officers, "governance_reportanswer", id=1, report_id=1, office_id=DESK, outcome="withhold",
          answered_at=NOW - DAY + STEP)  # fmt: skip
    return officers


ANSWER = "UPDATE governance_reportanswer SET {}"


@pytest.mark.parametrize(
    ("world", "second", "withheld"),
    [
        ("SELECT", SAFETY, True), ("SELECT", MONEY, True), ("SELECT", DESK, False), ("SELECT", ALL, True),
        (ANSWER.format("outcome = 'leave'"), SAFETY, False),
        (ANSWER.format("answered_at = '2029-12-31Z'"), SAFETY, False),
        (ANSWER.format("office_id = 2"), SAFETY, False), (ANSWER.format("office_id = 7"), ALL_TOO, False),
        (ANSWER.format("office_id = 6"), SAFETY, False), (ANSWER.format("office_id = 7"), SAFETY, True),
        (OFFICE.format("ends_at = '2030-01-01Z' WHERE id = 1"), SAFETY, False),
        (OFFICE.format("ends_at = '2030-01-01Z' WHERE id = 3"), SAFETY, False),
        ("UPDATE governance_messagereport SET reporter_id = 1", SAFETY, False),
        ("UPDATE governance_message SET author_id = 1", SAFETY, False),
        ("UPDATE governance_message SET author_id = 9", SAFETY, True),
    ],
    ids=str,
)  # fmt: skip
def test_two_officers_of_two_posts_withhold_a_message_within_a_day(
    reported: psycopg.Connection, world: str, second: int, *, withheld: bool
) -> None:
    run(reported, world)
    ask_alone(reported, "withholding_needs_two_officers", "governance_withholding")
    told = written(reported, "governance_withholding", {"answer_id": 1, "second_officer_id": second})
    assert (told != "withholding_needs_two_officers") == withheld
    if isinstance(told, dict):
        assert (told["message_id"], told["starts_at"], told["ends_at"]) == (1, NOW, NOW + 72 * HOUR)


@pytest.mark.parametrize(
    ("authors", "ends", "withheld"),
    [
        (range(20, 24), NOW + STEP, True), (range(20, 25), NOW + STEP, False), (range(20, 26), NOW + STEP, False),
        (range(20, 26), NOW, True), ([20, *range(20, 24)], NOW + STEP, True),
    ],
)  # fmt: skip
def test_messages_of_five_are_withheld_at_once(
    reported: psycopg.Connection, authors: range | list[int], ends: datetime, *, withheld: bool
) -> None:
    for number, author in enumerate(authors, 50):
        plant(reported, "governance_message", id=number, author_id=author)
        plant(reported, "governance_withholding", message_id=number, ends_at=ends)
    ask_alone(reported, "withholding_needs_two_officers", "governance_withholding")
    told = written(reported, "governance_withholding", {"answer_id": 1, "second_officer_id": SAFETY})
    assert (told != "withholding_reaches_five_at_most") == withheld
