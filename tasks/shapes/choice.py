"""Choice: one label, or several, for what a task shows."""

import json
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from coop.refusals import Text
from tasks.shapes import material
from tasks.shapes.shape import Json, object_problems

MOST_LABELS = 60
LONGEST_LABEL = 120


class Choice:
    """Choose one of the labels or, where the form says so, several."""

    name = "choice"
    do = "tasks/work/shapes/choice.html"
    review = "tasks/work/shapes/choice_shown.html"

    def form_problems(self, form: Json) -> list[Text]:
        """Return what is wrong with a job's form: it needs a question and 2 to 60 different, short labels."""
        labels = form.get("labels")
        if not str(form.get("question", "")).strip():
            return [_("Write the question.")]
        if not isinstance(labels, list) or not all(isinstance(label, str) and label.strip() for label in labels):
            return [_("Each label is a short text.")]
        if not 2 <= len(labels) <= MOST_LABELS or len(set(labels)) != len(labels):  # noqa: PLR2004 - a choice is of two
            return [_("A choice needs 2 to 60 labels, each different.")]
        return [_("A label has at most 120 characters.")] if max(map(len, labels)) > LONGEST_LABEL else []

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return nothing: a choice shows whatever a task has."""
        return []

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        items = {"type": "array", "items": {"enum": form["labels"]}, "minItems": 1, "uniqueItems": True}
        return {
            "type": "object",
            "properties": {"labels": items if form.get("multiple") else {**items, "maxItems": 1}},
            "required": ["labels"],
            "additionalProperties": False,
        }

    def read(self, form: Json, post: QueryDict) -> Json:
        """Return the labels ticked, in the form's order; the first only where one is asked for."""
        ticked = [label for label in form["labels"] if label in post.getlist("label")]
        return {"labels": ticked if form.get("multiple") else ticked[:1]}

    def problems(self, form: Json, value: Any) -> list[Text]:  # noqa: ANN401 - whatever was sent
        """Return what is missing or wrong in a value."""
        if wrong := object_problems(value, {"labels": list}):
            return wrong
        chosen = value["labels"]
        if not chosen:
            return [_("Choose an answer.")]
        if any(label not in form["labels"] for label in chosen) or len(set(chosen)) != len(chosen):
            return [_("Choose from the labels shown.")]
        return [] if form.get("multiple") or len(chosen) == 1 else [_("Choose one label only.")]

    def agreement_key(self, value: Json) -> str:
        """Return the set of labels, whatever their order."""
        return json.dumps(sorted(value["labels"]))

    def page(self, form: Json, data: Json, seed: int) -> dict[str, object]:
        """Return the question, the labels and what the task shows."""
        return {
            "question": form.get("question", ""),
            "labels": form["labels"],
            "multiple": bool(form.get("multiple")),
            "type": "checkbox" if form.get("multiple") else "radio",
            "material": material.of(data, without={"labels"}),
        }

    def columns(self, form: Json) -> list[str]:
        """Return the one column of a choice."""
        return ["labels"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the labels, several joined by a bar."""
        return ["|".join(value["labels"])]
