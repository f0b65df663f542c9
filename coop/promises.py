"""What nobody can do, the administrator included: read from the guards that stand in the database this moment."""

import re
from dataclasses import dataclass
from itertools import groupby

from django.db import connection

GUARDS = """
SELECT DISTINCT ON (owner.relname, function.proname) owner.relname, function.proname, function.prosrc
FROM pg_catalog.pg_trigger guard
JOIN pg_catalog.pg_class owner ON owner.oid = guard.tgrelid
JOIN pg_catalog.pg_proc function ON function.oid = guard.tgfoid
WHERE NOT guard.tgisinternal AND guard.tgenabled = 'A' AND starts_with(function.proname, 'guard_')
ORDER BY owner.relname, function.proname
"""
# What the site's own account may do to our tables, whatever its code says.
RIGHTS = """
SELECT count(*) FILTER (WHERE has_table_privilege('workhall_web', oid, 'DELETE, TRUNCATE')), count(*)
FROM pg_catalog.pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
  AND relname ~ '^(coop_cooperative|coop_clockadvance|people|record|governance|payments|tasks)'
"""
INTRODUCTION = """\
The database keeps these promises, whatever the site's code, its admin pages or a program that runs as the site tries.
Each is a trigger that stays on in every session and refuses in its own name; each is attacked in the tests. The page
"What no administrator can do" reads the same list from the database that serves it. Whoever owns the database could
still switch a trigger off: what was then changed is found by checking the record (decision 0003).

Written by the test that compares it: `WRITE_DOCS=1 uv run pytest tests/test_docs.py`."""
SAYS = re.compile(r"MESSAGE\s*=\s*'((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True)
class Promise:
    """One guard: its name, the table it watches, and the sentences it refuses with."""

    name: str
    table: str
    says: tuple[str, ...]


def standing() -> list[Promise]:
    """Return every guard that stands, by table and name."""
    with connection.cursor() as cursor:
        cursor.execute(GUARDS)
        rows = cursor.fetchall()
    return [Promise(name.removeprefix("guard_"), table, _sentences(source)) for table, name, source in rows]


def deletable() -> tuple[int, int]:
    """Return in how many of our tables the site may delete rows, and how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(RIGHTS)
        deletable, tables = cursor.fetchone()
    return deletable, tables


def markdown() -> str:
    """Return the list as docs/promises.md shows it."""
    lines = ["# What no administrator can do", "", INTRODUCTION]
    for table, promises in groupby(standing(), key=lambda promise: promise.table):
        lines += ["", f"## {table}", ""]
        lines += [f"- `{promise.name}`: {' '.join(promise.says)}" for promise in promises]
    return "\n".join(lines) + "\n"


def _sentences(source: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.replace("''", "'") for found in SAYS.findall(source)))
