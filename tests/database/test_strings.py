r"""A guard's strings mean what they say: a session that reads backslashes its own way makes of `'\S'` the letter S."""

import re

import psycopg
import pytest

from tests.database.bare import ask_alone, empty, written

pytestmark = pytest.mark.django_db
# What is read anew when it runs, and is not told how.
BODIES = """
SELECT p.oid::regprocedure::text, regexp_replace(p.prosrc, '--[^\n]*', '', 'g')
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname IN ('sql', 'plpgsql')
WHERE p.pronamespace = 'public'::regnamespace AND p.prosqlbody IS NULL AND p.proname !~ '^procrastinate'
    AND NOT coalesce(p.proconfig, '{}') @> ARRAY['standard_conforming_strings=on']
"""
# Where a backslash is one in every session.
ESCAPED = re.compile(r"\bE'(?:[^'\\]|''|\\.)*'", re.DOTALL)


def test_whatever_has_a_backslash_is_told_how_to_read_it(superuser: psycopg.Connection) -> None:
    bodies = superuser.execute(BODIES).fetchall()
    assert len(bodies) > 500
    assert [name for name, body in bodies if "\\" in ESCAPED.sub("", body)] == []


def test_words_and_figures_are_read_alike_in_every_session(superuser: psycopg.Connection) -> None:
    ask = """
    SELECT tasks_words('so it is'), governance_plainly('{"a": "1.50", "b": "9.50"}'),
        governance_merkle_root(ARRAY['a', 'b'])
    """
    before = superuser.execute(ask).fetchone()
    superuser.execute("SET standard_conforming_strings = off")
    assert superuser.execute(ask).fetchone() == before


def test_twelve_blanks_are_no_reason_in_any_session(superuser: psycopg.Connection) -> None:
    """Without what the function is told they would be."""
    guard, blank = "rejections_say_why_and_where", {"reason": " " * 12, "place": "S", "looks_for": "client"}
    empty(superuser, "tasks_dispute")
    ask_alone(superuser, guard, "tasks_dispute")
    superuser.execute("SET standard_conforming_strings = off")
    assert written(superuser, "tasks_dispute", blank) == guard
    superuser.execute(f"ALTER FUNCTION guard_{guard} RESET standard_conforming_strings")
    assert written(superuser, "tasks_dispute", blank) != guard
