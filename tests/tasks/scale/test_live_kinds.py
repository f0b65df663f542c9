"""More kinds of live work, each done by a member and told in Scale's words: forms, clouds, conversations."""

import io
from typing import Any

import numpy as np
import pytest
import requests
from django.conf import LazySettings
from scaleapi.api_client.v2.models.create_chat_task_request import CreateChatTaskRequest
from scaleapi.tasks import TaskType

from coop.people.models import Client, Person
from tasks.models import Job, Order
from tests.tasks import orders
from tests.tasks.media_jobs import voted_kind
from tests.tasks.scale.conftest import Programs
from tests.tasks.scale.test_live import ALL, do, job_of

pytestmark = pytest.mark.django_db
# A flat field of forty metres, a point on each.
CLOUD = np.array([(x, y, 1, 0) for x in range(-20, 21) for y in range(-20, 21)], dtype="<f4").tobytes()


def newest() -> Job:
    """Return the job of the last order."""
    order = Order.objects.select_related("task__job__work_type", "task__job__client").latest("pk")
    assert order.task is not None
    return order.task.job


def test_forms_of_the_older_kinds(program: Programs, orbit: Client, amina: Person) -> None:
    voted_kind("freeform", amina)
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Looks", TaskType.Comparison)
    compared = live.create_task(
        TaskType.Comparison, project="Looks", attachments=["red", "blue"], attachment_type="text",
        choices=["first", "second"], fields={"why": "Say why"},
    )  # fmt: skip
    do(newest(), amina, {"choice": "second", "why": "It is calm."})
    compared.refresh()
    assert compared.response == {"choice": "second", "fields": {"why": "It is calm."}}
    live.create_project("Pages", TaskType.Transcription)
    page = live.create_task(
        TaskType.Transcription, project="Pages", attachment="https://nowhere.example/", attachment_type="website",
        fields={"title": "Its title"}, repeatable_fields={"user": "Who", "comments": "How many"},
    )  # fmt: skip
    do(newest(), amina, {"title": "News", "user": "ada\nbob", "comments": "3\n4"})
    page.refresh()
    assert page.response == {
        "fields": {"title": "News"}, "rows": [{"user": "ada", "comments": "3"}, {"user": "bob", "comments": "4"}],
    }  # fmt: skip


def test_taxonomies_are_answered_one_by_one(program: Programs, orbit: Client, amina: Person) -> None:
    voted_kind("freeform", amina)
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Sounds", TaskType.Categorization)
    task = live.create_task(
        TaskType.Categorization, project="Sounds", attachment="bang", attachment_type="text",
        taxonomies={
            "gunshot": {"type": "category", "choices": ["yes", "no"]},
            "where": {"type": "category", "choices": ["near", "far", "inside"], "allow_multiple": True},
        },
    )  # fmt: skip
    do(newest(), amina, {"gunshot": "yes", "where": ["near", "inside"]})
    task.refresh()
    assert task.response == {"annotations": {"gunshot": ["yes"], "where": ["near", "inside"]}}


def test_cuboids_are_told_in_a_file(program: Programs, orbit: Client, amina: Person, settings: LazySettings) -> None:
    voted_kind("cuboids", amina)
    orders.deposit(orbit, "100")
    live = program(ALL)
    settings.ORIGIN = live.api.base_api_url.removesuffix("/v1")
    live.create_project("Roads", TaskType.LidarAnnotation, params={"labels": ["car"], "attachment_type": "json"})
    frames = []
    for number in range(2):
        cloud = io.BytesIO(CLOUD)
        cloud.name = f"{number}.bin"
        frames.append(live.upload_file(cloud).attachment_url)
    task = live.create_task(TaskType.LidarAnnotation, project="Roads", attachments=frames)
    car = {"id": "1", "label": "car", "center": [10, 0, 1], "size": [4, 2, 1.5], "yaw": 0.5, "frame": 1}
    do(job_of(task), amina, {"cuboids": [car]})
    task.refresh()
    found = requests.get(task.response["annotations"]["url"], timeout=20).json()
    assert [len(frame["cuboids"]) for frame in found] == [0, 1]
    told = found[1]["cuboids"][0]
    assert (told["label"], told["position"], told["dimensions"], told["yaw"]) == (
        "car", {"x": 10, "y": 0, "z": 1}, {"x": 4, "y": 2, "z": 1.5}, 0.5,
    )  # fmt: skip


ASKED = {
    "prompt": "3 packs of 4 eggs, 5 break?",
    "responses": [{"source_id": "m1", "text": "7"}, {"source_id": "m2", "text": "8"}],
}
# What is asked of a conversation: the shape, template variables, what a member says, and what v2 tells of it.
WAYS: tuple[tuple[str, dict[str, Any], dict[str, Any], Any], ...] = (
    ("step_check", {"prompt": "Eggs?", "steps": ["3 * 4 = 12", "12 + 5 = 17"]},
     {"verdicts": ["right", "wrong"], "why": ["", "They broke."], "first_wrong": 2}, {"first_wrong_step": 2}),
    ("steps", {"prompt": "Prove it.", "reasoning": True},
     {"steps": [{"text": "So.", "why": ""}, {"text": "Thus.", "why": ""}], "answer": "QED"}, {}),
    ("conversation", {**ASKED, "rewrite": True}, {"chosen": 1, "rewrite": "7 eggs are left."},
     {"selected_model_id": "m1"}),
    ("freeform", {**ASKED, "criteria": [{"criterion": "It is right", "weight": 2}, "It is short"]},
     {"r1 1": True, "r1 2": True, "r2 1": False, "r2 2": True}, {}),
)  # fmt: skip


def test_conversations_are_judged_and_told_as_threads(program: Programs, orbit: Client, amina: Person) -> None:
    for shape, _asked, _value, _told in WAYS:
        voted_kind(shape, amina)
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Chats", TaskType.Chat, params={"instruction": "Look at it."})
    last = None
    for _shape, asked, value, told in WAYS:
        request = CreateChatTaskRequest(project_name="Chats", template_variables=asked)
        made = live.v2.create_chat_task(create_chat_task_request=request)
        do(newest(), amina, value)
        (thread,) = live.v2.get_task(task_id=made.task_id).threads
        last = thread.turns[0]
        assert {one.actual_instance.key: one.actual_instance.value for one in last.annotations} == told
    assert last is not None
    scores = [one.rubric_evaluations[0].total_score for one in last.messages if one.rubric_evaluations]
    assert (scores, last.rubrics[0].max_total_score) == ([3, 1], 3)
