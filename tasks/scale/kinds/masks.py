"""Segmentation: a mask for each label, or for each thing of a label, made of the polygons that members draw."""

import io
import uuid
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw

from tasks.scale.kinds.drawing import EXAMPLES
from tasks.scale.kinds.kind import SAID_BEFORE, Json, Kind, labels

UNLABELED = "0"
# As large as the example's polygons, where no picture was fetched.
SMALL = (50, 50)
# Colours of the combined picture, by a label's number; none is black, which is no label.
STEP = (67, 113, 191)

# What tells parts of one thing from other things of its label.
THING: Json = {
    "name": "thing", "type": "number", "whole": True, "least": 1, "most": 200, "optional": True,
    "about": "Only where one thing lies in several parts: a number that is the same for all of them",
}  # fmt: skip
# Labels and at most 200 things have numbers that a byte holds.
MOST_LABELS = 55

type Size = tuple[int, int]


class Segmentation(Kind):
    """Every pixel of an image has the label of the last polygon on it, or none."""

    names = ("segmentannotation",)
    needs = ("attachment", "labels")
    about = ("attachment",)
    parts = ("allow_unlabeled",)
    unasked = (*SAID_BEFORE, "annotation_attributes")

    def wrong(self, params: Json) -> str:
        """Ask for labels, and where things are told apart for so few that a byte holds the number of each."""
        if said := super().wrong(params):
            return said
        many = single(params["labels"]) and len(labels(params["labels"])) > MOST_LABELS
        return f"With instance_label there are at most {MOST_LABELS} labels" if many else ""

    def shape(self, params: Json) -> str:
        """Return image where pixels may stay without a label."""
        return "image" if params.get("allow_unlabeled") else ""

    def unheld(self, params: Json) -> str:
        """Say what members draw."""
        return "Members draw polygons, and some pixels stay bare: order with allow_unlabeled."

    def form(self, params: Json, question: str) -> Json:
        """Return the labels, for polygons; of things told apart, which parts are one."""
        every = labels(params["labels"])
        asked = {"question": question, "labels": every, "types": ["polygon"]}
        alone = [name for name in every if name in single(params["labels"])]
        return {**asked, "attributes": [{**THING, "labels": alone}]} if alone else asked

    def data(self, params: Json) -> Json:
        """Return the image."""
        return {"image": params["attachment"]}

    def example(self, params: Json) -> Json:
        """Return a polygon of each label."""
        asked = labels(params["labels"])
        return {"shapes": [{"type": "polygon", "label": label, **EXAMPLES["polygon"]} for label in asked]}

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the names of the masks, and the numbers in them; whoever tells it makes addresses, and counts pixels.

        Of a label whose things are told apart both are lists.
        """
        own = _own(params, values[0]["shapes"])
        return {
            "annotations": {
                "combined": {"image": "combined", "indexedImage": "indexed"},
                "labeled": {name: [*map(str, no)] if isinstance(no, list) else str(no) for name, no in own.items()},
                "unlabeled": UNLABELED,
            },
            "labelMapping": {
                name: [{"index": one} for one in no] if isinstance(no, list) else {"index": no}
                for name, no in own.items()
            },
        }


def _own(params: Json, shapes: Sequence[Json]) -> dict[str, int | list[int]]:
    """Return the number of each label in the masks, or of those whose things are told apart the numbers of these."""
    drawn, alone = numbered(params, shapes), single(params["labels"])
    return {
        name: list(dict.fromkeys(of for of, one in drawn if one["label"] == name)) if name in alone else number
        for number, name in enumerate(labels(params["labels"]), 1)
    }


def counted(mapped: Json, params: Json, value: Json, size: Size) -> Json:
    """Return a mapping of labels in which each thing says how many pixels of the picture are seen of it."""
    pixels = _indexed(numbered(params, value["shapes"]), size).histogram()
    return {
        name: [{**one, "numPixels": pixels[one["index"]]} for one in own] if isinstance(own, list) else own
        for name, own in mapped.items()
    }


def single(found: Any) -> set[str]:  # noqa: ANN401 - whatever a program sent
    """Return the labels of which each thing has a mask of its own: those that say `instance_label`, and all in them."""
    said = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    alone = {name for one in said if one.get("instance_label") for name in labels([one])}
    return alone.union(*(single(one.get("subchoices") or one.get("children")) for one in said))


def numbered(params: Json, shapes: Sequence[Json]) -> list[tuple[int, Json]]:
    """Return the shapes, each with its number in the masks: its label's, or where things are told apart its thing's.

    Those come after the labels, in the order in which they were drawn; parts that say the same thing are one.
    """
    names, alone = labels(params["labels"]), single(params["labels"])
    things: dict[tuple[str, object], int] = {}
    found = []
    for place, one in enumerate(shapes):
        thing = one["label"], one.get("attributes", {}).get(THING["name"]) or f"by itself {place}"
        own = names.index(one["label"]) + 1
        number = things.setdefault(thing, len(names) + len(things) + 1) if one["label"] in alone else own
        found.append((number, one))
    return found


def _indexed(drawn: Sequence[tuple[int, Json]], size: Size) -> Image.Image:
    """Return the picture whose every pixel is the number of the last shape on it, 0 where there is none."""
    indexed = Image.new("L", size)
    pen = ImageDraw.Draw(indexed)
    for number, one in drawn:
        pen.polygon([(x, y) for x, y in one["points"]], fill=number)
    return indexed


def png(params: Json, value: Json, part: str, size: Size) -> bytes:
    """Return a mask as PNG: of a number (255 where it is), `indexed` by numbers, `combined` in colours."""
    indexed = _indexed(numbered(params, value["shapes"]), size)
    if part == "combined":
        indexed.putpalette([number * step % 255 + bool(number) for number in range(256) for step in STEP])
    elif part != "indexed":
        wanted = int(part)
        indexed = indexed.point([255 * (number == wanted) for number in range(256)])
    out = io.BytesIO()
    (indexed.convert("RGB") if part == "combined" else indexed).save(out, "PNG")
    return out.getvalue()


KINDS = (Segmentation(),)
