"""The members' instruments decide which jobs open and who is offered work; without a vote, everybody is."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection

from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import instruments, rates
from payments.models import Kind, WorkType
from tasks import claims, jobs
from tasks.models import Job
from tests.tasks import orders

type Attack = Callable[..., None]

DECIDE = """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
    SELECT %s, %s, 1, %s, id, coop_now() - interval '1 minute' FROM governance_mandate WHERE proposal_id IS NULL"""


@pytest.fixture
def decided(committed: None, owner: psycopg.Connection) -> Callable[..., None]:
    """Return a function that writes a first version as the founding meeting would have."""

    def decide(kind: str, key: str, said: dict[str, object]) -> None:
        owner.execute(DECIDE, [kind, key, instruments.canonical(said)])
        owner.commit()

    return decide


@pytest.fixture
def matching(_django_db_helper: None) -> WorkType:
    return WorkType.objects.get(slug="product-match")


def test_a_closed_kind_of_work_takes_no_new_job(
    decided: Callable[..., None], matching: WorkType, orbit: Client, olga: Person, at: datetime, attack: Attack
) -> None:
    job = orders.ready(orbit, olga)
    decided(Kind.OPENING, f"work_type:{matching.pk}", {"open": False, "notice_days": 0})
    with pytest.raises(Refused, match="N5"):
        jobs.open(job, by=olga, at=at)
    attack("UPDATE tasks_job SET opened_at = coop_now() WHERE id = %s", [job.pk], guard="job_keeps_to_the_instruments")


def test_until_the_notice_has_passed_jobs_open(
    decided: Callable[..., None], matching: WorkType, orbit: Client, olga: Person, later: Callable[..., datetime]
) -> None:
    decided(Kind.OPENING, f"work_type:{matching.pk}", {"open": False, "notice_days": 30})
    assert orders.opened(orbit, olga).opened_at
    later(days=31)
    assert not instruments.takes_jobs(matching)


@pytest.mark.parametrize("term", ["time_limit = interval '0.5 seconds'", "time_limit = interval '-1 day'"])
def test_a_job_gives_no_less_time_than_the_members_voted(
    orbit: Client, olga: Person, attack: Attack, term: str
) -> None:
    job = orders.ready(orbit, olga)
    sneaky = f"UPDATE tasks_job SET opened_at = coop_now(), {term} WHERE id = %s"
    attack(sneaky, [job.pk], guard="job_keeps_to_the_instruments")
    Job.objects.filter(pk=job.pk).update(time_limit=timedelta(milliseconds=10))
    with pytest.raises(Refused, match="seconds for a task"):
        jobs.open(job, by=olga, at=job.drafted_at)


def test_no_task_runs_out_for_whoever_takes_three_times_the_estimate(
    orbit: Client, olga: Person, attack: Attack
) -> None:
    job = orders.ready(orbit, olga)
    enough = timedelta(seconds=3 * rates.current(job.work_type).estimated_seconds)
    short = enough - timedelta(milliseconds=1)
    sneaky = "UPDATE tasks_job SET opened_at = coop_now(), time_limit = %s WHERE id = %s"
    attack(sneaky, [short, job.pk], guard="job_keeps_to_the_instruments")
    Job.objects.filter(pk=job.pk).update(time_limit=short)
    with pytest.raises(Refused, match="three times what it is said to take"):
        jobs.open(job, by=olga, at=job.drafted_at)
    Job.objects.filter(pk=job.pk).update(time_limit=enough)
    assert jobs.open(job, by=olga, at=job.drafted_at).opened_at


def test_a_closed_region_gets_no_task_and_reads_why(
    decided: Callable[..., None], job: Job, amina: Person, luis: Person, at: datetime
) -> None:
    decided(Kind.REGION, "country:KE", {"open": False})
    with pytest.raises(Refused, match="N6"):
        claims.claim_next(job, by=amina, at=at)
    assert claims.claim_next(job, by=luis, at=at).pay == job.pay


def test_the_share_of_a_day_is_what_was_voted(
    decided: Callable[..., None], matching: WorkType, job: Job, luis: Person, at: datetime
) -> None:
    decided(Kind.ALLOCATION, f"work_type:{matching.pk}", {"order": "first_come", "most_a_day": 2})
    for _turn in range(2):
        claims.leave(claims.claim_next(job, by=luis, at=at), by=luis, at=at)
    with pytest.raises(Refused, match="N9"):
        claims.claim_next(job, by=luis, at=at)


def test_work_is_open_to_everybody_unless_a_vote_says_otherwise(job: Job, amina: Person, newcomer: Person) -> None:
    assert instruments.opens_to(amina, job.work_type)
    assert instruments.opens_to(newcomer, job.work_type)


def test_residents_are_those_affected_by_their_region(amina: Person, luis: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id FROM governance_engagement WHERE subject = 'country:KE'")
        residents = {person for (person,) in cursor.fetchall()}
    assert amina.pk in residents
    assert luis.pk not in residents
