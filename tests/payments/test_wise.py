"""Payouts by Wise: one key, one transfer, whatever is lost, doubled, reordered or forged on the way.

Against the tests' own Wise: this proves our side of it, not theirs.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance.models import Office
from payments import (
    accounts,
    budgets,
    details,
    exchange,
    ledger,
    payouts,
    questions,
    rails,
    runs,
    sending,
)
from payments.models import Outcome, Payout, PayRun, RailEvent
from payments.money import MINOR_UNITS, to_micro
from payments.surplus import Quarter
from tests.payments import abroad, ways, wise
from tests.payments.ways import go_on, rests, says, sound, state
from tests.payments.wise import Profile

type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]

RAIL = "wise_eur"
PLACE = {"holder": "Luis Pérez", "iban": "DE89 3704 0044 0532 0130 00"}


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[Profile]:
    """Run the fake, and let the site have a profile there."""
    with wise.running(tmp_path) as (profile, url, key):
        settings.WISE_URL, settings.WISE_KEY = url, str(key)
        yield profile


@pytest.fixture
def opened(db: None, service: Profile) -> None:
    ways.open_way(RAIL)


@pytest.fixture
def asked(opened: None, earn: Earn, luis: Person, later: Later, treasurer: Office, secretary: Office) -> Payout:
    earn(luis, "5")
    abroad.buy(treasurer, secretary, currency="EUR", bought="92.137", paid="100")
    abroad.say_where(luis, RAIL, **PLACE)
    later(hours=73)
    return abroad.take(luis, "5", RAIL)


@pytest.fixture
def released(asked: Payout, treasurer: Office, secretary: Office) -> PayRun:
    return ways.release(RAIL, treasurer, secretary)


def hook(service: Profile, number: int, *, signature: str | None = None, kind: str = "transfer") -> int:
    """Send a message of Wise's, signed by it unless another signature is given."""
    body = json.dumps({
        "data": {"resource": {"id": number, "profile_id": 28577318, "type": kind}, "current_state": "made up"},
        "event_type": "transfers#state-change", "schema_version": "4.0.0",
    }).encode()  # fmt: skip
    signed = service.signed(body) if signature is None else signature
    browser = Browser(enforce_csrf_checks=True)
    sent = {"content_type": "application/json", "headers": {"X-Signature-SHA256": signed}}
    return browser.post("/hooks/wise/", body, **sent).status_code  # type: ignore[arg-type]


def test_a_payout_goes_out_to_the_cent_and_arrives(
    asked: Payout, released: PayRun, service: Profile, luis: Person
) -> None:
    # Five dollars at 0.92137 are 4.60685 euros: 4.60 arrive, the rest stays in dollars.
    assert (asked.amount, asked.currency) == (Decimal("4.60"), "EUR")
    assert payouts.ready(luis) == Decimal(5) - Decimal("4.992566")
    assert go_on() == 1
    assert (state(asked), len(service.funded)) == ("sent", 1)
    [transfer], [to] = service.transfers.values(), service.recipients.values()
    assert transfer["customerTransactionId"] == str(ledger.key_of(runs.key_of(asked.pk)))
    assert transfer["targetValue"] == 4.6
    assert to["details"] == {"legalType": "PRIVATE", "IBAN": "DE89370400440532013000"}
    assert to["accountHolderName"] == "Luis Pérez"
    number = service.turn("outgoing_payment_sent")
    assert hook(service, number) == 204
    assert state(asked) == "settled"
    # What Wise took is the cooperative's to bear, and no dollar of the quarter's budget.
    assert ledger.balance(accounts.RAIL_FEES, "EUR") == -Decimal(wise.FEE)
    assert exchange.held("EUR") == Decimal("92.137") - Decimal("4.60") - Decimal(wise.FEE)
    assert budgets.unspent(Quarter.of(clock.now())) == 0
    assert [hook(service, number) for _turn in range(2)] == [204, 204]
    assert RailEvent.objects.filter(payout=asked).count() == 2
    assert sound()


def test_nothing_is_sent_before_two_officers_said_so(asked: Payout, treasurer: Office, service: Profile) -> None:
    run = runs.prepare(RAIL, at=clock.now())
    assert run
    runs.check(run, by=treasurer, at=clock.now())
    assert go_on() == 0
    assert service.asked == []


def test_a_lost_answer_is_found_again_and_not_paid_again(asked: Payout, released: PayRun, service: Profile) -> None:
    service.loses_answers = 1
    assert go_on() == 0
    assert (state(asked), len(service.transfers), service.funded) == ("sending", 1, [])
    assert go_on() == 1
    assert (state(asked), len(service.transfers), len(service.funded)) == ("sent", 1, 1)


def test_an_outage_changes_nothing(asked: Payout, released: PayRun, service: Profile, settings: Settings) -> None:
    service.breaks = 1
    assert go_on() == 0
    settings.WISE_URL, real = "http://1:t@127.0.0.1:9", settings.WISE_URL
    assert go_on() == 0
    settings.WISE_URL = real.replace(wise.TOKEN, "wrong")
    assert go_on() == 0
    assert (state(asked), service.transfers) == ("sending", {})
    settings.WISE_URL = real
    assert go_on() == 1
    assert state(asked) == "sent"


def test_a_crash_after_it_was_funded_pays_once(
    asked: Payout, released: PayRun, service: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(sending, "_write", lambda *_facts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            go_on()
    assert (state(asked), len(service.funded)) == ("sending", 1)
    assert go_on() == 1
    assert (state(asked), len(service.transfers), len(service.funded)) == ("sent", 1, 1)


def test_a_refused_account_leaves_the_money_here(asked: Payout, released: PayRun, service: Profile) -> None:
    service.refuses = "NOT_VALID_IBAN"
    go_on()
    assert rests(asked) == ("failed", Decimal(5))
    assert RailEvent.objects.get(payout=asked).words == "NOT_VALID_IBAN"
    assert sound()


def test_refused_after_it_was_taken_it_is_found_and_not_given_back(
    asked: Payout, released: PayRun, service: Profile
) -> None:
    service.loses_answers = 1
    go_on()
    service.refuses = "NOT_VALID_IBAN"
    assert go_on() == 1
    assert (state(asked), len(service.transfers)) == ("sent", 1)


def test_without_a_balance_it_waits_and_comes_back_before_the_third_day(
    asked: Payout, released: PayRun, service: Profile, later: Later
) -> None:
    service.has_balance = False
    go_on()
    go_on()
    assert (state(asked), service.funded) == ("sent", [])
    later(hours=49)
    go_on()
    assert rests(asked) == ("failed", Decimal(5))
    assert [one["status"] for one in service.transfers.values()] == ["cancelled"]
    assert sound()


def test_a_balance_that_came_later_sends_it(asked: Payout, released: PayRun, service: Profile) -> None:
    service.has_balance = False
    go_on()
    service.has_balance = True
    go_on()
    assert len(service.funded) == 1
    service.turn("outgoing_payment_sent")
    assert go_on() == 1
    assert state(asked) == "settled"


def test_what_bounced_back_is_the_members_once_it_is_refunded(
    asked: Payout, released: PayRun, service: Profile
) -> None:
    go_on()
    number = service.turn("outgoing_payment_sent")
    hook(service, number)
    assert state(asked) == "settled"
    service.turn("bounced_back")
    hook(service, number)
    assert state(asked) == "settled"
    service.turn("funds_refunded")
    assert [hook(service, number) for _turn in range(2)] == [204, 204]
    assert rests(asked) == ("failed", Decimal(5))
    assert says(asked)
    assert RailEvent.objects.filter(payout=asked, outcome=Outcome.RETURNED).count() == 1
    assert sound()
    # Both cannot be: that it arrived after all is for an officer to look at.
    service.turn("outgoing_payment_sent")
    hook(service, number)
    assert rests(asked) == ("failed", Decimal(5))
    assert [event.outcome for event in questions.waiting()] == ["repeated"]
    assert sound()


def test_a_refund_before_it_arrived_is_the_members_again(asked: Payout, released: PayRun, service: Profile) -> None:
    go_on()
    service.turn("funds_refunded")
    assert go_on() == 1
    assert rests(asked) == ("failed", Decimal(5))
    assert says(asked)
    assert sound()


def test_another_amount_is_a_question(asked: Payout, released: PayRun, service: Profile) -> None:
    go_on()
    service.transfers[service.turn("outgoing_payment_sent")]["targetValue"] = 4.5
    go_on()
    assert state(asked) == "sent"
    assert [event.outcome for event in questions.waiting()] == ["partial"]


def test_a_status_that_nobody_knows_changes_nothing(asked: Payout, released: PayRun, service: Profile) -> None:
    go_on()
    service.turn("unknown")
    assert go_on() == 0
    assert state(asked) == "sent"


def test_a_fee_beyond_what_was_bought_is_a_question(
    opened: None, earn: Earn, luis: Person, later: Later, treasurer: Office, secretary: Office, service: Profile
) -> None:
    earn(luis, "5")
    abroad.buy(treasurer, secretary, currency="EUR", bought="4.60", paid="5")
    abroad.say_where(luis, RAIL, **PLACE)
    later(hours=73)
    payout = abroad.take(luis, "5", RAIL)
    ways.release(RAIL, treasurer, secretary)
    go_on()
    service.turn("outgoing_payment_sent")
    go_on()
    assert state(payout) == "settled"
    assert exchange.held("EUR") == 0
    assert [(event.outcome, event.amount) for event in questions.waiting()] == [("partial", Decimal("0.44"))]
    assert sound()


def test_a_message_that_wise_did_not_sign_is_refused(
    asked: Payout, released: PayRun, service: Profile, settings: Settings, tmp_path: Path
) -> None:
    go_on()
    number, before = service.turn("outgoing_payment_sent"), len(service.asked)
    for forged in ("", "!", "AAAA", service.signed(b"another body")):
        assert hook(service, number, signature=forged) == 400
    settings.WISE_KEY = ""
    assert hook(service, number) == 400
    assert (state(asked), len(service.asked)) == ("sent", before)


def test_a_message_of_something_else_does_nothing(asked: Payout, released: PayRun, service: Profile) -> None:
    go_on()
    before = len(service.asked)
    assert hook(service, 1) == 204
    assert hook(service, max(service.transfers), kind="balance") == 204
    assert len(service.asked) == before


def test_nothing_is_sent_again_after_the_service_may_have_forgotten(
    asked: Payout, released: PayRun, service: Profile, later: Later
) -> None:
    service.loses_answers = 1
    go_on()
    service.transfers.clear()
    later(days=13, minutes=1)
    assert go_on() == 0
    assert (state(asked), service.transfers) == ("sending", {})


@pytest.mark.parametrize(
    ("rail", "facts", "hint"),
    [
        ("wise_eur", {"holder": "Luis Pérez", "iban": "de89 3704-0044 0532 0130 00"}, "Wise EUR …000"),
        ("wise_gbp", {"holder": "Ana Lee", "sort_code": "23-14-70", "account": "28821822"}, "Wise GBP …822"),
        ("wise_inr", {"holder": "Ria Rao", "ifsc": "yesb0236041", "account": "678911234567891"}, "Wise INR …891"),
    ],
)
def test_an_account_is_what_its_currency_needs(rail: str, facts: dict[str, str], hint: str) -> None:
    way = rails.of(rail)
    clean = way.clean(facts)
    assert way.missing(clean) is None
    assert way.refusal(clean) is None
    assert way.hint(clean) == hint
    for name in set(clean) - {"holder"}:
        assert way.refusal(clean | {name: clean[name][:4]}), name
        assert way.refusal(clean | {name: f"{clean[name][:-1]}\u0661"}), name
    assert way.refusal(clean | {"holder": "Luis"})


def test_each_currency_is_closed_until_the_members_open_it(opened: None, luis: Person, settings: Settings) -> None:
    place = {"holder": "Ana Lee", "sort_code": "231470", "account": "28821822"}
    with pytest.raises(Refused, match="not opened"):
        details.give(luis, rail="wise_gbp", facts=place, by=luis, at=clock.now())
    assert RAIL in [way.rail.name for way in payouts.open_ways(luis, at=clock.now())]
    settings.WISE_URL = ""
    assert RAIL not in [way.rail.name for way in payouts.open_ways(luis, at=clock.now())]


def test_it_is_simulated_unless_the_host_is_the_live_one(settings: Settings) -> None:
    for host, simulated in (("api.wise.com", False), ("api.transferwise.com", False), ("api.wise-sandbox.com", True)):
        settings.WISE_URL = f"https://1:t@{host}"
        assert rails.of(RAIL).simulated is simulated


def test_the_database_knows_the_same_currencies_and_units(db: None) -> None:
    """Of every way and every currency: what it pays in is exchanged to its unit, and nothing else is."""
    with connection.cursor() as cursor:
        for rail in rails.ALL.values():
            for currency in MINOR_UNITS:
                cursor.execute("SELECT payments_unit(%s, %s)", [rail.name, currency])
                pays = rail.currency == currency != "USD"
                assert cursor.fetchone() == ((to_micro(rail.unit) if pays else None),), (rail.name, currency)
                assert not pays or rail.unit >= Decimal(1).scaleb(-MINOR_UNITS[currency])
