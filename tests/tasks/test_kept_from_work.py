"""Kept from work is whom something kept from it, and for what: no word of one's own brings an old vote back (D6)."""

import psycopg
import pytest
from django.db import connection

from coop.people.models import Client, Person
from tests.tasks.conftest import SAME, make_job, work
from tests.tasks.test_affected import Asked, Later, Others, asked, kind, others
from tests.tasks.test_turned_away import INTO

pytestmark = pytest.mark.usefixtures("committed")
__all__ = ["asked", "others"]

REGION = """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
    SELECT 'region', 'country:' || coalesce(nullif(%s, ''), '--'), %s, %s, id, coop_now()
    FROM governance_mandate WHERE proposal_id IS NULL"""


def test_whoever_lives_where_work_was_closed_keeps_it_90_days_more(
    others: Others, amina: Person, owner: psycopg.Connection, asked: Asked, later: Later
) -> None:
    others()
    assert amina.pk not in asked(kind())["qualified"]
    owner.execute("ALTER TABLE payments_instrument DISABLE TRIGGER USER")
    for version, said, days in ((1, '{"open":false}', 200), (2, '{"open":true}', 90)):
        owner.execute(REGION, [amina.country, version, said])
        owner.commit()
        later(days=days, minutes=-1)
        assert amina.pk in asked(kind())["qualified"]
    later(minutes=2)
    assert amina.pk not in asked(kind())["qualified"]


@pytest.mark.parametrize(("ago", "back"), [(364, True), (366, False)])
def test_nobody_gets_an_old_vote_back_by_moving_to_where_work_is_closed(
    others: Others, amina: Person, owner: psycopg.Connection, asked: Asked, ago: int, *, back: bool
) -> None:
    others()
    for table in ("payments_instrument", "tasks_assignment"):
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    owner.execute(
        "UPDATE tasks_assignment SET claimed_at = coop_now() - %s * interval '24 hours' WHERE person_id = %s",
        [ago, amina.pk],
    )
    owner.execute(REGION, ["ZZ", 1, '{"open":false}'])
    owner.commit()
    assert amina.pk not in asked(kind())["qualified"]
    Person.objects.filter(pk=amina.pk).update(country="ZZ")
    assert (amina.pk in asked(kind())["qualified"]) == back


@pytest.mark.parametrize(("days", "kept"), [(366, True), (364, False)])
def test_who_lived_for_a_year_where_work_was_closed_was_kept_from_it_however_long_ago_they_worked(
    others: Others, amina: Person, owner: psycopg.Connection, asked: Asked, later: Later, days: int, *, kept: bool
) -> None:
    """A closing is voted before it is in force: nobody gets an old vote back by moving there in time."""
    others()
    Person.objects.filter(pk=amina.pk).update(country="ZZ")
    later(days=days)
    for table in ("payments_instrument", "tasks_assignment"):
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    owner.execute(
        "UPDATE tasks_assignment SET claimed_at = claimed_at - interval '9999 hours' WHERE person_id = %s", [amina.pk]
    )
    owner.execute(REGION, ["ZZ", 1, '{"open":false}'])
    owner.commit()
    assert (amina.pk in asked(kind())["qualified"]) == kept


AGO = """UPDATE tasks_assignment SET claimed_at = coop_now() - interval '{0} hours',
    expires_at = coop_now() - interval '{0} hours' + interval '1 hour' WHERE person_id = %s"""


@pytest.fixture
def long_ago(others: Others, owner: psycopg.Connection) -> psycopg.Connection:
    """Let nobody of those who worked before others have done so in the last 400 days; return the owner's hand."""
    tables = ("payments_instrument", "tasks_assignment", "tasks_job")
    off = "".join(f"ALTER TABLE {table} DISABLE TRIGGER USER;" for table in tables)
    owner.execute(off + "UPDATE tasks_assignment SET claimed_at = coop_now() - interval '9600 hours'")
    owner.commit()
    others()
    owner.execute(off)
    owner.commit()
    return owner


def to_zz(who: Person) -> None:
    Person.objects.filter(pk=who.pk).update(country="ZZ")


def test_no_old_vote_comes_back_by_asking_for_work_where_a_rule_is_in_the_way(
    long_ago: psycopg.Connection, orbit: Client, olga: Person, amina: Person, asked: Asked
) -> None:
    job = make_job(orbit, olga, overlap=2)
    long_ago.execute(REGION, ["ZZ", 1, '{"open":false}'])
    long_ago.commit()
    to_zz(amina)
    with connection.cursor() as cursor:
        cursor.execute(f"{INTO} VALUES (%s, 'claim', %s, '', '', NULL, now()) RETURNING ground", [amina.pk, job.pk])
        assert cursor.fetchone() == ("instrument",)
    assert amina.pk not in asked(kind())["qualified"]


def test_work_since_a_country_closed_brings_no_old_vote_back_there(
    long_ago: psycopg.Connection, amina: Person, asked: Asked
) -> None:
    long_ago.execute(REGION.replace("coop_now()", "coop_now() - interval '4800 hours'"), ["ZZ", 1, '{"open":false}'])
    long_ago.execute(AGO.format(3600), [amina.pk])
    long_ago.commit()
    to_zz(amina)
    assert amina.pk not in asked(kind())["qualified"]


def test_a_second_vote_that_leaves_a_country_closed_lets_nobody_have_lived_there(
    long_ago: psycopg.Connection, amina: Person, asked: Asked, later: Later
) -> None:
    for version in (1, 2):
        long_ago.execute(REGION, ["ZZ", version, '{"open":false}'])
        long_ago.commit()
        later(minutes=1)
        to_zz(amina)
    assert amina.pk not in asked(kind())["qualified"]


ELSEWHERE = """UPDATE tasks_job SET work_type_id = (SELECT id FROM payments_worktype WHERE slug = 'compare-answers')
    WHERE id = %s"""
ACCEPTED = "UPDATE tasks_assignment SET state = 'accepted', decided_at = submitted_at WHERE job_id = %s"


def test_what_was_done_in_the_year_before_comes_back_and_no_other_kind(
    long_ago: psycopg.Connection, orbit: Client, olga: Person, amina: Person, asked: Asked, later: Later
) -> None:
    job = make_job(orbit, olga)
    work(job, amina, SAME)
    for change in (ELSEWHERE, ACCEPTED):
        long_ago.execute(change, [job.pk])
    later(days=100)
    long_ago.execute(REGION, ["ZZ", 1, '{"open":false}'])
    long_ago.commit()
    to_zz(amina)
    assert amina.pk not in asked(kind())["qualified"]
    assert amina.pk in asked(kind("compare-answers"))["qualified"]


IN_A_TEAM = """INSERT INTO tasks_teammember (team_id, person_id, percent, consent) OVERRIDING USER VALUE
    VALUES (77, %s, 50, '')"""
ITS_TASK = """UPDATE tasks_assignment SET team_id = 77, claimed_at = coop_now() - interval '2400 hours',
    expires_at = coop_now() - interval '2399 hours'
    WHERE id = (SELECT min(id) FROM tasks_assignment WHERE person_id = %s)"""


def test_what_a_team_of_theirs_did_in_the_year_before_counts_as_theirs(
    long_ago: psycopg.Connection, superuser: psycopg.Connection, amina: Person, luis: Person, asked: Asked
) -> None:
    superuser.execute("ALTER TABLE tasks_teammember DISABLE TRIGGER ALL")
    superuser.execute("ALTER TABLE tasks_assignment DISABLE TRIGGER ALL")
    superuser.execute(IN_A_TEAM, [amina.pk])
    superuser.execute(ITS_TASK, [luis.pk])
    superuser.commit()
    long_ago.execute(REGION, ["ZZ", 1, '{"open":false}'])
    long_ago.commit()
    to_zz(amina)
    assert amina.pk in asked(kind())["qualified"]
