"""A vote that turns in its last 48 hours goes on for 72 more, once; the database finds it, nobody sees it before."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import voting
from governance.models import Method, Proposal
from governance.options import Asked
from governance.voting import State
from tests.governance.conftest import among, electors, reach

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
INSERT = """
INSERT INTO governance_ballot (proposal_id, person_id, choice, receipt, cast_at)
VALUES (%s, %s, 'yes', repeat('c', 64), now())
"""


def say(proposal: Proposal, choices: Iterable[str], *, hours_before: float, skip: int = 0) -> None:
    """Let electors vote so many hours before the first end of the vote."""
    assert proposal.closes_at is not None
    at = reach(proposal.closes_at - hours_before * HOUR)
    for person, choice in zip(electors(proposal)[skip:], choices, strict=False):
        voting.cast(proposal, choice, by=person, at=at)


def state(proposal: Proposal) -> State:
    return voting.state(voting.listed().get(pk=proposal.pk), clock.now())


def test_a_lead_that_changes_late_keeps_the_vote_open(published: Callable[..., Proposal], amina: Person) -> None:
    proposal = published("N10")
    say(proposal, ["yes"] * 3 + ["no"] * 4, hours_before=60)
    say(proposal, ["yes"] * 2, hours_before=47, skip=7)
    at = reach(proposal.closes_at)
    assert state(proposal) == State.VOTING
    with pytest.raises(Refused, match="still open"):
        voting.close(proposal, at=at)
    assert voting.cast(proposal, "yes", by=amina, at=at).words
    assert [vote.pk for vote in voting.open_now(at)] == [proposal.pk]
    assert proposal.closes_at is not None
    assert voting.closes(proposal, at) == proposal.closes_at + 72 * HOUR


def test_it_goes_on_once_whatever_happens_then(published: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    proposal = published("N1")
    say(proposal, ["yes"] * 20, hours_before=10)
    assert proposal.closes_at is not None
    say(proposal, ["no"] * 20, hours_before=-71)
    reach(proposal.closes_at + 72 * HOUR)
    attack(INSERT, [proposal.pk, electors(proposal)[30].pk], guard="ballot_is_cast_while_the_vote_is_open")
    tally = voting.close(proposal, at=clock.now())
    assert (tally.extended, tally.passed) == (True, False)


def test_the_lock_begins_when_the_vote_really_closes(published: Callable[..., Proposal]) -> None:
    proposal = published("N1")
    say(proposal, ["yes"] * 30, hours_before=10)
    assert proposal.closes_at is not None
    assert proposal.locked_until is not None
    voting.close(proposal, at=reach(proposal.closes_at + 72 * HOUR))
    assert voting.listed().get(pk=proposal.pk).mandate.due_at == proposal.locked_until + 72 * HOUR


def test_a_floor_that_is_crossed_late_counts_too(published: Callable[..., Proposal]) -> None:
    proposal = published("N1")
    say(proposal, ["yes"] * 14, hours_before=60)
    say(proposal, ["yes"], hours_before=20, skip=14)
    reach(proposal.closes_at)
    assert state(proposal) == State.VOTING


def test_a_lead_that_changes_and_changes_back_counts_too(published: Callable[..., Proposal]) -> None:
    proposal = published("N10")
    say(proposal, ["yes"] * 3 + ["no"] * 2, hours_before=60)
    say(proposal, ["no"] * 2, hours_before=40, skip=5)
    say(proposal, ["yes"] * 3, hours_before=30, skip=7)
    reach(proposal.closes_at)
    assert state(proposal) == State.VOTING


@pytest.mark.parametrize("hours", [60, 20])
def test_a_vote_whose_outcome_stands_ends_on_time(published: Callable[..., Proposal], hours: int) -> None:
    proposal = published("N10")
    say(proposal, ["yes"] * 5, hours_before=60)
    say(proposal, ["yes"] * 5 + ["no"] * 2, hours_before=hours, skip=5)
    reach(proposal.closes_at)
    assert state(proposal) == State.CLOSED
    assert not voting.close(proposal, at=clock.now()).extended


@pytest.mark.parametrize(("hours", "then"), [(48.5, State.CLOSED), (47.5, State.VOTING)])
@pytest.mark.parametrize(("asks", "one", "other"), [
    (Asked(), "yes", "no"), (among("Red", "Green"), "1", "2"),
    (among("Red", "Green", method=Method.RANKED), "1", "2"),
])  # fmt: skip
def test_late_is_the_last_48_hours(
    published: Callable[..., Proposal], asks: Asked, one: str, other: str, hours: float, then: State
) -> None:
    proposal = published("N10", asks=asks)
    say(proposal, [one] * 3 + [other] * 2, hours_before=60)
    say(proposal, [other] * 2, hours_before=hours, skip=5)
    reach(proposal.closes_at)
    assert state(proposal) == then


def test_nobody_learns_before_the_end_that_it_will_go_on(
    published: Callable[..., Proposal], attack: Callable[..., None]
) -> None:
    proposal = published("N10")
    say(proposal, ["yes"] * 5, hours_before=20)
    assert voting.closes(proposal, clock.now()) == proposal.closes_at
    for function in ("extended", "swings", "turns"):
        attack(f"SELECT governance_{function}(%s)", [proposal.pk], guard="permission denied")


def test_another_leader_among_options_keeps_the_vote_open(published: Callable[..., Proposal]) -> None:
    proposal = published("N10", asks=among("Red", "Green"))
    say(proposal, ["1"] * 3 + ["2"] * 2, hours_before=60)
    say(proposal, ["2"] * 2, hours_before=5, skip=5)
    reach(proposal.closes_at)
    assert state(proposal) == State.VOTING


@pytest.mark.parametrize("method", [Method.APPROVAL, Method.RANKED])
def test_a_leader_among_options_that_changes_and_changes_back_counts_too(
    published: Callable[..., Proposal], method: Method
) -> None:
    proposal = published("N10", asks=among("Red", "Green", method=method))
    say(proposal, ["1"] * 3 + ["2"] * 2, hours_before=60)
    say(proposal, ["2"] * 2, hours_before=40, skip=5)
    say(proposal, ["1"] * 3, hours_before=30, skip=7)
    reach(proposal.closes_at)
    assert state(proposal) == State.VOTING
    assert proposal.closes_at is not None
    assert voting.close(proposal, at=reach(proposal.closes_at + 72 * HOUR)).extended


def test_a_few_who_say_otherwise_for_an_hour_turn_it_too(published: Callable[..., Proposal]) -> None:
    """A later ballot takes the place of the earlier one, and the first one comes back."""
    proposal = published("N10", asks=among("Red", "Green"))
    say(proposal, ["1"] * 3 + ["1,2"] * 2, hours_before=60)
    say(proposal, ["2"] * 3, hours_before=20)
    say(proposal, ["1"] * 3, hours_before=19)
    reach(proposal.closes_at)
    assert state(proposal) == State.VOTING


@pytest.mark.parametrize("method", [Method.APPROVAL, Method.RANKED])
@pytest.mark.parametrize("late", [["1,2"] * 3, ["2", "abstain", "2"], ["0"]])
def test_a_leader_among_options_that_stays_lets_the_vote_end(
    published: Callable[..., Proposal], method: Method, late: list[str]
) -> None:
    late = [said for said in late if said != "0" or method == Method.APPROVAL]
    proposal = published("N10", asks=among("Red", "Green", method=method))
    say(proposal, ["1"] * 5 + ["2"] * 2, hours_before=60)
    say(proposal, late, hours_before=40, skip=7)
    reach(proposal.closes_at)
    assert state(proposal) == State.CLOSED
    assert not voting.close(proposal, at=clock.now()).extended


@pytest.mark.parametrize(("late", "found"), [(1, State.VOTING), (0, State.CLOSED)])
def test_a_floor_that_the_leader_crosses_late_counts_too(
    published: Callable[..., Proposal], late: int, found: State
) -> None:
    proposal = published("N14", asks=among("Red", "Green"))
    floor = -(-len(electors(proposal)) // 5)
    say(proposal, ["1"] * (floor - 1), hours_before=60)
    say(proposal, ["1"] * late + ["2"], hours_before=20, skip=floor - 1)
    reach(proposal.closes_at)
    assert state(proposal) == found


def test_no_officer_and_no_row_extends_a_vote(published: Callable[..., Proposal], attack: Callable[..., None]) -> None:
    proposal = published("N10")
    attack(
        "UPDATE governance_proposal SET closes_at = closes_at + interval '72 hours' WHERE id = %s", [proposal.pk],
        guard="permission denied",
    )  # fmt: skip
