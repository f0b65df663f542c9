"""Boxes over frames: where they are in between, what is refused, and the same in the page's script as on the server."""

import json
from typing import Any

import pytest

from tasks import shapes
from tasks.shapes import media, tracks
from tests.tasks.test_kinds import FILES

FORM = {"question": "Follow each car.", "labels": ["car", "lorry"]}
DATA = {"frames": ["a.png", "b.png", "c.png", "d.png", "e.png"]}
KNOWN = dict.fromkeys(DATA["frames"], FILES["000001.png"])


def key(frame: int, x: float = 0, y: float = 0, width: float = 10, height: float = 10) -> dict[str, Any]:
    return {"frame": frame, "x": x, "y": y, "width": width, "height": height}


def track(*keys: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "1", "label": "car", "keys": [*keys], **more}


def question() -> shapes.Question:
    return shapes.Question.of("frames", FORM, {**DATA, media.FILES: KNOWN})


def test_between_keys_a_box_goes_in_a_straight_line_and_stays_after_the_last() -> None:
    moving = track(key(1, 10, 20, 10, 10), key(3, 20, 40, 20, 11))
    assert tracks.box(moving, 0) is None
    assert tracks.box(moving, 1) == {"x": 10, "y": 20, "width": 10, "height": 10}
    assert tracks.box(moving, 2) == {"x": 15, "y": 30, "width": 15, "height": 10.5}
    assert tracks.box(moving, 3) == tracks.box(moving, 4) == {"x": 20, "y": 40, "width": 20, "height": 11}
    assert tracks.box({**moving, "until": 3}, 4) is None


def test_a_frame_shows_what_is_in_it() -> None:
    found = tracks.shapes([track(key(0), until=1), {**track(key(1, 5)), "id": "2"}], 1)
    assert [(one["id"], one["x"]) for one in found] == [("1", 0), ("2", 5)]
    assert [one["id"] for one in tracks.shapes([track(key(0), until=1)], 2)] == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([track(key(0)), track(key(1))], "Two boxes are called “1”"),
        ([track(key(2), key(1))], "not in their order"),
        ([track(key(1), key(1))], "not in their order"),
        ([track(key(5))], "a frame that there is not"),
        ([track(key(1), until=5)], "a frame that there is not"),
        ([track(key(1), key(3), until=2)], "ends before its last place"),
        ([track(key(1, 1240))], "Box “1” in frame 2 leaves the picture"),
        ([track(key(1, 0, 370))], "leaves the picture"),
        ([track(key(0, 0, 0, 0.5))], "narrower than a pixel"),
        ([], "Draw at least one box"),
        ([track()], "at least 1 entries"),
        ([track(key(-1))], "is at least 0"),
        ([{**track(key(0)), "label": "tram"}], "none of those"),
        ([{**track(key(0)), "id": ""}], "at least 1 characters"),
        ([{**track(key(0)), "speed": 1}], "not asked for"),
        ([{"id": "1", "label": "car"}], "is missing"),
    ],
)
def test_what_is_wrong_is_said(found: list[dict[str, Any]], words: str) -> None:
    assert words in " ".join(question().problems({"tracks": found}))


def test_nothing_to_draw_is_an_answer_and_boxes_beside_it_are_none() -> None:
    assert question().problems({"tracks": [], "nothing": True}) == []
    assert question().problems({"tracks": [track(key(0))], "nothing": True})


@pytest.mark.parametrize("frames", [["a.png"], ["a.png"] * 101, "", [1, 2], None], ids=str)
def test_a_task_has_two_to_a_hundred_frames(frames: Any) -> None:
    """One name is a video's: that an image is none is asked with the files (tests/tasks/test_videos_at_work.py)."""
    shape = shapes.find("frames")
    assert shape.data_problems(FORM, {"frames": frames})
    assert not shape.data_problems(FORM, {"frames": ["a.png"] * 100})


def test_the_region_of_a_video_ends_where_it_is_switched_off() -> None:
    shape, data = shapes.find("frames"), {**DATA, media.FILES: KNOWN}
    value = {"tracks": [track(key(0, 10), key(2, 30), until=2), {**track(key(1)), "id": "2"}]}
    one, other = shape.label_studio(FORM, data, value)
    assert [(step["frame"], step["enabled"]) for step in one["value"]["sequence"]] == [(1, True), (3, True), (4, False)]
    assert [step["frame"] for step in other["value"]["sequence"]] == [2]
    assert shape.from_label_studio(FORM, data, json.loads(json.dumps([one, other]))) == value
