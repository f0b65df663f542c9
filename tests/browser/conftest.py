"""Debian's Chromium, and the people of the demonstration in front of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect, sync_playwright

from coop.people.models import Person

CHROMIUM = "/usr/bin/chromium"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
PATIENCE = 20_000  # milliseconds; other tests may run beside these

# Opens a browser for a person (or for nobody) and returns its page.
type Door = Callable[..., Page]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def door(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """Return a function that opens a phone's browser of its own for a person, without JavaScript unless asked."""
    # Playwright keeps an event loop in this thread; Django would take that for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    expect.set_options(timeout=PATIENCE)
    with chromium() as browser:

        def open_for(person: Person | None = None, *, javascript: bool = False, **screen: Any) -> Page:
            context = browser.new_context(base_url=live_server.url, java_script_enabled=javascript, **(screen or PHONE))
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            if person:
                sign_in(page, person)
            return page

        yield open_for
        # Beside its loop Django kept a connection apart from the tests' own.
        connections.close_all()


def sign_in(page: Page, person: Person) -> None:
    """Sign in as one of the demonstration's people, by the one click that its sign-in page offers."""
    page.goto("/account/login/")
    page.get_by_role("button", name=f"Sign in as {person.name}").click()
    expect(page.get_by_role("link", name="Me", exact=True)).to_be_visible()
