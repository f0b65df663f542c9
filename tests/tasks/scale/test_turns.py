"""Conversations of several turns, live to the answer: each reply rated, the next chosen, and told turn by turn."""

from typing import Any

import pytest
import scaleapi
from scaleapi.api_client.v2.models.create_chat_task_request import CreateChatTaskRequest
from scaleapi.exceptions import ScaleNotEnabled
from scaleapi.tasks import TaskType

from coop.people.models import Client, Person
from tasks.models import Order
from tests.tasks import orders
from tests.tasks.scale.conftest import ALL, Programs
from tests.tasks.scale.test_live import do
from tests.tasks.scale.test_live_kinds import newest

pytestmark = pytest.mark.django_db
SAID = [
    {"role": "system", "content": {"text": "Be brief."}}, {"role": "user", "content": {"text": "Eggs?"}},
    {"role": "assistant", "content": {"text": "Twelve."}}, {"role": "user", "content": {"text": "Five break."}},
    {"role": "assistant", "content": {"text": "Seven."}}, {"role": "user", "content": {"text": "And then?"}},
]  # fmt: skip
NEXT = [{"source_id": "m1", "text": "An omelette."}, {"source_id": "m2", "text": "Nothing."}]


@pytest.fixture
def live(program: Programs, orbit: Client) -> scaleapi.ScaleClient:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Chats", TaskType.Chat, params={"instruction": "How good is each reply?"})
    return live


def asked(live: scaleapi.ScaleClient, said: dict[str, Any]) -> Any:
    request = CreateChatTaskRequest(project_name="Chats", template_variables=said)
    return live.v2.create_chat_task(create_chat_task_request=request)


def told(live: scaleapi.ScaleClient, task: Any) -> list[Any]:
    (thread,) = live.v2.get_task(task_id=task.task_id).threads
    turns: list[Any] = thread.turns
    return turns


def texts(turn: Any) -> list[str]:
    return [one.content.text for one in turn.messages]


def marks(message: Any) -> list[Any]:
    return [one.actual_instance.value for one in message.annotations]


def test_each_reply_is_rated_in_its_turn(live: scaleapi.ScaleClient, amina: Person) -> None:
    task = asked(live, {"messages": SAID[:5]})
    job = newest()
    assert job.work_type.shape == "conversation"
    assert [one["role"] for one in job.tasks.get().data["turns"]] == [one["role"] for one in SAID[:5]]
    do(job, amina, {"turns": [7, 2]})
    first, second = told(live, task)
    assert (texts(first), texts(second)) == (["Be brief.", "Eggs?", "Twelve."], ["Five break.", "Seven."])
    assert (marks(first.messages[2]), marks(second.messages[1])) == ([7], [2])
    assert first.id != second.id


def test_replies_are_rated_and_the_next_is_chosen_and_written(live: scaleapi.ScaleClient, amina: Person) -> None:
    task = asked(live, {"messages": SAID, "responses": NEXT, "rate": True, "rewrite": True})
    job = newest()
    assert {name: job.form.get(name) for name in ("steps", "candidates", "rewrite")} == {
        "steps": 7, "candidates": True, "rewrite": True,
    }  # fmt: skip
    do(job, amina, {"turns": [6, 3], "chosen": 2, "rewrite": "Nothing is left."})
    turns = told(live, task)
    assert [texts(turn) for turn in turns] == [
        ["Be brief.", "Eggs?", "Twelve."], ["Five break.", "Seven."],
        ["And then?", "An omelette.", "Nothing.", "Nothing is left."],
    ]  # fmt: skip
    assert [marks(turn.messages[-1]) for turn in turns[:2]] == [[6], [3]]
    assert [turn.annotations for turn in turns[:2]] == [[], []]
    (chosen,) = turns[2].annotations
    assert (chosen.actual_instance.key, chosen.actual_instance.value) == ("selected_model_id", "m2")
    found = live.v2.get_annotation(annotation_id=chosen.actual_instance.id)
    assert found.actual_instance == chosen.actual_instance


def test_turns_that_are_sent_as_v2_tells_them_come_back_as_they_were(live: scaleapi.ScaleClient, amina: Person) -> None:
    sent = [
        {"messages": SAID[:3]},
        {"messages": [*SAID[3:5], {"role": "user", "content": "Wait."}]},
        {"messages": SAID[5:]},
    ]
    task = asked(live, {"turns": sent, "responses": NEXT})
    job = newest()
    assert job.work_type.shape == "ranking"
    assert job.tasks.get().data["prompt"].split("\n\n")[:3] == [
        "**System:** Be brief.", "**User:** Eggs?", "**Assistant:** Twelve.",
    ]  # fmt: skip
    do(job, amina, {"ranks": [1, 2]})
    turns = told(live, task)
    assert [len(turn.messages) for turn in turns] == [3, 3, 3]
    assert texts(turns[1])[-1] == "Wait."
    assert [one.actual_instance.key for one in turns[2].annotations] == ["selected_model_id", "ranking"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"turns": [{"messages": SAID[:3], "responses": NEXT}]}, "what single turns ask"),
        ({"messages": SAID, "responses": [*NEXT, *NEXT, *NEXT], "rewrite": True}, "rewrite of more than 4"),
        ({"messages": SAID, "responses": [*NEXT, *NEXT, *NEXT], "rate": True}, "rate beside more than 4"),
        ({"prompt": "Eggs?", "responses": NEXT, "rate": True}, "rate without replies"),
    ],
)
def test_what_members_are_not_asked_of_turns_is_refused_in_words(
    live: scaleapi.ScaleClient, said: dict[str, Any], words: str
) -> None:
    with pytest.raises(ScaleNotEnabled, match=words):
        live.create_task(TaskType.Chat, project="Chats", template_variables=said)
    assert not Order.objects.exists()


def test_a_test_key_is_told_of_turns_too(trying: scaleapi.ScaleClient) -> None:
    trying.create_project("Chats", TaskType.Chat)
    turns = told(trying, asked(trying, {"messages": SAID, "responses": NEXT, "rate": True}))
    assert [marks(turn.messages[-1]) for turn in turns] == [[6], [6], []]
