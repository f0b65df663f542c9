"""Time that a vote lost while the record stood still, and when it ends because of that (P11).

The database decides (`governance_ends`); worked out here once more for the audit and for whoever counts again.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from coop.record.models import Checkpoint
from governance.models import Proposal, Tally

type Span = tuple[datetime, datetime]

# From when on a silence is a standstill, and how much is given back at most.
SILENCE, GIVEN_BACK = timedelta(minutes=15), timedelta(hours=168)
# What P7 adds to a vote, once; and how much later than published a vote can close.
LATER = timedelta(hours=72)
LONGEST = 2 * GIVEN_BACK + LATER


def ends(begins: datetime, planned: datetime, away: Iterable[Span]) -> datetime:
    """Return the end of a time that was planned from `begins` to `planned`, given when the record stood still.

    A standstill that reaches beyond the planned end counts whole, so that what was lost is given back once it is over;
    a week at most. What begins later is not given back again.
    """
    lost = (until - max(since, begins) for since, until in away if since < planned and until > begins)
    return planned + min(sum(lost, timedelta()), GIVEN_BACK)


def known(at: datetime) -> list[Span]:
    """Return when the record stood still, as far as that was known at a moment: begin and end, oldest first."""
    found = Checkpoint.objects.exclude(stood_still_since=None).filter(stood_still_since__lt=at - SILENCE)
    spans = found.order_by("at").values_list("stood_still_since", "at")
    return [(since, min(until, at)) for since, until in spans if since]


def of(proposal: Proposal, at: datetime) -> list[Span]:
    """Return the standstills, known at a moment, that touch the time in which a vote may have been open."""
    if proposal.opens_at is None or proposal.closes_at is None:
        return []
    last = proposal.closes_at + LONGEST
    return [(since, until) for since, until in known(at) if since < last and until > proposal.opens_at]


def end_of(proposal: Proposal, tally: Tally) -> datetime:
    """Return when a counted vote closed, worked out from its times and the standstills alone."""
    if proposal.opens_at is None or proposal.closes_at is None:
        return tally.counted_at
    away = of(proposal, tally.counted_at)
    first = ends(proposal.opens_at, proposal.closes_at, away)
    return ends(first, first + LATER, away) if tally.extended else first
