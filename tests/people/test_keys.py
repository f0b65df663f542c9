import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from coop.people import keys
from coop.people.authentication import KeyAuthentication
from coop.people.models import ApiKey, Client, Person
from coop.people.scopes import HasScope
from coop.refusals import Refused

pytestmark = pytest.mark.django_db


def asking(secret: str) -> Request:
    return Request(APIRequestFactory().get("/api/v1/", HTTP_AUTHORIZATION=f"Bearer {secret}"))


def test_only_the_fingerprint_of_a_key_is_kept(olga: Person, orbit: Client, at: datetime) -> None:
    key, secret = keys.issue(orbit, name="import", scopes=["read"], by=olga, at=at)
    kept = ApiKey.objects.filter(pk=key.pk).values().get()
    assert kept["digest"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret.startswith(kept["prefix"])
    assert secret.removeprefix(kept["prefix"]) not in str(kept)


def test_a_key_speaks_for_its_organisation(olga: Person, orbit: Client, at: datetime) -> None:
    key, secret = keys.issue(orbit, name="import", scopes=["read"], by=olga, at=at)
    assert KeyAuthentication().authenticate(asking(secret)) == (olga, key)
    key.refresh_from_db()
    assert key.last_used_at is not None


@pytest.mark.parametrize("secret", ["", "wh_00000000_x", "ü", "a b"])
def test_an_unknown_key_opens_nothing(secret: str) -> None:
    with pytest.raises(AuthenticationFailed):
        KeyAuthentication().authenticate(asking(secret))


def test_an_ended_key_opens_nothing(olga: Person, orbit: Client, at: datetime) -> None:
    key, secret = keys.issue(orbit, name="import", scopes=["read"], by=olga, at=at)
    keys.revoke(key, by=olga, at=at)
    with pytest.raises(AuthenticationFailed):
        KeyAuthentication().authenticate(asking(secret))


def test_a_key_ends_by_itself(olga: Person, orbit: Client, at: datetime, later: Callable[..., datetime]) -> None:
    _key, secret = keys.issue(orbit, name="import", scopes=["read"], by=olga, at=at, life=timedelta(days=30))
    later(days=29)
    assert KeyAuthentication().authenticate(asking(secret))
    later(days=2)
    with pytest.raises(AuthenticationFailed):
        KeyAuthentication().authenticate(asking(secret))


def test_a_key_does_what_its_scopes_say(olga: Person, orbit: Client, at: datetime) -> None:
    _key, secret = keys.issue(orbit, name="import", scopes=["read"], by=olga, at=at)
    request = asking(secret)
    found = KeyAuthentication().authenticate(request)
    assert found is not None
    request.user, request.auth = found

    class Reading(APIView):
        scope = "read"

    class Funding(APIView):
        scope = {"GET": "fund"}

    assert HasScope().has_permission(request, Reading())
    assert not HasScope().has_permission(request, Funding())


@pytest.mark.parametrize("scopes", [[], ["read", "everything"]])
def test_a_key_needs_known_scopes(olga: Person, orbit: Client, at: datetime, scopes: list[str]) -> None:
    with pytest.raises(Refused, match="Choose"):
        keys.issue(orbit, name="import", scopes=scopes, by=olga, at=at)


def test_strangers_make_and_end_no_keys(amina: Person, olga: Person, orbit: Client, at: datetime) -> None:
    with pytest.raises(Refused, match="no seat"):
        keys.issue(orbit, name="import", scopes=["read"], by=amina, at=at)
    key, _secret = keys.issue(orbit, name="import", scopes=["read"], by=olga, at=at)
    with pytest.raises(Refused, match="no seat"):
        keys.revoke(key, by=amina, at=at)


def test_a_page_shows_a_key_once(olga: Person, orbit: Client, signed_in: Callable[[Person], Browser]) -> None:
    browser = signed_in(olga)
    form = {"name": "import", "scopes": ["read", "post"], "days": "30"}
    made = browser.post("/client/orbit/keys/", form)
    key = orbit.api_keys.get()
    assert f"{key.prefix}_".encode() in made.content
    assert f"{key.prefix}_".encode() not in browser.get("/client/orbit/keys/").content
    browser.post(f"/client/orbit/keys/{key.pk}/end/")
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert b"ended" in browser.get("/client/orbit/keys/").content


def test_a_stranger_sees_no_keys(amina: Person, orbit: Client, signed_in: Callable[[Person], Browser]) -> None:
    assert signed_in(amina).get("/client/orbit/keys/").status_code == 404
