"""Counting: the database and Python come to the same, for any box, in whole numbers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, NamedTuple

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance import counting
from governance.models import WHOLE, Proposal, Rule

pytestmark = pytest.mark.django_db
SHARES = {"1/2": 15_000, "2/3": 20_000, "3/4": 22_500, "1/3": 10_000, "2/5": 12_000, "0": 0, "15/100": 4_500}
ONCE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Elector(NamedTuple):
    """A place on a roll, and what its ballots said, in order."""

    affected: bool
    senior: bool
    said: list[str]


electors = st.builds(
    Elector, affected=st.booleans(), senior=st.booleans(),
    said=st.lists(st.sampled_from(["yes", "no", "abstain"]), max_size=2),
)  # fmt: skip


@pytest.mark.parametrize(("share", "parts"), SHARES.items())
def test_shares_are_exact(share: str, parts: int) -> None:
    assert Fraction(parts, WHOLE) == Fraction(share)


@ONCE
@given(
    yes=st.integers(0, 10**6), no=st.integers(0, 10**6), away=st.integers(0, 10**6),
    share=st.sampled_from(sorted(SHARES)), floor=st.sampled_from(sorted(SHARES)),
)  # fmt: skip
def test_thresholds_are_those_of_exact_fractions(
    owner: psycopg.Connection, yes: int, no: int, away: int, share: str, floor: str
) -> None:
    roll = yes + no + away
    exactly = yes > no and Fraction(yes, yes + no) >= Fraction(share) and yes >= Fraction(floor) * roll
    numbers = {"yes": yes, "no": no, "roll": roll, "share": SHARES[share], "floor": SHARES[floor]}
    in_sql = owner.execute(
        "SELECT governance_meets(%(yes)s, %(no)s, %(roll)s, %(share)s, %(floor)s)", numbers
    ).fetchone()
    assert in_sql == (exactly,)
    assert counting.meets(**numbers) == exactly


# What a ballot in ten thousand would change: shares and floors that are met to the part, and those just missed.
NARROW = [
    ((15_001, 14_999, 30_000, 15_001, 0), True), ((15_000, 14_999, 30_000, 15_001, 0), False),
    ((10_001, 0, 30_000, 15_000, 10_001), True), ((10_000, 0, 29_998, 15_000, 10_001), False),
    ((1, 0, 1, 30_000, 30_000), True), ((1, 1, 2, 0, 0), False), ((0, 0, 0, 0, 0), False),
]  # fmt: skip


@pytest.mark.parametrize(("numbers", "met"), NARROW)
def test_a_share_is_met_to_the_part(owner: psycopg.Connection, numbers: tuple[int, ...], *, met: bool) -> None:
    assert owner.execute("SELECT governance_meets(%s, %s, %s, %s, %s)", numbers).fetchone() == (met,)
    told = dict(zip(("yes", "no", "roll", "share", "floor"), numbers, strict=True))
    assert counting.meets(**told) == met


@pytest.fixture
def box(superuser: psycopg.Connection) -> psycopg.Connection:
    """Give a connection on which ballots can be laid in a box without a vote having been held."""
    for table in ("proposal", "option", "rollentry", "ballot"):
        superuser.execute(f"ALTER TABLE governance_{table} DISABLE TRIGGER ALL")
    return superuser


@contextmanager
def laid(
    box: psycopg.Connection, key: str, people: list[Elector], *, options: int = 0
) -> Iterator[tuple[int, dict[str, dict[str, Any]]]]:
    """Lay ballots in a box of a rule, by approval among so many options; give the vote and what the database counts."""
    with box.transaction(force_rollback=True):
        (vote,) = box.execute(
            "INSERT INTO governance_proposal (policy, rule_id, title, text, payload, impact, subject, method,"
            " proposed_by_id, drafted_at, digest, roll_root, published_at, opens_at, closes_at, locked_until)"
            " SELECT 'paint', id, 'Q', 'W', '{}', '{}', '', %s, 1, now(), '', '', now() - interval '9 days',"
            " now() - interval '8 days', now() - interval '1 day', now()"
            " FROM governance_rule WHERE key = %s RETURNING id",
            ["approval" if options else "yes_no", key],
        ).fetchone() or (0,)  # fmt: skip
        box.execute(
            "INSERT INTO governance_option (proposal_id, position, title, text, payload)"
            " SELECT %s, n, 'Option ' || n, '', '' FROM generate_series(1, %s) n", [vote, options],
        )  # fmt: skip
        rolls = [(vote, n, n, person.affected, person.senior) for n, person in enumerate(people)]
        ballots = [
            (vote, n, number, said, f"{n}-{number}")
            for n, person in enumerate(people) for number, said in enumerate(person.said, 1)
        ]  # fmt: skip
        with box.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO governance_rollentry (proposal_id, person_id, position, affected, senior)"
                " VALUES (%s, %s, %s, %s, %s)", rolls,
            )  # fmt: skip
            cursor.executemany(
                "INSERT INTO governance_ballot (proposal_id, person_id, number, choice, receipt, cast_at)"
                " VALUES (%s, %s, %s, %s, encode(sha256(%s), 'hex'), now())", ballots,
            )  # fmt: skip
        found = box.execute("SELECT governance_count(%s)::text", [vote]).fetchone()
        yield vote, json.loads(found[0]) if found and found[0] else {}


def lay(box: psycopg.Connection, key: str, people: list[Elector], *, options: int = 0) -> dict[str, dict[str, Any]]:
    """Return what the database counts of such a box."""
    with laid(box, key, people, options=options) as (_vote, counts):
        return counts


def reference(people: list[Elector], rule: Rule) -> dict[str, dict[str, int]]:
    """Count by hand: the last ballot of each elector, group by group."""
    groups = {"whole": people, "affected": [person for person in people if person.affected]}
    groups = {name: inside for name, inside in groups.items() if getattr(rule, f"{name}_yes") is not None}
    if rule.seniors_too:
        groups |= {f"{name}_senior": [p for p in inside if p.senior] for name, inside in groups.items()}
    last = {name: [p.said[-1] for p in inside if p.said] for name, inside in groups.items()}
    return {
        name: {"roll": len(groups[name]), **{say: last[name].count(say) for say in ("yes", "no", "abstain")}}
        for name in groups
    }


@ONCE
@given(key=st.sampled_from(["N1", "N2", "N3", "N10", "N14"]), people=st.lists(electors, min_size=1, max_size=60))
def test_the_database_counts_as_one_counts_by_hand(box: psycopg.Connection, key: str, people: list[Elector]) -> None:
    rule = Rule.objects.get(key=key)
    if key == "N1":
        people = [person._replace(affected=True) for person in people]
    counts, expected = lay(box, key, people), reference(people, rule)
    assert set(counts) == set(expected)
    for group, numbers in expected.items():
        assert counting.met(group, numbers, rule) == counts[group]["met"]
        assert counts[group]["roll"] == numbers["roll"]
        if "yes" in counts[group]:
            assert {name: counts[group][name] for name in numbers} == numbers


@ONCE
@given(people=st.lists(electors, min_size=1, max_size=60))
def test_no_one_to_nine_ballots_can_be_told_apart(box: psycopg.Connection, people: list[Elector]) -> None:
    counts = lay(box, "N2", people)
    cells: dict[tuple[bool, bool], int] = {}
    for person in people:
        if person.said:
            cells[person.affected, person.senior] = cells.get((person.affected, person.senior), 0) + 1
    small = any(0 < ballots < 10 for ballots in cells.values())
    told = {group for group, count in counts.items() if "yes" in count}
    assert told == ({"whole"} if small else {"whole", "whole_senior", "affected", "affected_senior"})


@pytest.mark.parametrize("options", [0, 2])
@pytest.mark.parametrize(("sizes", "small"), [
    ((10, 10, 10, 10), False), ((0, 10, 10, 0), False), ((1, 10, 10, 10), True), ((10, 10, 10, 9), True),
])  # fmt: skip
def test_a_part_of_one_to_nine_ballots_keeps_all_parts_untold(
    box: psycopg.Connection, sizes: tuple[int, ...], options: int, *, small: bool
) -> None:
    parts = [(affected, senior) for affected in (False, True) for senior in (False, True)]
    people = [
        Elector(*part, ["1" if options else "yes"]) for part, n in zip(parts, sizes, strict=True) for _ in range(n)
    ]
    counts = lay(box, "N2", people, options=options)
    told = {group for group, count in counts.items() if counting.is_shown(count)}
    assert told == ({"whole"} if small else {"whole", "whole_senior", "affected", "affected_senior"})


def test_nobody_senior_means_nobody_to_ask(box: psycopg.Connection) -> None:
    people = [Elector(affected=True, senior=False, said=["yes"])] * 12
    counts = lay(box, "N1", people)
    assert counts["affected_senior"] == {"roll": 0, "met": True, "yes": 0, "no": 0, "abstain": 0}


def test_seniors_can_hold_a_cut_back(box: psycopg.Connection) -> None:
    new = [Elector(affected=True, senior=False, said=["yes"])] * 40
    old = [Elector(affected=True, senior=True, said=["no"])] * 10
    counts = lay(box, "N1", [*new, *old])
    assert (counts["affected"]["met"], counts["affected_senior"]["met"]) == (True, False)
    assert not counting.passes(counts, Proposal(rule=Rule.objects.get(key="N1")))


@pytest.mark.parametrize(("abstain", "enough"), [(5, True), (4, False)])
def test_whoever_abstains_takes_part(abstain: int, enough: object) -> None:
    recall = Rule(key="N13", whole_yes=WHOLE // 2, turnout_floor=WHOLE * 15 // 100)
    assert counting.met("whole", {"yes": 6, "no": 4, "abstain": abstain, "roll": 100}, recall) == enough
