# ruff: noqa: D102 - what a step does is its name
"""Whatever is done, in whatever order and however often: the books add up, and nothing moves twice."""

from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import decisions, offices, standing
from governance.models import CaseGround, Measure, Status
from payments import (
    accounts,
    advances,
    capital,
    checking,
    details,
    entitlements,
    escrow,
    invariants,
    ledger,
    payouts,
    rates,
    surplus,
)
from payments.models import Close, Entitlement, Fund, Payout, PayoutState, Transfer
from payments.money import from_micro
from payments.surplus import Quarter
from tests.conftest import person
from tests.governance import charging
from tests.governance.conftest import depart, members
from tests.money_in import arrive, endow
from tests.payments import leftover
from tests.payments.test_entitlements import pause
from tests.payments.test_hearings import emergency, reversed_on_appeal

JOBS = (700_001, 700_002)
amounts = st.integers(1, 3_000_000).map(from_micro)
refused = (IntegrityError, Refused)


def closed_each(at: datetime) -> list[Close]:
    """Close every quarter that is over, each as a transaction of its own: it asks what is left after it alone."""
    closed = []
    while quarter := surplus.due(at):
        closed.append(surplus.close(quarter, at=at))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return closed


# What a long walk keeps of the officers' term for its other acts.
FOR_OTHERS = timedelta(days=500)
# And from when on nothing is begun that takes days by itself.
LAST = timedelta(days=90)


class Books(RuleBasedStateMachine):
    """Two jobs of one client and three members, with a plain count of what each should have beside the ledger."""

    claims = Bundle("claims")
    taken = Bundle("taken")

    @initialize()
    def begin(self) -> None:
        """Start inside a savepoint that is taken back at the end."""
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.at = clock.now()
        self.orbit = Client.objects.get(slug="orbit")
        self.members = [Person.objects.get(email=f"{name}@demo.workhall.example") for name in ("amina", "luis")]
        self.members.append(members()[-1])  # who may leave
        place = {"way": "M-Pesa", "account": "0700 000 001", "holder": self.members[2].name}
        details.give(self.members[2], rail="by_hand", facts=place, by=self.members[2], at=self.at)
        self.officers = [
            offices.require(Person.objects.get(email=f"{name}@demo.workhall.example"), post, self.at)
            for name, post in (("teresa", "treasurer"), ("petra", "secretary"))
        ]
        self.fee = rates.fee_now()
        self.number = 0
        self.gone = False
        self.open: dict[int, tuple[int, int, Decimal]] = {}
        self.disputed: dict[int, tuple[int, int, Decimal]] = {}
        self.checked: dict[int, tuple[int, int, Decimal]] = {}
        self.advanceable = advances.available()
        self.earned = {member.pk: payouts.ready(member) for member in self.members}

    def teardown(self) -> None:
        """Take everything back."""
        if hasattr(self, "savepoint"):
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def next(self) -> int:
        self.number += 1
        return 800_000_000 + self.number

    @rule(amount=amounts)
    def deposit(self, amount: Decimal) -> None:
        before = escrow.available(self.orbit)
        arrive(self.orbit, amount=amount, reference=f"B{self.next()}", by=self.officers[0], at=self.at)
        assert escrow.available(self.orbit) == before + amount

    @rule(job=st.sampled_from(JOBS), amount=amounts)
    def fund(self, job: int, amount: Decimal) -> None:
        enough = escrow.available(self.orbit) >= amount
        revision = self.next()
        try:
            with transaction.atomic():
                escrow.fund(job, amount, self.orbit, revision, by=None, at=self.at)
        except refused:
            assert not enough
        else:
            assert enough

    @rule(target=claims, job=st.sampled_from(JOBS), who=st.integers(0, 2), pay=st.integers(1, 900_000).map(from_micro))
    def claim(self, job: int, who: int, pay: Decimal) -> int:
        number, amount = self.next(), pay + rates.fee_on(pay, self.fee)
        enough = escrow.set_aside(job) >= amount
        try:
            with transaction.atomic():
                escrow.commit(job, self.members[who].pk, number, amount, at=self.at)
        except refused:
            assert not enough
        else:
            assert enough
            self.open[number] = (job, self.members[who].pk, pay)
        return number

    @rule(number=claims)
    def give_back(self, number: int) -> None:
        if number in self.open:
            job, person, pay = self.open.pop(number)
            escrow.restore(job, person, number, pay + rates.fee_on(pay, self.fee), at=self.at)

    @rule(number=claims, times=st.integers(1, 3))
    def accept(self, number: int, times: int) -> None:
        if number in self.open:
            job, person, pay = self.open.pop(number)
            for _turn in range(times):
                escrow.release(job, person, number, pay, rates.fee_on(pay, self.fee), self.fee, at=self.at)
            self.earned[person] += pay

    @rule(target=taken, job=st.sampled_from(JOBS), who=st.integers(0, 1), pay=amounts)
    def take_a_check(self, job: int, who: int, pay: Decimal) -> int:
        number, enough = self.next(), escrow.set_aside(job) >= pay
        try:
            with transaction.atomic():
                checking.lock(job, self.members[who].pk, number, pay, at=self.at)
        except refused:
            assert not enough
        else:
            assert enough
            self.checked[number] = (job, self.members[who].pk, pay)
        return number

    @rule(number=taken, decided=st.booleans(), times=st.integers(1, 3))
    def end_a_check(self, number: int, decided: bool, times: int) -> None:  # noqa: FBT001 - as hypothesis draws it
        if number in self.checked:
            job, person, pay = self.checked.pop(number)
            end = checking.pay_out if decided else checking.give_back
            for _turn in range(times):
                end(job, person, number, pay, at=self.at)
            self.earned[person] += pay if decided else 0

    @rule(amount=amounts)
    def give_to_the_dispute_fund(self, amount: Decimal) -> None:
        reference = f"G{self.next()}"
        endow(self.orbit, amount=amount, reference=reference, by=self.officers[0], at=self.at, fund=Fund.DISPUTE)
        self.advanceable += amount

    @rule(number=claims, times=st.integers(1, 3))
    def reject(self, number: int, times: int) -> None:
        if number in self.open:
            _job, person, pay = self.open[number]
            try:
                with transaction.atomic():
                    for _turn in range(times):
                        advances.advance(number, [(person, pay)], at=self.at)
            except refused:
                assert self.advanceable < pay
            else:
                assert self.advanceable >= pay
                self.disputed[number] = self.open.pop(number)
                self.advanceable -= pay
                self.earned[person] += pay

    @rule(number=claims, stands=st.booleans(), times=st.integers(1, 3))
    def settle(self, number: int, stands: bool, times: int) -> None:  # noqa: FBT001 - as hypothesis draws it
        if number in self.disputed:
            job, person, pay = self.disputed.pop(number)
            fee, aside = rates.fee_on(pay, self.fee), escrow.set_aside(job)
            for _turn in range(times):
                if stands:
                    advances.recover(escrow.Acceptance(job, person, number, pay, fee, self.fee), at=self.at)
                else:
                    advances.give_back(job, person, number, pay + fee, at=self.at)
            self.advanceable += pay if stands else 0
            assert escrow.set_aside(job) == aside + (0 if stands else pay + fee)

    @rule(who=st.integers(0, 1), amount=amounts)
    def pay_a_look(self, who: int, amount: Decimal) -> None:
        try:
            with transaction.atomic():
                advances.pay_peer(self.members[who].pk, self.next(), amount, at=self.at)
        except refused:
            assert self.advanceable < amount
        else:
            self.advanceable -= amount
            self.earned[self.members[who].pk] += amount

    @rule(who=st.integers(0, 1), hours=st.integers(1, 12))
    def pause_for_a_while(self, who: int, hours: int) -> None:
        """Kind 24: what a running pause owes, hour by hour; twice asked, once paid."""
        with suppress(*refused), transaction.atomic():
            pause(self.members[who], facts=f"seen at {self.next()}")
        self.pass_time(timedelta(hours=hours))

    def pass_time(self, span: timedelta = timedelta(hours=1)) -> None:
        """Let time go by, and count what the hearing fund pays meanwhile."""
        clock.advance(span)
        self.at = clock.now()
        paid = set(Entitlement.objects.values_list("pk", flat=True))
        while entitlements.settle(at=self.at):
            pass
        for one in Entitlement.objects.exclude(pk__in=paid):
            self.gets(one.person_id, one.amount)

    def has_days(self, span: timedelta) -> bool:
        """Tell whether the officers are in office long enough for an act of so many days, and what comes after it."""
        return clock.now() + span + LAST < self.officers[0].ends_at

    def gets(self, person: int, amount: Decimal) -> None:
        if person in self.earned:
            self.earned[person] += amount

    @rule(who=st.integers(0, 1))
    def find_a_pause_unfounded(self, who: int) -> None:
        """Kinds 24 to 26: the pause is paid double, and who sat on its panel."""
        if not self.has_days(timedelta(days=5)):
            return
        samuel, found = (
            person("samuel"),
            decisions.Finding(measure=Measure.UNFOUNDED, reasons="It was the member, on a train."),
        )
        with suppress(*refused), transaction.atomic():
            running = pause(self.members[who], facts=f"seen at {self.next()}")
            charging.agree(emergency(running, samuel, self.members[who], person("petra")), found)
        self.pass_time(timedelta(days=5))

    @rule(who=st.integers(0, 1))
    def reinstate(self, who: int) -> None:
        """Kinds 26 and 27: a decision falls on appeal, and the time it took is paid one and a half times."""
        if clock.now() + FOR_OTHERS > self.officers[0].ends_at:
            return  # a case takes weeks, and what comes after it needs officers in office
        member, teresa = self.members[who], person("teresa")
        told = charging.other(20 + self.next() % 300, ground=CaseGround.DATA_TAKEN)
        earned = dict(self.earned)
        try:
            with transaction.atomic():
                decision = charging.decide(
                    member, person("samuel"), teresa, measure=Measure.PAUSE, scope="work", days=30, **told
                )
                self.pass_time(timedelta(days=17))
                reversed_on_appeal(decision, member, teresa)
        except refused:  # what was paid on the way is undone with it, as where too few are left for a panel
            self.earned = earned
        self.pass_time()

    @precondition(lambda self: Quarter.of(clock.now()).after + surplus.SETTLED < self.officers[0].ends_at)
    @rule()
    def end_a_quarter(self) -> None:
        """Kind 20: all fees go into the quarter's surplus, and nothing stays behind."""
        quarter = Quarter.of(clock.now())
        self.pass_time(quarter.after + surplus.SETTLED - clock.now())
        fees = ledger.balance(accounts.FEE)
        closed = closed_each(self.at)
        assert sum((close.surplus for close in closed), Decimal(0)) == fees
        assert not any(close.carried for close in closed)
        assert ledger.balance(accounts.FEE) == 0

    @rule(reserve=st.integers(0, 10_000), cash=st.integers(2_000, 10_000))
    def divide(self, reserve: int, cash: int) -> None:
        """Kind 21: the parts are the whole, whatever the shares."""
        for close in surplus.to_divide()[:1]:
            shares = {"reserve": reserve, "education": 0, "members": 10_000 - reserve, "cash": cash}
            kept = {member.pk: capital.held(member) for member in self.members}
            divided = leftover.divided(close, self.members[0], **shares)
            parts = list(divided.shares.all())
            assert divided.reserve + sum(one.cash + one.capital for one in parts) == close.surplus
            for one in parts:
                self.gets(one.person_id, one.cash)
                if one.person_id in kept:
                    kept[one.person_id] += one.capital
            assert kept == {member.pk: capital.held(member) for member in self.members}
            self.pass_time()

    @rule()
    def leave(self) -> None:
        """Kind 22: who leaves is paid all their capital; who was gone before has none."""
        leaver = self.members[2]
        if standing.status(leaver) == Status.MEMBER:
            depart(leaver)
            self.gone = True
        self.pass_time()
        held = {member.pk: capital.held(member) for member in self.members}
        capital.redeem_due(at=self.at)
        if self.gone:
            self.gets(leaver.pk, held[leaver.pk])
            held[leaver.pk] = Decimal(0)
        assert {member.pk: capital.held(member) for member in self.members} == held

    @rule(who=st.integers(0, 2), amount=st.integers(1, 500).map(lambda cents: Decimal(cents) / 100))
    def ask(self, who: int, amount: Decimal) -> None:
        member = self.members[who]
        least = Decimal("0.01") if self.gone and who == 2 else Decimal(1)
        fits = least <= amount <= payouts.ready(member)
        try:
            with transaction.atomic():
                payouts.request(member, amount=amount, by=member, at=self.at)
        except refused:
            assert not fits
        else:
            assert fits
            self.earned[member.pk] -= amount

    @rule(arrives=st.booleans())
    def pay_out(self, arrives: bool) -> None:  # noqa: FBT001 - as hypothesis draws it
        for payout in Payout.objects.filter(state=PayoutState.REQUESTED).select_related("person")[:1]:
            payouts.send(payout, reference="R", by=self.officers[0], at=self.at)
            act = payouts.settle if arrives else payouts.fail
            act(payout, by=self.officers[1], at=self.at)
            self.earned[payout.person_id] += 0 if arrives else payout.amount

    @rule(job=st.sampled_from(JOBS))
    def refund(self, job: int) -> None:
        if left := escrow.set_aside(job):
            escrow.refund(job, left, self.orbit, self.next(), at=self.at)
            assert escrow.set_aside(job) == 0

    @rule()
    def everything_again(self) -> None:
        """Post the whole ledger once more: nothing moves."""
        lines = [
            ledger.Line(row.kind, row.debit.code, row.credit.code, row.amount, f"#{row.key}", row.ref)
            for row in Transfer.objects.select_related("debit", "credit").filter(kind=ledger.Kind.WAGE)
        ]
        for line in lines[:3]:
            with pytest.raises(IntegrityError), transaction.atomic():
                ledger.post(line, journal="again", at=self.at)

    @invariant()
    def the_books_are_right(self) -> None:
        if hasattr(self, "savepoint"):
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            assert not any(invariants.broken().values())

    @invariant()
    def everybody_has_what_they_earned(self) -> None:
        if hasattr(self, "savepoint"):
            assert {member.pk: payouts.ready(member) for member in self.members} == self.earned

    @invariant()
    def the_dispute_fund_has_what_was_given_less_what_it_bears(self) -> None:
        if hasattr(self, "savepoint"):
            assert advances.available() == self.advanceable >= 0

    @invariant()
    def what_stands_behind_claims_and_checks_is_their_pay_and_fee(self) -> None:
        if hasattr(self, "savepoint"):
            for job in JOBS:
                for member in self.members:
                    held = [*self.open.values(), *self.disputed.values()]
                    open_claims = [pay for at, who, pay in held if (at, who) == (job, member.pk)]
                    checks = [pay for at, who, pay in self.checked.values() if (at, who) == (job, member.pk)]
                    behind = sum(checks, Decimal(0)) + sum(
                        (pay + rates.fee_on(pay, self.fee) for pay in open_claims), Decimal(0)
                    )
                    assert ledger.balance(accounts.commitment(job, member.pk)) == behind


def test_the_books_hold_whatever_is_done(db: None) -> None:
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_each_of_these_can_be_done(db: None) -> None:
    """What hypothesis may do in any order is done once in this one, so that no kind is there in name only."""
    books, much = Books(), Decimal(1000)
    books.begin()
    try:
        books.deposit(much)
        books.fund(JOBS[0], much / 2)
        for who in (0, 1, 2):
            books.accept(books.claim(JOBS[0], who, Decimal(50)), 1)
        books.find_a_pause_unfounded(0)
        books.reinstate(1)
        books.end_a_quarter()
        books.divide(4000, 3000)
        books.leave()
        books.the_books_are_right()
        books.everybody_has_what_they_earned()
        assert set(range(20, 28)) - {23} <= set(Transfer.objects.values_list("kind", flat=True))
    finally:
        books.teardown()
