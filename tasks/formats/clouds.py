"""Cuboids as KITTI tells them: one file of labels for each cloud, one for each task whose clouds follow each other.

Sources: Geiger et al., KITTI object and tracking devkits. Their places are a camera's: x to the right, y down, z ahead,
each thing's foot in place of its middle, turned about y. There is no camera here, so `calib/` says one that stands
where the lidar does; readers turn by it whatever they read, and come back to the cloud's own metres.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import count
from tempfile import TemporaryFile
from typing import IO

from tasks import releases
from tasks.formats import labels, zipped
from tasks.formats.zipped import Entry
from tasks.models import Release
from tasks.shapes import Json

CALIBRATION = (
    "".join(f"P{camera}: 1 0 0 0 0 1 0 0 0 0 1 0\n" for camera in range(4))
    + "R0_rect: 1 0 0 0 1 0 0 0 1\nTr_velo_to_cam: 0 -1 0 0 0 0 -1 0 1 0 0 0\nTr_imu_to_velo: 1 0 0 0 0 1 0 0 0 0 1 0\n"
)
# Nobody measured how much of a thing is hidden, and there is no picture that it takes a place in.
UNMEASURED, NO_PICTURE = "-1 -1", "-1 -1 -1 -1"


def kitti(release: Release) -> Iterator[bytes]:
    """Yield a ZIP: label_2/CLOUD.txt with its calib/CLOUD.txt, label_02/TASK.txt with ids, and which cloud is which."""
    return zipped.packed(_entries(release), at=release.asked_at)


def _entries(release: Release) -> Iterator[Entry]:
    numbers, found = count(), (item for item in releases.items(release) if item["result"] is not None)
    with TemporaryFile() as names:
        for task, one in enumerate(found):
            yield from _of_task(task, one, numbers, names)
        names.seek(0)
        yield "clouds.txt", names


def _of_task(task: int, one: Json, numbers: Iterator[int], names: IO[bytes]) -> Iterator[Entry]:
    """Yield a task's files, and note in `names` which of its clouds has which number."""
    cuboids, frames = one["result"]["cuboids"], _names(one["data"])
    for frame, (cloud, number) in enumerate(zip(frames, numbers, strict=False)):
        yield f"label_2/{number:06d}.txt", _lines(label(it) for it in cuboids if it.get("frame", 0) == frame)
        yield f"calib/{number:06d}.txt", [CALIBRATION.encode()]
        names.write(f"{number:06d} {task:04d} {frame} {cloud}\n".encode())
    if len(frames) > 1:
        yield f"label_02/{task:04d}.txt", _lines(_tracked(cuboids))


def _lines(texts: Iterable[str]) -> Iterator[bytes]:
    return (f"{text}\n".encode() for text in texts)


def _names(data: Json) -> list[str]:
    named = data["cloud"]
    return named if isinstance(named, list) else [named]


def _tracked(cuboids: list[Json]) -> Iterator[str]:
    """Yield the cuboids frame by frame, each id as a number of its own."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(one["id"] for one in cuboids))}
    for one in sorted(cuboids, key=lambda it: (it.get("frame", 0), numbers[it["id"]])):
        yield f"{one.get('frame', 0)} {numbers[one['id']]} {label(one)}"


def label(one: Json) -> str:
    """Return a cuboid as a line of KITTI: what it is, its height, width and length, its foot, its turn."""
    length, width, height = one["size"]
    right, down, ahead = -one["center"][1], -(one["center"][2] - height / 2), one["center"][0]
    turn = _within_a_turn(-one["yaw"] - math.pi / 2)
    seen_from = _within_a_turn(turn - math.atan2(right, ahead))
    numbers = " ".join(f"{number:.10g}" for number in (height, width, length, right, down, ahead, turn))
    return f"{labels.one_word(one['label'])} {UNMEASURED} {seen_from:.10g} {NO_PICTURE} {numbers}"


def _within_a_turn(angle: float) -> float:
    return math.remainder(angle, math.tau)
