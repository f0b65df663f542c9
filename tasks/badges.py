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
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db.models import Max
from django.utils.crypto import salted_hmac

from coop.people.models import Person
from tasks import certificates, onboarding
from tasks.models import SHOWN, Job, Sitting

CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]


@dataclass(frozen=True, slots=True)
class Badge:
    """A test that a person passed, by `key`, its name in addresses: when, with how many right of how many.

    `title` is what it shows, `issuer` whose test it was, `page` where it stands here, `needed` what passes it.
    """

    key: str
    title: str
    issuer: str
    page: str
    passed_at: datetime
    right: int
    total: int
    needed: int


def of(person: Person) -> list[Badge]:
    """Return what a person passed: how they joined, then each skill, the oldest first."""
    shown = Sitting.objects.filter(SHOWN, person=person)
    skills = [_of_skill(one) for one in shown.select_related("skill__client").order_by("pk")]
    return [*_joined(person), *skills]


def joined(person: Person) -> Badge | None:
    """Return the onboarding by which a person joined; None where they passed none."""
    return next(iter(_joined(person)), None)


def _joined(person: Person) -> list[Badge]:
    tests = Job.objects.filter(is_onboarding=True, tests=None, assignments__person=person)
    taken = tests.select_related("work_type", "client").annotate(last=Max("assignments__decided_at")).order_by("pk")
    found = [(job, onboarding.progress(person, job)) for job in taken]
    return [
        Badge(str(job.pk), job.title, job.client.name, f"jobs/{job.pk}/", job.last, so_far.right, so_far.total,
              job.pass_mark)
        for job, so_far in found if so_far and so_far.passed
    ]  # fmt: skip


def _of_skill(one: Sitting) -> Badge:
    """Return the badge of a skill; in English, so that it is the same whoever asks for it."""
    skill, place = one.skill, f"skills/{one.skill_id}/"
    return Badge(f"skill-{skill.pk}", skill.name, skill.client.name, place, cast("datetime", one.ended_at),
                 one.correct, one.drawn, one.needed)  # fmt: skip


def token(person: Person, badge: Badge) -> str:
    """Return a badge as a compact JSON Web Token."""
    head = {"alg": "EdDSA", "typ": "JWT", "jwk": key()}
    text = f"{_packed(head)}.{_packed(_credential(person, badge))}"
    return f"{text}.{_letters(bytes.fromhex(certificates.sign(text)))}"


def key() -> dict[str, str]:
    """Return the key that badges are checked with, as a JSON Web Key."""
    return {"kty": "OKP", "crv": "Ed25519", "x": _letters(bytes.fromhex(certificates.public_key()))}


def _credential(person: Person, badge: Badge) -> dict[str, Any]:
    issuer, name = f"{settings.ORIGIN}/", badge.issuer
    number = f"urn:uuid:{uuid5(NAMESPACE_URL, f'{issuer}badges/{badge.key}/{_secret(person, badge)}')}"
    return {
        "@context": CONTEXTS, "id": number, "jti": number, "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": issuer, "type": ["Profile"], "name": name, "url": issuer}, "iss": issuer,
        "validFrom": badge.passed_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "nbf": int(badge.passed_at.timestamp()), "name": badge.title,
        "credentialSubject": {
            "type": ["AchievementSubject"], "identifier": [_identifier(person, badge)],
            "achievement": _achievement(issuer, badge),
        },
    }  # fmt: skip


def _achievement(issuer: str, badge: Badge) -> dict[str, Any]:
    about = f"A paid test of {badge.total} questions with known answers; {badge.needed} right ones pass it."
    return {
        "id": f"{issuer}{badge.page}", "type": ["Achievement"], "achievementType": "Assessment",
        "name": badge.title, "description": about,
        "criteria": {"narrative": f"At least {badge.needed} of {badge.total} answers right."},
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
    return salted_hmac(f"badge:{badge.key}", str(person.pk), algorithm="sha256").hexdigest()


def _packed(part: Mapping[str, Any]) -> str:
    return _letters(json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode())


def _letters(content: bytes) -> str:
    """Return bytes in the letters of base64url, without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
