"""Drawing on an image: imageannotation with its geometries, the older kinds of one geometry each, documents."""

import re
import uuid
from collections.abc import Iterator, Sequence
from typing import ClassVar

from tasks.scale.kinds import attributes
from tasks.scale.kinds.kind import SAID_BEFORE, Json, Kind, labels, mark, said_before
from tasks.shapes import image, plane

GEOMETRIES = ("box", "polygon", "point", "ellipse", "line", "cuboid")
# Those that our shape draws.
DRAWN = tuple(name for name in GEOMETRIES if name in plane.TYPES)
MOST_LABELS: int = image.LABELS["maxItems"]
# Where something stands that nobody drew: on any picture of 50 by 50 pixels.
EXAMPLES: dict[str, Json] = {
    "box": {"x": 10, "y": 10, "width": 30, "height": 20},
    "ellipse": {"x": 10, "y": 10, "width": 30, "height": 20},
    "point": {"x": 10, "y": 10},
    "polygon": {"points": [[10, 10], [40, 10], [40, 30]]},
    "line": {"points": [[10, 10], [40, 30]]},
    "cuboid": {"points": [[10, 10], [30, 10], [30, 30], [10, 30], [15, 5], [35, 5], [35, 25], [15, 25]]},
}
# What the interface calls a bound, and what our form does.
BOUNDS = {
    "min_width": "min_width",
    "min_height": "min_height",
    "min_vertices": "min_corners",
    "max_vertices": "max_corners",
}
# Parts of a geometry that are not bounds: its labels, and what changes nothing here.
READ = frozenset({"objects_to_annotate", "can_rotate", "integer_pixels"})
NUMBER = re.compile(r"\d{1,7}(?:\.\d{1,6})?")
CORNERS = ("face-topleft", "face-topright", "face-bottomright", "face-bottomleft",
           "back-topleft", "back-topright", "back-bottomright", "back-bottomleft")  # fmt: skip


class ImageAnnotation(Kind):
    """Shapes on an image, of one or more geometries, each with its own labels."""

    names: ClassVar[tuple[str, ...]] = ("imageannotation",)
    needs = ("attachment",)
    about = ("attachment",)
    parts: ClassVar[tuple[str, ...]] = ("geometries", "annotation_attributes")
    unasked = ("events_to_annotate", "links")

    def wrong(self, params: Json) -> str:
        """Ask for an image, for geometries that have something to draw, and for no more than a form holds."""
        if said := super().wrong(params):
            return said
        asked = self.geometries(params)
        if unknown := sorted(set(asked) - set(GEOMETRIES)):
            return f"Unknown geometry: {unknown[0][:40]}"
        if not any(asked.values()):
            return f"Missing required parameter: {self.asking}"
        if len(set().union(*asked.values())) > MOST_LABELS:
            return f"At most {MOST_LABELS} labels"
        return attributes.wrong(params)

    asking: ClassVar[str] = "geometries"

    def geometries(self, params: Json) -> dict[str, list[str]]:
        """Return the labels of each geometry."""
        return geometries_of(params)

    def shape(self, params: Json) -> str:
        """Return image where all is drawn that is asked for."""
        return "image" if set(self.geometries(params)) <= set(DRAWN) else ""

    def unheld(self, params: Json) -> str:
        """Name the geometry that nobody draws."""
        asked = next(name for name in self.geometries(params) if name not in DRAWN)
        return f"Members draw {', '.join(DRAWN)} on images, and no {asked}."

    def form(self, params: Json, question: str) -> Json:
        """Return labels and types."""
        asked = self.geometries(params)
        every = list(dict.fromkeys(name for found in asked.values() for name in found))
        types = [name for name in DRAWN if name in asked]
        of_each = {label: [name for name in types if label in asked[name]] for label in every}
        only = {label: found for label, found in of_each.items() if found != types}
        bounds = {name: found for name in types if (found := self.bounds(params, name))}
        more = {"only": only, "bounds": bounds, "attributes": attributes.asked(params)}
        return {
            "question": question,
            "labels": every,
            "types": types,
            **{name: said for name, said in more.items() if said},
        }

    def bounds(self, params: Json, geometry: str) -> Json:
        """Return how large a shape of a geometry is at least, and how many corners it has."""
        return bounds_of(params["geometries"][geometry])

    def data(self, params: Json) -> Json:
        """Return the image."""
        return {"image": params["attachment"]}

    def left_out(self, params: Json) -> list[str]:
        """Return attributes and parts of geometries that nobody asks."""
        return [*attributes.left_out(params), *unread(params)]

    def predicted(self, params: Json) -> Json | None:
        """Return what a machine drew."""
        drawn = said_before(params).get("annotations")
        alone = next(iter(self.geometries(params)), "")
        shapes = [
            shape_of({"type": alone, **one}) | attributes.of(params, one.get("attributes")) for one in drawn or ()
        ]
        return {"shapes": shapes} if drawn else None

    def example(self, params: Json) -> Json:
        """Return one thing of each label."""
        asked, drawn = attributes.asked(params), one_of_each(self.geometries(params))["shapes"]
        return {"shapes": [attributes.example(asked, one) for one in drawn]}

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the shapes as annotations."""
        drawn = [
            {"uuid": mark(key, number), **told(one), "attributes": attributes.told(params, one)}
            for number, one in enumerate(values[0]["shapes"])
        ]
        return {"annotations": drawn, "global_attributes": {}, "links": [], "inlineComments": []}


def geometries_of(params: Json) -> dict[str, list[str]]:
    """Return the labels of each geometry that an order names."""
    found = params.get("geometries")
    return {
        name: labels(one.get("objects_to_annotate"))
        for name, one in (found.items() if isinstance(found, dict) else ())
        if isinstance(one, dict)
    }


def unread(params: Json) -> list[str]:
    """Return the parts of geometries that are no labels, and no bounds that a member reads."""
    found = params.get("geometries")
    return [
        f"{part[:60]} of {name[:60]}"
        for name, one in (found.items() if isinstance(found, dict) else ())
        for part, said in (one.items() if isinstance(one, dict) else ())
        if said and part not in READ and (isinstance(said, bool) or not isinstance(said, int | float | str))
    ]


def bounds_of(said: Json) -> Json:
    """Return bounds in the words of our form: of the interface's, those that are numbers or say one."""
    found = {name: number(said.get(theirs)) for theirs, name in BOUNDS.items()}
    return {name: bound for name, bound in found.items() if bound is not None}


def number(said: object) -> int | float | None:
    """Return a number above zero as a program says it, in digits or as a number; None for anything else."""
    if isinstance(said, bool) or not isinstance(said, int | float | str) or not NUMBER.fullmatch(str(said)):
        return None
    found = float(said)
    return int(found) if found.is_integer() else found


def one_of_each(geometries: dict[str, list[str]]) -> Json:
    """Return a drawing with one thing of each label."""
    return {
        "shapes": [
            {"type": kind, "label": label, **EXAMPLES[kind]} for kind, found in geometries.items() for label in found
        ]
    }


def told(shape: Json) -> Json:
    """Return a shape of ours in the interface's words: boxes by left and top, all others by their vertices."""
    kind, label = shape["type"], shape["label"]
    if kind == "box":
        place = {"left": shape["x"], "top": shape["y"], "width": shape["width"], "height": shape["height"]}
    elif kind == "point":
        place = {"x": shape["x"], "y": shape["y"]}
    elif kind == "cuboid":
        corners = zip(CORNERS, shape["points"], strict=True)
        place = {"vertices": [{"description": name, "type": "vertex", "x": x, "y": y} for name, (x, y) in corners]}
    else:
        place = {"vertices": list(_vertices(shape))}
    return {"type": kind, "label": label, **place, "attributes": {}}


def shape_of(one: Json) -> Json:
    """Return a shape of ours from the interface's words. Raise KeyError and the like where it is none."""
    found: Json = {"type": one["type"], "label": str(one["label"])}
    if one["type"] == "box" and "left" in one:
        return {**found, "x": one["left"], "y": one["top"], "width": one["width"], "height": one["height"]}
    if one["type"] == "point":
        return {**found, "x": one["x"], "y": one["y"]}
    corners = [[place["x"], place["y"]] for place in one["vertices"]]
    if one["type"] not in {"box", "ellipse"}:
        return {**found, "points": corners}
    (left, right), (top, bottom) = ((min(axis), max(axis)) for axis in zip(*corners, strict=True))
    return {**found, "x": left, "y": top, "width": right - left, "height": bottom - top}


def _vertices(shape: Json) -> Iterator[Json]:
    """Yield the corners; of an ellipse the four ends of its axes."""
    if shape["type"] == "ellipse":
        x, y, width, height = (shape[name] for name in ("x", "y", "width", "height"))
        ends = [(x + width / 2, y), (x + width, y + height / 2), (x + width / 2, y + height), (x, y + height / 2)]
    else:
        ends = [(x, y) for x, y in shape["points"]]
    yield from ({"x": x, "y": y} for x, y in ends)


class OneGeometry(ImageAnnotation):
    """An older kind: one geometry, its labels under `objects_to_annotate`."""

    asking = "objects_to_annotate"
    parts = ("objects_to_annotate", "with_labels", "min_vertices", "max_vertices", "annotation_attributes")

    def __init__(self, name: str, geometry: str) -> None:
        """Draw this geometry under this name."""
        self.names, self.geometry = (name,), geometry  # type: ignore[misc]  # one class, a name for each object

    def geometries(self, params: Json) -> dict[str, list[str]]:
        """Return the labels of the one geometry."""
        return {self.geometry: labels(params.get("objects_to_annotate"))}

    def bounds(self, params: Json, geometry: str) -> Json:
        """Return the bounds, which stand with the labels."""
        return bounds_of(params)

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the shapes without their type, and without labels where none were asked for."""
        found = super().response(params, values, key)["annotations"]
        left_out = {"type"} if params.get("with_labels") else {"type", "label"}
        return {"annotations": [{name: one[name] for name in one if name not in left_out} for one in found]}


class Document(Kind):
    """Texts on a page: each block or word with its place, and what it says."""

    names = ("documenttranscription",)
    needs = ("features",)
    about = ("attachment", "attachments")
    parts = ("geometry",)
    unasked = (*SAID_BEFORE, "annotation_attributes")

    def wrong(self, params: Json) -> str:
        """Ask for a page, and for features."""
        if not (params.get("attachment") or params.get("attachments")):
            return "Missing required parameter: attachment"
        return super().wrong(params)

    def features(self, params: Json) -> dict[str, str]:
        """Return what is looked for, each with its type: text or block."""
        found = {name: one.get("type") or "text" for one in _objects(params["features"]) for name in labels([one])}
        return found or {"text": "text"}

    def geometry(self, params: Json) -> str:
        """Return what is drawn round a text."""
        return "polygon" if params.get("geometry") == "polygon" else "box"

    def shape(self, params: Json) -> str:
        """Return image for texts and blocks of one page."""
        held = {one.get("type") or "text" for one in _objects(params["features"])} <= {"text", "block"}
        return "image" if held and len(_pages(params)) == 1 else ""

    def unheld(self, params: Json) -> str:
        """Say what is asked for instead."""
        if len(_pages(params)) > 1:
            return "Members see one page at a time: order each as a task of its own, with `attachment`."
        return "Members write what stands in each text and block, and put no groups together: leave those features out."

    def left_out(self, params: Json) -> list[str]:
        """Return the flags of features, which no member is asked for."""
        return ["flags"] if any(one.get("flags") for one in _objects(params["features"])) else []

    def form(self, params: Json, question: str) -> Json:
        """Return the features as labels; each place has its text."""
        return {
            "question": question, "labels": [*self.features(params)], "types": [self.geometry(params)], "words": True,
        }  # fmt: skip

    def data(self, params: Json) -> Json:
        """Return the page."""
        return {"image": _pages(params)[0]}

    def example(self, params: Json) -> Json:
        """Return one text for each feature."""
        kind = self.geometry(params)
        drawn = one_of_each({kind: [*self.features(params)]})["shapes"]
        return {"shapes": [{**one, "words": "Example"} for one in drawn]}

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the blocks with page, place and text."""
        types = self.features(params)
        return {
            "annotations": [
                {"id": mark(key, number), "page": 0, "type": types.get(one["label"], "text"), "label": one["label"],
                 "geometry": _place(told(one)), "transcription": one["words"], "children": []}
                for number, one in enumerate(values[0]["shapes"])
            ]
        }  # fmt: skip


def _objects(found: object) -> list[Json]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _pages(params: Json) -> list[str]:
    """Return the addresses of an order's pages."""
    said = params.get("attachments") if isinstance(params.get("attachments"), list) else []
    return [params["attachment"]] if params.get("attachment") else said or []


def _place(drawn: Json) -> Json:
    return {name: part for name, part in drawn.items() if name in {"left", "top", "width", "height", "vertices"}}


KINDS = (
    ImageAnnotation(),
    *(
        OneGeometry(name, geometry)
        for name, geometry in {
            "annotation": "box", "polygonannotation": "polygon", "lineannotation": "line", "pointannotation": "point",
            "cuboidannotation": "cuboid", "laneannotation": "line",
        }.items()
    ),
    Document(),
)  # fmt: skip
