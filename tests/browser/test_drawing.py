"""Shapes on the real street scene, by mouse, finger and keys, without scripts, and as whoever checks them sees them."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from coop import clock
from coop.people.models import Client, Person
from tasks import checks, claims
from tasks.models import Answer, Assignment, AssignmentState
from tests.browser.conftest import Door
from tests.tasks import media_jobs
from tests.tasks.handing_in import real

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
FORM = {
    "question": "Draw a box round each car.",
    "labels": ["car", "lorry"],
    "types": ["box", "polygon", "point", "ellipse", "line"],
}


@pytest.fixture
def held(_django_db_helper: None, orbit: Client, olga: Person, amina: Person) -> Assignment:
    """Return a task about the street scene that Amina holds."""
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("image", amina), form=FORM,
        given={"000001.png": real("street-scene/000001.png")}, data=[{"image": "000001.png"}] * 4,
    )  # fmt: skip
    return claims.claim_next(job, by=amina, at=clock.now())


def until(page: Page, holds: str) -> None:
    """Wait until an expression is true; the page's own rules let no text be run in it that waits by itself."""
    for _try in range(200):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never: {holds}")


def picture(page: Page) -> Locator:
    """Return the drawing surface, in view and loaded."""
    svg = page.locator(".stage svg")
    svg.scroll_into_view_if_needed()
    until(page, "document.querySelector('.stage img').complete")
    return svg


def place(svg: Locator, x: float, y: float) -> tuple[float, float]:
    """Return where on the screen a pixel of the image is."""
    box = svg.bounding_box()
    assert box
    return box["x"] + x * box["width"] / 1242, box["y"] + y * box["height"] / 375


def drag(page: Page, *places: tuple[float, float]) -> None:
    """Drag the mouse from one place of the image over others."""
    svg = picture(page)
    page.mouse.move(*place(svg, *places[0]))
    page.mouse.down()
    for one in places[1:]:
        page.mouse.move(*place(svg, *one), steps=4)
    page.mouse.up()


def touch(page: Page, *places: tuple[float, float]) -> None:
    """Drag a finger from one place of the image over others."""
    svg = picture(page)
    move(page, *(place(svg, *one) for one in places))


def move(page: Page, *places: tuple[float, float]) -> None:
    """Put a finger on a place of the screen, and lift it after it went over the others."""
    finger = page.context.new_cdp_session(page)
    for kind, (x, y) in zip(["touchStart", *["touchMove"] * (len(places) - 1)], places, strict=True):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def shapes(page: Page) -> list[dict[str, Any]]:
    """Return the shapes that would be sent."""
    found: list[dict[str, Any]] = page.evaluate("JSON.parse(document.getElementById('shapes').value).shapes")
    return found


def near(shape: dict[str, Any], *numbers: float) -> bool:
    """Tell whether a box is where it was drawn, to a pixel of the screen."""
    return all(
        abs(shape[name] - number) <= 4 for name, number in zip(("x", "y", "width", "height"), numbers, strict=True)
    )


def send(page: Page) -> None:
    """Send the answer and wait until it is taken."""
    page.locator("[data-send]").click()
    expect(page.get_by_text("being checked until").or_(page.get_by_text("no further task"))).to_be_visible()


def draw_one_of_each(page: Page) -> None:
    """Draw a box, change it, then a polygon, an ellipse and a point; take the last back and draw it again."""
    drag(page, (387, 181), (423, 203))
    assert near(shapes(page)[0], 387, 181, 36, 22)
    drag(page, (423, 203), (450, 220))  # by its lower right corner
    assert near(shapes(page)[0], 387, 181, 63, 39)
    drag(page, (400, 200), (500, 210))  # by its middle
    assert near(shapes(page)[0], 487, 191, 63, 39)
    page.locator("label", has_text="lorry").first.click()
    assert shapes(page)[0]["label"] == "lorry"
    draw(page, "Polygon", (600, 150), (640, 150), (640, 190), (600, 150))
    assert len(shapes(page)[1]["points"]) == 3
    draw(page, "Line", (700, 150), (760, 150), (760, 230), (760, 230))
    assert len(shapes(page)[2]["points"]) == 3
    page.get_by_role("button", name="New: Ellipse").click()
    drag(page, (100, 100), (200, 160))
    page.get_by_role("button", name="New: Point").click()
    page.mouse.click(*place(picture(page), 900, 100))
    assert [one["type"] for one in shapes(page)] == ["box", "polygon", "line", "ellipse", "point"]
    page.get_by_role("button", name="Undo").click()
    assert len(shapes(page)) == 4
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("[data-list] li")).to_have_count(5)


def draw(page: Page, name: str, *corners: tuple[int, int]) -> None:
    """Click on the corners of a new polygon or line, in px of the image."""
    page.get_by_role("button", name=f"New: {name}").click()
    for corner in corners:
        page.mouse.click(*place(picture(page), *corner))


def test_shapes_are_drawn_with_a_mouse_and_seen_by_whoever_checks_them(
    door: Door, held: Assignment, amina: Person, priya: Person
) -> None:
    page = door(amina, javascript=True, **WIDE)
    page.goto(f"/work/{held.pk}/")
    expect(page.get_by_text("Shapes by numbers")).to_be_hidden()
    draw_one_of_each(page)
    expect(page.get_by_text("Complete: it can be sent.")).to_be_visible()
    send(page)
    # The next task stands there already: what is wrong is told at once.
    draw(page, "Polygon", (600, 150), (700, 250), (700, 150), (600, 250), (600, 150))
    expect(page.get_by_text("Shape 1 crosses itself.")).to_be_visible()
    page.locator("[data-send]").click()
    expect(page.get_by_role("alert")).to_contain_text("Shape 1 crosses itself.")
    assert len(shapes(page)[0]["points"]) == 4, "what was drawn is still there"
    value = Answer.objects.get(assignment=held).value
    assert [(one["type"], one["label"]) for one in value["shapes"]] == [
        ("box", "lorry"), ("polygon", "lorry"), ("line", "lorry"), ("ellipse", "lorry"), ("point", "lorry"),
    ]  # fmt: skip
    held.refresh_from_db()
    checks.take(held, by=priya, at=clock.now())
    seen = door(priya, **WIDE)
    seen.goto("/review/")
    assert seen.evaluate("document.querySelector('.stage img').naturalWidth") > 1000
    for name in ("rect", "polygon", "polyline", "ellipse", "circle"):
        assert seen.locator(f".stage svg {name}.shape").count() == 1


def test_a_finger_draws_on_a_phone(door: Door, held: Assignment, amina: Person) -> None:
    page = door(amina, javascript=True)
    page.goto(f"/work/{held.pk}/")
    touch(page, (200, 100), (300, 150), (500, 250))
    assert near(shapes(page)[0], 200, 100, 300, 150)
    touch(page, (500, 250), (560, 260), (620, 300))
    assert near(shapes(page)[0], 200, 100, 420, 200)
    before = picture(page).bounding_box()
    page.get_by_role("button", name="Larger").click()
    after = picture(page).bounding_box()
    assert before
    assert after
    assert after["width"] == pytest.approx(before["width"] * 2, rel=0.05)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("Math.min(...[...document.querySelectorAll('.tools .button')].map(b => b.offsetHeight))") >= 48
    page.reload()
    assert near(shapes(page)[0], 200, 100, 420, 200), "the draft brings it back"
    page.get_by_role("button", name="New: Polygon").tap()
    for corner in ((800, 80), (1000, 80), (1000, 250), (805, 85)):
        touch(page, corner)
    assert [len(one["points"]) for one in shapes(page)[1:]] == [3], "its first corner ends it"
    page.get_by_role("button", name="New: Polygon").tap()
    touch(page, (700, 300), (720, 320), (740, 330))
    assert shapes(page)[2]["points"] == [pytest.approx([740, 330], abs=4)], "a corner goes with the finger"
    page.get_by_role("button", name="Undo").tap()
    send(page)
    assert Assignment.objects.get(pk=held.pk).state == AssignmentState.SUBMITTED


@pytest.fixture
def page_of_text(_django_db_helper: None, orbit: Client, olga: Person, amina: Person) -> Assignment:
    """Return a task that Amina holds in which each shape also says what is written there."""
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("image", amina), form={**FORM, "types": ["box"], "words": True},
        given={"000001.png": real("street-scene/000001.png")}, data=[{"image": "000001.png"}] * 4,
    )  # fmt: skip
    return claims.claim_next(job, by=amina, at=clock.now())


def test_what_is_written_in_a_shape_is_typed_beside_it(
    door: Door, page_of_text: Assignment, amina: Person, priya: Person
) -> None:
    page = door(amina, javascript=True, **WIDE)
    page.goto(f"/work/{page_of_text.pk}/")
    drag(page, (387, 181), (423, 203))
    expect(page.get_by_text("Shape 1 does not say what is written there.")).to_be_visible()
    picture(page).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Exit 12 n", delay=5)
    expect(page.get_by_label("Words of shape 1 car")).to_have_value("Exit 12 n")
    drag(page, (600, 150), (640, 190))
    page.get_by_label("Words of shape 2 car").fill("Duka <b>")
    assert [one["words"] for one in shapes(page)] == ["Exit 12 n", "Duka <b>"]
    page.reload()
    expect(page.get_by_label("Words of shape 2 car")).to_have_value("Duka <b>")
    send(page)
    checks.take(page_of_text, by=priya, at=clock.now())
    seen = door(priya, **WIDE)
    seen.goto("/review/")
    expect(seen.get_by_text("Duka <b>")).to_be_visible()
    # And without scripts, in the table.
    plain = door(amina)
    plain.goto(f"/work/{Assignment.objects.filter(person=amina).latest('pk').pk}/")
    plain.locator("[name=place]").first.fill("387 181 36 22")
    plain.locator("[name=words]").first.fill("Exit 12")
    send(plain)
    assert Answer.objects.latest("pk").value["shapes"][0]["words"] == "Exit 12"


@pytest.fixture
def asked(_django_db_helper: None, orbit: Client, olga: Person, amina: Person) -> Assignment:
    """Return a task that Amina holds in which something is asked of each shape."""
    attributes: list[dict[str, Any]] = [
        {"name": "hidden", "about": "How much is hidden?", "type": "choice", "options": ["none", "part"]},
        {"name": "behind", "type": "choice", "options": ["car", "tree"], "several": True, "when": {"hidden": ["part"]}},
        {"name": "axles", "type": "number", "whole": True, "least": 2, "labels": ["lorry"]},
        {"name": "plate", "type": "text", "optional": True},
    ]
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("image", amina), form={**FORM, "attributes": attributes},
        given={"000001.png": real("street-scene/000001.png")}, data=[{"image": "000001.png"}] * 4,
    )  # fmt: skip
    return claims.claim_next(job, by=amina, at=clock.now())


def say_by_keys(page: Page) -> None:
    """Say of the shape that is chosen what is asked of it, and come back to the picture."""
    picture(page).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("p")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("KA 1", delay=5)
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "svg"


def test_what_is_asked_of_a_shape_is_said_beside_it(door: Door, asked: Assignment, amina: Person) -> None:
    page = door(amina, javascript=True, **WIDE)
    page.goto(f"/work/{asked.pk}/")
    panel = page.locator("[data-asked]")
    expect(panel).to_be_hidden()
    drag(page, (387, 181), (423, 203))
    expect(page.get_by_text("Shape 1 does not say “hidden”.")).to_be_visible()
    expect(panel.locator("legend").first).to_have_text("1 car")
    expect(panel.get_by_text("axles")).to_be_hidden()
    # By keys: into the fields, what one says opens the next, and back.
    say_by_keys(page)
    whole = {"hidden": "part", "behind": ["tree"], "plate": "KA 1"}
    assert shapes(page)[0]["attributes"] == whole
    # What is no longer asked is said no longer; another shape says its own.
    page.keyboard.press("2")
    panel.get_by_label("axles").fill("3")
    panel.get_by_label("How much is hidden?").select_option("none")
    expect(panel.get_by_text("tree")).to_be_hidden()
    lorry = {"hidden": "none", "plate": "KA 1", "axles": 3}
    assert shapes(page)[0]["attributes"] == lorry
    drag(page, (600, 250), (640, 290))
    expect(panel.locator("legend").first).to_have_text("2 lorry")
    expect(panel.get_by_label("axles")).to_have_value("")
    page.keyboard.press("1")
    assert "attributes" not in shapes(page)[1]
    panel.get_by_label("How much is hidden?").select_option("none")
    page.reload()
    assert [one["attributes"] for one in shapes(page)] == [lorry, {"hidden": "none"}]
    page.locator("[data-list] button").first.click()
    expect(panel.get_by_label("axles")).to_have_value("3")
    page.keyboard.press("3")
    assert len(shapes(page)) == 2, "a number that no label has does nothing"
    send(page)
    assert [one["attributes"] for one in Answer.objects.get().value["shapes"]] == [lorry, {"hidden": "none"}]


def test_what_is_asked_of_a_shape_fits_a_phone_and_a_plain_page(door: Door, asked: Assignment, amina: Person) -> None:
    page = door(amina, javascript=True)
    page.goto(f"/work/{asked.pk}/")
    touch(page, (200, 100), (300, 150), (500, 250))
    page.get_by_label("How much is hidden?").first.select_option("part")
    expect(page.get_by_text("Shape 1 does not say “behind”.")).to_be_visible()
    page.locator("[data-asked] .choice").first.tap()
    expect(page.locator("[data-asked]").get_by_role("checkbox", name="car")).to_be_checked()
    assert shapes(page)[0]["attributes"] == {"hidden": "part", "behind": ["car"]}
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    fields = "[...document.querySelectorAll('[data-asked] :is(select, .choice, input:not([type=checkbox]))')]"
    assert page.evaluate(f"Math.min(...{fields}.filter(b => b.offsetHeight).map(b => b.offsetHeight))") >= 44
    plain = door(amina)
    plain.goto(f"/work/{asked.pk}/")
    expect(plain.locator("[data-asked]")).to_be_hidden()
    row = plain.locator("[data-plain] .filters").first
    row.locator("[name=place]").fill("387 181 36 22")
    row.get_by_label("How much is hidden?").select_option("part")
    expect(row.get_by_text("If hidden: part")).to_be_visible()
    row.get_by_role("checkbox", name="car").uncheck()  # what the phone kept
    row.get_by_label("tree").check()
    send(plain)
    assert Answer.objects.get().value["shapes"][0]["attributes"] == {"hidden": "part", "behind": ["tree"]}


def test_a_label_is_drawn_as_its_own_types_alone(door: Door, orbit: Client, olga: Person, amina: Person) -> None:
    job = media_jobs.opened(
        orbit, olga, of=media_jobs.voted_kind("image", amina),
        form={**FORM, "types": ["box", "line"], "only": {"lorry": ["line"]}},
        given={"000001.png": real("street-scene/000001.png")}, data=[{"image": "000001.png"}] * 4,
    )  # fmt: skip
    held = claims.claim_next(job, by=amina, at=clock.now())
    page = door(amina, javascript=True, **WIDE)
    page.goto(f"/work/{held.pk}/")
    drag(page, (387, 181), (423, 203))
    expect(page.get_by_role("button", name="New: Box")).to_be_enabled()
    # The box stays a car: lorries are lines here.
    page.get_by_label("lorry").first.check()
    expect(page.get_by_role("button", name="New: Box")).to_be_disabled()
    picture(page).focus()
    page.keyboard.press("n")
    assert [(one["type"], one["label"]) for one in shapes(page)] == [("box", "car"), ("line", "lorry")]
    send(page)
    assert [one["type"] for one in Answer.objects.get().value["shapes"]] == ["box", "line"]


def test_keys_do_all_of_it(door: Door, held: Assignment, amina: Person) -> None:
    page = door(amina, javascript=True, **WIDE)
    page.goto(f"/work/{held.pk}/")
    picture(page).focus()
    for key in ("n", "ArrowRight", "Shift+ArrowDown", "Control+ArrowLeft", "2"):
        page.keyboard.press(key)
    (box,) = shapes(page)
    assert (box["label"], box["x"], box["y"], box["width"]) == ("lorry", 467, 141 + 31, 310)
    expect(page.locator("[data-live]")).to_contain_text("Box 1")
    page.locator(".stage svg").focus()
    for key in ("n", "[", "Delete"):
        page.keyboard.press(key)
    assert len(shapes(page)) == 1
    page.keyboard.press("Control+z")
    assert len(shapes(page)) == 2
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("being checked until")).to_be_visible()
    assert len(Answer.objects.get(assignment=held).value["shapes"]) == 2


def test_without_scripts_numbers_say_the_same_and_nothing_is_an_answer_too(
    door: Door, held: Assignment, amina: Person
) -> None:
    page = door(amina)
    page.goto(f"/work/{held.pk}/")
    page.locator("[name=place]").nth(0).fill("387 181 36 22")
    page.locator("[name=label]").nth(1).select_option("lorry")
    page.locator("[name=type]").nth(1).select_option("polygon")
    page.locator("[name=place]").nth(1).fill("599 156, 629 156, 629 189")
    page.get_by_role("button", name="More rows").click()
    expect(page.locator("[name=place]")).to_have_count(5)
    assert page.locator(".stage svg .shape").count() == 2
    send(page)
    assert Answer.objects.get(assignment=held).value == {
        "shapes": [
            {"type": "box", "label": "car", "x": 387, "y": 181, "width": 36, "height": 22},
            {"type": "polygon", "label": "lorry", "points": [[599, 156], [629, 156], [629, 189]]},
        ]
    }
    page.get_by_text("There is nothing to draw").click()
    send(page)
    assert Answer.objects.latest("pk").value == {"shapes": [], "nothing": True}
