"""What an order says beside what it asks reaches members, is held to, or is refused: nothing is dropped in silence."""

import uuid
from typing import Any

import pytest
import scaleapi
from django.test import Client as Browser
from django.urls import reverse
from scaleapi.exceptions import ScaleInvalidRequest, ScaleNotEnabled
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from tasks import answers, claims
from tasks.models import JobFile, Order, Project
from tasks.scale import kinds
from tests.tasks.scale.test_fetching import Store, fetch, store
from tests.tasks.scale.test_live import PAIR, job_of
from tests.tasks.scale.test_live_kinds import newest
from tests.tasks.scale.test_trying import MORE, ORDERS

__all__ = ["store"]
pytestmark = pytest.mark.django_db
TAXONOMIES: dict[str, Any] = {
    "attachment": "x", "taxonomies": {"which": {"type": "category", "choices": ["a", "b"]}},
}  # fmt: skip
# A part of an order that no kind of ours does, or not this one.
UNHEARD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("imageannotation", {"layers": {"box": 1}}), ("categorization", {"consensus": 3}),
    ("namedentityrecognition", {"unheard_of": "x"}), ("namedentityrecognition", {"merge_newlines": True}),
    ("namedentityrecognition", {"can_edit_base_annotations": False}), ("comparison", {"geometries": {"box": {}}}),
    ("textcollection", {"categories": ["a", "b"]}), ("datacollection", {"verbatim": True}),
    ("chat", {"attachments": ["https://nowhere.example/1.png"]}),
)  # fmt: skip
COLOURS = ["red", {"value": "blue", "description": "As the sky,\nat noon."}, "green"]


def test_labels_examples_and_bounds_stand_in_the_guide(
    live: scaleapi.ScaleClient, orbit: Client, amina: Person, store: Store
) -> None:
    live.create_project("Cows", TaskType.ImageAnnotation)
    address = f"{store.address}/field.png"
    task = live.create_task(
        TaskType.ImageAnnotation, project="Cows", instruction="Box all cows.", attachment=address, padding=20,
        geometries={
            "box": {"objects_to_annotate": [{"choice": "cow", "description": "With *horns*."}], "min_width": 12,
                    "can_rotate": True},
        },
        examples=[{"correct": False, "image": f"{address}?wrong", "explanation": "The tail is cut off."}],
        context_attachments=[{"attachment": f"{address}?beside"}],
    )  # fmt: skip
    store.files |= dict.fromkeys(("/field.png?wrong", "/field.png?beside"), store.files["/field.png"])
    fetch(orbit)
    job = job_of(task)
    assert job.guide == (
        "Box all cows.\n\n## What they mean\n\n- **cow**: With *horns*.\n\n## Examples\n\n"
        "- Example 1: wrong: The tail is cut off.\n\n## Bounds\n\n- padding: 20\n- box, min_width: 12"
    )
    assert sorted(store.asked) == ["/field.png", "/field.png?beside", "/field.png?wrong"]
    assert set(job.tasks.get().data) == {"image", "context 1", "example 1"}
    taken = claims.claim_next(job, by=amina, at=clock.now())
    browser = Browser()
    browser.force_login(amina)
    page = browser.get(reverse("tasks:task", args=[taken.pk])).content.decode()
    assert all(f"/media/{file.key}/" in page for file in JobFile.objects.filter(job=job))
    assert JobFile.objects.filter(job=job).count() == 3
    guide = browser.get(reverse("tasks:guide", args=[job.pk])).content.decode()
    assert "The tail is cut off." in guide


def test_labels_of_choices_explain_themselves(live: scaleapi.ScaleClient) -> None:
    job = job_of(live.create_task(TaskType.Categorization, project="Pairs", **PAIR | {"categories": COLOURS}))
    assert job.guide == f"{PAIR['instruction']}\n\n## What they mean\n\n- **blue**: As the sky, at noon."


def test_bounds_of_fields_are_held(live: scaleapi.ScaleClient, amina: Person) -> None:
    live.create_project("Forms", TaskType.TextCollection)
    live.create_task(
        TaskType.TextCollection, project="Forms", attachments=[],
        fields=[
            {"type": "category", "field_id": "which", "title": "Which?", "choices": COLOURS, "min_choices": 2,
             "max_choices": 3},
            {"type": "number", "field_id": "count", "title": "How many?", "min": 1, "step": 1,
             "min_responses_required": 1},
            {"type": "datetime", "field_id": "day", "title": "When?"},
            {"type": "timerange", "field_id": "while", "title": "How long?"},
        ],
    )  # fmt: skip
    taken = claims.claim_next(newest(), by=amina, at=clock.now())

    def hand_in(value: dict[str, Any]) -> None:
        answers.submit(taken, value=value, key=uuid.uuid4(), seconds=30, by=amina, at=clock.now())

    for wrong, words in (
        ({"which": ["red"], "count": 2}, "which.*at least 2"), ({"count": 1.5}, "type integer"),
        ({"which": ["red", "blue"]}, "count.*missing"), ({"count": 1, "day": "at noon"}, "day.*as 2026"),
        ({"count": 1, "while": {"start": "2026-01-05T09:00:00Z", "end": "2026-02-30"}}, "while.end.*as 2026"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=words):
            hand_in(wrong)
    hand_in({"which": ["red", "blue"], "count": 2, "day": "2026-01-05 09:00"})


UNASKED: tuple[dict[str, Any], ...] = (
    {"fields": [{"type": "number", "field_id": "a", "title": "A", "step": 0.5}]},
    {"fields": [{"type": "text", "field_id": "a", "title": "A", "max_responses_required": 3}]},
    {"fields": [{"type": "text", "field_id": "a", "title": "A"}], "ontology": [{"choice": "a"}]},
)


@pytest.mark.parametrize("asked", UNASKED)
def test_what_no_member_is_asked_is_refused(live: scaleapi.ScaleClient, asked: dict[str, Any]) -> None:
    with pytest.raises(ScaleNotEnabled, match="Members are not asked"):
        live.create_task(TaskType.TextCollection, project="Pairs", attachments=[], **asked)
    assert not Order.objects.exists()


def test_what_a_project_or_batch_cannot_keep_is_refused(live: scaleapi.ScaleClient) -> None:
    with pytest.raises(ScaleNotEnabled, match="responses_required"):
        live.api.post_request("projects", body={"name": "Many", "type": "categorization", "consensus_attempts": 3})
    with pytest.raises(ScaleNotEnabled, match="N9"):
        live.create_batch("Pairs", "own", self_label_batch=True)
    with pytest.raises(ScaleNotEnabled, match="ontology"):
        live.api.post_request("projects/Pairs/setOntology", body={"ontology": ["a"]})
    assert Project.objects.get().versions.count() == 1


@pytest.fixture
def any_kind(live: scaleapi.ScaleClient) -> scaleapi.ScaleClient:
    """Return a program with a project that says nothing, so that orders of any kind join it."""
    live.create_project("Any", TaskType.Categorization)
    return live


@pytest.mark.parametrize(("kind", "said"), UNHEARD)
def test_a_part_that_nobody_knows_is_named(any_kind: scaleapi.ScaleClient, kind: str, said: dict[str, Any]) -> None:
    asked = ORDERS[kind][0] if kind in ORDERS else MORE[kind]
    (name,) = said
    with pytest.raises(ScaleNotEnabled, match=rf"Members are not asked for {name}\b"):
        any_kind.create_task(TaskType(kind), project="Any", **asked, **said)
    assert not Order.objects.exists()


@pytest.mark.parametrize("kind", [*ORDERS, *MORE])
def test_what_the_interface_knows_of_a_kind_is_heard(kind: str) -> None:
    found, said = kinds.find(kind), ORDERS[kind][0] if kind in ORDERS else MORE[kind]
    assert found is not None
    everywhere = {"title": "T", "examples": ["e"], "padding": 3, "pay": "1", "description": "D", "urgency": "day"}
    assert found.unheard({**said, **everywhere, "clear_unique_id_on_error": True}) == []
    assert found.unheard({**said, "a_word": "misspelt", "unsaid": None, "not_so": False}) == ["a_word"]


def test_what_is_inside_of_a_part_is_named_too(any_kind: scaleapi.ScaleClient) -> None:
    box = {"objects_to_annotate": ["cow"], "camera_intrinsics": {"fx": 1}}
    field = {"type": "text", "field_id": "a", "title": "A", "colour": "red"}
    inside: tuple[tuple[TaskType, dict[str, Any], str], ...] = (
        (TaskType.ImageAnnotation, {**MORE["imageannotation"], "geometries": {"box": box}}, "camera_intrinsics of box"),
        (TaskType.TextCollection, {"fields": [field]}, "colour of the field a"),
        (TaskType.Chat, {"template_variables": {"prompt": "Hello", "system_prompt": "Be kind."}}, "system_prompt"),
        (TaskType.Categorization, {**TAXONOMIES, "categories": ["a", "b"]}, "categories beside taxonomies"),
    )
    for kind, asked, words in inside:
        with pytest.raises(ScaleNotEnabled, match=words):
            any_kind.create_task(kind, project="Any", **asked)


WORDLESS: tuple[dict[str, Any], ...] = (
    {}, {"template_variables": {"prompt": "  "}}, {"template_variables": {"messages": []}},
)  # fmt: skip


def test_a_conversation_without_words_is_no_work(any_kind: scaleapi.ScaleClient) -> None:
    for kind in (TaskType.MultiStage, TaskType.DocumentModel, TaskType.MultiChat, TaskType.Chat):
        for said in WORDLESS:
            with pytest.raises(ScaleInvalidRequest, match="would read nothing"):
                any_kind.create_task(kind, project="Any", attachment_type="text", **said)
    assert not Order.objects.exists()


def test_what_an_order_says_of_itself_stands_in_the_guide(any_kind: scaleapi.ScaleClient) -> None:
    said = {"project": "Any", "description": "Of a shop's list.", "lang": "en"}
    task = any_kind.create_task(TaskType.Categorization, **PAIR, **said)
    assert job_of(task).guide.endswith("## About\n\n- Of a shop's list.\n\n## Bounds\n\n- lang: en")
