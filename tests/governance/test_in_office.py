"""Who is in office, by which version of a post and until when, as the database answers it: each part by itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest

from tests.database.bare import empty, plant

pytestmark = pytest.mark.django_db
STEP, DAY = timedelta(microseconds=1), timedelta(days=1)
BEGINS = datetime(2030, 1, 1, tzinfo=UTC)
MIDDLE, ENDS = BEGINS + 15 * DAY, BEGINS + 30 * DAY
CLERK, OTHER, GONE = 1, 2, 3
type Ask = Callable[..., object]


@pytest.fixture
def world(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let a clerk be in office from the beginning to the end, another around it, and one be gone and recalled."""
    empty(superuser, *(f"governance_{table}" for table in (
        "office", "officeend", "standing", "post", "mandate", "proposal", "call",
    )))  # fmt: skip
    plant(superuser, "governance_mandate", id=1, given_at=BEGINS - 99 * DAY)
    for name in ("clerk", "keeper"):
        plant(superuser, "governance_post", name=name, version=1, since=BEGINS - 99 * DAY, abolished=False)
    for person, begins, ends in ((CLERK, BEGINS, ENDS), (OTHER, BEGINS - DAY, ENDS + DAY), (GONE, BEGINS, MIDDLE)):
        plant(superuser, "governance_office", id=person, person_id=person, post="clerk", mandate_id=1,
              starts_at=begins, ends_at=ends)  # fmt: skip
        plant(superuser, "governance_standing", person_id=person, status="member", since=BEGINS - 90 * DAY)
    plant(superuser, "governance_officeend", office_id=GONE, at=BEGINS + STEP)
    plant(superuser, "governance_standing", person_id=GONE, status="left", since=BEGINS + STEP)
    return superuser


@pytest.fixture
def ask(world: psycopg.Connection) -> Ask:
    """Return a function that asks one of the database's functions."""

    def answer(call: str, *given: object) -> object:
        (said,) = world.execute(f"SELECT {call}", given).fetchone() or (None,)
        return said

    return answer


def told(ask: Ask, function: str, *moments: datetime) -> list[object]:
    """Return what a function says of the clerk at some moments."""
    return [ask(f"{function}(%s, %s)", CLERK, moment) for moment in moments]


def test_an_office_is_held_from_its_first_moment_until_before_its_last(ask: Ask) -> None:
    assert told(ask, "governance_in_office", BEGINS - STEP, BEGINS, ENDS - STEP, ENDS) == [False, True, True, False]


def test_an_office_that_was_ended_is_held_until_then(world: psycopg.Connection, ask: Ask) -> None:
    plant(world, "governance_standing", person_id=CLERK, status="member", since=BEGINS)
    plant(world, "governance_officeend", office_id=CLERK, at=MIDDLE)
    assert told(ask, "governance_in_office", MIDDLE - STEP, MIDDLE, MIDDLE + STEP) == [True, False, False]


@pytest.mark.parametrize("status", ["left", "expelled"])
@pytest.mark.parametrize(("since", "held"), [(BEGINS - STEP, True), (BEGINS, False), (MIDDLE, False)])
def test_whoever_left_in_office_holds_it_no_more_even_as_a_member_again(
    world: psycopg.Connection, ask: Ask, status: str, since: datetime, *, held: bool
) -> None:
    plant(world, "governance_standing", person_id=CLERK, status=status, since=since)
    assert told(ask, "governance_in_office", MIDDLE) == [False]
    plant(world, "governance_standing", person_id=CLERK, status="member", since=since)
    plant(world, "governance_standing", person_id=GONE, status="left", since=MIDDLE)
    assert told(ask, "governance_in_office", MIDDLE) == [held]


def test_whoever_is_no_member_now_holds_no_office(world: psycopg.Connection, ask: Ask) -> None:
    plant(world, "governance_standing", person_id=CLERK, status="candidate", since=MIDDLE)
    plant(world, "governance_standing", person_id=OTHER, status="member", since=MIDDLE)
    assert told(ask, "governance_in_office", MIDDLE) == [False]


def test_an_office_of_an_abolished_post_is_held_until_then(world: psycopg.Connection, ask: Ask) -> None:
    plant(world, "governance_post", name="keeper", version=2, since=BEGINS, abolished=True)
    plant(world, "governance_post", name="clerk", version=2, since=BEGINS + DAY, abolished=False)
    assert told(ask, "governance_in_office", MIDDLE) == [True]
    plant(world, "governance_post", name="clerk", version=3, since=MIDDLE, abolished=True)
    plant(world, "governance_post", name="clerk", version=4, since=ENDS, abolished=True)
    assert told(ask, "governance_in_office", MIDDLE - STEP, MIDDLE) == [True, False]
    assert ask("governance_abolished_at('clerk', 1)") == MIDDLE


def test_a_post_abolished_before_and_founded_anew_is_held(world: psycopg.Connection, ask: Ask) -> None:
    world.execute("UPDATE governance_post SET abolished = true")
    assert told(ask, "governance_in_office", MIDDLE) == [True]
    assert ask("governance_abolished_at('clerk', 1)") is None


def test_a_person_holds_a_post_while_an_office_of_their_own_runs(ask: Ask) -> None:
    held = [
        ask("governance_holds_a_post(%s, %s)", person, moment)
        for person, moment in ((CLERK, MIDDLE), (CLERK, ENDS), (OTHER, ENDS), (GONE, MIDDLE), (4, MIDDLE))
    ]
    assert held == [True, False, True, False, False]


def test_an_office_goes_by_the_post_as_it_was_called_for_or_given(world: psycopg.Connection, ask: Ask) -> None:
    called, given = MIDDLE, MIDDLE + DAY
    for number, since in enumerate((called, called + STEP, given, given + STEP), 2):
        plant(world, "governance_post", name="clerk", version=number, since=since, abolished=False)
    plant(world, "governance_call", id=7, opened_at=called)
    plant(world, "governance_call", id=8, opened_at=given + DAY)
    plant(world, "governance_post", name="keeper", version=9, since=called, abolished=False)
    for number, policy, payload in (
        (2, "election", '{"call": 7}'), (3, "paint", '{"call": 7}'), (4, "election", '{"call": 9}')
    ):  # fmt: skip
        plant(world, "governance_proposal", id=number, policy=policy, payload=payload)
        plant(world, "governance_mandate", id=number, proposal_id=number, given_at=given)
    assert [ask("governance_version_for('clerk', %s)", mandate) for mandate in (1, 2, 3, 4, 5)] == [1, 2, 4, 4, None]
    assert ask("governance_version_for('keeper', 2)") == 9


def runs(ask: Ask, within: str, *moments: datetime) -> list[object]:
    """Tell whether the clerk's office runs in each of the spans between some moments."""
    return [ask(within, begins, ends, CLERK) == 1 for begins, ends in pairwise(moments)]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("officeend", {"office_id": CLERK, "at": MIDDLE}),
        ("standing", {"person_id": CLERK, "status": "left", "since": MIDDLE}),
        ("standing", {"person_id": CLERK, "status": "expelled", "since": MIDDLE}),
        ("post", {"name": "clerk", "version": 2, "since": MIDDLE, "abolished": True}),
    ],
)
def test_an_office_that_ends_early_leaves_its_time_to_others(
    world: psycopg.Connection, ask: Ask, table: str, row: dict[str, object]
) -> None:
    between = "count(*) FROM governance_offices_between(%s, %s) WHERE id = %s"
    moments = [BEGINS - DAY, BEGINS, BEGINS + STEP, MIDDLE, MIDDLE + STEP, ENDS, ENDS + STEP]
    assert runs(ask, between, *moments) == [False, True, True, True, True, False]
    plant(world, f"governance_{table}", **row)
    assert runs(ask, between, *moments) == [False, True, True, False, False, False]


def test_only_leaving_in_office_ends_it(world: psycopg.Connection, ask: Ask) -> None:
    plant(world, "governance_standing", person_id=CLERK, status="left", since=BEGINS - STEP)
    plant(world, "governance_standing", person_id=CLERK, status="member", since=MIDDLE)
    between = "count(*) FROM governance_offices_between(%s, %s) WHERE id = %s"
    assert runs(ask, between, BEGINS, MIDDLE + STEP, ENDS) == [True, True]
    plant(world, "governance_standing", person_id=CLERK, status="left", since=BEGINS)
    assert runs(ask, between, BEGINS, BEGINS + STEP, ENDS) == [False, False]
