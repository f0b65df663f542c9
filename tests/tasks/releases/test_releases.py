"""Versions of a data set: written once, part by part, compared with the one before."""

import hashlib
import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from tasks import background, formats, releases
from tasks.models import Job, Release
from tests.tasks import orders
from tests.tasks.releases.conftest import Made
from tests.tasks.test_api import program
from tests.tasks.test_exports import answer

type SignedIn = Callable[[Person], Browser]


def names(release: Release) -> list[str]:
    return [one["id"] for one in releases.items(release)]


def test_a_version_tells_each_item_with_all_its_answers(job: Job, made: Made) -> None:
    release = made(job)
    assert (release.number, release.items, release.answers, len(release.parts)) == (1, 3, 7, 1)
    first, second, third = releases.items(release)
    assert (first["id"], first["result"], first["confidence"], first["position"]) == ("p0", {"labels": ["Same"]}, 1, 1)
    assert (second["result"], second["agreement"]) == ({"labels": ["Different"]}, 0.6667)
    assert [one["answer"]["labels"] for one in second["answers"]] == [["Different"], ["Same"], ["Different"]]
    assert len(third["answers"]) == 1
    card = job.assignments.get(task__external_id="p2").card_id
    assert third["answers"][0]["card"] == card
    assert {one["split"] for one in (first, second, third)} == {"train"}


def test_its_digest_is_of_its_lines(job: Job, made: Made) -> None:
    release = made(job)
    part = hashlib.sha256("".join(releases.lines(release)).encode()).hexdigest()
    assert release.parts == [part]
    assert release.digest == hashlib.sha256(f"{part}\n".encode()).hexdigest()


def test_nobody_is_named(job: Job, made: Made, amina: Person) -> None:
    text = "".join(releases.lines(made(job))).lower()
    for secret in (amina.name, amina.email, "seconds", "person"):
        assert secret.lower() not in text


def test_parts_are_the_same_however_often_the_writer_is_killed(
    job: Job, made: Made, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "AT_ONCE", 2)
    whole = made(job)
    asked = releases.ask(job, by=olga, at=whole.asked_at)
    real, calls = default_storage.save, []

    def dies(name: str, content: Any) -> str:
        calls.append(name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(name, content)

    monkeypatch.setattr(default_storage, "save", dies)
    with pytest.raises(KeyboardInterrupt):
        releases.write(asked, at=clock.now())
    again = Release.objects.get(pk=asked.pk)
    assert (again.place, len(again.parts), again.finished_at) == (2, 1, None)
    background.write_release(asked.pk)
    again.refresh_from_db()
    assert again.parts == whole.parts
    assert len(again.parts) == 2
    assert list(releases.lines(again)) == list(releases.lines(whole))


def test_what_comes_later_is_in_the_next_version_with_what_changed(
    job: Job, made: Made, luis: Person, priya: Person
) -> None:
    first = made(job)
    before = list(releases.lines(first))
    answer(job, (luis, "Same"), (priya, "Different"))
    answer(job, (luis, "Different"))
    second = made(job)
    assert list(releases.lines(first)) == before
    assert (second.number, second.added, second.changed, second.removed) == (2, 1, 1, 0)
    assert {(one.name, one.what) for one in releases.changes(second)} == {("p2", "changed"), ("p3", "added")}
    told = b"".join(formats.find("changes", job).write(second)).splitlines()
    assert [json.loads(one) for one in told] == [{"id": "p2", "what": "changed"}, {"id": "p3", "what": "added"}]
    assert len(list(formats.find("changes", job).write(first))) == first.items == first.added


def test_an_answer_after_the_version_was_asked_for_is_not_in_it(job: Job, olga: Person, luis: Person) -> None:
    asked = releases.ask(job, by=olga, at=clock.now())
    answer(job, (luis, "Same"))
    assert releases.write(asked, at=clock.now()).answers == 7


def test_what_is_left_out_stays_in_the_versions_before(job: Job, made: Made, olga: Person) -> None:
    first = made(job)
    assert releases.withdraw(job, ["p1"], reason="A person's address.", by=olga, at=clock.now()) == 1
    assert releases.withdraw(job, ["p1"], reason="Again.", by=olga, at=clock.now()) == 0
    second = made(job)
    assert names(first) == ["p0", "p1", "p2"]
    assert names(second) == ["p0", "p2"]
    assert (second.added, second.changed, second.removed) == (0, 0, 1)


@pytest.mark.parametrize(("items", "reason"), [(["p9"], "Why"), ([], "Why"), (["p1"], " "), (["p1"], "x" * 501)])
def test_an_unknown_item_or_no_reason_leaves_nothing_out(job: Job, olga: Person, items: list[str], reason: str) -> None:
    with pytest.raises(Refused):
        releases.withdraw(job, items, reason=reason, by=olga, at=clock.now())
    assert not job.tasks.exclude(withdrawal=None).exists()


def test_an_item_stays_in_its_split(job: Job, made: Made, luis: Person) -> None:
    first = {one["id"]: one["split"] for one in releases.items(made(job, train=50, test=50))}
    answer(job, (luis, "Same"))
    second = {one["id"]: one["split"] for one in releases.items(made(job, train=50, test=50))}
    assert second.items() >= first.items()
    drawn = [releases.split_of(Release(job=job, splits={"train": 70, "test": 30}), f"p{n}") for n in range(2000)]
    assert 0.25 < drawn.count("test") / len(drawn) < 0.35


@pytest.mark.parametrize(
    "splits", [{"train": 99}, {"train": 60, "test": 41}, {"Train": 100}, {"a/b": 100}, {"a": 100, "b": 0}]
)
def test_splits_that_make_no_whole_are_refused(job: Job, olga: Person, splits: dict[str, int]) -> None:
    with pytest.raises(Refused):
        releases.ask(job, splits=splits, by=olga, at=clock.now())


def test_one_version_is_written_at_a_time_and_only_with_answers(job: Job, orbit: Client, olga: Person) -> None:
    releases.ask(job, by=olga, at=clock.now())
    with pytest.raises(Refused) as refused:
        releases.ask(job, by=olga, at=clock.now())
    assert refused.value.refusal.status == 409
    empty = orders.opened(orbit, olga, tasks=1)
    with pytest.raises(Refused):
        releases.ask(empty, by=olga, at=clock.now())


def test_a_finished_version_is_not_written_again(job: Job, made: Made) -> None:
    release, at = made(job), clock.now()
    with CaptureQueriesContext(connection) as asked:
        assert releases.write(release, at=at) == release
    assert not asked.captured_queries


def test_the_statements_for_a_part_do_not_grow_with_its_tasks(
    job: Job, olga: Person, luis: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for size in (1, 100):
        monkeypatch.setattr(releases, "AT_ONCE", size)
        asked = releases.ask(job, by=olga, at=clock.now())
        with CaptureQueriesContext(connection) as found:
            releases._write_part(asked)  # noqa: SLF001 - one part of it
        counts.append(len(found))
        releases.write(asked, at=clock.now())
    assert counts[0] == counts[1]


def words(page: Any) -> str:
    """Return the text of a page in one line."""
    main = page.content.decode().partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).replace("\xa0", " ").split())


def test_a_client_makes_a_version_reads_of_it_and_takes_it_home(job: Job, olga: Person, signed_in: SignedIn) -> None:
    browser, address = signed_in(olga), reverse("tasks:releases", args=["orbit", job.pk])
    assert "There is no version yet." in words(browser.get(address))
    asked = browser.post(
        reverse("tasks:release", args=["orbit", job.pk]), {"validation": "0", "test": "20"}, follow=True
    )
    assert "The version is being written." in words(asked)
    assert asked["Refresh"] == "5"
    assert "A version is being written." in words(browser.get(address))
    release = releases.write(Release.objects.get(job=job), at=clock.now())
    page = words(browser.get(address))
    assert f"Items 3 Answers 7 Digest {release.digest}" in page
    file = browser.get(reverse("tasks:release_download", args=["orbit", job.pk, 1, "jsonl"]))
    assert b"".join(file).decode() == "".join(releases.lines(release))
    assert file["Content-Disposition"] == f'attachment; filename="job-{job.pk}-version-1-jsonl.jsonl"'
    left = browser.post(
        reverse("tasks:withdraw", args=["orbit", job.pk]), {"names": "p1\n", "reason": "x"}, follow=True
    )
    assert "1 items are left out from the next version on." in words(left)
    wrong = browser.post(reverse("tasks:release", args=["orbit", job.pk]), {"validation": "51", "test": "0"})
    assert wrong.status_code == 400


@pytest.mark.parametrize("at_once", [2, 5_000])
def test_a_download_goes_on_where_it_broke_off(
    job: Job, made: Made, olga: Person, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(releases, "AT_ONCE", at_once)
    monkeypatch.setattr(releases, "PIECE", 100)
    release, browser = made(job), signed_in(olga)
    address = reverse("tasks:release_download", args=["orbit", job.pk, 1, "jsonl"])
    whole = browser.get(address)
    everything = b"".join(whole)
    size, tag = len(everything), whole["ETag"]
    assert everything.decode() == "".join(releases.lines(release))
    assert (whole["Content-Length"], whole["Accept-Ranges"], tag) == (str(size), "bytes", f'"{release.digest}"')
    first_part = default_storage.size(f"releases/{release.folder}/part-00000.jsonl")
    places = {1, 99, 100, first_part - 1, first_part % size, size - 1}
    asked: list[tuple[int, int | None]] = [*((place, None) for place in places), (0, 0), (10, 700), (0, size + 9)]
    for first, last in asked:
        wanted = f"bytes={first}-{'' if last is None else last}"
        part = browser.get(address, headers={"range": wanted, "if-range": tag})
        end = size if last is None else min(last + 1, size)
        assert (part.status_code, b"".join(part)) == (206, everything[first:end])
        assert part["Content-Range"] == f"bytes {first}-{end - 1}/{size}"
        assert part["Content-Length"] == str(end - first)
    for wanted, found in (("bytes=7-", everything[7:]), ("", everything)):
        packed = browser.get(address, headers={"range": wanted, "if-range": tag, "accept-encoding": "gzip"})
        # Packed, the whole would have another tag, and bytes at other places than a part of it.
        assert ("Content-Encoding" in packed, packed["ETag"], b"".join(packed)) == (False, tag, found)
    done = browser.get(address, headers={"range": f"bytes={size}-"})
    assert (done.status_code, done["Content-Range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize(
    "headers",
    [
        {"range": "bytes=5-", "if-range": '"another"'},
        {"range": "bytes=-5"},
        {"range": "bytes=1-2,4-5"},
        {"range": "bytes=5-4"},
    ],
    ids=str,
)
def test_what_cannot_go_on_is_sent_whole(
    job: Job, made: Made, olga: Person, signed_in: SignedIn, headers: dict[str, str]
) -> None:
    release, address = made(job), reverse("tasks:release_download", args=["orbit", job.pk, 1, "jsonl"])
    sent = signed_in(olga).get(address, headers=headers)
    assert (sent.status_code, b"".join(sent).decode()) == (200, "".join(releases.lines(release)))


@pytest.mark.parametrize("who", ["luis", "newcomer", None])
def test_nobody_else_sees_a_version(
    job: Job, made: Made, request: pytest.FixtureRequest, signed_in: SignedIn, who: str | None
) -> None:
    made(job)
    browser = signed_in(request.getfixturevalue(who)) if who else Browser()
    for name, more in (("releases", []), ("release_download", [1, "jsonl"]), ("certificate", [1])):
        assert browser.get(reverse(f"tasks:{name}", args=["orbit", job.pk, *more])).status_code in {302, 404}


def test_a_version_that_is_not_whole_or_unknown_is_not_handed_out(job: Job, olga: Person, signed_in: SignedIn) -> None:
    releases.ask(job, by=olga, at=clock.now())
    browser = signed_in(olga)
    assert browser.get(reverse("tasks:release_download", args=["orbit", job.pk, 1, "jsonl"])).status_code == 404
    releases.write(Release.objects.get(job=job), at=clock.now())
    assert browser.get(reverse("tasks:release_download", args=["orbit", job.pk, 1, "word"])).status_code == 404


def test_a_program_makes_and_reads_versions(job: Job, orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ["read", "post", "download"])
    path = f"jobs/{job.pk}/releases"
    asked = call("POST", path, {"splits": {"train": 80, "test": 20}})
    assert (asked.status_code, asked.json()["number"], asked.json()["finished_at"]) == (202, 1, None)
    assert call("POST", path, {}).status_code == 409
    release = releases.write(Release.objects.get(job=job), at=clock.now())
    assert call("GET", f"{path}/1").json()["digest"] == release.digest
    assert [one["items"] for one in call("GET", path).json()["results"]] == [3]
    assert b"".join(call("GET", f"{path}/1/jsonl")).decode().count("\n") == 3
    assert json.loads(call("GET", f"{path}/1/certificate").content)["signature"] == release.signature
    assert call("GET", f"{path}/1/word").status_code == 404
    assert call("POST", f"jobs/{job.pk}/withdrawals", {"items": ["p0"], "reason": "x"}).json() == {"withdrawn": 1}
    assert call("POST", f"jobs/{job.pk}/withdrawals", {"items": ["zz"], "reason": "x"}).status_code == 400
