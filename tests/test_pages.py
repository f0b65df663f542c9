"""Every page, as each kind of reader: small, whole, ours alone, and without a link that leads nowhere."""

import gzip
import re
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client as Browser
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from coop import clock, demo
from coop.people.models import Person
from tests.translating import translated

BUDGET = 30_000  # bytes on the wire at the first visit: page, stylesheet and modules, compressed
PER_VIEW = 3  # addresses of the same kind that are looked at
IN_ENGLISH = ("/styleguide/",)  # it is for those who build the pages
ELSEWHERE = ("/admin/", "/api/", "/static/")
VOID = {"link", "script", "img", "source", "audio", "video", "iframe", "form", "input", "embed", "object"}
# By a message, by a step before, or for machines and for those who build the pages.
LED_TO_OTHERWISE = {
    "account_confirm_email",
    "account_confirm_login_code",
    "account_email_verification_sent",
    "account_inactive",
    "account_reauthenticate",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_set_password",
    "governance:come_back",  # for who has left
    "governance:stay",
    "tasks:ask_model_again",  # where a job has a model of its own
    "tasks:end_model",
    "health",
    "payments:given_statement",  # once an officer brought a statement of the bank
    "payments:statement_proof",  # once a month is sealed
    "payments:check_statement",
    "payments:stripe_account",  # once the members have voted it open
    "tasks:pay_in_by_card",  # where the site has an account at Stripe
    "robots",
    "stop_address",
    "styleguide",
}
# What clients and members of the demonstration call their own things.
THEIR_OWN = {"Name", "Pay", "person", "right"}
READERS = ["nobody", "newcomer", "amina", "olga", "teresa", "samuel", "petra"]


class Page(HTMLParser):
    """What a page's markup says, as far as the promises about pages go."""

    def __init__(self, address: str, body: bytes) -> None:
        """Read the markup."""
        super().__init__()
        self.address, self.body = address, body
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.faults: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.lang, self.title, self.inside = "", "", ""
        self.said: set[str] = set()
        self.feed(body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag is, loads and links to."""
        given = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        self.inside = tag
        self.ids.update([given["id"]] if "id" in given else [])
        self.lang = given.get("lang", self.lang) if tag == "html" else self.lang
        self.faults += [f"inline {name} on <{tag}>" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.faults.append(f"inline <{tag}>")
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag in VOID:
            self.loads += [given[name] for name in ("src", "href", "action", "data") if given.get(name)]

    def handle_data(self, data: str) -> None:
        """Keep the words, and those of the title; a heading in an <svg> may have one of its own."""
        self.said.add(" ".join(data.split()))
        if self.inside == "title" and not self.tags["svg"]:
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        """Leave the tag."""
        self.inside = ""

    def wrong(self) -> Iterator[str]:
        """Yield everything that breaks a promise about pages."""
        yield from self.faults
        if self.tags["h1"] != 1:
            yield f"{self.tags['h1']} first headings"
        if not self.lang:
            yield "no language"
        if not self.title.strip(" \n·") or self.title.strip().startswith("·"):
            yield "no title"
        yield from (f"id {name} {times} times" for name, times in self.ids.items() if times > 1)
        yield from (f"loads {url}" for url in self.loads if re.match(r"(?:[a-z]+:)?//", url) and url[:5] != "data:")
        if self.weight() > BUDGET:
            yield f"{self.weight()} bytes"

    def weight(self) -> int:
        """Return the bytes of a first visit."""
        files = {url.removeprefix("/static/") for url in self.loads if url.startswith("/static/")}
        return compressed(self.body) + sum(compressed(static(name)) for name in with_imports(files))


def compressed(content: bytes) -> int:
    """Return how many bytes travel."""
    return len(gzip.compress(content, 6))


def static(name: str) -> bytes:
    """Return a static file as it stands in the source."""
    found = finders.find(name)
    assert found, f"no static file {name}"
    return Path(found).read_bytes()


def with_imports(names: set[str]) -> set[str]:
    """Return the files and every module that they import."""
    every, waiting = set(names), [name for name in names if name.endswith(".js")]
    while waiting:
        folder = Path(name := waiting.pop()).parent
        new = {str(folder / found) for found in re.findall(r'from "\./([^"]+)"', static(name).decode())} - every
        every |= new
        waiting += new
    return every


def without_arguments(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """Yield every address of the site that needs no number or name."""
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from without_arguments(entry, before + str(entry.pattern))
        elif isinstance(entry, URLPattern) and not re.search(r"[<(^\\]", route):
            yield route


def crawl(browser: Browser) -> tuple[list[Page], list[str], set[str]]:
    """Follow every link from the front page, then open what no link led to.

    Return the pages, the broken links, and the views that links and forms lead to.
    """
    waiting = [*((address, "") for address in without_arguments(get_resolver())), ("/", "the door")]
    seen: set[str] = set()
    linked: Counter[str] = Counter()
    pages, broken, forms = [], [], set[str]()
    while waiting:
        address, source = waiting.pop()
        kind = view_of(address)
        if address in seen or address.startswith(ELSEWHERE) or linked[kind] >= PER_VIEW:
            continue
        seen.add(address)
        linked.update([kind] if source else [])
        response = browser.get(address)
        if response.status_code >= 500 or (source and response.status_code >= 400):
            broken.append(f"{source} → {address}: {response.status_code}")
        elif source and response.status_code in {301, 302}:
            waiting.append((response["Location"].split("?")[0], address))
        elif response.status_code == 200 and response.get("Content-Type", "").startswith("text/html"):
            pages.append(page := Page(address, response.content))
            forms |= {view_of(url) for url in page.loads if source}
            waiting += [
                (link.split("#")[0].split("?")[0], source and address) for link in page.links if link[:1] == "/"
            ]
    return pages, broken, forms | set(linked)


def view_of(address: str) -> str:
    """Return the name of the view behind an address."""
    try:
        return resolve(address).view_name
    except Resolver404:
        return address


@pytest.fixture
def lively(db: None) -> None:
    """Let the demonstration's first days happen, so that pages have something to show."""
    demo.populate(clock.now())


def test_every_page_is_small_whole_and_ours(
    request: pytest.FixtureRequest, lively: None, signed_in: Callable[[Person], Browser]
) -> None:
    faults, linked = [], set(LED_TO_OTHERWISE)
    for who in READERS:
        browser = Browser() if who == "nobody" else signed_in(request.getfixturevalue(who))
        browser.raise_request_exception = False
        pages, broken, led_to = crawl(browser)
        linked |= led_to
        assert len(pages) > 10
        faults += [f"{who} {fault}" for fault in broken]
        faults += [f"{who} {page.address}: {fault}" for page in pages for fault in page.wrong()]
    names = {view_of(address) for address in without_arguments(get_resolver()) if not address.startswith(ELSEWHERE)}
    faults += [f"no link leads to {name}" for name in names - linked]
    assert not faults, "\n".join(faults)


def test_every_page_is_as_good_in_another_language_and_says_nothing_in_english(
    request: pytest.FixtureRequest, lively: None, signed_in: Callable[[Person], Browser]
) -> None:
    faults = []
    english = {text for text, said in translated("es").items() if text and text != said} - THEIR_OWN
    Person.objects.update(language="es")
    for who in READERS:
        browser = Browser(headers={"accept-language": "es-VE"})
        if who != "nobody":
            browser = signed_in(Person.objects.get(pk=request.getfixturevalue(who).pk))
        pages, _broken, _led_to = crawl(browser)
        assert {page.lang for page in pages if not page.address.startswith(IN_ENGLISH)} == {"es"}
        faults += [f"{who} {page.address}: {fault}" for page in pages for fault in page.wrong()]
        faults += [
            f"{who} {page.address} says “{words}”"
            for page in pages
            if not page.address.startswith(IN_ENGLISH)
            for words in page.said & english
        ]
    assert not faults, "\n".join(faults)


def test_the_stylesheet_is_under_six_kilobytes() -> None:
    assert compressed(static("coop/workhall.css")) < 6_000


def test_the_stylesheet_knows_no_left_and_right() -> None:
    css = static("coop/workhall.css").decode()
    assert not re.findall(r"(?:margin|padding|border)-(?:left|right)|[\s;{](?:left|right|width|height)\s*:", css)


def test_a_page_that_is_not_there_says_that_work_and_pay_are_safe(db: None) -> None:
    response = Browser().get("/nowhere/")
    assert response.status_code == 404
    assert "Your work and your pay are safe" in response.content.decode()
    assert not list(Page("/nowhere/", response.content).wrong())


def test_a_stale_form_says_that_nothing_was_sent(db: None, amina: Person) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(amina, backend="coop.people.sessions.Backend")
    response = browser.post("/account/logout/")
    assert response.status_code == 403
    assert "Nothing was sent" in response.content.decode()


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_an_error_page_needs_no_context_and_says_what_to_do(name: str) -> None:
    page = Page(name, render_to_string(name).encode())
    assert not list(page.wrong())
    assert "/" in page.links
