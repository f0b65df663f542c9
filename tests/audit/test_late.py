"""A vote that went on for 72 hours has its lock 72 hours later, and the audit knows it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from coop import clock
from coop.audit import mandates
from governance import voting
from governance.models import Mandate, Proposal
from tests.governance.conftest import draft, paint, published, reach
from tests.governance.test_late import HOUR, say

__all__ = ["draft", "paint", "published"]
pytestmark = pytest.mark.django_db


def found() -> list[str]:
    return [str(finding) for finding in mandates.walk(lambda _rows: None)]


@pytest.fixture
def late(published: Callable[..., Proposal]) -> Mandate:
    """Return the mandate of a vote whose floor was crossed in its last hours."""
    proposal = published("N1")
    say(proposal, ["yes"] * 30, hours_before=10)
    assert proposal.closes_at is not None
    voting.close(proposal, at=reach(proposal.closes_at + 72 * HOUR))
    return voting.listed().get(pk=proposal.pk).mandate


def test_a_lock_that_ends_72_hours_later_adds_up(late: Mandate) -> None:
    assert late.proposal is not None
    assert late.proposal.tally.extended
    assert late.due_at - (late.proposal.locked_until or clock.now()) == timedelta(hours=72)
    assert found() == []


def test_the_lock_of_a_vote_that_did_not_go_on_ends_in_time(published: Callable[..., Proposal]) -> None:
    proposal = published("N1")
    say(proposal, ["yes"] * 30, hours_before=60)
    voting.close(proposal, at=reach(proposal.closes_at))
    assert not voting.listed().get(pk=proposal.pk).tally.extended
    assert found() == []
