"""Spans: parts of a text marked with labels, and how they relate to each other."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from django import forms
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import merging
from tasks.shapes.shape import (
    LONGEST_TEXT,
    MORE_ROWS,
    Distance,
    Json,
    Lines,
    Shape,
    Together,
    control,
    elements_of,
    in_rows,
    lacks,
    number,
    obj,
    region,
    sent,
)

MOST_LABELS, MOST_SPANS, HUES = 20, 300, 6
LABELS: Json = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 60}, "minItems": 1,
                "maxItems": MOST_LABELS, "uniqueItems": True}  # fmt: skip
# Scripts that set no spaces between words are marked letter by letter.
_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+|[^\w\s]")


class Spans(Shape):
    """Mark spans of the task's `text` and, where the form names relations, say which span relates to which.

    `start` and `end` count the characters (code points) of the text from 0, the end not included; `from` and `to` of a
    relation count the spans from 0.
    """

    name = "spans"
    label = gettext_lazy("Mark parts of a text")
    picture = "M4 7h8M14 3h14v8H14zM30 7h14M4 17h24M30 13h14v8H30zM4 27h28"
    script = "tasks/spans.js"
    style = "tasks/spans.css"
    asks = {"labels": LABELS, "relations": LABELS, "overlapping": {"type": "boolean"}, "empty": {"type": "boolean"}}
    needs = ("labels",)
    draws = frozenset({"text"})
    longest = 100_000

    def fields(self) -> dict[str, forms.Field]:
        """Return the labels, the relations, and what may be."""
        relations = Lines(
            label=gettext_lazy("Relations between marks"), required=False, rows=3,
            help_text=gettext_lazy("One on each line, as “works for”. Leave it empty if none are asked for."),
        )  # fmt: skip
        return {
            "labels": Lines(label=gettext_lazy("Labels"), help_text=gettext_lazy("One on each line, 1 to 20 of them.")),
            "relations": relations,
            "overlapping": forms.BooleanField(label=gettext_lazy("Marks may overlap"), required=False),
            "empty": forms.BooleanField(label=gettext_lazy("A text may have nothing to mark"), required=False),
        }

    def written(self, said: Any) -> Json:  # noqa: ANN401 - the cleaned fields
        """Return the labels and what else was said."""
        return {name: said[name] for name in self.fields() if said.get(name)}

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return a problem unless the task brings a text with something to mark."""
        wrong = lacks({"text": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}}, data)
        return wrong or ([] if _WORD.search(data["text"]) else [_("The text has no words to mark.")])

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        return obj(self._parts(form))

    def _parts(self, form: Json) -> Json:
        place: Json = {"type": "integer", "minimum": 0, "maximum": LONGEST_TEXT}
        span = obj({"start": place, "end": place, "label": {"type": "string", "enum": form["labels"]}})
        parts: Json = {"spans": {"type": "array", "items": span, "maxItems": MOST_SPANS}}
        if form.get("relations"):
            named = {"type": "string", "enum": form["relations"]}
            relation = obj({"from": place, "to": place, "label": named})
            parts["relations"] = {"type": "array", "items": relation, "maxItems": MOST_SPANS}
        return parts

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return what the script wrote, or what the numbered words say; one row more where it was asked for."""
        written = sent(post, self.longest)
        value = _plain(data["text"], post) if written is None else written
        return {name: elements_of(value, name, part["items"]) for name, part in self._parts(form).items()}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing or wrong in the marks and their relations."""
        spans, relations = value["spans"], value.get("relations", [])
        if not spans and not form.get("empty"):
            return [_("Mark something.")]
        if any(not 0 <= one["start"] < one["end"] <= len(data["text"]) for one in spans):
            return [_("A mark ends after it begins, inside the text.")]
        if any(not data["text"][one["start"] : one["end"]].strip() for one in spans):
            return [_("A mark has a word in it.")]
        if len({(one["start"], one["end"], one["label"]) for one in spans}) < len(spans):
            return [_("The same mark stands twice.")]
        if not form.get("overlapping") and (crossing := _crossing(data["text"], spans)):
            return [_("Two marks share words: “%(first)s” and “%(second)s”.") % crossing]
        return _relation_problems(relations, len(spans))

    def agreement_key(self, value: Json) -> str:
        """Return the marks and the relations between them, whatever their order."""
        spans = value["spans"]
        whole = [tuple(sorted(one.items())) for one in spans]
        pairs = [(whole[one["from"]], one["label"], whole[one["to"]]) for one in value.get("relations", [])]
        return repr((sorted(whole), sorted(pairs)))

    def together(self, form: Json, values: Sequence[Json]) -> Together:
        """Return the marks, and the relations between them, that more than half of the answers have."""
        found = merging.merged([one["spans"] for one in values], merging.equal)
        spans = [group[0] for group in found.groups]
        related = merging.merged([_related(one) for one in values], merging.equal)
        kept = [group[0] for group in related.groups if group[0]["from"] in spans and group[0]["to"] in spans]
        relations = [{**one, "from": spans.index(one["from"]), "to": spans.index(one["to"])} for one in kept]
        return Together(
            {"spans": spans, "relations": relations} if form.get("relations") else {"spans": spans}, found.agreement
        )

    def distance(self, form: Json) -> Distance:
        """Return how many marks and relations of two answers are the same: 1 - F1."""
        return Distance(
            lambda one, other: merging.apart(self.elements(one), self.elements(other), merging.equal),
            gettext_lazy("how many of their marks are the same"),
        )

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the words with their places, the marks and relations as they read, and rows to write them in."""
        text, marks = data["text"], _marks(data["text"], form["labels"], value.get("spans", []))
        named = [
            {
                **one, "first": marks[one["from"]]["text"], "second": marks[one["to"]]["text"],
                "one": one["from"] + 1, "other": one["to"] + 1,
            }
            for one in value.get("relations", [])
            if min(one["from"], one["to"]) >= 0 and max(one["from"], one["to"]) < len(marks)
        ]  # fmt: skip
        rows = in_rows(marks, 3) if in_rows([*marks, *named, *[{}] * MORE_ROWS], 3) else []
        return super().page(form, data, value, seed) | {
            "words": _tokens(text), "labels": form["labels"], "relations": form.get("relations", []), "marks": marks,
            "drawn": _drawn(text, marks), "named": named,
            "json": json.dumps({"spans": value.get("spans", []), "relations": value.get("relations", [])}),
            "rows": rows, "pairs": in_rows(named, 3) if rows else [],
        }  # fmt: skip

    def columns(self, form: Json) -> list[str]:
        """Return the columns of the marks."""
        return ["spans", "relations"] if form.get("relations") else ["spans"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the marks as start-end:label and the relations as from-to:label, each joined by bars."""
        spans = "|".join(f"{one['start']}-{one['end']}:{one['label']}" for one in value["spans"])
        relations = "|".join(f"{one['from']}-{one['to']}:{one['label']}" for one in value.get("relations", []))
        return [spans, relations] if form.get("relations") else [spans]

    def label_studio(self, form: Json, data: Json, value: Json) -> list[Json]:
        """Return the marks as labelled spans, and the relations between them."""
        found = [
            region("labels", "answer", start=one["start"], end=one["end"], labels=[one["label"]],
                   text=data["text"][one["start"] : one["end"]]) | {"id": f"mark-{number}"}
            for number, one in enumerate(value["spans"])
        ]  # fmt: skip
        return found + [
            {
                "type": "relation",
                "from_id": f"mark-{one['from']}",
                "to_id": f"mark-{one['to']}",
                "labels": [one["label"]],
            }
            for one in value.get("relations", [])
        ]

    def from_label_studio(self, form: Json, data: Json, regions: list[Json]) -> Json:
        """Return the marks, and the relations between them."""
        marks = [one for one in regions if one["type"] == "labels"]
        number = {one["id"]: place for place, one in enumerate(marks) if "id" in one}
        spans = [
            {"start": one["value"]["start"], "end": one["value"]["end"], "label": one["value"]["labels"][0]}
            for one in marks
        ]
        related = [
            {"from": number[one["from_id"]], "to": number[one["to_id"]], "label": one["labels"][0]}
            for one in regions if one["type"] == "relation"
        ]  # fmt: skip
        return {"spans": spans, "relations": related} if form.get("relations") else {"spans": spans}

    def label_studio_tags(self, form: Json) -> list[Element]:
        """Return the labels, and the relations where they are asked for."""
        relations = Element("Relations")
        for one in form.get("relations", ()):
            SubElement(relations, "Relation", value=one)
        return [control("Labels", "answer", form["labels"]), *([relations] if len(relations) else [])]

    def elements(self, value: Json) -> list[Json]:
        """Return the marks, then the relations by the marks they join."""
        return [*value["spans"], *_related(value)]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return the marks, and the relations where they are asked for."""
        words = {"spans": gettext_lazy("A mark"), "relations": gettext_lazy("A relation")}
        return {name: words[name] for name in self.columns(form)}


ENDS = ("from", "to")


def _related(value: Json) -> list[Json]:
    """Return the relations with their marks in the place of the marks' numbers."""
    spans = value["spans"]
    return [{**one, "from": spans[one["from"]], "to": spans[one["to"]]} for one in value.get("relations", [])]


def _words(text: str) -> list[Json]:
    """Return the words of a text with their number and place, and what stands before each."""
    found, before = [], 0
    for n, word in enumerate(_WORD.finditer(text), 1):
        gap = text[before : word.start()]
        found.append({"number": n, "start": word.start(), "end": word.end(), "text": word[0], "gap": gap})
        before = word.end()
    return found


def words(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the words of a text with where each begins and ends."""
    return ((word.start(), word.end(), word[0]) for word in _WORD.finditer(text))


def _tokens(text: str) -> SafeString:
    """Return the text as HTML in which each word says its number and its place."""
    word_in_place = '{}<span data-a="{}" data-b="{}">{}<sub>{}</sub></span>'
    words = ((word["gap"], word["start"], word["end"], word["text"], word["number"]) for word in _words(text))
    return format_html_join("", word_in_place, words)


def _plain(text: str, post: QueryDict) -> Json:
    """Return the marks that numbers of words say, and the relations that numbers of marks say."""
    words = {word["number"]: word for word in _words(text)}
    spans: list[Json] = []
    for n in range(1, MOST_SPANS + MORE_ROWS + 1):
        first, last = (words.get(number(post.get(f"span-{n}-{end}"))) for end in ENDS)
        if first and (last := last or first):
            spans.append({"start": first["start"], "end": last["end"], "label": post.get(f"span-{n}-label", "")})
    relations: list[Json] = []
    for n in range(1, MOST_SPANS + MORE_ROWS + 1):
        one, other = (number(post.get(f"relation-{n}-{end}")) for end in ENDS)
        if one and other:
            relations.append({"from": one - 1, "to": other - 1, "label": post.get(f"relation-{n}-label", "")})
    return {"spans": spans, "relations": relations}


def _crossing(text: str, spans: list[Json]) -> dict[str, str] | None:
    """Return the words of the first two marks that share some, or None."""
    ordered = sorted(spans, key=lambda one: (one["start"], one["end"]))
    for one, following in itertools.pairwise(ordered):
        if following["start"] < one["end"]:
            first, second = (text[it["start"] : it["end"]] for it in (one, following))
            return {"first": first[:60], "second": second[:60]}
    return None


def _relation_problems(relations: list[Json], count: int) -> list[Text]:
    """Return what is wrong with relations between so many marks."""
    if any(max(one["from"], one["to"]) >= count for one in relations):
        return [_("A relation is between marks that stand.")]
    if any(one["from"] == one["to"] for one in relations):
        return [_("A relation is between two marks.")]
    if len({(one["from"], one["to"], one["label"]) for one in relations}) < len(relations):
        return [_("The same relation stands twice.")]
    return []


def _marks(text: str, labels: list[str], spans: list[Json]) -> list[Json]:
    """Return the marks with their words, the number of their label, and the numbers of their first and last word."""
    starts, ends = {}, {}
    for word in _words(text):
        starts[word["start"]], ends[word["end"]] = word["number"], word["number"]
    return [
        {
            **one, "text": text[one["start"] : one["end"]],
            "hue": labels.index(one["label"]) % HUES + 1 if one["label"] in labels else 1,
            "from": starts.get(one["start"], ""), "to": ends.get(one["end"], ""),
        }
        for one in spans
    ]  # fmt: skip


def _drawn(text: str, marks: list[Json]) -> SafeString:
    """Return the text as HTML: each stretch in the first mark that holds it, each label where its mark ends."""
    cuts = sorted({0, len(text), *(one[end] for one in marks for end in ("start", "end") if one[end] <= len(text))})
    pieces = []
    for a, b in itertools.pairwise(cuts):
        mark = next((one for one in marks if one["start"] <= a < one["end"]), None)
        piece = format_html('<mark class="hue{}">{}</mark>', mark["hue"], text[a:b]) if mark else text[a:b]
        names = format_html_join("", '<b class="named">{}</b>', ((one["label"],) for one in marks if one["end"] == b))
        pieces.append((piece, names))
    return format_html_join("", "{}{}", pieces)
