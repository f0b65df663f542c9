"""Label Studio Community at the same work as ours: served with two workers on the same server of PostgreSQL."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coop.database import roles
from tests.bench import looking, memory, others
from tests.bench.figures import Cost, Counts, Figures, Served, worked
from tests.bench.labelstudio import PASSWORD, PERSON, Caller
from tests.bench.place import Place
from tests.bench.visits import Visitor

NAME = "labelstudio"
NEEDED = ("label-studio==1.23.2", "gunicorn==23.0.0")
# The folder of its package, from which its own modules are imported.
HOME = "import label_studio; print(label_studio.__path__[0])"
SUBMIT = "[data-testid=bottombar-submit-button]"
COUNTS: Counts = (20, 6, 3)


@dataclass(frozen=True, slots=True)
class Peer:
    """Label Studio, serving. `tokens` are of the people of one organization."""

    origin: str
    tokens: str
    served: Served


def measure(here: Place, tasks: int) -> Figures:
    """Serve it, and measure all of it."""
    with _serving(here) as peer:
        caller = Caller(peer.origin, peer.tokens.split(",")[0])
        memory.forget(peer.served.programs)
        project, seconds = caller.project(tasks)
        taken = Cost(seconds, memory.most(peer.served.programs))
        extra = (peer.origin, peer.tokens)
        work = worked(here, peer.served, "tests.bench.labelstudio", str(project), extra, COUNTS)
        return Figures(taken, work, _page(peer, project), {"JSON": _given(caller, peer, tasks)})


def _page(peer: Peer, project: int) -> looking.Look:
    """Have somebody open the next task of a project for the first time."""
    visitor = Visitor(peer.origin)
    visitor.get("/user/login/")
    visitor.post("/user/login/", email=PERSON.format(0), password=PASSWORD)
    return looking.cold(peer.origin, f"/projects/{project}/data?labeling=1", visitor.cookies, SUBMIT)


def _given(caller: Caller, peer: Peer, tasks: int) -> Cost:
    """Return what it costs that they hand out so many answered tasks."""
    project, _seconds = caller.project(tasks, answered=True)
    memory.forget(peer.served.programs)
    began = time.monotonic()
    given = caller.ask("GET", f"/api/projects/{project}/export?exportType=JSON")
    if len(given) != tasks:
        message = f"only {len(given)} of {tasks} came out"
        raise SystemExit(message)
    return Cost(time.monotonic() - began, memory.most(peer.served.programs))


@contextmanager
def _serving(here: Place) -> Iterator[Peer]:
    roles.create_database(here.cluster, NAME)
    with tempfile.TemporaryDirectory(prefix="workhall-bench-") as folder:
        environment = here.environment | _settings(here, folder)
        python = others.install(Path(folder) / "venv", NEEDED)
        [home] = others.said([python, "-c", HOME])
        _tokens, *tokens = others.said([python, "-m", "tests.bench.labelstudio", "found"], environment)
        with others.serving(python, "core.wsgi", home, environment) as (server, origin):
            yield Peer(origin, ",".join(tokens), Served([server], NAME))


def _settings(here: Place, folder: str) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "core.settings.label_studio", "DJANGO_DB": "default", "BASE_DATA_DIR": folder,
        "POSTGRE_HOST": str(here.cluster.socket_folder), "POSTGRE_NAME": NAME, "POSTGRE_USER": "postgres",
        "POSTGRE_PASSWORD": here.cluster.secret("postgres"), "COLLECT_ANALYTICS": "0", "SENTRY_DSN": "",
        "LATEST_VERSION_CHECK": "0",
    }  # fmt: skip
