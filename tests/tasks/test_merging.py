"""What several answers' marks come to."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks import shapes
from tasks.shapes import merging, overlaps

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def span(start: int, end: int, label: str = "person") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


def box(x: float, y: float, width: float = 10, height: float = 10, label: str = "car") -> dict[str, Any]:
    return {"type": "box", "label": label, "x": x, "y": y, "width": width, "height": height}


SPANS = st.lists(st.builds(span, st.integers(0, 3), st.integers(4, 6)), max_size=4, unique_by=str)


def test_a_mark_stands_that_more_than_half_have() -> None:
    one, two, three = [span(0, 3), span(4, 6)], [span(0, 3)], [span(0, 3, "firm"), span(4, 6)]
    found = merging.merged([one, two, three], merging.equal)
    assert [group[0] for group in found.groups] == [span(0, 3), span(4, 6)]
    # Two of the five possible pairs: (2 + 1 + 2) marks, each in pairs with two other answers, halved.
    assert found.agreement == pytest.approx(2 / 5)


def test_nothing_marked_by_anybody_is_full_agreement() -> None:
    assert merging.merged([[], []], merging.equal) == merging.Merged([], 1.0)


@UNHURRIED
@given(SPANS, st.integers(2, 5))
def test_answers_that_are_alike_come_to_themselves(spans: list[dict[str, Any]], times: int) -> None:
    found = merging.merged([spans] * times, merging.equal)
    assert [group[0] for group in found.groups] == spans
    assert found.agreement == 1


@UNHURRIED
@given(st.lists(SPANS, min_size=1, max_size=5))
def test_agreement_is_a_share_and_no_group_has_two_marks_of_an_answer(answers: list[list[dict[str, Any]]]) -> None:
    found = merging.merged(answers, merging.equal)
    assert 0 <= found.agreement <= 1
    assert all(len(answers) / 2 < len(group) <= len(answers) for group in found.groups)


@pytest.mark.parametrize(
    ("other", "share"),
    [
        (box(0, 0), 1), (box(0, 0, label="bus"), 0), (box(0, 5), 0), (box(0, 2), 80 / 120), (box(20, 20), 0),
        (box(0, 0, 10, 5), 0.5), (box(0, 0, 10, 4.9), 0),
    ],
)  # fmt: skip
def test_boxes_are_the_same_from_half_of_their_union_on(other: dict[str, Any], share: float) -> None:
    assert overlaps.areas(box(0, 0), other) == pytest.approx(share)
    assert overlaps.areas(other, box(0, 0)) == pytest.approx(share)


def test_each_box_pairs_with_the_closest() -> None:
    found = merging.merged([[box(0, 0), box(3, 0)], [box(3, 0), box(0, 0)]], overlaps.areas)
    assert [[one["x"] for one in group] for group in found.groups] == [[0, 0], [3, 3]]


def test_relations_stand_between_marks_that_stand() -> None:
    form = {"question": "?", "labels": ["person", "firm"], "relations": ["works for"]}
    works = {"from": 0, "to": 1, "label": "works for"}
    one = {"spans": [span(0, 3), span(4, 6, "firm")], "relations": [works]}
    two = {"spans": [span(4, 6, "firm"), span(0, 3)], "relations": [works | {"from": 1, "to": 0}]}
    three = {"spans": [span(0, 3), span(7, 9, "firm")], "relations": [works]}
    found = shapes.find("spans").together(form, [one, two, three])
    assert found
    assert found.value == one
