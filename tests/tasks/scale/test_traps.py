"""What the client trips over, each measured on the client itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import scaleapi
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from scaleapi.exceptions import (
    ScaleDuplicateResource,
    ScaleException,
    ScaleInvalidRequest,
    ScaleNotEnabled,
    ScaleResourceNotFound,
    ScaleUnauthorized,
)
from scaleapi.tasks import TaskType

from coop import clock
from coop.people import clients, keys
from coop.people.models import Client, Person
from tasks.models import Job, Order
from tests.tasks.scale.conftest import Programs

pytestmark = pytest.mark.django_db
PAIR: dict[str, Any] = {"attachment": "Same?", "attachment_type": "text", "categories": ["yes", "no"]}
ODD = "a b/c?d&é % task"


def some(client: scaleapi.ScaleClient, **facts: Any) -> Any:
    return client.create_task(TaskType.Categorization, **(PAIR | facts))


def test_all_that_goes_well_is_answered_200_in_json(live_server: Any, trying: scaleapi.ScaleClient) -> None:
    task = some(trying)
    calls: list[tuple[str, str, Any]] = [
        ("POST", "projects", {"name": "p", "type": "categorization"}),
        ("POST", "batches", {"name": "b", "project": "p"}),
        ("POST", "task/categorization", PAIR), ("DELETE", f"task/{task.id}/unique_id", None),
        ("DELETE", f"task/{task.id}/tags", ["x"]), ("PUT", f"task/{task.id}/tags", ["x"]),
        ("POST", f"task/{task.id}/audit", {"accepted": True, "comments": None}), ("POST", "batches/b/finalize", None),
        ("POST", "files/import", {"file_url": "https://nowhere.example/x.png"}),
    ]  # fmt: skip
    for method, path, body in calls:
        answer = requests.request(
            method, f"{live_server.url}/v1/{path}", json=body, auth=(trying.api.api_key, ""), timeout=20
        )
        assert (path, answer.status_code, answer.headers["Content-Type"]) == (path, 200, "application/json")
        assert answer.json() is not None


def test_409_is_said_of_names_and_ids_that_are_taken_alone(trying: scaleapi.ScaleClient) -> None:
    trying.create_project("p", TaskType.Categorization)
    batch = trying.create_batch("p", "my task batch")
    task, other = some(trying, unique_id="one"), some(trying, unique_id="two")
    for again in (
        lambda: some(trying, unique_id="one"), lambda: trying.create_project("p", TaskType.Categorization),
        lambda: trying.create_batch("p", "my task batch"), lambda: other.update_unique_id("one"),
    ):  # fmt: skip
        with pytest.raises(ScaleDuplicateResource):
            again()
    # Without a body the client breaks on 409: all that cannot be done there is 400.
    trying.v2.cancel_batch(batch_operation_request={"batch_name": batch.name})
    for refused in (task.cancel, batch.finalize, lambda: task.set_tags(list("abcdef"))):
        with pytest.raises(ScaleInvalidRequest):
            refused()


def test_an_error_is_an_object_with_one_sentence(live_server: Any, trying: scaleapi.ScaleClient) -> None:
    auth = (trying.api.api_key, "")
    calls: list[tuple[str, str, Any, Any, int]] = [
        ("GET", "v1/tasks", None, ("nobody", ""), 401), ("GET", "v1/tasks", None, None, 401),
        ("GET", "v1/nowhere", None, auth, 404), ("GET", "v1/task/zz", None, auth, 404),
        ("GET", "v2/nowhere", None, auth, 404),
        ("PATCH", "v1/tasks", None, auth, 405), ("POST", "v1/task/categorization", {}, auth, 400),
        ("POST", "v1/task/juggling", {}, auth, 400), ("POST", "v1/projects", ["x"], auth, 400),
        ("POST", "v1/projects", {"name": "a\0b", "type": "categorization"}, auth, 400),
        ("POST", "v1/projects", {"name": "p", "type": "categorization", "params": {"pay": "-1"}}, auth, 400),
        ("GET", "v1/tasks?limit=0", None, auth, 400), ("GET", "v1/tasks?start_time=soon", None, auth, 400),
        ("GET", "v1/tasks?next_token=zz", None, auth, 404),
        ("GET", "v1/tasks?next_token=zz.1x", None, auth, 400), ("GET", "v2/batch", None, auth, 400),
    ]  # fmt: skip
    for method, path, body, given, status in calls:
        answer = requests.request(method, f"{live_server.url}/{path}", json=body, auth=given, timeout=20)
        assert (path, answer.status_code) == (path, status)
        assert answer.json() == {"status_code": status, "error": answer.json()["error"]}
        assert isinstance(answer.json()["error"], str)
    half = requests.post(f"{live_server.url}/v1/projects", data=b'{"name": "\\ud800"}', auth=auth, timeout=20)
    assert half.status_code == 400


def test_each_status_is_the_exception_that_the_client_names(program: Programs, trying: scaleapi.ScaleClient) -> None:
    reads = program(("read",))
    for error, call in (
        (ScaleUnauthorized, lambda: scaleapi.ScaleClient("x", api_instance_url=reads.api.base_api_url).projects()),
        (ScaleResourceNotFound, lambda: trying.get_task("0" * 32)),
        (ScaleResourceNotFound, lambda: trying.get_batch("none")),
        (ScaleInvalidRequest, lambda: trying.create_task(TaskType.Comparison, attachments=["one"])),
        (ScaleNotEnabled, lambda: reads.create_project("p", TaskType.Categorization)),
    ):  # fmt: skip
        with pytest.raises(error) as caught:
            call()
        assert type(caught.value) is error


def test_what_there_is_none_of_is_not_there(trying: scaleapi.ScaleClient) -> None:
    plain = some(trying).as_dict()
    assert {"unique_id", "tags", "batch", "project", "callback_url", "priority"}.isdisjoint(plain)
    assert plain["metadata"] == {}
    task = some(trying, unique_id="u", tags=["a", "b"], metadata={"k": 1})
    assert (task.unique_id, task.tags, task.metadata) == ("u", ["a", "b"], {"k": 1})
    # The client sends no body at all for what is empty.
    task.set_tags([])
    task.set_metadata({})
    task.clear_unique_id()
    task.refresh()
    assert {"unique_id", "tags"}.isdisjoint(task.as_dict())
    assert task.metadata == {}


def test_a_base_that_ends_in_a_slash_and_odd_names_are_understood(
    live_server: Any, trying: scaleapi.ScaleClient
) -> None:
    key = trying.api.api_key
    for number, base in enumerate((f"{live_server.url}/v1/", f"{live_server.url}//v1")):
        client = scaleapi.ScaleClient(key, api_instance_url=base)
        name = f"{ODD} {number}"
        client.create_project(name, TaskType.Categorization, params={"instruction": "Look."})
        assert client.get_project(name).instruction == "Look."
        assert client.update_project(name, instruction="Twice.").version == 2
        batch = client.create_batch(name, f"{name} b")
        assert client.get_batch(batch.name).name == batch.name
        assert client.finalize_batch(batch.name).project == name
        assert client.batch_status(batch.name) == {"status": "in_progress"}


def test_pages_end_and_are_counted_once(trying: scaleapi.ScaleClient, orbit: Client) -> None:
    trying.create_project("p", TaskType.Categorization)
    some(trying, project="p")
    known = Order.objects.get()
    Order.objects.bulk_create(
        Order(
            client=orbit, test=True, kind="categorization", params=known.params, project=known.project,
            version=known.version, created_at=known.created_at, updated_at=known.created_at, unique_id=f"u{number}",
        )
        for number in range(9_999)
    )  # fmt: skip
    assert trying.get_tasks_count(project_name="p") == 10_000
    found = [task.id for task in trying.get_tasks(project_name="p")]
    assert (len(found), len(set(found))) == (10_000, 10_000)
    last = trying.tasks(project="p", limit=100, next_token=found[-101])
    assert (last.has_more, last.next_token, [task.id for task in last]) == (False, None, found[-100:])
    first = trying.tasks(limit=1)
    assert (first.has_more, first.next_token, first.total) == (True, f"{found[0]}.10000", 10_000)
    with CaptureQueriesContext(connection) as asked:
        second = trying.tasks(limit=1, next_token=first.next_token)
    assert ([task.id for task in second], second.total, second.next_token) == ([found[1]], 10_000, f"{found[1]}.10000")
    assert not any("COUNT(" in query["sql"] for query in asked)


def test_a_page_costs_the_same_however_many_orders_there_are(
    trying: scaleapi.ScaleClient, django_assert_max_num_queries: Any
) -> None:
    for _time in range(12):
        some(trying)
    browser = Browser(headers={"authorization": f"Bearer {trying.api.api_key}"})
    # Two of them count the call (the time, and the key's calls in this minute), and one forgets whose call it was.
    with django_assert_max_num_queries(7):
        assert len(browser.get("/v1/tasks").json()["docs"]) == 12


def test_a_page_of_batches_asks_once_where_they_stand(
    trying: scaleapi.ScaleClient, django_assert_num_queries: Any
) -> None:
    trying.create_project("p", TaskType.Categorization)
    browser = Browser(headers={"authorization": f"Bearer {trying.api.api_key}"})
    for number in range(10):
        batch = trying.create_batch("p", f"b{number}")
        for _task in range(number % 3):
            some(trying, batch=batch.name)
        batch.finalize()
    stand = ["in_progress" if number % 3 == 0 else "completed" for number in range(10)][::-1]
    asked = 5  # the time, the calls of the key, the page, where its batches stand, and whose call it was
    for address, name in (("/v1/batches", "docs"), ("/v2/batches", "batches")):
        with django_assert_num_queries(asked):
            assert [one["status"] for one in browser.get(address).json()[name]] == stand
    # Further pages count all; the first one does where it is not the last.
    for query, total in (("limit=4", 10), ("limit=4&offset=8", 10), ("offset=20", 10), ("status=completed", 6)):
        assert browser.get(f"/v1/batches?{query}").json()["totalDocs"] == total, query
    status = browser.get("/v1/batches/b2/status").json()
    assert status == {"status": "completed", "completed": 2}


def test_the_type_of_a_task_stands_in_the_body_too(trying: scaleapi.ScaleClient) -> None:
    told = trying.api.post_request("task", body={"type": "categorization", **PAIR, "unique_id": "one"})
    assert (told["type"], told["response"], "type" in told["params"]) == ("categorization", {"category": "yes"}, False)
    assert trying.get_task(told["task_id"]).unique_id == "one"
    for body in (PAIR, {**PAIR, "type": "nothing"}):
        with pytest.raises(ScaleInvalidRequest, match="Unknown task type"):
            trying.api.post_request("task", body=body)


def test_a_batch_keeps_its_priority(trying: scaleapi.ScaleClient) -> None:
    trying.create_project("p", TaskType.Categorization)
    trying.create_batch("p", "b")
    assert trying.api.post_request("batches/b/prioritize", body={"priority": 20})["priority"] == 20
    assert trying.api.get_request("batches/b")["priority"] == 20
    for wrong in (9, 31, "20", None, True):
        with pytest.raises(ScaleInvalidRequest, match="from 10 to 30"):
            trying.api.post_request("batches/b/prioritize", body={"priority": wrong})


def test_nobody_is_ranked(trying: scaleapi.ScaleClient) -> None:
    some(trying)
    assert trying.api.get_request("quality/labelers") == {"docs": [], "total": 0, "limit": 100, "has_more": False}


def test_batches_are_paged_by_offset(trying: scaleapi.ScaleClient) -> None:
    trying.create_project("p", TaskType.Categorization)
    names = [trying.create_batch("p", f"b{number}").name for number in range(103)]
    assert [batch.name for batch in trying.get_batches()] == names[::-1]
    page = trying.batches(limit=2, offset=102)
    assert (len(page), page.has_more, page.total) == (1, False, 103)


def test_filters_as_the_client_sends_them(trying: scaleapi.ScaleClient) -> None:
    trying.create_project("p", TaskType.Categorization)
    before = datetime.now(UTC) - timedelta(days=1)
    one = some(trying, project="p", tags=["x", "y"], unique_id="1")
    two = some(trying, tags=["x"], unique_id="2")
    two.audit(accepted=True, comments="Good.")
    for asked, expected in (
        ({"tags": ["x", "y"]}, [one]), ({"tags": "x"}, [two, one]), ({"unique_id": ["1", "2"]}, [two, one]),
        ({"project": "p"}, [one]), ({"status": "completed"}, [two, one]), ({"status": "pending"}, []),
        ({"type": "comparison"}, []), ({"customer_review_status": "accepted,fixed"}, [two]),
        ({"start_time": before.isoformat(), "completed_after": str(before.date())}, [two, one]),
        ({"end_time": before.strftime("%Y-%m-%d %H:%M:%S.%f")}, []), ({"updated_before": before.isoformat()}, []),
    ):  # fmt: skip
        assert [task.id for task in trying.tasks(**asked)] == [task.id for task in expected], asked
    little = trying.tasks(limited_response=True)
    assert set(little[0].as_dict()) == {"task_id", "status", "metadata", "project", "otherVersion"}
    assert len(trying.tasks(limited_response=False)[0].as_dict()) > 9


def test_a_key_comes_as_a_user_or_as_a_bearer(live_server: Any, trying: scaleapi.ScaleClient) -> None:
    bearer = {"Authorization": f"Bearer {trying.api.api_key}"}
    for path in ("v1/projects", "v2/projects"):
        assert requests.get(f"{live_server.url}/{path}", headers=bearer, timeout=20).status_code == 200
    for wrong in ("Basic", "Basic ü", "Basic %%%", "Bearer", "Bearer ", "Digest x"):
        answer = requests.get(f"{live_server.url}/v1/projects", headers={"Authorization": wrong.encode()}, timeout=20)
        assert answer.status_code == 401, wrong


def test_nobody_sees_what_is_anothers_or_tries_things_out(program: Programs, luis: Person) -> None:
    rival = clients.found("Rival", slug="rival", by=luis, at=clock.now())
    tries, live = program(), program(("read", "post", "fund", "download"))
    tries.create_project("p", TaskType.Categorization)
    tries.create_batch("p", "b")
    task = some(tries, project="p", unique_id="u")
    for other in (live, program(of=rival, by=luis)):
        assert (other.projects(), list(other.batches()), list(other.tasks())) == ([], [], [])
        for call in (lambda: other.get_project("p"), lambda: other.get_batch("b"), lambda: other.get_task(task.id),  # noqa: B023 - called at once
                     lambda: other.v2.get_task(task_id=task.id)):  # noqa: B023 - likewise  # fmt: skip
            with pytest.raises(Exception, match="404"):
                call()
    assert Job.objects.filter(lot__isnull=False).count() == 0


def test_a_test_key_opens_nothing_else(trying: scaleapi.ScaleClient) -> None:
    browser = Browser(headers={"authorization": f"Bearer {trying.api.api_key}"})
    assert browser.get("/api/v1/jobs").status_code == 403
    assert trying.api.api_key.startswith("test_")


def test_a_test_key_is_made_alone(orbit: Client, olga: Person) -> None:
    with pytest.raises(Exception, match="does nothing else"):
        keys.issue(orbit, name="both", scopes=["test", "fund"], by=olga, at=clock.now())


def test_pay_of_a_project_never_falls(trying: scaleapi.ScaleClient) -> None:
    trying.create_project("p", TaskType.Categorization, params={"pay": "0.20", "work_type": "product-match"})
    for lower in ({"pay": 0.1}, {"pay": None, "patch": True}):
        with pytest.raises(ScaleNotEnabled, match="E2"):
            trying.update_project("p", **lower)
    with pytest.raises(ScaleNotEnabled, match="N1"):
        trying.create_project("q", TaskType.Categorization, params={"pay": 0.01, "work_type": "product-match"})
    # What is replaced is all but the terms of pay.
    changed = trying.update_project("p", instruction="Look.")
    assert (changed.version, changed.params["pay"]) == (2, "0.2")
    assert trying.update_project("p", pay="0.3", patch=True).instruction == "Look."
    assert [one["version"] for one in trying.get_project("p").as_dict()["param_history"]] == [1, 2, 3]
    with pytest.raises(ScaleException):
        trying.get_project_template("p")
