"""Expulsion, the general meeting's part (N7): asked once, after a panel decided and the appeal is over or gone."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.models import Person
from coop.refusals import Refusal
from governance import standing
from governance.models import APPEAL_OPEN, Decision, Mandate, Measure, Stage, Status
from governance.policy import Payload, Stale


class AskExpulsion(forms.Form):
    """Which decision of a panel the meeting is asked about."""

    decision = forms.IntegerField(label=gettext_lazy("Number of the panel's decision"), min_value=1)

    def clean_decision(self) -> int:
        """Return the number of a decision of that kind."""
        number: int = self.cleaned_data["decision"]
        if not Decision.objects.filter(pk=number, motion__measure=Measure.EXPULSION).exists():
            raise forms.ValidationError(_("No panel has decided that."))
        return number

    def cleaned_payload(self) -> dict[str, Any]:
        """Return the payload: the decision and whom it is about."""
        number = self.cleaned_data["decision"]
        return {"decision": number, "person": Decision.objects.get(pk=number).case.person_id}

    def title(self) -> str:
        """Return the question."""
        return _("Shall the panel's decision %(number)s to end a membership stand?") % {
            "number": self.cleaned_data["decision"]
        }


def _number(payload: Payload) -> int:
    number = payload["decision"]
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


class Expulsion:
    """Ends a membership as a panel decided. Two thirds, and enough voices; else the member stays."""

    name = "expulsion"
    label = gettext_lazy("End a membership, after a panel decided so")
    form_class = AskExpulsion

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return why the meeting cannot be asked, or nothing."""
        decision = Decision.objects.filter(pk=_number(payload), motion__measure=Measure.EXPULSION).first()
        if decision is None or decision.case.person_id != payload["person"]:
            return [Refusal(_("No panel has decided that."), rule="N7")]
        if hasattr(decision, "appeal"):
            return [Refusal(_("The decision was appealed; what the nine others decide counts."), rule="7.7")]
        return []

    def subject(self, payload: Payload) -> str:
        """Return whose matter it is: the person's."""
        return f"person:{payload['person']}"

    def rule_key(self, payload: Payload) -> str:
        """Return N7."""
        return "N7"

    def describe(self, payload: Payload) -> str:
        """Return the change in plain words."""
        return _("Member number %(person)s is expelled, as decision %(decision)s of a panel said.") % payload

    def impact(self, payload: Payload, at: datetime) -> dict[str, object]:
        """Return how many of the panel agreed, and when the appeal ends or ended."""
        decision = Decision.objects.select_related("panel").get(pk=_number(payload))
        return {"agreed": decision.agreed, "size": decision.panel.size}

    def impact_lines(self, impact: Payload) -> list[tuple[str, str]]:
        """Return that in words."""
        return [(_("Of the panel agreed"), _("%(agreed)s of %(size)s") % impact)]

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return what it would change for this person."""
        return (
            _("Your own membership would end. What you earned stays yours.") if person.pk == payload["person"] else ""
        )

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """End a membership, or the way back to it; raise `Stale` if that is done or the decision does not stand."""
        decision = Decision.objects.select_related("case__person", "panel").get(pk=_number(payload))
        person = decision.case.person
        over = decision.panel.stage == Stage.APPEAL or at > decision.decided_at + APPEAL_OPEN
        if standing.status(person) == Status.EXPELLED or hasattr(decision, "appeal") or not over:
            message = "the decision does not stand any more"
            raise Stale(message)
        standing.expel(person, mandate=mandate, at=at)
