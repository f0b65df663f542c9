"""Shapes on an image and segments of a recording: what is inside, whole and in order, and what is not."""

import json
from itertools import pairwise
from time import process_time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop.refusals import Refused
from tasks import shapes
from tasks.shapes import media, plane

FILES = {
    "a.png": {"kind": "image", "address": "/a", "small": "/b", "facts": {"width": 100, "height": 50}},
    "a.wav": {"kind": "sound", "address": "/c", "small": "", "facts": {"seconds": 2.0, "peaks": [1, 2]}},
}
TYPES = ["box", "polygon", "point", "ellipse", "line"]
IMAGE = shapes.Question.of(
    "image", {"question": "?", "labels": ["car"], "types": TYPES}, {"image": "a.png", media.FILES: FILES}
)
WORDS = shapes.Question.of(
    "image",
    {"question": "?", "labels": ["car"], "types": ["box"], "words": True},
    {"image": "a.png", media.FILES: FILES},
)
SOUND = shapes.Question.of(
    "segments", {"question": "?", "labels": ["a"], "words": True}, {"audio": "a.wav", media.FILES: FILES}
)


def box(x: float, y: float, width: float, height: float, **more: Any) -> dict[str, Any]:
    """Return a box."""
    return {"type": "box", "label": "car", "x": x, "y": y, "width": width, "height": height, **more}


def polygon(*points: tuple[float, float]) -> dict[str, Any]:
    """Return a polygon."""
    return {"type": "polygon", "label": "car", "points": [list(place) for place in points]}


def line(*points: tuple[float, float]) -> dict[str, Any]:
    """Return a line."""
    return polygon(*points) | {"type": "line"}


@pytest.mark.parametrize("shape", [
    box(0, 0, 100, 50), box(99, 49, 1, 1), box(0.5, 0.5, 1.5, 1), {**box(0, 0, 5, 5), "type": "ellipse"},
    {"type": "point", "label": "car", "x": 100, "y": 50}, polygon((0, 0), (100, 0), (100, 50)),
    polygon((0, 0), (10, 0), (10, 10), (5, 5), (0, 10)), line((0, 0), (100, 50)),
    line((0, 0), (10, 10), (10, 0), (0, 10)),
])  # fmt: skip
def test_what_is_inside_is_taken(shape: dict[str, Any]) -> None:
    assert IMAGE.problems({"shapes": [shape]}) == []


@pytest.mark.parametrize(("shape", "words"), [
    (box(0, 0, 101, 50), "leaves the picture"), (box(-1, 0, 5, 5), "leaves the picture"),
    (box(96, 0, 5, 5), "leaves the picture"), (box(0, 46, 5, 5), "leaves the picture"),
    (box(5, 5, -3, 5), "narrower"), (box(5, 5, 5, 0.5), "narrower"),
    ({"type": "box", "label": "car", "x": 1, "y": 1}, "numbers of its type"),
    ({**box(1, 1, 5, 5), "type": "point"}, "numbers of its type"),
    (box(1, 1, 5, 5, points=[[1, 1]]), "numbers of its type"),
    ({"type": "point", "label": "car", "x": 101, "y": 5}, "leaves the picture"),
    (polygon((0, 0), (10, 10)), "three corners"), (polygon((0, 0), (10, 10), (0, 0)), "three corners"),
    (polygon((0, 0), (10, 10), (10, 0), (0, 10)), "crosses itself"),
    (polygon((0, 0), (10, 0), (5, 0), (5, 10)), "crosses itself"),
    (polygon((0, 0), (10, 0), (10, 10), (5, 0), (0, 10)), "crosses itself"),
    (polygon((0, 0), (200, 0), (10, 10)), "leaves the picture"), (line((0, 0), (101, 0)), "leaves the picture"),
    (line((0, 0)), "two corners"), (line((5, 5), (5, 5)), "two corners"), (line(), "two corners"),
    ({"type": "line", "label": "car", "x": 1, "y": 1}, "numbers of its type"),
])  # fmt: skip
def test_what_leaves_the_image_or_is_no_shape_is_told_with_its_number(shape: dict[str, Any], words: str) -> None:
    (found,) = IMAGE.problems({"shapes": [box(1, 1, 5, 5), shape]})
    assert found.startswith("Shape 2")
    assert words in found


def as_sent(shape: Any) -> QueryDict:
    """Return what a page sends of a shape and a box beside it."""
    return QueryDict(urlencode({"value": json.dumps({"shapes": [shape, box(1, 1, 5, 5)]})}))


@pytest.mark.parametrize("shape", [
    {"label": "car"}, 7, {**box(1, 1, 5, 5), "x": "1"}, {**polygon(), "points": "1 2"}, box(1, 1, 5, 5, label=["car"]),
    box(1, 1, float("1e308") * 10, 5), box(1, 1, 10**400, 5), box(1, 1, 5, 5, label="\0"),
    box(1, 1, 5, 5, label="\ud800"),
])  # fmt: skip
def test_what_no_widget_writes_is_refused_whole_so_that_nothing_is_saved_over_a_drawing(shape: Any) -> None:
    assert IMAGE.problems({"shapes": [shape]})
    with pytest.raises(Refused, match="cannot be read") as refused:
        IMAGE.read(as_sent(shape))
    assert refused.value.refusal.status == 422


@pytest.mark.parametrize(("shape", "words"), [
    (box(1, 1, 5, 5, label="cat"), "shapes 1 label"), (box(1, 1, 5, 5, type="curve"), "shapes 1 type"),
    (box(1, 1, 1e300, 5), "shapes 1 width"), ({**polygon(), "points": [[1]]}, "shapes 1 points 1"),
    (polygon(*[(x / 10, x % 2) for x in range(501)]), "shapes 1 points"),
])  # fmt: skip
def test_what_is_too_much_is_kept_beside_the_rest_and_named(shape: Any, words: str) -> None:
    kept = IMAGE.read(as_sent(shape))
    assert kept == {"shapes": [shape, box(1, 1, 5, 5)]}
    assert f"“{words}”" in " ".join(IMAGE.problems(kept))
    assert IMAGE.shown(kept, 1)


def test_each_shape_says_what_is_written_there_where_words_are_asked_for() -> None:
    sign = box(1, 1, 5, 5, words="STOP")
    assert WORDS.problems({"shapes": [sign]}) == []
    for wrong in (box(1, 1, 5, 5), box(1, 1, 5, 5, words="  ")):
        (found,) = WORDS.problems({"shapes": [sign, wrong]})
        assert "Shape 2 does not say what is written there" in found
    assert WORDS.problems({"shapes": [box(1, 1, 5, 5, words="x" * 2001)]})
    assert WORDS.problems({"shapes": [box(1, 1, 5, 5, words=7)]})
    assert IMAGE.problems({"shapes": [sign]}), "only where they are asked for"
    sent = [("type", "box"), ("label", "car"), ("place", "1 1 5 5"), ("words", " STOP "), ("type", "box"),
            ("label", "car"), ("place", "2 2 5 5"), ("words", "")]  # fmt: skip
    assert WORDS.read(QueryDict(urlencode(sent))) == {"shapes": [sign, box(2, 2, 5, 5)]}
    assert IMAGE.read(QueryDict(urlencode(sent)))["shapes"][0] == box(1, 1, 5, 5)


def test_nothing_is_said_and_not_forgotten() -> None:
    assert IMAGE.problems({"shapes": []})
    assert IMAGE.problems({"shapes": [], "nothing": True}) == []
    assert IMAGE.problems({"shapes": [box(1, 1, 5, 5)], "nothing": True})


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 50)), min_size=3, max_size=8))
def test_whichever_corner_a_polygon_begins_at_and_whichever_way_it_goes_it_crosses_itself_or_not(
    places: list[tuple[int, int]],
) -> None:
    floats: list[plane.Place] = [(float(x), float(y)) for x, y in places]
    crosses = plane.crosses_itself(floats)
    assert plane.crosses_itself([*floats[1:], floats[0]]) == crosses
    assert plane.crosses_itself(floats[::-1]) == crosses


def meets(a: Any, b: Any, c: Any, d: Any) -> bool:
    """Tell by whole numbers, one pair at a time, whether two sides meet."""
    turns = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)]
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = zip(turns, ((a, b), (a, b), (c, d), (c, d)), (c, d, a, b), strict=True)
    return any(not bent and all(min(p) <= q <= max(p) for p, q in zip(zip(*side, strict=True), place, strict=True))
               for bent, side, place in ends)  # fmt: skip


def turn(a: Any, b: Any, c: Any) -> int:
    return int((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=8))
def test_a_polygon_crosses_itself_where_two_sides_meet_that_do_not_follow_each_other(
    places: list[tuple[int, int]],
) -> None:
    sides = list(pairwise([*places, places[0]]))
    found = any(
        meets(*one, *other) for i, one in enumerate(sides) for j, other in enumerate(sides)
        if 1 < j - i < len(sides) - 1
    )  # fmt: skip
    assert plane.crosses_itself([(float(x), float(y)) for x, y in places]) == found


def test_the_largest_drawing_whose_sides_all_lie_beside_each_other_is_looked_at_in_a_moment() -> None:
    teeth = [(4 * n + side * 999, n + side * 999) for n in range(248) for side in ((0, 1) if n % 2 else (1, 0))]
    drawing = {"shapes": [polygon(*teeth, (1000, 1400))] * 40}
    large = {"large.png": FILES["a.png"] | {"facts": {"width": 4000, "height": 4000}}}
    form = {"question": "?", "labels": ["car"], "types": TYPES}
    asked = shapes.Question.of("image", form, {"image": "large.png", media.FILES: large})
    began = process_time()
    assert asked.problems(drawing) == []
    assert process_time() - began < 2


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, 99), st.integers(0, 49), st.integers(1, 100), st.integers(1, 50))
def test_a_line_of_numbers_says_the_shape(x: int, y: int, width: int, height: int) -> None:
    shape = box(x, y, width, height)
    assert plane.read("box", "car", plane.line(shape)) == shape
    lane = line((x, y), (width, height))
    assert plane.read("line", "car", plane.line(lane)) == lane


@pytest.mark.parametrize(("segment", "words"), [
    ({"from": 1, "to": 1}, "before it begins"), ({"from": 1.5, "to": 1}, "before it begins"),
    ({"from": 1, "to": 2.1}, "after the recording"), ({"from": 0, "to": 1, "words": " "}, "needs its words"),
])  # fmt: skip
def test_a_segment_lies_in_its_recording(segment: dict[str, Any], words: str) -> None:
    good = {"from": 0, "to": 2, "label": "a", "words": "yes"}
    assert SOUND.problems({"segments": [good, {**good, "from": 0.5}]}) == []
    (found,) = SOUND.problems({"segments": [good, {**good, **segment}]})
    assert found.startswith("Segment 2")
    assert words in found


@pytest.mark.parametrize("segment", [
    {"from": -1, "to": 1, "label": "a"}, {"from": 0, "to": 1, "label": "b"}, {"from": "0", "to": 1, "label": "a"}, None,
])  # fmt: skip
def test_a_segment_of_other_things_is_refused(segment: Any) -> None:
    assert SOUND.problems({"segments": [segment]})


def test_a_transcription_has_words_or_says_that_there_are_none() -> None:
    words = shapes.Question.of("transcription", {"question": "?"}, {"audio": "a.wav", media.FILES: FILES})
    assert words.problems({"text": " "})
    assert words.problems({"text": "", "nothing": True}) == []
    assert words.problems({"text": "yes", "nothing": True})
    assert words.problems({"text": "yes"}) == []
