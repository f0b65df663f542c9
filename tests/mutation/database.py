"""Mutants of the guards as the database has them: triggers switched off, functions and constraints weakened."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import psycopg

from tests.mutation import rows
from tests.mutation.mutants import Hold, Incompetent, Mutant
from tests.mutation.named import EVERY
from tests.mutation.weaken import weakened

TRIGGERS = """
SELECT t.tgname, t.tgrelid::regclass::text, p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND t.tgenabled = 'A' AND t.tgrelid::regclass::text ~ %s ORDER BY 2, 1
"""
FUNCTIONS = """
SELECT p.proname, pg_get_functiondef(p.oid) FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND (p.proname ~ %(app)s OR EXISTS (
    SELECT FROM pg_trigger t WHERE t.tgfoid = p.oid AND t.tgrelid::regclass::text ~ %(app)s)) ORDER BY 1
"""
# Who is affected, what is a protected act, what works like a ban: what views say is asked as functions are.
VIEWS = """
SELECT c.relname::text, 'CREATE OR REPLACE VIEW public.' || c.relname || coalesce(
    ' WITH (' || array_to_string(c.reloptions, ', ') || ')', '') || ' AS ' || pg_get_viewdef(c.oid)
FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace AND c.relname ~ %s ORDER BY 1
"""
# Not those that Django makes of a field's type, "not below nought": facts, which the guards bound more closely.
CHECKS = r"""
SELECT c.conname, c.conrelid::regclass::text, pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.contype = 'c' AND c.conrelid::regclass::text ~ %s AND c.conname NOT LIKE '%%\_check' ORDER BY 2, 1
"""
# A test that really commits leaves a database made anew, where the constraint stands already.
DROP = "DROP CONSTRAINT IF EXISTS {0}"
ADD = "DROP CONSTRAINT IF EXISTS {0}, ADD CONSTRAINT {0} {1}"
# What these guards say is one refusal without a condition: switching their trigger off says it all.
BARE = ("_is_append_only", "_is_kept")

READ = re.compile(r"(?:FROM|JOIN) \(*([a-z]+_[a-z_]+)")
REFUSED = re.compile(r"CONSTRAINT = '(\w+)'")
# PostgreSQL may put the text of these in the place of a call, and then counts none.
INLINED = re.compile(r"LANGUAGE sql\n (?:STABLE|IMMUTABLE)")


@contextmanager
def _at_work(urls: Sequence[str], on: str, off: str) -> Iterator[None]:
    """Hold a change in place in each of some databases."""
    done: list[str] = []
    try:
        for url in urls:
            _run(url, on)
            done.append(url)
        yield
    except psycopg.errors.Error as error:
        raise Incompetent(str(error)) from error
    finally:
        for url in done:
            _run(url, off)


def _run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute(statement.encode())


def switched_off(urls: Sequence[str], app: str = EVERY) -> list[Mutant]:
    """Return each trigger and each constraint of an app's tables off. `urls` are the superuser's, as for `mutants`."""
    hold: Hold = partial(_at_work, urls)
    triggers, checks = _triggers(urls[0], app), _checks(urls[0], app)
    off = [
        _altered(name, table, hold, f"DISABLE TRIGGER {name}", f"ENABLE ALWAYS TRIGGER {name}", {function})
        for name, table, function in triggers
    ]
    return off + [
        _altered(name, table, hold, DROP.format(name), ADD.format(name, text), _watching(table, triggers))
        for name, table, text in checks
    ]


def mutants(urls: Sequence[str], app: str) -> list[Mutant]:
    """Return all mutants of an app's guards, in a fixed order. `urls` are the superuser's, of databases that agree."""
    hold: Hold = partial(_at_work, urls)
    triggers = _triggers(urls[0], app)
    found = [*switched_off(urls, app), *_of_functions(urls[0], app, triggers, hold), *_of_views(urls[0], app, hold)]
    for name, table, text in _checks(urls[0], app):
        for one in weakened(text):
            on, off = f"{DROP.format(name)}, ADD CONSTRAINT {name} {one.text} NOT VALID", ADD.format(name, text)
            found.append(_altered(name, table, hold, on, off, _watching(table, triggers), one.where))
    if app == "governance":
        found += rows.mutants(urls[0], hold)
    return _told_apart(found)


def _tables(app: str) -> str:
    """Return a pattern of the names of an app's tables; of every app's, without those of a library."""
    return "^(?!procrastinate)[a-z]+_" if app == EVERY else f"^{app}_"


def _triggers(url: str, app: str) -> list[tuple[str, str, str]]:
    """Return the names of an app's guards, each with its table and its function."""
    with psycopg.connect(url) as superuser:
        return superuser.execute(TRIGGERS, [_tables(app)]).fetchall()


def _checks(url: str, app: str) -> list[tuple[str, str, str]]:
    """Return the names of an app's constraints, each with its table and what it says."""
    with psycopg.connect(url) as superuser:
        return superuser.execute(CHECKS, [_tables(app)]).fetchall()


def _watching(table: str, triggers: list[tuple[str, str, str]]) -> set[str]:
    """Return a table and the functions that watch it."""
    return {table} | {function for _name, on, function in triggers if on == table}


def _of_functions(url: str, app: str, triggers: list[tuple[str, str, str]], hold: Hold) -> Iterator[Mutant]:
    """Yield each function that an app's guards ask, weakened in each way."""
    with psycopg.connect(url) as superuser:
        functions = superuser.execute(FUNCTIONS, {"app": _tables(app)}).fetchall()
    asking = _asking(dict(functions))
    guards = {function: name for name, _table, function in triggers}
    tables = {function: table for _name, table, function in triggers}
    for name, text in functions:
        if name.endswith(BARE):
            continue
        start = text.index("AS $") if "AS $" in text else text.index("BEGIN ATOMIC")
        # A call that ends in a refusal is not counted: a test that meets it is known by its name for the refusal.
        words = frozenset({name, *REFUSED.findall(text)} | {guards[one] for one in asking[name] if one in guards})
        near = frozenset({tables[one] for one in asking[name] if one in tables})
        runs = _counted({name})
        if INLINED.search(text):
            # Whoever asks it is known of the database's own functions only.
            runs = _counted(asking[name]) if len(asking[name]) > 1 else frozenset()
        for one in weakened(text, start):
            yield Mutant(f"{name}: {one.where}", name, words, near, runs, partial(hold, one.text, text))


def _of_views(url: str, app: str, hold: Hold) -> Iterator[Mutant]:
    """Yield each view of an app, weakened in each way. Which tests ask one is not counted: its functions are."""
    with psycopg.connect(url) as superuser:
        functions: dict[str, str] = dict(superuser.execute(FUNCTIONS, {"app": _tables(app)}).fetchall())
        views: dict[str, str] = dict(superuser.execute(VIEWS, [_tables(app)]).fetchall())
    for name, text in views.items():
        asking, tables = _mentioning(name, functions | views), set(READ.findall(text))
        runs = _counted(asking & functions.keys() or tables)
        for one in weakened(text, text.index(" AS ")):
            words = frozenset({name, *asking})
            yield Mutant(f"{name}: {one.where}", name, words, frozenset(tables), runs, partial(hold, one.text, text))


def _mentioning(name: str, texts: dict[str, str]) -> set[str]:
    """Return what mentions something, directly or through others."""
    found, edge = set[str](), {name}
    while edge:
        said = re.compile(rf"\b({'|'.join(edge)})\b")
        edge = {other for other, text in texts.items() if said.search(text)} - found - {name}
        found |= edge
    return found


def _altered(
    name: str, table: str, hold: Hold, on: str, off: str, runs: AbstractSet[str], where: str = "off"
) -> Mutant:
    """Return a mutant that alters a table; `on` and `off` say how, and how back."""
    change, back = f"ALTER TABLE {table} {on}", f"ALTER TABLE {table} {off}"
    words = frozenset({name.removesuffix("_whole")})
    return Mutant(f"{name}: {where}", name, words, frozenset({table}), _counted(runs), partial(hold, change, back))


def _counted(names: AbstractSet[str]) -> frozenset[str]:
    """Return functions and tables as a trace names them."""
    return frozenset(f"sql:{name}" for name in names)


def _asking(texts: dict[str, str]) -> dict[str, set[str]]:
    """Return for each function itself and those that ask it, directly or through others."""
    found = {}
    for name in texts:
        asked, seen = {name}, set[str]()
        while asked - seen:
            one = (asked - seen).pop()
            seen.add(one)
            asked |= {other for other, text in texts.items() if f"{one}(" in text and other != one}
        found[name] = seen
    return found


def _told_apart(found: list[Mutant]) -> list[Mutant]:
    """Number those whose names are the same."""
    seen: Counter[str] = Counter()
    told = []
    for mutant in found:
        seen[mutant.name] += 1
        name = mutant.name if seen[mutant.name] == 1 else f"{mutant.name} #{seen[mutant.name]}"
        told.append(replace(mutant, name=name))
    return told
