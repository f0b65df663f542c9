"""Videos in jobs, drafts and orders: shown as frames, each at a moment of the video that goes home with the answer."""

import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import scaleapi
from django.test import Client as Browser
from PIL import Image
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Client, Person
from payments.models import WorkType
from tasks import claims, draft_files, exports, reviews
from tasks.models import Ground, Job, JobFile
from tests.tasks import media_jobs, orders, writing
from tests.tasks.conftest import work
from tests.tasks.filming import video
from tests.tasks.handing_in import hand_in, image
from tests.tasks.releases.conftest import Made, made
from tests.tasks.releases.test_formats import saved
from tests.tasks.scale.conftest import ALL, Programs, program
from tests.tasks.scale.test_fetching import Store, fetch, store
from tests.tasks.scale.test_live import do, job_of
from tests.tasks.test_client_pages import words
from tests.tasks.test_draft_files import BOXES, brought

__all__ = ["made", "program", "store"]
pytestmark = pytest.mark.django_db
FORM = {"question": "Follow the red.", "labels": ["red"]}
KEYS = [
    {"frame": 0, "x": 0, "y": 0, "width": 10, "height": 20},
    {"frame": 2, "x": 8, "y": 0, "width": 20, "height": 20},
]
TRACKS = {"tracks": [{"id": "1", "label": "red", "keys": KEYS, "until": 2}]}


@pytest.fixture(autouse=True)
def _folder_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"


@pytest.fixture
def followed(amina: Person) -> WorkType:
    return media_jobs.voted_kind("frames", amina)


@pytest.fixture
def job(orbit: Client, olga: Person, followed: WorkType) -> Job:
    """Return an open job about a video of four seconds, shown every second."""
    return media_jobs.opened(
        orbit, olga, of=followed, form={**FORM, "every": 1}, given={"clip.mp4": video(4)},
        data=[{"id": "v", "frames": "clip.mp4"}],
    )  # fmt: skip


def test_members_draw_on_the_frames_of_a_video(
    job: Job, amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    held = claims.claim_next(job, by=amina, at=clock.now())
    key = job.files.get().key
    page = signed_in(amina).get(f"/work/{held.pk}/").content.decode()
    assert [f"/media/{key}/{number}/" in page for number in (0, 10, 20, 30, 1)] == [True] * 4 + [False]
    found = signed_in(amina).get(f"/media/{key}/20/")
    assert (found.status_code, found.headers["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(found.content)).size == (160, 120)
    assert signed_in(amina).get(f"/media/{key}/40/").status_code == 404
    assert signed_in(luis).get(f"/media/{key}/20/").status_code == 404


def test_the_moment_of_each_frame_goes_home_with_the_answer(
    job: Job, olga: Person, amina: Person, made: Made, tmp_path: Path
) -> None:
    moments = {"seconds": [0, 1, 2, 3], "width": 160, "height": 120, "video_width": 160, "video_height": 120}
    reviews.accept(work(job, amina, TRACKS), by=olga, at=clock.now(), ground=Ground.CLIENT)
    (given,) = (one.row() for one in exports.rows(job))
    assert given["data"] == {"frames": "clip.mp4", "frames_of_video": moments}
    release = made(job)
    (item,) = map(json.loads, saved(release, "jsonl", tmp_path).read_text().splitlines())
    assert item["data"]["frames_of_video"] == moments
    coco = json.loads(saved(release, "coco-tracks", tmp_path).read_text())
    assert [one["file_name"] for one in coco["images"]] == [f"clip.mp4@{n}.000" for n in range(4)]
    assert [one["bbox"][0] for one in coco["annotations"]] == [0, 4, 8]
    (told,) = json.loads(saved(release, "label-studio", tmp_path).read_text())
    (region,) = told["annotations"][0]["result"]
    assert [(one["frame"], one["time"]) for one in region["value"]["sequence"]] == [(1, 0), (3, 2), (4, 3)]


@pytest.mark.parametrize(
    ("every", "given", "found"),
    [
        (0.1, video(12), "more than 100 frames at one every 0.1 seconds: take at least 0.5"),
        (10, video(4), "one frame alone"), (1, image(), "names no file of the job that is: Video"),
    ],
)  # fmt: skip
def test_a_row_whose_video_cannot_be_shown_says_why(
    orbit: Client, olga: Person, followed: WorkType, every: float, given: bytes, found: str
) -> None:
    draft = orders.draft(
        orbit,
        olga,
        work_type=followed,
        form={**FORM, "every": every},
        review_rule="peer",
        overlap=1,
        pay=Decimal("0.5"),
    )
    hand_in(draft, {"clip.mp4": given})
    (problem,) = orders.send(draft, '{"frames": "clip.mp4"}\n', "tasks.jsonl").problems
    assert found in problem["problem"]


def test_a_draft_shows_its_video_at_the_step_that_is_asked_for_later(
    signed_in: Callable[[Person], Browser], olga: Person, amina: Person, orbit: Client, followed: WorkType
) -> None:
    orders.deposit(orbit, "500")
    browser = signed_in(olga)
    draft = writing.begin(browser, followed.slug)
    brought(writing.sketch(draft), {"clip.mp4": video(4), "one.png": image()}, olga)
    assert "Make 1 task of it" in words(browser.get(f"{draft}files/"))
    browser.post(f"{draft}files/tasks/")
    said = {name: part for name, part in BOXES.items() if name != "types"} | {"labels": "red"}
    file = draft_files.taken_in(writing.sketch(draft)).get(kind="video")
    for every, shown, none in (("2", 20, 10), ("0.5", 5, 1)):
        assert writing.fill(browser, draft, said | {"every": every}).status_code == 200
        page = browser.get(f"{draft}questions/").content.decode()
        assert f"/files/{file.key}/{shown}/" in page
        assert f"/files/{file.key}/{none}/" not in page
    assert browser.get(f"{draft}files/{file.key}/5/").headers["Content-Type"] == "image/webp"
    assert signed_in(amina).get(f"{draft}files/{file.key}/5/").status_code == 404
    assert writing.fill(browser, draft, said | {"every": "10"}).status_code == 200
    assert "one frame alone" in words(browser.get(draft))
    writing.fill(browser, draft, said | {"every": "0.5"})
    browser.post(f"{draft}job/")
    job = Job.objects.get(sketch__pk=writing.sketch(draft).pk)
    assert job.form["every"] == 0.5
    assert job.tasks.get().data["frames_of_video"]["seconds"] == [n / 2 for n in range(8)]
    assert job.files.get(kind="video").facts["frames"][5][0] == 0.5


def test_scales_clients_order_boxes_over_a_video(
    program: Programs, orbit: Client, olga: Person, amina: Person, followed: WorkType, store: Store
) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Films", TaskType("videoannotation"))
    store.files["/clip.mp4"] = video(4)
    task = _film(live, store, frame_rate=1)
    fetch(orbit)
    job = job_of(task)
    assert (job.form["every"], JobFile.objects.get(job=job).kind) == (1, "video")
    do(job, amina, TRACKS)
    reviews.accept(job.assignments.get(), by=olga, at=clock.now(), ground=Ground.CLIENT)
    task.refresh()
    address = task.response["annotations"]["url"]
    told = Browser().get(address[address.index("/v1/") :]).json()
    assert [(one["timestamp_secs"], len(one["annotations"])) for one in told] == [(0, 1), (1, 1), (2, 1), (3, 0)]
    for unheld in (7, True, 10**400, 0, -1):
        with pytest.raises(scaleapi.exceptions.ScaleInvalidRequest, match="frame_rate of 10, 2, 1"):
            _film(live, store, frame_rate=unheld)
    for part in ({"start_time": 1}, {"duration_time": 2}):
        with pytest.raises(scaleapi.exceptions.ScaleInvalidRequest, match="send no start_time"):
            _film(live, store, **part)
    assert _film(live, store, start_time=0).status == "pending"


def _film(live: scaleapi.ScaleClient, store: Store, **more: Any) -> Any:
    return live.create_task(
        TaskType("videoannotation"), project="Films", instruction="Follow the red.", attachment_type="video",
        attachment=f"{store.address}/clip.mp4", geometries={"box": {"objects_to_annotate": ["red"]}}, **more,
    )  # fmt: skip


def test_a_video_that_is_broken_fails_the_order_and_says_why(
    program: Programs, orbit: Client, followed: WorkType, store: Store
) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Films", TaskType("videoannotation"))
    store.files["/clip.mp4"] = video(4)[:2000]
    task = _film(live, store)
    fetch(orbit)
    task.refresh()
    assert (task.status, "cannot be read" in task.as_dict()["error"]) == ("error", True)
