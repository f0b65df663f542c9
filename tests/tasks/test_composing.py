"""Answers that are all different come to one part by part: worked out by hand, and what holds of all of them."""

from itertools import combinations
from typing import Any

import pandas as pd
import pytest
from crowdkit.aggregation import BradleyTerry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks import shapes
from tasks.shapes import composing
from tasks.shapes.composing import Part
from tests.tasks.test_kinds import EACH

type Json = dict[str, Any]
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SCALES = {"scales": [{"name": name, "steps": 5} for name in ("Clear", "Kind")]}
COLOURS = {"labels": ["red", "green", "blue"], "multiple": True}
POLICY = {"categories": [{"name": "Threats"}, {"name": "Spam"}]}
CLOSED = {
    "schema": {
        "type": "object",
        "required": ["fits", "size"],
        "properties": {
            "fits": {"type": "string", "enum": ["yes", "no", "unclear"]},
            "new": {"type": "boolean"},
            "pieces": {"type": "integer"},
            "size": {
                "type": "object",
                "properties": {"seen": {"type": "array", "items": {"type": "string", "enum": ["S", "M", "L"]}}},
            },
        },
    }
}


def come_to(kind: str, form: Json, *values: Json) -> tuple[Json | None, Json]:
    """Return the value that answers of a kind come to, and each part as it is told."""
    rule = shapes.find(kind).by_parts(form)
    assert rule
    parts = rule.parts(values)
    return rule.whole(parts), {name: part.row() for name, part in parts.items()}


def ranked(*orders: str, ties: bool = False) -> tuple[Json | None, Json]:
    """Return what orders come to, each written as the places of the answers in turn."""
    return come_to("ranking", {"ties": ties}, *({"ranks": [int(place) for place in order]} for order in orders))


def rated(*steps: str) -> tuple[Json | None, Json]:
    """Return what ratings on two scales come to."""
    return come_to("rating", SCALES, *({"ratings": {"Clear": int(two[0]), "Kind": int(two[1])}} for two in steps))


def test_an_order_is_of_the_pairs_that_most_put_so() -> None:
    whole, parts = ranked("1234", "1243", "2134")
    assert whole == {"ranks": [1, 2, 3, 4]}
    # Each answer stands in one pair of three that one of three members turned: 8 of 9.
    assert parts == {str(n): {"value": n, "confidence": 0.8889} for n in range(1, 5)}


def test_an_order_that_goes_round_is_even_as_nobody_said_that_all_are_alike() -> None:
    assert ranked("123", "312", "231")[0] is None
    assert ranked("123", "312", "231", ties=True)[0] is None


def test_places_that_are_known_are_told_where_others_are_even() -> None:
    whole, parts = ranked("1234", "1243")
    assert whole is None
    assert parts["1"] == {"value": 1, "confidence": 1.0}
    assert parts["3"] == {"confidence": 0.6667}
    assert ranked("1234", "1243", ties=True)[0] == {"ranks": [1, 2, 3, 3]}


def test_a_shared_place_is_half_a_win_and_leaves_no_gap() -> None:
    assert ranked("112", "122", "123", ties=True)[0] == {"ranks": [1, 2, 3]}
    assert ranked("112", "112", "221", ties=True)[0] == {"ranks": [1, 1, 2]}


def test_each_scale_goes_by_the_step_in_the_middle() -> None:
    whole, parts = rated("45", "44", "43")
    assert whole == {"ratings": {"Clear": 4, "Kind": 4}}
    assert parts == {"Clear": {"value": 4, "confidence": 1.0}, "Kind": {"value": 4, "confidence": 0.3333}}
    assert rated("11", "11", "55", "54")[0] is None


def test_a_scale_that_is_even_leaves_the_others_known() -> None:
    whole, parts = rated("45", "44")
    assert whole is None
    assert parts == {"Clear": {"value": 4, "confidence": 1.0}, "Kind": {"confidence": 0.5}}
    assert rated("45", "44", "44", "41") == (
        {"ratings": {"Clear": 4, "Kind": 4}},
        {"Clear": {"value": 4, "confidence": 1.0}, "Kind": {"value": 4, "confidence": 0.5}},
    )


def test_each_label_goes_by_whether_most_chose_it() -> None:
    said = [{"labels": labels} for labels in (["red", "blue"], ["red"], ["red", "green", "blue"])]
    whole, parts = come_to("choice", COLOURS, *said)
    assert whole == {"labels": ["red", "blue"]}
    assert parts == {
        "red": {"value": True, "confidence": 1.0},
        "green": {"value": False, "confidence": 0.6667},
        "blue": {"value": True, "confidence": 0.6667},
    }
    whole, parts = come_to("choice", COLOURS, {"labels": ["red"]}, {"labels": ["red", "blue"]})
    assert (whole, parts["red"], parts["blue"]) == (None, {"value": True, "confidence": 1.0}, {"confidence": 0.5})
    assert shapes.find("choice").by_parts({"labels": ["red", "green"]}) is None


def moderated(*found: Json) -> tuple[Json | None, Json]:
    """Return what decisions come to, each with the categories found."""
    return come_to("moderation", POLICY, *map(decided, found))


def decided(found: Json) -> Json:
    """Return the answer in which these categories are found."""
    return {"decision": "breaks" if found else "keeps", "found": found}


def test_each_category_goes_by_the_severity_in_the_middle() -> None:
    whole, parts = moderated({"Threats": "high"}, {"Threats": "low", "Spam": "low"}, {"Threats": "medium"})
    assert whole == {"decision": "breaks", "found": {"Threats": "medium"}}
    assert parts == {
        "decision": {"value": "breaks", "confidence": 1.0},
        "Threats": {"value": "medium", "confidence": 0.3333},
        "Spam": {"value": None, "confidence": 0.6667},
    }
    assert moderated({"Spam": "high"}, {}, {"Spam": "low"})[0] == {"decision": "breaks", "found": {"Spam": "low"}}


def test_an_even_decision_or_severity_decides_nothing() -> None:
    whole, parts = moderated({"Spam": "high"}, {})
    assert whole is None
    assert parts == {"decision": {"confidence": 0.5}, "Spam": {"confidence": 0.5}}
    whole, parts = moderated({"Spam": "high"}, {"Spam": "low"})
    assert (whole, parts["Spam"]) == (None, {"confidence": 0.5})


def test_replies_and_the_choice_of_the_next_go_each_by_itself() -> None:
    rated_replies = ({"turns": [5, 2], "chosen": 1}, {"turns": [4, 2], "chosen": 1}, {"turns": [3, 1], "chosen": 2})
    whole, parts = come_to("conversation", {"steps": 5, "candidates": True}, *rated_replies)
    assert whole == {"turns": [4, 2], "chosen": 1}
    assert parts["turns.2"] == {"value": 2, "confidence": 0.6667}
    labelled = [{"turns": turns} for turns in (["a", "b"], ["a", "c"], ["b", "c"])]
    assert come_to("conversation", {"labels": ["a", "b", "c"]}, *labelled)[0] == {"turns": ["a", "c"]}
    assert come_to("conversation", {"candidates": True}, {"chosen": 1}, {"chosen": 2}) == (
        None, {"chosen": {"confidence": 0.5}},
    )  # fmt: skip
    assert shapes.find("conversation").by_parts({"steps": 5, "rewrite": True}) is None


def test_each_field_goes_by_itself_and_may_stay_empty() -> None:
    said: list[Json] = [
        {"fits": "yes", "new": True, "pieces": 3, "size": {"seen": ["S", "M"]}},
        {"fits": "yes", "pieces": 4, "size": {"seen": ["M"]}},
        {"fits": "no", "pieces": 100, "size": {}},
    ]
    whole, parts = come_to("freeform", CLOSED, *said)
    assert whole == {"fits": "yes", "pieces": 4, "size": {"seen": ["M"]}}
    assert parts["new"] == {"value": None, "confidence": 0.6667}
    assert parts["size.seen"] == {"value": ["M"], "confidence": 0.6667}
    whole, parts = come_to("freeform", CLOSED, *said[:2])
    assert whole is None
    assert parts["new"] == {"confidence": 0.5}
    assert parts["fits"] == {"value": "yes", "confidence": 1.0}
    assert come_to("freeform", CLOSED, said[0], {**said[0], "size": {}})[1]["size.seen"] == {"confidence": 0.5}
    free = {"schema": {"type": "object", "properties": {"why": {"type": "string"}}}}
    assert shapes.find("freeform").by_parts(free) is None


def test_what_is_left_out_by_most_is_no_number() -> None:
    assert composing.middle([None, None, 7]) == Part(None, 2 / 3)
    assert composing.middle([None, 7]).even
    assert composing.middle([None, 7, 7, 9]) == Part(7, 1 / 2)
    assert repr(composing.middle([1.0, 1]).said) == repr(composing.middle([1, 1.0]).said) == "1"


@pytest.mark.parametrize(
    "orders", [["1234", "1243", "2134"], ["132", "321", "213", "132"], ["12345", "54312", "12354"]]
)
def test_who_won_more_pairs_is_stronger_by_the_model_of_bradley_and_terry(orders: list[str]) -> None:
    rows = [
        (one, other, one if order[one] < order[other] else other)
        for order in orders for one in range(len(order)) for other in range(one)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["left", "right", "label"])
    # It compares its last step with itself and would stop after the second; below zero it goes on.
    strengths = BradleyTerry(n_iter=500, tol=-1).fit_predict(table)
    places = [part.said for part in composing.places([[*map(int, order)] for order in orders], ties=True)]
    for one, other in combinations(range(len(places)), 2):
        if places[one] != places[other]:
            assert (places[one] < places[other]) == (strengths[one] > strengths[other])
        else:
            assert strengths[one] == pytest.approx(strengths[other], rel=1e-3)


def _subsets(names: list[str], least: int = 0) -> st.SearchStrategy[list[str]]:
    picked = st.lists(st.sampled_from(names), unique=True, min_size=least)
    return picked.map(lambda some: [name for name in names if name in some])


SEVERITIES = st.dictionaries(st.sampled_from(["Threats", "Spam"]), st.sampled_from(["low", "medium", "high"]))
FIELDS = st.fixed_dictionaries(
    {
        "fits": st.sampled_from(["yes", "no", "unclear"]),
        "size": _subsets(["S", "M", "L"]).map(lambda seen: {"seen": seen} if seen else {}),
    },
    optional={"new": st.booleans(), "pieces": st.integers(0, 9)},
)
KINDS: dict[str, tuple[Json, Json, st.SearchStrategy[Json]]] = {
    "ranking": ({}, {"answers": ["w"] * 4}, st.permutations([1, 2, 3, 4]).map(lambda ranks: {"ranks": [*ranks]})),
    "rating": (SCALES, {}, st.fixed_dictionaries({"Clear": st.integers(1, 5), "Kind": st.integers(1, 5)}).map(
        lambda steps: {"ratings": steps})),
    "choice": (COLOURS, {}, _subsets(["red", "green", "blue"], 1).map(lambda labels: {"labels": labels})),
    "moderation": (POLICY, {}, SEVERITIES.map(decided)),
    "conversation": ({"steps": 5, "candidates": True}, {"turns": [{"role": "assistant", "text": "x"}] * 2,
                     "candidates": ["a", "b", "c"]}, st.fixed_dictionaries(
        {"turns": st.lists(st.integers(1, 5), min_size=2, max_size=2), "chosen": st.integers(1, 3)})),
    "freeform": (CLOSED, {}, FIELDS),
}  # fmt: skip
MANY = st.sampled_from([*KINDS]).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(KINDS[kind][2], min_size=1, max_size=6))
)


@UNHURRIED
@given(MANY, st.randoms(use_true_random=False))
def test_the_order_of_answers_makes_no_difference(given_ones: tuple[str, list[Json]], lots: Any) -> None:
    kind, values = given_ones
    found = come_to(kind, KINDS[kind][0], *values)
    assert come_to(kind, KINDS[kind][0], *lots.sample(values, len(values))) == found
    assert all(0 <= part["confidence"] <= 1 for part in found[1].values())


@UNHURRIED
@given(MANY, st.integers(1, 5))
def test_what_all_say_comes_out_as_it_is(given_ones: tuple[str, list[Json]], times: int) -> None:
    kind, (value, *_others) = given_ones
    form, data, _values = KINDS[kind]
    whole, parts = come_to(kind, form, *[value] * times)
    assert whole == value
    assert all(part["confidence"] == 1 for part in parts.values())
    assert shapes.Question.of(kind, form, data).problems(value) == []


def test_every_kind_with_parts_is_tried_here() -> None:
    """A kind that gets parts gets its example here."""
    found = {name for name, example in EACH if shapes.find(name).by_parts(example["form"])}
    assert found <= KINDS.keys()
    assert {name for name in shapes.names() if "by_parts" in vars(type(shapes.find(name)))} == KINDS.keys()
