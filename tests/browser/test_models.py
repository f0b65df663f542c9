"""A client names where its model answers, on a phone without JavaScript; a member starts from what it said."""

import pytest
from playwright.sync_api import expect

from coop import clock
from coop.people.models import Client, Person
from tasks import claims, jobs
from tasks.endpoints import asking
from tasks.models import Endpoint
from tests.browser.conftest import Door
from tests.browser.test_stages import look
from tests.tasks import orders
from tests.tasks.endpoints.conftest import Backend, backend, chosen, of_texts

pytestmark = pytest.mark.usefixtures("committed")
__all__ = ["backend"]

WIDE = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"}


def test_a_model_is_named_asked_and_started_from(
    door: Door, orbit: Client, olga: Person, amina: Person, backend: Backend
) -> None:
    job = of_texts(orbit, olga, "ripe apple", "fast van", "green apple")
    client = door(olga)
    client.goto(f"/c/orbit/jobs/{job.pk}/")
    client.get_by_role("link", name="A model of yours").click()
    look(client, "model-draft")
    client.get_by_label("Address").fill("https://models.example/fruits")
    client.get_by_label("User name").fill("workhall")
    client.get_by_label("Password").fill("secret")
    client.get_by_role("button", name="Name it").click()
    expect(client.get_by_text("It is asked within a minute or two")).to_be_visible()
    Endpoint.objects.update(url=backend.address)
    backend.says = lambda _asked: {"results": [chosen("fruit"), chosen("bicycle"), chosen("car")]}
    asking.ask_due(at=clock.now())
    client.reload()
    expect(client.get_by_text("Choose from the labels shown.")).to_be_visible()
    look(client, "model-asked")
    backend.status = 503
    client.get_by_role("button", name="Ask again from the start").click()
    asking.ask_due(at=clock.now())
    client.reload()
    expect(client.get_by_text("The status was 503.")).to_be_visible()
    look(client, "model-failed")
    wide = door(olga, **WIDE)
    wide.goto(f"/c/orbit/jobs/{job.pk}/model/")
    look(wide, "model-wide-dark")
    client.get_by_role("button", name="Ask it no more").click()
    expect(client.get_by_text("It is asked no more:")).to_be_visible()
    orders.deposit(orbit, "1000")
    jobs.fund(job, by=olga, at=clock.now())
    jobs.open(job, by=olga, at=clock.now())
    member = door(amina)
    member.goto(f"/work/{claims.claim_next(job, by=amina, at=clock.now()).pk}/")
    expect(member.get_by_text("A machine filled this in")).to_be_visible()
    expect(member.get_by_role("radio", name="fruit")).to_be_checked()
