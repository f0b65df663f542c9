"""Instant run-off, counted a second time by a library that knows nothing of our database.

The database counts (`governance_runoff`); a tally on which the two do not agree is not written, so nothing changes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pyrankvote
from django.db import connection

from governance.models import Proposal

type Orders = Mapping[str, int]


def orders(vote: Proposal) -> Orders:
    """Return the orders given in a closed vote, as "3,1", and how often; nothing of fewer than ten ballots (3.4)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT choice, ballots FROM public.governance_orders(%s)", [vote.pk])
        return dict(cursor.fetchall())


def winner(positions: Iterable[int], given: Orders) -> int | None:
    """Return the position that wins by PyRankVote, None when nobody placed anybody.

    The library breaks ties in its own way: ask it only about counts in which none had to be broken.
    """
    known = {str(position): pyrankvote.Candidate(str(position)) for position in positions}
    box = [
        pyrankvote.Ballot([known[name] for name in choice.split(",")])
        for choice, ballots in given.items()
        for _ballot in range(ballots)
    ]
    if len(known) == 1 or not box:  # nothing to run off, which the library does not take
        return int(next(iter(known))) if box else None
    return int(pyrankvote.instant_runoff_voting(list(known.values()), box).get_winners()[0].name)


def has_ties(rounds: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether somebody left in a round by an earlier round or by lot."""
    return any(turn.get("by", "votes") != "votes" for turn in rounds)


def agrees(count: Mapping[str, Any], given: Orders) -> bool:
    """Tell whether the library finds the winner of a count by the database; it is not asked about ties and the few."""
    if "rounds" not in count or has_ties(count["rounds"]):
        return True
    return bool(winner(map(int, count["rounds"][0]["counts"]), given) == count["winner"])
