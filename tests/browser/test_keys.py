"""The keys of a task page: digits choose, and whoever is disturbed by them switches them off."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import chromium


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


def test_the_problems_of_a_form_are_read_out_first(live_server: Any) -> None:
    with styleguide(live_server.url) as page:
        assert page.evaluate("document.activeElement.className") == "problems"
