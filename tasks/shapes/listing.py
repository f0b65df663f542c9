"""A form written as a list of fields, which works without a script: what it says is kept as the JSON Schema it means.

What a list cannot say, as a group of fields, is written as that schema itself, in the same place.
"""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tasks.shapes.shape import Json

MORE, MOST = 3, 40
LABELS = {
    "line": _("A line of text"),
    "text": _("A longer text"),
    "integer": _("A whole number"),
    "number": _("A number"),
    "boolean": _("Yes or no"),
    "one": _("One of several"),
    "several": _("Some of several"),
    "time": _("A day or a time"),
}
PLAIN: dict[str, Json] = {
    "line": {"type": "string", "maxLength": 200},
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "one": {"type": "string"},
    "several": {"type": "array"},
    "time": {"type": "string", "format": "date-time"},
}
SHORT = 200


def kind_of(own: Json) -> str:
    """Return of which kind in a list a field's schema is; empty for a group and whatever else is none."""
    kind = str(own.get("type"))
    if kind == "array":
        return "several" if isinstance(own.get("items"), dict) else ""
    if kind != "string":
        return kind if kind in PLAIN else ""
    if "enum" in own:
        return "one"
    if "format" in own:
        return "time"
    return "line" if own.get("maxLength", SHORT + 1) <= SHORT else "text"


def rows_of(schema: object) -> list[Json] | None:
    """Return the rows that say a schema; None where it is none, or says what a list cannot."""
    if not isinstance(schema, dict) or schema.keys() - {"type", "required", "properties", "additionalProperties"}:
        return None
    parts = schema.get("properties")
    if not isinstance(parts, dict) or not all(isinstance(own, dict) and kind_of(own) for own in parts.values()):
        return None
    asked = schema.get("required", [])
    return [
        {"name": name, "kind": kind_of(own), "choices": "\n".join(map(str, _options(own))), "required": name in asked,
         "own": json.dumps(own, ensure_ascii=False)}
        for name, own in parts.items()
    ]  # fmt: skip


def _options(own: Json) -> list[Any]:
    holder = own.get("items", own) if own.get("type") == "array" else own
    found = holder.get("enum", [])
    return found if isinstance(found, list) else []


def schema_of(rows: list[Json]) -> Json:
    """Return the schema that rows say; rows without a name say nothing, and a name that comes again is numbered."""
    parts: Json = {}
    required = []
    for row in rows:
        name = row["name"].strip()
        if not name:
            continue
        if name in parts:
            name = f"{name} ({sum(one.partition(' (')[0] == name for one in parts) + 1})"
        parts[name] = _own(row)
        required += [name] if row["required"] else []
    return {"type": "object", "required": required, "properties": parts}


def _own(row: Json) -> Json:
    """Return the schema of one field: what stood there, where its kind is still the same, with the choices it has."""
    own = dict(PLAIN[row["kind"]])
    before = _loaded(row["own"])
    if isinstance(before, dict) and kind_of(before) == row["kind"]:
        own = before
    options = [line.strip() for line in row["choices"].splitlines() if line.strip()]
    if row["kind"] == "one":
        own["enum"] = options
    if row["kind"] == "several":
        own["items"] = {"type": "string", "enum": options}
    return own


def _loaded(text: object) -> object:
    """Return what JSON says, however often it was written as a text; None where it is none."""
    try:
        while isinstance(text, str):
            text = json.loads(text)
    except ValueError:
        return None
    return text


class FieldList(forms.Widget):
    """Draws a JSON Schema as rows, with some empty ones to add fields in, and beside them as the schema that it is."""

    template_name = "tasks/client/field_list.html"
    use_fieldset = True

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:  # noqa: ANN401 - Django's own
        """Return the rows that the schema says, then empty ones; and whether the schema itself is to be written."""
        schema = _loaded(value)
        rows = rows_of(schema)
        text = json.dumps(schema, indent=1, ensure_ascii=False) if isinstance(schema, dict) else str(value or "")
        empty = {"name": "", "kind": "line", "choices": "", "required": True, "own": "{}"}
        shown = [*(rows or []), *([empty] * max(0, min(MORE, MOST - len(rows or []))))]
        return super().get_context(name, value, attrs) | {
            "rows": list(enumerate(shown)), "kinds": list(LABELS.items()), "raw": rows is None, "text": text,
        }  # fmt: skip

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:  # noqa: ANN401 - Django's own
        """Return the schema that the rows say, as JSON; where none were sent, or it is to count, what was written."""
        if f"{name}-0-name" not in data or data.get(f"{name}-raw"):
            return data.get(name)
        return json.dumps(schema_of(list(_sent(data, name))), ensure_ascii=False)


def _sent(data: Mapping[str, Any], name: str) -> "list[Json]":
    found = []
    for number in range(MOST):
        row = {part: str(data.get(f"{name}-{number}-{part}", "")) for part in ("name", "kind", "choices", "own")}
        kind = row["kind"] if row["kind"] in PLAIN else "line"
        found.append({**row, "kind": kind, "required": bool(data.get(f"{name}-{number}-required"))})
    return found
