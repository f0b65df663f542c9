"""The files of versions: made once of each format, sent from anywhere, gone with what they hold."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client as Browser
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from tasks import background, formats, release_files, releases, sweeping
from tasks.models import Job, Release, ReleaseFile
from tests.tasks.releases.conftest import Made
from tests.tasks.releases.test_releases import words
from tests.tasks.test_api import program

type SignedIn = Callable[[Person], Browser]
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
LATE = timedelta(days=99)


@pytest.fixture
def release(job: Job, made: Made, settings: Any, tmp_path: Any) -> Release:
    """Return a version that lies by itself on disk."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return made(job, train=50, test=50)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every version be too large to be written while somebody waits."""
    monkeypatch.setattr(release_files, "AT_ONCE", 0)


def asked(release: Release, name: str = "csv") -> ReleaseFile:
    return release_files.ask(release, formats.find(name, release.job), at=clock.now())


def on_disk(release: Release) -> set[str]:
    """Return what lies beside the parts of a version."""
    names = {name.rpartition("/")[2] for name in releases.parts_of(release)}
    return {name for name in names if not name.startswith("part-")}


def address(release: Release, name: str) -> str:
    return reverse("tasks:release_download", args=["orbit", release.job_id, release.number, name])


def waiting() -> list[int]:
    """Return which files the worker is to make."""
    jobs = ProcrastinateJob.objects.filter(task_name=release_files.MAKE, status="todo").order_by("pk")
    return [args["file_id"] for args in jobs.values_list("args", flat=True)]


def test_a_file_of_every_format_goes_on_where_it_broke_off(release: Release, olga: Person, signed_in: SignedIn) -> None:
    browser = signed_in(olga)
    for name in formats.of(release.job):
        sent = browser.get(address(release, name), headers={"accept-encoding": "gzip"})
        whole, tag = b"".join(sent), sent["ETag"]
        assert (sent.status_code, sent["Accept-Ranges"], sent["Content-Length"]) == (200, "bytes", str(len(whole)))
        assert name == "jsonl" or tag == f'"{hashlib.sha256(whole).hexdigest()}"'
        part = browser.get(address(release, name), headers={"range": "bytes=9-", "if-range": tag})
        assert (part.status_code, b"".join(part)) == (206, whole[9:])
        done = browser.get(address(release, name), headers={"range": f"bytes={len(whole)}-"})
        assert (done.status_code, done["Content-Range"]) == (416, f"bytes */{len(whole)}")
    assert on_disk(release) == {
        f"{name}.{formats.find(name, release.job).ending}" for name in formats.of(release.job) if name != "jsonl"
    }


@pytest.mark.usefixtures("large")
def test_the_file_of_a_large_version_is_made_once_by_the_worker_and_shows_how_far_it_is(
    release: Release, olga: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(olga)
    for _time in range(2):
        page = browser.get(address(release, "croissant"), follow=True)
        assert "The file is being made. Take it from here once it is whole." in words(page)
        assert "The file is being made 0 of 3" in words(page)
        assert page["Refresh"] == "5"
    (number,) = waiting()
    background.make_release_file(number)
    file = ReleaseFile.objects.get()
    assert file.place == 3
    page = browser.get(reverse("tasks:releases", args=["orbit", release.job_id]))
    assert ("being made" in words(page), "Refresh" in page) == (False, False)
    sent = browser.get(address(release, "croissant"))
    assert (sent.status_code, len(b"".join(sent))) == (200, file.bytes)


@pytest.mark.usefixtures("large")
def test_a_program_asks_until_the_file_is_made(release: Release, orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ["download"])
    path = f"jobs/{release.job_id}/releases/1/parquet"
    told = call("GET", path)
    assert (told.status_code, told["Retry-After"]) == (202, "5")
    assert (told.json()["name"], told.json()["place"], told.json()["of"]) == ("parquet", 0, 2)
    background.make_release_file(*waiting())
    assert b"".join(call("GET", path)).startswith(b"PAR1")
    assert call("GET", f"jobs/{release.job_id}/releases/1/statement").status_code == 200


def dying(_release: Release) -> Iterator[bytes]:
    yield b"half"
    raise KeyboardInterrupt


@pytest.mark.usefixtures("large")
def test_a_worker_that_is_killed_leaves_no_half_file_and_another_begins_again(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, csv = asked(release), formats.find("csv", release.job)
    with monkeypatch.context() as dies:
        dies.setitem(formats._ALL, "csv", formats.Format("csv", csv.ending, csv.media, dying))  # noqa: SLF001
        with pytest.raises(KeyboardInterrupt):
            background.make_release_file(file.pk)
    assert on_disk(release) == set()
    assert ReleaseFile.objects.get().finished_at is None
    assert asked(release) == file
    background.make_release_file(file.pk)
    assert on_disk(release) == {"csv.csv"}
    assert asked(release).bytes == len(b"".join(csv.write(release)))


def test_of_two_that_were_made_at_the_same_time_the_first_stays(release: Release) -> None:
    first = asked(release)
    late = ReleaseFile.objects.select_related("release__job").get()
    late.finished_at, late.digest = None, ""
    kept = release_files.make(late, at=clock.now())
    assert (kept.digest, kept.finished_at) == (first.digest, first.finished_at)
    assert on_disk(release) == {"csv.csv"}


def test_a_file_that_nobody_took_for_a_week_is_forgotten(release: Release, later: Later) -> None:
    asked(release)
    asked(release, "parquet")
    later(days=5)
    background.forget_release_files(0)
    asked(release, "csv")
    assert on_disk(release) == {"csv.csv", "parquet.parquet"}
    later(days=3)
    assert background.forget_release_files(0) == 1
    assert on_disk(release) == {"csv.csv"}
    assert [file.name for file in ReleaseFile.objects.exclude(finished_at=None)] == ["csv"]
    assert asked(release, "parquet").finished_at


def test_a_file_that_is_gone_from_the_disk_is_made_anew(release: Release) -> None:
    file = asked(release)
    default_storage.delete(f"releases/{release.folder}/csv.csv")
    assert asked(release).digest == file.digest
    assert on_disk(release) == {"csv.csv"}


def test_what_no_row_names_is_swept_away(release: Release) -> None:
    asked(release)
    for name in ("parquet.parquet", "0a-b.new"):
        default_storage.save(f"releases/{release.folder}/{name}", ContentFile(b"left"))
    assert sweeping.sweep(before=clock.now() - timedelta(days=1)) == 0
    assert sweeping.sweep(before=clock.now() + LATE) == 2
    assert on_disk(release) == {"csv.csv"}
    assert len(releases.parts_of(release)) == 2


def test_files_beyond_what_a_client_may_keep_go_first_that_were_not_taken_for_longest(
    release: Release, settings: Any, later: Later
) -> None:
    asked(release)
    asked(release, "changes")
    later(days=2)
    csv = asked(release, "csv")
    settings.CLIENT_MAX_BYTES = csv.bytes + len(b"".join(formats.find("statement", release.job).write(release)))
    asked(release, "statement")
    assert on_disk(release) == {"csv.csv", "statement.md"}


GUARD = "files_of_versions_stay_as_made"


@pytest.mark.parametrize(
    "change",
    ["bytes = 1", "tries = 0", "digest = repeat('0', 64)", "place = 9", "finished_at = NULL, digest = ''",
     "finished_at = coop_now()", "asked_at = coop_now()",
     "asked_at = NULL, finished_at = NULL, digest = '', bytes = 1"],
)  # fmt: skip
def test_a_file_that_is_whole_never_changes(release: Release, attack: Attack, change: str) -> None:
    file = asked(release)
    attack(f"UPDATE tasks_releasefile SET {change} WHERE id = %s", [file.pk], guard=GUARD)


def test_a_file_is_made_of_a_whole_version_and_begins_empty(job: Job, olga: Person, attack: Attack) -> None:
    insert = """INSERT INTO tasks_releasefile (release_id, name, asked_at, used_at, place, bytes, digest, finished_at)
        VALUES (%s, 'csv', coop_now(), coop_now(), 0, 0, %s, {})"""
    release = releases.ask(job, by=olga, at=clock.now())
    attack(insert.format("NULL"), [release.pk, ""], guard=GUARD)
    releases.write(release, at=clock.now())
    attack(insert.format("coop_now()"), [release.pk, "0" * 64], guard=GUARD)


@pytest.mark.usefixtures("large")
def test_a_file_ends_with_its_digest(release: Release, attack: Attack) -> None:
    change = "UPDATE tasks_releasefile SET finished_at = coop_now() WHERE id = %s"
    attack(change, [asked(release).pk], guard="finished_files_of_versions_have_a_digest")


@pytest.mark.usefixtures("large")
def test_the_file_of_one_version_is_not_made_that_of_another(release: Release, attack: Attack) -> None:
    attack("UPDATE tasks_releasefile SET name = 'x' WHERE id = %s", [asked(release).pk], guard="permission denied")


@pytest.mark.usefixtures("large")
def test_a_version_has_one_file_of_a_format(release: Release, attack: Attack) -> None:
    asked(release)
    again = """INSERT INTO tasks_releasefile (release_id, name, asked_at, used_at, place, bytes, digest)
        VALUES (%s, 'csv', coop_now(), coop_now(), 0, 0, '')"""
    attack(again, [release.pk], guard="one_file_per_version_and_format")


@pytest.mark.usefixtures("large")
def test_what_fails_three_times_is_not_made_for_ever(
    release: Release, olga: Person, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, later: Later
) -> None:
    csv, browser = formats.find("csv", release.job), signed_in(olga)
    monkeypatch.setitem(formats._ALL, "csv", replace(csv, write=broken))  # noqa: SLF001 - as a file of our fault
    for _time in range(3):
        file = asked(release)
        with pytest.raises(ZeroDivisionError):
            background.make_release_file(file.pk)
    page = browser.get(address(release, "csv"))
    assert (page.status_code, "We look at it." in words(page)) == (409, True)
    page = browser.get(reverse("tasks:releases", args=["orbit", release.job_id]))
    assert ("The file could not be made" in words(page), "Refresh" in page) == (True, False)
    later(days=8)
    assert background.forget_release_files(0) == 1
    assert asked(release).is_being_made


def broken(_release: Release) -> Iterator[bytes]:
    yield b"%d" % (1 // 0)


@pytest.mark.usefixtures("large")
def test_what_ends_the_worker_three_times_is_not_begun_again(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    csv = formats.find("csv", release.job)
    monkeypatch.setitem(formats._ALL, "csv", replace(csv, write=dying))  # noqa: SLF001 - as one that takes all memory
    for _time in range(3):
        with pytest.raises(KeyboardInterrupt):
            background.make_release_file(asked(release).pk)
    background.make_release_file(asked(release).pk)
    with pytest.raises(Refused, match="We look at it"):
        asked(release)


@pytest.mark.usefixtures("large")
def test_a_client_waits_for_two_files_at_a_time(release: Release) -> None:
    first, _second = asked(release), asked(release, "changes")
    with pytest.raises(Refused, match="Two other files are being made"):
        asked(release, "parquet")
    assert asked(release) == first
    background.make_release_file(first.pk)
    assert asked(release, "parquet").is_being_made


def test_a_file_is_sent_whole_though_it_is_taken_away_meanwhile(
    release: Release, olga: Person, signed_in: SignedIn
) -> None:
    whole = b"".join(formats.find("csv", release.job).write(release))
    sent = signed_in(olga).get(address(release, "csv"))
    default_storage.delete(f"releases/{release.folder}/csv.csv")
    assert b"".join(sent) == whole


def test_a_file_that_is_gone_before_it_is_sent_is_refused(release: Release) -> None:
    file = asked(release)
    default_storage.delete(f"releases/{release.folder}/csv.csv")
    with pytest.raises(Refused, match="taken away"):
        release_files.sent(file, {})


def test_no_file_pushes_out_what_was_taken_lately(release: Release, settings: Any, later: Later) -> None:
    settings.CLIENT_MAX_BYTES = asked(release).bytes + 10
    with pytest.raises(Refused, match="within two days"):
        asked(release, "label-studio")
    assert on_disk(release) == {"csv.csv"}
    later(days=3)
    settings.CLIENT_MAX_BYTES = len(b"".join(formats.find("label-studio", release.job).write(release)))
    assert asked(release, "label-studio").finished_at
    assert on_disk(release) == {"label-studio.json"}


def test_a_nearly_full_disk_takes_no_file(release: Release, monkeypatch: pytest.MonkeyPatch, later: Later) -> None:
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=release_files.FREE))
        with pytest.raises(Refused, match="too little room"):
            asked(release)
    with pytest.raises(Refused, match="in an hour"):
        asked(release)
    later(hours=2)
    assert asked(release).finished_at


@pytest.mark.usefixtures("large")
def test_a_file_that_is_not_made_says_why(release: Release, attack: Attack) -> None:
    change = "UPDATE tasks_releasefile SET failed_at = coop_now() WHERE id = %s"
    attack(change, [asked(release).pk], guard="files_of_versions_fail_for_a_reason")
