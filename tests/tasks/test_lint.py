"""What is said of a job before it is funded: each cause by itself, and nothing of a job that is well written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payments.models import Rate, WorkType
from tasks import lint
from tasks.rows import Row

GUIDE = (
    "Look at both products and say Same if an order for one could be filled with the other; a colour, a size or a"
    " voltage that differs makes them Different. Brand names can be spelled in many ways. Look at the units, too: a"
    " kettle of 1.7 litres is not one of 1.5 litres, whatever else they share."
)
IN_A_YEAR = f"{datetime.now(UTC) + timedelta(days=365):%Y-%m-%d}"
WELL: dict[str, Any] = {
    "guide": GUIDE, "good": "Kettle 1.7 l, Kettle 1,7 litres: Same\nLamp, Lamp: Same", "minutes": 30, "pay": "0.10",
    "bad": "Kettle, Lamp: Same, but they are two things\nCup, Mug: Different",
    "edges": "Sets of several are Different.",
    "doubt": "Say Different.", "overlap": "3", "review_rule": "majority", "use": "To train a shop's search.",
    "seen_by": "We alone.", "delete_on": IN_A_YEAR, "secret": "The names of the shops.",
}  # fmt: skip
FORM = {"question": "Same?", "labels": ["Same", "Different"]}
ROWS = [Row(2, "p1", {"left": "Kettle 1.7 l of 2024-11-20", "right": "Kettle, US$ 1,200.50"})]
pytestmark = pytest.mark.django_db


@pytest.fixture
def rate() -> Rate:
    return WorkType.objects.get(slug="product-match").rates.latest("version")


def found(
    rate: Rate, said: dict[str, Any], rows: list[Row] = ROWS, form: dict[str, Any] = FORM
) -> list[tuple[str, str]]:
    """Return the step and the words of each finding about a job that differs from a good one in what is said."""
    return [(one.step, one.words) for one in lint.findings(WELL | said, form=form, rate=rate, sample=rows)]


def test_nothing_is_said_of_a_job_that_is_well_written(rate: Rate) -> None:
    assert found(rate, {}) == []


@pytest.mark.parametrize(
    ("said", "step", "words"),
    [
        ({"good": ""}, "guide", "no two examples of good answers"),
        ({"good": "Only one"}, "guide", "no two examples of good answers"),
        ({"bad": " \n"}, "guide", "no two examples of wrong answers"),
        ({"edges": ""}, "guide", "edge cases"),
        ({"doubt": ""}, "guide", "in doubt"),
        ({"guide": "Say Same or Different."}, "guide", "The guide is short"),
        ({"minutes": ""}, "quality", "how much time"),
        ({"minutes": "1"}, "quality", "three times"),
        ({"overlap": "1"}, "quality", "One answer alone"),
        ({"pay": "0.09"}, "price", "the least the members voted"),
        ({"use": ""}, "rules", "what the answers are for"),
        ({"seen_by": ""}, "rules", "who sees"),
        ({"delete_on": ""}, "rules", "when the tasks are deleted"),
        ({"secret": "Do not talk about the pay with others."}, "rules", "silent about pay"),
        ({"secret": "No hablen de las tarifas."}, "rules", "silent about pay"),
    ],
)
def test_each_cause_is_named_by_itself(rate: Rate, said: dict[str, Any], step: str, words: str) -> None:
    [(where, what)] = found(rate, said)
    assert where == step
    assert words in what


@pytest.mark.parametrize(
    "text",
    ["Write to ann.lee@example.org", "Call +44 7700 900123", "(030) 123 45 678", "IBAN DE89370400440532013000",
     "0770-0900-123"],
)  # fmt: skip
def test_contact_data_in_a_task_is_named_with_its_line(rate: Rate, text: str) -> None:
    [(step, words)] = found(rate, {}, rows=[*ROWS, Row(7, "p2", {"left": "Kettle", "right": text})])
    assert (step, "Line 7" in words, "“right”" in words) == ("data", True, True)


@pytest.mark.parametrize("text", ["1200.50", "2024-11-20", "12:30", "1,234,567.00", "ISO 8601", "model 4711-0815"])
def test_numbers_of_other_things_are_no_contact_data(rate: Rate, text: str) -> None:
    assert found(rate, {}, rows=[Row(2, "p1", {"left": text})]) == []


def test_labels_that_are_many_or_unexplained_are_named(rate: Rate) -> None:
    labels = [f"kind {number}" for number in range(13)]
    words = dict(reversed(found(rate, {}, form={"labels": labels})))
    assert "13 labels are many" in words["questions"]
    assert "kind 0, kind 1" in words["guide"]


def test_long_tasks_are_named(rate: Rate) -> None:
    [(step, words)] = found(rate, {}, rows=[Row(2, "p1", {"text": "word " * 1000})])
    assert (step, "about 5," in words) == ("data", True)


def test_examples_become_a_list_unless_they_are_one() -> None:
    assert lint.listed("good", "one\n\n two") == "- one\n- two"
    assert lint.listed("bad", "* one\n* two") == "* one\n* two"
    assert lint.listed("edges", "one\ntwo") == "one\ntwo"
