"""Comparing a job's answers, and who reads what of it."""

import html
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coop import clock, own_data
from coop.people.models import Client, Person
from tasks import background, exports, jobs
from tasks.models import Assignment, Estimate, Job, Reliability
from tasks.quality import estimates, own
from tasks.quality.weights import Weights
from tests.tasks import orders, test_erasing
from tests.tasks.test_api import program
from tests.tasks.test_exports import answer

type SignedIn = Callable[[Person], Browser]


@pytest.fixture
def job(orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person) -> Job:
    """Return a job of three tasks: all agree on the first, Luis differs on the second, the third has one answer."""
    job = orders.opened(orbit, olga, tasks=3)
    answer(job, (amina, "Same"), (luis, "Same"), (priya, "Same"))
    answer(job, (amina, "Different"), (luis, "Same"), (priya, "Different"))
    answer(job, (amina, "Same"))
    return job


def compared(job: Job) -> Estimate:
    """Compare and return what was written down."""
    assert estimates.estimate(job, at=clock.now())
    return Estimate.objects.get(job=job)


def words(page: Any) -> str:
    """Return the text of a page in one line."""
    main = page.content.decode().partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).replace("\xa0", " ").split())


def test_what_was_found_is_written_down_with_everybodys_share(job: Job, amina: Person, luis: Person) -> None:
    found = compared(job)
    assert (found.way, found.answers, found.people, found.priors) == ("majority", 7, 3, {})
    assert found.alpha is not None
    # Two of the 15 pairs the formula knows differ: two tasks of three answers, one with one that is not compared.
    assert found.alpha == pytest.approx(1 - (2 / 6) / (2 * 4 * 2 / 30))
    second = job.tasks.get(external_id="p1")
    assert found.doubtful == [[second.pk, 0.6667]]
    shares = dict(Reliability.objects.filter(job=job).values_list("person", "agreed"))
    assert (shares[amina.pk], shares[luis.pk]) == (3, 1)


def test_comparing_again_puts_the_new_in_the_place_of_the_old(job: Job, luis: Person) -> None:
    compared(job)
    answer(job, (luis, "Same"))
    assert compared(job).answers == 8
    assert Reliability.objects.get(job=job, person=luis).answers == 3
    assert Reliability.objects.filter(job=job).count() == 3


def test_one_answer_alone_is_not_compared(orbit: Client, olga: Person, amina: Person) -> None:
    job = orders.opened(orbit, olga, tasks=1)
    answer(job, (amina, "Same"))
    assert estimates.estimate(job, at=clock.now()) is None


def test_answers_that_cannot_be_the_same_are_not_even_read(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(job.shape), "agrees", lambda _shape, _form: False)
    with CaptureQueriesContext(connection) as asked:
        assert estimates.estimate_due(at=clock.now()) == 0
    assert not [query for query in asked if "tasks_answer" in query["sql"]]


def test_a_job_is_due_once_a_tenth_more_answers_are_there(job: Job, priya: Person, luis: Person) -> None:
    assert estimates.estimate_due(at=clock.now()) == 1
    assert estimates.estimate_due(at=clock.now()) == 0
    Estimate.objects.filter(job=job).update(answers=8)
    answer(job, (luis, "Same"))
    assert estimates.estimate_due(at=clock.now()) == 0
    answer(job, (priya, "Same"))
    assert estimates.estimate_due(at=clock.now()) == 1


def test_the_worker_compares_by_itself(job: Job) -> None:
    background.compare_answers(0)
    assert Estimate.objects.filter(job=job).exists()


def test_one_job_that_fails_holds_up_no_other(
    job: Job, orbit: Client, olga: Person, amina: Person, luis: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = orders.opened(orbit, olga, tasks=1)
    answer(other, (amina, "Same"), (luis, "Same"))
    whole = estimates.estimate

    def fails(one: Job, *, at: datetime) -> Estimate | None:
        if one == job:
            raise ValueError
        return whole(one, at=at)

    monkeypatch.setattr(estimates, "estimate", fails)
    assert estimates.estimate_due(at=clock.now()) == 1
    assert Estimate.objects.get().job == other


def test_deleted_answers_are_not_compared(
    orbit: Client, olga: Person, amina: Person, luis: Person, later: test_erasing.Later, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    job = test_erasing.draft(orbit, olga, overlap=2, review_rule="majority")
    orders.deposit(orbit, "500")
    jobs.open(jobs.fund(job, by=olga, at=clock.now()), by=olga, at=clock.now())
    answer(job, (amina, "Same"), (luis, "Same"))
    test_erasing.passed(later, 31)
    job.refresh_from_db()
    assert job.deleted_at
    assert estimates.estimate_due(at=clock.now()) == 0
    with connection.cursor() as cursor:
        cursor.execute(estimates.DUE, [estimates.GROWTH])
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_one_long_calculation_runs_at_a_time() -> None:
    background.compare_answers.configure().defer(timestamp=0)
    background.teach_machines.configure().defer(timestamp=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT lock), count(lock) FROM procrastinate_jobs WHERE task_name LIKE ANY (%s)",
            [["%.compare_answers", "%.teach_machines"]],
        )
        assert cursor.fetchone() == (2, 1, 2)


def weigh(job: Job, knows: Person, *others: Person) -> None:
    """Write down that one person tells the labels apart and the others do not."""
    same, different = '["Same"]', '["Different"]'
    apart = {same: {same: 0.95, different: 0.05}, different: {same: 0.05, different: 0.95}}
    blind = {label: {same: 0.5, different: 0.5} for label in (same, different)}
    compared(job)
    Estimate.objects.filter(job=job).update(way="dawid-skene", priors={same: 0.5, different: 0.5}, usual=blind)
    Reliability.objects.filter(job=job, person=knows).update(errors=apart)
    Reliability.objects.filter(job=job, person__in=others).update(errors=blind)


def test_results_go_by_who_tells_them_apart(job: Job, amina: Person, luis: Person, priya: Person) -> None:
    before = [one.row() for one in exports.results(job)]
    assert [one["result"] for one in before] == [{"labels": ["Same"]}, {"labels": ["Different"]}, {"labels": ["Same"]}]
    weigh(job, luis, amina, priya)
    second = [one.row() for one in exports.results(job)][1]
    assert (second["result"], second["confidence"], second["agreement"]) == ({"labels": ["Same"]}, 0.95, 0.3333)


def test_weights_are_read_in_two_queries_whatever_the_job(job: Job, luis: Person) -> None:
    weigh(job, luis)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert estimates.of(job) != Weights()
    assert len(asked) == 2


def test_a_member_sees_how_theirs_compare_and_why(
    job: Job, amina: Person, luis: Person, priya: Person, signed_in: SignedIn
) -> None:
    page = signed_in(luis).get(reverse("tasks:agreement"))
    assert "Nothing to compare yet" in words(page)
    compared(job)
    browser = signed_in(luis)
    assert "1 of 2 answers are what all came to" in words(browser.get(reverse("tasks:agreement")))
    page = browser.get(reverse("tasks:agreement_in", args=[job.pk]))
    mine = Assignment.objects.get(person=luis, task__external_id="p1")
    assert f"no. {mine.pk} Same Different" in words(page)
    assert "It decides nothing about you (constitution 7.5)" in words(page)
    assert own.differing(amina, job) == []
    for name in (amina.name, priya.name):
        assert name not in words(page)


def test_nobody_sees_how_somebody_elses_compare(job: Job, newcomer: Person, olga: Person, signed_in: SignedIn) -> None:
    compared(job)
    for who in (newcomer, olga):
        assert signed_in(who).get(reverse("tasks:agreement_in", args=[job.pk])).status_code == 404


def test_the_usual_share_is_told_of_five_people_at_least(job: Job) -> None:
    compared(job)
    assert own.usual_share(job) is None
    people = Person.objects.exclude(reliabilities__job=job)[:2]
    Reliability.objects.bulk_create(Reliability(job=job, person=one, answers=1, agreed=0) for one in people)
    assert own.usual_share(job) == round(10_000 * 6 / 9)


def test_what_is_kept_about_a_person_is_in_their_own_data(job: Job, luis: Person) -> None:
    compared(job)
    (row,) = own_data.of(luis)["tasks.Reliability"]
    assert (row["answers"], row["agreed"]) == (2, 1)


def test_a_client_sees_agreement_and_doubt_and_nobodys_name(
    job: Job, olga: Person, amina: Person, luis: Person, signed_in: SignedIn
) -> None:
    address = reverse("tasks:client_quality", args=["orbit", job.pk])
    browser = signed_in(olga)
    assert "Nothing to compare yet" in words(browser.get(address))
    compared(job)
    page = words(browser.get(address))
    assert "p1 66.67%" in page
    assert "Answers compared 7 Members 3 How answers become one Each answer counts alike" in page
    assert amina.name not in page
    assert signed_in(luis).get(address).status_code == 404


def test_a_program_reads_the_same(job: Job, orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ["read"])
    assert call("GET", f"jobs/{job.pk}/quality").status_code == 404
    found = compared(job)
    body = call("GET", f"jobs/{job.pk}/quality").json()
    assert body["doubtful"] == [{"id": "p1", "confidence": 0.6667}]
    assert (body["way"], body["answers"], body["alpha"]) == ("majority", 7, pytest.approx(found.alpha))
    assert "errors" not in str(body)
