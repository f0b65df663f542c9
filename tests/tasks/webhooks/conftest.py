"""A client's own server, and a webhook that leads to it."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from coop import clock
from coop.people.models import Client, Person
from tasks.models import Webhook
from tasks.webhooks import addresses

type Decide = Callable[[dict[str, Any]], int]


@dataclass
class Receiver:
    """A server that answers as it is told and keeps what came: the headers, the body."""

    address: str = ""
    answers: Decide = lambda _message: 204
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages that came, in their order."""
        return [json.loads(body) for _headers, body in self.came]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """Run a client's server on this machine, to which the door is open for the test."""
    settings.OUTGOING_ALSO_TO = ["127.0.0.1/32"]
    there = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Keep what came, and answer."""
            body = self.rfile.read(int(self.headers["content-length"]))
            there.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(there.answers(json.loads(body)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    there.address = f"http://127.0.0.1:{server.server_port}/hook"
    yield there
    server.shutdown()
    server.server_close()


@pytest.fixture
def webhook(orbit: Client, olga: Person, receiver: Receiver) -> Webhook:
    """Return Orbit's webhook to the receiver, for everything."""
    return leading_to(receiver.address, orbit, olga)


def leading_to(address: str, client: Client, by: Person) -> Webhook:
    """Return a webhook to a server of this machine, which speaks http alone."""
    made, _secret = addresses.add(
        client, url="https://example.com/hook", kinds=list(addresses.KINDS), by=by, at=clock.now()
    )
    here = Webhook(
        client=client, url=address, kinds=made.kinds, sealed=made.sealed, fingerprint=made.fingerprint, created_by=by,
        created_at=clock.now(),
    )  # fmt: skip
    here.save(force_insert=True)
    addresses.end(made, by=by, at=clock.now())
    return here
