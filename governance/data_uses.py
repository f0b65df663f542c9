"""A use of data about people, of watching or of decisions by machine, new or another, by vote (N8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.privacy import Audience
from coop.record import events
from coop.refusals import Refusal
from governance.models import DataUse, Decides, Mandate, Whose
from governance.policy import NobodysPay, Payload, expect

WORDS = ("title", "data", "purpose", "kept")
SAID = (*WORDS, "key", "whose", "seen_by", "decides", "in_use")


def newest(key: str) -> DataUse | None:
    """Return the latest version of a use, in force or not yet, or None."""
    return DataUse.objects.filter(key=key).order_by("-version").first()


def latest(key: str) -> int:
    """Return the number of the latest version of a use, 0 if there is none."""
    use = newest(key)
    return use.version if use else 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A use as it is read: the version in force (None before it applies), and the one that applies later, if any."""

    key: str
    current: DataUse | None
    coming: DataUse | None

    @property
    def shown(self) -> DataUse:
        """Return the version that a page tells by."""
        return self.current or cast("DataUse", self.coming)

    @property
    def by_vote(self) -> bool:
        """Tell whether a vote said it, and not the founding meeting."""
        return self.shown.mandate.proposal_id is not None

    @property
    def seen_by(self) -> list[str]:
        """Return in words who sees the data."""
        return seen_by(self.shown.seen_by)

    @property
    def as_asked(self) -> str:
        """Return the query that fills in the form of another version with the latest one."""
        use = self.coming or self.shown
        words = {"heading": use.title, "which": use.data, "seen_by": use.seen_by.split(",")}
        names = ("key", "whose", "purpose", "kept", "decides")
        return urlencode(words | {name: getattr(use, name) for name in names}, doseq=True)

    @property
    def changes(self) -> list[tuple[str, str]]:
        """Return what the version that applies later says otherwise: what it is called, and the new words."""
        if self.coming is None or self.current is None:
            return []
        old, new = _read(self.current), _read(self.coming)
        return [(name, said) for name, said in new.items() if said != old[name]]


def known(at: datetime) -> list[Entry]:
    """Return every use in the order in which they came, those that have ended last; one query."""
    rows = DataUse.objects.select_related("mandate__proposal").order_by("key", "version")
    every = [(versions[0].pk, _entry(versions, at)) for versions in _by_key(rows)]
    return [entry for _first, entry in sorted(every, key=lambda one: (not one[1].shown.in_use, one[0]))]


def _by_key(rows: Iterable[DataUse]) -> list[list[DataUse]]:
    return [list(versions) for _key, versions in groupby(rows, key=attrgetter("key"))]


def _entry(versions: Sequence[DataUse], at: datetime) -> Entry:
    applying = [version for version in versions if version.applies_from <= at]
    coming = versions[-1] if versions[-1].applies_from > at else None
    return Entry(versions[0].key, applying[-1] if applying else None, coming)


class NewUse(forms.Form):
    """A use of data as it shall be."""

    key = forms.RegexField(
        label=gettext_lazy("Its key"), regex=r"^[a-z][a-z_]{1,38}$",
        help_text=gettext_lazy("A new one is a word as engaged_time; one that stands says its use anew."),
    )  # fmt: skip
    heading = forms.CharField(label=gettext_lazy("Its title"), max_length=120)
    which = forms.CharField(label=gettext_lazy("Which data"), max_length=600, widget=forms.Textarea(attrs={"rows": 3}))
    whose = forms.ChoiceField(label=gettext_lazy("About whom"), choices=Whose, widget=forms.RadioSelect)
    purpose = forms.CharField(label=gettext_lazy("What for"), max_length=600, widget=forms.Textarea(attrs={"rows": 3}))
    seen_by = forms.MultipleChoiceField(label=gettext_lazy("Who sees them"), widget=forms.CheckboxSelectMultiple)
    kept = forms.CharField(label=gettext_lazy("How long they are kept"), max_length=300)
    decides = forms.ChoiceField(
        label=gettext_lazy("What a machine decides by them"), choices=Decides, widget=forms.RadioSelect
    )
    in_use = forms.BooleanField(label=gettext_lazy("In use; not ticked, this use ends"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the audiences in words."""
        super().__init__(*args, **kwargs)
        self.fields["seen_by"].choices = list(AUDIENCES.items())  # type: ignore[attr-defined]

    def cleaned_payload(self) -> Payload:
        """Return the payload: the use, and the version it replaces, 0 for a new one."""
        said = self.cleaned_data
        words = {
            "title": said["heading"],
            "data": said["which"],
            "seen_by": ",".join(said["seen_by"]),
            "replaces": latest(said["key"]),
        }
        return {name: said[name] for name in SAID if name in said} | words


AUDIENCES = {
    Audience.PUBLIC.value: gettext_lazy("Everybody, also without an account"),
    Audience.MEMBERS.value: gettext_lazy("Everybody with an account"),
    Audience.CLIENT.value: gettext_lazy("Those who act for the client concerned"),
    Audience.PARTIES.value: gettext_lazy("The parties to one assignment or one case, a client by pseudonym only"),
    Audience.SELF.value: gettext_lazy("The person they are about"),
    Audience.OFFICERS.value: gettext_lazy("Officers whose post needs it; each look is recorded"),
    Audience.NOBODY.value: gettext_lazy("Nobody: the machine alone"),
}


class DataUseChange(NobodysPay):
    """A use of data, new or another. Payload: the fields of `SAID`, and the version it replaces."""

    name = "data_use_change"
    label = gettext_lazy("A use of data, of watching, or of decisions by machine")
    form_class = NewUse

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed."""
        words = [payload.get(name) for name in SAID if name != "in_use"]
        if set(payload) != {*SAID, "replaces"} or not all(isinstance(word, str) and word.strip() for word in words):
            return [
                Refusal(_("Say which data, about whom, what for, who sees them, how long, and what decides."), "N8")
            ]
        if not isinstance(payload["in_use"], bool):
            return [Refusal(_("A use is in use, or it has ended."), "N8")]
        if payload["replaces"] != latest(str(payload["key"])):
            return [Refusal(_("This use has changed since: look at it again."), "P3")]
        return _crossed(payload) or _further(payload)

    def subject(self, payload: Payload) -> str:
        """Return the use."""
        return f"data_use:{payload['key']}"

    def rule_key(self, payload: Payload) -> str:
        """Return N8."""
        return "N8"

    def describe(self, payload: Payload) -> str:
        """Return the use as it would be."""
        if not payload["in_use"]:
            return _("This use of data ends: %(title)s.") % payload
        words = _(
            "%(title)s, from 15 days after it is in force. Data: %(data)s About: %(whose)s. For: %(purpose)s Seen by:"
            " %(seen)s. Kept: %(kept)s A machine decides: %(decides)s."
        )
        return words % {
            **payload, "whose": Whose(str(payload["whose"])).label, "decides": Decides(str(payload["decides"])).label,
            "seen": "; ".join(seen_by(str(payload["seen_by"]))),
        }  # fmt: skip

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the new version; raise Stale when another came before it."""
        key = str(payload["key"])
        version = latest(key)
        expect(payload, latest=version)
        DataUse.objects.create(
            **_facts(payload), version=version + 1, published_at=at, applies_from=at, mandate=mandate
        )
        events.write("data_uses.changed", by=None, subject=f"data_use:{key}", at=at, version=version + 1)


def _read(use: DataUse) -> dict[str, str]:
    """Return a use in words, each under what it is called."""
    return {
        _("Its title"): use.title, _("Which data"): use.data, _("What for"): use.purpose,
        _("Who sees them"): "; ".join(seen_by(use.seen_by)), _("How long they are kept"): use.kept,
        _("What a machine decides by them"): use.get_decides_display(),
        _("In use"): _("yes") if use.in_use else _("no, it ends"),
    }  # fmt: skip


def seen_by(names: str) -> list[str]:
    """Return in words who sees the data of a use."""
    return [str(AUDIENCES[name]) for name in names.split(",")]


def _facts(payload: Payload) -> dict[str, Any]:
    return {name: payload[name] for name in SAID}


def _crossed(payload: Payload) -> list[Refusal]:
    """Return that a use crosses what no vote can cross: E5 and E10, and the lengths of its words."""
    try:
        use = DataUse(**_facts(payload))
        use.clean_fields(exclude={"version", "mandate", "published_at", "applies_from"})
        use.validate_constraints(exclude={"version", "mandate", "published_at", "applies_from"})
    except ValidationError:
        return [
            Refusal(
                _("No vote can allow this: a client sees nothing about members, and no machine shuts anybody out."),
                "E5, E10", _("Say it with the words that the form offers."),
            )
        ]  # fmt: skip
    return []


def _further(payload: Payload) -> list[Refusal]:
    """Return that data about members would reach clients by another name; the database asks the same (E10)."""
    old, new = newest(str(payload["key"])), DataUse(**_facts(payload))
    if old and old.whose != new.whose:
        return [Refusal(_("Whom the data of a use are about never changes: give another use another key."), "E10")]
    if new.whose == Whose.CLIENTS or not new.is_public or (old and old.is_public):
        return []
    return [
        Refusal(
            _("What everybody sees, clients see: data about members that are not public stay so."), "E10",
            _("Choose who among the members, the parties or the officers sees them."),
        )
    ]  # fmt: skip
