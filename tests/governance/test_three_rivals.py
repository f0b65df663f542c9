"""Three on one ballot: each is counted by its own roll, its own ballots and its own rule."""

from collections.abc import Callable

import pytest

from governance.models import Proposal
from governance.voting import State
from tests.governance.test_rivals import count, file, first, states

__all__ = ["first"]
pytestmark = pytest.mark.django_db


def test_three_on_a_ballot_are_each_counted_by_themselves(first: Callable[..., Proposal]) -> None:
    vote = first("N1")
    file(vote, "yellow", "N1", by=5)
    file(vote, "gold", "N10", by=10)
    votes = count(vote, ["1"] * 11 + ["2"] * 12 + ["2,3"] * 9 + ["0"] * 2)
    told = [{**one.tally.counts.get("affected", {}), **one.tally.counts.get("whole", {})} for one in votes]
    assert [(one["roll"], one["ballots"], one["abstain"], one["against"]) for one in told] == [
        (36, 34, 0, 23), (36, 34, 0, 13), (36, 34, 0, 25),
    ]  # fmt: skip
    assert [one["approvals"] for one in told] == [{"0": 2, "1": 11, "2": 21, "3": 9}] * 3
    assert states(votes) == [State.LOST, State.LOST, State.LOST]
