"""Nouns of the API: what can grow is listed in pages to its end, and each thing is found by its name."""

import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people import keys
from coop.people.models import Client, Person
from coop.record import log
from coop.record.models import Event
from payments import escrow
from tasks import disputes, files, jobs, known, releases
from tasks.models import Assignment, Job, Task
from tests.tasks import orders
from tests.tasks.conftest import DIFFERENT, SAME, make_job, work
from tests.tasks.handing_in import hand_in, image
from tests.tasks.test_api import ALL, program

pytestmark = pytest.mark.django_db

type Call = Callable[..., Any]
LINES = "application/x-ndjson"


@pytest.fixture
def call(orbit: Client, olga: Person) -> Call:
    """Return a function that calls the API as Orbit, with every scope."""
    return program(orbit, olga, [*ALL, "team"])[0]


def every(call: Call, path: str) -> Iterator[list[dict[str, Any]]]:
    """Yield each page of a list, from the first to the last."""
    there: str | None = path
    while there:
        page = call("GET", there.partition("/api/v1/")[2] or there).json()
        yield page["results"]
        there = page["next"]


def test_the_tasks_of_a_job_are_listed_to_the_end_in_their_order(call: Call, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    rows = [{"id": f"t/{n}", "left": "x", "right": str(n)} for n in range(120)]
    call("POST", f"jobs/{job.pk}/tasks", "".join(json.dumps(row) + "\n" for row in rows).encode(), LINES)
    pages = list(every(call, f"jobs/{job.pk}/tasks"))
    assert [len(page) for page in pages] == [50, 50, 20]
    found = [one for page in pages for one in page]
    assert [one["id"] for one in found] == [row["id"] for row in rows]
    assert found[7]["data"] == {"left": "x", "right": "7"}
    assert {one["batch"] for one in found} == {job.uploads.get().pk}
    assert call("GET", f"jobs/{job.pk}/tasks/t%2F7").json() == found[7]
    assert call("GET", f"jobs/{job.pk}/tasks/t%2F700").status_code == 404


def test_a_task_tells_how_far_it_is(call: Call, orbit: Client, olga: Person, amina: Person, luis: Person) -> None:
    job = make_job(orbit, olga, overlap=3, review_rule="peer")
    work(job, amina, SAME)
    answer = work(job, luis, SAME)
    call("POST", f"jobs/{job.pk}/answers/accept", {"answers": [answer.pk]})
    told = call("GET", f"jobs/{job.pk}/tasks").json()["results"][0]
    assert (told["to_come"], told["handed_in"], told["accepted"]) == (1, 2, 1)
    assert (told["id"], told["prediction"]) == (answer.task.external_id, None)


def test_a_page_of_tasks_is_read_along_its_index_at_any_depth(orbit: Client, olga: Person) -> None:
    """Constant time at any depth: the position of the cursor bounds what the index reads."""
    job = orders.draft(orbit, olga)
    Task.objects.bulk_create(
        Task(job=job, position=n, external_id=str(n), data={}, open_slots=job.overlap) for n in range(1, 20_001)
    )
    call = program(orbit, olga, ["read"])[0]
    deep = b64encode(b"p=19000").decode()
    with CaptureQueriesContext(connection) as asked:
        page = call("GET", f"jobs/{job.pk}/tasks?cursor={deep}").json()
    assert [one["position"] for one in page["results"]] == list(range(19_001, 19_051))
    (listed,) = (one["sql"] for one in asked if '"tasks_task"."position" >' in one["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {listed}")
        plan = cursor.fetchone()[0][0]["Plan"]["Plans"]
    (read,) = (one for one in plan if one.get("Relation Name") == "tasks_task")
    assert read["Index Name"] in {"one_task_per_position", "tasks_with_open_slots"}
    assert (read["Actual Rows"], read["Rows Removed by Filter"]) == (51, 0)


def test_answers_are_listed_and_looked_up(call: Call, orbit: Client, olga: Person, amina: Person, luis: Person) -> None:
    job = make_job(orbit, olga, overlap=2, review_rule="peer")
    first, second = work(job, amina, SAME), work(job, luis, DIFFERENT)
    call("POST", f"jobs/{job.pk}/answers/accept", {"answers": [first.pk]})
    waiting = call("GET", f"jobs/{job.pk}/answers").json()["results"]
    assert [(one["id"], one["state"]) for one in waiting] == [(second.pk, "submitted")]
    whole = call("GET", f"jobs/{job.pk}/answers?state=all").json()["results"]
    assert [(one["id"], one["state"]) for one in whole] == [(second.pk, "submitted"), (first.pk, "accepted")]
    name = first.task.external_id
    assert len(call("GET", f"jobs/{job.pk}/answers?state=all&task={name}").json()["results"]) == 2
    assert call("GET", f"jobs/{job.pk}/answers?state=all&task=none").json()["results"] == []
    told = call("GET", f"jobs/{job.pk}/answers/{first.pk}").json()
    assert (told["answer"], told["decided_at"] is not None) == (SAME, True)
    assert call("GET", f"jobs/{job.pk}/answers?state=lost").status_code == 404
    other = make_job(orbit, olga)
    assert call("GET", f"jobs/{other.pk}/answers/{first.pk}").status_code == 404
    assert program(orbit, olga, ["read"])[0]("GET", f"jobs/{job.pk}/answers/{first.pk}").status_code == 403


@pytest.mark.parametrize("view", ["answers", "results"])
def test_parquet_holds_what_the_lines_do(
    call: Call, orbit: Client, olga: Person, amina: Person, luis: Person, view: str
) -> None:
    job = make_job(orbit, olga, overlap=2, review_rule="peer")
    work(job, amina, SAME)
    work(job, luis, SAME)
    path = f"jobs/{job.pk}/results?view={view}"
    lines = [json.loads(line) for line in b"".join(call("GET", path)).splitlines()]
    found = call("GET", f"{path}&form=parquet")
    assert found.headers["Content-Type"] == "application/vnd.apache.parquet"
    rows = pq.read_table(io.BytesIO(b"".join(found))).to_pylist()
    nested = {"data", "answer", "result"}
    read = [{name: json.loads(value) if name in nested else value for name, value in row.items()} for row in rows]
    assert [{name: row[name] for name in line} for row, line in zip(read, lines, strict=True)] == lines
    assert lines
    assert call("GET", f"{path}&form=csv").status_code == 404


def test_what_grows_is_listed_in_pages(call: Call, orbit: Client, olga: Person, amina: Person) -> None:
    """Each list holds 60 of its things, and the second page the ten oldest."""
    job = orders.draft(orbit, olga)
    for n in range(60):
        orders.send(job, f'{{"id": "{n}", "left": "x", "right": "y"}}\n')
        hand_in(job, {f"{n}.png": image()})
        keys.issue(orbit, name=f"key {n}", scopes=["read"], by=olga, at=clock.now())
    for task in job.tasks.all():
        known.say(task, value=SAME, why="They are.", by=olga, at=clock.now())
    for path, count in ((f"jobs/{job.pk}/batches", 60), (f"jobs/{job.pk}/files", 60), (f"jobs/{job.pk}/known", 60),
                        ("keys", orbit.api_keys.count())):  # fmt: skip
        pages = list(every(call, path))
        assert [len(page) for page in pages] == [50, count - 50], path
        told = [one["id"] for page in pages for one in page]
        assert len(set(told)) == count, path
    batch = job.uploads.earliest("pk")
    assert call("GET", f"jobs/{job.pk}/batches/{batch.pk}").json()["rows"] == 1
    delivery = job.deliveries.earliest("pk")
    files.take_in(delivery, at=clock.now())
    assert call("GET", f"jobs/{job.pk}/files/{delivery.pk}").json()["state"] == "taken_in"


def test_every_list_that_can_grow_has_pages() -> None:
    """A list without pages is one that cannot grow, and says here why."""
    bounded = {
        "list_rates": "one for each kind of work", "list_invoices": "one a month", "list_drafts": "fifty at most",
        "list_hidden_content": "one for each topic", "list_seats": "the people of one organisation",
        "list_skills": "what officers put up, one by one",
    }  # fmt: skip
    schema = Browser().get("/api/schema", {"format": "json"}).json()
    plain = set()
    for said in (verbs["get"] for verbs in schema["paths"].values() if "get" in verbs):
        answer = said["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        if answer.get("type") == "array":
            plain.add(said["operationId"])
    assert plain == set(bounded)


def test_what_tasks_more_cost_is_told_and_nothing_ordered(call: Call, orbit: Client, olga: Person) -> None:
    job = make_job(orbit, olga)
    before = escrow.available(orbit)
    one = jobs.quote(job.work_type_id, 1, job.overlap, job.pay).total
    assert call("GET", f"jobs/{job.pk}/price?tasks=10").json() == {"tasks": 10, "total": f"{10 * one:.6f}"}
    assert call("GET", f"jobs/{job.pk}/price?tasks=0").status_code == 400
    assert call("GET", f"jobs/{job.pk}/price").status_code == 400
    assert escrow.available(orbit) == before


def test_an_answer_is_tried_and_not_kept(call: Call, orbit: Client, olga: Person) -> None:
    job = make_job(orbit, olga)
    name = job.tasks.earliest("position").external_id
    assert call("POST", f"jobs/{job.pk}/try", {"id": name, "value": SAME}).json() == {"problems": []}
    wrong = call("POST", f"jobs/{job.pk}/try", {"id": name, "value": {"labels": ["Neither"]}}).json()
    assert len(wrong["problems"]) == 1
    assert call("POST", f"jobs/{job.pk}/try", {"id": "none", "value": SAME}).status_code == 404
    assert not Assignment.objects.filter(job=job).exists()


def test_a_dispute_tells_why_once_it_is_decided(
    call: Call, orbit: Client, olga: Person, amina: Person, signed_in: Any
) -> None:
    job = make_job(orbit, olga, review_rule="peer")
    wrong = work(job, amina, DIFFERENT)
    dispute = disputes.reject(wrong, reason="They are the same kettle.", place="labels", by=olga, at=clock.now())
    told = call("GET", f"disputes/{dispute.pk}").json()
    assert (told["stands"], told["findings"], told["answer"]) == (None, [], wrong.pk)
    assert call("GET", "disputes/999999").status_code == 404


def test_the_record_is_read_by_anybody(orbit: Client, olga: Person) -> None:
    orders.deposit(orbit, "5")
    log.seal()
    subject = Event.objects.filter(kind="deposits.recorded").latest("pk").subject
    told = Browser().get(f"/api/v1/records?subject={subject}").json()["results"]
    assert [one["kind"] for one in told][-1] == "deposits.recorded"
    assert not {"actor", "actor_id", "veil"} & set(told[0])
    job = orders.draft(orbit, olga)
    orders.send(job, orders.rows_of(2))
    assert Browser().get(f"/api/v1/records?subject=job:{job.pk}").json()["results"] == [], "closed (0283)"
    assert Browser().get("/api/v1/records", {"subject": "a\0b"}).status_code == 404
    assert len(Browser().get("/api/v1/records").json()["results"]) == min(
        50, Event.objects.filter(closed=False).count()
    )


def test_withdrawn_items_are_listed(call: Call, orbit: Client, olga: Person) -> None:
    job = make_job(orbit, olga)
    name = job.tasks.earliest("position").external_id
    releases.withdraw(job, [name], reason="Not ours.", by=olga, at=clock.now())
    (found,) = call("GET", f"jobs/{job.pk}/withdrawals").json()["results"]
    assert (found["id"], found["reason"]) == (name, "Not ours.")


def test_a_changed_guide_has_its_price_first(call: Call, orbit: Client, olga: Person, amina: Person) -> None:
    job = make_job(orbit, olga)
    work(job, amina, SAME)
    new = {"guide": job.guide + "\n\nColours do not matter, and neither does the brand."}
    priced = call("POST", f"jobs/{job.pk}/guide/price", new).json()
    assert (priced["readers"], priced["words"] > 0, float(priced["cost"]) > 0) == (1, True, True)
    assert not job.guide_versions.exists()
    short = call("POST", f"jobs/{job.pk}/guide", new | {"after": 1, "most": "0"})
    assert short.status_code == 409
    assert call("POST", f"jobs/{job.pk}/guide", new | {"after": 1, "most": priced["cost"]}).status_code == 201


def test_webhooks_are_tried_and_renewed(call: Call, orbit: Client, olga: Person) -> None:
    made = call("POST", "webhooks", {"url": "https://example.com/hook", "kinds": ["job.closed"]}).json()
    sent = call("POST", f"webhooks/{made['id']}/try")
    assert (sent.status_code, sent.json()["kind"]) == (202, "webhook.tried")
    assert call("GET", f"messages/{sent.json()['key']}").json()["state"] == "waiting"
    renewed = call("POST", f"webhooks/{made['id']}/renew").json()
    assert renewed["secret"] != made["secret"]
    assert renewed["renewed_at"]
    told = call("GET", "callbacks/keys").json()
    assert (told["live"][:5], told["test"][:5]) == ("live_", "test_")
    reader = program(orbit, olga, ["read", "post", "fund"])[0]
    for verb, path in (("POST", f"webhooks/{made['id']}/try"), ("POST", f"webhooks/{made['id']}/renew"),
                       ("GET", "callbacks/keys"), ("GET", f"messages/{sent.json()['key']}")):  # fmt: skip
        assert reader(verb, path).status_code == 403, path


def test_the_movements_of_the_balance_are_its_lines(call: Call, orbit: Client, olga: Person) -> None:
    before = escrow.available(orbit)
    job = make_job(orbit, olga)
    moved = call("GET", "movements").json()["results"]
    funded = next(one for one in moved if one["kind"] == "fund")
    assert (funded["ref"], float(funded["amount"]) < 0) == (f"job:{job.pk}", True)
    assert before >= 0


def test_a_draft_becomes_another_kind_and_shows_its_rows(call: Call) -> None:
    draft = call("POST", "drafts", {"work_type": "product-match"}).json()["id"]
    call("PATCH", f"drafts/{draft}", {"said": {"title": "Same?"}})
    changed = call("PATCH", f"drafts/{draft}", {"work_type": "rank-answers"}).json()
    assert (changed["work_type"], changed["said"]["title"]) == ("rank-answers", "Same?")
    assert call("PATCH", f"drafts/{draft}", {"work_type": "none"}).status_code == 400
    call("POST", f"drafts/{draft}/tasks", b"id,left\na,x\n", "text/csv")
    assert call("GET", f"drafts/{draft}/tasks").json() == {
        "rows": [{"line": 2, "id": "a", "data": {"left": "x"}}], "problems": []
    }  # fmt: skip


def test_a_pilot_is_adopted_at_a_pay(call: Call, orbit: Client, olga: Person) -> None:
    orders.deposit(orbit, "500")
    draft = call("POST", "drafts", {"work_type": "product-match"}).json()["id"]
    said = {"title": "Same?", "guide": "Look twice, at both.", "question": "Same?", "labels": "Same\nDifferent",
            "pay": "0.10", "overlap": "2"}  # fmt: skip
    call("PATCH", f"drafts/{draft}", {"said": said})
    call("POST", f"drafts/{draft}/tasks", orders.rows_of(30).encode(), "text/csv")
    pilot = call("POST", f"drafts/{draft}/pilot").json()
    made = call("POST", f"jobs/{pilot['id']}/pilot/adopt", {"pay": "0.12"})
    assert (made.status_code, made.json()["pay"], made.json()["state"]) == (201, "0.120000", "draft")
    assert Job.objects.get(pk=made.json()["id"]).tasks.count() == 10
    again = call("POST", f"jobs/{pilot['id']}/pilot/adopt", {"pay": "0.20"}).json()
    assert (again["id"], again["pay"]) == (made.json()["id"], "0.120000")
