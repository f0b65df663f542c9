"""The keys of a task page: digits choose, and whoever is disturbed by them switches them off."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page

from coop.people.models import Person
from tasks.models import Assignment
from tests.browser.conftest import Door, chromium
from tests.browser.test_drawing import WIDE, held, until

__all__ = ["held"]


@contextmanager
def styleguide(base: str) -> Iterator[Page]:
    """Open the styleguide in a browser with a keyboard."""
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{base}/styleguide/", wait_until="load")
        yield page


def chosen(page: Page) -> Any:
    """Return the value chosen in the styleguide's task."""
    return page.evaluate("document.querySelector('[name=better]:checked').value")


def test_a_digit_chooses_unless_somebody_is_writing_or_switched_keys_off(live_server: Any) -> None:
    with styleguide(live_server.url) as page:
        page.keyboard.press("3")
        assert chosen(page) == "none"
        page.locator("#id_clean_name").press("1")
        assert chosen(page) == "none"
        assert page.locator("#id_clean_name").input_value() == "1"
        page.get_by_text("Keys", exact=True).click()
        page.get_by_role("button", name="One-letter keys off").click()
        page.keyboard.press("1")
        assert chosen(page) == "none"


def test_enter_sends_with_ctrl_and_alone_for_whoever_chose_it(live_server: Any) -> None:
    with styleguide(live_server.url) as page:
        page.locator("[name=better]").first.press("Enter")
        page.wait_for_timeout(200)
        assert "better=" not in page.url, "Enter in a field presses no button"
        page.get_by_text("Keys", exact=True).click()
        page.get_by_role("button", name="Enter alone sends").press("Enter")
        page.wait_for_timeout(200)
        assert "better=" not in page.url, "and on a button it presses that one"
        page.locator("[name=better]").first.press("Enter")
        page.wait_for_url("**better=*")
        page.get_by_text("Keys", exact=True).click()
        page.get_by_role("button", name="Enter alone sends").click()
        page.locator("[name=better]").first.press("Enter")
        page.goto(f"{live_server.url}/styleguide/")
        page.locator("[name=better]").first.press("Control+Enter")
        page.wait_for_url("**better=*")


def focused(page: Page) -> str:
    """Return the words of what has the focus."""
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def drawn(page: Page) -> int:
    """Return how many shapes would be sent."""
    return int(page.evaluate("JSON.parse(document.querySelector('[name=value]').value || '{}').shapes?.length ?? 0"))


@pytest.mark.django_db
@pytest.mark.usefixtures("committed")
def test_g_goes_to_the_guide_a_question_mark_lists_the_keys_and_off_is_off_in_drawings_too(
    held: Assignment, amina: Person, door: Door
) -> None:
    page = door(amina, javascript=True, **WIDE)
    page.goto(f"/work/{held.pk}/")
    until(page, "document.querySelector('.stage img').complete")
    page.keyboard.press("g")
    assert focused(page) == "Guide"
    page.keyboard.press("?")
    assert focused(page) == "Keys"
    assert page.get_by_text("goes to the guide").is_visible()
    page.keyboard.press("?")
    assert not page.get_by_text("goes to the guide").is_visible()
    surface = page.locator(".stage svg")
    surface.press("n")
    assert drawn(page) == 1
    page.keyboard.press("?")
    page.get_by_role("button", name="One-letter keys off").click()
    for key in ("n", "[", "]", "a", "c", "q", "e"):
        surface.press(key)
    page.locator("body").press("g")
    assert (drawn(page), focused(page) == "Guide") == (1, False)
    # What is no single letter goes on, and so does writing.
    before = page.evaluate("document.querySelector('[name=value]').value")
    surface.press("ArrowRight")
    assert page.evaluate("document.querySelector('[name=value]').value") != before
    page.get_by_text("Ask the client", exact=True).click()
    page.locator("#ask").press_sequentially("gn?")
    assert page.locator("#ask").input_value() == "gn?"
    page.get_by_role("button", name="One-letter keys off").click()
    surface.press("n")
    assert drawn(page) == 2


def test_the_problems_of_a_form_are_read_out_first(live_server: Any) -> None:
    with styleguide(live_server.url) as page:
        assert page.evaluate("document.activeElement.className") == "problems"
