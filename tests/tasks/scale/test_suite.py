"""Scale's own tests of its client, as they are in its source package, against the site as it runs."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from coop import clock
from coop.people import keys
from coop.people.models import Client, Person
from coop.record.models import Event
from tasks.models import Job

SOURCE = "scaleapi-2.18.4.tar.gz"
SHA256 = "dda9cae1424ec0d41f58a3f132659a2355facd673098a549bca834f3419e2104"
KEPT = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "workhall-tests"
TESTS = 58
# The suite opens a picture that its source package leaves out.
PICTURE = Path(settings.BASE_DIR) / "tests" / "tasks" / "scale" / "test_image.png"
# The client keeps both addresses as literals: moved before its tests are read, and no other one is spoken to.
PLUGIN = """
import os, socket, urllib.parse
import scaleapi.api
from scaleapi.api_client.v2.configuration import Configuration

base = os.environ["SITE"]
port = urllib.parse.urlsplit(base).port
connect = socket.socket.connect


def only_ours(self, address):
    if self.family != socket.AF_UNIX and address[1] != port:
        raise OSError(f"no connection to {address!r}")
    return connect(self, address)


socket.socket.connect = only_ours
scaleapi.api.SCALE_API_BASE_URL_V1 = base + "/v1"
Configuration.get_host_settings = lambda self: [{"url": base, "description": "ours"}]
"""


def source() -> Path:
    """Return the source package, from PyPI the first time; skip where that cannot be reached."""
    path = KEPT / SOURCE
    if not path.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        command = [
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--dest",
            str(KEPT),
            "scaleapi==2.18.4",
        ]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, check=False, timeout=120)  # noqa: S603 - a literal command
    if not path.exists():
        pytest.skip("PyPI CANNOT BE REACHED: Scale's own test suite was not run")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
    return path


def run(folder: Path, site: str, key: str) -> str:
    """Run the suite once; return what pytest says at its end."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "SITE": site, "SCALE_TEST_API_KEY": key, "PYTHONPATH": str(folder), "PYTEST_ADDOPTS": "",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "moved", "-p", "no:cacheprovider", "-p", "no:django", "-c",
        "/dev/null", "--rootdir", str(folder), "--import-mode=importlib", "tests",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    return done.stdout + done.stderr


@pytest.mark.django_db
def test_the_clients_own_tests_pass_twice(live_server: Any, orbit: Client, olga: Person, tmp_path: Path) -> None:
    with tarfile.open(source()) as packed:
        names = [one for one in packed.getmembers() if "/tests/test_" in one.name]
        packed.extractall(tmp_path, names, filter="data")
    shutil.copytree(tmp_path / "scaleapi-2.18.4" / "tests", tmp_path / "suite" / "tests")
    (tmp_path / "suite" / "moved.py").write_text(PLUGIN)
    shutil.copy(PICTURE, tmp_path / "suite" / "tests")
    _key, secret = keys.issue(orbit, name="suite", scopes=["test"], by=olga, at=clock.now())
    before = Job.objects.count(), Event.objects.count()
    for _time in range(2):
        said = run(tmp_path / "suite", live_server.url, secret)
        assert f"{TESTS} passed" in said, said
        assert "failed" not in said
    assert (Job.objects.count(), Event.objects.count()) == before
