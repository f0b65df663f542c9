import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from coop import clock
from coop.people import keys
from coop.people.models import Client, Person
from tasks import once
from tasks.models import Call, Job
from tests.tasks.test_api import ALL, JSON, NEW


@pytest.fixture
def secret(orbit: Client, olga: Person) -> str:
    return keys.issue(orbit, name="tests", scopes=ALL, by=olga, at=clock.now())[1]


def post(secret: str, body: Any, path: str = "jobs", **headers: str) -> Any:
    browser = Browser(headers={"authorization": f"Bearer {secret}"})
    return browser.post(f"/api/v1/{path}", json.dumps(body), content_type=JSON, headers=headers)


@pytest.mark.django_db
def test_the_same_call_is_carried_out_once_and_answered_alike(secret: str) -> None:
    first = post(secret, NEW, **{"Idempotency-Key": "a"})
    again = post(secret, NEW, **{"Idempotency-Key": "a"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first.headers.get(once.REPLAYED), again.headers[once.REPLAYED]) == (None, "true")
    assert Job.objects.filter(title=NEW["title"]).count() == 1
    assert post(secret, NEW, **{"Idempotency-Key": "b"}).json()["id"] != first.json()["id"]


@pytest.mark.django_db
def test_another_call_under_the_same_name_is_refused(secret: str) -> None:
    post(secret, NEW, **{"Idempotency-Key": "a"})
    other = post(secret, NEW | {"title": "Another"}, **{"Idempotency-Key": "a"})
    assert other.status_code == 422
    assert "something else was asked" in other.json()["title"]
    assert not Job.objects.filter(title="Another").exists()


@pytest.mark.django_db
def test_names_of_one_key_are_not_those_of_another(secret: str, orbit: Client, olga: Person) -> None:
    other = keys.issue(orbit, name="other", scopes=ALL, by=olga, at=clock.now())[1]
    first, second = (post(one, NEW, **{"Idempotency-Key": "a"}).json()["id"] for one in (secret, other))
    assert first != second


@pytest.mark.django_db
def test_a_refusal_is_no_answer_and_the_call_may_come_again(secret: str) -> None:
    wrong = post(secret, NEW | {"pay": "0.001"}, **{"Idempotency-Key": "a"})
    assert wrong.status_code >= 400
    assert not Call.objects.exists()
    assert post(secret, NEW, **{"Idempotency-Key": "a"}).status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "x" * 256, "a b", "é"])
def test_a_name_has_its_bounds(secret: str, name: str) -> None:
    assert post(secret, NEW, **{"Idempotency-Key": name}).status_code == 400


@pytest.mark.django_db
def test_what_was_answered_is_not_kept_in_clear(secret: str) -> None:
    new = {"url": "https://orbit.example/hook", "kinds": ["task.completed"]}
    answer = post(secret, new, "webhooks", **{"Idempotency-Key": "a"}).json()
    kept = Call.objects.get()
    assert answer["secret"] not in kept.sealed
    assert post(secret, new, "webhooks", **{"Idempotency-Key": "a"}).json() == answer


@pytest.mark.django_db
def test_a_file_of_tasks_is_known_again_by_its_content(secret: str) -> None:
    job = post(secret, NEW).json()["id"]
    browser = Browser(headers={"authorization": f"Bearer {secret}", "idempotency-key": "tasks"})
    path, kind = f"/api/v1/jobs/{job}/tasks", "application/x-ndjson"
    assert browser.post(path, b'{"a": 1}\n{"a": 2}', content_type=kind).json()["rows"] == 2
    assert browser.post(path, b'{"a": 1}\n{"a": 2}', content_type=kind).headers[once.REPLAYED] == "true"
    assert browser.post(path, b'{"a": 1}\n{"a": 3}', content_type=kind).status_code == 422


@pytest.mark.django_db
def test_an_answer_is_kept_for_a_day_and_written_once(secret: str, attack: Any) -> None:
    post(secret, NEW, **{"Idempotency-Key": "a"})
    assert once.forget() == 0
    attack("UPDATE tasks_call SET status = 200", guard="calls_are_answered_once")
    attack("DELETE FROM tasks_call", guard="permission denied")


def test_two_at_once_make_one(secret: str, committed: None) -> None:
    answers = []

    def call() -> None:
        answers.append(post(secret, NEW, **{"Idempotency-Key": "a"}).json()["id"])
        connections.close_all()

    both = [threading.Thread(target=call) for _turn in range(4)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(answers) == 4
    assert len(set(answers)) == 1


@pytest.mark.django_db
def test_every_answer_says_how_many_calls_are_left(secret: str, settings: Settings) -> None:
    settings.API_CALLS_A_MINUTE = 3
    clock.advance(timedelta(seconds=60 - clock.now().second))  # so that all four fall into one minute
    browser = Browser(headers={"authorization": f"Bearer {secret}"})
    told = [browser.get("/api/v1/jobs") for _call in range(4)]
    assert [answer.status_code for answer in told] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit"].split(";")[1] for answer in told] == ["r=2", "r=1", "r=0", "r=0"]
    assert told[0].headers["RateLimit-Policy"] == '"minute";q=3;w=60'
    assert 0 < int(told[3].headers["Retry-After"]) <= 60
    assert told[3].headers["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_what_is_still_the_same_is_not_sent_again(secret: str) -> None:
    job = post(secret, NEW).json()["id"]
    browser = Browser(headers={"authorization": f"Bearer {secret}"})
    first = browser.get(f"/api/v1/jobs/{job}")
    same = browser.get(f"/api/v1/jobs/{job}", headers={"if-none-match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["rates", "skills", "records"])
def test_what_everybody_reads_is_not_sent_again_either(address: str) -> None:
    first = Browser().get(f"/api/v1/{address}")
    same = Browser(headers={"if-none-match": first.headers["ETag"]}).get(f"/api/v1/{address}")
    assert (first.status_code, same.status_code, same.content) == (200, 304, b"")


@pytest.mark.django_db
def test_the_page_of_the_api_shows_every_call_and_nothing_from_elsewhere() -> None:
    page, schema = Browser().get("/api/").text, Browser().get("/api/schema?format=json").json()
    named = [one["operationId"] for calls in schema["paths"].values() for one in calls.values() if "operationId" in one]
    assert len(named) > 20
    assert [name for name in named if f'id="{name}"' not in page] == []
    assert '<script src="http' not in page
    assert "https://" not in page.replace("https://example.com", "").replace("Begins with https://", "")
