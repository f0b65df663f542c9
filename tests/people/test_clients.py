import re
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


def seated(client: Client, person: Person, *, by: Person, at: datetime) -> ClientSeat:
    """Return the seat that a person was offered and has accepted."""
    clients.offer(client, person.email, by=by, at=at)
    return clients.accept(client.seats.get(person=person, ended_at=None), by=person, at=at)


def test_a_seat_is_offered_by_whoever_has_one_and_counts_once_accepted(
    amina: Person, luis: Person, olga: Person, orbit: Client, at: datetime
) -> None:
    with pytest.raises(Refused, match="no seat"):
        clients.offer(orbit, amina.email, by=amina, at=at)
    clients.offer(orbit, amina.email, by=olga, at=at)
    offered = orbit.seats.get(person=amina)
    assert not clients.has_seat(orbit, amina)
    assert clients.first_seat(amina) is None
    with pytest.raises(Refused, match="no seat"):
        keys.issue(orbit, name="import", scopes=["post"], by=amina, at=at)
    for somebody in (luis, olga):
        with pytest.raises(Refused, match="not open to you"):
            clients.accept(offered, by=somebody, at=at)
    clients.accept(offered, by=amina, at=at)
    assert clients.has_seat(orbit, amina)
    kinds = Event.objects.filter(subject=f"client:{orbit.pk}", kind__in=["clients.offered", "clients.seated"])
    assert {(event.kind, event.actor_id) for event in kinds} == {
        ("clients.offered", olga.pk),
        ("clients.seated", amina.pk),
    }


def test_whoever_declines_gets_no_seat_and_the_offer_is_over(
    amina: Person, olga: Person, orbit: Client, at: datetime
) -> None:
    clients.offer(orbit, amina.email, by=olga, at=at)
    offered = clients.decline(orbit.seats.get(person=amina), by=amina, at=at)
    assert clients.offers(orbit) == []
    assert Event.objects.filter(kind="clients.declined", actor=amina).exists()
    with pytest.raises(Refused, match="not open to you"):
        clients.accept(offered, by=amina, at=at)


def test_an_offer_that_was_taken_back_is_not_accepted(amina: Person, olga: Person, orbit: Client, at: datetime) -> None:
    clients.offer(orbit, amina.email, by=olga, at=at)
    offered = orbit.seats.get(person=amina)
    with pytest.raises(Refused, match="no seat"):
        clients.withdraw(offered, by=amina, at=at)
    clients.withdraw(offered, by=olga, at=at)
    with pytest.raises(Refused, match="not open to you"):
        clients.accept(offered, by=amina, at=at)
    with pytest.raises(Refused, match="answered already"):
        clients.withdraw(offered, by=olga, at=at)


def test_not_more_than_twenty_offers_wait_whether_or_not_accounts_exist(
    amina: Person, olga: Person, orbit: Client, at: datetime
) -> None:
    for number in range(clients.MOST_OFFERS):
        clients.offer(orbit, f"nobody{number}@example.org", by=olga, at=at)
    clients.offer(orbit, "NOBODY1@example.org", by=olga, at=at)
    for email in (amina.email, "nobody@example.org"):
        with pytest.raises(Refused, match="Too many offers"):
            clients.offer(orbit, email, by=olga, at=at)
    assert len(clients.offers(orbit)) == clients.MOST_OFFERS


def test_a_seat_ends_with_the_keys_of_its_holder(amina: Person, olga: Person, orbit: Client, at: datetime) -> None:
    given = seated(orbit, amina, by=olga, at=at)
    key, _secret = keys.issue(orbit, name="import", scopes=["post"], by=amina, at=at)
    clients.end_seat(given, by=olga, at=at)
    key.refresh_from_db()
    assert key.revoked_at == at
    assert not clients.has_seat(orbit, amina)
    seated(orbit, amina, by=olga, at=at)


def test_an_open_offer_does_not_let_the_last_seat_end(amina: Person, olga: Person, orbit: Client, at: datetime) -> None:
    clients.offer(orbit, amina.email, by=olga, at=at)
    with pytest.raises(Refused, match="last seat"):
        clients.end_seat(orbit.seats.get(person=olga), by=olga, at=at)


def test_the_last_seat_stays(olga: Person, orbit: Client, at: datetime) -> None:
    with pytest.raises(Refused, match="last seat"):
        clients.end_seat(orbit.seats.get(), by=olga, at=at)


def test_pages_offer_accept_and_end_seats(
    amina: Person, olga: Person, orbit: Client, signed_in: Callable[[Person], Browser]
) -> None:
    assert b"joined first" in signed_in(olga).get("/client/orbit/seats/").content
    signed_in(olga).post("/client/orbit/seats/", {"email": amina.email.upper()})
    seat = ClientSeat.objects.get(client=orbit, person=amina)
    browser = signed_in(amina)
    assert browser.get("/client/orbit/seats/").status_code == 404
    for page in ("/", "/me/"):
        assert f"/me/seats/{seat.pk}/accept/" in browser.get(page).text
    assert browser.get(f"/me/seats/{seat.pk}/accept/").status_code == 405
    browser.post(f"/me/seats/{seat.pk}/accept/")
    assert browser.get("/client/orbit/seats/").status_code == 200
    assert b"offers you a seat" not in browser.get("/me/").content
    signed_in(olga).post(f"/client/orbit/seats/{seat.pk}/end/")
    assert signed_in(amina).get("/client/orbit/seats/").status_code == 404


def test_pages_decline_an_offer_and_take_one_back(
    amina: Person, luis: Person, olga: Person, orbit: Client, signed_in: Callable[[Person], Browser]
) -> None:
    for person in (amina, luis):
        signed_in(olga).post("/client/orbit/seats/", {"email": person.email})
    to_amina, to_luis = orbit.seats.get(person=amina), orbit.seats.get(person=luis)
    assert signed_in(luis).post(f"/me/seats/{to_amina.pk}/accept/").status_code == 404
    signed_in(amina).post(f"/me/seats/{to_amina.pk}/decline/")
    assert b"offers you a seat" not in signed_in(amina).get("/me/").content
    signed_in(olga).post(f"/client/orbit/seats/{to_luis.pk}/end/")
    assert signed_in(luis).post(f"/me/seats/{to_luis.pk}/accept/").status_code == 404
    assert not clients.has_seat(orbit, amina)
    assert not clients.has_seat(orbit, luis)


def test_an_offer_tells_not_whose_an_address_is_nor_whether_it_is_anybodys(
    amina: Person, olga: Person, orbit: Client, signed_in: Callable[[Person], Browser]
) -> None:
    def shown(email: str) -> str:
        """Return the page after an offer to an address, without that address, numbers and the form's secret."""
        browser = signed_in(olga)
        answer = browser.post("/client/orbit/seats/", {"email": email}, follow=True).text
        assert email in answer
        offer = clients.offers(orbit)[0]
        clients.withdraw(offer, by=olga, at=offer.created_at)
        main = answer[answer.index("<main") : answer.index("</main")].replace(f"/seats/{offer.pk}/", "")
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|<time[^>]*>[^<]*</time>', "", main).replace(email, "")

    known = shown(amina.email)
    assert amina.name not in known
    assert "If somebody has an account with this address, they now see your offer." in known
    assert shown("nobody@example.org") == known
    # Whoever sits there already is no exception.
    assert shown(olga.email) == known


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
    seated(orbit, amina, by=olga, at=at)
    refused: list[str] = []

    def end(seat: ClientSeat) -> None:
        assert seat.person
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
