"""How a message shows that it is ours: HMAC-SHA256 over name, time and body, as standardwebhooks.com says."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

from django.utils.crypto import salted_hmac

PREFIX = "whsec_"


def new_secret() -> str:
    """Return a new secret of 256 bits, as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def callback_key(client_id: int, *, test: bool) -> str:
    """Return what comes with the callbacks of a client's tasks as `scale-callback-auth`; one more for test keys.

    It follows from the site's secret key and is kept nowhere; a new secret key makes new ones.
    """
    kind = "test" if test else "live"
    return f"{kind}_" + salted_hmac("tasks.callbacks", f"{kind}:{client_id}", algorithm="sha256").hexdigest()


def headers(key: str, content: bytes, sent: int, under: Iterable[str]) -> Mapping[str, str]:
    """Return the headers of a message sent at `sent` (seconds since 1970), signed under each of the secrets."""
    marks = " ".join(f"v1,{_mark(secret, key, content, sent)}" for secret in under)
    return {
        "content-type": "application/json", "webhook-id": key, "webhook-timestamp": str(sent),
        "webhook-signature": marks,
    }  # fmt: skip


def _mark(secret: str, key: str, content: bytes, sent: int) -> str:
    signed = f"{key}.{sent}.".encode() + content
    return base64.b64encode(hmac.digest(_bytes(secret), signed, hashlib.sha256)).decode()


def _bytes(secret: str) -> bytes:
    """Return what a secret stands for; a callback key stands for its own letters."""
    return base64.b64decode(secret.removeprefix(PREFIX)) if secret.startswith(PREFIX) else secret.encode()
