"""What may upset is covered until it is uncovered, blurred and grey until chosen otherwise, without a script."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from coop import clock
from coop.people.models import Client, Person
from tasks import claims, content
from tasks.models import Assignment
from tests.browser.conftest import Door
from tests.browser.test_drawing import FORM, WIDE
from tests.tasks import media_jobs
from tests.tasks.handing_in import real

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]
HARD = {"violence": "often", "medical": "rare"}


@pytest.fixture
def held(_django_db_helper: None, orbit: Client, olga: Person, amina: Person) -> Assignment:
    """Return a task about a picture that may upset, which Amina holds."""
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("image", amina), form=FORM, content=HARD, pay=Decimal("0.6"),
        given={"000001.png": real("street-scene/000001.png")}, data=[{"image": "000001.png"}] * 4,
    )  # fmt: skip
    content.choose(amina, HARD, None, by=amina, at=clock.now())
    return claims.claim_next(job, by=amina, at=clock.now())


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody asked for it."""
    if folder := os.environ.get("WORKHALL_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def look(page: Page) -> str:
    """Return how the picture is drawn."""
    found: str = page.evaluate("getComputedStyle(document.querySelector('.stage img')).filter")
    return found


@pytest.mark.parametrize("scripts", [False, True], ids=["plain", "scripts"])
def test_a_picture_is_uncovered_in_steps(held: Assignment, amina: Person, door: Door, *, scripts: bool) -> None:
    page = door(amina, javascript=scripts)
    page.goto(f"/work/{held.pk}/")
    expect(page.locator(".stage img")).to_be_hidden()
    expect(page.get_by_role("button", name="Skip (no penalty)")).to_be_visible()
    keep(page, f"covered-{scripts}")
    page.get_by_text("This may upset").click()
    expect(page.locator(".stage img")).to_be_visible()
    assert look(page) == "blur(16px) grayscale(1)"
    keep(page, f"blurred-{scripts}")
    page.get_by_label("Pictures sharp").check()
    assert look(page) == "grayscale(1)"
    page.get_by_label("Pictures in colour").check()
    assert look(page) == "none"
    keep(page, f"uncovered-{scripts}")


def test_one_chooses_on_a_page(held: Assignment, amina: Person, door: Door) -> None:
    for name, screen in (("phone", {}), ("wide", WIDE), ("dark", {**WIDE, "color_scheme": "dark"})):
        page = door(amina, **screen)
        page.goto("/me/content/")
        keep(page, f"choose-{name}")
        page.goto(f"/jobs/{held.job_id}/")
        keep(page, f"card-{name}")
    page.goto("/me/content/")
    page.get_by_label("Hate and insults").check()
    page.get_by_role("button", name="Save").click()
    assert content.chosen(amina).topics == ["hate", "medical", "violence"]
