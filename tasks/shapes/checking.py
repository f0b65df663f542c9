"""Is a value what its JSON Schema says: asked in one place, answered in sentences."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from coop.refusals import Text

# What a check by meaning may rely on: where one of these is wrong, the meaning is not asked.
TYPES = frozenset({"type", "required", "additionalProperties"})
MOST = 20


def faults(schema: dict[str, Any], value: object) -> list[ValidationError]:
    """Return where a value is not what the schema says; the first twenty."""
    return list(islice(Draft202012Validator(schema).iter_errors(value), MOST))


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
