"""Deposits by card: the client's when Stripe says so, usable when settled; nobody else's word moves a cent."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import accounts, background, cards, escrow, invariants, ledger
from payments.models import Account, CardEvent, CardPayment, RailEvent, Transfer
from tests.payments import stripe
from tests.payments.stripe import HOOK, World
from tests.payments.test_attacks import POST, posting
from tests.payments.test_proof import touch

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

BACK = "http://127.0.0.1:8000/c/orbit/money/"


@pytest.fixture
def service(settings: Settings, db: None) -> Iterator[World]:
    """Run the fake, and let the site have an account there."""
    with stripe.running() as world:
        settings.STRIPE_URL, settings.STRIPE_HOOKS = world.url, [HOOK]
        yield world


def begin(client: Client, by: Person, amount: str = "50", key: UUID | None = None) -> CardPayment:
    cards.begin(client, amount=Decimal(amount), key=key or uuid4(), back=BACK, by=by, at=clock.now())
    return CardPayment.objects.latest("pk")


@pytest.fixture
def begun(service: World, orbit: Client, olga: Person) -> CardPayment:
    return begin(orbit, olga)


@pytest.fixture
def paid(begun: CardPayment, service: World) -> CardPayment:
    stripe.pay(service, begun.session)
    assert go_on() == 1
    return begun


def go_on() -> int:
    return cards.go_on(at=clock.now())


def said_of(payment: CardPayment) -> list[str]:
    return list(payment.events.order_by("pk").values_list("outcome", flat=True))


def sound() -> bool:
    return not any(invariants.broken().values())


def test_what_is_paid_is_held_and_funds_jobs_once_it_is_settled(
    begun: CardPayment, service: World, orbit: Client
) -> None:
    before, bank, fees = escrow.available(orbit), ledger.balance(accounts.STRIPE), ledger.balance(accounts.RAIL_FEES)
    assert (go_on(), said_of(begun)) == (0, [])
    stripe.pay(service, begun.session)
    assert go_on() == 1
    assert (escrow.held(orbit), escrow.available(orbit), said_of(begun)) == (Decimal(50), before, ["paid"])
    assert ledger.balance(accounts.CLEARING_IN) == -50
    with pytest.raises(Refused, match="short"):
        escrow.fund(700_003, before + 1, orbit, 1, by=None, at=clock.now())
    assert go_on() == 0
    assert sound()
    stripe.settle(service)
    assert go_on() == 1
    assert (escrow.held(orbit), escrow.available(orbit) - before, said_of(begun)) == (
        Decimal(0),
        Decimal(50),
        ["paid", "settled"],
    )
    assert ledger.balance(accounts.CLEARING_IN) == 0
    # Fifty dollars less what Stripe took; that is the cooperative's to bear.
    assert bank - ledger.balance(accounts.STRIPE) == Decimal("48.25")
    assert fees - ledger.balance(accounts.RAIL_FEES) == Decimal("1.75")
    escrow.fund(700_003, before + 1, orbit, 1, by=None, at=clock.now())
    assert go_on() == 0
    assert sound()


def test_a_page_that_nobody_paid_on_ends(begun: CardPayment, service: World, orbit: Client) -> None:
    service.objects[begun.session]["status"] = "expired"
    assert [go_on(), go_on()] == [1, 0]
    assert (said_of(begun), escrow.held(orbit)) == (["expired"], Decimal(0))
    assert not Transfer.objects.filter(ref__startswith="card_event:")


def test_both_steps_at_once_are_booked_as_two(begun: CardPayment, service: World, orbit: Client) -> None:
    stripe.pay(service, begun.session)
    stripe.settle(service)
    before = escrow.available(orbit)
    assert background.ask_after_cards(timestamp=0) == 1
    assert (said_of(begun), escrow.available(orbit) - before) == (["paid", "settled"], Decimal(50))
    assert sound()


def test_the_same_form_leads_to_one_page(service: World, orbit: Client, olga: Person) -> None:
    key = uuid4()
    service.loses_answers = 1
    with pytest.raises(Refused, match="does not answer"):
        begin(orbit, olga, key=key)
    first, again = begin(orbit, olga, key=key), begin(orbit, olga, key=key)
    assert first == again
    assert len([one for one in service.objects.values() if one["object"] == "checkout.session"]) == 1
    # Another sum under the same key is another question, which Stripe refuses.
    with pytest.raises(Refused):
        begin(orbit, olga, "51", key=key)


@pytest.mark.parametrize("amount", ["0", "-5", "0.99", "10000.01", "NaN", "Infinity"])
def test_sums_out_of_bounds_reach_nobody(service: World, orbit: Client, olga: Person, amount: str) -> None:
    with pytest.raises((Refused, ArithmeticError)):
        begin(orbit, olga, amount)
    assert service.asked == []


def test_another_sum_than_was_asked_for_moves_nothing(begun: CardPayment, service: World, orbit: Client) -> None:
    stripe.pay(service, begun.session)
    service.objects[begun.session]["amount_total"] = 999_900
    assert go_on() == 0
    service.objects[begun.session] |= {"amount_total": 5_000, "currency": "jpy"}
    assert go_on() == 0
    assert (said_of(begun), escrow.held(orbit)) == ([], Decimal(0))


def test_an_outage_moves_nothing(begun: CardPayment, service: World) -> None:
    stripe.pay(service, begun.session)
    service.breaks = 1
    assert [go_on(), go_on()] == [0, 1]


def hook(said: dict[str, object], forged: str = "") -> int:
    body, right = stripe.signed({"object": "event", "data": {"object": said}})
    browser, kind = Browser(enforce_csrf_checks=True), "application/json"
    answer = browser.post("/hooks/stripe/", body, content_type=kind, HTTP_STRIPE_SIGNATURE=forged or right)
    return answer.status_code


def test_a_word_lets_us_ask_and_what_it_says_moves_nothing(begun: CardPayment, service: World, orbit: Client) -> None:
    """Repeated, out of order, or with other sums: we book what the answer says, once."""
    lie = service.objects[begun.session] | {"payment_status": "paid", "status": "complete", "amount_total": 10**9}
    assert hook(lie) == 204
    assert (said_of(begun), escrow.held(orbit)) == ([], Decimal(0))
    stripe.pay(service, begun.session)
    assert {hook(lie) for _turn in range(3)} == {204}
    assert (said_of(begun), escrow.held(orbit)) == (["paid"], Decimal(50))
    service.asked = []
    assert hook(lie, "t=1,v1=0") == 400
    assert hook(lie | {"id": "cs_of_nobody"}) == 204
    assert service.asked == []


def test_the_page_leads_to_stripe_and_the_money_page_says_where_it_is(
    service: World, orbit: Client, olga: Person, amina: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(olga)
    assert "Pay in by card" in browser.get("/c/orbit/money/").content.decode()
    page = browser.get("/c/orbit/money/card/").content.decode()
    assert "simulated rail" in page
    assert "between US$" in browser.post("/c/orbit/money/card/", {"amount": "0.5", "key": uuid4()}).content.decode()
    sent = browser.post("/c/orbit/money/card/", {"amount": "50", "key": uuid4()}).content.decode()
    payment = CardPayment.objects.get()
    assert f'href="https://checkout.stripe.com/c/pay/{payment.session}"' in sent
    assert "Not paid yet" in browser.get("/c/orbit/money/").content.decode()
    stripe.pay(service, payment.session)
    go_on()
    assert "Paid, on its way to the bank" in browser.get("/c/orbit/money/").content.decode()
    assert signed_in(amina).get("/c/orbit/money/card/").status_code == 404
    assert signed_in(amina).post("/c/orbit/money/card/", {"amount": "50", "key": uuid4()}).status_code == 404


def test_the_money_page_asks_as_much_for_many_payments_as_for_one(
    service: World, orbit: Client, olga: Person, signed_in: SignedIn
) -> None:
    browser, counts = signed_in(olga), []
    for _turn in range(2):
        for _payment in range(2):
            stripe.pay(service, begin(orbit, olga).session)
        go_on()
        browser.get("/c/orbit/money/")
        with CaptureQueriesContext(connection) as seen:
            browser.get("/c/orbit/money/")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 15


def test_a_site_without_an_account_takes_no_cards(
    orbit: Client, olga: Person, signed_in: SignedIn, settings: Settings
) -> None:
    settings.STRIPE_URL = ""
    assert "Pay in by card" not in signed_in(olga).get("/c/orbit/money/").content.decode()
    with pytest.raises(Refused, match="not taken"):
        begin(orbit, olga)


SAY = """INSERT INTO payments_cardevent (payment_id, outcome, event, amount, noted_at)
    VALUES (%s, %s, %s, %s, coop_now())"""


@pytest.mark.parametrize(
    ("outcome", "amount"), [("paid", 50_000_001), ("paid", 1), ("settled", 50_000_000), ("paid", 5_000_000_000)]
)
def test_a_processor_is_not_made_to_say_more_or_sooner(
    begun: CardPayment, attack: Attack, outcome: str, amount: int
) -> None:
    attack(SAY, [begun.pk, outcome, f"pi_x/{outcome}", amount], guard="processors_say_what_was_paid")


def test_a_name_of_a_processors_is_one_payments(paid: CardPayment, orbit: Client, olga: Person, attack: Attack) -> None:
    """Else what came of one payment and what went of another would cancel, under one name, beside the list."""
    guard, other = "processors_say_what_was_paid", begin(orbit, olga)
    stem = paid.events.get().event.partition("/")[0]
    for name in ("", "paid", "/paid", "pi_x", "pi_x/", "pi_x/settled", f"{stem}/paid", f"{stem}/2/paid"):
        attack(SAY, [other.pk, "paid", name, 50_000_000], guard=guard)
    attack(SAY, [other.pk, "expired", f"{stem}/expired", 50_000_000], guard=guard)
    with connection.cursor() as cursor:
        cursor.execute(SAY, [paid.pk, "settled", f"{stem}/settled", 50_000_000])


def test_a_processor_says_each_thing_once_and_it_stays(paid: CardPayment, attack: Attack) -> None:
    guard = "processors_say_what_was_paid"
    attack(SAY, [paid.pk, "paid", "pi_again/paid", 50_000_000], guard=guard)
    attack(SAY, [paid.pk, "expired", "cs_x/expired", 50_000_000], guard=guard)
    attack(SAY, [-1, "paid", "pi_x/paid", 50_000_000], guard=guard)
    for table in ("cardpayment", "cardevent"):
        attack(f"UPDATE payments_{table} SET amount = 1", guard="permission denied")
        attack(f"DELETE FROM payments_{table}", guard="permission denied")


def test_what_a_processor_said_is_booked_in_the_same_act_and_whole(
    begun: CardPayment, orbit: Client, attack: Attack
) -> None:
    guard, held = "card_money_moves_as_was_said", accounts.held(orbit.pk)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(SAY, [begun.pk, "paid", "pi_x/paid", 50_000_000])
        ref = f"card_event:{CardEvent.objects.get().pk}"
        for amount in (1, 49_999_999, 50_000_001):
            attack(POST, posting(33, accounts.CLEARING_IN, held, amount, ref), guard=guard)
        other = accounts.held(orbit.pk + 1)
        attack(POST, posting(33, accounts.CLEARING_IN, other, 50_000_000, ref), guard=guard)
        attack("SET CONSTRAINTS ALL IMMEDIATE", guard="what_a_processor_said_is_booked")
        transaction.set_rollback(True)


def test_a_payment_is_begun_by_who_has_a_seat(
    service: World, orbit: Client, olga: Person, amina: Person, attack: Attack
) -> None:
    begin_ = """INSERT INTO payments_cardpayment (client_id, session, amount, currency, asked_by_id, at)
        VALUES (%s, 'cs_x', %s, %s, %s, coop_now())"""
    guard = "cards_are_paid_for_ones_own_client"
    attack(begin_, [orbit.pk, 10_000, "USD", amina.pk], guard=guard)
    attack(begin_, [orbit.pk, 10_001, "USD", olga.pk], guard=guard)
    attack(begin_, [orbit.pk, 10_000, "EUR", olga.pk], guard=guard)


def test_a_client_is_not_credited_without_what_the_processor_said(
    paid: CardPayment, service: World, orbit: Client, attack: Attack
) -> None:
    """The site's own role tries every way to turn a card's money into a client's."""
    guard, ref = "card_money_moves_as_was_said", f"card_event:{CardEvent.objects.get().pk}"
    held, available = accounts.held(orbit.pk), accounts.client(orbit.pk)
    clearing, fifty = accounts.CLEARING_IN, 50_000_000
    attack(POST, posting(33, clearing, held, fifty, "card_event:0"), guard=guard)
    attack(POST, posting(33, clearing, held, fifty, "x:1"), guard=guard)
    attack(POST, posting(33, clearing, held, fifty, ref), guard="facts_are_posted_once")
    attack(POST, posting(34, held, clearing, fifty, ref), guard=guard)
    attack(POST, posting(1, accounts.STRIPE, available, fifty, ref), guard=guard)
    attack(POST, posting(1, accounts.STRIPE, available, fifty, "deposit:0"), guard="deposits_are_on_the_statement")
    attack(POST, posting(1, accounts.STRIPE, held, fifty, "x:1"), guard="posting_kind_allows_it")
    attack(POST, posting(2, held, "job:5:escrow", fifty, "job:5"), guard="posting_kind_allows_it")
    stripe.settle(service)
    go_on()
    settled = f"card_event:{CardEvent.objects.get(outcome='settled').pk}"
    attack(POST, posting(1, accounts.STRIPE, accounts.client(orbit.pk + 1), fifty, settled), guard=guard)
    attack(POST, posting(1, accounts.STRIPE, available, fifty, settled), guard="facts_are_posted_once")
    assert sound()


def test_the_accounts_of_cards_keep_their_bounds(paid: CardPayment, orbit: Client) -> None:
    bounds = {one.kind: (one.floor, one.ceiling) for one in Account.objects.filter(code__in=[
        accounts.CLEARING_IN, accounts.held(orbit.pk)])}  # fmt: skip
    assert bounds == {"clearing:in": (None, 0), "client:held": (0, None)}


def test_the_fee_is_booked_once_by_the_payments_number(paid: CardPayment, service: World) -> None:
    stripe.settle(service)
    go_on()
    fee = RailEvent.objects.get(rail="stripe")
    assert (fee.outcome, fee.amount, fee.payout) == ("fee", Decimal("1.75"), None)
    assert fee.event == f"{service.objects[paid.session]['payment_intent']}/fee"


def test_a_word_taken_out_of_the_books_is_found_by_night(paid: CardPayment) -> None:
    touch("payments_cardevent", "DELETE FROM payments_cardevent")
    assert {name for name, rows in invariants.broken().items() if rows} == {"I18"}
