"""Boxes over frames of the street scene, by mouse and keys, without scripts, and as whoever checks them sees them."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from coop import clock
from coop.people.models import Client, Person
from tasks import claims
from tasks.models import Answer, Assignment, AssignmentState
from tests.browser.conftest import Door
from tests.browser.test_drawing import WIDE, place
from tests.tasks import media_jobs
from tests.tasks.handing_in import real

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]
FORM = {"question": "Follow each car.", "labels": ["car", "lorry"]}


@pytest.fixture
def held(_django_db_helper: None, orbit: Client, olga: Person, amina: Person) -> Assignment:
    """Return a task about five frames that Amina holds."""
    frames = [f"{number}.png" for number in range(5)]
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("frames", amina), form=FORM,
        given=dict.fromkeys(frames, real("street-scene/000001.png")), data=[{"frames": frames}] * 2,
    )  # fmt: skip
    return claims.claim_next(job, by=amina, at=clock.now())


def drag(page: Page, *places: tuple[float, float]) -> None:
    """Drag the mouse from one place of the frame that is shown over others."""
    svg = page.locator("[data-frames] svg")
    svg.scroll_into_view_if_needed()
    page.mouse.move(*place(svg, *places[0]))
    page.mouse.down()
    for one in places[1:]:
        page.mouse.move(*place(svg, *one), steps=4)
    page.mouse.up()


def turn(page: Page, frame: int) -> None:
    """Go to a frame, counted from 0."""
    page.locator("[data-frame]").fill(str(frame))


def tracks(page: Page) -> list[dict[str, Any]]:
    """Return what would be sent."""
    found: list[dict[str, Any]] = page.evaluate("JSON.parse(document.getElementById('tracks').value).tracks")
    return found


def test_a_box_drawn_twice_is_in_between_by_itself(held: Assignment, amina: Person, door: Door) -> None:
    page = door(amina, javascript=True, **WIDE)
    page.goto(f"/work/{held.pk}/")
    drag(page, (100, 100), (150, 160), (200, 180))
    assert tracks(page) == [
        {"id": "1", "label": "car", "keys": [{"frame": 0, "x": 100, "y": 100, "width": 100, "height": 80}]}
    ]
    turn(page, 4)
    drag(page, (150, 140), (200, 180), (350, 180))
    first, last = tracks(page)[0]["keys"]
    assert (last["frame"], last["x"] - first["x"]) == (4, pytest.approx(200, abs=2))
    turn(page, 2)
    expect(page.locator("[data-frames] svg rect.shape")).to_have_attribute(
        "x", str(round((first["x"] + last["x"]) / 2))
    )
    page.locator("[data-frames] svg").press(".")
    expect(page.locator("[data-counted]")).to_have_text("4 / 5")
    page.get_by_role("button", name="1 car").click()
    page.get_by_role("button", name="Gone from here on").click()
    assert tracks(page)[0]["until"] == 2
    page.get_by_role("button", name="Send and get next").click()
    expect(page.get_by_text("being checked until")).to_be_visible()
    (one,) = Answer.objects.get(assignment=held).value["tracks"]
    assert [key["frame"] for key in one["keys"]] == [0]
    assert one["until"] == 2


def test_without_scripts_numbers_say_it(held: Assignment, amina: Person, door: Door) -> None:
    page = door(amina, **WIDE)
    page.goto(f"/work/{held.pk}/")
    assert page.locator("figure img").count() == 5
    for row, (frame, where) in enumerate([("1", "10 20 30 40"), ("5", "50 20 30 40")]):
        page.locator("[name=id]").nth(row).fill("bus 7")
        page.locator("[name=frame]").nth(row).fill(frame)
        page.locator("[name=place]").nth(row).fill(where)
    page.get_by_role("button", name="Send and get next").click()
    held.refresh_from_db()
    assert held.state == AssignmentState.SUBMITTED
    (one,) = Answer.objects.get(assignment=held).value["tracks"]
    assert (one["id"], [key["x"] for key in one["keys"]]) == ("bus 7", [10, 50])
