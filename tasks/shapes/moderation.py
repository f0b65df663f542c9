"""Content moderation: does it keep to the policy, and if not, which parts of it are broken how badly."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import composing, merging
from tasks.shapes.composing import ByParts, Part
from tasks.shapes.material import Material
from tasks.shapes.shape import Distance, Json, Lines, Shape, name_problems, named, obj

MOST = 20
SEVERITIES = ("low", "medium", "high")
DECISIONS = ("keeps", "breaks")
CATEGORY = obj(
    {"name": {"type": "string", "minLength": 1, "maxLength": 80}, "about": {"type": "string", "maxLength": 400}},
    optional=("about",),
)


class Moderation(Shape):
    """Say whether content keeps to a policy. It is folded away until a member opens it, for work and for review."""

    name = "moderation"
    label = gettext_lazy("Moderate content")
    picture = "M24 3l15 5v8c0 7-6 11-15 13-9-2-15-6-15-13V8zM17 16l5 5 9-10"
    style = "tasks/kinds.css"
    asks = {"categories": {"type": "array", "items": CATEGORY, "minItems": 1, "maxItems": MOST}}
    needs = ("categories",)

    def form_problems(self, form: Json) -> list[Text]:
        """Return what is wrong with a job's form: each category has a name of its own."""
        return name_problems(self.columns(form))

    def fields(self) -> dict[str, forms.Field]:
        """Return the categories, one on each line."""
        about = gettext_lazy(
            "One on each line: its name, then what it covers. Threats | of violence to people or animals"
        )
        return {"categories": Lines(label=gettext_lazy("Categories of the policy"), rows=8, help_text=about)}

    def written(self, said: Mapping[str, Any]) -> Json:
        """Return the categories."""
        return {"categories": [named(line, "name", "about") for line in said.get("categories", [])]}

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        severity = {"type": "string", "enum": [*SEVERITIES]}
        names = [category["name"] for category in form["categories"]]
        found = obj(dict.fromkeys(names, severity), optional=tuple(names))
        return obj({"decision": {"type": "string", "enum": [*DECISIONS]}, "found": found})

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return the decision, and the severity of each category that was found."""
        said = {it["name"]: post.get(f"severity-{n}", "") for n, it in enumerate(form["categories"], 1)}
        found = {name: severity for name, severity in said.items() if severity}
        return {"decision": post.get("decision", ""), "found": found}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing, or contradicts itself."""
        if value["decision"] not in DECISIONS:
            return [_("Say whether it keeps to the policy.")]
        if value["decision"] == "keeps" and value["found"]:
            return [_("It keeps to the policy, so nothing is found in it: change one of the two.")]
        if value["decision"] == "breaks" and not value["found"]:
            return [_("Say which part of the policy it breaks, and how badly.")]
        return []

    def agreement_key(self, value: Json) -> str:
        """Return the categories found, however bad."""
        return json.dumps(sorted(value["found"]))

    def distance(self, form: Json) -> Distance:
        """Return how many of the categories found two answers share."""
        return merging.of_sets("found")

    def by_parts(self, form: Json) -> ByParts:
        """Return the decision as most make it, and each category by the severity in the middle, none the least."""
        names = [category["name"] for category in form["categories"]]
        about = gettext_lazy("the decision by what most say, each category by the severity in the middle")
        return ByParts(lambda values: _parts(names, values), _of_parts, about)

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the content apart from what is shown at once, and each category with its severity."""
        whole, found = super().page(form, data, value, seed), value.get("found", {})
        words = dict(zip(SEVERITIES, (_("mild"), _("serious"), _("severe")), strict=True))
        categories = [
            {
                **it,
                "field": f"severity-{n}",
                "chosen": found.get(it["name"], ""),
                "words": words.get(found.get(it["name"])),
            }
            for n, it in enumerate(form["categories"], 1)
        ]
        decisions = list(zip(DECISIONS, (_("It keeps to the policy"), _("It breaks the policy")), strict=True))
        return whole | {
            "material": Material([], []), "content": whole["material"], "categories": categories,
            "severities": list(words.items()), "decisions": decisions,
        }  # fmt: skip

    def columns(self, form: Json) -> list[str]:
        """Return the decision, and a column for each category."""
        return ["decision", *(category["name"] for category in form["categories"])]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the decision, and the severity where one was found."""
        return [value["decision"], *(value["found"].get(it["name"], "") for it in form["categories"])]


def _parts(names: Sequence[str], values: Sequence[Json]) -> dict[str, Part]:
    """Return the decision and each category that anybody found, None where it stands as not found."""
    said = [one["found"] for one in values]
    steps = ("", *SEVERITIES)
    found = {
        name: composing.middle([steps.index(one.get(name, "")) for one in said])
        for name in names
        if any(name in one for one in said)
    }
    told = {name: replace(part, said=steps[part.said] or None) for name, part in found.items() if not part.even}
    return {"decision": composing.most([one["decision"] for one in values]), **found, **told}


def _of_parts(said: Mapping[str, Any]) -> Json:
    found = {name: severity for name, severity in said.items() if name != "decision" and severity}
    return {"decision": said["decision"], "found": found}
