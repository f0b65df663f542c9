"""10,000 events to a client's server that fails half the time: `python -m tests.bench.hooks` sends them and counts."""

import json
import random
import threading
import time
from collections import defaultdict
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import django

from tests.bench.place import Place

EVENTS, EACH = 10_000, 5
SLUG = "bench-hooks"


def measure(here: Place) -> list[tuple[str, str]]:
    """Return how many were taken, how many were lost or out of order, and how many tries a second were made."""
    here.run("-m", "tests.bench.key", SLUG)
    taken, lost, disordered, tries, seconds = here.run("-m", "tests.bench.hooks").split()
    return [
        (f"{EVENTS:,} events to a server that fails half the time", f"{taken} taken"),
        ("  lost, out of order for their task (aim: none)", f"{lost}, {disordered}"),
        ("  tries a second", f"{int(tries) / float(seconds):,.0f}/s"),
    ]


class Halfway(BaseHTTPRequestHandler):
    """A server that fails every other time by lot, and keeps what it took."""

    protocol_version = "HTTP/1.1"
    chance = random.Random(7)  # noqa: S311 - repeatable, not secret
    taken: defaultdict[int, list[int]] = defaultdict(list)
    tries = 0

    def do_POST(self) -> None:
        """Take a message, or fail."""
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).tries += 1
        well = self.chance.random() < 0.5
        turns = self.taken[said["data"]["task"]]
        if well and said["data"]["turn"] not in turns:
            turns.append(said["data"]["turn"])
        self.send_response(204 if well else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def main() -> None:
    """Write the messages, send until none waits, a minute at a time, and print what came of them."""
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - after setup

    from coop import clock  # noqa: PLC0415
    from coop.demo.life import person  # noqa: PLC0415
    from coop.people.models import Client  # noqa: PLC0415
    from tasks.models import Message  # noqa: PLC0415
    from tasks.webhooks import sending  # noqa: PLC0415
    from tests.tasks.webhooks.conftest import leading_to  # noqa: PLC0415

    settings.OUTGOING_ALSO_TO = ["127.0.0.1/32"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Halfway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client, at = Client.objects.get(slug=SLUG), clock.now()
    messages(leading_to(f"http://127.0.0.1:{server.server_port}/", client, person("Olga")), at)
    began, moment = time.monotonic(), at
    while Message.objects.filter(client=client, state="waiting").exists():
        while sending.send_due(client.pk, at=moment):
            pass
        moment += timedelta(minutes=1)
    seconds = time.monotonic() - began
    taken = sum(map(len, Halfway.taken.values()))
    disordered = sum(turns != sorted(turns) for turns in Halfway.taken.values())
    print(taken, EVENTS - taken, disordered, Halfway.tries, round(seconds, 1))  # noqa: T201 - read by who asked


def messages(webhook: Any, at: Any) -> None:
    """Write the messages as the outbox does, the turns of each task one after the other."""
    from tasks.models import Message  # noqa: PLC0415 - after setup
    from tasks.webhooks.addresses import facts  # noqa: PLC0415

    turns = [(task, turn) for turn in range(EACH) for task in range(EVENTS // EACH)]
    waiting = [
        Message(**facts(webhook, "task.completed", f"task:{task}", {"task": task, "turn": turn}, at))
        for task, turn in turns
    ]
    Message.objects.bulk_create(waiting, batch_size=1_000)


if __name__ == "__main__":
    main()
