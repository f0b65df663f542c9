"""With JavaScript the page of a proposal shows what it would do while its values are written; nothing is saved."""

from playwright.sync_api import Page, expect

from coop.people.models import Person
from governance.models import Proposal
from payments.models import WorkType
from tests.browser.conftest import PHONE, Door
from tests.browser.test_axe import TAGS, axe
from tests.browser.test_journeys import fill

__all__ = ["axe"]


def write(page: Page, amount: str) -> None:
    page.goto("/votes/new/rate_change/")
    page.locator("[name=work_type]").select_option(label=str(WorkType.objects.get(slug="product-match")))
    fill(page, amount=amount, estimated_seconds="30", title="A raise?", text="They asked for it.")


def test_the_impact_follows_the_values_as_they_are_written(door: Door, amina: Person, axe: str) -> None:
    page = door(amina, javascript=True, **PHONE, bypass_csp=True)
    write(page, "0.06")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("it is a cut")
    expect(preview).to_contain_text("Rule N3")
    expect(page.get_by_role("status").filter(has_text="Worked out from these values.")).to_be_visible()
    fill(page, amount="0.1")
    expect(preview).to_contain_text("Rule N10")
    assert page.url.endswith("/votes/new/rate_change/")
    assert not Proposal.objects.exists()
    page.evaluate(axe)
    rules = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found = page.evaluate("rules => axe.run(document, rules)", rules)
    assert not [f"{it['id']}: {it['nodes'][0]['target']}" for it in found["violations"]]
