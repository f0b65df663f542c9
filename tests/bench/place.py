"""A platform for measuring: its own cluster with production's settings, migrated, with the demonstration founded."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coop.database import roles
from coop.database.embedded import Cluster

ROOT = Path(__file__).resolve().parent.parent.parent
# As many as the aim says; the same number for what is measured and for its reference.
CONCURRENCY = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where measurements run. `environment` is that of a process of the site."""

    cluster: Cluster
    environment: dict[str, str]

    def run(self, *arguments: str, owner: bool = False) -> str:
        """Run a management command or a module's measurement in a process of its own and return what it prints."""
        role = roles.OWNER if owner else roles.WEB
        environment = self.environment | {"DATABASE_URL": self.cluster.url(role, roles.DATABASE)}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
        return done.stdout


@contextmanager
def platform() -> Iterator[Place]:
    """Start the platform for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="workhall-bench-") as folder:
        Path(folder).chmod(0o711)
        with Cluster(Path(folder)).running() as cluster:
            roles.create(cluster)
            roles.create_database(cluster)
            os.environ |= {
                "WORKHALL_STATE": folder,
                "SECRET_KEY": cluster.secret("secret_key"),
                "PAYOUT_KEYS": cluster.secret("payout_keys"),
                "DJANGO_SETTINGS_MODULE": "coop.settings",
            }
            here = Place(cluster, dict(os.environ))
            here.run("manage.py", "migrate", "--verbosity", "0", owner=True)
            here.run("manage.py", "collectstatic", "--verbosity", "0", "--no-input")
            here.run("manage.py", "demo", "found", owner=True)
            yield here


def tpc_b(here: Place, *, seconds: int = 15, fresh: bool = True) -> float:
    """Return pgbench's TPC-B transactions a second on the same server, as the reference; scale 10.

    On tables made anew, or on those of the run before.
    """
    with_superuser = here.cluster.url("postgres", "pgbench")
    bench = str(here.cluster.bin / "pgbench")
    if fresh:
        roles.create_database(here.cluster, "pgbench")
        subprocess.run([bench, "-i", "-q", "-s", "10", with_superuser], check=True, capture_output=True)  # noqa: S603
    clients = ["-c", str(CONCURRENCY), "-j", "2", "-T", str(seconds)]
    done = subprocess.run([bench, *clients, with_superuser], check=True, capture_output=True, text=True)  # noqa: S603
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])
