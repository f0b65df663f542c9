"""Attachments by their address: fetched through the guarded door, looked at by content, or said to be missing."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import scaleapi
from django.test import Client as Browser
from django.urls import reverse
from pytest_django.fixtures import Settings
from scaleapi.exceptions import ScaleInvalidRequest, ScaleServiceUnavailable
from scaleapi.tasks import TaskType

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from tasks import claims
from tasks.models import Asset, Job, JobFile, Message, Order
from tasks.scale import fetching
from tests.tasks import handing_in, orders
from tests.tasks.scale.conftest import ALL, Programs
from tests.tasks.scale.test_live import do, job_of

pytestmark = pytest.mark.django_db
COW: dict[str, Any] = {"type": "box", "label": "cow", "x": 10, "y": 5, "width": 30, "height": 20}


@dataclass
class Store:
    """A server that hands out files: what stands at a path, or what it does there."""

    address: str = ""
    files: dict[str, bytes | Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """Run a client's own server on this machine, to which the door is open for the test."""
    settings.OUTGOING_ALSO_TO = ["127.0.0.1/32"]
    there = Store()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Hand a file out."""
            there.asked.append(self.path)
            found = there.files.get(self.path)
            if callable(found):
                found(self)
                return
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    there.address = f"http://127.0.0.1:{server.server_port}"
    there.files["/field.png"] = handing_in.image(100, 80)
    yield there
    server.shutdown()
    server.server_close()


@pytest.fixture
def live(program: Programs, orbit: Client) -> scaleapi.ScaleClient:
    """Return a program of Orbit's with a live key, money, and a project of cows."""
    orders.deposit(orbit, "100")
    made = program(ALL)
    made.create_project(
        "Cows", TaskType.ImageAnnotation, params={"geometries": {"box": {"objects_to_annotate": ["cow"]}}}
    )
    return made


def fetch(client: Client, *, again: bool = False) -> None:
    """Do what the worker does; `again` as if the time of every next try had come."""
    if again:
        Asset.objects.filter(next_at__isnull=False).update(next_at=clock.now())
    while fetching.fetch_due(client.pk, at=clock.now()):
        pass


def order(live: scaleapi.ScaleClient, address: str, **more: Any) -> Any:
    """Order a cow to be boxed."""
    return live.create_task(TaskType.ImageAnnotation, **({"project": "Cows"} | more), attachment=address)


def test_what_an_order_names_is_fetched_and_drawn_on(
    live: scaleapi.ScaleClient, orbit: Client, amina: Person, store: Store
) -> None:
    task = order(live, f"{store.address}/field.png")
    assert (task.status, store.asked, Job.objects.filter(lot__isnull=False).count()) == ("pending", [], 0)
    fetch(orbit)
    job = job_of(task)
    # What members see was written again: it is none of the bytes that came.
    shown = JobFile.objects.get(job=job)
    assert shown.usable
    with shown.file.open("rb") as opened:
        assert opened.read() != store.files["/field.png"]
    do(job, amina, {"shapes": [COW]})
    task.refresh()
    assert (task.status, task.response["annotations"][0]["label"]) == ("completed", "cow")
    assert task.params["attachment"] == f"{store.address}/field.png"
    assert store.asked == ["/field.png"]


def leads(to: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def trickles(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _byte in range(50):
        handler.wfile.write(b"x")
        time.sleep(0.1)


HOSTILE: dict[str, tuple[bytes | Callable[[BaseHTTPRequestHandler], None], str]] = {
    "/page.png": (b"<html><script>alert(1)</script></html>", "no image"),
    "/half.png": (handing_in.image(100, 80)[:60], "cannot be read"),
    "/zip.png": (handing_in.packed({"a.png": handing_in.image()}), "It is a zip"),
    "/metadata.png": (leads("http://169.254.169.254/latest/meta-data"), "private network"),
    "/neighbour.png": (leads("http://127.0.0.2/"), "private network"),
    "/file.png": (leads("file:///etc/passwd"), "no address"),
    "/round.png": (leads("/round.png"), "led on and on"),
    "/large.png": (b"\x89PNG\r\n\x1a\n" + b"x" * 30_000, "larger than"),
    "/slow.png": (trickles, "too long"),
    "/none.png": (b"", "did not hand it out"),
}
OURS = {
    "http://127.0.0.2/1.png": "private network", "http://[::1]/1.png": "private network",
    "http://metadata.google.internal/1.png": "Nobody knows",
}  # fmt: skip


def test_what_is_hostile_or_missing_fails_the_order_and_says_why(
    live: scaleapi.ScaleClient, orbit: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PATIENCE", 1)
    monkeypatch.setattr(fetching, "FILE_BYTES", 20_000)
    store.files |= {path: found for path, (found, _words) in HOSTILE.items()}
    expected = {f"{store.address}{path}": words for path, (_found, words) in HOSTILE.items()} | OURS
    made = {address: order(live, address) for address in expected}
    for again in (False, True, True):
        fetch(orbit, again=again)
    found = {address: live.get_task(task.id) for address, task in made.items()}
    assert {task.status for task in found.values()} == {"error"}
    assert {address for address in found if expected[address] not in found[address].as_dict()["error"]} == set()
    assert all(task.response == {"error": task.as_dict()["error"]} for task in found.values())
    assert not Job.objects.filter(lot__isnull=False).exists()
    assert not JobFile.objects.exists()
    assert {(asset.file.name, asset.next_at) for asset in Asset.objects.all()} == {("", None)}


def test_what_is_no_address_is_refused_at_once(live: scaleapi.ScaleClient) -> None:
    for address in ("nowhere", "file:///etc/passwd", "ftp://x.example/1.png", "http://x.example:25/"):
        with pytest.raises(ScaleInvalidRequest, match=r"no address|http|port"):
            order(live, address)
    assert not Order.objects.exists()


def test_a_server_that_stumbles_is_asked_again(live: scaleapi.ScaleClient, orbit: Client, store: Store) -> None:
    picture = store.files.pop("/field.png")
    task = order(live, f"{store.address}/field.png")
    fetch(orbit)
    assert live.get_task(task.id).status == "pending"
    store.files["/field.png"] = picture
    fetch(orbit)
    assert len(store.asked) == 1
    fetch(orbit, again=True)
    assert job_of(task).opened_at
    assert len(store.asked) == 2


def test_who_waits_for_a_callback_hears_of_the_error(live: scaleapi.ScaleClient, orbit: Client, store: Store) -> None:
    task = order(live, "http://127.0.0.2/1.png", callback_url=f"{store.address}/hook", unique_id="one",
                 clear_unique_id_on_error=True)  # fmt: skip
    kept = order(live, "http://127.0.0.2/1.png", unique_id="two")
    fetch(orbit)
    message = Message.objects.get()
    assert (message.payload["task_id"], message.payload["status"]) == (task.id, "error")
    assert "private" in message.payload["response"]["error"]
    assert {one.id for one in live.tasks(status="error")} == {task.id, kept.id}
    # What was to be freed is, and the other id stays taken.
    assert "unique_id" not in live.get_task(task.id).as_dict()
    assert live.get_task(kept.id).as_dict()["unique_id"] == "two"
    with pytest.raises(ScaleInvalidRequest, match="failed already"):
        task.cancel()


def test_a_batch_is_finalized_once_its_files_are_here(live: scaleapi.ScaleClient, orbit: Client, store: Store) -> None:
    batch = live.create_batch("Cows", "week 23")
    good = order(live, f"{store.address}/field.png", batch="week 23", project="Cows")
    same = order(live, f"{store.address}/field.png", batch="week 23")
    bad = order(live, "http://127.0.0.2/1.png", batch="week 23")
    with pytest.raises(ScaleServiceUnavailable, match="still being fetched"):
        batch.finalize()
    fetch(orbit)
    assert batch.finalize().status == "in_progress"
    assert job_of(good) == job_of(same)
    assert JobFile.objects.count() == 1
    assert batch.get_status() == {"status": "in_progress", "pending": 2, "error": 1}
    assert live.get_task(bad.id).status == "error"


def test_what_is_called_off_meanwhile_is_not_placed(live: scaleapi.ScaleClient, orbit: Client, store: Store) -> None:
    task = order(live, f"{store.address}/field.png")
    task.cancel()
    fetch(orbit)
    assert live.get_task(task.id).status == "canceled"
    assert not Job.objects.filter(lot__isnull=False).exists()


def test_without_money_an_order_fails_when_its_files_are_here(
    program: Programs, amina: Person, luis: Person, store: Store
) -> None:
    rival = clients.found("Rival", slug="rival", by=luis, at=clock.now())
    poor = program(ALL, of=rival, by=luis)
    poor.create_project(
        "Cows", TaskType.ImageAnnotation, params={"geometries": {"box": {"objects_to_annotate": ["cow"]}}}
    )
    task = order(poor, f"{store.address}/field.png")
    fetch(rival)
    found = poor.get_task(task.id)
    assert (found.status, Job.objects.filter(client=rival).count()) == ("error", 0)
    assert "bank transfer" in found.as_dict()["error"]


def test_an_imported_file_is_fetched_and_named(live: scaleapi.ScaleClient, orbit: Client, store: Store) -> None:
    good = live.import_file(f"{store.address}/field.png", project_name="Cows").attachment_url
    bad = live.import_file("http://127.0.0.2/1.png", project_name="Cows").attachment_url
    with pytest.raises(ScaleServiceUnavailable, match="still being fetched"):
        order(live, good)
    fetch(orbit)
    assert job_of(order(live, good)).opened_at
    with pytest.raises(ScaleInvalidRequest, match="private"):
        order(live, bad)


def test_what_is_fetched_stays_with_its_order(
    live: scaleapi.ScaleClient, orbit: Client, attack: Callable[..., None], store: Store
) -> None:
    order(live, f"{store.address}/field.png")
    made, other = Order.objects.get(), Client.objects.exclude(pk=orbit.pk).first()
    assert other is not None
    new = """INSERT INTO tasks_asset (key, client_id, test, name, project_name, metadata, address, created_at, file,
        content_type, bytes, order_id, tries)
        VALUES (gen_random_uuid(), %s, %s, 'x', '', '{}', 'https://x.example/', now(), '', '', 0, %s, 0)"""
    for client, test in ((other.pk, False), (orbit.pk, True)):
        attack(new, [client, test, made.pk], guard="assets_stay_with_their_order")
    attack("UPDATE tasks_asset SET order_id = NULL", [], guard="permission denied")


def test_an_order_that_failed_stays_so(
    live: scaleapi.ScaleClient, orbit: Client, attack: Callable[..., None], store: Store
) -> None:
    order(live, "http://127.0.0.2/1.png")
    fetch(orbit)
    attack("UPDATE tasks_order SET failed_at = NULL, error = ''", [], guard="orders_fail_for_good")
    attack("UPDATE tasks_order SET error = 'Other words'", [], guard="orders_fail_for_good")


def test_attachments_say_themselves_what_they_are(
    live: scaleapi.ScaleClient, orbit: Client, amina: Person, store: Store
) -> None:
    live.create_project("Looks", TaskType.TextCollection)
    asked: dict[str, Any] = {
        "project": "Looks", "fields": [{"type": "boolean", "field_id": "clear", "title": "Is it clear?"}],
    }  # fmt: skip
    address = f"{store.address}/field.png"
    text = f"{store.address}/words.png"
    several = [{"type": "image", "content": address}, {"type": "text", "content": text}, {"content": "Words."}]
    for attached in ({"attachments": several}, {"attachment": address, "attachment_type": "image", "instruction": "2"}):
        task = live.create_task(TaskType.TextCollection, **asked, **attached)
        assert live.get_task(task.id).status == "pending"
        assert Order.objects.latest("pk").task is None
        fetch(orbit)
        job = job_of(task)
        shown = JobFile.objects.get(job=job)
        data = job.tasks.get().data
        assert shown.usable
        # What is called a text stays one.
        assert [*data.values()] == [shown.name, text, "Words."][: len(data)]
        taken = claims.claim_next(job, by=amina, at=clock.now())
        browser = Browser()
        browser.force_login(amina)
        assert f"/media/{shown.key}/" in browser.get(reverse("tasks:task", args=[taken.pk])).content.decode()
    assert store.asked == ["/field.png"] * 2


UNSEEN: tuple[tuple[TaskType, dict[str, Any]], ...] = (
    (TaskType.Categorization, {"categories": ["a", "b"]}),
    (TaskType.Comparison, {"choices": ["a", "b"]}),
    (TaskType.Transcription, {"fields": {"title": "Its title"}}),
    (TaskType.ImageAnnotation, {"geometries": {"box": {"objects_to_annotate": ["a"]}}}),
)


@pytest.mark.parametrize(("kind", "words"), [("pdf", "pages as images"), ("video", "frames as images")])
def test_what_nobody_can_look_at_is_refused_at_once(live: scaleapi.ScaleClient, kind: str, words: str) -> None:
    address = "https://files.example/1"
    for task_type, asked in UNSEEN:
        attached = {"attachment": address} if task_type != TaskType.Comparison else {"attachments": [address] * 2}
        with pytest.raises(ScaleInvalidRequest, match=words):
            live.create_task(task_type, project="Cows", attachment_type=kind, **asked, **attached)
    fields = [{"type": "text", "field_id": "seen", "title": "Seen"}]
    with pytest.raises(ScaleInvalidRequest, match=words):
        live.create_task(
            TaskType.TextCollection, project="Cows", attachments=[{"type": kind, "content": address}], fields=fields
        )
    assert not Order.objects.exists()
