"""Evaluation and training tasks: what the client knows is read by whoever answered, counted of all, and no score."""

from typing import Any

import pytest
import scaleapi
from scaleapi.exceptions import ScaleInvalidRequest
from scaleapi.tasks import TaskType

from coop.people.models import Person
from tasks import known
from tasks.models import KnownAnswer, Order
from tests.tasks.scale.test_live import PAIR, do, job_of
from tests.tasks.scale.test_live_kinds import BOX, newest, uploaded

pytestmark = pytest.mark.django_db
WHY = "Both are made of steel."


def test_what_is_expected_is_read_afterwards_and_counted_of_all(
    live: scaleapi.ScaleClient, amina: Person, luis: Person
) -> None:
    before = job_of(live.create_task(TaskType.Categorization, project="Pairs", **PAIR, responses_required=2))
    asked: dict[str, Any] = {
        "project": "Pairs",
        **PAIR,
        "responses_required": 2,
        "expected_response": {"category": "Same"},
    }
    live.create_evaluation_task(TaskType.Categorization, **asked, explanation=WHY)
    job = newest()
    # It was known before anybody worked: in no job that was open.
    assert (job == before, job.form, job.pay) == (False, before.form, before.pay)
    given = [do(job, who, {"labels": [label]}) for who, label in ((amina, "Same"), (luis, "Different"))]
    assert [known.shown_to(one) for one in given] == [
        known.Shown("Same", WHY, same=True), known.Shown("Same", WHY, same=False),
    ]  # fmt: skip
    assert known.met(job) == known.Met(known=1, answers=2, same=1)
    assert {one.pay for one in given} == {job.pay}
    # Others join it, and cannot be told from it.
    assert job_of(live.create_task(TaskType.Categorization, project="Pairs", **PAIR, responses_required=2)) == job
    live.create_training_task(TaskType.Categorization, **asked)
    assert KnownAnswer.objects.count() == 2


def test_a_batch_keeps_what_is_known_of_each(live: scaleapi.ScaleClient) -> None:
    live.create_batch("Pairs", "b")
    live.create_task(TaskType.Categorization, batch="b", **PAIR)
    live.create_evaluation_task(TaskType.Categorization, batch="b", **PAIR, expected_response={"category": "Different"})
    live.finalize_batch("b")
    (answer,) = KnownAnswer.objects.all()
    order = Order.objects.get(expected__isnull=False)
    assert (answer.task_id, answer.value) == (order.task_id, {"labels": ["Different"]})
    assert order.task is not None
    assert order.task.job.tasks.count() == 2


def test_what_is_to_be_reviewed_stands_before_the_member(live: scaleapi.ScaleClient, amina: Person) -> None:
    live.create_project(
        "Cows", TaskType.ImageAnnotation, params={"geometries": {"box": {"objects_to_annotate": ["cow"]}}}
    )
    box = {"type": "box", "label": "cow", "left": 10, "top": 5, "width": 30, "height": 20}
    live.create_evaluation_task(
        TaskType.ImageAnnotation, project="Cows", attachment=uploaded(live, 1)[0],
        expected_response={"annotations": [box]}, initial_response={"annotations": [{**box, "left": 20}]},
    )  # fmt: skip
    job = newest()
    drawn = {"type": "box", "label": "cow", **BOX}
    assert job.tasks.get().prediction == {"value": {"shapes": [{**drawn, "x": 20}]}, "model": "initial_response"}
    shown = known.shown_to(do(job, amina, {"shapes": [drawn]}))
    assert shown is not None
    assert (shown.same, KnownAnswer.objects.get().value) == (True, {"shapes": [drawn]})


def test_what_is_no_answer_is_refused_by_its_name(live: scaleapi.ScaleClient) -> None:
    for name in ("expected_response", "initial_response"):
        said = {"expected_response": {"category": "Same"}, name: {"category": "Neither"}}
        with pytest.raises(ScaleInvalidRequest, match=name):
            live.create_evaluation_task(TaskType.Categorization, project="Pairs", **PAIR, **said)
    assert not Order.objects.exists()
    # Of kinds whose responses are not read back it is kept.
    live.create_project("Forms", TaskType.TextCollection)
    fields = [{"type": "text", "field_id": "why", "title": "Why?"}]
    made = live.create_evaluation_task(
        TaskType.TextCollection, project="Forms", attachments=[], fields=fields, expected_response={"a": 1}
    )
    assert made.expected_response == {"a": 1}
    assert not KnownAnswer.objects.exists()
