"""What the propose page asks for of a qualification: what opens a kind of work, or how tests of skills are passed."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import instruments
from payments.models import Kind, WorkType
from payments.policies.forms import NewVersion

TERMS_OF_TESTS = ("drawn", "right", "again_days")


class Qualification(NewVersion):
    """What paid work opens a kind of work, or how the tests of skills are passed."""

    kind = Kind.QUALIFICATION
    work_type = forms.ModelChoiceField(
        WorkType.objects.order_by("name"), label=gettext_lazy("Kind of work"), required=False,
        empty_label=gettext_lazy("None: how the tests of skills are passed"),
    )  # fmt: skip
    of = forms.ModelChoiceField(
        WorkType.objects.order_by("name"), label=gettext_lazy("After accepted units of"), required=False
    )
    units = forms.IntegerField(label=gettext_lazy("How many"), min_value=0, max_value=1000, required=False)
    drawn = forms.IntegerField(
        label=gettext_lazy("Tests: questions drawn for each"), min_value=3, max_value=50, required=False
    )
    right = forms.IntegerField(
        label=gettext_lazy("Tests: right answers that pass"), min_value=1, max_value=50, required=False
    )
    again_days = forms.IntegerField(
        label=gettext_lazy("Tests: days until who did not pass may try again"), min_value=0, max_value=30,
        required=False,
    )  # fmt: skip

    def key(self) -> str:
        """Return the kind of work, or that it is about tests."""
        work_type = self.cleaned_data["work_type"]
        return f"work_type:{work_type.pk}" if work_type else instruments.SKILLS

    def value(self) -> Mapping[str, object]:
        """Return the kind of work and how many of its units, or the terms of tests."""
        said = self.cleaned_data
        if not said["work_type"]:
            return {name: said[name] for name in TERMS_OF_TESTS}
        return {"of": said["of"].pk if said["units"] else 0, "units": said["units"]}

    def clean(self) -> dict[str, Any]:
        """Ask for what belongs to it; refuse a kind of work that opens itself, and a test that nobody passes."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("of", "units") if said.get("work_type") else TERMS_OF_TESTS:
            if said.get(name) is None and name not in self.errors:
                self.add_error(name, self.fields[name].error_messages["required"])
        if said.get("of") and said.get("of") == said.get("work_type"):
            raise forms.ValidationError(_("A kind of work cannot open itself."))
        if not said.get("work_type") and (said.get("right") or 0) > (said.get("drawn") or 0):
            self.add_error("right", _("There are not so many questions."))
        return said
