"""What several drawings come to: the things that more than half of the answers have, if they cover each other."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop import clock
from coop.people.models import Client, Person
from tasks import exports, jobs, known, reviews
from tasks.models import Ground, Job
from tasks.shapes import cuboids, find, frames, image, overlaps, recording
from tests.tasks import handing_in, opening, orders
from tests.tasks.conftest import work

Json = dict[str, Any]
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
WIDE = st.integers(1, 50)


def box(x: float, y: float, width: float = 10, height: float = 10, **more: Any) -> Json:
    return {"type": "box", "label": "car", "x": x, "y": y, "width": width, "height": height, **more}


def ellipse(x: float, y: float, width: float = 10, height: float = 10) -> Json:
    return box(x, y, width, height, type="ellipse")


def polygon(*points: tuple[float, float], label: str = "car") -> Json:
    return {"type": "polygon", "label": label, "points": [list(place) for place in points]}


def track(*keys: tuple[int, float], name: str = "1", label: str = "car", **more: int) -> Json:
    placed = [{"frame": frame, "x": x, "y": 0, "width": 10, "height": 10} for frame, x in keys]
    return {"id": name, "label": label, "keys": placed, **more}


def cuboid(x: float = 0, yaw: float = 0, name: str = "1", label: str = "car", **more: int) -> Json:
    return {"id": name, "label": label, "center": [x, 0, 1], "size": [4, 2, 2], "yaw": yaw, **more}


def tracked(one: Json, other: Json) -> float:
    [first], [second] = overlaps.boxes_over_time([[one], [other]])
    return overlaps.moving(first, second)


def stood(one: list[Json], other: list[Json]) -> float:
    return overlaps.moving(*overlaps.things_over_time(one), *overlaps.things_over_time(other))


SQUARE = polygon((0, 0), (10, 0), (10, 10), (0, 10))


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        (SQUARE, polygon((0, 0), (10, 0), (10, 8), (0, 8)), 0.8),
        (SQUARE, polygon((0, 0), (10, 0), (10, 4), (0, 4)), 0),
        (SQUARE, polygon((0, 0), (10, 0), (10, 10), (0, 10), label="bus"), 0),
        (SQUARE, box(0, 0), 0),
        (SQUARE, polygon((20, 20), (30, 20), (30, 30), (20, 30)), 0),
        (SQUARE, polygon((0, 0), (10, 0), (10, 10)), 0.5),
        (ellipse(0, 0), ellipse(0, 0), 1),
        (ellipse(0, 0, 10, 10), ellipse(0, 0, 10, 9), 0.9),
        (ellipse(0, 0), ellipse(9, 9), 0),
    ],
)
def test_areas_on_an_image(one: Json, other: Json, share: float) -> None:
    assert overlaps.areas(one, other) == pytest.approx(share, abs=0.03)
    assert overlaps.areas(other, one) == pytest.approx(overlaps.areas(one, other))


@UNHURRIED
@given(st.tuples(WIDE, WIDE, WIDE, WIDE), st.tuples(WIDE, WIDE, WIDE, WIDE))
def test_a_box_and_the_polygon_of_its_corners_say_the_same(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    def both(x: int, y: int, wide: int, high: int) -> tuple[Json, Json]:
        return box(x, y, wide, high), polygon((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))

    (first, its), (second, others) = both(*one), both(*other)
    assert overlaps.areas(first, second) == pytest.approx(overlaps.areas(its, others))


@pytest.mark.parametrize(
    ("times", "share"), [((0, 10), 1), ((0, 5), 0.5), ((0, 4.9), 0), ((2, 12), 8 / 12), ((11, 12), 0)]
)
def test_stretches_of_a_recording(times: tuple[float, float], share: float) -> None:
    one = {"label": "speech", "from": 0, "to": 10}
    other = {"label": "speech", "from": times[0], "to": times[1]}
    assert overlaps.stretches(one, other) == pytest.approx(share)
    assert overlaps.stretches(one, {**other, "label": "noise"}) == 0


@pytest.mark.parametrize(
    ("other", "share"),
    [
        (track((0, 0), (4, 40)), 1),
        # The same way with a key more in the middle of it, and with one that is left out.
        (track((0, 0), (2, 20), (4, 40)), 1),
        (track((0, 0), (4, 40), label="bus"), 0),
        # Gone after the third of five frames.
        (track((0, 0), (2, 20), until=2), 0.6),
        (track((0, 0), (1, 10), until=1), 0),
        (track((0, 100), (4, 140)), 0),
    ],
)
def test_boxes_that_move(other: Json, share: float) -> None:
    assert tracked(track((0, 0), (4, 40)), other) == pytest.approx(share)
    assert tracked(other, track((0, 0), (4, 40))) == pytest.approx(share)


@pytest.mark.parametrize(
    ("other", "share"),
    [
        (cuboid(), 1),
        (cuboid(yaw=math.pi), 1),
        # A quarter turn of 4 x 2 leaves 2 x 2 in common, of 12: two things.
        (cuboid(yaw=math.pi / 2), 0),
        (cuboid(x=1), 3 / 5),
        (cuboid(label="bus"), 0),
        ({**cuboid(), "center": [0, 0, 1.5]}, 1.5 / 2.5),
        ({**cuboid(), "center": [0, 0, 9]}, 0),
    ],
)
def test_cuboids_turn_and_stand_above_each_other(other: Json, share: float) -> None:
    assert stood([cuboid()], [other]) == pytest.approx(share)


def test_a_thing_is_compared_over_all_clouds_in_which_either_has_it() -> None:
    one = [cuboid(frame=0), cuboid(frame=1), cuboid(frame=2), cuboid(frame=3)]
    assert stood(one, [cuboid(frame=0), cuboid(frame=1), cuboid(frame=2)]) == pytest.approx(0.75)
    assert stood(one, [cuboid(frame=3)]) == 0


def test_what_would_take_minutes_is_not_merged() -> None:
    many = {"tracks": [track((0, 0), name=str(number)) for number in range(76)]}
    assert frames.Frames().together({}, [many, many]) is None
    crowd = {"cuboids": [cuboid(name=str(number)) for number in range(451)]}
    assert cuboids.Cuboids().together({}, [crowd, crowd]) is None
    drawn = {"shapes": [SQUARE] * 751}
    assert image.Image().together({"types": ["polygon"]}, [drawn, drawn]) is None


def test_a_polygon_that_most_drew_stands_as_the_one_closest_to_the_others() -> None:
    form = {"types": ["polygon", "ellipse"]}
    wide, usual, narrow = (polygon((0, 0), (x, 0), (x, 10), (0, 10)) for x in (13, 10, 9))
    told = image.Image().together(form, [{"shapes": [one]} for one in (wide, usual, narrow)])
    assert told is not None
    assert told.value == {"shapes": [usual]}
    assert told.agreement == 1
    alone = image.Image().together(form, [{"shapes": [usual]}, {"shapes": [], "nothing": True}])
    assert alone is not None
    assert (alone.value, alone.agreement) == ({"shapes": [], "nothing": True}, 0)


@pytest.mark.parametrize("form", [{"types": ["box", "point"]}, {"types": ["line"]}, {"types": ["box"], "words": True}])
def test_points_lines_and_words_are_for_whoever_checks(form: Json) -> None:
    assert image.Image().together(form, [{"shapes": []}, {"shapes": []}]) is None
    assert not image.Image().merges(form)


def test_tracks_segments_and_cuboids_merge_and_get_ids_of_their_own() -> None:
    # Two of three have the second car, one calls it what another calls the first.
    first, second = track((0, 0), (4, 40)), track((0, 100), (4, 140))
    answers = [
        {"tracks": [{**first, "id": "a"}, {**second, "id": "b"}]},
        {"tracks": [{**second, "id": "a"}, {**first, "id": "b"}]},
        {"tracks": [{**first, "id": "a"}]},
    ]
    told = frames.Frames().together({}, answers)
    assert told is not None
    assert [one["id"] for one in told.value["tracks"]] == ["1", "2"]
    assert [one["keys"] for one in told.value["tracks"]] == [first["keys"], second["keys"]]
    assert told.agreement == pytest.approx(4 / 5)

    heard = [
        {"segments": [{"from": 3, "to": 4, "label": "x"}, {"from": 0, "to": end, "label": "x"}]} for end in (1, 1.2)
    ]
    both = recording.Segments().together({}, heard)
    assert both is not None
    assert [one["from"] for one in both.value["segments"]] == [0, 3]
    assert recording.Segments().together({"words": True}, heard) is None

    seen = [{"cuboids": [cuboid(name=name, frame=0), cuboid(name=name, frame=1)]} for name in ("car-7", "x")]
    there = cuboids.Cuboids().together({}, seen)
    assert there is not None
    assert there.value == {"cuboids": [cuboid(frame=0), cuboid(frame=1)]}
    apart = cuboids.Cuboids().together({}, [{"cuboids": [cuboid()]}, {"cuboids": [], "nothing": True}])
    assert apart is not None
    assert apart.value == {"cuboids": [], "nothing": True}


@pytest.fixture
def drawing(orbit: Client, olga: Person, amina: Person) -> Callable[..., Job]:
    """Return a function that opens a job in which three members draw polygons on one image."""

    def make(*, tasks: int = 1, **known_answer: Json) -> Job:
        form = {"question": "Where?", "labels": ["car"], "types": ["polygon"]}
        kind = opening.vote_kind("image", amina)
        job = orders.draft(orbit, olga, work_type=kind, pay=Decimal("0.5"), form=form, overlap=3, review_rule="peer")
        handing_in.taken_in(job, "a.png", handing_in.image(40, 30))
        rows = "".join(f'{{"id": "{"abcdefghijkl"[n]}", "image": "a.png"}}\n' for n in range(tasks))
        assert orders.send(job, rows, "tasks.jsonl").problems == []
        for value in known_answer.values():
            known.say(job.tasks.get(), value=value, why="It is there.", by=olga, at=clock.now())
        orders.deposit(orbit, "1000")
        jobs.fund(job, by=olga, at=clock.now())
        return jobs.open(job, by=olga, at=clock.now())

    return make


def test_three_drawings_of_one_car_come_to_one(
    drawing: Callable[..., Job], amina: Person, luis: Person, priya: Person
) -> None:
    right, wrong = {"shapes": [SQUARE]}, {"shapes": [polygon((20, 0), (30, 0), (30, 10))]}
    job = drawing(known=right)
    for who, x in ((amina, 10), (luis, 9)):
        work(job, who, {"shapes": [polygon((0, 0), (x, 0), (x, 10), (0, 10))]})
    work(job, priya, wrong)
    (result,) = exports.results(job)
    assert result.value == {"shapes": [SQUARE]}
    assert (result.agreement, result.answers) == (0.3333, 3)
    # Two of three found what the client had said was there, and nothing else.
    assert known.met(job) == known.Met(known=1, answers=3, same=2)


def test_texts_are_never_the_same_and_the_first_that_was_accepted_is_taken(
    orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    form = {"question": "Put it right.", "min_reason": 0}
    kind = opening.vote_kind("rewriting", amina)
    job = orders.draft(orbit, olga, work_type=kind, pay=Decimal("0.5"), form=form, overlap=2, review_rule="peer")
    assert orders.send(job, '{"id": "a", "text": "He go."}\n', "tasks.jsonl").problems == []
    orders.deposit(orbit, "1000")
    jobs.fund(job, by=olga, at=clock.now())
    job = jobs.open(job, by=olga, at=clock.now())
    for who, text in ((amina, "He went."), (luis, "He goes.")):
        work(job, who, {"text": text, "reason": ""})
    (before,) = exports.results(job)
    assert (before.value, before.agreement) == (None, 0)
    reviews.accept(job.assignments.get(person=luis), by=olga, at=clock.now(), ground=Ground.CLIENT)
    (after,) = exports.results(job)
    assert after.value == {"text": "He goes.", "reason": ""}
    assert (after.agreement, after.answers) == (0.5, 2)
    assert not find("rewriting").merges(form)
