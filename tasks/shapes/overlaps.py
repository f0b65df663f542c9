"""How far two marks of different answers are one thing: their intersection over their union, from 0 to 1.

In square pixels, seconds, square pixels over frames, cubic metres over frames. Below a half they are two things, and so
are marks with different labels: 0.
"""

import math
from collections.abc import Callable, Sequence

from shapely import affinity
from shapely.geometry import Polygon, box

from tasks.shapes import tracks
from tasks.shapes.shape import Json

SAME = 0.5
# Of all answers to a task together: beyond it they are not merged, as comparing each with each would take minutes.
MOST_CORNERS, MOST_TRACKS, MOST_CUBOIDS = 6_000, 150, 900
# Sides of the polygon that stands for an ellipse: its area is right to a hundredth.
SIDES = 32


def areas(one: Json, other: Json) -> float:
    """Return it of two boxes, polygons or ellipses on an image; 0 for two of different types."""
    if (one["label"], one["type"]) != (other["label"], other["type"]):
        return 0
    if not _of_boxes(_around(one), _around(other)):
        return 0
    return _from_same(_of_areas(_area(one), _area(other)))


def stretches(one: Json, other: Json) -> float:
    """Return it of two segments of a recording; what is heard in another channel is another."""
    if (one["label"], one.get("channel")) != (other["label"], other.get("channel")):
        return 0
    both = _shared((one["from"], one["to"]), (other["from"], other["to"]))
    return _from_same(both / (one["to"] - one["from"] + other["to"] - other["from"] - both))


def boxes_over_time(answers: Sequence[Sequence[Json]]) -> list[list[Json]]:
    """Return the tracks of answers as `moving` compares them: each with where it is in each frame, worked out once.

    What nobody ended is there to the last frame that any of them speaks of.
    """
    last = max((max(one.get("until", 0), one["keys"][-1]["frame"]) for found in answers for one in found), default=0)
    return [[{"label": one["label"], "mark": one, "at": _seen(one, last)} for one in found] for found in answers]


def _seen(track: Json, last: int) -> dict[int, Json]:
    return {frame: at for frame in range(last + 1) if (at := tracks.box(track, frame))}


def things_over_time(cuboids: Sequence[Json]) -> list[Json]:
    """Return things as `moving` compares them: each with its cuboids, and the ground that they stand on."""
    things: dict[str, Json] = {}
    for one in cuboids:
        thing = things.setdefault(one["id"], {"label": one["label"], "mark": [], "at": {}})
        thing["mark"].append(one)
        thing["at"][one.get("frame", 0)] = one | {"floor": _floor(one)}
    return list(things.values())


def moving(one: Json, other: Json) -> float:
    """Return it of two tracks or two things: the mean over all frames in which either is."""
    first, second = one["at"], other["at"]
    frames = first.keys() | second.keys()
    if one["label"] != other["label"] or not frames:
        return 0
    share = _of_cuboids if "floor" in next(iter(first.values())) else _of_boxes
    return _from_same(sum(share(first[at], second[at]) for at in first.keys() & second.keys()) / len(frames))


def closest(group: Sequence[Json], closeness: Callable[[Json, Json], float]) -> Json:
    """Return the mark that is closest to the others of its group, the first of those: what stands for all of them."""
    return max(group, key=lambda one: sum(closeness(one, other) for other in group))


def _from_same(share: float) -> float:
    return share if share >= SAME else 0


def _around(shape: Json) -> Json:
    """Return the box around a shape: whether those of two meet costs next to nothing."""
    if shape["type"] != "polygon":
        return shape
    across, down = zip(*shape["points"], strict=True)
    left, top = min(across), min(down)
    return {"x": left, "y": top, "width": max(across) - left, "height": max(down) - top}


def _area(shape: Json) -> Polygon:
    if shape["type"] == "polygon":
        drawn = Polygon(shape["points"])
        # One that crosses itself covers nothing; no answer that was handed in does.
        return drawn if drawn.is_valid else Polygon()
    x, y, width, height = (shape[name] for name in ("x", "y", "width", "height"))
    if shape["type"] == "box":
        return box(x, y, x + width, y + height)
    turns = [math.tau * side / SIDES for side in range(SIDES)]
    return Polygon([(x + width * (1 + math.cos(t)) / 2, y + height * (1 + math.sin(t)) / 2) for t in turns])


def _of_areas(one: Polygon, other: Polygon) -> float:
    # Never more than the smaller has of the larger, which costs nothing to know.
    smaller, larger = sorted((one.area, other.area))
    if smaller < SAME * larger or not one.intersects(other):
        return 0
    both: float = one.intersection(other).area
    return both / (smaller + larger - both)


def _of_boxes(one: Json, other: Json) -> float:
    across = _shared((one["x"], one["x"] + one["width"]), (other["x"], other["x"] + other["width"]))
    both = across * _shared((one["y"], one["y"] + one["height"]), (other["y"], other["y"] + other["height"]))
    union: float = one["width"] * one["height"] + other["width"] * other["height"] - both
    return both / union if union else 0


def _of_cuboids(one: Json, other: Json) -> float:
    up = _shared(_height(one), _height(other))
    # Farther apart than both reach, whichever way they are turned.
    apart = math.dist(one["center"][:2], other["center"][:2])
    if not up or apart >= (math.hypot(*one["size"][:2]) + math.hypot(*other["size"][:2])) / 2:
        return 0
    both: float = one["floor"].intersection(other["floor"]).area * up
    return both / (math.prod(one["size"]) + math.prod(other["size"]) - both)


def _floor(one: Json) -> Polygon:
    """Return the ground that a cuboid stands on, in metres."""
    (x, y, _z), (length, width, _height) = one["center"], one["size"]
    lies = box(x - length / 2, y - width / 2, x + length / 2, y + width / 2)
    turned: Polygon = affinity.rotate(lies, one["yaw"], origin=(x, y), use_radians=True)
    return turned


def _height(one: Json) -> tuple[float, float]:
    return one["center"][2] - one["size"][2] / 2, one["center"][2] + one["size"][2] / 2


def _shared(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
