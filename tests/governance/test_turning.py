"""Whether a vote turns in its last 48 hours, ballot by ballot: the database against the plainest replay of a box."""

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import psycopg
import pytest

from tests.database.bare import plant
from tests.governance.test_bounds_of_counting import NOW, urn, vote

__all__ = ["urn"]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PEOPLE = range(1, 12)
AFFECTED = range(1, 7)
# At which hours before the end ballots come in: the 48th is late, the last is over.
HOURS = [99, 60, 48.5, 48, 47.5, 30, 20, 1, 0]
# Three of eleven are just enough, or just not; so are three of the six who are affected.
WHOLE = {"whole_yes": 15_000, "whole_floor": 8_181}
NARROW = {"whole_yes": 15_000, "whole_floor": 8_182}
BOTH = {**WHOLE, "affected_yes": 15_000, "affected_floor": 15_000}
OWN = {"whole_yes": None, "affected_yes": 15_000, "affected_floor": 15_000}


class Cast(NamedTuple):
    """A ballot of a box, so many hours before the end."""

    person: int
    hours: float
    choice: str


class Side(NamedTuple):
    """What is counted for one answer: among whom, and how many parts of them it needs."""

    roll: Iterable[int]
    floor: int


def boxes(words: list[str]) -> Iterable[list[Cast]]:
    """Yield three early ballots of the first word and a late one of the last, then what is drawn."""
    yield [*(Cast(person, 60, words[0]) for person in (1, 2, 3)), Cast(4, 20, words[-1])]
    yield from (box(random.Random(seed), words) for seed in range(60))  # noqa: S311 - can be drawn again


def box(draw: random.Random, words: list[str]) -> list[Cast]:
    """Draw ballots in the order in which they come, several of some."""
    hours = sorted((draw.choice(HOURS) for _one in range(draw.randint(1, 14))), reverse=True)
    return [Cast(draw.choice(PEOPLE), hour, draw.choice(words)) for hour in hours]


def turned(ballots: list[Cast], state: Callable[[Mapping[int, str]], object]) -> bool:
    """Tell whether what stands by the latest ballots is ever another in the last 48 hours than before them."""
    latest = {one.person: one.choice for one in ballots if one.hours > 48}
    before = state(latest)
    for one in ballots:
        if 0 < one.hours <= 48:
            latest[one.person] = one.choice
            if state(latest) != before:
                return True
    return False


def lay(urn: psycopg.Connection, ballots: list[Cast]) -> None:
    """Put ballots into the box of the first vote, and as many against them into another of two people."""
    for person in (1, 2):
        plant(urn, "governance_rollentry", proposal_id=9, person_id=person, affected=True, senior=True)
    numbers = dict.fromkeys(PEOPLE, 0)
    for nth, one in enumerate(ballots):
        numbers[one.person] += 1
        at = NOW - one.hours * HOUR
        plant(urn, "governance_ballot", proposal_id=1, person_id=one.person, number=numbers[one.person],
              choice=one.choice, receipt=f"{nth}", cast_at=at)  # fmt: skip
        plant(urn, "governance_ballot", proposal_id=9, person_id=12 - one.person, number=nth, choice="2", cast_at=at)


def asked(urn: psycopg.Connection, function: str, ballots: list[Cast]) -> bool:
    with urn.transaction(force_rollback=True):
        lay(urn, ballots)
        return urn.execute(f"SELECT {function}(1)").fetchone() == (True,)


def everybody() -> list[tuple[bool, bool, list[None]]]:
    return [(person in AFFECTED, True, [None]) for person in PEOPLE]


@pytest.mark.parametrize("rule", [WHOLE, NARROW, BOTH, OWN], ids=["whole", "narrow", "both", "own"])
def test_a_vote_by_yes_or_no_turns_as_a_replay_says(urn: psycopg.Connection, rule: dict[str, Any]) -> None:
    vote(urn, everybody(), **rule)
    rolls = [Side(PEOPLE, rule["whole_floor"])] if rule["whole_yes"] else []
    rolls += [Side(AFFECTED, rule["affected_floor"])] if "affected_yes" in rule else []

    def state(latest: Mapping[int, str]) -> list[tuple[bool, bool]]:
        said = [[latest.get(person) for person in roll] for roll, _floor in rolls]
        return [
            (one.count("yes") > one.count("no"), one.count("yes") * 30_000 >= side.floor * len(one))
            for one, side in zip(said, rolls, strict=True)
        ]  # fmt: skip

    for ballots in boxes(["yes", "no", "abstain"]):
        assert asked(urn, "governance_swings", ballots) == turned(ballots, state), ballots


@pytest.mark.parametrize(("method", "rules"), [
    ("approval", [WHOLE]), ("approval", [NARROW]), ("approval", [OWN]), ("ranked", [WHOLE]), ("ranked", [BOTH]),
    ("yes_no", [NARROW, OWN]), ("yes_no", [OWN, WHOLE, BOTH]),
], ids=str)  # fmt: skip
def test_a_vote_among_several_turns_as_a_replay_says(
    urn: psycopg.Connection, method: str, rules: list[dict[str, Any]]
) -> None:
    """Of a ballot in order only the first counts; of rivals each has its own roll, the second without two."""
    without = {1, 7}
    for number, rule in enumerate(rules, 1):
        vote(urn, everybody(), number=number, method=method, without=without if number == 2 else (), **rule)
    places = [rules[0]] * 2 if len(rules) == 1 else rules
    sides = {
        place: Side(
            [person for person in (PEOPLE if rule["whole_yes"] else AFFECTED)
             if len(rules) == 1 or place != 2 or person not in without],
            rule["whole_floor"] if rule["whole_yes"] else rule["affected_floor"],
        )
        for place, rule in enumerate(places, 1)
    }  # fmt: skip
    words = ["1", "2", "1,2", "abstain", "2,1" if method == "ranked" else "0,1"]
    if method == "approval":
        sides[0] = Side(sides[1].roll, 0)
        words.append("0")

    def state(latest: Mapping[int, str]) -> tuple[int, bool] | None:
        named = {person: choice.split(",")[: 1 if method == "ranked" else None] for person, choice in latest.items()}
        counts = {place: sum(str(place) in named.get(person, []) for person in roll)
                  for place, (roll, _floor) in sides.items()}  # fmt: skip
        leader = max(counts, key=lambda place: (counts[place], -place))
        if not counts[leader]:
            return None
        roll, floor = sides[leader]
        return leader, counts[leader] * 30_000 >= floor * len(list(roll))

    for ballots in boxes(words):
        assert asked(urn, "governance_turns", ballots) == turned(ballots, state), ballots
