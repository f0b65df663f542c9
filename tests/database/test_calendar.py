"""No day that the database can keep and Python cannot shuts anybody out of what stands beside it (J5)."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from coop.people.models import Person

pytestmark = pytest.mark.django_db
FAR = {
    "infinity": 9000, "99999-12-31": 9000, "-infinity": 1000, "4000-01-01 BC": 1000,
    "9999-12-31 23:59:59+00": 9000, "0001-01-01 00:00:00+00": 1000,
}  # fmt: skip


@pytest.mark.parametrize(("day", "year"), FAR.items())
def test_a_day_beyond_the_calendar_shuts_nobody_out(
    amina: Person, signed_in: Callable[[Person], Browser], day: str, year: int
) -> None:
    browser = signed_in(amina)
    Person.objects.filter(pk=amina.pk).update(last_login=None)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_person SET last_login = %s::timestamptz WHERE id = %s", [day, amina.pk])
    assert Person.objects.get(pk=amina.pk).last_login == datetime(year, 1, 1, tzinfo=UTC)
    assert browser.get("/").status_code == 200
    assert browser.get("/jobs/").status_code == 200


@pytest.mark.parametrize(("day", "year"), FAR.items())
def test_so_does_a_date(day: str, year: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::date, date '2026-02-03'", [day])
        assert cursor.fetchone() == (date(year, 1, 1), date(2026, 2, 3))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("day", FAR)
def test_it_can_be_shown_in_every_zone(day: str, zone: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [day])
        (read,) = cursor.fetchone()
    assert timezone.localtime(read, ZoneInfo(zone)) == read
