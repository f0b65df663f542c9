"""PayPal Payouts: to whoever has an account there, by their e-mail address.

As developer.paypal.com documents it (Payouts v1): `sender_batch_id` is known again for 30 days, and a repeat is
answered with a link to the first. There is no other way to ask by our own key.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Refusal
from payments.rails.api import ApiRail, Going, Order, Told, Unanswered, base_of, read
from payments.rails.interface import Field

LIVE = "api-m.paypal.com"
PATIENCE = httpx.Timeout(15)
STATUS = {
    "SUCCESS": Going.ARRIVED,
    **dict.fromkeys(("FAILED", "RETURNED", "BLOCKED", "REFUNDED", "REVERSED", "DENIED"), Going.CAME_BACK),
    **dict.fromkeys(("PENDING", "UNCLAIMED", "ONHOLD", "ON_HOLD", "PROCESSING", "NEW"), Going.ON_ITS_WAY),
}
BATCH_ENDED = {"DENIED", "CANCELED"}


class PayPal(ApiRail):
    """Payouts by PayPal, one in each batch, so that one key is one payment."""

    name = "paypal"
    label = gettext_lazy("PayPal")
    paid_from = "paypal"
    about = gettext_lazy("To your PayPal account. What nobody claims there within two days comes back to you.")
    days = 1
    # A day less than PayPal's own, so that no clock between us matters.
    memory = timedelta(days=29)
    fields = (Field("email", gettext_lazy("E-mail address of your PayPal account"), longest=127),)

    @property
    def available(self) -> bool:  # type: ignore[override]  # it depends on a setting here
        """Tell whether this site has an account there."""
        return bool(settings.PAYPAL_URL)

    @property
    def simulated(self) -> bool:  # type: ignore[override]  # it depends on a setting here
        """Tell whether it is not the real PayPal: its sandbox, or a test's."""
        return urlsplit(settings.PAYPAL_URL).hostname != LIVE

    def refusal(self, facts: Mapping[str, str]) -> Refusal | None:
        """Say what is no e-mail address."""
        try:
            validate_email(facts["email"])
        except ValidationError:
            return Refusal(_("This is no e-mail address."), status=400)
        return None

    def hint(self, facts: Mapping[str, str]) -> str:
        """Return the first letter and where the mail is read."""
        name, _at, host = facts["email"].partition("@")
        return f"PayPal {name[:1]}…@{host}"[:80]

    def send(self, order: Order) -> Told:
        """Send a payout, or find the first that was sent under its key."""
        answer = _call("POST", "/v1/payments/payouts", _batch(order))
        if answer.is_success:
            return self.look(str(read(answer)["batch_header"]["payout_batch_id"]))
        if first := _first_of(answer):
            return self.look(first)
        if answer.status_code in {400, 422}:
            return Told(Going.CAME_BACK, "", words=str(read(answer).get("name", ""))[:140])
        raise Unanswered(answer.status_code)

    def look(self, reference: str) -> Told:
        """Say where the one payout of a batch is; a batch that was denied has sent nothing."""
        return _told(self._batch(reference), reference)

    def give_up(self, reference: str) -> Told:
        """Cancel a payout that nobody has claimed."""
        for item in self._batch(reference).get("items", []):
            if item.get("transaction_status") == "UNCLAIMED":
                _call("POST", f"/v1/payments/payouts-item/{item['payout_item_id']}/cancel")
        return self.look(reference)

    def named_in(self, body: bytes) -> str:
        """Return the batch that a webhook of PayPal's speaks of."""
        try:
            said = json.loads(body)["resource"]
            return str(said.get("payout_batch_id") or said["batch_header"]["payout_batch_id"])[:80]
        except (ValueError, KeyError, TypeError, AttributeError):
            return ""

    def _batch(self, reference: str) -> dict[str, Any]:
        answer = _call("GET", f"/v1/payments/payouts/{reference}")
        if not answer.is_success:
            raise Unanswered(answer.status_code)
        return read(answer)


def _batch(order: Order) -> dict[str, object]:
    item = {
        "recipient_type": "EMAIL", "receiver": order.to["email"], "sender_item_id": order.key,
        "amount": {"value": f"{order.amount:.2f}", "currency": order.currency},
    }  # fmt: skip
    return {"sender_batch_header": {"sender_batch_id": order.key, "email_subject": "Workhall"}, "items": [item]}


def _told(batch: dict[str, Any], reference: str) -> Told:
    if batch["batch_header"]["batch_status"] in BATCH_ENDED:
        return Told(Going.CAME_BACK, reference, words=batch["batch_header"]["batch_status"])
    for item in batch.get("items", []):
        status = item["transaction_status"]
        if status not in STATUS:
            raise Unanswered(status)
        fee = Decimal(item.get("payout_item_fee", {}).get("value", "0"))
        return Told(STATUS[status], reference, fee, str(item.get("errors", {}).get("name", status))[:140])
    return Told(Going.ON_ITS_WAY, reference)


def _first_of(answer: httpx.Response) -> str:
    """Return the batch that was sent under the same key, if that is why this one was refused."""
    said = read(answer)
    links = [*said.get("links", []), *(one for detail in said.get("details", []) for one in detail.get("link", []))]
    found = [link["href"] for link in links if "/v1/payments/payouts/" in str(link.get("href", ""))]
    return found[0].rsplit("/", 1)[1].split("?")[0] if found else ""


class TooMany(Unanswered):
    """PayPal does not list so much at once: ask for less."""


def asked(path: str, params: dict[str, str]) -> dict[str, Any]:
    """Return what PayPal answers to a question. Raises Unanswered, and TooMany where it answers to a smaller one."""
    answer = _call("GET", path, params=params)
    if answer.is_success:
        return read(answer)
    raise TooMany if read(answer).get("name") == "RESULTSET_TOO_LARGE" else Unanswered(answer.status_code)


def _call(
    method: str, path: str, said: dict[str, object] | None = None, params: dict[str, str] | None = None
) -> httpx.Response:
    """Ask PayPal with a token of its own; raise Unanswered where there is no answer."""
    place = urlsplit(settings.PAYPAL_URL)
    try:
        with httpx.Client(base_url=base_of(settings.PAYPAL_URL), timeout=PATIENCE) as client:
            secret = (unquote(place.username or ""), unquote(place.password or ""))
            token = client.post("/v1/oauth2/token", data={"grant_type": "client_credentials"}, auth=secret)
            if not token.is_success:
                raise Unanswered(token.status_code)
            signed = {"Authorization": f"Bearer {read(token)['access_token']}"}
            return client.request(method, path, json=said, params=params, headers=signed)
    except httpx.HTTPError as error:
        raise Unanswered(str(error)) from error
