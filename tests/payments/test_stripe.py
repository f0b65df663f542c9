"""Payouts by Stripe Connect through its own SDK: one key, one transfer, one payout to the bank, all back or all there.

Against the tests' own Stripe: this proves our side of it, not theirs.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance.models import Office
from payments import (
    accounts,
    background,
    connecting,
    details,
    ledger,
    moves,
    payouts,
    places,
    rails,
    runs,
    sending,
)
from payments.models import Outcome, Payout, PayoutDetails, PayRun, Place, RailEvent
from payments.money import from_micro
from tests.payments import stripe, ways
from tests.payments.stripe import HOOK, World
from tests.payments.test_attacks import POST, posting
from tests.payments.ways import go_on, rests, says, sound, state

type Attack = Callable[..., None]
type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]


@pytest.fixture
def service(settings: Settings) -> Iterator[World]:
    """Run the fake, and let the site have an account there."""
    with stripe.running() as world:
        settings.STRIPE_URL, settings.STRIPE_HOOKS = world.url, ["whsec_of_another_place", HOOK]
        yield world


@pytest.fixture
def opened(db: None, service: World, treasurer: Office, secretary: Office) -> None:
    ways.open_way("stripe")
    ways.stock("stripe", treasurer, secretary)


def fill_in(world: World, account: str) -> None:
    """Let its owner have told Stripe everything."""
    world.objects[account] |= {
        "details_submitted": True, "payouts_enabled": True, "requirements": {"currently_due": []},
    }  # fmt: skip


@pytest.fixture
def account(opened: None, service: World, amina: Person) -> str:
    """Open Amina's account there, with everything said, before she has earned anything."""
    connecting.begin(amina, by=amina, at=clock.now())
    given = PayoutDetails.objects.get(person=amina, rail="stripe")
    background.tell_of_details(details=given.pk)
    number = details.opened(given)["account"]
    fill_in(service, number)
    return number


@pytest.fixture
def asked(account: str, earn: Earn, amina: Person, later: Later) -> Payout:
    earn(amina, "5")
    return payouts.request(amina, amount=Decimal(5), rail="stripe", by=amina, at=later(hours=73))


@pytest.fixture
def released(asked: Payout, treasurer: Office, secretary: Office) -> PayRun:
    return ways.release("stripe", treasurer, secretary)


def sums(world: World) -> dict[str, int]:
    """Return how many cents each account there holds, our own as ours."""
    return {name or "ours": cents for name, cents in world.cents.items()}


def test_a_payout_goes_to_the_account_and_on_to_the_bank(
    asked: Payout, released: PayRun, service: World, account: str
) -> None:
    before = ledger.balance("bank:stripe")
    assert go_on() == 1
    assert service.transfers[0]["transfer_group"] == runs.key_of(asked.pk)
    assert (service.transfers[0]["amount"], service.transfers[0]["destination"]) == (500, account)
    assert rests(asked) == ("sent", Decimal(0))
    service.bank = "paid"
    go_on()
    assert rests(asked) == ("settled", Decimal(0))
    assert [one["amount"] for one in service.payouts] == [500]
    assert sums(service) == {"ours": 99_500, account: 0}
    assert ledger.balance("bank:stripe") - before == 5
    assert go_on() == 0
    assert sound()


@pytest.mark.parametrize("outcome", ["settled", "fee"])
def test_no_more_is_paid_from_stripe_than_lies_there(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office, attack: Attack, outcome: str
) -> None:
    """The site's own role books what Stripe is said to have paid, where by the books it has nothing left."""
    go_on()
    lies = places.held(Place.STRIPE)
    away = moves.note(Place.STRIPE, Place.MAIN, amount=lies, reference="po_1", by=treasurer, at=clock.now())
    moves.confirm(away, by=secretary, at=clock.now())
    assert (go_on(), state(asked)) == (0, "sent")
    micro = 5_000_000 if outcome == "settled" else 1_500_000
    said = RailEvent.objects.create(
        rail="stripe", event=f"{runs.key_of(asked.pk)}/fee/{micro}" if outcome == "fee" else "x", payout=asked,
        outcome=outcome, amount=from_micro(micro), currency="USD", occurred_at=clock.now(), noted_at=clock.now(),
    )  # fmt: skip
    moved = 17, accounts.RAIL_FEES, accounts.STRIPE, micro, f"rail_event:{said.pk}"
    if outcome == "settled":
        Payout.objects.filter(pk=asked.pk).update(state="settled", settled_at=clock.now())
        moved = 14, accounts.CLEARING_OUT, accounts.STRIPE, micro, f"payout:{asked.pk}"
    attack(POST, posting(*moved), guard="what_stripe_pays_lies_there")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what asks earlier asks after balances have moved
        attack(POST, posting(*moved), guard="what_stripe_pays_lies_there")


def test_nothing_is_sent_before_two_officers_said_so(asked: Payout, treasurer: Office, service: World) -> None:
    run = runs.prepare("stripe", at=clock.now())
    assert run
    runs.check(run, by=treasurer, at=clock.now())
    assert go_on() == 0
    assert service.transfers == []


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_lost_answers_are_found_again_and_nothing_is_paid_twice(
    asked: Payout, released: PayRun, service: World, lost: int
) -> None:
    service.loses_answers = lost
    for _turn in range(5):
        go_on()
    assert rests(asked) == ("settled", Decimal(0))
    assert (len(service.transfers), len(service.payouts)) == (1, 1)
    assert sound()


def test_a_key_that_stripe_forgot_still_pays_once(asked: Payout, released: PayRun, service: World) -> None:
    """After a day Stripe knows no idempotency key again: the transfer and the payout are looked for first."""
    service.loses_answers = 1
    go_on()
    service.keys.clear()
    service.loses_answers = 1
    go_on()
    service.keys.clear()
    for _turn in range(2):
        go_on()
    assert rests(asked) == ("settled", Decimal(0))
    assert (len(service.transfers), len(service.payouts)) == (1, 1)


def test_a_crash_after_stripe_accepted_pays_once(
    asked: Payout, released: PayRun, service: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(sending, "_write", lambda *_facts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            go_on()
    assert (rests(asked)[0], len(service.transfers)) == ("sending", 1)
    for _turn in range(2):
        go_on()
    assert (rests(asked)[0], len(service.transfers), len(service.payouts)) == ("settled", 1, 1)


def test_an_outage_and_an_empty_balance_change_nothing(
    asked: Payout, released: PayRun, service: World, settings: Settings
) -> None:
    service.breaks = 1
    assert go_on() == 0
    settings.STRIPE_URL, real = f"http://{stripe.KEY}@127.0.0.1:9", settings.STRIPE_URL
    assert go_on() == 0
    settings.STRIPE_URL = real.replace(stripe.KEY, "sk_test_of_another")
    assert go_on() == 0
    settings.STRIPE_URL, service.cents[stripe.OURS] = real, 499
    assert go_on() == 0
    assert (rests(asked)[0], service.transfers) == ("sending", [])
    service.cents[stripe.OURS] = 500
    go_on()
    assert rests(asked)[0] == "sent"


@pytest.mark.parametrize("end", ["failed", "canceled"])
def test_what_the_bank_sends_back_is_reversed_and_the_members_again(
    asked: Payout, released: PayRun, service: World, amina: Person, account: str, end: str
) -> None:
    service.bank = end
    for _turn in range(2):
        go_on()
    assert rests(asked) == ("failed", Decimal(5))
    assert says(asked)
    assert sums(service) == {"ours": 100_000, account: 0}
    again = payouts.request(amina, amount=Decimal(5), rail="stripe", by=amina, at=clock.now())
    assert runs.key_of(again.pk) != runs.key_of(asked.pk)
    assert sound()


def test_a_reversal_whose_answer_is_lost_happens_once(
    asked: Payout, released: PayRun, service: World, account: str
) -> None:
    service.bank = "failed"
    go_on()
    service.loses_answers = 1
    assert go_on() == 0
    go_on()
    assert rests(asked) == ("failed", Decimal(5))
    assert sums(service) == {"ours": 100_000, account: 0}
    assert service.asked.count(f"POST /v1/transfers/{service.transfers[0]['id']}/reversals") == 1


def test_an_account_that_stripe_closed_gives_the_money_back(
    asked: Payout, released: PayRun, service: World, account: str
) -> None:
    service.closed.add(account)
    go_on()
    assert rests(asked) == ("failed", Decimal(5))
    assert sums(service) == {"ours": 100_000, account: 0}
    assert RailEvent.objects.get(payout=asked, outcome=Outcome.FAILED).words == "payouts_not_allowed"


def test_an_account_that_is_gone_leaves_the_money_here(
    asked: Payout, released: PayRun, service: World, account: str
) -> None:
    del service.objects[account]
    go_on()
    assert rests(asked) == ("failed", Decimal(5))
    assert service.transfers == []


def test_money_counted_in_another_currency_goes_on_as_it_arrived(
    asked: Payout, released: PayRun, service: World, account: str
) -> None:
    service.counts_in[account] = ("eur", 0.9)
    for _turn in range(2):
        go_on()
    assert rests(asked)[0] == "settled"
    assert [(one["amount"], one["currency"]) for one in service.payouts] == [(450, "eur")]


def test_what_the_account_cannot_send_on_comes_back_before_the_third_day(
    asked: Payout, released: PayRun, service: World, account: str, later: Later
) -> None:
    service.cents[account] = -1
    go_on()
    assert rests(asked)[0] == "sent"
    later(hours=47)
    go_on()
    assert rests(asked)[0] == "sent"
    service.cents[account] = 500
    service.closed.add(account)
    later(hours=2)
    go_on()
    assert rests(asked) == ("failed", Decimal(5))


def test_what_a_bank_has_is_not_given_up(asked: Payout, released: PayRun, service: World, later: Later) -> None:
    service.bank = "in_transit"
    go_on()
    later(hours=60)
    go_on()
    assert rests(asked)[0] == "sent"
    assert not service.transfers[0]["reversed"]


def event(service: World, **more: object) -> dict[str, object]:
    payout = service.payouts[0]
    return {"object": "event", "type": "payout.paid", "data": {"object": payout | more}}


def hook(body: bytes, signature: str) -> int:
    browser = Browser(enforce_csrf_checks=True)
    answer = browser.post("/hooks/stripe/", body, content_type="application/json", HTTP_STRIPE_SIGNATURE=signature)
    return answer.status_code


def test_a_signed_word_lets_us_ask_and_its_words_are_not_believed(
    asked: Payout, released: PayRun, service: World
) -> None:
    service.bank = "in_transit"
    go_on()
    assert hook(*stripe.signed(event(service, status="paid"))) == 204
    assert rests(asked)[0] == "sent"
    service.bank = "paid"
    assert {hook(*stripe.signed(event(service, status="failed"))) for _turn in range(3)} == {204}
    assert rests(asked)[0] == "settled"
    assert RailEvent.objects.filter(payout=asked, outcome=Outcome.SETTLED).count() == 1
    # The bank sends it back after all, and an older word comes late.
    service.bank = "failed"
    assert [hook(*stripe.signed(event(service, status=status))) for status in ("failed", "in_transit")] == [204, 204]
    assert rests(asked) == ("failed", Decimal(5))
    assert sound()


def test_a_forged_stale_or_unsigned_word_is_refused_and_asks_nobody(
    asked: Payout, released: PayRun, service: World
) -> None:
    go_on()
    service.bank, service.asked = "paid", []
    body, right = stripe.signed(event(service))
    _same, old = stripe.signed(event(service), at=time.time() - 301)
    _same, other = stripe.signed(event(service), secret="whsec_of_a_thief")
    for signature in (old, other, "", "t=1", "nonsense", right.replace("v1=", "v0=")):
        assert hook(body, signature) == 400
    assert hook(body + b" ", right) == 400
    assert hook(b"\xff", right) == 400
    assert service.asked == []
    assert rests(asked)[0] == "sent"
    assert hook(body, right) == 204
    assert rests(asked)[0] == "settled"


@pytest.mark.parametrize("said", [{}, {"data": 1}, {"data": {"object": {"object": "payout", "metadata": None}}}])
def test_a_word_that_names_nothing_does_nothing(opened: None, service: World, said: dict[str, object]) -> None:
    assert hook(*stripe.signed(said)) == 204
    assert service.asked == []


def test_the_account_is_opened_once_and_by_its_owner_alone(
    opened: None, service: World, amina: Person, luis: Person
) -> None:
    with pytest.raises(Refused, match="Only you"):
        connecting.begin(amina, by=luis, at=clock.now())
    first, again = (connecting.begin(amina, by=amina, at=clock.now()) for _turn in range(2))
    assert first == again
    assert first.startswith("https://connect.stripe.com/setup/")
    made = [one for one in service.objects.values() if one["object"] == "account"]
    assert [one["country"] for one in made] == [amina.country]
    fill_in(service, made[0]["id"])
    with pytest.raises(Refused, match="asks you nothing more"):
        connecting.begin(amina, by=amina, at=clock.now())


def test_an_account_whose_answer_was_lost_is_the_same_account(opened: None, service: World, amina: Person) -> None:
    service.loses_answers = 1
    with pytest.raises(Refused, match="does not open"):
        connecting.begin(amina, by=amina, at=clock.now())
    assert not PayoutDetails.objects.filter(person=amina, rail="stripe")
    connecting.begin(amina, by=amina, at=clock.now())
    assert len([one for one in service.objects.values() if one["object"] == "account"]) == 1


def test_the_page_leads_to_stripe_and_says_where_it_stands(
    opened: None, service: World, amina: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(amina)
    page = browser.get("/pay/details/stripe/").content.decode()
    assert "Open my account at Stripe" in page
    assert "simulated rail" in page
    assert "reauthenticate" in browser.post("/pay/details/stripe/")["Location"]
    assert not PayoutDetails.objects.filter(person=amina, rail="stripe")
    browser.post("/account/reauthenticate/", {"password": "workhall-demo"})
    sent = browser.post("/pay/details/stripe/", {"account": "acct_ofathief"}).content.decode()
    given = PayoutDetails.objects.get(person=amina, rail="stripe")
    number = details.opened(given)["account"]
    assert number in service.objects
    assert f'href="https://connect.stripe.com/setup/e/{number}"' in sent
    assert "Stripe still asks you something" in browser.get("/pay/details/stripe/").content.decode()
    fill_in(service, number)
    assert "Ready" in browser.get("/pay/details/stripe/").content.decode()
    service.breaks = 1
    assert "Stripe does not answer now" in browser.get("/pay/details/stripe/").content.decode()


def test_the_pages_of_ways_ask_a_known_number_of_questions(
    account: str, service: World, amina: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(amina)
    browser.get("/pay/details/stripe/")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        browser.get("/pay/details/stripe/")
    assert len(seen) <= 8


def test_a_site_without_an_account_there_does_not_offer_it(opened: None, amina: Person, settings: Settings) -> None:
    settings.STRIPE_URL = ""
    assert "stripe" not in [way.rail.name for way in payouts.open_ways(amina, at=clock.now())]
    assert Browser().post("/hooks/stripe/", b"{}", content_type="application/json").status_code == 404
    with pytest.raises(Refused, match="not opened"):
        connecting.begin(amina, by=amina, at=clock.now())


def test_it_is_closed_until_the_members_open_it(service: World, amina: Person, db: None) -> None:
    with pytest.raises(Refused, match="not opened"):
        connecting.begin(amina, by=amina, at=clock.now())


@pytest.mark.parametrize(
    ("url", "simulated"),
    [
        ("https://sk_live_x@api.stripe.com", False), ("https://rk_live_x@api.stripe.com", False),
        ("https://sk_test_x@api.stripe.com", True), ("https://sk_live_x@api.stripe.com.example", True),
    ],
)  # fmt: skip
def test_it_says_so_unless_the_key_is_live(settings: Settings, url: str, *, simulated: bool) -> None:
    settings.STRIPE_URL = url
    assert rails.of("stripe").simulated is simulated
