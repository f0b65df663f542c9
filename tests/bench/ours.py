"""Our site at the work of its peers, all of it over HTTP: tasks in, tasks done, a page, answers out."""

import json
import time
from collections.abc import Callable
from http import client
from typing import Any
from urllib.parse import urlsplit

from coop import serving
from coop.database import roles
from tests.bench import datasets, looking, memory
from tests.bench.figures import Cost, Counts, Figures, Served, worked
from tests.bench.place import Place
from tests.bench.visits import Visitor
from tests.bench.web import free_port

NEW = {
    "work_type": "product-match", "title": "Pairs", "guide": "Choose.", "pay": "0.09", "overlap": 1,
    "review_rule": "peer", "form": {"question": "The same?", "labels": ["Same", "Different"]},
}  # fmt: skip
COUNTS: Counts = (150, 25, 10)
LOOKER = "priya@demo.workhall.example"


class Caller:
    """A client's program that keeps its connection."""

    def __init__(self, origin: str, secret: str) -> None:
        """Remember whose key it is."""
        self.connection = client.HTTPConnection(urlsplit(origin).netloc, timeout=600)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def ask(self, verb: str, path: str, body: bytes = b"", kind: str = "application/json") -> bytes:
        """Return what an operation answers; raise SystemExit when it is refused."""
        self.connection.request(verb, f"/api/v1/{path}", body, {**self.headers, "Content-Type": kind})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= client.BAD_REQUEST:
            message = f"{path}: {answer.status}\n{content[:500]!r}"
            raise SystemExit(message)
        return content

    def told(self, verb: str, path: str, body: object = None) -> dict[str, Any]:
        """Return what an operation says."""
        said: dict[str, Any] = json.loads(self.ask(verb, path, b"" if body is None else json.dumps(body).encode()))
        return said

    def wait_for(self, path: str) -> dict[str, Any]:
        """Ask until it is finished what the worker does; return it."""
        while not (said := self.told("GET", path))["finished_at"]:
            time.sleep(0.2)
        return said


def measure(here: Place, tasks: int) -> Figures:
    """Serve our site with two workers and its worker in the background, and measure all of it."""
    at = serving.Place("127.0.0.1", free_port(), workers=2)
    with serving.running(at, here.cluster.url(roles.WEB, roles.DATABASE)) as site:
        serving.wait_until_it_answers(site)
        served = Served([site.web.pid, site.worker.pid], roles.DATABASE)
        caller = Caller(at.origin, here.run("-m", "tests.bench.key", "bench-work").strip())
        job, taken = _filled(caller, served, tasks)
        for step in ("fund", "open"):
            caller.told("POST", f"jobs/{job}/{step}")
        work = worked(here, served, "tests.bench.visits", job, (at.origin, "work"), COUNTS)
        page = _page(at.origin, job)
        # One that nobody works on: the answers are written past the guards, one to each task.
        caller = Caller(at.origin, here.run("-m", "tests.bench.key", "bench-answers").strip())
        job, _again = _filled(caller, served, tasks)
        datasets.answer(here, job)
        return Figures(taken, work, page, _given(caller, served, job, tasks))


def _filled(caller: Caller, served: Served, tasks: int) -> tuple[str, Cost]:
    """Draft a job and send its tasks; return its number and what that cost until all were there."""
    job = str(caller.told("POST", "jobs", NEW)["id"])
    rows = ({"id": f"t{place}", "left": "Kettle 1.7 l", "right": f"Kettle {place}"} for place in range(tasks))
    lines = "\n".join(map(json.dumps, rows)).encode()

    def send() -> int:
        batch = json.loads(caller.ask("POST", f"jobs/{job}/tasks", lines, "application/x-ndjson"))["id"]
        return int(caller.wait_for(f"jobs/{job}/batches/{batch}")["rows"])

    return job, _cost(served, send, tasks)


def _cost(served: Served, act: Callable[[], int], tasks: int) -> Cost:
    """Return what an act costs that says of how many tasks it was; raise SystemExit for others than there are."""
    memory.forget(served.programs)
    began = time.monotonic()
    found = act()
    seconds = time.monotonic() - began
    if found != tasks:
        message = f"only {found} of {tasks}"
        raise SystemExit(message)
    return Cost(seconds, memory.most(served.programs))


def _page(origin: str, job: str) -> looking.Look:
    """Have somebody open a task for the first time."""
    visitor = Visitor(origin)
    visitor.sign_in(LOOKER)
    answer, _page = visitor.post(f"/jobs/{job}/claim/")
    return looking.cold(origin, str(answer.headers["Location"]), visitor.cookies, "[data-send]")


def _given(caller: Caller, served: Served, job: str, tasks: int) -> dict[str, Cost]:
    """Return what it costs to take all answers home: as they come, and a version in the form of Label Studio's."""

    def as_lines() -> int:
        return caller.ask("GET", f"jobs/{job}/results").count(b"\n")

    def as_theirs() -> int:
        made = caller.told("POST", f"jobs/{job}/releases", {})["number"]
        caller.wait_for(f"jobs/{job}/releases/{made}")
        return len(json.loads(caller.ask("GET", f"jobs/{job}/releases/{made}/label-studio")))

    ways = {"JSON lines": as_lines, "a version as Label Studio's": as_theirs}
    return {name: _cost(served, way, tasks) for name, way in ways.items()}
