"""Shapes on a plane, in pixels: what one is, how it is written in a line, and what may be wrong with it."""

import re
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from numpy.typing import NDArray

from coop.refusals import Text

type Json = dict[str, Any]
type Place = tuple[float, float]
type Places = NDArray[np.float64]
# Type and name of a region of Label Studio that says something of another one, and what it says.
type Said = tuple[str, str, Json]

TYPES: dict[str, Text] = {
    "box": gettext_lazy("Box"), "polygon": gettext_lazy("Polygon"), "point": gettext_lazy("Point"),
    "ellipse": gettext_lazy("Ellipse"), "line": gettext_lazy("Line"),
}  # fmt: skip
# The types that have points, and how many corners each needs at least.
LEAST_CORNERS = {"polygon": 3, "line": 2}
# The numbers of each of the others.
NUMBERS = {"box": ("x", "y", "width", "height"), "ellipse": ("x", "y", "width", "height"), "point": ("x", "y")}
# What Label Studio calls a region of each type; a line is a polygon that is not closed.
REGIONS = {
    "box": "rectanglelabels", "polygon": "polygonlabels", "point": "keypointlabels", "ellipse": "ellipselabels",
    "line": "polygonlabels",
}  # fmt: skip
MOST_CORNERS, LONGEST_WORDS = 500, 2000
# What a shape has beside the numbers of its type.
BESIDE = frozenset({"type", "label", "words", "attributes"})
NUMBER = re.compile(r"-?\d{1,7}(?:\.\d{1,6})?")
FARTHEST = 1e9


def schema(types: list[str], labels: list[str], *, words: bool, beside: Json) -> Json:
    """Return the JSON Schema of one shape, of those that say what is written there with their words.

    `beside` are properties of what else is said of it.
    """
    number = {"type": "number", "minimum": -FARTHEST, "maximum": FARTHEST}
    place = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    numbers = {name: number for kind in types for name in NUMBERS.get(kind, ())}
    points = {"points": {"type": "array", "items": place, "maxItems": MOST_CORNERS}}
    points = points if not LEAST_CORNERS.keys().isdisjoint(types) else {}
    said = {"words": {"type": "string", "maxLength": LONGEST_WORDS}} if words else {}
    name = {"type": "string"}
    named = {"type": {**name, "enum": types}, "label": {**name, "enum": labels}}
    properties = {**named, **numbers, **points, **said, **beside}
    return {"type": "object", "properties": properties, "required": ["type", "label"], "additionalProperties": False}


def line(shape: Json) -> str:
    """Return the place of a shape as a line of numbers: a box as 100 260 200 120, a polygon as 1 2, 3 4, 5 6."""
    if shape["type"] in LEAST_CORNERS:
        return ", ".join(" ".join(map(_plain, place)) for place in shape.get("points", ()))
    return " ".join(_plain(shape[name]) for name in NUMBERS[shape["type"]] if name in shape)


def _plain(number: float) -> str:
    return f"{number:g}" if abs(number) < 1e6 else str(number)  # noqa: PLR2004 - beyond which it would be rounded


def read(kind: str, label: str, said: str) -> Json:
    """Return the shape that a line of numbers says, complete or not."""
    numbers = [
        int(found) if found.lstrip("-").isdigit() else float(found)
        for found in NUMBER.findall(said)[: 2 * MOST_CORNERS + 2]
    ]
    if kind in LEAST_CORNERS:
        return {"type": kind, "label": label, "points": [numbers[at : at + 2] for at in range(0, len(numbers) - 1, 2)]}
    return {"type": kind, "label": label, **dict(zip(NUMBERS.get(kind, ()), numbers, strict=False))}


def problems(shape: Json, width: float, height: float) -> Iterator[str]:
    """Yield what is wrong with a shape on a picture of this size; it has the right types."""
    if set(shape) - BESIDE != set(_asked(shape)):
        yield _("has not the numbers of its type")
        return
    places = corners(shape)
    if not all(0 <= x <= width and 0 <= y <= height for x, y in places):
        yield _("leaves the picture")
    elif shape["type"] in {"box", "ellipse"} and min(shape["width"], shape["height"]) < 1:
        yield _("is narrower than a pixel")
    elif len(set(places)) < LEAST_CORNERS.get(shape["type"], 1):
        yield _("needs at least three corners") if shape["type"] == "polygon" else _("needs at least two corners")
    elif shape["type"] == "polygon" and crosses_itself(places):
        yield _("crosses itself")


def corners(shape: Json) -> list[Place]:
    """Return the places that bound a shape."""
    if shape["type"] in LEAST_CORNERS:
        return [(x, y) for x, y in shape["points"]]
    x, y = shape["x"], shape["y"]
    return [(x, y), (x + shape.get("width", 0), y + shape.get("height", 0))]


def crosses_itself(places: list[Place]) -> bool:
    """Tell whether two sides of a polygon, that are no neighbours, meet.

    All pairs at once: of five hundred corners there are 125,000, and a drawing can have forty such polygons.
    """
    starts = np.array(places, dtype=float)
    ends = np.roll(starts, -1, axis=0)
    one, other = np.triu_indices(len(places), 2)
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    near = ((low[one] <= high[other]) & (low[other] <= high[one])).all(axis=1)
    near &= (one > 0) | (other < len(places) - 1)  # the last side ends where the first begins
    one, other = one[near], other[near]
    return bool(_meet(starts[one], ends[one], starts[other], ends[other]).any())


def _meet(a: Places, b: Places, c: Places, d: Places) -> "NDArray[np.bool]":
    """Tell of each pair of sides, from a to b and from c to d, whether they cross or touch."""
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    met = (turns[0] * turns[1] < 0) & (turns[2] * turns[3] < 0)
    for turn, start, stop, place in zip(turns, (a, a, c, c), (b, b, d, d), (c, d, a, b), strict=True):
        met |= (turn == 0) & _within(start, stop, place)
    return met


def _turn(a: Places, b: Places, c: Places) -> Places:
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def _within(a: Places, b: Places, c: Places) -> "NDArray[np.bool]":
    inside = (np.minimum(a, b) <= c) & (c <= np.maximum(a, b))
    return inside[:, 0] & inside[:, 1]


def drawn(shapes: list[Json], labels: list[str]) -> list[Json]:
    """Return shapes as a template draws them: with what SVG asks of each, its colour and its words."""
    return [_drawn(number, shape, labels) for number, shape in enumerate(shapes, 1) if _can_be_drawn(shape)]


def _can_be_drawn(shape: Json) -> bool:
    return not set(_asked(shape)) - set(shape) and all(len(place) == len("xy") for place in shape.get("points", ()))


def _asked(shape: Json) -> tuple[str, ...]:
    return NUMBERS.get(shape["type"], ("points",))


def _drawn(number: int, shape: Json, labels: list[str]) -> Json:
    colour = labels.index(shape["label"]) % 8 if shape["label"] in labels else 0
    found = {**shape, "number": number, "colour": colour, "line": line(shape), "name": TYPES[shape["type"]]}
    if shape["type"] in LEAST_CORNERS:
        start = shape["points"][0] if shape["points"] else (0, 0)
        return {**found, "path": " ".join(f"{x},{y}" for x, y in shape["points"]), "x": start[0], "y": start[1]}
    if shape["type"] == "ellipse":
        rx, ry = shape["width"] / 2, shape["height"] / 2
        return {**found, "cx": shape["x"] + rx, "cy": shape["y"] + ry, "rx": rx, "ry": ry}
    return found


def middle(boxes: list[Json]) -> Json:
    """Return the box whose every number is the median of these boxes' numbers."""
    return {**boxes[0], **{name: median(box[name] for box in boxes) for name in NUMBERS["box"]}}


def regions(number: int, shape: Json, width: float, height: float, said: Iterable[Said]) -> Iterator[Json]:
    """Yield a shape as a region of Label Studio, and what is said of it as others of its id."""
    found = region(shape, width, height)
    place = {name: part for name, part in found["value"].items() if name != found["type"]}
    beside = [
        {**found, "type": kind, "from_name": name, "value": {**place, **value}}
        for kind, name, value in (*_written(shape), *said)
    ]
    yield from ({**one, "id": f"shape-{number}"} for one in (found, *beside)) if beside else [found]


def _written(shape: Json) -> Iterator[Said]:
    if "words" in shape:
        yield "textarea", "words", {"text": [shape["words"]]}


def region(shape: Json, width: float, height: float) -> Json:
    """Return a shape as a region of Label Studio, in hundredths of an image of this size ."""
    kind = REGIONS[shape["type"]]
    place = _hundredths(shape, width, height) | {kind: [shape["label"]], "rotation": 0}
    size = {"original_width": width, "original_height": height, "image_rotation": 0}
    return {"type": kind, "from_name": "answer", "to_name": "item", "value": place, **size}


def _hundredths(shape: Json, width: float, height: float) -> Json:
    if shape["type"] in LEAST_CORNERS:
        points = [[100 * x / width, 100 * y / height] for x, y in shape["points"]]
        return {"points": points, "closed": shape["type"] == "polygon"}
    left, top = 100 * shape["x"] / width, 100 * shape["y"] / height
    across, down = 100 * shape.get("width", 0) / width, 100 * shape.get("height", 0) / height
    if shape["type"] == "ellipse":
        return {"x": left + across / 2, "y": top + down / 2, "radiusX": across / 2, "radiusY": down / 2}
    return {"x": left, "y": top, "width": across, "height": down}


def of_region(region: Json) -> Json:
    """Return the shape that a region of Label Studio says, in pixels; raise ValueError for one that is turned."""
    value, wide, high = region["value"], region["original_width"], region["original_height"]
    if value.get("rotation"):
        raise ValueError
    kind = {name: kind for kind, name in reversed(REGIONS.items())}[region["type"]]
    kind = "line" if kind == "polygon" and value.get("closed") is False else kind
    told = {"type": kind, "label": value[region["type"]][0], **_beside(region)}
    if kind in LEAST_CORNERS:
        return told | {"points": [[exact(x * wide / 100), exact(y * high / 100)] for x, y in value["points"]]}
    if kind == "ellipse":
        across, down = 2 * value["radiusX"], 2 * value["radiusY"]
        place = (value["x"] - across / 2, value["y"] - down / 2, across, down)
    else:
        place = (value["x"], value["y"], value.get("width", 0), value.get("height", 0))
    pixels = (part * side / 100 for part, side in zip(place, (wide, high, wide, high), strict=True))
    return told | dict(zip(NUMBERS[kind], map(exact, pixels), strict=False))


def of_coco(one: Json, types: list[str]) -> Iterator[Json]:
    """Yield the shapes of these types that an annotation of a COCO file says: polygons or a point, else its box.

    COCO has no lines: the corners of ours stand beside the box as `points`. What we wrote says its `type`, as its
    `segmentation` may be no more than the corners of its box.
    """
    segments, kind = one.get("segmentation"), one.get("type", "box")
    said = {"label": one["label"], **_beside(one)}
    if "line" in types and kind == "line":
        yield {"type": "line", **said, "points": [[exact(x), exact(y)] for x, y in one["points"]]}
    elif "polygon" in types and segments and isinstance(segments, list) and one.get("type") not in {*NUMBERS, "line"}:
        for flat in segments:
            places = [[exact(x), exact(y)] for x, y in zip(flat[::2], flat[1::2], strict=True)]
            yield {"type": "polygon", **said, "points": places}
    elif "point" in types and one.get("keypoints"):
        across, down = map(exact, one["keypoints"][:2])
        yield {"type": "point", **said, "x": across, "y": down}
    else:
        wanted = kind if kind in types and kind in {"box", "ellipse"} else "box"
        place = dict(zip(NUMBERS["box"], map(exact, one["bbox"]), strict=True))
        yield {"type": wanted, **said, **place}


def _beside(one: Json) -> Json:
    """Return what is said of a region or an annotation beside its place, if anything is."""
    words = {"words": str(one["words"])} if "words" in one else {}
    return {**words, "attributes": one["attributes"]} if one.get("attributes") else words


def exact(number: float) -> float:
    """Return a number of pixels to the millionth; a whole one as such."""
    found = round(number, 6)
    return int(found) if found == int(found) else found
