"""The ways that stand on one ballot (P10), as the pages show them to one reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coop.people.models import Person
from governance import explaining, rivals
from governance.explaining import Line, Seen
from governance.models import Proposal


@dataclass(frozen=True, slots=True)
class Way:
    """A way: the proposal, what it changes for the reader, and its count once there is one."""

    vote: Seen
    changes: str
    lines: Sequence[Line] = ()

    @property
    def won(self) -> bool:
        """Tell whether it is the one that won."""
        return self.vote.counted and bool(self.vote.proposal.tally.passed)


def of(proposal: Proposal, person: Person | None, at: datetime) -> list[Way]:
    """Return the ways that stand on a ballot with a proposal, in its order; none for a proposal that stands alone."""
    if rivals.stands_alone(proposal):
        return []
    return [_way(one, person, at) for one in rivals.on_the_ballot(proposal)]


def _way(proposal: Proposal, person: Person | None, at: datetime) -> Way:
    vote = explaining.seen(proposal, at)
    lines = explaining.result(proposal) if vote.counted else ()
    return Way(vote, explaining.changes_for(proposal, person, at), lines)
