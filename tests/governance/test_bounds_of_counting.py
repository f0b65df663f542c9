"""Counting at its bounds: a turnout met to the ballot, parts too small to tell, a tie by lot, rivals on one ballot."""

import random
from collections.abc import Container, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest

from governance import counting
from tests.database.bare import empty, plant

pytestmark = pytest.mark.django_db
NOW = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HALF = 15_000
METHODS = {"yes_no": "yes", "approval": "1", "ranked": "1", "rivals": "1"}
RULE = {"whole_yes": HALF, "whole_floor": 0, "affected_floor": 0, "turnout_floor": 0, "seniors_too": False}
type Part = tuple[bool, bool, Iterable[str | None]]


@pytest.fixture
def urn(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let there be no vote and no rule but those that a test plants."""
    empty(superuser, *(f"governance_{table}" for table in (
        "proposal", "option", "rollentry", "ballot", "rule", "tally",
    )))  # fmt: skip
    return superuser


def vote(
    urn: psycopg.Connection, parts: Iterable[Part], *, number: int = 1, options: int = 2, without: Container[int] = (),
    **rule: Any,
) -> None:  # fmt: skip
    """Plant a vote that is over, with who was asked, (affected, senior, what each said), by a rule; or a rival of 1."""
    facts = {"method": rule.pop("method", "yes_no"), "rival_of_id": None if number == 1 else 1}
    plant(urn, "governance_rule", id=number, **{**RULE, **rule})
    plant(urn, "governance_proposal", id=number, rule_id=number, digest="", opens_at=NOW - 9 * DAY, closes_at=NOW,
          published_at=NOW - 20 * DAY, **facts)  # fmt: skip
    for position in range(1, options + 1) if facts["method"] != "yes_no" else ():
        plant(urn, "governance_option", proposal_id=number, position=position, person_id=position, payload="")
    people = ((affected, senior, said) for affected, senior, choices in parts for said in choices)
    for person, (affected, senior, said) in enumerate(people, 1):
        if person not in without:
            plant(urn, "governance_rollentry", proposal_id=number, person_id=person, affected=affected, senior=senior)
        if said is not None and number == 1:
            plant(urn, "governance_ballot", proposal_id=1, person_id=person, number=1, choice=said,
                  receipt=str(person), cast_at=NOW - DAY)  # fmt: skip


def counted(urn: psycopg.Connection, ask: str) -> dict[str, Any]:
    (counts,) = urn.execute(f"SELECT {ask}").fetchone() or ({},)
    return dict(counts)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("turnout", "roll", "ballots", "met"),
    [(6_000, 10, 2, True), (6_001, 10, 2, False), (19_090, 11, 7, True), (19_091, 11, 7, False)],
)
def test_a_turnout_is_met_to_the_ballot(
    urn: psycopg.Connection, method: str, turnout: int, roll: int, ballots: int, *, met: bool
) -> None:
    said = [METHODS[method]] * ballots + [None] * (roll - ballots)
    how = method.replace("rivals", "yes_no")
    vote(urn, [(True, True, said)], method=how, turnout_floor=turnout)
    if method == "rivals":
        vote(urn, [(True, True, said)], number=2)
    function = {"rivals": "governance_count_rivals"}.get(method, f"governance_count_{method}")
    assert counted(urn, f"{function}(1)")["whole"]["met"] == met


PARTS = [(affected, senior) for affected in (False, True) for senior in (False, True)]
ALL = {"whole", "whole_senior", "affected", "affected_senior"}


@pytest.mark.parametrize("method", ["yes_no", "approval", "rivals"])
@pytest.mark.parametrize("small", [0, 1, 9, 10])
@pytest.mark.parametrize("seniors_too", [True, False])
def test_what_one_to_nine_said_is_not_told_of_the_parts(
    urn: psycopg.Connection, method: str, small: int, *, seniors_too: bool
) -> None:
    said, how = METHODS[method], method.replace("rivals", "yes_no")
    sizes = [10, 10, 10, small]
    parts = [(*part, [said] * size + [None] * 3) for part, size in zip(PARTS, sizes, strict=True)]
    vote(urn, parts, method=how, affected_yes=HALF, seniors_too=seniors_too)
    if method == "rivals":
        vote(urn, parts, number=2)
    counts = counted(urn, f"governance_count_{method}(1)")
    asked = ALL if seniors_too else {"whole", "affected"}
    told = {name for name, count in counts.items() if {"yes", "approvals"} & count.keys()}
    assert (set(counts), told) == (asked, {"whole"} if small in {1, 9} and seniors_too else asked)


@pytest.mark.parametrize(("away", "shown"), [(0, True), (1, False), (9, False), (10, True)])
def test_what_one_to_nine_said_whom_a_rival_does_not_ask_is_not_told_by_taking_it_off(
    urn: psycopg.Connection, away: int, *, shown: bool
) -> None:
    parts = [(True, True, ["1"] * 12), (False, True, ["2"] * away)]
    vote(urn, parts)
    vote(urn, parts, number=2, without=range(13, 99))
    asks = "SELECT s.shown FROM governance_set_sums(1, 'infinity') s ORDER BY s.place"
    assert urn.execute(asks).fetchall() == [(True,), (shown,)]


@pytest.mark.parametrize(("ballots", "told"), [(0, True), (1, False), (9, False), (10, True)])
def test_the_rounds_of_one_to_nine_are_not_told(urn: psycopg.Connection, ballots: int, *, told: bool) -> None:
    vote(urn, [(True, True, ["abstain"] * ballots + [None] * 3)], method="ranked")
    count = counted(urn, "governance_count_ranked(1)")["whole"]
    assert ("rounds" in count, count.get("abstain")) == (told, ballots if told else None)
    assert (count["met"], count["winner"]) == (False, None)


def test_the_last_round_decides_and_a_ballot_without_a_place_left_rests(urn: psycopg.Connection) -> None:
    vote(urn, [(True, True, ["1"] * 4 + ["3"] * 5 + ["2"] * 3)], method="ranked", options=3)
    count = counted(urn, "governance_count_ranked(1)")["whole"]
    assert [turn["counts"] for turn in count["rounds"]] == [{"1": 4, "2": 3, "3": 5}, {"1": 4, "3": 5}]
    assert (count["winner"], count["met"]) == (3, True)


def test_whoever_leads_in_the_first_round_need_not_in_the_last(urn: psycopg.Connection) -> None:
    said = ["1"] * 8 + ["2"] * 7 + ["3,4,2"] * 3 + ["4,3,2"] * 2
    vote(urn, [(True, True, [*said, None])], method="ranked", options=4, whole_floor=17_142)
    count = counted(urn, "governance_count_ranked(1)")["whole"]
    assert (len(count["rounds"]), count["winner"], count["met"], count["roll"]) == (3, 2, True, 21)


@pytest.mark.parametrize("digest", ["a", "b", "c", "d", "e"])
def test_whom_the_votes_leave_level_the_lot_of_the_digest_parts(urn: psycopg.Connection, digest: str) -> None:
    vote(urn, [(True, True, ["1"] * 5 + ["2"] * 5)], method="ranked")
    urn.execute("UPDATE governance_proposal SET digest = %s", [digest])
    plant(urn, "governance_proposal", id=7, digest="another")
    out = min((1, 2), key=lambda place: sha256(f"{digest}:{place}".encode()).hexdigest())
    assert counted(urn, "governance_count_ranked(1)")["whole"]["winner"] == 3 - out


SAID = ["1", "2", "1,2", "0", "0,1", "0,2", "abstain", None]
# Of the first its own groups, of the rival those who are affected only; each with what it asks.
SIDES: dict[int, dict[str, Any]] = {
    1: {"whole_yes": 20_000, "whole_floor": 3_000, "affected_yes": HALF, "affected_floor": 6_000, "seniors_too": True},
    2: {"whole_yes": None, "affected_yes": 12_000, "affected_floor": 9_000, "turnout_floor": 15_000},
}


def by_hand(people: list[tuple[bool, bool, str | None]], place: int, away: int) -> list[tuple[Any, ...]]:
    """Count a rival as the rules say it, in the plainest way; so many voted whom it does not ask."""
    rule = {**RULE, "affected_yes": None, **SIDES[place]}
    cells = {part: sum(said is not None for *who, said in people if tuple(who) == part) for part in PARTS}
    if not rule["seniors_too"]:
        cells = {(a, False): cells[a, False] + cells[a, True] for a in (False, True)}
    small, hidden = any(1 <= many <= 9 for many in cells.values()), 1 <= away <= 9
    found = []
    for group in ("whole", "affected"):
        for seniors in (False, True):
            if rule[f"{group}_yes"] is None or (seniors and not rule["seniors_too"]):
                continue
            inside = [said for affected, senior, said in people
                      if (affected or group == "whole") and (senior or not seniors)]  # fmt: skip
            voted = [said for said in inside if said is not None]
            boxes = [said.split(",") for said in voted if said != "abstain"]
            yes = sum(str(place) in box for box in boxes)
            no = sum(str(place) not in box or "0" in box for box in boxes)
            base = not seniors and (group == "whole" or rule["whole_yes"] is None)
            asked = 0 if seniors else rule["turnout_floor"]
            met = (seniors and not inside) or (30_000 * len(voted) >= asked * len(inside) and counting.meets(
                yes=yes, no=no, roll=len(inside), share=rule[f"{group}_yes"], floor=rule[f"{group}_floor"],
            ))  # fmt: skip
            found.append((
                group + "_senior" * seniors, base, not hidden and (base or not small), len(inside), len(voted),
                voted.count("abstain"), {name: sum(name in box for box in boxes) for name in "012"}, yes, no, met,
            ))  # fmt: skip
    return found


@pytest.mark.parametrize("seed", range(12))
def test_rivals_are_counted_as_one_counts_by_hand(urn: psycopg.Connection, seed: int) -> None:
    """Each by its own roll and rule; asked before the last ballots were in, too."""
    draw = random.Random(seed)  # noqa: S311 - a box that can be drawn again
    sizes = [draw.choice([0, 8, 12, 20]) for _part in PARTS]
    people = [(*part, draw.choice(SAID)) for part, size in zip(PARTS, sizes, strict=True) for _one in range(size)]
    without = {number for number, (affected, *_rest) in enumerate(people, 1) if not affected and draw.random() < 0.5}
    for number, rule in SIDES.items():
        parts = [(affected, senior, [said]) for affected, senior, said in people]
        vote(urn, parts, number=number, without=without if number == 2 else (), **rule)
    changed = {person: draw.choice(SAID[:-1]) for person in range(1, len(people) + 1) if draw.random() < 0.25}
    for person, said in changed.items():
        plant(urn, "governance_ballot", proposal_id=1, person_id=person, number=2, choice=said, cast_at=NOW - DAY / 2)
    plant(urn, "governance_ballot", proposal_id=2, person_id=1, number=3, choice="2", cast_at=NOW - DAY)
    asks = """SELECT name, base, shown, roll, ballots, abstain, approvals, yes, no, met
    FROM governance_set_sums(2, %s) WHERE place = %s"""
    for moment, later in ((NOW - DAY / 2, {}), (NOW, changed)):
        box = [(affected, senior, later.get(number, said)) for number, (affected, senior, said) in enumerate(people, 1)]
        for place, off in ((1, set()), (2, without)):
            asked = [one for number, one in enumerate(box, 1) if number not in off]
            away = sum(said is not None for number, (*_who, said) in enumerate(box, 1) if number in off)
            told = urn.execute(asks, [moment, place]).fetchall()
            assert sorted(told, key=str) == sorted(by_hand(asked, place, away), key=str)
