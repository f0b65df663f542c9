"""A client's manager tries to cut a rate by a third in eight ways and to be rid of who complains in four.

The story is `coop/docs/story.md`; the words of each refusal are read from there, and each must be what the person sees.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from coop.demo import life
from coop.people.models import Client, Person
from governance import assembly, standing, supporting
from governance.models import Message, Proposal, Status
from payments import rates
from payments.models import Rate, WorkType
from tasks import jobs, watch
from tasks.models import Job
from tests.browser.conftest import Door
from tests.browser.test_journeys import fill, offer, press, reads, write_to_the_price
from tests.tasks.conftest import SAME, make_job, payable, work

PAGE = Path(settings.BASE_DIR) / "coop" / "docs" / "story.md"
STEP = re.compile(r"^### (\d+)\. (.+?)$(.+?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
SAID = re.compile(r"^(?P<reason>.+?) \((?P<rule>[^()]+)\)(?: (?P<appeal>.+))?$")
EIGHT, FOUR = range(1, 9), range(9, 13)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the story says somebody is told: words that the page must show, the rule, and for a terminal the guard."""

    words: tuple[str, ...]
    rule: str
    guard: str


def told() -> dict[int, Refusal]:
    """Return each step's refusal as the story tells it."""
    story = {}
    for number, _title, section in STEP.findall(PAGE.read_text()):
        quote = " ".join(re.findall(r"^> (.+)$", section, re.MULTILINE))
        said = SAID.match(quote)
        assert said, f"step {number} quotes no refusal with its rule"
        words = tuple(part for part in (said["reason"].removeprefix("ERROR: "), said["appeal"]) if part)
        guards = re.findall(r"guard\s+`(\w+)`", section)
        story[int(number)] = Refusal(words, said["rule"], guards[0] if quote.startswith("ERROR") else "")
    return story


STORY = told()


def refused(page: Page, number: int) -> None:
    """Assert that the page says what the story says at this step, and by which rule."""
    reads(page, *STORY[number].words, STORY[number].rule)


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal with the password that the site itself uses."""

    url: str

    def refused(self, number: int, statement: str, *params: object) -> None:
        """Run a statement and assert that the guard of this step refuses it with the words of the story."""
        with psycopg.connect(self.url) as connection, pytest.raises(psycopg.errors.CheckViolation) as caught:
            connection.execute(statement, params)
        assert caught.value.diag.constraint_name == STORY[number].guard
        assert caught.value.diag.message_primary == STORY[number].words[0]

    def not_allowed(self, statement: str, *params: object) -> None:
        """Run a statement and assert that the password does not go so far."""
        with psycopg.connect(self.url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement, params)


@pytest.fixture
def terminal(live_server: object, cluster: Cluster, database_name: str) -> Terminal:
    return Terminal(cluster.url(roles.WEB, database_name))


def test_the_story_has_eight_ways_and_four() -> None:
    assert list(STORY) == [*EIGHT, *FOUR]
    assert "Eight ways" in PAGE.read_text()
    assert "Four ways" in PAGE.read_text()


# The eight ways


def draft_like(page: Page, title: str, pay: str) -> None:
    page.goto("/c/orbit/jobs/new/")
    write_to_the_price(page, title)
    offer(page, pay)


def post_again(page: Page, title: str) -> None:
    """Write it at 0.10 to its last step: no job is made of it."""
    draft_like(page, title, "0.10")
    press(page, "Save and go on")
    expect(page.get_by_role("button", name="Make the job", exact=True)).to_have_count(0)


def try_the_clients_ways(page: Page, job: Job) -> None:
    page.goto(f"/c/orbit/jobs/{job.pk}/")
    fill(page, pay="0.10")
    press(page, "Raise the pay")
    refused(page, 1)
    page.goto(f"/c/orbit/jobs/{job.pk}/")
    press(page, "Close the job")
    post_again(page, "Kettle pairs")
    refused(page, 2)
    post_again(page, "\u041aettle p\u0430irs")
    refused(page, 3)
    draft_like(page, "A quick look", "0.06")
    refused(page, 4)


def write_a_draft(page: Page, amount: str) -> Proposal:
    page.goto("/votes/new/rate_change/")
    page.locator("[name=work_type]").select_option(label=str(WorkType.objects.get(slug="product-match")))
    fill(page, amount=amount, estimated_seconds="30", title=f"Shall matching pay US$ {amount}?", text="To keep Orbit.")
    press(page, "Write the draft")
    reads(page, "members back it")
    return Proposal.objects.latest("pk")


def put_it_through(page: Page) -> Proposal:
    draft = write_a_draft(page, "0.06")
    press(page, "Put it before the members")
    refused(page, 5)
    expect(page.get_by_role("button", name="Publish", exact=True)).to_have_count(0)
    token = page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
    answer = page.request.post(
        f"{page.url}publish/", form={"csrfmiddlewaretoken": token}, headers={"Referer": page.url}
    )
    assert answer.status == 409
    assert all(words in " ".join(answer.text().split()) for words in STORY[5].words)
    return draft


CHEAP = """INSERT INTO payments_rate (work_type_id, version, amount, currency, estimated_seconds, mandate_id, since)
    SELECT work_type_id, version + 1, 60000, currency, estimated_seconds, mandate_id, coop_now()
    FROM payments_rate WHERE work_type_id = %s"""
TO_ALL = """UPDATE governance_proposal SET published_at = coop_now(),
    rule_id = (SELECT id FROM governance_rule WHERE key = 'N10') WHERE id = %s"""


def slice_it(page: Page) -> None:
    first = write_a_draft(page, "0.086")
    press(page, "Put it before the members")
    for name in ("Priya", "Grace", "Rosa", "Omar"):
        supporting.back(first, by=life.person(name), at=clock.now())
    page.reload()
    press(page, "Publish")
    reads(page, "Being discussed")
    page.goto("/votes/new/rate_change/")
    page.locator("[name=work_type]").select_option(label=str(WorkType.objects.get(slug="product-match")))
    fill(page, amount="0.082", estimated_seconds="30", title="Shall matching pay US$ 0.082?", text="The next slice.")
    press(page, "Check")
    refused(page, 8)
    reads(page, "publication refuses it")
    press(page, "Write the draft")
    refused(page, 8)
    expect(page.get_by_role("button", name="Publish", exact=True)).to_have_count(0)


def test_eight_ways_to_cut_a_rate_by_a_third(
    door: Door, terminal: Terminal, orbit: Client, olga: Person, amina: Person, luis: Person, teresa: Person
) -> None:
    job = make_job(orbit, olga, overlap=2, pay=Decimal("0.15"), title="Kettle pairs", guide="Look **twice**.")
    for who in (amina, luis):
        work(job, who, SAME)

    try_the_clients_ways(door(olga), job)
    draft = put_it_through(door(teresa))
    terminal.refused(6, CHEAP, job.work_type_id)
    terminal.refused(7, TO_ALL, draft.pk)
    slice_it(door(luis))

    assert rates.current(job.work_type).amount == Decimal("0.09")
    assert Rate.objects.filter(work_type=job.work_type).count() == 1
    assert not Job.objects.exclude(opened_at=None).filter(pay__lt=Decimal("0.15"), client=orbit).exists()
    assert payable(amina) == Decimal("0.15")


# The four ways

MESSAGE = "Tell everybody what they pay."


def charge_with_speech(page: Page, of: Person) -> None:
    page.goto("/cases/new/")
    page.locator("[name=ground]").select_option("organising")
    page.locator("[name=bylaw]").select_option(index=1)
    page.locator("[name=measure]").select_option(index=1)
    day = f"{clock.now():%Y-%m-%d}"
    fill(page, member=of.email, facts="She sets members against a client.", first=day, last=day, remedy="Stop.")
    fill(page, evidence_name="Her message", evidence=MESSAGE)
    press(page, "Open the case")
    refused(page, 9)


def pause_as_an_emergency(page: Page, of: Person) -> None:
    page.goto("/pauses/new/")
    fill(page, member=of.email, reason="She makes trouble.", evidence="Her message.", hours="72")
    page.locator("[name=ground]").first.check()
    page.locator("[name=reach]").last.check()
    press(page, "Ask for it")
    refused(page, 10)
    expect(page.get_by_role("button", name="Confirm as second officer")).to_have_count(0)
    assert standing.refusal(of, doing="claim", at=clock.now()) is None


DELETED = "DELETE FROM governance_standing WHERE person_id = %s"
EXPELLED = """INSERT INTO governance_standing (person_id, status, since, rule)
    VALUES (%s, 'expelled', coop_now(), 'N7')"""


def test_four_ways_to_be_rid_of_who_complains(
    door: Door, terminal: Terminal, orbit: Client, olga: Person, amina: Person, luis: Person, samuel: Person,
    later: Callable[..., datetime],
) -> None:  # fmt: skip
    job = make_job(orbit, olga, pay=Decimal("0.15"), title="Kettle pairs")
    work(job, amina, SAME)
    assembly.open_thread(topic="conditions", title="Orbit", text=MESSAGE, by=amina, at=clock.now())

    officer = door(samuel)
    charge_with_speech(officer, amina)
    pause_as_an_emergency(officer, amina)

    jobs.close(job, by=olga, at=clock.now())
    later(days=15)
    work(make_job(orbit, olga, pay=Decimal("0.15"), title="Gone at once", tasks=1, overlap=1), luis, SAME)
    hers = door(amina)
    watch.look(at=clock.now())
    hers.goto("/cases/")
    hers.get_by_role("link", name=re.compile(STORY[11].words[0])).click()
    refused(hers, 11)

    terminal.not_allowed(DELETED, amina.pk)
    terminal.refused(12, EXPELLED, amina.pk)

    assert standing.status(amina) == Status.MEMBER
    assert Message.objects.filter(author=amina, text=MESSAGE).exists()
    hers.goto("/votes/")
    expect(hers.get_by_role("link", name="Propose something")).to_be_visible()
