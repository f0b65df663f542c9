"""Comparison: two answers to one question; which is better, by how much, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import material
from tasks.shapes.shape import Duel, Json, Shape, control, obj, only, region

PREFERENCES = ("a_much", "a_little", "same", "b_little", "b_much", "both_bad")
LONGEST_REASON = 4000
# The names under which data sets bring their two answers.
NAMES = (("a", "b"), ("response_a", "response_b"))
# Those that say whose the answers are; no member sees them.
SYSTEMS = ("system_a", "system_b")
SHARES = {"a_much": 1.0, "a_little": 1.0, "b_little": 0.0, "b_much": 0.0}


@dataclass(frozen=True, slots=True)
class Option:
    """One step of the scale: what is stored, and what the member reads in the order that was shown."""

    value: str
    words: str


class Comparison(Shape):
    """Say which of two answers is better on five steps, or that both are bad, and why.

    Preferences speak of `a` and `b` as the client's data names them. Which of the two a member saw as "A" is drawn by
    the assignment's number and kept as `shown`, as their reason may speak of A and B.
    """

    name = "comparison"
    label = gettext_lazy("Compare two answers")
    picture = "M3 4h18v24H3zM27 4h18v24H27zM7 10h10M31 10h10M31 15h6M7 21l3 3 7-8"
    asks = {"min_reason": {"type": "integer"}}
    draws = frozenset(name for names in (*NAMES, SYSTEMS) for name in names)

    def form_problems(self, form: Json) -> list[Text]:
        """Return what is wrong with a job's form: the least reason is 0 to 1,000 characters."""
        least = form.get("min_reason", 0)
        return [] if 0 <= least <= 1000 else [_("The least length is 0 to 1,000 characters.")]  # noqa: PLR2004 - the bound the message names

    def fields(self) -> dict[str, forms.Field]:
        """Return the least length of a reason."""
        about = gettext_lazy("In characters. Writing takes time: the rate was voted for a short reason.")
        least = forms.IntegerField(
            label=gettext_lazy("Least length of the reason"), min_value=0, max_value=1000, initial=40, help_text=about
        )
        return {"min_reason": least}

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return a problem unless the task brings two answers, as `a` and `b` or `response_a` and `response_b`."""
        if any(all(isinstance(data.get(name), str) and data[name].strip() for name in names) for names in NAMES):
            return []
        return [_("A comparison needs two answers, in fields called “a” and “b”.")]

    def scales(self, form: Json) -> Mapping[str, int]:
        """Return the one scale, from the first answer to the second."""
        return {"preference": len(PREFERENCES) - 1}

    def steps(self, value: Json) -> Mapping[str, int]:
        """Return the step of the preference; nothing where both are bad."""
        preference = value["preference"]
        return {} if preference == "both_bad" else {"preference": PREFERENCES.index(preference) + 1}

    def duels(self, data: Json, value: Json) -> list[Duel]:
        """Return which system won; both bad counts as the same."""
        first, second = (data.get(name) for name in SYSTEMS)
        if not (isinstance(first, str) and isinstance(second, str) and first != second):
            return []
        return [Duel(first, second, SHARES.get(value["preference"], 0.5))]

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        reason = {"type": "string", "minLength": form.get("min_reason", 0), "maxLength": LONGEST_REASON}
        shown = {"type": "string", "enum": ["ab", "ba"]}
        preference = {"type": "string", "enum": [*PREFERENCES]}
        return obj({"preference": preference, "reason": reason, "shown": shown}, optional=("shown",))

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return the preference, the reason and the order shown."""
        shown = "ba" if post.get("shown") == "ba" else "ab"
        return {"preference": post.get("preference", ""), "reason": post.get("reason", "").strip(), "shown": shown}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing or wrong in a value."""
        least, length = form.get("min_reason", 0), len(value["reason"].strip())
        found: list[Text] = []
        if value["preference"] not in PREFERENCES:
            found.append(_("Say which answer is better."))
        if length < least:
            found.append(_("Say why in at least %(least)d characters; you have %(length)d.") % locals())
        if length > LONGEST_REASON:
            found.append(_("A reason has at most %d characters.") % LONGEST_REASON)
        return found

    def agreement_key(self, value: Json) -> str:
        """Return which answer is better, by however much."""
        preference: str = value["preference"]
        return preference.removesuffix("_much").removesuffix("_little")

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the question, the two answers in the order drawn for this assignment, and the scale."""
        first, second = next((names for names in NAMES if names[0] in data), NAMES[0])
        # Multiplying by a large odd number spreads neighbouring ids; the draw is the same whenever it is repeated.
        swapped = bool((seed * 2654435761 >> 16) & 1)
        texts = [
            material.text(str(data.get(name, "")), markdown=bool(form.get("markdown"))) for name in (first, second)
        ]
        return super().page(form, data, value, seed) | {
            "answers": list(zip("AB", reversed(texts) if swapped else texts, strict=True)),
            "options": _options(swapped=swapped),
            "shown": "ba" if swapped else "ab",
            "min_reason": form.get("min_reason", 0),
        }

    def columns(self, form: Json) -> list[str]:
        """Return the columns of a comparison."""
        return ["preference", "reason", "shown"]

    def label_studio(self, form: Json, data: Json, value: Json) -> list[Json]:
        """Return the preference as a choice, the reason as text."""
        found = [region("choices", "answer", choices=[value["preference"]])]
        return found + ([region("textarea", "reason", text=[value["reason"]])] if value["reason"] else [])

    def from_label_studio(self, form: Json, data: Json, regions: list[Json]) -> Json:
        """Return the preference and, where there is one, the reason."""
        reasons = [one["value"]["text"][0] for one in regions if one["type"] == "textarea"]
        return {"preference": only("choices", regions)["choices"][0], "reason": reasons[0] if reasons else ""}

    def label_studio_tags(self, form: Json) -> list[Element]:
        """Return the preference as choices, the reason as a text."""
        return [control("Choices", "answer", PREFERENCES, choice="single"), control("TextArea", "reason")]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the three cells."""
        return [value["preference"], value["reason"], value.get("shown", "ab")]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return the preference and the reason."""
        return {"preference": gettext_lazy("The preference"), "reason": gettext_lazy("The reason given")}


def _options(*, swapped: bool) -> list[Option]:
    """Return the scale from the answer shown as A to the one shown as B, each with the value it stands for."""
    words = [_("A is much better"), _("A is a little better"), _("They are the same")]
    words += [_("B is a little better"), _("B is much better"), _("Both are bad or unsafe")]
    steps = PREFERENCES[:5]
    values = [*(reversed(steps) if swapped else steps), "both_bad"]
    return [Option(value, text) for value, text in zip(values, words, strict=True)]
