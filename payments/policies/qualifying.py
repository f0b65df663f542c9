"""What the propose page asks for of a qualification: what opens a kind of work, its skills, or how tests are passed."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import instruments
from payments.models import Kind, WorkType
from payments.policies.forms import NewVersion

OPENS, ASKS, TESTS = "opens", "asks", "tests"
TERMS_OF_TESTS = ("drawn", "right", "again_days")
NEEDED = {OPENS: ("work_type", "of", "units"), ASKS: ("work_type",), TESTS: TERMS_OF_TESTS}


class Qualification(NewVersion):
    """What paid work opens a kind of work, which skills its jobs may ask for, or how the tests of skills are passed."""

    kind = Kind.QUALIFICATION
    what = forms.ChoiceField(
        label=gettext_lazy("What to change"), required=False, initial=OPENS, choices=[
            (OPENS, gettext_lazy("What paid work opens a kind of work")),
            (ASKS, gettext_lazy("Which skills jobs of a kind of work may ask for")),
            (TESTS, gettext_lazy("How the tests of skills are passed")),
        ],
    )  # fmt: skip
    work_type = forms.ModelChoiceField(
        WorkType.objects.order_by("name"), label=gettext_lazy("Kind of work"), required=False,
        empty_label="",
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

    skills = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Skills that its jobs may ask for"), required=False, coerce=int,
        choices=lambda: instruments.skills_named().items(), widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None: its jobs ask for no skill. What is open stays as it is."),
    )  # fmt: skip

    def key(self) -> str:
        """Return the kind of work, its skills, or that it is about tests."""
        said = self.cleaned_data
        if said["what"] == TESTS:
            return instruments.SKILLS
        return f"{instruments.ASKS if said['what'] == ASKS else ''}work_type:{said['work_type'].pk}"

    def value(self) -> Mapping[str, object]:
        """Return the kind of work and how many of its units, the skills, or the terms of tests."""
        said = self.cleaned_data
        if said["what"] == TESTS:
            return {name: said[name] for name in TERMS_OF_TESTS}
        if said["what"] == ASKS:
            return {"skills": sorted(said["skills"])}
        return {"of": said["of"].pk if said["units"] else 0, "units": said["units"]}

    def clean(self) -> dict[str, Any]:
        """Ask for what belongs to it; refuse a kind of work that opens itself, and a test that nobody passes."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        said["what"] = said.get("what") or (OPENS if said.get("work_type") else TESTS)
        for name in NEEDED[said["what"]]:
            if said.get(name) is None and name not in self.errors:
                self.add_error(name, self.fields[name].error_messages["required"])
        if said.get("of") and said.get("of") == said.get("work_type"):
            raise forms.ValidationError(_("A kind of work cannot open itself."))
        if said["what"] == TESTS and (said.get("right") or 0) > (said.get("drawn") or 0):
            self.add_error("right", _("There are not so many questions."))
        return said
