"""A job's model is asked about its tasks, says something first, and stops nobody's work whatever it does."""

import base64
import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from coop.record.models import Event
from tasks import claims, exports, jobs
from tasks.endpoints import asking, naming, protocol
from tasks.models import Endpoint, Job, Task
from tests.tasks import orders
from tests.tasks.conftest import work
from tests.tasks.endpoints.conftest import FORM, Backend, chosen, leading_to, of_texts

pytestmark = pytest.mark.django_db

FRUIT, CAR = {"labels": ["fruit"]}, {"labels": ["car"]}


def said(job: Job) -> list[Any]:
    """Return the predictions of a job's tasks, in their order."""
    return list(job.tasks.order_by("position").values_list("prediction", flat=True))


def ask(endpoint: Endpoint, after: timedelta = timedelta(0)) -> Endpoint:
    """Ask what is due by then, and return the endpoint as it stands."""
    asking.ask_due(at=clock.now() + after)
    endpoint.refresh_from_db()
    return endpoint


def test_a_model_says_something_of_each_task(endpoint: Endpoint, draft: Job, backend: Backend) -> None:
    now = ask(endpoint)
    assert said(draft) == [{"value": value, "model": "fruits 2", "score": 0.9} for value in (FRUIT, CAR, FRUIT)]
    assert (now.predicted, now.refused, now.problem, now.state) == (3, 0, "", "live")
    assert asking.ask_due(at=clock.now()) == 0


def test_it_is_greeted_told_and_asked_as_label_studio_does(endpoint: Endpoint, draft: Job, backend: Backend) -> None:
    ask(endpoint)
    assert [(verb, path) for verb, path, *_rest in backend.came] == [
        ("GET", "/health"), ("POST", "/setup"), ("POST", "/predict"),
    ]  # fmt: skip
    [setup], [asked] = backend.asked("/setup"), backend.asked()
    assert setup["schema"] == asked["label_config"]
    assert setup["project"] == asked["project"] == f"{draft.pk}.{int(draft.drafted_at.timestamp())}"
    assert (setup["hostname"], setup["access_token"]) == ("", "")
    first = {"id": 1, "data": {"text": "ripe apple"}, "meta": {"id": "t1"}, "annotations": [], "predictions": []}
    assert asked["tasks"][0] == first
    assert asked["params"] == {"login": None, "password": None, "context": None}
    assert all("authorization" not in headers for *_rest, headers, _body in backend.came)


def test_the_server_is_opened_by_basic_auth_that_is_kept_sealed(draft: Job, olga: Person, backend: Backend) -> None:
    endpoint = leading_to(backend.address, draft, olga, user="workhall", password="grün und geheim")
    assert "geheim" not in endpoint.sealed
    ask(endpoint)
    mark = base64.b64encode("workhall:grün und geheim".encode()).decode()
    assert {headers["authorization"] for _verb, _path, headers, _body in backend.came} == {f"Basic {mark}"}


def test_a_secret_that_no_key_opens_is_told_and_sent_nowhere(draft: Job, olga: Person, backend: Backend) -> None:
    endpoint = leading_to(backend.address, draft, olga, user="workhall", password="secret")
    Endpoint.objects.filter(pk=endpoint.pk).update(sealed="x")
    assert (ask(endpoint).problem, endpoint.state) == (protocol.UNOPENED, "given_up")
    assert backend.came == []


def test_version_1_names_its_version_once_for_all_results(endpoint: Endpoint, draft: Job, backend: Backend) -> None:
    backend.says = lambda asked: {"results": [chosen("car") for _task in asked["tasks"]], "model_version": "INITIAL"}
    assert ask(endpoint).version == "INITIAL"
    assert {one["model"] for one in said(draft)} == {"INITIAL"}


def test_of_several_the_first_is_taken_and_nothing_said_is_nothing(
    endpoint: Endpoint, draft: Job, backend: Backend
) -> None:
    backend.says = lambda _asked: {"results": [[chosen("car", None), chosen("fruit")], {}, []]}
    assert ask(endpoint).refused == 0
    assert said(draft) == [{"value": CAR, "model": "v0"}, None, None]


def test_members_start_from_it_and_answers_tell_what_they_touched(
    endpoint: Endpoint, draft: Job, orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    ask(endpoint)
    orders.deposit(orbit, "1000")
    jobs.fund(draft, by=olga, at=clock.now())
    jobs.open(draft, by=olga, at=clock.now())
    for who, value in ((amina, FRUIT), (luis, CAR)):
        work(draft, who, value)
    first, second = (one.row() for one in exports.rows(draft))
    assert first["prediction"] == {"value": FRUIT, "model": "fruits 2", "score": 0.9}
    assert (first["touched"], second["touched"]) == ([False], [True])


def test_what_was_offered_brought_or_known_is_left_alone(
    orbit: Client, olga: Person, amina: Person, backend: Backend
) -> None:
    job = orders.draft(orbit, olga, form=FORM, overlap=2)
    rows = [
        {"id": "a", "text": "apple"},
        {"id": "b", "text": "apple", "prediction": {"value": CAR}},
        {"id": "c", "text": "van"},
    ]
    orders.send(job, "".join(json.dumps(row) + "\n" for row in rows), "tasks.jsonl")
    endpoint = leading_to(backend.address, job, olga)
    orders.deposit(orbit, "1000")
    jobs.fund(job, by=olga, at=clock.now())
    jobs.open(job, by=olga, at=clock.now())
    claims.leave(claims.claim_next(job, by=amina, at=clock.now()), by=amina, at=clock.now())
    ask(endpoint)
    assert [task["id"] for task in backend.asked()[0]["tasks"]] == [3]
    assert [one and one["value"] for one in said(job)] == [None, CAR, CAR]


def test_a_task_that_is_taken_meanwhile_stays_as_it_is(
    endpoint: Endpoint, draft: Job, orbit: Client, olga: Person, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders.deposit(orbit, "1000")
    jobs.fund(draft, by=olga, at=clock.now())
    jobs.open(draft, by=olga, at=clock.now())
    keep = asking._keep  # noqa: SLF001 - in between

    def meanwhile(*args: Any) -> None:
        claims.claim_next(draft, by=amina, at=clock.now())
        keep(*args)

    monkeypatch.setattr(asking, "_keep", meanwhile)
    assert ask(endpoint).predicted == 2
    assert said(draft)[0] is None


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (chosen("bicycle"), "Choose from the labels shown"),
        ("fruit", "is an object with a “result”"),
        (7, "is an object with a “result”"),
        ({"result": "fruit"}, "cannot be read"),
        ({"result": [{"type": "rectanglelabels", "from_name": "a", "value": {"x": 1}}]}, "cannot be read"),
        ({"result": [{"type": "choices", "from_name": "answer", "value": {"choices": "fruit"}}]}, "not of the type"),
        (chosen("fruit", task=2), "is about another task"),
        (chosen("fruit", task=[1]), "is about another task"),
        (chosen("fr\0uit"), "holds a NUL byte"),
        (chosen("\ud800"), "half a character"),
        (chosen("fruit", more="x" * 256_000), "longer than 256000 bytes"),
        (chosen("fruit", more=[[[[[[[[[[[1]]]]]]]]]]]), "nested too deep"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_what_cannot_be_used_is_told_with_why_and_the_rest_is_kept(
    endpoint: Endpoint, draft: Job, backend: Backend, result: Any, words: str
) -> None:
    backend.says = lambda _asked: {"results": [result, chosen("car"), chosen("fruit")]}
    now = ask(endpoint)
    assert (now.predicted, now.refused) == (2, 1)
    assert now.problems[0]["task"] == "t1"
    assert words in now.problems[0]["problem"]
    assert said(draft)[0] is None


@pytest.mark.parametrize("score", [1.5, -1, True, "0.5", [], None])
def test_a_score_of_another_measure_is_left_out(endpoint: Endpoint, draft: Job, backend: Backend, score: Any) -> None:
    backend.says = lambda _asked: {"results": [chosen("car", score)] * 3}
    assert ask(endpoint).predicted == 3
    assert said(draft)[0] == {"value": CAR, "model": "v0"}


@pytest.mark.parametrize(("version", "kept"), [("9" * 100_000, "9" * 120), ({"a": 1}, "v0"), (7, "v0"), ("", "v0")])
def test_a_version_is_kept_as_far_as_it_is_one(
    endpoint: Endpoint, draft: Job, backend: Backend, version: Any, kept: str
) -> None:
    backend.says = lambda _asked: {"results": [chosen("car", model_version=version)] * 3, "model_version": version}
    assert ask(endpoint).version == kept
    assert said(draft)[0]["model"] == kept


BAD = [
    (b"<html>", protocol.JSON), (b'{"results": [NaN]}', protocol.JSON), (b'{"results": [1e999, 1, 1]}', protocol.JSON),
    (b"[" * 100_000, protocol.JSON), (b"\xff\xfe", protocol.JSON), (b"", protocol.JSON), (b"[]", protocol.RESULTS),
    (b"7", protocol.RESULTS), (b'{"results": {}}', protocol.RESULTS), (b'{"results": null}', protocol.RESULTS),
    (b" " * 4_000_001, "large"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "problem"), BAD, ids=lambda one: str(one)[:30])
def test_what_is_no_answer_is_told_and_asked_again_later(
    endpoint: Endpoint, draft: Job, backend: Backend, content: bytes, problem: str
) -> None:
    backend.says = lambda _asked: content
    now = ask(endpoint)
    assert (now.problem, now.tries, now.state) == (problem, 1, "retrying")
    assert asking.ask_due(at=clock.now()) == 0
    assert said(draft) == [None] * 3


@pytest.mark.parametrize("status", [302, 401, 404, 500])
def test_an_error_is_told_by_its_status_and_no_redirect_is_followed(
    endpoint: Endpoint, backend: Backend, status: int
) -> None:
    backend.status, backend.headers = status, {"Location": backend.address + "elsewhere"}
    now = ask(endpoint)
    assert (now.problem, now.status) == ("status", status)
    assert backend.asked("/elsewhere") == []


@pytest.mark.parametrize("greets", [401, 503])
def test_a_server_that_does_not_greet_is_told_no_task(endpoint: Endpoint, backend: Backend, greets: int) -> None:
    backend.greets = greets
    assert ask(endpoint).status == greets
    assert backend.asked() == []


def test_a_slow_server_is_left_in_time(endpoint: Endpoint, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "GREETING", 0.2)
    backend.pause = 1
    assert ask(endpoint).problem == "late"


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9090", "http://10.0.0.1", "http://169.254.169.254", "http://[::1]"]
)
def test_private_addresses_are_asked_nothing_and_never_again(
    draft: Job, olga: Person, settings: Settings, address: str
) -> None:
    settings.OUTGOING_ALSO_TO = []
    endpoint = ask(leading_to(address, draft, olga))
    assert (endpoint.problem, endpoint.state) == ("private", "given_up")


def test_a_server_that_is_gone_is_asked_ever_later_and_then_no_more(
    draft: Job, olga: Person, backend: Backend, orbit: Client, amina: Person
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone = closed.getsockname()[1]
    endpoint = leading_to(f"http://127.0.0.1:{gone}/", draft, olga)
    for delay in asking.DELAYS:
        before = clock.now()
        assert ask(endpoint).state == "retrying"
        assert endpoint.next_at is not None
        assert delay < endpoint.next_at - before < delay + timedelta(minutes=1)
        Endpoint.objects.update(next_at=before)
    now = ask(endpoint)
    assert (now.state, now.problem, now.at_once) == ("given_up", "no_answer", 1)
    assert asking.ask_due(at=clock.now() + timedelta(days=9)) == 0
    assert Event.objects.filter(kind="endpoints.given_up").count() == 1
    orders.deposit(orbit, "1000")
    jobs.fund(draft, by=olga, at=clock.now())
    jobs.open(draft, by=olga, at=clock.now())
    assert claims.claim_next(draft, by=amina, at=clock.now()).task.prediction is None


def test_a_server_that_takes_one_task_at_a_time_is_asked_so_at_once(
    endpoint: Endpoint, draft: Job, backend: Backend
) -> None:
    backend.says = lambda _asked: {"results": [chosen("car")]}
    assert (ask(endpoint).tries, endpoint.at_once) == (0, 1)
    for _turn in range(3):
        ask(endpoint)
    assert said(draft) == [{"value": CAR, "model": "v0", "score": 0.9}] * 3
    assert [len(asked["tasks"]) for asked in backend.asked()] == [3, 1, 1, 1]


def test_a_server_that_never_says_as_much_as_it_is_asked_ends_too(endpoint: Endpoint, backend: Backend) -> None:
    backend.says = lambda _asked: {"results": []}
    ask(endpoint)
    assert (ask(endpoint).problem, endpoint.tries) == (protocol.COUNT, 1)


def test_a_call_that_failed_is_made_again_with_fewer_tasks(endpoint: Endpoint, backend: Backend) -> None:
    backend.status = 500
    ask(endpoint)
    assert endpoint.at_once == protocol.AT_ONCE // 2
    backend.status = 200
    assert ask(endpoint, timedelta(minutes=2)).predicted == 3
    assert len(backend.asked("/setup")) == 2


def test_many_tasks_are_asked_about_in_order_some_at_a_time(
    orbit: Client, olga: Person, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "AT_ONCE", 2)
    job = of_texts(orbit, olga, *("apple" for _task in range(5)))
    endpoint = leading_to(backend.address, job, olga)
    while asking.ask_due(at=clock.now()):
        pass
    assert [[task["id"] for task in asked["tasks"]] for asked in backend.asked()] == [[1, 2], [3, 4], [5]]
    assert len(backend.asked("/setup")) == 1
    endpoint.refresh_from_db()
    assert endpoint.predicted == 5


def test_tasks_that_join_later_are_asked_about_too(endpoint: Endpoint, draft: Job) -> None:
    ask(endpoint)
    assert orders.send(draft, '{"id": "t4", "text": "an apple"}\n', "more.jsonl").problems == []
    ask(endpoint)
    assert said(draft)[3]["value"] == FRUIT


def test_a_call_takes_as_many_statements_for_more_tasks(orbit: Client, olga: Person, backend: Backend) -> None:
    counts = []
    for texts in (2, 40):
        leading_to(backend.address, of_texts(orbit, olga, *("apple" for _task in range(texts))), olga)
        with CaptureQueriesContext(connection) as queries:
            asking.ask_due(at=clock.now())
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_each_model_sees_its_own_jobs_tasks_and_a_bad_one_stops_none(
    endpoint: Endpoint, draft: Job, backend: Backend, petra: Person, olga: Person, orbit: Client
) -> None:
    rival = clients.found("Rival", slug="rival", by=petra, at=clock.now())
    theirs = of_texts(rival, petra, "secret apple")
    leading_to("http://127.0.0.1:1/", theirs, petra)
    other = of_texts(orbit, olga, "another apple")
    assert asking.ask_due(at=clock.now()) == 2
    assert "secret" not in json.dumps(backend.asked())
    assert "another" not in json.dumps(backend.asked())
    assert said(theirs) == said(other) == [None]
    assert all(said(draft))


def test_an_answer_that_breaks_us_keeps_no_other_back(
    endpoint: Endpoint, draft: Job, backend: Backend, olga: Person, orbit: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [of_texts(orbit, olga, "apple") for _turn in range(2)]
    for job in others:
        leading_to(backend.address, job, olga)
    read = asking._prediction  # noqa: SLF001 - a fault of ours

    def broken(job: Job, *args: Any) -> Any:
        if job == draft:
            raise MemoryError
        return read(job, *args)

    monkeypatch.setattr(asking, "_prediction", broken)
    with pytest.raises(MemoryError):
        asking.ask_due(at=clock.now())
    assert all(said(job)[0] for job in others)
    assert said(draft) == [None] * 3


def test_what_the_client_changed_meanwhile_counts(
    endpoint: Endpoint, draft: Job, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = asking._keep  # noqa: SLF001 - in between

    def meanwhile(*args: Any) -> None:
        naming.end(endpoint, by=olga, at=clock.now())
        keep(*args)

    monkeypatch.setattr(asking, "_keep", meanwhile)
    assert ask(endpoint).state == "ended"
    assert said(draft) == [None] * 3


def test_one_that_is_on_the_way_is_left_alone_and_asked_again_where_a_worker_ended(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_keep", lambda *_args: None)
    assert asking.ask_due(at=clock.now()) == 1
    assert asking.ask_due(at=clock.now()) == 0
    assert asking.ask_due(at=clock.now() + asking.ON_THE_WAY + timedelta(seconds=1)) == 1


def test_asked_again_it_goes_through_what_has_no_prediction(
    endpoint: Endpoint, draft: Job, olga: Person, backend: Backend
) -> None:
    backend.says = lambda _asked: {"results": [chosen("bicycle"), chosen("car"), {}]}
    assert ask(endpoint).refused == 1
    backend.says = lambda asked: {"results": [chosen("fruit") for _task in asked["tasks"]]}
    naming.ask_again(endpoint, by=olga, at=clock.now())
    now = ask(endpoint)
    assert (now.predicted, now.refused, now.problems) == (3, 0, [])
    assert [one["value"] for one in said(draft)] == [FRUIT, CAR, FRUIT]
    assert not Task.objects.filter(job=draft, prediction__isnull=True).exists()
