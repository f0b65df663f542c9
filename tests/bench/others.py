"""Programs of others: each in an environment of its own, of nothing but its measurement, and served there."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from shutil import which

from tests.bench.place import ROOT
from tests.bench.web import free_port

UV = which("uv") or "uv"
PATIENCE = 180


def install(venv: Path, needed: tuple[str, ...], overridden: tuple[str, ...] = ()) -> str:
    """Make an environment that has what is needed, other versions than it asks for of some, and return its Python."""
    python, others = str(venv / "bin" / "python"), venv.with_suffix(".txt")
    others.write_text("\n".join(overridden))
    subprocess.run([UV, "venv", "--quiet", str(venv)], check=True)  # noqa: S603 - the tool that installs ours
    command = [UV, "pip", "install", "--quiet", "--python", python, "--override", str(others), *needed]
    subprocess.run(command, check=True)  # noqa: S603 - likewise
    return python


def said(command: list[str], environment: dict[str, str] | None = None) -> list[str]:
    """Return the words of the last line that a command prints."""
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own modules
    return done.stdout.splitlines()[-1].split()


@contextmanager
def serving(
    python: str, application: str, home: str | Path, environment: dict[str, str], *, workers: int = 2
) -> Iterator[tuple[int, str]]:
    """Serve another's application for the length of a block; yield the process and the origin."""
    port = free_port()
    command = [python, "-m", "gunicorn", "--workers", str(workers), "--timeout", "0", "--log-level", "error"]
    where = ["--bind", f"127.0.0.1:{port}", application]
    with subprocess.Popen([*command, *where], cwd=home, env=environment) as server:  # noqa: S603 - as asked
        try:
            _wait_for(port, application)
            yield server.pid, f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(port: int, application: str) -> None:
    for _second in range(PATIENCE):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/health")
            connection.getresponse()
        except OSError:
            time.sleep(1)
        else:
            return
    message = f"{application} does not answer."
    raise SystemExit(message)
