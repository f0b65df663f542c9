"""Payouts by M-Pesa: taken in, told later, at most once, whatever is lost, doubled, reordered or forged on the way.

Against the tests' own Daraja: this proves our side of it, not Safaricom's.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance.models import Office
from payments import details, ledger, payouts, questions, rails, runs, sending
from payments.models import Outcome, Payout, PayRun, RailEvent
from tests.payments import abroad, mpesa, ways
from tests.payments.mpesa import Shortcode
from tests.payments.ways import go_on, rests, says, sound, state

type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]

PHONE = "0712 345 678"


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[Shortcode]:
    """Run the fake, and let the site have a shortcode there."""
    with mpesa.running(tmp_path) as (shortcode, url, certificate):
        settings.MPESA_URL, settings.MPESA_CERTIFICATE = url, str(certificate)
        settings.MPESA_INITIATOR = f"testapi:{mpesa.PASSWORD}"
        yield shortcode


@pytest.fixture
def opened(db: None, service: Shortcode) -> None:
    ways.open_way("mpesa")


@pytest.fixture
def asked(opened: None, earn: Earn, amina: Person, later: Later, treasurer: Office, secretary: Office) -> Payout:
    earn(amina, "5")
    abroad.buy(treasurer, secretary)
    abroad.say_where(amina, "mpesa", phone=PHONE)
    later(hours=73)
    return abroad.take(amina, "5")


@pytest.fixture
def released(asked: Payout, treasurer: Office, secretary: Office) -> PayRun:
    return ways.release("mpesa", treasurer, secretary)


def tell(address: str, body: bytes) -> int:
    """Tell the site something at an address it gave, as Safaricom does."""
    path = urlsplit(address).path
    return Browser(enforce_csrf_checks=True).post(path, body, content_type="application/json").status_code


def result(service: Shortcode, payout: Payout, **said: object) -> int:
    """Tell what became of a payment, at the address that was given with it."""
    key = runs.key_of(payout.pk)
    return tell(service.payments[key]["ResultURL"], service.result_of(key, **said))  # type: ignore[arg-type]


def answer(service: Shortcode, place: int = -1) -> int:
    """Answer a question, at the address that was given with it."""
    question = service.questions[place]
    return tell(question["ResultURL"], service.answer_to(question))


def test_a_payout_goes_out_in_whole_shillings_and_arrives(
    asked: Payout, released: PayRun, service: Shortcode, amina: Person
) -> None:
    assert go_on() == 1
    assert (state(asked), service.paid) == ("sent", [runs.key_of(asked.pk)])
    said = service.payments[runs.key_of(asked.pk)]
    assert (said["Amount"], said["PartyB"], said["PartyA"]) == (646, "254712345678", mpesa.SHORTCODE)
    assert result(service, asked) == 204
    # Only a word: the site asks by itself, at an address made for this question.
    assert state(asked) == "sent"
    assert answer(service) == 204
    assert state(asked) == "settled"
    assert ledger.balance("bank:mpesa", "KES") == Decimal("-1941.40")
    # Five dollars are KES 646.85: 646 arrive and cost the least that is worth them, the rest stays in US dollars.
    assert payouts.ready(amina) == Decimal(5) - Decimal("4.993430")
    assert RailEvent.objects.get(payout=asked).words == "SG632NMUAB"
    assert go_on() == 0
    assert sound()


def test_nothing_is_sent_before_two_officers_said_so(asked: Payout, treasurer: Office, service: Shortcode) -> None:
    run = runs.prepare("mpesa", at=clock.now())
    assert run
    runs.check(run, by=treasurer, at=clock.now())
    assert go_on() == 0
    assert service.paid == []


def test_no_answer_leaves_it_unsettled_and_a_repeat_pays_once(
    asked: Payout, released: PayRun, service: Shortcode
) -> None:
    service.loses_answers = 1
    assert go_on() == 0
    assert (state(asked), len(service.paid)) == ("sending", 1)
    assert go_on() == 1
    assert (state(asked), len(service.paid)) == ("sent", 1)
    # Nothing is told: each time the site asks, and the payout stays on its way.
    assert go_on() == 0
    assert (state(asked), len(service.questions)) == ("sent", 1)
    assert answer(service) == 204
    assert state(asked) == "settled"


def test_an_outage_changes_nothing(asked: Payout, released: PayRun, service: Shortcode, settings: Settings) -> None:
    service.breaks = 1
    assert go_on() == 0
    settings.MPESA_URL, real = "http://key:secret@127.0.0.1:9/600999", settings.MPESA_URL
    assert go_on() == 0
    settings.MPESA_URL = real.replace("secret", "wrong")
    assert go_on() == 0
    assert (state(asked), service.paid) == ("sending", [])
    settings.MPESA_URL = real
    assert go_on() == 1
    assert state(asked) == "sent"


def test_a_crash_after_it_was_taken_in_pays_once(
    asked: Payout, released: PayRun, service: Shortcode, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(sending, "_write", lambda *_facts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            go_on()
    assert (state(asked), len(service.paid)) == ("sending", 1)
    assert go_on() == 1
    assert (state(asked), len(service.paid)) == ("sent", 1)


def test_a_refused_request_is_the_members_again_in_dollars(asked: Payout, released: PayRun, service: Shortcode) -> None:
    service.refuses = "Bad Request - Invalid PartyB"
    go_on()
    assert rests(asked) == ("failed", Decimal(5))
    assert says(asked, "Invalid PartyB")
    assert service.paid == []
    assert RailEvent.objects.get(payout=asked).words == "Bad Request - Invalid PartyB"
    assert sound()


def test_a_failed_payment_is_the_members_again_once_m_pesa_was_asked(
    asked: Payout, released: PayRun, service: Shortcode
) -> None:
    go_on()
    service.status[runs.key_of(asked.pk)] = "unknown"
    assert result(service, asked, code=2040, words="Credit Party customer type can't be supported") == 204
    assert state(asked) == "sent"
    assert [answer(service) for _turn in range(2)] == [204, 204]
    assert rests(asked) == ("failed", Decimal(5))
    assert RailEvent.objects.get(payout=asked).words.startswith("Credit Party")
    assert sound()


def test_m_pesa_not_knowing_of_a_payment_fails_nothing_by_itself(
    asked: Payout, released: PayRun, service: Shortcode
) -> None:
    """It may not have come to it yet: given back and sent all the same, it would be paid twice."""
    go_on()
    service.status[runs.key_of(asked.pk)] = "unknown"
    go_on()
    assert answer(service) == 204
    assert state(asked) == "sent"


def test_a_time_out_and_a_result_settle_once(asked: Payout, released: PayRun, service: Shortcode) -> None:
    go_on()
    address = service.payments[runs.key_of(asked.pk)]["QueueTimeOutURL"]
    assert tell(address, b"{}") == 204
    assert result(service, asked) == 204
    assert [answer(service, place) for place in (0, 1, 0, 1)] == [204] * 4
    assert result(service, asked) == 204
    assert state(asked) == "settled"
    assert RailEvent.objects.filter(payout=asked, outcome=Outcome.SETTLED).count() == 1
    assert sound()


def test_a_failure_and_a_success_settle_once_and_are_a_question(
    asked: Payout, released: PayRun, service: Shortcode, amina: Person
) -> None:
    key = runs.key_of(asked.pk)
    go_on()
    result(service, asked)
    answer(service)
    service.status[key] = "Failed"
    answer(service)
    assert state(asked) == "settled"
    assert payouts.ready(amina) < Decimal("0.01")
    assert [event.outcome for event in questions.waiting()] == ["repeated"]
    assert sound()


def test_a_success_after_a_failure_moves_nothing_and_is_a_question(
    asked: Payout, released: PayRun, service: Shortcode
) -> None:
    key = runs.key_of(asked.pk)
    go_on()
    service.status[key] = "Failed"
    go_on()
    answer(service)
    service.status[key] = "Completed"
    assert [answer(service) for _turn in range(2)] == [204, 204]
    assert rests(asked) == ("failed", Decimal(5))
    assert [event.outcome for event in questions.waiting()] == ["repeated"]
    assert sound()


def test_another_amount_moves_nothing_and_is_a_question(asked: Payout, released: PayRun, service: Shortcode) -> None:
    go_on()
    result(service, asked)
    service.payments[runs.key_of(asked.pk)]["Amount"] = 1
    answer(service)
    assert state(asked) == "sent"
    assert [event.outcome for event in questions.waiting()] == ["partial"]


def test_a_forged_word_only_makes_the_site_ask(asked: Payout, released: PayRun, service: Shortcode) -> None:
    """Whoever learns the address of a payment's result says what they like; M-Pesa is asked, and believed."""
    go_on()
    service.status[runs.key_of(asked.pk)] = "Pending"
    assert result(service, asked) == 204
    assert answer(service) == 204
    assert state(asked) == "sent"
    assert result(service, asked, code=1, words="The balance is insufficient for the transaction.") == 204
    assert answer(service) == 204
    assert state(asked) == "sent"


def test_addresses_are_nobodys_to_guess(asked: Payout, released: PayRun, service: Shortcode) -> None:
    go_on()
    go_on()
    address, settled = service.questions[0]["ResultURL"], service.answer_to(service.questions[0])
    head, _slash, token = address.rstrip("/").rpartition("/")
    assert tell(f"{head}/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}/", settled) == 404
    assert tell(f"{head}/{runs.key_of(asked.pk)}/", settled) == 404
    # The address of a payment is not that of a question.
    assert tell(service.payments[runs.key_of(asked.pk)]["ResultURL"], settled) == 204
    assert state(asked) == "sent"
    assert Browser().get(urlsplit(address).path).status_code == 405
    assert tell(address, b" " * 100_001) == 413
    # Safaricom refuses addresses that name it.
    assert "mpesa" not in urlsplit(address).path


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"Result": 1}', b'{"Result": {"ResultCode": 0}}',
             b'{"Result": {"ResultCode": 0, "ResultParameters": {"ResultParameter": "Completed"}}}'],
)  # fmt: skip
def test_an_answer_that_says_nothing_does_nothing(
    asked: Payout, released: PayRun, service: Shortcode, body: bytes
) -> None:
    go_on()
    go_on()
    assert tell(service.questions[0]["ResultURL"], body) == 204
    assert state(asked) == "sent"


def test_a_word_that_comes_while_the_service_is_down_is_told_so(
    asked: Payout, released: PayRun, service: Shortcode
) -> None:
    go_on()
    service.breaks = 1
    assert result(service, asked) == 503


def test_nothing_is_sent_again_after_the_service_may_have_forgotten(
    asked: Payout, released: PayRun, service: Shortcode, later: Later
) -> None:
    service.loses_answers = 1
    go_on()
    service.payments.clear()
    later(hours=24, minutes=1)
    assert go_on() == 0
    assert (state(asked), service.paid) == ("sending", [])


@pytest.mark.parametrize(
    ("given", "number"),
    [("0712 345 678", "254712345678"), ("+254 112-345-678", "254112345678"), ("254712345678", "254712345678")],
)
def test_a_number_is_written_as_m_pesa_does(given: str, number: str) -> None:
    rail = rails.of("mpesa")
    clean = rail.clean({"phone": given})
    assert (clean["phone"], rail.refusal(clean)) == (number, None)
    assert rail.hint(clean) == "M-Pesa …678"


@pytest.mark.parametrize("given", ["", "0812345678", "071234567", "+1 212 555 0100", "07123456789", "\u0966712345678"])
def test_what_is_no_number_in_kenya_is_refused(opened: None, amina: Person, given: str) -> None:
    with pytest.raises(Refused):
        details.give(amina, rail="mpesa", facts={"phone": given}, by=amina, at=clock.now())


def test_it_is_closed_until_the_members_open_it(service: Shortcode, amina: Person, db: None) -> None:
    with pytest.raises(Refused, match="not opened"):
        details.give(amina, rail="mpesa", facts={"phone": PHONE}, by=amina, at=clock.now())


@pytest.mark.parametrize("missing", ["MPESA_URL", "MPESA_INITIATOR", "MPESA_CERTIFICATE"])
def test_a_site_without_a_shortcode_does_not_offer_it(
    opened: None, amina: Person, settings: Settings, missing: str
) -> None:
    setattr(settings, missing, "")
    assert "mpesa" not in [way.rail.name for way in payouts.open_ways(amina, at=clock.now())]


def test_it_is_simulated_unless_the_host_is_the_live_one(service: Shortcode, settings: Settings) -> None:
    rail = rails.of("mpesa")
    assert rail.simulated
    settings.MPESA_URL = "https://key:secret@sandbox.safaricom.co.ke/600999"
    assert rail.simulated
    settings.MPESA_URL = "https://key:secret@api.safaricom.co.ke/600999"
    assert not rail.simulated


def test_the_password_leaves_sealed_alone(asked: Payout, released: PayRun, service: Shortcode) -> None:
    go_on()
    assert mpesa.PASSWORD not in json.dumps(service.payments)
