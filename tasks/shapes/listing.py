"""A form written as a list of fields, which works without a script: what it says is kept as the JSON Schema it means.

What a list cannot say, as a group of fields, is written as that schema itself, in the same place.
"""

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tasks.shapes.shape import Json, lines

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
LEVELS = 20
CHOSEN = frozenset({"one", "several"})
OPEN: tuple[Any, ...] = (None, False)
NOTHING = frozenset({"", "null"})


def kind_of(own: Json) -> str:
    """Return of which kind in a list a field's schema is; empty for a group and whatever else is none."""
    kind = own.get("type")
    if kind == "array":
        return "several" if _texts(own.get("items"), "enum") else ""
    if kind != "string":
        return kind if isinstance(kind, str) and kind in PLAIN else ""
    if "enum" in own:
        return "one" if _texts(own, "enum") else ""
    if "format" in own:
        return "time"
    longest = own.get("maxLength", SHORT + 1)
    return ("line" if longest <= SHORT else "text") if type(longest) is int else ""


def _texts(holder: object, part: str) -> bool:
    """Tell whether part of an object is a list of texts."""
    held = holder.get(part) if isinstance(holder, dict) else None
    return isinstance(held, list) and all(isinstance(one, str) for one in held)


def rows_of(schema: object) -> list[Json] | None:
    """Return the rows that say a schema; None where it is none, or says what a list as it is sent back cannot."""
    if not isinstance(schema, dict) or schema.keys() - {"type", "required", "properties", "additionalProperties"}:
        return None
    parts, asked = schema.get("properties"), schema.get("required", [])
    if not isinstance(parts, dict) or not all(isinstance(own, dict) and kind_of(own) for own in parts.values()):
        return None
    if len(parts) > MOST or not _texts({"asked": asked}, "asked") or schema.get("additionalProperties") not in OPEN:
        return None
    rows = [
        {"name": name, "kind": kind_of(own), "choices": "\n".join(_options(own)), "required": name in asked,
         "own": json.dumps(own, ensure_ascii=False)}
        for name, own in parts.items()
    ]  # fmt: skip
    said = schema_of(rows) | ({"required": asked} if set(asked) <= parts.keys() else {})
    whole = {"required": [], **{name: part for name, part in schema.items() if name != "additionalProperties"}}
    return rows if said == whole and not any(len(name.splitlines()) > 1 for name in parts) else None


def _options(own: Json) -> list[str]:
    holder = own.get("items", own) if own.get("type") == "array" else own
    found: list[str] = holder.get("enum", [])
    return found


def schema_of(rows: list[Json]) -> Json:
    """Return the schema that rows say; rows without a name say nothing, and a name that comes again is numbered."""
    parts: Json = {}
    required = []
    for row in rows:
        if not (name := row["name"].strip()):
            continue
        numbered = (f"{name} ({number})" for number in count(2))
        free = name if name not in parts else next(one for one in numbered if one not in parts)
        parts[free] = _own(row)
        required += [free] if row["required"] else []
    return {"type": "object", "required": required, "properties": parts}


def _own(row: Json) -> Json:
    """Return the schema of one field: what stood there, where its kind is still the same, with the choices it has.

    Choices that did not stand there before are one of several to choose, whatever kind was left beside them.
    """
    held = _loaded(row["own"])
    before = held if isinstance(held, dict) and kind_of(held) else {}
    options = lines(row["choices"])
    kind = row["kind"]
    if options and kind not in CHOSEN and options != _options(before):
        kind = "one"
    own = dict(before if before and kind_of(before) == kind else PLAIN[kind])
    if kind == "one":
        own["enum"] = options
    if kind == "several":
        own["items"] = {"type": "string", "enum": options}
    return own


def _loaded(text: object) -> object:
    """Return what JSON says, however often it was written as a text; None where it is none."""
    try:
        while isinstance(text, str):
            text = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return text if _is_flat(text) else None


def _is_flat(found: object) -> bool:
    """Tell whether JSON has no more levels than whatever reads it can follow; a form has far fewer."""
    level = [found]
    for _step in range(LEVELS):
        level = [part for one in level if isinstance(one, dict | list) for part in _parts(one)]
    return not level


def _parts(one: Any) -> list[Any]:  # noqa: ANN401 - JSON
    return [*one.values()] if isinstance(one, dict) else one


def _written(schema: object, value: object) -> str:
    """Return a schema as it is written on lines of their own; what is none as it was sent, of nothing nothing."""
    if not isinstance(schema, dict):
        return "" if value is None or str(value).strip() in NOTHING else str(value)
    return json.dumps(schema, indent=1, ensure_ascii=False)


class SchemaField(forms.JSONField):
    """JSON that stays on the page and is named as none where Python cannot read it: too deep, or of endless numbers."""

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - Django's own
        """Return what was kept of a draft as it was written, and all else as JSON."""
        return value if isinstance(value, str) else super().prepare_value(value)

    def to_python(self, value: Any) -> Any:  # noqa: ANN401 - Django's own
        """Return what the JSON says."""
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise self._invalid() from error
        if not _is_flat(found):
            raise self._invalid()
        return found

    def _invalid(self) -> forms.ValidationError:
        return forms.ValidationError(self.error_messages["invalid"], code="invalid")

    def bound_data(self, data: Any, initial: Any) -> Any:  # noqa: ANN401 - Django's own
        """Return what was sent, to be drawn again."""
        return data


class FieldList(forms.Widget):
    """Draws a JSON Schema as rows, with some empty ones to add fields in, and beside them as the schema that it is."""

    template_name = "tasks/client/field_list.html"
    adds_rows = True  # whoever saves and stays gets more
    use_fieldset = True

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:  # noqa: ANN401 - Django's own
        """Return the rows that the schema says, then empty ones; and whether the schema itself is to be written."""
        schema = _loaded(value)
        text = _written(schema, value)
        rows = rows_of(schema) if text else []
        empty = {"name": "", "kind": "line", "choices": "", "required": True, "own": "{}"}
        shown = [] if rows is None else [*rows, *([empty] * min(MORE, MOST - len(rows)))]
        return super().get_context(name, value, attrs) | {
            "rows": list(enumerate(shown)), "kinds": list(LABELS.items()), "raw": rows is None, "text": text,
        }  # fmt: skip

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:  # noqa: ANN401 - Django's own
        """Return the schema that the rows say, as JSON.

        What was written as JSON counts where no rows were sent, it is said to, or it is another than the page showed.
        """
        if f"{name}-0-name" not in data or data.get(f"{name}-raw") or _rewritten(data, name):
            return data.get(name)
        return json.dumps(schema_of(list(_sent(data, name))), ensure_ascii=False)


def _rewritten(data: Mapping[str, Any], name: str) -> bool:
    """Tell whether the JSON is another than the page showed; line ends are the browser's."""
    shown = data.get(f"{name}-shown")
    return shown is not None and _lines(shown) != _lines(data.get(name))


def _lines(text: object) -> list[str]:
    return str(text or "").strip().splitlines()


def _sent(data: Mapping[str, Any], name: str) -> "list[Json]":
    found = []
    for number in range(MOST):
        row = {part: str(data.get(f"{name}-{number}-{part}", "")) for part in ("name", "kind", "choices", "own")}
        kind = row["kind"] if row["kind"] in PLAIN else "line"
        found.append({**row, "kind": kind, "required": bool(data.get(f"{name}-{number}-required"))})
    return found
