"""Fields of the interface's forms, as our free form asks for them and tells what was said."""

from collections.abc import Iterator
from typing import Any

from tasks.scale.access import Wrong
from tasks.scale.kinds.kind import Json, Option, options, shown, values
from tasks.shapes.freeform import TIME
from tasks.shapes.shape import OUR_COLUMNS

# The interface's names of kinds of field.
GROUPS = frozenset({"form", "fieldset"})
CHOICES = frozenset({"category", "select"})
FEWEST = 2
# Parts of a field that are asked, held to or refused by a name of their own; a slider is how a page looks.
PARTS = frozenset({
    "type", "field_id", "title", "description", "hint", "required", "min_responses_required", "max_responses_required",
    "max_characters", "min", "max", "step", "choices", "options", "min_choices", "max_choices", "allow_multiple",
    "conditions", "use_slider",
})  # fmt: skip


def flat(found: Any) -> Iterator[Json]:  # noqa: ANN401 - whatever a program sent
    """Yield each field that asks something, those inside groups after each other."""
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict) and one.get("type") in GROUPS:
            yield from flat(one.get("fields"))
        elif isinstance(one, dict):
            yield one


def texts(found: Any) -> list[Json]:  # noqa: ANN401 - whatever a program sent
    """Return fields for an object of descriptions by key: a text for each."""
    said = found if isinstance(found, dict) else {}
    return [{"type": "text", "field_id": name, "title": str(about), "required": True} for name, about in said.items()]


def name_of(one: Json) -> str:
    """Return the name of a field in our form, in which dots and bars mean something."""
    name = str(one["field_id"]).replace(".", "_").replace("|", "_").strip()[:59] or "field"
    return f"{name}_" if name in OUR_COLUMNS else name


def schema(asked: list[Json]) -> Json:
    """Return the schema of a form that asks these. Raise Wrong for names that are one in our form."""
    names = [name_of(one) for one in asked]
    if twice := [str(one["field_id"]) for one, name in zip(asked, names, strict=True) if names.count(name) > 1]:
        message = f"field_id is told apart by 59 characters, dots and bars aside: {twice[0]}"
        raise Wrong(message)
    properties = {name_of(one): {**_schema(one), **_words(one)} for one in asked}
    required = [name_of(one) for one in asked if one.get("required") or whole(one.get("min_responses_required"), 0)]
    return {"type": "object", "properties": properties, "required": required}


def _words(one: Json) -> Json:
    said = {"title": str(one.get("title") or one["field_id"])}
    hints = [str(one[part]) for part in ("description", "hint") if one.get(part)]
    said["description"] = " ".join([*hints, *(f"{each.shown}: {each.about}" for each in _choices(one) if each.about)])
    return {name: text for name, text in said.items() if text}


def _schema(one: Json) -> Json:
    kind = one.get("type", "text")
    if kind in CHOICES:
        return _choice(one)
    known = {"boolean": _boolean, "number": _number, "ranking": _ranking, "timerange": _times, "datetime": _time}
    return known.get(kind, _text)(one)


def _boolean(_one: Json) -> Json:
    return {"type": "boolean"}


def _number(one: Json) -> Json:
    said = {"minimum": one.get("min"), "maximum": one.get("max")}
    bounds = {name: bound for name, bound in said.items() if bound is not None}
    whole_ones = one.get("step") == 1 and all(isinstance(bound, int) for bound in bounds.values())
    return {"type": "integer" if whole_ones else "number", **bounds}


def left_out(asked: list[Json]) -> list[str]:
    """Return what is said of fields that a form of ours does not ask."""
    said = {
        "conditions": any(one.get("conditions") for one in asked),
        "steps other than 1": any(one.get("step") not in (None, 1) for one in asked),
        "several responses of one person to a field": any(
            whole(one.get("max_responses_required"), 1) > 1 for one in asked
        ),
    }
    unknown = [(part, one) for one in asked for part, held in one.items() if held and part not in PARTS]
    named = [f"{part[:60]} of the field {str(one['field_id'])[:60]}" for part, one in unknown]
    return [*(name for name, is_said in said.items() if is_said), *named]


def _choice(one: Json) -> Json:
    named = shown(one.get("choices"))
    if len(named) < FEWEST:
        message = (
            f"The field {str(one['field_id'])[:60]} has {len(named)} to choose from: give it {FEWEST} choices or more;"
            " for a yes or no ask a boolean."
        )
        raise Wrong(message)
    if _most(one) > 1:
        bounds = {
            "minItems": min(whole(one.get("min_choices"), 0), _most(one), len(named)),
            "maxItems": min(_most(one), len(named)),
        }
        return {"type": "array", "items": {"type": "string", "enum": named}, **bounds}
    return {"type": "string", "enum": named}


def _ranking(one: Json) -> Json:
    names = _ranked(one)
    place = {"type": "integer", "minimum": 1, "maximum": len(names)}
    places = {name: {**place, "title": ranked.shown} for name, ranked in names.items()}
    return {"type": "object", "properties": places, "required": [*names]}


def _time(_one: Json) -> Json:
    return {"type": "string", "maxLength": 40, "format": TIME}


def _times(one: Json) -> Json:
    return {"type": "object", "properties": {"start": _time(one), "end": _time(one)}, "required": ["start", "end"]}


def _text(one: Json) -> Json:
    return {"type": "string", "maxLength": min(whole(one.get("max_characters"), 2000), 10_000)}


def whole(said: object, default: int) -> int:
    """Return a whole number above zero as a program says it, in digits or as a number; else the default."""
    text = str(said)
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) <= 9 and int(text) else default  # noqa: PLR2004 - nine digits


def _most(one: Json) -> int:
    return whole(one.get("max_choices"), 1)


def _choices(one: Json) -> list[Option]:
    return options(one.get("options") or one.get("choices"))


def _ranked(one: Json) -> dict[str, Option]:
    """Return what is ranked by its name in our form; by its number too where two have one name."""
    found = {name_of({"field_id": each.shown}): each for each in _choices(one)}
    if len(found) == len(_choices(one)):
        return found
    return {name_of({"field_id": f"{number} {each.shown}"}): each for number, each in enumerate(_choices(one), 1)}


def example(asked: list[Json]) -> Json:
    """Return plausible answers to these."""
    return {name_of(one): _example(one) for one in asked}


def _example(one: Json) -> Any:  # noqa: ANN401 - what the field asks for
    kind = one.get("type", "text")
    if kind == "boolean":
        return True
    if kind == "number":
        return one.get("min") or 0
    if kind in CHOICES:
        chosen = shown(one.get("choices"))[: max(1, whole(one.get("min_choices"), 1))]
        return chosen if _most(one) > 1 else next(iter(chosen), "")
    if kind == "ranking":
        return {name: place for place, name in enumerate(_ranked(one), 1)}
    if kind == "timerange":
        return {"start": "2026-01-05T09:00:00Z", "end": "2026-01-05T10:00:00Z"}
    return "2026-01-05T09:00:00Z" if kind == "datetime" else "Example answer"


def said(one: Json, value: Json) -> list[Any]:
    """Return what an answer says to a field, as a list: several choices, a ranking from the best, or one thing.

    Choices are told by their values.
    """
    held = value.get(name_of(one))
    if held is None:
        return []
    if one.get("type") == "ranking" and isinstance(held, dict):
        known = _ranked(one)
        return [known[name].value for name in sorted(held, key=lambda name: int(held[name]))]
    found = held if isinstance(held, list) else [held]
    return values(one.get("choices"), found) if one.get("type") in CHOICES else found
