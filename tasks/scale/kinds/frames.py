"""What is annotated frame by frame: videos and point clouds. The response is the address of a file."""

import uuid
from collections.abc import Sequence
from typing import ClassVar

from tasks.scale.kinds.drawing import EXAMPLES, GEOMETRIES, geometries_of, one_of_each, told, unread
from tasks.scale.kinds.kind import SAID_BEFORE, Json, Kind, labels, mark
from tasks.shapes import film, tracks
from tasks.shapes.frames import MOST_FRAMES

MOST_A_SECOND = 10


class Frames(Kind):
    """A kind whose response is told in a file: `content` makes what the file holds."""

    about = ("attachment", "attachments")

    def wrong(self, params: Json) -> str:
        """Ask for frames."""
        if not (params.get("attachments") or params.get("attachment")):
            return "Missing required parameter: attachments"
        return super().wrong(params)

    def count(self, params: Json) -> int:
        """Return how many frames there are; one for what is no list."""
        found = params.get("attachments")
        return len(found) if isinstance(found, list) else 1

    def types(self, params: Json) -> dict[str, str]:
        """Return nothing: frames are files, whatever they are called together."""
        return {}

    def content(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> object:
        """Return what the file of the response holds."""
        raise NotImplementedError

    def response(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> Json:
        """Return the content; whoever tells it puts the address of its file in its place."""
        return {"annotations": {"content": self.content(params, values, key)}}


class Video(Frames):
    """Shapes over the frames of a video. Members box what they see in frames: images, or cut out of one video here."""

    names: ClassVar[tuple[str, ...]] = ("videoannotation", "videoboxannotation", "federal2dvideoannotation")
    parts = ("geometries", "objects_to_annotate", "labels")
    unasked = ("annotation_attributes", "events_to_annotate", "links", *SAID_BEFORE)

    def wrong(self, params: Json) -> str:
        """Ask for geometries or labels."""
        said = super().wrong(params)
        return said or ("" if self.geometries(params) else "Missing required parameter: geometries")

    def geometries(self, params: Json) -> dict[str, list[str]]:
        """Return the labels of each geometry; of the older kind, those of boxes."""
        known = {name: found for name, found in geometries_of(params).items() if name in GEOMETRIES}
        old = labels(params.get("objects_to_annotate") or params.get("labels"))
        return known or ({"box": old} if old else {})

    def left_out(self, params: Json) -> list[str]:
        """Return parts of geometries that nobody asks."""
        return unread(params)

    def shape(self, params: Json) -> str:
        """Return frames, for boxes over two to a hundred images or a video as a file."""
        frames = params.get("attachments")
        several = isinstance(frames, list) and 1 < len(frames) <= MOST_FRAMES
        fits = several if not _film(params) else _every(params) is not None and not _part(params)
        return "frames" if fits and set(self.geometries(params)) == {"box"} else ""

    def unheld(self, params: Json) -> str:
        """Say what members take."""
        return (
            f"Members draw boxes over 2 to {MOST_FRAMES} frames: send them as images in attachments, in their order, or"
            " a video as attachment with attachment_type video and a frame_rate of 10, 2, 1, 0.5, 0.1 or none. A video"
            " is shown from its beginning to its end: cut it first, and send no start_time or duration_time."
        )

    def form(self, params: Json, question: str) -> Json:
        """Return the labels, and how often a video is shown."""
        every = _every(params) if _film(params) else 0
        return {"question": question, "labels": self.geometries(params)["box"], **({"every": every} if every else {})}

    def data(self, params: Json) -> Json:
        """Return the frames, or the video."""
        return {"frames": _film(params) or params.get("attachments")}

    def count(self, params: Json) -> int:
        """Return how many frames there are; of a video, as many as it was cut into."""
        return len(_seconds(params)) or super().count(params)

    def example(self, params: Json) -> Json:
        """Return one thing of each label, standing still: boxes over all frames, what is no box in each."""
        asked = self.geometries(params)
        boxes = [
            {"id": str(number), "label": label, "keys": [{"frame": 0, **EXAMPLES["box"]}]}
            for number, label in enumerate(asked.pop("box", []), 1)
        ]
        return {"tracks": boxes, **one_of_each(asked)}

    def content(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> object:
        """Return the annotations of each frame; what is one thing keeps its uuid over frames."""
        value = values[0]
        still = [{"uuid": mark(key, number), **told(one)} for number, one in enumerate(value.get("shapes", []))]
        return [
            {
                "annotations": [*_boxes(value["tracks"], frame, key), *still],
                "global_attributes": {},
                **_time(params, frame),
            }
            for frame in range(self.count(params))
        ]


def _film(params: Json) -> str:
    """Return where the video lies that an order sends as one file; nothing where it sends frames."""
    attached = params.get("attachment") or params.get("attachments")
    found = attached[0] if isinstance(attached, list) and len(attached) == 1 else attached
    return found if params.get("attachment_type") == "video" and isinstance(found, str) else ""


def _every(params: Json) -> float | None:
    """Return the seconds between the frames of a video, 0 where nothing is said of it; None for what is no step."""
    rate = params.get("frame_rate")
    if rate is None:
        return 0
    known = type(rate) in {int, float} and 0 < rate <= MOST_A_SECOND
    return next((step for step in film.EVERY if known and rate * step == 1), None)


def _part(params: Json) -> bool:
    """Tell whether an order asks for a part of a video."""
    return bool(params.get("start_time") or params.get("duration_time"))


def _seconds(params: Json) -> list[float]:
    """Return at which second of a video each of its frames is; nothing of images."""
    found = params.get(film.MOMENTS) or {}
    return list(found.get("seconds", []))


def _time(params: Json, frame: int) -> Json:
    seconds = _seconds(params)
    return {"timestamp_secs": seconds[frame]} if seconds else {}


def _boxes(drawn: Sequence[Json], frame: int, key: uuid.UUID) -> list[Json]:
    return [{"uuid": _uuid(one, key), **told(one)} for one in tracks.shapes(drawn, frame)]


def _uuid(one: Json, key: uuid.UUID) -> str:
    return str(uuid.uuid5(key, str(one["id"])))


class VideoPlayback(Video):
    """Boxes over a video, by the frames at which they change."""

    names = ("videoplaybackannotation",)

    def content(self, params: Json, values: Sequence[Json], key: uuid.UUID) -> object:
        """Return each thing with the frames in which somebody set it."""
        return {
            "annotations": {
                _uuid(one, key): {"label": one["label"], "geometry": "box", "frames": _set(params, one["keys"])}
                for one in values[0]["tracks"]
            }
        }


def _set(params: Json, keys: Sequence[Json]) -> list[Json]:
    return [
        {"key": one["frame"], **{name: one[name] for name in tracks.NUMBERS}, "attributes": {},
         **_time(params, one["frame"])}
        for one in keys
    ]  # fmt: skip


class Lidar(Frames):
    """Cuboids in point clouds that follow each other."""

    unasked = ("annotation_attributes", "links", *SAID_BEFORE)
    reads = frozenset({".json"})

    names: ClassVar[tuple[str, ...]] = ("lidarannotation", "sensorfusion")
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
        "uuid": _uuid(one, key), "label": one["label"],
        "position": dict(zip(axes, one["center"], strict=True)),
        "dimensions": dict(zip(axes, one["size"], strict=True)),
        "yaw": one["yaw"], "attributes": {},
    }  # fmt: skip


class LidarLabels(Lidar):
    """Kinds of point clouds that no shape of ours asks for yet."""

    names: ClassVar[tuple[str, ...]] = ("lidarsegmentation", "lidarlinking", "lidartopdown")

    def shape(self, params: Json) -> str:
        """Return nothing."""
        return ""

    def unheld(self, params: Json) -> str:
        """Say what members do with clouds."""
        return "Members draw cuboids in point clouds: order lidarannotation."


class VideoCuboids(LidarLabels):
    """Cuboids over what cameras saw, where no cloud is sent."""

    names = ("videocuboidannotation",)

    def unheld(self, params: Json) -> str:
        """Say what is drawn in videos, and what in clouds."""
        return (
            "Members draw boxes over the frames of videos and cuboids in point clouds: order videoannotation or"
            " lidarannotation."
        )


KINDS = (Video(), VideoPlayback(), Lidar(), LidarLabels(), VideoCuboids())
