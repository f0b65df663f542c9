# ruff: noqa: D102 - what a step does is its name
"""Whatever else is done with the books, what weeks lack is paid in turn, once, as far as the fund reaches."""

from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from payments import accounts, guarantee, ledger
from payments.ledger import Kind
from payments.models import Fund, Transfer
from payments.money import from_micro, to_micro
from tests.money_in import endow
from tests.payments.conftest import owning
from tests.payments.test_books_property import Books, amounts

# A week that the fund owes all of, as no job of these books has a deposit.
LACKS = """WITH found AS (
    INSERT INTO payments_topup (person_id, week, seconds, floor, earned, amount, at)
    VALUES (%s, %s, 3600, %s, 0, %s, coop_now()) ON CONFLICT DO NOTHING RETURNING id, amount
) INSERT INTO payments_topuppart (topup_id, amount) SELECT id, amount FROM found"""


def all_owed() -> Decimal:
    """Return what all weeks lacked and is not paid yet, in US dollars; posts and panels are owed beside it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(amount), 0) FROM payments_still_owed WHERE kind = 'top_up'")
        return from_micro(int(cursor.fetchone()[0]))


class Floors(Books):
    """The books, with weeks that lack something beside them (kind 11)."""

    @initialize()
    def begin_with_the_fund(self) -> None:
        self.for_floors: Decimal | None = None
        self.lacking: list[tuple[int, Decimal]] = []

    @rule(amount=amounts)
    def give_to_the_floor_fund(self, amount: Decimal) -> None:
        reference = f"F{self.next()}"
        endow(self.orbit, amount=amount, reference=reference, by=self.officers[0], at=self.at, fund=Fund.FLOOR)
        self.for_floors = (self.for_floors or Decimal(0)) + amount

    @rule(who=st.integers(0, 1), amount=amounts)
    def find_that_a_week_lacks(self, who: int, amount: Decimal) -> None:
        """An hour of work that paid nothing, as the database writes it."""
        week = self.at.date() + timedelta(days=7 * len(self.lacking) + self.next() % 7)
        with owning(), connection.cursor() as cursor:
            cursor.execute(LACKS, [self.members[who].pk, week, to_micro(amount), to_micro(amount)])
            if cursor.rowcount:
                self.lacking.append((self.members[who].pk, amount))

    @rule(times=st.integers(1, 3))
    def pay_what_weeks_lack(self, times: int) -> None:
        for _turn in range(times):
            guarantee.pay(at=self.at)
        while self.lacking and self.lacking[0][1] <= self.at_hand():
            person, amount = self.lacking.pop(0)
            self.for_floors = (self.for_floors or Decimal(0)) - amount
            self.earned[person] += amount
        assert all_owed() == sum((amount for _who, amount in self.lacking), Decimal(0))

    @invariant()
    def the_fund_has_what_was_given_less_what_it_paid(self) -> None:
        if hasattr(self, "lacking"):
            assert ledger.balance(accounts.FLOOR) == self.at_hand() >= 0

    def at_hand(self) -> Decimal:
        """Return what was given less what was paid, with the fund's share of the fees."""
        fees = Transfer.objects.filter(credit__code=accounts.FLOOR).exclude(kind=Kind.DEPOSIT)
        return (self.for_floors or Decimal(0)) + (fees.aggregate(total=Sum("amount"))["total"] or Decimal(0))


def test_what_weeks_lack_is_paid_in_turn(db: None) -> None:
    run_state_machine_as_test(
        Floors,
        settings=settings(
            max_examples=6, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
