# ruff: noqa: D102 - what an act does is its name
"""The books with everybody who acts on them: members, clients, officers, voters, cards, banks, and time.

Each act is drawn by `chance`. Where it can be told beforehand whether it may be done, it is refused if and only if it
may not (`if_it_fits`): an act that is blocked for good is no outcome.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from coop.people.models import Person
from coop.refusals import Refused
from governance import mandates, standing
from governance.models import Status
from payments import (
    accounts,
    background,
    budgets,
    capital,
    cards,
    corrections,
    details,
    escrow,
    ledger,
    moves,
    paybacks,
    payouts,
    places,
    post_pay,
    raises,
    reconciling,
    runs,
    support,
    surplus,
)
from payments.models import (
    Account,
    Budget,
    CardPayment,
    Close,
    Payout,
    PayoutState,
    PayRun,
    Place,
    Purpose,
    Supporting,
    Transfer,
    WorkType,
)
from payments.money import from_micro
from payments.surplus import Quarter
from tests.conftest import person
from tests.money_in import arrive, endow
from tests.payments import bank, leftover, stripe
from tests.payments.bank import Faults, Line
from tests.payments.stripe import World
from tests.payments.test_books_property import closed_each, refused
from tests.payments.test_cards import begin as begin_by_card
from tests.payments.test_exchange_property import Abroad
from tests.payments.test_floors_property import Floors

TRAINING_JOB = 700_003


class Everybody(Abroad, Floors):
    """What each should have is counted beside the ledger, as in the books it begins from."""

    world: World

    def begin(self) -> None:
        """Begin with two members who can be paid by their bank, too."""
        super().begin()
        self.begin_with_the_fund()
        self.chance = random.Random(0)  # noqa: S311 - nothing secret is drawn
        self.paid_by_card: list[CardPayment] = []
        self.disputed_cards: list[dict[str, object]] = []
        self.unmatched = Decimal(0)
        for member in self.members[:2]:
            facts = {"holder": member.name, "account": "GB33BUKB20201555555555", "bic": ""}
            given = details.give(member, rail="bank", facts=facts, by=member, at=self.at)
            background.tell_of_details(details=given.pk)
        self.pass_time(timedelta(hours=73))

    @contextmanager
    def unless_refused(self) -> Iterator[None]:
        """Try something that may be refused, and then leaves no trace."""
        with suppress(*refused), transaction.atomic():
            yield

    @contextmanager
    def if_it_fits(self, fits: bool) -> Iterator[None]:  # noqa: FBT001 - what it is about is its name
        """Try something that is refused where it does not fit, and only there."""
        try:
            with transaction.atomic():
                yield
        except refused:
            assert not fits
        else:
            assert fits

    @property
    def who(self) -> int:
        return self.chance.randrange(2)

    @property
    def member(self) -> Person:
        return self.members[self.who]

    def some(self, most: int = 3_000_000) -> Decimal:
        return from_micro(self.chance.randint(1, most))

    def one_of(self, numbers: Mapping[int, object]) -> int:
        return self.chance.choice(list(numbers) or [0])

    def owed(self) -> Decimal:
        return -ledger.balance(accounts.receivable(self.orbit.pk))

    # The client, and its payer's bank.

    def pays_in(self) -> None:
        available, owed, amount = escrow.available(self.orbit), self.owed(), self.some() * 4
        arrive(self.orbit, amount=amount, reference=f"B{self.next()}", by=self.officers[0], at=self.at)
        assert escrow.available(self.orbit) - self.owed() == available - owed + amount
        assert not (escrow.available(self.orbit) and self.owed())

    def takes_a_deposit_back(self) -> None:
        mine = Transfer.objects.filter(kind=1, credit__code=accounts.client(self.orbit.pk), ref__startswith="deposit:")
        for transfer in mine.order_by("-pk")[:1]:
            with self.unless_refused():
                for by in self.officers[:2]:
                    corrections.say(transfer, words="Typed twice", by=by, at=self.at)

    def asks_money_back(self) -> None:
        amount, available = Decimal(self.chance.randint(1, 400)) / 100, escrow.available(self.orbit)
        with self.unless_refused():
            key = UUID(int=self.chance.getrandbits(128))
            paybacks.ask(self.orbit, amount=amount, key=key, by=person("olga"), at=self.at)
            assert available - escrow.available(self.orbit) == amount

    def ends_what_goes_back(self) -> None:
        for one in paybacks.waiting()[:2]:
            if paybacks.refusal_to_send(one, by=self.officers[0], at=self.at):  # the payer's bank took it
                paybacks.call_off(one, by=person("olga"), at=self.at)
                assert not (escrow.available(self.orbit) and self.owed())
                continue
            sent = paybacks.send(one, reference=f"B{self.next()}", by=self.officers[0], at=self.at)
            end = paybacks.settle if self.chance.random() < 0.7 else paybacks.fail
            end(sent, by=self.officers[1], at=self.at)

    def pays_by_card(self) -> None:
        payment = begin_by_card(self.orbit, person("olga"), str(self.chance.randint(1, 20)))
        stripe.pay(self.world, payment.session, fee=35)  # less than the least payment
        cards.go_on(at=self.at)
        self.paid_by_card.append(payment)

    def settles_cards(self) -> None:
        stripe.settle(self.world)
        cards.go_on(at=self.at)

    def charges_a_card_back(self) -> None:
        if self.paid_by_card:
            payment = self.paid_by_card.pop(self.chance.randrange(len(self.paid_by_card)))
            disputed = stripe.dispute(self.world, payment.session, fee=0)
            # The service's own clock does not go on with ours, and what is old is not asked for.
            disputed["created"] = int(self.at.timestamp())
            self.disputed_cards.append(disputed)
            cards.heard_of(at=self.at)

    def loses_a_dispute_of_a_card(self) -> None:
        if self.disputed_cards:
            stripe.win(self.world, self.disputed_cards.pop())
            cards.heard_of(at=self.at)

    # Members.

    def is_trained(self) -> None:
        number, pay, member = self.next(), self.some(400_000), self.member
        endow(self.orbit, amount=pay, reference=f"T{number}", by=self.officers[0], at=self.at)
        escrow.commit(TRAINING_JOB, member.pk, number, pay, at=self.at, onboarding=True)
        escrow.pay_onboarding(TRAINING_JOB, member.pk, number, pay, at=self.at)
        self.earned[member.pk] += pay

    def pays_into_capital(self) -> None:
        member, amount = self.members[self.chance.randrange(3)], Decimal(self.chance.randint(1, 300)) / 100
        fits = amount <= payouts.ready(member) and standing.status(member) == Status.MEMBER
        held = capital.held(member)
        try:
            with transaction.atomic():
                capital.pay_in(member, amount, by=member, at=self.at)
        except refused:
            assert not fits
        else:
            assert fits
            self.earned[member.pk] -= amount
            assert capital.held(member) == held + amount

    def asks_for_care(self) -> None:
        member, amount = self.member, Decimal(self.chance.randint(1, 20)) / 100
        with self.if_it_fits(amount <= min(support.left(member, Supporting.CARE), ledger.balance(accounts.CARE))):
            support.ask_care(amount, by=member, at=self.at)
            self.earned[member.pk] += amount

    def learns(self) -> None:
        member, amount = self.member, Decimal(self.chance.randint(1, 20)) / 100
        fits = amount <= min(support.left(member, Supporting.EDUCATION), ledger.balance(accounts.EDUCATION))
        with self.if_it_fits(fits):
            asked = support.ask_education(amount, "Algebra", by=member, at=self.at)
            for office in self.officers:
                support.answer(asked, agrees=True, by=office, at=self.at)
            self.earned[member.pk] += amount

    # The bank: what it is asked to pay, and what it says it did.

    def asks_by_bank(self) -> None:
        member, amount = self.member, Decimal(self.chance.randint(100, 900)) / 100
        with self.if_it_fits(amount <= payouts.ready(member)):
            payouts.request(member, amount=amount, rail="bank", by=member, at=self.at)
            self.earned[member.pk] -= amount

    def reads_what_the_bank_did(self) -> None:
        """A run goes out; of it some comes back, some is lost, and beside it stand a deposit, a fee and an unknown."""
        run = runs.prepare("bank", at=self.at)
        content = self.handed_over(run) if run else b""
        orders = bank.orders(content) if content else []
        rejects = {place for place in range(len(orders)) if self.chance.random() < 0.3}
        for key, amount in [(key, amount) for place, (key, amount, _name) in enumerate(orders) if place in rejects]:
            self.gets(Payout.objects.get(pk=runs.payout_of(key) or 0).person_id, amount)
        cents, number = Decimal(self.chance.randint(1, 500)) / 100, f"W{self.next()}"
        beside = [
            Line(cents, words=reconciling.client_reference(self.orbit)), Line(Decimal("-0.01"), kind="CHRG"),
            Line(-cents, words="Who knows"),
        ]  # fmt: skip
        faults = Faults(rejects=rejects, more=beside)
        said = bank.answer(content, faults, number=number) if content else bank.statement(beside, number=number)
        before = -ledger.balance(accounts.BANK)
        for statement in bank.read(said, by=self.officers[0], at=self.at).statements:
            moved = statement.closing - statement.opening
            # Who knows what took those cents: it waits for an officer, and is all that the two differ by (I14).
            assert -ledger.balance(accounts.BANK) - before == moved + cents
            self.unmatched += cents

    def handed_over(self, run: PayRun) -> bytes:
        runs.release(runs.check(run, by=self.officers[0], at=self.at), by=self.officers[1], at=self.at)
        released = PayRun.objects.get(pk=run.pk)
        content = runs.file(released, by=self.officers[0], at=self.at)
        runs.hand_over(released, by=self.officers[0], at=self.at)
        return content

    def pay_out(self, arrives: bool) -> None:  # noqa: FBT001 - as hypothesis draws it elsewhere
        """Pay by hand what goes with no run."""
        waiting = Payout.objects.filter(state=PayoutState.REQUESTED, quote=None, rail="by_hand")
        for payout in waiting.select_related("person")[:1]:
            payouts.send(payout, reference="R", by=self.officers[0], at=self.at)
            (payouts.settle if arrives else payouts.fail)(payout, by=self.officers[1], at=self.at)
            self.earned[payout.person_id] += 0 if arrives else payout.amount

    # Officers, votes and time.

    def ends_a_quarter(self) -> None:
        span = Quarter.of(self.at).after + surplus.SETTLED - self.at
        if not self.has_days(span):
            return
        self.pass_time(span)
        *_before, last = closed_each(self.at)
        expenses = Account.objects.filter(kind="coop:expense", currency="USD").aggregate(sum=Sum("balance"))["sum"]
        # What banks took can be more than the quarter's fees.
        assert ledger.balance(accounts.FEE) == 0
        assert last.carried == -(expenses or Decimal(0))
        before = {member.pk: payouts.ready(member) for member in self.members}
        raises.settle(at=self.at)
        for member in self.members:
            self.earned[member.pk] += payouts.ready(member) - before[member.pk]

    def divides_a_surplus(self) -> None:
        for close in surplus.to_divide()[:1]:
            shares = {"reserve": 5000, "education": 1000, "members": 4000, "cash": 3000}
            kept = {member.pk: capital.held(member) for member in self.members}
            interest = self.chance.choice([0, 100, 800])
            # The interest of a quarter is this at most; more than the surplus is refused.
            ever = Transfer.objects.filter(credit__kind="member:capital").aggregate(sum=Sum("amount"))["sum"] or 0
            with self.unless_refused() if ever * interest > close.surplus * 40_000 else nullcontext():
                self.divided(close, kept, interest=interest, **shares)
            self.pass_time()

    def divided(self, close: Close, kept: dict[int, Decimal], **shares: int) -> None:
        done = leftover.divided(close, self.members[0], **shares)
        parts, interests = list(done.shares.all()), list(done.interests.all())
        whole = done.reserve + done.education + sum(one.cash + one.capital for one in parts)
        assert whole + sum(one.amount for one in interests) == close.surplus
        for one in parts:
            self.gets(one.person_id, one.cash)
        for number, amount in [(s.person_id, s.capital) for s in parts] + [(i.person_id, i.amount) for i in interests]:
            if number in kept:
                kept[number] += amount
        assert kept == {member.pk: capital.held(member) for member in self.members}

    def votes_a_budget(self) -> None:
        coming = Quarter.of(Quarter.of(self.at).after)
        if not Budget.objects.filter(period=str(coming)).exists():
            posts, part = {"treasurer": 300_000, "secretary": 1}, int(ledger.balance(accounts.RESERVE) * 1_000_000) // 4
            leftover.budgeted(self.members[0], hosting=2_000_000, posts=posts, care=part, hearing=part)
        self.pass_time()

    def moves_money(self) -> None:
        """Between two places of the cooperative's own; beyond what lies there it is refused."""
        source, target = self.chance.sample(list(Place), 2)
        amount, before = self.some() * 4, (places.held(source), places.held(target))
        noted = moves.note(source, target, amount=amount, reference=f"M{self.next()}", by=self.officers[0], at=self.at)
        with suppress(Refused):
            moves.confirm(noted, by=self.officers[1], at=self.at)
        moved = amount if amount <= before[0] else Decimal(0)
        assert (places.held(source), places.held(target)) == (before[0] - moved, before[1] + moved)

    def pays_a_bill(self) -> None:
        quarter, amount = Quarter.of(self.at), Decimal("0.05")
        [hosting] = [one for one in budgets.spending(quarter) if one.purpose == Purpose.HOSTING]
        with self.if_it_fits(amount <= min(hosting.left, budgets.unspent(quarter), places.held(Place.MAIN))):
            bill = budgets.ask(Purpose.HOSTING, amount=amount, payee="A host", by=self.officers[0], at=self.at)
            budgets.pay(bill, reference=f"E{self.next()}", by=self.officers[1], at=self.at)

    def pays_posts(self) -> None:
        post_pay.settle(at=self.at)

    def votes_a_raise(self) -> None:
        kind, most = WorkType.objects.get(slug="product-match"), ledger.balance(accounts.RESERVE) * 1_000_000 // 2
        said = {"key": f"work_type:{kind.pk}", "period": str(Quarter.of(self.at)), "amount": 1, "replaces": 0}
        with self.unless_refused():
            mandate = leftover.voted(said | {"most": int(most)}, self.members[0], policy="reserve_raise")
            mandates.enact(mandate, at=mandate.due_at)
        self.pass_time()

    def lets_days_pass(self) -> None:
        self.pass_time(timedelta(days=self.chance.randint(1, 3)))
