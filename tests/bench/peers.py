"""Our work beside Label Studio Community's and doccano's on the same server in the same run, each figure alike."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from coop.database import roles
from tests.bench import crowd, others, ours, processor, theirs
from tests.bench.figures import MANY, Cost, Figures
from tests.bench.place import CONCURRENCY, Place

DOCCANO, DOCCANOS = "doccano", ("doccano==1.8.4", "psycopg[binary]>=3.2", "setuptools<81", "marshmallow<4")
# It asks for a pandas older than our Python, for reading files, which is not measured.
OVERRIDDEN = ("pandas>=2.2", "numpy>=2")
FEW, TASKS, LIVES = 1_000, 50_000, 20


def measure(here: Place, *, tasks: int = TASKS) -> Iterator[tuple[str, str]]:
    """Yield what taking tasks in, working at them, a page and handing answers out cost with them and with us."""
    peer, us = theirs.measure(here, tasks), ours.measure(here, tasks)
    yield from _moved(peer, us, tasks)
    yield from _worked(peer, us)
    yield from _seen(peer, us)
    for count in (FEW, tasks):
        done = _doccano(here, count)
        yield f"{count:,} texts in doccano", f"{done.rate:.1f}/s, {done.spent * 1000:.0f} ms of processor"
        yield "  ours (aim 5 times)", f"{us.work.eight.rate / done.rate:.0f} times"


def _moved(peer: Figures, us: Figures, tasks: int) -> Iterator[tuple[str, str]]:
    """Tell of tasks taken in and of answers handed out, all over HTTP."""
    yield f"import {tasks:,} tasks, Label Studio", _cost(peer.taken)
    yield "  ours (aim 20 times)", _beside(us.taken, peer.taken)
    [out] = peer.given.values()
    yield f"export {tasks:,} answered tasks, Label Studio (JSON)", _cost(out)
    for name, cost in us.given.items():
        yield f"  ours, {name} (aim 100 times, 0.25)", _beside(cost, out)


def _cost(cost: Cost) -> str:
    return f"{cost.seconds:.1f} s, {cost.peak / 1024:.0f} MB"


def _beside(our: Cost, their: Cost) -> str:
    return f"{_cost(our)}: {their.seconds / our.seconds:.0f} times, {our.peak / their.peak:.2f} of the memory"


def _worked(peer: Figures, us: Figures) -> Iterator[tuple[str, str]]:
    their, our = peer.work, us.work
    yield f"next and submit, {CONCURRENCY} at once, Label Studio", f"{their.eight.rate:.1f}/s"
    yield "  ours (aim 30 times)", f"{our.eight.rate:.1f}/s, {our.eight.rate / their.eight.rate:.0f} times"
    yield "processor of a task, with the database's, Label Studio", f"{their.eight.spent * 1000:.0f} ms"
    yield "  ours (aim 30 ms)", f"{our.eight.spent * 1000:.1f} ms"
    yield "statements of a task, Label Studio", f"{their.statements:.1f}"
    yield "  ours (aim 12)", f"{our.statements:.1f}"
    yield f"95th of 100 tasks, {MANY} at once, Label Studio", f"{their.many.slow_ms / 1000:.2f} s"
    yield "  ours (aim 1 s)", f"{our.many.slow_ms / 1000:.2f} s"


def _seen(peer: Figures, us: Figures) -> Iterator[tuple[str, str]]:
    their, our = peer.page, us.page
    yield "first page of a task, Label Studio", f"{their.requests} requests, {their.sent / 1000:,.1f} kB"
    yield "  were all of it compressed", f"{their.packed / 1000:,.1f} kB"
    share = f"1/{their.packed / our.sent:.0f}"
    yield "  ours (aim 8 requests, 1/40)", f"{our.requests} requests, {our.sent / 1000:.1f} kB: {share}"
    yield "  usable at 400 kbit/s, Label Studio", f"{their.seconds:.1f} s"
    yield "  ours (aim 1.5 s)", f"{our.seconds:.1f} s"


def _doccano(here: Place, tasks: int) -> crowd.Result:
    """Let eight people label and confirm texts in doccano, of so many, and tell of it."""
    name = f"{DOCCANO}{tasks}"
    roles.create_database(here.cluster, name)
    url = here.cluster.url("postgres", name).split("?")[0]
    with tempfile.TemporaryDirectory(prefix="workhall-bench-") as folder:
        environment = here.environment | {
            "DATABASE_URL": f"{url}?sslmode=disable",
            "PGHOST": str(here.cluster.socket_folder),
        }
        environment |= {"DJANGO_SETTINGS_MODULE": "config.settings.production", "MEDIA_ROOT": folder}
        python = others.install(Path(folder) / "venv", DOCCANOS, OVERRIDDEN)
        project, label, tokens = others.said([python, "-m", "tests.bench.doccano", "found", str(tasks)], environment)
        [home] = others.said([python, "-c", "import backend; print(backend.__path__[0])"])
        with others.serving(python, "config.wsgi", home, environment) as (server, origin):
            extra, spent = (origin, label, tokens), partial(processor.spent, processor.database(here), server)
            return crowd.work(here, "tests.bench.doccano", project, count=LIVES, extra=extra, meter=spent)
