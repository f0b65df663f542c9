"""A service's own list of what moved: one officer has it asked or brings its file, another sees the same there.

It is of whole days that are over (UTC), from the day after the last list's in a currency.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from operator import attrgetter

from django.utils.translation import gettext as _

from coop.refusals import Refusal, Refused, refuse_if
from governance.models import Office
from payments import bank_statements, deposits, places, rails
from payments.models import BankStatement, GivenStatement, Place
from payments.places import Holding
from payments.rails import mpesa_list, paypal_list, stripe_list, wise_list
from payments.rails.api import Unanswered
from payments.rails.iso20022.schemas import Unreadable
from payments.rails.statement import Asked, Days, Entry, Statement

# Those that are asked, and those that write a file.
ASKED: Mapping[Place, Callable[[Asked], list[Statement]]] = {
    Place.STRIPE: stripe_list.lists,
    Place.PAYPAL: paypal_list.lists,
    Place.WISE: wise_list.lists,
}
WRITTEN: Mapping[Place, Callable[[bytes, Asked], list[Statement]]] = {Place.MPESA: mpesa_list.lists}
LARGEST = mpesa_list.LARGEST
# So many days are asked for at once, so that a service that was silent for long answers in time; PayPal lists no more.
MOST_DAYS = 31
DAY = timedelta(days=1)


def is_asked(place: Place) -> bool:
    """Tell whether this site can ask a service for its list."""
    return place in ASKED and any(rail.available for rail in rails.ALL.values() if rail.paid_from == place)


def is_compared(place: Place) -> bool:
    """Tell whether a list of a service can be had: it is asked, or writes a file."""
    return is_asked(place) or place in WRITTEN


def never_confirmed() -> list[Holding]:
    """Return what lies by our books at services of which no list was ever confirmed in that currency; two queries."""
    lies = [one for one in places.holdings() if one.amount and is_compared(one.place)]
    read = set(BankStatement.objects.exclude(place=Place.MAIN).values_list("place", "currency").distinct())
    return [one for one in lies if (one.place, one.currency) not in read]


def refusal(place: Place, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer can neither have a service asked for its list nor bring its file; None if they can."""
    if no := deposits.refusal_of_office(by, at):
        return no
    return None if is_compared(place) else _never_asked(place)


def _never_asked(place: Place) -> Refusal:
    return Refusal(_("This site cannot ask %(place)s for its list.") % {"place": place.label}, status=409)


def ask(place: Place, *, by: Office, at: datetime) -> list[GivenStatement]:
    """Ask a service what moved in the month since its last list, of days that are over, and keep it; nothing is booked.

    Raises Refused out of office, where it is not asked or does not answer, and where no day is over that no list has.
    """
    refuse_if(deposits.refusal_of_office(by, at) or (None if is_asked(place) else _never_asked(place)))
    try:
        said = ASKED[place](partial(_days, place, at=at, most=MOST_DAYS))
    except Unanswered as error:
        appeal = _("Try again later. It may ask you to look at your statement on its own pages first.")
        raise Refused(Refusal(_("The service does not answer now."), appeal=appeal, status=503)) from error
    if not said:
        raise Refused(Refusal(_("Its lists have every day that is over."), appeal=_("Ask tomorrow."), status=409))
    return _keep(said, place, by=by, at=at)


def give(content: bytes, place: Place, *, by: Office, at: datetime) -> list[GivenStatement]:
    """Keep what a service's own file says moved since its last list, on days that are over; nothing is booked.

    Raises Refused as `refusal`, for what is no such file, and where nothing in it is new.
    """
    refuse_if(refusal(place, by=by, at=at))
    try:
        said = WRITTEN[place](content, partial(_days, place, at=at))
    except Unreadable as error:
        raise Refused(Refusal(_("This file cannot be read: %(why)s") % {"why": error}, status=400)) from error
    if not said:
        words = _("Nothing in this file moved on a day that is over and that no list has.")
        raise Refused(Refusal(words, status=409))
    return _keep(said, place, by=by, at=at)


def _keep(found: Sequence[Statement], place: Place, *, by: Office, at: datetime) -> list[GivenStatement]:
    said = [_following(one, _last(place, one.currency)) for one in found]
    digest = hashlib.sha256(json.dumps([asdict(one) for one in said], default=str).encode()).hexdigest()
    return bank_statements.keep(said, place, digest=digest, by=by, at=at)


def _following(this: Statement, last: GivenStatement | BankStatement | None) -> Statement:
    """Return a list that follows on: what a service says now to have been there, and did not say before, is a line.

    Our books have nothing of it, so the night is loud until it is found or two officers explained it.
    """
    if last is None or last.closing == this.opening:
        return this
    first = date.fromisoformat(last.number.partition("/")[2]) + DAY
    between = Entry(
        reference="", key=f"before {first}", amount=this.opening - last.closing, currency=this.currency, day=first,
        came_back=False, is_fee=False, reason="", words=_("It is on no list: the service says now that it was there."),
    )  # fmt: skip
    return replace(this, opening=last.closing, entries=[between, *this.entries])


def _days(place: Place, currency: str, *, at: datetime, most: int | None = None) -> Days | None:
    """Return the days that no list of a currency has, but for no more than so many; the first list is of one day."""
    yesterday, before = at.astimezone(UTC).date() - DAY, _last(place, currency)
    if before is None:
        return Days(yesterday, yesterday, None, lately=True)
    first = date.fromisoformat(before.number.partition("/")[2]) + DAY
    last = yesterday if most is None else min(yesterday, first + (most - 1) * DAY)
    return Days(first, last, before.closing, lately=last == yesterday) if first <= last else None


def _last(place: Place, currency: str) -> GivenStatement | BankStatement | None:
    """Return the list of a currency that has the last days, whether a second officer saw it yet or not."""
    mine = f"{place} {currency}/"
    read = BankStatement.objects.filter(number__startswith=mine).order_by("-number").first()
    waits = bank_statements.waiting().filter(number__startswith=mine).order_by("-number").first()
    return max((one for one in (read, waits) if one), key=attrgetter("number"), default=None)
