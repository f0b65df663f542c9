"""What the members can change about money by a vote: the rate of a kind of work."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.models import Person
from coop.refusals import Refusal
from governance.models import CUTS, Mandate
from governance.policy import Payload, expect
from payments import floors, rates
from payments.forms import NewRate
from payments.models import Rate
from payments.policies import impacts
from payments.policies.impacts import Replayed
from payments.templatetags.money import change as signed
from payments.templatetags.money import money

WINDOW = timedelta(days=28)
CENT = Decimal("0.01")
AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Change:
    """A proposed rate beside the one it replaces, both in `old`'s currency for each unit."""

    old: Rate
    amount: Decimal
    seconds: int

    @property
    def per_cent(self) -> Decimal:
        """Return by how many per cent a unit's pay changes, to one decimal; below zero for a cut."""
        share: Decimal = self.amount / self.old.amount
        return ((share - 1) * 100).quantize(Decimal("0.1"))


class RateChange(Replayed):
    """A new rate for a kind of work: pay per unit and the seconds it is meant for.

    A raise by N10; else N1, N2 or N3 by how far it falls below the best pay of 12 months (D7), as the database finds.
    Payload: {"work_type": id, "amount": "0.12", "currency": "USD", "estimated_seconds": 40, "replaces": version}.
    """

    name = "rate_change"
    label = gettext_lazy("A new rate for a kind of work")
    form_class = NewRate

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed."""
        if set(payload) != {"work_type", "amount", "currency", "estimated_seconds", "replaces"}:
            return [Refusal(_("A rate says: kind of work, amount, currency, seconds, and which version it replaces."))]
        amount = payload["amount"]
        if not isinstance(amount, str) or not AMOUNT.fullmatch(amount) or not Decimal(amount):
            return [Refusal(_("The pay is an amount above zero, with at most six decimals."))]
        if not _whole(payload["estimated_seconds"]) or not _whole(payload["replaces"]):
            return [Refusal(_("Seconds and version are whole numbers above zero."))]
        rate = Rate.objects.filter(work_type=_number(payload["work_type"])).order_by("-version").first()
        if rate is None:
            return [Refusal(_("This kind of work is not on the rate card."))]
        return _against(rate, payload)

    def subject(self, payload: Payload) -> str:
        """Return the kind of work, whose members are affected."""
        return f"work_type:{payload['work_type']}"

    def describe(self, payload: Payload) -> str:
        """Return the change in numbers: per unit, in per cent, per hour."""
        change = _change(payload, replaced=True)
        currency = change.old.currency
        words = _("%(work)s: %(old)s to %(new)s a %(unit)s (%(per_cent)s), %(old_hour)s to %(new_hour)s an hour.")
        return words % {
            "work": str(change.old.work_type),
            "unit": _(change.old.work_type.unit),
            "old": money(change.old.amount, currency),
            "new": money(change.amount, currency),
            "per_cent": signed(change.per_cent),
            "old_hour": money(rates.hourly(change.old.amount, change.old.estimated_seconds), currency),
            "new_hour": money(rates.hourly(change.amount, change.seconds), currency),
        }

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return what the change makes of this person's week, from their last 28 days; empty if they did none."""
        change = _change(payload, replaced=True)
        _people, units = _recent(change.old.work_type_id, at, person)
        month = (change.amount - change.old.amount) * units
        if not month:
            return ""
        return _in_words(month, change.old.currency)

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the new rate by the mandate; raise Stale if the version it replaces is no longer current."""
        change = _change(payload)
        expect(payload, latest=change.old.version)
        Rate.objects.create(
            work_type=change.old.work_type,
            version=change.old.version + 1,
            amount=change.amount,
            currency=change.old.currency,
            estimated_seconds=change.seconds,
            mandate=mandate,
            since=at,
        )


def _in_words(month: Decimal, currency: str) -> str:
    """Return a difference in 28 days in words: for each week, or where that is less than a cent, exactly for all."""
    week = abs(month / 4).quantize(CENT)
    if week:
        words = _("About %(sum)s a week more, from your last 28 days.")
        if month < 0:
            words = _("About %(sum)s a week less, from your last 28 days.")
        return words % {"sum": money(week, currency)}
    words = _("%(sum)s more for all that you did in the last 28 days.")
    if month < 0:
        words = _("%(sum)s less for all that you did in the last 28 days.")
    return words % {"sum": money(abs(month), currency)}


def _against(rate: Rate, payload: Payload) -> list[Refusal]:
    """Return what is wrong with a well-formed payload beside the rate in force."""
    found = []
    if payload["currency"] != rate.currency:
        found.append(Refusal(_("The currency of a rate stays what it is."), "N3"))
    if payload["replaces"] != rate.version:
        found.append(Refusal(_("The rate has changed since: look at the rate card again."), "P3"))
    amount, seconds = Decimal(str(payload["amount"])), payload["estimated_seconds"]
    if amount == rate.amount and seconds == rate.estimated_seconds:
        found.append(Refusal(_("This is the rate in force.")))
    below = floors.refusal(rate.work_type_id, amount, seconds=_number(seconds))
    return [*found, *([below] if below else _too_soon(payload, rate))]


def _too_soon(payload: Payload, rate: Rate) -> list[Refusal]:
    """Return that a cut of comparable work was proposed or failed not long ago (3.3); a raise keeps no rhythm."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_cut_alike(%s)", [rate.work_type_id])
        (alike,) = cursor.fetchone()
    if not alike or impacts.needed_rule(RateChange.name, payload) not in CUTS:
        return []
    return [Refusal(
        _("There was a proposal to cut comparable work not long ago."), rule="3.3", status=409,
        appeal=_("One such proposal is allowed in 90 days, and after one that failed, 180 days must pass."),
    )]  # fmt: skip


def _change(payload: Payload, *, replaced: bool = False) -> Change:
    """Return the change beside the rate in force, or beside the one it said it replaces."""
    versions = Rate.objects.filter(work_type=_number(payload["work_type"])).select_related("work_type")
    only = versions.filter(version=_number(payload["replaces"])) if replaced else versions
    old = only.order_by("-version")[:1].get()
    return Change(old, Decimal(str(payload["amount"])), _number(payload["estimated_seconds"]))


def _recent(work_type: int, at: datetime, person: Person | None = None) -> tuple[int, int]:
    """Return how many people (or this one) did how many units of a kind of work in the last 28 days."""
    number = person.pk if person else None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT person_id), coalesce(sum(units), 0) FROM payments_recent_units"
            " WHERE work_type_id = %s AND last_at > %s AND (%s::bigint IS NULL OR person_id = %s)",
            [work_type, at - WINDOW, number, number],
        )
        people, units = cursor.fetchone()
    return people, int(units)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 1_000_000  # noqa: PLR2004 - eleven days


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
