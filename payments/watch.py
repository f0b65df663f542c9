"""Watching what works like a ban in the money: a payout held for more than 72 hours opens a case (E3, 7.11)."""

from datetime import datetime

from governance import signs
from governance.models import Equivalent


def look(*, at: datetime) -> int:
    """Open a case for each member whose payout is held, and return how many are new. Anybody may call it."""
    return signs.open_cases(Equivalent.HELD_PAYOUT, at=at)
