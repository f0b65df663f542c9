"""What the rows show of a mute, and what stood in somebody's way: each part by itself, to the moment (7.8, 7.11)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.database.bare import ask_alone, empty, plant, stop_the_clock, written

pytestmark = pytest.mark.django_db
STEP, MINUTE, HOUR, DAY = timedelta(microseconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SHE, OTHER = 1, 2
type Row = tuple[str, dict[str, Any]]
TABLES = ("turnedaway", "message", "thread", "resignation", "pause", "restriction", "appeal", "standing")


@pytest.fixture
def hall(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let two be members, of whom nothing is known."""
    empty(superuser, *(f"governance_{table}" for table in TABLES))
    stop_the_clock(superuser, NOW)
    for person in (SHE, OTHER):
        plant(superuser, "governance_standing", person_id=person, status="member", since=NOW)
    return superuser


def shown(hall: psycopg.Connection, *rows: Row) -> list[str]:
    """Return what some rows show of her, beside the work and the money."""
    for table, values in rows:
        plant(hall, f"governance_{table}", **{"person_id": SHE} | values)
    asked = (
        "SELECT DISTINCT ground FROM governance_sign WHERE person_id = %s AND ground IN ('muted', 'pressed_to_leave')"
    )
    return [ground for (ground,) in hall.execute(asked, [SHE]).fetchall()]


def turned(act: str, ago: timedelta, **others: object) -> Row:
    return "turnedaway", {"act": act, "at": NOW - ago, "ground": "", **others}


@pytest.mark.parametrize(
    ("rows", "muted"),
    [
        ([turned("speak", DAY)], True), ([turned("speak", DAY - STEP)], False),
        ([turned("speak", 14 * DAY - STEP)], True), ([turned("speak", 14 * DAY)], False),
        ([turned("speak", DAY, ground="restriction")], False), ([turned("speak", DAY, person_id=OTHER)], False),
        ([turned("claim", DAY)], False), ([turned("board", DAY)], False), ([turned("heard", DAY)], False),
        ([turned("heard", DAY), turned("heard", timedelta())], True),
        ([turned("heard", DAY - STEP), turned("heard", timedelta())], False),
        ([turned("heard", 14 * DAY - STEP), turned("heard", timedelta())], True),
        ([turned("heard", 14 * DAY), turned("heard", 13 * DAY + STEP)], False),
        ([turned("heard", DAY), turned("heard", timedelta(), person_id=OTHER)], False),
        ([turned("heard", DAY), turned("claim", timedelta())], False),
        ([turned("claim", DAY), turned("heard", timedelta())], False),
    ],
    ids=str,
)  # fmt: skip
def test_a_day_without_being_let_to_write_or_shown_is_a_mute(
    hall: psycopg.Connection, rows: list[Row], *, muted: bool
) -> None:
    assert shown(hall, *rows) == (["muted"] if muted else [])


@pytest.mark.parametrize(("ago", "by", "muted"), [
    (2 * DAY, SHE, True), (2 * DAY - STEP, SHE, False), (2 * DAY - STEP, OTHER, True),
])  # fmt: skip
def test_who_wrote_since_is_not_muted(hall: psycopg.Connection, ago: timedelta, by: int, *, muted: bool) -> None:
    plant(hall, "governance_message", author_id=by, written_at=NOW - ago)
    assert shown(hall, turned("speak", 2 * DAY)) == (["muted"] if muted else [])


@pytest.mark.parametrize(("pressure", "ago", "pressed"), [
    ("pressed", 14 * DAY - STEP, True), ("pressed", 14 * DAY, False), ("none", HOUR, False), ("silent", HOUR, False),
])  # fmt: skip
def test_who_was_pressed_to_leave_said_so_within_14_days(
    hall: psycopg.Connection, pressure: str, ago: timedelta, *, pressed: bool
) -> None:
    told = shown(hall, ("resignation", {"pressure": pressure, "given_at": NOW - ago}))
    assert told == (["pressed_to_leave"] if pressed else [])


@pytest.mark.parametrize(("state", "ago", "held"), [
    ("requested", 3 * DAY, True), ("requested", 3 * DAY - STEP, False), ("sent", 3 * DAY, True),
    ("settled", 3 * DAY, False), ("failed", 3 * DAY, False),
])  # fmt: skip
def test_a_payout_that_has_not_arrived_after_72_hours_is_held(
    hall: psycopg.Connection, state: str, ago: timedelta, *, held: bool
) -> None:
    empty(hall, "payments_payout")
    plant(hall, "payments_payout", person_id=SHE, state=state, requested_at=NOW - ago)
    found = hall.execute("SELECT ground FROM governance_sign WHERE person_id = %s", [SHE]).fetchall()
    assert found == ([("held_payout",)] if held else [])


RUNS = {"person_id": SHE, "scope": "job:1", "starts_at": NOW, "ends_at": NOW - MINUTE + STEP}


def in_the_way(hall: psycopg.Connection, *, works: bool = True) -> tuple[str, int] | None:
    asked = "SELECT ground, number FROM governance_in_the_way(%s, ARRAY['job:1', 'mute'], %s)"
    return hall.execute(asked, [SHE, works]).fetchone()


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        ({}, True), ({"scope": "mute"}, True), ({"scope": "job:2"}, False), ({"person_id": OTHER}, False),
        ({"starts_at": NOW + STEP}, False), ({"ends_at": NOW - MINUTE}, False), ({"ends_at": NOW + DAY}, True),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("table", ["pause", "restriction"])
def test_what_reaches_a_thing_now_or_a_minute_ago_stands_in_the_way(
    hall: psycopg.Connection, table: str, change: dict[str, object], *, stands: bool
) -> None:
    number = plant(hall, f"governance_{table}", **RUNS | change)["id"]
    assert in_the_way(hall) == ((table, number) if stands else None)
    assert in_the_way(hall, works=False) == ((table, number) if stands and table == "restriction" else None)


@pytest.mark.parametrize(("decision", "ago", "stands"), [
    (1, MINUTE, True), (1, MINUTE + STEP, False), (2, DAY, True), (1, -MINUTE, True),
])  # fmt: skip
def test_what_was_appealed_a_minute_ago_stands_in_nobodys_way(
    hall: psycopg.Connection, decision: int, ago: timedelta, *, stands: bool
) -> None:
    plant(hall, "governance_restriction", **RUNS, decision_id=1)
    plant(hall, "governance_appeal", decision_id=decision, appealed_at=NOW - ago)
    assert (in_the_way(hall) is not None) == stands


def test_a_pause_is_named_before_a_decision_and_the_first_before_the_next(hall: psycopg.Connection) -> None:
    for number in (8, 7):
        plant(hall, "governance_restriction", id=number, **RUNS)
    assert in_the_way(hall) == ("restriction", 7)
    for number in (12, 11):
        plant(hall, "governance_pause", id=number, **RUNS)
    assert in_the_way(hall) == ("pause", 11)


def noted(hall: psycopg.Connection, act: str) -> tuple[str, int | None] | str:
    """Return the ground with which it is kept that she was turned away, or what refuses that."""
    ask_alone(hall, "turned_away_is_what_the_rows_say", "governance_turnedaway")
    told = written(hall, "governance_turnedaway", {"person_id": SHE, "act": act, "at": NOW - DAY})
    if isinstance(told, str):
        return told
    assert told["at"] == NOW
    return told["ground"], told["row"]


@pytest.mark.parametrize(("status", "kept"), [
    ("member", True), ("candidate", True), ("applicant", False), ("left", False), ("expelled", False),
])  # fmt: skip
def test_it_is_kept_of_members_and_candidates(hall: psycopg.Connection, status: str, *, kept: bool) -> None:
    plant(hall, "governance_standing", person_id=SHE, status=status, since=NOW)
    assert noted(hall, "heard") == (("", None) if kept else "turned_away_is_what_the_rows_say")


def test_a_mute_that_stands_is_the_ground(hall: psycopg.Connection) -> None:
    plant(hall, "governance_pause", **RUNS | {"scope": "mute"})
    assert noted(hall, "speak") == ("", None)
    number = plant(hall, "governance_restriction", **RUNS | {"scope": "mute"})["id"]
    assert noted(hall, "speak") == ("restriction", number)
    assert noted(hall, "heard") == ("", None)
    assert noted(hall, "other") == "turned_away_is_what_the_rows_say"


@pytest.mark.parametrize(("table", "who", "when", "most"), [
    ("thread", "opened_by_id", "opened_at", 10), ("message", "author_id", "written_at", 30),
])  # fmt: skip
def test_who_filled_their_hour_is_not_turned_away(
    hall: psycopg.Connection, table: str, who: str, when: str, most: int
) -> None:
    hour = 61 * MINUTE
    for person, ago, many in ((SHE, hour - STEP, most - 1), (SHE, hour, 1), (OTHER, MINUTE, 1)):
        for _row in range(many):
            plant(hall, f"governance_{table}", **{who: person, when: NOW - ago})
    assert noted(hall, "speak") == ("", None)
    plant(hall, f"governance_{table}", **{who: SHE, when: NOW})
    assert noted(hall, "speak") == "turned_away_is_what_the_rows_say"
    assert noted(hall, "heard") == ("", None)
