"""Asking Stripe by its own SDK. No call is repeated here: whoever asks again does it with the same key."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from django.conf import settings

from payments.rails.api import Unanswered

if TYPE_CHECKING:
    from stripe import StripeClient

LIVE = "api.stripe.com"
PATIENCE = 15


class Declined(Exception):  # noqa: N818 - reads as the sentence it is
    """Stripe refused and has done nothing; the message is its own code, as `account_closed`."""


def simulated() -> bool:
    """Tell whether it is not the real Stripe: a key for tests, or another address."""
    place = urlsplit(settings.STRIPE_URL)
    return place.hostname != LIVE or not unquote(place.username or "").startswith(("sk_live_", "rk_live_"))


def ask[Answer](question: Callable[["StripeClient"], Answer]) -> Answer:
    """Return what Stripe answers. Raises Declined, and Unanswered where nobody knows whether it was done."""
    import stripe  # noqa: PLC0415 - a second of every start, for sites that have an account there alone

    try:
        return question(_client(settings.STRIPE_URL))
    except (stripe.CardError, stripe.InvalidRequestError) as error:
        raise Declined(error.code or "refused") from error
    except stripe.StripeError as error:
        raise Unanswered(type(error).__name__) from error


def genuine(body: bytes, signature: str) -> bool:
    """Tell whether Stripe signed a message by one of our secrets in the last five minutes."""
    from stripe import SignatureVerificationError, WebhookSignature  # noqa: PLC0415 - likewise

    for secret in settings.STRIPE_HOOKS:
        try:
            return bool(WebhookSignature.verify_header(body, signature, secret, tolerance=300))
        except (SignatureVerificationError, UnicodeDecodeError):
            continue
    return False


@cache
def _client(url: str) -> "StripeClient":
    import stripe  # noqa: PLC0415 - likewise

    stripe.enable_telemetry = False
    place = urlsplit(url)
    base = f"{place.scheme}://{place.hostname}{f':{place.port}' if place.port else ''}"
    return stripe.StripeClient(
        unquote(place.username or ""), base_addresses={"api": base}, max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=PATIENCE),
    )  # fmt: skip
