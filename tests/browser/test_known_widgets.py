"""Known answers by the widgets that members draw with: marked on the preview, checked, kept, and opened again."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from coop.people.models import Client, Person
from tasks.models import KnownAnswer
from tests.browser import test_drawing, test_frames, test_recordings
from tests.browser.conftest import Door
from tests.browser.test_drawing import WIDE, until
from tests.browser.test_every_kind import drafted
from tests.tasks.media_jobs import voted_kind
from tests.tasks.test_kinds import EXAMPLES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]
WHY = "It is what the guide says."


def image(page: Page) -> None:
    """Draw a box."""
    test_drawing.drag(page, (387, 181), (423, 203))


def spans(page: Page) -> None:
    """Mark the first word."""
    for _tap in range(2):
        page.locator("[data-a]").first.click()


def frames(page: Page) -> None:
    """Draw a box in the first frame."""
    until(page, "document.querySelector('[data-frames] img').complete")
    test_frames.drag(page, (100, 100), (150, 160), (200, 180))


def segments(page: Page) -> None:
    """Sweep over a part, and write its words."""
    test_recordings.sweep(page, 0.1, 0.4)
    page.locator("[data-list] input").fill("five")


def cuboids(page: Page) -> None:
    """Put a cuboid where the view from above is looked at."""
    until(page, "!document.querySelector('form canvas').hasAttribute('aria-busy')")
    page.locator("form canvas").press("n")


@pytest.mark.parametrize("mark", [image, spans, frames, segments, cuboids], ids=lambda mark: mark.__name__)
def test_what_is_marked_with_the_widget_is_kept_as_known(
    mark: Callable[[Page], None], door: Door, orbit: Client, olga: Person, amina: Person
) -> None:
    name = mark.__name__
    job = drafted(orbit, olga, voted_kind(name, amina), EXAMPLES[name][0])
    page, errors = door(olga, javascript=True, **WIDE), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"/c/{orbit.slug}/jobs/{job.pk}/preview/")
    value = page.locator("form [name=value]")
    mark(page)
    drawn: dict[str, Any] = json.loads(value.input_value())
    page.locator("[data-send]").click()
    expect(page.get_by_text("It would be taken")).to_be_visible()
    assert json.loads(value.input_value()) == drawn, "what was drawn is still there"
    page.locator("summary", has_text="Keep it as the known answer").click()
    page.locator("#why").fill(WHY)
    page.get_by_role("button", name="Keep what is filled in").click()
    expect(page.get_by_text("Kept as the known answer to this task.")).to_be_visible()
    assert KnownAnswer.objects.get(task__job=job).value == drawn
    assert json.loads(value.input_value()) == drawn, "it is opened again to be changed"
    assert errors == []
