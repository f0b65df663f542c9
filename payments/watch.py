"""Watching what works like a ban in the money: a payout held for more than 72 hours opens a case (E3, 7.11)."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from coop.people.models import Person
from governance import cases
from governance.models import Equivalent
from payments.models import Payout, PayoutState

HELD = timedelta(hours=72)
AT_ONCE = 200


def held_payouts(at: datetime) -> list[tuple[Person, int]]:
    """Return whose payouts were asked for more than 72 hours ago and have not arrived or come back, with the payout."""
    ended = [PayoutState.SETTLED, PayoutState.FAILED]
    open_ones = Payout.objects.exclude(state__in=ended).filter(requested_at__lte=at - HELD)
    held = open_ones.select_related("person").order_by("person_id", "id").distinct("person_id")
    return [(payout.person, payout.pk) for payout in held[:AT_ONCE]]


def look(*, at: datetime) -> int:
    """Open a case for each member whose payout is held, and return how many are new. Anybody may call it."""
    words = _("Payout %(number)s was asked for more than 72 hours ago and has neither arrived nor come back.")
    opened = [
        cases.open_equivalent(person, kind=Equivalent.HELD_PAYOUT, facts=words % {"number": number}, at=at)
        for person, number in held_payouts(at)
    ]
    return sum(case is not None for case in opened)
