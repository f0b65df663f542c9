"""A version of boxes over frames: COCO's JSON with tracks, read by COCO's own reader, and MOT Challenge's text."""

import configparser
import csv
import io
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pycocotools import mask
from pycocotools.coco import COCO

from coop import clock
from coop.people.models import Client, Person
from tasks import formats, reviews
from tasks.models import Ground, Job, Release
from tests.tasks import handing_in, media_jobs
from tests.tasks.conftest import work
from tests.tasks.releases.conftest import Made
from tests.tasks.releases.test_formats import reads_as_often_as_it_says, saved

type Json = dict[str, Any]


def key(frame: int, x: float) -> Json:
    return {"frame": frame, "x": x, "y": 2, "width": 10, "height": 8.5}


def track(name: str, *keys: Json, label: str = "car", **more: int) -> Json:
    return {"id": name, "label": label, "keys": [*keys], **more}


# Three frames, in which the second thing is gone after the first; then two, with one thing from the second on.
FIRST = [track("a", key(0, 1), key(2, 4)), track("b", key(0, 20), label="cyclist", until=0)]
SECOND = [track("a", key(1, 3.25), label="cyclist")]
# Of each video: frame, thing and label from 0, and the left of its box.
WHERE = [[(0, 0, 0, 1), (0, 1, 1, 20), (1, 0, 0, 2.5), (2, 0, 0, 4)], [(1, 0, 1, 3.25)]]


@pytest.fixture
def release(orbit: Client, olga: Person, amina: Person, made: Made) -> Release:
    """Return a version of two videos, and of one more that nobody has answered."""
    names = [["a.png", "b.png", "c.png"], ["b.png", "a.png"], ["a.png", "c.png"]]
    job: Job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("frames", amina),
        form={"question": "Where?", "labels": ["car", "cyclist"]},
        given={name: handing_in.image(40, 30) for name in names[0]},
        data=[{"id": f"v{number}", "frames": some} for number, some in enumerate(names)],
    )  # fmt: skip
    for tracks in (FIRST, SECOND):
        reviews.accept(work(job, amina, {"tracks": tracks}), by=olga, at=clock.now(), ground=Ground.CLIENT)
    return made(job)


def test_cocos_reader_finds_each_box_in_its_frame_with_its_track(release: Release, tmp_path: Path) -> None:
    assert {"coco-tracks", "mot"} <= {*formats.of(release.job)}
    read: Any = COCO(saved(release, "coco-tracks", tmp_path))
    assert [(one["name"]) for one in read.dataset["videos"]] == ["v0", "v1"]
    assert {one["id"]: (one["name"]) for one in read.dataset["tracks"]} == {1: "a", 2: "b", 3: "a"}
    first_image, first_track = 1, 1
    for video, (told, size) in enumerate(zip(WHERE, (3, 2), strict=True)):
        found = []
        for frame in range(size):
            (image,) = read.loadImgs(first_image + frame)
            assert (image["frame_index"], image["width"], image["height"]) == (frame, 40, 30)
            assert image["video_id"] == read.dataset["videos"][video]["id"]
            for one in read.loadAnns(read.getAnnIds(imgIds=image["id"])):
                left, top, width, height = one["bbox"]
                assert (top, width, height, one["area"]) == (2, 10, 8.5, 85)
                found.append((frame, one["track_id"] - first_track, one["category_id"] - 1, left))
                # Where the reader itself fills the outline, a pixel at the edges belongs to it or not.
                assert float(mask.area(read.annToRLE(one))) == pytest.approx(85, abs=10)
        assert found == told
        first_image, first_track = first_image + size, first_track + (2, 1)[video]
    names = [image["file_name"] for image in read.dataset["images"]]
    assert names == ["a.png", "b.png", "c.png", "b.png", "a.png"]
    assert [one["name"] for one in read.loadCats(read.getCatIds())] == ["car", "cyclist"]


def test_mot_challenge_has_each_box_with_frames_and_pixels_from_one(release: Release, tmp_path: Path) -> None:
    with ZipFile(saved(release, "mot", tmp_path)) as packed:
        said = {name: packed.read(name).decode() for name in packed.namelist()}
    assert said["labels.txt"].split() == ["car", "cyclist"]
    for number, (told, size) in enumerate(zip(WHERE, (3, 2), strict=True), 1):
        rows = [[float(cell) for cell in row] for row in csv.reader(io.StringIO(said[f"{number:06d}/gt/gt.txt"]))]
        assert [(row[0] - 1, row[1] - 1, row[7] - 1, row[2] - 1) for row in rows] == told
        assert all(row[3:7] + row[8:] == [3, 10, 8.5, 1, 1] for row in rows)
        about = configparser.ConfigParser()
        about.read_string(said[f"{number:06d}/seqinfo.ini"])
        assert about["Sequence"].getint("seqLength") == size
        assert (about["Sequence"]["imWidth"], about["Sequence"]["imHeight"]) == ("40", "30")
    assert said["000002/frames.txt"].splitlines() == ["000001 b.png", "000002 a.png"]


def test_each_format_reads_a_version_as_often_as_it_says(release: Release) -> None:
    reads_as_often_as_it_says(release)
