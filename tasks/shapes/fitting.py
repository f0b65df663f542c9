"""What a form asks of single shapes: as which types a label is drawn, and how large a shape is."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from coop.refusals import Text
from tasks.shapes import plane
from tasks.shapes.shape import Json

_TYPES: Json = {"type": "array", "items": {"enum": [*plane.TYPES]}, "minItems": 1, "uniqueItems": True}
_SIZE: Json = {"type": "number", "minimum": 0, "maximum": plane.FARTHEST}
_COUNT: Json = {"type": "integer", "minimum": 0, "maximum": plane.MOST_CORNERS}
_BOUNDS: Json = {
    "type": "object", "additionalProperties": False,
    "properties": {"min_width": _SIZE, "min_height": _SIZE, "min_corners": _COUNT, "max_corners": _COUNT},
}  # fmt: skip
# Parts of a form, with their JSON Schema: `only` says of labels as which types alone they are drawn.
ASKS: Json = {
    "only": {"type": "object", "additionalProperties": _TYPES},
    "bounds": {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(plane.TYPES, _BOUNDS)},
}


def form_problems(form: Json) -> list[Text]:
    """Return which of the labels and types are none of the form's."""
    only: dict[str, list[str]] = form.get("only", {})
    named = {kind for kinds in only.values() for kind in kinds} | form.get("bounds", {}).keys()
    unknown = [*(only.keys() - set(form["labels"])), *(named - set(form["types"]))]
    if unknown:
        return [_("“%(name)s” is none of the labels or types of this form.") % {"name": unknown[0][:60]}]
    most = plane.MOST_CORNERS
    crossed = [
        name for name, one in form.get("bounds", {}).items() if one.get("min_corners", 0) > one.get("max_corners", most)
    ]
    return [_("“%(name)s” is to have more corners than it may have.") % {"name": crossed[0]}] if crossed else []


def problems(form: Json, shape: Json) -> Iterator[str]:
    """Yield what of a shape that is one by itself does not fit."""
    kinds = form.get("only", {}).get(shape["label"], form["types"])
    if shape["type"] not in kinds:
        yield _("has a label that is drawn as: %(types)s") % {
            "types": ", ".join(str(plane.TYPES[one]) for one in kinds)
        }
    yield from _too_small(form.get("bounds", {}).get(shape["type"], {}), shape)


def _too_small(bounds: dict[str, Any], shape: Json) -> Iterator[str]:
    corners = len(shape.get("points", ()))
    if shape.get("width", 0) < bounds.get("min_width", 0):
        yield _("is less than %(least)s pixels wide") % {"least": bounds["min_width"]}
    if shape.get("height", 0) < bounds.get("min_height", 0):
        yield _("is less than %(least)s pixels high") % {"least": bounds["min_height"]}
    if corners < bounds.get("min_corners", 0):
        yield _("has less than %(least)s corners") % {"least": bounds["min_corners"]}
    if corners > bounds.get("max_corners", corners):
        yield _("has more than %(most)s corners") % {"most": bounds["max_corners"]}
