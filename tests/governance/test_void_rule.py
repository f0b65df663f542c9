"""The void rule (7.8): nothing but a status, a running pause or a decision that stands bars anybody. J1, J3, J5, J7."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from coop import clock
from coop.people.models import Person
from governance import standing
from governance.models import CaseGround, Measure
from tests.governance import charging

pytestmark = pytest.mark.django_db
ROOT = Path(settings.BASE_DIR)
DOINGS = ("work", "claim:job:12", "claim:job:12:client:3", "review", "onboarding", "vote", "propose", "speak", "payout")


def members() -> list[Person]:
    return [one for one in Person.objects.all() if standing.status(one) == "member"]


def test_without_a_row_every_member_may_do_everything(now: datetime) -> None:
    assert len(members()) > 30
    assert not [(who, doing) for who in members() for doing in DOINGS if standing.refusal(who, doing=doing, at=now)]


def test_the_database_says_the_same_of_every_open_job(amina: Person, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), bool_and(tasks_may_work(%s, id)) FROM tasks_job", [amina.pk])
        jobs, all_open = cursor.fetchone()
    assert jobs
    assert all_open


@pytest.mark.parametrize("headers", [
    {"REMOTE_ADDR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "198.51.100.7"}, {"HTTP_USER_AGENT": "curl/8 (bot)"},
    {"HTTP_ACCEPT_LANGUAGE": "ve"}, {"HTTP_CF_IPCOUNTRY": "VE"},
])  # fmt: skip
def test_no_address_country_or_device_is_shut_out(
    luis: Person, signed_in: Callable[[Person], Browser], headers: dict[str, str]
) -> None:
    browser = signed_in(luis)
    for address in ("/", "/work/", "/pay/", "/votes/", "/assembly/", "/standing/", "/cases/"):
        assert browser.get(address, **headers).status_code == 200  # type: ignore[arg-type]


@pytest.mark.parametrize("country", ["VE", "KP", "", "XX"])
def test_where_somebody_lives_bars_nobody(amina: Person, now: datetime, country: str) -> None:
    Person.objects.filter(pk=amina.pk).update(country=country)
    assert not [doing for doing in DOINGS if standing.refusal(amina, doing=doing, at=now)]


def test_no_setting_and_no_cache_bars_anybody(amina: Person, now: datetime, settings: Settings) -> None:
    for name in ("BLOCKED", "SUSPENDED", "BANNED", "DENY", "MAINTENANCE"):
        setattr(settings, name, [amina.pk])
    asks = [standing.refusal(amina, doing=doing, at=now) for doing in DOINGS]
    assert asks == [None] * len(DOINGS)
    code = "".join((ROOT / "governance" / f"{name}.py").read_text() for name in ("standing", "cases", "decisions"))
    assert not re.search(r"os\.environ|django\.conf|cache", code)


def test_no_column_of_an_account_shuts_it_out() -> None:
    names = {field.name for field in Person._meta.get_fields() if field.concrete}  # noqa: SLF001 - by Django's own name
    assert not {name for name in names if re.search(r"active|banned|block|suspend|lock|rating|score|trust", name)}
    assert Person.is_active is True


def test_middleware_says_no_only_for_refusals_of_acts() -> None:
    """J1: whoever adds a gate in front of the pages has to pass here; ours raise and answer nothing of their own."""
    ours = [name for name in settings.MIDDLEWARE if not name.startswith(("django.", "whitenoise.", "allauth."))]
    assert ours == [
        "coop.people.middleware.Compartments", "coop.packing.Gzip", "coop.people.middleware.LocalTime",
        "coop.refusals.RefusalPage",
    ]  # fmt: skip
    text = "".join((ROOT / "coop" / name).read_text() for name in ("people/middleware.py", "packing.py"))
    assert not re.search(r"Forbidden|PermissionDenied|status=4|redirect|standing", text)


def test_each_scope_reaches_what_it_names_and_nothing_else(
    amina: Person, samuel: Person, teresa: Person, later: Callable[..., datetime]
) -> None:
    charging.decide(amina, samuel, teresa, ground=CaseGround.VIOLENCE, measure=Measure.LIMIT, scope="job:12", days=30)
    at = later(days=8)
    barred = {doing for doing in DOINGS if standing.refusal(amina, doing=doing, at=at)}
    assert barred == {"claim:job:12", "claim:job:12:client:3"}
    assert not [doing for doing in DOINGS if standing.refusal(amina, doing=doing, at=later(days=30))]


def test_my_standing_says_what_is_closed_and_how_to_appeal(
    amina: Person, samuel: Person, teresa: Person, signed_in: Callable[[Person], Browser]
) -> None:
    decision = charging.decide(
        amina, samuel, teresa, ground=CaseGround.VIOLENCE, measure=Measure.PAUSE, scope="work", days=9
    )
    page = signed_in(amina).get("/standing/").content.decode()
    assert "Closed to you by a panel" in page
    assert f"/cases/{decision.case_id}/" in page
    assert clock.now() < decision.restriction.ends_at
