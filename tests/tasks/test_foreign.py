"""Files of Label Studio and COCO become tasks with what machines said, and our own exports come back as they were."""

import io
import json
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from coop import clock
from coop.people.models import Client, Person
from tasks import foreign, formats, jobs, releases, rows, shapes
from tasks.models import Job, Release
from tasks.shapes import media
from tests.tasks import handing_in, opening, orders
from tests.tasks.conftest import work
from tests.tasks.test_kinds import EACH, FILES, asked

BOX = {"type": "box", "label": "car", "x": 10, "y": 5.5, "width": 20, "height": 12}
POLYGON = {"type": "polygon", "label": "lorry", "points": [[1, 1], [9, 1], [9, 7]]}
LINE = {"type": "line", "label": "car", "points": [[1, 1], [9, 1], [9, 7]]}
ELLIPSE = {"type": "ellipse", "label": "car", "x": 4, "y": 6, "width": 8, "height": 3}
POINT = {"type": "point", "label": "lorry", "x": 30, "y": 29}


def written(release: Release, name: str) -> bytes:
    """Return a version as a file in one of its formats."""
    return b"".join(formats.find(name, release.job).write(release))


def version(job: Job, by: Person) -> Release:
    """Return a version that is written."""
    return releases.write(releases.ask(job, by=by, at=clock.now()), at=clock.now())


def read(content: object) -> list[Any]:
    """Return what a file holds."""
    said = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(foreign.read(io.BytesIO(said)))


@pytest.mark.parametrize(
    ("name", "example"),
    EACH,
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_label_studio_is_told_comes_back(name: str, example: dict[str, Any]) -> None:
    question = asked(name, example)
    value = {key: part for key, part in example["value"].items() if not (name == "comparison" and key == "shown")}
    regions = json.loads(json.dumps(question.shape.label_studio(question.form, question.data, value)))
    assert question.shape.from_label_studio(question.form, question.data, regions) == value


@pytest.fixture
def drawings(orbit: Client, olga: Person, amina: Person) -> Callable[..., Job]:
    """Return a function that drafts a job of drawing with three images."""
    kind = opening.vote_kind("image", amina)

    def make(*types: str, **more: Any) -> Job:
        form = {"question": "Where?", "labels": ["car", "lorry"], "types": [*types], **more}
        job = orders.draft(orbit, olga, work_type=kind, pay=Decimal("0.5"), form=form, overlap=1, review_rule="peer")
        for name in ("a.png", "b.png", "c.png"):
            handing_in.taken_in(job, name, handing_in.image(40, 30))
        return job

    return make


@pytest.fixture
def drawn(drawings: Callable[..., Job], orbit: Client, olga: Person, amina: Person) -> Job:
    """Return an open job in which a machine drew on two images and a member on the first two."""
    job = drawings("box", "polygon", "ellipse", "point", "line")
    said = [{"shapes": [BOX, POLYGON]}, {"shapes": [ELLIPSE, POINT, LINE]}]
    tasks = [
        {"id": name[0], "image": name, "prediction": {"value": value, "model": "finder", "score": 0.5}}
        for name, value in zip(("a.png", "b.png"), said, strict=True)
    ]
    sent = "".join(json.dumps(row) + "\n" for row in [*tasks, {"id": "c", "image": "c.png"}])
    assert orders.send(job, sent, "tasks.jsonl").problems == []
    orders.deposit(orbit, "1000")
    jobs.fund(job, by=olga, at=clock.now())
    job = jobs.open(job, by=olga, at=clock.now())
    for shapes_drawn in ([BOX, POLYGON], [BOX, LINE], []):
        work(job, amina, {"shapes": shapes_drawn} if shapes_drawn else {"shapes": [], "nothing": True})
    return job


def test_a_label_studio_export_of_ours_brings_the_same_tasks_and_predictions(
    drawn: Job, drawings: Callable[..., Job], olga: Person
) -> None:
    file = written(version(drawn, olga), "label-studio")
    again = drawings("box", "polygon", "ellipse", "point", "line")
    assert orders.send(again, file, "export.json").problems == []
    facts = ("external_id", "data", "prediction")
    assert [*again.tasks.order_by("position").values_list(*facts)] == [
        *drawn.tasks.order_by("position").values_list(*facts)
    ]


def test_a_coco_export_of_ours_brings_what_members_drew_as_predictions(
    drawn: Job, drawings: Callable[..., Job], olga: Person
) -> None:
    file = written(version(drawn, olga), "coco")
    again = drawings("box", "polygon", "ellipse", "point", "line")
    assert orders.send(again, file, "export.json").problems == []
    first, second, third = again.tasks.order_by("position")
    assert (first.external_id, first.data) == ("a", {"image": "a.png"})
    assert first.prediction == {"value": {"shapes": [BOX, POLYGON]}, "model": "COCO"}
    assert second.prediction
    assert second.prediction["value"] == {"shapes": [BOX, LINE]}
    assert third.prediction is None


@pytest.mark.parametrize("ending", ["label-studio", "coco"])
def test_what_is_written_there_comes_back_from_our_exports(
    drawings: Callable[..., Job], orbit: Client, olga: Person, amina: Person, ending: str
) -> None:
    some = {"name": "colours", "type": "choice", "options": ["red", "blue"], "several": True, "optional": True}
    asked: dict[str, Any] = {"words": True, "attributes": [some, {"name": "size", "type": "number", "optional": True}]}
    said = {"words": "Duka & Sons", "attributes": {"colours": ["red", "blue"], "size": 2.5}}
    job, drawn = drawings("box", **asked), {"shapes": [BOX | said, BOX | {"words": "2"}]}
    row = {"id": "a", "image": "a.png", "prediction": {"value": drawn, "model": "reader"}}
    assert orders.send(job, json.dumps(row) + "\n", "tasks.jsonl").problems == []
    orders.deposit(orbit, "1000")
    jobs.fund(job, by=olga, at=clock.now())
    jobs.open(job, by=olga, at=clock.now())
    work(job, amina, drawn)
    again = drawings("box", **asked)
    assert orders.send(again, written(version(job, olga), ending), "export.json").problems == []
    prediction = again.tasks.get().prediction
    assert prediction
    assert prediction["value"] == drawn


def test_polygons_of_coco_are_boxes_where_boxes_are_asked_for(
    drawn: Job, drawings: Callable[..., Job], olga: Person
) -> None:
    boxes = drawings("box")
    assert orders.send(boxes, written(version(drawn, olga), "coco"), "export.json").problems == []
    first = boxes.tasks.get(position=1)
    assert first.prediction
    assert first.prediction["value"]["shapes"][1] == {
        "type": "box", "label": "lorry", "x": 1, "y": 1, "width": 8, "height": 6,
    }  # fmt: skip


def test_regions_as_label_studio_documents_them() -> None:
    """The example of its page on importing pre-annotations, shortened."""
    task = {
        "data": {"image": "a.png"},
        "predictions": [{
            "model_version": "one", "score": 0.5,
            "result": [{
                "id": "result1", "type": "rectanglelabels", "from_name": "label", "to_name": "image",
                "original_width": 600, "original_height": 403, "image_rotation": 0,
                "value": {"rotation": 0, "x": 4.98, "y": 12.82, "width": 32.52, "height": 44.91,
                          "rectanglelabels": ["Airplane"]},
            }],
        }],
    }  # fmt: skip
    (row,) = read([task])
    assert row.data["image"] == "a.png"
    assert (row.data["prediction"]["model"], row.data["prediction"]["score"]) == ("one", 0.5)
    value = shapes.find("image").from_label_studio({}, {media.FILES: FILES}, row.data["prediction"]["regions"])
    assert value["shapes"] == [
        {"type": "box", "label": "Airplane", "x": 29.88, "y": 51.6646, "width": 195.12, "height": 180.9873}
    ]


def test_a_program_may_send_its_tasks_line_by_line() -> None:
    task = {"id": 4, "data": {"text": "x"}, "annotations": [], "predictions": []}
    (row,) = read(json.dumps(task).encode() + b"\n")
    assert (row.external_id, row.data) == ("4", {"text": "x"})


@pytest.mark.parametrize(
    "row", [{"images": ["a.png"], "annotations": "none"}, {"info": {"a": 1}}, {"images": [1], "text": "x"}], ids=str
)
def test_a_line_of_ours_with_cocos_words_in_it_stays_ours(row: dict[str, Any]) -> None:
    found = read(json.dumps(row).encode() + b"\n" + json.dumps(row).encode() + b"\n")
    assert [(one.line, one.data) for one in found] == [(1, row), (2, row)]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"[1, {}]", 1, "not an object"),
        (b"[{}]", 1, "no field beside"),
        (b'[{"a": 1}, {"a": "' + b"x" * 260_000 + b'"}]', 2, "longer than 256000"),
        (b"[{", 1, "not JSON"),
        (b'[{"a": NaN}]', 1, "NaN"),
        (b'[{"a": "\xff"}]', 1, "not JSON in UTF-8"),
        (b'{"info": {},\n"images": []}', 1, "COCO file and is none"),
        (b'{"info": {},\n"categories": [], "images": [], "annotations": [{"image_id": 1}]}', 1, "is none"),
        (b'[{"data": {"a": "\\u0000"}, "predictions": []}]', 1, "NUL"),
    ],
)  # fmt: skip
def test_what_is_broken_is_said(content: bytes, line: int, words: str) -> None:
    problem = next(one for one in read(content) if isinstance(one, rows.Problem))
    assert problem.line == line
    assert words in problem.words


def coco(images: int) -> bytes:
    """Return a COCO file whose annotations come first, each of an image that comes later."""
    drawn = [{"id": n, "image_id": n, "category_id": 1, "bbox": [1, 2, 3, 4], "note": "x" * 900} for n in range(images)]
    named = [{"id": n, "file_name": f"{n}.png", "width": 9, "height": 9} for n in range(images)]
    found = {"info": {"a": []}, "annotations": drawn, "images": named, "categories": [{"id": 1, "name": "car"}]}
    return json.dumps(found).encode()


def is_read_entry_by_entry(content: bytes) -> None:
    """Assert that 20,000 entries of more than 16 MB are read in less than 2 MB."""
    assert len(content) > 16_000_000
    tracemalloc.start()
    found = sum(isinstance(one, rows.Row) for one in foreign.read(io.BytesIO(content)))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == 20_000
    assert most < 2_000_000


def test_a_large_coco_file_is_read_entry_by_entry() -> None:
    is_read_entry_by_entry(coco(20_000))


def test_what_was_drawn_finds_its_image_wherever_it_stands() -> None:
    first, second = read(coco(2))
    assert (first.external_id, first.data["image"]) == ("0", "0.png")
    assert second.data["prediction"] == {"annotations": [{"bbox": [1, 2, 3, 4], "label": "car"}], "model": "COCO"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (coco(1)[:-1], "not JSON"),
        (coco(1).replace(b'"category_id": 1', b'"category_id": 2'), "is none"),
        (coco(1).replace(b'"file_name"', b'"name"'), "is none"),
        (coco(1).replace(b'"images"', b'"annotations"'), "twice"),
        (coco(1) + b"x", "does not end"),
        (coco(1).replace(b"x" * 900, b"x" * 400_000), "longer than 256000"),
        (b'{"info": {},\n"images": [' + b"[" * 100_000, "not JSON"),
        (b'{"info": {},\n"images": [3]}', "is none"),
        (b'{"images": {},\n"annotations": [], "categories": []}', "is none"),
    ],
)  # fmt: skip
def test_of_a_broken_coco_file_nothing_is_read(content: bytes, words: str) -> None:
    (problem,) = read(content)
    assert isinstance(problem, rows.Problem)
    assert (problem.line, words in problem.words) == (1, True), problem.words


def test_no_two_images_of_a_coco_file_have_one_id() -> None:
    found = json.loads(coco(2))
    found["images"] += [{**found["images"][1], "id": 1.0, "item": f"again {number}"} for number in range(2_000)]
    (problem,) = read(found)
    assert isinstance(problem, rows.Problem)
    assert "Two images have the id 1." in problem.words


def test_the_rows_of_a_coco_file_are_not_many_times_as_long_as_the_file() -> None:
    found = json.loads(coco(300))
    found["categories"][0]["name"] = "x" * 100_000
    (problem,) = read(found)
    assert isinstance(problem, rows.Problem)
    assert "over 10 times as long as the file" in problem.words


def test_an_image_with_more_on_it_than_a_row_holds_is_said() -> None:
    found = json.loads(coco(2))
    found["annotations"] *= 20_000
    assert [(one.line, "longer than 256000" in one.words) for one in read(found)] == [(1, True), (2, True)]


def test_a_large_list_is_read_entry_by_entry() -> None:
    entries = [{"data": {"text": f"Kettle {number}", "note": "x" * 900}, "predictions": []} for number in range(20_000)]
    is_read_entry_by_entry(json.dumps(entries).encode())


def test_a_problem_in_a_list_tells_which_entry_and_the_others_are_read() -> None:
    found = read([{"data": {"a": "x"}, "predictions": []}, 7, {"data": {"a": "x"}, "predictions": []}])
    assert [(type(one), one.line) for one in found] == [(rows.Row, 1), (rows.Problem, 2), (rows.Row, 3)]


def test_what_follows_a_broken_entry_is_not_guessed() -> None:
    *good, bad = read(b'[{"a": "x"}, {"a": "y"}, {"a" "z"}, {"a": "w"}]')
    assert [one.line for one in good] == [1, 2]
    assert isinstance(bad, rows.Problem)
    assert bad.line == 3


def test_an_empty_list_has_no_rows(orbit: Client, olga: Person) -> None:
    assert orders.send(orders.draft(orbit, olga), "[]", "tasks.json").problems[0]["line"] == 1
