"""What a payer's bank takes back: from what its client has, the rest is owed, repaid first; members keep their pay."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance.models import Office
from payments import (
    accounts,
    background,
    cards,
    corrections,
    escrow,
    exports,
    invariants,
    ledger,
    moves,
    open_ledger,
    paybacks,
    places,
    questions,
    rates,
)
from payments.ledger import Kind
from payments.models import Account, CardEvent, CardPayment, Place, RailEvent, Transfer
from payments.open_ledger import Month
from payments.rails import stripe_cards
from tests.money_in import arrive
from tests.payments import stripe
from tests.payments.conftest import owning
from tests.payments.correcting import take_back
from tests.payments.stripe import HOOK, World
from tests.payments.test_attacks import POST, posting
from tests.payments.test_cards import SAY, begin, hook
from tests.payments.test_proof import touch

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

JOB = 700_009
SEND_BACK = "UPDATE payments_payback SET state = 'sent', reference = 'X', sent_by_id = %s WHERE id = %s"


@pytest.fixture
def service(settings: Settings, db: None) -> Iterator[World]:
    """Run the fake, and let the site have an account there."""
    with stripe.running() as world:
        settings.STRIPE_URL, settings.STRIPE_HOOKS = world.url, [HOOK]
        yield world


@pytest.fixture
def settled(service: World, orbit: Client, olga: Person) -> CardPayment:
    """Return fifty dollars that were paid by card and are settled, with nothing else on the client's balance."""
    spend(orbit, escrow.available(orbit))
    payment = begin(orbit, olga)
    stripe.pay(service, payment.session)
    stripe.settle(service)
    go_on()
    assert escrow.available(orbit) == 50
    return payment


def spend(client: Client, amount: Decimal) -> None:
    """Set a client's money aside for a job."""
    if amount:
        escrow.fund(JOB, amount, client, Transfer.objects.count(), by=None, at=clock.now())


def go_on() -> None:
    cards.go_on(at=clock.now())
    background.ask_after_disputes(timestamp=0)


def has(client: Client) -> tuple[Decimal, Decimal]:
    """Return what a client has available, and what it owes."""
    return escrow.available(client), escrow.owed(client)


def cash(available: str, owed: str) -> tuple[Decimal, Decimal]:
    return Decimal(available), Decimal(owed)


def sound() -> bool:
    return not any(invariants.broken().values())


def test_what_is_there_is_taken_and_nothing_is_owed(settled: CardPayment, service: World, orbit: Client) -> None:
    bank, fees = ledger.balance(accounts.STRIPE), ledger.balance(accounts.RAIL_FEES)
    stripe.dispute(service, settled.session, 3_000)
    go_on()
    assert has(orbit) == cash("20", "0")
    # Thirty that went, and fifteen that the bank took for it: the cooperative bears that, as any service's fee.
    assert ledger.balance(accounts.STRIPE) - bank == 45
    assert fees - ledger.balance(accounts.RAIL_FEES) == 15
    go_on()
    assert has(orbit) == cash("20", "0")
    assert sound()


def test_what_was_spent_is_owed_and_members_keep_their_pay(
    settled: CardPayment, service: World, orbit: Client, amina: Person
) -> None:
    at, fee = clock.now(), rates.fee_now()
    spend(orbit, Decimal(33))
    escrow.commit(JOB, amina.pk, 900_077, Decimal(11), at=at)
    escrow.release(JOB, amina.pk, 900_077, Decimal(10), Decimal(1), fee, at=at)
    before = ledger.balance(accounts.payable(amina.pk))
    aside = escrow.set_aside(JOB)
    stripe.dispute(service, settled.session)
    go_on()
    assert has(orbit) == cash("0", "33")
    assert ledger.balance(accounts.payable(amina.pk)) == before
    assert escrow.set_aside(JOB) == aside
    # A claim that is under way goes on: its money is locked.
    escrow.commit(JOB, amina.pk, 900_078, Decimal(11), at=at)
    escrow.release(JOB, amina.pk, 900_078, Decimal(10), Decimal(1), fee, at=at)
    assert ledger.balance(accounts.payable(amina.pk)) == before + 10
    with pytest.raises(Refused, match="taken back by the payer's bank"):
        spend(orbit, Decimal(1))
    assert sound()


def test_the_next_money_repays_it_first_whichever_way_it_comes(
    settled: CardPayment, service: World, orbit: Client, olga: Person, treasurer: Office
) -> None:
    spend(orbit, Decimal(50))
    stripe.dispute(service, settled.session)
    go_on()
    assert has(orbit) == cash("0", "50")
    arrive(orbit, amount=Decimal(20), reference="BANK-C1", by=treasurer, at=clock.now())
    assert has(orbit) == cash("0", "30")
    escrow.refund(JOB, Decimal(12), orbit, 1, at=clock.now())
    assert has(orbit) == cash("0", "18")
    again = begin(orbit, olga, "25")
    stripe.pay(service, again.session)
    go_on()
    assert has(orbit) == cash("0", "18")
    stripe.settle(service)
    go_on()
    assert has(orbit) == cash("7", "0")
    spend(orbit, Decimal(7))
    assert sound()


def test_what_went_on_to_the_bank_before_is_owed_to_the_service(
    settled: CardPayment, service: World, orbit: Client, treasurer: Office, secretary: Office
) -> None:
    before = places.held(Place.STRIPE)
    on = moves.note(Place.STRIPE, Place.MAIN, amount=before, reference="po_1", by=treasurer, at=clock.now())
    moves.confirm(on, by=secretary, at=clock.now())
    stripe.dispute(service, settled.session)
    go_on()
    assert has(orbit) == cash("0", "0")
    assert places.held(Place.STRIPE) == -65
    assert sound()


@pytest.mark.parametrize(("repaid", "left"), [("0", ("0", "0")), ("15", ("15", "0")), ("80", ("80", "0"))])
def test_a_dispute_that_is_won_is_as_if_it_had_not_been(
    settled: CardPayment, service: World, orbit: Client, treasurer: Office, repaid: str, left: tuple[str, str]
) -> None:
    spend(orbit, Decimal(50))
    bank = ledger.balance(accounts.STRIPE)
    disputed = stripe.dispute(service, settled.session)
    go_on()
    if Decimal(repaid):
        arrive(orbit, amount=Decimal(repaid), reference="BANK-C2", by=treasurer, at=clock.now())
    stripe.win(service, disputed)
    go_on()
    go_on()
    assert has(orbit) == cash(*left)
    # All that is gone is what the bank took for itself.
    assert ledger.balance(accounts.STRIPE) - bank == 15
    assert [event.outcome for event in settled.events.order_by("pk")] == ["paid", "settled", "charged_back", "won"]
    assert sound()


def test_money_that_is_taken_before_it_is_settled_is_owed_until_it_is(
    service: World, orbit: Client, olga: Person
) -> None:
    spend(orbit, escrow.available(orbit))
    payment = begin(orbit, olga)
    stripe.pay(service, payment.session)
    go_on()
    stripe.dispute(service, payment.session)
    go_on()
    assert (has(orbit), escrow.held(orbit)) == (cash("0", "50"), Decimal(50))
    stripe.settle(service)
    go_on()
    assert (has(orbit), escrow.held(orbit)) == (cash("0", "0"), Decimal(0))
    assert sound()


def test_a_word_of_a_dispute_lets_us_ask_and_moves_nothing_by_itself(
    settled: CardPayment, service: World, orbit: Client
) -> None:
    intent = service.objects[settled.session]["payment_intent"]
    lie: dict[str, object] = {"object": "dispute", "id": "dp_x", "payment_intent": intent, "amount": 5_000}
    assert hook(lie) == 204
    assert has(orbit) == cash("50", "0")
    stripe.dispute(service, settled.session)
    service.breaks = 1
    assert hook(lie) == 204
    assert has(orbit) == cash("50", "0")
    assert [hook(lie | {"status": status}) for status in ("won", "lost", "won")] == [204] * 3
    assert has(orbit) == cash("0", "0")
    service.asked = []
    assert hook(lie | {"payment_intent": "pi_of_nobody"}) == 204
    assert service.asked == []
    assert RailEvent.objects.filter(event__endswith="/fee").count() == 2


def test_who_sits_for_the_client_is_told_by_mail(
    settled: CardPayment, service: World, orbit: Client, olga: Person, mailoutbox: list[EmailMessage]
) -> None:
    spend(orbit, Decimal(20))
    dispute = stripe.dispute(service, settled.session)
    go_on()
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s", [cards.TELL])
        [(said,)] = cursor.fetchall()
    taken = CardEvent.objects.get(outcome="charged_back")
    assert json.loads(said) == {"person_id": olga.pk, "event_id": taken.pk}
    background.tell_of_dispute(**json.loads(said))
    stripe.win(service, dispute)
    go_on()
    background.tell_of_dispute(person_id=olga.pk, event_id=CardEvent.objects.get(outcome="won").pk)
    first, second = mailoutbox
    assert first.to == [olga.email]
    assert first.subject == "A payment by card was taken back"
    assert "took US$\u00a050.00 back" in first.body
    assert "owes US$\u00a020.00" in first.body
    assert first.body.strip().endswith("/c/orbit/money/")
    assert second.subject == "A disputed payment by card was given back"


def test_what_is_given_back_at_stripe_itself_waits_for_an_officer(
    settled: CardPayment, service: World, orbit: Client, later: Callable[..., datetime], treasurer: Office,
    secretary: Office,
) -> None:  # fmt: skip
    stripe.refund(service, settled.session, 2_000)
    go_on()
    assert not RailEvent.objects.filter(event__endswith="/refund").exists()
    later(hours=25)
    for _turn in range(2):
        go_on()
    (question,) = questions.waiting()
    assert (question.outcome, question.amount, question.payout) == ("unknown", 20, None)
    assert settled.session in question.words
    assert has(orbit) == cash("50", "0")
    take_back(Transfer.objects.get(kind=Kind.DEPOSIT, ref__startswith="card_event:"))
    arrive(orbit, amount=Decimal(30), reference="What stayed", by=treasurer, at=clock.now())
    assert has(orbit) == cash("30", "0")
    assert not any(invariants.broken().values())


def test_what_went_back_at_stripe_as_asked_is_no_question(
    settled: CardPayment, service: World, orbit: Client, olga: Person, later: Callable[..., datetime],
    treasurer: Office,
) -> None:  # fmt: skip
    (back,) = paybacks.ask(orbit, amount=Decimal(20), key=uuid4(), by=olga, at=clock.now())
    refund = stripe.refund(service, settled.session, 2_000)
    paybacks.send(back, reference=refund["id"], by=treasurer, at=clock.now())
    stripe.refund(service, settled.session, 100)["status"] = "failed"
    later(hours=25)
    go_on()
    assert list(questions.waiting()) == []


@pytest.mark.parametrize("sent", [False, True])
def test_nobody_hides_money_from_what_they_owe_by_asking_it_back(
    settled: CardPayment,
    service: World,
    orbit: Client,
    olga: Person,
    treasurer: Office,
    secretary: Office,
    sent: bool,  # noqa: FBT001 - as a case
) -> None:
    (back,) = paybacks.ask(orbit, amount=Decimal(50), key=uuid4(), by=olga, at=clock.now())
    if sent:
        paybacks.send(back, reference="OUT-1", by=treasurer, at=clock.now())
    stripe.dispute(service, settled.session)
    go_on()
    if sent:
        assert has(orbit) == cash("0", "50")
        paybacks.fail(back, by=secretary, at=clock.now())
    assert has(orbit) == cash("0", "0")
    assert sound()


def told_alone(payment: CardPayment) -> None:
    """Book a dispute as far as the act that is killed after it."""
    (dispute,) = stripe_cards.disputes_of(payment.events.get(outcome="paid").event.split("/")[0])
    cards._settle_dispute(dispute, clock.now())  # noqa: SLF001 - what follows it is killed


def test_what_the_payers_bank_took_is_not_sent_back_as_well(
    settled: CardPayment, service: World, orbit: Client, olga: Person, treasurer: Office, attack: Attack
) -> None:
    (back,) = paybacks.ask(orbit, amount=Decimal(30), key=uuid4(), by=olga, at=clock.now())
    stripe.dispute(service, settled.session, 3_000)
    told_alone(settled)
    with pytest.raises(Refused, match="took this money back"):
        paybacks.send(back, reference="OUT-1", by=treasurer, at=clock.now())
    attack(SEND_BACK, [treasurer.pk, back.pk], guard="paybacks_go_by_two_officers")
    assert [one.card for one in paybacks.sources(orbit)] == [None]
    # Twenty stayed of it, and paid twenty of thirty; ten is repaid from what was asked back, and twenty is free.
    assert has(orbit) == cash("0", "10")
    go_on()
    back.refresh_from_db()
    assert (back.state, has(orbit)) == ("failed", cash("20", "0"))
    assert [one.kind for one in Event.objects.filter(subject=f"payback:{back.pk}")] == [
        "paybacks.asked", "paybacks.stayed",
    ]  # fmt: skip
    assert sound()


def test_nothing_is_sent_to_who_owes_whatever_it_came_from(
    settled: CardPayment, service: World, orbit: Client, olga: Person, treasurer: Office, attack: Attack
) -> None:
    """A client that asks all of its other money back and then disputes a card is not paid out by the house."""
    spend(orbit, Decimal(50))
    arrive(orbit, amount=Decimal(80), reference="B-80", by=treasurer, at=clock.now())
    first, second = (
        paybacks.ask(orbit, amount=Decimal(amount), key=uuid4(), by=olga, at=clock.now())[0] for amount in (20, 60)
    )
    stripe.dispute(service, settled.session)
    told_alone(settled)
    assert has(orbit) == cash("0", "50")
    with pytest.raises(Refused, match="nothing goes to it before"):
        paybacks.send(first, reference="OUT-1", by=treasurer, at=clock.now())
    attack(SEND_BACK, [treasurer.pk, first.pk], guard="paybacks_go_by_two_officers")
    go_on()
    # The latest covers it: the one before goes its way.
    assert has(orbit) == cash("10", "0")
    second.refresh_from_db()
    assert second.state == "failed"
    assert paybacks.send(first, reference="OUT-1", by=treasurer, at=clock.now()).state == "sent"
    assert sound()


def test_it_stays_within_the_hour_though_the_service_is_silent_and_one_holds_up_no_other(
    settled: CardPayment, service: World, orbit: Client, olga: Person, treasurer: Office
) -> None:
    spend(orbit, Decimal(50))
    arrive(orbit, amount=Decimal(80), reference="B-80", by=treasurer, at=clock.now())
    first, second = (
        paybacks.ask(orbit, amount=Decimal(amount), key=uuid4(), by=olga, at=clock.now())[0] for amount in (20, 60)
    )
    assert background.let_stay(timestamp=0) == 0
    stripe.dispute(service, settled.session)
    told_alone(settled)
    service.breaks = 9
    assert background.ask_after_disputes(timestamp=0) == 0
    with owning(), connection.cursor() as cursor:
        refuses = f"CHECK (id <> {second.pk} OR state = 'requested')"
        cursor.execute(f"ALTER TABLE payments_payback ADD CONSTRAINT stuck {refuses}")
    assert background.let_stay(timestamp=0) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state, has(orbit)) == ("failed", "requested", cash("0", "30"))
    assert sound()


def test_what_two_officers_took_back_of_a_card_goes_back_to_nobody(
    settled: CardPayment, orbit: Client, olga: Person, treasurer: Office, secretary: Office
) -> None:
    arrive(orbit, amount=Decimal(100), reference="B-100", by=treasurer, at=clock.now())
    came = Transfer.objects.get(kind=Kind.DEPOSIT, ref__startswith="card_event:")
    parts = paybacks.ask(orbit, amount=Decimal(110), key=uuid4(), by=olga, at=clock.now())
    arrive(orbit, amount=Decimal(200), reference="B-200", by=treasurer, at=clock.now())
    (part,) = (part for part in parts if part.card == settled)
    paybacks.send(part, reference="OUT-1", by=treasurer, at=clock.now())
    with pytest.raises(Refused, match="sent back"):
        take_back(came)
    paybacks.fail(part, by=secretary, at=clock.now())
    (again,) = paybacks.ask(orbit, amount=Decimal(1), key=uuid4(), by=olga, at=clock.now())
    assert corrections.say(came, words="Not ours", by=secretary, at=clock.now())
    # What is asked of other money goes its way.
    again.refresh_from_db()
    assert (again.card, again.state) == (None, "requested")
    assert settled.pk not in {one.card for one in paybacks.sources(orbit)}


def test_a_refund_is_known_by_its_number_and_its_amount(
    settled: CardPayment, service: World, orbit: Client, olga: Person, later: Callable[..., datetime],
    treasurer: Office, secretary: Office,
) -> None:  # fmt: skip
    first, second = (
        paybacks.ask(orbit, amount=Decimal(amount), key=uuid4(), by=olga, at=clock.now())[0] for amount in (10, 20)
    )
    more, back = (stripe.refund(service, settled.session, cents) for cents in (3_000, 2_000))
    paybacks.send(first, reference=more["id"], by=treasurer, at=clock.now())
    paybacks.send(second, reference=back["id"], by=treasurer, at=clock.now())
    paybacks.fail(second, by=secretary, at=clock.now())
    later(hours=25)
    go_on()
    assert sorted(question.amount for question in questions.waiting()) == [20, 30]


def test_an_inquiry_that_took_no_money_moves_none(settled: CardPayment, service: World, orbit: Client) -> None:
    stripe.dispute(service, settled.session)["balance_transactions"] = []
    go_on()
    assert has(orbit) == cash("50", "0")


def test_two_disputes_take_no_more_than_was_paid(settled: CardPayment, service: World, orbit: Client) -> None:
    stripe.dispute(service, settled.session, 3_000)
    stripe.dispute(service, settled.session, 2_000)
    stripe.dispute(service, settled.session, 1)
    go_on()
    assert has(orbit) == cash("0", "0")
    assert settled.events.filter(outcome="charged_back").count() == 2


def test_both_pages_say_who_owes(
    settled: CardPayment, service: World, orbit: Client, olga: Person, teresa: Person, signed_in: SignedIn
) -> None:
    assert "Clients who owe" not in signed_in(teresa).get("/desk/").content.decode()
    spend(orbit, Decimal(50))
    stripe.dispute(service, settled.session)
    go_on()
    mine = signed_in(olga).get("/c/orbit/money/").content.decode()
    assert "A payment by card was taken back" in mine
    assert "Taken back by the payer&#x27;s bank" in mine
    desk = signed_in(teresa).get("/desk/").content.decode()
    assert "Clients who owe" in desk
    assert "US$\u00a050.00" in desk.partition("Clients who owe")[2].partition("Books")[0]


def test_who_owes_is_asked_in_two_questions_however_many_they_are(
    settled: CardPayment, service: World, orbit: Client, olga: Person
) -> None:
    other = clients.found("Other", slug="other", by=olga, at=clock.now())
    second = begin(other, olga, "30")
    stripe.pay(service, second.session)
    go_on()
    spend(orbit, Decimal(50))
    for payment in (settled, second):
        stripe.dispute(service, payment.session)
    go_on()
    with CaptureQueriesContext(connection) as seen:
        assert cards.debts() == [(orbit, Decimal(50)), (other, Decimal(30))]
    assert len(seen) == 2


def test_the_public_reads_what_came_in_less_what_was_taken(settled: CardPayment, service: World, orbit: Client) -> None:
    month = Month.of(clock.now())

    def received() -> Decimal:
        flows = {flow.name: flow.amount for flow in open_ledger.figures(month).flows}
        return flows["received"]

    before = received()
    disputed = stripe.dispute(service, settled.session)
    go_on()
    assert received() == before - 50
    stripe.win(service, disputed)
    go_on()
    assert received() == before


def test_accountants_read_what_is_owed_as_an_asset(settled: CardPayment, orbit: Client) -> None:
    assert exports.name(accounts.receivable(7)) == "Assets:Client:7:Receivable"
    assert exports.name(accounts.CLEARING_IN) == "Assets:Clearing:In"
    assert exports.name(accounts.held(7)) == "Liabilities:Client:7:Held"


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_in_whatever_order_nobody_owes_and_spends(
    service: World, orbit: Client, olga: Person, treasurer: Office, seed: int
) -> None:
    """Thirty steps by lot; after each the books hold, and what a client has and owes is what moved."""
    lot, disputes, paid = random.Random(seed), [], []  # noqa: S311 - chance that can be drawn again
    stands, spent = escrow.available(orbit), Decimal(0)
    for step in range(30):
        cents = Decimal(lot.randrange(100, 9_000)) / 100
        match lot.choice(["deposit", "card", "dispute", "win", "spend", "refund"]):
            case "deposit":
                arrive(orbit, amount=cents, reference=f"L-{seed}-{step}", by=treasurer, at=clock.now())
                stands += cents
            case "card":
                paid.append(begin(orbit, olga, str(cents)))
                stripe.pay(service, paid[-1].session, fee=0)
                stripe.settle(service)
                stands += cents
            case "dispute" if paid:
                one = paid.pop(lot.randrange(len(paid)))
                disputes.append(stripe.dispute(service, one.session))
                stands -= one.amount
            case "win" if disputes:
                one_ = disputes.pop(lot.randrange(len(disputes)))
                stripe.win(service, one_)
                stands += Decimal(one_["amount"]) / 100
            case "spend" if escrow.available(orbit) >= cents:
                spend(orbit, cents)
                spent, stands = spent + cents, stands - cents
            case "refund" if spent >= cents:
                escrow.refund(JOB, cents, orbit, step, at=clock.now())
                spent, stands = spent - cents, stands + cents
        go_on()
        available, owed = has(orbit)
        assert available - owed == stands
        assert 0 in {available, owed}
    assert sound()


def test_no_more_is_taken_than_was_paid_nor_given_back_than_taken(
    settled: CardPayment, service: World, orbit: Client, olga: Person, attack: Attack
) -> None:
    guard, fifty = "processors_say_what_was_paid", 50_000_000
    attack(SAY, [settled.pk, "charged_back", "dp_x/charged_back", fifty + 1], guard=guard)
    attack(SAY, [settled.pk, "charged_back", "dp_x", fifty], guard=guard)
    attack(SAY, [settled.pk, "won", "dp_x/won", 1], guard=guard)
    unpaid = begin(orbit, olga)
    attack(SAY, [unpaid.pk, "charged_back", "dp_x/charged_back", 1], guard=guard)
    stripe.dispute(service, settled.session, 3_000)
    go_on()
    (taken,) = CardEvent.objects.filter(outcome="charged_back")
    won = taken.event.replace("charged_back", "won")
    attack(SAY, [settled.pk, "charged_back", "dp_y/charged_back", 20_000_001], guard=guard)
    attack(SAY, [settled.pk, "won", won, 30_000_001], guard=guard)
    attack(SAY, [unpaid.pk, "won", won, 1], guard=guard)


def test_what_is_owed_moves_as_a_bank_took_it_and_in_no_other_way(
    settled: CardPayment, service: World, orbit: Client, attack: Attack
) -> None:
    guard, fifty = "card_money_moves_as_was_said", 50_000_000
    owing, available = accounts.receivable(orbit.pk), accounts.client(orbit.pk)
    attack(POST, posting(19, owing, accounts.STRIPE, 1), guard=guard)
    attack(POST, posting(36, accounts.STRIPE, available, 1), guard=guard)
    attack(POST, posting(36, accounts.STRIPE, owing, 1), guard=guard)
    attack(POST, posting(19, "member:1:payable", accounts.STRIPE, 1), guard=guard)
    attack(POST, posting(19, owing, "member:1:payable", 1), guard=guard)
    attack(POST, posting(35, available, owing, fifty), guard="account_below_its_ceiling")
    spend(orbit, Decimal(50))
    stripe.dispute(service, settled.session)
    go_on()
    ref = f"card_event:{CardEvent.objects.get(outcome='charged_back').pk}"
    attack(POST, posting(19, owing, accounts.STRIPE, fifty, ref), guard="facts_are_posted_once")
    attack(POST, posting(36, accounts.STRIPE, available, fifty, ref), guard=guard)
    attack(POST, posting(35, available, owing, 1), guard="account_above_its_floor")
    other = accounts.receivable(orbit.pk + 1)
    attack(POST, posting(35, available, other, 1), guard="posting_kind_allows_it")
    attack(POST, posting(2, available, f"job:{JOB}:escrow", 1, f"job:{JOB}"), guard="account_above_its_floor")
    attack(POST, posting(2, owing, f"job:{JOB}:escrow", 1, f"job:{JOB}"), guard="posting_kind_allows_it")
    reverse = """INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at,
        reverses_id) SELECT %s, %s, 99, credit_id, debit_id, amount, ref, coop_now(), id FROM payments_transfer
        WHERE kind = 19"""
    attack(reverse, [uuid4(), uuid4()], guard="reversals_mirror_a_transfer")


def test_what_is_owed_has_a_ceiling(settled: CardPayment, service: World, orbit: Client) -> None:
    stripe.dispute(service, settled.session)
    go_on()
    owing = Account.objects.get(code=accounts.receivable(orbit.pk))
    assert (owing.kind, owing.floor, owing.ceiling, owing.tracked) == ("client:receivable", None, 0, True)
    repaid = Transfer.objects.get(kind=Kind.REPAID)
    assert (repaid.amount, repaid.debit.code, repaid.credit.code) == (50, accounts.client(orbit.pk), owing.code)


def test_a_debt_that_was_hidden_is_found_by_night(settled: CardPayment, service: World, orbit: Client) -> None:
    stripe.dispute(service, settled.session)
    go_on()
    touch("payments_transfer", "DELETE FROM payments_transfer WHERE kind = 35")
    assert "I19" in {name for name, rows in invariants.broken().items() if rows}


def test_nothing_is_asked_of_a_site_without_an_account(db: None, settings: Settings) -> None:
    settings.STRIPE_URL = ""
    assert background.ask_after_disputes(timestamp=0) == 0
    assert stripe_cards.Stands.OPEN


def test_a_fee_higher_than_the_price_list_is_a_question(settled: CardPayment, service: World, attack: Attack) -> None:
    """By the service's word alone no more is booked for a dispute; nor is it by the site's own role."""
    before = ledger.balance(accounts.RAIL_FEES)
    disputed = stripe.dispute(service, settled.session, fee=5_001)
    go_on()
    assert ledger.balance(accounts.RAIL_FEES) == before
    asked = RailEvent.objects.get(event=f"{disputed['id']}/asked/50010000")
    assert (asked.outcome, asked.amount) == ("unknown", Decimal("50.01"))
    say = """INSERT INTO payments_railevent (rail, event, outcome, amount, currency, words, occurred_at, noted_at)
        VALUES ('stripe', %s, 'fee', %s, 'USD', '', coop_now(), coop_now())"""
    attack(say, [f"{disputed['id']}/fee", 50_000_001], guard="fees_are_of_something")
