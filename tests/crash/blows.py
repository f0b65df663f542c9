"""The ways in which what serves the site dies, each without a word of warning."""

import os
import signal
from pathlib import Path

from coop.database.embedded import Cluster
from coop.serving import Site


def web(site: Site, _cluster: Cluster) -> None:
    """Kill the web server and all its processes."""
    os.killpg(site.web.pid, signal.SIGKILL)


def one_of_web(site: Site, _cluster: Cluster) -> None:
    """Kill one process of the web server; the server starts another."""
    children = Path(f"/proc/{site.web.pid}/task/{site.web.pid}/children").read_text().split()
    for child in children[-1:]:
        os.kill(int(child), signal.SIGKILL)


def worker(site: Site, _cluster: Cluster) -> None:
    """Kill the worker of background jobs."""
    os.killpg(site.worker.pid, signal.SIGKILL)


def database(_site: Site, cluster: Cluster) -> None:
    """Stop PostgreSQL at once, as `pg_ctl stop --mode=immediate` does, and start it again: it recovers from its log."""
    postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGQUIT)
    while Path(f"/proc/{postmaster}").exists():
        os.sched_yield()
    with cluster.running():
        pass


ALL = {"web": web, "one web process": one_of_web, "worker": worker, "database": database}
