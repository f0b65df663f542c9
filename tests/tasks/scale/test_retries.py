"""The client sends again what failed on the way: nothing is ordered twice, and it finds what it had ordered."""

import ipaddress
import ssl
import threading
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
from scaleapi.exceptions import ScaleDuplicateResource, ScaleServiceUnavailable
from scaleapi.tasks import TaskType

from coop.people.models import Client
from tasks.models import Job, Order
from tests.tasks import orders
from tests.tasks.scale.conftest import Programs
from tests.tasks.scale.test_live import ALL, PAIR

pytestmark = pytest.mark.django_db


class Road(BaseHTTPRequestHandler):
    """A way to the site on which the first `lost` answers get lost: the site did what it was asked."""

    site = ""
    lost = 0
    taken: list[str] = []

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
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
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
    Road.site, Road.lost, Road.taken = live_server.url, 0, []
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
