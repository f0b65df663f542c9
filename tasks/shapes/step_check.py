"""Checking steps: each step of a given solution is right, wrong or unclear, and why; the first wrong one is named."""

import json

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import material
from tasks.shapes.shape import TEXT, Json, Shape, lacks, lines, obj

MOST = 60
LONGEST_WHY = 2000
VERDICTS = ("right", "wrong", "unclear")


class StepCheck(Shape):
    """Check the steps of a task: a list called `steps`, or the lines of a text called `solution`.

    `first_wrong` counts from 1 and follows from the verdicts; 0 when none is wrong.
    """

    name = "step_check"
    longest = 130_000
    label = gettext_lazy("Check a solution step by step")
    picture = "M4 7l3 3 6-7M19 7h25M4 17l3 3 6-7M19 17h25M5 23l6 6M11 23l-6 6M19 26h17"
    style = "tasks/kinds.css"
    asks = {"why": {"type": "boolean"}}
    draws = frozenset({"steps", "solution"})

    def fields(self) -> dict[str, forms.Field]:
        """Return whether a step that is wrong or unclear needs a reason."""
        why = forms.BooleanField(
            label=gettext_lazy("A step that is wrong or unclear needs a reason"), required=False, initial=True
        )
        return {"why": why}

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return a problem unless the task brings 1 to 60 steps."""
        if "steps" not in data and isinstance(data.get("solution"), str):
            return [] if 1 <= len(_steps(data)) <= MOST else [_("A solution has 1 to 60 lines.")]
        return lacks({"steps": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": MOST}}, data)

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        bounds = {"minItems": 1, "maxItems": MOST}
        verdicts = {"type": "array", "items": {"type": "string", "enum": [*VERDICTS]}, **bounds}
        why = {"type": "array", "items": {"type": "string", "maxLength": LONGEST_WHY}, **bounds}
        first: Json = {"type": "integer", "minimum": 0, "maximum": MOST}
        return obj({"verdicts": verdicts, "why": why, "first_wrong": first})

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return what was ticked and written of each step; a right one needs no reason."""
        numbers = range(1, len(_steps(data)) + 1)
        verdicts = [post.get(f"verdict-{n}", "") for n in numbers]
        why = [
            "" if verdict == "right" else post.get(f"why-{n}", "").strip()
            for n, verdict in zip(numbers, verdicts, strict=True)
        ]
        return {"verdicts": verdicts, "why": why, "first_wrong": _first_wrong(verdicts)}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return the steps that nothing is said of, and those without their reason."""
        verdicts, why, count = value["verdicts"], value["why"], len(_steps(data))
        if not len(verdicts) == len(why) == count:
            return [_("Check each of the %(count)d steps.") % {"count": count}]
        found: list[Text] = []
        if open_ones := [str(n) for n, verdict in enumerate(verdicts, 1) if verdict not in VERDICTS]:
            found.append(_("Say of these steps whether they are right: %(steps)s.") % {"steps": ", ".join(open_ones)})
        if form.get("why"):
            given = enumerate(zip(verdicts, why, strict=True), 1)
            if silent := [str(n) for n, (verdict, said) in given if verdict in VERDICTS[1:] and not said.strip()]:
                found.append(_("Say why of these steps: %(steps)s.") % {"steps": ", ".join(silent)})
        if value["first_wrong"] != _first_wrong(verdicts):
            found.append(_("The first wrong step is not the one that the verdicts say."))
        return found

    def agreement_key(self, value: Json) -> str:
        """Return what was found up to the first wrong step; what follows from a wrong one is neither."""
        return json.dumps(value["verdicts"][: value["first_wrong"] or None])

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return each step with what was found of it."""
        verdicts, why = dict(enumerate(value.get("verdicts", []))), dict(enumerate(value.get("why", [])))
        options = list(zip(VERDICTS, (_("Correct"), _("Wrong"), _("Unclear")), strict=True))
        steps = [
            {
                "number": n + 1, "text": material.text(text, markdown=bool(form.get("markdown"))),
                "chosen": verdicts.get(n), "words": dict(options).get(verdicts.get(n, "")), "why": why.get(n, ""),
            }
            for n, text in enumerate(_steps(data))
        ]  # fmt: skip
        return super().page(form, data, value, seed) | {"steps": steps, "options": options, "why": form.get("why")}

    def columns(self, form: Json) -> list[str]:
        """Return the columns of a check."""
        return ["verdicts", "why", "first_wrong"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the verdicts joined by bars, the reasons with the number of their step, and the first wrong one."""
        why = "\n".join(f"{n}: {said}" for n, said in enumerate(value["why"], 1) if said)
        return ["|".join(value["verdicts"]), why, str(value["first_wrong"])]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return the verdicts and the reasons."""
        return {"verdicts": gettext_lazy("What is said of a step"), "why": gettext_lazy("The reason given")}


def _steps(data: Json) -> list[str]:
    return list(data["steps"]) if "steps" in data else lines(data["solution"])


def _first_wrong(verdicts: list[str]) -> int:
    return verdicts.index("wrong") + 1 if "wrong" in verdicts else 0
