"""Asking a service for its own list of what moved: one officer has it asked, another sees the same at the service."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

from django.utils.translation import gettext as _

from coop.refusals import Refusal, Refused, refuse_if
from governance.models import Office
from payments import bank_statements, deposits, rails
from payments.models import BankStatement, GivenStatement, Place
from payments.money import MINOR_UNITS
from payments.rails import stripe_list, wise_list
from payments.rails.api import Unanswered
from payments.rails.statement import Statement

# Each returns the lists of whole days: from the day after the last one of a currency to a day that is over.
LISTS: Mapping[Place, Callable[[Callable[[str], date | None], date], list[Statement]]] = {
    Place.STRIPE: stripe_list.lists,
    Place.WISE: wise_list.lists,
}


def is_asked(place: Place) -> bool:
    """Tell whether this site can ask a service for its list."""
    return place in LISTS and any(rail.available for rail in rails.ALL.values() if rail.paid_from == place)


def refusal(place: Place, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot have a service asked for its list; None if they can."""
    if no := deposits.refusal_of_office(by, at):
        return no
    if not is_asked(place):
        return Refusal(_("This site cannot ask %(place)s for its list.") % {"place": place.label}, status=409)
    return None


def ask(place: Place, *, by: Office, at: datetime) -> list[GivenStatement]:
    """Ask a service what moved since its last list, until the end of yesterday (UTC), and keep it; nothing is booked.

    Raises Refused as `refusal`, where it does not answer, and where there is no day that no list has.
    """
    refuse_if(refusal(place, by=by, at=at))
    until = at.astimezone(UTC).date() - timedelta(days=1)
    last = {one: _last_of(place, one) for one in MINOR_UNITS}
    try:
        said = LISTS[place](last.get, until)
    except Unanswered as error:
        appeal = _("Try again later. It may ask you to look at your statement on its own pages first.")
        raise Refused(Refusal(_("The service does not answer now."), appeal=appeal, status=503)) from error
    news = [one for one in said if (before := last.get(one.currency)) is None or before < until]
    if not news:
        raise Refused(Refusal(_("Its lists have every day that is over."), appeal=_("Ask tomorrow."), status=409))
    digest = hashlib.sha256(json.dumps([asdict(one) for one in news], default=str).encode()).hexdigest()
    return bank_statements.keep(news, place, digest=digest, by=by, at=at)


def _last_of(place: Place, currency: str) -> date | None:
    """Return the last day that a list of a currency has, whether a second officer saw it yet or not."""
    mine = f"{place} {currency}/"
    read = BankStatement.objects.filter(number__startswith=mine).values_list("number", flat=True)
    waits = bank_statements.waiting().filter(number__startswith=mine).values_list("number", flat=True)
    return max((date.fromisoformat(number.removeprefix(mine)) for number in (*read, *waits)), default=None)
