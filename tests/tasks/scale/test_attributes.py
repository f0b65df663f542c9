"""`annotation_attributes` of Scale's client: asked beside each shape, and told in the response as members said them."""

import uuid
from typing import Any

import pytest
import scaleapi
from scaleapi.exceptions import ScaleInvalidRequest, ScaleNotEnabled
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from tasks import answers, claims
from tasks.models import Assignment, KnownAnswer, Order
from tests.tasks.scale.test_live import do, job_of
from tests.tasks.scale.test_live_kinds import BOX, uploaded

pytestmark = pytest.mark.django_db
ATTRIBUTES: dict[str, Any] = {
    "occlusion": {
        "choices": [{"label": "None", "value": 0}, {"label": "Half", "value": 50}],
        "description": "How much is hidden?",
    },
    "behind": {
        "type": "category", "choices": ["car", "tree"], "allow_multiple": True,
        "conditions": {"attribute_conditions": [{"occlusion": 50}]},
    },
    "axles": {"type": "number", "min": 2, "max": 9, "conditions": {"label_condition": {"label": ["lorry"]}}},
    "heading": {"type": "angle", "description": "Where does it go?"},
    "plate": {"type": "text", "required": False},
}  # fmt: skip
STREET = {
    "geometries": {"box": {"objects_to_annotate": ["car", "lorry"]}, "point": {"objects_to_annotate": ["car"]}},
    "annotation_attributes": ATTRIBUTES,
}
CAR = {"type": "box", "label": "car", **BOX}
LORRY = {"type": "box", "label": "lorry", **BOX, "attributes": {"heading": 0.5, "occlusion": "None", "axles": 3}}
POINT = {"type": "point", "label": "car", "x": 1, "y": 2}
HIDDEN = {"heading": 90, "occlusion": "Half", "behind": ["tree", "car"], "plate": "KA 12"}


@pytest.fixture
def street(live: scaleapi.ScaleClient) -> scaleapi.ScaleClient:
    """Return a client with a project that asks of each thing on a street."""
    live.create_project("Streets", TaskType.ImageAnnotation, params=STREET)
    return live


def hand_in(taken: Assignment, *drawn: dict[str, Any]) -> None:
    """Let whoever took a task hand in what they drew."""
    by, at = taken.person, clock.now()
    answers.submit(taken, value={"shapes": [*drawn]}, key=uuid.uuid4(), seconds=30, by=by, at=at)


def test_attributes_are_asked_and_told(street: scaleapi.ScaleClient, amina: Person) -> None:
    [picture] = uploaded(street, 1)
    task = street.create_task(TaskType.ImageAnnotation, project="Streets", attachment=picture)
    job = job_of(task)
    assert job.form["attributes"] == [
        {"name": "axles", "type": "number", "whole": True, "least": 2, "most": 9, "labels": ["lorry"]},
        {"name": "heading", "about": "Where does it go?", "type": "number", "least": 0, "most": 360},
        {"name": "occlusion", "about": "How much is hidden?", "type": "choice", "options": ["None", "Half"]},
        {"name": "behind", "type": "choice", "options": ["car", "tree"], "several": True,
         "when": {"occlusion": ["Half"]}},
        {"name": "plate", "type": "text", "optional": True},
    ]  # fmt: skip
    taken = claims.claim_next(job, by=amina, at=clock.now())
    for said, words in (
        ({"heading": 90}, "does not say “occlusion”"),
        ({"heading": 361, "occlusion": "None"}, "at most 360"),
        ({"heading": 90, "occlusion": "None", "axles": 2}, "not asked of it"),
        ({"heading": 90, "occlusion": "Half"}, "does not say “behind”"),
    ):
        with pytest.raises(Refused, match=words):
            hand_in(taken, {**CAR, "attributes": said})
    hand_in(taken, LORRY, {**POINT, "attributes": HIDDEN})
    task.refresh()
    first, second = task.response["annotations"]
    assert first["attributes"] == {"heading": 0.5, "occlusion": 0, "axles": 3}
    assert second["attributes"] == {"heading": 90, "occlusion": 50, "behind": ["tree", "car"], "plate": "KA 12"}
    # Another order of the same joins the same job: no order of names counts.
    turned = {"annotation_attributes": dict(reversed(ATTRIBUTES.items()))}
    again = street.create_task(TaskType.ImageAnnotation, project="Streets", attachment=picture, **turned)
    assert job_of(again) == job


def test_what_a_response_says_goes_back_in_as_it_came(street: scaleapi.ScaleClient, amina: Person) -> None:
    """It may say nothing of what is asked, too."""
    [picture] = uploaded(street, 1)
    task = street.create_task(TaskType.ImageAnnotation, project="Streets", attachment=picture)
    hand_in(claims.claim_next(job_of(task), by=amina, at=clock.now()), LORRY, {**POINT, "attributes": HIDDEN})
    task.refresh()
    bare = [{name: one[name] for name in one if name != "attributes"} for one in task.response["annotations"]]
    both: tuple[tuple[list[dict[str, Any]], list[dict[str, Any]]], ...] = (
        (task.response["annotations"], [LORRY, {**POINT, "attributes": HIDDEN}]),
        (bare, [{name: one[name] for name in one if name != "attributes"} for one in (LORRY, POINT)]),
    )
    for before, value in both:
        more = street.create_task(
            TaskType.ImageAnnotation, project="Streets", attachment=picture, base_annotations=before
        )
        placed = Order.objects.select_related("task").get(key=more.id).task
        assert placed is not None
        assert placed.prediction == {"value": {"shapes": value}, "model": "hypothesis"}


def test_the_older_kinds_ask_them_too(live: scaleapi.ScaleClient, amina: Person) -> None:
    live.create_project("Cows", TaskType.Annotation)
    brown = {"brown": {"choices": ["yes", "no"], "conditions": {}}}
    task = live.create_task(
        TaskType.Annotation, project="Cows", attachment=uploaded(live, 1)[0], objects_to_annotate=["cow"],
        annotation_attributes=brown,
    )  # fmt: skip
    do(job_of(task), amina, {"shapes": [{**CAR, "label": "cow", "attributes": {"brown": "yes"}}]})
    task.refresh()
    assert task.response["annotations"][0]["attributes"] == {"brown": "yes"}


@pytest.mark.parametrize(("one", "words"), [
    ({"type": "linked"}, "type linked"), ({"type": "x_line"}, "type x_line"), ({"type": ["text"]}, "the type"),
    ({"type": "number", "step": 0.1}, "a step other than 1"), ({"type": "text", "global": True}, "global"),
    ({"type": "text", "conditions": {"attribute_conditions": [{"a": "b"}, {"c": "d"}]}}, "conditions"),
    ({"type": "text", "conditions": {"attribute_conditions": ["a"]}}, "conditions"),
    ({"type": "text", "conditions": {"label_condition": {"name": "car"}}}, "conditions"),
    ({"type": "text", "conditions": {"size": 1}}, "conditions"), ({"type": "text", "conditions": "car"}, "conditions"),
])  # fmt: skip
def test_what_nobody_is_asked_is_refused_by_name(street: scaleapi.ScaleClient, one: dict[str, Any], words: str) -> None:
    with pytest.raises(ScaleNotEnabled, match=rf"{words}.*of the attribute odd"):
        street.create_task(
            TaskType.ImageAnnotation, project="Streets", attachment="x", annotation_attributes={"odd": one}
        )
    assert not Order.objects.exists()


@pytest.mark.parametrize(("asked", "words"), [
    ({"odd": {"choices": []}}, "at least 1"), ({"odd": {"type": "number", "min": 3, "max": 2}}, "more than it may"),
    ({"odd": {"type": "text", "conditions": {"label_condition": {"label": "bus"}}}}, "none of the form's"),
    ({"odd": {"type": "text", "conditions": {"attribute_conditions": [{"even": "yes"}]}}}, "nothing before it"),
    ({"odd": {"type": "number", "min": "2"}}, "type number"), ({"x" * 61: {"type": "text"}}, "60 characters"),
    ({"a": {"choices": ["x"], "conditions": {"attribute_conditions": [{"b": "x"}]}},
      "b": {"choices": ["x"], "conditions": {"attribute_conditions": [{"a": "x"}]}}}, "nothing before it"),
])  # fmt: skip
def test_what_cannot_be_answered_is_wrong(street: scaleapi.ScaleClient, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ScaleInvalidRequest, match=words):
        street.create_task(TaskType.ImageAnnotation, project="Streets", attachment="x", annotation_attributes=asked)
    assert not Order.objects.exists()


def test_a_test_key_tells_plausible_ones_and_takes_all(trying: scaleapi.ScaleClient) -> None:
    task = trying.create_task(TaskType.ImageAnnotation, attachment="x", **STREET)
    told = {one["label"]: one["attributes"] for one in task.response["annotations"] if one["type"] == "box"}
    assert told == {
        "car": {"heading": 0, "occlusion": 0, "plate": "Example"},
        "lorry": {"axles": 2, "heading": 0, "occlusion": 0, "plate": "Example"},
    }
    odd = {"link": {"type": "linked"}, "odd": {"type": ["text"]}, "even": "yes", "none": {"conditions": {"size": 1}}}
    task = trying.create_task(
        TaskType.ImageAnnotation, attachment="x", geometries=STREET["geometries"], annotation_attributes=odd
    )
    assert [one["attributes"] for one in task.response["annotations"]] == [{}, {}, {}]


@pytest.mark.parametrize(("more", "words"), [
    ({"annotation_attributes": {f"a{n}": {"type": "text"} for n in range(21)}}, "At most 20 annotation_attributes"),
    ({"annotation_attributes": {"odd": {"choices": [*range(61)]}}}, "At most 60 of each thing in the attribute odd"),
    ({"annotation_attributes": {"odd": {"choices": [{"choice": "a", "subchoices": [*range(60)]}]}}}, "At most 60"),
    ({"annotation_attributes": {"odd": {"conditions": {"label_condition": {"label": ["car"] * 61}}}}}, "At most 60"),
    ({"annotation_attributes": {"odd": {"conditions": {"attribute_conditions": [{"a": ["b"] * 61}]}}}}, "At most 60"),
    ({"geometries": {"box": {"objects_to_annotate": [f"a{n}" for n in range(61)]}}}, "At most 60 labels"),
])  # fmt: skip
def test_no_key_sends_more_than_a_form_holds(trying: scaleapi.ScaleClient, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ScaleInvalidRequest, match=words):
        trying.create_task(TaskType.ImageAnnotation, attachment="x", **{"geometries": STREET["geometries"], **more})
    assert not Order.objects.exists()


def test_masks_and_pages_ask_none(live: scaleapi.ScaleClient) -> None:
    live.create_project("All", TaskType.ImageAnnotation)
    asked = {"annotation_attributes": {"brown": {"choices": ["yes", "no"]}}, "attachment": "x", "project": "All"}
    for kind, more in (
        (TaskType.SegmentAnnotation, {"labels": ["cow"], "allow_unlabeled": True}),
        (TaskType.DocumentTranscription, {"features": [{"type": "text", "label": "a"}]}),
    ):
        with pytest.raises(ScaleNotEnabled, match="annotation_attributes"):
            live.create_task(kind, **asked, **more)


def test_meanings_of_choices_stand_in_the_guide(street: scaleapi.ScaleClient) -> None:
    explained = {"kept": {"choices": [{"choice": "yes", "description": "Somebody is in it."}, "no"]}}
    task = street.create_task(
        TaskType.ImageAnnotation, project="Streets", attachment=uploaded(street, 1)[0], annotation_attributes=explained
    )
    assert "- **yes**: Somebody is in it." in job_of(task).guide


def test_a_known_answer_says_them_too(street: scaleapi.ScaleClient) -> None:
    said = {"heading": 90, "occlusion": 50, "behind": ["tree"]}
    right = {"type": "box", "label": "car", "left": 10, "top": 5, "width": 30, "height": 20}
    asked = {"project": "Streets", "attachment": uploaded(street, 1)[0]}
    street.create_evaluation_task(
        TaskType.ImageAnnotation, **asked, expected_response={"annotations": [{**right, "attributes": said}]}
    )
    kept = {"heading": 90, "occlusion": "Half", "behind": ["tree"]}
    assert KnownAnswer.objects.get().value == {"shapes": [{**CAR, "attributes": kept}]}
    wrong = {"annotations": [{**right, "attributes": {**said, "heading": "north"}}]}
    with pytest.raises(ScaleInvalidRequest, match=r"heading.*type number"):
        street.create_evaluation_task(TaskType.ImageAnnotation, **asked, expected_response=wrong)
