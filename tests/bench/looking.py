"""A page as somebody sees it who was never there: in Chromium, nothing of it kept, on a fast and on a slow line."""

import gzip
import time
from contextlib import suppress
from dataclasses import dataclass

from playwright.sync_api import Browser, Error, Page, Request, sync_playwright

CHROMIUM = "/usr/bin/chromium"
# Nothing is asked of other hosts, theirs or ours.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
# A poor mobile connection: 400 kbit/s, answers after 400 ms at the earliest.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
PATIENCE, AFTERWARDS = 600_000, 3_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Look:
    """What a first visit takes: requests, bytes as sent and as they were if all were compressed, seconds if slow."""

    requests: int
    sent: int
    packed: int
    seconds: float


def cold(origin: str, path: str, cookies: dict[str, str], button: str) -> Look:
    """Open a page on a fast and on a slow line, nothing of it kept, until its button (a selector) stands there."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page, asked = _new(browser, origin, cookies), list[Request]()

        def keep(request: Request) -> None:
            asked.append(request)

        page.on("requestfinished", keep)
        _open(page, f"{origin}{path}", button)
        page.wait_for_timeout(AFTERWARDS)
        loaded = [request for request in asked if request.url.startswith("http")]
        weights = [_weight(request) for request in loaded]
        slow = _new(browser, origin, cookies)
        slow.context.new_cdp_session(slow).send("Network.emulateNetworkConditions", SLOW)
        seconds = _open(slow, f"{origin}{path}", button)
        browser.close()
    return Look(len(loaded), sum(sent for sent, _ in weights), sum(packed for _, packed in weights), seconds)


def _new(browser: Browser, origin: str, cookies: dict[str, str]) -> Page:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    context.add_cookies([{"name": name, "value": value, "url": origin} for name, value in cookies.items()])
    return context.new_page()


def _open(page: Page, address: str, button: str) -> float:
    """Return the seconds until all is loaded that a page names, and its button stands there."""
    began = time.monotonic()
    page.goto(address)
    page.locator(button).first.wait_for()
    return time.monotonic() - began


def _weight(request: Request) -> tuple[int, int]:
    """Return the bytes of an answer with its headers as they came, and with its body compressed at least once."""
    sizes, body = request.sizes(), b""
    with suppress(Error):  # where it leads elsewhere there is none
        body = request.response().body()  # type: ignore[union-attr]
    sent = sizes["responseBodySize"]
    packed = min(sent, len(gzip.compress(body))) if body else sent
    return sizes["responseHeadersSize"] + sent, sizes["responseHeadersSize"] + packed
