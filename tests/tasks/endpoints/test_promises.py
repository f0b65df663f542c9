"""Whose model is asked, from when on, and what it may write, whoever writes."""

from collections.abc import Callable

import pytest

from coop import clock
from coop.people.models import Client, Person
from tasks import claims, jobs
from tasks.models import Endpoint, Job
from tests.tasks import orders
from tests.tasks.endpoints.conftest import of_texts

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]

NAME = """INSERT INTO tasks_endpoint (job_id, url, sealed, fingerprint, named_by_id, named_at, version, at_once, after,
    tries, problem, predicted, refused, problems)
VALUES (%s, 'https://evil.example/', '', '', %s, coop_now(), '', 50, 0, 0, '', 0, 0, '[]')"""
LEAD = "UPDATE tasks_endpoint SET url = 'https://evil.example/' WHERE job_id = %s"
SAY = """UPDATE tasks_task SET prediction = '{"value": {"labels": ["car"]}, "model": "fruits 2"}' WHERE id = %s"""


def opened(job: Job, client: Client, by: Person) -> Job:
    """Open a draft."""
    orders.deposit(client, "1000")
    jobs.fund(job, by=by, at=clock.now())
    return jobs.open(job, by=by, at=clock.now())


def test_nobody_names_a_model_for_an_organisation_they_have_no_seat_in(
    draft: Job, amina: Person, attack: Attack
) -> None:
    attack(NAME, [draft.pk, amina.pk], guard="endpoints_are_named_by_their_client")


def test_nobody_leads_a_model_elsewhere_in_the_name_of_who_left(
    endpoint: Endpoint, olga: Person, attack: Attack
) -> None:
    olga.seats.update(ended_at=clock.now())
    attack(LEAD, [endpoint.pk], guard="endpoints_are_named_by_their_client")


def test_that_a_model_is_asked_is_said_before_a_job_opens(
    draft: Job, orbit: Client, olga: Person, attack: Attack
) -> None:
    attack(NAME, [opened(draft, orbit, olga).pk, olga.pk], guard="endpoints_are_named_before_work")


def test_the_model_of_a_closed_job_is_led_nowhere(
    endpoint: Endpoint, draft: Job, orbit: Client, olga: Person, attack: Attack
) -> None:
    jobs.close(opened(draft, orbit, olga), by=olga, at=clock.now())
    attack(LEAD, [endpoint.pk], guard="endpoints_are_named_before_work")


def test_no_model_is_named_by_an_older_view(orbit: Client, olga: Person, attack_from_the_past: Attack) -> None:
    job = of_texts(orbit, olga, "apple")
    attack_from_the_past(NAME, [job.pk, olga.pk], guard="endpoints_are_named_before_work")


def test_a_model_stays_with_its_job_and_is_kept(endpoint: Endpoint, attack: Attack) -> None:
    attack("UPDATE tasks_endpoint SET job_id = 1 WHERE job_id = %s", [endpoint.pk], guard="permission denied")
    attack("DELETE FROM tasks_endpoint WHERE job_id = %s", [endpoint.pk], guard="permission denied")


def test_one_that_ended_is_not_asked(endpoint: Endpoint, attack: Attack) -> None:
    change = "UPDATE tasks_endpoint SET ended_at = now(), next_at = now() WHERE job_id = %s"
    attack(change, [endpoint.pk], guard="endpoints_that_ended_are_not_asked")


def test_a_model_speaks_once_before_anybody_is_offered_the_task_and_where_it_was_asked(
    endpoint: Endpoint, draft: Job, orbit: Client, olga: Person, amina: Person, attack: Attack
) -> None:
    guard = "predictions_come_before_work"
    attack(SAY, [of_texts(orbit, olga, "apple").tasks.all()[0].pk], guard=guard)
    first, second, third = draft.tasks.order_by("position")
    second.prediction = {"value": {"labels": ["fruit"]}}
    second.save(update_fields=["prediction"])
    attack(SAY, [second.pk], guard=guard)
    opened(draft, orbit, olga)
    claims.leave(claims.claim_next(draft, by=amina, at=clock.now()), by=amina, at=clock.now())
    attack(SAY, [first.pk], guard=guard)
    Endpoint.objects.filter(pk=endpoint.pk).update(ended_at=clock.now(), next_at=None)
    attack(SAY, [third.pk], guard=guard)
