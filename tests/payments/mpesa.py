"""A small Daraja for the tests: the three addresses that B2C is used by, as a real server on a local port.

It keeps to developer.safaricom.co.ke's words: a token is asked for, the initiator's password has to open with the key
of the certificate, a request of the wrong shape or with a known OriginatorConversationID is refused, and what became
of a payment or a question is told later, at the address given with it, when the test lets it. What it does not have:
the core's own rules (balances of the shortcode, a customer's limits, registered or not), time-outs of its own, retries
of callbacks, its errors of rate and spike, reversals, and everything that the documentation does not tell: how long a
key is known, and what a question about a payment that failed is answered.
"""

import csv
import io
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.payments import answering

TOKEN = "daraja-test-token"
PASSWORD = "Safaricom999!*!"
SHORTCODE = "600999"


def key_and_certificate() -> tuple[rsa.RSAPrivateKey, bytes]:
    """Return a key of its own and its certificate in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fake daraja")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    return key, made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass
class Shortcode:
    """What the fake knows and what it shall do wrong next."""

    key: rsa.RSAPrivateKey
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    questions: list[dict[str, Any]] = field(default_factory=list)
    # What became of a payment, by its key: "Completed" where nothing is said.
    status: dict[str, str] = field(default_factory=dict)
    loses_answers: int = 0
    breaks: int = 0
    refuses: str = ""

    @property
    def paid(self) -> list[str]:
        """The keys of all payments."""
        return list(self.payments)

    def result_of(
        self, key: str, code: int = 0, words: str = "The service request is processed successfully."
    ) -> bytes:
        """Return what is told of a payment at its own address."""
        amount = self.payments[key]["Amount"]
        facts = [{"Key": "TransactionAmount", "Value": amount}, {"Key": "TransactionReceipt", "Value": "SG632NMUAB"}]
        more = {"ResultParameters": {"ResultParameter": facts}} if code == 0 else {}
        return json.dumps({"Result": {
            "ResultType": 0, "ResultCode": code, "ResultDesc": words, "OriginatorConversationID": key,
            "ConversationID": "AG_20240706_2010364430d9bbdaf872", "TransactionID": "SG632NMUAB", **more,
        }}).encode()  # fmt: skip

    def answer_to(self, question: dict[str, Any]) -> bytes:
        """Return what is told at the address of a question about a payment."""
        payment = self.payments.get(question["OriginalConversationID"])
        status = self.status.get(question["OriginalConversationID"], "Completed")
        if payment is None or status == "unknown":
            result: dict[str, Any] = {"ResultCode": 2001, "ResultDesc": "The transaction does not exist."}
        else:
            result = {"ResultCode": 0, "ResultParameters": {"ResultParameter": [
                {"Key": "DebitPartyCharges", "Value": "Fee For B2C Payment|KES|22.40"}, {"Key": "TransactionReason"},
                {"Key": "TransactionStatus", "Value": status}, {"Key": "Amount", "Value": str(payment["Amount"])},
                {"Key": "ReceiptNo", "Value": "SG632NMUAB"},
            ]}}  # fmt: skip
        return json.dumps({"Result": {"ResultType": 0, "OriginatorConversationID": "3213-416199-2", **result}}).encode()


def wrong(said: dict[str, Any], *, needs: set[str]) -> bool:
    """Tell whether a request has another shape than the documentation's."""
    addresses = [said.get("ResultURL", ""), said.get("QueueTimeOutURL", "")]
    return set(said) != needs or not all(str(one).startswith("http") for one in addresses)


COMMON = {"SecurityCredential", "CommandID", "PartyA", "Remarks", "QueueTimeOutURL", "ResultURL"}
B2C = COMMON | {"OriginatorConversationID", "InitiatorName", "Amount", "PartyB", "Occassion"}
STATUS = COMMON | {"Initiator", "TransactionID", "OriginalConversationID", "IdentifierType", "Occasion"}


class Handler(answering.Handler):
    """Answers for the server's shortcode."""

    @property
    def shortcode(self) -> Shortcode:
        """The shortcode of the server that this request came to."""
        found: Shortcode = self.of
        return found

    def loses(self) -> bool:
        """Tell whether this asks for a payment."""
        return "b2c" in self.path

    def refuse(self, status: int, code: str, words: str) -> None:
        """Refuse as the API does."""
        self.answer(status, {"requestId": "30764-19833054-1", "errorCode": code, "errorMessage": words})

    def do_GET(self) -> None:  # noqa: N802 - the name that the server calls
        """Give a token."""
        right = self.headers.get("Authorization") == "Basic " + b64encode(b"key:secret").decode()
        if self.path != "/oauth/v1/generate?grant_type=client_credentials" or not right:
            self.refuse(400, "400.008.01", "Invalid Authentication passed")
        else:
            self.answer(200, {"access_token": TOKEN, "expires_in": "3599"})

    def do_POST(self) -> None:  # noqa: N802 - the name that the server calls
        """Take a payment or a question in."""
        said = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.refuse(401, "400.003.01", "Invalid Access Token")
        elif self.shortcode.breaks:
            self.shortcode.breaks -= 1
            self.refuse(500, "500.003.1001", "Internal Server Error")
        elif self.shortcode.key.decrypt(b64decode(said["SecurityCredential"]), PKCS1v15()) != PASSWORD.encode():
            self.refuse(400, "400.002.02", "Bad Request - Invalid SecurityCredential")
        elif self.path == "/mpesa/b2c/v3/paymentrequest":
            self.pay(said)
        elif self.path == "/mpesa/transactionstatus/v1/query":
            self.ask(said)
        else:
            self.refuse(404, "404.003.01", "Resource not found")

    def pay(self, said: dict[str, Any]) -> None:
        """Take a payment in, once for its key."""
        key, amount = said.get("OriginatorConversationID"), said.get("Amount")
        whole = isinstance(amount, int) and 10 <= amount <= 250_000
        if wrong(said, needs=B2C) or not whole or not str(said["PartyB"]).isdigit() or len(said["PartyB"]) != 12:
            self.refuse(400, "400.002.02", "Bad Request - Invalid Request")
        elif self.shortcode.refuses:
            self.refuse(400, "400.002.02", self.shortcode.refuses)
        elif key in self.shortcode.payments:
            self.refuse(500, "500.002.1001", "Duplicate OriginatorConversationID.")
        else:
            self.shortcode.payments[str(key)] = said
            self.accept(str(key))

    def ask(self, said: dict[str, Any]) -> None:
        """Take a question in."""
        if wrong(said, needs=STATUS) or said["CommandID"] != "TransactionStatusQuery" or said["PartyA"] != SHORTCODE:
            self.refuse(400, "400.003.02", "Bad Request")
        else:
            self.shortcode.questions.append(said)
            self.accept("1236-7134259-1")

    def accept(self, key: str) -> None:
        """Say that the request was taken in."""
        said = "Accept the service request successfully."
        self.answer(200, {"ConversationID": "AG_20210709_1234409f86436c583e3f", "OriginatorConversationID": key,
                          "ResponseCode": "0", "ResponseDescription": said})  # fmt: skip


@dataclass
class Portal:
    """What the organisation portal shows of the account, and saves as a file, in the form that others read it in."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    held: Decimal = Decimal(0)
    newest_first: bool = True

    def book(self, amount: str, details: str, receipt: str, *, at: datetime, status: str = "Completed") -> None:
        """Write down what moved, or was tried; days are those of the test's clock."""
        self.held += Decimal(amount) if status == "Completed" else 0
        paid, withdrawn = (f"{Decimal(amount):,.2f}", "") if Decimal(amount) > 0 else ("", f"{Decimal(amount):,.2f}")
        when = at.strftime("%d-%m-%Y %H:%M:%S")
        self.rows.append((receipt, when, when, details, status, paid, withdrawn, f"{self.held:,.2f}", "true", ""))

    def file(self) -> bytes:
        """Return the file: lines about the account, the headings, then what moved."""
        written = io.StringIO()
        writer = csv.writer(written)
        writer.writerows([["Organization Statement"], ["Short Code:", SHORTCODE], ["Account:", "Utility Account"], []])
        writer.writerow([
            "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status", "Paid In",
            "Withdrawn", "Balance", "Balance Confirmed", "Other Party Info",
        ])  # fmt: skip
        writer.writerows(reversed(self.rows) if self.newest_first else self.rows)
        return b"\xef\xbb\xbf" + written.getvalue().encode()


@contextmanager
def running(folder: Path) -> Iterator[tuple[Shortcode, str, Path]]:
    """Run it for the length of a block; give it with its address and the file of its certificate."""
    key, certificate = key_and_certificate()
    file = folder / "daraja.pem"
    file.write_bytes(certificate)
    shortcode = Shortcode(key)
    with answering.listening(Handler, shortcode) as place:
        yield shortcode, f"http://key:secret@{place}/{SHORTCODE}", file
