"""Is a value what its JSON Schema says: asked in one place, answered in sentences."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from coop.refusals import Text

type Schema = dict[str, Any]

# What a check by meaning may rely on (`has_types`): where one of these is wrong, the meaning is not asked.
TYPES = frozenset({"type", "required", "additionalProperties"})
MOST = 20


def faults(schema: Schema, value: object) -> list[ValidationError]:
    """Return where a value is not what the schema says; the first twenty."""
    return list(islice(every_fault(schema, value), MOST))


def every_fault(schema: Schema, value: object) -> Iterator[ValidationError]:
    """Yield where a value is not what the schema says."""
    return iter(()) if _surely(schema, value) else _Validator(schema).iter_errors(value)


def has_types(schema: Schema, value: object) -> bool:
    """Tell whether no fault of a value is one of TYPES: its bounds may be wrong, and no fault is written out to see it.

    A megabyte of places without numbers has a fault in each, and none of them is of these.
    """
    if (kind := schema.get("type")) and not _Validator.TYPE_CHECKER.is_type(value, kind):
        return False
    if isinstance(value, dict):
        parts = schema.get("properties", {})
        if not set(schema.get("required", ())) <= value.keys():
            return False
        if schema.get("additionalProperties") is False and not value.keys() <= parts.keys():
            return False
        return all(has_types(parts[name], part) for name, part in value.items() if name in parts)
    return "items" not in schema or not isinstance(value, list) or all(has_types(schema["items"], one) for one in value)


def _surely(schema: Schema, value: object) -> bool:
    """Tell whether a value is plainly what the schema says; False too where this does not know all that it says.

    A drawing has ten thousand places, and the validator that names faults would look at each for a tenth of a
    millisecond.
    """
    found = _SURE.get(schema["type"]) if isinstance(schema.get("type"), str) else None
    return found is not None and schema.keys() <= found[0] and found[1](schema, value)


def _sure_object(schema: Schema, value: object) -> bool:
    parts = schema.get("properties", {})
    return (
        isinstance(value, dict)
        and schema.get("additionalProperties") is False
        and value.keys() <= parts.keys()
        and value.keys() >= set(schema.get("required", ()))
        and all(_surely(parts[name], part) for name, part in value.items())
    )


def _sure_array(schema: Schema, value: object) -> bool:
    if not isinstance(value, list) or not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return False
    return "items" in schema and all(_surely(schema["items"], one) for one in value)


def _sure_text(schema: Schema, value: object) -> bool:
    if not isinstance(value, str) or value not in schema.get("enum", (value,)):
        return False
    return bool(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)))


def _sure_number(schema: Schema, value: object) -> bool:
    if type(value) is not int and (type(value) is not float or schema["type"] == "integer"):
        return False
    if "multipleOf" in schema and value % schema["multipleOf"]:
        return False
    return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))


# Of each type the words of a schema that are known here, and what tells that a value is surely that.
_SURE: dict[str, tuple[frozenset[str], Callable[[Schema, object], bool]]] = {
    "object": (frozenset({"type", "properties", "required", "additionalProperties"}), _sure_object),
    "array": (frozenset({"type", "items", "minItems", "maxItems"}), _sure_array),
    "string": (frozenset({"type", "enum", "minLength", "maxLength"}), _sure_text),
    "number": (frozenset({"type", "minimum", "maximum", "multipleOf"}), _sure_number),
    "integer": (frozenset({"type", "minimum", "maximum"}), _sure_number),
    "boolean": (frozenset({"type"}), lambda _schema, value: isinstance(value, bool)),
}


def _doubtful(validator: Any, items: Schema, value: object, _schema: Schema) -> Iterator[ValidationError]:  # noqa: ANN401 - jsonschema's own
    """Yield the faults of those entries of a list that are not surely right."""
    if isinstance(value, list):
        for place, one in enumerate(value):
            if not _surely(items, one):
                yield from validator.descend(one, items, path=place)


_Validator = extend(Draft202012Validator, {"items": _doubtful})  # type: ignore[no-untyped-call]


def says(found: list[ValidationError]) -> list[Text]:
    """Return each fault as a sentence, once."""
    return list(dict.fromkeys(sentence for fault in found for sentence in _sentences(fault)))


def _sentences(fault: ValidationError) -> Iterator[str]:
    asked: Any = fault.validator_value
    if fault.validator == "required":
        missing = [name for name in asked if name not in _object(fault)]
        yield from (_("“%(part)s” is missing.") % {"part": _place(fault, name)} for name in missing)
    elif fault.validator == "additionalProperties":
        unknown = [name for name in _object(fault) if name not in _known(fault)]
        yield from (_("“%(part)s” is not asked for.") % {"part": _place(fault, str(name)[:40])} for name in unknown)
    else:
        yield _words(str(fault.validator)) % {"part": _place(fault), "asked": _asked(asked)}


def _words(validator: str) -> str:
    """Return the sentence for a bound of the schema."""
    return {
        "type": _("“%(part)s” is not of the type %(asked)s."),
        "enum": _("“%(part)s” is none of those to choose from."),
        "minLength": _("“%(part)s” needs at least %(asked)s characters."),
        "maxLength": _("“%(part)s” has at most %(asked)s characters."),
        "minItems": _("“%(part)s” needs at least %(asked)s entries."),
        "maxItems": _("“%(part)s” has at most %(asked)s entries."),
        "minimum": _("“%(part)s” is at least %(asked)s."),
        "maximum": _("“%(part)s” is at most %(asked)s."),
        "multipleOf": _("“%(part)s” is no multiple of %(asked)s."),
        "uniqueItems": _("In “%(part)s” each entry stands once."),
    }.get(validator, _("“%(part)s” is not what is asked for."))


def _place(fault: ValidationError, *more: str) -> str:
    """Return where the fault is, as “steps 2 text”: entries are counted from one."""
    path = [str(part + 1) if isinstance(part, int) else str(part) for part in fault.absolute_path]
    return " ".join([*path, *more])[:120] or _("the answer")


def _object(fault: ValidationError) -> dict[str, Any]:
    return fault.instance if isinstance(fault.instance, dict) else {}


def _known(fault: ValidationError) -> dict[str, Any]:
    return fault.schema.get("properties", {}) if isinstance(fault.schema, dict) else {}


def _asked(asked: Any) -> str:  # noqa: ANN401 - whatever a schema can say
    return asked if isinstance(asked, str) else str(asked)[:40]


def has_nothing(value: object) -> bool:
    """Tell whether a text in it, or a name, holds the character that is nothing (NUL), which no database keeps."""
    if isinstance(value, dict):
        return any(map(has_nothing, [*value, *value.values()]))
    return any(map(has_nothing, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value
