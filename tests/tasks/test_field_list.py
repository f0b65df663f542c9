"""A form of free fields is written as a list, without a script; what it cannot say is written as the schema itself."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client as Browser

from coop.people.models import Client, Person
from tasks.shapes import find, listing
from tests.tasks import writing
from tests.tasks.test_client_pages import words

pytestmark = pytest.mark.django_db
ASKED = {"title": "Shops", "question": "What does it say?"}
GROUPED = {"type": "object", "properties": {"shop": {"type": "object", "properties": {"name": {"type": "string"}}}}}


@pytest.fixture
def browser(signed_in: Callable[[Person], Browser], orbit: Client, olga: Person) -> Browser:
    return signed_in(olga)


@pytest.fixture
def draft(browser: Browser) -> str:
    return writing.begin(browser, "fill-in-forms")


def row(number: int, name: str, kind: str = "line", choices: str = "", **more: str) -> dict[str, str]:
    said = {"name": name, "kind": kind, "choices": choices, **more}
    return {f"schema-{number}-{part}": value for part, value in said.items()}


def sent(page: str) -> dict[str, str]:
    """Return what a browser would send of the list on a page."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="(schema-[^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checkbox" not in tag or "checked" in tag):
            found[name[1]] = unescape(value[1]) if value else "on"
    for name, inner in re.findall(r'<select[^>]*name="(schema-[^"]*)"[^>]*>(.*?)</select>', page, re.DOTALL):
        [chosen] = re.findall(r'value="([^"]*)" selected', inner)
        found[name] = chosen
    for name, inner in re.findall(r'<textarea[^>]*name="(schema[^"]*)"[^>]*>(.*?)</textarea>', page, re.DOTALL):
        found[name] = unescape(inner)
    return found


def schema(draft: str) -> Any:
    return json.loads(writing.sketch(draft).said["schema"])


def test_a_list_of_fields_writes_the_schema_and_is_drawn_as_members_see_it(browser: Browser, draft: str) -> None:
    fields = {
        **row(0, "brand", required="on"), **row(1, "fits", "one", "yes\r\nno\r\n", required="on"),
        **row(2, "colours", "several", "red\nblue"),
        **row(3, "pieces", "integer"), **row(4, ""), **row(5, "broken", "boolean"),
    }  # fmt: skip
    look = browser.post(f"{draft}look/", ASKED | fields)
    assert all(word in words(look) for word in ("brand", "fits", "yes", "red", "pieces"))
    page = browser.post(f"{draft}questions/", ASKED | fields | {"look": "1"}).content.decode()
    assert schema(draft) == {
        "type": "object", "required": ["brand", "fits"], "properties": {
            "brand": {"type": "string", "maxLength": 200}, "fits": {"type": "string", "enum": ["yes", "no"]},
            "colours": {"type": "array", "items": {"type": "string", "enum": ["red", "blue"]}},
            "pieces": {"type": "integer"}, "broken": {"type": "boolean"},
        },
    }  # fmt: skip
    # Five that are there, and three to add.
    assert page.count("Name of the field") == 5 + listing.MORE
    again = schema(draft)
    assert browser.post(f"{draft}questions/", ASKED | sent(page)).status_code == 302
    assert schema(draft) == again
    assert browser.post(f"{draft}questions/", ASKED | sent(page) | row(5, "more", "number")).status_code == 302
    assert [*schema(draft)["properties"]] == [*again["properties"], "more"]


def test_the_example_comes_through_the_list_as_it_is_with_its_bounds(browser: Browser, draft: str) -> None:
    page = browser.get(f"{draft}questions/").content.decode()
    example = find("freeform").fields()["schema"].initial
    assert browser.post(f"{draft}questions/", ASKED | sent(page)).status_code == 302
    assert schema(draft) == example
    assert example["properties"]["pieces"]["maximum"] == 100
    # A field that becomes another kind has none of the bounds of the former.
    browser.post(f"{draft}questions/", ASKED | sent(page) | {"schema-1-kind": "boolean"})
    assert schema(draft)["properties"]["pieces"] == {"type": "boolean"}
    browser.post(f"{draft}questions/", ASKED | sent(page) | {"schema-1-name": " "})
    assert [*schema(draft)["properties"]] == ["brand", "fits"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({**row(0, "fits", "one", "yes")}, "fits"),
        ({**row(0, "a.b")}, "no name for a field"),
        ({**row(0, "")}, "1 to 40 fields"),
    ],
)
def test_what_is_wrong_in_a_row_is_said(browser: Browser, draft: str, fields: dict[str, str], said: str) -> None:
    answer = browser.post(f"{draft}questions/", ASKED | fields)
    assert (answer.status_code, said in words(answer)) == (400, True)


def test_two_fields_of_one_name_stay_two(browser: Browser, draft: str) -> None:
    browser.post(f"{draft}questions/", ASKED | row(0, "a") | row(1, "a", "boolean") | row(2, "a", "number"))
    assert [*schema(draft)["properties"]] == ["a", "a (2)", "a (3)"]


def test_what_a_list_cannot_say_is_written_as_the_schema(browser: Browser, draft: str) -> None:
    listed = row(0, "brand")
    counts = {"schema": json.dumps(GROUPED), "schema-raw": "on"}
    assert browser.post(f"{draft}questions/", ASKED | listed | counts).status_code == 302
    assert schema(draft) == GROUPED
    page = browser.get(f"{draft}questions/").content.decode()
    assert sent(page)["schema-raw"] == "on"
    assert browser.post(f"{draft}questions/", ASKED | sent(page)).status_code == 302
    assert schema(draft) == GROUPED
    broken = browser.post(f"{draft}questions/", ASKED | listed | {"schema": "{", "schema-raw": "on"})
    assert broken.status_code == 400
    assert sent(broken.content.decode())["schema"] == "{"
