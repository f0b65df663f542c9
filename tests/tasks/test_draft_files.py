"""Files of a job that is being written: on its preview and in its pilot, the client's alone, gone with the draft."""

import errno
import json
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.test import TestCase
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people import clients, keys
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments.models import WorkType
from tasks import background, claims, draft_files, drafting, files, forms_job, holding, sketches, sweeping
from tasks.media import apart
from tasks.models import Job, Sketch, SketchFile
from tasks.scale import fetching
from tests.tasks import orders, writing
from tests.tasks.handing_in import image, packed, sound
from tests.tasks.media_jobs import voted_kind
from tests.tasks.scale.test_fetching import Store, store
from tests.tasks.test_client_pages import words
from tests.tasks.test_lint import WELL

__all__ = ["store"]
FORGET = import_module("tasks.migrations.0116_of_no_address_read_before").FORGET
pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
BOXES = WELL | {
    "title": "Kettles", "question": "Where is the kettle?", "labels": "kettle", "types": ["box"], "pay": "0.50",
    "overlap": "1", "review_rule": "peer", "minutes": "60",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _folder_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def boxes(amina: Person) -> WorkType:
    return voted_kind("image", amina)


@pytest.fixture
def sketch(orbit: Client, olga: Person, boxes: WorkType) -> Sketch:
    """Return a new job of boxes with two images and no tasks yet."""
    made = sketches.begin(orbit, work_type=boxes, by=olga, at=clock.now())
    brought(made, {"a.png": image(), "b.png": image(50, 20)}, olga)
    return sketches.keep(made, BOXES, by=olga)


@pytest.fixture
def rival(priya: Person) -> Client:
    return clients.found("Rival", slug="rival", by=priya, at=clock.now())


@pytest.fixture
def browser(signed_in: Callable[[Person], Browser], olga: Person) -> Browser:
    return signed_in(olga)


def brought(sketch: Sketch, given: dict[str, bytes], by: Person) -> Sketch:
    """Bring files, and have them read."""
    content = [ContentFile(one, name=name) for name, one in given.items()]
    found = draft_files.receive(sketch, content, by=by)
    with TestCase.captureOnCommitCallbacks(execute=True):
        draft_files.take_in(found.pk, at=clock.now())
    return found


def on_disk() -> list[str]:
    root = Path(site.MEDIA_ROOT)
    return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


def facts(sketch: Sketch) -> dict[str, Any]:
    form = forms_job.whole(sketch.work_type, sketch.said)
    assert form.is_valid(), form.errors
    return form.facts()


def again(sketch: Sketch) -> Sketch:
    return Sketch.objects.select_related("client", "work_type").get(pk=sketch.pk)


def seen(page: Any) -> str:
    return str(page.content.decode())


# As the client sees it


def test_a_client_brings_images_sees_the_first_as_members_will_and_pilots_them(
    browser: Browser, orbit: Client, boxes: WorkType
) -> None:
    orders.deposit(orbit, "500")
    draft = writing.begin(browser, boxes.slug)
    given = [SimpleUploadedFile(f"k{number}.png", image(40 + number, 30)) for number in range(22)]
    sent = browser.post(f"{draft}data/", {"shows": given})
    assert sent.headers["Location"] == f"{draft}files/"
    waiting = browser.get(f"{draft}files/")
    assert waiting.headers["Refresh"] == "3"
    assert "0 of 22 files read" in words(waiting)
    draft_files.take_in(writing.sketch(draft).pk, at=clock.now())
    assert "Make 22 tasks, one of each" in words(browser.get(f"{draft}files/"))
    assert browser.post(f"{draft}files/tasks/").headers["Location"] == f"{draft}questions/"
    assert writing.sketch(draft).rows == 22
    whole = writing.fill(browser, draft, BOXES)
    first = writing.sketch(draft).files.get(name="k0.png")
    assert f"{draft}files/{first.key}/" in seen(whole)
    assert "Run a paid pilot: 20 tasks" in words(whole)
    shown = browser.post(f"{draft}look/", BOXES)
    assert f"{draft}files/{first.key}/" in seen(shown)
    sent = browser.get(f"{draft}files/{first.key}/")
    assert (sent.headers["Content-Type"], sent.getvalue()[:4]) == ("image/webp", b"RIFF")
    piloted = browser.post(f"{draft}pilot/")
    pilot = Job.objects.latest("pk")
    assert piloted.headers["Location"] == reverse("tasks:pilot", args=["orbit", pilot.pk])
    assert (pilot.tasks.count(), pilot.files.filter(usable=True).count()) == (20, 20)
    assert pilot.opened_at
    adopted = browser.post(reverse("tasks:adopt_pilot", args=["orbit", pilot.pk]), {"pay": "0.5"})
    made = Job.objects.latest("pk")
    assert adopted.headers["Location"] == reverse("tasks:fund_job", args=["orbit", made.pk])
    assert sorted(made.tasks.values_list("external_id", flat=True)) == ["k20.png", "k21.png"]
    assert made.files.filter(usable=True).count() == 22
    assert not SketchFile.objects.filter(is_gone=False).exists()


def test_a_member_of_the_pilot_sees_the_same_file_and_nobody_else_does(
    sketch: Sketch, orbit: Client, olga: Person, amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    orders.deposit(orbit, "500")
    ready = sketches.ask_one_each(sketch, by=olga)
    job = sketches.pilot(ready, facts(ready), by=olga, at=clock.now())
    claimed = claims.claim_next(job, by=amina, at=clock.now())
    own = job.files.get(name=claimed.task.data["image"])
    mine = signed_in(amina)
    assert f"/media/{own.key}/" in seen(mine.get(f"/work/{claimed.pk}/"))
    assert mine.get(f"/media/{own.key}/").getvalue()
    drafted = sketch.files.get(name=own.name)
    assert mine.get(drafted.shown()["address"]).status_code == 404
    assert signed_in(luis).get(f"/media/{own.key}/").status_code == 404


def test_of_each_kind_that_shows_files_the_first_is_drawn(orbit: Client, olga: Person, amina: Person) -> None:
    clouds = {"cloud.bin": np.random.default_rng(1).uniform(-9, 9, (300, 4)).astype("<f4").tobytes()}
    for shape, given, said in (
        ("cuboids", clouds, {"labels": "car"}),
        ("transcription", {"a.wav": sound(0.5)}, {}),
    ):
        made = sketches.begin(orbit, work_type=voted_kind(shape, amina), by=olga, at=clock.now())
        brought(made, given, olga)
        written = sketches.keep(made, BOXES | said, by=olga)
        found = drafting.preview(written)
        assert found is not None, shape
        assert str(written.files.get().key) in json.dumps(found["page"], default=str)


@pytest.mark.parametrize(("said", "muted"), [({}, False), ({"content_violence": "rare"}, True)], ids=["calm", "upsets"])
def test_a_recording_that_may_upset_is_drawn_muted(
    orbit: Client, olga: Person, amina: Person, browser: Browser, said: dict[str, str], *, muted: bool
) -> None:
    made = sketches.begin(orbit, work_type=voted_kind("transcription", amina), by=olga, at=clock.now())
    brought(made, {"a.wav": sound(0.5)}, olga)
    sketches.keep(made, BOXES | said, by=olga)
    page = browser.get(reverse("tasks:draft_job", args=["orbit", made.pk])).text
    assert (" muted" in page.split("<audio")[1].split(">")[0]) == muted


def test_frames_of_a_video_are_named_by_a_task(orbit: Client, olga: Person, amina: Person) -> None:
    made = sketches.begin(orbit, work_type=voted_kind("frames", amina), by=olga, at=clock.now())
    brought(made, {"1.png": image(), "2.png": image()}, olga)
    made = sketches.keep(made, BOXES, by=olga)
    with pytest.raises(Refused, match="could be made by itself"):
        sketches.ask_one_each(made, by=olga)
    rows = json.dumps({"frames": ["1.png", "2.png"]}) + "\n"
    made = sketches.bring(made, orders.file_of(rows, "frames.jsonl"), by=olga)
    assert drafting.preview(made) is not None
    assert not any(one.stops for one in drafting.findings(made))


def test_a_task_that_names_no_file_is_said_before_the_job_is_made(
    sketch: Sketch, olga: Person, browser: Browser
) -> None:
    rows = "id,image\nx,a.png\ny,c.png\n"
    sketches.bring(sketch, orders.file_of(rows), by=olga)
    page = browser.get(reverse("tasks:draft_job", args=["orbit", sketch.pk]))
    assert "3: “image” names no file" in words(page)
    assert "Make the job" not in words(page)
    brought(sketch, {"c.png": image()}, olga)
    page = browser.get(reverse("tasks:draft_job", args=["orbit", sketch.pk]))
    assert "names no file" not in words(page)
    assert "Make the job" in words(page)


def test_what_cannot_be_read_says_why_and_is_put_right_under_its_name(
    sketch: Sketch, olga: Person, browser: Browser
) -> None:
    brought(sketch, {"c.png": b"no image at all", "a.png": image(60, 60)}, olga)
    page = browser.get(reverse("tasks:draft_files", args=["orbit", sketch.pk]))
    assert "1 file was not taken" in words(page)
    assert "It is no image" in words(page)
    newest = draft_files.shown(again(sketch), [{"image": "a.png"}])["a.png"]
    assert (newest["facts"]["width"], draft_files.here(sketch).filter(name="a.png").count()) == (60, 1)
    brought(sketch, {"c.png": image()}, olga)
    assert draft_files.counts(sketch) == {"all": 3, "read": 3, "wrong": 0}


def test_a_zip_is_unpacked_and_read(sketch: Sketch, olga: Person) -> None:
    brought(
        sketch, {"more.zip": packed({"c.png": image(), "d.txt": b"words", "e.zip": packed({"f.png": image()})})}, olga
    )
    assert [file.name for file in draft_files.taken_in(sketch)] == ["a.png", "b.png", "c.png"]
    assert {name for name, _why in draft_files.problems(sketch)} == {"d.txt", "e.zip"}


def test_any_kind_may_show_files_beside_its_texts(orbit: Client, olga: Person, browser: Browser) -> None:
    draft = writing.begin(browser)
    sent = browser.post(f"{draft}data/", {
        "shows": [SimpleUploadedFile("kettle.png", image())], "lines": "id,picture,left\np1,kettle.png,Kettle\n",
    })  # fmt: skip
    assert sent.status_code == 302
    draft_files.take_in(writing.sketch(draft).pk, at=clock.now())
    said = {"title": "T", "question": "Same thing?", "labels": "Same\nDifferent"}
    key = writing.sketch(draft).files.get().key
    assert f"{draft}files/{key}/" in seen(browser.post(f"{draft}look/", said))


def test_what_was_written_stays_where_files_are_still_read(sketch: Sketch, olga: Person) -> None:
    draft_files.receive(sketch, [ContentFile(image(), name="late.png")], by=olga)
    ready = sketches.ask_one_each(sketch, by=olga)
    for act in (sketches.make, sketches.pilot):
        with pytest.raises(Refused, match="still being read"):
            act(ready, facts(ready), by=olga, at=clock.now())
    assert not Job.objects.filter(title="Kettles").exists()


# From where they lie


def test_a_list_of_addresses_is_fetched_through_the_door(
    sketch: Sketch, browser: Browser, store: Store, settings: Any
) -> None:
    store.files |= {"/a/one.png": image(80, 80), "/b/one.png": image(70, 70), "/page": b"<html>no image</html>"}
    lines = [f"{store.address}{path}" for path in ("/a/one.png", "/b/one.png", "/page", "/absent.png")]
    page = reverse("tasks:fetch_files", args=["orbit", sketch.pk])
    assert browser.post(page, {"addresses": "\n".join(lines)}).status_code == 302
    assert store.asked == []
    draft_files.take_in(sketch.pk, at=clock.now())
    assert store.asked == ["/a/one.png", "/b/one.png", "/page", "/absent.png"]
    known = draft_files.shown(sketch, [{"x": ["one.png", "2-one.png"]}])
    assert [known[name]["facts"]["width"] for name in ("one.png", "2-one.png")] == [80, 70]
    assert dict(draft_files.problems(sketch))["absent.png"] == "The server did not hand it out."
    assert "It is no image" in dict(draft_files.problems(sketch))["3.file"]
    # To a private network no way leads, whatever its name says.
    settings.OUTGOING_ALSO_TO = []
    browser.post(page, {"addresses": f"{store.address}/a/secret.png"})
    draft_files.take_in(sketch.pk, at=clock.now())
    assert "private network" in dict(draft_files.problems(sketch))["secret.png"]
    assert len(store.asked) == 4


@pytest.mark.parametrize(
    "wrong", ["ftp://example.com/a.png", "file:///etc/passwd", "kettle.png", "http://u:p@x.org/a.png"]
)
def test_what_is_no_address_is_said_beside_the_field(sketch: Sketch, browser: Browser, wrong: str) -> None:
    sent = browser.post(reverse("tasks:fetch_files", args=["orbit", sketch.pk]), {"addresses": wrong})
    assert sent.status_code == 400
    assert wrong in words(sent)
    assert draft_files.here(sketch).count() == 2


def test_a_slow_list_leaves_the_worker_to_others_after_a_minute(
    sketch: Sketch, olga: Person, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.files |= {"/one.png": image(), "/two.png": image()}
    draft_files.fetch(sketch, [f"{store.address}/{name}.png" for name in ("one", "two")], by=olga)
    assert draft_files.take_in(sketch.pk, at=clock.now(), seconds=0)
    assert store.asked == []
    waiting = ProcrastinateJob.objects.filter(task_name=draft_files.READ).count()
    monkeypatch.setattr(background, "A_MINUTE", timedelta(0))
    background.read_draft_files(sketch.pk)
    assert ProcrastinateJob.objects.filter(task_name=draft_files.READ).count() == waiting + 1
    assert not draft_files.take_in(sketch.pk, at=clock.now())
    assert draft_files.counts(sketch) == {"all": 4, "read": 4, "wrong": 0}


def test_a_client_that_keeps_too_much_fetches_nothing_more(
    sketch: Sketch, olga: Person, store: Store, settings: Any
) -> None:
    draft_files.fetch(sketch, [f"{store.address}/field.png"], by=olga)
    settings.CLIENT_MAX_BYTES = 10
    draft_files.take_in(sketch.pk, at=clock.now())
    assert (store.asked, draft_files.counts(sketch)["wrong"]) == ([], 1)
    with pytest.raises(Refused, match="keeps"):
        draft_files.fetch(sketch, [f"{store.address}/field.png"], by=olga)


def test_addresses_without_an_ending_lose_nothing_at_the_second_list(
    sketch: Sketch, olga: Person, store: Store
) -> None:
    store.files |= {f"/x/{number}": image(40 + number, 30) for number in range(4)}
    for some in (("/x/0", "/x/1"), ("/x/2", "/x/3")):
        draft_files.fetch(sketch, [f"{store.address}{path}" for path in some], by=olga)
        draft_files.take_in(sketch.pk, at=clock.now())
    widths = [file.facts["width"] for file in draft_files.taken_in(sketch) if file.name.endswith(".file")]
    assert sorted(widths) == [40, 41, 42, 43]


def test_what_ends_alike_elsewhere_is_kept_and_what_is_fetched_again_replaced(
    sketch: Sketch, olga: Person, store: Store
) -> None:
    signatures = ("?X-Amz-Signature=1&x-amz-expires=9", "?sv=2&SIG=2&se=3")
    store.files |= {f"/{n}/c.png{s}": image(40 + n, 30) for n in (1, 2) for s in signatures} | {"/x": image(43, 30)}
    for signed in signatures:
        for path in ("/1/c.png", "/2/c.png"):
            draft_files.fetch(sketch, [f"{store.address}{path}{signed}"], by=olga)
        draft_files.fetch(sketch, [f"{store.address}/x"], by=olga)
        draft_files.take_in(sketch.pk, at=clock.now())
    found = {file.name: file.facts["width"] for file in draft_files.taken_in(sketch)}
    assert (found["c.png"], found["1-c.png"], found["1.file"], len(found)) == (41, 42, 43, 5)


def fetched(sketch: Sketch, paths: list[str], store: Store, by: Person) -> dict[str, int]:
    """Have what lies at these paths fetched; return the width of each good file that came from elsewhere, by name."""
    draft_files.fetch(sketch, [f"{store.address}{path}" for path in paths], by=by)
    draft_files.take_in(sketch.pk, at=clock.now())
    return {file.name: file.facts["width"] for file in draft_files.taken_in(sketch).exclude(address="")}


def test_what_a_query_alone_tells_apart_is_lost_and_swapped_at_no_fetching(
    sketch: Sketch, olga: Person, store: Store
) -> None:
    one, two = "/img.png?id=1", "/img.png?id=2"
    store.files |= {one: image(41, 30), two: image(42, 30), f"{one}&Signature=new": image(43, 30)}
    fetched(sketch, [one], store, olga)
    assert fetched(sketch, [two], store, olga) == {"img.png": 41, "1-img.png": 42}
    for again_in in ([one, two], [two, one], [two]):
        assert fetched(sketch, again_in, store, olga) == {"img.png": 41, "1-img.png": 42}
    assert fetched(sketch, [f"{one}&Signature=new"], store, olga) == {"img.png": 43, "1-img.png": 42}


def test_what_a_signature_alone_tells_apart_stays_in_its_order(sketch: Sketch, olga: Person, store: Store) -> None:
    paths = [f"/img.png?signature={n}" for n in (1, 2, 3)]
    store.files |= {path: image(41 + n, 30) for n, path in enumerate(paths)}
    first = fetched(sketch, paths, store, olga)
    assert sorted(first.values()) == [41, 42, 43]
    for _time in range(2):
        assert fetched(sketch, paths, store, olga) == first


@pytest.mark.parametrize("name", ["token", "sr", "se", "sp"])
def test_what_may_say_which_file_is_meant_takes_no_other_ones_place(
    sketch: Sketch, olga: Person, store: Store, name: str
) -> None:
    """A token says at some servers who may fetch, at others what."""
    store.files |= {f"/img.png?{name}={n}": image(41 + n, 30) for n in (1, 2)}
    fetched(sketch, [f"/img.png?{name}=1"], store, olga)
    assert fetched(sketch, [f"/img.png?{name}=2"], store, olga) == {"img.png": 42, "1-img.png": 43}


def test_a_number_for_a_name_is_none_that_was_given_before(sketch: Sketch, olga: Person, store: Store) -> None:
    store.files["/x/2"] = image(42, 30)
    assert fetched(sketch, ["/x/1"], store, olga) == {}
    store.files["/x/1"] = image(41, 30)
    assert fetched(sketch, ["/x/2", "/x/1"], store, olga) == {"1.file": 41, "2.file": 42}


def test_an_address_that_was_fetched_is_kept_nowhere(sketch: Sketch, olga: Person, store: Store) -> None:
    store.files |= {"/c.png?signature=SECRET": image()}
    given = [f"{store.address}{path}?signature=SECRET" for path in ("/c.png", "/absent.png")]
    draft_files.fetch(sketch, given, by=olga)
    assert sketch.files.filter(address__contains="SECRET").count() == 2
    draft_files.take_in(sketch.pk, at=clock.now())
    assert not sketch.files.filter(address__contains="://").exists()


@pytest.mark.django_db(transaction=True)
def test_of_an_address_that_was_read_before_a_hash_stays(
    sketch: Sketch, olga: Person, store: Store, owner: psycopg.Connection
) -> None:
    plain = f"{store.address}/field.png"
    draft_files.fetch(sketch, [plain], by=olga)
    draft_files.take_in(sketch.pk, at=clock.now())
    draft_files.fetch(sketch, [f"{store.address}/later.png"], by=olga)
    known = sketch.files.get(name="field.png").address
    owner.execute("ALTER TABLE tasks_sketchfile DISABLE TRIGGER files_of_drafts_stay_with_them")
    owner.execute("UPDATE tasks_sketchfile SET address = %s WHERE address = %s", [plain, known])
    owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    owner.execute(FORGET.encode())
    owner.commit()
    kept = dict(sketch.files.exclude(address="").values_list("name", "address"))
    assert kept == {"field.png": known, "later.png": f"{store.address}/later.png"}
    with pytest.raises(psycopg.Error, match="is read once"):
        owner.execute("UPDATE tasks_sketchfile SET address = '' WHERE name = 'field.png'")


def test_a_file_that_was_deleted_a_moment_ago_is_not_there(sketch: Sketch, browser: Browser) -> None:
    file = sketch.files.earliest("pk")
    Path(file.file.path).unlink()
    address = file.shown()["address"]
    assert browser.get(address).status_code == 404
    assert browser.get(address, headers={"Range": "bytes=0-1"}).status_code == 404


def test_a_number_before_a_name_makes_no_name_that_another_has(sketch: Sketch, olga: Person, store: Store) -> None:
    store.files |= {path: image() for path in ("/3-c.png", "/1/c.png", "/2/c.png")}
    draft_files.fetch(sketch, [f"{store.address}{path}" for path in store.files], by=olga)
    draft_files.take_in(sketch.pk, at=clock.now())
    assert draft_files.counts(sketch)["all"] == 2 + len(store.files)


def test_one_client_takes_one_place_of_the_worker(sketch: Sketch, orbit: Client, olga: Person, boxes: WorkType) -> None:
    other = sketches.begin(orbit, work_type=boxes, by=olga, at=clock.now())
    draft_files.fetch(sketch, ["https://example.com/a.png"], by=olga)
    draft_files.fetch(other, ["https://example.com/a.png"], by=olga)
    fetching.have_fetched(orbit.pk)
    asked = ProcrastinateJob.objects.filter(task_name__in=[draft_files.READ, fetching.FETCH]).order_by("-id")[:3]
    assert len({job.lock for job in asked}) == 1


def test_what_waits_to_be_read_counts_to_the_bound(sketch: Sketch, orbit: Client, olga: Person, settings: Any) -> None:
    held, three = holding.held(orbit), image() + b"x" * 50_000
    settings.CLIENT_MAX_BYTES = held + len(three) + 10
    draft_files.receive(sketch, [ContentFile(three, name="c.png")], by=olga)
    with pytest.raises(Refused, match="keeps"):
        draft_files.receive(sketch, [ContentFile(three, name="d.png")], by=olga)
    draft_files.take_in(sketch.pk, at=clock.now())
    assert holding.held(orbit) < held + len(three)
    brought(sketch, {"e.png": b"no image at all"}, olga)
    assert sketch.files.get(name="e.png").bytes == 0


def test_files_of_two_deliveries_that_wait_count_both(orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    for name in ("a.png", "b.png"):
        files.receive(job, [ContentFile(b"x" * 1000, name=name)], by=olga, at=clock.now())
    assert holding.held(orbit) == 2000


# What becomes of them


def test_files_that_come_after_the_tasks_were_made_become_tasks_too(
    sketch: Sketch, olga: Person, browser: Browser
) -> None:
    page = reverse("tasks:draft_files", args=["orbit", sketch.pk])
    browser.post(reverse("tasks:ask_one_each", args=["orbit", sketch.pk]))
    assert "More files are here than tasks" not in words(browser.get(page))
    brought(sketch, {"c.png": image()}, olga)
    found = words(browser.get(page))
    assert "More files are here than tasks" in found
    assert "Make 3 tasks, one of each" in found
    browser.post(reverse("tasks:ask_one_each", args=["orbit", sketch.pk]))
    assert again(sketch).rows == 3


def test_what_a_pilot_asked_is_not_asked_again_by_tasks_made_anew(sketch: Sketch, orbit: Client, olga: Person) -> None:
    orders.deposit(orbit, "500")
    ready = sketches.ask_one_each(sketch, by=olga)
    first = sketches.pilot(ready, facts(ready), tasks=1, by=olga, at=clock.now())
    brought(sketch, {"c.png": image()}, olga)
    anew = sketches.ask_one_each(again(sketch), by=olga)
    assert (anew.rows, anew.piloted) == (3, 1)
    second = sketches.pilot(anew, facts(anew), tasks=1, by=olga, at=clock.now())
    made = sketches.make(again(sketch), facts(anew), by=olga, at=clock.now())
    asked = [job.tasks.get().data["image"] for job in (first, second, made)]
    assert sorted(asked) == ["a.png", "b.png", "c.png"]


def test_what_a_pilot_asked_of_files_that_are_gone_stops_no_tasks_made_anew(
    sketch: Sketch, orbit: Client, olga: Person
) -> None:
    orders.deposit(orbit, "500")
    ready = sketches.ask_one_each(sketch, by=olga)
    sketches.pilot(ready, facts(ready), tasks=2, by=olga, at=clock.now())
    draft_files.take_away(sketch, by=olga)
    brought(sketch, {"c.png": image()}, olga)
    anew = sketches.ask_one_each(again(sketch), by=olga)
    assert (anew.rows, anew.piloted) == (1, 0)
    assert not any(one.stops for one in drafting.findings(anew))


def test_names_that_end_alike_make_tasks_of_their_own(sketch: Sketch, orbit: Client, olga: Person) -> None:
    tail = "x" * 130 + ".png"
    brought(sketch, {f"{head}{tail}": image() for head in "123"}, olga)
    job = sketches.make(again(sketch), facts(sketches.ask_one_each(sketch, by=olga)), by=olga, at=clock.now())
    assert job.tasks.count() == 5


def test_a_file_at_which_reading_breaks_holds_up_no_other(
    sketch: Sketch, olga: Person, django_capture_on_commit_callbacks: Any
) -> None:
    """What was handed in is not on the disk any more, as after a restore."""
    given = [ContentFile(image(), name=name) for name in ("c.png", "d.png")]
    draft_files.receive(sketch, given, by=olga)
    Path(sketch.files.get(name="c.png").source.path).unlink()
    with django_capture_on_commit_callbacks(execute=True):
        assert not draft_files.take_in(sketch.pk, at=clock.now())
    assert draft_files.counts(sketch) == {"all": 4, "read": 4, "wrong": 1}
    assert "cannot be read" in dict(draft_files.problems(sketch))["c.png"]


@pytest.mark.parametrize("trouble", [OSError(errno.ENOSPC, "full"), BlockingIOError(errno.EAGAIN, ""), MemoryError()])
def test_trouble_of_the_machine_that_passes_costs_no_file(
    sketch: Sketch, olga: Person, monkeypatch: pytest.MonkeyPatch, trouble: BaseException
) -> None:
    def troubled(_source: Path, _folder: Path) -> dict[str, Any]:
        raise trouble

    draft_files.receive(sketch, [ContentFile(image(), name="c.png")], by=olga)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(apart, "run", troubled)
        with pytest.raises(type(trouble)):
            background.read_draft_files(sketch.pk)
    assert Path(sketch.files.get(name="c.png").source.path).exists()
    tried = ProcrastinateJob.objects.filter(task_name=draft_files.READ).latest("id")
    again_by = background.read_draft_files.retry_strategy
    assert again_by is not None
    decision = again_by.get_retry_decision(exception=trouble, job=tried)
    assert decision is not None
    assert decision.retry_at
    background.read_draft_files(sketch.pk)
    assert draft_files.counts(sketch) == {"all": 3, "read": 3, "wrong": 0}


def test_a_file_that_went_missing_while_it_was_read_is_given_up(
    sketch: Sketch, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def emptied(_source: Path, _folder: Path) -> dict[str, Any]:
        return {"kind": "image", "content_type": "image/webp", "facts": {}}

    monkeypatch.setattr(apart, "run", emptied)
    draft_files.receive(sketch, [ContentFile(image(), name="c.png")], by=olga)
    draft_files.take_in(sketch.pk, at=clock.now())
    assert draft_files.counts(sketch) == {"all": 3, "read": 3, "wrong": 1}


def test_a_broken_zip_is_put_right_under_its_name(sketch: Sketch, olga: Person) -> None:
    brought(sketch, {"files.zip": packed({"c.png": image()})[:-30]}, olga)
    assert "files.zip" in dict(draft_files.problems(sketch))
    brought(sketch, {"files.zip": packed({"c.png": image()})}, olga)
    assert draft_files.problems(sketch) == []
    assert [file.name for file in draft_files.taken_in(sketch)] == ["a.png", "b.png", "c.png"]


def test_dropped_with_the_draft_nothing_is_left_and_a_pilot_keeps_its_own(
    sketch: Sketch, orbit: Client, olga: Person, django_capture_on_commit_callbacks: Any
) -> None:
    orders.deposit(orbit, "500")
    ready = sketches.ask_one_each(sketch, by=olga)
    job = sketches.pilot(ready, facts(ready), tasks=1, by=olga, at=clock.now())
    held = holding.held(orbit)
    with django_capture_on_commit_callbacks(execute=True):
        sketches.drop(again(sketch), by=olga, at=clock.now())
    assert holding.held(orbit) < held
    assert not SketchFile.objects.filter(is_gone=False).exists()
    own = job.files.get()
    left = [name for name in on_disk() if not name.startswith("datasets/")]
    assert left == sorted([str(own.file.name), str(own.small.name)] if own.small else [str(own.file.name)])
    with own.file.open("rb") as opened:
        assert opened.read(4) == b"RIFF"
    # Neither does the sweep take what the pilot shows, however old it is.
    assert sweeping.sweep(before=clock.now() + timedelta(days=99)) == 0


def test_what_lies_on_disk_for_no_draft_is_swept(sketch: Sketch, olga: Person) -> None:
    kept = [name for name in on_disk() if name.startswith("drafts/")]
    stray = f"drafts/ab/{'0' * 8}-0000-4000-8000-{'0' * 12}"
    (Path(site.MEDIA_ROOT) / stray).parent.mkdir(parents=True, exist_ok=True)
    (Path(site.MEDIA_ROOT) / stray).write_bytes(b"left by an act that was undone")
    forgotten = SketchFile.objects.filter(name="b.png")
    forgotten.update(name="", file="", small="", content_type="", bytes=0, facts={}, is_gone=True)
    assert sweeping.sweep(before=clock.now() + timedelta(days=99)) >= 2
    left = [name for name in on_disk() if name.startswith("drafts/")]
    assert stray not in left
    assert set(left) < set(kept)
    assert str(sketch.files.get(is_gone=False).file.name) in left


def test_a_draft_that_is_dropped_while_its_files_are_read_keeps_none(
    sketch: Sketch, olga: Person, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    """The reader is at its first file when the client drops the draft."""
    draft_files.receive(
        sketch, [ContentFile(packed({"c.png": image()}), name="c.zip"), ContentFile(image(), name="d.png")], by=olga
    )  # fmt: skip
    run: Callable[[Path, Path], dict[str, Any]] = apart.run

    def dropped_meanwhile(source: Path, folder: Path) -> dict[str, Any]:
        said = run(source, folder)
        if again(sketch).dropped_at is None:
            sketches.drop(again(sketch), by=olga, at=clock.now())
        return said

    monkeypatch.setattr(apart, "run", dropped_meanwhile)
    with django_capture_on_commit_callbacks(execute=True):
        draft_files.take_in(sketch.pk, at=clock.now())
    assert not SketchFile.objects.filter(is_gone=False).exists()
    assert on_disk() == []
    with pytest.raises(Refused, match="no draft any more"):
        draft_files.receive(again(sketch), [ContentFile(image(), name="e.png")], by=olga)


def test_they_can_be_taken_away_and_the_rest_stays(sketch: Sketch, browser: Browser) -> None:
    page = browser.post(reverse("tasks:take_files_away", args=["orbit", sketch.pk]), follow=True)
    assert "The files are gone." in words(page)
    assert not SketchFile.objects.filter(is_gone=False).exists()
    assert again(sketch).title == "Kettles"


def test_so_many_and_no_more(sketch: Sketch, olga: Person, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(draft_files, "MOST", 3)
    two = [ContentFile(image(), name=name) for name in ("c.png", "d.png")]
    with pytest.raises(Refused, match="at most 3 files"):
        draft_files.receive(sketch, two, by=olga)
    settings.CLIENT_MAX_BYTES = 10
    with pytest.raises(Refused, match="keeps"):
        draft_files.receive(sketch, two[:1], by=olga)
    assert draft_files.here(sketch).count() == 2


def test_a_file_that_is_too_large_is_kept_nowhere(sketch: Sketch, browser: Browser, settings: Any) -> None:
    settings.DATASET_UPLOAD_MAX_BYTES = 1000
    page = reverse("tasks:draft_files", args=["orbit", sketch.pk])
    before = on_disk()
    sent = browser.post(page, {"file": SimpleUploadedFile("huge.png", b"x" * 200_000)})
    assert sent.status_code == 413
    assert (on_disk(), draft_files.here(sketch).count()) == (before, 2)


# Whose they are


def test_nobody_else_sees_or_touches_them(
    sketch: Sketch, rival: Client, priya: Person, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    key = sketch.files.earliest("pk").key
    for who, slug in ((priya, "rival"), (priya, "orbit"), (amina, "orbit")):
        other = signed_in(who)
        for name in ("draft_files", "fetch_files", "ask_one_each", "take_files_away", "draft_file", "small_draft_file"):
            more = [key] if name.endswith("_file") else []
            page = reverse(f"tasks:{name}", args=[slug, sketch.pk, *more])
            assert other.get(page).status_code in {404, 405}
            assert other.post(page, {"file": SimpleUploadedFile("x.png", image())}).status_code in {404, 405}
        assert other.get(f"/media/{key}/").status_code == 404
    assert Browser().get(reverse("tasks:draft_file", args=["orbit", sketch.pk, key])).status_code == 404
    assert (draft_files.here(sketch).count(), again(sketch).rows) == (2, 0)


def test_a_file_that_was_not_read_is_shown_to_nobody(sketch: Sketch, olga: Person, browser: Browser) -> None:
    draft_files.receive(sketch, [ContentFile(image(), name="late.png")], by=olga)
    late = sketch.files.get(name="late.png")
    assert browser.get(late.shown()["address"]).status_code == 404


INSERT = """INSERT INTO tasks_sketchfile (sketch_id, is_packed, name, key, address, source, kind, file, small,
    content_type, bytes, facts, given_by_id)
    VALUES (%s, %s, 'x.png', gen_random_uuid(), '', %s, '', '', '', '', 0, '{}', %s)"""


def test_the_database_keeps_them_with_their_draft(
    attack: Attack, sketch: Sketch, rival: Client, priya: Person, olga: Person
) -> None:
    guard = "files_of_drafts_stay_with_them"
    file = sketch.files.earliest("pk")
    attack(INSERT, [sketch.pk, False, "", priya.pk], guard=guard)
    attack(INSERT, [sketch.pk, True, "", priya.pk], guard=guard)
    attack(INSERT, [sketch.pk, False, str(file.file.name), olga.pk], guard=guard)
    attack(INSERT, [sketch.pk, False, "../../etc/passwd", olga.pk], guard=guard)
    attack("UPDATE tasks_sketchfile SET bytes = 1 WHERE id = %s", [file.pk], guard=guard)
    for change in (
        "name = 'y.png'",
        "address = 'https://example.com/a.png'",
        "is_gone = true",
        "name = '', is_gone = true",
    ):
        attack(f"UPDATE tasks_sketchfile SET {change} WHERE id = %s", [file.pk], guard=guard)
    attack("UPDATE tasks_sketchfile SET key = gen_random_uuid()", guard="permission denied")
    attack("DELETE FROM tasks_sketchfile", guard="permission denied")
    draft_files.receive(sketch, [ContentFile(image(), name="late.png")], by=olga)
    late = sketch.files.get(name="late.png")
    change = "UPDATE tasks_sketchfile SET done_at = coop_now(), source = '', file = %s WHERE id = %s"
    attack(change, [str(file.file.name), late.pk], guard=guard)
    attack(change, ["files/ab/x", late.pk], guard=guard)
    attack(change, ["", late.pk], guard=guard)
    draft_files.fetch(sketch, ["https://example.com/a.png?secret"], by=olga)
    fetched = sketch.files.latest("pk")
    broken = """UPDATE tasks_sketchfile SET done_at = coop_now(), problem = '{"problem": "broken"}'"""
    for address in ("https://example.com/a.png?secret", "https://example.com/b.png", ""):
        attack(f"{broken}, address = %s WHERE id = %s", [address, fetched.pk], guard=guard)
    attack(f"{broken}, address = %s WHERE id = %s", ["0" * 64, late.pk], guard=guard)
    theirs = sketches.begin(rival, work_type=sketch.work_type, by=priya, at=clock.now())
    attack("UPDATE tasks_sketchfile SET sketch_id = %s", [theirs.pk], guard="permission denied")
    sketches.drop(theirs, by=priya, at=clock.now())
    draft_files.take_away(sketch, by=olga)
    attack("UPDATE tasks_sketchfile SET is_gone = false, name = 'a.png' WHERE id = %s", [file.pk], guard=guard)
    attack(INSERT, [theirs.pk, False, "", priya.pk], guard=guard)


# By the API


JS: dict[str, Any] = {"content_type": "application/json"}
type Call = Callable[..., Any]


@pytest.fixture
def call(orbit: Client, olga: Person, rival: Client, priya: Person) -> Call:
    """Return what calls the API about drafts: with Orbit's key, one of its that only reads, or a rival's."""
    orders.deposit(orbit, "500")
    whole = ["read", "post", "fund"]
    _key, secret = keys.issue(orbit, name="t", scopes=whole, by=olga, at=clock.now())
    _key, reader = keys.issue(orbit, name="r", scopes=["read"], by=olga, at=clock.now())
    _key, other = keys.issue(rival, name="o", scopes=whole, by=priya, at=clock.now())
    secrets = {"orbit": secret, "reader": reader, "rival": other}

    def called(method: str, path: str, by: str = "orbit", **sent: Any) -> Any:
        headers = {"Authorization": f"Bearer {secrets[by]}"}
        return getattr(Browser(), method)(f"/api/v1/drafts{path}", headers=headers, **sent)

    return called


@pytest.fixture
def draft(call: Call, boxes: WorkType) -> str:
    """Return the path of a draft that a program began."""
    return f"/{call('post', '', data=json.dumps({'work_type': boxes.slug}), **JS).json()['id']}"


def zipped() -> dict[str, Any]:
    return {"data": packed({"a.png": image(), "b.png": image()}), "content_type": "application/zip"}


def test_what_the_pages_do_the_api_does(call: Call, draft: str) -> None:
    taken = call("post", f"{draft}/files", **zipped())
    assert (taken.status_code, taken.json()["all"], taken.json()["read"]) == (202, 1, 0)
    assert call("post", f"{draft}/files", data={"file": [SimpleUploadedFile("c.png", b"?")]}).status_code == 202
    draft_files.take_in(int(draft[1:]), at=clock.now())
    told = call("get", f"{draft}/files", "reader").json()
    assert (told["all"], told["read"], told["wrong"]) == (3, 3, 1)
    assert [one["name"] for one in told["files"]] == ["c.png", "a.png", "b.png"]
    assert "It is no image" in told["files"][0]["problem"]
    made = call("post", f"{draft}/files/tasks")
    assert (made.status_code, made.json()["rows"]) == (200, 2)
    written = call("patch", draft, data=json.dumps({"said": BOXES}), **JS)
    assert not [one for one in written.json()["findings"] if one["stops"]], written.json()["findings"]
    tried = call("post", f"{draft}/pilot", **JS)
    assert tried.status_code == 201, tried.content
    assert Job.objects.get(pk=tried.json()["id"]).files.filter(usable=True).count() == 2
    elsewhere = {"data": json.dumps({"addresses": ["http://10.0.0.1/d.png"]}), **JS}
    assert call("post", f"{draft}/files/fetch", **elsewhere).status_code == 202
    draft_files.take_in(int(draft[1:]), at=clock.now())
    listed = {one["name"]: one["problem"] for one in call("get", f"{draft}/files").json()["files"]}
    assert "private network" in listed["d.png"]
    assert call("delete", f"{draft}/files").status_code == 204
    assert call("get", f"{draft}/files").json()["all"] == 0


def test_a_program_reads_a_file_as_the_page_shows_it(call: Call, draft: str, browser: Browser) -> None:
    call("post", f"{draft}/files", data={"file": [SimpleUploadedFile("a.png", image(3000, 20))]})
    waiting = call("get", f"{draft}/files").json()["files"][0]["key"]
    assert call("get", f"{draft}/files/{waiting}").status_code == 404
    draft_files.take_in(int(draft[1:]), at=clock.now())
    key = call("get", f"{draft}/files").json()["files"][0]["key"]
    page = SketchFile.objects.get(key=key).shown()
    for asked, address in (("", page["address"]), ("?small=true", page["small"])):
        came = call("get", f"{draft}/files/{key}{asked}", "reader")
        assert (came.status_code, came.headers["Content-Type"]) == (200, "image/webp")
        assert came.getvalue() == browser.get(address).getvalue()
    assert call("get", f"{draft}/files/{key}", "rival").status_code == 404
    assert call("get", f"{draft}0/files/{key}").status_code == 404
    call("delete", f"{draft}/files")
    assert call("get", f"{draft}/files/{key}").status_code == 404


def test_a_key_that_reads_and_one_of_another_client_do_none_of_it(call: Call, draft: str) -> None:
    elsewhere = {"data": json.dumps({"addresses": ["http://10.0.0.1/d.png"]}), **JS}
    assert call("post", f"{draft}/files", "reader", **zipped()).status_code == 403
    assert call("delete", f"{draft}/files", "reader").status_code == 403
    assert call("post", f"{draft}/files/fetch", "reader", **elsewhere).status_code == 403
    for method, path in (("get", "files"), ("delete", "files"), ("post", "files/tasks")):
        assert call(method, f"{draft}/{path}", "rival").status_code == 404
    assert call("post", f"{draft}/files", "rival", **zipped()).status_code == 404
    assert call("post", f"{draft}/files/fetch", "rival", **elsewhere).status_code == 404
