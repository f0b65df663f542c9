"""Free form: a client's own form, in a subset of JSON Schema; what comes back is an object that it describes."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import checking, composing, listing
from tasks.shapes.composing import ByParts, Part
from tasks.shapes.shape import Json, Shape, name_problems, obj

MOST_FIELDS, MOST_OPTIONS = 40, 60
LONGEST, LONG = 10_000, 200
LONGEST_TITLE, LONGEST_HINT = 1000, 4000
LARGEST = 10**15
TIME = "date-time"
EXAMPLE = """\
{"type": "object", "required": ["brand", "fits"], "properties": {
  "brand": {"type": "string", "title": "Brand", "maxLength": 80},
  "pieces": {"type": "integer", "minimum": 1, "maximum": 100},
  "fits": {"type": "string", "enum": ["yes", "no", "cannot tell"]}}}"""
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")


def _bound(most: int, least: int = 0) -> Json:
    return {"type": "integer", "minimum": least, "maximum": most}


def _kind(name: str, **parts: Json) -> Json:
    """Return the JSON Schema of one kind of field: its own parts, a title and a description."""
    words: Json = {
        "title": {"type": "string", "maxLength": LONGEST_TITLE},
        "description": {"type": "string", "maxLength": LONGEST_HINT},
    }
    every = {"type": {"const": name}, **words, **parts}
    return obj(every, optional=tuple(part for part in every if part not in {"type", "items", "properties"}))


OPTIONS: Json = {"type": "array", "minItems": 2, "maxItems": MOST_OPTIONS, "uniqueItems": True,
                 "items": {"type": "string", "minLength": 1, "maxLength": 120}}  # fmt: skip
_ANY_NUMBER: Json = {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}
_NAMES: Json = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
KINDS: dict[str, Json] = {
    "string": _kind("string", minLength=_bound(LONGEST), maxLength=_bound(LONGEST, 1), enum=OPTIONS,
                    format={"const": TIME}),
    "number": _kind("number", minimum=_ANY_NUMBER, maximum=_ANY_NUMBER),
    "integer": _kind("integer", minimum=_bound(LARGEST, -LARGEST), maximum=_bound(LARGEST, -LARGEST)),
    "boolean": _kind("boolean"),
    "array": _kind("array", items=obj({"type": {"const": "string"}, "enum": OPTIONS}), uniqueItems={"const": True},
                   minItems=_bound(MOST_OPTIONS), maxItems=_bound(MOST_OPTIONS, 1)),
    "object": _kind("object", properties={"type": "object"}, required=_NAMES, additionalProperties={"const": False}),
}  # fmt: skip


class Freeform(Shape):
    """Fill in the client's own form: texts, numbers, yes or no, one or several of a list, and groups of these."""

    name = "freeform"
    label = gettext_lazy("Fill in a form")
    picture = "M4 3h40v8H4zM4 15h40v4H4zM4 23h16v6H4z"
    style = "tasks/kinds.css"
    longest = 450_000
    asks = {"schema": {"type": "object"}}
    needs = ("schema",)

    def form_problems(self, form: Json) -> list[Text]:
        """Return what of the schema is not in the subset, or contradicts itself."""
        schema = form["schema"]
        if wrong := _object_problems(schema, _("the form"), nested=False):
            return wrong
        paths = [path for path, _field in _leaves(schema)]
        if not 1 <= len(paths) <= MOST_FIELDS:
            return [_("A form has 1 to 40 fields.")]
        return name_problems(paths)

    def fields(self) -> dict[str, forms.Field]:
        """Return the schema as a list of its fields, with an example to begin from."""
        about = gettext_lazy(
            "A field for each thing that is asked. As JSON Schema it takes bounds, hints and one level of groups, too."
        )
        label = gettext_lazy("The form")
        listed = listing.FieldList()
        schema = listing.SchemaField(label=label, initial=json.loads(EXAMPLE), help_text=about, widget=listed)
        return {"schema": schema}

    def schema(self, form: Json) -> Json:
        """Return the client's schema with every bound that it leaves open."""
        return _closed(form["schema"])

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return what the fields hold; what was left empty is left out, what is no number stays as it was written."""
        return _read(form["schema"], post, "f")

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return the texts that are asked for and say nothing, and what should be a time and is none."""
        required = {path for path, _field in _leaves(form["schema"], required=True)}
        times = [path for path, field in _leaves(form["schema"]) if field.get("format") == TIME]
        missing = [path for path in required if isinstance(text := _at(value, path), str) and not text.strip()]
        wrong = [path for path in times if path not in missing and not _is_time(_at(value, path))]
        return [
            *(_("“%(part)s” is missing.") % {"part": path} for path in missing),
            *(_("“%(part)s” is a day or a time, as 2026-01-05 09:00.") % {"part": path} for path in wrong),
        ]

    def agrees(self, form: Json) -> bool:
        """Tell whether nothing is written freely."""
        leaves = _leaves(form.get("schema", {"properties": {}}))
        return not any(field["type"] == "string" and "enum" not in field for _path, field in leaves)

    def by_parts(self, form: Json) -> ByParts | None:
        """Return each field by what most say, numbers by the one in the middle; None where a text is written freely."""
        if not self.agrees(form):
            return None
        schema = form["schema"]
        return ByParts(
            lambda values: {path: _part(own, [_at(one, path) for one in values]) for path, own in _leaves(schema)},
            lambda said: _put(schema, said),
            gettext_lazy("each field by what most say; numbers by the one in the middle (the median)"),
        )

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the fields with what they hold."""
        return super().page(form, data, value, seed) | {"fields": _shown(form["schema"], value, "f")}

    def columns(self, form: Json) -> list[str]:
        """Return a column for each field; those of a group as group.field."""
        return [path for path, _field in _leaves(form["schema"])]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return what each field holds, several joined by bars, and nothing for what was left out."""
        return [_cell(_at(value, path)) for path in self.columns(form)]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return the fields, by their titles."""
        return {path: field.get("title", path) for path, field in _leaves(form["schema"])}


def _object_problems(schema: Any, name: str, *, nested: bool) -> list[Text]:  # noqa: ANN401 - what a client wrote
    """Return what is wrong with the schema of an object, and with each of its fields."""
    if wrong := _said_of(name, checking.says(checking.faults(KINDS["object"], schema))):
        return wrong
    if unknown := [field for field in schema.get("required", []) if field not in schema["properties"]]:
        return [_("In %(name)s “%(field)s” is required but no field.") % {"name": name, "field": unknown[0][:60]}]
    found: list[Text] = []
    for field, own in schema["properties"].items():
        found += _field_problems(own, field, nested=nested)
    return found[:20]


def _field_problems(own: Any, name: str, *, nested: bool) -> list[Text]:  # noqa: ANN401 - what a client wrote
    """Return what is wrong with one field."""
    if not re.fullmatch(r"[^\s.|][^.|]{0,59}", name):
        return [_("“%(name)s” is no name for a field: up to 60 characters, no dot and no bar.") % {"name": name[:60]}]
    kind = own.get("type") if isinstance(own, dict) else None
    if not isinstance(kind, str) or kind not in KINDS or (nested and kind == "object"):
        return [_("“%(name)s” is none of the kinds of field that a form may have here.") % {"name": name}]
    if kind == "object":
        return _object_problems(own, name, nested=True)
    wrong = _said_of(name, checking.says(checking.faults(KINDS[kind], own)))
    pairs = (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems"))
    if not wrong and any(own.get(low, -LARGEST) > own.get(high, LARGEST) for low, high in pairs):
        return [_("In %(name)s the least is more than the most.") % {"name": name}]
    return wrong


def _said_of(name: str, problems: list[Text]) -> list[Text]:
    return [f"{name}: {problem}" for problem in problems]


def _leaves(schema: Json, *, required: bool = False, before: str = "") -> Iterator[tuple[str, Json]]:
    """Yield path and schema of every field that holds something, or only of those that are required."""
    for name, own in schema["properties"].items():
        if required and name not in schema.get("required", []):
            continue
        if own["type"] == "object":
            yield from _leaves(own, required=required, before=f"{name}.")
        else:
            yield before + name, own


def _part(own: Json, said: Sequence[Any]) -> Part:
    """Return what several answers say of one field; None where most leave it empty."""
    if own["type"] in {"number", "integer"}:
        return composing.middle(said)
    if own["type"] == "array":
        return composing.several([one or [] for one in said], own["items"]["enum"])
    return composing.most(said)


def _put(own: Json, said: Mapping[str, Any], before: str = "") -> Json:
    """Return the object whose fields hold what is said at their paths; what is empty is left out as `_read` does."""
    found: Json = {}
    for part, inner in own["properties"].items():
        if inner["type"] == "object":
            value = _put(inner, said, f"{before}{part}.")
            asked = part in own.get("required", [])
        else:
            value, asked = said[before + part], False
        if asked or value not in ({}, None):
            found[part] = value
    return found


def _closed(own: Json) -> Json:
    """Return a schema with the bounds that it leaves open: no other fields, no endless texts, each choice once."""
    kind = own["type"]
    if kind == "object":
        parts = {name: _closed(part) for name, part in own["properties"].items()}
        return {**own, "properties": parts, "additionalProperties": False}
    if kind == "string" and "enum" not in own:
        return {"maxLength": LONGEST, **own}
    if kind == "array":
        return {**own, "uniqueItems": True}
    return {"minimum": -LARGEST, "maximum": LARGEST, **own} if kind in {"number", "integer"} else own


def _read(own: Json, post: QueryDict, name: str) -> Json:
    """Return the object that the fields under a name hold."""
    found: Json = {}
    for part, inner in own["properties"].items():
        field = f"{name}.{part}"
        if inner["type"] == "object":
            value: Any = _read(inner, post, field)
            asked = part in own.get("required", [])
        else:
            value, asked = _held(inner, post, field), False
        if asked or value not in ("", [], {}, None):
            found[part] = value
    return found


def _held(own: Json, post: QueryDict, field: str) -> Any:  # noqa: ANN401 - whatever the field holds
    """Return what one field holds."""
    text = post.get(field, "").strip()
    if own["type"] == "array":
        return [option for option in own["items"]["enum"] if option in post.getlist(field)]
    if own["type"] == "boolean":
        return {"yes": True, "no": False}.get(text)
    if own["type"] in {"number", "integer"} and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def _at(value: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Return what stands at a path of a value; None where nothing does."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None  # type: ignore[assignment]
    return value


def _is_time(said: object) -> bool:
    """Tell whether a text is a time in ISO 8601; what was left out is none that is wrong."""
    try:
        return said is None or bool(datetime.fromisoformat(str(said)))
    except ValueError:
        return False


def _cell(said: Any) -> str:  # noqa: ANN401 - whatever a field holds
    if isinstance(said, bool):
        return "yes" if said else "no"
    return "|".join(said) if isinstance(said, list) else "" if said is None else str(said)


def _shown(own: Json, value: Mapping[str, Any], name: str) -> list[Json]:
    """Return the fields of an object as the template draws them."""
    found = []
    for part, inner in own["properties"].items():
        held, field = value.get(part), f"{name}.{part}"
        facts = {
            "field": field, "id": field.replace(".", "-").replace(" ", "_"), "label": inner.get("title", part),
            "hint": _hint(inner), "optional": part not in own.get("required", []), "held": held,
            "said": _cell(held), "widget": _widget(inner), "options": _options(inner, held), **_bounds(inner),
        }  # fmt: skip
        if inner["type"] == "object":
            facts["fields"] = _shown(inner, held if isinstance(held, dict) else {}, field)
        found.append(facts)
    return found


def _hint(own: Json) -> str:
    """Return what stands below a field's title: the client's words, and how a time is written."""
    how = _("A day or a time, as 2026-01-05 09:00.") if own.get("format") == TIME else ""
    return " ".join(part for part in (own.get("description", ""), how) if part)


def _widget(own: Json) -> str:
    """Return how a field is drawn: group, area, text, number, radio or checkbox."""
    kind: str = own["type"]
    if kind == "string" and "enum" not in own:
        return "area" if own.get("maxLength", LONGEST) > LONG else "text"
    return {"object": "group", "array": "checkbox", "boolean": "radio", "string": "radio"}.get(kind, "number")


def _options(own: Json, held: object) -> list[Json]:
    """Return what can be ticked, each with whether it is."""
    if own["type"] == "boolean":
        said = [("yes", _("Yes"), held is True), ("no", _("No"), held is False)]
    elif own["type"] == "array":
        said = [(one, one, isinstance(held, list) and one in held) for one in own["items"]["enum"]]
    else:
        said = [(one, one, one == held) for one in own.get("enum", [])]
    return [{"value": value, "label": label, "checked": checked} for value, label, checked in said]


def _bounds(own: Json) -> Json:
    """Return the bounds that a field says to the member."""
    return {"longest": own.get("maxLength", LONGEST), "least": own.get("minimum"), "most": own.get("maximum")}
