"""What the database refuses whoever writes, of what clients' programs keep here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from coop import clock
from coop.people.models import Client, Person
from tasks.models import Batch, Job, Lot, Order, Project, ProjectVersion, Task
from tasks.scale import projects
from tests.tasks.conftest import make_job, work

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]


@pytest.fixture
def project(orbit: Client, olga: Person, at: datetime) -> Project:
    """Return a live project whose orders are paid US$ 0.10."""
    said = {"name": "Pairs", "type": "categorization", "params": {"pay": "0.10", "work_type": "product-match"}}
    return projects.start(orbit, said, test=False, by=olga, at=at)


def order(project: Project, **facts: Any) -> Order:
    """Return an order as the acts write it."""
    now = clock.now()
    given = {
        "client_id": project.client_id, "project": project, "test": project.test, "kind": project.kind, "params": {},
        "version": project.versions.get(), "created_at": now, "updated_at": now,
    }  # fmt: skip
    return Order.objects.create(**(given | facts))


def test_pay_of_a_project_never_falls(attack: Attack, project: Project, at: datetime) -> None:
    version = """INSERT INTO tasks_projectversion (project_id, number, params, pay, created_at)
        VALUES (%s, %s, '{}', %s, %s)"""
    for number, pay in ((2, 99_999), (2, None), (3, 100_000)):
        attack(version, [project.pk, number, pay, at], guard="project_pay_never_falls")
    with connection.cursor() as cursor:
        cursor.execute(version, [project.pk, 2, 100_000, at])


def test_a_batch_stays_with_its_client(attack: Attack, project: Project, at: datetime) -> None:
    other = Client.objects.get(is_cooperative=True)
    new = """INSERT INTO tasks_batch (key, client_id, project_id, test, name, callback, options, created_at, metadata,
        state)
        VALUES (gen_random_uuid(), %s, %s, %s, 'b', '', '{}', %s, '{}', 'staging')"""
    for client, test in ((other.pk, False), (project.client_id, True)):
        attack(new, [client, project.pk, test, at], guard="batches_stay_with_their_client")


def test_an_order_stays_with_its_client(attack: Attack, project: Project, olga: Person, at: datetime) -> None:
    other = Client.objects.get(is_cooperative=True)
    made = order(project)
    new = """INSERT INTO tasks_order (key, client_id, test, kind, project_id, params, instruction, callback_url, role,
        created_at, updated_at, metadata, tags, audit, audit_words)
        VALUES (gen_random_uuid(), %s, %s, 'categorization', %s, '{}', '', '', '', %s, %s, '{}', '[]', 'pending', '')"""
    for client, test in ((other.pk, False), (project.client_id, True)):
        attack(new, [client, test, project.pk, at, at], guard="orders_stay_with_their_client")
    theirs = Task.objects.filter(job__client=other).first()
    assert theirs is not None
    attack(
        "UPDATE tasks_order SET task_id = %s WHERE id = %s", [theirs.pk, made.pk], guard="orders_stay_with_their_client"
    )


def test_an_order_of_another_projects_version_or_batch_is_refused(
    attack: Attack, project: Project, orbit: Client, olga: Person, at: datetime
) -> None:
    other = projects.start(orbit, {"name": "Other", "type": "categorization"}, test=False, by=olga, at=at)
    batch = Batch.objects.create(client=orbit, project=other, test=False, name="b", state="staging", created_at=at)
    new = """INSERT INTO tasks_order (key, client_id, test, kind, project_id, batch_id, version_id, params, instruction,
        callback_url, role, created_at, updated_at, metadata, tags, audit, audit_words)
        VALUES (gen_random_uuid(), %s, false, 'categorization', %s, %s, %s, '{}', '', '', '', %s, %s, '{}', '[]',
            'pending', '')"""
    version = ProjectVersion.objects.get(project=other)
    for place, of in ((batch.pk, None), (None, version.pk)):
        attack(new, [orbit.pk, project.pk, place, of, at, at], guard="orders_stay_with_their_client")


def test_begun_work_is_not_cancelled(
    attack: Attack, project: Project, orbit: Client, olga: Person, amina: Person, at: datetime
) -> None:
    job = make_job(orbit, olga, tasks=2)
    first, second = job.tasks.order_by("position")
    begun, waiting = order(project, task=first), order(project, task=second)
    work(job, amina, {"labels": ["Same"]})
    cancel = "UPDATE tasks_order SET canceled_at = %s WHERE id = %s"
    for one in (begun, waiting):
        attack(cancel, [at, one.pk], guard="begun_work_is_not_cancelled")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_call_off(%s), tasks_call_off(%s)", [first.pk, second.pk])
        assert cursor.fetchone() == (False, True)
        cursor.execute(cancel, [at, waiting.pk])
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.open_slots, second.open_slots) == (2, 0)
    attack("UPDATE tasks_order SET canceled_at = NULL WHERE id = %s", [waiting.pk], guard="begun_work_is_not_cancelled")
    attack("UPDATE tasks_order SET task_id = NULL WHERE id = %s", [begun.pk], guard="begun_work_is_not_cancelled")


def test_what_no_order_asked_for_is_not_called_off(job: Job) -> None:
    task = job.tasks.get(position=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_call_off(%s)", [task.pk])
        assert cursor.fetchone() == (False,)
    task.refresh_from_db()
    assert task.open_slots == job.overlap


def test_a_job_does_the_live_orders_of_its_client(
    attack: Attack, project: Project, orbit: Client, olga: Person, job: Job, at: datetime
) -> None:
    other = Job.objects.exclude(client=orbit).first()
    tried = projects.start(orbit, {"name": "Tried", "type": "categorization"}, test=True, by=olga, at=at)
    assert other is not None
    new = "INSERT INTO tasks_lot (job_id, project_id, digest) VALUES (%s, %s, '')"
    attack(new, [other.pk, project.pk], guard="lots_stay_with_their_client")
    attack(new, [job.pk, tried.pk], guard="lots_stay_with_their_client")
    Lot.objects.create(job=job, project=project, digest="")


def test_what_tries_things_out_orders_no_work(
    attack: Attack, orbit: Client, olga: Person, job: Job, at: datetime
) -> None:
    tried = projects.start(orbit, {"name": "Tried", "type": "categorization"}, test=True, by=olga, at=at)
    made = order(tried)
    task = job.tasks.get(position=1)
    attack("UPDATE tasks_order SET task_id = %s WHERE id = %s", [task.pk, made.pk], guard="tests_order_no_work")
