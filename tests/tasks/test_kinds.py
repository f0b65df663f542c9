"""Every kind of answer as the page for clients tells it: its example is asked, filled in, shown and taken home."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.http import QueryDict
from django.template.loader import render_to_string
from lxml import html

from tasks import shapes
from tasks.shapes import media

DOC = Path(settings.BASE_DIR) / "coop" / "docs" / "kinds.md"
SEED = 7  # draws the orders in the examples
# Files that examples name, as those of a job are known.
FILES = {
    "000001.png": {
        "kind": "image",
        "address": "/media/1/",
        "small": "/media/1/small/",
        "facts": {"width": 1242, "height": 375},
    },
    "000002.png": {
        "kind": "image",
        "address": "/media/4/",
        "small": "/media/4/small/",
        "facts": {"width": 1242, "height": 375},
    },
    "000001.bin": {
        "kind": "cloud",
        "address": "/media/3/",
        "small": "",
        "facts": {"points": 9, "low": [-80, -60, -8], "high": [80, 60, 3], "scale": 0.01, "centre": [0, 0, 0]},
    },
    "five.wav": {
        "kind": "sound",
        "address": "/media/2/",
        "small": "",
        "facts": {"seconds": 1.143, "peaks": [0, 80, 20]},
    },
}
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", DOC.read_text(), re.MULTILINE | re.DOTALL))
EXAMPLES: dict[str, list[dict[str, Any]]] = {
    name: [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    for name, text in SECTIONS.items()
}
EACH = [(name, example) for name, examples in EXAMPLES.items() for example in examples]
every = pytest.mark.parametrize(("name", "example"), EACH, ids=[name for name, _example in EACH])


def asked(name: str, example: dict[str, Any]) -> shapes.Question:
    """Return the question of an example."""
    return shapes.Question.of(name, example["form"], {**example["data"], media.FILES: FILES})


def drawn(question: shapes.Question, value: dict[str, Any], **more: object) -> str:
    """Return the kind's template as HTML."""
    return render_to_string(question.shape.template, question.shown(value, SEED) | more)


def sent(page: str) -> QueryDict:
    """Return what a browser without scripts sends of a page's fields."""
    form = html.fromstring(f"<form>{page}</form>")
    assert isinstance(form, html.FormElement)
    return QueryDict(urlencode(form.form_values()))


def test_every_kind_is_told() -> None:
    assert list(EXAMPLES) == shapes.names()
    assert all(EXAMPLES.values())


@every
def test_an_example_is_taken(name: str, example: dict[str, Any]) -> None:
    assert shapes.form_problems(name, example["form"]) == []
    assert shapes.find(name).data_problems(example["form"], example["data"]) == []
    assert asked(name, example).problems(example["value"]) == []


@every
def test_nothing_may_be_added_to_a_form_or_a_value_and_nothing_left_out(name: str, example: dict[str, Any]) -> None:
    assert shapes.form_problems(name, {**example["form"], "extra": 1})
    assert asked(name, example).problems({**example["value"], "extra": 1})
    assert asked(name, example).problems({})
    assert asked(name, example).problems(None)
    for part, own in example["value"].items():
        assert asked(name, example).problems({**example["value"], part: 7 if own != 7 else []}), part
        assert asked(name, example).problems({**example["value"], part: {"x": [None]}}), part


@every
def test_an_example_fills_its_columns_and_has_parts_to_point_at(name: str, example: dict[str, Any]) -> None:
    shape = shapes.find(name)
    columns = shape.columns(example["form"])
    assert dict(zip(columns, shape.cells(example["form"], example["value"]), strict=True)) == example["cells"]
    assert shape.parts(example["form"])


@every
def test_its_fields_say_on_a_page_what_it_is(name: str, example: dict[str, Any]) -> None:
    """What stands in the fields of the page is read as the value that was put in."""
    question = asked(name, example)
    page = drawn(question, example["value"])
    assert question.read(sent(page)) == example["value"]
    assert "style=" not in page
    assert drawn(question, {})


@every
def test_what_was_handed_in_is_shown_without_fields(name: str, example: dict[str, Any]) -> None:
    page = drawn(asked(name, example), example["value"], reading=True)
    assert not re.search(r"<(?:input|textarea|select|button)(?![^>]*\bdisabled)", page)
    assert example["form"]["question"] in page


@every
def test_answers_agree_where_the_form_says_so(name: str, example: dict[str, Any]) -> None:
    shape = shapes.find(name)
    key = shape.agreement_key(example["value"])
    assert key == shape.agreement_key(json.loads(json.dumps(example["value"])))
    assert not shape.agrees(example["form"]) or key is not None
