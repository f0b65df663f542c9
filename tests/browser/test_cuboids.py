"""Cuboids in the real sweep: by mouse and keys, without WebGL by numbers, and as whoever checks them sees them."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from coop import clock
from coop.people.models import Client, Person
from tasks import claims
from tasks.models import Answer, Assignment
from tests.browser.conftest import Door
from tests.browser.test_drawing import WIDE, send, until
from tests.tasks import kitti, media_jobs
from tests.tasks.handing_in import real

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]
FORM = {"question": "Put a cuboid round each thing.", "labels": ["car", "truck", "cyclist"]}


@pytest.fixture
def held(_django_db_helper: None, orbit: Client, olga: Person, amina: Person) -> Assignment:
    """Return a task about the sweep that Amina holds."""
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("cuboids", amina), form=FORM,
        given={"000001.bin": real(f"{kitti.SCENE}.bin")}, data=[{"cloud": "000001.bin"}] * 4,
    )  # fmt: skip
    return claims.claim_next(job, by=amina, at=clock.now())


def opened(page: Page, held: Assignment) -> None:
    """Open the task and wait for its points."""
    page.goto(f"/work/{held.pk}/")
    until(page, "document.querySelector('canvas').hasAttribute('tabindex')")
    until(page, "!document.querySelector('canvas').hasAttribute('aria-busy')")


def cuboids(page: Page) -> list[dict[str, Any]]:
    """Return the cuboids that would be sent."""
    found: list[dict[str, Any]] = page.evaluate("JSON.parse(document.getElementById('cuboids').value).cuboids")
    return found


def colours(page: Page) -> int:
    """Return how many colours the canvas shows: the points are drawn."""
    count: int = page.evaluate(
        """() => { const canvas = document.querySelector('canvas'), gl = canvas.getContext('webgl');
        const pixels = new Uint8Array(canvas.width * canvas.height * 4);
        gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
        return new Set(new Uint32Array(pixels.buffer)).size; }"""
    )
    return count


def from_above(page: Page, up: float, right: float) -> tuple[float, float]:
    """Return where on the screen a place is, so many parts of the view from above up and right of its middle."""
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    return box["x"] + box["width"] * 0.33 * (1 + right), box["y"] + box["height"] * (0.75 - up / 4)


def test_a_cuboid_is_placed_moved_stretched_and_turned(door: Door, held: Assignment, amina: Person) -> None:
    page = door(amina, javascript=True, **WIDE)
    opened(page, held)
    assert colours(page) > 200
    page.get_by_role("button", name="New: click in the view from above").click()
    page.mouse.click(*from_above(page, 0, 0))
    (one,) = cuboids(page)
    assert one["size"] == [4.2, 1.8, 1.6]
    assert one["center"][:2] == pytest.approx([15, 0], abs=0.6)
    assert -2.5 < one["center"][2] - 0.8 < -1, "it stands on the ground that was measured"
    page.mouse.move(*from_above(page, 0, 0))
    page.mouse.down()
    page.mouse.move(*from_above(page, 0.2, 0), steps=4)
    page.mouse.up()
    moved = cuboids(page)[0]
    assert moved["center"][0] == pytest.approx(21, abs=0.9)
    page.locator("canvas").focus()
    for key in ("q", "ArrowUp", "PageUp", "Control+ArrowUp", "2"):
        page.keyboard.press(key)
    last = cuboids(page)[0]
    assert last["yaw"] == pytest.approx(0.035, abs=0.001)
    assert last["center"][2] == pytest.approx(moved["center"][2] + 0.05, abs=0.002)
    assert (last["size"][0], last["label"]) == (pytest.approx(4.25), "truck")
    page.locator("canvas").focus()
    page.keyboard.press("n")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert len(cuboids(page)) == 1
    page.keyboard.press("Control+Shift+z")
    assert len(cuboids(page)) == 2
    page.get_by_role("button", name="Redo").click()
    assert len(cuboids(page)) == 1
    expect(page.get_by_text("Complete: it can be sent.")).to_be_visible()
    send(page)
    assert len(Answer.objects.get(assignment=held).value["cuboids"]) == 1


def test_the_reference_is_written_by_numbers_without_scripts(door: Door, held: Assignment, amina: Person) -> None:
    page = door(amina, **WIDE)
    page.goto(f"/work/{held.pk}/")
    for number, one in enumerate(kitti.cuboids()):
        page.locator("[name=id]").nth(number).fill(one["id"])
        page.locator("[name=label]").nth(number).select_option(one["label"])
        numbers = [*one["center"], *one["size"], one["yaw"]]
        page.locator("[name=place]").nth(number).fill(" ".join(map(str, numbers)))
    send(page)
    assert Answer.objects.get(assignment=held).value == {"cuboids": kitti.cuboids()}


def test_over_two_clouds_a_cuboid_keeps_its_size_and_label(
    door: Door, orbit: Client, olga: Person, amina: Person
) -> None:
    sweep = real(f"{kitti.SCENE}.bin")
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("cuboids", amina), form=FORM,
        given={"1.bin": sweep, "2.bin": sweep[: len(sweep) // 32 * 16]}, data=[{"cloud": ["1.bin", "2.bin"]}],
    )  # fmt: skip
    page, task = door(amina, javascript=True, **WIDE), claims.claim_next(job, by=amina, at=clock.now())
    opened(page, task)
    page.locator("canvas").press("n")
    page.locator("[data-frame]").select_option("2")
    until(page, "!document.querySelector('canvas').hasAttribute('aria-busy')")
    expect(page.locator("[data-list] li")).to_have_count(0)
    page.get_by_role("button", name="Take over from the frame before").click()
    page.locator("[data-list] button").click()
    for key in ("ArrowUp", "Control+ArrowUp", "3"):
        page.keyboard.press(key)
    first, second = cuboids(page)
    assert (first["id"], first["label"], first["size"]) == (second["id"], second["label"], second["size"])
    assert (first["label"], first["size"][0]) == ("cyclist", pytest.approx(4.25))
    assert (second["frame"], second["center"][0] - first["center"][0]) == (1, pytest.approx(0.05))
    page.locator("[data-frame]").select_option("1")
    expect(page.locator("[data-list] li")).to_contain_text("1 cyclist")
    send(page)
    assert Answer.objects.get(assignment=task).value["cuboids"] == [first, second]


def test_the_card_says_that_it_needs_a_computer(door: Door, held: Assignment, amina: Person) -> None:
    page = door(amina)
    page.goto(f"/jobs/{held.job_id}/")
    expect(page.get_by_text("does not fit on a phone")).to_be_visible()
    expect(page.get_by_text("KB per task")).to_be_visible()
