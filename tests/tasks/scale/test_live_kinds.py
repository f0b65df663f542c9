"""More kinds of live work, each done by a member and told in Scale's words: forms, clouds, conversations."""

import io
import json
from typing import Any

import numpy as np
import pytest
import requests
import scaleapi
from django.conf import LazySettings
from PIL import Image
from scaleapi.api_client.v2.models.create_chat_task_request import CreateChatTaskRequest
from scaleapi.exceptions import ScaleInvalidRequest, ScaleNotEnabled
from scaleapi.tasks import TaskType

from coop.people.models import Client, Person
from tasks.models import Job, Order
from tests.tasks import handing_in, orders
from tests.tasks.scale.conftest import ALL, Programs
from tests.tasks.scale.test_live import PAIR, do, job_of

pytestmark = pytest.mark.django_db
# A flat field of forty metres, a point on each.
CLOUD = np.array([(x, y, 1, 0) for x in range(-20, 21) for y in range(-20, 21)], dtype="<f4").tobytes()


def newest() -> Job:
    """Return the job of the last order."""
    order = Order.objects.select_related("task__job__work_type", "task__job__client").latest("pk")
    assert order.task is not None
    return order.task.job


def test_forms_of_the_older_kinds(program: Programs, orbit: Client, amina: Person) -> None:
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


def test_frames_of_scales_json_are_clouds(program: Programs, orbit: Client, amina: Person) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Roads", TaskType.LidarAnnotation, params={"labels": ["car"], "attachment_type": "json"})
    points = [{"x": x + 100, "y": y - 50, "z": 1, "i": 255, "d": 0} for x in range(-20, 21) for y in range(-20, 21)]
    frame = {
        "device_position": {"x": 100, "y": -50, "z": 2}, "device_heading": {"w": 1, "x": 0, "y": 0, "z": 0},
        "images": [{"image_url": "https://nowhere.example/1.png"}], "points": points,
    }  # fmt: skip
    written = io.BytesIO(json.dumps(frame).encode())
    written.name = "frame.json"
    task = live.create_task(
        TaskType.SensorFusion, project="Roads", attachments=[live.upload_file(written).attachment_url] * 2
    )
    file = job_of(task).files.get()
    assert (file.kind, file.facts["points"], file.facts["low"], file.facts["high"]) == (
        "cloud", len(points), [80, -70, 1], [120, -30, 1],
    )  # fmt: skip
    car = {"id": "1", "label": "car", "center": [101, -50, 1], "size": [4, 2, 1], "yaw": 0}
    do(job_of(task), amina, {"cuboids": [car]})
    assert live.get_task(task.id).status == "completed"


def test_cuboids_are_told_in_a_file(program: Programs, orbit: Client, amina: Person, settings: LazySettings) -> None:
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
    orders.deposit(orbit, "100")
    live = program(ALL)
    last = None
    for shape, asked, value, told in WAYS:
        live.create_project(shape, TaskType.Chat, params={"instruction": f"Look at it: {shape}."})
        request = CreateChatTaskRequest(project_name=shape, template_variables=asked)
        made = live.v2.create_chat_task(create_chat_task_request=request)
        do(newest(), amina, value)
        (thread,) = live.v2.get_task(task_id=made.task_id).threads
        last = thread.turns[0]
        assert {one.actual_instance.key: one.actual_instance.value for one in last.annotations} == told
    assert last is not None
    scores = [one.rubric_evaluations[0].total_score for one in last.messages if one.rubric_evaluations]
    assert (scores, last.rubrics[0].max_total_score) == ([3, 1], 3)


BOX = {"x": 10, "y": 5, "width": 30, "height": 20}
UNHELD: tuple[tuple[TaskType, dict[str, Any], str], ...] = (
    (TaskType.LidarSegmentation, {"attachments": ["x"], "labels": ["a"]}, "cuboids"),
    (TaskType("videocuboidannotation"), {"attachments": ["x"], "labels": ["a"]}, "videoannotation or lidarannotation"),
    (TaskType.ImageAnnotation,
     {"attachment": "https://x.example/1.json?a=b", "geometries": {"box": {"objects_to_annotate": ["a"]}}},
     "JSON.*lidarannotation"),
    (TaskType.DocumentTranscription,
     {"attachment": "https://x.example/1.PDF", "features": [{"type": "text", "label": "a"}]}, "no pdf: send its pages"),
    (TaskType.TextCollection, {"fields": [{"type": "select", "field_id": "b", "choices": ["x"]}]},
     "The field b has 1 to choose from: give it 2 choices or more"),
    (TaskType.Categorization, {"attachment": "x", "categories": ["x"]}, "categories are 1: give 2 or more"),
    (TaskType.SegmentAnnotation, {"attachment": "x", "labels": ["a"]}, "allow_unlabeled"),
    (TaskType.SegmentAnnotation,
     {"attachment": "x", "labels": [{"choice": "a", "instance_label": True}, *map(str, range(55))],
      "allow_unlabeled": True}, "at most 55 labels"),
    (TaskType.VideoAnnotation, {"attachment": "x.mp4", "geometries": {"box": {"objects_to_annotate": ["a"]}}},
     "frames"),
    (TaskType.VideoAnnotation, {"attachments": ["x"] * 3, "geometries": {"point": {"objects_to_annotate": ["a"]}}},
     "frames"),
    (TaskType.ImageAnnotation, {"attachment": "x", "geometries": {"cuboid": {"objects_to_annotate": ["a"]}}},
     "no cuboid"),
    (TaskType.DocumentTranscription, {"attachment": "x", "features": [{"type": "group", "title": "a"}]}, "groups"),
    (TaskType.DocumentTranscription, {"attachments": ["x", "y"], "features": [{"type": "text", "label": "a"}]},
     "one page"),
)  # fmt: skip


def test_what_no_kind_of_ours_holds_is_refused_in_words(program: Programs, orbit: Client) -> None:
    live = program(ALL)
    live.create_project("All", TaskType.ImageAnnotation)
    for kind, asked, words in UNHELD:
        with pytest.raises(ScaleInvalidRequest, match=words):
            live.create_task(kind, project="All", **asked)
    assert not Order.objects.exists()


def uploaded(live: scaleapi.ScaleClient, count: int) -> list[str]:
    """Hand in pictures, and return their addresses."""
    found = []
    for number in range(count):
        picture = io.BytesIO(handing_in.image(100, 80 + number))
        picture.name = f"{number}.png"
        found.append(live.upload_file(picture).attachment_url)
    return found


def test_boxes_over_frames_are_told_in_a_file(
    program: Programs, orbit: Client, amina: Person, settings: LazySettings
) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    settings.ORIGIN = live.api.base_api_url.removesuffix("/v1")
    live.create_project("Roads", TaskType.VideoAnnotation)
    asked: dict[str, Any] = {
        "project": "Roads", "attachments": uploaded(live, 3), "attachment_type": "image",
        "geometries": {"box": {"objects_to_annotate": ["car"]}},
    }  # fmt: skip
    drawn = live.create_task(TaskType.VideoAnnotation, **asked)
    played = live.create_task(TaskType.VideoPlaybackAnnotation, **asked)
    keys = [{"frame": 0, **BOX}, {"frame": 1, **BOX, "x": 20}]
    for _turn in (drawn, played):
        do(job_of(_turn), amina, {"tracks": [{"id": "1", "label": "car", "keys": keys, "until": 1}]})
    frames, things = (
        requests.get(live.get_task(one.id).response["annotations"]["url"], timeout=20).json() for one in (drawn, played)
    )
    [first], [second], last = (frame["annotations"] for frame in frames)
    assert (first["uuid"], first["left"], second["left"], last) == (second["uuid"], 10, 20, [])
    assert (first["type"], first["label"], first["width"]) == ("box", "car", 30)
    [thing] = things["annotations"].values()
    assert (thing["label"], thing["geometry"]) == ("car", "box")
    assert thing["frames"] == [
        {"key": 0, **BOX, "attributes": {}}, {"key": 1, **BOX, "x": 20, "attributes": {}},
    ]  # fmt: skip


def test_members_start_from_what_a_machine_drew(program: Programs, orbit: Client, amina: Person) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    shapes = ("box", "polygon", "point", "ellipse", "line")
    live.create_project(
        "Cows", TaskType.ImageAnnotation,
        params={"geometries": {kind: {"objects_to_annotate": ["cow"]} for kind in shapes}},
    )  # fmt: skip
    [picture] = uploaded(live, 1)
    first = live.create_task(TaskType.ImageAnnotation, project="Cows", attachment=picture)
    value = {
        "shapes": [
            {"type": "box", "label": "cow", **BOX}, {"type": "ellipse", "label": "cow", **BOX},
            {"type": "point", "label": "cow", "x": 1, "y": 2},
            {"type": "polygon", "label": "cow", "points": [[1, 1], [20, 1], [20, 20]]},
            {"type": "line", "label": "cow", "points": [[1, 1], [20, 1]]},
        ]
    }  # fmt: skip
    do(job_of(first), amina, value)
    first.refresh()
    # What a response says goes back in as it came.
    for said in ({"hypothesis": first.response}, {"base_annotations": first.response["annotations"]}):
        again = live.create_task(TaskType.ImageAnnotation, project="Cows", attachment=picture, **said)
        task = Order.objects.select_related("task").get(key=again.id).task
        assert task is not None
        assert task.prediction == {"value": value, "model": "hypothesis"}
        assert "prediction" not in task.data
    for wrong, words in (
        ({"hypothesis": {"annotations": [{"type": "box", "label": "cow"}]}}, "cannot be read"),
        ({"hypothesis": "cow"}, "cannot be read"),
        ({"hypothesis": {"annotations": [{"type": "point", "label": "dog", "x": 1, "y": 1}]}}, "hypothesis"),
        ({"hypothesis": {"annotations": [{"type": "point", "label": "cow", "x": 999, "y": 1}]}}, "Prediction"),
    ):
        with pytest.raises(ScaleInvalidRequest, match=words):
            live.create_task(TaskType.ImageAnnotation, project="Cows", attachment=picture, **wrong)
    with pytest.raises(ScaleNotEnabled, match="can_delete_base_annotations"):
        live.create_task(
            TaskType.ImageAnnotation, project="Cows", attachment=picture, hypothesis=first.response,
            can_delete_base_annotations=False,
        )  # fmt: skip


def test_a_guess_stands_beside_labels_and_texts(program: Programs, orbit: Client, amina: Person) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Pairs", TaskType.Categorization, params={"work_type": "product-match"})
    live.create_task(TaskType.Categorization, project="Pairs", **PAIR, hypothesis={"category": "Same"})
    live.create_project("Names", TaskType.NamedEntityRecognition)
    marked = {"start": 0, "end": 3, "label": "person"}
    live.create_task(
        TaskType.NamedEntityRecognition, project="Names", text="Ada wrote.", labels=[{"name": "person"}],
        hypothesis={"annotations": [{**marked, "uuid": "1", "text": "Ada"}]},
    )  # fmt: skip
    said = [order.task.prediction for order in Order.objects.select_related("task").order_by("pk") if order.task]
    assert [one and one["value"] for one in said] == [{"labels": ["Same"]}, {"spans": [marked]}]
    # Where nothing can stand before, it is not left out in silence.
    with pytest.raises(ScaleNotEnabled, match="hypothesis"):
        live.create_task(
            TaskType.Categorization, project="Pairs", attachment="bang", attachment_type="text",
            taxonomies={"loud": {"type": "category", "choices": ["yes", "no"]}}, hypothesis={"annotations": {}, "a": 1},
        )  # fmt: skip


def seen(address: str, *places: tuple[int, int]) -> list[Any]:
    """Return what a mask of the first uploaded picture has at these places."""
    found = requests.get(address, timeout=20)
    assert found.headers["Content-Type"] == "image/png"
    with Image.open(io.BytesIO(found.content)) as read:
        assert read.size == (100, 80)
        return [read.getpixel(place) for place in places]


def square(label: str, left: int, **said: int) -> dict[str, Any]:
    """Return a polygon of 100 pixels, ten below the picture's upper edge."""
    places = [[left, 10], [left + 9, 10], [left + 9, 19], [left, 19]]
    drawn = {"type": "polygon", "label": label, "points": places}
    return {**drawn, "attributes": said} if said else drawn


def test_things_of_a_label_have_masks_of_their_own(
    program: Programs, orbit: Client, amina: Person, settings: LazySettings
) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    settings.ORIGIN = live.api.base_api_url.removesuffix("/v1")
    live.create_project("Fields", TaskType.SegmentAnnotation)
    herd = {"choice": "animal", "instance_label": True, "subchoices": ["cow", "dog"]}
    task = live.create_task(
        TaskType.SegmentAnnotation, project="Fields", attachment=uploaded(live, 1)[0], labels=["grass", herd],
        allow_unlabeled=True,
    )  # fmt: skip
    assert job_of(task).form["attributes"][0]["labels"] == ["animal", "cow", "dog"]
    # Two parts of one cow, another cow half under a dog, and grass up to the picture's edge.
    grass = {"type": "polygon", "label": "grass", "points": [[0, 40], [100, 40], [100, 80], [0, 80]]}
    do(job_of(task), amina, {"shapes": [
        grass, square("cow", 0, thing=1), square("cow", 20, thing=1), square("cow", 40), square("dog", 45, thing=1),
    ]})  # fmt: skip
    task.refresh()
    said = task.response
    assert said["labelMapping"] == {
        "grass": {"index": 1}, "animal": [],
        "cow": [{"index": 5, "numPixels": 200}, {"index": 6, "numPixels": 50}], "dog": [{"index": 7, "numPixels": 100}],
    }  # fmt: skip
    # A page of many tasks draws none of them: it tells which number is whose.
    [listed] = live.get_tasks(project_name="Fields")
    assert listed.response["labelMapping"] == {
        "grass": {"index": 1}, "animal": [], "cow": [{"index": 5}, {"index": 6}], "dog": [{"index": 7}],
    }  # fmt: skip
    masks = said["annotations"]
    places = ((5, 15), (25, 15), (42, 15), (47, 15), (5, 60), (99, 5))
    assert seen(masks["combined"]["indexedImage"], *places) == [5, 5, 6, 7, 1, 0]
    first, second = masks["labeled"]["cow"]
    assert seen(first, *places) == [255, 255, 0, 0, 0, 0]
    assert seen(second, *places) == [0, 0, 255, 0, 0, 0]
    assert seen(masks["labeled"]["dog"][0], *places) == [0, 0, 0, 255, 0, 0]
    assert masks["labeled"]["animal"] == []
    assert len(set(seen(masks["combined"]["image"], *places))) == 5


def test_polygons_are_told_as_masks(program: Programs, orbit: Client, amina: Person, settings: LazySettings) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    settings.ORIGIN = live.api.base_api_url.removesuffix("/v1")
    live.create_project("Fields", TaskType.SegmentAnnotation)
    [picture] = uploaded(live, 1)
    asked: dict[str, Any] = {"project": "Fields", "labels": ["grass", {"choice": "cow"}], "allow_unlabeled": True}
    task = live.create_task(TaskType.SegmentAnnotation, attachment=picture, **asked)
    field = {"type": "polygon", "label": "grass", "points": [[10, 10], [60, 10], [60, 60], [10, 60]]}
    cow = {"type": "polygon", "label": "cow", "points": [[20, 20], [30, 20], [30, 30], [20, 30]]}
    do(job_of(task), amina, {"shapes": [field, cow]})
    task.refresh()
    said = task.response
    assert said["labelMapping"] == {"grass": {"index": 1}, "cow": {"index": 2}}

    masks = said["annotations"]
    indexed = masks["combined"]["indexedImage"]
    places = ((5, 5), (12, 12), (25, 25))
    assert seen(indexed, *places) == [0, 1, 2]
    assert seen(masks["labeled"]["cow"], *places) == [0, 0, 255]
    assert seen(masks["unlabeled"], *places) == [255, 0, 0]
    colours = seen(masks["combined"]["image"], *places)
    assert colours[0] == (0, 0, 0)
    assert len(set(colours)) == 3
    # Whoever tries a mask that there is not finds nothing.
    assert requests.get(masks["unlabeled"] + "x", timeout=20).status_code == 404
