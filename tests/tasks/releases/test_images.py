"""A version of drawings: the boxes that most drew, and the formats that programs for images read."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from tasks import answers, claims, exports, foreign, reviews, rows
from tasks.formats import coco
from tasks.models import Ground, Job, Release
from tasks.shapes import find, plane
from tests.tasks import handing_in, media_jobs
from tests.tasks.releases.conftest import Made
from tests.tasks.releases.test_formats import reads_as_often_as_it_says, saved

type Boxes = list[dict[str, Any]]


def box(x: float, y: float, label: str = "car") -> dict[str, Any]:
    return {"type": "box", "label": label, "x": x, "y": y, "width": 10, "height": 8}


def drawn(job: Job, *each: tuple[Person, list[dict[str, Any]]]) -> None:
    """Let each person draw on the job's next image."""
    for who, shapes in each:
        mine = claims.claim_next(job, by=who, at=clock.now())
        value = {"shapes": shapes} if shapes else {"shapes": [], "nothing": True}
        answers.submit(mine, value=value, key=uuid.uuid4(), seconds=9, by=who, at=clock.now())


@pytest.fixture
def boxed(orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person) -> Job:
    """Return a job of two images of 40 by 30: three people drew boxes on the first, on the second there is nothing."""
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("image", amina), overlap=3,
        form={"question": "Where?", "labels": ["car", "cyclist"], "types": ["box"]},
        given={"a.png": handing_in.image(), "b.png": handing_in.image()},
        data=[{"id": "a", "image": "a.png"}, {"id": "b", "image": "b.png"}],
    )  # fmt: skip
    drawn(job, (amina, [box(1, 2), box(20, 10)]), (luis, [box(2, 2)]), (priya, [box(3, 3), box(20, 10, "cyclist")]))
    drawn(job, (amina, []), (luis, []), (priya, []))
    return job


def test_the_boxes_stand_that_most_drew_each_in_the_middle(boxed: Job) -> None:
    first, second = exports.results(boxed)
    assert first.value == {"shapes": [box(2, 2)]}
    assert first.agreement == pytest.approx(3 / 5)
    assert (second.value, second.agreement) == ({"shapes": [], "nothing": True}, 1)


@pytest.fixture
def release(boxed: Job, made: Made) -> Release:
    """Return a version of it."""
    return made(boxed)


# pycocotools hands its masks to numpy as numpy 1 asked for.
MASKS = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@MASKS
def test_pycocotools_reads_coco(release: Release, tmp_path: Path) -> None:
    from pycocotools.coco import COCO  # noqa: PLC0415 - loads much

    found = COCO(str(saved(release, "coco", tmp_path)))
    assert [one["file_name"] for one in found.loadImgs(found.getImgIds())] == ["a.png", "b.png"]
    (one,) = found.loadAnns(found.getAnnIds(imgIds=[1]))
    assert (one["bbox"], one["area"], found.loadCats(one["category_id"])[0]["name"]) == ([2, 2, 10, 8], 80, "car")
    assert int(found.annToMask(one).sum()) == 80
    assert found.getAnnIds(imgIds=[2]) == []


EVERY_TYPE = [
    {"type": "polygon", "label": "car", "points": [[0, 0], [10, 0], [10, 10], [0, 10]]}, box(2, 2),
    {"type": "ellipse", "label": "car", "x": 5, "y": 5, "width": 6, "height": 4},
    {"type": "point", "label": "cyclist", "x": 7, "y": 8}, {"type": "line", "label": "car", "points": [[1, 1], [9, 9]]},
    {"type": "line", "label": "car", "points": [[1, 1], [9, 9], [20, 9]]},
]  # fmt: skip


@MASKS
def test_pycocotools_draws_every_type_and_what_it_reads_comes_back_as_it_was(
    orbit: Client, olga: Person, amina: Person, luis: Person, made: Made, tmp_path: Path
) -> None:
    from pycocotools.coco import COCO  # noqa: PLC0415 - loads much

    form = {"question": "Where?", "labels": ["car", "cyclist"], "types": [*plane.TYPES]}
    kind = media_jobs.voted_kind("image", amina)
    job = media_jobs.opened(
        orbit, olga, of=kind, form=form, given={"a.png": handing_in.image()}, data=[{"image": "a.png"}]
    )
    drawn(job, (luis, EVERY_TYPE))
    reviews.accept(job.assignments.get(), by=olga, at=clock.now(), ground=Ground.CLIENT)
    path = saved(made(job), "coco", tmp_path)
    found = COCO(str(path))
    drew = found.loadAnns(found.getAnnIds())
    assert [int(found.annToMask(one).sum()) for one in drew] == [100, 80, 24, 0, 0, 0]
    assert [cat["keypoints"] for cat in found.loadCats(found.getCatIds())] == [["point"], ["point"]]
    (point,) = found.loadAnns(found.getAnnIds(catIds=[2]))
    assert (point["keypoints"], point["num_keypoints"]) == ([7, 8, 2], 1)
    with path.open("rb") as file:
        (row,) = foreign.read(file)
    assert isinstance(row, rows.Row)
    said: Any = row.data["prediction"]
    assert find("image").from_coco(form, said["annotations"]) == {"shapes": EVERY_TYPE}


def test_pascal_voc_counts_from_one(release: Release, tmp_path: Path) -> None:
    with ZipFile(saved(release, "pascal-voc", tmp_path)) as packed:
        root = ET.fromstring(packed.read("Annotations/000001.xml"))  # noqa: S314 - our own file
    places = [root.findtext(f"object/bndbox/{name}") for name in ("xmin", "ymin", "xmax", "ymax")]
    assert (root.findtext("filename"), root.findtext("size/width"), places) == ("a.png", "40", ["3", "3", "12", "10"])


def test_globox_reads_pascal_voc(release: Release, tmp_path: Path) -> None:
    from globox import AnnotationSet  # noqa: PLC0415 - likewise

    with ZipFile(saved(release, "pascal-voc", tmp_path)) as packed:
        packed.extractall(tmp_path / "voc")
    found = AnnotationSet.from_pascal_voc(tmp_path / "voc" / "Annotations")
    assert {one.image_id: one.image_size for one in found} == {"a.png": (40, 30), "b.png": (40, 30)}
    told = [(one.label, one.xmin, one.ymin, one.xmax, one.ymax) for one in found["a.png"].boxes]
    assert (told, found["b.png"].boxes) == ([("car", 3, 3, 12, 10)], [])


def test_kitti_has_fifteen_columns(release: Release, tmp_path: Path) -> None:
    with ZipFile(saved(release, "kitti", tmp_path)) as packed:
        (line,) = packed.read("label_2/000001.txt").decode().splitlines()
        assert packed.read("label_2/000002.txt") == b""
        assert not [name for name in packed.namelist() if name.startswith("beside/")]
    columns = line.split()
    assert (len(columns), columns[0], columns[4:8]) == (15, "car", ["2.00", "2.00", "12.00", "10.00"])


SAID = {"question": "Where?", "labels": ["car"], "types": ["box"], "words": True, "attributes": [
    {"name": "hidden", "type": "choice", "options": ["none", "part"]},
    {"name": "axles", "type": "number"},
]}  # fmt: skip


@pytest.fixture
def described(orbit: Client, olga: Person, amina: Person, luis: Person, made: Made) -> Release:
    """Return a version in which something is said of a box, and something else is written there."""
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("image", amina), form=SAID, given={"a.png": handing_in.image()},
        data=[{"image": "a.png"}],
    )  # fmt: skip
    first = {**box(1, 2), "words": "KA\x0b 12", "attributes": {"hidden": "part", "axles": 3}}
    drawn(job, (luis, [first, {**box(9, 9), "words": "Ñ", "attributes": {"hidden": "none", "axles": 2}}]))
    reviews.accept(job.assignments.get(), by=olga, at=clock.now(), ground=Ground.CLIENT)
    return made(job)


def test_pascal_voc_has_what_is_said_of_a_shape_as_attributes(described: Release, tmp_path: Path) -> None:
    with ZipFile(saved(described, "pascal-voc", tmp_path)) as packed:
        root = ET.fromstring(packed.read("Annotations/000001.xml"))  # noqa: S314 - our own file
    said = [
        [(one.findtext("name"), one.findtext("value")) for one in thing.findall("attributes/attribute")]
        for thing in root.findall("object")
    ]
    assert said == [
        [("hidden", "part"), ("axles", "3"), ("words", "KA 12")], [("hidden", "none"), ("axles", "2"), ("words", "Ñ")],
    ]  # fmt: skip


def test_kitti_has_beside_its_lines_what_they_have_no_place_for(described: Release, tmp_path: Path) -> None:
    with ZipFile(saved(described, "kitti", tmp_path)) as packed:
        lines = packed.read("label_2/000001.txt").decode().splitlines()
        beside = [json.loads(line) for line in packed.read("beside/000001.jsonl").decode().splitlines()]
    assert len(lines) == len(beside) == 2
    assert beside[1] == {"attributes": {"hidden": "none", "axles": 2}, "words": "Ñ"}


def test_the_page_says_what_a_format_has_no_place_for(
    release: Release, olga: Person, signed_in: Callable[[Person], Browser]
) -> None:
    page = signed_in(olga).get(reverse("tasks:releases", args=["orbit", release.job_id])).text
    assert "the box round each shape, not its corners" in page
    assert "no relations" not in page  # of another kind of work


def test_label_studios_converter_makes_the_same_coco(release: Release, tmp_path: Path) -> None:
    from label_studio_sdk.converter.converter import Converter  # noqa: PLC0415 - loads much

    config = (
        '<View><Image name="item" value="$image"/><RectangleLabels name="answer" toName="item">'
        '<Label value="car"/><Label value="cyclist"/></RectangleLabels></View>'
    )
    converter: Any = Converter(config=config, project_dir=str(tmp_path), download_resources=False)  # type: ignore[no-untyped-call]
    path = saved(release, "label-studio", tmp_path)
    converter.convert_to_coco(str(path), str(tmp_path / "out"), is_dir=False)
    found = json.loads((tmp_path / "out" / "result.json").read_text())
    boxes = sorted([round(number, 3) for number in one["bbox"]] for one in found["annotations"])
    assert [1, 2, 10, 8] in boxes
    assert len(boxes) == 5


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        ({"type": "polygon", "label": "a", "points": [[0, 0], [4, 0], [4, 3]]}, 6),
        ({"type": "polygon", "label": "a", "points": [[4, 3], [4, 0], [0, 0]]}, 6),
        ({"type": "ellipse", "label": "a", "x": 0, "y": 0, "width": 4, "height": 3}, 12),
        ({"type": "point", "label": "a", "x": 2, "y": 2}, 0),
        ({"type": "line", "label": "a", "points": [[0, 0], [4, 0], [4, 3]]}, 0),
    ],
)
def test_areas_are_in_square_pixels(shape: dict[str, Any], area: float) -> None:
    assert coco.area(shape) == area


def test_each_format_reads_a_version_as_often_as_it_says(release: Release) -> None:
    reads_as_often_as_it_says(release)
