"""As much as a kind lets in is kept and handed in; what is more is refused, and what was saved before stands."""

import json
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import settings
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from coop import clock
from coop.people.models import Client, Person
from tasks import claims, shapes
from tasks.models import Answer, Assignment, Draft
from tasks.shapes import attributes, checking, freeform, image, media, recording, shape
from tests.tasks.handing_in import image as picture
from tests.tasks.media_jobs import opened, voted_kind
from tests.tasks.test_kinds import EXAMPLES, FILES, sent

type Json = dict[str, Any]
type SignedIn = Callable[[Person], Browser]

LABELS = [f"{n:02} {'x' * 57}" for n in range(20)]
SCALES = [{"name": f"{n:02} {'x' * 57}", "steps": 7} for n in range(12)]
FIELDS = {f"{n:02}": {"type": "string", "maxLength": freeform.LONGEST} for n in range(freeform.MOST_FIELDS)}
# The form of each kind that lets the most in; where the example says it already, nothing.
WIDEST: dict[str, Json] = {
    "choice": {"labels": [f"{n:02} {'x' * 117}" for n in range(60)], "multiple": True},
    "rating": {"scales": SCALES},
    "conversation": {"steps": None, "labels": LABELS[:9], "candidates": True, "rewrite": True},
    "steps": {"most": 30, "justify": True, "answer": True},
    "spans": {"labels": LABELS, "relations": LABELS},
    "freeform": {"schema": {"type": "object", "properties": FIELDS}},
    "image": {
        "labels": LABELS,
        "types": ["polygon"],
        "words": True,
        "attributes": [{"name": name, "type": "text"} for name in ("a", "b")],
    },
    "frames": {"labels": LABELS},
    "segments": {"labels": LABELS},
    "cuboids": {"labels": LABELS},
}


def largest(schema: Json) -> Any:
    """Return the longest value that a JSON Schema lets in; of a number as many digits as a widget writes."""
    if "enum" in schema:
        return max(schema["enum"], key=lambda one: len(str(one)))
    if schema["type"] == "object":
        return {name: largest(part) for name, part in schema["properties"].items()}
    if schema["type"] == "array":
        return [largest(schema["items"])] * schema.get("maxItems", 1)
    if schema["type"] == "string":
        return "x" * schema["maxLength"]
    most = schema.get("maximum", 0)
    return {"boolean": False, "integer": most, "number": min(12345.67, most)}[schema["type"]]


def most(name: str, schema: Json) -> Json:
    """Return the largest value of a kind, within what it bounds beside its schema."""
    if name == "choice":
        return {"labels": schema["properties"]["labels"]["items"]["enum"]}
    value: Json = largest(schema)
    if name == "image":
        share = [[1234.56, 1234.56]] * (image.MOST_CORNERS // image.MOST_SHAPES)
        said = "x" * (attributes.MOST_SAID // image.MOST_SHAPES // 2 - len('"a": "", '))
        for one in value["shapes"]:
            one |= {"points": share, "attributes": dict.fromkeys("ab", said)}
    if name == "segments":
        for one in value["segments"]:
            one |= {"words": "x" * (recording.MOST_WORDS // recording.MOST_SEGMENTS)}
    return value


@pytest.mark.parametrize("name", [*EXAMPLES])
def test_as_much_as_a_kind_lets_in_is_within_its_length_and_in_one_request(name: str) -> None:
    example = EXAMPLES[name][0]
    form = {part: own for part, own in {**example["form"], **WIDEST.get(name, {})}.items() if own is not None}
    assert shapes.form_problems(name, form) == []
    kind = shapes.find(name)
    asked = kind.schema(kind.form_for(form, example["data"]))
    value = most(name, asked)
    assert checking.faults(asked, value) == []
    length = shape.written_length(value)
    assert length <= kind.longest
    fields = urlencode({"value": json.dumps(value, separators=(",", ":"))})
    assert len(fields) < settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def place(frame: int) -> Json:
    return {"frame": frame, "x": 10.25, "y": 10.75, "width": 12.5, "height": 11.25}


def tracks(count: int, keys: int) -> Json:
    """Return so many boxes, each in so many frames."""
    return {"tracks": [{"id": str(n), "label": "car", "keys": [*map(place, range(keys))]} for n in range(count)]}


def written(value: object, **more: object) -> Json:
    return {"value": value if isinstance(value, str) else json.dumps(value, separators=(",", ":")), **more}


@pytest.fixture
def mine(orbit: Client, olga: Person, amina: Person, luis: Person) -> Assignment:
    """Return a task of a hundred frames that Luis took."""
    job = opened(
        orbit, olga, of=voted_kind("frames", amina), form={"question": "Follow.", "labels": ["car"]},
        given={"a.png": picture()}, data=[{"frames": ["a.png"] * 100}],
    )  # fmt: skip
    return claims.claim_next(job, by=luis, at=clock.now())


@pytest.mark.django_db
def test_a_hundred_boxes_in_a_hundred_frames_are_kept_and_handed_in(
    mine: Assignment, luis: Person, signed_in: SignedIn
) -> None:
    browser, page, whole = signed_in(luis), f"/work/{mine.pk}/", tracks(100, 100)
    for value in (tracks(7, 100), tracks(14, 100), whole):
        assert browser.post(f"{page}draft/", written(value)).status_code == 204
        assert Draft.objects.get(assignment=mine).value == value
    shown = browser.get(page)
    assert "There is more here than a page without JavaScript can hold." in " ".join(shown.content.decode().split())
    assert browser.post(f"{page}check/", written(whole)).context["problems"] == []
    assert browser.post(page, written(whole, key=uuid4())).status_code == 302
    assert Answer.objects.get(assignment=mine).value == whole


@pytest.mark.django_db
@pytest.mark.parametrize(("said", "status"), [(tracks(200, 100), 413), ('{"tracks": [', 422)], ids=["long", "torn"])
def test_what_is_too_long_or_torn_is_refused_and_what_was_saved_stands(
    mine: Assignment, luis: Person, signed_in: SignedIn, said: object, status: int
) -> None:
    browser, page, before = signed_in(luis), f"/work/{mine.pk}/", tracks(7, 100)
    assert browser.post(f"{page}draft/", written(before)).status_code == 204
    for address in (f"{page}draft/", f"{page}check/", page, f"{page}ask/"):
        answer = browser.post(address, written(said, key=uuid4(), ask="Which?"))
        assert answer.status_code == status, address
        assert "neither saved nor sent" in answer.content.decode()
    assert browser.post(page, written(said, key=uuid4(), later="1")).status_code == status
    assert Draft.objects.get(assignment=mine).value == before
    assert not Answer.objects.exists()


@pytest.mark.parametrize(("name", "value", "asked"), [
    ("image", {"shapes": [{"type": "line", "label": "car", "points": [[n % 9, 1] for n in range(500)]}] * 41},
     "All shapes together have at most 20,000 corners."),
    ("segments", {"segments": [{"from": 0, "to": 1, "label": "speech", "words": "x" * 2000}] * 51},
     "All words together have at most 100,000 characters."),
])  # fmt: skip
def test_what_is_too_much_together_is_named(name: str, value: Json, asked: str) -> None:
    example = EXAMPLES[name][0]
    question = shapes.Question.of(name, example["form"], {**example["data"], media.FILES: FILES})
    assert question.problems(value) == [asked]
    part = next(iter(value))
    assert asked not in question.problems({part: value[part][1:]})


def some(name: str, count: int) -> Json:
    """Return a value of a kind with so many elements."""
    part, own = next((part, own) for part, own in EXAMPLES[name][0]["value"].items() if isinstance(own, list))
    return {part: [{**own[0], **({"id": str(n)} if "id" in own[0] else {})} for n in range(count)]}


@pytest.mark.parametrize(("name", "count", "asked"), [
    ("frames", 101, "“tracks” has at most 100 entries."), ("image", 201, "“shapes” has at most 200 entries."),
    ("segments", 501, "“segments” has at most 500 entries."), ("cuboids", 501, "“cuboids” has at most 500 entries."),
])  # fmt: skip
def test_one_more_than_the_most_is_kept_and_named(name: str, count: int, asked: str) -> None:
    example = EXAMPLES[name][0]
    question = shapes.Question.of(name, example["form"], {**example["data"], media.FILES: FILES})
    value = some(name, count)
    kept = question.read(QueryDict(urlencode(written(value))))
    assert kept == value
    assert question.problems(kept) == [asked]


@pytest.mark.parametrize(("name", "count"), [("frames", 100), ("image", 200), ("segments", 500), ("cuboids", 500),
                                             ("spans", 300)])  # fmt: skip
def test_what_is_more_than_rows_can_be_sent_of_comes_back_from_a_page_without_its_script(name: str, count: int) -> None:
    example = EXAMPLES[name][0]
    question = shapes.Question.of(name, example["form"], {**example["data"], media.FILES: FILES})
    value = some(name, count)
    if name == "frames":
        value = {"tracks": [{**one, "keys": [place(0), place(1)]} for one in value["tracks"]]}
    if name == "spans":
        value["relations"] = [{"from": n, "to": n + 1, "label": "works for"} for n in range(count - 1)]
    fields = sent(render_to_string(question.shape.template, question.shown(value, 1)))
    assert question.read(fields) == value
    assert sum(map(len, fields.lists())) < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


def values(schema: Json) -> st.SearchStrategy[Any]:
    """Return values near what a schema says: right ones, and such as are a little beside."""
    beside = st.one_of(st.none(), st.booleans(), st.integers(-2, 5), st.floats(), st.text(max_size=3), st.just([]))
    if schema["type"] == "object":
        parts = {name: values(part) for name, part in schema["properties"].items()}
        return st.one_of(st.fixed_dictionaries({}, optional=parts | {"more": beside}), beside)
    if schema["type"] == "array":
        return st.one_of(st.lists(values(schema["items"]), max_size=4), beside)
    return st.one_of(st.sampled_from(schema.get("enum", ["a"])), beside)


NEAR: Json = {
    "type": "object", "required": ["id", "keys"], "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 2}, "label": {"type": "string", "enum": ["a", "b"]},
        "keys": {"type": "array", "minItems": 1, "maxItems": 3, "items": {
            "type": "object", "additionalProperties": False, "required": ["x"],
            "properties": {"x": {"type": "number", "minimum": 0, "maximum": 3}, "n": {"type": "integer", "minimum": 1}},
        }},
        "nothing": {"type": "boolean"},
    },
}  # fmt: skip


def told(found: Iterator[Any]) -> list[tuple[list[object], str]]:
    return sorted(([*one.absolute_path], str(one.validator)) for one in found)


@given(values(NEAR))
def test_what_has_its_types_is_told_without_writing_any_fault_out(value: Any) -> None:
    found = Draft202012Validator(NEAR).iter_errors(value)
    assert checking.has_types(NEAR, value) == (not any(one.validator in checking.TYPES for one in found))


def test_a_megabyte_of_places_without_numbers_is_read_in_a_moment_and_named() -> None:
    example = EXAMPLES["image"][0]
    question = shapes.Question.of("image", example["form"], {**example["data"], media.FILES: FILES})
    empty = {"type": "polygon", "label": example["form"]["labels"][0], "points": [[]] * 320_000}
    post = QueryDict(urlencode({"value": json.dumps({"shapes": [empty]}, separators=(",", ":"))}))
    began = process_time()
    kept = question.read(post)
    assert len(question.problems(kept)) > 1
    assert process_time() - began < 2


@given(values(NEAR))
def test_what_is_told_at_once_to_be_right_the_whole_validator_finds_right_too(value: Any) -> None:
    assert told(checking.every_fault(NEAR, value)) == told(Draft202012Validator(NEAR).iter_errors(value))
