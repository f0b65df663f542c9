"""Callbacks as Scale sends them: to a server of the client's, of what its own program ordered."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import scaleapi
from django.test import Client as Browser
from django.urls import reverse
from scaleapi.exceptions import ScaleInvalidRequest, ScaleNotEnabled
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Client, Person
from tasks import background, reviews
from tasks.models import Batch, Message, MessageState, Order
from tasks.webhooks import sending, signing
from tests.record.waiting import settle
from tests.tasks.scale.conftest import Programs
from tests.tasks.scale.test_live import PAIR, do, job_of
from tests.tasks.test_api import program as calling
from tests.tasks.webhooks.conftest import Receiver

pytestmark = pytest.mark.django_db
SEND = """INSERT INTO tasks_message (key, client_id, url, kind, subject, payload, state, tries, made_at, next_at)
    VALUES (gen_random_uuid(), %s, %s, %s, %s, '{}', 'waiting', 0, now(), now())"""


def send(client: Client, **later: float) -> None:
    """Do what the worker does each minute."""
    settle()
    background.tell_clients(0)
    while sending.send_due(client.pk, at=clock.now() + timedelta(**later)):
        pass


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """Return the status and the client's verdict of each task that was told of, in the order in which it came."""
    return [(body["status"], body["task"]["customer_review_status"]) for body in receiver.messages()]


def test_a_test_key_is_told_at_once_in_scales_words(
    trying: scaleapi.ScaleClient, orbit: Client, receiver: Receiver
) -> None:
    task = trying.create_task(TaskType.Categorization, callback_url=receiver.address, unique_id="one", **PAIR)
    assert "callback_succeeded" not in task.as_dict()
    send(orbit)
    [(headers, _body)] = receiver.came
    assert headers["scale-callback-auth"] == signing.callback_key(orbit.pk, test=True)
    [body] = receiver.messages()
    known = trying.get_task(task.id).as_dict()
    assert known.pop("callback_succeeded") is True
    assert body == {
        "task": known, "response": {"category": "Same"}, "task_id": task.id, "status": "completed",
    }  # fmt: skip


def test_a_live_task_is_told_of_when_its_answer_is_there(
    live: scaleapi.ScaleClient, orbit: Client, receiver: Receiver, amina: Person
) -> None:
    live.update_project("Pairs", callback_url=receiver.address, patch=True)
    task = live.create_task(TaskType.Categorization, project="Pairs", **PAIR)
    silent = live.create_task(TaskType.Categorization, project="Pairs", callback_url="", **PAIR)
    send(orbit)
    assert receiver.came == []
    for _turn in range(2):
        do(job_of(task), amina, {"labels": ["Different"]})
    send(orbit)
    assert live.get_task(silent.id).status == "completed"
    [body] = receiver.messages()
    assert (body["task_id"], body["status"], body["response"]) == (task.id, "completed", {"category": "Different"})
    assert receiver.came[0][0]["scale-callback-auth"] == signing.callback_key(orbit.pk, test=False)
    assert amina.name not in str(body)
    send(orbit)
    assert len(receiver.came) == 1


def test_what_was_not_taken_comes_again_and_later_news_wait_for_it(
    live: scaleapi.ScaleClient, orbit: Client, receiver: Receiver, amina: Person
) -> None:
    receiver.answers = lambda _message: 503 if len(receiver.came) < 3 else 200
    task = live.create_task(TaskType.Categorization, project="Pairs", callback_url=receiver.address, **PAIR)
    do(job_of(task), amina, {"labels": ["Same"]})
    send(orbit)
    task.audit(accepted=True, comments="Thank you.")
    send(orbit)
    assert told(receiver) == [("completed", "pending")]
    assert "callback_succeeded" not in live.get_task(task.id).as_dict()
    send(orbit, hours=1)
    send(orbit, hours=2)
    assert told(receiver) == [("completed", "pending")] * 3 + [("completed", "accepted")]
    assert live.get_task(task.id).callback_succeeded is True


def test_an_answer_that_is_sent_back_makes_it_pending_again(
    live: scaleapi.ScaleClient, orbit: Client, receiver: Receiver, amina: Person, luis: Person
) -> None:
    task = live.create_task(TaskType.Categorization, project="Pairs", callback_url=receiver.address, **PAIR)
    given = do(job_of(task), amina, {"labels": ["Same"]})
    send(orbit)
    reviews.send_back(given, reason="Look at the volume.", place="labels", by=luis, at=clock.now())
    send(orbit)
    assert [status for status, _verdict in told(receiver)] == ["completed", "pending"]
    assert "response" not in receiver.messages()[1]


def test_a_batch_is_told_of_once_its_last_task_is_done(
    live: scaleapi.ScaleClient, orbit: Client, receiver: Receiver, amina: Person
) -> None:
    live.create_batch("Pairs", "week 23", receiver.address)
    done, waiting = (live.create_task(TaskType.Categorization, batch="week 23", **PAIR) for _turn in range(2))
    live.finalize_batch("week 23")
    do(job_of(done), amina, {"labels": ["Same"]})
    send(orbit)
    assert receiver.came == []
    waiting.cancel()
    send(orbit)
    [body] = receiver.messages()
    assert (body["status"], body["batch"]["name"], body["batch"]["status"]) == ("completed", "week 23", "completed")
    send(orbit)
    assert len(receiver.came) == 1


def test_a_test_batch_is_told_of_when_it_is_finalized(
    trying: scaleapi.ScaleClient, orbit: Client, receiver: Receiver
) -> None:
    trying.create_project("Pairs", TaskType.Categorization)
    trying.create_batch("Pairs", "tried", receiver.address)
    trying.create_task(TaskType.Categorization, batch="tried", **PAIR)
    send(orbit)
    assert receiver.came == []
    trying.finalize_batch("tried")
    send(orbit)
    assert [body["batch"]["name"] for body in receiver.messages()] == ["tried"]


def test_what_nobody_took_for_a_day_is_given_up_and_sent_again_by_hand(
    trying: scaleapi.ScaleClient, orbit: Client, olga: Person, receiver: Receiver
) -> None:
    receiver.answers = lambda _message: 500
    task = trying.create_task(TaskType.Categorization, callback_url=receiver.address, **PAIR)
    while (message := Message.objects.get()).state == MessageState.WAITING:
        sending.send_due(orbit.pk, at=message.next_at)
    assert (message.tries, trying.get_task(task.id).callback_succeeded) == (21, False)
    receiver.answers = lambda _message: 200
    call, _key = calling(orbit, olga, ["read", "download"])
    [line] = call("GET", "callbacks").json()["results"]
    assert (line["key"], line["state"], len(line["attempts"])) == (str(message.key), "given_up", 21)
    assert call("POST", f"messages/{line['key']}/again").status_code == 202
    send(orbit)
    assert trying.get_task(task.id).callback_succeeded is True


def test_the_page_shows_what_was_sent_and_the_keys(
    trying: scaleapi.ScaleClient, orbit: Client, olga: Person, amina: Person, receiver: Receiver
) -> None:
    trying.create_task(TaskType.Categorization, callback_url=receiver.address, **PAIR)
    send(orbit)
    browser, page = Browser(), reverse("tasks:callbacks", args=[orbit.slug])
    browser.force_login(olga)
    shown = browser.get(page).text
    message = Message.objects.get()
    assert reverse("tasks:message", args=[orbit.slug, message.key]) in shown
    for test in (True, False):
        assert signing.callback_key(orbit.pk, test=test) in shown
    assert receiver.address in browser.get(reverse("tasks:message", args=[orbit.slug, message.key])).text
    browser.force_login(amina)
    assert browser.get(page).status_code == 404


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("olga@orbit.example", "e-mail"), ("ftp://orbit.example/", "begin with https"),
        ("https://orbit.example:25/", "port"), ("http://orbit.example/", "begin with https"),
        ("https://", "no address of a web server"),
    ],
)  # fmt: skip
def test_answers_of_members_go_out_encrypted_to_servers_alone(
    live: scaleapi.ScaleClient, address: str, words: str
) -> None:
    with pytest.raises(ScaleInvalidRequest, match=words):
        live.create_task(TaskType.Categorization, project="Pairs", callback_url=address, **PAIR)


def test_a_private_address_is_never_asked(trying: scaleapi.ScaleClient, orbit: Client) -> None:
    trying.create_task(TaskType.Categorization, callback_url="https://169.254.169.254/latest", **PAIR)
    send(orbit)
    assert [one.problem for one in Message.objects.get().attempts.all()] == ["private"]


def test_a_key_that_may_not_download_names_no_callback(live: scaleapi.ScaleClient, program: Programs) -> None:
    poster = program(("read", "post", "fund"))
    for asking in (
        lambda: poster.create_task(
            TaskType.Categorization, project="Pairs", callback_url="https://orbit.example/", **PAIR
        ),
        lambda: poster.update_project("Pairs", callback_url="https://orbit.example/", patch=True),
        lambda: poster.create_project("Other", TaskType.Categorization, {"callback_url": "https://orbit.example/"}),
    ):
        with pytest.raises(ScaleNotEnabled, match="scope"):
            asking()


def test_a_callback_goes_where_its_order_says(
    attack: Callable[..., None], trying: scaleapi.ScaleClient, orbit: Client, receiver: Receiver
) -> None:
    trying.create_project("Pairs", TaskType.Categorization)
    trying.create_batch("Pairs", "tried", receiver.address)
    trying.create_task(TaskType.Categorization, callback_url=receiver.address, **PAIR)
    order, batch, other = Order.objects.get(), Batch.objects.get(), Client.objects.exclude(pk=orbit.pk).first()
    assert other is not None
    for subject in (f"order:{order.key.hex}", f"batch:{batch.key.hex}"):
        for client, url, kind in (
            (orbit.pk, "https://evil.example/", "callback.test"), (other.pk, receiver.address, "callback.test"),
            (orbit.pk, receiver.address, "callback"),
        ):  # fmt: skip
            attack(SEND, [client, url, kind, subject], guard="callbacks_go_where_an_order_says")
    for subject in ("task:1", "order:", f"order:{order.key.hex}x", f"order:{order.pk}", f"order:{batch.key.hex}"):
        attack(SEND, [orbit.pk, receiver.address, "callback.test", subject], guard="callbacks_go_where_an_order_says")
    attack("UPDATE tasks_batch SET callback = 'x' WHERE id = %s", [batch.pk], guard="batch_callbacks_are_frozen")
