"""A client's model behind an address: a server that answers as label-studio-ml 2.0.1 and 1.0.9 do, or as told.

The real packages pin web frameworks of their own and are not installed here; both were asked by hand (decision 0128).
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from coop import clock
from coop.people.models import Client, Person
from tasks.endpoints import naming
from tasks.models import Endpoint, Job
from tests.tasks import orders

type Json = dict[str, Any]
type Answers = Callable[[Json], Any]

FORM = {"question": "What is it?", "labels": ["fruit", "car"]}


def chosen(label: str, score: float | None = 0.9, **more: Any) -> Json:
    """Return a prediction as a model of Label Studio's writes it."""
    region = {"from_name": "answer", "to_name": "item", "type": "choices", "value": {"choices": [label]}}
    return {"result": [region], "score": score} | more


def guesses(asked: Json) -> Json:
    """Answer as label-studio-ml 2.0.1 does: fruit for apples, and the version with each result."""
    said = ["fruit" if "apple" in task["data"]["text"] else "car" for task in asked["tasks"]]
    return {"results": [chosen(one, model_version="fruits 2") for one in said]}


@dataclass
class Backend:
    """A server that keeps what it was asked: verb, path, headers, body; `says` is what it answers to `/predict`."""

    address: str = ""
    says: Answers = guesses
    status: int = 200
    greets: int = 200
    pause: float = 0
    headers: dict[str, str] = field(default_factory=dict)
    came: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)

    def asked(self, path: str = "/predict") -> list[Any]:
        """Return the bodies that came to a path, in their order."""
        return [body for _verb, where, _headers, body in self.came if where == path]

    def answer(self, path: str, body: Any) -> tuple[int, bytes]:
        """Return what it answers."""
        if path != "/predict":
            return self.greets, json.dumps({"status": "UP"} if path == "/health" else {"model_version": "v0"}).encode()
        said = self.says(body)
        return self.status, said if isinstance(said, bytes) else json.dumps(said).encode()


@pytest.fixture
def backend(settings: Settings) -> Iterator[Backend]:
    """Run a model's server on this machine, to which the door is open for the test."""
    settings.OUTGOING_ALSO_TO = ["127.0.0.1/32"]
    there = Backend()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer without a body."""
            self._answer(None)

        def do_POST(self) -> None:
            """Read what came, and answer."""
            self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _answer(self, body: Any) -> None:
            there.came.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(there.pause)
            status, content = there.answer(self.path, body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **there.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    there.address = f"http://127.0.0.1:{server.server_port}/"
    yield there
    server.shutdown()
    server.server_close()


def of_texts(client: Client, by: Person, *texts: str, **facts: Any) -> Job:
    """Return a draft that asks about these texts."""
    job = orders.draft(client, by, **({"form": FORM, "overlap": 2} | facts))
    rows = "".join(json.dumps({"id": f"t{number}", "text": text}) + "\n" for number, text in enumerate(texts, 1))
    assert orders.send(job, rows, "tasks.jsonl").problems == []
    return job


def leading_to(address: str, job: Job, by: Person, **auth: str) -> Endpoint:
    """Return a job's endpoint at a server of this machine, which speaks http alone."""
    made = naming.name(job, url="https://model.example/", by=by, at=clock.now(), **auth)
    Endpoint.objects.filter(pk=made.pk).update(url=address)
    made.refresh_from_db()
    return made


@pytest.fixture
def draft(orbit: Client, olga: Person) -> Job:
    """Return a draft that asks about three texts."""
    return of_texts(orbit, olga, "ripe apple", "fast van", "green apple")


@pytest.fixture
def endpoint(draft: Job, olga: Person, backend: Backend) -> Endpoint:
    """Return the draft's endpoint, which leads to the backend."""
    return leading_to(backend.address, draft, olga)
