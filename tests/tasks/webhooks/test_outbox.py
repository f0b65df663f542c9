from typing import Any

import pytest

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from coop.record.models import Event
from tasks import jobs
from tasks.models import Job, Message, Told, Webhook
from tasks.webhooks import outbox
from tests.tasks import orders
from tests.tasks.test_exports import answer
from tests.tasks.webhooks.conftest import Receiver

pytestmark = pytest.mark.django_db


def tell() -> list[dict[str, Any]]:
    """Tell all that happened since the last time, and return what was told."""
    last = Message.objects.order_by("-pk").first()
    outbox.tell(Event.objects.filter(kind__in=outbox.KINDS).order_by("pk"), at=clock.now())
    made = Message.objects.filter(pk__gt=last.pk if last else 0).order_by("pk")
    return [{"type": message.payload["type"], **message.payload["data"]} for message in made]


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    return orders.opened(orbit, olga, tasks=2)


def test_a_task_is_told_of_once_all_its_answers_are_decided(
    job: Job, webhook: Webhook, amina: Person, luis: Person, priya: Person
) -> None:
    answer(job, (amina, "Same"), (luis, "Same"))
    assert [one for one in tell() if one["type"] == "task.completed"] == []
    answer(job, (priya, "Same"))
    told = [one for one in tell() if one["type"] == "task.completed"]
    assert told == [
        {
            "type": "task.completed", "job": job.pk, "task": "p0", "result": {"labels": ["Same"]}, "confidence": 1.0,
            "agreement": 1.0, "answers": 3,
        }
    ]  # fmt: skip
    assert [one for one in tell() if one["type"] == "task.completed"] == []


def test_nothing_says_who_answered(job: Job, webhook: Webhook, amina: Person, luis: Person, priya: Person) -> None:
    answer(job, (amina, "Same"), (luis, "Same"), (priya, "Same"))
    assert not any("person" in str(one) or "m-" in str(one) or amina.name in str(one) for one in tell())


def test_a_job_is_told_of_when_its_last_task_is_and_when_it_closes(
    job: Job, webhook: Webhook, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    for _task in range(2):
        answer(job, (amina, "Same"), (luis, "Same"), (priya, "Same"))
    assert [one["type"] for one in tell()][-1] == "job.completed"
    jobs.close(job, by=olga, at=clock.now())
    assert {"type": "job.closed", "job": job.pk} in tell()


def test_a_webhook_hears_of_what_it_asked_for_alone(
    orbit: Client, olga: Person, webhook: Webhook, amina: Person
) -> None:
    with_all = orders.opened(orbit, olga, tasks=1)
    told = tell()
    assert {"type": "data_set.loaded", "job": with_all.pk, "rows": 1, "problems": 0} in [
        {name: fact for name, fact in one.items() if name != "upload"} for one in told
    ]


def test_another_clients_work_is_told_to_nobody_here(
    webhook: Webhook, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    rival = clients.found("Rival", slug="rival", by=olga, at=clock.now())
    other = orders.opened(rival, olga, tasks=1)
    answer(other, (amina, "Same"), (luis, "Same"), (priya, "Same"))
    assert tell() == []


def test_without_a_webhook_nothing_is_made(job: Job, amina: Person, luis: Person, priya: Person) -> None:
    answer(job, (amina, "Same"), (luis, "Same"), (priya, "Same"))
    assert tell() == []


def test_the_record_is_told_from_where_it_stood(receiver: Receiver, committed: None) -> None:
    place = Told.objects.get().place
    outbox.tell_of_the_record(at=clock.now())
    assert Told.objects.get().place >= place
    assert outbox.tell_of_the_record(at=clock.now()) == 0


@pytest.mark.parametrize("tasks", [1, 4])
def test_telling_of_many_tasks_asks_no_more(
    orbit: Client, olga: Person, webhook: Webhook, amina: Person, luis: Person, priya: Person, tasks: int,
    django_assert_num_queries: Any,
) -> None:  # fmt: skip
    job = orders.opened(orbit, olga, tasks=5)
    for _task in range(tasks):
        answer(job, (amina, "Same"), (luis, "Same"), (priya, "Same"))
    entries = list(Event.objects.filter(kind="reviews.accepted"))
    with django_assert_num_queries(16):
        outbox.tell(entries, at=clock.now())
    assert Message.objects.filter(kind="task.completed").count() == tasks
