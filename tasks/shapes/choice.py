"""Choice: one label, or several, for what a task shows."""

import json
from xml.etree.ElementTree import Element

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import composing, merging
from tasks.shapes.composing import ByParts
from tasks.shapes.shape import Distance, Json, Lines, Shape, control, obj, only, region

MOST_LABELS = 60
LONGEST_LABEL = 120
LABELS: Json = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_LABEL}}


class Choice(Shape):
    """Choose one of the labels or, where the form says so, several.

    A task may bring its own labels in its data when the form has none, as onboarding questions do.
    """

    name = "choice"
    guessable = True
    label = gettext_lazy("Choose labels")
    picture = "M4 4h8v8H4zM6 8l2 2 4-6M17 8h27M4 20h8v8H4zM17 24h20"
    asks = {"labels": LABELS, "multiple": {"type": "boolean"}}
    needs = ("labels",)
    draws = frozenset({"labels"})
    checks_at_once = False

    def form_problems(self, form: Json) -> list[Text]:
        """Return what is wrong with a job's form: it needs 2 to 60 different, short labels."""
        labels = form["labels"]
        if not all(label.strip() for label in labels):
            return [_("Each label is a short text.")]
        if not 2 <= len(labels) <= MOST_LABELS or len(set(labels)) != len(labels):  # noqa: PLR2004 - a choice is of two
            return [_("A choice needs 2 to 60 labels, each different.")]
        return [_("A label has at most 120 characters.")] if max(map(len, labels)) > LONGEST_LABEL else []

    def fields(self) -> dict[str, forms.Field]:
        """Return the labels and whether several may be chosen."""
        several = forms.BooleanField(label=gettext_lazy("Members may choose several labels"), required=False)
        labels = Lines(label=gettext_lazy("Labels"), help_text=gettext_lazy("One on each line, 2 to 60 of them."))
        return {"labels": labels, "multiple": several}

    def form_for(self, form: Json, data: Json) -> Json:
        """Return the form with the task's own labels where the job has none."""
        if form.get("labels") or not isinstance(data.get("labels"), list):
            return form
        return {**form, "labels": data["labels"]}

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        one = {"type": "string", "enum": form["labels"]}
        items = {"type": "array", "items": one, "minItems": 1, "uniqueItems": True}
        return obj({"labels": items if form.get("multiple") else {**items, "maxItems": 1}})

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return the labels ticked, in the form's order; the first only where one is asked for."""
        ticked = [label for label in form["labels"] if label in post.getlist("label")]
        return {"labels": ticked if form.get("multiple") else ticked[:1]}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing or wrong in a value."""
        chosen = value["labels"]
        if not chosen:
            return [_("Choose an answer.")]
        if any(label not in form["labels"] for label in chosen) or len(set(chosen)) != len(chosen):
            return [_("Choose from the labels shown.")]
        return [] if form.get("multiple") or len(chosen) == 1 else [_("Choose one label only.")]

    def agreement_key(self, value: Json) -> str:
        """Return the set of labels, whatever their order."""
        return json.dumps(sorted(value["labels"]))

    def distance(self, form: Json) -> Distance | None:
        """Return how many labels two answers share, where several may be chosen."""
        return merging.of_sets("labels") if form.get("multiple") else None

    def by_parts(self, form: Json) -> ByParts | None:
        """Return each label by what most say of it, where several may be chosen."""
        if not form.get("multiple"):
            return None
        return ByParts(
            lambda values: composing.each([one["labels"] for one in values], form["labels"]),
            lambda said: {"labels": [label for label, chosen in said.items() if chosen]},
            gettext_lazy("each label by whether most chose it"),
        )

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the question, the labels and what the task shows."""
        several = bool(form.get("multiple"))
        own = {"labels": form["labels"], "multiple": several, "type": "checkbox" if several else "radio"}
        return super().page(form, data, value, seed) | own

    def columns(self, form: Json) -> list[str]:
        """Return the one column of a choice."""
        return ["labels"]

    def label_studio(self, form: Json, data: Json, value: Json) -> list[Json]:
        """Return the labels as choices."""
        return [region("choices", "answer", choices=value["labels"])]

    def from_label_studio(self, form: Json, data: Json, regions: list[Json]) -> Json:
        """Return the choices."""
        return {"labels": only("choices", regions)["choices"]}

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the labels, several joined by a bar."""
        return ["|".join(value["labels"])]

    def label_studio_tags(self, form: Json) -> list[Element]:
        """Return the labels as choices."""
        several = "multiple" if form.get("multiple") else "single"
        return [control("Choices", "answer", form["labels"], choice=several)]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return the label."""
        return {"labels": gettext_lazy("The label")}
