"""Affected is who had a unit, an offer or the qualification in 90 days (D6), as the database finds it in the work."""

from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest

from coop.people.models import Client, Person
from payments import instruments
from payments.models import Kind, WorkType
from tasks import claims
from tasks.models import Job, Reserve
from tests.tasks.conftest import SAME, make_job, work
from tests.tasks.test_instruments import decided
from tests.tasks.test_sharing import shared, three
from tests.tasks.test_teams import expert, team

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
