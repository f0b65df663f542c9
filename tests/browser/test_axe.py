"""No accessibility fault that axe-core knows, on the main pages, on a phone, in light and dark."""

import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser
from playwright.sync_api import BrowserContext, sync_playwright

from coop.people.models import Person

AXE = "axe-core@4.14.1"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHROMIUM = "/usr/bin/chromium"
PAGES = {
    "nobody": ["/", "/styleguide/", "/account/login/", "/account/signup/", "/jobs/", "/rates/", "/votes/", "/record/",
               "/how-we-decide/", "/promises/", "/nowhere/"],
    "newcomer": ["/", "/start/"],
    "amina": ["/", "/jobs/", "/pay/", "/votes/", "/standing/", "/review/", "/me/"],
    "olga": ["/", "/c/orbit/"],
    "teresa": ["/desk/"],
}  # fmt: skip


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the source of axe-core, fetched once and kept."""
    kept = Path.home() / ".cache" / "workhall" / f"{AXE.replace('@', '-')}.js"
    if not kept.exists():
        if not shutil.which("npm"):
            pytest.skip("npm is not installed, so axe-core cannot be fetched: ACCESSIBILITY WAS NOT CHECKED")
        kept.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", AXE, "--silent"], cwd=kept.parent, check=True, timeout=120)  # noqa: S603, S607
        packed = kept.parent / f"{AXE.replace('@', '-')}.tgz"
        with tarfile.open(packed) as archive:
            member = archive.extractfile("package/axe.min.js")
            assert member
            kept.write_bytes(member.read())
        packed.unlink()
    return kept.read_text()


@pytest.fixture
def cookies(request: pytest.FixtureRequest, live_server: Any, signed_in: Callable[[Person], Browser]) -> dict[str, str]:
    """Return the session of each reader, made before the browser starts."""
    people = {name: request.getfixturevalue(name) for name in PAGES if name != "nobody"}
    return {name: signed_in(person).cookies[settings.SESSION_COOKIE_NAME].value for name, person in people.items()}


def contexts(base: str, cookies: dict[str, str]) -> Iterator[tuple[str, str, BrowserContext]]:
    """Yield a phone's browser for each scheme and reader."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for scheme in ("light", "dark"):
            for who in PAGES:
                context = chromium.new_context(
                    viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, bypass_csp=True,
                    color_scheme=scheme,
                )  # fmt: skip
                if who in cookies:
                    session = {"name": settings.SESSION_COOKIE_NAME, "value": cookies[who], "url": base}
                    context.add_cookies([session])  # type: ignore[list-item]
                yield scheme, who, context
                context.close()
        chromium.close()


def faults(context: BrowserContext, url: str, axe: str, scheme: str) -> list[str]:
    """Return what axe finds on a page, and whether it is wider than the phone; in the dark only the colours differ."""
    rules = {"type": "tag", "values": TAGS} if scheme == "light" else {"type": "rule", "values": ["color-contrast"]}
    page = context.new_page()
    page.goto(url)
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.close()
    named = [f"[{it['impact']}] {it['id']}: {it['nodes'][0]['target']}" for it in found["violations"]]
    return named + ([f"{wide} px wider than the phone"] if wide else [])


def test_no_page_has_a_fault_that_axe_knows(live_server: Any, cookies: dict[str, str], axe: str) -> None:
    found = [
        f"{scheme} {who} {path} {fault}"
        for scheme, who, context in contexts(live_server.url, cookies)
        for path in PAGES[who]
        for fault in faults(context, live_server.url + path, axe, scheme)
    ]
    assert not found, "\n".join(found)
