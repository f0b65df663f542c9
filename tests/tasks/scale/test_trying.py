"""What a program tries out: orders of every kind, answered at once; conversations as v2 parses them; the team."""

from typing import Any

import pytest
import requests
import scaleapi
from django.conf import LazySettings
from scaleapi.api_client.v2.models.create_chat_task_request import CreateChatTaskRequest
from scaleapi.exceptions import ScaleInvalidRequest, ScaleNotEnabled, ScaleResourceNotFound
from scaleapi.tasks import TaskType
from scaleapi.teams import TeammateRole

from coop.people import clients
from coop.people.models import Client
from tasks import shapes
from tasks.scale import kinds
from tests.tasks.scale.conftest import Programs

pytestmark = pytest.mark.django_db
IMAGE = {"attachment": "https://nowhere.example/1.png", "attachment_type": "image"}
BOXES = {"box": {"objects_to_annotate": ["cow", {"choice": "horse", "subchoices": ["foal"]}]}}
FRAMES = {"attachments": ["https://nowhere.example/1", "https://nowhere.example/2"]}
CLOUDS = {**FRAMES, "labels": ["car"]}
HELLO: dict[str, Any] = {"template_variables": {"prompt": "Hello"}}
OLD = {**IMAGE, "objects_to_annotate": ["cow"], "with_labels": True}
FIELDS = [
    {"type": "text", "field_id": "why", "title": "Why?", "required": True},
    {"type": "category", "field_id": "which", "title": "Which?", "choices": [{"label": "A", "value": "a"}, "b"]},
    {"type": "category", "field_id": "many", "title": "Which ones?", "choices": ["a", "b", "c"], "max_choices": 2},
    {"type": "number", "field_id": "count", "title": "How many?", "min": 2, "max": 9},
    {"type": "boolean", "field_id": "ok", "title": "Good?"},
    {"type": "ranking", "field_id": "order", "title": "Best first", "options": ["x", "y"]},
    {"type": "timerange", "field_id": "when", "title": "When?"},
    {"type": "fieldset", "field_id": "group", "fields": [{"type": "datetime", "field_id": "at", "title": "At"}]},
]
# An order of each kind, and what its response holds.
ORDERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "categorization": (
        {"attachment": "x", "categories": ["yes", "no"], "category_ids": {"7": "yes"}},
        {"category": "yes", "category_id": "7"},
    ),
    "comparison": (
        {"attachments": ["a", "b"], "choices": ["first", "second"], "fields": {"why": "Say why"}},
        {"choice": "first", "fields": {"why": "Example answer"}},
    ),
    "textcollection": (
        {"fields": FIELDS},
        {"annotations": {
            "why": {"type": "text", "field_id": "why", "response": [["Example answer"]]},
            "which": {"type": "category", "field_id": "which", "response": [["a"]]},
            "many": {"type": "category", "field_id": "many", "response": [["a"]]},
            "count": {"type": "number", "field_id": "count", "response": [[2]]},
            "ok": {"type": "boolean", "field_id": "ok", "response": [[True]]},
            "order": {"type": "ranking", "field_id": "order", "response": [["x", "y"]]},
            "when": {"type": "timerange", "field_id": "when",
                     "response": [[{"start": "2026-01-05T09:00:00Z", "end": "2026-01-05T10:00:00Z"}]]},
            "at": {"type": "datetime", "field_id": "at", "response": [["2026-01-05T09:00:00Z"]]},
        }},
    ),
    "transcription": (
        {"attachment": "x", "fields": {"title": "Its title"}, "repeatable_fields": {"user": "Who"}},
        {"fields": {"title": "Example answer"}, "rows": [{"user": "Example answer"}]},
    ),
    "datacollection": ({"attachment": "x", "fields": {"url": "URL"}}, {"fields": {"url": "Example answer"}}),
}  # fmt: skip
MORE: dict[str, dict[str, Any]] = {
    "imageannotation": {**IMAGE, "geometries": {**BOXES, "line": {"objects_to_annotate": ["lane"]}}},
    **dict.fromkeys(("annotation", "polygonannotation", "lineannotation", "pointannotation", "cuboidannotation",
                     "laneannotation"), OLD),
    "namedentityrecognition": {"text": "Ada joined Acme.", "labels": [{"name": "person"}]},
    "documenttranscription": {**IMAGE, "features": [{"type": "block", "label": "barcode"}]},
    "segmentannotation": {**IMAGE, "labels": ["road", {"choice": "car"}]},
    "videoannotation": {**FRAMES, "geometries": BOXES},
    "videoboxannotation": {**FRAMES, "objects_to_annotate": ["car"]},
    "videoplaybackannotation": {"attachment": "https://nowhere.example/1.mp4", "geometries": BOXES},
    "federal2dvideoannotation": {**FRAMES, "geometries": BOXES},
    **dict.fromkeys(("lidarannotation", "lidarsegmentation", "lidarlinking", "lidartopdown", "sensorfusion",
                     "videocuboidannotation"), CLOUDS),
    **dict.fromkeys(("chat", "chatlite", "chatexperimental", "multichat", "multistage", "documentmodel"), HELLO),
}  # fmt: skip


def test_every_kind_that_the_client_names_is_known() -> None:
    assert {kind.value for kind in TaskType} == set(kinds.names()) == {*ORDERS, *MORE}


def test_an_order_is_answered_in_the_clients_words(trying: scaleapi.ScaleClient) -> None:
    for kind, (params, response) in ORDERS.items():
        task = trying.create_task(TaskType(kind), **params)
        assert (task.status, task.response) == ("completed", response)
        assert trying.get_task(task.id).response == response


def test_orders_of_every_other_kind_are_answered(trying: scaleapi.ScaleClient) -> None:
    for kind, params in MORE.items():
        task = trying.create_task(TaskType(kind), **params)
        assert (kind, task.status, bool(task.response["annotations"]), task.params) == (kind, "completed", True, params)


def test_what_is_annotated_frame_by_frame_is_told_in_a_file(
    trying: scaleapi.ScaleClient, settings: LazySettings
) -> None:
    settings.ORIGIN = trying.api.base_api_url.removesuffix("/v1")
    for kind in ("videoannotation", "lidarannotation"):
        address = trying.create_task(TaskType(kind), **MORE[kind]).response["annotations"]["url"]
        found = requests.get(address, timeout=20)
        assert (found.status_code, len(found.json())) == (200, 2)
        assert requests.get(address[:-1] + "~", timeout=20).status_code == 404
    assert [len(frame["cuboids"]) for frame in found.json()] == [1, 0]


def test_boxes_are_told_by_left_and_top_and_others_by_vertices(trying: scaleapi.ScaleClient) -> None:
    task = trying.create_task(TaskType.ImageAnnotation, **MORE["imageannotation"])
    box, *_others, line = task.response["annotations"]
    assert {name: box[name] for name in ("type", "label", "left", "top", "width", "height", "attributes")} == {
        "type": "box", "label": "cow", "left": 10, "top": 10, "width": 30, "height": 20, "attributes": {},
    }  # fmt: skip
    assert (line["type"], line["vertices"]) == ("line", [{"x": 10, "y": 10}, {"x": 40, "y": 30}])
    assert len({one["uuid"] for one in task.response["annotations"]}) == 4


@pytest.mark.parametrize("kind", [*ORDERS, *MORE])
def test_what_we_would_ask_is_what_its_shape_takes(kind: str) -> None:
    """An example is a value of the shape that would ask members, wherever one does."""
    params = ORDERS[kind][0] if kind in ORDERS else MORE[kind]
    found = kinds.find(kind)
    assert found is not None
    assert found.wrong(params) == ""
    if name := found.shape(params):
        form, data = found.form(params, "What is it?"), found.data(params)
        assert shapes.form_problems(name, form) == []
        if not shapes.find(name).files:
            assert shapes.find(name).data_problems(form, data) == []
            assert shapes.Question.of(name, form, data).problems(found.example(params)) == []


def test_tasks_whose_answers_are_known_are_tasks_as_others(trying: scaleapi.ScaleClient) -> None:
    params = ORDERS["textcollection"][0]
    known = trying.create_evaluation_task(
        TaskType.TextCollection,
        **params,
        expected_response={"annotations": {}},
        initial_response={"annotations": {"x": 1}},
    )
    assert known.expected_response == {"annotations": {}}
    assert known.as_dict()["initial_response"] == {"annotations": {"x": 1}}
    assert trying.create_training_task(TaskType.TextCollection, **params, expected_response={"a": 1}).id
    with pytest.raises(ScaleInvalidRequest, match="expected_response"):
        trying.create_training_task(TaskType.TextCollection, **params)


def test_params_are_inherited_and_a_batch_stands_for_its_project(trying: scaleapi.ScaleClient) -> None:
    inherited = {"instruction": "Look.", "categories": ["yes", "no"], "pay": "0.1", "ours": True}
    trying.create_project("p", TaskType.Categorization, params=inherited)
    batch = trying.create_batch("p", "b")
    task = trying.create_task(TaskType.Categorization, batch=batch.name, attachment="x", categories=["a", "b"])
    assert (task.project, task.batch, task.instruction, task.params["ours"]) == ("p", "b", "Look.", True)
    assert task.params["categories"] == ["a", "b"]
    assert batch.get_status() == {"status": "in_progress", "completed": 1}
    assert batch.finalize().status == "completed"
    with pytest.raises(ScaleInvalidRequest):
        trying.create_task(TaskType.Categorization, batch=batch.name, attachment="x")
    trying.create_project("rapid", TaskType.Categorization, rapid=True)
    staged = trying.create_batch("rapid", "staged", calibration_batch=True)
    assert (staged.status, staged.finalize().status) == ("staging", "in_progress")


def test_templates_say_what_an_order_may_say(trying: scaleapi.ScaleClient) -> None:
    trying.create_project("p", TaskType.TextCollection, params={"fields": FIELDS})
    template = trying.get_project("p").get_template()
    assert (template.version, template.template_variables) == (1, {"fields": FIELDS})


def test_a_file_is_kept_once(trying: scaleapi.ScaleClient, tmp_path: Any) -> None:
    (tmp_path / "a.png").write_bytes(b"none")
    sent = []
    for _time in range(2):
        with (tmp_path / "a.png").open("rb") as file:
            facts = {"project_name": "p", "reference_id": "r1", "metadata": '{"k": 1}'}
            sent.append(trying.upload_file(file, **facts).as_dict())
    assert sent[0] == sent[1]
    assert sent[0]["attachment_url"] == f"scaledata://{sent[0]['id']}/a.png"
    assert (sent[0]["size"], sent[0]["mime_type"], sent[0]["metadata"]) == (4, "image/png", {"k": 1})
    assert trying.import_file("https://nowhere.example/b.png").attachment_url.endswith("/b.png")
    with pytest.raises(ScaleInvalidRequest):
        trying.import_file("")


def test_a_tests_team_is_made_up(trying: scaleapi.ScaleClient, orbit: Client) -> None:
    (olga,) = trying.list_teammates()
    assert olga.role == "admin"
    team = trying.invite_teammates(["new@nowhere.example"], TeammateRole.Labeler)
    assert [mate.role for mate in team] == ["admin", "labeler"]
    assert trying.update_teammates_role(["new@nowhere.example"], TeammateRole.Manager)[-1].role == "manager"
    assert clients.offers(orbit) == []
    with pytest.raises(ScaleInvalidRequest):
        trying.invite_teammates(["no address"], TeammateRole.Member)


def test_a_tests_studio_is_made_up(trying: scaleapi.ScaleClient) -> None:
    trying.create_project("p/q", TaskType.Categorization, studio=True)
    for name in ("one", "two"):
        trying.create_batch("p/q", name)
    mails = ["a@nowhere.example", "b@nowhere.example"]
    assert trying.add_studio_assignments(mails, ["p/q"])[mails[0]].assigned_projects == ["p/q"]
    assert trying.remove_studio_assignments(mails[:1], ["p/q"])[mails[0]].assigned_projects == []
    assert sorted(trying.list_studio_assignments()) == mails
    assert trying.create_project_group("p/q", mails[:1], "group one").numWorkers == 1
    assert trying.update_project_group("p/q", "group one", mails[1:], mails[:1]).numWorkers == 1
    assert [group.name for group in trying.list_project_groups("p/q")] == ["group one"]
    assert trying.assign_studio_batches("one", ["group one"]).groups == ["group one"]
    assert [one.name for one in trying.set_studio_batches_priorities(["two", "one"])] == ["two", "one"]
    assert [one.studio_priority for one in trying.reset_studio_batches_priorities()] == [None, None]
    with pytest.raises(ScaleResourceNotFound):
        trying.list_project_groups("none")


def test_a_live_keys_team_are_seats_and_nobody_is_assigned(program: Programs, orbit: Client) -> None:
    live = program(("read", "post"))
    assert [mate.role for mate in live.invite_teammates(["new@nowhere.example"], TeammateRole.Member)] == [
        "member", "admin",
    ]  # fmt: skip
    assert [offer.offered_to for offer in clients.offers(orbit)] == ["new@nowhere.example"]
    for call in (
        lambda: live.invite_teammates(["x@nowhere.example"], TeammateRole.Labeler),
        lambda: live.add_studio_assignments(["x@nowhere.example"], ["p"]),
        lambda: live.update_teammates_role(["new@nowhere.example"], TeammateRole.Admin),
    ):
        with pytest.raises(ScaleNotEnabled):
            call()
    assert live.list_studio_assignments() == {}


MESSAGES = [{"role": "user", "content": "How many feet has a centipede?"}, {"role": "assistant", "text": "A hundred."}]
RANKED = {"prompt": "Why?", "responses": [{"source_id": "m1", "text": "So.", "reasoning": ["Because."]}, "Thus."]}
CHATS: dict[str, dict[str, Any]] = {
    "ranking": RANKED, "ties": {**RANKED, "ties": True}, "rewriting": {**RANKED, "rewrite": True},
    "rubric": {**RANKED, "criteria": [{"criterion": "It is true", "weight": 2}, "It is short"]},
    "process": {"prompt": "3 * 4 - 5?", "steps": ["3 * 4 = 12", "12 - 5 = 7"]}, "rating": {"messages": MESSAGES},
    "reasoning": {"prompt": "Prove it.", "reasoning": True}, "writing": {"prompt": "Hello"}, "nothing": {},
}  # fmt: skip


def test_a_conversation_is_told_as_v2_parses_it(trying: scaleapi.ScaleClient) -> None:
    trying.create_project("p", TaskType.Chat)
    for way, said in CHATS.items():
        request = CreateChatTaskRequest(project_name="p", template_variables=said, metadata={"k": 1})
        made = trying.v2.create_chat_task(create_chat_task_request=request)
        found = trying.v2.get_task(task_id=made.task_id, expand=["project"], opts=["submissions"])
        assert (found.status.value, found.project.actual_instance.name, found.metadata) == ("completed", "p", {"k": 1})
        (thread,) = found.threads
        assert thread.submissions[0].contributor_id == "test-contributor"
        (turn,) = thread.turns
        assert turn.messages[-1].role.value == "assistant"
        SAYS.get(way, lambda _turn: None)(turn)
        for one in turn.annotations:
            note = one.actual_instance
            assert trying.v2.get_annotation(annotation_id=note.id).actual_instance == note
    assert len(list(trying.v2_get_tasks(project_name="p", limit=2))) == len(CHATS)


def values(annotations: Any) -> dict[str, Any]:
    return {one.actual_instance.key: one.actual_instance.value for one in annotations}


def says_ranking(turn: Any) -> None:
    assert values(turn.annotations) == {"selected_model_id": "m1", "ranking": ["m1", "response_2"]}
    assert turn.messages[1].content.reasoning[0].content == "Because."


def says_rewriting(turn: Any) -> None:
    assert values(turn.annotations) == {"selected_model_id": "m1"}
    assert turn.messages[-1].content.text == "A better reply."


def says_rubric(turn: Any) -> None:
    assert [one.weight for one in turn.rubrics[0].criteria_definitions] == [2, 1]
    (found,) = turn.messages[-1].rubric_evaluations
    assert (found.total_score, found.percentage) == (3, 100)


def says_process(turn: Any) -> None:
    assert values(turn.annotations) == {"first_wrong_step": 0}
    steps = [one.actual_instance for one in turn.messages[-1].content.chunks]
    assert [values(one.annotations) for one in steps] == [{"step": "right"}, {"step": "right"}]


def says_rating(turn: Any) -> None:
    assert values(turn.messages[-1].annotations) == {"likert_value": 6}


def says_reasoning(turn: Any) -> None:
    assert [one.content for one in turn.messages[-1].content.reasoning] == ["First step.", "Second step."]


SAYS = {
    "ranking": says_ranking, "ties": says_ranking, "rewriting": says_rewriting, "rubric": says_rubric,
    "process": says_process, "rating": says_rating, "reasoning": says_reasoning,
}  # fmt: skip


def test_v2_pages_batches_and_tasks_to_their_end(trying: scaleapi.ScaleClient) -> None:
    trying.create_project("p", TaskType.Chat)
    (project,) = trying.v2.get_projects().projects
    names = [trying.create_batch("p", f"b{number}").name for number in range(3)]
    page = trying.v2.get_batches(project_id=project.id, limit=2, expand=["project"])
    rest = trying.v2.get_batches(project_id=project.id, limit=2, next_token=page.next_token)
    assert [batch.name for batch in [*page.batches, *rest.batches]] == names[::-1]
    assert (rest.next_token, page.batches[0].project.actual_instance.name) == (None, "p")
    for _time in range(3):
        request = CreateChatTaskRequest(batch_id=page.batches[0].id, template_variables={})
        trying.v2.create_chat_task(create_chat_task_request=request)
    assert len(list(trying.v2_get_tasks(batch_id=page.batches[0].id, limit=1))) == 3
    done = trying.v2.set_task_metadata(
        set_task_metadata_request={"task_id": trying.tasks()[0].id, "metadata": {"b": 2}, "merge": True}
    )
    assert done.metadata == {"b": 2}


def test_what_there_is_none_of_in_v2_is_an_empty_list(trying: scaleapi.ScaleClient) -> None:
    assert trying.v2.get_deliveries().deliveries == []
    assert trying.v2.get_datasets().datasets == []
    assert trying.v2.get_dataset_tasks(dataset_id="x").tasks == []
    assert trying.v2.get_dataset_deliveries(dataset_id="x").deliveries == []
    trying.create_project("p", TaskType.Chat)
    assert trying.v2.get_delivery_tasks(project_name="p").docs == []
    for call in (
        lambda: trying.v2.get_annotation(annotation_id="x"), lambda: trying.v2.get_schema(schema_id="x"),
        lambda: trying.v2.get_delivery(delivery_id="x"), lambda: trying.v2.get_dataset_delivery(delivery_id="x"),
        lambda: trying.v2.get_dataset_task(task_id="x"), lambda: trying.v2.get_task(task_id="x"),
        lambda: trying.v2.get_dataset_task_response_url(task_id="x", attachment_id="y"),
    ):  # fmt: skip
        with pytest.raises(scaleapi.api_client.v2.exceptions.NotFoundException):
            call()
