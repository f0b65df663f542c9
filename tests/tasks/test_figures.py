"""What the layers below read of the work, and what time does by itself."""

import uuid
from collections.abc import Callable
from datetime import datetime

from django.db import connection

from coop import clock
from coop.people.models import Person
from payments import rates
from payments.models import WorkType
from tasks import answers, background, claims, engaged, reviews
from tasks.models import Assignment, Job, ReviewRule, Team
from tests.tasks.conftest import SAME, hand_in, payable, work
from tests.tasks.test_teams import expert, team

type NewJob = Callable[..., Job]
__all__ = ["expert", "team"]


def rows(view: str, who: Person) -> list[dict[str, object]]:
    """Return a person's lines of a view."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {view} WHERE person_id = %s", [who.pk])
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_who_had_a_task_of_a_kind_is_affected_by_a_vote_on_it(job: Job, amina: Person, priya: Person) -> None:
    claims.claim_next(job, by=amina, at=clock.now())
    mine = {line["subject"] for line in rows("governance_engagement", amina)}
    assert mine == {f"work_type:{job.work_type_id}", "everybody", "country:KE"}
    assert {line["subject"] for line in rows("governance_engagement", priya)} == {"country:IN"}


def test_paid_time_counts_accepted_answers_only(job: Job, amina: Person, luis: Person, priya: Person) -> None:
    for who in (amina, luis, priya):
        work(job, who, SAME)
    work(job, amina, SAME)
    assert [line["seconds"] for line in rows("governance_paid_time", amina)] == [30]
    (recent,) = rows("payments_recent_units", amina)
    assert (recent["work_type_id"], recent["units"], recent["seconds"]) == (job.work_type_id, 1, 30)
    (waiting,) = rows("payments_being_checked", amina)
    assert (waiting["units"], waiting["amount"]) == (1, 90_000)


def test_neither_idling_nor_a_made_up_figure_counts_towards_a_vote(
    new_job: NewJob, amina: Person, luis: Person
) -> None:
    job = new_job(overlap=2)
    for who in (amina, luis):
        idle = claims.claim_next(job, by=who, at=clock.now())
        answers.submit(idle, value=SAME, key=uuid.uuid4(), seconds=1800, by=who, at=clock.now())
    usual = rates.current(WorkType.objects.get(pk=job.work_type_id)).estimated_seconds
    assert [line["seconds"] for line in rows("governance_paid_time", amina)] == [3 * usual]


def noted(task: Assignment, who: Person, moment: datetime, seconds: int) -> None:
    engaged.note(task, seconds=seconds, ago=0, by=who, at=moment)


def test_time_in_a_team_counts_towards_a_vote_whoever_took_the_task(
    team: Team, priya: Person, luis: Person, amina: Person, petra: Person, later: Callable[..., datetime]
) -> None:
    """Each one's own, twice noted counts once, and no more than their share of what the task can count (R1)."""
    usual = rates.current(WorkType.objects.get(pk=team.job.work_type_id)).estimated_seconds
    task = claims.claim_next(team.job, by=priya, at=clock.now())
    noted(task, luis, later(seconds=21), 5)
    noted(task, luis, later(seconds=21), 22)
    noted(task, amina, later(minutes=20), 1200)
    hand_in(task, SAME)
    assert not rows("governance_paid_time", luis)
    reviews.accept(Assignment.objects.get(pk=task.pk), by=petra, at=clock.now())
    found = {who.name: [line["seconds"] for line in rows("governance_paid_time", who)] for who in (priya, luis, amina)}
    assert found == {"Priya": [30], "Luis": [26], "Amina": [3 * usual * 20 // 100]}


def test_the_usual_time_is_measured_from_the_twentieth_answer(
    new_job: NewJob, amina: Person, luis: Person, later: Callable[..., datetime]
) -> None:
    job = new_job(overlap=2, tasks=20)
    kind = WorkType.objects.get(pk=job.work_type_id)
    before = rates.measured_time(kind, rates.current(kind))
    for _turn in range(20):
        for who in (amina, luis):
            work(job, who, SAME)
    after = rates.measured_time(kind, rates.current(kind))
    assert (before.measured, after.measured) == (False, True)
    assert (int(after.usual), after.units, after.people) == (30, 40, 2)


def test_the_background_returns_slots_and_pays_what_silence_accepted(
    new_job: NewJob, amina: Person, luis: Person, later: Callable[..., datetime]
) -> None:
    job = new_job(review_rule=ReviewRule.PEER, overlap=1)
    work(job, amina, SAME)
    claims.claim_next(job, by=luis, at=clock.now())
    later(days=4)
    background.expire(0)
    background.accept_silent(0)
    states = Assignment.objects.filter(job=job).order_by("pk").values_list("state", flat=True)
    assert list(states) == ["accepted", "expired"]
    assert payable(amina) == job.pay
