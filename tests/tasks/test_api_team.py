"""Keys and seats by program."""

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people import clients, keys
from coop.people.models import ApiKey, Client, Person
from coop.record.models import Event
from tests.tasks.test_api import ALL, Call, program

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(orbit: Client, olga: Person) -> Call:
    """Return a function that calls the API as Orbit, with a key that may make others."""
    return program(orbit, olga, ["team"])[0]


def opened_by(secret: str) -> int:
    """Return what a secret is answered."""
    return Browser(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/balance").status_code


def test_a_program_changes_its_key_without_a_gap(call: Call, orbit: Client) -> None:
    made = call("POST", "keys", {"name": "nightly import", "scopes": ["read", "post"], "days": 30})
    assert made.status_code == 201
    key = made.json()
    assert (key["scopes"], key["made_by"], key["revoked_at"]) == (["post", "read"], "Olga", None)
    assert opened_by(key["secret"]) == 200
    successor = call("POST", f"keys/{key['id']}/renew").json()
    assert (successor["name"], successor["scopes"]) == ("nightly import", ["post", "read"])
    assert [opened_by(one["secret"]) for one in (key, successor)] == [200, 200]
    assert call("DELETE", f"keys/{key['id']}").status_code == 204
    assert [opened_by(one["secret"]) for one in (key, successor)] == [401, 200]
    assert call("POST", f"keys/{key['id']}/renew").status_code == 409
    listed = {one["id"]: one for one in call("GET", "keys").json()["results"]}
    assert listed[key["id"]]["revoked_at"]
    assert listed[successor["id"]]["last_used_at"]
    assert "secret" not in listed[successor["id"]]
    assert Event.objects.filter(kind="keys.issued", subject=f"client:{orbit.pk}").count() == 3


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": ["everything"]}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"name": ""}, "name"),
    ],
)
def test_a_key_of_wrong_facts_is_not_made(call: Call, wrong: dict[str, object], field: str) -> None:
    answer = call("POST", "keys", {"name": "import", "scopes": ["read"]} | wrong)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert ApiKey.objects.count() == 1


def test_what_tries_things_out_does_nothing_else(call: Call) -> None:
    answer = call("POST", "keys", {"name": "both", "scopes": ["test", "fund"]})
    assert (answer.status_code, ApiKey.objects.count()) == (400, 1)
    assert call("POST", "keys", {"name": "try", "scopes": ["test"]}).json()["prefix"].startswith("test_")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "keys"), ("POST", "keys"), ("DELETE", "keys/{key}"), ("POST", "keys/{key}/renew"),
        ("GET", "seats"), ("POST", "seats"), ("DELETE", "seats/{seat}"),
    ],
)  # fmt: skip
def test_no_other_scope_makes_keys_or_seats(method: str, path: str, orbit: Client, olga: Person) -> None:
    others, key = program(orbit, olga, ALL)
    seat = clients.seats(orbit)[0]
    body = {"name": "more", "scopes": ["team"], "email": olga.email}
    assert others(method, path.format(key=key.pk, seat=seat.pk), body).status_code == 403
    assert (ApiKey.objects.filter(revoked_at=None).count(), clients.people(orbit)) == (1, [olga])


def test_another_organisations_keys_and_seats_are_not_there(call: Call, amina: Person) -> None:
    rival = clients.found("Rival", slug="rival", by=amina, at=clock.now())
    key, secret = keys.issue(rival, name="theirs", scopes=["read"], by=amina, at=clock.now())
    seat = clients.seats(rival)[0]
    for method, path in (
        ("DELETE", f"keys/{key.pk}"),
        ("POST", f"keys/{key.pk}/renew"),
        ("DELETE", f"seats/{seat.pk}"),
    ):
        assert call(method, path).status_code == 404
    assert key.pk not in {one["id"] for one in call("GET", "keys").json()["results"]}
    assert opened_by(secret) == 200


def test_a_seat_is_offered_taken_back_and_ended(call: Call, orbit: Client, olga: Person, luis: Person) -> None:
    assert [one["person"] for one in call("GET", "seats").json()] == ["Olga"]
    for address in (luis.email, "nobody@example.org"):
        told = call("POST", "seats", {"email": address})
        assert (told.status_code, told.json()[-1]["offered_to"], told.json()[-1]["person"]) == (201, address, None)
    known, unknown = clients.offers(orbit)
    assert call("DELETE", f"seats/{unknown.pk}").status_code == 204
    assert clients.offers(orbit) == [known]
    clients.accept(known, by=luis, at=clock.now())
    _key, secret = keys.issue(orbit, name="his", scopes=["read"], by=luis, at=clock.now())
    assert opened_by(secret) == 200
    assert call("DELETE", f"seats/{known.pk}").status_code == 204
    assert (clients.people(orbit), opened_by(secret)) == ([olga], 401)
    assert call("DELETE", f"seats/{known.pk}").status_code == 404
    assert call("DELETE", f"seats/{clients.seats(orbit)[0].pk}").status_code == 409


def test_a_key_made_by_a_key_ends_with_the_seat_of_its_maker(orbit: Client, olga: Person, luis: Person) -> None:
    clients.offer(orbit, luis.email, by=olga, at=clock.now())
    seat = clients.accept(clients.offers(orbit)[0], by=luis, at=clock.now())
    theirs, _key = program(orbit, luis, ["team"])
    secret = theirs("POST", "keys", {"name": "kept aside", "scopes": ["fund", "read"]}).json()["secret"]
    assert opened_by(secret) == 200
    clients.end_seat(seat, by=olga, at=clock.now())
    assert opened_by(secret) == 401


def test_a_secret_said_again_is_sealed_where_it_is_kept(orbit: Client, olga: Person) -> None:
    _key, secret = keys.issue(orbit, name="tests", scopes=["team"], by=olga, at=clock.now())
    browser = Browser(headers={"authorization": f"Bearer {secret}", "idempotency-key": "once"})
    body = {"name": "import", "scopes": ["read"]}
    first, again = (browser.post("/api/v1/keys", body, content_type="application/json") for _twice in range(2))
    assert first.json() == again.json()
    assert ApiKey.objects.count() == 2
