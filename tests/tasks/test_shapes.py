"""What an answer of each kind may be."""

import json
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.http import QueryDict
from django.template.loader import get_template
from hypothesis import given
from hypothesis import strategies as st

from tasks import shapes
from tasks.forms_job import NewJob
from tasks.shapes import material

CHOICE = {"question": "Which?", "labels": ["a", "b", "c"], "multiple": False}
SEVERAL = {**CHOICE, "multiple": True}
COMPARISON = {"question": "Which is better?", "min_reason": 10}
choice, comparison = shapes.find("choice"), shapes.find("comparison")


def asked(shape: str, form: dict[str, object], data: dict[str, object] | None = None) -> shapes.Question:
    """Return the question that a form asks about a task's data."""
    return shapes.Question.of(shape, form, data or {})


def problems(shape: str, form: dict[str, object], value: object) -> list[str]:
    """Return what is missing or wrong in a value."""
    return asked(shape, form).problems(value)


FAIR = {"preference": "a_much", "reason": "It counts rightly.", "shown": "ab"}


@pytest.mark.parametrize("value", [{"labels": ["a"]}, {"labels": ["c"]}])
def test_a_choice_is_one_of_the_labels(value: dict[str, object]) -> None:
    assert problems("choice", CHOICE, value) == []


@pytest.mark.parametrize(
    "value",
    [None, 7, [], {}, {"labels": "a"}, {"labels": []}, {"labels": ["x"]}, {"labels": ["a", "b"]}, {"labels": [["a"]]},
     {"labels": ["a"], "more": 1}],
)  # fmt: skip
def test_what_is_no_choice_is_said(value: object) -> None:
    assert problems("choice", CHOICE, value)


def test_several_labels_are_a_choice_only_where_asked_for_and_each_once() -> None:
    assert problems("choice", SEVERAL, {"labels": ["c", "a"]}) == []
    assert problems("choice", SEVERAL, {"labels": ["a", "a"]})


def test_choices_agree_whatever_their_order() -> None:
    assert choice.agreement_key({"labels": ["c", "a"]}) == choice.agreement_key({"labels": ["a", "c"]})


def test_a_form_is_read_as_it_was_ticked() -> None:
    post = QueryDict("label=c&label=a&label=x")
    assert asked("choice", SEVERAL).read(post) == {"labels": ["a", "c"]}
    assert asked("choice", CHOICE).read(post) == {"labels": ["a"]}


@pytest.mark.parametrize(
    "form",
    [{}, {"question": "?"}, {"question": "?", "labels": ["a"]}, {"question": "?", "labels": ["a", "a"]},
     {"question": "?", "labels": ["a", 1]}, {"question": "?", "labels": ["a", "b" * 121]},
     {"question": " ", "labels": ["a", "b"]}, {"question": "?", "labels": [str(n) for n in range(61)]}],
)  # fmt: skip
def test_a_choice_that_cannot_be_asked_is_said(form: dict[str, object]) -> None:
    assert shapes.form_problems("choice", form)


def test_a_comparison_needs_a_step_and_a_reason_long_enough() -> None:
    assert problems("comparison", COMPARISON, FAIR) == []
    assert problems("comparison", COMPARISON, {"preference": "a_much", "reason": "It counts rightly."}) == []
    for change in ({"reason": "short"}, {"preference": "c"}, {"reason": 7}, {"shown": "xy"}, {"extra": 1}):
        assert problems("comparison", COMPARISON, {**FAIR, **change}), change


def test_a_character_that_is_nothing_is_left_out_of_a_form_and_named_in_a_value() -> None:
    post = QueryDict(mutable=True)
    post.update({"preference": "same", "reason": "long enough\0 a reason"})
    assert problems("comparison", COMPARISON, asked("comparison", COMPARISON).read(post)) == []
    assert problems("comparison", COMPARISON, {**FAIR, "reason": "long enough\0 a reason"})


def test_comparisons_agree_on_the_better_answer_by_however_much() -> None:
    keys = [comparison.agreement_key({"preference": step}) for step in ("a_much", "a_little", "b_much", "both_bad")]
    assert keys == ["a", "a", "b", "both_bad"]


@given(st.integers(1, 10**9))
def test_the_order_drawn_for_an_assignment_stays_and_the_words_follow_it(seed: int) -> None:
    data = {"a": "first", "b": "second"}
    page = comparison.page(COMPARISON, data, {}, seed)
    assert comparison.page(COMPARISON, data, {}, seed) == page
    shown_first = dict(page["answers"])["A"]
    much_better = page["options"][0]
    assert (shown_first, much_better.value) in {("first", "a_much"), ("second", "b_much")}
    assert page["shown"] == ("ab" if shown_first == "first" else "ba")


def test_both_orders_come_up_about_equally() -> None:
    shown = [comparison.page(COMPARISON, {"a": "1", "b": "2"}, {}, seed)["shown"] for seed in range(1000)]
    assert 400 < shown.count("ab") < 600


@pytest.mark.parametrize(("shape", "form"), [(choice, CHOICE), (choice, SEVERAL), (comparison, COMPARISON)])
def test_a_schema_is_plain_json(shape: shapes.Shape, form: dict[str, object]) -> None:
    assert json.loads(json.dumps(shape.schema(form)))["additionalProperties"] is False


def test_a_value_fills_its_columns() -> None:
    assert choice.cells(SEVERAL, {"labels": ["a", "c"]}) == ["a|c"]
    assert dict(zip(comparison.columns(COMPARISON), comparison.cells(COMPARISON, FAIR), strict=True)) == FAIR


def test_a_pair_stands_side_by_side_and_the_clients_number_is_not_shown() -> None:
    shown = material.of({"id": "7", "left": {"name": "Kettle", "price": ""}, "right": {"name": "Pot"}, "hint": [1, 2]})
    assert shown.pair == [[("name", "Kettle")], [("name", "Pot")]]
    assert shown.rows == [("hint", "1\n2")]


def test_what_a_task_asks_stands_without_a_name() -> None:
    assert material.of({"question": "Why?", "topic": "sky"}) == material.Material(["Why?"], [("topic", "sky")])


def test_a_task_brings_its_own_labels_only_where_the_form_has_none() -> None:
    own = {"labels": ["x", "y"]}
    assert choice.form_for({"question": "?"}, own)["labels"] == ["x", "y"]
    assert choice.form_for(CHOICE, own) == CHOICE


def test_what_the_types_say_is_said_in_sentences() -> None:
    found = asked("choice", CHOICE).problems({"labels": "a", "more": 1})
    assert found == ["“labels” is not of the type array.", "“more” is not asked for."]
    assert asked("choice", CHOICE).problems({}) == ["“labels” is missing."]
    assert asked("choice", CHOICE).problems([]) == ["“the answer” is not of the type object."]


@pytest.mark.parametrize("name", shapes.names())
def test_every_kind_has_its_template_and_its_words(name: str) -> None:
    shape = shapes.find(name)
    assert get_template(shape.template)
    assert str(shape.label) != name
    assert all(finders.find(path) for path in (shape.script, shape.style) if path)
    assert not set(NewJob.base_fields) & set(shape.fields())


@pytest.mark.parametrize("script", sorted({shapes.find(name).script for name in shapes.names()} - {""}))
def test_what_draws_a_kind_draws_when_it_is_asked_again(script: str) -> None:
    """A preview asks it, whose answer takes the place of the page's part that was drawn."""
    text = Path(str(finders.find(script))).read_text()
    assert "export const drawAll = () =>" in text
    assert text.endswith("\ndrawAll();\n")


def test_a_form_of_an_unknown_kind_and_one_that_is_no_object_are_said() -> None:
    assert shapes.form_problems("telepathy", CHOICE)
    assert shapes.form_problems("choice", [])
    assert shapes.form_problems("choice", {**CHOICE, "extra": 1})
    assert shapes.form_problems("choice", {**CHOICE, "question": "a\0b"})
