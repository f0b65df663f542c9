"""Our work beside Label Studio Community's and doccano's on the same server in the same run."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from shutil import which

from coop import serving
from coop.database import roles
from tests.bench import crowd, datasets, memory, web
from tests.bench.labelstudio import Caller
from tests.bench.place import ROOT, Place

NAME = "labelstudio"
# In an environment of its own: dependencies of nothing but this measurement.
UV, NEEDED = which("uv") or "uv", ("label-studio==1.23.2", "gunicorn==23.0.0")
DOCCANO, DOCCANOS = "doccano", ("doccano==1.8.4", "psycopg[binary]>=3.2", "setuptools<81", "marshmallow<4")
# It asks for a pandas older than our Python, for reading files, which is not measured.
OVERRIDDEN = ("pandas>=2.2", "numpy>=2")
FEW = 1_000
# The folder of its package, from which its own modules are imported.
HOME = "import label_studio; print(label_studio.__path__[0])"
TASKS = 50_000
LIVES, OURS = 20, 150


@dataclass(frozen=True, slots=True)
class Peer:
    """Label Studio, serving with two workers. `tokens` are of eight of one organization."""

    origin: str
    tokens: str
    server: int

    def peak(self) -> int:
        """Return the most memory that one of its workers has held, kilobytes."""
        workers = Path(f"/proc/{self.server}/task/{self.server}/children").read_text().split()
        return max(memory.peak(worker) for worker in workers)


def measure(here: Place, *, tasks: int = TASKS) -> Iterator[tuple[str, str]]:
    """Yield seconds of import and export, memory of export, and tasks a second at eight at once, theirs and ours."""
    with _label_studio(here) as peer:
        caller = Caller(peer.origin, peer.tokens.split(",")[0])
        project, theirs_in = caller.project(tasks)
        theirs = crowd.work(
            here, "tests.bench.labelstudio", str(project), count=LIVES, extra=(peer.origin, peer.tokens)
        )
        theirs_out, theirs_peak = _their_export(caller, peer, tasks)
    job, ours_in = here.run("-m", "tests.bench.prepare", str(tasks)).split()
    yield f"import {tasks:,} tasks, Label Studio", f"{theirs_in:.1f} s"
    yield "  ours (aim 20 times)", f"{ours_in} s, {theirs_in / float(ours_in):.0f} times"
    ours = _ours(here, job)
    yield "next and submit, 8 at once, Label Studio", f"{theirs.rate:.1f}/s"
    yield "  ours (aim 30 times)", f"{ours.rate:.1f}/s, {ours.rate / theirs.rate:.0f} times"
    # One that nobody works on: the answers are written past the guards, one to each task.
    job, _seconds = here.run("-m", "tests.bench.prepare", str(tasks)).split()
    datasets.answer(here, job)
    ours_out, ours_peak, _count = (float(each) for each in here.run("-m", "tests.bench.export", job).split())
    yield f"export {tasks:,} answered tasks, Label Studio", f"{theirs_out:.1f} s, {theirs_peak / 1024:.0f} MB"
    yield (
        "  ours (aim 100 times, a quarter of the memory)",
        f"{ours_out:.1f} s, {theirs_out / ours_out:.0f} times; {ours_peak / 1024:.0f} MB",
    )
    for count in (FEW, tasks):
        rate = _doccano(here, count)
        yield f"{count:,} texts in doccano (aim 5 times)", f"{rate:.1f}/s, {ours.rate / rate:.0f} times"


def _their_export(caller: Caller, peer: Peer, tasks: int) -> tuple[float, int]:
    """Return the seconds in which they hand out so many answered tasks, and the kilobytes it took at most."""
    project, _seconds = caller.project(tasks, answered=True)
    began = time.monotonic()
    given = caller.ask("GET", f"/api/projects/{project}/export?exportType=JSON")
    if len(given) != tasks:
        message = f"only {len(given)} of {tasks} came out"
        raise SystemExit(message)
    return time.monotonic() - began, peer.peak()


def _ours(here: Place, job: str) -> crowd.Result:
    at = serving.Place("127.0.0.1", web.free_port(), workers=2)
    with serving.running(at, here.cluster.url(roles.WEB, roles.DATABASE)) as site:
        serving.wait_until_it_answers(site)
        return crowd.work(here, "tests.bench.visits", job, count=OURS, extra=(at.origin, "work"))


def _doccano(here: Place, tasks: int) -> float:
    """Return how many texts a second eight people label and confirm in doccano, of so many."""
    name = f"{DOCCANO}{tasks}"
    roles.create_database(here.cluster, name)
    url = here.cluster.url("postgres", name).split("?")[0]
    with tempfile.TemporaryDirectory(prefix="workhall-bench-") as folder:
        environment = here.environment | {
            "DATABASE_URL": f"{url}?sslmode=disable",
            "PGHOST": str(here.cluster.socket_folder),
        }
        environment |= {"DJANGO_SETTINGS_MODULE": "config.settings.production", "MEDIA_ROOT": folder}
        python = _install(Path(folder) / "venv", DOCCANOS, OVERRIDDEN)
        project, label, tokens = _said([python, "-m", "tests.bench.doccano", "found", str(tasks)], environment)
        [home] = _said([python, "-c", "import backend; print(backend.__path__[0])"])
        with _serving(python, "config.wsgi", home, environment) as (_server, origin):
            extra = (origin, label, tokens)
            return crowd.work(here, "tests.bench.doccano", project, count=LIVES, extra=extra).rate


@contextmanager
def _label_studio(here: Place) -> Iterator[Peer]:
    """Serve it with PostgreSQL and two workers for the length of a block."""
    roles.create_database(here.cluster, NAME)
    with tempfile.TemporaryDirectory(prefix="workhall-bench-") as folder:
        environment = here.environment | _settings(here, folder)
        python = _install(Path(folder) / "venv", NEEDED)
        [home] = _said([python, "-c", HOME])
        _tokens, *tokens = _said([python, "-m", "tests.bench.labelstudio", "found"], environment)
        with _serving(python, "core.wsgi", home, environment) as (server, origin):
            yield Peer(origin, ",".join(tokens), server)


@contextmanager
def _serving(python: str, application: str, home: str, environment: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Serve another's application with two workers for the length of a block; yield the process and the origin."""
    port = web.free_port()
    serve = [python, "-m", "gunicorn", "--workers", "2", "--timeout", "0", "--bind", f"127.0.0.1:{port}", application]
    with subprocess.Popen([*serve, "--log-level", "error"], cwd=home, env=environment) as server:  # noqa: S603 - as asked
        try:
            _wait_for(port)
            yield server.pid, f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _settings(here: Place, folder: str) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "core.settings.label_studio", "DJANGO_DB": "default", "BASE_DATA_DIR": folder,
        "POSTGRE_HOST": str(here.cluster.socket_folder), "POSTGRE_NAME": NAME, "POSTGRE_USER": "postgres",
        "POSTGRE_PASSWORD": here.cluster.secret("postgres"), "COLLECT_ANALYTICS": "0", "SENTRY_DSN": "",
        "LATEST_VERSION_CHECK": "0",
    }  # fmt: skip


def _install(venv: Path, needed: tuple[str, ...], overridden: tuple[str, ...] = ()) -> str:
    """Make an environment that has what is needed, other versions than it asks for of some, and return its Python."""
    python, others = str(venv / "bin" / "python"), venv.with_suffix(".txt")
    others.write_text("\n".join(overridden))
    subprocess.run([UV, "venv", "--quiet", str(venv)], check=True)  # noqa: S603 - the tool that installs ours
    install = [UV, "pip", "install", "--quiet", "--python", python, "--override", str(others), *needed]
    subprocess.run(install, check=True)  # noqa: S603 - likewise
    return python


def _said(command: list[str], environment: dict[str, str] | None = None) -> list[str]:
    """Return the words of the last line that a command prints."""
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own modules
    return done.stdout.splitlines()[-1].split()


def _wait_for(port: int) -> None:
    for _second in range(180):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/health")
            connection.getresponse()
        except OSError:
            time.sleep(1)
        else:
            return
    message = "Label Studio does not answer."
    raise SystemExit(message)
