"""Each part of what a panel's motions, decisions and seats are asked: all else is right, and the one thing is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.database.bare import ask_alone, empty, plant, stop_the_clock, written

pytestmark = pytest.mark.django_db
STEP, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
MEMBER, CHARGER, OTHER = 1, 2, 3
# The case that is decided and its panel; another case about another; one more about the same member.
THIS, THAT, EARLIER = 1, 2, 3
SEAT, REFUSED, ELSEWHERE = 11, 16, 21
LIMIT = {"measure": "limit", "scope": "job:1", "days": 10}
MOTION: dict[str, Any] = {"panel_id": THIS, "seat_id": SEAT, **LIMIT}


@pytest.fixture
def bench(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let five sit on a panel until tomorrow, one of six refused, and the time to answer the charge be over."""
    empty(superuser, *(f"governance_{table}" for table in (
        "case", "panel", "panelseat", "seatrefusal", "statement", "decision", "motion", "panelvote", "citation",
        "appeal", "standing", "parameter", "drawpart", "drawreveal",
    )))  # fmt: skip
    stop_the_clock(superuser, NOW)
    plant(superuser, "governance_parameter", name="reply_days", version=1, value=15, applies_from=NOW - 99 * DAY)
    for case, person in ((THIS, MEMBER), (THAT, OTHER), (EARLIER, MEMBER)):
        plant(superuser, "governance_case", id=case, kind="charge", person_id=person, charged_by_id=CHARGER,
              ground="violence", presumed=False, opened_at=NOW - 15 * DAY - STEP, **LIMIT)  # fmt: skip
        plant(superuser, "governance_panel", id=case, case_id=case, stage="first", size=5, decide_by=NOW + STEP,
              commit_by=NOW)  # fmt: skip
    for seat in (*range(SEAT, REFUSED + 1), ELSEWHERE):
        plant(superuser, "governance_panelseat", id=seat, panel_id=seat // 10, person_id=seat, seated_at=NOW - 3 * DAY)
    plant(superuser, "governance_seatrefusal", seat_id=REFUSED, side="self")
    for person in (MEMBER, OTHER, SEAT, ELSEWHERE):
        plant(superuser, "governance_standing", person_id=person, status="member")
    return superuser


def moved(bench: psycopg.Connection, **change: object) -> str:
    """Return what refuses a motion, or nothing."""
    ask_alone(bench, "motion_is_written_by_the_panel", "governance_motion")
    told = written(bench, "governance_motion", MOTION | change)
    return told if isinstance(told, str) else ""


@pytest.mark.parametrize(
    ("world", "change", "fits"),
    [
        ("SELECT", {}, True), ("SELECT", {"seat_id": REFUSED}, False), ("SELECT", {"seat_id": ELSEWHERE}, False),
        ("UPDATE governance_panel SET size = 6", {}, False), ("UPDATE governance_panel SET size = 4", {}, False),
        ("UPDATE governance_panel SET decide_by = '2030-01-01Z'", {}, False),
        ("INSERT INTO governance_decision (panel_id) VALUES (1)", {}, False),
        ("INSERT INTO governance_decision (panel_id) VALUES (2)", {}, True),
    ],
    ids=str,
)  # fmt: skip
def test_a_full_panel_moves_in_its_time(
    bench: psycopg.Connection, world: str, change: dict[str, Any], *, fits: bool
) -> None:
    bench.execute(world.encode())
    assert moved(bench, **change) == ("" if fits else "motion_is_written_by_the_panel")


REPLY = "INSERT INTO governance_statement (case_id, kind) VALUES ({}, '{}')"
CASE, PANEL = "UPDATE governance_case SET {}", "UPDATE governance_panel SET {}"


@pytest.mark.parametrize(
    ("world", "heard"),
    [
        (["SELECT"], True), ([CASE.format("opened_at = '2029-12-17Z'")], False),
        ([CASE.format("opened_at = '2029-12-17Z'"), REPLY.format(THIS, "reply")], True),
        ([CASE.format("opened_at = '2029-12-17Z'"), REPLY.format(THAT, "reply")], False),
        ([CASE.format("opened_at = '2029-12-17Z'"), REPLY.format(THIS, "word")], False),
        ([REPLY.format(THIS, "more_time")], False), ([REPLY.format(THAT, "more_time")], True),
        ([REPLY.format(THIS, "more_time"), CASE.format("opened_at = '2029-12-03Z'")], False),
        ([REPLY.format(THIS, "more_time"), CASE.format("opened_at = '2029-12-02 23:59:59.999999Z'")], True),
        ([REPLY.format(THIS, "more_time"), PANEL.format("stage = 'emergency'")], True),
        ([REPLY.format(THIS, "more_time"), CASE.format("kind = 'equivalent'")], True),
    ],
    ids=str,
)  # fmt: skip
def test_the_member_is_heard_before_anything_is_moved(
    bench: psycopg.Connection, world: list[str], *, heard: bool
) -> None:
    for statement in world:
        bench.execute(statement.encode())
    assert moved(bench, measure="nothing") == ("" if heard else "member_is_heard_first")


STEPS: list[tuple[dict[str, Any], bool]] = [
    ({}, True), ({"days": 9}, True), ({"days": 11}, False), ({"scope": "job:2"}, False), ({"measure": "pause"}, False),
    ({"measure": "retraining", "scope": "", "days": 0}, True), ({"measure": "retraining", "days": 99}, True),
    ({"measure": "repair"}, False),
]  # fmt: skip


@pytest.mark.parametrize("stage", ["first", "appeal"])
@pytest.mark.parametrize(("change", "fits"), STEPS, ids=str)
def test_a_panel_goes_no_further_than_what_was_charged_or_decided(
    bench: psycopg.Connection, stage: str, change: dict[str, Any], *, fits: bool
) -> None:
    if stage == "appeal":
        bench.execute(b"UPDATE governance_panel SET stage = 'appeal' WHERE id = 1")
        bench.execute(b"UPDATE governance_case SET measure = 'expulsion'")
        for number, case, by, measure in (
            (6, THIS, "emergency", "expulsion"), (5, THAT, "first", "pause"), (4, THIS, "first", "limit")
        ):  # fmt: skip
            plant(bench, "governance_panel", id=number, case_id=case, stage=by)
            plant(bench, "governance_motion", id=number, **{**LIMIT, "measure": measure})
            plant(bench, "governance_decision", id=number, case_id=case, panel_id=number, motion_id=number)
    assert moved(bench, **change) == ("" if fits else "decision_goes_no_further")


@pytest.mark.parametrize(
    ("world", "change", "fits"),
    [
        (PANEL.format("stage = 'emergency'"), {"measure": "prolong"}, True),
        (PANEL.format("stage = 'emergency'"), {"measure": "prolong", "scope": "job:2"}, False),
        (PANEL.format("stage = 'emergency'"), {"measure": "unfounded"}, True),
        (PANEL.format("stage = 'emergency'"), {"measure": "nothing"}, True),
        (PANEL.format("stage = 'emergency'"), {"measure": "advice"}, False),
        (CASE.format("kind = 'equivalent'"), {"measure": "repair"}, True),
        (CASE.format("kind = 'equivalent'"), {"measure": "nothing"}, True),
        (CASE.format("kind = 'equivalent'"), {"measure": "advice"}, False),
        (PANEL.format("stage = 'emergency'"), {"measure": "objection"}, False),
        (CASE.format("kind = 'equivalent'"), {"measure": "objection"}, False),
        (CASE.format("measure = 'objection'"), {"measure": "objection"}, True),
        (CASE.format("measure = 'objection'"), {"measure": "objection", "days": 11}, False),
        (CASE.format("measure = 'objection'"), {"measure": "nothing"}, True),
        (CASE.format("measure = 'objection'"), {"measure": "advice"}, False),
        (CASE.format("measure = 'objection'"), {"measure": "limit"}, False),
        (CASE.format("measure = 'expulsion'"), {"measure": "objection"}, False),
    ],
    ids=str,
)  # fmt: skip
def test_a_panel_on_a_pause_prolongs_it_or_not_and_one_on_an_equivalent_repairs_it(
    bench: psycopg.Connection, world: str, change: dict[str, Any], *, fits: bool
) -> None:
    bench.execute(world.encode())
    assert moved(bench, **change) == ("" if fits else "decision_goes_no_further")


@pytest.mark.parametrize(
    ("size", "measure", "presumed", "needed"),
    [
        (3, "prolong", False, 2), (5, "limit", False, 3), (9, "limit", False, 5), (5, "expulsion", False, 4),
        (9, "expulsion", False, 8), (5, "advice", True, 4), (9, "advice", True, 8), (5, "nothing", True, 3),
    ],
)  # fmt: skip
def test_more_than_half_decide_and_four_in_five_what_is_grave(
    superuser: psycopg.Connection, size: int, measure: str, needed: int, *, presumed: bool
) -> None:
    asked = superuser.execute("SELECT governance_needed(%s, %s, %s)", [size, measure, presumed])
    assert asked.fetchone() == (needed,)


VOTES = [11, 12, 13]
DECISION = {"case_id": THIS, "panel_id": THIS, "motion_id": 1}


def decided(bench: psycopg.Connection, motion: dict[str, Any], votes: list[int], **change: object) -> int | str:
    """Return how many agreed to a motion as the database counts them, or what refuses the decision."""
    plant(bench, "governance_motion", **{"id": 1, "panel_id": THIS, "rebuttal": "", **LIMIT, **motion})
    plant(bench, "governance_motion", id=2, panel_id=THAT, measure="limit")
    for seat in votes:
        plant(bench, "governance_panelvote", motion_id=1, seat_id=seat, agrees=True)
    for seat in (REFUSED, ELSEWHERE):
        plant(bench, "governance_panelvote", motion_id=1, seat_id=seat, agrees=True)
    plant(bench, "governance_panelvote", motion_id=1, seat_id=15, agrees=False)
    plant(bench, "governance_panelvote", motion_id=2, seat_id=15, agrees=True)
    ask_alone(bench, "decision_is_the_panels", "governance_decision")
    told = written(bench, "governance_decision", DECISION | change)
    return told if isinstance(told, str) else int(told["agreed"])


@pytest.mark.parametrize(
    ("world", "votes", "change", "found"),
    [
        ("SELECT", VOTES, {}, 3), ("SELECT", VOTES[:2], {}, "decision_is_the_panels"),
        ("SELECT", VOTES, {"case_id": THAT}, "decision_is_the_panels"),
        ("SELECT", VOTES, {"motion_id": 2}, "decision_is_the_panels"),
        ("UPDATE governance_panel SET size = 6", VOTES, {}, "decision_is_the_panels"),
        ("UPDATE governance_panel SET size = 4", VOTES, {}, "decision_is_the_panels"),
        ("UPDATE governance_panel SET decide_by = '2030-01-01Z'", VOTES, {}, "decision_comes_in_time"),
        ("UPDATE governance_standing SET status = 'expelled' WHERE person_id = 1", VOTES, {},
         "nobody_is_punished_after_expulsion"),
        ("UPDATE governance_standing SET status = 'applicant' WHERE person_id = 1", VOTES, {},
         "nobody_is_punished_after_expulsion"),
        ("UPDATE governance_standing SET status = 'left' WHERE person_id = 1", VOTES, {}, 3),
        ("UPDATE governance_standing SET status = 'left' WHERE person_id <> 1", VOTES, {}, 3),
        ("UPDATE governance_standing SET status = 'candidate'", VOTES, {}, 3),
        ("UPDATE governance_citation SET motion_id = 2", VOTES, {}, "decision_rests_on_the_file"),
        ("UPDATE governance_case SET presumed = true", VOTES, {}, "decision_is_the_panels"),
        ("UPDATE governance_case SET presumed = true", [*VOTES, 14], {}, "presumption_is_rebutted"),
    ],
    ids=str,
)  # fmt: skip
def test_a_decision_is_what_enough_of_a_full_panel_agreed_to(
    bench: psycopg.Connection, world: str, votes: list[int], change: dict[str, Any], found: object
) -> None:
    plant(bench, "governance_citation", motion_id=1)
    bench.execute(world.encode())
    assert decided(bench, {}, votes, **change) == found


@pytest.mark.parametrize(
    ("kind", "motion", "found"),
    [
        ("charge", {"measure": "nothing"}, 3), ("charge", {}, "nobody_is_punished_after_expulsion"),
        ("equivalent", {"measure": "repair"}, 3), ("emergency", {"measure": "prolong"}, 3),
    ],
)  # fmt: skip
def test_only_a_measure_upon_a_charge_is_asked_for_evidence(
    bench: psycopg.Connection, kind: str, motion: dict[str, Any], found: object
) -> None:
    """As decision_is_the_panels says it."""
    bench.execute("UPDATE governance_case SET kind = %s", [kind])
    bench.execute("UPDATE governance_standing SET status = 'expelled'")
    assert decided(bench, motion, VOTES) == found


@pytest.mark.parametrize(
    ("measure", "ground", "before", "world", "climbs"),
    [
        ("advice", "harassment", None, "SELECT", True), ("retraining", "harassment", None, "SELECT", False),
        ("retraining", "harassment", "advice", "SELECT", True), ("retraining", "harassment", "limit", "SELECT", True),
        ("limit", "harassment", "advice", "SELECT", False), ("limit", "harassment", "retraining", "SELECT", True),
        ("limit", "violence", None, "SELECT", True), ("limit", "legal_order", None, "SELECT", True),
        ("limit", "harassment", "limit", "UPDATE governance_case SET person_id = 3 WHERE id = 3", False),
        ("limit", "harassment", "limit", "UPDATE governance_case SET kind = 'equivalent' WHERE id = 3", False),
        ("limit", "harassment", "limit", "UPDATE governance_decision SET case_id = 1", False),
        ("limit", "harassment", "limit", "INSERT INTO governance_appeal (decision_id) VALUES (7)", False),
        ("limit", "harassment", "limit", "INSERT INTO governance_appeal (decision_id) VALUES (8)", True),
    ],
)  # fmt: skip
def test_each_step_of_the_ladder_follows_one_that_stands(
    bench: psycopg.Connection, measure: str, ground: str, before: str | None, world: str, *, climbs: bool
) -> None:
    """As decision_is_the_panels says it."""
    plant(bench, "governance_citation", motion_id=1)
    bench.execute("UPDATE governance_case SET ground = %s", [ground])
    plant(bench, "governance_decision", id=8, case_id=THAT, motion_id=8)
    plant(bench, "governance_motion", id=8, measure="expulsion")
    if before:
        plant(bench, "governance_decision", id=7, case_id=EARLIER, motion_id=7)
        plant(bench, "governance_motion", id=7, measure=before)
    bench.execute(world.encode())
    found = decided(bench, {"measure": measure}, VOTES)
    assert found == (3 if climbs else "ladder_is_climbed_step_by_step")


SIDES = {"member": MEMBER, "charge": CHARGER, "self": SEAT}


@pytest.mark.parametrize(
    ("world", "refuse"),
    [
        ("SELECT", {"member", "charge", "self"}), ("INSERT INTO governance_decision (panel_id) VALUES (1)", set()),
        ("INSERT INTO governance_decision (panel_id) VALUES (2)", {"member", "charge", "self"}),
        ("UPDATE governance_panelseat SET seated_at = seated_at - interval '1 microsecond'", {"self"}),
        ("INSERT INTO governance_panelvote (seat_id) VALUES (11)", {"self"}),
        ("INSERT INTO governance_panelvote (seat_id) VALUES (12)", {"member", "charge", "self"}),
        ("INSERT INTO governance_motion (panel_id) VALUES (1)", {"self"}),
        ("INSERT INTO governance_motion (panel_id) VALUES (2)", {"member", "charge", "self"}),
        ("INSERT INTO governance_seatrefusal (seat_id, side) VALUES (12, 'member'), (21, 'member')",
         {"member", "charge", "self"}),
        ("INSERT INTO governance_seatrefusal (seat_id, side) VALUES (12, 'member'), (13, 'member')",
         {"charge", "self"}),
        ("UPDATE governance_standing SET status = 'left' WHERE person_id = 11", {"member", "charge", "self", "gone"}),
        ("UPDATE governance_standing SET status = 'left' WHERE person_id <> 11", {"member", "charge", "self"}),
    ],
)  # fmt: skip
def test_a_seat_is_refused_by_a_side_that_may(bench: psycopg.Connection, world: str, refuse: set[str]) -> None:
    bench.execute(world.encode())
    ask_alone(bench, "each_side_refuses_two", "governance_seatrefusal")

    def taken(side: str, by: int | None) -> bool:
        told = written(bench, "governance_seatrefusal", {"seat_id": SEAT, "side": side, "by_id": by})
        return told != "each_side_refuses_two"

    assert {side for side in (*SIDES, "gone") if taken(side, SIDES.get(side))} == refuse
    assert not any(taken(side, by) for side in SIDES for by in (*SIDES.values(), OTHER) if by != SIDES[side])
