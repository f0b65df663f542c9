"""What an answer of each kind may be."""

import json

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from tasks import shapes
from tasks.shapes import material

CHOICE = {"question": "Which?", "labels": ["a", "b", "c"], "multiple": False}
SEVERAL = {**CHOICE, "multiple": True}
COMPARISON = {"question": "Which is better?", "min_reason": 10}
choice, comparison = shapes.find("choice"), shapes.find("comparison")
FAIR = {"preference": "a_much", "reason": "It counts rightly.", "shown": "ab"}


@pytest.mark.parametrize("value", [{"labels": ["a"]}, {"labels": ["c"]}])
def test_a_choice_is_one_of_the_labels(value: dict[str, object]) -> None:
    assert choice.problems(CHOICE, value) == []


@pytest.mark.parametrize(
    "value",
    [None, 7, [], {}, {"labels": "a"}, {"labels": []}, {"labels": ["x"]}, {"labels": ["a", "b"]}, {"labels": [["a"]]},
     {"labels": ["a"], "more": 1}],
)  # fmt: skip
def test_what_is_no_choice_is_said(value: object) -> None:
    assert choice.problems(CHOICE, value)


def test_several_labels_are_a_choice_only_where_asked_for_and_each_once() -> None:
    assert choice.problems(SEVERAL, {"labels": ["c", "a"]}) == []
    assert choice.problems(SEVERAL, {"labels": ["a", "a"]})


def test_choices_agree_whatever_their_order() -> None:
    assert choice.agreement_key({"labels": ["c", "a"]}) == choice.agreement_key({"labels": ["a", "c"]})


def test_a_form_is_read_as_it_was_ticked() -> None:
    post = QueryDict("label=c&label=a&label=x")
    assert choice.read(SEVERAL, post) == {"labels": ["a", "c"]}
    assert choice.read(CHOICE, post) == {"labels": ["a"]}


@pytest.mark.parametrize(
    "form",
    [{}, {"question": "?"}, {"question": "?", "labels": ["a"]}, {"question": "?", "labels": ["a", "a"]},
     {"question": "?", "labels": ["a", 1]}, {"question": "?", "labels": ["a", "b" * 121]},
     {"question": " ", "labels": ["a", "b"]}, {"question": "?", "labels": [str(n) for n in range(61)]}],
)  # fmt: skip
def test_a_choice_that_cannot_be_asked_is_said(form: dict[str, object]) -> None:
    assert choice.form_problems(form)


def test_a_comparison_needs_a_step_and_a_reason_long_enough() -> None:
    assert comparison.problems(COMPARISON, FAIR) == []
    assert comparison.problems(COMPARISON, {"preference": "a_much", "reason": "It counts rightly."}) == []
    for change in ({"reason": "short"}, {"preference": "c"}, {"reason": 7}, {"shown": "xy"}, {"extra": 1}):
        assert comparison.problems(COMPARISON, {**FAIR, **change}), change


def test_a_character_that_is_nothing_is_left_out_of_a_form_and_named_in_a_value() -> None:
    post = QueryDict(mutable=True)
    post.update({"preference": "same", "reason": "long enough\0 a reason"})
    assert comparison.problems(COMPARISON, comparison.read(COMPARISON, post)) == []
    assert comparison.problems(COMPARISON, {**FAIR, "reason": "long enough\0 a reason"})


def test_comparisons_agree_on_the_better_answer_by_however_much() -> None:
    keys = [comparison.agreement_key({"preference": step}) for step in ("a_much", "a_little", "b_much", "both_bad")]
    assert keys == ["a", "a", "b", "both_bad"]


@given(st.integers(1, 10**9))
def test_the_order_drawn_for_an_assignment_stays_and_the_words_follow_it(seed: int) -> None:
    data = {"a": "first", "b": "second"}
    page = comparison.page(COMPARISON, data, seed)
    assert comparison.page(COMPARISON, data, seed) == page
    shown_first = dict(page["answers"])["A"]  # type: ignore[call-overload]
    much_better = page["options"][0]  # type: ignore[index]
    assert (shown_first, much_better.value) in {("first", "a_much"), ("second", "b_much")}
    assert page["shown"] == ("ab" if shown_first == "first" else "ba")


def test_both_orders_come_up_about_equally() -> None:
    shown = [comparison.page(COMPARISON, {"a": "1", "b": "2"}, seed)["shown"] for seed in range(1000)]
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
    assert shapes.form_for({"question": "?"}, own)["labels"] == ["x", "y"]
    assert shapes.form_for(CHOICE, own) == CHOICE
