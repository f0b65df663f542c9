"""A rejected answer on a phone: the client says why, its author is paid and told, two who were drawn decide."""

from typing import Any

import pytest
from playwright.sync_api import expect

from coop.people.models import Client, Person
from tasks.models import Assignment
from tests.browser.conftest import Door
from tests.tasks import disputing
from tests.tasks.conftest import SAME, work


@pytest.fixture
def mine(live_server: Any, orbit: Client, olga: Person, amina: Person) -> Assignment:
    """Return an answer of Amina's that waits for a look."""
    disputing.learned(orbit, olga)
    return work(disputing.checked(orbit, olga), amina, SAME)


def test_one_answer_is_rejected_paid_looked_at_twice_and_stands(
    mine: Assignment, olga: Person, amina: Person, door: Door
) -> None:
    client = door(olga)
    client.goto(f"/c/orbit/jobs/{mine.job_id}/")
    client.get_by_role("link", name="The answers being checked").click()
    client.get_by_role("link", name="pair-1").click()
    client.get_by_label("What is wrong", exact=True).fill(disputing.REASON)
    client.get_by_role("button", name="Reject this answer").click()
    expect(client.get_by_text("Rejected. It is paid meanwhile")).to_be_visible()
    author = door(amina)
    author.goto("/work/")
    author.get_by_role("link", name=mine.job.title).first.click()
    expect(author.get_by_text("0.09 is paid to you")).to_be_visible()
    expect(author.get_by_text(disputing.REASON)).to_be_visible()
    for place in disputing.places(mine.dispute):
        peer = door(place.person)
        peer.goto("/review/")
        peer.get_by_role("link", name="Look at it").click()
        peer.get_by_role("link", name="Compare products").click()
        peer.get_by_label("Why", exact=True).fill(disputing.WHY)
        peer.get_by_role("button", name="The answer stands").click()
        expect(peer.get_by_text("Your look is paid")).to_be_visible()
    author.reload()
    expect(author.get_by_text("Your answer stands")).to_be_visible()
