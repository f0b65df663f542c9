"""Which posts nobody holds at once, and which offices run in the same time, as the database answers it."""

from datetime import timedelta

import psycopg
import pytest

from coop.people.models import Person
from governance.models import Office

pytestmark = pytest.mark.django_db
STEP = timedelta(microseconds=1)
POST = """
INSERT INTO governance_post (name, version, term_days, seats, rights, excludes, abolished, mandate_id, since)
SELECT %s, %s, 365, 1, to_jsonb(%s::text[]), to_jsonb(%s::text[]), false, id, now()
FROM governance_mandate WHERE proposal_id IS NULL
"""
MONEY, PAUSES, BOOKS = "handles_money", "asks_for_pauses", "checks_the_books"


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ([MONEY], [MONEY], True), ([PAUSES], [PAUSES], True), ([MONEY], [PAUSES], False), ([BOOKS], [BOOKS], False),
        ([MONEY], [BOOKS], True), ([MONEY, BOOKS], [BOOKS], True), ([PAUSES, BOOKS], [BOOKS], False), ([], [], False),
        ([MONEY], [PAUSES, BOOKS], True), ([MONEY, PAUSES], [], False), ([BOOKS], [PAUSES], False),
    ],
)  # fmt: skip
def test_acts_that_ask_for_a_second_officer_are_not_held_twice(
    superuser: psycopg.Connection, first: list[str], second: list[str], *, apart: bool
) -> None:
    assert excluded(superuser, (first, []), (second, [])) == apart


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [(["that"], [], True), ([], ["this"], True), (["this"], ["that"], True), (["other"], [], False)],
)
def test_a_post_names_what_is_not_held_beside_it(
    superuser: psycopg.Connection, first: list[str], second: list[str], *, apart: bool
) -> None:
    assert excluded(superuser, ([], first), ([], second)) == apart


def excluded(superuser: psycopg.Connection, *posts: tuple[list[str], list[str]]) -> bool:
    """Tell whether two posts of these rights and exclusions exclude each other, either way round."""
    superuser.execute("ALTER TABLE governance_post DISABLE TRIGGER USER")
    for name, (rights, excludes) in zip(("this", "that"), posts, strict=True):
        # Only the latest version counts.
        superuser.execute(POST, [name, 1, [MONEY, PAUSES], ["this", "that"]])
        superuser.execute(POST, [name, 2, rights, excludes])
    both = superuser.execute(
        "SELECT governance_posts_exclude('this', 'that'), governance_posts_exclude('that', 'this')"
    )
    one, other = both.fetchone() or ()
    assert one == other
    return bool(one)


def test_a_post_excludes_itself(superuser: psycopg.Connection) -> None:
    assert superuser.execute("SELECT governance_posts_exclude('auditor', 'auditor')").fetchone() == (True,)


def test_an_office_runs_from_its_first_moment_until_before_its_last(
    superuser: psycopg.Connection, teresa: Person
) -> None:
    office = Office.objects.get(person=teresa)
    between = "SELECT count(*) FROM governance_offices_between(%s, %s) WHERE id = %s"
    for begins, ends, runs in (
        (office.starts_at - STEP, office.starts_at, 0), (office.starts_at - STEP, office.starts_at + STEP, 1),
        (office.ends_at - STEP, office.ends_at, 1), (office.ends_at, office.ends_at + STEP, 0),
    ):  # fmt: skip
        assert superuser.execute(between, [begins, ends, office.pk]).fetchone() == (runs,)
