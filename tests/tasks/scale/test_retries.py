"""The client sends again what failed on the way: nothing is ordered twice, and it finds what it had ordered."""

import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import scaleapi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django.fixtures import Settings
from scaleapi.exceptions import ScaleDuplicateResource, ScaleServiceUnavailable, ScaleTooManyRequests
from scaleapi.tasks import TaskType

from coop.people import limits
from coop.people.models import Client
from tasks.models import Job, Order
from tests.tasks import orders
from tests.tasks.scale.conftest import ALL, Programs
from tests.tasks.scale.test_live import PAIR

pytestmark = pytest.mark.django_db


class Road(BaseHTTPRequestHandler):
    """A way to the site on which the first `lost` answers get lost: the site did what it was asked."""

    site = ""
    lost = 0
    taken: list[str] = []
    said: list[int] = []

    def do_POST(self) -> None:
        """Hand a request on."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        found = requests.request(self.command, self.site + self.path, data=body, headers=headers, timeout=20)
        type(self).taken.append(f"{self.command} {self.path}")
        status, said = found.status_code, found.content
        if type(self).lost > 0:
            type(self).lost -= 1
            status, said = 503, b'{"status_code": 503, "error": "Lost on the way"}'
        type(self).said.append(status)
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        if "Retry-After" in found.headers:
            self.send_header("Retry-After", found.headers["Retry-After"])
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST  # noqa: N815 - likewise

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


def certificate(folder: Path) -> Path:
    """Return a file with a key and a certificate for this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "road")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "road.pem"
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def road(live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a road to the site, with TLS: the client sends again on no other."""
    pem = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    Road.site, Road.lost, Road.taken, Road.said = live_server.url, 0, [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Road)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture
def live(road: str, program: Programs, orbit: Client) -> scaleapi.ScaleClient:
    """Return a program of Orbit's at the end of the road."""
    orders.deposit(orbit, "100")
    key = program(ALL).api.api_key
    client = scaleapi.ScaleClient(key, api_instance_url=road)
    client.create_project("Pairs", TaskType.Categorization, params={"work_type": "product-match"})
    return client


def test_an_order_sent_again_is_found_and_made_once(live: scaleapi.ScaleClient) -> None:
    Road.taken.clear()
    Road.lost = 1
    task = live.create_task(TaskType.Categorization, project="Pairs", **PAIR, unique_id="once")
    assert Road.taken == ["POST /v1/task/categorization"] * 2 + ["GET /v1/tasks?unique_id=once"]
    order = Order.objects.get()
    assert (task.id, task.unique_id) == (order.key.hex, "once")
    assert Job.objects.get(lot__isnull=False).tasks.count() == 1
    # Without a failure before it, a used id is an error.
    with pytest.raises(ScaleDuplicateResource):
        live.create_task(TaskType.Categorization, project="Pairs", **PAIR, unique_id="once")


def test_what_stays_lost_is_said_after_three_more_tries(live: scaleapi.ScaleClient) -> None:
    Road.taken.clear()
    Road.lost = 4
    with pytest.raises(ScaleServiceUnavailable, match="Lost"):
        live.get_project("Pairs")
    assert len(Road.taken) == 4


def test_one_call_too_many_says_when_to_come_again(
    live: scaleapi.ScaleClient, program: Programs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_CALLS_A_MINUTE = 3
    plain = program(ALL)
    time.sleep(max(0, time.time() % limits.WINDOW - 50))  # so that all calls fall into one minute
    found = [requests.get(f"{Road.site}/v1/projects", auth=(plain.api.api_key, ""), timeout=20) for _turn in range(4)]
    assert [one.status_code for one in found] == [200, 200, 200, 429]
    assert found[0].headers["RateLimit"].startswith('"minute";r=2;t=')
    assert 0 < int(found[-1].headers["Retry-After"]) <= limits.WINDOW
    assert found[-1].json()["status_code"] == 429
    with pytest.raises(ScaleTooManyRequests):
        plain.get_projects()
    # Over https the client waits as it is told, and its program notices nothing.
    monkeypatch.setattr(limits, "WINDOW", 2)
    Road.said.clear()
    assert [live.get_project("Pairs").name for _turn in range(8)] == ["Pairs"] * 8
    assert 429 in Road.said


def test_the_file_of_a_response_counts_for_no_key(live_server: Any, settings: Settings) -> None:
    settings.API_CALLS_A_MINUTE = 0
    assert requests.get(f"{live_server.url}/v1/response/none", timeout=20).status_code == 404
