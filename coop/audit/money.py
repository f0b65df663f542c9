"""What is walked of the books: by whoever asks for `money`, and every night with the proof."""

from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from coop.audit import budgets, fees, guarantee, ledger, payouts, rates, surplus
from coop.audit.findings import Walk

PAY = Walk("pay", _("Every rate is what a vote said, and nobody took a task for less."), rates.walk)
FEES = Walk("fees", _("Every fee is the voted percentage, and divided as was voted."), fees.walk)
LEDGER = Walk("ledger", _("The books balance and paid what was owed."), ledger.walk)
GUARANTEE = Walk(
    "guarantee", _("Every week comes to what its time and pay make it, and was paid once."), guarantee.walk
)
PAYOUTS = Walk("payouts", _("Every payout ended as its rail or two officers said."), payouts.walk)
SURPLUS = Walk("surplus", _("Every quarter was closed whole, and divided as its vote said."), surplus.walk)
BUDGET = Walk("budget", _("The house spent what was voted, by two people, and nothing else."), budgets.walk)

WALKS = (PAY, FEES, LEDGER, GUARANTEE, PAYOUTS, SURPLUS, BUDGET)
# The proof asks invariants and months itself.
NIGHTLY = (
    PAY,
    FEES,
    replace(LEDGER, says=_("What the books paid is what was taken, accepted and deposited."), find=ledger.facts),
    replace(GUARANTEE, find=guarantee.lately),
    PAYOUTS,
    SURPLUS,
    BUDGET,
)


def asked() -> dict[str, str]:
    """Return what each night's walks show when they find nothing, by their names."""
    return {walk.name: str(walk.says) for walk in NIGHTLY}


def found() -> Iterator[str]:
    """Take each night's walks and yield the names of those that found something that does not add up."""
    for walk in NIGHTLY:
        if any(one.certain for one in walk.find(lambda _rows: None)):
            yield walk.name
