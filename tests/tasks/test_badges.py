"""Badges of what members passed: read and checked by another program, refused when anything in them was changed."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier

from coop import clock
from coop.people.models import Person
from governance import resigning, standing
from governance.models import Status
from tasks import badges, certificates
from tasks.models import Job
from tests.tasks.quality.test_estimates import SignedIn
from tests.tasks.test_onboarding import answer, start
from tests.tasks.test_work_pages import said

__all__ = ["start"]


@pytest.fixture
def passed(start: Job, newcomer: Person) -> Job:
    """Return a test that the newcomer passed, with one answer wrong."""
    for label in ("Yes", "No", "Yes"):
        answer(start, newcomer, label)
    return start


@pytest.fixture
def token(passed: Job, newcomer: Person) -> str:
    """Return the newcomer's badge."""
    (badge,) = badges.of(newcomer)
    return badges.token(newcomer, badge)


def verifier(key: str = "") -> OB3Verifier:
    """Return another program's verifier, with the key as the public record tells it."""
    return OB3Verifier(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key or certificates.public_key())))


def opened(token: str) -> dict[str, Any]:
    """Return what a badge says, unchecked."""
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def test_another_program_takes_the_badge(token: str, passed: Job) -> None:
    found = verifier().verify(token)
    assert found.achievement.name == passed.title
    assert "2 of 3 answers right" in str(opened(token)["credentialSubject"]["achievement"]["criteria"])
    assert found.issuer.id == opened(token)["iss"]


def test_the_key_travels_with_it_and_is_the_one_of_the_record(token: str) -> None:
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "EdDSA"
    x = base64.urlsafe_b64decode(header["jwk"]["x"] + "=")
    assert x.hex() == certificates.public_key()


def test_it_is_for_who_has_the_address_and_names_nobody(token: str, newcomer: Person) -> None:
    (one,) = opened(token)["credentialSubject"]["identifier"]
    assert one["identityHash"] == "sha256$" + hashlib.sha256((newcomer.email + one["salt"]).encode()).hexdigest()
    assert newcomer.email not in json.dumps(opened(token))
    assert newcomer.name not in json.dumps(opened(token))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_badge_is_refused(token: str, part: int) -> None:
    parts = token.split(".")
    middle = len(parts[part]) // 2
    parts[part] = parts[part][:middle] + ("A" if parts[part][middle] != "A" else "B") + parts[part][middle + 1 :]
    with pytest.raises(OB3VerificationError):
        verifier().verify(".".join(parts))


def test_a_badge_of_another_key_is_refused(token: str) -> None:
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    with pytest.raises(OB3VerificationError, match="signature"):
        verifier(other).verify(token)


def test_who_did_not_pass_has_none(start: Job, newcomer: Person, signed_in: SignedIn) -> None:
    for label in ("Yes", "No", "No"):
        answer(start, newcomer, label)
    assert badges.of(newcomer) == []
    browser = signed_in(newcomer)
    assert "Nothing yet" in said(browser.get("/me/badges/"))
    assert browser.get(f"/me/badges/{start.pk}.jwt").status_code == 404


def test_it_is_on_ones_page_and_in_ones_data_also_when_the_test_is_closed(
    passed: Job, token: str, newcomer: Person, amina: Person, signed_in: SignedIn
) -> None:
    Job.objects.filter(pk=passed.pk).update(closed_at=clock.now())
    browser = signed_in(newcomer)
    assert "2 of 3 answers right" in said(browser.get("/me/badges/"))
    assert browser.get(f"/me/badges/{passed.pk}.jwt").content.decode() == token
    assert json.loads(browser.get("/me/data.json").content)["Open Badges 3.0"] == [token]
    assert signed_in(amina).get(f"/me/badges/{passed.pk}.jwt").status_code == 404


def test_who_left_still_gets_them_and_is_told_so_on_leaving(
    passed: Job, token: str, newcomer: Person, signed_in: SignedIn, later: Callable[..., datetime]
) -> None:
    browser = signed_in(newcomer)
    assert '"/me/badges/"' in browser.get("/standing/leave/").text
    resigning.give_notice(newcomer, pressure="none", at=clock.now())
    assert '"/me/badges/"' in browser.get("/standing/leave/").text
    resigning.leave_due(later(days=7, seconds=1))
    assert standing.status(newcomer) == Status.LEFT
    browser = signed_in(newcomer)
    assert '"/me/badges/"' in browser.get("/standing/leave/").text
    assert "2 of 3 answers right" in said(browser.get("/me/badges/"))
    verifier().verify(browser.get(f"/me/badges/{passed.pk}.jwt").content.decode())
    assert json.loads(browser.get("/me/data.json").content)["Open Badges 3.0"] == [token]
