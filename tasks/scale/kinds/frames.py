"""What is annotated frame by frame: videos and point clouds. The response is the address of a file."""

import uuid
from collections.abc import Sequence
from typing import ClassVar

from tasks.scale.kinds.drawing import GEOMETRIES, geometries_of, one_of_each, told
from tasks.scale.kinds.kind import Json, Kind, labels, mark


class Frames(Kind):
    """A kind whose response is told in a file: `content` makes what the file holds."""

    def wrong(self, params: Json) -> str:
        """Ask for frames."""
        if not (params.get("attachments") or params.get("attachment")):
            return "Missing required parameter: attachments"
        return super().wrong(params)

    def count(self, params: Json) -> int:
        """Return how many frames there are; one for what is no list."""
        found = params.get("attachments")
        return len(found) if isinstance(found, list) else 1

    def content(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> object:
        """Return what the file of the response holds."""
        raise NotImplementedError

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the content; whoever tells it puts the address of its file in its place."""
        return {"annotations": {"content": self.content(params, values, key)}}


class Video(Frames):
    """Shapes over the frames of a video."""

    names: ClassVar[tuple[str, ...]] = ("videoannotation", "videoboxannotation", "federal2dvideoannotation")

    def wrong(self, params: Json) -> str:
        """Ask for geometries or labels."""
        said = super().wrong(params)
        return said or ("" if self.geometries(params) else "Missing required parameter: geometries")

    def geometries(self, params: Json) -> dict[str, list[str]]:
        """Return the labels of each geometry; of the older kind, those of boxes."""
        known = {name: found for name, found in geometries_of(params).items() if name in GEOMETRIES}
        old = labels(params.get("objects_to_annotate") or params.get("labels"))
        return known or ({"box": old} if old else {})

    def example(self, params: Json) -> Json:
        """Return one thing of each label, standing still."""
        return one_of_each(self.geometries(params))

    def content(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> object:
        """Return the annotations of each frame."""
        drawn = [{"uuid": mark(key, number), **told(one)} for number, one in enumerate(values[0]["shapes"])]
        return [{"annotations": drawn, "global_attributes": {}} for _frame in range(self.count(params))]


class VideoPlayback(Video):
    """Boxes over a video, by the moments at which they change."""

    names = ("videoplaybackannotation",)

    def content(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> object:
        """Return each thing with its frames."""
        boxes = [one for one in values[0]["shapes"] if one["type"] == "box"]
        places = [{name: one[name] for name in ("x", "y", "width", "height")} for one in boxes]
        return {
            "annotations": {
                mark(key, number): {
                    "label": one["label"], "geometry": "box", "frames": [{"key": 0, **places[number], "attributes": {}}]
                }
                for number, one in enumerate(boxes)
            }
        }  # fmt: skip


class Lidar(Frames):
    """Cuboids in point clouds that follow each other."""

    unasked = ("annotation_attributes", "links", "base_annotations", "hypothesis")

    names: ClassVar[tuple[str, ...]] = ("lidarannotation", "sensorfusion", "videocuboidannotation")
    needs = ("labels",)

    def shape(self, params: Json) -> str:
        """Return cuboids."""
        return "cuboids"

    def form(self, params: Json, question: str) -> Json:
        """Return the labels."""
        return {"question": question, "labels": labels(params["labels"])}

    def data(self, params: Json) -> Json:
        """Return the clouds."""
        return {"cloud": params.get("attachments") or params.get("attachment")}

    def example(self, params: Json) -> Json:
        """Return a cuboid of each label, in the first frame."""
        return {
            "cuboids": [
                {"id": f"{number}", "label": label, "center": [10 * number, 0, 1], "size": [4, 2, 1.5], "yaw": 0,
                 "frame": 0}
                for number, label in enumerate(labels(params["labels"]), 1)
            ]
        }  # fmt: skip

    def content(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> object:
        """Return the cuboids of each frame; what is one thing keeps its id over frames."""
        found = values[0]["cuboids"]
        return [
            {"cuboids": [_cuboid(one, key) for one in found if one.get("frame", 0) == frame]}
            for frame in range(self.count(params))
        ]


def _cuboid(one: Json, key: uuid.UUID) -> Json:
    axes = ("x", "y", "z")
    return {
        "uuid": str(uuid.uuid5(key, str(one["id"]))), "label": one["label"],
        "position": dict(zip(axes, one["center"], strict=True)),
        "dimensions": dict(zip(axes, one["size"], strict=True)),
        "yaw": one["yaw"], "attributes": {},
    }  # fmt: skip


class LidarLabels(Lidar):
    """Kinds of point clouds that no shape of ours asks for yet."""

    names = ("lidarsegmentation", "lidarlinking", "lidartopdown")

    def shape(self, params: Json) -> str:
        """Return nothing."""
        return ""


KINDS = (Video(), VideoPlayback(), Lidar(), LidarLabels())
