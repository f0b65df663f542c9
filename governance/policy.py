"""What a vote can change: the one door through which every decision takes effect.

The app that owns a thing writes its policy; governance asks it and never knows more. Payloads carry literal values
only, never a reference to something that may still change, and the version they expect to replace.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

from django import forms
from django.utils.functional import Promise

from coop.people.models import Person
from coop.refusals import Refusal
from governance.models import Mandate

type Payload = Mapping[str, object]
type Text = str | Promise


@runtime_checkable
class Policy(Protocol):
    """A kind of change. `name` is stored with the proposal; `form_class` is what the propose page asks for.

    The form's `cleaned_payload()` returns the payload; its `title()` may be overwritten by the member.
    """

    name: str
    label: Text
    form_class: type[forms.Form]

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return why this change cannot be proposed, or nothing."""
        ...

    def subject(self, payload: Payload) -> str:
        """Return whose work is affected, as `work_type:3`: the key into governance_engagement."""
        ...

    def rule_key(self, payload: Payload) -> str:
        """Return the row of the constitution's part 3 that decides it, as N1."""
        ...

    def describe(self, payload: Payload) -> str:
        """Return the change in plain words with its numbers, made from the payload alone."""
        ...

    def impact(self, payload: Payload, at: datetime) -> dict[str, object]:
        """Return who gains or loses how much, computed; its canonical JSON is part of the proposal's digest (P9)."""
        ...

    def impact_lines(self, impact: Payload) -> list[tuple[str, str]]:
        """Return that impact in words: what it is called, and how much."""
        ...

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return what it would change for this person, in their money; empty when nothing."""
        ...

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Perform exactly what the payload says; raise `Stale` when the version it replaces is no longer current."""
        ...


class NobodysPay:
    """What a policy says about pay when it changes nobody's: nothing."""

    def impact(self, payload: Payload, at: datetime) -> dict[str, object]:
        """Return nothing."""
        return {}

    def impact_lines(self, impact: Payload) -> list[tuple[str, str]]:
        """Return nothing."""
        return []

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return nothing of this person's own."""
        return ""


class NoForm(forms.Form):
    """Nothing to fill in: a petition or a call leads to this vote, and nobody proposes it."""

    def cleaned_payload(self) -> Payload:
        """Return no payload, which nobody can propose."""
        return {}


class Stale(Exception):  # noqa: N818 - reads as the sentence it is
    """The version that a payload replaces is no longer the current one: the enactment fails, nothing changes (P3)."""


def expect(payload: Payload, *, latest: int) -> None:
    """Raise `Stale` unless the latest version is the one that a payload replaces."""
    if payload["replaces"] != latest:
        message = f"version {payload['replaces']} was replaced by version {latest}"
        raise Stale(message)
