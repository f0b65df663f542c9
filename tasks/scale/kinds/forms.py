"""Forms: text collection, and transcription or collection of named fields."""

import uuid
from collections.abc import Sequence
from typing import Any

from tasks.scale.kinds import fields
from tasks.scale.kinds.kind import FILES, Json, Kind

KNOWN = frozenset({"text", "boolean", "number", "category", "select", "datetime", "timerange", "ranking"})


class TextCollection(Kind):
    """A form of fields about attachments: surveys, ratings, rankings."""

    names = ("textcollection",)
    parts = ("fields",)
    tells_each = True

    def wrong(self, params: Json) -> str:
        """Ask for fields, each of a known type and with an id of its own."""
        asked = list(_asked(params))
        if not asked:
            return "Missing required parameter: fields"
        ids = [one.get("field_id") for one in asked]
        if not all(isinstance(name, str) and name for name in ids) or len(set(ids)) < len(ids):
            return "Each field needs a field_id of its own"
        unknown = [str(one.get("type")) for one in asked if one.get("type") not in KNOWN]
        return f"Unknown type of field: {unknown[0][:40]}" if unknown else ""

    def shape(self, params: Json) -> str:
        """Return the free form."""
        return "freeform"

    def left_out(self, params: Json) -> list[str]:
        """Return what is said of single fields that a form of ours does not ask, as that they depend on others."""
        return fields.left_out(list(_asked(params)))

    def form(self, params: Json, question: str) -> Json:
        """Return the fields, as ours."""
        return {"question": question, "schema": fields.schema(list(_asked(params)))}

    def data(self, params: Json) -> Json:
        """Return the attachments, each by its number."""
        return {name: _content(one) for name, one in _attached(params).items()} or {
            _alone(params): str(params.get("text") or params.get("attachment") or params.get("title") or "-")
        }

    def types(self, params: Json) -> dict[str, str]:
        """Return what each attachment says that it is; where it says nothing, what the order says of all."""
        of_all = params.get("attachment_type")
        found = {
            name: (isinstance(one, dict) and one.get("type")) or of_all for name, one in _attached(params).items()
        } or {_alone(params): of_all}
        return {name: str(kind or "") for name, kind in found.items()}

    def example(self, params: Json) -> Json:
        """Return plausible answers."""
        return fields.example(list(_asked(params)))

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return for each field what each person said."""
        return {
            "annotations": {
                one["field_id"]: {
                    "type": one["type"], "field_id": one["field_id"],
                    "response": [fields.said(one, value) for value in values],
                }
                for one in _asked(params)
            }
        }  # fmt: skip


def _asked(params: Json) -> list[Json]:
    """Return the fields of an order, and those that stand with its attachments."""
    beside = [form for one in params.get("attachments") or [] if isinstance(one, dict) for form in _list(one, "forms")]
    return list(fields.flat([*_list(params, "fields"), *beside]))


def _list(found: Json, name: str) -> list[Any]:
    return found[name] if isinstance(found.get(name), list) else []


def _attached(params: Json) -> dict[str, Any]:
    return {f"attachment {number}": one for number, one in enumerate(_list(params, "attachments"), 1)}


def _alone(params: Json) -> str:
    """Return the name of what stands without attachments beside it: texts are read without a name."""
    return "attachment" if params.get("attachment_type") in FILES else "text"


def _content(one: Any) -> Any:  # noqa: ANN401 - whatever a program sent
    return one.get("content", "") if isinstance(one, dict) else one


class Transcription(Kind):
    """Named texts from an attachment; `repeatable_fields` ask for rows, one on each line."""

    names = ("transcription", "datacollection")
    needs = ("attachment", "fields")
    parts = ("repeatable_fields",)

    def shape(self, params: Json) -> str:
        """Return the free form."""
        return "freeform"

    def form(self, params: Json, question: str) -> Json:
        """Return a text for each field."""
        return {"question": question, "schema": fields.schema(_texts(params))}

    def example(self, params: Json) -> Json:
        """Return plausible texts."""
        return fields.example(_texts(params))

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the texts by key, and the rows."""
        single, rows = fields.texts(params.get("fields")), fields.texts(params.get("repeatable_fields"))
        found = {one["field_id"]: _joined(one, values[0]) for one in single}
        columns = {one["field_id"]: _joined(one, values[0]).split("\n") for one in rows}
        longest = max(map(len, columns.values()), default=0)
        lines = [
            {name: column[at] if at < len(column) else "" for name, column in columns.items()} for at in range(longest)
        ]
        return {"fields": found, **({"rows": lines} if rows else {})}


def _texts(params: Json) -> list[Json]:
    rows = fields.texts(params.get("repeatable_fields"))
    return fields.texts(params.get("fields")) + [
        {**one, "hint": "One on each line.", "max_characters": 10_000} for one in rows
    ]


def _joined(one: Json, value: Json) -> str:
    return "\n".join(map(str, fields.said(one, value)))


KINDS = (TextCollection(), Transcription())
