"""Every guard has a test that misses it: their list is whole, and each run of the tests tries those of its day."""

import random
from collections import Counter
from datetime import UTC, date, datetime

import psycopg
import pytest

from coop.database.embedded import Cluster
from tests.mutation import database, traces
from tests.mutation.__main__ import TESTS, named_off
from tests.mutation.named import named

A_DAY, A_SAMPLE, LEAST = 15, 30, 0.9
# A test that speaks of something else: that it passes without the guard shows that the others might have.
NOT_MISSED = ("governance_post_is_append_only", "tests/governance/test_voting.py::test_nobody_votes_on_a_draft")
HOW = """Switched off, these guards were missed by no test:
{}
`uv run python -m tests.mutation --named --only GUARD` tries one again. Write a test that fails without it and name it
in tests/mutation/guards.txt."""

HOW_WEAKER = """Weakened, these were missed no more by the tests that missed them:
{}
`uv run python -m tests.mutation --only WORDS` tries those of some words in their names against all tests."""


def of(day: date) -> dict[str, str]:
    """Return the guards of a day with their tests: every day the next of all, in an order that says nothing."""
    guards = named()
    turn = random.Random(0).sample(sorted(guards), len(guards))  # noqa: S311 - the same order for everybody
    first = day.toordinal() * A_DAY
    return {guard: guards[guard] for guard in (turn[(first + n) % len(turn)] for n in range(A_DAY))}


def weakenings(day: date) -> list[tuple[str, str]]:
    """Return some weakenings of governance for a day, each with the test that missed it when all were tried."""
    found = {name: test for name, test in traces.found().items() if not name.endswith(": off")}
    drawn = random.Random(day.toordinal()).sample(sorted(found), A_SAMPLE)  # noqa: S311 - drawn again by whoever asks
    return [(name, found[name]) for name in drawn]


def test_every_guard_has_its_turn() -> None:
    days = -(-len(named()) // A_DAY)
    tried = set().union(*(of(date.fromordinal(date(2026, 1, 1).toordinal() + n)) for n in range(days)))
    assert tried == named().keys()


def test_every_guard_is_on_the_list(superuser: psycopg.Connection, cluster: Cluster, database_name: str) -> None:
    guards = {mutant.target for mutant in database.switched_off([cluster.url("postgres", database_name)])}
    assert len(guards) > 500
    without, gone = sorted(guards - named().keys()), sorted(named().keys() - guards)
    assert not without, f"write into tests/mutation/guards.txt which test misses: {', '.join(without)}"
    assert not gone, f"no database has these any more: {', '.join(gone)}"


def test_an_apps_mutants_meet_the_tests_named_for_its_guards(
    superuser: psycopg.Connection, cluster: Cluster, database_name: str
) -> None:
    guards = database.switched_off([cluster.url("postgres", database_name)], "governance")
    tests = {named()[guard.target].split("::")[0] for guard in guards}
    without = sorted(file for file in tests if not file.startswith(TESTS["governance"]))
    assert not without, f"write into TESTS of tests/mutation/__main__.py, for governance: {', '.join(without)}"


@pytest.mark.usefixtures("cluster")
def test_a_guard_that_is_off_is_missed(request: pytest.FixtureRequest) -> None:
    worker = getattr(request.config, "workerinput", {}).get("workerid", "test")
    today = [*of(datetime.now(UTC).date()).items(), NOT_MISSED]
    *tried, other = [one for one in named_off(today, beside=worker) if "target" in one]
    assert (len(tried), other["outcome"]) == (A_DAY, "survived")
    kept = [f"{one['target']}: {one}" for one in tried if one["outcome"] != "killed"]
    assert not kept, HOW.format("\n".join(kept))


@pytest.mark.usefixtures("cluster")
def test_nine_in_ten_of_a_days_weakenings_are_missed(request: pytest.FixtureRequest) -> None:
    """Those that are gone were changed since; one that its test misses no more may be missed by another."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "test")
    today = weakenings(datetime.now(UTC).date())
    tried = [one for one in named_off(today, beside=f"{worker}_weaker", app="governance") if "target" in one]
    outcomes = Counter(one["outcome"] for one in tried)
    assert len(tried) == A_SAMPLE
    assert outcomes["gone"] <= A_SAMPLE / 2, "tests/mutation/found.json is of an older time: make a run in full"
    kept = [f"{one['target']}: {one}" for one in tried if one["outcome"] not in {"killed", "gone"}]
    assert outcomes["killed"] >= LEAST * (A_SAMPLE - outcomes["gone"]), HOW_WEAKER.format("\n".join(kept))
