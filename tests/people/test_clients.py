from collections.abc import Callable
from datetime import datetime
from threading import Thread

import pytest
from django.db import connections
from django.http import Http404
from django.test import Client as Browser

from coop.people import clients, keys
from coop.people.models import Client, ClientSeat, Person
from coop.record.models import Event
from coop.refusals import Refused

pytestmark = pytest.mark.django_db


def test_whoever_founds_an_organisation_has_its_first_seat(amina: Person, at: datetime) -> None:
    client = clients.found("Kisumu Maps", slug="kisumu-maps", by=amina, at=at)
    assert clients.has_seat(client, amina)
    assert Event.objects.filter(kind="clients.founded", subject=f"client:{client.pk}", actor=amina).exists()


@pytest.mark.parametrize("slug", ["orbit", "new"])
def test_a_short_name_is_had_once(amina: Person, orbit: Client, at: datetime, slug: str) -> None:
    with pytest.raises(Refused, match="taken"):
        clients.found("Another", slug=slug, by=amina, at=at)


def test_an_organisation_is_not_there_for_strangers(amina: Person, olga: Person, orbit: Client) -> None:
    assert clients.client_of(olga, "orbit") == orbit
    with pytest.raises(Http404):
        clients.client_of(amina, "orbit")


def test_a_seat_is_given_by_whoever_has_one(amina: Person, olga: Person, orbit: Client, at: datetime) -> None:
    with pytest.raises(Refused, match="no seat"):
        clients.seat(orbit, amina, by=amina, at=at)
    clients.seat(orbit, amina, by=olga, at=at)
    assert clients.has_seat(orbit, amina)
    with pytest.raises(Refused, match="already"):
        clients.seat(orbit, amina, by=olga, at=at)


def test_a_seat_ends_with_the_keys_of_its_holder(amina: Person, olga: Person, orbit: Client, at: datetime) -> None:
    given = clients.seat(orbit, amina, by=olga, at=at)
    key, _secret = keys.issue(orbit, name="import", scopes=["post"], by=amina, at=at)
    clients.end_seat(given, by=olga, at=at)
    key.refresh_from_db()
    assert key.revoked_at == at
    assert not clients.has_seat(orbit, amina)
    clients.seat(orbit, amina, by=olga, at=at)


def test_the_last_seat_stays(olga: Person, orbit: Client, at: datetime) -> None:
    with pytest.raises(Refused, match="last seat"):
        clients.end_seat(orbit.seats.get(), by=olga, at=at)


def test_pages_give_and_end_seats(
    amina: Person, olga: Person, orbit: Client, signed_in: Callable[[Person], Browser]
) -> None:
    browser = signed_in(olga)
    assert b"joined first" in browser.get("/client/orbit/seats/").content
    assert b"No account has this address" in browser.post("/client/orbit/seats/", {"email": "x@y.example"}).content
    browser.post("/client/orbit/seats/", {"email": amina.email.upper()})
    seat = ClientSeat.objects.get(client=orbit, person=amina)
    assert signed_in(amina).get("/client/orbit/seats/").status_code == 200
    browser.post(f"/client/orbit/seats/{seat.pk}/end/")
    assert signed_in(amina).get("/client/orbit/seats/").status_code == 404


def test_a_page_ends_no_seat_of_another_organisation(
    amina: Person, olga: Person, orbit: Client, at: datetime, signed_in: Callable[[Person], Browser]
) -> None:
    clients.found("Kisumu Maps", slug="kisumu-maps", by=amina, at=at)
    theirs = orbit.seats.get()
    assert signed_in(amina).post(f"/client/kisumu-maps/seats/{theirs.pk}/end/").status_code == 404


def test_a_page_sets_up_an_organisation(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    browser = signed_in(amina)
    assert b"taken" in browser.post("/client/new/", {"name": "Orbit", "slug": "Orbit"}).content
    browser.post("/client/new/", {"name": "Kisumu <b>Maps</b>", "slug": "Kisumu-Maps"})
    assert b"Kisumu &lt;b&gt;Maps" in browser.get("/client/kisumu-maps/seats/").content


@pytest.mark.usefixtures("committed")
def test_of_two_last_seats_that_end_at_once_one_stays(amina: Person, olga: Person, orbit: Client, at: datetime) -> None:
    clients.seat(orbit, amina, by=olga, at=at)
    refused: list[str] = []

    def end(seat: ClientSeat) -> None:
        try:
            clients.end_seat(seat, by=seat.person, at=at)
        except Refused as refusal:
            refused.append(str(refusal))
        finally:
            connections["default"].close()

    threads = [Thread(target=end, args=[seat]) for seat in orbit.seats.select_related("client", "person")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert orbit.seats.filter(ended_at=None).count() == 1
    assert len(refused) == 1


@pytest.mark.usefixtures("committed")
def test_of_many_who_want_a_short_name_at_once_one_has_it(amina: Person, at: datetime) -> None:
    ends: list[object] = []

    def found() -> None:
        try:
            ends.append(clients.found("Race", slug="race", by=amina, at=at))
        except Refused as refusal:
            ends.append(refusal)
        finally:
            connections["default"].close()

    threads = [Thread(target=found) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([end for end in ends if isinstance(end, Client)]) == 1
    assert len(ends) == 6
