"""Mutants of the guards as the database has them: triggers switched off, functions and constraints weakened."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial

import psycopg

from tests.mutation.mutants import Incompetent, Mutant
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
CHECKS = """
SELECT c.conname, c.conrelid::regclass::text, pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.contype = 'c' AND c.conrelid::regclass::text ~ %s ORDER BY 2, 1
"""
# What these guards say is one refusal without a condition: switching their trigger off says it all.
BARE = ("_is_append_only", "_is_kept")

type Hold = Callable[[str, str], AbstractContextManager[None]]


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
        _altered(name, table, hold, f"DISABLE TRIGGER {name}", f"ENABLE ALWAYS TRIGGER {name}")
        for name, table, _function in triggers
    ]
    words = _words(dict(functions), {function: name for name, _table, function in triggers})
    tables = _words(dict(functions), {function: table for _name, table, function in triggers})
    for name, text in functions:
        if not name.endswith(BARE):
            start = text.index("AS $") if "AS $" in text else text.index("BEGIN ATOMIC")
            found += [
                Mutant(f"{name}: {one.where}", name, words[name], tables[name], partial(hold, one.text, text))
                for one in weakened(text, start)
            ]
    for name, table, text in checks:
        drop, add = f"DROP CONSTRAINT {name}", f"ADD CONSTRAINT {name} "
        found.append(_altered(name, table, hold, drop, add + text))
        found += [
            _altered(name, table, hold, f"{drop}, {add}{one.text} NOT VALID", f"{drop}, {add}{text}", one.where)
            for one in weakened(text)
        ]
    return _told_apart(found)


def _altered(name: str, table: str, hold: Hold, on: str, off: str, where: str = "off") -> Mutant:
    """Return a mutant that alters a table; `on` and `off` say how, and how back."""
    change, back = f"ALTER TABLE {table} {on}", f"ALTER TABLE {table} {off}"
    words = frozenset({name.removesuffix("_whole")})
    return Mutant(f"{name}: {where}", name, words, frozenset({table}), partial(hold, change, back))


def _words(texts: dict[str, str], guards: dict[str, str]) -> dict[str, frozenset[str]]:
    """Return for each function its own name and the guards that ask it, directly or through others."""
    words = {}
    for name in texts:
        asked, seen = {name}, set[str]()
        while asked - seen:
            one = (asked - seen).pop()
            seen.add(one)
            asked |= {other for other, text in texts.items() if f"{one}(" in text and other != one}
        words[name] = frozenset({name} | {guards[one] for one in seen if one in guards})
    return words


def _told_apart(found: list[Mutant]) -> list[Mutant]:
    """Number those whose names are the same."""
    seen: Counter[str] = Counter()
    told = []
    for mutant in found:
        seen[mutant.name] += 1
        name = mutant.name if seen[mutant.name] == 1 else f"{mutant.name} #{seen[mutant.name]}"
        told.append(replace(mutant, name=name))
    return told
