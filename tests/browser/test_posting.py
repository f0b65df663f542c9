"""A job posted in seven steps on a phone without JavaScript: left, taken up by another, tried out, adopted, funded."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from coop import clock
from coop.demo import life
from coop.people import clients
from coop.people.models import Client, ClientSeat, Person
from tasks import draft_files
from tasks.models import Job, Sketch
from tests.browser.conftest import Door
from tests.browser.test_guides import look
from tests.browser.test_journeys import choose, claim, fill, follow, offer, press, reads
from tests.tasks import media_jobs, orders
from tests.tasks.handing_in import image
from tests.tasks.test_lint import WELL

pytestmark = pytest.mark.usefixtures("committed")
ROWS = "id,left,right\n" + "\n".join(f"p{number},Kettle {number},Steel kettle {number}" for number in range(22))


def write_half_of_it(page: Page) -> None:
    """Write a job up to its questions, look how a task will be, and leave."""
    follow(page, "Orbit")
    follow(page, "Post a job")
    press(page, "Choose Compare products")
    fill(page, lines=f"{ROWS}\np22,Lamp,Call +44 7700 900123")
    press(page, "Save and go on")
    fill(page, title="Same kettle?", question="Same product?", labels="Same\nDifferent")
    press(page, "Save and look")
    reads(page, "As members see it", "Steel kettle 0")
    look(page, "posting-questions")
    press(page, "Save and leave")
    reads(page, "Saved.", "Same kettle?")


def take_it_up(page: Page) -> None:
    """Come back to it as somebody else with a seat, and mend what is named."""
    page.goto("/c/orbit/jobs/new/")
    follow(page, "Same kettle?")
    reads(page, "contact data", "no two examples of good answers")
    look(page, "posting-whole")
    follow(page, "Data")
    fill(page, lines=ROWS)
    press(page, "Save and go on")
    press(page, "Save and go on")
    fill(page, **{part: WELL[part] for part in ("guide", "good", "bad", "edges", "doubt")})
    press(page, "Save and go on")
    fill(page, overlap="1")
    choose(page, "A member checks each answer")
    press(page, "Save and go on")
    offer(page, "0.08")
    reads(page, "(N1) Offer US$ 0.09 or more.")
    offer(page, "0.10")
    fill(page, use=WELL["use"], seen_by=WELL["seen_by"], delete_on=WELL["delete_on"])
    press(page, "Save and go on")
    expect(page.get_by_text("look again")).to_have_count(0)


def adopt_and_open(page: Page) -> None:
    """Adopt what the pilot showed, set the money aside, open the job."""
    page.reload()
    reads(page, "1 answer is in")
    look(page, "posting-pilot")
    press(page, "Adopt and fund")
    reads(page, "Set its money aside", "Nothing is taken by itself")
    look(page, "posting-fund")
    page.get_by_role("button", name="Set US$").click()
    press(page, "Open the job")
    reads(page, "The job is open.", "0 of 2 answers accepted")


def test_a_job_is_written_left_resumed_tried_and_adopted(
    door: Door, orbit: Client, olga: Person, amina: Person
) -> None:
    orders.deposit(orbit, "100")
    samuel = life.person("Samuel")
    clients.offer(orbit, samuel.email, by=olga, at=clock.now())
    clients.accept(ClientSeat.objects.get(client=orbit, person=samuel), by=samuel, at=clock.now())
    write_half_of_it(door(olga))
    other = door(samuel)
    take_it_up(other)
    other.get_by_role("button", name="Run a paid pilot: 20 tasks").click()
    reads(other, "What the pilot showed", "Members are still answering")
    pilot = Job.objects.get(title="Same kettle?")
    member = door(amina)
    claim(member, pilot)
    choose(member, "Same")
    press(member, "Send and get next")
    adopt_and_open(other)
    made = Job.objects.exclude(pk=pilot.pk).get(title="Same kettle?")
    assert (made.pay, made.overlap, Sketch.objects.get().job) == (Decimal("0.1"), 1, made)
    assert sorted(made.tasks.values_list("external_id", flat=True)) == ["p20", "p21"]


@pytest.fixture
def pictures(tmp_path: Path, settings: Any) -> list[Path]:
    """Return three pictures on the client's own machine."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    found = [tmp_path / f"kettle-{number}.png" for number in range(3)]
    for number, one in enumerate(found):
        one.write_bytes(image(300 + number, 200))
    return found


def bring_pictures(page: Page, pictures: list[Path]) -> None:
    """Choose boxes on images, and bring pictures without a file of tasks."""
    follow(page, "Orbit")
    follow(page, "Post a job")
    press(page, "Choose Work with image")
    page.set_input_files("input[name=shows]", [str(one) for one in pictures])
    press(page, "Save and go on")
    reads(page, "0 of 3 files read")
    draft_files.take_in(Sketch.objects.get().pk, at=clock.now())
    page.reload()
    look(page, "posting-files")
    press(page, "Make 3 tasks, one of each")


def shows_the_picture(page: Page) -> None:
    """See the first picture drawn as the widget draws it, and nothing of its table."""
    preview = page.locator("#preview")
    expect(preview.locator(".stage img")).to_be_visible()
    assert preview.locator(".stage img").evaluate("one => one.decode().then(() => one.naturalWidth)") > 0
    assert preview.locator(".stage img").get_attribute("width") == "300"
    expect(preview.locator("[data-plain]")).to_be_hidden()


# How often what draws on images was loaded.
LOADED = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/tasks/image.')).length"


def test_a_client_of_boxes_sees_its_own_picture_as_members_will_and_pilots_it(
    door: Door, orbit: Client, olga: Person, amina: Person, pictures: list[Path]
) -> None:
    orders.deposit(orbit, "100")
    media_jobs.voted_kind("image", amina)
    page, wrong = door(olga, javascript=True), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    bring_pictures(page, pictures)
    fill(page, title="Kettles", question="Where is the kettle?", labels="kettle")
    expect(page.get_by_text("Drawn.")).to_be_attached()
    shows_the_picture(page)
    fill(page, labels="kettle\npot")
    expect(page.locator("#preview span").get_by_text("pot", exact=True)).to_be_visible()
    shows_the_picture(page)
    assert page.evaluate(LOADED) == 1
    look(page, "posting-picture")
    press(page, "Save and go on")
    fill(page, **{part: WELL[part] for part in ("guide", "good", "bad", "edges", "doubt")})
    press(page, "Save and go on")
    reads(page, "Every member who passed the entrance.")
    fill(page, overlap="1")
    press(page, "Save and go on")
    offer(page, "0.50")
    fill(page, use=WELL["use"], seen_by=WELL["seen_by"], delete_on=WELL["delete_on"])
    press(page, "Save and go on")
    shows_the_picture(page)
    page.get_by_role("button", name="Run a paid pilot: 3 tasks").click()
    reads(page, "What the pilot showed")
    member = door(amina, javascript=True)
    claim(member, Job.objects.get(title="Kettles"))
    assert member.locator(".stage img").evaluate("one => one.decode().then(() => one.naturalWidth)") > 0
    assert wrong == []
