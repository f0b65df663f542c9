"""Steps: a solution written step by step, each with its justification, and what comes out."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import material
from tasks.shapes.shape import Json, Shape, obj

MOST, USUAL, AT_FIRST = 30, 12, 2
LONGEST_STEP, LONGEST_ANSWER = 4000, 1000


class Steps(Shape):
    """Solve what the task asks, step by step. A step left empty is no step; one more is asked for by a plain button."""

    name = "steps"
    label = gettext_lazy("Solve step by step")
    picture = "M4 6h4M13 6h31M8 16h4M17 16h27M12 26h4M21 26h23"
    style = "tasks/kinds.css"
    longest = 250_000
    shows_as_read = True
    asks = {
        "most": {"type": "integer", "minimum": 2, "maximum": MOST}, "justify": {"type": "boolean"},
        "answer": {"type": "boolean"},
    }  # fmt: skip

    def fields(self) -> dict[str, forms.Field]:
        """Return the most steps, whether each is justified, and whether an answer is asked for."""
        most = forms.IntegerField(label=gettext_lazy("Steps at most"), min_value=2, max_value=MOST, initial=USUAL)
        justify = forms.BooleanField(label=gettext_lazy("Each step says why it follows"), required=False, initial=True)
        answer = forms.BooleanField(label=gettext_lazy("A final answer is asked for"), required=False, initial=True)
        return {"most": most, "justify": justify, "answer": answer}

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        step = obj({"text": _text(LONGEST_STEP, 1), "why": _text(LONGEST_STEP, int(bool(form.get("justify"))))})
        steps = {"type": "array", "items": step, "minItems": 1, "maxItems": form.get("most", USUAL)}
        return obj({"steps": steps, "answer": _text(LONGEST_ANSWER, int(bool(form.get("answer"))))})

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return the steps that say something, with an empty one at the end where one more was asked for."""
        rows = [
            {part: post.get(f"step-{n}-{part}", "").strip() for part in ("text", "why")} for n in range(1, MOST + 1)
        ]
        steps = [row for row in rows if any(row.values())]
        if "again" in post and len(steps) < form.get("most", USUAL):
            steps.append({"text": "", "why": ""})
        return {"steps": steps, "answer": post.get("answer", "").strip()}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing, step by step."""
        found: list[Text] = []
        if not value["steps"]:
            found.append(_("Write the first step."))
        for n, step in enumerate(value["steps"], 1):
            if not step["text"].strip():
                found.append(_("Step %(n)d says nothing.") % {"n": n})
            if form.get("justify") and not step["why"].strip():
                found.append(_("Step %(n)d does not say why.") % {"n": n})
        if form.get("answer") and not value["answer"].strip():
            found.append(_("Write the final answer."))
        return found

    def agrees(self, form: Json) -> bool:
        """Say that no two solutions are the same."""
        return False

    def agreement_key(self, value: Json) -> None:
        """Say that equality tells nothing."""

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the steps as written and as they are read, two empty ones at first."""
        drawn, steps = bool(form.get("markdown")), value.get("steps", [])
        rows = steps + [{"text": "", "why": ""}] * (AT_FIRST - len(steps))
        read = [{part: material.text(step[part], markdown=drawn) for part in ("text", "why")} for step in steps]
        return super().page(form, data, value, seed) | {
            "rows": rows, "read": read, "answer": material.text(value.get("answer", ""), markdown=drawn),
            "justify": bool(form.get("justify")), "asks_answer": bool(form.get("answer")),
            "more": len(rows) < form.get("most", USUAL), "drawn": drawn,
        }  # fmt: skip

    def columns(self, form: Json) -> list[str]:
        """Return the columns of a solution."""
        return ["steps", "answer"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the steps with their reasons, a line each, and the answer."""
        lines = (f"{step['text']} [{step['why']}]" if step["why"] else step["text"] for step in value["steps"])
        return ["\n".join(lines), value["answer"]]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return the steps, and the answer where one is asked for."""
        answer = {"answer": gettext_lazy("The final answer")} if form.get("answer") else {}
        return {"steps": gettext_lazy("A step"), **answer}


def _text(most: int, least: int) -> Json:
    return {"type": "string", "minLength": least, "maxLength": most}
