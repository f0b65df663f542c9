"""M-Pesa: to a Kenyan mobile number, in whole Kenyan shillings, by Safaricom's Daraja (B2C v3).

As developer.safaricom.co.ke documents it: a request is only taken in; what became of it is told later at the address
given with it, and so is the answer to a question about it. `OriginatorConversationID` is ours to choose and refused a
second time. What Safaricom charges stands on another account of its own and is paid as a bill.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum.util import clean

from coop.refusals import Refusal
from payments.rails.api import AnsweringRail, Going, Order, Told, Unanswered, base_of, read
from payments.rails.interface import Facts, Field, last_of
from payments.templatetags.money import money

LIVE = "api.safaricom.co.ke"
PATIENCE = httpx.Timeout(15)
SALT = "payments.mpesa"
# What the API answers to a key it knows, and to a request that it will never take.
KNOWN = "duplicate originatorconversationid"
REFUSED = "400.002.02"
CAME_BACK = {"Failed", "Declined", "Cancelled", "Expired"}
NUMBER = 12
LEAST, MOST = Decimal(10), Decimal(250_000)


class Mpesa(AnsweringRail):
    """Payouts to a mobile number, each one request."""

    name = "mpesa"
    label = gettext_lazy("M-Pesa")
    paid_from = "mpesa"
    about = gettext_lazy("To your M-Pesa number in Kenya, in whole shillings at the rate that we bought them for.")
    days = 1
    currency = "KES"
    unit = Decimal(1)
    # The documentation says that a key is refused a second time, not for how long.
    memory = timedelta(hours=24)
    # Nobody takes back from a number; Safaricom reverses only as a transaction of its own.
    returns = False
    fields = (Field("phone", gettext_lazy("Your M-Pesa number"), gettext_lazy("As 0712 345 678."), longest=20),)

    @property
    def available(self) -> bool:  # type: ignore[override]  # it depends on settings here
        """Tell whether this site has a shortcode there."""
        return bool(settings.MPESA_URL and settings.MPESA_INITIATOR and settings.MPESA_CERTIFICATE)

    @property
    def simulated(self) -> bool:  # type: ignore[override]  # it depends on a setting here
        """Tell whether it is not the real M-Pesa: its sandbox, or a test's."""
        return urlsplit(settings.MPESA_URL).hostname != LIVE

    def clean(self, facts: Mapping[str, str]) -> Facts:
        """Return the number as M-Pesa writes it: 254712345678."""
        said = clean(super().clean(facts)["phone"], " -.()").removeprefix("+")
        return {"phone": f"254{said[1:]}" if said.startswith("0") else said}

    def refusal(self, facts: Mapping[str, str]) -> Refusal | None:
        """Say what is no mobile number of Kenya's."""
        said = facts["phone"]
        fits = said.isascii() and said.isdigit() and len(said) == NUMBER and said.startswith(("2547", "2541"))
        return None if fits else Refusal(_("This is no mobile number in Kenya."), status=400)

    def hint(self, facts: Mapping[str, str]) -> str:
        """Return the end of the number."""
        return f"M-Pesa {last_of(facts['phone'])}"

    def refusal_of_amount(self, arrives: Decimal) -> Refusal | None:
        """Say what M-Pesa does not send in one payment."""
        if LEAST <= arrives <= MOST:
            return None
        words = _("M-Pesa sends from %(least)s to %(most)s at once.")
        return Refusal(words % {"least": money(LEAST, "KES"), "most": money(MOST, "KES")}, status=409)

    def send(self, order: Order) -> Told:
        """Hand a payout over; what became of it is told later."""
        said = {
            "OriginatorConversationID": order.key, "InitiatorName": _initiator()[0], "CommandID": "BusinessPayment",
            "Amount": int(order.amount), "PartyA": _shortcode(), "PartyB": order.to["phone"], "Occassion": "",
        }  # fmt: skip
        answer = _call("/mpesa/b2c/v3/paymentrequest", said, {"key": order.key})
        told = read(answer)
        if answer.is_success and str(told.get("ResponseCode")) == "0":
            return Told(Going.ON_ITS_WAY, order.key)
        words = str(told.get("errorMessage", ""))
        if words.lower().startswith(KNOWN):
            return Told(Going.ON_ITS_WAY, order.key)
        if told.get("errorCode") == REFUSED:
            return Told(Going.CAME_BACK, "", words=words[:140])
        raise Unanswered(answer.status_code)

    def look(self, reference: str) -> Told:
        """Ask where a payout is; it is on its way until the answer has come."""
        _query({"key": reference})
        return Told(Going.ON_ITS_WAY, reference)

    def give_up(self, reference: str) -> Told:
        """Ask again: nothing waits there to be claimed."""
        return self.look(reference)

    def named_in(self, body: bytes) -> str:
        """Return nothing: M-Pesa has an address of its own for each question."""
        return ""

    def answered(self, token: str, body: bytes) -> tuple[str, Told] | None:
        """Return what an answer to our question says; ask, where it is only a word about a payment or a time-out."""
        try:
            asked = signing.loads(token, salt=SALT)
        except signing.BadSignature as error:
            raise LookupError(token) from error
        result = _result(body)
        if "about" not in asked:
            failed = "" if str(result.get("ResultCode", "0")) == "0" else str(result.get("ResultDesc", "failed"))
            _query(asked, failed[:100])
            return None
        told = _told(result, asked)
        return (asked["key"], told) if told else None


def _told(result: dict[str, Any], asked: dict[str, str]) -> Told | None:
    """Return what the answer to a question says; nothing while the payment goes on, or where it cannot be ours."""
    if not result:
        return None  # a time-out: the question itself was not answered
    if str(result.get("ResultCode")) != "0":
        # M-Pesa knows of no such payment. Believed only where the payment's own result said that it failed.
        return Told(Going.CAME_BACK, asked["key"], words=asked["failed"][:140]) if asked.get("failed") else None
    facts = _facts(result)
    if facts.get("TransactionStatus") in CAME_BACK:
        return Told(Going.CAME_BACK, asked["key"], words=facts["TransactionStatus"])
    if facts.get("TransactionStatus") != "Completed":
        return None
    receipt, amount = facts.get("ReceiptNo", "")[:140], _amount(facts.get("Amount", ""))
    return Told(Going.ARRIVED, asked["key"], words=receipt, amount=amount)


def _amount(said: str) -> Decimal:
    try:
        return Decimal(said)
    except ArithmeticError as error:
        raise Unanswered(said) from error


def _result(body: bytes) -> dict[str, Any]:
    try:
        result = json.loads(body)["Result"]
    except (ValueError, KeyError, TypeError):
        return {}
    return result if isinstance(result, dict) else {}


def _facts(result: dict[str, Any]) -> dict[str, str]:
    try:
        listed = result["ResultParameters"]["ResultParameter"]
        return {str(one["Key"]): str(one.get("Value", "")) for one in listed}
    except (KeyError, TypeError, AttributeError):
        return {}


def _query(about: dict[str, str], failed: str = "") -> None:
    """Ask what became of a payment, to be answered at an address made for this question. Raises Unanswered."""
    said = {
        "Initiator": _initiator()[0], "CommandID": "TransactionStatusQuery", "TransactionID": "",
        "OriginalConversationID": about["key"], "PartyA": _shortcode(), "IdentifierType": "4", "Occasion": "",
    }  # fmt: skip
    answer = _call("/mpesa/transactionstatus/v1/query", said, about | {"about": "status", "failed": failed})
    if not answer.is_success or str(read(answer).get("ResponseCode")) != "0":
        raise Unanswered(answer.status_code)


def _call(path: str, said: dict[str, Any], asked: dict[str, str]) -> httpx.Response:
    """Ask Daraja with a token of its own, and say where it is to answer; raise Unanswered where there is no answer."""
    place = urlsplit(settings.MPESA_URL)
    address = settings.ORIGIN + reverse("payments:answer", args=[signing.dumps(asked, salt=SALT)])
    whole = said | {
        "SecurityCredential": _credential(), "Remarks": "Workhall", "ResultURL": address, "QueueTimeOutURL": address,
    }  # fmt: skip
    try:
        with httpx.Client(base_url=base_of(settings.MPESA_URL), timeout=PATIENCE) as client:
            secret = (unquote(place.username or ""), unquote(place.password or ""))
            token = client.get("/oauth/v1/generate", params={"grant_type": "client_credentials"}, auth=secret)
            if not token.is_success:
                raise Unanswered(token.status_code)
            signed = {"Authorization": f"Bearer {read(token).get('access_token', '')}"}
            return client.post(path, json=whole, headers=signed)
    except httpx.HTTPError as error:
        raise Unanswered(str(error)) from error


def _shortcode() -> str:
    return urlsplit(settings.MPESA_URL).path.strip("/")


def _initiator() -> tuple[str, str]:
    name, _colon, password = settings.MPESA_INITIATOR.partition(":")
    return name, password


def _credential() -> str:
    """Return the initiator's password, encrypted for whoever has the key of Safaricom's certificate."""
    key = load_pem_x509_certificate(Path(settings.MPESA_CERTIFICATE).read_bytes()).public_key()
    if not isinstance(key, RSAPublicKey):
        message = "Safaricom's certificate has an RSA key."
        raise TypeError(message)
    return b64encode(key.encrypt(_initiator()[1].encode(), PKCS1v15())).decode()
