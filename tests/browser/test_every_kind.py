"""Every kind of answer from end to end: known by keys alone, done by touch alone, and read as one template.

Fields are filled in as a hand does, whatever the kind: by Tab, arrows, Space and letters, or by taps. Kinds with a
widget are filled in by the fields that stand under it; their widgets have tests of their own.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.template.loader import render_to_string
from django.test import Client as Browser
from playwright.sync_api import Locator, Page, expect

from coop import clock
from coop.people.models import Client, Person
from payments.models import WorkType
from tasks import checks, claims, jobs, shapes
from tasks.models import Answer, Assignment, Job, KnownAnswer
from tasks.shapes import media
from tests.browser.conftest import Door
from tests.tasks import handing_in, orders
from tests.tasks.opening import vote_kind
from tests.tasks.test_kinds import EXAMPLES
from tests.tasks.test_kinds_at_work import SignedIn, filled

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committed")]
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
MOST_TABS = 120
# Whether the hand is at a field; of radio buttons, at any of its group.
HERE = """field => { const now = document.activeElement;
    return now === field || (now.type === "radio" && now.name === field.name && now.form === field.form); }"""


def made(name: str) -> bytes:
    """Return a file as an example tells it: of its size, its length, its reach."""
    if name.endswith(".png"):
        return handing_in.image(1242, 375)
    if name.endswith(".wav"):
        return handing_in.sound(1.143)
    return np.array([[-80, -60, -8, 0], [80, 60, 3, 0], [12, 3, -1, 1]] * 3, dtype="<f4").tobytes()


def drafted(client: Client, by: Person, kind: WorkType, example: dict[str, Any]) -> Job:
    """Return a draft with the one task of an example, and its files."""
    job = orders.draft(
        client, by, work_type=kind, form=example["form"], overlap=1, review_rule="peer", pay=Decimal("0.5")
    )
    if given := {name: made(name) for name in media.names(example["data"]) if shapes.find(kind.shape).files}:
        assert handing_in.hand_in(job, given).problem_count == 0
    assert orders.send(job, json.dumps(example["data"]) + "\n", "tasks.jsonl").problems == []
    return job


def opened(job: Job) -> Job:
    orders.deposit(job.client, "100")
    jobs.fund(job, by=job.created_by, at=clock.now())
    return jobs.open(job, by=job.created_by, at=clock.now())


def still(page: Page, left: dict[str, list[str]]) -> Iterator[tuple[Locator, str, str]]:
    """Yield the fields of a page that do not say yet what is wanted of them: field, type, text; take that out of it."""
    for field in page.locator("#answer [name]:not([type=hidden], button)").all():
        name, kind = field.get_attribute("name") or "", field.get_attribute("type") or "written"
        if kind in {"radio", "checkbox"}:
            text = field.get_attribute("value") or ""
            if text in left.get(name, ()):
                left[name].remove(text)
                if not field.is_checked():
                    yield field, kind, text
        elif left.get(name) and (text := left[name].pop(0)) != field.input_value():
            yield field, "select" if field.evaluate("it => it.tagName") == "SELECT" else "written", text


def go_to(page: Page, field: Locator) -> None:
    """Press Tab until a field is in hand."""
    for _press in range(MOST_TABS):
        if field.evaluate(HERE):
            return
        page.keyboard.press("Tab")
    raise AssertionError(field)


def press(page: Page, button: Locator) -> None:
    """Press a button by keys alone."""
    go_to(page, button)
    page.keyboard.press("Enter")


def by_keys(page: Page, field: Locator, kind: str, text: str) -> None:
    """Fill a field in without a mouse."""
    go_to(page, field)
    if kind == "checkbox":
        page.keyboard.press("Space")
    elif kind == "written":
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
    else:
        _walk_to(page, field, kind, text)


def _walk_to(page: Page, field: Locator, kind: str, text: str) -> None:
    """Press arrows until a choice is the one that is wanted."""
    page.keyboard.press("Space" if kind == "radio" else "Home")
    for _press in range(MOST_TABS):
        if field.is_checked() if kind == "radio" else field.input_value() == text:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(text)


def by_touch(page: Page, field: Locator, kind: str, text: str) -> None:
    """Fill a field in with a finger."""
    if kind in {"radio", "checkbox"}:
        field.locator("xpath=ancestor::label[1]").tap()
    elif kind == "select":
        field.select_option(text)
    else:
        field.tap()
        field.fill(text)


def fill(page: Page, question: shapes.Question, value: dict[str, Any], seed: int, *, keys: bool) -> None:
    """Fill a value in on the page; where it has more parts than there are fields, ask for more of these."""
    wanted = filled(question, value, seed)
    for _more in range(5):
        left = {name: wanted.getlist(name) for name in wanted if name not in drawn(page)}
        for field, kind, text in still(page, left):
            (by_keys if keys else by_touch)(page, field, kind, text)
        if not any(any(texts) for texts in left.values()):
            return
        again = page.locator("[name=again]")
        with page.expect_navigation():
            press(page, again) if keys else again.tap()
    raise AssertionError(left)


def drawn(page: Page) -> set[str]:
    """Return the names of what a page sends and nobody fills in, as an order drawn by lot."""
    names: list[str] = page.locator("#answer [type=hidden]").evaluate_all("all => all.map(one => one.name)")
    return set(names)


def kept_as_known(page: Page, job: Job, value: dict[str, Any]) -> None:
    """Let the client try a task by keys, see how it is checked, and keep the answer as the known one."""
    task = job.tasks.get()
    page.goto(f"/c/{job.client.slug}/jobs/{job.pk}/preview/")
    fill(page, job.question(task), value, task.pk, keys=True)
    press(page, page.locator("[data-send]"))
    expect(page.get_by_text("It would be taken")).to_be_visible()
    press(page, page.locator("summary", has_text="Keep it as the known answer"))
    go_to(page, page.locator("#why"))
    page.keyboard.type("It is what the guide says.")
    press(page, page.locator("[name=known]"))
    expect(page.get_by_text("Kept as the known answer to this task.")).to_be_visible()
    assert KnownAnswer.objects.get(task=task).value | {"shown": 0} == value | {"shown": 0}


def done_by_touch(page: Page, mine: Assignment, value: dict[str, Any]) -> None:
    """Let a member do a task with a finger, and read what was known of it."""
    page.goto(f"/work/{mine.pk}/")
    fill(page, mine.question, value, mine.pk, keys=False)
    page.locator("[data-send]").tap()
    expect(page.get_by_text("This task had a known answer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Answer.objects.get(assignment=mine).value | {"shown": 0} == value | {"shown": 0}


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def read_alike(mine: Assignment, at: dict[str, Browser]) -> None:
    """See that each page shows what was handed in as the kind's own template does, word by word."""
    question, value = mine.question, Answer.objects.get(assignment=mine).value
    read = render_to_string(question.shape.template, question.shown(value, mine.pk) | {"reading": True})
    for address, browser in at.items():
        assert in_one_line(read) in in_one_line(browser.get(address).text), address


@pytest.mark.parametrize("name", shapes.names())
def test_a_kind_is_known_by_keys_done_by_touch_and_read_as_one(
    name: str, door: Door, orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person, signed_in: SignedIn
) -> None:
    example, scripted = EXAMPLES[name][0], not shapes.find(name).script
    job = drafted(orbit, olga, vote_kind(name, amina), example)
    kept_as_known(door(olga, javascript=scripted, **WIDE), job, example["value"])
    mine = claims.claim_next(opened(job), by=luis, at=clock.now())
    done_by_touch(door(luis, javascript=scripted), mine, example["value"])
    mine.refresh_from_db()
    checks.take(mine, by=priya, at=clock.now())
    of_client = f"/c/{orbit.slug}/jobs/{job.pk}/answers/{mine.pk}/"
    read_alike(mine, {"/review/": signed_in(priya), of_client: signed_in(olga), f"/work/{mine.pk}/": signed_in(luis)})
