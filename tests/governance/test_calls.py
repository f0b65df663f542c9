"""Until when a call may still give its seat to somebody: at each step of its election."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from coop import clock
from coop.people.models import Person
from governance import elections, mandates, voting
from governance.models import Call, Proposal
from tests.governance.conftest import MINUTE, Taken, cast_choices, reach
from tests.governance.test_elections import call, elected, election

__all__ = ["call", "elected", "election"]
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WEEK = 7 * DAY
INSTANT = timedelta(microseconds=1)


CALL = """INSERT INTO governance_call (post, seat, starts_at, ends_at, opened_by_id, opened_at, closes_at)
VALUES ('auditor', 1, coop_now() + %s, coop_now() + %s, %s, now(), now())"""


def test_a_call_without_an_election_is_open_for_a_week_after_its_close(call: Call) -> None:
    over = call.closes_at + WEEK
    assert [elections.is_open(call, at) for at in (call.opened_at, over - MINUTE, over, over + MINUTE)] == [
        True,
        True,
        False,
        False,
    ]


def test_a_call_is_open_while_its_election_runs(call: Call, election: Proposal) -> None:
    assert elections.is_open(call, call.closes_at + 2 * WEEK)
    assert election.closes_at
    assert elections.is_open(call, election.closes_at + MINUTE)


def test_a_call_whose_election_was_lost_is_over(call: Call, elected: Callable[..., Proposal]) -> None:
    assert not elected(["3"] * 20).tally.passed
    assert not elections.is_open(call, clock.now())


def test_a_call_whose_election_passed_is_open_until_it_is_carried_out(
    call: Call, elected: Callable[..., Proposal]
) -> None:
    mandate = elected(["1,2"] * 20).mandate
    assert elections.is_open(call, clock.now())
    assert not mandates.enact(mandate, at=reach(mandate.due_at)).failure
    assert not elections.is_open(call, clock.now())


def test_a_call_whose_election_was_never_carried_out_is_over(call: Call, elected: Callable[..., Proposal]) -> None:
    over = elected(["1,2"] * 20).mandate.expires_at
    assert [elections.is_open(call, at) for at in (over - MINUTE, over, over + MINUTE)] == [True, False, False]


@pytest.fixture
def short(luis: Person, amina: Person, at: datetime) -> Proposal:
    """Return an election for a term of eight days, put to the vote."""
    with connection.cursor() as cursor:
        cursor.execute(CALL, [52 * DAY, 60 * DAY, amina.pk])  # type: ignore[list-item]
    call = Call.objects.get()
    elections.stand(call, statement="I can count.", by=luis, at=clock.now())
    return elections.put_to_vote(call, by=amina, at=reach(call.closes_at))


@pytest.mark.parametrize(("choice", "days", "frees"), [
    ("1", None, True), ("1", 0, False), ("1", 29, False), ("1", 31, True), ("2", 0, True),
])  # fmt: skip
def test_the_seat_is_called_for_again_when_the_call_is_over(
    short: Proposal, luis: Person, taken: Taken, attack: Callable[..., None], choice: str, days: int | None,
    frees: object,
) -> None:  # fmt: skip
    attack(CALL, [100 * DAY, 110 * DAY, luis.pk], guard="call_is_for_a_seat_to_fill")
    cast_choices(short, [choice] * 20)
    voting.close(short, at=reach(short.closes_at))
    if choice == "1":
        mandate = voting.listed().get(pk=short.pk).mandate
        at = reach(mandate.due_at + (days or 0) * DAY)
        if days is None:
            assert not mandates.enact(mandate, at=at).failure
    said = [100 * DAY, 110 * DAY, luis.pk]
    taken(CALL, said) if frees else attack(CALL, said, guard="call_is_for_a_seat_to_fill")


def put(call: Call, by: Person, at: datetime) -> str:
    """Return what keeps a call from the vote at a moment, or nothing."""
    refusal = elections.put_refusal(call, by=by, at=at)
    return str(refusal.reason).split(":")[0] if refusal else ""


def test_a_call_is_put_to_the_vote_from_its_close_until_a_week_after(call: Call, luis: Person, amina: Person) -> None:
    elections.stand(call, statement="Me.", by=luis, at=clock.now())
    first, last = call.closes_at, call.closes_at + WEEK
    open_yet, over = "The call is open until its time is over.", "This call led to nothing"
    moments = (first - INSTANT, first, last - INSTANT, last)
    assert [put(call, amina, at) for at in moments] == [open_yet, "", "", over]
    assert [elections.due(at) for at in moments] == [[], [call], [call], []]
    refusal = elections.put_refusal(call, by=amina, at=last)
    assert refusal
    assert (refusal.rule, refusal.status) == ("3.5", 409)


def test_a_call_is_put_to_the_vote_once(call: Call, election: Proposal, amina: Person) -> None:
    at = clock.now()
    assert put(call, amina, at) == "The candidates are put to the vote already."
    assert elections.due(at) == []
    assert elections.put_all(at) == 0


def test_a_call_that_nobody_answers_or_stands_by_is_not_put_to_the_vote(
    call: Call, luis: Person, amina: Person
) -> None:
    assert put(call, amina, call.closes_at) == "This call led to nothing"
    assert elections.due(call.closes_at) == []
    elections.stand(call, statement="Me.", by=luis, at=clock.now())
    elections.withdraw(call, by=luis, at=clock.now())
    assert put(call, amina, call.closes_at) == "This call led to nothing"
    assert elections.due(call.closes_at) == []


def test_only_who_may_propose_puts_a_call_to_the_vote(call: Call, luis: Person, newcomer: Person) -> None:
    elections.stand(call, statement="Me.", by=luis, at=clock.now())
    assert put(call, newcomer, call.closes_at)
    assert put(call, luis, call.closes_at) == ""
