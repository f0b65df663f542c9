"""Two drafts joined into a chain, and an answer known beforehand, on a phone without JavaScript."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from coop import clock
from coop.people.models import Client, Person
from tasks import claims
from tests.browser.conftest import Door
from tests.tasks import orders

pytestmark = pytest.mark.usefixtures("committed")


def look(page: Page, name: str) -> None:
    """Keep a picture of the page where PICTURES says, to be looked at."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_chain_is_joined_and_a_known_answer_is_read_afterwards(
    door: Door, orbit: Client, olga: Person, amina: Person
) -> None:
    orders.deposit(orbit, "100")
    first, second = orders.draft(orbit, olga, overlap=2), orders.draft(orbit, olga, title="Decide", overlap=1)
    orders.send(first, orders.rows_of(2))
    client, member = door(olga), door(amina)
    client.goto(f"/c/orbit/jobs/{second.pk}/stages/")
    client.get_by_label("It follows").select_option(str(first.pk))
    client.get_by_label("Each task whose answers do not agree").check()
    look(client, "join")
    client.get_by_role("button", name="Join the two").click()
    expect(client.get_by_text("Joined.")).to_be_visible()
    look(client, "joined")
    client.goto(f"/c/orbit/jobs/{second.pk}/")
    look(client, "stage-job")
    client.goto(f"/c/orbit/jobs/{first.pk}/preview/")
    client.get_by_role("radio", name="Same").first.check()
    client.get_by_text("Keep it as the known answer", exact=True).click()
    client.get_by_label("Why it is right").fill("Both name the same maker.")
    look(client, "known")
    client.get_by_role("button", name="Keep what is filled in as the known answer").click()
    expect(client.get_by_text("Both name the same maker.").first).to_be_visible()
    for job in (second, first):
        client.goto(f"/c/orbit/jobs/{job.pk}/")
        client.get_by_role("button", name="aside").click()
        client.get_by_role("button", name="Open the job").click()
        expect(client.get_by_text("The job is open.")).to_be_visible()
    look(client, "opened")
    first.refresh_from_db()
    mine = claims.claim_next(first, by=amina, at=clock.now())
    member.goto(f"/work/{mine.pk}/")
    member.get_by_role("radio", name="Different").first.check()
    member.get_by_role("button", name="Send and get next").click()
    expect(member.get_by_text("This task had a known answer")).to_be_visible()
    look(member, "was-known")
    member.goto(f"/jobs/{second.pk}/")
    look(member, "stage-card")
