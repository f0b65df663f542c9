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
# Not those that Django makes of a field's type, "not below nought": facts, which the guards bound more closely.
CHECKS = r"""
SELECT c.conname, c.conrelid::regclass::text, pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.contype = 'c' AND c.conrelid::regclass::text ~ %s AND c.conname NOT LIKE '%%\_check' ORDER BY 2, 1
"""
# What these guards say is one refusal without a condition: switching their trigger off says it all.
BARE = ("_is_append_only", "_is_kept")

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


def mutants(urls: Sequence[str], app: str) -> list[Mutant]:
    """Return all mutants of an app's guards, in a fixed order. `urls` are the superuser's, of databases that agree."""
    hold: Hold = partial(_at_work, urls)
    with psycopg.connect(urls[0]) as superuser:
        triggers = superuser.execute(TRIGGERS, [f"^{app}_"]).fetchall()
        functions = superuser.execute(FUNCTIONS, {"app": f"^{app}_"}).fetchall()
        checks = superuser.execute(CHECKS, [f"^{app}_"]).fetchall()
    found = [
        _altered(name, table, hold, f"DISABLE TRIGGER {name}", f"ENABLE ALWAYS TRIGGER {name}", {function})
        for name, table, function in triggers
    ]
    asking = _asking(dict(functions))
    guards = {function: name for name, _table, function in triggers}
    tables = {function: table for _name, table, function in triggers}
    for name, text in functions:
        if not name.endswith(BARE):
            start = text.index("AS $") if "AS $" in text else text.index("BEGIN ATOMIC")
            words = frozenset({name} | {guards[one] for one in asking[name] if one in guards})
            near = frozenset({tables[one] for one in asking[name] if one in tables})
            runs = _counted(asking[name] if INLINED.search(text) else {name})
            found += [
                Mutant(f"{name}: {one.where}", name, words, near, runs, partial(hold, one.text, text))
                for one in weakened(text, start)
            ]
    for name, table, text in checks:
        touched = {table} | {function for _name, on, function in triggers if on == table}
        drop, add = f"DROP CONSTRAINT {name}", f"ADD CONSTRAINT {name} "
        found.append(_altered(name, table, hold, drop, add + text, touched))
        found += [
            _altered(
                name, table, hold, f"{drop}, {add}{one.text} NOT VALID", f"{drop}, {add}{text}", touched, one.where
            )
            for one in weakened(text)
        ]
    if app == "governance":
        found += rows.mutants(urls[0], hold)
    return _told_apart(found)


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
