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

from coop import health, serving
from coop.background import MOST_RUNS
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
    rescue(superuser)
    state = "SELECT status::text FROM procrastinate_jobs WHERE id = %s"
    with worker(url):
        wait(lambda: superuser.execute(state, [job]).fetchone() == ("succeeded",))
    assert notes.read_text().count("began") == 2
    assert notes.read_text().count("done") == 1


def rescue(superuser: psycopg.Connection) -> None:
    """Let the next worker find that the one before is silent."""
    superuser.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    # At the turn of a minute the first worker has already asked for it.
    with suppress(AlreadyEnqueued):
        app.configure_task("coop.background.rescue").defer(timestamp=0)


def test_a_job_that_kills_its_worker_each_time_comes_to_an_end(
    committed: None, cluster: Cluster, database_name: str, superuser: psycopg.Connection, tmp_path: Path
) -> None:
    superuser.autocommit = True
    notes, url = tmp_path / "notes", cluster.url(roles.WEB, database_name)
    job = app.configure_task("tests.deadly").defer(path=str(notes))
    stands = "SELECT status::text, attempts FROM procrastinate_jobs WHERE id = %s"
    superuser.execute("UPDATE procrastinate_jobs SET attempts = %s WHERE id = %s", [MOST_RUNS - 2, job])
    for _last in range(2):
        with worker(url) as process:
            wait(lambda: process.poll() is not None)
        rescue(superuser)
    with worker(url):
        wait(lambda: superuser.execute(stands, [job]).fetchone() == ("failed", MOST_RUNS))
    assert notes.read_text().count("began") == 2
    assert health.check()["jobs_given_up_in_a_day"] == 1
