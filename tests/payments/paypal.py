"""A small PayPal for the tests: the five addresses that Payouts v1 is used by, as a real server on a local port.

It keeps to developer.paypal.com's words: a token is asked for, a request of the wrong shape is refused, a batch is made
once for its `sender_batch_id` and a repeat is answered with a link to the first. What it does not have: other kinds of
recipient, batches of many, currencies other than the one sent, limits on how often, signatures of webhooks (nothing in
a webhook is believed here), and everything that the documentation does not tell.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.payments import answering

TOKEN = "A21-test-token"
FEE = "0.25"


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

    def shown(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Return a batch as it stands, with each item's status."""
        items = [one | {"transaction_status": self.status.get(one["payout_item"]["sender_item_id"], "SUCCESS")}
                 for one in batch["items"]]  # fmt: skip
        return batch | {"batch_header": batch["batch_header"] | {"batch_status": "SUCCESS"}, "items": items}


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
        """Show a batch."""
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
        self.answer(201, {"batch_header": self.account.batches[reference]["batch_header"]})


@contextmanager
def running() -> Iterator[Account]:
    """Run it for the length of a block."""
    account = Account()
    with answering.listening(Handler, account) as place:
        account.url = f"http://{place}"
        yield account
