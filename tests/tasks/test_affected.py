"""Affected is who had a unit, an offer or the qualification in 90 days (D6), as the database finds it in the work."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import connection

from coop import clock
from coop.database.embedded import Cluster
from coop.people.models import Client, Person
from payments import instruments
from payments.models import Kind, WorkType
from tasks import claims, reviews
from tasks.models import Assignment, Job, Reserve, Team
from tests.tasks.conftest import SAME, hand_in, make_job, work
from tests.tasks.test_instruments import decided
from tests.tasks.test_sharing import shared, three
from tests.tasks.test_teams import expert, team
from tests.tasks.test_turned_away import CASE, INTO, pause

pytestmark = pytest.mark.usefixtures("committed")
type Later = Callable[..., datetime]
type Asked = Callable[..., dict[str, set[int]]]
__all__ = ["decided", "expert", "shared", "team", "three"]

FOUND = """SELECT '{view}' AS ground, person_id FROM governance_{view}
    WHERE subject = %(about)s AND last_at >= coop_now() - interval '2160 hours'"""
GROUNDS = " UNION ALL ".join(FOUND.format(view=view) for view in ("engagement", "offered", "qualified"))


@pytest.fixture
def asked(owner: psycopg.Connection) -> Asked:
    """Return a function that says who is affected about a subject, and on which ground; the sum of them must agree."""

    def ask(about: str) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {"engagement": set(), "offered": set(), "qualified": set()}
        for ground, person in owner.execute(GROUNDS, {"about": about}):
            found[ground].add(person)
        people = owner.execute("SELECT person_id FROM governance_affected(%s, coop_now())", [about]).fetchall()
        assert sorted(people) == sorted({(person,) for ground in found.values() for person in ground})
        owner.rollback()
        return found

    return ask


def kind(slug: str = "product-match") -> str:
    return f"work_type:{WorkType.objects.get(slug=slug).pk}"


def test_whoever_did_the_work_and_is_given_none_keeps_their_vote(
    orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person, asked: Asked, later: Later
) -> None:
    job = make_job(orbit, olga, overlap=2)
    work(job, amina, SAME)
    work(job, luis, SAME)
    claims.leave(claims.claim_next(job, by=priya, at=later(minutes=1)), by=priya, at=later(minutes=1))
    did = {amina.pk, luis.pk}
    assert asked(kind()) == {"engagement": {*did, priya.pk}, "offered": set(), "qualified": did}
    later(days=365)
    for about in (kind(), "everybody"):
        assert asked(about) == {"engagement": set(), "offered": set(), "qualified": did}
    assert not any(asked(kind("compare-answers")).values())


# Others did a task of a job in each of some weeks.
WORKED = """ALTER TABLE tasks_assignment DISABLE TRIGGER ALL;
    INSERT INTO tasks_assignment OVERRIDING SYSTEM VALUE
    SELECT (jsonb_populate_record(a, jsonb_build_object('id', nextval(pg_get_serial_sequence('tasks_assignment', 'id')),
        'task_id', 20000000 + 100 * ago + p.place, 'person_id', p.id, 'slot', 1, 'team_id', %(team)s::bigint,
        'claimed_at', week.at, 'expires_at', week.at + interval '1 hour', 'submitted_at', week.at,
        'decided_at', week.at, 'state', %(state)s::text))).*
    FROM tasks_assignment a
    CROSS JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM people_person WHERE id <> ALL (%(not)s)) p
    CROSS JOIN generate_series(%(first)s, %(first)s + %(weeks)s - 1) ago
    CROSS JOIN LATERAL (SELECT coop_now() - ago * interval '7 days' AS at) week
    WHERE p.place <= %(people)s AND a.id = (SELECT min(id) FROM tasks_assignment WHERE job_id = %(job)s);
    ALTER TABLE tasks_assignment ENABLE TRIGGER USER"""
type Others = Callable[..., set[int]]


@pytest.fixture
def others(
    orbit: Client, olga: Person, amina: Person, luis: Person, later: Later, cluster: Cluster, database_name: str
) -> Others:
    """Let Amina, and Luis, have done a task 200 days ago; return a function that lets others work, and says who did."""
    job = make_job(orbit, olga, overlap=2)
    for who in (amina, luis):
        work(job, who, SAME)
    later(days=200)

    def worked(*, weeks: int = 14, people: int = 5, team: int | None = None, state: str = "accepted",
               first: int = 0, also: str = "SELECT 1") -> set[int]:  # fmt: skip
        said = {"job": job.pk, "weeks": weeks, "people": people, "team": team, "state": state, "first": first,
                "not": [amina.pk]}  # fmt: skip
        with psycopg.connect(cluster.url("postgres", database_name), cursor_factory=psycopg.ClientCursor) as superuser:
            superuser.execute(WORKED, said)
            superuser.execute(also, {"job": job.pk})
        return set(Person.objects.exclude(pk=amina.pk).order_by("pk").values_list("pk", flat=True)[:people])

    return worked


def test_one_task_long_ago_is_no_qualification_for_ever(
    others: Others, amina: Person, luis: Person, asked: Asked
) -> None:
    assert asked(kind())["qualified"] == {amina.pk, luis.pk}
    five = others()
    assert amina.pk not in five
    assert asked(kind())["qualified"] == asked("everybody")["qualified"] == five


def test_as_long_as_fewer_than_14_weeks_of_work_have_passed_it_stands(
    others: Others, amina: Person, asked: Asked
) -> None:
    others(weeks=13)
    assert amina.pk in asked(kind())["qualified"]
    others(weeks=1, first=20)
    assert amina.pk not in asked(kind())["qualified"]


LATE_JOB = "UPDATE tasks_job SET opened_at = coop_now() - interval '24 hours' + interval '1 second' WHERE id = %(job)s"
KEPT = """INSERT INTO tasks_reserve (job_id, person_id, units, until)
    SELECT %(job)s, min(id), 0, coop_now() FROM people_person"""


@pytest.mark.parametrize("facts", [
    {"people": 4}, {"team": 1}, {"state": "left"}, {"also": f"ALTER TABLE tasks_job DISABLE TRIGGER USER; {LATE_JOB}"},
    {"also": f"ALTER TABLE tasks_reserve DISABLE TRIGGER USER; {KEPT}"},
], ids=["of four", "of a team", "not done", "taken within a day", "kept for members"])  # fmt: skip
def test_whoever_is_starved_of_work_that_few_are_given_keeps_their_vote(
    others: Others, facts: dict[str, Any], amina: Person, asked: Asked
) -> None:
    others(**facts)
    assert amina.pk in asked(kind())["qualified"]
    assert amina.pk in asked("everybody")["qualified"]


def test_whoever_was_kept_from_work_keeps_it_90_days_more(
    others: Others, amina: Person, samuel: Person, teresa: Person, asked: Asked, later: Later
) -> None:
    others()
    pause(amina, samuel, teresa)
    assert amina.pk in asked(kind())["qualified"]
    # It ran for a day.
    later(days=91, minutes=-1)
    assert amina.pk in asked(kind())["qualified"]
    later(minutes=2)
    assert amina.pk not in asked(kind())["qualified"]


def test_whoever_asked_for_work_and_was_turned_away_keeps_it(
    others: Others, orbit: Client, olga: Person, amina: Person, asked: Asked, later: Later
) -> None:
    others()
    job = make_job(orbit, olga, overlap=2)
    with connection.cursor() as cursor:
        cursor.execute(f"{INTO} VALUES (%s, 'claim', %s, '', '', NULL, now())", [amina.pk, job.pk])
    assert amina.pk in asked(kind())["qualified"]
    later(days=91)
    assert amina.pk not in asked(kind())["qualified"]


def test_whoever_has_a_case_like_a_ban_keeps_it_until_they_are_given_work(
    others: Others, orbit: Client, olga: Person, amina: Person, superuser: psycopg.Connection, asked: Asked,
    later: Later,
) -> None:  # fmt: skip
    others()
    superuser.execute("ALTER TABLE governance_case DISABLE TRIGGER USER")
    superuser.execute(CASE, [amina.pk, "no_offers"])
    superuser.commit()
    later(days=300)
    assert amina.pk in asked(kind())["qualified"]
    mine = claims.claim_next(make_job(orbit, olga), by=amina, at=later(minutes=1))
    claims.leave(mine, by=amina, at=later(minutes=1))
    assert amina.pk not in asked(kind())["qualified"]


def test_joining_is_no_qualification_for_the_work(
    orbit: Client, olga: Person, amina: Person, luis: Person, asked: Asked, owner: psycopg.Connection
) -> None:
    job = make_job(orbit, olga, overlap=2)
    for who in (amina, luis):
        work(job, who, SAME)
    assert asked(kind())["qualified"] == {amina.pk, luis.pk}
    owner.execute("ALTER TABLE tasks_job DISABLE TRIGGER USER")
    owner.execute("UPDATE tasks_job SET is_onboarding = true WHERE id = %s", [job.pk])
    owner.commit()
    assert not asked(kind())["qualified"]
    assert not asked("everybody")["qualified"]


def test_a_share_that_was_kept_is_an_offer_for_90_days(
    shared: Callable[..., Job], three: list[Person], asked: Asked, later: Later
) -> None:
    later(days=91 - 29)
    job = shared(2)
    given = set(Reserve.objects.filter(job=job, units__gt=0).values_list("person", flat=True))
    assert asked(kind())["offered"] == asked("everybody")["offered"] == given
    # It was kept for 48 hours.
    later(days=91)
    assert asked(kind())["offered"] == given
    later(days=1, minutes=1)
    assert asked(kind())["offered"] == set()


def test_a_units_team_had_it_too(team: object, priya: Person, luis: Person, amina: Person, asked: Asked) -> None:
    assert not asked(kind())["engagement"]
    claims.claim_next(team.job, by=priya, at=team.began_at)  # type: ignore[attr-defined]
    for about in (kind(), "everybody"):
        assert asked(about)["engagement"] == {priya.pk, luis.pk, amina.pk}


def test_whoever_did_the_work_in_a_team_knows_it_too(
    team: Team, priya: Person, luis: Person, amina: Person, petra: Person, asked: Asked, later: Later
) -> None:
    """However long nobody gives them any, and whoever of them took the tasks."""
    task = claims.claim_next(team.job, by=priya, at=clock.now())
    hand_in(task, SAME)
    ours = {priya.pk, luis.pk, amina.pk}
    assert asked(kind())["qualified"] == set()
    reviews.accept(Assignment.objects.get(pk=task.pk), by=petra, at=clock.now())
    later(days=200)
    for about in (kind(), "everybody"):
        assert asked(about) == {"engagement": set(), "offered": set(), "qualified": ours}
    assert not any(asked(kind("compare-answers")).values())


@pytest.fixture
def one_and_two(orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person) -> None:
    """Let Luis and Priya have one accepted unit of matching, Amina two."""
    job = make_job(orbit, olga, overlap=2, tasks=2)
    work(job, luis, SAME)
    for _turn in range(2):
        work(job, amina, SAME)
    work(job, priya, SAME)


def test_a_voted_qualification_is_held_by_whoever_meets_it(
    one_and_two: None, decided: Callable[..., None], amina: Person, luis: Person, priya: Person, asked: Asked
) -> None:
    comparing, of = kind("compare-answers"), int(kind().partition(":")[2])
    assert asked(comparing)["qualified"] == set()
    decided(Kind.QUALIFICATION, comparing, {"of": of, "units": 1})
    assert asked(comparing)["qualified"] == asked(kind())["qualified"] == {amina.pk, luis.pk, priya.pk}


def test_a_higher_qualification_takes_votes_away_after_90_days_only(
    one_and_two: None, decided: Callable[..., None], owner: psycopg.Connection, amina: Person, luis: Person,
    priya: Person, asked: Asked, later: Later,
) -> None:  # fmt: skip
    comparing, of = kind("compare-answers"), int(kind().partition(":")[2])
    decided(Kind.QUALIFICATION, comparing, {"of": of, "units": 1})
    later(days=10)
    raised(owner, comparing, {"of": of, "units": 2})
    later(days=89)
    assert asked(comparing)["qualified"] == {amina.pk, luis.pk, priya.pk}
    later(days=2)
    assert asked(comparing)["qualified"] == {amina.pk}


def test_what_is_done_after_a_qualification_ended_does_not_meet_it(
    one_and_two: None,
    decided: Callable[..., None],
    owner: psycopg.Connection,
    amina: Person,
    asked: Asked,
    later: Later,
) -> None:
    comparing, of = kind("compare-answers"), int(kind().partition(":")[2])
    decided(Kind.QUALIFICATION, comparing, {"of": of, "units": 3})
    later(days=1)
    raised(owner, comparing, {"of": of, "units": 9})
    later(days=1)
    assert asked(comparing)["qualified"] == set()
    raised(owner, comparing, {"of": of, "units": 2}, version=3)
    assert asked(comparing)["qualified"] == {amina.pk}


def raised(owner: psycopg.Connection, about: str, said: dict[str, object], version: int = 2) -> None:
    """Let a later version say otherwise, as a vote would."""
    owner.execute("ALTER TABLE payments_instrument DISABLE TRIGGER USER")
    owner.execute(
        """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
        SELECT 'qualification', %s, %s, %s, id, coop_now() FROM governance_mandate WHERE proposal_id IS NULL""",
        [about, version, instruments.canonical(said)],
    )
    owner.commit()
