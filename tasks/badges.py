"""What a member passed, as a credential they take along: Open Badges 3.0, signed by the site, checked without us.

A badge is a JSON Web Token whose payload is the credential and whose header carries the key (1EdTech, "Open Badges
3.0", section 8.2; Ed25519 as RFC 8037 has it): the key that signs pay certificates, which stands in the public record.
It names nobody: whoever is shown it with an e-mail address checks that it is the one it was made for. The same person
gets the same badge as often as they ask.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db.models import Max
from django.utils.crypto import salted_hmac

from coop.people.models import Person
from tasks import certificates, onboarding
from tasks.models import Job

CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]


@dataclass(frozen=True, slots=True)
class Badge:
    """A test that a person passed: its job, when, how many answers were right of how many."""

    job: Job
    passed_at: datetime
    right: int
    total: int


def of(person: Person) -> list[Badge]:
    """Return what a person passed, the oldest first."""
    tests = Job.objects.filter(is_onboarding=True, assignments__person=person).select_related("work_type", "client")
    taken = tests.annotate(last=Max("assignments__decided_at")).order_by("pk")
    found = [(job, onboarding.progress(person, job)) for job in taken]
    return [Badge(job, job.last, so_far.right, so_far.total) for job, so_far in found if so_far and so_far.passed]


def token(person: Person, badge: Badge) -> str:
    """Return a badge as a compact JSON Web Token."""
    head = {"alg": "EdDSA", "typ": "JWT", "jwk": key()}
    text = f"{_packed(head)}.{_packed(_credential(person, badge))}"
    return f"{text}.{_letters(bytes.fromhex(certificates.sign(text)))}"


def key() -> dict[str, str]:
    """Return the key that badges are checked with, as a JSON Web Key."""
    return {"kty": "OKP", "crv": "Ed25519", "x": _letters(bytes.fromhex(certificates.public_key()))}


def _credential(person: Person, badge: Badge) -> dict[str, Any]:
    issuer, name = f"{settings.ORIGIN}/", badge.job.client.name
    number = f"urn:uuid:{uuid5(NAMESPACE_URL, f'{issuer}badges/{badge.job.pk}/{_secret(person, badge)}')}"
    return {
        "@context": CONTEXTS, "id": number, "jti": number, "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": issuer, "type": ["Profile"], "name": name, "url": issuer}, "iss": issuer,
        "validFrom": badge.passed_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "nbf": int(badge.passed_at.timestamp()), "name": badge.job.title,
        "credentialSubject": {
            "type": ["AchievementSubject"], "identifier": [_identifier(person, badge)],
            "achievement": _achievement(issuer, badge),
        },
    }  # fmt: skip


def _achievement(issuer: str, badge: Badge) -> dict[str, Any]:
    about = f"A paid test of {badge.total} questions with known answers; {badge.job.pass_mark} right ones pass it."
    return {
        "id": f"{issuer}jobs/{badge.job.pk}/", "type": ["Achievement"], "achievementType": "Assessment",
        "name": badge.job.title, "description": about,
        "criteria": {"narrative": f"At least {badge.job.pass_mark} of {badge.total} answers right."},
    }  # fmt: skip


def _identifier(person: Person, badge: Badge) -> dict[str, Any]:
    """Return the person's address as a salted hash, as the specification has it."""
    salt = _secret(person, badge)[:16]
    said = hashlib.sha256(f"{person.email}{salt}".encode()).hexdigest()
    return {
        "type": "IdentityObject", "identityType": "emailAddress", "hashed": True, "salt": salt,
        "identityHash": f"sha256${said}",
    }  # fmt: skip


def _secret(person: Person, badge: Badge) -> str:
    return salted_hmac(f"badge:{badge.job.pk}", str(person.pk), algorithm="sha256").hexdigest()


def _packed(part: Mapping[str, Any]) -> str:
    return _letters(json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode())


def _letters(content: bytes) -> str:
    """Return bytes in the letters of base64url, without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
