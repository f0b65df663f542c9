"""What works like a ban opens a case by itself: no work while others had some, a lost kind of work, mass returns."""

from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from governance.models import Case, Equivalent
from tasks import reviews, watch
from tasks.models import Ground, Job
from tests.tasks.conftest import SAME, work

pytestmark = pytest.mark.django_db
type Later = Callable[..., datetime]


def grounds(person: Person) -> set[str]:
    """Return on which grounds a person's cases stand."""
    return set(Case.objects.filter(person=person).values_list("ground", flat=True))


def sign_in(person: Person) -> None:
    """Let a person have signed in now."""
    person.last_login = clock.now()
    person.save(update_fields=["last_login"])


def test_no_tasks_for_14_days_while_others_work_opens_one_case(
    job: Job, amina: Person, luis: Person, later: Later
) -> None:
    work(job, amina, SAME)
    later(days=15)
    work(job, luis, SAME)
    sign_in(amina)
    watch.look(at=clock.now())
    watch.look(at=clock.now())
    assert Case.objects.filter(person=amina, ground=Equivalent.NO_OFFERS).count() == 1
    assert grounds(luis) == set()


def test_who_stayed_away_or_worked_or_when_nobody_worked_has_no_case(
    job: Job, amina: Person, luis: Person, priya: Person, later: Later
) -> None:
    for member in (amina, priya):
        work(job, member, SAME)
    later(days=15)
    sign_in(priya)
    watch.look(at=clock.now())  # nobody had work
    work(job, luis, SAME)
    work(job, priya, SAME)
    watch.look(at=clock.now())  # Amina was not here, Priya has work again
    assert grounds(amina) == grounds(priya) == set()


def test_ten_answers_sent_back_at_once_open_a_case_for_the_member_they_hit(
    new_job: Callable[..., Job], amina: Person, luis: Person, olga: Person
) -> None:
    job = new_job(tasks=8, overlap=1, review_rule="peer")
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
    job: Job, amina: Person, luis: Person, priya: Person, later: Later
) -> None:
    work(job, amina, SAME)
    later(days=15)
    work(job, luis, SAME)
    at = clock.now()
    with CaptureQueriesContext(connection) as few:
        list(watch.found(watch.NO_OFFERS, at))
    for member in (amina, priya):
        sign_in(member)
    at = clock.now()
    with CaptureQueriesContext(connection) as more:
        assert [one.pk for one in watch.found(watch.NO_OFFERS, at)] == [amina.pk]
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
