"""Segmentation: a mask for each label, made of the polygons that members draw."""

import io
import uuid
from collections.abc import Sequence

from PIL import Image, ImageDraw

from tasks.scale.kinds.drawing import EXAMPLES
from tasks.scale.kinds.kind import SAID_BEFORE, Json, Kind, labels

UNLABELED = "0"
# As large as the example's polygons, where no picture was fetched.
SMALL = (50, 50)
# Colours of the combined picture, by a label's number; none is black, which is no label.
STEP = (67, 113, 191)

type Size = tuple[int, int]


class Segmentation(Kind):
    """Every pixel of an image has the label of the last polygon on it, or none."""

    names = ("segmentannotation",)
    needs = ("attachment", "labels")
    unasked = (*SAID_BEFORE, "annotation_attributes")

    def shape(self, params: Json) -> str:
        """Return image where pixels may stay without a label and no single things are told apart."""
        alone = any(isinstance(one, dict) and one.get("instance_label") for one in params["labels"])
        return "image" if params.get("allow_unlabeled") and not alone else ""

    def unheld(self, params: Json) -> str:
        """Say what members draw."""
        return (
            "Members draw polygons, and some pixels stay bare: order with allow_unlabeled and without instance_label."
        )

    def form(self, params: Json, question: str) -> Json:
        """Return the labels, for polygons."""
        return {"question": question, "labels": labels(params["labels"]), "types": ["polygon"]}

    def data(self, params: Json) -> Json:
        """Return the image."""
        return {"image": params["attachment"]}

    def example(self, params: Json) -> Json:
        """Return a polygon of each label."""
        asked = labels(params["labels"])
        return {"shapes": [{"type": "polygon", "label": label, **EXAMPLES["polygon"]} for label in asked]}

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the names of the masks, and the number of each label in them; whoever tells it makes addresses."""
        asked = list(enumerate(labels(params["labels"]), 1))
        return {
            "annotations": {
                "combined": {"image": "combined", "indexedImage": "indexed"},
                "labeled": {name: str(number) for number, name in asked},
                "unlabeled": UNLABELED,
            },
            "labelMapping": {name: {"index": number} for number, name in asked},
        }


def png(params: Json, value: Json, part: str, size: Size) -> bytes:
    """Return a mask as PNG: of a label by its number (255 where it is), `indexed` by numbers, `combined` in colours."""
    indexed = Image.new("L", size)
    numbers = {name: number for number, name in enumerate(labels(params["labels"]), 1)}
    pen = ImageDraw.Draw(indexed)
    for one in value["shapes"]:
        pen.polygon([(x, y) for x, y in one["points"]], fill=numbers[one["label"]])
    if part == "combined":
        indexed.putpalette([number * step % 255 + bool(number) for number in range(256) for step in STEP])
    elif part != "indexed":
        wanted = int(part)
        indexed = indexed.point([255 * (number == wanted) for number in range(256)])
    out = io.BytesIO()
    (indexed.convert("RGB") if part == "combined" else indexed).save(out, "PNG")
    return out.getvalue()


KINDS = (Segmentation(),)
