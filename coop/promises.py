"""What nobody can do, the administrator included: read from the guards that stand in the database this moment."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, groupby

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
# The pages, by name: what each is about, and the tables that its promises watch; the first that fits.
TOPICS = (
    ("money", _("Pay and money"), r"payments_"),
    ("work", _("Work, and what it is paid"), r"tasks_"),
    ("rules", _("Rules"), r"governance_(rule|parameter|bylaw|datause)$"),
    ("posts", _("Membership and offices"), r"governance_(standing|resignation|office|officeend|post|call|candidacy)$"),
    ("talk", _("Talk and letters"), r"governance_(thread|message|letter|fold)"),
    (
        "votes",
        _("Votes, from the draft to what follows"),
        r"governance_(proposal|option|rollentry|ballot|tally|mandate|enactment|support|petition|signature)$",
    ),
    ("hearings", _("No ban without a hearing"), r"governance_"),
    ("record", _("Accounts, the clock and the record"), r""),
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

    name: str
    title: Words
    own: list[Promise]
    kept: dict[str, list[Promise]]

    @property
    def every(self) -> list[Promise]:
        """Return all of them."""
        return [*self.own, *chain(*self.kept.values())]


def by_topic(promises: Iterable[Promise]) -> list[Topic]:
    """Return promises by what they are about, each once, topics in their order; empty topics are left out."""
    about: dict[str, list[Promise]] = {name: [] for name, _title, _tables in TOPICS}
    for it in promises:
        about[next(name for name, _title, tables in TOPICS if re.match(tables, it.table))].append(it)
    return [
        Topic(name, title, [it for it in about[name] if not it.keeps], _alike(it for it in about[name] if it.keeps))
        for name, title, _tables in TOPICS if about[name]
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
