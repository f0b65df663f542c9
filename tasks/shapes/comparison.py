"""Comparison: two answers to one question; which is better, by how much, and why."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from coop.refusals import Text
from tasks.shapes import material
from tasks.shapes.shape import Json, object_problems

PREFERENCES = ("a_much", "a_little", "same", "b_little", "b_much", "both_bad")
LONGEST_REASON = 4000
# The names under which data sets bring their two answers.
NAMES = (("a", "b"), ("response_a", "response_b"))


@dataclass(frozen=True, slots=True)
class Option:
    """One step of the scale: what is stored, and what the member reads in the order that was shown."""

    value: str
    words: str


class Comparison:
    """Say which of two answers is better on five steps, or that both are bad, and why.

    Preferences speak of `a` and `b` as the client's data names them. Which of the two a member saw as "A" is drawn by
    the assignment's number and kept as `shown`, as their reason may speak of A and B.
    """

    name = "comparison"
    do = "tasks/work/shapes/comparison.html"
    review = "tasks/work/shapes/comparison_shown.html"

    def form_problems(self, form: Json) -> list[Text]:
        """Return what is wrong with a job's form: it needs a question; the least reason is 0 to 1,000 characters."""
        if not str(form.get("question", "")).strip():
            return [_("Write the question.")]
        least = form.get("min_reason", 0)
        return [] if type(least) is int and 0 <= least <= 1000 else [_("The least length is 0 to 1,000 characters.")]  # noqa: PLR2004 - the bound the message names

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return a problem unless the task brings two answers, as `a` and `b` or `response_a` and `response_b`."""
        if any(all(isinstance(data.get(name), str) and data[name].strip() for name in names) for names in NAMES):
            return []
        return [_("A comparison needs two answers, in fields called “a” and “b”.")]

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        reason = {"type": "string", "minLength": form.get("min_reason", 0), "maxLength": LONGEST_REASON}
        return {
            "type": "object",
            "properties": {"preference": {"enum": [*PREFERENCES]}, "reason": reason, "shown": {"enum": ["ab", "ba"]}},
            "required": ["preference", "reason"],
            "additionalProperties": False,
        }

    def read(self, form: Json, post: QueryDict) -> Json:
        """Return the preference, the reason and the order shown."""
        shown = "ba" if post.get("shown") == "ba" else "ab"
        return {"preference": post.get("preference", ""), "reason": _clean(post.get("reason", "")), "shown": shown}

    def problems(self, form: Json, value: Any) -> list[Text]:  # noqa: ANN401 - whatever was sent
        """Return what is missing or wrong in a value."""
        given = {"shown": "ab", **value} if isinstance(value, dict) else value
        if wrong := object_problems(given, {"preference": str, "reason": str, "shown": str}):
            return wrong
        least, length = form.get("min_reason", 0), len(given["reason"].strip())
        found: list[Text] = []
        if given["preference"] not in PREFERENCES or given["shown"] not in {"ab", "ba"}:
            found.append(_("Say which answer is better."))
        if length < least:
            found.append(_("Say why in at least %(least)d characters; you have %(length)d.") % locals())
        if "\0" in given["reason"]:
            found.append(_("Leave out the character that is nothing (NUL)."))
        if length > LONGEST_REASON:
            found.append(_("A reason has at most %d characters.") % LONGEST_REASON)
        return found

    def agreement_key(self, value: Json) -> str:
        """Return which answer is better, by however much."""
        preference: str = value["preference"]
        return preference.removesuffix("_much").removesuffix("_little")

    def page(self, form: Json, data: Json, seed: int) -> dict[str, object]:
        """Return the question, the two answers in the order drawn for this assignment, and the scale."""
        first, second = next((names for names in NAMES if names[0] in data), NAMES[0])
        # Multiplying by a large odd number spreads neighbouring ids; the draw is the same whenever it is repeated.
        swapped = bool((seed * 2654435761 >> 16) & 1)
        texts = [str(data.get(first, "")), str(data.get(second, ""))]
        return {
            "question": form.get("question", ""),
            "answers": list(zip("AB", reversed(texts) if swapped else texts, strict=True)),
            "options": _options(swapped=swapped),
            "shown": "ba" if swapped else "ab",
            "min_reason": form.get("min_reason", 0),
            "material": material.of(data, without={first, second}),
        }

    def columns(self, form: Json) -> list[str]:
        """Return the columns of a comparison."""
        return ["preference", "reason", "shown"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the three cells."""
        return [value["preference"], value["reason"], value.get("shown", "ab")]


def _clean(text: str) -> str:
    """Return a text without the character that the database cannot keep."""
    return text.replace("\0", "").strip()


def _options(*, swapped: bool) -> list[Option]:
    """Return the scale from the answer shown as A to the one shown as B, each with the value it stands for."""
    words = [_("A is much better"), _("A is a little better"), _("They are the same")]
    words += [_("B is a little better"), _("B is much better"), _("Both are bad or unsafe")]
    steps = PREFERENCES[:5]
    values = [*(reversed(steps) if swapped else steps), "both_bad"]
    return [Option(value, text) for value, text in zip(values, words, strict=True)]
