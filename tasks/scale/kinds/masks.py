"""Segmentation: a mask for each label."""

import uuid
from collections.abc import Sequence

from tasks.scale.kinds.kind import Json, Kind, labels


class Segmentation(Kind):
    """Every pixel of an image has a label, or none where `allow_unlabeled`."""

    names = ("segmentannotation",)
    needs = ("attachment", "labels")

    def unheld(self, params: Json) -> str:
        """Say what is asked for instead."""
        return "Members draw polygons and no masks: order imageannotation with the geometry polygon."

    def example(self, params: Json) -> Json:
        """Return the labels."""
        return {"labels": labels(params["labels"])}

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return where the masks lie, and the number of each label in them."""
        at, named = f"scaledata://{key.hex}", values[0]["labels"]
        return {
            "annotations": {
                "combined": {"image": f"{at}/combined.png", "indexedImage": f"{at}/indexed.png"},
                "labeled": {name: f"{at}/{number}.png" for number, name in enumerate(named, 1)},
                "unlabeled": f"{at}/0.png",
            },
            "labelMapping": {name: {"index": number} for number, name in enumerate(named, 1)},
        }


KINDS = (Segmentation(),)
