"""The full life of a task over HTTP against the same server's floor: an empty page."""

import socket

from coop import serving
from coop.database import roles
from tests.bench import crowd
from tests.bench.place import CONCURRENCY, Place

LIVES, EMPTY = 60, 400


def measure(here: Place, job: str) -> list[tuple[str, str]]:
    """Return lives and empty answers a second, and how many empty pages one life costs."""
    at = serving.Place("127.0.0.1", free_port(), workers=2)
    url = here.cluster.url(roles.WEB, roles.DATABASE)
    with serving.running(at, url) as site:
        serving.wait_until_it_answers(site)
        floor = crowd.work(here, "tests.bench.visits", job, count=EMPTY, extra=(at.origin, "floor"))
        lives = crowd.work(here, "tests.bench.visits", job, count=LIVES, extra=(at.origin, "lives"))
    return [
        (f"empty page over HTTP, {CONCURRENCY} visitors", f"{floor.rate:,.0f}/s"),
        ("full life of a task over HTTP (2 requests)", f"{lives.rate:,.1f}/s"),
        ("  empty pages that one life costs", f"{floor.rate / lives.rate:.1f}"),
    ]


def free_port() -> int:
    """Return a port of this machine that is free now."""
    with socket.socket() as test:
        test.bind(("127.0.0.1", 0))
        return int(test.getsockname()[1])
