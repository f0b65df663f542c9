"""Watching what works like a ban in the work: no tasks while others had some, a kind lost, mass returns (7.11).

What a sign is stands in the database (`tasks_had_no_offers`, `tasks_lost_a_kind`, `tasks_had_mass_returns`): the watch
asks it for everybody at once, and the guard of a case for the one person. Nobody has to complain first.
"""

from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance import signs
from governance.models import Equivalent

SIGNS: "dict[Equivalent, str | Promise]" = {
    Equivalent.NO_OFFERS: _(
        "No job that the member can do was open to them for a day within 14 days, while others had such work."
    ),
    Equivalent.LOST_TIER: _("A kind of work that the member did is not open to them any more."),
    Equivalent.MASS_REJECTION: _(
        "One client sent back or rejected at least five of the member's answers in a week, over a tenth of them."
    ),
}


def look(*, at: datetime) -> int:
    """Open a case for each member to whom one of the signs points, and return how many are new. Anybody may call it."""
    return sum(signs.open_cases(kind, words, at=at) for kind, words in SIGNS.items())
