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
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page

from coop import clock, demo
from coop.people.models import Person
from governance import assembly
from governance.models import Proposal
from tasks import claims, sketches
from tasks.models import Job
from tasks.views.drafting import STEPS
from tests.browser.conftest import PHONE, chromium

AXE = "axe-core@4.14.1"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# In the dark only colours differ, and the styleguide has them all.
DARK = {"/styleguide/", "/"}
SCREENS = ((360, 740), (1280, 800))
KINDS = ("product-match", "compare-answers")
PAGES = {
    "nobody": ["/", "/styleguide/", "/account/login/", "/account/signup/", "/jobs/", "/rates/", "/votes/", "/record/",
               "/how-we-decide/", "/rules/instruments/", "/promises/", "/fairwork/", "/nowhere/"],
    "newcomer": ["/", "/start/"],
    "amina": ["/", "/jobs/", "/pay/", "/votes/", "/standing/", "/review/", "/me/", "/assembly/",
              "/assembly/new/", "/assembly/?q=pay", "/me/notifications/", "/account/email/"],
    "olga": ["/", "/c/orbit/"],
    "teresa": ["/desk/"],
    "samuel": ["/pauses/new/"],
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
def lively(live_server: Any, amina: Person) -> dict[str, list[str]]:
    """Let the demonstration's first days happen; return the addresses of each reader, those of things among them."""
    demo.populate(clock.now())
    first, second = Job.objects.filter(opened_at__isnull=False, work_type__slug__in=KINDS).order_by("id")
    tasks = [claims.claim_next(job, by=amina, at=clock.now()) for job in (first, second)]
    of_amina = [*(f"/work/{task.pk}/" for task in tasks), f"/jobs/{first.pk}/", "/votes/new/rate_change/", "/pay/ask/"]
    thread = assembly.open_thread(topic="conditions", title="Pay", text="**Late**, _again_.", by=amina, at=clock.now())
    assembly.correct(thread, "On time.", by=amina, at=clock.now())
    of_amina += [f"/assembly/{thread.thread_id}/", f"/assembly/message/{thread.pk}/correct/"]
    proposal = f"/votes/{Proposal.objects.latest('id').pk}/"
    olga = Person.objects.get(name="Olga")
    draft = sketches.begin(first.client, work_type=first.work_type, by=olga, at=clock.now())
    steps = [f"/c/orbit/jobs/new/{draft.pk}/{step}" for step in ("", *(f"{name}/" for name in STEPS))]
    of_olga = [f"/c/orbit/jobs/{first.pk}/", f"/c/orbit/jobs/{first.pk}/pilot/", *steps, "/c/orbit/money/"]
    more = {"amina": [*of_amina, proposal], "olga": of_olga, "nobody": [proposal]}
    return {who: [*pages, *more.get(who, [])] for who, pages in PAGES.items()}


@pytest.fixture
def cookies(request: pytest.FixtureRequest, lively: Any, signed_in: Callable[[Person], Browser]) -> dict[str, str]:
    """Return the session of each reader, made before the browser starts."""
    people = {name: request.getfixturevalue(name) for name in PAGES if name != "nobody"}
    return {name: signed_in(person).cookies[settings.SESSION_COOKIE_NAME].value for name, person in people.items()}


def opened(browser: Chromium, base: str, session: str | None, **options: Any) -> BrowserContext:
    """Return a window of the browser, signed in by the session if there is one."""
    context = browser.new_context(**options, bypass_csp=True)
    if session:
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}
        context.add_cookies([cookie])  # type: ignore[list-item]
    return context


def contexts(base: str, cookies: dict[str, str]) -> Iterator[tuple[str, str, BrowserContext]]:
    """Yield a phone's browser for each scheme and reader."""
    with chromium() as browser:
        for scheme in ("light", "dark"):
            for who in PAGES:
                context = opened(browser, base, cookies.get(who), **PHONE, color_scheme=scheme)
                yield scheme, who, context
                context.close()


def spanish(base: str, cookies: dict[str, str]) -> Iterator[tuple[str, Page]]:
    """Yield a window on a phone for each reader, whose browser asks for Spanish."""
    with chromium() as browser:
        for who in PAGES:
            context = opened(browser, base, cookies.get(who), **PHONE, locale="es-VE")
            yield who, context.new_page()
            context.close()


def too_wide(page: Page, url: str) -> Iterator[str]:
    """Yield on which of our two screens a page has to be moved sideways, and whether it is in English after all."""
    page.goto(url)
    if page.get_attribute("html", "lang") != "es":
        yield "is not in Spanish"
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        if more := page.evaluate("document.documentElement.scrollWidth - innerWidth"):
            yield f"{more} px wider than {width}"


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


def test_no_page_has_a_fault_that_axe_knows(
    live_server: Any, lively: dict[str, list[str]], cookies: dict[str, str], axe: str
) -> None:
    found = [
        f"{scheme} {who} {path} {fault}"
        for scheme, who, context in contexts(live_server.url, cookies)
        for path in lively[who]
        if scheme == "light" or path in DARK
        for fault in faults(context, live_server.url + path, axe, scheme)
    ]
    assert not found, "\n".join(found)


def test_no_page_is_wider_than_its_screen_in_spanish(
    live_server: Any, lively: dict[str, list[str]], cookies: dict[str, str]
) -> None:
    Person.objects.update(language="es")
    refused = ["/desk/", "/pay/ask/", "/looks/", "/standing/leave/", "/rules/", "/account/logout/"]
    found = [
        f"{who} {path} {fault}"
        for who, page in spanish(live_server.url, cookies)
        for path in [*lively[who], *(refused if who == "amina" else [])]
        for fault in too_wide(page, live_server.url + path)
    ]
    assert not found, "\n".join(found)
