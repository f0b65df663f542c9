"""What works like a ban opens a case by itself: no work while others had some, a lost kind of work, mass returns."""

from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from governance import signs
from governance.models import Case, Equivalent
from tasks import jobs, reviews, watch
from tasks.models import Ground, Job
from tests.tasks.conftest import SAME, work

pytestmark = pytest.mark.django_db
type Later = Callable[..., datetime]


def grounds(person: Person) -> set[str]:
    """Return on which grounds a person's cases stand."""
    return set(Case.objects.filter(person=person).values_list("ground", flat=True))


def gone_at_once(new_job: Callable[..., Job], who: Person) -> Job:
    """Let somebody take the only task of a new job the moment it opens."""
    gone = new_job(title="Gone at once", tasks=1, overlap=1)
    work(gone, who, SAME)
    return gone


def starved(job: Job, new_job: Callable[..., Job], luis: Person, later: Later, *people: Person) -> None:
    """Let people work once, and then have nothing for 15 days but what Luis takes at once."""
    for one in people:
        work(job, one, SAME)
    jobs.close(job, by=None, at=clock.now())
    later(days=15)
    gone_at_once(new_job, luis)


def test_no_offer_for_14_days_while_others_work_opens_one_case_without_signing_in(
    job: Job, new_job: Callable[..., Job], amina: Person, luis: Person, later: Later
) -> None:
    starved(job, new_job, luis, later, amina)
    Person.objects.filter(pk=amina.pk).update(last_login=None)
    watch.look(at=clock.now())
    watch.look(at=clock.now())
    assert Case.objects.filter(person=amina, ground=Equivalent.NO_OFFERS).count() == 1
    assert grounds(luis) == set()


@pytest.mark.parametrize("offer", ["tasks left", "a day to take one", "a task taken"])
def test_who_had_an_offer_has_no_case(
    job: Job, new_job: Callable[..., Job], amina: Person, luis: Person, later: Later, offer: str
) -> None:
    starved(job, new_job, luis, later, amina)
    other = new_job(title="Other", tasks=2, overlap=1)
    if offer == "a task taken":
        work(other, amina, SAME)
    if offer == "a day to take one":
        later(hours=24)
        for _task in range(2):
            work(other, luis, SAME)
    watch.look(at=clock.now())
    assert grounds(amina) == set()


def test_when_nobody_had_work_nobody_has_a_case(job: Job, amina: Person, luis: Person, later: Later) -> None:
    for one in (amina, luis):
        work(job, one, SAME)
    jobs.close(job, by=None, at=clock.now())
    later(days=15)
    watch.look(at=clock.now())
    assert grounds(amina) == grounds(luis) == set()


def test_ten_answers_sent_back_at_once_open_a_case_for_the_member_they_hit(
    new_job: Callable[..., Job], amina: Person, luis: Person, olga: Person
) -> None:
    job = new_job(tasks=58, overlap=1, review_rule="peer")
    # A client sends one in ten of a job's answers back at most.
    for _answer in range(50):
        work(job, luis, SAME)
    for number in range(6):
        mine = work(job, amina, SAME)
        if number < 5:
            assert watch.look(at=clock.now()) == 0
            reviews.send_back(
                mine, reason="All of these are wrong.", place="labels", by=olga, at=clock.now(), ground=Ground.CLIENT
            )
    work(job, luis, SAME)
    assert watch.look(at=clock.now()) == 1
    assert grounds(amina) == {Equivalent.MASS_REJECTION}
    assert grounds(luis) == set()


def test_the_look_itself_costs_the_same_for_many_as_for_few(
    job: Job, new_job: Callable[..., Job], amina: Person, luis: Person, priya: Person, later: Later
) -> None:
    with CaptureQueriesContext(connection) as few:
        signs.found(Equivalent.NO_OFFERS)
    starved(job, new_job, luis, later, amina, priya)
    with CaptureQueriesContext(connection) as more:
        assert [one.pk for one in signs.found(Equivalent.NO_OFFERS)] == sorted([amina.pk, priya.pk])
    assert (len(few), len(more)) == (1, 2)  # nobody to look up the first time


def test_a_kind_of_work_that_closed_to_who_did_it_opens_a_case(
    committed: None, job: Job, amina: Person, luis: Person, priya: Person, later: Later, owner: psycopg.Connection
) -> None:
    for member in (amina, luis, priya):
        work(job, member, SAME)
    later(days=2)
    watch.look(at=clock.now())
    assert grounds(amina) == set()
    # As if the founding meeting had closed Kenya.
    owner.execute(
        "INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)"
        " SELECT 'region', 'country:KE', 1, '{\"open\":false}', id, coop_now() FROM governance_mandate"
        " WHERE proposal_id IS NULL"
    )
    owner.commit()
    watch.look(at=clock.now())
    assert grounds(amina) == {Equivalent.LOST_TIER}
    assert grounds(luis) == set()
