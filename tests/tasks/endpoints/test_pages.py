"""A job's model on its page and by program: named, looked at, asked again, ended; its secret is nowhere to be seen."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from tasks.endpoints import asking
from tasks.models import Endpoint, Job
from tests.tasks.endpoints.conftest import Backend, chosen, leading_to
from tests.tasks.test_api import program
from tests.tasks.test_work_pages import said

pytestmark = pytest.mark.django_db

type SignedIn = Callable[[Person], Browser]

NEW = {"url": "https://model.example/ml", "user": "workhall", "password": "very secret"}


def address(job: Job, name: str = "model") -> str:
    return reverse(f"tasks:{name}", args=["orbit", job.pk])


def test_a_person_names_a_model_and_its_secret_is_shown_nowhere(draft: Job, olga: Person, signed_in: SignedIn) -> None:
    browser = signed_in(olga)
    assert "A model of yours" in said(browser.get(reverse("tasks:client_job", args=["orbit", draft.pk])))
    page = browser.post(address(draft), NEW, follow=True)
    assert "asked within a minute" in said(page)
    assert "https://model.example/ml" in said(page)
    assert "very secret" not in page.text
    assert Endpoint.objects.get(job=draft).named_by == olga


def test_what_cannot_be_named_comes_back_with_what_was_typed(draft: Job, olga: Person, signed_in: SignedIn) -> None:
    page = signed_in(olga).post(address(draft), NEW | {"url": "http://model.example/"})
    assert page.status_code == 400
    assert "Tasks go out encrypted alone" in said(page)
    assert "http://model.example/" in page.text
    assert "very secret" not in page.text
    assert not Endpoint.objects.exists()


def test_the_page_tells_how_far_it_was_asked_and_what_was_refused(
    endpoint: Endpoint, draft: Job, olga: Person, backend: Backend, signed_in: SignedIn
) -> None:
    browser = signed_in(olga)
    assert "not yet" in said(browser.get(address(draft)))
    backend.says = lambda _asked: {"results": [chosen("<b>bicycle</b>"), chosen("car"), chosen("fruit")]}
    asking.ask_due(at=clock.now())
    page = browser.get(address(draft))
    assert "Tasks that start from it 2" in said(page)
    assert "Could not be used 1" in said(page)
    assert "t1 Prediction: Choose from the labels shown." in said(page)


def test_the_page_tells_why_a_call_failed_and_asks_again(
    endpoint: Endpoint, draft: Job, olga: Person, backend: Backend, signed_in: SignedIn
) -> None:
    browser, backend.status = signed_in(olga), 503
    asking.ask_due(at=clock.now())
    page = said(browser.get(address(draft)))
    assert "It answered with an error. The status was 503." in page
    assert "It is asked again:" in page
    backend.status = 200
    assert "asked again from the first task" in said(browser.post(address(draft, "ask_model_again"), follow=True))
    asking.ask_due(at=clock.now())
    assert "Tasks that start from it 3" in said(browser.get(address(draft)))


def test_one_that_is_left_alone_says_so(draft: Job, olga: Person, signed_in: SignedIn) -> None:
    leading_to("http://10.0.0.1/", draft, olga)
    asking.ask_due(at=clock.now())
    page = said(signed_in(olga).get(address(draft)))
    assert "It is left alone" in page
    assert "leads into a private network" in page


def test_a_person_ends_it(endpoint: Endpoint, draft: Job, olga: Person, signed_in: SignedIn) -> None:
    browser = signed_in(olga)
    assert "What it said stays" in said(browser.post(address(draft, "end_model"), follow=True))
    assert asking.ask_due(at=clock.now()) == 0
    page = browser.get(address(draft))
    assert "It is asked no more" in said(page)
    assert address(draft, "ask_model_again") not in page.text


def test_nobody_else_finds_it(endpoint: Endpoint, draft: Job, amina: Person, signed_in: SignedIn) -> None:
    browser = signed_in(amina)
    for name in ("model", "ask_model_again", "end_model"):
        assert browser.post(address(draft, name), NEW).status_code == 404
    endpoint.refresh_from_db()
    assert endpoint.state == "live"


def test_a_program_does_the_same(draft: Job, orbit: Client, olga: Person, backend: Backend) -> None:
    call, _key = program(orbit, olga, ["read", "download"])
    where = f"jobs/{draft.pk}/model"
    assert call("GET", where).status_code == 404
    made = call("POST", where, NEW)
    assert (made.status_code, made.json()["state"], made.json()["url"]) == (200, "live", NEW["url"])
    assert "password" not in made.json()
    Endpoint.objects.update(url=backend.address)
    backend.says = lambda _asked: {"results": [chosen("bicycle"), chosen("car"), chosen("fruit")]}
    asking.ask_due(at=clock.now())
    told = call("GET", where).json()
    assert (told["predicted"], told["refused"], told["version"]) == (2, 1, "v0")
    assert told["problems"] == [{"task": "t1", "problem": "Prediction: Choose from the labels shown."}]
    assert call("POST", f"{where}/again").json()["refused"] == 0
    assert call("DELETE", where).status_code == 204
    assert call("GET", where).json()["state"] == "ended"
    assert call("POST", f"{where}/again").status_code == 409
    assert call("POST", where, {"url": "http://x.example"}).status_code == 400


def test_a_key_that_may_not_send_tasks_out_names_nothing(draft: Job, orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ["read", "post", "fund"])
    assert call("POST", f"jobs/{draft.pk}/model", NEW).status_code == 403
    assert not Endpoint.objects.exists()


def test_another_organisations_model_is_not_there(endpoint: Endpoint, draft: Job, petra: Person) -> None:
    rival = clients.found("Rival", slug="rival", by=petra, at=clock.now())
    call, _key = program(rival, petra, ["read", "download"])
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", ""), ("POST", "/again")):
        assert call(method, f"jobs/{draft.pk}/model{path}", NEW).status_code == 404
