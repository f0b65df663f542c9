"""How many statements a database was asked, by the server's own log."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psycopg

from tests.bench.place import Place

# Where transactions begin and end is not asked of anything.
BOUNDS = "BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE"
# Until each of the server's processes has read its settings again.
SETTLED = 1.0


@contextmanager
def counted(here: Place, database: str) -> Iterator[Callable[[], float]]:
    """Have each statement logged for the length of a block; yield what counts those that a database was asked."""
    with psycopg.connect(here.cluster.url("postgres", "postgres"), autocommit=True) as superuser:
        _log(superuser, "all")
        yield partial(_count, here, database)
        _log(superuser, "none")


def _log(superuser: psycopg.Connection, which: str) -> None:
    superuser.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
    superuser.execute("SELECT pg_reload_conf()")
    time.sleep(SETTLED)


def _count(here: Place, database: str) -> float:
    written = (here.cluster.home / "log").read_text(errors="replace")
    return len(re.findall(rf"@{database} LOG:  (?:statement|execute [^:]*): (?!{BOUNDS})", written))
