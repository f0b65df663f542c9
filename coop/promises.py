"""What nobody can do, the administrator included: read from the guards that stand in the database this moment."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.db import connection
from django.utils.functional import Promise as Words
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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
# What the page is divided into, by the tables that a promise watches; the first that fits.
TOPICS = (
    (_("Pay and money"), r"payments_"),
    (_("Work, and what it is paid"), r"tasks_"),
    (_("Rules"), r"governance_(rule|parameter|bylaw|datause)$"),
    (_("Membership and offices"), r"governance_(standing|resignation|office|officeend|post|call|candidacy)$"),
    (_("Talk and letters"), r"governance_(thread|message|letter|fold)"),
    (
        _("Votes, from the draft to what follows"),
        r"governance_(proposal|option|rollentry|ballot|tally|mandate|enactment|support|petition|signature)$",
    ),
    (_("No ban without a hearing"), r"governance_"),
    (_("Accounts, the clock and the record"), r""),
)
# Every guard that reads other rows refuses this too; the page says it once.
IN_THE_PRESENT = "This is decided on what stands now, not on an older view."
SAYS = re.compile(r"MESSAGE\s*=\s*'((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True)
class Promise:
    """One guard: its name, the table it watches, and the sentences it refuses with."""

    name: str
    table: str
    says: tuple[str, ...]

    @property
    def keeps(self) -> bool:
        """Tell whether it is of the make that keeps a table's rows as they are."""
        return self.name.endswith(("_is_kept", "_is_append_only"))

    @property
    def words(self) -> str:
        """Return what it refuses with, without what many guards say alike, in the reader's language."""
        own = [sentence for sentence in self.says if sentence != IN_THE_PRESENT] or self.says
        return " ".join(gettext(sentence) for sentence in own)


def standing() -> list[Promise]:
    """Return every guard that stands, by table and name."""
    with connection.cursor() as cursor:
        cursor.execute(GUARDS)
        rows = cursor.fetchall()
    return [Promise(name.removeprefix("guard_"), table, _sentences(source)) for table, name, source in rows]


@dataclass(frozen=True, slots=True)
class Topic:
    """Promises about one matter: those with words of their own, and those that keep a table's rows, by their words."""

    title: Words
    own: list[Promise]
    kept: dict[str, list[Promise]]


def by_topic(promises: Iterable[Promise]) -> list[Topic]:
    """Return promises by what they are about, each once, topics in their order; empty topics are left out."""
    placed = [
        (next(n for n, (_title, tables) in enumerate(TOPICS) if re.match(tables, it.table)), it) for it in promises
    ]
    topics = [(title, [it for place, it in placed if place == n]) for n, (title, _tables) in enumerate(TOPICS)]
    return [
        Topic(title, [it for it in those if not it.keeps], _alike(it for it in those if it.keeps))
        for title, those in topics if those
    ]  # fmt: skip


def _alike(promises: Iterable[Promise]) -> dict[str, list[Promise]]:
    """Return promises by their words: many tables are kept in the same ones."""
    found: dict[str, list[Promise]] = {}
    for promise in promises:
        found.setdefault(promise.words, []).append(promise)
    return found


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
