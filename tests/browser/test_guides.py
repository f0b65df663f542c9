"""A question from inside a task, its answer in the guide, and reading it, paid: on a phone without JavaScript."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from coop import clock
from coop.people.models import Client, Person
from tasks import claims
from tests.browser.conftest import Door
from tests.tasks import orders
from tests.tasks.conftest import make_job

pytestmark = pytest.mark.usefixtures("committed")


def look(page: Page, name: str) -> None:
    """Keep a picture of the page where PICTURES says, to be looked at."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_question_comes_back_as_a_paid_part_of_the_guide(
    door: Door, orbit: Client, olga: Person, amina: Person
) -> None:
    job = make_job(orbit, olga)
    orders.deposit(orbit, "50")
    mine = claims.claim_next(job, by=amina, at=clock.now())
    member, client = door(amina), door(olga)
    member.goto(f"/work/{mine.pk}/")
    member.get_by_role("radio", name="Same").first.check()
    member.get_by_text("Ask the client", exact=True).click()
    member.get_by_label("Your question about this task").fill("Does the lid count as part of the kettle?")
    look(member, "ask")
    member.get_by_role("button", name="Keep what I wrote, and ask").click()
    expect(member.get_by_text("Asked.")).to_be_visible()
    expect(member.get_by_role("radio", name="Same").first).to_be_checked()
    look(member, "asked")
    client.goto(f"/c/orbit/jobs/{job.pk}/guide/")
    client.get_by_label("Does the lid count").fill("Yes: a lid is part of it.")
    client.get_by_role("button", name="See what it comes to").click()
    look(client, "price")
    client.get_by_role("button", name="Publish it for all").click()
    expect(client.get_by_text("The guide is changed.")).to_be_visible()
    look(client, "published")
    member.get_by_role("button", name="Send and get next").click()
    expect(member.get_by_role("heading", name="New since your last task")).to_be_visible()
    look(member, "news")
    member.get_by_role("button", name="I have read it: go on").click()
    expect(member.get_by_text("for reading is yours")).to_be_visible()
    member.get_by_role("button", name="Accept this rate and start").click()
    expect(member.get_by_role("button", name="Send and get next")).to_be_visible()
    assert job.pay == Decimal("0.09")
    look(member, "on")
