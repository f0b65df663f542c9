"""Cuboids: those of the real scene are taken, and what lies outside, is none or changes over frames is told."""

from typing import Any

import numpy as np
import pytest

from tasks import shapes
from tasks.shapes import media
from tests.tasks import kitti
from tests.tasks.handing_in import real

FACTS = {"points": 9, "low": [-80, -60, -8], "high": [80, 60, 3], "scale": 0.01, "centre": [0, 0, 0]}
FILES = {name: {"kind": "cloud", "address": f"/{name}", "small": "", "facts": FACTS} for name in ("a.bin", "b.bin")}
FORM = {"question": "?", "labels": ["car", "truck", "cyclist"]}
GOOD = {"id": "1", "label": "car", "center": [10, 2, -1], "size": [4.2, 1.8, 1.6], "yaw": 0.1}


def problems(cuboids: list[Any], cloud: str | list[str] = "a.bin", **more: Any) -> list[str]:
    """Return what is wrong with cuboids in a cloud."""
    asked = shapes.Question.of("cuboids", FORM, {"cloud": cloud, media.FILES: FILES})
    return asked.problems({"cuboids": cuboids, **more})


def test_the_labels_of_the_real_scene_are_taken_and_hold_the_points_of_what_they_name() -> None:
    cuboids = kitti.cuboids()
    assert {one["label"] for one in cuboids} == {"car", "truck", "cyclist"}
    assert problems(cuboids) == []
    points = np.frombuffer(real(f"{kitti.SCENE}.bin"), dtype="<f4").reshape(-1, 4)
    held = {one["label"]: kitti.inside(points, one) for one in cuboids}
    assert all(count > 0 for count in held.values()), held
    aside = [{**one, "center": [one["center"][0], one["center"][1] + 6, one["center"][2] + 3]} for one in cuboids]
    assert sum(held.values()) > 5 * sum(kitti.inside(points, one) for one in aside)


@pytest.mark.parametrize(("change", "words"), [
    ({"size": [0, 1, 1]}, "above zero"), ({"size": [1, -1, 1]}, "above zero"), ({"size": [1, 1, 101]}, "100 metres"),
    ({"center": [81, 0, 0]}, "outside the cloud"), ({"center": [0, -61, 0]}, "outside"),
    ({"center": [0, 0, 3.1]}, "outside"), ({"yaw": 7}, "full turn"), ({"frame": 1}, "frame that there is not"),
])  # fmt: skip
def test_what_is_no_cuboid_of_this_cloud_is_told_with_its_number(change: dict[str, Any], words: str) -> None:
    (found,) = problems([GOOD, {**GOOD, "id": "2", **change}])
    assert words in found
    assert "2" in found


@pytest.mark.parametrize("change", [
    {"label": "cat"}, {"center": [1, 2]}, {"size": ["1", 1, 1]}, {"yaw": None}, {"id": ""}, {"more": 1}, {"frame": -1},
])  # fmt: skip
def test_what_no_widget_writes_is_refused(change: dict[str, Any]) -> None:
    assert problems([{**GOOD, **change}])


def test_an_id_stands_once_in_a_frame_and_keeps_its_label_and_size_over_frames() -> None:
    later = {**GOOD, "frame": 1, "center": [12, 2, -1], "yaw": 0.2}
    both = ["a.bin", "b.bin"]
    assert problems([GOOD, later], both) == []
    assert "Two cuboids" in problems([GOOD, GOOD])[0]
    assert "same label and size" in problems([GOOD, {**later, "label": "truck"}], both)[0]
    assert "same label and size" in problems([GOOD, {**later, "size": [4.2, 1.8, 1.7]}], both)[0]
    assert problems([GOOD, {**later, "id": "2", "label": "truck"}], both) == []


def test_nothing_is_said_and_not_forgotten() -> None:
    assert problems([])
    assert problems([], nothing=True) == []
    assert problems([GOOD], nothing=True)
