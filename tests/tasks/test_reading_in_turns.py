"""Files are read some at a time, after what else is due, for two hours at most, and kept as far as there is room."""

import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client as Browser
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people.models import Client, Person
from payments.models import WorkType
from tasks import background, datasets, draft_files, files, holding
from tasks.models import Job
from tests.tasks import media_jobs, orders, writing
from tests.tasks.filming import noise, video
from tests.tasks.handing_in import hand_in, image, packed, receive, sound, taken_in
from tests.tasks.test_api import ALL, program
from tests.tasks.test_draft_files import brought

pytestmark = pytest.mark.django_db
FORM = {"question": "Follow the red.", "labels": ["red"]}


@pytest.fixture(autouse=True)
def _folder_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"


@pytest.fixture
def followed(amina: Person) -> WorkType:
    return media_jobs.voted_kind("frames", amina)


@pytest.fixture
def draft(orbit: Client, olga: Person, followed: WorkType) -> Job:
    return orders.draft(orbit, olga, work_type=followed, form=FORM, review_rule="peer", overlap=1, pay=Decimal("0.5"))


def asked(name: str) -> ProcrastinateJob:
    """Return what the worker was asked last under this name."""
    found: ProcrastinateJob = ProcrastinateJob.objects.filter(task_name=name).latest("id")
    return found


def told(job: Job) -> dict[str, str]:
    """Return the problem of each file of a job that is not taken."""
    return {file.name: file.problem["problem"] for file in job.files.all() if file.problem}


def test_a_delivery_is_read_for_a_minute_and_waits_its_turn_again(draft: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = receive(draft, {"a.png": image(), "b.png": image(50)})
    first = asked(files.READ)
    assert (first.lock, first.priority) == (f"fetch:{draft.client_id}", -1)
    monkeypatch.setattr(background, "A_MINUTE", timedelta(0))
    background.read_files(delivery.pk)
    again = asked(files.READ)
    assert (again.pk > first.pk, again.lock, again.args) == (True, first.lock, {"delivery_id": delivery.pk})
    assert draft.deliveries.get().finished_at is None
    monkeypatch.undo()
    background.read_files(delivery.pk)
    assert (asked(files.READ).pk, draft.files.filter(usable=True).count()) == (again.pk, 2)


def test_tasks_that_came_after_files_wait_until_those_are_read(
    draft: Job, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "AT_ONCE_MAX_BYTES", 10)
    delivery = receive(draft, {"a.png": image(), "b.png": image(50)})
    rows = ContentFile(b'{"frames": ["a.png", "b.png"]}\n', name="tasks.jsonl")
    upload = datasets.receive(draft, rows, by=olga, at=clock.now())
    first = asked(datasets.LOAD)
    background.load_data_set(upload.pk)
    upload.refresh_from_db()
    later = asked(datasets.LOAD)
    assert (upload.finished_at, later.pk > first.pk, later.scheduled_at is not None) == (None, True, True)
    files.take_in(delivery, at=clock.now())
    background.load_data_set(upload.pk)
    upload.refresh_from_db()
    assert (upload.problems, upload.rows) == ([], 1)


def test_what_took_two_hours_is_enough_of_a_delivery(draft: Job) -> None:
    delivery = receive(draft, {"a.png": image(), "b.png": image(50)})
    first, second = delivery.files.order_by("pk")
    files.read(first, Path(first.source.path).parent / "none", at=clock.now())
    first.refresh_from_db()
    assert 0 < first.took < 60_000
    draft.files.filter(pk=first.pk).update(took=7_199_999)
    files._require_time(second)  # noqa: SLF001 - a thousandth of a second is left
    draft.files.filter(pk=first.pk).update(took=7_200_000)
    files.take_in(delivery, at=clock.now())
    second.refresh_from_db()
    assert (second.problem, second.took) == ({"problem": "hours", "hours": 2}, 0)


def test_what_took_two_hours_is_enough_of_a_draft(
    signed_in: Callable[[Person], Browser], olga: Person, followed: WorkType, monkeypatch: pytest.MonkeyPatch
) -> None:
    sketch = writing.sketch(writing.begin(signed_in(olga), followed.slug))
    brought(sketch, {"a.png": image()}, olga)
    assert sketch.files.get().took > 0
    monkeypatch.setattr(files, "READING", 0.001)
    draft_files.receive(sketch, [ContentFile(image(50), name="b.png")], by=olga)
    draft_files.take_in(sketch.pk, at=clock.now())
    assert draft_files.problems(sketch)[0][1].startswith("All files together took")


def test_room_is_asked_for_again_once_it_is_known_what_is_kept(draft: Job, settings: Any) -> None:
    """A video of noise that stands is small, and its frames are not; a zip is small, and its members are not."""
    small = noise(20, (320, 320))
    settings.CLIENT_MAX_BYTES = holding.held(draft.client) + len(small) + 1_000
    hand_in(draft, {"clip.mp4": small})
    assert told(draft) == {"clip.mp4": "full"}
    zip_of_nothing = packed({"a.bin": b"\0" * 2_000_000})
    settings.CLIENT_MAX_BYTES = holding.held(draft.client) + len(zip_of_nothing) + 1_000
    hand_in(draft, {"all.zip": zip_of_nothing})
    assert told(draft) == {"clip.mp4": "full", "all.zip": "full"}
    settings.CLIENT_MAX_BYTES = holding.held(draft.client) + 10_000_000
    hand_in(draft, {"clip.mp4": small})
    assert draft.files.get(usable=True).bytes > len(small)


def test_one_byte_of_a_large_file_reads_no_more_of_it(
    draft: Job, olga: Person, signed_in: Callable[[Person], Browser]
) -> None:
    file = taken_in(draft, "a.wav", sound())
    with Path(file.file.path).open("r+b") as opened:
        opened.truncate(300_000_000)
    browser = signed_in(olga)
    tracemalloc.start()
    try:
        part = browser.get(f"/media/{file.key}/", headers={"Range": "bytes=7-7"})
        assert (part.status_code, len(part.content)) == (206, 1)
        assert part.headers["Content-Range"] == "bytes 7-7/300000000"
        rest = browser.get(f"/media/{file.key}/", headers={"Range": "bytes=100-"})
        assert rest.headers["Content-Range"] == f"bytes 100-{99 + (1 << 24)}/300000000"
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()
    assert browser.get(f"/media/{file.key}/", headers={"Range": "bytes=300000000-"}).status_code == 416


def test_a_program_reads_one_frame_and_nobody_all_of_a_video(
    signed_in: Callable[[Person], Browser], olga: Person, orbit: Client, followed: WorkType
) -> None:
    browser = signed_in(olga)
    page = writing.begin(browser, followed.slug)
    sketch = writing.sketch(page)
    brought(sketch, {"clip.mp4": video(4)}, olga)
    file = sketch.files.get()
    call, _key = program(orbit, olga, ALL)
    found = call("GET", f"drafts/{sketch.pk}/files/{file.key}?frame=5")
    start, length = file.facts["frames"][5][1:]
    kept = Path(file.file.path).read_bytes()[start : start + length]
    assert (found.status_code, found.headers["Content-Type"], found.content) == (200, "image/webp", kept)
    for wrong in ("", "?frame=40", "?frame=x", "?small=1"):
        assert call("GET", f"drafts/{sketch.pk}/files/{file.key}{wrong}").status_code == 404, wrong
    assert browser.get(f"{page}files/{file.key}/", headers={"Range": "bytes=0-0"}).status_code == 404


def test_what_a_client_says_of_moments_beside_images_is_not_kept(draft: Job) -> None:
    hand_in(draft, {"a.png": image(), "b.png": image()})
    row = '{"frames": ["a.png", "b.png"], "frames_of_video": {"seconds": "no"}, "seen": 1}\n'
    assert orders.send(draft, row, "tasks.jsonl").problems == []
    assert draft.tasks.get().data == {"frames": ["a.png", "b.png"], "seen": 1}
