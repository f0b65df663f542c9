"""Our postings from Django beside django-hordak's on the same server, one after the other, in the same run."""

import subprocess
from shutil import which

from coop.database import roles
from tests.bench import crowd
from tests.bench.place import ROOT, Place
from tests.bench.postings import BATCH

NAME = "hordak"
# In an environment of its own: a dependency of nothing but this measurement.
PYTHON = (which("uv") or "uv", "run", "--quiet", "--with", "django-hordak==2.0.0", "python")
SINGLES, BATCHES = 100, 1


def measure(here: Place) -> list[tuple[str, str]]:
    """Return how many times as fast ours is, singly and in batches; ours posts, as ever, with all guards on."""
    roles.create_database(here.cluster, NAME)
    url = here.cluster.url("postgres", NAME)
    environment = here.environment | {"DATABASE_URL": url}
    subprocess.run([*PYTHON, "-m", "tests.bench.hordak", "found"], cwd=ROOT, env=environment, check=True)  # noqa: S603 - our own module
    here.run("-m", "tests.bench.postings", "found")
    told, there = [], crowd.Elsewhere(PYTHON, url)
    for what, name, size, count in (
        ("spread", "one transfer", 1, SINGLES),
        ("batch", f"{BATCH:,} transfers in one transaction", BATCH, BATCHES),
    ):
        theirs = size * crowd.work(here, "tests.bench.hordak", what, count=count, there=there).rate
        ours = size * crowd.work(here, "tests.bench.postings", what, count=count).rate
        told += [
            (f"{name} by django-hordak", f"{theirs:,.0f}/s"),
            (f"{name} by ours (aim 5 times)", f"{ours:,.0f}/s, {ours / theirs:.1f} times"),
        ]
    return told
