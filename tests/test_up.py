"""`manage.py up` as a person uses it: started, started twice, killed, started again, stopped."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings

PATIENCE = 180


@pytest.fixture
def state() -> Iterator[Path]:
    """Return an empty state folder."""
    folder = Path(tempfile.mkdtemp(prefix="workhall-up-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def port() -> int:
    """Return a port that is free now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def up(state: Path, port: int, *, output: Path) -> subprocess.Popen[bytes]:
    """Start it, without a demonstration, as a new clone would find the machine."""
    ours = {"DATABASE_URL", "OWNER_DATABASE_URL", "WORKHALL_ORIGIN", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"WORKHALL_STATE": str(state), "DJANGO_SETTINGS_MODULE": "coop.settings"}
    command = [sys.executable, "manage.py", "up", "--empty", "--workers", "1", "--port", str(port)]
    with output.open("wb") as out:
        return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=out, stderr=out)  # noqa: S603 - ours


def wait_for(words: str, output: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while words not in output.read_text():
        assert time.monotonic() < until, output.read_text()
        assert process.poll() is None, output.read_text()
        time.sleep(0.2)


def processes_of(state: Path) -> dict[int, dict[str, str]]:
    """Return the environment of each process that serves this state folder, by its number."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            pairs = (entry / "environ").read_text().split("\0")
        except OSError:
            continue
        environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        if environment.get("WORKHALL_STATE") == str(state):
            found[int(entry.name)] = environment
    return found


def wait_for_the_end(state: Path) -> None:
    until = time.monotonic() + PATIENCE
    while processes_of(state):
        assert time.monotonic() < until, processes_of(state).keys()
        time.sleep(0.2)


def test_it_starts_serves_recovers_from_a_kill_and_stops(state: Path, port: int, tmp_path: Path) -> None:
    output = tmp_path / "output"
    first = up(state, port, output=output)
    wait_for("Ctrl-C stops it", output, first)
    with urlopen(f"http://127.0.0.1:{port}/health/") as answer:
        assert json.load(answer)["role"] == "workhall_web"
    serving = {number: kept for number, kept in processes_of(state).items() if number != first.pid}
    assert len(serving) >= 3
    assert not [number for number, kept in serving.items() if "owner" in kept["DATABASE_URL"]]
    secret = (state / "secrets" / "workhall_owner").read_text()
    assert not [number for number, kept in serving.items() if secret in "".join(kept.values())]

    again = up(state, port + 1, output=tmp_path / "again")
    assert again.wait(PATIENCE) == 1
    assert "already running" in (tmp_path / "again").read_text()

    first.kill()
    first.wait()
    wait_for_the_end(state)
    second = up(state, port, output=output)
    wait_for("Ctrl-C stops it", output, second)
    second.send_signal(signal.SIGINT)
    assert second.wait(PATIENCE) == 0
    assert "The data stay" in output.read_text()
    wait_for_the_end(state)
    assert not (state / "postgres" / "data" / "postmaster.pid").exists()


def test_a_taken_port_is_said_before_anything_is_made(state: Path, tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = up(state, taken.getsockname()[1], output=tmp_path / "output")
        assert refused.wait(PATIENCE) == 1
    assert "is taken by another program" in (tmp_path / "output").read_text()
    assert not (state / "postgres").exists()
