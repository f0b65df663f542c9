"""What a form asks of each shape beside its place and label: choices, numbers and short texts.

An attribute is asked of a shape whose label is one of its `labels`, and `when` those before it say what it names; of
every shape where it says neither. What is asked must be said, but for what is `optional`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from textwrap import shorten
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from coop.refusals import Text
from tasks.shapes.shape import MORE_ROWS, MOST_FIELDS, Json, named, obj

MOST, MOST_OPTIONS, LONGEST = 20, 60, 500
# All of them in a form: a page without scripts has each in each of its rows.
MOST_TOGETHER = 300
# Label Studio's control of the shapes has this name, and scripts know something else by these.
TAKEN = frozenset({"answer", "constructor", "__proto__"})
# So much of them is in a page, in some hundreds of characters each.
MOST_DRAWN, BRIEF = 1_900, 5
# So many characters of when it is asked stand beside it in each row.
HINT = 200
# So many characters all shapes of an answer say together.
MOST_SAID = 150_000
FARTHEST = 1e12
# A number as a field of a page sends it. One beyond every bound is kept as this, for the check to name it.
NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
BEYOND = 1e14
NAME: Json = {"type": "string", "minLength": 1, "maxLength": 60}
OPTION: Json = {"type": "string", "pattern": r"\S", "maxLength": 120}
_BOUND: Json = {"type": "number", "minimum": -FARTHEST, "maximum": FARTHEST}
_OPTIONS: Json = {"type": "array", "items": OPTION, "minItems": 1, "maxItems": MOST_OPTIONS, "uniqueItems": True}
_PARTS: Json = {
    "name": NAME, "about": {"type": "string", "maxLength": 500}, "type": {"enum": ["choice", "number", "text"]},
    "options": _OPTIONS, "several": {"type": "boolean"}, "least": _BOUND, "most": _BOUND, "whole": {"type": "boolean"},
    "optional": {"type": "boolean"}, "labels": {"type": "array", "items": NAME, "minItems": 1},
    "when": {"type": "object", "additionalProperties": _OPTIONS},
}  # fmt: skip
# The part of a form, with its JSON Schema.
ASKS: Json = {
    "attributes": {
        "type": "array", "minItems": 1, "maxItems": MOST,
        "items": obj(_PARTS, optional=tuple(name for name in _PARTS if name not in {"name", "type"})),
    }
}  # fmt: skip
# What is said of one kind of attribute alone.
OWN = {"options": "choice", "several": "choice", "least": "number", "most": "number", "whole": "number"}


def form_problems(form: Json) -> list[Text]:
    """Return what is wrong in the meaning of the attributes of a form that has the right types."""
    before: dict[str, Json] = {}
    for one in form.get("attributes", ()):
        if problem := _problem(one, before, form):
            return [problem % {"name": one["name"]}]
        before[one["name"]] = one
    if sum(len(one.get("options", ())) for one in before.values()) > MOST_TOGETHER:
        return [_("All attributes together have at most %(most)d options.") % {"most": MOST_TOGETHER}]
    return []


def _problem(one: Json, before: dict[str, Json], form: Json) -> Text:
    if not one["name"].strip() or one["name"] in {*before, *TAKEN} or (form.get("words") and one["name"] == "words"):
        return _("Give “%(name)s” a name of its own.")
    if (one["type"] == "choice") != ("options" in one) or any(
        one["type"] != kind for part, kind in OWN.items() if part in one
    ):
        return _("“%(name)s” has other parts than its type.")
    if problem := _between(one):
        return problem
    if set(one.get("labels", ())) - set(form["labels"]):
        return _("“%(name)s” names a label that is none of the form's.")
    if any(set(some) - set(before.get(name, {}).get("options", ())) for name, some in one.get("when", {}).items()):
        return _("“%(name)s” waits for what nothing before it can say.")
    return ""


def _between(one: Json) -> Text:
    """Say what is wrong with the bounds of a number; a field counts whole ones from the least."""
    if one.get("least", -FARTHEST) > one.get("most", FARTHEST):
        return _("“%(name)s” is to be more than it may be.")
    if one.get("whole") and any(one.get(part, 0) % 1 for part in ("least", "most")):
        return _("“%(name)s” is a whole number between bounds that are none.")
    return ""


def from_lines(lines: Sequence[str]) -> list[Json]:
    """Return attributes that lines say, as hidden | no, half, all; a name alone asks for a text."""
    return [_from_line(**named(line, "name", "options")) for line in lines]


def _from_line(name: str = "", options: str = "") -> Json:
    some = [option.strip() for option in options.split(",") if option.strip()]
    return {"name": name, "type": "choice", "options": some} if some else {"name": name, "type": "text"}


def for_guess(form: Json) -> Json:
    """Return a form in which no attribute must be said: whoever starts from a guess says the rest."""
    if "attributes" not in form:
        return form
    return {**form, "attributes": [{**one, "optional": True} for one in form["attributes"]]}


def schema(form: Json) -> Json:
    """Return the property of a shape that holds what is said of it, with its JSON Schema; empty without attributes."""
    asked = {one["name"]: _schema(one) for one in form.get("attributes", ())}
    return {"attributes": obj(asked, optional=tuple(asked))} if asked else {}


def _schema(one: Json) -> Json:
    if one["type"] == "text":
        return {"type": "string", "maxLength": LONGEST}
    if one["type"] == "number":
        bounds = {"minimum": one.get("least", -FARTHEST), "maximum": one.get("most", FARTHEST)}
        # No integer: a draft with half a one is kept, and the check names it.
        return {"type": "number", **bounds, **({"multipleOf": 1} if one.get("whole") else {})}
    option = {"type": "string", "enum": one["options"]}
    return {"type": "array", "items": option, "maxItems": len(one["options"])} if one.get("several") else option


def applies(one: Json, shape: Json) -> bool:
    """Tell whether an attribute is asked of a shape."""
    said = shape.get("attributes", {})
    if shape["label"] not in one.get("labels", [shape["label"]]):
        return False
    return all(not set(some).isdisjoint(_listed(said.get(name))) for name, some in one.get("when", {}).items())


def problems(form: Json, shape: Json) -> Iterator[str]:
    """Yield what a shape says that is not asked of it, and what it does not say."""
    said = shape.get("attributes", {})
    for one in form.get("attributes", ()):
        name, held = one["name"], said.get(one["name"])
        if not applies(one, shape):
            if name in said:
                yield _("says “%(name)s”, which is not asked of it") % {"name": name}
        elif held is None or held == [] or (isinstance(held, str) and not held.strip()):
            if not one.get("optional"):
                yield _("does not say “%(name)s”") % {"name": name}
        elif isinstance(held, list) and len(set(held)) < len(held):
            yield _("says the same twice of “%(name)s”") % {"name": name}


def too_much(shapes: Sequence[Json]) -> bool:
    """Tell whether shapes say more than an answer holds."""
    said = [one["attributes"] for one in shapes if "attributes" in one]
    return len(json.dumps(said, ensure_ascii=False)) > MOST_SAID


def merge(form: Json) -> bool:
    """Tell whether what several members say of a shape comes to one: where all of it is choices that wait for none."""
    asked = form.get("attributes", ())
    return all(one["type"] == "choice" and not (one.get("several") or one.get("when")) for one in asked)


def usual(form: Json, group: Sequence[Json]) -> Json:
    """Return what most of several shapes say, of a tie what was said first, as the property of a shape."""
    said = {name: Counter(told).most_common(1)[0][0] for name, told in _said(form, group)}
    found = {name: held for name, held in said.items() if held is not None}
    return {"attributes": found} if found else {}


def alike(form: Json, groups: Sequence[Sequence[Json]]) -> float:
    """Return of what is said in pairs of shapes that are one thing the share that is the same; 1 of nothing."""
    pairs = [
        one == other
        for group in groups
        for _name, told in _said(form, group)
        for one, other in combinations(told, 2)
        if (one, other) != (None, None)
    ]
    return sum(pairs) / len(pairs) if pairs else 1.0


def says(shape: Json, known: Json) -> bool:
    """Tell whether a shape says all that is known of it."""
    said = shape.get("attributes", {})
    return all(said.get(name) == held for name, held in known.get("attributes", {}).items())


def _said(form: Json, group: Sequence[Json]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each attribute with what each shape says of it, None where it says nothing."""
    for one in form.get("attributes", ()):
        yield one["name"], [shape.get("attributes", {}).get(one["name"]) for shape in group]


def fields(form: Json, said: Json, row: str) -> list[Json]:
    """Return the fields of a page's row, each with the name under which it is sent and what it holds."""
    return [
        {**one, "field": f"attribute-{row}-{number}", "held": _listed(said.get(one["name"])), "of": _of(one),
         "asked_if": json.dumps({part: one[part] for part in ("labels", "when") if part in one})}
        for number, one in enumerate(form.get("attributes", ()))
    ]  # fmt: skip


def rows(form: Json, filled: Sequence[Json], own: int) -> list[Json]:
    """Return rows of a page with so many fields beside these, some of them to fill; none where it cannot send them.

    Those that lack something, then the last, can say anything as far as a page has room; others send what they hold.
    """
    asked = form.get("attributes", ())
    each = own + sum(len(one.get("options", "1")) if one.get("several") else 1 for one in asked)
    held = [own + sum(len(_listed(said)) for said in one.get("attributes", {}).values()) for one in filled]
    room = MOST_FIELDS - sum(held)
    if room < 0:
        return []
    # The first of these stands below the picture, for scripts.
    open_to = (MOST_DRAWN - sum(BRIEF + 2 * few for few in held)) // _weight(asked) - 1
    more = min(MORE_ROWS, room // each, max(1, open_to - bool(filled)))
    whole = _whole(form, filled, [each - few for few in held], room - more * each)[: max(0, open_to - more)]
    return [
        _row(form, one, at, whole=at in whole or at >= len(filled)) for at, one in enumerate([*filled, *[{}] * more])
    ]


def _row(form: Json, one: Json, at: int, *, whole: bool) -> Json:
    """Return a row with all that is asked, or with what it holds to be sent as it is."""
    found = fields(form, one.get("attributes", {}), str(at))
    return {**one, "asked": found} if whole else {**one, "kept": [field for field in found if field["held"]]}


def _whole(form: Json, filled: Sequence[Json], costs: Sequence[int], room: int) -> list[int]:
    """Return which rows can say anything in so much room for fields more."""
    lacking = [not any(problems(form, {"label": "", **one})) for one in filled]
    found = []
    for at in sorted(range(len(filled)), key=lambda at: (lacking[at], -at)):
        if costs[at] <= room:
            found.append(at)
            room -= costs[at]
    return found


def _weight(asked: Sequence[Json]) -> int:
    """Return how much a page's row weighs, in some hundreds of characters; a box to tick is twice what an option is."""
    return 10 + sum(5 + len(one.get("options", ())) * (2 if one.get("several") else 1) for one in asked)


def _of(one: Json) -> str:
    """Return of which shapes an attribute is asked, as a form without scripts says it."""
    told = [", ".join(one["labels"])] if "labels" in one else []
    told += [f"{name}: {', '.join(some)}" for name, some in one.get("when", {}).items()]
    return _("If %(what)s") % {"what": shorten("; ".join(told), HINT, placeholder=" …")} if told else ""


def read(form: Json, post: QueryDict, row: str) -> Json:
    """Return what the fields of a page's row say, as the property of its shape; empty where they say nothing."""
    sent = ((one, post.getlist(one["field"])) for one in fields(form, {}, row))
    said = {one["name"]: _read(one, [text for text in texts if text.strip()]) for one, texts in sent}
    found = {name: value for name, value in said.items() if value not in (None, [])}
    return {"attributes": found} if found else {}


def _read(one: Json, texts: list[str]) -> Any:  # noqa: ANN401 - what the attribute asks for
    if one.get("several"):
        return texts
    text = texts[0] if texts else None
    if text is None or one["type"] == "choice":
        return text
    return _number(text.strip()) if one["type"] == "number" else text.strip()


def _number(text: str) -> float | None:
    """Return a number as a field holds it; None for what is none."""
    if not NUMBER.fullmatch(text):
        return None
    found = max(-BEYOND, min(BEYOND, float(text)))
    return int(found) if text.lstrip("-").isdigit() else found


def lines(form: Json, shape: Json) -> list[tuple[str, str]]:
    """Return what is said of a shape, as name and text, in the order of the form."""
    said = shape.get("attributes", {})
    names = [one["name"] for one in form.get("attributes", ()) if one["name"] in said]
    return [(name, ", ".join(map(str, _listed(said[name])))) for name in names]


def regions(form: Json, shape: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield what is said of a shape as Label Studio keeps it: type and name of a region, and its value."""
    said = shape.get("attributes", {})
    for one in form.get("attributes", ()):
        if (held := said.get(one["name"])) is not None:
            kind, part = _REGIONS[one["type"]]
            yield kind, one["name"], {part: held if kind == "number" else _listed(held)}


# Label Studio's type of region for each of ours, and the part of its value that says it.
_REGIONS = {"choice": ("choices", "choices"), "number": ("number", "number"), "text": ("textarea", "text")}


def of_region(form: Json, region: Json) -> Json:
    """Return what one of Label Studio's regions says, by the name of its attribute; empty where it says none."""
    one = next((one for one in form.get("attributes", ()) if one["name"] == region["from_name"]), None)
    if one is None or region["type"] != (kind := _REGIONS[one["type"]])[0]:
        return {}
    held = region["value"][kind[1]]
    return {one["name"]: held if one["type"] == "number" or one.get("several") else held[0]}


def of_coco(form: Json, one: Json) -> Json:
    """Return an annotation of a COCO file with those of its attributes that the form asks for: tools add their own."""
    said = one.get("attributes")
    names = [asked["name"] for asked in form.get("attributes", ())]
    kept = {name: said[name] for name in names if name in said} if isinstance(said, dict) else {}
    return {**one, "attributes": kept}


def _listed(held: Any) -> list[Any]:  # noqa: ANN401 - what is said of an attribute
    return held if isinstance(held, list) else [] if held is None else [held]
