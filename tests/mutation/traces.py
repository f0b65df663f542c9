"""What each test runs: the lines of an app's Python and the functions and tables of the database, found by running it.

Found once and kept in `.mutation/`, by the text of the test's file; `--afresh` finds it anew after the app has changed.
Which test found which mutant stands in `found.json` for the next run, wherever it is.
"""

import gc
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import CodeType, FunctionType

import psycopg

KEPT = Path(".mutation/traces.json")
FOUND = Path(__file__).with_name("found.json")
TOOL = sys.monitoring.COVERAGE_ID
# Everything counted so far in a database: how often a function ran, how many rows a table was given.
COUNTED = """
SELECT 'sql:' || funcname, calls FROM pg_stat_user_functions
UNION ALL SELECT 'sql:' || relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables
"""
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"


@dataclass(slots=True)
class Trace:
    """What a test runs ("py:governance/voting.py:12", "sql:governance_meets"), how long, and of which text it was."""

    seconds: float = 0
    text: str = ""
    ran: set[str] = field(default_factory=set)


@contextmanager
def lines(app: str, ran: set[str]) -> Iterator[None]:
    """Note each line of an app's own Python that runs during a block."""
    skip = len(str(Path.cwd())) + 1

    def note(code: CodeType, line: int) -> object:
        ran.add(f"py:{code.co_filename[skip:]}:{line}")
        return sys.monitoring.DISABLE

    if sys.monitoring.get_tool(TOOL) is None:
        sys.monitoring.use_tool_id(TOOL, "mutation")
        for code in _codes(f"{Path(app).resolve()}/"):
            sys.monitoring.set_local_events(TOOL, code, sys.monitoring.events.LINE)
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, note)
    sys.monitoring.restart_events()
    yield
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, None)


def _codes(root: str) -> Iterator[CodeType]:
    """Yield the code of every function that comes from files under a folder, and of those within."""
    # Of what stands for another that may be gone, only the type can be asked.
    waiting = [one.__code__ for one in gc.get_objects() if type(one) is FunctionType]
    waiting = [code for code in waiting if code.co_filename.startswith(root)]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [const for const in code.co_consts if isinstance(const, CodeType)]


class Counters:
    """What a database has counted since it was made or last asked; every session counts as it ends."""

    def __init__(self, url: str, name: str) -> None:
        """Count from now on."""
        self.url, self.name = url, name
        with psycopg.connect(url, autocommit=True) as superuser:
            superuser.execute("ALTER ROLE ALL SET track_functions = 'all'")
        self.before = self._counted()

    def ran(self) -> set[str]:
        """Return what ran since the last time; asked after every session has ended."""
        now = self._counted()
        found = {name for name, calls in now.items() if calls > self.before.get(name, 0)}
        self.before = now
        return found

    def made_anew(self) -> None:
        """Start at nothing, as the database does."""
        self.before = {}

    def _counted(self) -> dict[str, int]:
        with psycopg.connect(self.url, autocommit=True) as superuser:
            for _wait in range(200):
                if superuser.execute(OTHERS, [self.name]).fetchone() == (1,):
                    break
                time.sleep(0.005)
            return dict(superuser.execute(COUNTED).fetchall())


def text_of(path: Path) -> str:
    """Return a mark of a test file's text."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def kept() -> dict[str, Trace]:
    """Return what is known of the tests by their ids."""
    if not KEPT.exists():
        return {}
    known = json.loads(KEPT.read_text())
    names = known["names"]
    return {
        test: Trace(one["seconds"], one["text"], {names[n] for n in one["ran"]}) for test, one in known["tests"].items()
    }


def keep(traces: dict[str, Trace]) -> None:
    """Write down what is known of the tests."""
    names = sorted(set().union(*(trace.ran for trace in traces.values())))
    number = {name: n for n, name in enumerate(names)}
    tests = {test: asdict(one) | {"ran": sorted(number[name] for name in one.ran)} for test, one in traces.items()}
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps({"names": names, "tests": tests}))


def found() -> dict[str, str]:
    """Return which test found each mutant in the runs before, by the mutants' names."""
    return json.loads(FOUND.read_text()) if FOUND.exists() else {}


def keep_found(new: dict[str, str]) -> None:
    """Write down which test found each mutant, beside what other processes have written, one on a line."""
    known = found() | new
    FOUND.write_text(json.dumps(known, ensure_ascii=False, indent=0, sort_keys=True) + "\n")


def of(run: Callable[[], bool], app: str, counters: Counters, text: str) -> Trace:
    """Run a test and return what it ran."""
    trace, began = Trace(text=text), time.monotonic()
    with lines(app, trace.ran):
        run()
    trace.seconds = round(time.monotonic() - began, 3)
    trace.ran |= counters.ran()
    return trace


def touching(traces: dict[str, Trace], runs: AbstractSet[str]) -> set[str]:
    """Return the tests that run any of these."""
    return {test for test, trace in traces.items() if not runs.isdisjoint(trace.ran)}
