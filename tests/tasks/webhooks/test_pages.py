import pytest
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from tasks.models import Message, Webhook
from tasks.webhooks import addresses, sending
from tests.tasks.test_api import program
from tests.tasks.webhooks.conftest import Receiver

pytestmark = pytest.mark.django_db

NEW = {"url": "https://orbit.example/hook", "kinds": ["task.completed"]}


@pytest.fixture
def browser(olga: Person) -> Browser:
    browser = Browser()
    browser.force_login(olga)
    return browser


def address(name: str, *parts: object) -> str:
    return reverse(f"tasks:{name}", args=["orbit", *parts])


def test_a_secret_is_shown_once(browser: Browser, orbit: Client) -> None:
    answer = browser.post(address("webhooks"), NEW)
    made = Webhook.objects.get(client=orbit)
    [secret] = addresses.secrets_of(made, at=clock.now())
    assert secret in answer.text
    assert secret not in browser.get(address("webhooks")).text
    assert secret not in made.sealed
    assert Event.objects.filter(kind="webhooks.added", subject=f"client:{orbit.pk}").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://orbit.example/", "begin with https://"), ("https://x:y@orbit.example/", "no address of a web server"),
        ("https://orbit.example:25/", "This port is kept"), ("orbit.example", "no address of a web server"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_is_refused_with_what_was_typed(browser: Browser, url: str, words: str) -> None:
    answer = browser.post(address("webhooks"), NEW | {"url": url})
    assert answer.status_code == 400
    assert words in answer.text
    assert url in answer.text
    assert not Webhook.objects.exists()


def test_a_person_tries_out_looks_and_sends_again(
    browser: Browser, orbit: Client, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.answers = lambda _message: 500
    browser.post(address("try_webhook", webhook.pk))
    sending.send_due(orbit.pk, at=clock.now())
    message = Message.objects.get()
    assert "tried again later" in browser.get(address("webhook", webhook.pk)).text
    page = browser.get(address("message", message.key)).text
    assert ">500<" in page
    assert "webhook.tried" in page
    receiver.answers = lambda _message: 200
    browser.post(address("send_again", message.key))
    sending.send_due(orbit.pk, at=clock.now())
    assert "taken" in browser.get(address("message", message.key)).text


def test_a_webhook_is_renewed_and_ended(browser: Browser, webhook: Webhook) -> None:
    [former] = addresses.secrets_of(webhook, at=clock.now())
    answer = browser.post(address("renew_webhook", webhook.pk))
    webhook.refresh_from_db()
    new, kept = addresses.secrets_of(webhook, at=clock.now())
    assert (kept, new in answer.text) == (former, True)
    browser.post(address("end_webhook", webhook.pk))
    assert browser.post(address("renew_webhook", webhook.pk)).status_code == 409


def test_others_find_nothing(webhook: Webhook, amina: Person) -> None:
    stranger = Browser()
    stranger.force_login(amina)
    message = addresses.try_out(webhook, by=webhook.created_by, at=clock.now())
    for page in (address("webhooks"), address("webhook", webhook.pk), address("message", message.key)):
        assert stranger.get(page).status_code == 404
    for name in ("try_webhook", "renew_webhook", "end_webhook"):
        assert stranger.post(address(name, webhook.pk)).status_code == 404
    assert stranger.post(address("send_again", message.key)).status_code == 404


def test_a_program_does_what_the_page_does(orbit: Client, olga: Person, receiver: Receiver) -> None:
    call, _key = program(orbit, olga, ["read", "download"])
    added = call("POST", "webhooks", NEW)
    assert (added.status_code, added.json()["secret"][:6]) == (201, "whsec_")
    path = f"webhooks/{added.json()['id']}"
    assert "secret" not in call("GET", path).json()
    message = addresses.try_out(Webhook.objects.get(), by=olga, at=clock.now())
    [line] = call("GET", f"{path}/messages").json()["results"]
    assert (line["key"], line["state"], line["attempts"]) == (str(message.key), "waiting", [])
    assert call("POST", f"messages/{message.key}/again").status_code == 202
    assert call("DELETE", path).status_code == 204
    assert call("GET", "webhooks").json()["results"][0]["ended_at"]
    assert call("POST", f"messages/{message.key}/again").status_code == 409


def test_a_key_that_may_not_download_sends_no_answers_anywhere(orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ["read", "post", "fund"])
    assert call("POST", "webhooks", NEW).status_code == 403


def test_eleven_are_too_many(orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ["read", "download"])
    assert [call("POST", "webhooks", NEW).status_code for _turn in range(11)] == [201] * 10 + [409]
