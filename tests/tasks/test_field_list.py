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


def field(**own: object) -> str:
    return json.dumps({"type": "object", "required": [], "properties": {"brand": {"type": "string", **own}}})


DEEP = 3_000
WRONG = [
    field(maxLength="80"), field(maxLength=None), field(maxLength=[]), field(maxLength=True), field(type=None),
    field(type=["string"]), field(enum=None), field(enum="yes"), field(enum=[{}, 1]), field(format=[]),
    field(type="array", items=None), field(type="array", items={"enum": None}), field(type="array", items={}),
    '{"type": "object", "required": true, "properties": {"a": {"type": "string"}}}',
    '{"type": "object", "required": null, "properties": {"a": {"type": "string"}}}',
    '{"type": "object", "required": [{}, 1], "properties": {"a": {"type": "string"}}}',
    '{"type": ["object"], "properties": {"a": {"type": "string"}}}',
    '{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": 0}',
    '{"type": "object", "properties": {"a": null}}', '{"type": "object", "properties": []}', "[]", "1", "null", '"x"',
    "[" * DEEP + "]" * DEEP, '{"type": "object", "properties": ' + '{"a":' * DEEP + "1" + "}" * DEEP + "}",
    '{"type": "object", "properties": {"a": {"type": "string", "maxLength": ' + "9" * 5_000 + "}}}",
    '{"type": "object", "properties": {"a": {"type": "string", "title": ' + "[" * 600 + "]" * 600 + "}}}",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_no_slip_in_the_schema_locks_a_draft(browser: Browser, draft: str, text: str) -> None:
    listed = row(0, "brand") | {"schema": text, "schema-raw": "on"}
    assert browser.post(f"{draft}questions/", ASKED | listed).status_code == 400
    assert browser.post(f"{draft}look/", ASKED | listed).status_code == 200
    pages = [browser.get(f"{draft}{step}") for step in ("questions/", "price/", "")]
    assert [page.status_code for page in pages] == [200] * 3
    back = sent(pages[0].content.decode())
    assert back["schema-shown"] == back["schema"]
    mended = back | row(0, "brand") | {"schema": json.dumps(GROUPED)}
    assert browser.post(f"{draft}questions/", ASKED | mended).status_code == 302
    assert schema(draft) == GROUPED


def test_a_draft_that_a_program_kept_wrong_is_drawn(browser: Browser, draft: str) -> None:
    held = writing.sketch(draft)
    for text in (*WRONG, True, 7, [], ["x"]):
        held.said = ASKED | {"schema": text}
        held.save(update_fields=["said"])
        assert {browser.get(f"{draft}{step}").status_code for step in ("questions/", "")} == {200}, text


def test_edited_json_counts_without_a_tick_and_rows_are_drawn_only_where_they_count(
    browser: Browser, draft: str
) -> None:
    page = sent(browser.get(f"{draft}questions/").content.decode())
    lines = page["schema"].replace("\n", "\r\n")
    assert browser.post(f"{draft}questions/", ASKED | page | {"schema": lines} | row(3, "more")).status_code == 302
    assert "more" in schema(draft)["properties"], "a browser's line ends are no edit"
    edited = json.dumps({"type": "object", "properties": {"two  words": {"type": "string", "title": "a  b"}}})
    page = sent(browser.get(f"{draft}questions/").content.decode())
    assert browser.post(f"{draft}questions/", ASKED | page | {"schema": edited}).status_code == 302
    assert schema(draft) == json.loads(edited)
    page = sent(browser.get(f"{draft}questions/").content.decode())
    assert browser.post(f"{draft}questions/", ASKED | page | {"schema": json.dumps(GROUPED)}).status_code == 302
    raw = browser.get(f"{draft}questions/").content.decode()
    assert (raw.count("Name of the field"), schema(draft)) == (0, GROUPED)
    # Emptied, a list begins again.
    again = browser.post(f"{draft}questions/", ASKED | sent(raw) | {"schema": ""})
    assert (again.status_code, again.content.decode().count("Name of the field")) == (400, listing.MORE)


def test_choices_make_a_field_one_of_several(browser: Browser, draft: str) -> None:
    browser.post(f"{draft}questions/", ASKED | row(0, "fits", "line", "yes\nno") | row(1, "many", "several", "a\nb"))
    options = {"type": "string", "enum": ["yes", "no"]}
    assert schema(draft)["properties"]["fits"] == options
    page = sent(browser.get(f"{draft}questions/").content.decode())
    assert (page["schema-0-kind"], page["schema-1-kind"]) == ("one", "several")
    # The choices that stood there are left behind by who makes it a text.
    browser.post(f"{draft}questions/", ASKED | page | {"schema-0-kind": "text"})
    assert schema(draft)["properties"]["fits"] == {"type": "string"}


def test_enter_in_a_field_saves_and_goes_on(browser: Browser, draft: str) -> None:
    page = browser.get(f"{draft}questions/").content.decode()
    form = page[page.index("data-check") :]
    buttons = re.findall(r"<button[^>]*>([^<]*)</button>", form)
    assert buttons[0] == "Save and go on"
    assert "Save, and add fields" in buttons


def test_no_name_that_comes_again_takes_anothers_place(browser: Browser, draft: str) -> None:
    names = ("a", "a (2)", "a", "a", "b", "a")
    rows = [row(number, name) for number, name in enumerate(names)]
    browser.post(f"{draft}questions/", ASKED | {key: value for one in rows for key, value in one.items()})
    assert [*schema(draft)["properties"]] == ["a", "a (2)", "a (3)", "a (4)", "b", "a (5)"]


@pytest.mark.parametrize("said", [
    {f"f{n}": {"type": "boolean"} for n in range(41)}, {"a": {"type": "string", "enum": [" yes", "no"]}},
    {"a": {"type": "string", "enum": ["yes\nno", "no"]}}, {"a": {"type": "string", "enum": ["yes", ""]}},
    {"a\nb": {"type": "boolean"}}, {" a": {"type": "boolean"}}, {"": {"type": "boolean"}},
    {"a": {"type": "array", "items": {"type": "string", "enum": ["a", "b"], "title": "x"}}},
])  # fmt: skip
def test_what_a_browser_would_send_otherwise_is_no_list(said: dict[str, Any]) -> None:
    assert listing.rows_of({"type": "object", "required": [], "properties": said}) is None


def test_a_list_says_which_fields_are_required_in_any_order() -> None:
    said = {"type": "object", "required": ["b", "a"], "properties": {"a": {"type": "boolean"}, "b": {"type": "number"}}}
    assert [one["required"] for one in listing.rows_of(said | {"additionalProperties": False}) or ()] == [True, True]
    assert listing.rows_of(said | {"required": ["c"]}) is None
