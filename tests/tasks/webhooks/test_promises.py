"""What was told to a client stays as it was told, and goes nowhere else, whoever writes."""

from collections.abc import Callable

import pytest

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from tasks.models import Webhook
from tests.tasks.webhooks.test_sending import put

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]

ADD = """INSERT INTO tasks_webhook (client_id, url, kinds, sealed, fingerprint, former_sealed, former_fingerprint,
    created_by_id, created_at) VALUES (%s, 'https://evil.example/', '["task.completed"]', '', '', '', '', %s, now())"""
SEND = """INSERT INTO tasks_message (key, client_id, webhook_id, url, kind, subject, payload, state, tries, made_at,
    next_at) VALUES (gen_random_uuid(), %s, %s, %s, 'task.completed', 'task:1', '{}', 'waiting', 0, now(), now())"""


def test_nobody_adds_a_webhook_to_an_organisation_they_have_no_seat_in(
    orbit: Client, amina: Person, attack: Attack
) -> None:
    attack(ADD, [orbit.pk, amina.pk], guard="webhooks_are_added_by_people_of_the_client")


@pytest.mark.parametrize("change", ["url = 'https://evil.example/'", "kinds = '[]'", "client_id = client_id + 1"])
def test_a_webhook_leads_where_it_was_added(webhook: Webhook, attack: Attack, change: str) -> None:
    attack(f"UPDATE tasks_webhook SET {change} WHERE id = %s", [webhook.pk], guard="permission denied")


def test_a_webhook_that_ended_is_not_taken_up_again(webhook: Webhook, attack: Attack) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(ended_at=clock.now())
    attack("UPDATE tasks_webhook SET ended_at = NULL WHERE id = %s", [webhook.pk], guard="webhooks_end_for_good")


def test_no_message_goes_to_the_webhook_of_another_client(webhook: Webhook, petra: Person, attack: Attack) -> None:
    rival = clients.found("Rival", slug="rival", by=petra, at=clock.now())
    attack(SEND, [rival.pk, webhook.pk, webhook.url], guard="messages_go_to_their_webhook")
    attack(SEND, [webhook.client_id, webhook.pk, "https://evil.example/"], guard="messages_go_to_their_webhook")


@pytest.mark.parametrize("table", ["tasks_message", "tasks_attempt", "tasks_webhook", "tasks_told"])
def test_nobody_deletes_what_was_told(webhook: Webhook, attack: Attack, table: str) -> None:
    put(webhook, 1)
    attack(f"DELETE FROM {table}", [], guard="permission denied")


@pytest.mark.parametrize("state", ["waiting", "taken"])
def test_a_message_ends_when_it_says_so(webhook: Webhook, attack: Attack, state: str) -> None:
    ended = "now()" if state == "waiting" else "NULL"
    change = f"UPDATE tasks_message SET state = %s, ended_at = {ended} WHERE id = %s"
    attack(change, [state, put(webhook, 1).pk], guard="messages_end_once")


@pytest.mark.parametrize(("status", "problem"), [(None, ""), (200, "late")])
def test_a_try_says_what_came_back(webhook: Webhook, attack: Attack, status: int | None, problem: str) -> None:
    add = "INSERT INTO tasks_attempt (message_id, at, status, problem, milliseconds) VALUES (%s, now(), %s, %s, 1)"
    attack(add, [put(webhook, 1).pk, status, problem], guard="attempts_say_what_came_back")


@pytest.mark.parametrize("place", ["place - 1", "(SELECT max(index) + 1 FROM record_leaf)"])
def test_nothing_is_told_twice_or_passed_over(attack: Attack, place: str) -> None:
    attack(f"UPDATE tasks_told SET place = {place}", [], guard="the_record_is_told_in_order")
