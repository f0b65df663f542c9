"""Payouts by a service: one key, one payment, whatever is lost, doubled, reordered or forged on the way.

Against the tests' own PayPal: this proves our side of it, not theirs.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from coop import clock
from coop.audit import payouts as walked
from coop.people.models import Person
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, background, details, ledger, moves, payouts, questions, runs, sending
from payments.ledger import Kind, Line
from payments.models import Outcome, Payout, PayRun, Place, RailEvent
from tests.payments import paypal, ways
from tests.payments.paypal import Account
from tests.payments.test_attacks import POST, posting
from tests.payments.test_proof import touch
from tests.payments.ways import go_on, rests, says, sound, state

type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
type Attack = Callable[..., None]


@pytest.fixture
def service(settings: Settings) -> Iterator[Account]:
    """Run the fake, and let the site have an account there."""
    with paypal.running() as account:
        settings.PAYPAL_URL = account.url.replace("http://", "http://id:secret@")
        yield account


@pytest.fixture
def opened(db: None, service: Account, treasurer: Office, secretary: Office) -> None:
    ways.open_way("paypal")
    ways.stock("paypal", treasurer, secretary)


@pytest.fixture
def asked(opened: None, earn: Earn, amina: Person, later: Later) -> Payout:
    earn(amina, "5")
    given = details.give(amina, rail="paypal", facts={"email": "amina@mail.example"}, by=amina, at=clock.now())
    background.tell_of_details(details=given.pk)
    at = later(hours=73)
    return payouts.request(amina, amount=Decimal(5), rail="paypal", by=amina, at=at)


@pytest.fixture
def released(asked: Payout, treasurer: Office, secretary: Office) -> PayRun:
    return ways.release("paypal", treasurer, secretary)


def test_a_payout_goes_out_and_arrives(asked: Payout, released: PayRun, service: Account) -> None:
    before = ledger.balance("bank:paypal")
    assert go_on() == 1
    assert state(asked) == "settled"
    assert service.paid == [runs.key_of(asked.pk)]
    item = next(iter(service.batches.values()))["items"][0]["payout_item"]
    assert (item["receiver"], item["amount"]) == ("amina@mail.example", {"value": "5.00", "currency": "USD"})
    # Five dollars and what the service took; that is the cooperative's to bear.
    assert ledger.balance("bank:paypal") - before == Decimal("5.25")
    assert ledger.balance(accounts.RAIL_FEES) == Decimal("-0.25")
    assert PayRun.objects.get(pk=released.pk).handed_over_at
    assert go_on() == 0
    assert sound()
    assert not list(walked.walk(bool))
    touch("payments_payout", "UPDATE payments_payout SET state = 'failed'")
    assert len(list(walked.walk(bool))) == 2  # nobody said that it came back, and what was said is not what it is


def test_nothing_is_sent_before_two_officers_said_so(asked: Payout, treasurer: Office, service: Account) -> None:
    run = runs.prepare("paypal", at=clock.now())
    assert run
    runs.check(run, by=treasurer, at=clock.now())
    assert go_on() == 0
    assert service.asked == []


def test_a_lost_answer_is_found_again_and_not_paid_again(asked: Payout, released: PayRun, service: Account) -> None:
    service.loses_answers = 1
    assert go_on() == 0
    assert (state(asked), len(service.paid)) == ("sending", 1)
    assert go_on() == 1
    assert (state(asked), len(service.paid)) == ("settled", 1)
    assert [one for one in service.asked if one.endswith("/payouts")] == ["POST /v1/payments/payouts"] * 2
    assert sound()


def test_an_outage_changes_nothing(asked: Payout, released: PayRun, service: Account, settings: Settings) -> None:
    service.breaks = 1
    assert go_on() == 0
    service.refuses_tokens = True
    assert go_on() == 0
    settings.PAYPAL_URL, real = "http://id:secret@127.0.0.1:9", settings.PAYPAL_URL
    assert go_on() == 0
    assert (state(asked), service.paid) == ("sending", [])
    service.refuses_tokens, settings.PAYPAL_URL = False, real
    assert go_on() == 1
    assert state(asked) == "settled"


def test_a_crash_after_the_service_accepted_pays_once(
    asked: Payout, released: PayRun, service: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(sending, "_write", lambda *_facts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            go_on()
    assert (state(asked), len(service.paid)) == ("sending", 1)
    assert go_on() == 1
    assert (state(asked), len(service.paid)) == ("settled", 1)


@pytest.mark.parametrize("status", ["FAILED", "BLOCKED", "RETURNED"])
def test_what_fails_is_the_members_again_and_can_be_asked_for_anew(
    asked: Payout, released: PayRun, service: Account, amina: Person, status: str
) -> None:
    service.status[runs.key_of(asked.pk)] = status
    go_on()
    assert rests(asked) == ("failed", Decimal(5))
    assert says(asked)
    again = payouts.request(amina, amount=Decimal(5), rail="paypal", by=amina, at=clock.now())
    assert runs.key_of(again.pk) != runs.key_of(asked.pk)
    assert sound()


def test_a_refused_request_leaves_the_money_here(
    asked: Payout, released: PayRun, service: Account, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paypal, "wrong", lambda _said: "VALIDATION_ERROR")
    go_on()
    assert rests(asked) == ("failed", Decimal(5))
    assert service.paid == []
    assert RailEvent.objects.get(payout=asked, outcome=Outcome.FAILED).words == "VALIDATION_ERROR"


def test_what_nobody_claims_comes_back_before_the_third_day(
    asked: Payout, released: PayRun, service: Account, amina: Person, later: Later
) -> None:
    service.status[runs.key_of(asked.pk)] = "UNCLAIMED"
    go_on()
    assert state(asked) == "sent"
    later(hours=47)
    go_on()
    assert state(asked) == "sent"
    later(hours=2)
    go_on()
    assert rests(asked) == ("failed", Decimal(5))
    assert sound()


def hook(asked: Payout, service: Account, **more: object) -> int:
    body = {"event_type": "PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "resource": {
        "payout_batch_id": service.reference(runs.key_of(asked.pk)), "transaction_status": "SUCCESS", **more,
    }}  # fmt: skip
    answer = Browser(enforce_csrf_checks=True).post("/hooks/paypal/", json.dumps(body), content_type="application/json")
    return answer.status_code


def test_a_word_of_the_service_lets_us_ask_and_its_words_are_not_believed(
    asked: Payout, released: PayRun, service: Account
) -> None:
    """Forged, stale, repeated or out of order: each only makes us ask, and we book what the answer says."""
    key = runs.key_of(asked.pk)
    service.status[key] = "PENDING"
    go_on()
    assert hook(asked, service) == 204
    assert state(asked) == "sent"
    service.status[key] = "SUCCESS"
    assert {hook(asked, service, transaction_status="FAILED") for _turn in range(3)} == {204}
    assert state(asked) == "settled"
    assert RailEvent.objects.filter(payout=asked, outcome=Outcome.SETTLED).count() == 1
    assert sound()


def test_what_came_back_after_it_arrived_is_the_members_again_once(
    asked: Payout, released: PayRun, service: Account, amina: Person
) -> None:
    go_on()
    service.status[runs.key_of(asked.pk)] = "REFUNDED"
    for _turn in range(2):
        hook(asked, service)
    assert rests(asked) == ("failed", Decimal(5))
    assert says(asked)
    # Both cannot be: that it arrived after all is for an officer to look at, and nobody's balance moves.
    service.status[runs.key_of(asked.pk)] = "SUCCESS"
    hook(asked, service)
    assert payouts.ready(amina) == 5
    assert sound()
    assert not list(walked.walk(bool))


def test_settled_after_it_failed_moves_nothing_and_is_shown(
    asked: Payout, released: PayRun, service: Account, amina: Person
) -> None:
    service.status[runs.key_of(asked.pk)] = "FAILED"
    go_on()
    service.status[runs.key_of(asked.pk)] = "SUCCESS"
    assert [hook(asked, service) for _turn in range(2)] == [204, 204]
    assert rests(asked) == ("failed", Decimal(5))
    assert [event.outcome for event in questions.waiting()] == ["repeated"]
    assert sound()


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"resource": 1}', b'{"resource": {"payout_batch_id": "x"}}'])
def test_a_word_that_names_nothing_does_nothing(opened: None, service: Account, body: bytes) -> None:
    assert Browser().post("/hooks/paypal/", body, content_type="application/json").status_code == 204
    assert service.asked == []


def test_words_for_no_service_and_endless_ones_are_refused(opened: None, service: Account) -> None:
    assert Browser().post("/hooks/bank/", b"{}", content_type="application/json").status_code == 404
    assert Browser().get("/hooks/paypal/").status_code == 405
    assert Browser().post("/hooks/paypal/", b" " * 100_001, content_type="application/json").status_code == 413


def test_nothing_is_sent_again_after_the_service_may_have_forgotten(
    asked: Payout, released: PayRun, service: Account, later: Later
) -> None:
    service.loses_answers = 1
    go_on()
    service.batches.clear()
    later(days=29, minutes=1)
    assert go_on() == 0
    assert (state(asked), service.paid) == ("sending", [])


def test_a_site_without_an_account_there_does_not_offer_it(opened: None, amina: Person, settings: Settings) -> None:
    settings.PAYPAL_URL = ""
    assert "paypal" not in [way.rail.name for way in payouts.open_ways(amina, at=clock.now())]
    with pytest.raises(Refused):
        details.give(amina, rail="paypal", facts={"email": "a@b.example"}, by=amina, at=clock.now())


def test_it_is_closed_until_the_members_open_it(service: Account, amina: Person, db: None) -> None:
    with pytest.raises(Refused, match="not opened"):
        details.give(amina, rail="paypal", facts={"email": "a@b.example"}, by=amina, at=clock.now())


def test_it_is_named_a_simulated_rail_and_asks_for_an_address(
    opened: None, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    page = signed_in(amina).get("/pay/details/").text
    assert "PayPal" in page
    assert "simulated rail" in page
    with pytest.raises(Refused, match="no e-mail"):
        details.give(amina, rail="paypal", facts={"email": "amina"}, by=amina, at=clock.now())
    given = details.give(amina, rail="paypal", facts={"email": "amina@mail.example"}, by=amina, at=clock.now())
    assert given.hint == "PayPal a…@mail.example"


HEAR = """INSERT INTO payments_railevent
    (rail, event, payout_id, outcome, amount, currency, words, occurred_at, noted_at)
    VALUES ('paypal', 'x', %s, %s, %s, 'USD', '', coop_now(), coop_now())"""


def test_nobody_says_for_the_service_what_was_never_sent(
    asked: Payout, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    run = runs.prepare("paypal", at=clock.now())
    assert run
    guard = "rails_say_what_became_of_payouts"
    attack(HEAR, [asked.pk, "settled", 5_000_000], guard=guard)
    runs.check(run, by=treasurer, at=clock.now())
    run = runs.release(run, by=secretary, at=clock.now())
    attack(HEAR, [asked.pk, "settled", 5_000_000], guard=guard)
    runs.carry_out(run, at=clock.now())
    attack(HEAR, [asked.pk, "settled", 4_000_000], guard=guard)
    attack(HEAR, [asked.pk, "returned", 5_000_000], guard=guard)
    go_on()
    attack(HEAR, [asked.pk, "settled", 5_000_000], guard=guard)
    attack(HEAR, [asked.pk, "failed", 5_000_000], guard=guard)


def test_a_run_of_a_service_has_no_file(released: PayRun, treasurer: Office) -> None:
    with pytest.raises(Refused, match="no file"):
        runs.file(released, by=treasurer, at=clock.now())
    with pytest.raises(Refused):
        runs.hand_over(released, by=treasurer, at=clock.now() + timedelta(minutes=1))


def test_what_paypal_pays_leaves_what_lies_at_paypal(
    asked: Payout, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    """The site's own role tries to pay it out of the bank's account, and what came back into it."""
    payouts.send(asked, reference="PP-1", by=treasurer, at=clock.now())
    Payout.objects.filter(pk=asked.pk).update(state="settled", settled_by=secretary, settled_at=clock.now())
    ref, out, guard = f"payout:{asked.pk}", accounts.CLEARING_OUT, "payouts_move_what_was_asked"
    for place in (accounts.BANK, accounts.STRIPE, "bank:wise", "bank:mpesa"):
        attack(POST, posting(14, out, place, 5_000_000, ref), guard=guard)
    line = Line(Kind.PAID_OUT, out, "bank:paypal", Decimal(5), f"{ref}:result", ref)
    ledger.post(line, journal=ref, at=clock.now())
    attack(POST, posting(14, out, accounts.BANK, 5_000_000, ref), guard="payouts_end_once")
    attack(POST, posting(16, accounts.BANK, accounts.payable(asked.person_id), 5_000_000, ref), guard=guard)


def test_a_run_is_released_once_its_place_holds_it(asked: Payout, treasurer: Office, secretary: Office) -> None:
    back = moves.note(Place.PAYPAL, Place.MAIN, amount=Decimal("95.01"), reference="BACK", by=treasurer, at=clock.now())
    moves.confirm(back, by=secretary, at=clock.now())
    run = runs.prepare("paypal", at=clock.now())
    assert run
    [difference] = runs.preview(run).differences
    assert "US$\xa04.99 (PayPal); with what is under way US$\xa05.00" in difference
    with pytest.raises(Refused, match="differs from the books"):
        runs.check(run, by=treasurer, at=clock.now())
    ways.stock("paypal", treasurer, secretary, "0.01")
    assert runs.check(run, by=treasurer, at=clock.now()).checked_at


def test_a_word_waits_until_the_books_have_what_it_was_paid_from(
    asked: Payout, released: PayRun, service: Account, treasurer: Office, secretary: Office
) -> None:
    back = moves.note(Place.PAYPAL, Place.MAIN, amount=Decimal(98), reference="BACK", by=treasurer, at=clock.now())
    moves.confirm(back, by=secretary, at=clock.now())
    go_on()
    assert (state(asked), go_on()) == ("sent", 0)
    assert not asked.events.exists()
    # What PayPal took for it is more than the three dollars leave: a question, and no reason to hold up the rest.
    ways.stock("paypal", treasurer, secretary, "3")
    assert go_on() == 1
    assert state(asked) == "settled"
    assert [event.outcome for event in asked.events.order_by("pk")] == [Outcome.SETTLED, Outcome.PARTIAL]
    assert ledger.balance("bank:paypal") == 0
    assert sound()


def test_by_hand_nothing_is_confirmed_that_was_not_there(asked: Payout, treasurer: Office, secretary: Office) -> None:
    back = moves.note(Place.PAYPAL, Place.MAIN, amount=Decimal(100), reference="BACK", by=treasurer, at=clock.now())
    moves.confirm(back, by=secretary, at=clock.now())
    payouts.send(asked, reference="PP-1", by=treasurer, at=clock.now())
    with pytest.raises(Refused, match="PayPal"):
        payouts.settle(asked, by=secretary, at=clock.now())
    ways.stock("paypal", treasurer, secretary)
    payouts.settle(asked, by=secretary, at=clock.now())
    assert ledger.balance("bank:paypal") == -95
    assert sound()


BEFOREHAND = """INSERT INTO payments_railevent
    (rail, event, outcome, payout_id, amount, currency, words, occurred_at, noted_at)
    VALUES ('paypal', %s, %s, %s, %s, 'USD', '', coop_now(), coop_now())"""


def test_no_name_of_a_payout_is_taken_beforehand(
    asked: Payout, released: PayRun, service: Account, attack: Attack
) -> None:
    """The site's own role says first, with other sums, what the service will say: the true word stands beside it."""
    key = runs.key_of(asked.pk)
    for name, outcome in (("fee", "fee"), ("fee", "partial"), ("partial", "partial"), ("repeated", "repeated"),
                          ("partial/2", "partial"), ("fee/1", "partial"), ("asked/1", "fee"),
                          ("asked/2", "partial")):  # fmt: skip
        guard = "fees_are_of_something" if outcome == "fee" else "words_of_a_payout_are_its_own"
        attack(BEFOREHAND, [f"{key}/{name}", outcome, asked.pk, 1], guard=guard)
    with connection.cursor() as cursor:
        for outcome in ("fee", "partial", "repeated"):
            cursor.execute(BEFOREHAND, [f"{key}/{outcome}/1", outcome, asked.pk, 1])
    go_on()
    assert state(asked) == "settled"
    said = set(RailEvent.objects.filter(payout=asked).values_list("outcome", "amount"))
    # A fee is not booked twice by such words: the true one is a question.
    assert {("settled", Decimal(5)), ("partial", Decimal("0.25"))} <= said
    assert not sending.go_on(at=clock.now())


@pytest.mark.parametrize("outcome", ["partial", "repeated"])
def test_another_word_of_the_same_sum_keeps_no_fee_out(
    asked: Payout, released: PayRun, service: Account, outcome: str
) -> None:
    """PayPal's fee is known before: the site's own role says something else of just that sum."""
    key = runs.key_of(asked.pk)
    with connection.cursor() as cursor:
        cursor.execute(BEFOREHAND, [f"{key}/{outcome}/250000", outcome, asked.pk, 250_000])
    go_on()
    assert RailEvent.objects.get(payout=asked, outcome="fee").event == f"{key}/fee/250000"
    assert ledger.balance(accounts.RAIL_FEES) == Decimal("-0.25")
    assert not go_on()


COSTS = """INSERT INTO payments_railevent
    (rail, event, outcome, payout_id, amount, currency, words, occurred_at, noted_at)
    VALUES ('paypal', %s, 'fee', %s, %s, %s, '', coop_now(), coop_now())"""


def test_a_fee_of_a_payout_is_under_its_name_and_bounded(
    asked: Payout, released: PayRun, service: Account, attack: Attack
) -> None:
    """It takes no other's name; there is one, in its currency, of no more than a tenth of it and one."""
    guard, key = "fees_are_of_something", runs.key_of(asked.pk)
    for name, amount, currency in [
        ("pi_1/fee", 1, "USD"), (f"{key}/fee/1", 1, "EUR"),
        ("x", 1, "USD"), (f"{key}/fee/1500001", 1_500_001, "USD"),
    ]:  # fmt: skip
        attack(COSTS, [name, asked.pk, amount, currency], guard=guard)
    with connection.cursor() as cursor:
        cursor.execute(COSTS, [f"{key}/fee/1500000", asked.pk, 1_500_000, "USD"])
    attack(COSTS, [f"{key}/fee/1", asked.pk, 1, "USD"], guard="a_payout_costs_once")


def test_a_fee_of_a_payout_beyond_its_bound_is_a_question(
    asked: Payout, released: PayRun, service: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paypal, "FEE", "1.51")
    go_on()
    said = asked.events.order_by("pk").values_list("event", "outcome")
    key = runs.key_of(asked.pk)
    assert list(said) == [(f"{key}/settled", "settled"), (f"{key}/asked/1510000", "partial")]
    assert not go_on()


def test_a_fee_under_its_old_name_is_not_booked_again(asked: Payout, released: PayRun, service: Account) -> None:
    go_on()
    fee = RailEvent.objects.get(payout=asked, outcome="fee")
    assert fee.event == f"{runs.key_of(asked.pk)}/fee/250000"
    touch(
        "payments_railevent", f"UPDATE payments_railevent SET event = '{runs.key_of(asked.pk)}/fee' WHERE id = {fee.pk}"
    )
    assert sending.ask(asked.pk, at=clock.now()) is False
    assert RailEvent.objects.filter(payout=asked, outcome="fee").count() == 1
