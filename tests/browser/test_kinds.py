"""Kinds of answer on a phone and with a keyboard: marks by touch, orders by keys, steps without a script."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from coop import clock
from coop.people.models import Client, Person
from tasks import claims
from tasks.models import Answer, Assignment
from tests.browser.conftest import PHONE, Door
from tests.browser.test_axe import TAGS, axe
from tests.tasks.opening import order, vote_kind
from tests.tasks.test_kinds import EXAMPLES

__all__ = ["axe"]
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
type Opened = Callable[[str], Assignment]


@pytest.fixture
def opened(live_server: Any, orbit: Client, olga: Person, amina: Person, luis: Person) -> Opened:
    """Return a function that votes a kind, orders the work of its first example, and lets Luis claim it."""

    def claim(name: str) -> Assignment:
        example = EXAMPLES[name][0]
        job = order(orbit, olga, vote_kind(name, amina), example["form"], [example["data"]])
        return claims.claim_next(job, by=luis, at=clock.now())

    return claim


def faults(page: Page, axe: str) -> list[str]:
    """Return what is wrong with a page for whoever does not see it."""
    page.evaluate(axe)
    rules = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found = page.evaluate("rules => axe.run(document, rules)", rules)
    return [f"{it['id']}: {it['nodes'][0]['target']}" for it in found["violations"]]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_marks_are_made_by_touch_and_by_keys(opened: Opened, door: Door, luis: Person, axe: str) -> None:
    mine = opened("spans")
    page = door(luis, javascript=True, **PHONE, bypass_csp=True)
    page.goto(f"/work/{mine.pk}/")
    words = page.locator("[data-a]")
    assert fits(page)
    assert not faults(page, axe)
    words.nth(0).tap()
    words.nth(1).tap()
    page.get_by_text("firm", exact=True).first.tap()
    words.nth(3).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Relate").first.tap()
    page.get_by_role("button", name="To which mark?").nth(1).tap()
    expect(page.get_by_text("Complete: it can be sent.")).to_be_visible()
    assert not faults(page, axe)
    assert json.loads(page.locator("#spans-value").input_value()) == EXAMPLES["spans"][0]["value"]
    page.reload()
    expect(page.get_by_role("button", name="Take away")).to_have_count(3)
    page.get_by_role("button", name="Take away").first.tap()
    expect(page.get_by_role("button", name="Take away")).to_have_count(1)
    page.locator("[data-send]").tap()
    expect(page.get_by_text("There is no further task")).to_be_visible()
    assert Answer.objects.get(assignment=mine).value == {
        "spans": [EXAMPLES["spans"][0]["value"]["spans"][1]], "relations": [],
    }  # fmt: skip


def test_a_mark_is_made_another_and_what_was_done_is_undone(opened: Opened, door: Door, luis: Person, axe: str) -> None:
    page = door(luis, javascript=True, **WIDE, bypass_csp=True)
    page.goto(f"/work/{opened('spans').pk}/")

    def marks() -> list[tuple[int, str]]:
        held = json.loads(page.locator("#spans-value").input_value() or "{}")
        return [(one["start"], one["label"]) for one in held.get("spans", [])]

    words = page.locator("[data-a]")
    for word in (0, 0, 3, 3):
        words.nth(word).click()
    page.get_by_role("button", name="Relate").first.click()
    page.get_by_role("button", name="To which mark?").nth(1).click()
    related = page.get_by_text("→ works for →")
    expect(related).to_be_visible()
    page.get_by_text("firm", exact=True).first.click()
    page.get_by_role("button", name="Make it firm").nth(1).click()
    assert marks() == [(0, "person"), (20, "firm")]
    expect(page.get_by_role("button", name="Make it firm")).to_have_count(1)
    expect(related).to_be_visible()
    assert not faults(page, axe)
    words.nth(0).focus()
    page.keyboard.press("Control+z")
    assert marks() == [(0, "person"), (20, "person")]
    page.get_by_role("button", name="Take away").first.click()
    assert marks() == [(20, "person")]
    page.get_by_role("button", name="Undo").click()
    assert marks() == [(0, "person"), (20, "person")]
    expect(related).to_be_visible()
    page.get_by_role("button", name="Redo").click()
    assert marks() == [(20, "person")]
    words.nth(0).focus()
    for _time in range(9):
        page.keyboard.press("Control+z")
    assert marks() == []
    page.keyboard.press("Control+Shift+z")
    assert marks() == [(0, "person")]


def test_places_are_given_by_keys_one_answer_after_the_other(
    opened: Opened, door: Door, luis: Person, axe: str
) -> None:
    mine = opened("ranking")
    page = door(luis, javascript=True, **WIDE, bypass_csp=True)
    page.goto(f"/work/{mine.pk}/")
    for digit in "213":
        page.keyboard.press(digit)
    given = page.locator(".scale :checked").evaluate_all("boxes => boxes.map((box) => box.value)")
    assert given == ["2", "1", "3"]
    expect(page.get_by_text("Complete: it can be sent.")).to_be_visible()
    assert not faults(page, axe)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("There is no further task")).to_be_visible()


def test_a_solution_grows_step_by_step_without_a_script(opened: Opened, door: Door, luis: Person, axe: str) -> None:
    mine = opened("steps")
    page = door(luis, javascript=False, **PHONE)
    page.goto(f"/work/{mine.pk}/")
    assert fits(page)
    for n in (1, 2, 3):
        page.locator(f"[name=step-{n}-text]").fill(f"Step {n} by $x^{n}$")
        page.locator(f"[name=step-{n}-why]").fill("It follows.")
        page.get_by_role("button", name="One more step").tap()
    page.locator("[name=answer]").fill("3")
    page.locator("[data-send]").tap()
    expect(page.get_by_text("There is no further task")).to_be_visible()
    assert len(Answer.objects.get(assignment=mine).value["steps"]) == 3


def test_formulas_are_shown_as_they_will_be_read_while_one_writes(
    opened: Opened, door: Door, luis: Person, axe: str
) -> None:
    mine = opened("steps")
    page = door(luis, javascript=True, **PHONE, bypass_csp=True)
    page.goto(f"/work/{mine.pk}/")
    page.locator("[name=step-1-text]").fill("So $x = \\frac{1}{2}$")
    expect(page.locator("#preview mfrac")).to_be_visible()
    expect(page.locator("#preview")).to_contain_text("Step 1 does not say why.")
    assert fits(page)
    assert not faults(page, axe)
