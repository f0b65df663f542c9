"""What the values of each kind may not say though their types are right, and what a form may not ask."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from coop.refusals import Refused
from tasks import shapes
from tasks.shapes import freeform, rewriting
from tests.tasks.test_kinds import EXAMPLES

type Json = dict[str, Any]


def example(name: str) -> tuple[shapes.Question, Json]:
    """Return the question and the value of a kind's first example."""
    first = EXAMPLES[name][0]
    return shapes.Question.of(name, first["form"], first["data"]), first["value"]


def mark(start: int, end: int, label: str = "firm") -> Json:
    return {"start": start, "end": end, "label": label}


def joins(one: int, other: int, label: str = "works for") -> Json:
    return {"from": one, "to": other, "label": label}


TWO = [mark(0, 12, "person"), mark(20, 24)]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("rating", {"ratings": {"Helpful": 6, "True": 7}}), ("rating", {"ratings": {"Helpful": 0, "True": 7}}),
        ("rating", {"ratings": {"Helpful": 4}}), ("rating", {"ratings": {"Helpful": 4.5, "True": 7}}),
        ("ranking", {"ranks": [1, 2]}), ("ranking", {"ranks": [1, 3, 3]}), ("ranking", {"ranks": [0, 1, 2]}),
        ("ranking", {"ranks": [2, 3, 4]}), ("ranking", {"shown": [1, 1, 2]}), ("ranking", {"ranks": [1, 2, 3, 4]}),
        ("ranking", {"ranks": []}),
        ("conversation", {"turns": []}), ("conversation", {"turns": [2, 2]}), ("conversation", {"turns": [0]}),
        ("conversation", {"turns": [6]}), ("conversation", {"chosen": 3}), ("conversation", {"chosen": 0}),
        ("conversation", {"rewrite": "not asked for"}),
        ("rewriting", {"text": "He go to  school\nyesterday."}), ("rewriting", {"text": "  "}),
        ("rewriting", {"reason": "short"}), ("rewriting", {"text": "x" * 20_001}),
        ("steps", {"steps": []}), ("steps", {"steps": [{"text": " ", "why": "so"}]}), ("steps", {"answer": " "}),
        ("steps", {"steps": [{"text": "x", "why": ""}]}), ("steps", {"steps": [{"text": "x", "why": "y"}] * 9}),
        ("step_check", {"verdicts": ["right"], "why": [""]}), ("step_check", {"first_wrong": 3}),
        ("step_check", {"first_wrong": 0}), ("step_check", {"why": ["", "", "so"]}),
        ("step_check", {"verdicts": ["right", "wrong", "maybe"]}), ("step_check", {"why": ["", "so"]}),
        ("spans", {"spans": [], "relations": []}), ("spans", {"spans": [*TWO, mark(20, 26)]}),
        ("spans", {"spans": [*TWO, mark(3, 3)]}), ("spans", {"spans": [*TWO, mark(24, 20)]}),
        ("spans", {"spans": [*TWO, mark(12, 13)]}), ("spans", {"spans": [*TWO, mark(20, 24)]}),
        ("spans", {"spans": [*TWO, mark(4, 20)]}), ("spans", {"spans": [*TWO, mark(13, 19, "place")]}),
        ("spans", {"relations": [joins(0, 2)]}), ("spans", {"relations": [joins(1, 1)]}),
        ("spans", {"relations": [joins(0, 1), joins(0, 1)]}), ("spans", {"relations": [joins(0, 1, "likes")]}),
        ("freeform", {"brand": " "}), ("freeform", {"pieces": 0}), ("freeform", {"pieces": 1.5}),
        ("freeform", {"colours": ["green"]}), ("freeform", {"colours": ["red", "red"]}), ("freeform", {"size": {}}),
        ("freeform", {"size": {"litres": "1"}}), ("freeform", {"fits": "yes"}), ("freeform", {"brand": "x" * 81}),
        ("moderation", {"decision": "keeps"}), ("moderation", {"found": {}}), ("moderation", {"decision": ""}),
        ("moderation", {"found": {"Spam": "huge"}}), ("moderation", {"found": {"Lies": "low"}}),
    ],
)  # fmt: skip
def test_a_value_that_means_nothing_is_said(name: str, change: Json) -> None:
    question, value = example(name)
    assert question.problems(value) == []
    assert question.problems({**value, **change})


@pytest.mark.parametrize(
    ("name", "form", "value"),
    [
        ("ranking", {"ties": False}, {"ranks": [1, 1, 2]}),
        ("rewriting", {"unchanged": False}, {"text": "He go to school yesterday."}),
        ("spans", {"overlapping": False}, {"spans": [mark(0, 12), mark(4, 12)], "relations": []}),
        ("spans", {"empty": False}, {"spans": [], "relations": []}),
        ("steps", {"justify": False}, {"steps": [{"text": "x", "why": ""}]}),
        ("steps", {"answer": False}, {"answer": ""}),
        ("step_check", {"why": False}, {"why": ["", "", ""]}),
    ],
)  # fmt: skip
def test_what_a_form_allows_is_allowed_there_alone(name: str, form: Json, value: Json) -> None:
    question, known = example(name)
    (flag, off), strict = next(iter(form.items())), bool(name in {"steps", "step_check"})
    for setting, allowed in ((off, strict), (not off, not strict)):
        asked = shapes.Question(question.shape, {**question.form, flag: setting}, question.data)
        assert (asked.problems({**known, **value}) == []) == allowed, setting


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("rating", {"scales": []}), ("rating", {"scales": [{"name": "a", "steps": 6}]}),
        ("rating", {"scales": [{"name": "a", "steps": 5}, {"name": "a", "steps": 7}]}),
        ("rating", {"scales": [{"name": "by", "steps": 5}]}), ("rating", {"scales": [{"name": " ", "steps": 5}]}),
        ("ranking", {"ties": "yes"}), ("conversation", {"labels": ["a", "b"]}), ("conversation", {"steps": 6}),
        ("rewriting", {"min_reason": -1}), ("rewriting", {"min_reason": 1001}), ("steps", {"most": 1}),
        ("steps", {"most": 31}), ("spans", {"labels": []}), ("spans", {"labels": ["a", "a"]}),
        ("spans", {"labels": [str(n) for n in range(21)]}), ("moderation", {"categories": []}),
        ("moderation", {"categories": [{"name": "a"}, {"name": "a"}]}),
        ("moderation", {"categories": [{"name": "decision"}]}),
        ("step_check", {"markdown": 1}), ("freeform", {"question": "x" * 501}),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_asked_is_said(name: str, change: Json) -> None:
    form = EXAMPLES[name][0]["form"]
    assert shapes.form_problems(name, form) == []
    assert shapes.form_problems(name, {**form, **change})


def test_a_conversation_asks_for_something() -> None:
    assert shapes.form_problems("conversation", {"question": "Well?"})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ranking", {}), ("ranking", {"answers": ["one"]}), ("ranking", {"answers": ["a", 2]}),
        ("ranking", {"answers": ["a"] * 9}), ("rewriting", {}),
        ("rewriting", {"text": ""}), ("spans", {"text": " \n "}),
        ("spans", {"text": "x" * 20_001}), ("step_check", {}),
        ("step_check", {"solution": "\n"}), ("step_check", {"steps": []}),
        ("step_check", {"solution": "x\n" * 61}), ("conversation", {"turns": [{"role": "user", "text": "?"}]}),
        ("conversation", {"turns": [{"role": "user", "text": "?"}], "candidates": ["a", "b"]}),
        ("conversation", {"turns": [{"role": "robot", "text": "?"}], "candidates": ["a", "b"]}),
    ],
)  # fmt: skip
def test_data_that_a_kind_cannot_show_is_said(name: str, data: Json) -> None:
    assert shapes.find(name).data_problems(EXAMPLES[name][0]["form"], data)


FIELD: Json = {"type": "string"}


def form_of(**properties: Any) -> Json:
    return {"question": "?", "schema": {"type": "object", "properties": properties}}


@pytest.mark.parametrize(
    "form",
    [
        {"question": "?", "schema": {}}, {"question": "?", "schema": {"type": "array"}}, form_of(),
        form_of(a={"type": "null"}), form_of(a={}), form_of(a=7), form_of(a={"type": ["string", "null"]}),
        form_of(a={"type": "string", "pattern": "(a+)+$"}), form_of(a={"$ref": "https://example.org/schema"}),
        form_of(a={"type": "string", "format": "email"}), form_of(a={"type": "string", "enum": ["one"]}),
        form_of(a={"type": "string", "enum": [1, 2]}), form_of(a={"type": "array", "items": FIELD}),
        form_of(a={"type": "array"}),
        form_of(a={"type": "string", "maxLength": 10_001}),
        form_of(a={"type": "string", "minLength": 9, "maxLength": 3}),
        form_of(a={"type": "integer", "minimum": 5, "maximum": 4}), form_of(a={"type": "integer", "minimum": 0.5}),
        form_of(a={"type": "object", "properties": {"b": {"type": "object", "properties": {"c": FIELD}}}}),
        form_of(**{"a.b": FIELD}), form_of(**{"": FIELD}), form_of(id=FIELD), form_of(**{"x" * 61: FIELD}),
        form_of(**{str(n): FIELD for n in range(41)}),
        {"question": "?", "schema": {"type": "object", "properties": {"a": FIELD}, "required": ["b"]}},
        {"question": "?", "schema": {"type": "object", "properties": {"a": FIELD}, "patternProperties": {".*": FIELD}}},
        {"question": "?", "schema": {"type": "object", "properties": {"a": FIELD}, "anyOf": [{}]}},
    ],
)  # fmt: skip
def test_a_free_form_beyond_the_subset_is_refused(form: Json) -> None:
    assert shapes.form_problems("freeform", form)


def test_the_free_form_to_begin_from_can_be_asked_and_one_without_texts_agrees() -> None:
    assert shapes.form_problems("freeform", {"question": "?", "schema": json.loads(freeform.EXAMPLE)}) == []
    shape = shapes.find("freeform")
    assert not shape.agrees(form_of(a=FIELD))
    assert shape.agrees(form_of(a={"type": "string", "enum": ["x", "y"]}, b={"type": "boolean"}))


def test_numbers_are_read_as_they_are_and_nothing_else_is_one() -> None:
    question = shapes.Question.of("freeform", form_of(n={"type": "number"}, i={"type": "integer"}), {})
    for text, found in (("3", 3), ("-2.50", -2.5), ("1e9", "1e9"), ("NaN", "NaN"), ("1,5", "1,5"), ("٣", "٣")):
        assert question.read(QueryDict(f"f.n={text}")) == {"n": found}
    assert question.problems({"n": "NaN"})
    assert question.problems({"i": 10**16})


def test_ranks_are_read_without_gaps_where_answers_may_share_one() -> None:
    question, _value = example("ranking")
    post = QueryDict("rank-1=2&rank-2=2&rank-3=4&shown=3+1+2")
    assert question.read(post) == {"ranks": [1, 1, 2], "shown": [3, 1, 2]}
    assert question.read(QueryDict("rank-1=x&shown=1+1+9")) == {"ranks": [0, 0, 0], "shown": [1, 2, 3]}


def test_one_more_step_is_an_empty_one_and_an_emptied_one_is_gone() -> None:
    question, _value = example("steps")
    post = QueryDict("step-1-text=a&step-1-why=b&step-2-text=&step-3-text=c&again=add")
    assert [step["text"] for step in question.read(post)["steps"]] == ["a", "c", ""]
    full = QueryDict("&".join(f"step-{n}-text=x" for n in range(1, 9)) + "&again=add")
    assert len(question.read(full)["steps"]) == 8


def test_what_a_script_wrote_of_marks_is_read_whatever_it_is() -> None:
    question, value = example("spans")
    post = QueryDict(mutable=True)
    none: dict[str, Any] = {"spans": [], "relations": []}
    beside = {"spans": [{"start": -1, "end": 9, "label": "x"}], "relations": [{"from": -9, "to": 0, "label": "x"}]}
    for text, found in ((json.dumps(value), value), ("", none), ('{"more": 1}', none), (json.dumps(beside), beside)):
        post["value"] = text
        assert question.read(post) == found
        assert question.shown(found, 1)
    for text in (
        "[]", "{", "[" * 60_000, '{"spans": NaN}', '{"spans": [{"start": true, "end": 2, "label": "x"}]}',
        '{"spans": [7]}', '{"spans": {"start": 1}}', '{"relations": [[]]}', '{"spans": [{"start": 1, "end": 2}]}',
    ):  # fmt: skip
        post["value"] = text
        with pytest.raises(Refused, match="cannot be read"):
            question.read(post)


def test_marks_beyond_the_most_are_kept_and_named() -> None:
    question = shapes.Question.of("spans", {"question": "?", "labels": ["x"]}, {"text": "ab " * 350})
    spans = [{"start": 3 * n, "end": 3 * n + 2, "label": "x"} for n in range(350)]
    for post in (
        QueryDict(urlencode({"value": json.dumps({"spans": spans})})),
        QueryDict("&".join(f"span-{n}-from={n}&span-{n}-label=x" for n in range(1, 304))),
    ):
        kept = question.read(post)
        assert kept["spans"] == spans[: len(kept["spans"])]
        assert question.problems(kept) == ["“spans” has at most 300 entries."]
        assert question.shown(kept, 1)
    assert question.problems({"spans": spans[:300]}) == []


def test_marks_by_the_numbers_of_words_are_those_of_the_script() -> None:
    question, value = example("spans")
    post = QueryDict(
        "span-1-from=1&span-1-to=2&span-1-label=person&span-2-from=4&span-2-label=firm&span-3-from=99"
        "&relation-1-from=1&relation-1-to=2&relation-1-label=works+for"
    )
    assert question.read(post) == value


def test_texts_that_are_compared_word_by_word_take_no_minutes() -> None:
    began = time.perf_counter()
    assert rewriting.difference("a " * 10_000, "a " * 9_999 + "b")
    assert rewriting.difference("a b " * 5_000, "b a " * 5_000)
    assert rewriting.difference(" \n" * 10_000, "x " + " \t" * 9_000)
    assert time.perf_counter() - began < 3
    assert "<del>" in rewriting.difference("one <b>two</b>", "one three")
    assert "<b>" not in rewriting.difference("one <b>two</b>", "one three")


def test_a_form_with_free_text_has_no_answers_that_are_the_same() -> None:
    shape = shapes.find("freeform")
    assert shape.key_of(form_of(a=FIELD), {"a": "x"}) is None
    assert shape.key_of(form_of(a={"type": "boolean"}), {"a": True}) == shape.key_of(
        form_of(a={"type": "boolean"}), {"a": True}
    )


def test_an_answer_is_as_long_as_its_kind_says_and_no_longer() -> None:
    question, value = example("rewriting")
    text = {**value, "text": "क" * 20_000}
    assert question.problems(text) == [], "counted in characters, whatever their script"
    assert question.length_refusal(text) is None
    assert "more than one answer holds: at most 64,000" in question.problems({**value, "text": "x" * 64_001})[0]
