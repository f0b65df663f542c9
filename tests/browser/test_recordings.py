"""Real speech written down and marked, by mouse, finger and keys, and without scripts."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from coop import clock
from coop.people.models import Client, Person
from tasks import claims
from tasks.models import Answer, Assignment
from tests.browser.conftest import Door
from tests.browser.test_drawing import WIDE, move, send, until
from tests.tasks import media_jobs
from tests.tasks.handing_in import call, real

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]
FORM = {"question": "Who speaks when?", "labels": ["speech", "noise"], "words": True}
NAME = "8_lucas_0.wav"


def held(client: Client, olga: Person, amina: Person, shape: str, form: dict[str, Any]) -> Assignment:
    """Return a task about a recording that Amina holds."""
    given = {NAME: real(f"spoken-digits/{NAME}")}
    of = media_jobs.voted_kind(shape, amina)
    job = media_jobs.opened(client, olga, of=of, form=form, given=given, data=[{"audio": NAME}] * 4)
    return claims.claim_next(job, by=amina, at=clock.now())


@pytest.fixture
def segments(_django_db_helper: None, orbit: Client, olga: Person, amina: Person) -> Assignment:
    """Return a task in which segments are marked."""
    return held(orbit, olga, amina, "segments", FORM)


def marked(page: Page) -> list[dict[str, Any]]:
    """Return the segments that would be sent."""
    found: list[dict[str, Any]] = page.evaluate("JSON.parse(document.getElementById('segments').value).segments")
    return found


def sweep(page: Page, start: float, stop: float) -> None:
    """Drag over a part of the waveform, given in parts of its length."""
    wave = page.locator("svg.wave")
    wave.scroll_into_view_if_needed()
    box = wave.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * start, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * stop, box["y"] + 50, steps=5)
    page.mouse.up()


def test_words_are_written_while_tab_plays(door: Door, orbit: Client, olga: Person, amina: Person) -> None:
    task = held(orbit, olga, amina, "transcription", {"question": "Write down what is said."})
    page = door(amina, javascript=True, **WIDE)
    page.goto(f"/work/{task.pk}/")
    until(page, "document.querySelector('audio').duration > 1")
    page.locator("#text").fill("eight")
    page.keyboard.press("Tab")
    until(page, "document.querySelector('audio').currentTime > 0.1")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") != "text", "nobody is caught in the field"
    page.locator("[data-speed]").select_option("0.75")
    assert page.evaluate("document.querySelector('audio').playbackRate") == 0.75
    send(page)
    assert Answer.objects.get(assignment=task).value == {"text": "eight"}


def test_segments_are_marked_with_a_mouse_and_moved_by_keys(door: Door, segments: Assignment, amina: Person) -> None:
    page = door(amina, javascript=True, **WIDE)
    page.goto(f"/work/{segments.pk}/")
    sweep(page, 0.1, 0.4)
    (one,) = marked(page)
    assert one["from"] == pytest.approx(0.114, abs=0.02)
    assert one["to"] == pytest.approx(0.457, abs=0.02)
    page.locator("svg.wave").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Shift+ArrowRight")
    moved = marked(page)[0]
    assert moved["from"] == pytest.approx(one["from"] + 0.02, abs=0.002)
    assert moved["to"] == pytest.approx(one["to"] + 0.22, abs=0.002)
    expect(page.get_by_text("Segment 1 needs its words.")).to_be_visible()
    page.locator("[data-list] input").fill("eight")
    page.locator("svg.wave").focus()
    page.keyboard.press("n")
    assert len(marked(page)) == 2
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")
    assert len(marked(page)) == 2
    page.keyboard.press("Control+y")
    assert len(marked(page)) == 1
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Redo").click()
    assert [one["words"] for one in marked(page)] == ["eight", ""], "words come back too"
    page.locator("svg.wave").focus()
    page.keyboard.press("[")
    page.keyboard.press("Delete")
    page.get_by_text("There is nothing to mark").click()
    assert marked(page) == []
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Complete: it can be sent.")).to_be_visible()
    send(page)
    value = Answer.objects.get(assignment=segments).value
    assert [(found["label"], found["words"]) for found in value["segments"]] == [("speech", "eight")]


HEAR = """
const plain = AudioNode.prototype.connect;
window.ears = [];
AudioNode.prototype.connect = function (to, ...more) {
  if (to instanceof AudioDestinationNode) {
    const splitter = this.context.createChannelSplitter(2);
    plain.call(this, splitter);
    window.ears = [0, 1].map((ear) => {
      const analyser = this.context.createAnalyser();
      plain.call(splitter, analyser, ear);
      return analyser;
    });
  }
  return plain.call(this, to, ...more);
};
window.heard = () => window.ears.map((ear) => {
  const wave = new Float32Array(ear.fftSize);
  ear.getFloatTimeDomainData(wave);
  return Math.max(...wave.map(Math.abs)) > 0.05;
});
"""


def test_each_side_of_a_call_is_listened_to_and_said(door: Door, orbit: Client, olga: Person, amina: Person) -> None:
    """What reaches either ear is asked of the browser's own sound, not of our script."""
    form = {"question": "Who speaks when?", "labels": ["speech"], "channels": True}
    of = media_jobs.voted_kind("segments", amina)
    job = media_jobs.opened(
        orbit, olga, of=of, form=form, given={"call.wav": call(20)}, data=[{"audio": "call.wav"}] * 2
    )
    task = claims.claim_next(job, by=amina, at=clock.now())
    page = door(amina, javascript=True, **WIDE)
    page.add_init_script(HEAR)
    page.goto(f"/work/{task.pk}/")
    until(page, "document.querySelector('audio').duration > 19")
    page.locator("svg.wave").press("Space")
    # In its first half somebody speaks on the left, and nobody on the right.
    for side, ears in (("left", [True, True]), ("right", [False, False]), ("both", [True, False])):
        page.get_by_label("Listen to").select_option(side)
        until(page, f"JSON.stringify(heard()) === '{str(ears).lower().replace(' ', '')}'")
    page.get_by_label("Listen to").select_option("left")
    sweep(page, 0, 0.5)
    page.get_by_label("Listen to").select_option("both")
    sweep(page, 0.6, 0.9)
    page.get_by_label("Channel of segment 2").select_option("right")
    assert [one["channel"] for one in marked(page)] == ["left", "right"]
    send(page)
    assert [one["channel"] for one in Answer.objects.get(assignment=task).value["segments"]] == ["left", "right"]


def by_finger(page: Page, *parts: float) -> None:
    """Drag a finger over places of the waveform, given in parts of its length."""
    box = page.locator("svg.wave").bounding_box()
    assert box
    move(page, *((box["x"] + box["width"] * part, box["y"] + 50) for part in parts))


def test_a_finger_marks_segments_on_a_phone_and_numbers_say_the_same_without_scripts(
    door: Door, segments: Assignment, amina: Person
) -> None:
    page = door(amina, javascript=True)
    page.goto(f"/work/{segments.pk}/")
    page.locator("label", has_text="noise").first.tap()
    page.locator("svg.wave").scroll_into_view_if_needed()
    by_finger(page, 0.2, 0.4, 0.6)
    assert (marked(page)[0]["from"], marked(page)[0]["to"]) == pytest.approx((0.229, 0.686), abs=0.02)
    by_finger(page, 0.62, 0.7, 0.8)  # beside its end: a finger takes it from there
    (one,) = marked(page)
    assert (one["from"], one["to"]) == pytest.approx((0.229, 0.915), abs=0.02)
    assert one["label"] == "noise"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("There is nothing to mark").click()
    send(page)
    assert Answer.objects.get(assignment=segments).value == {"segments": [], "nothing": True}
    page = door(amina)
    page.goto(f"/work/{claims.claim_next(segments.job, by=amina, at=clock.now()).pk}/")
    page.locator("[name=from]").first.fill("0.12")
    page.locator("[name=to]").first.fill("0.5")
    page.locator("[name=words]").first.fill("eight")
    send(page)
    assert Answer.objects.latest("pk").value == {
        "segments": [{"from": 0.12, "to": 0.5, "label": "speech", "words": "eight"}]
    }
