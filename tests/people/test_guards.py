from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from coop.people import clients, forms, keys, middleware
from coop.people.models import ApiKey, Client, ClientSeat, Person

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]


@pytest.mark.parametrize("table", ["people_person", "people_client", "people_clientseat", "people_apikey"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_site_deletes_no_login_organisation_seat_or_key(attack: Attack, table: str, statement: str) -> None:
    attack(statement.format(table), guard=f"permission denied for table {table}")


@pytest.mark.parametrize("table", ["people_person", "people_client", "people_clientseat"])
def test_not_even_the_owner_deletes_them(owner: psycopg.Connection, orbit: Client, table: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        owner.execute(f"DELETE FROM {table}")
    assert refused.value.diag.constraint_name == f"{table}_is_kept"


def test_a_login_is_not_deleted_through_the_orm(newcomer: Person) -> None:
    with pytest.raises(Exception, match=r"protected|permission denied|account is deleted"), transaction.atomic():
        newcomer.delete()
    assert Person.objects.filter(pk=newcomer.pk).exists()


def test_no_column_shuts_anybody_out(attack: Attack, amina: Person) -> None:
    attack("UPDATE people_person SET is_active = false", guard='column "is_active" of relation')
    amina.is_active = False
    amina.save()
    assert Person.objects.get(pk=amina.pk).is_active


@pytest.mark.parametrize("change", ["joined_at = now() - interval '1 year'", "joined_at = NULL"])
def test_the_day_somebody_joined_stays(attack: Attack, change: str) -> None:
    attack(f"UPDATE people_person SET {change}", guard="people_person_stays_the_same")


def test_an_account_keeps_its_number(attack: Attack) -> None:
    attack("UPDATE people_person SET id = id + 1000", guard="permission denied for table people_person")


def test_one_address_has_one_account(amina: Person) -> None:
    with pytest.raises(IntegrityError, match=r"one_account_per_address|unique"), transaction.atomic():
        Person.objects.create_user(amina.email.upper(), "a long sentence 7", name="Twin")


def test_the_site_makes_nobody_the_cooperative(attack: Attack) -> None:
    attack(
        "INSERT INTO people_client (name, slug, is_cooperative, created_at) VALUES ('x', 'x-x', true, now())",
        guard="cooperative_is_client_by_founding",
    )


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("people_client", "slug", "'taken-over'"),
        ("people_client", "is_cooperative", "true"),
        ("people_clientseat", "person_id", "1"),
        ("people_clientseat", "client_id", "1"),
        ("people_apikey", "digest", "'x'"),
        ("people_apikey", "scopes", "'[\"fund\"]'"),
        ("people_apikey", "expires_at", "NULL"),
        ("people_apikey", "client_id", "1"),
    ],
)
def test_what_stands_in_a_row_stays(attack: Attack, table: str, column: str, value: str) -> None:
    attack(f"UPDATE {table} SET {column} = {value}", guard=f"permission denied for table {table}")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("people_client", "slug", "'taken-over'"),
        ("people_clientseat", "person_id", "person_id + 1"),
        ("people_apikey", "scopes", "'[\"fund\"]'"),
    ],
)
def test_the_owner_changes_it_neither(
    owner: psycopg.Connection, amina: Person, orbit: Client, table: str, column: str, value: str
) -> None:
    owner.execute(
        "INSERT INTO people_apikey (client_id, created_by_id, name, prefix, digest, scopes, created_at)"
        " VALUES (%s, %s, 'x', 'x', 'x', '[]', now())",
        [orbit.pk, amina.pk],
    )
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        owner.execute(f"UPDATE {table} SET {column} = {value}")
    assert refused.value.diag.constraint_name == f"{table}_stays_the_same"


def test_a_seat_that_ended_stays_ended(
    attack: Attack, amina: Person, olga: Person, orbit: Client, at: datetime
) -> None:
    clients.offer(orbit, amina.email, by=olga, at=at)
    given = clients.accept(orbit.seats.get(person=amina), by=amina, at=at)
    seat = clients.end_seat(given, by=olga, at=at)
    attack("UPDATE people_clientseat SET ended_at = NULL WHERE id = %s", [seat.pk], guard="seats_end_once")
    attack("UPDATE people_clientseat SET ended_at = now() WHERE id = %s", [seat.pk], guard="seats_end_once")
    assert ClientSeat.objects.get(pk=seat.pk).ended_at == seat.ended_at


@pytest.mark.parametrize("when", ["NULL", "now() - interval '1 day'"])
def test_an_accepted_seat_stays_accepted(attack: Attack, olga: Person, orbit: Client, when: str) -> None:
    seat = orbit.seats.get(person=olga)
    attack(
        f"UPDATE people_clientseat SET accepted_at = {when} WHERE id = %s", [seat.pk], guard="seats_are_accepted_once"
    )


@pytest.mark.parametrize("when", ["coop_now() + interval '1 day'", "'infinity'", "'-infinity'"])
def test_a_seat_is_not_accepted_ahead_of_time(
    attack: Attack, amina: Person, olga: Person, orbit: Client, at: datetime, when: str
) -> None:
    clients.offer(orbit, amina.email, by=olga, at=at)
    seat = orbit.seats.get(person=amina)
    attack(
        f"UPDATE people_clientseat SET accepted_at = {when} WHERE id = %s", [seat.pk], guard="seats_are_accepted_once"
    )
    attack(
        "INSERT INTO people_clientseat (client_id, person_id, offered_to, created_at, accepted_at)"
        f" VALUES (%s, %s, '', now(), {when})",
        [orbit.pk, amina.pk],
        guard="seats_are_accepted_once",
    )


def test_an_offer_that_ended_or_is_nobodys_is_not_accepted(
    attack: Attack, amina: Person, olga: Person, orbit: Client, at: datetime
) -> None:
    clients.offer(orbit, amina.email, by=olga, at=at)
    clients.offer(orbit, "nobody@example.org", by=olga, at=at)
    over = clients.decline(orbit.seats.get(person=amina), by=amina, at=at)
    for seat in (over, orbit.seats.get(person=None)):
        attack(
            "UPDATE people_clientseat SET accepted_at = %s WHERE id = %s",
            [at, seat.pk],
            guard="seats_are_accepted_once",
        )


def test_a_key_that_ended_stays_ended(attack: Attack, olga: Person, orbit: Client, at: datetime) -> None:
    key, _secret = keys.issue(orbit, name="import", scopes=["read"], by=olga, at=at)
    keys.revoke(key, by=olga, at=at)
    attack("UPDATE people_apikey SET revoked_at = NULL WHERE id = %s", [key.pk], guard="keys_end_once")
    assert ApiKey.objects.get(pk=key.pk).revoked_at == at


@pytest.mark.parametrize("zone", ["America", "Mars/Phobos", "../../etc/passwd", ""])
def test_no_zone_that_there_is_not_shuts_anybody_out(attack: Attack, amina: Person, zone: str) -> None:
    """By the name of a folder of zones every page of theirs failed, and the letters of all the others (J5)."""
    for session in ("America5", "UTC"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('timezone', %s, true)", [session])
        attack("UPDATE people_person SET time_zone = %s WHERE id = %s", [zone, amina.pk], guard="time_zones_are_known")
    attack(
        "INSERT INTO people_person (email, name, password, country, language, time_zone, display_currency, joined_at)"
        " VALUES ('x@y.example', 'X', '', '', 'en', %s, 'USD', now())",
        [zone],
        guard="time_zones_are_known",
    )
    assert middleware.zone(zone) == ZoneInfo("UTC")


def test_every_zone_that_the_form_offers_is_known(amina: Person) -> None:
    for zone, _words in forms.time_zones():
        Person.objects.filter(pk=amina.pk).update(time_zone=zone)
    assert Person.objects.get(pk=amina.pk).time_zone == zone


def test_a_zone_of_before_that_there_is_not_becomes_utc(superuser: psycopg.Connection) -> None:
    """The letters of all others about a job asked the database for it."""
    mend = import_module("coop.people.migrations.0012_zones_that_there_are").MENDED
    superuser.execute("ALTER TABLE people_person DISABLE TRIGGER time_zones_are_known")
    for zone, email in (("America", "amina%"), ("Europe/Madrid", "luis%")):
        superuser.execute("UPDATE people_person SET time_zone = %s WHERE email LIKE %s", [zone, email])
    superuser.execute(mend)
    found = superuser.execute(
        "SELECT time_zone FROM people_person WHERE email LIKE ANY (ARRAY['amina%', 'luis%']) ORDER BY email"
    ).fetchall()
    assert found == [("UTC",), ("Europe/Madrid",)]
