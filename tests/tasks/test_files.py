"""Files of a job: whole deliveries, problems told per file, and nobody sees a file but those who work with it."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client as Browser
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from coop.refusals import Refused
from tasks import background, cards, checks, claims, files, jobs, sweeping
from tasks.media import apart
from tasks.models import Delivery, Job, JobFile
from tasks.shapes import media
from tests.tasks import media_jobs, orders
from tests.tasks.conftest import SAME
from tests.tasks.conftest import hand_in as answer
from tests.tasks.handing_in import hand_in, image, packed, real, receive, sent, sound, taken_in
from tests.tasks.test_api import ALL, program
from tests.tasks.test_client_pages import address, words
from tests.tasks.test_promises import Attack

KITTI = "street-scene/000001"


@pytest.fixture
def draft(orbit: Client, olga: Person) -> Job:
    """Return a draft without tasks."""
    return orders.draft(orbit, olga)


@pytest.fixture
def shown(orbit: Client, olga: Person) -> tuple[Job, JobFile, JobFile]:
    """Return an open job whose first task names one file and whose second names another."""
    job = orders.draft(orbit, olga, overlap=1, review_rule="peer")
    first, second = taken_in(job, "first.png", image()), taken_in(job, "second.png", image(50))
    orders.send(job, '{"image": "first.png"}\n{"frames": [{"image": "second.png"}]}\n')
    orders.deposit(orbit, "100")
    jobs.fund(job, by=olga, at=clock.now())
    return jobs.open(job, by=olga, at=clock.now()), first, second


def told(delivery: Delivery) -> dict[str, str]:
    """Return the problem of each file."""
    return dict(files.problems(delivery))


@pytest.fixture(autouse=True)
def _folder_of_its_own(settings: Any, tmp_path: Path) -> None:
    """Keep what comes in apart from that of tests in another process, which would be counted too."""
    settings.MEDIA_ROOT = tmp_path / "uploads"


def kept() -> int:
    """Return how many files lie on disk."""
    found = 0
    waiting = ["files", "deliveries"]
    while waiting:
        folder = waiting.pop()
        folders, names = default_storage.listdir(folder) if default_storage.exists(folder) else ([], [])
        waiting += [f"{folder}/{name}" for name in folders]
        found += len(names)
    return found


def test_what_a_client_hands_in_can_be_named_once_it_is_read(draft: Job) -> None:
    given = {"000001.png": real(f"{KITTI}.png"), "000001.bin": real(f"{KITTI}.bin"), "five.wav": sound()}
    delivery = receive(draft, given)
    assert not draft.files.filter(usable=True)
    files.take_in(delivery, at=clock.now())
    found = {file.name: file for file in draft.files.filter(usable=True)}
    assert {name: file.kind for name, file in found.items()} == {
        "000001.png": "image", "000001.bin": "cloud", "five.wav": "sound",
    }  # fmt: skip
    assert found["000001.png"].facts == {"width": 1242, "height": 375}
    assert found["000001.png"].bytes == found["000001.png"].file.size


def test_a_zip_brings_its_members_and_stays_no_file_itself(draft: Job) -> None:
    delivery = hand_in(draft, {"all.zip": packed({"a/1.png": image(), "a/2.png": image(50), "3.wav": sound()})})
    assert told(delivery) == {}
    assert set(draft.files.filter(usable=True).values_list("name", flat=True)) == {"a/1.png", "a/2.png", "3.wav"}


@pytest.mark.usefixtures("committed")
def test_one_bad_file_keeps_all_out_and_each_problem_is_told(draft: Job) -> None:
    before = kept()
    inner = packed({"x.png": image()})
    given = {
        "good.png": image(), "html.png": b"<script>alert(1)</script>", "half.jpg": image(form="JPEG")[:200],
        "noending": image(),
        "more.zip": packed({"good.png": image(60), "in.zip": inner, "huge.png": image(9_000, 9_000)}),
    }  # fmt: skip
    delivery = hand_in(draft, given)
    problems = told(delivery)
    assert set(problems) == {"html.png", "half.jpg", "noending", "good.png", "in.zip", "huge.png"}
    assert "no image" in problems["html.png"]
    assert "two files of this name" in problems["good.png"]
    assert "zip within a zip" in problems["in.zip"]
    assert "9000 by 9000 pixels" in problems["huge.png"]
    assert delivery.problem_count == 6
    assert not draft.files.filter(usable=True).exists()
    assert kept() == before


@pytest.mark.usefixtures("committed")
def test_what_came_is_thrown_away_once_it_is_read(draft: Job) -> None:
    before = kept()
    delivery = receive(draft, {"a.png": image()})
    assert kept() == before + 1
    files.take_in(delivery, at=clock.now())
    file = draft.files.get()
    assert (file.source.name, kept()) == ("", before + 2)
    assert "a.png" not in str(file.file.name)


@pytest.mark.usefixtures("committed")
def test_reading_goes_on_where_it_stopped(draft: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = receive(draft, {"a.png": image(), "b.png": image(50), "c.png": image(60)})
    read: list[str] = []
    really = apart.run

    def dying(source: Path, folder: Path) -> dict[str, Any]:
        if len(read) == 1:
            raise KeyboardInterrupt
        read.append(source.name)
        return really(source, folder)

    def reading(source: Path, folder: Path) -> dict[str, Any]:
        read.append(source.name)
        return really(source, folder)

    monkeypatch.setattr(apart, "run", dying)
    with pytest.raises(KeyboardInterrupt):
        files.take_in(delivery, at=clock.now())
    assert [file.done_at is None for file in delivery.files.order_by("pk")] == [False, True, True]
    assert not draft.files.filter(usable=True).exists()
    monkeypatch.setattr(apart, "run", reading)
    background.read_files(delivery.pk)
    assert len(read) == len(set(read)) == 3
    assert draft.files.filter(usable=True).count() == 3
    background.read_files(delivery.pk)
    assert len(read) == 3


def test_the_worker_reads_what_was_handed_in(draft: Job) -> None:
    delivery = receive(draft, {"a.png": image()})
    assert ProcrastinateJob.objects.filter(task_name=files.READ, args={"delivery_id": delivery.pk}).exists()
    background.read_files(delivery.pk)
    assert Delivery.objects.get(pk=delivery.pk).finished_at
    assert draft.files.get().usable


def test_the_same_files_twice_are_one_delivery_and_others_of_the_name_are_refused(draft: Job) -> None:
    first = hand_in(draft, {"a.png": image()})
    assert receive(draft, {"a.png": image()}) == first
    again = hand_in(draft, {"a.png": image(50), "b.png": image()})
    assert list(told(again)) == ["a.png"]
    assert draft.files.filter(usable=True).get().facts["width"] == 40


def test_files_that_were_sent_back_can_be_sent_again(draft: Job) -> None:
    assert told(hand_in(draft, {"a.png": image(), "b.png": b"?"}))
    assert not told(hand_in(draft, {"a.png": image(), "b.png": image(50)}))
    assert draft.files.filter(usable=True).count() == 2


def test_none_and_too_many_are_refused_and_so_is_a_closed_job(draft: Job, job: Job, olga: Person) -> None:
    with pytest.raises(Refused, match="No file was sent"):
        receive(draft, {})
    with pytest.raises(Refused, match="one zip"):
        receive(draft, {f"{n}.png": b"" for n in range(101)})
    jobs.close(job, by=olga, at=clock.now())
    with pytest.raises(Refused, match="closed"):
        receive(job, {"a.png": image()})


def test_a_job_that_closes_meanwhile_takes_no_files(orbit: Client, olga: Person) -> None:
    job = orders.ready(orbit, olga)
    delivery = receive(job, {"a.png": image()})
    with pytest.raises(Refused, match="still being read"):
        jobs.open(job, by=olga, at=clock.now())
    jobs.close(job, by=olga, at=clock.now())
    assert "closed before" in told(files.take_in(delivery, at=clock.now()))["a.png"]


def test_files_come_to_an_open_job_for_the_tasks_that_join_later(orbit: Client, olga: Person, amina: Person) -> None:
    job = orders.draft(orbit, olga, overlap=1, review_rule="peer")
    first = taken_in(job, "first.png", image())
    orders.send(job, '{"image": "first.png", "beside": "late.png"}\n')
    orders.deposit(orbit, "100")
    jobs.fund(job, by=olga, at=clock.now())
    job = jobs.open(job, by=olga, at=clock.now())
    weight = job.task_bytes
    late = taken_in(job, "late.png", image(900, 900))
    held = claims.claim_next(job, by=amina, at=clock.now())
    assert set(held.question.data[media.FILES]) == {"first.png"}, "what was offered stays as it was"
    assert (files.may_see(first, by=amina, at=clock.now()), files.may_see(late, by=amina, at=clock.now())) == (
        True,
        False,
    )
    assert orders.send(job, '{"image": "late.png", "beside": "first.png"}\n').problems == []
    answer(held, SAME)
    held = claims.claim_next(job, by=amina, at=clock.now())
    assert set(held.question.data[media.FILES]) == {"first.png", "late.png"}
    assert files.may_see(late, by=amina, at=clock.now())
    job.refresh_from_db()
    assert job.task_bytes == (weight + late.bytes + first.bytes) // 2


def test_the_card_says_what_a_task_loads(draft: Job, amina: Person) -> None:
    first, second = taken_in(draft, "a.png", image()), taken_in(draft, "b.png", image(900, 900))
    orders.send(draft, "image,again\na.png,b.png\na.png,none.png\n")
    draft.refresh_from_db()
    assert draft.task_bytes == (2 * first.bytes + second.bytes) // 2
    orders.send(draft, "image\nb.png\n")
    draft.refresh_from_db()
    assert draft.task_bytes == ((2 * first.bytes + second.bytes) // 2 * 2 + second.bytes) // 3
    assert cards.read(cards.card_for(draft, at=clock.now()))["bytes"] == draft.task_bytes


def test_a_kind_that_shows_a_file_takes_no_task_that_names_none(orbit: Client, olga: Person, amina: Person) -> None:
    form = {"question": "Where?", "labels": ["car"], "types": ["box"]}
    kind = media_jobs.voted_kind("image", amina)
    job = orders.draft(orbit, olga, work_type=kind, form=form, pay=Decimal("0.5"), review_rule="peer")
    assert not files.problems(hand_in(job, {"a.png": image(), "b.wav": sound()}))
    lines = [{"image": "a.png"}, {"image": "c.png"}, {"image": "b.wav"}, {"other": "a.png"}, {"image": ["a.png", 7]}]
    upload = orders.send(job, "\n".join(map(json.dumps, lines)), "tasks.jsonl")
    assert [one["line"] for one in upload.problems] == [2, 3, 4, 5]
    assert "names no file of the job" in upload.problems[0]["problem"]
    assert not job.tasks.exists()


def test_a_job_without_files_says_nothing_of_them(draft: Job) -> None:
    orders.send(draft, "a\nx.png\n")
    draft.refresh_from_db()
    assert "bytes" not in cards.read(cards.card_for(draft, at=clock.now()))


def test_a_task_that_looks_like_no_file_costs_no_query(job: Job, amina: Person, django_assert_num_queries: Any) -> None:
    held = claims.claim_next(job, by=amina, at=clock.now())
    held.task.data = {"left": {"name": "Kettle 1.5 l. Steel"}, "n": [1, None], "note": "five.wav is loud"}
    with django_assert_num_queries(0):
        assert held.question.data == held.task.data
    held.task.data = {"image": "a.png"}
    with django_assert_num_queries(1):
        assert held.question.data == {"image": "a.png", media.FILES: {}}


# Who sees a file


def status(browser: Browser, file: JobFile, ending: str = "") -> int:
    """Return how a request for a file is answered."""
    response = browser.get(f"/media/{file.key}/{ending}")
    b"".join(response)  # to its end, so that it is closed
    return int(response.status_code)


def test_a_file_is_seen_by_the_client_and_whoever_holds_a_task_that_names_it(
    shown: tuple[Job, JobFile, JobFile],
    signed_in: Callable[[Person], Browser],
    olga: Person,
    amina: Person,
    luis: Person,
) -> None:
    job, first, second = shown
    assert [status(Browser(), one) for one in (first, second)] == [404, 404]
    assert [status(signed_in(olga), one) for one in (first, second)] == [200, 200]
    assert [status(signed_in(amina), one) for one in (first, second)] == [404, 404]
    held = claims.claim_next(job, by=amina, at=clock.now())
    browser = signed_in(amina)
    assert [status(browser, one) for one in (first, second)] == [200, 404]
    assert status(browser, first, "small/") == 200
    claims.claim_next(job, by=luis, at=clock.now())
    assert [status(signed_in(luis), one) for one in (first, second)] == [404, 200]
    claims.leave(held, by=amina, at=clock.now())
    assert status(browser, first) == 404
    assert browser.get(f"/media/{uuid.uuid4()}/").status_code == 404


def test_whoever_checks_an_answer_sees_its_files_while_they_do(
    shown: tuple[Job, JobFile, JobFile], signed_in: Callable[[Person], Browser], amina: Person, priya: Person
) -> None:
    job, first, second = shown
    held = claims.claim_next(job, by=amina, at=clock.now())
    answer(held, SAME)
    browser = signed_in(priya)
    assert status(browser, first) == 404
    held.refresh_from_db()
    checks.take(held, by=priya, at=clock.now())
    assert [status(browser, one) for one in (first, second)] == [200, 404]
    assert not files.may_see(first, by=priya, at=clock.now() + checks.TIME * 2)


def test_another_client_sees_nothing_and_a_file_that_did_not_come_in_is_seen_by_nobody(
    shown: tuple[Job, JobFile, JobFile], draft: Job, signed_in: Callable[[Person], Browser], luis: Person, olga: Person
) -> None:
    clients.found("Rival Lab", slug="rival", by=luis, at=clock.now())
    assert [status(signed_in(luis), one) for one in shown[1:]] == [404, 404]
    hand_in(draft, {"a.png": image(), "b.png": b"?"})
    assert [status(signed_in(olga), one) for one in draft.files.all()] == [404, 404]


def test_a_file_travels_as_what_it_is_and_can_run_nothing(
    shown: tuple[Job, JobFile, JobFile], signed_in: Callable[[Person], Browser], olga: Person
) -> None:
    file = shown[1]
    response = signed_in(olga).get(f"/media/{file.key}/", headers={"accept-encoding": "gzip"})
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, max-age=86400, immutable"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Content-Security-Policy"].replace(" ;", ";").rstrip("; ") == "default-src 'none'; sandbox"
    assert "Content-Encoding" not in response
    assert len(b"".join(response)) == int(response["Content-Length"]) == file.bytes


def test_a_part_of_a_recording_can_be_asked_for(
    draft: Job, signed_in: Callable[[Person], Browser], olga: Person
) -> None:
    file, browser = taken_in(draft, "a.wav", sound()), signed_in(olga)
    whole = b"".join(browser.get(f"/media/{file.key}/"))
    for asked, first, last in (("0-9", 0, 9), ("10-", 10, len(whole) - 1), ("5-99999999", 5, len(whole) - 1)):
        part = browser.get(f"/media/{file.key}/", headers={"range": f"bytes={asked}"})
        assert (part.status_code, part.content) == (206, whole[first : last + 1])
        assert part["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"
    beyond = browser.get(f"/media/{file.key}/", headers={"range": f"bytes={len(whole)}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(whole)}")


# The pages and the API


def test_a_client_hands_files_in_on_a_page(draft: Job, signed_in: Callable[[Person], Browser], olga: Person) -> None:
    browser, page = signed_in(olga), address("client_files", draft)
    assert page in browser.get(address("client_job", draft)).content.decode()
    waiting = browser.post(page, {"file": sent(a_png=image(), b_wav=sound())}, follow=True)
    assert "0 of 2 files read" in words(waiting)
    assert waiting["Refresh"] == "3"
    files.take_in(draft.deliveries.get(), at=clock.now())
    done = browser.get(page)
    assert "2 files that tasks can name" in words(done)
    assert "40 \u00d7 30" in words(done)
    assert "Refresh" not in done
    files.take_in(receive(draft, {"c.png": b"?"}), at=clock.now())
    assert "1 problem, no file added" in words(browser.get(page))
    refused = browser.post(page, {})
    assert refused.status_code == 400
    assert "No file was sent" in words(refused)


def test_another_clients_files_are_not_there(draft: Job, signed_in: Callable[[Person], Browser], luis: Person) -> None:
    clients.found("Rival Lab", slug="rival", by=luis, at=clock.now())
    assert signed_in(luis).get(address("client_files", draft)).status_code == 404


def test_files_over_the_bound_are_cut_off(
    draft: Job, signed_in: Callable[[Person], Browser], olga: Person, settings: Any
) -> None:
    settings.DATASET_UPLOAD_MAX_BYTES = 1_000
    response = signed_in(olga).post(address("client_files", draft), {"file": sent(a_png=bytes(1_500))})
    assert response.status_code == 413
    assert not draft.deliveries.exists()


def test_a_program_hands_files_in(draft: Job, orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ALL)
    path = f"jobs/{draft.pk}/files"
    zipped = call("POST", path, packed({"a.png": image()}), "application/zip")
    assert (zipped.status_code, zipped.json()["state"], zipped.json()["read"]) == (202, "reading", 0)
    files.take_in(draft.deliveries.get(), at=clock.now())
    assert call("GET", path).json()["results"][0]["state"] == "taken_in"
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n' % one
        for one in ((b"b.png", image()), (b"c.png", b"?"))
    )
    multiple = call("POST", path, body + b"--x--\r\n", "multipart/form-data; boundary=x")
    assert (multiple.status_code, multiple.json()["files"]) == (202, 2)
    files.take_in(draft.deliveries.latest("pk"), at=clock.now())
    back = call("GET", path).json()["results"][0]
    assert (back["state"], [one["file"] for one in back["problems"]]) == ("sent_back", ["c.png"])
    assert call("POST", path, b"", "multipart/form-data; boundary=x").status_code == 400
    reader, _key = program(orbit, olga, ["read"])
    assert reader("POST", path, packed({"a.png": image()}), "application/zip").status_code == 403


def test_what_an_undone_act_left_on_disk_is_swept(draft: Job) -> None:
    with transaction.atomic():
        hand_in(draft, {"a.png": image()})
        transaction.set_rollback(True)
    taken_in(draft, "b.png", image())
    before = kept()
    assert sweeping.sweep(before=clock.now() - timedelta(days=2000)) == 0
    left = sweeping.sweep(before=datetime.now(UTC) + timedelta(days=1))
    assert left >= 2
    assert kept() == before - left
    assert default_storage.exists(str(draft.files.get().file.name))


# Attacks as the web role


def test_a_file_that_tasks_may_name_is_exchanged(attack: Attack, draft: Job) -> None:
    file = taken_in(draft, "a.png", image())
    attack("UPDATE tasks_jobfile SET file = 'files/other' WHERE id = %s", [file.pk], guard="files_that_are_shown_stay")


INSERT = """INSERT INTO tasks_jobfile (delivery_id, job_id, name, key, source, kind, file, small, content_type,
    bytes, facts, done_at, usable, after)
    VALUES (%s, %s, 'b.png', gen_random_uuid(), '', 'image', 'files/b', '', 'image/webp', 1, '{}', now(), true, %s)"""


def test_a_file_is_let_in_unread_or_by_another_jobs_delivery(attack: Attack, draft: Job, job: Job) -> None:
    unread = receive(draft, {"a.png": image()}).files.get()
    usable = "UPDATE tasks_jobfile SET usable = true WHERE id = %s"
    attack(usable, [unread.pk], guard="files_come_for_later_tasks")
    attack(INSERT, [unread.delivery_id, job.pk, 1_000], guard="files_come_for_later_tasks")


def test_a_file_changes_what_tasks_of_an_open_job_show(attack: Attack, job: Job) -> None:
    last = job.tasks.count()
    delivery = receive(job, {"a.png": image()})
    attack(INSERT, [delivery.pk, job.pk, last - 1], guard="files_come_for_later_tasks")
    attack(INSERT, [delivery.pk, job.pk, 0], guard="files_come_for_later_tasks")


def test_a_file_comes_to_a_closed_job(attack: Attack, job: Job, olga: Person) -> None:
    delivery = receive(job, {"a.png": image()})
    jobs.close(job, by=olga, at=clock.now())
    attack(INSERT, [delivery.pk, job.pk, 1_000], guard="files_come_for_later_tasks")


def test_another_file_takes_a_name(draft: Job) -> None:
    taken_in(draft, "a.png", image())
    second = receive(draft, {"a.png": image(50)})
    with pytest.raises(Exception, match="one_usable_file_per_name"), transaction.atomic():
        second.files.update(usable=True, done_at=clock.now(), file="files/x")


def test_names_are_for_one_job(draft: Job, job: Job, amina: Person) -> None:
    taken_in(draft, "a.png", image())
    held = claims.claim_next(job, by=amina, at=clock.now())
    held.task.data = {"image": "a.png"}
    assert held.question.data[media.FILES] == {}


def test_any_kind_of_answer_shows_the_files_that_its_task_names(
    shown: tuple[Job, JobFile, JobFile], signed_in: Callable[[Person], Browser], amina: Person
) -> None:
    job, first, _second = shown
    held = claims.claim_next(job, by=amina, at=clock.now())
    page = signed_in(amina).get(f"/work/{held.pk}/").content.decode()
    assert f'src="/media/{first.key}/small/"' in page
    assert 'width="40"' in page
    assert "first.png" not in page
