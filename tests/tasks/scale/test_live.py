"""Live orders through Scale's own client: funded, done by members, told in its words, and what rules refuse it."""

import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import scaleapi
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient
from scaleapi.api_client.v2.models.create_chat_task_request import CreateChatTaskRequest
from scaleapi.exceptions import ScaleDuplicateResource, ScaleInvalidRequest, ScaleNotEnabled
from scaleapi.tasks import TaskType

from coop import clock
from coop.people import clients, keys
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import escrow, ledger
from payments.founding import FOR_THE_HOUSE
from payments.money import to_micro
from tasks import answers, claims, exports, funds, jobs, reviews
from tasks.models import Assignment, Dispute, Ground, Job, Order
from tests.tasks import handing_in, orders
from tests.tasks.scale.conftest import ALL, Programs

pytestmark = pytest.mark.django_db
PAIR: dict[str, Any] = {
    "instruction": "Are these the same?\nLook twice.", "attachment": "Kettle | Steel kettle", "attachment_type": "text",
    "categories": ["Same", "Different"],
}  # fmt: skip


def do(job: Job, who: Person, value: dict[str, Any]) -> Assignment:
    """Take the next task of a job and hand an answer in."""
    taken = claims.claim_next(job, by=who, at=clock.now())
    answers.submit(taken, value=value, key=uuid.uuid4(), seconds=30, by=who, at=clock.now())
    taken.refresh_from_db()
    return taken


def job_of(task: Any) -> Job:
    order = Order.objects.select_related("task__job__work_type", "task__job__client").get(key=uuid.UUID(task.id))
    assert order.task is not None
    return order.task.job


def test_an_order_is_funded_done_and_told(
    live: scaleapi.ScaleClient, orbit: Client, amina: Person, luis: Person
) -> None:
    task = live.create_task(TaskType.Categorization, project="Pairs", **PAIR, unique_id="one")
    job = job_of(task)
    assert (task.status, task.is_test, "response" in task.as_dict()) == ("pending", False, False)
    assert (job.title, job.guide, job.pay, job.overlap, job.review_rule) == (
        job.work_type.name, PAIR["instruction"], Decimal("0.09"), 1, "peer",
    )  # fmt: skip
    assert job.form == {"question": "Are these the same?", "labels": ["Same", "Different"], "multiple": False}
    assert escrow.set_aside(job.pk) == jobs.price(job).total
    # What asks the same joins the same open job, with its money.
    again = live.create_task(TaskType.Categorization, project="Pairs", **PAIR)
    assert job_of(again) == job
    assert escrow.set_aside(job.pk) == jobs.price(job).total
    do(job, amina, {"labels": ["Different"]})
    task.refresh()
    assert (task.status, task.response) == ("completed", {"category": "Different"})
    assert task.contributor_ids == [exports.pseudonym(orbit.pk, amina.pk)]
    assert str(amina.pk) not in task.contributor_ids
    assert amina.name not in str(task.as_dict())
    assert [one.id for one in live.tasks(status="completed")] == [task.id]
    assert [one.id for one in live.tasks(status="pending")] == [again.id]
    assert [one.id for one in live.tasks(completed_after=task.completed_at)] == [task.id]
    task.audit(accepted=True, comments="Good.")
    assert ledger.balance(f"member:{amina.pk}:payable") == Decimal("0.09")
    assert live.get_task(task.id).customer_review_status == "accepted"


def test_orders_at_once_make_one_job_with_its_money(live: scaleapi.ScaleClient) -> None:
    def order(name: str) -> Any:
        return live.create_task(TaskType.Categorization, project="Pairs", unique_id=name, **PAIR)

    with ThreadPoolExecutor(4) as together:
        tasks = list(together.map(order, "abcdefgh"))
    (job,) = {job_of(task) for task in tasks}
    assert sorted(job.tasks.values_list("position", flat=True)) == list(range(1, 9))
    assert escrow.set_aside(job.pk) == jobs.price(job).total


def test_an_order_asks_nothing_twice(live: scaleapi.ScaleClient, orbit: Client, olga: Person) -> None:
    live.create_task(TaskType.Categorization, project="Pairs", **PAIR)
    _key, secret = keys.issue(orbit, name="counted", scopes=list(ALL), by=olga, at=clock.now())
    calls = APIClient(headers={"authorization": f"Bearer {secret}"})
    said = {"project": "Pairs", **PAIR, "unique_id": "one"}
    assert calls.get("/v1/projects").status_code == 200, "notes that the key is used"
    with CaptureQueriesContext(connection) as asked:
        told = calls.post("/v1/task/categorization", said, format="json").json()
    assert len(asked) == 10
    # What is told of it is what is told of it later.
    assert told == calls.get(f"/v1/task/{told['task_id']}").json()


def test_a_batch_is_finalized_whole_or_not_at_all(live: scaleapi.ScaleClient, orbit: Client, amina: Person) -> None:
    batch = live.create_batch("Pairs", "first")
    made = [live.create_task(TaskType.Categorization, batch="first", **PAIR) for _time in range(3)]
    other = live.create_task(TaskType.Categorization, batch="first", **PAIR | {"categories": ["a", "b", "c"]})
    assert (batch.status, batch.get_status()) == ("staging", {"status": "staging", "pending": 4})
    before = escrow.available(orbit)
    orders_of_more = [
        live.create_task(TaskType.Categorization, batch="first", pay="10000", **PAIR | {"responses_required": 25})
        for _time in range(2)
    ]
    with pytest.raises(ScaleNotEnabled, match="short of"):
        batch.finalize()
    assert (escrow.available(orbit), Job.objects.filter(lot__isnull=False).count()) == (before, 0)
    for one in orders_of_more:
        one.cancel()
    assert batch.finalize().status == "in_progress"
    assert {job_of(one) for one in made} == {job_of(made[0])} != {job_of(other)}
    assert escrow.available(orbit) < before
    late = live.create_task(TaskType.Categorization, batch="first", **PAIR)
    assert job_of(late) == job_of(made[0]), "as Scale's standard batches, it takes more"
    for value, one in (("Same", made[0]), ("a", other)):
        job = job_of(one)
        for _time in range(job.tasks.count()):
            do(job, amina, {"labels": [value]})
    assert batch.get_status() == {"status": "completed", "completed": 5, "canceled": 2}
    assert [one.name for one in live.get_batches(batch_status=scaleapi.BatchStatus.Completed)] == ["first"]


def test_what_is_short_of_money_or_of_the_voted_rate_is_not_ordered(
    program: Programs, luis: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = clients.found("Rival", slug="rival", by=luis, at=clock.now())
    poor = program(ALL, of=rival, by=luis)
    poor.create_project("Pairs", TaskType.Categorization, params={"work_type": "product-match"})
    with pytest.raises(ScaleNotEnabled, match=r"short of.*bank transfer"):
        poor.create_task(TaskType.Categorization, project="Pairs", **PAIR, unique_id="again")
    orders.deposit(rival, "100")
    with pytest.raises(ScaleNotEnabled, match="N1"):
        poor.create_task(TaskType.Categorization, project="Pairs", **PAIR, pay="0.01")
    # As where no vote has opened such work for clients.
    monkeypatch.setattr("payments.founding.FOR_THE_HOUSE", (*FOR_THE_HOUSE, "point-clouds"))
    poor.create_project("Roads", TaskType.LidarAnnotation)
    with pytest.raises(ScaleNotEnabled, match="N10"):
        poor.create_task(TaskType.LidarAnnotation, project="Roads", attachments=["x"], labels=["a"])
    with pytest.raises(ScaleInvalidRequest, match="project"):
        poor.create_task(TaskType.Categorization, **PAIR)
    # Nothing is left of what was refused: the id is free.
    assert poor.create_task(TaskType.Categorization, project="Pairs", **PAIR, unique_id="again").status == "pending"
    # An id that is used says so, whatever else is in the way.
    with pytest.raises(ScaleDuplicateResource):
        poor.create_task(TaskType.Categorization, project="Pairs", **PAIR, unique_id="again", pay="1000")
    assert Job.objects.filter(lot__isnull=False).count() == 1


def test_content_that_may_upset_is_named_and_its_rests_are_paid(live: scaleapi.ScaleClient) -> None:
    task = live.create_task(TaskType.Categorization, project="Pairs", **PAIR, content_warning="Some are broken.")
    job = job_of(task)
    assert (job.content, job.sensitivity, job.pay) == ({"other": "most"}, "Some are broken.", Decimal("0.108"))
    with pytest.raises(ScaleInvalidRequest, match="topics"):
        live.create_task(TaskType.Categorization, project="Pairs", **PAIR, content={"dull": "some"})


def test_a_key_spends_where_its_scopes_say_so(live: scaleapi.ScaleClient, program: Programs, amina: Person) -> None:
    posts = program(("read", "post"))
    posts.create_batch("Pairs", "b")
    waiting = posts.create_task(TaskType.Categorization, batch="b", **PAIR)
    for spending in (
        lambda: posts.create_task(TaskType.Categorization, project="Pairs", **PAIR),
        lambda: posts.finalize_batch("b"),
    ):
        with pytest.raises(ScaleNotEnabled, match="scope"):
            spending()
    assert posts.get_task(waiting.id).status == "pending"
    # Answers are for keys that may download them.
    live.finalize_batch("b")
    do(job_of(waiting), amina, {"labels": ["Same"]})
    assert (posts.get_task(waiting.id).status, "response" in posts.get_task(waiting.id).as_dict()) == (
        "completed",
        False,
    )
    assert live.get_task(waiting.id).response == {"category": "Same"}


def test_begun_work_is_not_cancelled_and_what_waits_is(
    live: scaleapi.ScaleClient, orbit: Client, amina: Person
) -> None:
    begun, waiting = (live.create_task(TaskType.Categorization, project="Pairs", **PAIR) for _time in range(2))
    job = job_of(begun)
    claims.claim_next(job, by=amina, at=clock.now())
    with pytest.raises(ScaleInvalidRequest, match="E1"):
        begun.cancel()
    waiting.cancel(clear_unique_id=True)
    assert live.get_task(waiting.id).status == "canceled"
    with pytest.raises(ScaleInvalidRequest):
        waiting.cancel()
    # What was freed is used before more is set aside, and known without counting what else there is.
    held = escrow.set_aside(job.pk)
    assert job.tally.spare == to_micro(held - funds.needed(job)) > 0
    live.create_task(TaskType.Categorization, project="Pairs", **PAIR)
    assert escrow.set_aside(job.pk) == held


def test_a_batch_is_cancelled_and_its_money_comes_back(
    live: scaleapi.ScaleClient, orbit: Client, amina: Person
) -> None:
    batch = live.create_batch("Pairs", "b")
    tasks = [live.create_task(TaskType.Categorization, batch="b", **PAIR) for _time in range(2)]
    before = escrow.available(orbit)
    batch.finalize()
    claims.claim_next(job_of(tasks[0]), by=amina, at=clock.now())
    named = {"batch_name": "b"}
    assert live.v2.cancel_batch(batch_operation_request=named).batch.status.value == "cancelled"
    assert sorted(live.get_task(task.id).status for task in tasks) == ["canceled", "pending"]
    assert Decimal(0) < before - escrow.available(orbit) < Decimal("0.2")


def test_a_batch_is_paused_and_resumed(live: scaleapi.ScaleClient, amina: Person, luis: Person) -> None:
    batch = live.create_batch("Pairs", "b")
    task = live.create_task(TaskType.Categorization, batch="b", **PAIR, responses_required=2)
    named = {"batch_name": "b"}
    with pytest.raises(Exception, match="being filled"):
        live.v2.pause_batch(batch_operation_request=named)
    batch.finalize()
    begun = claims.claim_next(job_of(task), by=amina, at=clock.now())
    assert live.v2.pause_batch(batch_operation_request=named).batch.status.value == "paused"
    with pytest.raises(Refused, match="program paused"):
        claims.claim_next(job_of(task), by=luis, at=clock.now())
    answers.submit(begun, value={"labels": ["Same"]}, key=uuid.uuid4(), seconds=30, by=amina, at=clock.now())
    assert live.v2.resume_batch(batch_operation_request=named).batch.status.value == "in_progress"
    assert claims.claim_next(job_of(task), by=luis, at=clock.now())
    with pytest.raises(Exception, match="once in 24 hours"):
        live.v2.pause_batch(batch_operation_request=named)


def test_a_rejected_answer_is_paid_and_members_look_at_it(live: scaleapi.ScaleClient, amina: Person) -> None:
    task = live.create_task(TaskType.Categorization, project="Pairs", **PAIR)
    do(job_of(task), amina, {"labels": ["Same"]})
    with pytest.raises(ScaleInvalidRequest, match="sentence"):
        task.audit(accepted=False)
    assert not Dispute.objects.exists()
    task.audit(accepted=False, comments="One is made of steel, the other is not.")
    dispute = Dispute.objects.get()
    assert (dispute.reason, dispute.place) == ("One is made of steel, the other is not.", "labels")
    assert ledger.balance(f"member:{amina.pk}:payable") == Decimal("0.09")
    assert live.get_task(task.id).customer_review_status == "rejected"
    with pytest.raises(ScaleNotEnabled, match="E1"):
        task.audit(accepted=False, comments="Once more, as it is wrong.")


def test_several_people_agree(live: scaleapi.ScaleClient, amina: Person, luis: Person, priya: Person) -> None:
    task = live.create_task(TaskType.Categorization, project="Pairs", **PAIR, responses_required=3)
    job = job_of(task)
    assert (job.overlap, job.review_rule) == (3, "majority")
    for who, label in ((amina, "Same"), (luis, "Different"), (priya, "Same")):
        do(job, who, {"labels": [label]})
    task.refresh()
    assert (task.response, len(set(task.contributor_ids))) == ({"category": "Same"}, 3)


def test_tasks_whose_answers_are_known_are_paid_as_any(live: scaleapi.ScaleClient, amina: Person) -> None:
    for make in (live.create_evaluation_task, live.create_training_task):
        known = make(TaskType.Categorization, project="Pairs", **PAIR, expected_response={"category": "Same"})
        order = Order.objects.select_related("task__job").get(key=uuid.UUID(known.id))
        assert order.task is not None
        assert (order.task.gold, order.task.job.pay, order.expected) == (None, Decimal("0.09"), {"category": "Same"})
        assert "expected" not in str(order.task.data)
    done = do(job_of(known), amina, {"labels": ["Different"]})
    olga = Person.objects.get(email="olga@demo.workhall.example")
    reviews.accept(done, by=olga, at=clock.now(), ground=Ground.CLIENT)
    assert ledger.balance(f"member:{amina.pk}:payable") == Decimal("0.09")


def test_a_form_tells_each_persons_answer(program: Programs, orbit: Client, amina: Person, luis: Person) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    fields: list[dict[str, Any]] = [
        {"type": "category", "field_id": "which", "title": "Which?", "choices": ["a", "b"], "required": True},
        {"type": "text", "field_id": "why", "title": "Why?"},
    ]
    live.create_project("Forms", TaskType.TextCollection, params={"fields": fields})
    with pytest.raises(ScaleNotEnabled, match="conditions"):
        live.create_task(TaskType.TextCollection, project="Forms", text="x", fields=[{**fields[0], "conditions": [{}]}])
    task = live.create_task(TaskType.TextCollection, project="Forms", attachments=[{"type": "text", "content": "x"}],
                            responses_required=2)  # fmt: skip
    job = job_of(task)
    do(job, amina, {"which": "a", "why": "So."})
    do(job, luis, {"which": "b"})
    task.refresh()
    assert task.response == {"annotations": {
        "which": {"type": "category", "field_id": "which", "response": [["a"], ["b"]]},
        "why": {"type": "text", "field_id": "why", "response": [["So."], []]},
    }}  # fmt: skip


def test_entities_are_told_with_their_words(program: Programs, orbit: Client, amina: Person) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Names", TaskType.NamedEntityRecognition)
    task = live.create_task(
        TaskType.NamedEntityRecognition, project="Names", text="Ada joined Acme.",
        labels=[{"name": "person"}, {"name": "firm"}], relationships=[{"name": "works for"}],
    )  # fmt: skip
    spans = [{"start": 0, "end": 3, "label": "person"}, {"start": 11, "end": 15, "label": "firm"}]
    do(job_of(task), amina, {"spans": spans, "relations": [{"from": 0, "to": 1, "label": "works for"}]})
    task.refresh()
    first, second = task.response["annotations"]
    assert (first["text"], second["text"]) == ("Ada", "Acme")
    assert task.response["relationships"] == [{"label": "works for", "from": first["uuid"], "to": second["uuid"]}]


def test_an_image_that_was_handed_in_is_drawn_on(program: Programs, orbit: Client, amina: Person) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project(
        "Cows", TaskType.ImageAnnotation, params={"geometries": {"box": {"objects_to_annotate": ["cow"]}}}
    )
    picture = io.BytesIO(handing_in.image(100, 80))
    picture.name = "field.png"
    attachment = live.upload_file(picture, project_name="Cows").attachment_url
    with pytest.raises(ScaleNotEnabled, match="links"):
        live.create_task(TaskType.ImageAnnotation, project="Cows", attachment=attachment, links={"part of": {}})
    with pytest.raises(ScaleInvalidRequest, match="no file"):
        live.create_task(TaskType.ImageAnnotation, project="Cows", attachment=f"scaledata://{uuid.uuid4().hex}/x.png")
    live.create_batch("Cows", "b")
    tasks = [
        live.create_task(TaskType.ImageAnnotation, project="Cows", attachment=attachment),
        live.create_task(TaskType.ImageAnnotation, batch="b", attachment=attachment),
    ]
    live.finalize_batch("b")
    for task in tasks:
        job = job_of(task)
        assert job.task_bytes > 0
        do(job, amina, {"shapes": [{"type": "box", "label": "cow", "x": 10, "y": 5, "width": 30, "height": 20}]})
        task.refresh()
        (box,) = task.response["annotations"]
        assert {name: box[name] for name in ("type", "label", "left", "top", "width", "height")} == {
            "type": "box", "label": "cow", "left": 10, "top": 5, "width": 30, "height": 20,
        }  # fmt: skip


def test_two_replies_are_ranked_and_told_as_a_thread(program: Programs, orbit: Client, amina: Person) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Chats", TaskType.Chat, params={"instruction": "Which is better?"})
    asked = {
        "prompt": "Why is the sky blue?",
        "responses": [{"source_id": "m1", "text": "It is."}, {"source_id": "m2", "text": "Air scatters."}],
    }
    made = live.v2.create_chat_task(
        create_chat_task_request=CreateChatTaskRequest(project_name="Chats", template_variables=asked)
    )
    assert (made.status.value, made.threads) == ("pending", [])
    do(Order.objects.get().task.job, amina, {"ranks": [2, 1]})  # type: ignore[union-attr]
    (thread,) = live.v2.get_task(task_id=made.task_id).threads
    told = {one.actual_instance.key: one.actual_instance.value for one in thread.turns[0].annotations}
    assert told == {"selected_model_id": "m2", "ranking": ["m2", "m1"]}
    assert thread.submissions[0].contributor_id == exports.pseudonym(orbit.pk, amina.pk)
