"""A new kind of work by a vote, with its first rate: the class that pay is compared by from then on (D5)."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.record import events
from coop.refusals import Refusal, Text
from governance.models import Mandate
from governance.policy import Payload, Stale
from payments import floors, rates
from payments.models import Rate, WorkType
from payments.money import plain
from payments.policies.impacts import Replayed
from payments.templatetags.money import money

CLASS = ("slug", "name", "unit", "shape", "tier", "language")
# No kind of work has this number: the floor that holds for all.
ANY = 0


def shapes() -> list[tuple[str, Text]]:
    """Return the kinds of answer that the site knows, each by its name with its words."""
    return [(shape.name, shape.label) for shape in map(import_string, settings.SHAPES)]


class NewKindForm(forms.Form):
    """A kind of work and its first rate."""

    name = forms.CharField(label=gettext_lazy("What it is called"), min_length=3, max_length=80)
    slug = forms.RegexField(
        label=gettext_lazy("Its short name"), regex=r"^[a-z][a-z0-9-]{1,49}$",
        help_text=gettext_lazy("Small letters and hyphens, as in its address: compare-answers."),
    )  # fmt: skip
    shape = forms.ChoiceField(label=gettext_lazy("How it is answered"), choices=shapes)
    tier = forms.RegexField(
        label=gettext_lazy("Its tier"), regex=r"^[a-z0-9_-]{1,30}$", initial="general",
        help_text=gettext_lazy("What it asks of people, as general or writing."),
    )  # fmt: skip
    language = forms.RegexField(label=gettext_lazy("Its language, in two letters"), regex=r"^[a-z]{2}$", initial="en")
    unit = forms.CharField(label=gettext_lazy("What one unit is called"), min_length=2, max_length=40, initial="task")
    amount = forms.DecimalField(
        label=gettext_lazy("First pay for a unit, in US$"), min_value=Decimal("0.000001"), max_digits=15,
        decimal_places=6, help_text=gettext_lazy("Below what comparable work paid by the hour, it is a cut (N5)."),
    )  # fmt: skip
    estimated_seconds = forms.IntegerField(
        label=gettext_lazy("Usual seconds for a unit"), min_value=1, max_value=1_000_000
    )

    def cleaned_payload(self) -> dict[str, object]:
        """Return the payload of a valid form."""
        return {**self.cleaned_data, "amount": plain(self.cleaned_data["amount"]), "currency": "USD"}

    def title(self) -> str:
        """Return a title for the proposal of a valid form."""
        return str(_("A new kind of work: %(name)s")) % {"name": self.cleaned_data["name"]}


class NewKind(Replayed):
    """A kind of work that is not on the rate card yet, with its first rate.

    By N14, as everything later is compared with it; lower by the hour than comparable work, by N1, N2 or N3 among those
    who do that work (N5), as the database finds. Payload: {"slug", "name", "unit", "shape", "tier", "language",
    "amount": "0.12", "currency": "USD", "estimated_seconds": 40}.
    """

    name = "new_kind"
    label = gettext_lazy("A new kind of work, with its first rate")
    form_class = NewKindForm

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed."""
        if not _asked("SELECT payments_kind_can_say(%s)", payload):
            words = _("A kind of work says its names, its unit, how it is answered, tier, language, pay and seconds.")
            return [Refusal(words, "D5")]
        if payload["shape"] not in dict(shapes()):
            return [Refusal(_("The site does not know this kind of answer."), "D5")]
        if WorkType.objects.filter(slug=str(payload["slug"])).exists():
            return [Refusal(_("There is a kind of work of this short name already."), "P3")]
        seconds = payload["estimated_seconds"]
        amount = Decimal(str(payload["amount"]))
        below = floors.refusal(ANY, amount, seconds=seconds if isinstance(seconds, int) else 0)
        return [below] if below else []

    def subject(self, payload: Payload) -> str:
        """Return the comparable kind of work that it would pay least beside, or everybody."""
        return str(_asked("SELECT payments_kind_subject(%s)", payload))

    def describe(self, payload: Payload) -> str:
        """Return the kind of work with its pay, per unit and per hour."""
        words = _("%(name)s (%(shape)s, %(tier)s, %(language)s): %(pay)s a %(unit)s, %(hour)s an hour.")
        amount, currency = Decimal(str(payload["amount"])), str(payload["currency"])
        hour = rates.hourly(amount, int(str(payload["estimated_seconds"])))
        return words % {**payload, "pay": money(amount, currency), "hour": money(hour, currency)}

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Open the kind of work with its rate by the mandate; raise Stale if its short name was taken meanwhile."""
        facts: dict[str, Any] = {part: payload[part] for part in CLASS}
        if WorkType.objects.filter(slug=facts["slug"]).exists():
            message = f"there is a kind of work {facts['slug']} already"
            raise Stale(message)
        made = WorkType.objects.create(**facts, created_at=at)
        Rate.objects.create(
            work_type=made, version=1, amount=Decimal(str(payload["amount"])), currency=str(payload["currency"]),
            estimated_seconds=int(str(payload["estimated_seconds"])), mandate=mandate, since=at,
        )  # fmt: skip
        events.write("kinds.opened", by=None, subject=f"work_type:{made.pk}", at=at, slug=made.slug)


def _asked(question: str, payload: Payload) -> object:
    with connection.cursor() as cursor:
        cursor.execute(question, [json.dumps(payload)])
        return cursor.fetchone()[0]
