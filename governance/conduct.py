"""Rules of conduct by vote (N14): a new one, or a new version; it reaches only what happens 15 days later (E9)."""

import re
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.record import events
from coop.refusals import Refusal
from governance.models import Bylaw, Mandate
from governance.policy import NobodysPay, Payload, expect

KEY = re.compile(r"C[1-9][0-9]?")
LONGEST_TITLE, LONGEST_TEXT = 120, 3000


class NewBylaw(forms.Form):
    """A rule of conduct as it shall be."""

    key = forms.RegexField(
        label=gettext_lazy("Its number"), regex=rf"^{KEY.pattern}$", help_text=gettext_lazy("C1, C2 … or a new one.")
    )
    heading = forms.CharField(label=gettext_lazy("Its title"), max_length=LONGEST_TITLE)
    words = forms.CharField(
        label=gettext_lazy("Its words"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5})
    )

    def cleaned_payload(self) -> Payload:
        """Return the payload: number, title and words, and the version it replaces, 0 for a new rule."""
        said = self.cleaned_data
        return {"key": said["key"], "title": said["heading"], "text": said["words"], "replaces": latest(said["key"])}


def latest(key: str) -> int:
    """Return the number of the latest version of a rule of conduct, 0 if there is none."""
    versions = Bylaw.objects.filter(key=key).order_by("-version").values_list("version", flat=True)
    return versions.first() or 0


class BylawChange(NobodysPay):
    """A rule of conduct. Payload: {"key": "C1", "title": …, "text": …, "replaces": 1}."""

    name = "bylaw_change"
    label = gettext_lazy("A rule of conduct: what a charge may rest on")
    form_class = NewBylaw

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed."""
        texts = [payload.get(name) for name in ("key", "title", "text")]
        if set(payload) != {"key", "title", "text", "replaces"} or not all(isinstance(t, str) and t for t in texts):
            return [
                Refusal(_("Say the number, the title and the words of the rule, and nothing beside it."), rule="3.1")
            ]
        key, title, text = (str(said) for said in texts)
        if not KEY.fullmatch(key) or len(title) > LONGEST_TITLE or len(text) > LONGEST_TEXT:
            return [
                Refusal(_("A rule of conduct has a number as C1, a short title and at most 3000 letters."), rule="N14")
            ]
        if payload["replaces"] != latest(key):
            return [Refusal(_("The rule has changed since: look at it again."), rule="P3")]
        return []

    def subject(self, payload: Payload) -> str:
        """Return the rule."""
        return f"bylaw:{payload['key']}"

    def rule_key(self, payload: Payload) -> str:
        """Return N14."""
        return "N14"

    def describe(self, payload: Payload) -> str:
        """Return the rule as it would be."""
        return _("Rule of conduct %(key)s, from 15 days after it is in force: %(title)s. %(text)s") % payload

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the new version; raise Stale when another came before it."""
        key = str(payload["key"])
        version = latest(key)
        expect(payload, latest=version)
        facts: dict[str, Any] = {"title": payload["title"], "text": payload["text"]}
        Bylaw.objects.create(key=key, version=version + 1, published_at=at, mandate=mandate, **facts)
        events.write("bylaws.changed", by=None, subject=f"bylaw:{key}", at=at, version=version + 1)
