"""Wise: to a bank account in the currency of its country, from the balance that the cooperative keeps there in it.

As docs.wise.com documents it: a quote, a recipient, a transfer, then its funding. `customerTransactionId` is our key: a
repeat is no second transfer. Each currency is a way of its own, so that members vote each open, and a run has one.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.utils.translation import gettext_lazy

from coop.refusals import Refusal
from payments.ledger import key_of
from payments.rails.api import ApiRail, Going, Order, Told, Unanswered, base_of
from payments.rails.interface import Facts
from payments.rails.wise_places import Place

LIVE = {"api.wise.com", "api.transferwise.com"}
PATIENCE = httpx.Timeout(15)
WAITS = "incoming_payment_waiting"
STATUS = {
    "outgoing_payment_sent": Going.ARRIVED,
    **dict.fromkeys(("cancelled", "funds_refunded"), Going.CAME_BACK),
    # What bounced back is with Wise yet, and may be sent again: it is ours once it is refunded.
    **dict.fromkeys((WAITS, "incoming_payment_initiated", "processing", "funds_converted", "bounced_back"),
                    Going.ON_ITS_WAY),
}  # fmt: skip
REFUSED = {400, 422}
PAGE = 100


class Wise(ApiRail):
    """Payouts in one currency, each one transfer."""

    hook = "wise"
    paid_from = "wise"
    days = 2
    # The documentation says that a key is known again, not for how long; an unfunded transfer lives for 14 days.
    memory = timedelta(days=13)
    about = gettext_lazy(
        "To your bank account, at the rate that we bought the money for. What bounces comes back to you."
    )

    def __init__(self, place: Place) -> None:
        """Be the way to accounts of one currency."""
        self.place, self.currency, self.label = place, place.currency, place.label
        self.name, self.fields = f"wise_{place.currency.lower()}", place.fields

    @property
    def available(self) -> bool:  # type: ignore[override]  # it depends on a setting here
        """Tell whether this site has a profile there."""
        return bool(settings.WISE_URL)

    @property
    def simulated(self) -> bool:  # type: ignore[override]  # it depends on a setting here
        """Tell whether it is not the real Wise: its sandbox, or a test's."""
        return urlsplit(settings.WISE_URL).hostname not in LIVE

    def clean(self, facts: Mapping[str, str]) -> Facts:
        """Return the facts, numbers in capitals and without spaces or dashes."""
        said = super().clean(facts)
        bare = {name: text.replace(" ", "").replace("-", "").upper() for name, text in said.items()}
        return bare | {"holder": said["holder"]}

    def refusal(self, facts: Mapping[str, str]) -> Refusal | None:
        """Say what is no account in the currency, or no whole name."""
        return self.place.refusal(facts)

    def hint(self, facts: Mapping[str, str]) -> str:
        """Return the currency and the end of the account."""
        return self.place.hint(facts)

    def send(self, order: Order) -> Told:
        """Send a payout, or go on with the transfer that was made under its key before."""
        try:
            quote = _quote(order)
            to = _ask("POST", "/v1/accounts", self.place.recipient(order.to) | {"profile": int(profile())})
        except Refusing as refused:
            # Refused now, it may have been taken before: an answer that was lost is looked for first.
            made = _made_before(order)
            return self.look(str(made["id"])) if made else Told(Going.CAME_BACK, "", words=str(refused)[:140])
        try:
            made = _ask("POST", "/v1/transfers", {
                "targetAccount": to["id"], "quoteUuid": quote["id"], "customerTransactionId": str(key_of(order.key)),
                "details": {"reference": "Workhall"},
            })  # fmt: skip
        except Refusing as refused:
            raise Unanswered(str(refused)) from refused
        return self.look(str(made["id"]))

    def look(self, reference: str) -> Told:
        """Say where a transfer is, after funding it if that was not done yet."""
        transfer = _transfer(reference)
        if transfer["status"] == WAITS:
            _fund(reference)
            transfer = _transfer(reference)
        return _told(transfer)

    def give_up(self, reference: str) -> Told:
        """Cancel a transfer that was never funded; what Wise works on goes on."""
        if _transfer(reference)["status"] == WAITS:
            _call("PUT", f"/v1/transfers/{reference}/cancel")
        return _told(_transfer(reference))

    def genuine(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether Wise signed a message: RSA with SHA-256 over the body, by the key that it publishes."""
        if not settings.WISE_KEY:
            return False
        key = load_pem_public_key(Path(settings.WISE_KEY).read_bytes())
        try:
            signature = b64decode(headers.get("X-Signature-SHA256", ""), validate=True)
            if isinstance(key, RSAPublicKey):
                key.verify(signature, body, PKCS1v15(), SHA256())
                return True
        except (InvalidSignature, ValueError):
            pass
        return False

    def named_in(self, body: bytes) -> str:
        """Return the transfer that a message speaks of."""
        try:
            resource = json.loads(body)["data"]["resource"]
            return str(int(resource["id"])) if resource["type"] == "transfer" else ""
        except (ValueError, KeyError, TypeError):
            return ""


class Refusing(Exception):  # noqa: N818 - reads as the sentence it is
    """Wise says that a request is wrong: it did nothing, and never will."""


def _quote(order: Order) -> dict[str, Any]:
    """Ask for exactly so much to arrive, out of the balance in the same currency."""
    said = {
        "sourceCurrency": order.currency, "targetCurrency": order.currency, "targetAmount": float(order.amount),
        "payOut": "BANK_TRANSFER", "preferredPayIn": "BALANCE",
    }  # fmt: skip
    return _ask("POST", f"/v3/profiles/{profile()}/quotes", said)


def _transfer(reference: str) -> dict[str, Any]:
    try:
        return _ask("GET", f"/v1/transfers/{reference}")
    except Refusing as refused:
        raise Unanswered(str(refused)) from refused


def _fund(reference: str) -> None:
    """Pay a transfer from the balance; where it has too little, the transfer waits."""
    _call("POST", f"/v3/profiles/{profile()}/transfers/{reference}/payments", {"type": "BALANCE"})


def _made_before(order: Order) -> dict[str, Any] | None:
    """Return the transfer that stands under an order's key, if there is one."""
    place, key = 0, str(key_of(order.key))
    while True:
        said = _call("GET", "/v1/transfers", params={
            "profile": profile(), "targetCurrency": order.currency, "limit": str(PAGE), "offset": str(place),
        })  # fmt: skip
        listed = _json(said) if said.is_success else None
        if not isinstance(listed, list):
            raise Unanswered(said.status_code)
        for one in listed:
            if one.get("customerTransactionId") == key:
                found: dict[str, Any] = one
                return found
        if len(listed) < PAGE:
            return None
        place += PAGE


def _told(transfer: dict[str, Any]) -> Told:
    status = str(transfer["status"])
    if status not in STATUS:
        raise Unanswered(status)
    going = STATUS[status]
    amount = Decimal(str(transfer["targetValue"])) if going == Going.ARRIVED else None
    fee = _fee(str(transfer["quoteUuid"])) if going == Going.ARRIVED else Decimal(0)
    return Told(going, str(transfer["id"]), fee, status, amount)


def _fee(quote: str) -> Decimal:
    """Return what Wise took for a transfer, by the quote that it was made from."""
    try:
        said = _ask("GET", f"/v3/profiles/{profile()}/quotes/{quote}")
    except Refusing as refused:
        raise Unanswered(str(refused)) from refused
    paid = [option for option in said.get("paymentOptions", []) if option.get("payIn") == "BALANCE"]
    return Decimal(str(paid[0]["fee"]["total"])) if paid else Decimal(0)


def _ask(method: str, path: str, said: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what Wise answers. Raises Refusing where it says the request is wrong, Unanswered without an answer."""
    answer = _call(method, path, said)
    found = _json(answer)
    if answer.status_code in REFUSED:
        errors = found.get("errors") if isinstance(found, dict) else None
        raise Refusing(str(errors[0].get("code", "refused")) if errors else "refused")
    if not answer.is_success or not isinstance(found, dict) or "id" not in found:
        raise Unanswered(answer.status_code)
    return found


def _call(
    method: str, path: str, said: dict[str, Any] | None = None, params: dict[str, str] | None = None
) -> httpx.Response:
    place = urlsplit(settings.WISE_URL)
    signed = {"Authorization": f"Bearer {unquote(place.password or '')}"}
    try:
        with httpx.Client(base_url=base_of(settings.WISE_URL), timeout=PATIENCE, headers=signed) as client:
            return client.request(method, path, json=said, params=params)
    except httpx.HTTPError as error:
        raise Unanswered(str(error)) from error


def asked(path: str, params: dict[str, str]) -> Any:  # noqa: ANN401 - a list or an object, as its address has it
    """Return what Wise answers to a question, numbers exact. Raises Unanswered."""
    answer = _call("GET", path, params=params)
    if not answer.is_success:
        raise Unanswered(answer.status_code)
    return _json(answer)


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401 - whatever it is
    try:
        return json.loads(answer.content, parse_float=Decimal)
    except ValueError as error:
        raise Unanswered(answer.status_code) from error


def profile() -> str:
    """Return the number of the cooperative's profile there."""
    return unquote(urlsplit(settings.WISE_URL).username or "")
