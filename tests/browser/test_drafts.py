"""Work that survives a lost connection: saved with us while there is one, on the phone while there is none."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from coop import clock, demo
from coop.people.models import Person
from tasks import claims
from tasks.models import Assignment, Job
from tests.browser.conftest import Door


@pytest.fixture
def assignment(live_server: Any, amina: Person) -> Assignment:
    """Give Amina a task: which of two answers is better, and why."""
    demo.populate(clock.now())
    job = Job.objects.get(work_type__slug="compare-answers", opened_at__isnull=False)
    return claims.claim_next(job, by=amina, at=clock.now())


@pytest.fixture
def task(assignment: Assignment, amina: Person, door: Door) -> Page:
    """Open the task on Amina's phone."""
    page = door(amina, javascript=True)
    page.goto(f"/work/{assignment.pk}/")
    return page


def saved(page: Page) -> None:
    """Wait until the page says that it is saved, and see that nothing stays on the phone."""
    expect(page.locator("[data-saved]").first).to_contain_text("Saved")
    assert page.evaluate("localStorage.length") == 0


def test_what_is_written_saves_itself_and_is_there_again(task: Page) -> None:
    task.locator("#reason").press_sequentially("A names the cause.")
    saved(task)
    task.reload()
    assert task.locator("#reason").input_value() == "A names the cause."


def test_what_is_written_without_a_connection_comes_back_from_the_phone(task: Page) -> None:
    task.route("**/draft/", lambda route: route.abort())
    task.locator("#reason").press_sequentially("B is wrong about the sea.")
    expect(task.locator("#status")).to_contain_text("No connection")
    task.reload()
    assert task.locator("#reason").input_value() == "B is wrong about the sea."
    expect(task.locator("#status")).to_contain_text("We brought back what you wrote")
    task.unroute("**/draft/")
    task.locator("#reason").press_sequentially(" Indeed.")
    saved(task)
