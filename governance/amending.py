"""Changing the constitution's own rows by vote (N15): a rule's numbers, or a number that is no rule's own.

A payload says the whole row and the version it replaces; pay stands in no such payload (3.1), and the bounds of part 8
are constraints that no vote crosses. What was voted applies 15 days after it was published (E9).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from coop.record import events
from coop.refusals import Refusal
from governance.models import BOUNDS, WHOLE, Mandate, Parameter, Rule
from governance.policy import NobodysPay, Payload, expect

PUBLIC_FIRST = timedelta(days=15)
DAYS = ("deliberation_days", "frozen_days", "voting_days", "lock_days")
SHARES = ("affected_yes", "affected_floor", "whole_yes", "whole_floor", "turnout_floor")
NUMBERS = (*DAYS, *SHARES, "readings")
NAMED = {Fraction(1, 3): "1/3", Fraction(2, 3): "2/3", Fraction(3, 4): "3/4", Fraction(1, 2): "1/2"}
ROW = (*NUMBERS, "seniors_too")
NULLABLE = {"affected_yes", "whole_yes"}
LABELS = {
    "deliberation_days": gettext_lazy("Days of discussion"),
    "frozen_days": gettext_lazy("Last days of discussion without new rivals"),
    "voting_days": gettext_lazy("Days of voting"),
    "lock_days": gettext_lazy("Days until it takes effect"),
    "affected_yes": gettext_lazy("Yes of those affected, at least"),
    "affected_floor": gettext_lazy("Yes of the affected roll, at least"),
    "whole_yes": gettext_lazy("Yes of everybody, at least"),
    "whole_floor": gettext_lazy("Yes of the whole roll, at least"),
    "turnout_floor": gettext_lazy("Taking part of the roll, at least"),
    "readings": gettext_lazy("Readings"),
    "seniors_too": gettext_lazy("Also among members of 180 days (1 or 0)"),
}


class ShareField(forms.CharField):
    """A share as people write it, 2/3 or 40 %; its value is in parts of WHOLE, exactly, or None when empty."""

    def to_python(self, value: object) -> int | None:  # type: ignore[override]
        """Return the parts."""
        said = str(value or "").replace(" ", "").replace("\u00a0", "")
        if not said:
            return None
        try:
            share = Fraction(said.removesuffix("%")) / (100 if said.endswith("%") else 1)
        except (ValueError, ZeroDivisionError):
            raise ValidationError(_("Write a share as 2/3 or 40 %.")) from None
        parts = share * WHOLE
        if parts.denominator != 1 or not 0 <= parts <= WHOLE:
            raise ValidationError(_("A share lies between 0 and 1 and has at most two decimals in per cent."))
        return parts.numerator


class NewRule(forms.Form):
    """The whole row of a rule, as it shall be."""

    key = forms.ChoiceField(label=gettext_lazy("Which rule"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the rules there are, and ask for each of their numbers."""
        super().__init__(*args, **kwargs)
        keys = Rule.objects.order_by("key").distinct("key").values_list("key", "decision")
        self.fields["key"].choices = [(key, f"{key}: {_(decision)}") for key, decision in keys]  # type: ignore[attr-defined]
        for name in DAYS:
            self.fields[name] = forms.IntegerField(label=LABELS[name], min_value=0, max_value=60)
        for name in SHARES:
            hint = _("Empty: they are not asked.") if name in NULLABLE else ""
            self.fields[name] = ShareField(label=LABELS[name], required=False, help_text=hint)
        self.fields["readings"] = forms.IntegerField(label=LABELS["readings"], min_value=1, max_value=2)
        self.fields["seniors_too"] = forms.BooleanField(
            label=_("Also among members of 180 days or more"), required=False
        )

    def cleaned_payload(self) -> Payload:
        """Return the payload: the whole row, and the version it replaces."""
        said = dict(self.cleaned_data)
        floors = {name: said[name] or 0 for name in SHARES if name not in NULLABLE}
        return said | floors | {"replaces": _latest(str(said["key"])).version}


class NewParameter(forms.Form):
    """A number of part 8."""

    name = forms.ChoiceField(
        label=gettext_lazy("Which number"), choices=[(name, gettext_lazy(name.replace("_", " "))) for name in BOUNDS]
    )
    value = forms.IntegerField(
        label=gettext_lazy("Its value"), min_value=0, max_value=30_000,
        help_text=gettext_lazy("Shares are in parts of 30,000: one per cent is 300."),
    )  # fmt: skip

    def cleaned_payload(self) -> Payload:
        """Return the payload, with the version it replaces."""
        return {**self.cleaned_data, "replaces": _latest_parameter(self.cleaned_data["name"]).version}


class RuleChange(NobodysPay):
    """A new version of a rule. Payload: {"key": "N14", "replaces": 1, and each number of the row}."""

    name = "rule_change"
    label = gettext_lazy("A rule of the constitution: who decides, how long, by how much")
    form_class = NewRule

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed."""
        if set(payload) != {"key", "replaces", *ROW} or not all(_fits(name, payload[name]) for name in ROW):
            return [Refusal(_("A rule is proposed as a whole row of numbers, and nothing beside it."), rule="3.1")]
        old = Rule.objects.filter(key=str(payload["key"])).order_by("-version").first()
        if old is None or payload["replaces"] != old.version:
            return [Refusal(_("The rule has changed since: look at it again."), rule="P3")]
        if not differences(old, payload):
            return [Refusal(_("These are the numbers in force."))]
        return _crossed(_version(old, payload))

    def subject(self, payload: Payload) -> str:
        """Return the rule."""
        return f"rule:{payload['key']}"

    def rule_key(self, payload: Payload) -> str:
        """Return N15, whatever a label says (G14)."""
        return "N15"

    def describe(self, payload: Payload) -> str:
        """Return each number that changes."""
        old = Rule.objects.get(key=str(payload["key"]), version=cast("int", payload["replaces"]))
        changes = "; ".join(differences(old, payload))
        return _("Rule %(key)s: %(changes)s.") % {"key": payload["key"], "changes": changes}

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the new version; raise Stale when another came before it."""
        rule = _version(_latest(str(payload["key"])), payload)
        _bring_in(rule, payload, subject=self.subject(payload), mandate=mandate, at=at)


class ParameterChange(NobodysPay):
    """A new value of a number that is no rule's own. Payload: {"name": "panel_size", "value": 7, "replaces": 1}."""

    name = "parameter_change"
    label = gettext_lazy("A number of the constitution: petitions, panels, time to reply")
    form_class = NewParameter

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed."""
        if set(payload) != {"name", "value", "replaces"} or payload["name"] not in BOUNDS:
            return [Refusal(_("Say which number, its value and the version it replaces."), rule="3.1")]
        old = _latest_parameter(str(payload["name"]))
        if payload["replaces"] != old.version or payload["value"] == old.value:
            return [Refusal(_("The number has changed since: look at it again."), rule="P3")]
        least, most = BOUNDS[old.name]
        value = payload["value"]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            return [_beyond()]
        return []

    def subject(self, payload: Payload) -> str:
        """Return the number."""
        return f"parameter:{payload['name']}"

    def rule_key(self, payload: Payload) -> str:
        """Return N15."""
        return "N15"

    def describe(self, payload: Payload) -> str:
        """Return the old value and the new."""
        old = Parameter.objects.get(name=str(payload["name"]), version=cast("int", payload["replaces"]))
        return _("%(name)s: %(old)s to %(new)s.") % {"name": old.name, "old": old.value, "new": payload["value"]}

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the new version; raise Stale when another came before it."""
        old = _latest_parameter(str(payload["name"]))
        number = Parameter(name=old.name, version=old.version + 1, value=cast("int", payload["value"]))
        _bring_in(number, payload, subject=self.subject(payload), mandate=mandate, at=at)


def _latest(key: str) -> Rule:
    return Rule.objects.filter(key=key).order_by("-version")[:1].get()


def _latest_parameter(name: str) -> Parameter:
    return Parameter.objects.filter(name=name).order_by("-version")[:1].get()


def _bring_in(new: Rule | Parameter, payload: Payload, *, subject: str, mandate: Mandate, at: datetime) -> None:
    expect(payload, latest=new.version - 1)
    new.mandate, new.published_at, new.applies_from = mandate, at, at + PUBLIC_FIRST
    new.save(force_insert=True)
    events.write("rules.changed", by=None, subject=subject, at=at, version=new.version)


def _version(old: Rule, payload: Payload) -> Rule:
    """Return the next version of a rule, not saved: the numbers of the payload, the sentence of the old one."""
    numbers: Mapping[str, Any] = {name: payload[name] for name in ROW}
    return Rule(key=old.key, version=old.version + 1, decision=old.decision, **numbers)


def differences(old: Rule, payload: Payload) -> list[str]:
    """Return each number of a row that a payload changes, with its old value and its new, in words."""
    words = _("%(what)s: %(old)s to %(new)s")
    return [
        words % {"what": LABELS[name], "old": shown(name, getattr(old, name)), "new": shown(name, payload[name])}
        for name in ROW
        if getattr(old, name) != payload[name]
    ]


def written(share: Fraction) -> str:
    """Return a share as people say it: thirds and quarters as such, others in per cent."""
    return NAMED.get(share) or f"{formats.localize(float(share * 100)).removesuffix(formats.localize(0.0)[1:])}\u00a0%"


def shown(name: str, value: object) -> str:
    """Return a number of a row as people read it: a share in words, "not asked" where an electorate has no say."""
    if value is None:
        return _("not asked")
    return written(Fraction(int(str(value)), WHOLE)) if name in SHARES else str(int(value))  # type: ignore[call-overload]


def _fits(name: str, value: object) -> bool:
    if name == "seniors_too":
        return isinstance(value, bool)
    if value is None:
        return name in NULLABLE
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= WHOLE


def _crossed(rule: Rule) -> list[Refusal]:
    try:
        rule.validate_constraints(exclude={"mandate", "published_at", "applies_from"})
    except ValidationError:
        return [_beyond()]
    return []


def _beyond() -> Refusal:
    return Refusal(
        _("This crosses a bound of the constitution that no vote can cross."), rule=gettext_noop("part 8"),
        appeal=_("The bounds stand on “How we decide”."),
    )  # fmt: skip
