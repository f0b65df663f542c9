"""Sealing what nobody reads in the database: by keys that it does not hold, bound to the row it belongs to."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# A shorter key could be tried out.
SHORTEST = 32


class Unopened(Exception):  # noqa: N818 - reads as the sentence it is
    """What is sealed does not open: no key fits, or it is not what was sealed for this place."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was sealed, and the fingerprint of its content; the fingerprint alone tells nobody what it is."""

    sealed: str
    fingerprint: str


def seal(facts: Mapping[str, str], *, place: str) -> Envelope:
    """Seal facts for one place, as "7:bank:2", by the newest key. Raises ImproperlyConfigured without keys."""
    content = _content(facts, place, secrets.token_hex(16))
    return Envelope(_keys().encrypt(content).decode(), hashlib.sha256(content).hexdigest())


def unseal(envelope: Envelope, *, place: str) -> dict[str, str]:
    """Return what was sealed for this place. Raises Unopened for any other content, place or key."""
    content = _opened(envelope.sealed)
    said = json.loads(content)
    if hashlib.sha256(content).hexdigest() != envelope.fingerprint or said["place"] != place:
        message = f"This was not sealed for {place}."
        raise Unopened(message)
    facts: dict[str, str] = said["facts"]
    return facts


def resealed(sealed: str) -> str:
    """Return the same content under the newest key; raises Unopened where no key fits."""
    return _keys().encrypt(_opened(sealed)).decode()


def _opened(sealed: str) -> bytes:
    try:
        return _keys().decrypt(sealed)
    except InvalidToken as error:
        message = "No key of PAYOUT_KEYS opens this."
        raise Unopened(message) from error


def _content(facts: Mapping[str, str], place: str, salt: str) -> bytes:
    # The salt keeps the fingerprint from being found by trying out account numbers.
    return json.dumps({"facts": dict(facts), "place": place, "salt": salt}, sort_keys=True).encode()


def _keys() -> MultiFernet:
    given: list[str] = settings.PAYOUT_KEYS
    if not given or min(map(len, given)) < SHORTEST:
        message = f"PAYOUT_KEYS needs keys of {SHORTEST} characters or more: payout details are never kept in clear."
        raise ImproperlyConfigured(message)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in given])
