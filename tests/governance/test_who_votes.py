"""Who is on a roll and what comes too soon, as the database answers it: each part by itself, to the moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.database.bare import empty, plant

pytestmark = pytest.mark.django_db
STEP, DAY = timedelta(microseconds=1), timedelta(days=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
LONG_AGO = NOW - 999 * DAY
FOUNDING, VOTED = 1, 2
NEW = 99
WORK = """CREATE OR REPLACE VIEW governance_engagement AS SELECT subject::text, person_id::bigint, last_at::timestamptz
FROM (VALUES {}) w (subject, person_id, last_at)"""
HELD = """CREATE OR REPLACE VIEW governance_{} AS SELECT 'hall:1'::text AS subject, {}::bigint AS person_id,
'{}'::timestamptz AS last_at"""
PAID = """CREATE OR REPLACE VIEW governance_paid_time AS SELECT person_id::bigint, seconds::numeric
FROM (VALUES (99, {}), (98, 36000)) p (person_id, seconds)"""
type Roll = dict[int, tuple[bool, bool]]


@pytest.fixture
def hall(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let twelve be members by the founding; the first nine of them worked in the hall ninety days ago."""
    empty(superuser, "governance_standing", "governance_mandate")
    plant(superuser, "governance_mandate", id=FOUNDING, proposal_id=None)
    plant(superuser, "governance_mandate", id=VOTED, proposal_id=1)
    for person in range(1, 13):
        plant(superuser, "governance_standing", person_id=person, status="candidate", since=LONG_AGO)
        plant(superuser, "governance_standing", person_id=person, status="member", since=NOW, mandate_id=FOUNDING)
    worked(superuser)
    superuser.execute(PAID.format(36_000))
    return superuser


def worked(hall: psycopg.Connection, *also: tuple[str, int, datetime]) -> None:
    nine = [("hall:1", person, NOW - 90 * DAY) for person in range(1, 10)]
    hall.execute(WORK.format(", ".join(f"('{about}', {person}, '{last}')" for about, person, last in (*nine, *also))))


def drawn(hall: psycopg.Connection, ask: str, rule: str = "N2") -> Roll:
    """Return who is on a roll by a rule, and of each whether they are affected and senior."""
    found = hall.execute(ask, [NOW, rule]).fetchall()
    return {person: (affected, senior) for person, affected, senior in found}


@pytest.mark.parametrize(
    ("status", "since", "seconds", "mandate", "votes"),
    [
        ("member", NOW - 30 * DAY, 36_000, None, True), ("member", NOW - 30 * DAY + STEP, 36_000, None, False),
        ("member", NOW - 30 * DAY, 35_999, None, False), ("member", NOW - 30 * DAY, 35_999, VOTED, False),
        ("member", NOW, 0, FOUNDING, True), ("member", NOW - 30 * DAY, 36_000, VOTED, True),
        ("candidate", NOW - 30 * DAY, 36_000, None, False), ("left", NOW - 30 * DAY, 36_000, FOUNDING, False),
    ],
)  # fmt: skip
def test_members_vote_after_thirty_days_with_ten_paid_hours(
    hall: psycopg.Connection, status: str, since: datetime, seconds: int, mandate: int | None, *, votes: bool
) -> None:
    hall.execute(PAID.format(seconds))
    plant(hall, "governance_standing", person_id=NEW, status="member", since=LONG_AGO, mandate_id=FOUNDING)
    plant(hall, "governance_standing", person_id=NEW, status=status, since=since, mandate_id=mandate)
    asked = "SELECT e.* FROM governance_rule r, governance_electors('hall:1', r, %s) e WHERE r.key = %s"
    assert drawn(hall, asked).keys() == {*range(1, 13), *([NEW] if votes else [])}


def test_whoever_is_a_member_for_180_days_is_senior(hall: psycopg.Connection) -> None:
    for person, since in ((20, NOW - 180 * DAY), (21, NOW - 180 * DAY + STEP)):
        plant(hall, "governance_standing", person_id=person, status="member", since=since, mandate_id=FOUNDING)
    asked = "SELECT e.* FROM governance_rule r, governance_electors('hall:1', r, %s) e WHERE r.key = %s"
    seniors = {person for person, (_affected, senior) in drawn(hall, asked).items() if senior}
    assert seniors == {20}


@pytest.mark.parametrize(
    ("last", "about", "ten"),
    [(NOW - 90 * DAY, "hall:1", True), (NOW - 90 * DAY - STEP, "hall:1", False), (NOW, "hall:2", False)],
)
def test_ten_who_worked_there_in_ninety_days_are_affected_and_fewer_are_everybody(
    hall: psycopg.Connection, last: datetime, about: str, *, ten: bool
) -> None:
    worked(hall, (about, 10, last), ("hall:2", 11, NOW), ("hall:1", NEW, NOW))
    asked = "SELECT e.* FROM governance_rule r, governance_electors('hall:1', r, %s) e WHERE r.key = %s"
    everybody = set(range(1, 13))
    affected = set(range(1, 11)) if ten else everybody
    # By N1 only they vote, by N2 everybody beside them, by N14 all alike.
    assert drawn(hall, asked, "N1") == dict.fromkeys(affected, (True, False))
    assert drawn(hall, asked, "N2") == {person: (person in affected, False) for person in everybody}
    assert drawn(hall, asked, "N14") == dict.fromkeys(everybody, (False, False))


@pytest.mark.parametrize("view", ["offered", "qualified"])
@pytest.mark.parametrize(
    ("last", "person", "ten"),
    [(NOW - 90 * DAY, 10, True), (NOW - 90 * DAY - STEP, 10, False), (NOW, 9, False), (NOW, NEW, False)],
)
def test_an_offer_or_the_qualification_affects_as_work_does_and_nobody_twice(
    hall: psycopg.Connection, view: str, last: datetime, person: int, *, ten: bool
) -> None:
    hall.execute(HELD.format(view, person, last))
    asked = "SELECT e.* FROM governance_rule r, governance_electors('hall:1', r, %s) e WHERE r.key = %s"
    assert drawn(hall, asked, "N1").keys() == set(range(1, 11 if ten else 13))
    drawn_lines = hall.execute(asked, [NOW, "N1"]).fetchall()
    assert len(drawn_lines) == (10 if ten else 12)


def test_an_offer_elsewhere_affects_nobody_here(hall: psycopg.Connection) -> None:
    for view in ("offered", "qualified"):
        hall.execute(HELD.format(view, 10, NOW).replace("hall:1", "hall:2"))
    asked = "SELECT e.* FROM governance_rule r, governance_electors('hall:1', r, %s) e WHERE r.key = %s"
    assert drawn(hall, asked, "N1").keys() == set(range(1, 13))


@pytest.fixture
def cuts(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let there be no vote but those that a test plants."""
    empty(superuser, "governance_proposal", "governance_tally")
    return superuser


def propose(cuts: psycopg.Connection, number: int, *, rule: str = "N2", **others: object) -> None:
    (rule_id,) = cuts.execute("SELECT id FROM governance_rule WHERE key = %s", [rule]).fetchone() or (None,)
    plant(cuts, "governance_proposal", **{"id": number, "rule_id": rule_id, "subject": "hall:1", **others})


@pytest.mark.parametrize(
    ("other", "soon"),
    [
        ({}, True), ({"published_at": NOW - 90 * DAY}, False), ({"published_at": None}, False),
        ({"subject": "hall:2"}, False), ({"rule": "N1"}, True), ({"rule": "N3"}, True), ({"rule": "N14"}, False),
        ({"number": 7}, False), ({"number": 8}, False), ({"rival_of_id": 7}, False), ({"rival_of_id": 6}, True),
    ],
    ids=str,
)  # fmt: skip
def test_a_cut_comes_too_soon_within_ninety_days_of_another(
    cuts: psycopg.Connection, other: dict[str, Any], *, soon: bool
) -> None:
    """Nine is asked about, a rival of seven; its first reading was eight."""
    propose(cuts, 9, first_reading_id=8, rival_of_id=7, published_at=NOW)
    told: dict[str, Any] = {"number": 1, "published_at": NOW - 90 * DAY + STEP}
    propose(cuts, **told | other)
    asked = "SELECT governance_too_soon(p, %s) FROM governance_proposal p WHERE id = 9"
    assert cuts.execute(asked, [NOW]).fetchone() == (soon,)


@pytest.mark.parametrize(
    ("counted", "passed", "soon"),
    [(NOW - 180 * DAY + STEP, False, True), (NOW - 180 * DAY, False, False), (NOW - 180 * DAY + STEP, True, False)],
)
def test_a_cut_comes_too_soon_within_180_days_of_one_that_was_lost(
    cuts: psycopg.Connection, counted: datetime, *, passed: bool, soon: bool
) -> None:
    propose(cuts, 9)
    propose(cuts, 1, published_at=NOW - 200 * DAY)
    plant(cuts, "governance_tally", proposal_id=1, counted_at=counted, passed=passed)
    plant(cuts, "governance_tally", proposal_id=2, counted_at=NOW, passed=False)
    asked = "SELECT governance_too_soon(p, %s) FROM governance_proposal p WHERE id = 9"
    assert cuts.execute(asked, [NOW]).fetchone() == (soon,)


def test_only_of_a_counted_vote_is_told_who_voted_and_of_each_once(superuser: psycopg.Connection) -> None:
    empty(superuser, "governance_ballot", "governance_tally")
    for vote, person, number in ((1, 11, 1), (1, 11, 2), (1, 12, 1), (2, 13, 1), (3, 14, 1)):
        plant(superuser, "governance_ballot", proposal_id=vote, person_id=person, number=number)
    for vote in (1, 3):
        plant(superuser, "governance_tally", proposal_id=vote)
    told = [superuser.execute("SELECT governance_voters(%s)", [vote]).fetchall() for vote in (1, 2)]
    assert [sorted(voters) for voters in told] == [[(11,), (12,)], []]
