"""Mutants of the founding rows: each number of a rule, of a parameter and of a post, a step lower and a step higher."""

from collections.abc import Iterator
from functools import partial

import psycopg

from tests.mutation.mutants import Hold, Mutant

# Each table, by what its rows are told apart, and its numbers. They have no writer but the founding: no test need run
# a function that it runs, to read them.
ROWS = {
    "governance_rule": ("key", (
        "deliberation_days", "frozen_days", "voting_days", "lock_days", "affected_yes", "affected_floor", "whole_yes",
        "whole_floor", "turnout_floor", "readings", "seniors_too",
    )),
    "governance_parameter": ("name", ("value",)),
    "governance_post": ("name", ("term_days", "seats")),
}  # fmt: skip
STEPS = {"more": "{} + 1", "less": "{} - 1", "turned": "NOT {}"}


def mutants(url: str, hold: Hold) -> Iterator[Mutant]:
    """Yield all mutants of the rows in force, in a fixed order; a number that is not asked for is left as it is."""
    with psycopg.connect(url) as superuser:
        for table, (key, columns) in ROWS.items():
            for (row,) in superuser.execute(f"SELECT to_jsonb(r) FROM {table} r ORDER BY {key}").fetchall():
                for column in columns:
                    yield from _of(table, row[key], column, row[column], key, hold)


def _of(table: str, named: str, column: str, value: object, key: str, hold: Hold) -> Iterator[Mutant]:
    if value is None:
        return
    steps = ["turned"] if isinstance(value, bool) else ["more", *(["less"] if value else [])]
    for step in steps:
        changed = STEPS[step].format(column)
        on = _open(table, f"UPDATE {table} SET {column} = {changed} WHERE {key} = '{named}'")
        off = _open(table, f"UPDATE {table} SET {column} = {value} WHERE {key} = '{named}'")
        words, near = frozenset({column}), frozenset({f'"{named}"', f"'{named}'"})
        target = f"{table} {named}"
        yield Mutant(f"{target}: {column} {value} → {step}", target, words, near, frozenset(), partial(hold, on, off))


def _open(table: str, statement: str) -> str:
    """Return a statement that writes where nobody may: without the guards and bounds of a table, for its length."""
    return f"""DO $open$ DECLARE bound record; guard record; BEGIN
    CREATE TEMP TABLE bounds ON COMMIT DROP AS SELECT conname, pg_get_constraintdef(oid) AS text FROM pg_constraint
        WHERE conrelid = '{table}'::regclass AND contype = 'c';
    ALTER TABLE {table} DISABLE TRIGGER USER;
    FOR bound IN SELECT * FROM bounds LOOP
        EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', bound.conname);
    END LOOP;
    {statement};
    FOR bound IN SELECT * FROM bounds LOOP
        EXECUTE format('ALTER TABLE {table} ADD CONSTRAINT %I %s NOT VALID', bound.conname,
            replace(bound.text, ' NOT VALID', ''));
    END LOOP;
    FOR guard IN SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal LOOP
        EXECUTE format('ALTER TABLE {table} ENABLE ALWAYS TRIGGER %I', guard.tgname);
    END LOOP;
END $open$"""
