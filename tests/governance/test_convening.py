"""When a panel meets, by when it has decided, and when its measure begins and ends: each part by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.database.bare import ask_alone, empty, plant, stop_the_clock, written

pytestmark = pytest.mark.django_db
STEP, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
MEMBER, CHARGER, OTHER = 1, 2, 3
# Number, kind and age of the cases there are; the last was opened before the numbers of today applied.
CASES = {
    "charge": (1, "charge", 48 * HOUR), "late": (2, "charge", 48 * HOUR + STEP), "equivalent": (3, "equivalent", DAY),
    "unsaid": (4, "equivalent", DAY), "emergency": (5, "emergency", 12 * HOUR),
    "late emergency": (6, "emergency", 12 * HOUR + STEP), "old": (7, "equivalent", 50 * DAY),
}  # fmt: skip


@pytest.fixture
def court(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let there be a case of each kind, in time and too late, one of them contested and one decided and appealed."""
    empty(superuser, *(f"governance_{table}" for table in (
        "case", "panel", "statement", "appeal", "decision", "pause", "parameter", "motion", "restriction",
    )))  # fmt: skip
    stop_the_clock(superuser, NOW)
    for number, kind, age in CASES.values():
        plant(superuser, "governance_case", id=number, kind=kind, person_id=MEMBER, pause_id=number,
              charged_by_id=None if kind == "equivalent" else CHARGER, opened_at=NOW - age)  # fmt: skip
        plant(superuser, "governance_pause", id=number, starts_at=NOW - number * HOUR)
    for case, kind in ((3, "contested"), (7, "contested"), (4, "explanation"), (99, "contested")):
        plant(superuser, "governance_statement", case_id=case, kind=kind)
    for version, since, reply, size in ((1, NOW - 99 * DAY, 14, 7), (2, NOW - 40 * DAY, 16, 5)):
        plant(superuser, "governance_parameter", name="reply_days", version=version, value=reply, applies_from=since)
        plant(superuser, "governance_parameter", name="panel_size", version=version, value=size, applies_from=since)
    return superuser


@pytest.mark.parametrize(
    ("stage", "case", "by", "meets"),
    [
        ("first", "charge", CHARGER, True), ("first", "charge", MEMBER, False), ("first", "late", CHARGER, False),
        ("first", "equivalent", MEMBER, True), ("first", "equivalent", OTHER, False),
        ("first", "unsaid", MEMBER, False), ("first", "emergency", CHARGER, False),
        ("first", "emergency", MEMBER, False), ("emergency", "emergency", CHARGER, True),
        ("emergency", "emergency", MEMBER, False), ("emergency", "late emergency", CHARGER, False),
        ("emergency", "charge", CHARGER, False), ("appeal", "charge", MEMBER, True), ("appeal", "charge", OTHER, False),
        ("appeal", "equivalent", MEMBER, False), ("appeal", "equivalent", OTHER, True),
        ("second", "charge", CHARGER, False),
    ],
)  # fmt: skip
def test_a_panel_meets_on_a_case_in_time_and_asked_for_by_whom_the_rules_name(
    court: psycopg.Connection, stage: str, case: str, by: int, *, meets: bool
) -> None:
    ask_alone(court, "panel_is_convened_by_its_case", "governance_panel")
    for decision, about, appealing in ((1, 1, MEMBER), (2, 3, OTHER)):
        plant(court, "governance_decision", id=decision, case_id=about)
        plant(court, "governance_appeal", decision_id=decision, by_id=appealing)
    told = written(court, "governance_panel", {"case_id": CASES[case][0], "stage": stage, "asked_by_id": by})
    assert (told != "panel_is_convened_by_its_case") == meets


@pytest.mark.parametrize(
    ("stage", "case", "size", "sealed", "opened", "decided"),
    [
        ("first", "charge", 5, NOW + 13 * DAY, NOW + 18 * DAY, NOW + 44 * DAY),
        ("first", "equivalent", 5, NOW + 7 * DAY, NOW + 12 * DAY, NOW + 46 * DAY),
        ("first", "old", 7, NOW + 7 * DAY, NOW + 12 * DAY, NOW + 45 * DAY),
        ("appeal", "charge", 9, NOW + 7 * DAY, NOW + 12 * DAY, NOW + 46 * DAY),
        ("emergency", "emergency", 3, NOW + DAY, NOW + 2 * DAY, NOW - 5 * HOUR + 14 * DAY),
    ],
)
def test_a_panel_has_its_size_and_its_time_from_the_rules_when_the_case_was_opened(
    court: psycopg.Connection, stage: str, case: str, size: int, sealed: datetime, opened: datetime, decided: datetime
) -> None:
    ask_alone(court, "panel_is_convened_by_its_case", "governance_panel")
    plant(court, "governance_decision", id=1, case_id=1)
    plant(court, "governance_appeal", decision_id=1, by_id=MEMBER)
    by = CHARGER if case in {"charge", "emergency"} and stage != "appeal" else MEMBER
    panel = written(court, "governance_panel", {"case_id": CASES[case][0], "stage": stage, "asked_by_id": by})
    assert isinstance(panel, dict)
    told = [panel[name] for name in ("convened_at", "size", "commit_by", "reveal_by", "decide_by")]
    assert told == [NOW, size, sealed, opened, decided]


def decide(court: psycopg.Connection, stage: str, measure: str, *, case: int = 5, **others: Any) -> dict[str, int]:
    """Let a panel of a stage decide now on a measure of twenty days, and return whose decision a restriction is of."""
    plant(court, "governance_panel", id=1, case_id=case, stage=stage)
    plant(court, "governance_motion", id=1, measure=measure, scope="job:1", days=20)
    plant(court, "governance_motion", id=8, measure="pause", scope="work", days=1)
    plant(court, "governance_decision", id=1, case_id=case, panel_id=1, motion_id=1, decided_at=NOW)
    return {"decision_id": 1, **others}


@pytest.mark.parametrize(
    ("measure", "restricts"),
    [
        ("limit", True),
        ("pause", True),
        ("prolong", True),
        ("objection", True),
        ("expulsion", False),
        ("advice", False),
        ("nothing", False),
    ],
)
def test_only_a_measure_of_the_list_restricts(court: psycopg.Connection, measure: str, *, restricts: bool) -> None:
    ask_alone(court, "restriction_follows_a_decision", "governance_restriction")
    told = written(court, "governance_restriction", decide(court, "first", measure))
    assert (told != "restriction_follows_a_decision") == restricts
    assert written(court, "governance_restriction", {"decision_id": 2}) == "restriction_follows_a_decision"


def test_a_restriction_is_whom_and_what_the_panel_decided(court: psycopg.Connection) -> None:
    ask_alone(court, "restriction_follows_a_decision", "governance_restriction")
    row = written(court, "governance_restriction", decide(court, "first", "limit", person_id=OTHER, scope="work"))
    assert isinstance(row, dict)
    assert (row["person_id"], row["scope"]) == (MEMBER, "job:1")


@pytest.mark.parametrize(
    ("stage", "begins", "ends"),
    [
        ("first", NOW + 7 * DAY, NOW + 27 * DAY), ("appeal", NOW, NOW + 20 * DAY),
        ("emergency", NOW, NOW - 5 * HOUR + 14 * DAY),
    ],
)  # fmt: skip
def test_a_restriction_waits_a_week_for_an_appeal_and_a_pause_lasts_14_days_at_most(
    court: psycopg.Connection, stage: str, begins: datetime, ends: datetime
) -> None:
    ask_alone(court, "restriction_follows_a_decision", "governance_restriction")
    row = written(court, "governance_restriction", decide(court, stage, "limit"))
    assert isinstance(row, dict)
    assert (row["starts_at"], row["ends_at"]) == (begins, ends)


@pytest.mark.parametrize(
    ("stage", "appealed", "ends"),
    [
        ("appeal", NOW - 3 * DAY, NOW + 18 * DAY), ("appeal", NOW - 5 * DAY, NOW + 20 * DAY),
        ("appeal", NOW - 6 * DAY, NOW + 20 * DAY), ("first", NOW - 3 * DAY, NOW + 27 * DAY),
    ],
)  # fmt: skip
def test_what_was_served_before_the_appeal_is_taken_off(
    court: psycopg.Connection, stage: str, appealed: datetime, ends: datetime
) -> None:
    said = decide(court, stage, "limit")
    for number, case, days in ((2, 5, 5), (3, 6, 9)):
        plant(court, "governance_decision", id=number, case_id=case, panel_id=number, motion_id=8)
        plant(court, "governance_restriction", decision_id=number, starts_at=NOW - days * DAY)
        plant(court, "governance_appeal", decision_id=number, appealed_at=appealed + (number - 2) * DAY)
    ask_alone(court, "restriction_follows_a_decision", "governance_restriction")
    row = written(court, "governance_restriction", said)
    assert isinstance(row, dict)
    assert row["ends_at"] == ends
