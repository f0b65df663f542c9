"""Background jobs survive their worker."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from django.conf import settings
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from coop import serving
from coop.database import roles
from coop.database.embedded import Cluster

WORKER = [sys.executable, "manage.py", "procrastinate", "worker", "--delete-jobs", "never"]


@contextmanager
def worker(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker for the length of a block, then kill it."""
    environment = serving.environment(url) | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen(  # noqa: S603 - our own command
        WORKER, env=environment, cwd=settings.BASE_DIR, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait(until: Callable[[], bool]) -> None:
    patience = time.monotonic() + 60
    while not until():
        assert time.monotonic() < patience
        time.sleep(0.1)


def test_a_job_of_a_killed_worker_is_done_once_by_the_next(
    committed: None, cluster: Cluster, database_name: str, superuser: psycopg.Connection, tmp_path: Path
) -> None:
    superuser.autocommit = True
    notes, url = tmp_path / "notes", cluster.url(roles.WEB, database_name)
    job = app.configure_task("tests.unhurried").defer(path=str(notes))
    with worker(url):
        wait(notes.exists)
    superuser.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    # At the turn of a minute the first worker has already asked for it.
    with suppress(AlreadyEnqueued):
        app.configure_task("coop.background.rescue").defer(timestamp=0)
    state = "SELECT status::text FROM procrastinate_jobs WHERE id = %s"
    with worker(url):
        wait(lambda: superuser.execute(state, [job]).fetchone() == ("succeeded",))
    assert notes.read_text().count("began") == 2
    assert notes.read_text().count("done") == 1
