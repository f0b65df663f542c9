"""The second wall: a request in a client's name sees that client's rows alone, whatever its queries forgot."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.test import Client as Browser

from coop import clock
from coop.database import address, compartment, pooled, roles
from coop.database.embedded import Cluster
from coop.people import authentication, clients, keys
from coop.people.models import Client, Person
from tasks import answers, claims, disputes, reports, reviews
from tasks.api import views as api
from tasks.models import Ground, Job
from tasks.views import clients as pages
from tests.conftest import person
from tests.tasks.conftest import SAME
from tests.tasks.test_api import ALL, program
from tests.walls import material
from tests.walls.material import Material

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

COMPARTMENTS = "SELECT polrelid::regclass::text FROM pg_policy WHERE polname = 'compartment' ORDER BY 1"
# What leads to a client and is no compartment's, with the reason; besides it what payments and governance keep: money,
# which the ledger tells everybody, and what members decide.
NOT_THEIRS = {
    "people.ClientSeat": "by it a request finds out whose it is, and the frame shows all of a person's",
    "people.KeyUse": "counts calls",
    "tasks.Difference": "money", "tasks.Shortfall": "told to everybody", "tasks.HiddenContent": "likewise",
    "tasks.Halt": "likewise", "tasks.Forewarning": "likewise",
    "tasks.Pilot": "what a pilot measured is told to members", "tasks.Rescoping": "likewise", "tasks.Tip": "money",
    "tasks.Span": "a member's own time", "tasks.Extension": "a member's own time",
    "tasks.Reading": "a member's own", "tasks.PaidSkip": "a member's own",
    "tasks.Alert": "a member's own letters", "tasks.Reserve": "shares of members",
    "tasks.Skill": "the cooperative's, told to everybody",
    "tasks.Peer": "drawn members: the lot asks what else they look at",
    **dict.fromkeys(("tasks.Team", "tasks.TeamMember"), "members' own teams"),
}  # fmt: skip


@pytest.fixture
def orbits(orbit: Client, olga: Person, settings: Any, tmp_path: Any) -> Material:
    """Return all that Orbit has."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return material.made(orbit, olga)


@pytest.fixture
def rival(orbits: Material) -> Client:
    """Return another client, once Orbit has its things."""
    material.stranger()
    return Client.objects.get(slug="rival")


@pytest.fixture
def serving() -> Iterator[Callable[[Client], None]]:
    """Return a function by which the connection serves a client until the test ends."""
    yield enter
    compartment.leave()


def enter(client: Client) -> None:
    assert compartment.enter(Client.objects.filter(pk=client.pk), client="pk") == client


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(COMPARTMENTS)
        return [name for (name,) in cursor.fetchall()]


def rows() -> dict[str, int]:
    """Return how many rows of each compartment's table a query without a filter finds."""
    with connection.cursor() as cursor:
        found = {}
        for table in tables():
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
        return found


def test_a_query_that_forgets_its_filter_finds_nothing_of_another_client(
    orbits: Material, rival: Client, serving: Callable[[Client], None]
) -> None:
    everything = rows()
    serving(rival)
    assert set(rows().values()) == {0}
    serving(orbits.client)
    mine = rows()
    # Nothing of these is made here; how a test of a skill went is in no client's compartment.
    absent = {
        "machine", "sandbox", "attempt", "reason", "look", "fetch", "report", "settlement", "call", "sitting",
    }  # fmt: skip
    assert {name for name, count in mine.items() if not count} <= {f"tasks_{name}" for name in absent}
    assert mine["tasks_job"] == Job.objects.filter(client=orbits.client).count() < everything["tasks_job"]
    compartment.leave()
    assert rows() == everything


def test_what_is_written_about_answers_and_how_programs_come_in_are_walled_as_they_are(
    orbits: Material, rival: Client, olga: Person, serving: Callable[[Client], None], later: Callable[..., object]
) -> None:
    once = material.program(orbits.client, olga, ALL, "Bearer").post(
        "/api/v1/drafts", {"work_type": "product-match"}, content_type="application/json",
        headers={"idempotency-key": "9f1c9a52-7d1b-4b53-a0f6-0f1c6f1f4b11"},
    )  # fmt: skip
    assert once.status_code == 201
    now = clock.now()
    reviews.send_back(
        orbits.assignment, reason="Look at the handle again.", place="labels", by=olga, at=now, ground=Ground.CLIENT
    )
    author, writing = person(material.WORKERS[3]), person(material.WORKERS[4])
    reports.report(claims.claim_next(orbits.job, by=author, at=now), words="It shows a letter.", by=author, at=now)
    answers.save_draft(claims.claim_next(orbits.job, by=writing, at=now), value=SAME, by=writing, at=now)
    later(hours=73)
    disputes.go_on(orbits.dispute, at=clock.now())
    named = ("tasks_review", "tasks_draft", "tasks_report", "tasks_settlement", "tasks_call", "people_apikey")
    everything = rows()
    assert [name for name in named if not everything[name]] == []
    serving(orbits.client)
    assert [name for name in named if not rows()[name]] == []
    serving(rival)
    assert [name for name in named if rows()[name]] == []
    compartment.leave()
    assert rows() == everything


def test_nothing_is_written_into_another_compartment(
    orbits: Material, rival: Client, serving: Callable[[Client], None], attack: Attack
) -> None:
    serving(rival)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tasks_task SET open_slots = 0")
        assert cursor.rowcount == 0
    new = """INSERT INTO tasks_task (job_id, position, external_id, data, open_slots) VALUES (%s, 999, 'x', '{}', 1)"""
    attack(new, [orbits.draft.pk], guard="new row violates row-level security")


def test_everything_of_a_client_is_in_its_compartment_or_said_not_to_be() -> None:
    walled = set(tables())
    ours = [*apps.get_app_config("people").get_models(), *apps.get_app_config("tasks").get_models()]
    lacking = {model._meta.label for model in ours if leads_to_a_client(model) and model._meta.db_table not in walled}  # noqa: SLF001
    assert lacking == set(NOT_THEIRS)


def leads_to_a_client(model: Any) -> bool:
    """Tell whether a row names a client, or by steps something that does."""
    seen, found = {model}, [model]
    for where in found:
        for field in where._meta.concrete_fields:  # noqa: SLF001 - Django's own
            if field.related_model is Client:
                return True
            if field.related_model and field.related_model not in seen:
                seen.add(field.related_model)
                found.append(field.related_model)
    return False


def forgetful(_view: api.KeyView, number: int) -> Job:
    return get_object_or_404(Job, pk=number)


def forgetful_page(request: HttpRequest, slug: str, number: int) -> Job:
    assert isinstance(request.user, Person)
    clients.client_of(request.user, slug)
    return get_object_or_404(Job, pk=number)


def test_a_view_that_forgets_whose_job_it_is_finds_none(
    orbits: Material, rival: Client, olga: Person, monkeypatch: pytest.MonkeyPatch, signed_in: SignedIn
) -> None:
    rita = person("nia")
    monkeypatch.setattr(api.KeyView, "job", forgetful)
    monkeypatch.setattr(pages, "job_of", forgetful_page)
    call, _key = program(rival, rita, ALL)
    assert call("GET", f"jobs/{orbits.job.pk}").status_code == 404
    assert signed_in(rita).get(f"/c/rival/jobs/{orbits.job.pk}/data/").status_code == 404
    mine, _key = program(orbits.client, olga, ALL)
    assert mine("GET", f"jobs/{orbits.job.pk}").status_code == 200


def test_a_request_leaves_its_compartment_when_its_last_line_is_sent(orbits: Material, olga: Person) -> None:
    call, _key = program(orbits.client, olga, ALL)
    answer = call("GET", f"jobs/{orbits.job.pk}/results")
    lines = iter(answer)
    assert next(lines)
    assert served() == str(orbits.client.pk)
    assert list(lines)
    assert served() == ""
    assert call("GET", "jobs/999999").status_code == 404
    assert served() == ""


def test_whoever_is_refused_enters_nowhere(orbits: Material) -> None:
    stranger = Browser(headers={"authorization": "Bearer wh_none"})
    assert stranger.get("/api/v1/jobs").status_code == 401
    assert served() == ""


def served() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('workhall.client', true), '')")
        return str(cursor.fetchone()[0])


def test_the_pool_hands_no_narrowed_connection_out(cluster: Cluster, database_name: str) -> None:
    with psycopg.connect(cluster.url(roles.WEB, database_name), autocommit=True) as held:
        held.execute("SELECT set_config('workhall.client', '7', false)")
        held.is_narrow = True  # type: ignore[attr-defined]  # as compartment.enter leaves it
        pooled.checked(held)
        assert held.execute("SELECT current_setting('workhall.client', true)").fetchone() == ("",)
        pooled.checked(held)


@pytest.fixture
def in_a_pool() -> Iterator[None]:
    """Connect as the site does as it is served: by a pool, here of one connection, so that each takes the same."""
    usual = connections["default"]
    options = usual.settings_dict["OPTIONS"] | {"pool": address.POOL | {"max_size": 1}}
    served_by = type(usual)(usual.settings_dict | {"OPTIONS": options}, "default")
    connections["default"] = served_by
    yield
    connections["default"] = usual
    served_by.close()
    served_by.close_pool()  # type: ignore[attr-defined]  # of PostgreSQL's


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("in_a_pool")
def test_a_connection_that_comes_back_narrowed_is_handed_out_wide(orbit: Client) -> None:
    first, everybody = backend(), Client.objects.count()
    for act in (enter, within, breaking):
        act(orbit)
        assert served() == str(orbit.pk)
        compartment.leave()
        assert connection.connection is None
        assert (served(), backend(), Client.objects.count()) == ("", first, everybody)
        connection.close()


def within(client: Client) -> None:
    with transaction.atomic():
        enter(client)


def breaking(client: Client) -> None:
    """Break within a transaction, after the connection was narrowed outside of it."""
    enter(client)
    with suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def test_a_key_that_is_found_is_entered_by_being_found(orbit: Client, olga: Person) -> None:
    _key, secret = keys.issue(orbit, name="narrow", scopes=["read"], by=olga, at=clock.now())
    found = authentication.LIVE.first(digest=authentication.digest(secret))
    assert found is not None
    assert (found.client, served()) == (orbit, str(orbit.pk))
    compartment.leave()
    assert served() == ""
    assert authentication.LIVE.first(digest="") is None
    assert served() == ""
