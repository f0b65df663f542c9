"""Services' own lists of what moved beside our books: by what each thing is called there, and where the two differ.

Nothing is booked by a list but what a service took for itself. All else is booked by the service's word as it happens.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance.models import Office
from payments import accounts, deposits, ledger, places, reconciling
from payments.models import SERVICES, BankStatement, Explanation, Outcome, Place, RailEvent
from payments.money import from_micro
from payments.rails.statement import Entry


@dataclass(frozen=True, slots=True)
class Compared:
    """What our books hold at a service in a currency, beside its lists, of which the last is of the days `until` then.

    `held` is `closing` with `later`, booked since, and `differ`, what the books have more of what it lists (I22).
    """

    place: Place
    currency: str
    until: date
    closing: Decimal
    later: Decimal
    differ: Decimal
    held: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of which a service's lists say another sum than our books; no `key` is what was there before the first.

    `since` the day (UTC) from which they are not the same, `moved_at` when the last was listed or booked of it. What is
    booked for 14 days and on no list differs as well.
    `late` where it stands for longer than it can take, and no two officers explained it: then the night says so.
    """

    place: Place
    currency: str
    key: str
    said: Decimal
    booked: Decimal
    since: date
    moved_at: datetime
    explained: int
    late: bool

    @property
    def amount(self) -> Decimal:
        """What the lists have more than our books; below zero what they have less."""
        return self.said - self.booked


def beside(places: Iterable[Place] = ()) -> tuple[list[Compared], list[Difference]]:
    """Return the books beside the lists of some services, or of all that gave one: sums by currency, what differs.

    The oldest difference first; one query, which walks all that ever moved there once.
    """
    asked = [str(place) for place in places] or SERVICES
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM payments_at_services(%s) ORDER BY since, place, currency, key", [asked])
        rows = cursor.fetchall()
    return [_compared(*row) for row in rows if row[2] is None], [
        _difference(*row) for row in rows if row[2] is not None
    ]


def _compared(place: str, currency: str, _key: None, until: date, *sums: Any) -> Compared:
    closing, later, held, said, booked = (from_micro(int(sum_)) for sum_ in sums[:5])
    return Compared(Place(place), currency, until, closing, later, booked - said, held)


def _difference(place: str, currency: str, key: str, *rest: Any) -> Difference:
    said, booked, *more = rest[4:]
    return Difference(Place(place), currency, key, from_micro(int(said)), from_micro(int(booked)), *more)


def compared() -> list[Compared]:
    """Return the books beside the lists, for each service and currency that gave one; one query."""
    return beside()[0]


def differences(place: Place) -> list[Difference]:
    """Return what differs at a service, the oldest first; one query."""
    return beside([place])[1]


def explanations(place: Place, about: Iterable[Difference]) -> list[Explanation]:
    """Return what officers said about some differences at a service, the newest first."""
    said = Explanation.objects.filter(place=place, key__in=[one.key for one in about])
    return list(said.select_related("office__person").order_by("-pk"))


def is_about(said: Explanation, found: Difference) -> bool:
    """Tell whether an officer's words are about what differs as it does now, and were said since it does so."""
    same = (said.currency, said.key, said.amount) == (found.currency, found.key, found.amount)
    return same and said.at >= found.moved_at


def refusal_to_explain(found: Difference | None, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot explain a difference; None if they can."""
    if no := deposits.refusal_of_office(by, at):
        return no
    if found is None:
        return Refusal(_("Nothing differs there now."), status=409)
    mine = Explanation.objects.filter(
        place=found.place, currency=found.currency, key=found.key, office__person=by.person_id
    )
    if any(is_about(said, found) for said in mine):
        return Refusal(
            _("You explained this; another officer says whether it is so."), "D8", _("Ask the other officer.")
        )
    return None


@transaction.atomic
def explain(place: Place, key: str, *, currency: str, words: str, by: Office, at: datetime) -> Explanation:
    """Say why a list and our books differ; no money moves. Once two said so of the same amount, the night is quiet.

    Raises Refused out of office, where nothing differs, and for who said it before.
    """
    found = next((one for one in differences(place) if (one.key, one.currency) == (key, currency)), None)
    if no := refusal_to_explain(found, by=by, at=at):
        refuse_if(no)
    assert found  # noqa: S101 - else it was refused
    said = Explanation.objects.create(
        place=place, currency=currency, key=key, amount=found.amount, words=words, office=by, at=at
    )
    events.write("places.explained", by=by.person, subject=f"explanation:{said.pk}", at=at)
    return said


def refusal_of_fees(place: Place, currency: str, entries: Iterable[Entry]) -> Refusal | None:
    """Say why a service cannot have taken so much for itself by our books; None if it can.

    At Stripe it can always: what payers' banks took back may be owed there.
    """
    taken = -sum((entry.amount for entry in entries if _is_taken(entry)), Decimal(0))
    return None if place == Place.STRIPE else places.refusal(place, taken, currency)


def _is_taken(entry: Entry) -> bool:
    return entry.is_fee and entry.amount < 0


def heard(row: BankStatement, entries: Iterable[Entry], *, at: datetime) -> list[tuple[Entry, RailEvent | None]]:
    """Return each line of a service's list with what is booked by it: what it took for itself; nothing is written."""
    each = enumerate(entries, start=1)
    return [(entry, _fee(row, number, entry, at) if _is_taken(entry) else None) for number, entry in each]


def _fee(row: BankStatement, number: int, entry: Entry, at: datetime) -> RailEvent:
    return RailEvent(
        rail=row.place, event=reconciling.name(row, number, entry), outcome=Outcome.FEE, amount=-entry.amount,
        incoming=False, currency=entry.currency, words=(entry.reason or entry.words)[:140], statement=row,
        occurred_at=datetime.combine(entry.day, time(), UTC), noted_at=at,
    )  # fmt: skip


def book(row: BankStatement, entries: Iterable[Entry], *, by: Office, at: datetime) -> Counter[str]:
    """Book what a service took for itself by its list (kind 17, coop:expense:banks to bank:<place>); return how many.

    Keys `rail_event:<id>`.
    """
    ledger.hold((row.currency, code) for code in (accounts.place(row.place), accounts.RAIL_FEES))
    said = [event for _entry, event in heard(row, entries, at=at) if event]
    reconciling.book(said, by=by, at=at)
    return Counter(str(event.outcome) for event in said)
