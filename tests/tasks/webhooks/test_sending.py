import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from coop import clock
from coop.people.models import Client, Person
from tasks.models import Message, MessageState, Order, Webhook
from tasks.webhooks import addresses, outbox, sending, signing
from tests.tasks.webhooks.conftest import Receiver, leading_to

pytestmark = pytest.mark.django_db
PAGE = Path(settings.BASE_DIR) / "coop" / "docs" / "webhooks.md"


def put(webhook: Webhook, number: int, subject: str = "task:1") -> Message:
    facts = addresses.facts(webhook, "task.completed", subject, {"number": number}, clock.now())
    return Message.objects.create(**facts)


def send(client: Client, times: int = 1, **later: float) -> None:
    for _turn in range(times):
        sending.send_due(client.pk, at=clock.now() + timedelta(**later))


def numbers(receiver: Receiver) -> list[int]:
    return [message["data"]["number"] for message in receiver.messages()]


def test_a_message_arrives_once_signed_as_standard_webhooks_says(
    webhook: Webhook, orbit: Client, receiver: Receiver
) -> None:
    message = put(webhook, 7)
    send(orbit, times=3)
    [(headers, body)] = receiver.came
    [secret] = addresses.secrets_of(webhook, at=clock.now())
    assert Verifier(secret).verify(body, headers) == {
        "type": "task.completed", "timestamp": message.made_at.isoformat(), "data": {"number": 7},
    }  # fmt: skip
    assert headers["webhook-id"] == str(message.key)
    message.refresh_from_db()
    assert (message.state, message.tries) == (MessageState.TAKEN, 1)
    with pytest.raises(WebhookVerificationError):
        Verifier(signing.new_secret()).verify(body, headers)


def test_the_example_of_the_page_checks_it(webhook: Webhook, orbit: Client, receiver: Receiver) -> None:
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    put(webhook, 7)
    send(orbit)
    [(headers, body)] = receiver.came
    [secret] = addresses.secrets_of(webhook, at=clock.now())
    known: dict[str, Any] = {"headers": headers, "body": body, "secret": secret}
    exec(example, known)  # noqa: S102 - the page's own words
    assert known["message"]["data"] == {"number": 7}
    with pytest.raises(WebhookVerificationError):
        exec(example, known | {"body": body.replace(b"7", b"8")})  # noqa: S102 - likewise


def test_who_renews_a_secret_has_a_day_to_change_over(
    webhook: Webhook, orbit: Client, olga: Person, receiver: Receiver
) -> None:
    [former] = addresses.secrets_of(webhook, at=clock.now())
    new = addresses.renew(webhook, by=olga, at=clock.now())
    put(webhook, 1)
    send(orbit)
    [(headers, body)] = receiver.came
    assert Verifier(former).verify(body, headers) == Verifier(new).verify(body, headers)
    webhook.refresh_from_db()
    assert addresses.secrets_of(webhook, at=clock.now() + timedelta(days=1)) == [new]


def test_what_is_not_taken_is_sent_again_later_and_in_its_order(
    webhook: Webhook, orbit: Client, receiver: Receiver
) -> None:
    receiver.answers = lambda message: 503 if message["data"]["number"] == 1 and len(receiver.came) < 3 else 200
    for number, subject in [(1, "task:1"), (2, "task:1"), (3, "task:2"), (4, "task:1")]:
        put(webhook, number, subject)
    send(orbit, times=5)
    # The second and the fourth wait for the first: they are about the same task.
    assert sorted(numbers(receiver)) == [1, 3]
    send(orbit, times=5, minutes=1)
    assert numbers(receiver)[2:] == [1, 2, 4]


def test_after_a_day_it_is_given_up_and_the_next_one_goes(webhook: Webhook, orbit: Client, receiver: Receiver) -> None:
    receiver.answers = lambda message: 500 if message["data"]["number"] == 1 else 200
    first, _second = put(webhook, 1), put(webhook, 2)
    at = first.made_at
    while not (ended := Message.objects.get(pk=first.pk)).ended_at:
        assert sending.send_due(orbit.pk, at=ended.next_at) == 1
        at = ended.next_at
    assert (ended.state, ended.tries, ended.attempts.count()) == (MessageState.GIVEN_UP, 21, 21)
    assert timedelta(hours=23) < at - first.made_at < timedelta(hours=24)
    assert {attempt.status for attempt in ended.attempts.all()} == {500}
    sending.send_due(orbit.pk, at=at)
    assert numbers(receiver)[-1] == 2


def test_where_nobody_answers_the_rest_waits_without_being_tried(
    webhook: Webhook, orbit: Client, settings: Settings, receiver: Receiver
) -> None:
    settings.OUTGOING_ALSO_TO = []
    many = [put(webhook, n, f"task:{n}") for n in range(sending.AT_ONCE + 5)]
    send(orbit, times=3)
    first, last = Message.objects.get(pk=many[0].pk), Message.objects.get(pk=many[-1].pk)
    assert (first.tries, last.tries) == (1, 0)
    assert [attempt.problem for attempt in first.attempts.all()] == ["private"]
    assert last.next_at == first.next_at
    assert receiver.came == []


def test_one_address_that_is_silent_holds_up_no_other(
    webhook: Webhook, orbit: Client, olga: Person, receiver: Receiver
) -> None:
    nowhere = leading_to("http://127.0.0.9:9/hook", orbit, olga)
    put(nowhere, 1)
    put(webhook, 2)
    send(orbit)
    assert numbers(receiver) == [2]


def test_a_message_can_be_sent_again(webhook: Webhook, orbit: Client, olga: Person, receiver: Receiver) -> None:
    message = put(webhook, 1)
    send(orbit)
    addresses.send_again(message, by=olga, at=clock.now())
    send(orbit)
    assert numbers(receiver) == [1, 1]
    assert receiver.came[0][0]["webhook-id"] == receiver.came[1][0]["webhook-id"]


def test_what_waits_for_an_ended_webhook_goes_nowhere(
    webhook: Webhook, orbit: Client, olga: Person, receiver: Receiver
) -> None:
    message = put(webhook, 1)
    addresses.end(webhook, by=olga, at=clock.now())
    send(orbit)
    message.refresh_from_db()
    assert (message.state, receiver.came) == (MessageState.GIVEN_UP, [])


def test_a_callback_carries_its_key_and_is_signed_under_it(orbit: Client, receiver: Receiver) -> None:
    body: dict[str, Any] = {"task_id": "a", "status": "completed"}
    order = Order.objects.create(
        client=orbit, test=False, kind="categorization", params={}, callback_url=receiver.address,
        created_at=clock.now(), updated_at=clock.now(),
    )  # fmt: skip
    about: dict[str, Any] = {
        "url": receiver.address,
        "subject": f"order:{order.key.hex}",
        "payload": body,
        "test": False,
    }
    outbox.call_back([outbox.callback(orbit.pk, **about, at=clock.now())])
    send(orbit)
    [(headers, content)] = receiver.came
    key = headers["scale-callback-auth"]
    assert key == signing.callback_key(orbit.pk, test=False) != signing.callback_key(orbit.pk, test=True)
    assert json.loads(content) == body
    assert (
        signing.headers(headers["webhook-id"], content, int(headers["webhook-timestamp"]), [key])["webhook-signature"]
        == headers["webhook-signature"]
    )


def test_what_ended_a_month_ago_is_forgotten_and_nothing_else(
    webhook: Webhook, orbit: Client, receiver: Receiver
) -> None:
    old, fresh, waiting = (put(webhook, number, f"task:{number}") for number in range(3))
    Message.objects.filter(pk=waiting.pk).update(next_at=clock.now() + timedelta(days=1))
    send(orbit)
    Message.objects.filter(pk=old.pk).update(ended_at=clock.now() - timedelta(days=30, seconds=1))
    Message.objects.filter(pk=fresh.pk).update(ended_at=clock.now() - timedelta(days=29, hours=23))
    assert (sending.forget(), sending.forget()) == (1, 0)
    assert set(Message.objects.all()) == {fresh, waiting}


@pytest.mark.parametrize("count", [1, 150])
def test_a_round_costs_the_same_questions_for_one_message_or_many(
    webhook: Webhook, orbit: Client, receiver: Receiver, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        put(webhook, number, f"task:{number}")
    with django_assert_num_queries(7):
        sending.send_due(orbit.pk, at=clock.now())
    assert len(receiver.came) == count
