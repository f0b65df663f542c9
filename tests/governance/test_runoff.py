"""Ranked ballots: the database, a library and another library find the same winner, and ties break as published."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pref_voting.iterative_methods import instant_runoff_for_truncated_linear_orders
from pref_voting.profiles_with_ties import ProfileWithTies

from governance import runoff
from tests.governance.test_counting import ONCE

pytestmark = pytest.mark.django_db
SEED = "5eed"
type Profile = dict[tuple[int, ...], int]


@st.composite
def elections(draw: st.DrawFn) -> tuple[int, Profile]:
    """Draw some candidates and how often each order of some of them was given."""
    candidates = draw(st.integers(1, 6))
    order = st.permutations(range(1, candidates + 1)).flatmap(
        lambda places: st.integers(1, candidates).map(lambda length: tuple(places[:length]))
    )
    return candidates, draw(st.dictionaries(order, st.integers(1, 30), max_size=14))


def in_sql(owner: psycopg.Connection, candidates: int, profile: Profile, seed: str = SEED) -> dict[str, Any]:
    """Return what the database counts."""
    rows = [[*order, *[0] * (candidates - len(order))] for order in profile]
    (run,) = owner.execute(
        "SELECT governance_runoff(%s::integer[], %s::bigint[], %s::integer[], %s)",
        [rows, list(profile.values()), list(range(1, candidates + 1)), seed],
    ).fetchone() or ({},)
    return dict(run)


def by_hand(candidates: int, profile: Profile, seed: str = SEED) -> tuple[int | None, list[dict[int, int]]]:
    """Count as the rule says it, in the plainest way."""
    left, rounds = list(range(1, candidates + 1)), list[dict[int, int]]()
    while True:
        counts = dict.fromkeys(left, 0)
        for order, ballots in profile.items():
            for name in order:
                if name in counts:
                    counts[name] += ballots
                    break
        rounds.append(counts)
        active = sum(counts.values())
        if not active:
            return None, rounds
        best = max(left, key=lambda name: (counts[name], -name))
        if 2 * counts[best] > active or len(left) == 1:
            return best, rounds
        tracks = {name: [turn[name] for turn in reversed(rounds)] for name in left}
        lots = {name: hashlib.sha256(f"{seed}:{name}".encode()).digest() for name in left}
        left.remove(min(left, key=lambda name: (tracks[name], lots[name])))


def as_text(profile: Profile) -> Mapping[str, int]:
    return {",".join(map(str, order)): ballots for order, ballots in profile.items()}


@settings(parent=ONCE, max_examples=300)
@given(election=elections())
def test_three_counts_agree(owner: psycopg.Connection, election: tuple[int, Profile]) -> None:
    candidates, profile = election
    run = in_sql(owner, candidates, profile)
    won, rounds = by_hand(candidates, profile)
    assert run["winner"] == won
    assert [{int(name): n for name, n in turn["counts"].items()} for turn in run["rounds"]] == rounds
    total = sum(profile.values())
    assert all(turn["exhausted"] + sum(turn["counts"].values()) == total for turn in run["rounds"])
    if not profile or runoff.has_ties(run["rounds"]):
        return
    assert runoff.winner(range(1, candidates + 1), as_text(profile)) == won
    ranks = [{name: place for place, name in enumerate(order, 1)} for order in profile]
    other = ProfileWithTies(ranks, rcounts=list(profile.values()), candidates=list(range(1, candidates + 1)))
    assert instant_runoff_for_truncated_linear_orders(other) == [won]


def test_the_weakest_leaves_and_its_ballots_go_on(owner: psycopg.Connection) -> None:
    run = in_sql(owner, 3, {(1, 2): 8, (2, 1): 6, (3, 2): 5})
    assert [turn.get("out") for turn in run["rounds"]] == [3, None]
    assert run["rounds"][1]["counts"] == {"1": 8, "2": 11}
    assert run["winner"] == 2


def test_of_two_level_the_one_that_was_weaker_before_leaves(owner: psycopg.Connection) -> None:
    run = in_sql(owner, 4, {(1,): 10, (2,): 6, (3,): 4, (4, 3): 2})
    assert [(turn.get("out"), turn.get("by")) for turn in run["rounds"]][1] == (3, "earlier")


def test_a_tie_to_the_end_is_a_lot_that_everybody_can_draw_again(owner: psycopg.Connection) -> None:
    for seed in ("a", "b", "c", "d"):
        run = in_sql(owner, 2, {(1,): 5, (2,): 5}, seed)
        by_lot = {hashlib.sha256(f"{seed}:{name}".encode()).digest(): name for name in (1, 2)}
        last, first = (by_lot[lot] for lot in sorted(by_lot))
        assert run["rounds"][0] == {"counts": {"1": 5, "2": 5}, "exhausted": 0, "out": last, "by": "lot"}
        assert run["winner"] == first


def test_without_ballots_nobody_wins(owner: psycopg.Connection) -> None:
    assert in_sql(owner, 3, {})["winner"] is None


def test_a_count_on_which_the_library_differs_does_not_pass() -> None:
    count = {"winner": 2, "rounds": [{"counts": {"1": 9, "2": 3}, "exhausted": 0}]}
    assert not runoff.agrees(count, {"1": 9, "2": 3})
    assert runoff.agrees(count | {"winner": 1}, {"1": 9, "2": 3})
    assert runoff.agrees({"winner": 2}, {})
    assert json.dumps(count)
