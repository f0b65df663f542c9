"""What there is to choose is read by members as its label, and told to programs as its value."""

from typing import Any

import pytest
import scaleapi
from scaleapi.tasks import TaskType

from coop.people.models import Person
from tasks.models import Order
from tests.tasks.scale.test_live import do
from tests.tasks.scale.test_live_kinds import newest

pytestmark = pytest.mark.django_db
GRADES: list[Any] = [
    {"label": "Fully correct", "value": "a", "hint": "Nothing is missing."},
    {"label": "Wrong", "value": 0},
    {"label": "Other", "value": "b"},
    {"label": "Other", "value": "c", "subchoices": [{"label": "Empty", "value": "d"}]},
    5,
]
SHOWN = ["Fully correct", "Wrong", "Other (b)", "Other (c)", "Empty", "5"]


def test_fields_of_a_form_show_labels_and_tell_values(live: scaleapi.ScaleClient, amina: Person) -> None:
    live.create_project("Grades", TaskType.TextCollection)
    task = live.create_task(
        TaskType.TextCollection, project="Grades", attachments=[],
        fields=[
            {"type": "category", "field_id": "grade", "title": "Grade", "choices": GRADES, "required": True},
            {"type": "category", "field_id": "several", "title": "Which?", "choices": GRADES, "max_choices": 3},
            {"type": "ranking", "field_id": "order", "title": "Order",
             "options": [{"label": "The 1.7 l kettle", "value": 17}, {"label": "x" * 60 + " 1", "value": 1},
                         {"label": "x" * 60 + " 2", "value": 0}]},
        ],
    )  # fmt: skip
    form = newest().form["schema"]["properties"]
    assert form["grade"]["enum"] == form["several"]["items"]["enum"] == SHOWN
    assert form["grade"]["description"] == "Fully correct: Nothing is missing."
    ranked = form["order"]["properties"]
    assert [one["title"] for one in ranked.values()] == ["The 1.7 l kettle", "x" * 60 + " 1", "x" * 60 + " 2"]
    first, second, third = ranked
    said = {"grade": "Wrong", "several": ["Fully correct", "Other (c)", "5"], "order": {third: 1, first: 2, second: 3}}
    do(newest(), amina, said)
    task.refresh()
    told = {name: one["response"] for name, one in task.response["annotations"].items()}
    assert told == {"grade": [[0]], "several": [["a", "c", 5]], "order": [[0, 17, 1]]}
    assert type(told["grade"][0][0]) is int


def test_categories_and_comparisons_do_too(live: scaleapi.ScaleClient, amina: Person, luis: Person) -> None:
    asked: dict[str, Any] = {"project": "Pairs", "attachment": "x", "attachment_type": "text", "categories": GRADES}
    task = live.create_task(TaskType.Categorization, **asked, category_ids={"7": 0}, hypothesis={"category": 0})
    job = newest()
    assert job.form["labels"] == SHOWN
    order = Order.objects.select_related("task").latest("pk")
    assert order.task is not None
    assert order.task.prediction == {"value": {"labels": ["Wrong"]}, "model": "hypothesis"}
    do(job, amina, {"labels": ["Wrong"]})
    task.refresh()
    assert task.response == {"category": 0, "category_id": "7"}
    live.create_project("Looks", TaskType.Comparison, params={"choices": GRADES, "attachment_type": "text"})
    for more, answer in (({}, {"labels": ["Other (b)"]}), ({"fields": {"why": "Why?"}}, {"choice": "Other (b)"})):
        task = live.create_task(TaskType.Comparison, project="Looks", attachments=["red", "blue"], **more)
        do(newest(), luis, {**answer, **dict.fromkeys(more and ["why"], "It is calm.")})
        task.refresh()
        assert task.response["choice"] == "b"


def test_entities_read_as_they_are_to_be_displayed(live: scaleapi.ScaleClient, amina: Person) -> None:
    live.create_project("Names", TaskType.NamedEntityRecognition)
    task = live.create_task(
        TaskType.NamedEntityRecognition, project="Names", text="Ada wrote.",
        labels=[{"name": "PER", "display_name": "Person"}, {"name": "ORG"}],
        relationships=[{"name": "is", "display_name": "is the same as"}],
        hypothesis={
            "annotations": [{"start": 0, "end": 3, "label": "PER", "uuid": "1"},
                            {"start": 4, "end": 9, "label": "ORG", "uuid": "2"}],
            "relationships": [{"from": "1", "to": "2", "label": "is"}],
        },
    )  # fmt: skip
    job = newest()
    assert (job.form["labels"], job.form["relations"]) == (["Person", "ORG"], ["is the same as"])
    marked = [{"start": 0, "end": 3, "label": "Person"}, {"start": 4, "end": 9, "label": "ORG"}]
    value = {"spans": marked, "relations": [{"from": 0, "to": 1, "label": "is the same as"}]}
    assert [one.prediction for one in job.tasks.all()] == [{"value": value, "model": "hypothesis"}]
    do(job, amina, value)
    task.refresh()
    assert [one["label"] for one in task.response["annotations"]] == ["PER", "ORG"]
    assert [one["label"] for one in task.response["relationships"]] == ["is"]


def test_a_sandbox_tells_values_likewise(trying: scaleapi.ScaleClient) -> None:
    task = trying.create_task(TaskType.Categorization, attachment="x", attachment_type="text", categories=GRADES[1:])
    assert task.response == {"category": 0}
