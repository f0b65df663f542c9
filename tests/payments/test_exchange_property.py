# ruff: noqa: D102 - what a step does is its name
"""Whatever else is done with the books, exchange adds up to nothing in each currency and members lose no unit by it."""

from decimal import Decimal

from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test
from pytest_django import Settings

from payments import accounts, exchange, ledger, payouts
from payments.models import Payout, PayoutState
from tests.payments import abroad, ways
from tests.payments.test_books_property import Books, refused


class Abroad(Books):
    """The books, with payouts in shillings beside them (kind 23): bought, told, taken, arrived or come back."""

    @initialize()
    def begin(self) -> None:
        """Let the way be open, and two members have said where their money goes."""
        super().begin()
        self.bought = self.arrived = Decimal(0)
        self.costs = self.paid = Decimal(0)
        ways.open_way("mpesa")
        for member in self.members[:2]:
            abroad.say_where(member, "mpesa", phone="0712345678")
        self.pass_time(abroad.WAIT)

    @rule(paid=st.integers(1, 4_000), price=st.integers(10_000, 20_000))
    def buy(self, paid: int, price: int) -> None:
        dollars, shillings = Decimal(paid) / 100, Decimal(paid) * price / 10_000
        shillings = shillings.quantize(Decimal("0.01"))
        enough = -ledger.balance(accounts.BANK) >= dollars
        try:
            with transaction.atomic():
                abroad.buy(*self.officers, bought=str(shillings), paid=str(dollars), reference=f"FX{self.next()}")
        except refused:
            assert not enough
        else:
            assert enough
            self.bought, self.paid = self.bought + shillings, self.paid + dollars

    @rule(who=st.integers(0, 1), cents=st.integers(100, 3_000))
    def take(self, who: int, cents: int) -> None:
        member, asked = self.members[who], Decimal(cents) / 100
        ready, free = payouts.ready(member), exchange.held("KES")
        try:
            with transaction.atomic():
                payout = abroad.take(member, str(asked))
        except refused:
            price = exchange.price("KES")
            assert price is None or asked > ready or asked * price.rate >= min(Decimal(10), free)
        else:
            quote = payout.quote
            assert quote
            assert 0 <= quote.stays * quote.rate < 1
            assert ledger.balance(accounts.payable(member.pk)) == ready - quote.costs
            self.earned[member.pk] -= quote.costs
            self.costs += quote.costs
            self.arrived += quote.arrives

    @rule(arrives=st.booleans())
    def end_one(self, arrives: bool) -> None:  # noqa: FBT001 - as hypothesis draws it
        waiting = Payout.objects.filter(state=PayoutState.REQUESTED).exclude(quote=None)
        for payout in waiting.select_related("person", "quote")[:1]:
            payouts.send(payout, reference="R", by=self.officers[0], at=self.at)
            (payouts.settle if arrives else payouts.fail)(payout, by=self.officers[1], at=self.at)
            if not arrives:
                assert payout.quote
                self.earned[payout.person_id] += payout.quote.costs
                self.costs -= payout.quote.costs
                self.arrived -= payout.quote.arrives

    @rule(arrives=st.booleans())
    def pay_out(self, arrives: bool) -> None:  # noqa: FBT001 - as hypothesis draws it
        """Only what was asked for in dollars; the others end in a rule of their own."""
        for payout in Payout.objects.filter(state=PayoutState.REQUESTED, quote=None).select_related("person")[:1]:
            payouts.send(payout, reference="R", by=self.officers[0], at=self.at)
            (payouts.settle if arrives else payouts.fail)(payout, by=self.officers[1], at=self.at)
            self.earned[payout.person_id] += 0 if arrives else payout.amount

    @invariant()
    def what_exchange_holds_is_what_went_in_less_what_went_out(self) -> None:
        if hasattr(self, "bought"):
            assert ledger.balance("fx:KES", "KES") == self.bought - self.arrived
            assert ledger.balance("fx:USD") == self.costs - self.paid
            assert exchange.held("KES") == self.bought - self.arrived >= 0


def test_exchange_adds_up(db: None, settings: Settings) -> None:
    settings.MPESA_URL, settings.MPESA_INITIATOR, settings.MPESA_CERTIFICATE = "http://k:s@127.0.0.1:9/1", "a:b", "c"
    run_state_machine_as_test(
        Abroad,
        settings=hypothesis_settings(
            max_examples=6, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
