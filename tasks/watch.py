"""Watching what works like a ban in the work: no tasks while others had some, a kind lost, mass returns (7.11).

What a sign is stands in the database (`tasks_had_no_offers`, `tasks_lost_a_kind`, `tasks_had_mass_returns`): the watch
asks it for everybody at once, and the guard of a case for the one person. Nobody has to complain first.
"""

from datetime import datetime

from governance import signs
from governance.models import Equivalent

SIGNS = (Equivalent.NO_OFFERS, Equivalent.LOST_TIER, Equivalent.MASS_REJECTION)


def look(*, at: datetime) -> int:
    """Open a case for each member to whom one of the signs points, and return how many are new. Anybody may call it."""
    return signs.open_cases(*SIGNS, at=at)
