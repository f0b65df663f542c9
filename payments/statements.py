"""What a member reads about their pay: what is ready, what is being checked, what an hour made, and every line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.models import Person
from payments import accounts, capital, ledger, payouts, rates
from payments.ledger import Kind
from payments.models import Owing, Transfer
from payments.money import from_micro

WINDOW = timedelta(days=28)

WORDS = {
    Kind.WAGE: gettext_lazy("Answer accepted"),
    Kind.ADVANCE: gettext_lazy("Rejected answer, paid all the same"),
    Kind.PEER_PAY: gettext_lazy("Looked at a rejected answer"),
    Kind.CHECK_PAY: gettext_lazy("Checked an answer"),
    Kind.TRAINING_PAY: gettext_lazy("Training, paid"),
    Kind.ALLOCATED: gettext_lazy("Your share of a surplus, paid at once"),
    Kind.REDEEMED: gettext_lazy("Your capital, paid out as you have left"),
    Kind.TIP: gettext_lazy("A tip from the client"),
    Kind.POST_PAY: gettext_lazy("Pay for your post"),
    Kind.RAISE_PAID: gettext_lazy("A raise from the reserve"),
    Kind.SUPPORT: gettext_lazy("Support from a fund"),
    Kind.TOP_UP: gettext_lazy("Topped up to the floor of an hour"),
    Kind.PAYOUT: gettext_lazy("Payout you asked for"),
    Kind.CAME_BACK: gettext_lazy("Payout that came back"),
    Kind.LATE_RETURN: gettext_lazy("Payout that came back"),
    Kind.EXCHANGED: gettext_lazy("Exchange for a payout"),
    **{Kind(owing): owing.label for owing in Owing},
}


def words(kind: Kind, amount: Decimal) -> str:
    """Return what a transfer was to the member: `amount` is above zero for what came, below for what went."""
    if kind == Kind.REDEEMED and amount < 0:
        return _("Paid into your capital")
    return str(WORDS[kind])


@dataclass(frozen=True, slots=True)
class Checking:
    """Answers handed in and not yet accepted: how many, their pay, and when silence accepts the last of them."""

    units: int
    amount: Decimal
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class Hour:
    """What an hour made: wages of the last 28 days over the measured seconds; None before anything was accepted."""

    wages: Decimal
    seconds: Decimal
    rate: Decimal | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A member's pay at a moment, in US dollars: ready, the largest payout, being checked, per hour, capital."""

    ready: Decimal
    most: Decimal
    checking: Checking
    hour: Hour
    capital: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a statement in plain words; `amount` is above zero for what was earned, below for what went out."""

    at: datetime
    words: str
    about: str
    amount: Decimal
    payout: int | None


def summary(person: Person, at: datetime) -> Summary:
    """Return what a member's pay comes to."""
    return Summary(
        payouts.ready(person), payouts.most(person), checking(person), hour(person, at), capital.held(person)
    )


def checking(person: Person) -> Checking:
    """Return what is being checked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT units, amount, latest FROM payments_being_checked WHERE person_id = %s", [person.pk])
        units, amount, latest = cursor.fetchone() or (0, 0, None)
    return Checking(units, from_micro(int(amount)), latest)


def hour(person: Person, at: datetime) -> Hour:
    """Return what an hour made in the last 28 days."""
    earned = Transfer.objects.filter(
        credit__code=accounts.payable(person.pk), kind__in=[Kind.WAGE, Kind.ADVANCE], posted_at__gt=at - WINDOW
    )
    wages = earned.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(seconds), 0) FROM payments_recent_units WHERE person_id = %s AND last_at > %s",
            [person.pk, at - WINDOW],
        )
        (seconds,) = cursor.fetchone()
    return Hour(wages, seconds, rates.hourly(wages, seconds) if wages and seconds else None)


def lines(person: Person) -> QuerySet[Transfer]:
    """Return every transfer into or out of what a member earned, newest first."""
    return ledger.lines_of(accounts.payable(person.pk))


def entries(transfers: Iterable[Transfer], person: Person) -> list[Entry]:
    """Return a statement's transfers in plain words, as seen by the member."""
    mine = accounts.payable(person.pk)
    return [_entry(transfer, sign=1 if transfer.credit.code == mine else -1) for transfer in transfers]


def _entry(transfer: Transfer, *, sign: int) -> Entry:
    about, _colon, number = transfer.ref.partition(":")
    which = _("payout %(number)s") if about == "payout" else _("no. %(number)s")
    return Entry(
        at=transfer.posted_at,
        words=_("A changed guide, read") if about == "reading" else words(Kind(transfer.kind), sign * transfer.amount),
        about=which % {"number": number},
        amount=sign * transfer.amount,
        payout=int(number) if about == "payout" else None,
    )
