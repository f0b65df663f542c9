"""What is written about the promises is what stands in the database, and every promise is attacked."""

import os
import re
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from coop import promises

pytestmark = pytest.mark.django_db
ROOT = Path(settings.BASE_DIR)
PROMISES = ROOT / "coop" / "docs" / "promises.md"
# Guards of the same make on many tables; the test below attacks them all alike.
OF_THE_SAME_MAKE = ("_is_kept", "_is_append_only")


def test_the_list_of_promises_is_the_one_that_stands() -> None:
    if os.environ.get("WRITE_DOCS") == "1":
        PROMISES.write_text(promises.markdown())
    assert PROMISES.read_text() == promises.markdown()


def test_every_promise_says_what_it_refuses() -> None:
    assert not [promise.name for promise in promises.standing() if not promise.says]


def test_every_promise_is_attacked_by_name() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    names = {promise.name for promise in promises.standing() if not promise.name.endswith(OF_THE_SAME_MAKE)}
    templates = set(re.findall(r"\{table\}(_\w+)", tests))
    assert not {name for name in names if name not in tests and not name.endswith(tuple(templates))}


def test_no_kept_table_is_emptied_even_by_its_owner(owner: psycopg.Connection) -> None:
    kept = [promise for promise in promises.standing() if promise.name.endswith(OF_THE_SAME_MAKE)]
    assert len(kept) > 20
    for promise in kept:
        with pytest.raises(psycopg.errors.CheckViolation) as refused, owner.transaction(force_rollback=True):
            owner.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(promise.table)))
        assert refused.value.diag.constraint_name == promise.name


def test_nothing_of_ours_is_left_open_to_deletion() -> None:
    deletable, tables = promises.deletable()
    assert tables > 30
    assert deletable <= 1  # drafts of answers, gone when they are handed in
