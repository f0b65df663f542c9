"""Stripe Connect: to the bank account or card that somebody has given to Stripe, under an account of their own there.

As docs.stripe.com has it: a payout is a transfer to their account, in whose `transfer_group` our key stands for ever,
and from there a payout to their bank. Stripe knows an idempotency key again for a day, so each of the two is looked for
before it is made. Money that their bank sends back, or that cannot go on, is taken back by a reversal.
"""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Refusal
from payments.rails import stripe_calls
from payments.rails.api import ApiRail, Going, Order, Told, Unanswered
from payments.rails.interface import Field, last_of
from payments.rails.stripe_calls import Declined, ask

if TYPE_CHECKING:
    from stripe import Charge, Transfer
    from stripe import Payout as BankPayout

ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{6,40}")
STATUS = {
    "paid": Going.ARRIVED,
    **dict.fromkeys(("pending", "in_transit"), Going.ON_ITS_WAY),
    **dict.fromkeys(("failed", "canceled"), Going.CAME_BACK),
}


class Stripe(ApiRail):
    """Payouts by Stripe Connect. What is sealed is the number of an account there, which this site alone opened."""

    name = "stripe"
    label = gettext_lazy("Stripe")
    paid_from = "stripe"
    about = gettext_lazy(
        "To your bank account or card, through an account of your own at Stripe. We tell Stripe your country and what "
        "is paid to you; Stripe asks you who you are and where your money goes. We keep the account's number alone."
    )
    days = 5
    # As long as somebody would still look for it: what was sent is found again by its key, however old.
    memory = timedelta(days=30)
    fields = (Field("account", gettext_lazy("Number of your account at Stripe"), longest=46),)

    @property
    def available(self) -> bool:  # type: ignore[override]  # it depends on a setting here
        """Tell whether this site has an account there."""
        return bool(settings.STRIPE_URL)

    @property
    def simulated(self) -> bool:  # type: ignore[override]  # it depends on a setting here
        """Tell whether it is not the real Stripe."""
        return stripe_calls.simulated()

    def refusal(self, facts: Mapping[str, str]) -> Refusal | None:
        """Say what is no number of an account there."""
        if ACCOUNT.fullmatch(facts["account"]):
            return None
        return Refusal(_("This is no number of an account at Stripe."), status=400)

    def hint(self, facts: Mapping[str, str]) -> str:
        """Return the end of the account's number."""
        return f"Stripe {last_of(facts['account'])}"

    def send(self, order: Order) -> Told:
        """Send a payout, or find what was sent under its key before."""
        found = ask(lambda stripe: stripe.v1.transfers.list({"transfer_group": order.key, "limit": 1}))
        try:
            return _told(found.data[0] if found.data else _transfer(order))
        except Declined as error:
            return Told(Going.CAME_BACK, "", words=str(error)[:140])

    def look(self, reference: str) -> Told:
        """Say where a payout is by the transfer it began with; what can go on goes on, what cannot is taken back."""
        try:
            return _told(ask(lambda stripe: stripe.v1.transfers.retrieve(reference)))
        except Declined as error:
            raise Unanswered(str(error)) from error

    def give_up(self, reference: str) -> Told:
        """Take back what their account holds and their bank was not told of."""
        transfer = ask(lambda stripe: stripe.v1.transfers.retrieve(reference))
        return self.look(reference) if _bank_payout(transfer) else _take_back(transfer, "waited")

    def genuine(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether Stripe signed a message in the last five minutes."""
        return stripe_calls.genuine(body, headers.get("Stripe-Signature", ""))

    def named_in(self, body: bytes) -> str:
        """Return the transfer that a message speaks of, itself or by the payout that it began."""
        try:
            said = json.loads(body)["data"]["object"]
            return str(said["id"] if said["object"] == "transfer" else said["metadata"]["transfer"])[:80]
        except (ValueError, KeyError, TypeError):
            return ""


def _transfer(order: Order) -> "Transfer":
    """Send money to the account, if ours there has so much: else it waits, as a refusal would stand for a day."""
    amount, currency = int(order.amount * 100), order.currency.lower()
    if not _holds(amount, currency):
        raise Unanswered(currency)
    return ask(
        lambda stripe: stripe.v1.transfers.create(
            {
                "amount": amount, "currency": currency, "destination": order.to["account"],
                "transfer_group": order.key, "description": "Workhall",
            },
            {"idempotency_key": order.key},
        )
    )  # fmt: skip


def _told(transfer: "Transfer") -> Told:
    if transfer.reversed:
        return Told(Going.CAME_BACK, transfer.id, words="reversed")
    try:
        payout = _bank_payout(transfer) or _pay_on(transfer)
    except Declined as error:
        return _take_back(transfer, str(error))
    if payout is None:
        return Told(Going.ON_ITS_WAY, transfer.id)
    if payout.status not in STATUS:
        raise Unanswered(payout.status)
    if STATUS[payout.status] == Going.CAME_BACK:
        return _take_back(transfer, payout.failure_code or payout.status)
    return Told(STATUS[payout.status], transfer.id, words=payout.status)


def _bank_payout(transfer: "Transfer") -> "BankPayout | None":
    """Return the payout to their bank that a transfer began, if there is one."""
    made = ask(
        lambda stripe: stripe.v1.payouts.list(
            {"created": {"gte": transfer.created}, "limit": 100}, {"stripe_account": _owner(transfer)}
        )
    )
    for payout in ask(lambda _stripe: list(made.auto_paging_iter())):
        if payout.metadata and payout.metadata.to_dict().get("transfer") == transfer.id:
            return payout
    return None


def _pay_on(transfer: "Transfer") -> "BankPayout | None":
    """Send what arrived in their account on to their bank, in its currency; None while it cannot go yet."""
    arrived = _arrived(transfer).balance_transaction
    if arrived is None or isinstance(arrived, str) or not _holds(arrived.net, arrived.currency, _owner(transfer)):
        return None
    facts = (arrived.net, arrived.currency)
    return ask(
        lambda stripe: stripe.v1.payouts.create(
            {
                "amount": facts[0], "currency": facts[1], "statement_descriptor": "WORKHALL",
                "metadata": {"transfer": transfer.id},
            },
            {"idempotency_key": f"{transfer.transfer_group}-payout", "stripe_account": _owner(transfer)},
        )
    )  # fmt: skip


def _arrived(transfer: "Transfer") -> "Charge":
    """Return a transfer as their account has it."""
    return ask(
        lambda stripe: stripe.v1.charges.retrieve(
            str(transfer.destination_payment), {"expand": ["balance_transaction"]}, {"stripe_account": _owner(transfer)}
        )
    )


def _holds(amount: int, currency: str, account: str | None = None) -> bool:
    """Tell whether an account at Stripe, ours if none is named, has so many cents ready."""
    balance = ask(lambda stripe: stripe.v1.balance.retrieve({}, {"stripe_account": account}))
    return sum(part.amount for part in balance.available if part.currency == currency) >= amount


def _take_back(transfer: "Transfer", words: str) -> Told:
    """Bring money back to our account; Stripe does that once, whoever asks for it."""
    key = f"{transfer.transfer_group}-reversal"
    try:
        ask(lambda stripe: stripe.v1.transfers.reversals.create(transfer.id, {}, {"idempotency_key": key}))
    except Declined as error:
        raise Unanswered(str(error)) from error
    return Told(Going.CAME_BACK, transfer.id, words=words[:140])


def _owner(transfer: "Transfer") -> str:
    return str(transfer.destination)
