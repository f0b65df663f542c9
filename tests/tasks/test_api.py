import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people import clients, keys
from coop.people.models import ApiKey, Client, Person
from payments import escrow
from tasks import datasets, holding, jobs
from tasks.models import Job
from tests.tasks import orders
from tests.tasks.test_exports import answer

ALL = ["read", "post", "fund", "download"]
JSON = "application/json"
NEW = {
    "work_type": "product-match", "title": "Same or not?", "guide": "Look twice.", "pay": "0.09",
    "form": {"question": "Same?", "labels": ["Same", "Different"]},
}  # fmt: skip

type Call = Callable[..., Any]


def program(client: Client, by: Person, scopes: list[str]) -> tuple[Call, ApiKey]:
    """Return a function that calls the API with a key of these scopes."""
    key, secret = keys.issue(client, name="tests", scopes=scopes, by=by, at=clock.now())
    browser = Browser(headers={"authorization": f"Bearer {secret}"})

    def call(method: str, path: str, body: Any = None, content_type: str = JSON) -> Any:
        data = json.dumps(body) if content_type == JSON and body is not None else body or b""
        return browser.generic(method, f"/api/v1/{path}", data, content_type=content_type)

    return call, key


@pytest.fixture
def call(orbit: Client, olga: Person) -> Call:
    """Return a function that calls the API as Orbit, with every scope."""
    return program(orbit, olga, ALL)[0]


def test_a_program_takes_an_order_from_draft_to_results(
    call: Call, orbit: Client, amina: Person, luis: Person, priya: Person
) -> None:
    orders.deposit(orbit, "100")
    created = call("POST", "jobs", NEW)
    assert created.status_code == 201
    job = created.json()
    assert (job["state"], job["pay"], job["overlap"], job["money"]["total"]) == ("draft", "0.090000", 3, "0.000000")
    path = f"jobs/{job['id']}"
    added = call(
        "POST", f"{path}/tasks", b'{"id": "a", "left": "x"}\n{"id": "b", "left": "y"}\n', "application/x-ndjson"
    )
    assert (added.status_code, added.json()["rows"], added.json()["state"]) == (201, 2, "loaded")
    funded = call("POST", f"{path}/fund").json()
    assert funded["money"] == {
        "wages": "0.540000", "fee": "0.054000", "checks": "0.324000", "floor": "0.000000", "total": "0.918000",
        "set_aside": "0.918000", "missing": "0.000000",
    }  # fmt: skip
    assert call("POST", f"{path}/open").json()["state"] == "open"
    answer(Job.objects.get(pk=job["id"]), (amina, "Same"), (luis, "Same"), (priya, "Different"))
    progress = call("GET", f"{path}/progress").json()
    assert (progress["answers"], progress["accepted"], progress["being_checked"]) == (6, 2, 1)
    assert progress["spent"] == "0.198000"
    found = orders.lines(b"".join(call("GET", f"{path}/results")))
    assert [line["answer"] for line in found] == [{"labels": ["Same"]}, {"labels": ["Same"]}, {"labels": ["Different"]}]
    results = orders.lines(b"".join(call("GET", f"{path}/results?view=results")))
    assert [(line["id"], line["result"], line["agreement"]) for line in results] == [
        ("a", {"labels": ["Same"]}, 0.6667)
    ]
    assert call("POST", f"{path}/close").json()["state"] == "closed"
    assert escrow.set_aside(job["id"]) == 0


def test_jobs_are_listed_newest_first_in_pages(call: Call, orbit: Client, olga: Person) -> None:
    made = [orders.draft(orbit, olga, title=f"Job {n}").pk for n in range(55)]
    first = call("GET", "jobs").json()
    assert [job["id"] for job in first["results"]] == made[:-51:-1]
    second = call("GET", f"jobs?{first['next'].split('?')[1]}").json()
    assert second["results"][0]["id"] == made[4]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"pay": "NaN"}, "pay"),
        ({"pay": "Infinity"}, "pay"),
        ({"pay": "-1"}, "pay"),
        ({"pay": "0.0900001"}, "pay"),
        ({"pay": None}, "pay"),
        ({"overlap": 0}, "overlap"),
        ({"overlap": 26}, "overlap"),
        ({"work_type": "onboarding"}, "work_type"),
        ({"work_type": "none"}, "work_type"),
        ({"title": ""}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"guide": "x" * 40_001}, "guide"),
        ({"review_rule": "gold"}, "review_rule"),
        ({"form": "Same?"}, "form"),
        ({"minutes": 1}, "minutes"),
    ],
)
def test_wrong_fields_are_named(call: Call, facts: dict[str, Any], field: str) -> None:
    response = call("POST", "jobs", NEW | facts)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert list(response.json()["errors"]) == [field]
    assert not Job.objects.filter(title="Same or not?").exists()


def test_a_body_of_boxes_in_boxes_is_refused(call: Call) -> None:
    assert call("POST", "jobs", b"[" * 200_000, f"{JSON}; charset=utf-8").status_code == 400


def test_a_number_that_is_not_json_is_refused(call: Call) -> None:
    response = call("POST", "jobs", b'{"pay": NaN}', f"{JSON}; charset=utf-8")
    assert response.status_code == 400
    assert "title" in response.json()


def test_below_the_voted_rate_the_problem_names_rule_and_remedy(call: Call) -> None:
    problem = call("POST", "jobs", NEW | {"pay": "0.01"})
    assert problem.status_code == 403
    assert problem["Content-Type"] == "application/problem+json"
    assert problem.json()["rule"] == "N1"
    assert problem.json()["remedy"].startswith("Offer US$")


def test_pay_rises_and_never_falls(call: Call, orbit: Client, olga: Person) -> None:
    job = orders.opened(orbit, olga)
    assert call("POST", f"jobs/{job.pk}/raise", {"pay": "0.2"}).json()["pay"] == "0.200000"
    lower = call("POST", f"jobs/{job.pk}/raise", {"pay": "0.1"})
    assert (lower.status_code, lower.json()["rule"]) == (403, "E2")
    assert Job.objects.get(pk=job.pk).pay == Decimal("0.2")


def test_an_unfunded_job_does_not_open(call: Call, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    orders.send(job, orders.rows_of(2))
    problem = call("POST", f"jobs/{job.pk}/open")
    assert (problem.status_code, problem.json()["rule"]) == (403, "E1")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ([{"id": "a", "t": "x"}, {"t": "y"}], JSON),
        ("id,t\na,x\n2,y\n", "text/csv"),
        ('{"id": "a", "t": "x"}\n{"t": "y"}\n', "application/x-ndjson"),
    ],
)
def test_tasks_come_as_a_list_as_lines_or_as_csv(call: Call, orbit: Client, olga: Person, body: Any, kind: str) -> None:
    job = orders.draft(orbit, olga)
    assert call("POST", f"jobs/{job.pk}/tasks", body, kind).status_code == 201
    assert list(job.tasks.order_by("position").values_list("external_id", "data")) == [
        ("a", {"t": "x"}),
        ("2", {"t": "y"}),
    ]


def test_bad_rows_come_back_with_their_lines(call: Call, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    response = call("POST", f"jobs/{job.pk}/tasks", b'{"a": 1}\n{"a": \n', "application/x-ndjson")
    assert response.status_code == 422
    assert response.json()["problems"][0]["line"] == 2
    assert not job.tasks.exists()
    listed = call("GET", f"jobs/{job.pk}/batches").json()["results"]
    assert [(one["state"], one["problem_count"]) for one in listed] == [("sent_back", 1)]


@pytest.mark.parametrize(("body", "kind"), [({"a": 1}, JSON), (b"", "application/x-ndjson"), (b"{", JSON + ";x=1")])
def test_a_body_that_is_no_tasks_is_refused(call: Call, orbit: Client, olga: Person, body: Any, kind: str) -> None:
    job = orders.draft(orbit, olga)
    assert call("POST", f"jobs/{job.pk}/tasks", body, kind).status_code == 400


def test_a_body_of_200_mb_is_cut_off(orbit: Client, olga: Person, settings: Any) -> None:
    settings.DATASET_STREAM_MAX_BYTES = 20_000_000
    secret = keys.issue(orbit, name="large", scopes=["post"], by=olga, at=clock.now())[1]
    job = orders.draft(orbit, olga)
    size = 200_000_000
    stream = orders.Stream(b'{"a": "', size)
    extra: dict[str, Any] = {"wsgi.input": stream, "CONTENT_LENGTH": str(size), "CONTENT_TYPE": "application/x-ndjson"}
    browser = Browser(headers={"authorization": f"Bearer {secret}"})
    response = browser.generic("POST", f"/api/v1/jobs/{job.pk}/tasks", b"", **extra)
    assert response.status_code == 413
    assert response.json()["remedy"]
    assert stream.taken < settings.DATASET_STREAM_MAX_BYTES + 200_000
    assert not job.uploads.exists()


def test_a_large_json_list_is_sent_elsewhere(call: Call, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    for too_long in ([{"a": 1}] * 10_001, [{"a": "x" * 20_000}] * 1_001):
        response = call("POST", f"jobs/{job.pk}/tasks", too_long)
        assert response.status_code == 413
        assert "x-ndjson" in response.json()["remedy"]
    assert not job.uploads.exists()


def test_a_list_of_ten_thousand_tasks_is_taken_at_once(call: Call, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    whole = [{"id": f"t{n}", "left": "Kettle " * 40, "right": f"Kettle {n}"} for n in range(10_000)]
    response = call("POST", f"jobs/{job.pk}/tasks", whole)
    assert response.status_code == 202, response.json()
    datasets.load(job.uploads.get(), at=clock.now())
    assert job.tasks.count() == 10_000


def test_a_client_that_keeps_too_much_is_told(call: Call, orbit: Client, olga: Person, settings: Any) -> None:
    first = orders.draft(orbit, olga)
    orders.send(first, orders.rows_of(20))
    assert holding.held(orbit) == len(orders.rows_of(20))
    settings.CLIENT_MAX_BYTES = holding.held(orbit) + 100
    job = orders.draft(orbit, olga)
    assert call("POST", f"jobs/{job.pk}/tasks", b'{"a": 1}', "application/x-ndjson").status_code == 201
    told = call("POST", f"jobs/{job.pk}/tasks", b'{"a": 1234567890}\n' * 9, "application/x-ndjson")
    assert (told.status_code, "larger bound" in told.json()["remedy"]) == (413, True)
    assert call("POST", f"jobs/{job.pk}/files", b"PK" + b"x" * 200, "application/zip").status_code == 413


PATHS = [
    ("GET", ""), ("GET", "/tasks"), ("POST", "/tasks"), ("POST", "/fund"), ("POST", "/open"), ("POST", "/raise"),
    ("POST", "/close"), ("GET", "/progress"), ("GET", "/results"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_another_organisations_job_is_not_there(method: str, path: str, call: Call, amina: Person) -> None:
    rival = clients.found("Rival", slug="rival", by=amina, at=clock.now())
    job = orders.ready(rival, amina)
    body = {"pay": "1"} if path == "/raise" else b'{"a": 1}'
    kind = JSON if path == "/raise" else "application/x-ndjson"
    assert call(method, f"jobs/{job.pk}{path}", body, kind).status_code == 404
    job.refresh_from_db()
    assert (job.opened_at, job.closed_at, job.pay) == (None, None, Decimal("0.09"))


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_without_a_key_nothing_is_answered(method: str, path: str, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    response = Browser().generic(method, f"/api/v1/jobs/{job.pk}{path}")
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["jobs", "drafts"])
def test_a_kind_of_work_with_a_nul_in_its_name_is_none(path: str, call: Call) -> None:
    answer = call("POST", path, NEW | {"work_type": "product\0match"})
    assert (answer.status_code, "work_type" in answer.json()["errors"]) == (400, True)


def test_a_session_is_no_key(signed_in: Callable[[Person], Browser], olga: Person) -> None:
    assert signed_in(olga).get("/api/v1/jobs").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", "", "read"),
        ("GET", "/progress", "read"),
        ("POST", "/tasks", "post"),
        ("POST", "/fund", "fund"),
        ("POST", "/open", "fund"),
        ("POST", "/raise", "fund"),
        ("POST", "/close", "fund"),
        ("GET", "/results", "download"),
    ],
)
def test_a_key_does_only_what_its_scopes_say(method: str, path: str, needed: str, orbit: Client, olga: Person) -> None:
    job = orders.ready(orbit, olga)
    others, _key = program(orbit, olga, [scope for scope in ALL if scope != needed])
    assert others(method, f"jobs/{job.pk}{path}", {"pay": "1"}).status_code == 403
    only, _key = program(orbit, olga, [needed])
    assert only(method, f"jobs/{job.pk}{path}", [{"a": "b"}] if path == "/tasks" else {"pay": "1"}).status_code < 300


def test_a_revoked_key_opens_nothing(orbit: Client, olga: Person) -> None:
    call, key = program(orbit, olga, ALL)
    assert call("GET", "jobs").status_code == 200
    keys.revoke(key, by=olga, at=clock.now())
    assert call("GET", "jobs").status_code == 401


@pytest.mark.django_db
def test_the_rate_card_is_for_everybody() -> None:
    rates = {rate["work_type"]: rate for rate in Browser().get("/api/v1/rates").json()}
    assert rates["product-match"]["amount"] == "0.090000"
    assert rates["product-match"]["mandate"]


@pytest.mark.django_db
def test_the_schema_describes_every_address() -> None:
    schema = Browser().get(reverse("tasks:api_schema"), {"format": "json"}).json()
    assert schema["openapi"].startswith("3.1")
    assert len([path for path in schema["paths"] if path.startswith("/api/v1/jobs")]) == 44
    assert schema["components"]["securitySchemes"]
    assert schema["paths"]["/api/v1/rates"]["get"].get("security", []) in ([], [{}])


def test_the_schema_is_valid_and_describes_itself_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


def test_a_replayed_call_changes_nothing(call: Call, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    orders.deposit(orbit, "10")
    for _repeated in range(2):
        call("POST", f"jobs/{job.pk}/tasks", b'{"a": "b"}', "application/x-ndjson")
    for _repeated in range(2):
        assert call("POST", f"jobs/{job.pk}/fund").status_code == 200
    for _repeated in range(2):
        assert call("POST", f"jobs/{job.pk}/open").status_code == 200
    assert job.tasks.count() == 1
    assert escrow.set_aside(job.pk) == jobs.price(job).total
