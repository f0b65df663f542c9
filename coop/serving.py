"""The processes that serve the site: the web server and the worker of background jobs, started and ended together.

They get the web role's address and nothing of the owner's. On Linux the kernel ends them if `up` itself is killed.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings

from coop.database.embedded import Unavailable

# Of one process: more only wait for Python's one lock (decision 0002).
THREADS = 4
PR_SET_PDEATHSIG = 1
# Uploads and mail are for nobody else on this machine.
PRIVATE = 0o077
KEPT_FROM_CHILDREN = {"OWNER_DATABASE_URL", "DATABASE_URL"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where and with how many processes to serve."""

    host: str
    port: int
    workers: int

    @property
    def origin(self) -> str:
        """The address that members type."""
        return os.environ.get("WORKHALL_ORIGIN", f"http://{self.host}:{self.port}")

    @property
    def server(self) -> list[str]:
        """The command of the web server."""
        return [
            sys.executable, "-m", "granian", "coop.wsgi:application", "--interface", "wsgi", "--http", "1", "--no-ws",
            "--host", self.host, "--port", str(self.port), "--workers", str(self.workers),
            "--blocking-threads", str(THREADS), "--workers-kill-timeout", "10", "--respawn-failed-workers",
            "--log-level", "warning",
        ]  # fmt: skip


WORKER = [
    sys.executable, "manage.py", "procrastinate", "worker", "--concurrency", "2", "--delete-jobs", "successful",
    "--shutdown-graceful-timeout", "10",
]  # fmt: skip
RESTART_AFTER = 5


def environment(url: str, origin: str = "") -> dict[str, str]:
    """Return the environment of a process that signs in to the database at `url` and knows no other way in."""
    kept = {name: value for name, value in os.environ.items() if name not in KEPT_FROM_CHILDREN}
    kept |= {"DATABASE_URL": url, "WORKHALL_STATE": str(settings.STATE_DIR), "DJANGO_SETTINGS_MODULE": "coop.settings"}
    return kept | ({"WORKHALL_ORIGIN": origin} if origin else {})


def run(arguments: list[str], *, url: str) -> None:
    """Run one of our commands to its end in a process signed in at `url`. Raises Unavailable if it fails."""
    command = [sys.executable, "manage.py", *arguments]
    if subprocess.call(command, env=environment(url), cwd=settings.BASE_DIR, umask=PRIVATE):  # noqa: S603 - ours
        message = f"The step `manage.py {' '.join(arguments)}` failed; its message stands above."
        raise Unavailable(message)


def claim_port(place: Place, *, patience: float = 5) -> None:
    """Make sure that the port is free, waiting a little for a server that is just ending. Raises Unavailable."""
    until = time.monotonic() + patience
    while True:
        try:
            with socket.socket(socket.AF_INET6 if ":" in place.host else socket.AF_INET) as test:
                test.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                test.bind((place.host, place.port))
        except OSError as error:
            if time.monotonic() > until:
                message = f"Port {place.port} is taken by another program ({error.strerror}): choose one with --port."
                raise Unavailable(message) from error
            time.sleep(0.5)
        else:
            return


@dataclass(slots=True)
class Site:
    """The running site: its web server and its worker."""

    place: Place
    url: str
    web: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]


@contextmanager
def running(place: Place, url: str) -> Iterator[Site]:
    """Run the web server and the worker for the length of a block, then end both and wait for them."""
    web = _start(place.server, environment(url, place.origin))
    site = Site(place, url, web, _start_worker(place, url))
    try:
        yield site
    finally:
        _end([site.web, site.worker])


def wait_until_it_answers(site: Site, *, patience: float = 120) -> None:
    """Wait for the first answer of the site. Raises Unavailable when the server ends or stays silent."""
    host = "127.0.0.1" if site.place.host in {"0.0.0.0", "::"} else site.place.host  # noqa: S104 - compared, not bound
    until = time.monotonic() + patience
    while time.monotonic() < until and site.web.poll() is None:
        try:
            with urlopen(f"http://{host}:{site.place.port}/health/", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    message = "The web server did not answer; its message stands above."
    raise Unavailable(message)


def listen_for_the_end() -> None:
    """Let Ctrl-C and SIGTERM both end what we do in order, also where Ctrl-C was switched off, as behind nohup."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_for_the_end(site: Site) -> None:
    """Wait until somebody asks us to stop (Ctrl-C, SIGTERM). Raises Unavailable when the web server ends by itself.

    A worker that ends by itself is started again: what is due is true without it, so the site stays up meanwhile.
    """
    try:
        while site.web.poll() is None:
            time.sleep(0.5)
            if site.worker.poll() is not None:
                time.sleep(RESTART_AFTER)
                site.worker = _start_worker(site.place, site.url)
    except KeyboardInterrupt:
        # Asked once is enough: a second Ctrl-C must not cut the orderly end short.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return
    message = f"The web server ended by itself with code {site.web.returncode}; its message stands above."
    raise Unavailable(message)


def _start_worker(place: Place, url: str) -> subprocess.Popen[bytes]:
    return _start(WORKER, environment(url, place.origin))


def _start(command: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
    # A group of its own: Ctrl-C reaches `up` alone, which then ends the others in order.
    return subprocess.Popen(  # noqa: S603 - our own commands
        command, env=env, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, process_group=0, umask=PRIVATE,
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - we have no threads yet
    )  # fmt: skip


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    """Ask all to end, wait, and insist."""
    for process in started:
        if process.poll() is None:
            process.terminate()
    for process in started:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
        # Its own processes too: they outlive a main process that was killed.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
