"""A small Stripe for the tests: the addresses that this site uses, as a real server on a local port for the real SDK.

Each request is held against the SDK's own type for it (`stripe_shapes`), and each answer is one of the objects that
Stripe publishes with its OpenAPI description (`stripe_objects.json`, MIT), changed where the story needs it. It keeps
to docs.stripe.com: an idempotency key replays its first answer, errors too, and other words under it are refused; what
an account does not hold cannot leave it; a transfer is reversed once; lists are newest first and in pages.

What it does not cover: Stripe's own checks of people and cards, limits on how often, delays between steps, other API
versions, amounts that are refunded or captured in parts, disputes' evidence, several banks or payment methods, what
automatic payouts do, events as Stripe sends them by itself (tests write them), and everything that is told nowhere.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import stripe
from stripe import params
from stripe.params import checkout

from tests.payments import answering, stripe_shapes
from tests.payments.stripe_shapes import Said

KEY = "sk_test_of_the_tests"
HOOK = "whsec_of_the_tests"
OURS = ""
OBJECTS: Mapping[str, Said] = json.loads(Path(__file__).with_name("stripe_objects.json").read_text())
LETTERS = {
    "account": "acct", "balance_transaction": "txn", "charge": "ch", "checkout.session": "cs_test", "dispute": "dp",
    "payment_intent": "pi", "payout": "po", "transfer": "tr", "transfer_reversal": "trr",
}  # fmt: skip


class Refused(Exception):  # noqa: N818 - as Stripe does
    """An error that Stripe answers with."""

    def __init__(self, message: str, code: str = "", status: int = 400, kind: str = "invalid_request_error") -> None:
        """Say what Stripe says."""
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind} | ({"code": code} if code else {})}


@dataclass
class World:
    """What the fake knows, and what it shall do wrong next."""

    url: str = ""
    objects: dict[str, Said] = field(default_factory=dict)
    # Whose an object is: a connected account, or OURS.
    owners: dict[str, str] = field(default_factory=dict)
    cents: dict[str, int] = field(default_factory=lambda: {OURS: 100_000})
    keys: dict[tuple[str, str], tuple[str, int, Said]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    # What a payout to a bank becomes; what an account counts in, and how many of its cents one of ours makes.
    bank: str = "paid"
    counts_in: dict[str, tuple[str, float]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    loses_answers: int = 0
    breaks: int = 0
    # By how many seconds its clock is ahead, as the site's own jumps in tests.
    ahead: int = 0

    def make(self, kind: str, owner: str = OURS, **facts: Any) -> Said:
        """Make an object of a kind as Stripe publishes it, with facts of its own."""
        number = f"{LETTERS.get(kind, kind)}_{len(self.objects) + 1:016d}"
        made = deepcopy(OBJECTS[kind]) | {"id": number, "created": int(time.time()) + self.ahead} | facts
        self.objects[number], self.owners[number] = made, owner
        return made

    def find(self, number: str, owner: str, kind: str) -> Said:
        """Return an object of an account; another's is not there."""
        found = self.objects.get(number)
        if found is None or self.owners[number] != owner or found["object"] != kind:
            words = f"No such {kind}: '{number}'"
            raise Refused(words, "resource_missing", 404)
        return found

    def every(self, kind: str, owner: str, said: Said, **facts: Any) -> Said:
        """Return a page of an account's objects of a kind, newest first."""
        made = [one for number, one in self.objects.items() if self.owners[number] == owner and one["object"] == kind]
        since, end = (int(said.get("created", {}).get(name, other)) for name, other in (("gte", 0), ("lt", 2**40)))
        found = [one for one in reversed(made) if since <= one["created"] < end and facts.items() <= one.items()]
        if after := said.get("starting_after"):
            found = found[[one["id"] for one in found].index(after) + 1 :]
        most = int(said.get("limit", 10))
        return {"object": "list", "url": "/v1/x", "has_more": len(found) > most, "data": found[:most]}

    def book(self, net: int, kind: str, source: Said | None, *, fee: int = 0, status: str = "available") -> Said:
        """Write down what moved on our own balance."""
        return self.make(
            "balance_transaction", amount=net + fee, fee=fee, net=net, type=kind, reporting_category=kind,
            source=source and source["id"], status=status,
        )  # fmt: skip

    @property
    def pending(self) -> int:
        """What is ours there and cannot be used yet, in cents."""
        mine = (one for number, one in self.objects.items() if self.owners[number] == OURS)
        return sum(one["net"] for one in mine if one["object"] == "balance_transaction" and one["status"] == "pending")

    def move(self, cents: int, out_of: str, into: str | None = None) -> None:
        """Move cents between accounts, or out of all of them; refuse what is not held."""
        if self.cents.get(out_of, 0) < cents:
            words = "You have insufficient funds in your Stripe account."
            raise Refused(words, "balance_insufficient")
        self.cents[out_of] -= cents
        if into is not None:
            self.cents[into] = self.cents.get(into, 0) + cents

    @property
    def transfers(self) -> list[Said]:
        """Every transfer that was made, in order."""
        return [one for one in self.objects.values() if one["object"] == "transfer"]

    @property
    def payouts(self) -> list[Said]:
        """Every payout to a bank that was made, in order."""
        return [one for one in self.objects.values() if one["object"] == "payout"]


def make_account(world: World, owner: str, said: Said) -> Said:
    made = world.make("account", country=said["country"], details_submitted=False, payouts_enabled=False)
    world.owners[made["id"]] = OURS
    return made


def show_account(world: World, owner: str, said: Said, number: str = "") -> Said:
    return world.find(number, OURS, "account") if number else deepcopy(OBJECTS["account"]) | {"country": "US"}


def make_link(world: World, owner: str, said: Said) -> Said:
    world.find(said["account"], OURS, "account")
    return deepcopy(OBJECTS["account_link"]) | {"url": f"https://connect.stripe.com/setup/e/{said['account']}"}


def show_balance(world: World, owner: str, said: Said) -> Said:
    currency = world.counts_in.get(owner, ("usd", 1))[0]
    pending = [] if owner else [{"amount": world.pending, "currency": currency}]
    available = [{"amount": world.cents.get(owner, 0), "currency": currency}]
    return deepcopy(OBJECTS["balance"]) | {"available": available, "pending": pending}


def list_moved(world: World, owner: str, said: Said) -> Said:
    page = world.every("balance_transaction", owner, said, currency=said["currency"])
    assert list(said["expand"].values()) == ["data.source"]
    sources = [world.objects.get(one["source"] or "", one["source"]) for one in page["data"]]
    return page | {"data": [one | {"source": source} for one, source in zip(page["data"], sources, strict=True)]}


def make_transfer(world: World, owner: str, said: Said) -> Said:
    to, cents = said["destination"], int(said["amount"])
    if to not in world.objects:
        words = f"No such destination: '{to}'"
        raise Refused(words, "resource_missing")
    world.move(cents, OURS)
    currency, rate = world.counts_in.get(to, ("usd", 1))
    theirs = int(cents * rate)
    world.cents[to] = world.cents.get(to, 0) + theirs
    booked = world.make("balance_transaction", to, amount=theirs, net=theirs, fee=0, currency=currency)
    arrived = world.make("charge", to, amount=theirs, currency=currency, balance_transaction=booked["id"])
    made = world.make(
        "transfer", amount=cents, currency=said["currency"], destination=to, destination_payment=arrived["id"],
        transfer_group=said.get("transfer_group"),
    )  # fmt: skip
    world.book(-cents, "transfer", made)
    return made


def show_transfer(world: World, owner: str, said: Said, number: str) -> Said:
    return world.find(number, owner, "transfer")


def list_transfers(world: World, owner: str, said: Said) -> Said:
    return world.every("transfer", owner, said, transfer_group=said["transfer_group"])


def reverse_transfer(world: World, owner: str, said: Said, number: str) -> Said:
    transfer = world.find(number, owner, "transfer")
    if transfer["reversed"]:
        words = f"Transfer {number} is already reversed."
        raise Refused(words)
    to, cents = transfer["destination"], transfer["amount"]
    world.move(int(cents * world.counts_in.get(to, ("usd", 1))[1]), to)
    world.cents[OURS] += cents
    transfer |= {"reversed": True, "amount_reversed": cents}
    made = world.make("transfer_reversal", amount=cents, transfer=number)
    world.book(cents, "transfer_refund", made)
    return made


def make_payout(world: World, owner: str, said: Said) -> Said:
    if owner in world.closed:
        words = "Payouts have been disabled on this account."
        raise Refused(words, "payouts_not_allowed")
    cents = int(said["amount"])
    world.move(cents, owner)
    return world.make(
        "payout", owner, amount=cents, currency=said["currency"], status="pending", automatic=False,
        metadata=said.get("metadata", {}), statement_descriptor=said.get("statement_descriptor"),
    )  # fmt: skip


def become(world: World, payout: Said) -> None:
    """Let a payout be where the bank has it; what comes back is on the account again."""
    if payout["status"] != world.bank:
        payout["status"] = world.bank
        if world.bank in {"failed", "canceled"}:
            payout["failure_code"] = "account_closed" if world.bank == "failed" else None
            world.cents[world.owners[payout["id"]]] += payout["amount"]


def list_payouts(world: World, owner: str, said: Said) -> Said:
    for payout in world.payouts:
        become(world, payout)
    return world.every("payout", owner, said)


def show_charge(world: World, owner: str, said: Said, number: str) -> Said:
    found = dict(world.find(number, owner, "charge"))
    if "balance_transaction" in said.get("expand", {}).values():
        found["balance_transaction"] = world.objects[found["balance_transaction"]]
    return found


def make_session(world: World, owner: str, said: Said) -> Said:
    (line,) = said["line_items"].values()
    cents = int(line["price_data"]["unit_amount"]) * int(line["quantity"])
    made = world.make(
        "checkout.session", amount_total=cents, currency=line["price_data"]["currency"], status="open",
        payment_status="unpaid", payment_intent=None,
    )  # fmt: skip
    made["url"] = f"https://checkout.stripe.com/c/pay/{made['id']}"
    return made


def pay(world: World, session: str, *, fee: int = 175) -> None:
    """Let somebody pay on a page: the money is ours there, and not to be used yet."""
    page = world.objects[session]
    charge = world.make("charge", amount=page["amount_total"], paid=True)
    booked = world.book(page["amount_total"] - fee, "charge", charge, fee=fee, status="pending")
    intent = world.make("payment_intent", amount=page["amount_total"], latest_charge=charge["id"], status="succeeded")
    charge |= {"balance_transaction": booked["id"], "payment_intent": intent["id"]}
    page |= {"status": "complete", "payment_status": "paid", "payment_intent": intent["id"]}


def settle(world: World) -> None:
    """Let some days pass: all that was paid can be used."""
    for one in world.objects.values():
        if one["object"] == "balance_transaction" and one["status"] == "pending":
            one["status"] = "available"
            world.cents[OURS] += one["amount"] - one["fee"]


def show_session(world: World, owner: str, said: Said, number: str) -> Said:
    page = deepcopy(world.find(number, owner, "checkout.session"))
    if page["payment_intent"]:
        assert list(said["expand"].values()) == ["payment_intent.latest_charge.balance_transaction"]
        page["payment_intent"] = deepcopy(world.objects[page["payment_intent"]])
        charge = deepcopy(world.objects[page["payment_intent"]["latest_charge"]])
        page["payment_intent"]["latest_charge"] = charge
        charge["balance_transaction"] = world.objects[charge["balance_transaction"]]
    return page


def dispute(world: World, session: str, cents: int = 0, *, fee: int = 1_500) -> Said:
    """Let the bank of who paid on a page take money back, all of it if no sum is said."""
    page = world.objects[session]
    cents = cents or page["amount_total"]
    made = world.make(
        "dispute", amount=cents, payment_intent=page["payment_intent"], status="needs_response",
    )  # fmt: skip
    taken = world.book(-cents - fee, "adjustment", made, fee=fee)
    world.cents[OURS] += taken["net"]
    made["balance_transactions"] = [taken]
    return made


def win(world: World, disputed: Said) -> None:
    """Let the bank give back what it took."""
    back = world.book(disputed["amount"], "adjustment", disputed)
    world.cents[OURS] += back["amount"]
    disputed |= {"status": "won", "balance_transactions": [*disputed["balance_transactions"], back]}


def list_disputes(world: World, owner: str, said: Said) -> Said:
    return world.every("dispute", owner, said, **{name: said[name] for name in ("payment_intent",) if name in said})


def refund(world: World, session: str, cents: int) -> Said:
    """Give something back at Stripe itself, as somebody with its dashboard does."""
    number = f"re_{len(world.objects) + 1:016d}"
    made = {
        "object": "refund", "id": number, "created": int(time.time()) + world.ahead, "amount": cents, "currency": "usd",
        "payment_intent": world.objects[session]["payment_intent"], "status": "succeeded",
    }  # fmt: skip
    world.objects[number], world.owners[number] = made, OURS
    world.cents[OURS] -= cents
    world.book(-cents, "refund", made)
    return made


def bill(world: World, cents: int) -> Said:
    """Let Stripe take something for itself, about no payment."""
    world.cents[OURS] -= cents
    return world.book(-cents, "stripe_fee", None)


def pay_to_bank(world: World, cents: int) -> Said:
    """Let what lies there go on to our bank, as somebody with its dashboard does."""
    world.move(cents, OURS)
    made = world.make("payout", amount=cents, currency="usd", status="paid")
    world.book(-cents, "payout", made)
    return made


def list_refunds(world: World, owner: str, said: Said) -> Said:
    until = int(said["created"]["lte"])
    page = world.every("refund", owner, said)
    return page | {"data": [one for one in page["data"] if one["created"] <= until]}


type Answer = Callable[..., Said]
NUMBER = "([a-z]+_[A-Za-z0-9_]+)"
ADDRESSES: list[tuple[str, str, type, Answer]] = [
    ("GET", "/v1/account", params.AccountRetrieveCurrentParams, show_account),
    ("POST", "/v1/accounts", params.AccountCreateParams, make_account),
    ("GET", f"/v1/accounts/{NUMBER}", params.AccountRetrieveParams, show_account),
    ("POST", "/v1/account_links", params.AccountLinkCreateParams, make_link),
    ("GET", "/v1/balance_transactions", params.BalanceTransactionListParams, list_moved),
    ("GET", "/v1/balance", params.BalanceRetrieveParams, show_balance),
    ("POST", "/v1/transfers", params.TransferCreateParams, make_transfer),
    ("GET", "/v1/transfers", params.TransferListParams, list_transfers),
    ("GET", f"/v1/transfers/{NUMBER}", params.TransferRetrieveParams, show_transfer),
    ("POST", f"/v1/transfers/{NUMBER}/reversals", params.TransferReversalCreateParams, reverse_transfer),
    ("POST", "/v1/payouts", params.PayoutCreateParams, make_payout),
    ("GET", "/v1/payouts", params.PayoutListParams, list_payouts),
    ("POST", "/v1/checkout/sessions", checkout.SessionCreateParams, make_session),
    ("GET", f"/v1/checkout/sessions/{NUMBER}", checkout.SessionRetrieveParams, show_session),
    ("GET", "/v1/refunds", params.RefundListParams, list_refunds),
    ("GET", "/v1/disputes", params.DisputeListParams, list_disputes),
    ("GET", f"/v1/charges/{NUMBER}", params.ChargeRetrieveParams, show_charge),
]  # fmt: skip


class Handler(answering.Handler):
    """Answers for the server's world."""

    def do_GET(self) -> None:  # noqa: N802 - the name that the server calls
        """Answer a question."""
        self.told(urlsplit(self.path).query)

    def do_POST(self) -> None:  # noqa: N802 - the name that the server calls
        """Do something."""
        self.told(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

    def told(self, body: str) -> None:
        """Answer what was asked."""
        world: World = self.of
        self.answer(*self.known(world, body))

    def known(self, world: World, body: str) -> tuple[int, Said]:
        """Answer as before what was asked under the same key, or anew."""
        owner, key = self.headers.get("Stripe-Account") or OURS, self.headers.get("Idempotency-Key") or ""
        world.asked.append(f"{self.command} {urlsplit(self.path).path}")
        asked = f"{self.command} {self.path} {body}"
        if self.command == "POST" and (owner, key) in world.keys:
            first, status, said = world.keys[owner, key]
            other = Refused("Keys for idempotent requests can only be used with the same parameters.", status=400,
                            kind="idempotency_error")  # fmt: skip
            return (status, said) if first == asked else (other.status, other.body)
        try:
            checked, act, found = self.checked(world, body)
        except Refused as error:  # never kept under a key: nothing was begun
            return error.status, error.body
        try:
            status, said = 200, act(world, owner, checked, *found)
        except Refused as error:
            status, said = error.status, error.body
        if key:
            world.keys[owner, key] = asked, status, json.loads(json.dumps(said))
        return status, said

    def checked(self, world: World, body: str) -> tuple[Said, Answer, tuple[str, ...]]:
        """Return what a request says and what answers it; refuse another's key and shape."""
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            words = "Invalid API Key provided"
            raise Refused(words, status=401)
        if world.breaks:
            world.breaks -= 1
            words = "Something broke"
            raise Refused(words, status=500, kind="api_error")
        for method, pattern, shape, act in ADDRESSES:
            found = re.fullmatch(pattern, urlsplit(self.path).path)
            if method == self.command and found:
                said = stripe_shapes.read(body)
                if problems := stripe_shapes.wrong(said, shape):
                    raise Refused("; ".join(problems), "parameter_invalid")
                return said, act, found.groups()
        words = f"Unrecognized request URL ({self.command}: {self.path})"
        raise Refused(words, status=404)


def signed(event: Said, *, secret: str = HOOK, at: float | None = None) -> tuple[bytes, str]:
    """Return an event as Stripe sends it, and its signature."""
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, secret, int(at or time.time()))
    return body.encode(), str(header)


@contextmanager
def running() -> Iterator[World]:
    """Run it for the length of a block."""
    world = World()
    with answering.listening(Handler, world) as place:
        world.url = f"http://{KEY}@{place}"
        yield world
