"""A small Wise for the tests: the addresses that a payout and a statement use, as a real server on a local port.

It keeps to docs.wise.com's words: the token and the profile have to be right, a request of the wrong shape is refused,
a transfer is made once for its customerTransactionId and from a quote that was made, it waits until it is funded from
the balance, and only then can no longer be cancelled; webhooks are signed by a key of its own. What it does not have:
strong customer authentication (SCA, for profiles in the UK and the EEA) but a refusal for it, approvals, limits, other
balances, the requirements that Wise tells of accounts and transfers, statuses that turn back, and everything that the
documentation does not tell.
"""

import json
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.payments import answering

PROFILE = "28577318"
TOKEN = "wise-test-token"
FEE = "0.44"
BALANCE = 64


@dataclass
class Profile:
    """What the fake knows and what it shall do wrong next."""

    key: rsa.RSAPrivateKey
    quotes: dict[str, dict[str, Any]] = field(default_factory=dict)
    recipients: dict[int, dict[str, Any]] = field(default_factory=dict)
    transfers: dict[int, dict[str, Any]] = field(default_factory=dict)
    funded: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    loses_answers: int = 0
    breaks: int = 0
    refuses: str = ""
    has_balance: bool = True
    # What moved on the balance in euros, as a statement has it; by how much its clock is ahead.
    moved: list[dict[str, Any]] = field(default_factory=list)
    ahead: timedelta = timedelta(0)
    wants_a_look: bool = False

    def book(self, amount: str, reference: str, *, fee: str = "0", kind: str = "TRANSFER") -> None:
        """Write down what moved, fee and all."""
        date = (datetime.now(UTC) + self.ahead).isoformat(timespec="milliseconds")
        self.moved.append({
            "type": "CREDIT" if Decimal(amount) > 0 else "DEBIT", "date": date.replace("+00:00", "Z"),
            "amount": euros(Decimal(amount)), "totalFees": euros(Decimal(fee)),
            "details": {"type": kind, "description": f"About {reference}"}, "referenceNumber": reference,
        })  # fmt: skip

    def statement(self, first: str, last: str) -> dict[str, Any]:
        """Return the statement of a span, the latest first."""
        held = sum((Decimal(str(one["amount"]["value"])) for one in self.moved if one["date"] <= last), Decimal(0))
        lines = [one for one in reversed(self.moved) if first <= one["date"] <= last]
        return {"accountHolder": {"type": "BUSINESS"}, "transactions": lines, "endOfStatementBalance": euros(held)}

    def signed(self, body: bytes) -> str:
        """Return the signature that comes with a message."""
        return b64encode(self.key.sign(body, PKCS1v15(), SHA256())).decode()

    def turn(self, status: str) -> int:
        """Let the last transfer be in another state, and return its number."""
        number = max(self.transfers)
        self.transfers[number]["status"] = status
        return number


def euros(amount: Decimal) -> dict[str, Any]:
    """Return an amount as the API has it."""
    return {"value": float(amount), "currency": "EUR", "zero": not amount}


def fits_quote(said: dict[str, Any]) -> bool:
    """Tell whether a request for a quote has the documentation's shape."""
    return (
        set(said) == {"sourceCurrency", "targetCurrency", "targetAmount", "payOut", "preferredPayIn"}
        and isinstance(said["targetAmount"], float) and said["payOut"] == "BANK_TRANSFER"
    )  # fmt: skip


DETAILS = {"iban": {"IBAN"}, "sort_code": {"sortCode", "accountNumber"}, "indian": {"ifscCode", "accountNumber"}}


def fits_recipient(said: dict[str, Any]) -> bool:
    """Tell whether a request for a recipient has the documentation's shape."""
    return (
        set(said) == {"currency", "type", "profile", "accountHolderName", "details"} and str(said["profile"]) == PROFILE
        and set(said["details"]) == DETAILS[said["type"]] | {"legalType"}
    )  # fmt: skip


class Handler(answering.Handler):
    """Answers for the server's profile."""

    @property
    def profile(self) -> Profile:
        """The profile of the server that this request came to."""
        found: Profile = self.of
        return found

    def loses(self) -> bool:
        """Tell whether this asks for a payment."""
        return self.command == "POST" and self.path == "/v1/transfers"

    def refuse(self, code: str) -> None:
        """Refuse as the API does."""
        self.answer(422, {"errors": [{"code": code, "message": "refused", "path": "x", "arguments": []}]})

    def begin(self) -> list[str] | None:
        """Return the path in parts; None for who is not let in, or while nothing works."""
        self.profile.asked.append(f"{self.command} {self.path}")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, {"error": "invalid_token", "error_description": "Invalid token"})
        elif self.profile.breaks:
            self.profile.breaks -= 1
            self.answer(503, {"error": "unavailable"})
        else:
            return urlsplit(self.path).path.strip("/").split("/")
        return None

    def do_GET(self) -> None:  # noqa: N802 - the name that the server calls
        """Show a transfer, the transfers, or a quote."""
        match self.begin():
            case ["v1", "transfers"]:
                said = parse_qs(urlsplit(self.path).query)
                place, most = int(said["offset"][0]), int(said["limit"][0])
                self.answer(200, list(self.profile.transfers.values())[place : place + most])
            case ["v1", "transfers", number] if int(number) in self.profile.transfers:
                self.answer(200, self.profile.transfers[int(number)])
            case ["v3", "profiles", profile, "quotes", quote] if profile == PROFILE:
                self.answer(200, self.profile.quotes[quote])
            case ["v4", "profiles", profile, "balances"] if profile == PROFILE:
                assert parse_qs(urlsplit(self.path).query) == {"types": ["STANDARD"]}
                both = ((BALANCE, "EUR"), (65, "ZZZ"))
                self.answer(200, [{"id": number, "type": "STANDARD", "currency": one} for number, one in both])
            case ["v1", "profiles", profile, "balance-statements", number, "statement.json"] if (profile, number) == (
                PROFILE,
                str(BALANCE),
            ):
                self.state(parse_qs(urlsplit(self.path).query))
            case list():
                self.answer(404, {"errors": [{"code": "not.found"}]})

    def state(self, said: dict[str, list[str]]) -> None:
        """Answer a statement, unless somebody has to look at it on the site first."""
        if self.profile.wants_a_look:
            self.answer(403, {"status": 403, "error": "Forbidden"})
            return
        assert (said["currency"], said["type"]) == (["EUR"], ["COMPACT"])
        self.answer(200, self.profile.statement(said["intervalStart"][0], said["intervalEnd"][0]))

    def do_PUT(self) -> None:  # noqa: N802 - the name that the server calls
        """Cancel a transfer that was not funded."""
        match self.begin():
            case ["v1", "transfers", number, "cancel"]:
                transfer = self.profile.transfers[int(number)]
                if transfer["status"] != "incoming_payment_waiting":
                    self.answer(409, {"errors": [{"code": "transfer.cancellation.not.allowed"}]})
                else:
                    transfer["status"] = "cancelled"
                    self.answer(200, transfer)

    def do_POST(self) -> None:  # noqa: N802 - the name that the server calls
        """Make a quote, a recipient or a transfer, or fund one."""
        said = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        match self.begin():
            case ["v3", "profiles", profile, "quotes"] if profile == PROFILE and fits_quote(said):
                self.quote(said)
            case ["v1", "accounts"] if fits_recipient(said) and not self.profile.refuses:
                number = 8692237 + len(self.profile.recipients)
                self.profile.recipients[number] = said
                self.answer(200, said | {"id": number})
            case ["v1", "transfers"]:
                self.transfer(said)
            case ["v3", "profiles", profile, "transfers", number, "payments"] if said == {"type": "BALANCE"}:
                self.fund(int(number))
            case list():
                self.refuse(self.profile.refuses or "NOT_VALID")

    def quote(self, said: dict[str, Any]) -> None:
        """Make a quote."""
        option = {"payIn": "BALANCE", "payOut": "BANK_TRANSFER", "fee": {"total": float(FEE)}, "disabled": False}
        quote = said | {"id": str(uuid.uuid4()), "rate": 1.0, "paymentOptions": [option]}
        self.profile.quotes[quote["id"]] = quote
        self.answer(200, quote)

    def transfer(self, said: dict[str, Any]) -> None:
        """Make a transfer, once for its key."""
        uuid.UUID(said["customerTransactionId"])
        for known in self.profile.transfers.values():
            if known["customerTransactionId"] == said["customerTransactionId"]:
                self.answer(200, known)
                return
        if said["targetAccount"] not in self.profile.recipients or said["quoteUuid"] not in self.profile.quotes:
            self.refuse("NOT_VALID")
            return
        quote, number = self.profile.quotes[said["quoteUuid"]], 16521632 + len(self.profile.transfers)
        self.profile.transfers[number] = said | {
            "id": number, "status": "incoming_payment_waiting", "targetCurrency": quote["targetCurrency"],
            "targetValue": quote["targetAmount"], "sourceValue": quote["targetAmount"],
        }  # fmt: skip
        self.answer(200, self.profile.transfers[number])

    def fund(self, number: int) -> None:
        """Fund a transfer from the balance."""
        if not self.profile.has_balance:
            code = "balance.payment-option-unavailable"
            self.answer(200, {"type": "BALANCE", "status": "REJECTED", "errorCode": code})
            return
        if self.profile.transfers[number]["status"] == "incoming_payment_waiting":
            self.profile.funded.append(number)
            self.profile.transfers[number]["status"] = "processing"
            paid = Decimal(str(self.profile.transfers[number]["targetValue"])) + Decimal(FEE)
            self.profile.book(f"-{paid}", f"TRANSFER-{number}", fee=FEE)
        self.answer(200, {"type": "BALANCE", "status": "COMPLETED", "errorCode": None})


@contextmanager
def running(folder: Path) -> Iterator[tuple[Profile, str, Path]]:
    """Run it for the length of a block; give it with its address and the file of its public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = folder / "wise.pem"
    file.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    profile = Profile(key)
    with answering.listening(Handler, profile) as place:
        yield profile, f"http://{PROFILE}:{TOKEN}@{place}", file
