"""Rating: one or several scales of five or seven steps, each with named ends."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import composing
from tasks.shapes.composing import ByParts
from tasks.shapes.shape import Distance, Json, Lines, Shape, name_problems, named, number, obj

MOST_SCALES = 12
END: Json = {"type": "string", "maxLength": 60}
STEPS: Json = {"type": "integer", "enum": [5, 7]}
SCALE = obj({"name": {"type": "string", "minLength": 1, "maxLength": 80}, "least": END, "most": END, "steps": STEPS},
            optional=("least", "most"))  # fmt: skip


class Rating(Shape):
    """Say on each scale where what a task shows stands."""

    name = "rating"
    label = gettext_lazy("Rate on scales")
    picture = "M5 16h38M5 12v8M14 12v8M24 12v8M43 12v8M33 8v16"
    style = "tasks/kinds.css"
    asks = {"scales": {"type": "array", "items": SCALE, "minItems": 1, "maxItems": MOST_SCALES}}
    needs = ("scales",)

    def form_problems(self, form: Json) -> list[Text]:
        """Return what is wrong with a job's form: each scale has a name of its own."""
        return name_problems([scale["name"] for scale in form["scales"]])

    def fields(self) -> dict[str, forms.Field]:
        """Return the scales, one on each line, and how many steps they have."""
        about = gettext_lazy(
            "One on each line: its name, what 1 means, what the highest means. Helpful | not at all | very"
        )
        steps = forms.TypedChoiceField(
            label=gettext_lazy("Steps"), coerce=int, choices=[(5, "1-5"), (7, "1-7")], initial=5
        )
        return {"scales": Lines(label=gettext_lazy("Scales"), help_text=about), "steps": steps}

    def written(self, said: Mapping[str, Any]) -> Json:
        """Return the scales."""
        rows = [named(line, "name", "least", "most") for line in said.get("scales", [])]
        return {"scales": [{**row, "steps": said.get("steps")} for row in rows]}

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value: a step for each scale by its name."""
        bounds = {it["name"]: {"type": "integer", "minimum": 1, "maximum": it["steps"]} for it in form["scales"]}
        return obj({"ratings": obj(bounds)})

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return the step ticked on each scale; 0 where none is."""
        return {"ratings": {it["name"]: number(post.get(f"scale-{n}")) for n, it in enumerate(form["scales"], 1)}}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return the scales on which nothing is ticked."""
        missing = [name for name, step in value["ratings"].items() if step == 0]
        return [_("Rate: %(names)s.") % {"names": ", ".join(missing)}] if missing else []

    def scales(self, form: Json) -> Mapping[str, int]:
        """Return the scales with their steps."""
        return {scale["name"]: scale["steps"] for scale in form["scales"]}

    def steps(self, value: Json) -> Mapping[str, int]:
        """Return what was ticked."""
        found: dict[str, int] = value["ratings"]
        return found

    def distance(self, form: Json) -> Distance:
        """Return the mean over all scales of how many steps lie between, squared, of the most there can be.

        The difference of interval data (K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011), each
        scale by its own length.
        """

        def between(one: Json, other: Json) -> float:
            first, second = one["ratings"], other["ratings"]
            steps: Iterator[float] = (
                (first[it["name"]] - second[it["name"]]) / (it["steps"] - 1) for it in form["scales"]
            )
            return sum(step * step for step in steps) / len(form["scales"])

        return Distance(between, gettext_lazy("how many steps lie between, squared"))

    def by_parts(self, form: Json) -> ByParts:
        """Return each scale by the step in the middle."""
        return ByParts(
            lambda values: {
                it["name"]: composing.middle([one["ratings"][it["name"]] for one in values]) for it in form["scales"]
            },
            lambda said: {"ratings": dict(said)},
            gettext_lazy("each scale by the step in the middle (the median)"),
        )

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the scales with their steps and what was ticked."""
        ticked = value.get("ratings", {})
        scales = [
            {**it, "field": f"scale-{n}", "range": range(1, it["steps"] + 1), "chosen": ticked.get(it["name"])}
            for n, it in enumerate(form["scales"], 1)
        ]
        return super().page(form, data, value, seed) | {"scales": scales}

    def columns(self, form: Json) -> list[str]:
        """Return a column for each scale."""
        return [scale["name"] for scale in form["scales"]]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the steps."""
        return [str(value["ratings"][name]) for name in self.columns(form)]
