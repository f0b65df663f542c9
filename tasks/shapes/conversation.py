"""Conversation: turns of a person and a model; rate or label each reply, choose the next one, write it better."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import composing, material
from tasks.shapes.composing import ByParts, Part
from tasks.shapes.shape import LONGEST_TEXT, TEXT, Json, Lines, Shape, lacks, number, obj

MOST_TURNS, MOST_LABELS, MOST_NEXT = 60, 9, 4
LABELS: Json = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 120}, "minItems": 2,
                "maxItems": MOST_LABELS, "uniqueItems": True}  # fmt: skip
TURN = {"type": "object", "required": ["role", "text"],
        "properties": {"role": {"enum": ["user", "assistant", "system"]}, "text": TEXT}}  # fmt: skip
TURNS: Json = {"type": "array", "items": TURN, "minItems": 1, "maxItems": MOST_TURNS}
NEXT: Json = {"type": "array", "items": TEXT, "minItems": 2, "maxItems": MOST_NEXT}


class Conversation(Shape):
    """Read a conversation and, as the form says, judge each reply, choose among candidates for the next, rewrite it."""

    name = "conversation"
    label = gettext_lazy("Judge a conversation")
    picture = "M3 3h27v13H13l-5 5v-5H3zM20 20h25v8h-5v3l-4-3H20z"
    style = "tasks/kinds.css"
    asks = {
        "steps": {"type": "integer", "enum": [5, 7]}, "labels": LABELS, "candidates": {"type": "boolean"},
        "rewrite": {"type": "boolean"},
    }  # fmt: skip
    draws = frozenset({"turns", "candidates"})

    def form_problems(self, form: Json) -> list[Text]:
        """Return what is wrong with a job's form: it asks for something, and for one thing of each reply."""
        if "steps" in form and "labels" in form:
            return [_("Each reply is rated or labelled, not both.")]
        asked = [form.get(name) for name in ("steps", "labels", "candidates", "rewrite")]
        return [] if any(asked) else [_("Ask for something: steps, labels, candidates or a rewrite.")]

    def fields(self) -> dict[str, forms.Field]:
        """Return what is asked of each reply and of the next one."""
        steps = forms.TypedChoiceField(
            label=gettext_lazy("Rate each reply"), coerce=int, required=False, empty_value=None,
            choices=[("", gettext_lazy("no")), (5, "1-5"), (7, "1-7")],
        )  # fmt: skip
        labels = Lines(
            label=gettext_lazy("Or label each reply"), required=False, rows=3,
            help_text=gettext_lazy("One label on each line, 2 to 9 of them."),
        )  # fmt: skip
        candidates = forms.BooleanField(label=gettext_lazy("Choose the best of the candidates"), required=False)
        rewrite = forms.BooleanField(label=gettext_lazy("Members may write a better reply"), required=False)
        return {"steps": steps, "labels": labels, "candidates": candidates, "rewrite": rewrite}

    def written(self, said: Mapping[str, Any]) -> Json:
        """Return what was asked for; nothing of the rest."""
        return {name: said[name] for name in self.fields() if said.get(name)}

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return a problem unless the task brings turns, and candidates where the form asks to choose one."""
        wanted = {"turns": TURNS, **({"candidates": NEXT} if form.get("candidates") else {})}
        if wrong := lacks(wanted, data):
            return wrong
        judged = form.get("steps") or form.get("labels")
        return [_("No reply of the assistant stands in it.")] if judged and not _replies(data) else []

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value: what the form asks for, and nothing else."""
        one = {"type": "integer", "minimum": 1, "maximum": form.get("steps", 0)}
        if form.get("labels"):
            one = {"type": "string", "enum": form["labels"]}
        turns: Json = {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_TURNS}
        chosen: Json = {"type": "integer", "minimum": 1, "maximum": MOST_NEXT}
        rewrite: Json = {"type": "string", "maxLength": LONGEST_TEXT}
        every = {"turns": turns, "chosen": chosen, "rewrite": rewrite}
        return obj({name: every[name] for name in self.columns(form)})

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return what was ticked of each reply, the candidate chosen, and the reply written."""
        said = [post.get(f"turn-{n}", "") for n, turn in enumerate(data["turns"], 1) if turn["role"] == "assistant"]
        turns: list[Any] = said if form.get("labels") else [number(step) for step in said]
        every = {"turns": turns, "chosen": number(post.get("chosen")), "rewrite": post.get("rewrite", "").strip()}
        return {name: every[name] for name in self.columns(form)}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing."""
        turns, found = value.get("turns", []), list[Text]()
        if "turns" in value and (len(turns) != _replies(data) or not all(turns)):
            found.append(_("Judge each reply."))
        if "chosen" in value and not 1 <= value["chosen"] <= len(data.get("candidates", [])):
            found.append(_("Choose the best reply."))
        return found

    def agrees(self, form: Json) -> bool:
        """Tell whether nothing is written freely."""
        return not form.get("rewrite")

    def agreement_key(self, value: Json) -> str | None:
        """Return what was judged and chosen; None where a reply could be written."""
        return None if "rewrite" in value else json.dumps(value, sort_keys=True)

    def by_parts(self, form: Json) -> ByParts | None:
        """Return each reply by what most say of it, steps by the one in the middle, and the candidate most chose."""
        if not self.agrees(form):
            return None
        of_reply = composing.middle if form.get("steps") else composing.most
        about = gettext_lazy("each reply and the choice by what most say; steps by the one in the middle (the median)")
        return ByParts(lambda values: _parts(of_reply, values), _of_parts, about)

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the turns with what was said of each reply, and the candidates in the order drawn."""
        said, drawn = iter(value.get("turns", [])), bool(form.get("markdown"))
        turns = [
            {
                "number": n, "role": turn["role"], "text": material.text(turn["text"], markdown=drawn),
                "field": f"turn-{n}", "chosen": next(said, None) if turn["role"] == "assistant" else None,
            }
            for n, turn in enumerate(data["turns"], 1)
        ]  # fmt: skip
        return super().page(form, data, value, seed) | {
            "turns": turns, "labels": form.get("labels", []), "range": range(1, form.get("steps", 0) + 1),
            "candidates": _candidates(form, data, seed), "rewrite": bool(form.get("rewrite")),
        }  # fmt: skip

    def columns(self, form: Json) -> list[str]:
        """Return a column for each thing the form asks for."""
        asked = {"turns": form.get("steps") or form.get("labels"), "chosen": form.get("candidates")}
        return [name for name, wanted in {**asked, "rewrite": form.get("rewrite")}.items() if wanted]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return them as cells; what was said of the replies is joined by bars."""
        cells = {**value, "turns": "|".join(map(str, value.get("turns", [])))}
        return [str(cells[name]) for name in self.columns(form)]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return what was asked for."""
        words = {
            "turns": gettext_lazy("What is said of the replies"), "chosen": gettext_lazy("The reply chosen"),
            "rewrite": gettext_lazy("The reply written"),
        }  # fmt: skip
        return {name: words[name] for name in self.columns(form)}


def _replies(data: Json) -> int:
    return sum(turn["role"] == "assistant" for turn in data["turns"])


def _parts(of_reply: Callable[[Sequence[Any]], Part], values: Sequence[Json]) -> dict[str, Part]:
    """Return each reply as turns.1 and so on, and the candidate chosen."""
    turns = zip(*(one.get("turns", []) for one in values), strict=True)
    found = {f"turns.{number}": of_reply(said) for number, said in enumerate(turns, 1)}
    chosen = [one["chosen"] for one in values if "chosen" in one]
    return {**found, **({"chosen": composing.most(chosen)} if chosen else {})}


def _of_parts(said: Mapping[str, Any]) -> Json:
    turns = [one for name, one in said.items() if name != "chosen"]
    return {**({"turns": turns} if turns else {}), **({"chosen": said["chosen"]} if "chosen" in said else {})}


def _candidates(form: Json, data: Json, seed: int) -> list[Json]:
    """Return the candidates in the order drawn for this assignment, each with its number in the data."""
    if not form.get("candidates"):
        return []
    texts = data["candidates"]
    order = random.Random(seed).sample(range(len(texts)), len(texts))  # noqa: S311 - a lot that can be drawn again
    return [
        {"name": chr(65 + turn), "number": n + 1, "text": material.text(texts[n], markdown=bool(form.get("markdown")))}
        for turn, n in enumerate(order)
    ]
