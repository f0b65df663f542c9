"""`annotation_attributes`: what is asked of each shape beside its place, in the interface's words and in ours.

Source: Scale's documentation, "Annotation Attributes" and "Conditionality". A number is a whole one unless its `step`
says otherwise, an angle goes from 0 to 360, and a type that is not said is a category.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from tasks.scale.kinds.kind import Json, options, read, shown, values
from tasks.shapes import attributes

# Types that are asked here, and ours.
TYPES = {"category": "choice", "number": "number", "angle": "number", "text": "text"}
PARTS = frozenset({"type", "description", "choices", "allow_multiple", "conditions", "min", "max", "step", "required"})
CONDITIONS = frozenset({"label_condition", "attribute_conditions"})


def _named(params: Json) -> Iterator[tuple[str, Json]]:
    found = params.get("annotation_attributes")
    for name, one in sorted(found.items()) if isinstance(found, dict) else ():
        yield name, one if isinstance(one, dict) else {}


def _kind(one: Json) -> str:
    return str(one.get("type") or "category")


def wrong(params: Json) -> str:
    """Return which bound of a form is passed, nothing where none is: what comes after looks at all beside all."""
    said = dict(_named(params))
    if len(said) > attributes.MOST:
        return f"At most {attributes.MOST} annotation_attributes"
    many = (name for name, one in said.items() if _most(one) > attributes.MOST_OPTIONS)
    return next((f"At most {attributes.MOST_OPTIONS} of each thing in the attribute {name[:60]}" for name in many), "")


def _most(one: Json) -> int:
    """Return how many choices, or labels or values to wait for, an attribute names at most."""
    conditions = one.get("conditions")
    said = conditions if isinstance(conditions, dict) and _readable(conditions) else {}
    labels = _some((said.get("label_condition") or {}).get("label"))
    waits = [_some(some) for depends in _depends(said) for some in depends.values()]
    return max(map(len, (options(one.get("choices")), labels, _depends(said), *_depends(said), *waits)))


def left_out(params: Json) -> list[str]:
    """Return what of the attributes no member is asked for."""
    said = params.get("annotation_attributes")
    if said and not isinstance(said, dict):
        return ["annotation_attributes that are no object"]
    return [f"{what} of the attribute {name[:60]}" for name, one in _named(params) for what in _unheld(one)]


def _unheld(one: Json) -> Iterator[str]:
    if (kind := _kind(one)) not in TYPES:
        yield f"the type {kind[:40]}"
    yield from sorted(one.keys() - PARTS)
    if one.get("step") not in (None, 1) and _kind(one) == "number":
        yield "a step other than 1"
    said = one.get("conditions") or {}
    if not isinstance(said, dict) or said.keys() - CONDITIONS or len(_depends(said)) > 1 or not _readable(said):
        yield "conditions beside label_condition and one of attribute_conditions"


def _readable(conditions: Json) -> bool:
    """Tell whether conditions are a label or some, and of one attribute or more what each says."""
    labels = conditions.get("label_condition") or {"label": []}
    return (
        isinstance(labels, dict)
        and labels.keys() == {"label"}
        and all(isinstance(one, dict) for one in _depends(conditions))
    )


def _depends(conditions: Json) -> list[Any]:
    found = conditions.get("attribute_conditions") or []
    return found if isinstance(found, list) else [found]


def asked(params: Json) -> list[Json]:
    """Return the attributes as our form asks them, each after those that it waits for: no order of names is kept."""
    waiting = {name: _asked(params, name, one) for name, one in _named(params) if _kind(one) in TYPES}
    found = []
    while ready := [name for name, one in waiting.items() if waiting.keys().isdisjoint(one.get("when", ()))]:
        found.append(waiting.pop(ready[0]))
    return [*found, *waiting.values()]


def _asked(params: Json, name: str, one: Json) -> Json:
    kind = TYPES[_kind(one)]
    said: Json = {"name": name, "type": kind, "about": str(one.get("description") or "")}
    if kind == "choice":
        said |= {"options": shown(one.get("choices")), "several": bool(one.get("allow_multiple"))}
    if _kind(one) == "angle":
        said |= {"least": 0, "most": 360}
    elif kind == "number":
        said |= {"least": one.get("min"), "most": one.get("max"), "whole": True}
    said |= _conditions(params, one.get("conditions"))
    said["optional"] = one.get("required") is False
    return {part: held for part, held in said.items() if held is not None and held is not False and held != ""}


def _conditions(params: Json, said: object) -> Json:
    """Return which labels an attribute is asked of, and what others must say before."""
    if not isinstance(said, dict) or not _readable(said):
        return {}
    labels = _some((said.get("label_condition") or {}).get("label"))
    known = dict(_named(params))
    when = {
        name: read(known.get(name, {}).get("choices"), _some(some))
        for name, some in (_depends(said) or [{}])[0].items()
    }
    return {**({"labels": list(map(str, labels))} if labels else {}), **({"when": when} if when else {})}


def _some(said: Any) -> list[Any]:  # noqa: ANN401 - one or several
    return said if isinstance(said, list) else [] if said is None else [said]


def told(params: Json, shape: Json) -> Json:
    """Return what is said of a shape in the interface's words: of categories their values."""
    known = dict(_named(params))
    return {name: _told(known.get(name, {}), held) for name, held in shape.get("attributes", {}).items()}


def _told(one: Json, held: Any) -> Any:  # noqa: ANN401 - what the attribute asks for
    if TYPES.get(_kind(one)) != "choice":
        return held
    found = values(one.get("choices"), held if isinstance(held, list) else [held])
    return found if isinstance(held, list) else found[0]


def of(params: Json, said: object) -> Json:
    """Return what a response says of a shape, as the property of ours; empty where it says nothing that is asked."""
    known = dict(_named(params))
    given = said if isinstance(said, dict) else {}
    found = {
        name: _of(known[name], held) for name, held in given.items() if name in known and held not in (None, "", [])
    }
    return {"attributes": found} if found else {}


def _of(one: Json, held: Any) -> Any:  # noqa: ANN401 - likewise
    if TYPES.get(_kind(one)) != "choice":
        return held
    found = read(one.get("choices"), _some(held))
    return found if one.get("allow_multiple") else found[0]


def example(asked: Sequence[Json], shape: Json) -> Json:
    """Return a shape that says something plausible to each attribute that is `asked` of it."""
    for one in asked:
        if attributes.applies(one, shape) and (held := _example(one)) is not None:
            shape = {**shape, "attributes": {**shape.get("attributes", {}), one["name"]: held}}
    return shape


def _example(one: Json) -> Any:  # noqa: ANN401 - likewise
    if one["type"] != "choice":
        return "Example" if one["type"] == "text" else one.get("least", 0)
    first = one.get("options", [])[:1]
    return first if one.get("several") else next(iter(first), None)
