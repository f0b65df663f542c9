"""A policy for tests: the colour of the hall. Its payload says by which rule it is decided and how enacting it ends.

A wall (`"key": "wall"`) has versions: one coat over another, and nobody paints over a coat that they did not see.
"""

from datetime import datetime

from django import forms

from coop.people.models import Person
from coop.record import events
from coop.record.models import Event
from coop.refusals import Refusal
from governance.models import Mandate
from governance.policy import Payload, Stale, expect


class Form(forms.Form):
    """Ask for a colour."""

    colour = forms.CharField()

    def cleaned_payload(self) -> Payload:
        """Return the payload."""
        return {"rule": "N10", "colour": self.cleaned_data["colour"]}


class Paint:
    """What the hall is painted in."""

    name = "paint"
    label = "The colour of the hall"
    form_class = Form

    def problems(self, payload: Payload) -> list[Refusal]:
        """Refuse beige."""
        return [Refusal("Not beige.", rule="taste")] if payload.get("colour") == "beige" else []

    def subject(self, payload: Payload) -> str:
        """Return the hall."""
        return "hall:1"

    def rule_key(self, payload: Payload) -> str:
        """Return the rule that the payload names."""
        return str(payload["rule"])

    def describe(self, payload: Payload) -> str:
        """Return the change in words."""
        return f"The hall is painted {payload['colour']}."

    def impact(self, payload: Payload, at: datetime) -> dict[str, object]:
        """Return how many walls it concerns."""
        return {"walls": 4}

    def impact_lines(self, impact: Payload) -> list[tuple[str, str]]:
        """Return it in words."""
        return [("Walls", str(impact["walls"]))]

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return what the person sees of it."""
        return f"{person.name} sees {payload['colour']}."

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Paint, or find that somebody painted before."""
        if payload["colour"] == "stale":
            message = "somebody painted before"
            raise Stale(message)
        if payload.get("key") == "wall":
            expect(payload, latest=Event.objects.filter(kind="hall.painted").count())
        events.write("hall.painted", by=None, subject="hall:1", at=at, colour=payload["colour"])
