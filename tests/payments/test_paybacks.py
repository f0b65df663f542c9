"""A client's unspent money goes back where it came from: what is available, by two officers, each deposit once."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client as Browser
from pytest_django import Settings

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import offices
from governance.models import Office
from payments import accounts, cards, deposits, escrow, invariants, ledger, open_ledger, paybacks
from payments.models import CardPayment, Deposit, PayBack, PayBackState
from payments.open_ledger import Month
from tests.conftest import person
from tests.money_in import arrive, endow
from tests.payments import stripe
from tests.payments.conftest import owning
from tests.payments.correcting import take_back
from tests.payments.stripe import HOOK
from tests.payments.test_attacks import POST, posting

type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]

INSERT = """INSERT INTO payments_payback (client_id, deposit_id, card_id, amount, key, part, state, reference,
    asked_by_id, sent_by_id) VALUES (%s, %s, %s, %s, gen_random_uuid(), 1, %s, '', %s, %s)"""
JOB = 700_077


@pytest.fixture
def firm(olga: Person) -> Client:
    """Return a client with no money, for which Olga speaks."""
    return clients.found("Firm", slug="firm", by=olga, at=clock.now())


def pay_in(client: Client, amount: str, by: Office) -> Deposit:
    number = Deposit.objects.count()
    return arrive(client, amount=Decimal(amount), reference=f"BANK-B{number}", by=by, at=clock.now())


def ask(client: Client, amount: str, by: Person, key: UUID | None = None) -> list[PayBack]:
    return paybacks.ask(client, amount=Decimal(amount), key=key or uuid4(), by=by, at=clock.now())


def sent(client: Client, amount: str, by: Person, officer: Office) -> PayBack:
    (one,) = ask(client, amount, by)
    return paybacks.send(one, reference="OUT-1", by=officer, at=clock.now())


def sound() -> bool:
    return not any(invariants.broken().values())


def test_what_nobody_confirmed_goes_back_to_nobody(firm: Client, treasurer: Office) -> None:
    before = paybacks.sources(firm)
    deposits.record(firm, amount=Decimal(50), reference="NOTED-B", by=treasurer, at=clock.now())
    assert paybacks.sources(firm) == before


def test_unspent_money_goes_back_by_two_officers(
    firm: Client, olga: Person, treasurer: Office, secretary: Office
) -> None:
    came = pay_in(firm, "80", treasurer)
    bank = ledger.balance(accounts.BANK)
    (one,) = ask(firm, "30", olga)
    assert (one.deposit, one.amount, one.state) == (came, Decimal(30), PayBackState.REQUESTED)
    assert (escrow.available(firm), ledger.balance(accounts.BANK)) == (Decimal(50), bank)
    assert sound()
    paybacks.send(one, reference=" OUT-1 ", by=treasurer, at=clock.now())
    with pytest.raises(Refused, match="You sent it"):
        paybacks.settle(one, by=treasurer, at=clock.now())
    paybacks.settle(one, by=secretary, at=clock.now())
    one.refresh_from_db()
    assert (one.state, one.reference, one.sent_by, one.settled_by) == (
        PayBackState.SETTLED, "OUT-1", treasurer, secretary,
    )  # fmt: skip
    assert (escrow.available(firm), ledger.balance(accounts.BANK) - bank) == (Decimal(50), Decimal(30))
    assert sound()
    kinds = list(Event.objects.filter(subject=f"payback:{one.pk}").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["paybacks.asked", "paybacks.sent", "paybacks.settled"]


def test_what_came_back_is_available_again_and_can_go_once_more(
    firm: Client, olga: Person, treasurer: Office, secretary: Office
) -> None:
    pay_in(firm, "80", treasurer)
    one = sent(firm, "80", olga, treasurer)
    assert paybacks.most(firm) == 0
    paybacks.fail(one, by=secretary, at=clock.now())
    assert (escrow.available(firm), paybacks.most(firm)) == (Decimal(80), Decimal(80))
    with pytest.raises(Refused, match="on its way"):
        paybacks.settle(one, by=secretary, at=clock.now())
    assert ask(firm, "80", olga)[0].state == PayBackState.REQUESTED
    assert sound()


def test_it_is_called_off_before_it_is_sent_and_not_after(firm: Client, olga: Person, treasurer: Office) -> None:
    pay_in(firm, "80", treasurer)
    (one,) = ask(firm, "80", olga)
    with pytest.raises(Refused, match="another organisation"):
        paybacks.call_off(one, by=person("amina"), at=clock.now())
    assert paybacks.call_off(one, by=olga, at=clock.now()).state == PayBackState.FAILED
    assert escrow.available(firm) == 80
    with pytest.raises(Refused, match="was called off"):
        paybacks.send(one, reference="OUT-1", by=treasurer, at=clock.now())
    late = sent(firm, "10", olga, treasurer)
    with pytest.raises(Refused, match="has been sent"):
        paybacks.call_off(late, by=olga, at=clock.now())
    assert sound()


def test_nothing_that_is_set_aside_goes_back(firm: Client, olga: Person, treasurer: Office) -> None:
    pay_in(firm, "80", treasurer)
    escrow.fund(JOB, Decimal("79.995"), firm, 1, by=olga, at=clock.now())
    assert paybacks.most(firm) == 0
    with pytest.raises(Refused, match="up to US"):
        ask(firm, "0.01", olga)
    escrow.refund(JOB, Decimal("79.995"), firm, 1, at=clock.now())
    assert paybacks.most(firm) == 80


def test_it_goes_to_the_latest_deposits_first_and_to_each_no_more_than_came_from_there(
    firm: Client, olga: Person, treasurer: Office, secretary: Office, later: Callable[..., object]
) -> None:
    first = pay_in(firm, "50", treasurer)
    later(hours=1)
    second = pay_in(firm, "20", treasurer)
    parts = ask(firm, "60", olga)
    assert [(one.deposit, one.amount, one.part) for one in parts] == [(second, Decimal(20), 1), (first, Decimal(40), 2)]
    assert [(one.deposit, one.left) for one in paybacks.sources(firm)] == [(first.pk, Decimal(10))]
    paybacks.settle(
        paybacks.send(parts[0], reference="OUT", by=treasurer, at=clock.now()), by=secretary, at=clock.now()
    )
    assert paybacks.most(firm) == 10
    assert sound()


def test_a_form_that_is_sent_twice_asks_once(firm: Client, olga: Person, treasurer: Office) -> None:
    pay_in(firm, "80", treasurer)
    key = uuid4()
    first, again = ask(firm, "30", olga, key), ask(firm, "30", olga, key)
    assert [one.pk for one in first] == [one.pk for one in again]
    assert escrow.available(firm) == 50


def test_gifts_and_other_clients_deposits_do_not_go_back(
    firm: Client, orbit: Client, olga: Person, treasurer: Office
) -> None:
    endow(firm, amount=Decimal(50), reference="GIFT-B", by=treasurer, at=clock.now())
    pay_in(orbit, "50", treasurer)
    assert paybacks.sources(firm) == []
    with pytest.raises(Refused, match="up to US"):
        ask(firm, "1", olga)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity"])
def test_amounts_are_whole_cents(firm: Client, olga: Person, treasurer: Office, amount: str) -> None:
    pay_in(firm, "80", treasurer)
    with pytest.raises(Refused, match="whole cents"):
        ask(firm, amount, olga)


def test_only_whoever_has_a_seat_asks_and_no_officer_of_the_client_sends(
    firm: Client, olga: Person, amina: Person, treasurer: Office, secretary: Office
) -> None:
    pay_in(firm, "80", treasurer)
    with pytest.raises(Refused, match="no seat"):
        ask(firm, "10", amina)
    (one,) = ask(firm, "10", olga)
    clients.offer(firm, treasurer.person.email, by=olga, at=clock.now())
    clients.accept(clients.offers(firm)[0], by=treasurer.person, at=clock.now())
    with pytest.raises(Refused, match="organisation of their own"):
        paybacks.send(one, reference="OUT-1", by=treasurer, at=clock.now())
    other = Office.objects.exclude(post__in=["treasurer", "secretary"])[0]
    with pytest.raises(Refused, match="treasurer or the secretary"):
        paybacks.send(one, reference="OUT-1", by=other, at=clock.now())
    with pytest.raises(Refused, match="reference"):
        paybacks.send(one, reference=" ", by=secretary, at=clock.now())


def test_what_came_by_card_goes_to_the_card_and_not_what_the_bank_took(
    firm: Client, olga: Person, settings: Settings, treasurer: Office
) -> None:
    with stripe.running() as world:
        settings.STRIPE_URL, settings.STRIPE_HOOKS = world.url, [HOOK]
        cards.begin(firm, amount=Decimal(50), key=uuid4(), back="https://x.example/", by=olga, at=clock.now())
        payment = CardPayment.objects.latest("pk")
        stripe.pay(world, payment.session)
        cards.go_on(at=clock.now())
        assert paybacks.sources(firm) == []
        stripe.settle(world)
        cards.go_on(at=clock.now())
        (one,) = ask(firm, "20", olga)
        assert (one.card, one.deposit, paybacks.most(firm)) == (payment, None, Decimal(30))
        stripe.dispute(world, payment.session)
        cards.heard_of(at=clock.now())
        pay_in(firm, "100", treasurer)
        assert [one.card for one in paybacks.sources(firm)] == [None]
    assert sound()


def test_the_open_ledger_tells_what_went_back_against_what_came_in(
    firm: Client, olga: Person, treasurer: Office, secretary: Office
) -> None:
    def received() -> Decimal:
        flows = open_ledger.figures(Month.of(clock.now())).flows
        return next(flow.amount for flow in flows if flow.name == "received")

    before = received()
    pay_in(firm, "80", treasurer)
    one = sent(firm, "30", olga, treasurer)
    assert received() - before == 80
    paybacks.settle(one, by=secretary, at=clock.now())
    assert received() - before == 50


def test_pages_lead_from_the_client_to_two_officers(
    firm: Client, olga: Person, teresa: Person, petra: Person, amina: Person, treasurer: Office, signed_in: SignedIn
) -> None:
    pay_in(firm, "80", treasurer)
    mine, path = signed_in(olga), "/c/firm/money/back/"
    assert "80" in mine.get(path).text
    key = uuid4()
    assert mine.post(path, {"amount": "80.01", "key": key}).status_code == 400
    for _twice in range(2):
        assert mine.post(path, {"amount": "30", "key": key}).status_code == 302
    one = PayBack.objects.get()
    desk = f"/desk/back/{one.pk}/"
    assert desk in signed_in(teresa).get("/desk/").text
    assert signed_in(amina).get(desk).status_code == 403
    assert signed_in(amina).get(path).status_code == 404
    assert signed_in(teresa).post(f"{desk}send/", {"reference": ""}).status_code == 400
    assert signed_in(teresa).post(f"{desk}send/", {"reference": "OUT-9"}).status_code == 302
    assert "You sent it" in signed_in(teresa).get(desk).text
    assert signed_in(petra).post(f"{desk}confirm/", {"result": "arrived"}).status_code == 302
    assert mine.post(f"{path}{one.pk}/off/").status_code == 409
    assert "Received" in mine.get(path).text
    assert mine.post(path, {"amount": "50", "key": uuid4()}).status_code == 302
    assert mine.post(f"{path}{PayBack.objects.latest('pk').pk}/off/").status_code == 302
    assert escrow.available(firm) == 50


# Attacks as the web role


def test_no_more_is_asked_back_than_came_and_by_nobody_else(
    firm: Client, orbit: Client, olga: Person, amina: Person, treasurer: Office, attack: Attack
) -> None:
    guard, came, others = (
        "paybacks_are_asked_of_what_came_in",
        pay_in(firm, "80", treasurer),
        pay_in(orbit, "80", treasurer),
    )
    gift = endow(firm, amount=Decimal(50), reference="GIFT-B", by=treasurer, at=clock.now())
    ask(firm, "30", olga)
    for facts in (
        [firm.pk, came.pk, None, 50_010_000, "requested", olga.pk, None],
        [firm.pk, came.pk, None, 10_001, "requested", olga.pk, None],
        [firm.pk, came.pk, None, 10_000, "requested", amina.pk, None],
        [firm.pk, came.pk, None, 10_000, "sent", olga.pk, None],
        [firm.pk, came.pk, None, 10_000, "requested", olga.pk, treasurer.pk],
        [firm.pk, others.pk, None, 10_000, "requested", olga.pk, None],
        [firm.pk, gift.pk, None, 10_000, "requested", olga.pk, None],
        [firm.pk, None, None, 10_000, "requested", olga.pk, None],
    ):
        attack(INSERT, facts, guard=guard)
        with owning():
            attack(INSERT, facts, guard=guard)


def test_it_goes_by_two_officers_who_are_not_the_clients(
    firm: Client, olga: Person, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    guard = "paybacks_go_by_two_officers"
    pay_in(firm, "80", treasurer)
    (one,) = ask(firm, "30", olga)
    other = Office.objects.exclude(post__in=["treasurer", "secretary"])[0]
    step = "UPDATE payments_payback SET state = %s, reference = %s, sent_by_id = %s, settled_by_id = %s WHERE id = %s"
    for facts in (
        ["settled", "X", treasurer.pk, secretary.pk], ["sent", "", treasurer.pk, None], ["sent", "X", None, None],
        ["sent", "X", other.pk, None], ["sent", "X", treasurer.pk, secretary.pk],
        ["failed", "", treasurer.pk, None], ["failed", "", None, secretary.pk], ["requested", "X", None, None],
    ):  # fmt: skip
        attack(step, [*facts, one.pk], guard=guard)
    paybacks.send(one, reference="X", by=treasurer, at=clock.now())
    for facts in (
        ["settled", "X", treasurer.pk, treasurer.pk], ["settled", "X", treasurer.pk, None],
        ["settled", "X", treasurer.pk, other.pk], ["settled", "Y", treasurer.pk, secretary.pk],
        ["failed", "X", secretary.pk, secretary.pk], ["requested", "X", treasurer.pk, None],
    ):  # fmt: skip
        attack(step, [*facts, one.pk], guard=guard)
    more = step.replace("SET ", "SET amount = 1, ")
    attack(more, ["settled", "X", treasurer.pk, secretary.pk, one.pk], guard="permission denied")
    attack("DELETE FROM payments_payback", guard="permission denied")
    with owning():
        attack(more, ["settled", "X", treasurer.pk, secretary.pk, one.pk], guard="payments_payback_is_frozen")
        attack("DELETE FROM payments_payback", guard="payments_payback_is_kept")
    clients.offer(firm, secretary.person.email, by=olga, at=clock.now())
    clients.accept(clients.offers(firm)[0], by=secretary.person, at=clock.now())
    attack(step, ["settled", "X", treasurer.pk, secretary.pk, one.pk], guard=guard)


def test_it_is_sent_only_once_the_money_left_the_balance(
    firm: Client, olga: Person, treasurer: Office, attack: Attack
) -> None:
    came = pay_in(firm, "80", treasurer)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [firm.pk, came.pk, None, 10_000, "requested", olga.pk, None])
    step = "UPDATE payments_payback SET state = 'sent', reference = 'X', sent_by_id = %s"
    attack(step, [treasurer.pk], guard="paybacks_go_by_two_officers")


def test_money_moves_as_was_asked_and_confirmed(
    firm: Client, orbit: Client, olga: Person, amina: Person, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    guard = "money_goes_back_as_was_asked"
    pay_in(firm, "80", treasurer)
    mine, others = accounts.client(firm.pk), accounts.client(orbit.pk)
    one = sent(firm, "30", olga, treasurer)
    ref, out = f"payback:{one.pk}", accounts.CLEARING_OUT
    attack(POST, posting(44, out, accounts.BANK, 30_000_000, ref), guard=guard)
    attack(POST, posting(45, out, mine, 30_000_000, ref), guard=guard)
    attack(POST, posting(43, mine, out, 30_000_000, ref), guard="facts_are_posted_once")
    for wrong in ("payback:0", "payback:x", "payout:1"):
        attack(POST, posting(43, mine, out, 30_000_000, wrong), guard=guard)
    attack(
        POST, posting(43, accounts.payable(amina.pk), out, 10_000, "payback:0"), guard="money_goes_back_as_was_asked"
    )
    paybacks.fail(one, by=secretary, at=clock.now())
    attack(POST, posting(45, out, others, 30_000_000, ref), guard=guard)
    attack(POST, posting(45, out, mine, 30_000_000, ref), guard="facts_are_posted_once")
    attack(POST, posting(44, out, accounts.BANK, 30_000_000, ref), guard=guard)


def test_a_deposit_that_went_back_is_not_reversed(
    firm: Client, olga: Person, treasurer: Office, attack: Attack
) -> None:
    came = pay_in(firm, "80", treasurer)
    pay_in(firm, "80", treasurer)
    line = ledger.lines_of(accounts.client(firm.pk)).get(ref=f"deposit:{came.pk}")
    ask(firm, "160", olga)
    reverse = """INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at,
        reverses_id) SELECT gen_random_uuid(), gen_random_uuid(), 99, credit_id, debit_id, amount, ref, occurred_at, id
        FROM payments_transfer WHERE id = %s"""
    attack(reverse, [line.pk], guard="money_goes_back_as_was_asked")
    other = pay_in(firm, "10", treasurer)
    take_back(ledger.lines_of(accounts.client(firm.pk)).get(ref=f"deposit:{other.pk}"))
    assert paybacks.sources(firm) == []


@pytest.mark.usefixtures("committed")
def test_an_older_view_asks_nothing_back(attack_from_the_past: Attack, orbit: Client, olga: Person) -> None:
    treasurer, secretary = (offices.require(person(name), post, clock.now()) for name, post in
                            (("teresa", "treasurer"), ("petra", "secretary")))  # fmt: skip
    came = pay_in(orbit, "80", treasurer)
    attack_from_the_past(
        INSERT, [orbit.pk, came.pk, None, 10_000, "requested", olga.pk, None],
        guard="paybacks_are_asked_of_what_came_in",
    )  # fmt: skip
    one = sent(orbit, "10", olga, treasurer)
    attack_from_the_past(
        "UPDATE payments_payback SET state = 'settled', settled_by_id = %s WHERE id = %s", [secretary.pk, one.pk],
        guard="paybacks_go_by_two_officers",
    )  # fmt: skip


@pytest.mark.usefixtures("committed")
def test_two_who_ask_for_the_same_money_get_it_once(
    cluster: object, database_name: str, orbit: Client, olga: Person, superuser: psycopg.Connection
) -> None:
    """Whoever comes second waits at the client's account, and finds nothing left."""
    treasurer = offices.require(person("teresa"), "treasurer", clock.now())
    came = pay_in(orbit, "80", treasurer)
    facts = [orbit.pk, came.pk, None, 80_000_000, "requested", olga.pk, None]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT, facts)
        superuser.execute("SET lock_timeout = '300ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            superuser.execute(INSERT, facts)
        superuser.rollback()
    with pytest.raises(psycopg.errors.CheckViolation):
        superuser.execute(INSERT, facts)


def test_what_is_finer_than_a_cent_keeps_no_other_money_back(firm: Client, olga: Person, treasurer: Office) -> None:
    for amount, reference in (("20", "WHOLE"), ("10.005", "FINER")):
        arrive(firm, amount=Decimal(amount), reference=reference, by=treasurer, at=clock.now())
    asked = paybacks.ask(firm, amount=Decimal(15), key=uuid4(), by=olga, at=clock.now())
    assert [one.amount for one in asked] == [Decimal(10), Decimal(5)]
