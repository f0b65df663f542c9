"""A small PayPal for the tests: what Payouts v1 and Transaction Search are used by, as a real server on a local port.

It keeps to developer.paypal.com's words: a token is asked for, a request of the wrong shape is refused, a batch is made
once for its `sender_batch_id` and a repeat is answered with a link to the first; transactions are searched for by at
most 31 days, in pages, those of too many refused, and the balance is that of the moment asked for. What was done shows
once its reports were refreshed. What it does not have: other codes than the tests book, other kinds of recipient,
batches of many, currencies other than the one sent, limits on how often, signatures of webhooks (nothing in a webhook
is believed here), and everything that the documentation does not tell.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.payments import answering

TOKEN = "A21-test-token"
FEE = "0.25"
# Of what is held back, and let go again.
HELD_BACK = ("T15", "T1105")


@dataclass
class Account:
    """What the fake knows and what it shall do wrong next."""

    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    # What an item's status is, by its key; SUCCESS where nothing is said.
    status: dict[str, str] = field(default_factory=dict)
    loses_answers: int = 0
    breaks: int = 0
    refuses_tokens: bool = False
    url: str = ""
    # What moved, as Transaction Search has it; by how much its clock is ahead, and how old its reports are.
    moved: list[dict[str, Any]] = field(default_factory=list)
    ahead: timedelta = timedelta(0)
    stale: timedelta = timedelta(0)
    most: int = 10_000
    page: int = 500

    @property
    def now(self) -> datetime:
        """The fake's own clock."""
        return datetime.now(UTC) + self.ahead

    def book(self, amount: str, code: str, *, fee: str = "", custom: str = "", about: str = "") -> str:
        """Write down what moved, and return its number."""
        number, date = f"{len(self.moved) + 1:017d}", self.now.strftime("%Y-%m-%dT%H:%M:%S+0000")
        facts = {"custom_field": custom, "paypal_reference_id": about, "paypal_reference_id_type": about and "TXN"}
        given = {name: one for name, one in facts.items() if one} | ({"fee_amount": dollars(fee)} if fee else {})
        self.moved.append(given | {
            "transaction_id": number, "transaction_event_code": code, "transaction_initiation_date": date,
            "transaction_updated_date": date, "transaction_amount": dollars(amount), "transaction_status": "S",
            "protection_eligibility": "02",
        })  # fmt: skip
        return number

    def search(self, said: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a search, the newest first; holds are on it, as they move what is available."""
        first, last = (moment(said[name]) for name in ("start_date", "end_date"))
        if last - first > timedelta(days=31) or int(said["page_size"]) > 500 or said["fields"] != "transaction_info":
            return 400, {"name": "INVALID_REQUEST"}
        found = [one for one in reversed(self.moved) if first <= moment(one["transaction_updated_date"]) <= last
                 and one["transaction_amount"]["currency_code"] == said["transaction_currency"]]  # fmt: skip
        if len(found) > self.most:
            return 400, {"name": "RESULTSET_TOO_LARGE", "total_items": len(found), "maximum_items": self.most}
        size, page = min(int(said["page_size"]), self.page), int(said["page"])
        return 200, {
            "transaction_details": [{"transaction_info": one} for one in found[(page - 1) * size : page * size]],
            "account_number": "XZXSPECPDZHZU", "start_date": said["start_date"], "end_date": said["end_date"],
            "last_refreshed_datetime": (self.now - self.stale).strftime("%Y-%m-%dT%H:%M:%S+0000"), "page": page,
            "total_items": len(found), "total_pages": -(-len(found) // size),
        }  # fmt: skip

    def balances(self, said: dict[str, str]) -> dict[str, Any]:
        """Return what was held at a moment, with what was held back."""
        last = moment(said["as_of_time"]) if "as_of_time" in said else self.now
        each = [one for one in self.moved if moment(one["transaction_updated_date"]) <= last
                and not one["transaction_event_code"].startswith(HELD_BACK)]  # fmt: skip
        held = sum(Decimal(one[name]["value"]) for one in each for name in ("transaction_amount", "fee_amount")
                   if name in one)  # fmt: skip
        found = {"currency": "USD", "primary": True, "total_balance": dollars(f"{held:.2f}")}
        other = {"currency": "ZZZ", "total_balance": {"currency_code": "ZZZ", "value": "1.00"}}
        shown = [one for one in (found, other) if one["currency"] == said.get("currency_code", one["currency"])]
        return {"balances": shown, "account_id": "XZXSPECPDZHZU", "as_of_time": last.isoformat()}

    @property
    def paid(self) -> list[str]:
        """The keys of all payments, each as often as it was paid."""
        return [batch["items"][0]["payout_item"]["sender_item_id"] for batch in self.batches.values()]

    def reference(self, key: str) -> str:
        """Return the batch of a key."""
        return f"B{key[-6:]}X"

    def batch(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return a new batch as PayPal answers it."""
        key = said["sender_batch_header"]["sender_batch_id"]
        header = {"payout_batch_id": self.reference(key), "batch_status": "PENDING",
                  "sender_batch_header": said["sender_batch_header"]}  # fmt: skip
        return {"batch_header": header, "items": [{
            "payout_item_id": f"I{key[-6:]}", "payout_batch_id": self.reference(key), "payout_item": said["items"][0],
            "payout_item_fee": {"currency": "USD", "value": FEE},
        }]}  # fmt: skip

    def give_back(self, key: str) -> None:
        """Write down that a payout came back; its fee did not."""
        paid = next(one for one in self.moved if one.get("custom_field") == key)
        self.book(paid["transaction_amount"]["value"].removeprefix("-"), "T1115", about=paid["transaction_id"])

    def shown(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Return a batch as it stands, with each item's status."""
        items = [one | {"transaction_status": self.status.get(one["payout_item"]["sender_item_id"], "SUCCESS")}
                 for one in batch["items"]]  # fmt: skip
        return batch | {"batch_header": batch["batch_header"] | {"batch_status": "SUCCESS"}, "items": items}


def dollars(value: str) -> dict[str, str]:
    """Return an amount as the API has it."""
    return {"currency_code": "USD", "value": value}


def moment(said: str) -> datetime:
    """Return a moment that was written out."""
    return datetime.fromisoformat(said)


def wrong(said: Any) -> str:
    """Say what is wrong with the shape of a request for a payout, or nothing."""
    try:
        (item,) = said["items"]
        header = said["sender_batch_header"]
        fine = (
            0 < len(header["sender_batch_id"]) <= 256 and item["recipient_type"] == "EMAIL" and "@" in item["receiver"]
            and set(item["amount"]) == {"value", "currency"} and len(item["amount"]["currency"]) == 3
            and isinstance(item["amount"]["value"], str) and float(item["amount"]["value"]) > 0
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        fine = False
    return "" if fine else "VALIDATION_ERROR"


class Handler(answering.Handler):
    """Answers for the server's account."""

    @property
    def account(self) -> Account:
        """The account of the server that this request came to."""
        found: Account = self.of
        return found

    def loses(self) -> bool:
        """Tell whether this asks for a payment."""
        return self.path == "/v1/payments/payouts"

    def signed(self) -> bool:
        """Tell whether the request carries the token."""
        self.account.asked.append(f"{self.command} {self.path}")
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def do_GET(self) -> None:  # noqa: N802 - the name that the server calls
        """Show a batch, or what moved, or what is held."""
        path, said = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        if path.startswith("/v1/reporting/"):
            assert self.signed()
            if self.account.breaks:
                self.account.breaks -= 1
                self.answer(503, {"name": "INTERNAL_SERVER_ERROR"})
            elif path.endswith("/balances"):
                self.answer(200, self.account.balances(said))
            else:
                self.answer(*self.account.search(said))
            return
        batch = self.account.batches.get(self.path.rsplit("/", 1)[1])
        if not self.signed() or batch is None:
            self.answer(404 if batch is None else 401, {"name": "INVALID_RESOURCE_ID"})
        else:
            self.answer(200, self.account.shown(batch))

    def do_POST(self) -> None:  # noqa: N802 - the name that the server calls
        """Give a token, make a batch, or cancel an item."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/v1/oauth2/token":
            right = body == b"grant_type=client_credentials" and not self.account.refuses_tokens
            self.answer(200 if right else 401, {"access_token": TOKEN} if right else {"error": "invalid_client"})
        elif not self.signed():
            self.answer(401, {"name": "AUTHENTICATION_FAILURE"})
        elif self.path.endswith("/cancel"):
            item = self.path.split("/")[-2]
            key = next(key for key in self.account.paid if key.endswith(item[1:]))
            self.account.status[key] = "RETURNED"
            self.account.give_back(key)
            self.answer(200, {"payout_item_id": item, "transaction_status": "RETURNED"})
        elif self.account.breaks:
            self.account.breaks -= 1
            self.answer(503, {"name": "INTERNAL_SERVER_ERROR"})
        else:
            self.make(json.loads(body))

    def make(self, said: dict[str, Any]) -> None:
        """Make a batch, once for its key."""
        if name := wrong(said):
            self.answer(400, {"name": name, "details": []})
            return
        reference = self.account.reference(said["sender_batch_header"]["sender_batch_id"])
        if reference in self.account.batches:
            link = {"href": f"{self.account.url}/v1/payments/payouts/{reference}", "rel": "self", "method": "GET"}
            self.answer(400, {"name": "USER_BUSINESS_ERROR", "details": [{"issue": "Duplicate", "link": [link]}]})
            return
        self.account.batches[reference] = self.account.batch(said)
        (item,) = said["items"]
        self.account.book(f"-{item['amount']['value']}", "T0001", fee=f"-{FEE}", custom=item["sender_item_id"])
        self.answer(201, {"batch_header": self.account.batches[reference]["batch_header"]})


@contextmanager
def running() -> Iterator[Account]:
    """Run it for the length of a block."""
    account = Account()
    with answering.listening(Handler, account) as place:
        account.url = f"http://{place}"
        yield account
