"""A version of cuboids as KITTI, read back by what reads the reference labels of the real scene."""

import uuid
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from coop import clock
from coop.people.models import Client, Person
from tasks import answers, claims, formats, reviews
from tasks.models import Ground, Job
from tests.tasks import kitti, media_jobs
from tests.tasks.handing_in import real
from tests.tasks.releases.conftest import Made
from tests.tasks.releases.test_formats import reads_as_often_as_it_says, saved


def scene() -> list[Any]:
    """Return the cuboids of the real scene."""
    found: list[Any] = kitti.cuboids()
    return found


def later() -> list[Any]:
    """Return the same, a metre on and turned."""
    return [{**one, "frame": 1, "center": [one["center"][0] + 1, *one["center"][1:]], "yaw": 3.1} for one in scene()]


@pytest.fixture
def placed(orbit: Client, olga: Person, amina: Person) -> Job:
    """Return a job of two tasks: the scene, and the scene twice, in which all things move."""
    cloud = real(f"{kitti.SCENE}.bin")
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("cuboids", amina),
        form={"question": "Where?", "labels": ["car", "truck", "cyclist"]}, given={"a.bin": cloud, "b.bin": cloud},
        data=[{"cloud": "a.bin"}, {"cloud": ["a.bin", "b.bin"]}],
    )  # fmt: skip
    for cuboids in (scene(), [*scene(), *later()]):
        held = claims.claim_next(job, by=amina, at=clock.now())
        value = {"cuboids": cuboids}
        answers.submit(held, value=value, key=uuid.uuid4(), seconds=9, by=amina, at=clock.now())
        reviews.accept(held, by=olga, at=clock.now(), ground=Ground.CLIENT)
    return job


def test_what_reads_the_reference_labels_reads_the_same_cuboids_out_of_a_version(
    placed: Job, made: Made, tmp_path: Path
) -> None:
    assert "kitti-3d" in formats.of(placed)
    with ZipFile(saved(made(placed), "kitti-3d", tmp_path)) as packed:
        said = {name: packed.read(name).decode() for name in packed.namelist()}
    assert said["clouds.txt"].splitlines() == ["000000 0000 0 a.bin", "000001 0001 0 a.bin", "000002 0001 1 b.bin"]
    for number, cuboids in enumerate((scene(), scene(), later())):
        found = kitti.read(said[f"label_2/{number:06d}.txt"], said[f"calib/{number:06d}.txt"])
        assert [told(one) for one in found] == [pytest.approx(told(one), abs=2e-3) for one in cuboids]
        assert [one["label"] for one in found] == [one["label"] for one in cuboids]


def test_a_thing_keeps_its_number_over_the_frames_of_a_task(placed: Job, made: Made, tmp_path: Path) -> None:
    with ZipFile(saved(made(placed), "kitti-3d", tmp_path)) as packed:
        assert "label_02/0000.txt" not in packed.namelist()
        lines = [line.split() for line in packed.read("label_02/0001.txt").decode().splitlines()]
    assert {len(line) for line in lines} == {17}
    assert [(int(line[0]), int(line[1]), line[2]) for line in lines] == [
        (frame, number, one["label"]) for frame in (0, 1) for number, one in enumerate(scene())
    ]


def told(one: dict[str, object]) -> list[float]:
    """Return the numbers of a cuboid."""
    return [*one["center"], *one["size"], one["yaw"]]  # type: ignore[misc,list-item]


def test_each_format_reads_a_version_as_often_as_it_says(placed: Job, made: Made) -> None:
    reads_as_often_as_it_says(made(placed))
