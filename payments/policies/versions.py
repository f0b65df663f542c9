"""A new version of an instrument of the registry, by a vote: one policy for each kind (3.1)."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from babel import Locale
from django import forms
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, ngettext_lazy, to_locale
from django.utils.translation import gettext as _

from coop.people.models import Client, Person
from coop.refusals import Refusal
from governance.models import Mandate
from governance.policy import Payload, expect
from payments import details, instruments, ledger, rails, support
from payments.models import Instrument, Kind, Supporting, WorkType
from payments.money import from_micro
from payments.policies import for_you
from payments.policies import forms as asked
from payments.policies.impacts import Replayed
from payments.policies.qualifying import Qualification
from payments.templatetags.money import money


class NewVersion(Replayed):
    """A new version. Payload: {"key": "", "value": {"micro": 500000}, "replaces": version}; the policy is the kind."""

    name: str
    label: Promise
    form_class: type[forms.Form]
    says: Promise | str = ""

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed: the database knows what each kind may say."""
        key, value, replaces = payload.get("key"), payload.get("value"), payload.get("replaces")
        whole = isinstance(replaces, int) and not isinstance(replaces, bool)
        if len(payload) != 3 or not (isinstance(key, str) and isinstance(value, dict) and whole):  # noqa: PLR2004 - its parts
            return [Refusal(_("A version says what it is about, what it would say, and which version it replaces."))]
        if not _sayable(self.name, key, value):
            return [Refusal(_("No instrument of this kind can say this."), "D3")]
        latest = instruments.latest(self.name, key)
        if replaces != (latest.version if latest else 0):
            return [Refusal(_("It has changed since: look at it again."), "P3")]
        if instruments.value_or_none(self.name, key) == value:
            return [Refusal(_("This is what is in force."))]
        return []

    def subject(self, payload: Payload) -> str:
        """Return who is affected: those of a kind of work, those who live in a country, or everybody."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT payments_subject(%s, %s)", [self.name, str(payload["key"])])
            (subject,) = cursor.fetchone()
        return str(subject)

    def describe(self, payload: Payload) -> str:
        """Return the change in words: what it says now, and what it would say."""
        key, value = str(payload["key"]), payload["value"]
        was = for_you.replaced(self.name, payload)
        becomes = self.words(value if isinstance(value, Mapping) else {})
        about = f"{self.label} ({names([key])[key]})" if key else str(self.label)
        if not was:
            return _("%(about)s: %(new)s.") % {"about": about, "new": becomes}
        return _("%(about)s: %(old)s to %(new)s.") % {"about": about, "old": self.words(was), "new": becomes}

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return what it would change for this person, as far as it is known of them."""
        value = payload["value"]
        words = self.words(value) if isinstance(value, Mapping) else ""
        return for_you.said(self.name, person, payload, words=words, at=at)

    def words(self, value: Mapping[str, Any]) -> str:
        """Return a value as people say it."""
        return str(cast("str", self.says) % value)

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the new version by the mandate; raise Stale if another came before it."""
        key, value = str(payload["key"]), payload["value"]
        latest = instruments.latest(self.name, key)
        version = latest.version if latest else 0
        expect(payload, latest=version)
        said = instruments.canonical(value if isinstance(value, Mapping) else {})
        Instrument.objects.create(kind=self.name, key=key, version=version + 1, value=said, mandate=mandate, since=at)


class Amount(NewVersion):
    """What is an amount of money: `part` of its value, in micro-units."""

    part = "micro"
    says: Promise | str = "%(amount)s"

    def words(self, value: Mapping[str, Any]) -> str:
        """Return the amount as people say it."""
        return str(self.says) % {"amount": money(from_micro(value[self.part]), "USD")}


class PayoutMinimumChange(Amount):
    """The least amount that is paid out: lower for all by N10, higher by N3; 5 at most (part 8)."""

    name, label, form_class = Kind.PAYOUT_MINIMUM.value, gettext_lazy("The least payout"), asked.PayoutMinimum
    worse = gettext_lazy("Less of what is earned can be paid out at once.")

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Say whether what this person has ready could still be paid out."""
        value, now = payload["value"], instruments.payout_terms().minimum
        becomes = from_micro(value["micro"]) if isinstance(value, Mapping) else now
        ready = ledger.balance(f"member:{person.pk}:payable")
        if now <= ready < becomes:
            return _("What you have ready, %(sum)s, could not be paid out any more.") % {"sum": money(ready, "USD")}
        if becomes <= ready < now:
            return _("What you have ready, %(sum)s, could be paid out.") % {"sum": money(ready, "USD")}
        return ""


class PayoutDelayChange(NewVersion):
    """How long a payout rests: shorter by N10, longer by N3; 72 hours at most (E3)."""

    name, label, form_class = Kind.PAYOUT_DELAY.value, gettext_lazy("How long a payout rests"), asked.PayoutDelay
    says = ngettext_lazy("%(hours)s hour", "%(hours)s hours", "hours")
    worse = gettext_lazy("Every payout rests longer before it is sent.")


class RoundingChange(Amount):
    """The steps in which money is paid out: coarser by N3. Wages are exact."""

    name, label, form_class = Kind.ROUNDING.value, gettext_lazy("The steps of payouts"), asked.Rounding
    part = "payout_step"
    worse = gettext_lazy("More of what is earned waits for the next payout.")


class AcceptanceChange(NewVersion):
    """After how many days silence accepts: fewer by N10, more by N3; 7 at most (part 7)."""

    name, label, form_class = Kind.ACCEPTANCE.value, gettext_lazy("When silence accepts"), asked.Silence
    says = ngettext_lazy("%(silence_days)s day", "%(silence_days)s days", "silence_days")
    worse = gettext_lazy("Where a client says nothing, an answer is paid later.")


class TimeLimitChange(NewVersion):
    """The least time a job gives for a task: more by N10, less by N3."""

    name, label, form_class = Kind.TIME_LIMIT.value, gettext_lazy("The least time for a task"), asked.TimeLimit
    says = ngettext_lazy("%(least)s second", "%(least)s seconds", "least")
    worse = gettext_lazy("A job may give less time for a task than it must today.")


class FloorChange(Amount):
    """The least pay of an hour in a region: higher by N10, lower by N3 (E4)."""

    name, label, form_class = Kind.FLOOR.value, gettext_lazy("The floor of a region"), asked.Floor
    part, says = "micro_an_hour", gettext_lazy("%(amount)s an hour")
    worse = gettext_lazy("An hour of work may pay less there than it must today.")


class Closable(NewVersion):
    """What is open or closed."""

    def words(self, value: Mapping[str, Any]) -> str:
        """Return which of both."""
        return _("open") if value["open"] else _("closed")


class RegionChange(Closable):
    """A region closed, or opened again: residents and the whole (N6)."""

    name, label, form_class = Kind.REGION.value, gettext_lazy("A region, open or closed"), asked.Region

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Say to whoever lives there that it is their work."""
        return _("It is your region: no work there would be offered to you.") if _closes(person, payload) else ""


class RailChange(Closable):
    """A way to be paid, opened or closed: everybody and the whole (N6). By hand is always open (E3)."""

    name, label, form_class = Kind.RAIL.value, gettext_lazy("A way to be paid, open or closed"), asked.WayToBePaid

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Say to whoever is paid by it that they would need another way."""
        rail = str(payload["key"]).removeprefix("rail:")
        uses = any(one.rail == rail for one in details.in_force(person, at=at))
        if uses and payload["value"] == {"open": False}:
            return _("You are paid by it: you would have to say another way.")
        return ""


class OpeningChange(Closable):
    """A kind of work closed to new jobs: with 30 days' notice by N9, sooner as a cut of all its pay (N5)."""

    name, label, form_class = Kind.OPENING.value, gettext_lazy("A kind of work, open or closed"), asked.Opening

    def words(self, value: Mapping[str, Any]) -> str:
        """Return which of both, and the notice."""
        days = value["notice_days"]
        notice = ngettext(", after %(days)s day", ", after %(days)s days", days) % {"days": days}
        return super().words(value) + (notice if days else "")


class AllocationChange(NewVersion):
    """How a kind of work is shared out (N9)."""

    name, label, form_class = Kind.ALLOCATION.value, gettext_lazy("How work is shared out"), asked.Allocation
    worse = gettext_lazy("Who is offered how much of this work. A unit pays what it paid.")

    def words(self, value: Mapping[str, Any]) -> str:
        """Return the order, and the share of a day."""
        most = value["most_a_day"]
        few = ngettext("at most %(most)s task a day for each", "at most %(most)s tasks a day for each", most)
        limit = few % {"most": most} if most else _("no limit")
        if value["order"] == "first_come":
            return limit
        words = ngettext(
            "shared out, each share kept for %(hours)s hour; %(limit)s",
            "shared out, each share kept for %(hours)s hours; %(limit)s",
            value["hours"],
        )
        return words % {"hours": value["hours"], "limit": limit}


class QualificationChange(NewVersion):
    """What paid work opens a kind of work, which skills its jobs may ask for, and how tests are passed (N9)."""

    name, label, form_class = Kind.QUALIFICATION.value, gettext_lazy("What opens a kind of work"), Qualification
    worse = gettext_lazy("Who may take this work. A unit pays what it paid.")

    def words(self, value: Mapping[str, Any]) -> str:
        """Return what is asked for, what jobs may ask for, or how tests are passed."""
        if "skills" in value:
            return asking(value, instruments.skills_named())
        if "drawn" in value:
            return _("%(right)s of %(drawn)s answers right; again after %(again_days)s days") % value
        if not value["units"]:
            return _("open to everybody")
        of = WorkType.objects.get(pk=value["of"])
        words = ngettext(
            "after %(units)s accepted unit of %(of)s", "after %(units)s accepted units of %(of)s", value["units"]
        )
        return words % {"units": value["units"], "of": of.name}


class ReopeningChange(Amount):
    """For how much a client may open comparable work again (N5): by N3 whatever its size, and never below the rate."""

    name, label, form_class = Kind.REOPENING.value, gettext_lazy("Reopening comparable work for less"), asked.Reopening
    worse = gettext_lazy("This client may open such work again for less than it paid before.")
    says = gettext_lazy("at least %(amount)s for each answer")


class CheckingChange(NewVersion):
    """What a check of an answer pays, as a share of the answer's pay: more by N10, less by N3 (E6)."""

    name, label, form_class = Kind.CHECKING.value, gettext_lazy("What a check of an answer pays"), asked.Checking
    worse = gettext_lazy("Whoever checks an answer is paid less for it.")

    def words(self, value: Mapping[str, Any]) -> str:
        """Return the share in per cent."""
        return _("%(share)s %% of the answer's pay") % {"share": f"{Decimal(value['share']) / 100:f}"}


class DepositChange(NewVersion):
    """What a client deposits for the hourly floor, as a share of a job's wages: more by N10, less by N3 (E4)."""

    name, label, form_class = Kind.DEPOSIT.value, gettext_lazy("A job's deposit for the hourly floor"), asked.Deposit
    worse = gettext_lazy("Clients deposit less for hours below the floor: what a week lacks may be paid later.")

    def words(self, value: Mapping[str, Any]) -> str:
        """Return the share in per cent."""
        return _("%(share)s %% of a job's wages") % {"share": f"{Decimal(value['share']) / 100:f}"}


class SupportChange(NewVersion):
    """What a fund gives each member at most in how many days: common money, by N11."""

    name, label, form_class = Kind.SUPPORT.value, gettext_lazy("What a fund gives each"), asked.SupportOfFund

    def words(self, value: Mapping[str, Any]) -> str:
        """Return the sum and the days."""
        said = {"sum": money(from_micro(value["micro"]), "USD"), "days": value["days"]}
        words = ngettext(
            "up to %(sum)s in %(days)s day for each", "up to %(sum)s in %(days)s days for each", value["days"]
        )
        return words % said

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Say how much this person could ask for now, as it is and as it would be."""
        fund, value = Supporting(str(payload["key"]).removeprefix("fund:")), payload["value"]
        if not isinstance(value, Mapping):
            return ""
        would = support.Terms(from_micro(value["micro"]), timedelta(days=value["days"]))
        sums = {"now": support.left(person, fund), "then": support.left(person, fund, terms=would)}
        if sums["now"] == sums["then"]:
            return ""
        words = _("You could ask for %(then)s instead of %(now)s.")
        return words % {name: money(amount, "USD") for name, amount in sums.items()}


def _sayable(kind: str, key: str, value: dict[str, object]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_instrument_holds(%s, %s, %s)", [kind, key, json.dumps(value)])
        (holds,) = cursor.fetchone()
    return bool(holds)


def asking(value: Mapping[str, Any], skills: Mapping[int, str]) -> str:
    """Return what jobs of a kind of work may ask for, given what each skill is called."""
    named = ", ".join(f"“{skills.get(one, one)}”" for one in value["skills"])
    return _("a job may ask for %(skills)s") % {"skills": named} if named else _("no job asks for a skill")


def _closes(person: Person, payload: Payload) -> bool:
    return payload["key"] == f"country:{person.country}" and payload["value"] == {"open": False}


def names(keys: Iterable[str]) -> dict[str, str]:
    """Return what keys are about, by its name; empty for what holds for all. Two queries at most."""
    said = set(keys)
    numbers = {kind: {int(number) for key in said for number in re.findall(rf"{kind}:(\d+)", key)}
               for kind in ("client", "work_type")}  # fmt: skip
    clients, works = (
        dict(model.objects.filter(pk__in=numbers[kind]).values_list("pk", "name")) if numbers[kind] else {}
        for kind, model in (("client", Client), ("work_type", WorkType))
    )
    return {key: ", ".join(_part(one, clients, works) for one in key.split("/") if one) for key in said}


def _part(key: str, clients: Mapping[int, str], works: Mapping[int, str]) -> str:
    kind, _sep, name = key.partition(":")
    if kind in {"client", "work_type"}:
        return (clients if kind == "client" else works)[int(name)]
    if kind == "rail":
        return str(rails.of(name).label)
    if kind == "fund":
        return str(Supporting(name).label)
    if kind == instruments.SKILLS:
        return _("tests of skills")
    if kind == instruments.ASKS.rstrip("/"):
        return _("skills asked for")
    return str(Locale.parse(to_locale(get_language() or "en")).territories.get(name, name))
