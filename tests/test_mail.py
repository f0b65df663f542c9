"""Mail by a provider's API: what the settings name is really asked, over HTTP, with Django's MAILERS."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.core.mail import EmailMessage, mailers
from pytest_django import Settings

from coop.settings import _mailer

ANSWER = {"ErrorCode": 0, "Message": "OK", "MessageID": "1", "SubmittedAt": "2027-01-01T00:00:00Z"}


class Provider(BaseHTTPRequestHandler):
    """A provider that takes every letter and keeps it."""

    kept: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        """Keep the letter and say that it is on its way."""
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.kept.append(said | {"token": self.headers["X-Postmark-Server-Token"]})
        body = json.dumps(ANSWER | {"To": said["To"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[str]:
    """Run a provider for the length of a test and return its address."""
    server = HTTPServer(("127.0.0.1", 0), Provider)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_letter_goes_out_by_the_provider_that_is_named(provider: str, settings: Settings) -> None:
    options = json.dumps({"server_token": "secret", "api_url": provider})
    settings.MAILERS = {"default": _mailer("", "postmark", options)}
    message = EmailMessage("New", "A vote is open.", to=["amina@demo.workhall.example"])
    assert mailers["default"].send_messages([message]) == 1
    [letter] = Provider.kept
    assert (letter["To"], letter["TextBody"], letter["token"]) == (
        "amina@demo.workhall.example", "A vote is open.", "secret"
    )  # fmt: skip


def test_without_a_provider_it_is_smtp_and_without_that_a_file() -> None:
    assert "smtp" in str(_mailer("smtp://user:word@mail.example:587")["BACKEND"])
    assert "filebased" in str(_mailer("")["BACKEND"])
