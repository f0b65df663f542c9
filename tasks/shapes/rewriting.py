"""Rewriting: a text put right; whoever checks it sees word by word what went and what came."""

import re
from difflib import SequenceMatcher

from django import forms
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes.shape import LONGEST_TEXT, TEXT, Json, Shape, lacks, obj

MOST_REASON = 1000
# Beyond this many words, those that stand everywhere are not compared: two long texts of one word would take minutes.
THOROUGH = 400


class Rewriting(Shape):
    """Write the task's `text` anew."""

    name = "rewriting"
    label = gettext_lazy("Rewrite a text")
    picture = "M4 6h24M4 13h18M4 20h12M24 27l2-8L38 7l6 6-12 12z"
    style = "tasks/kinds.css"
    asks = {"min_reason": {"type": "integer", "minimum": 0, "maximum": MOST_REASON}, "unchanged": {"type": "boolean"}}
    draws = frozenset({"text"})

    def fields(self) -> dict[str, forms.Field]:
        """Return the least length of the reason, and whether the text may stay."""
        least = forms.IntegerField(
            label=gettext_lazy("Least length of the reason"), min_value=0, max_value=MOST_REASON, initial=0,
            help_text=gettext_lazy("In characters; 0 asks for none."),
        )  # fmt: skip
        unchanged = forms.BooleanField(label=gettext_lazy("The text may stay as it is"), required=False)
        return {"min_reason": least, "unchanged": unchanged}

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return a problem unless the task brings a text."""
        return lacks({"text": TEXT}, data)

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        reason: Json = {"type": "string", "minLength": form.get("min_reason", 0), "maxLength": 4 * MOST_REASON}
        text: Json = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
        return obj({"text": text, "reason": reason})

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return the text and the reason."""
        return {"text": post.get("text", "").strip(), "reason": post.get("reason", "").strip()}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing or wrong."""
        found: list[Text] = []
        least, length = form.get("min_reason", 0), len(value["reason"].strip())
        if not value["text"].strip():
            found.append(_("Write the text."))
        elif value["text"].split() == data["text"].split() and not form.get("unchanged"):
            found.append(_("The text is as it was: change it."))
        if length < least:
            found.append(_("Say why in at least %(least)d characters; you have %(length)d.") % locals())
        return found

    def agrees(self, form: Json) -> bool:
        """Say that no two texts are the same."""
        return False

    def agreement_key(self, value: Json) -> None:
        """Say that equality tells nothing."""

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the text to work on, and how the one written differs from it."""
        text = str(value.get("text", data["text"]))
        own = {"text": text, "min_reason": form.get("min_reason", 0), "diff": difference(data["text"], text)}
        return super().page(form, data, value, seed) | own

    def columns(self, form: Json) -> list[str]:
        """Return the columns of a rewriting."""
        return ["text", "reason"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return both."""
        return [value["text"], value["reason"]]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return the text, and the reason where one is asked for."""
        reason = {"reason": gettext_lazy("The reason given")} if form.get("min_reason") else {}
        return {"text": gettext_lazy("The text"), **reason}


def difference(old: str, new: str) -> SafeString:
    """Return, word by word and as HTML, what a text keeps, loses and gains."""
    before, after = (re.findall(r"\S+\s*", text.strip()) for text in (old, new))
    matcher = SequenceMatcher(None, before, after, autojunk=max(len(before), len(after)) > THOROUGH)
    parts = []
    for kind, a, b, c, d in matcher.get_opcodes():
        lost, gained = "".join(before[a:b]), "".join(after[c:d])
        gone = format_html("<del>{}</del>", lost) if lost else ""
        parts.append(
            (gained, "") if kind == "equal" else (gone, format_html("<ins>{}</ins>", gained) if gained else "")
        )
    return format_html_join("", "{}{}", parts)
