"""Where a member's money goes is theirs alone to say, told to them, and takes 72 hours (L8)."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import resigning, watching
from governance.models import Office
from payments import background, details, instruments, payouts
from payments.envelopes import Unopened
from payments.models import Payout, PayoutDetails

type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]

IBAN = {"holder": "Amina Wanjiku", "account": "de89 3704-0044 0532 0130 00", "bic": ""}
PHONE = {"way": "Airtel Money", "account": "0733 111 222", "holder": "Amina Wanjiku"}


def give(person: Person, *, rail: str = "bank", **facts: str) -> PayoutDetails:
    """Say where a person's money goes, and let the letter be written."""
    given = details.give(
        person, rail=rail, facts=(IBAN if rail == "bank" else PHONE) | facts, by=person, at=clock.now()
    )
    background.tell_of_details(details=given.pk)
    given.refresh_from_db()
    return given


def link_in(letter: str) -> str:
    found = re.search(r"http://[^/]+(/pay/details/letter/\S+)", letter)
    assert found
    return found[1]


def ways(person: Person) -> list[str]:
    return [way.rail.name for way in payouts.ways(person, at=clock.now())]


def test_what_is_given_after_something_was_earned_takes_72_hours(earn: Earn, amina: Person, later: Later) -> None:
    earn(amina, "5")
    given = give(amina)
    assert given.effective_at is not None
    assert given.told_at is not None
    assert given.effective_at - given.told_at == timedelta(hours=72)
    assert ways(amina) == ["by_hand"]
    later(hours=71, minutes=59)
    assert ways(amina) == ["by_hand"]
    with pytest.raises(Refused, match="72 hours"):
        payouts.request(amina, amount=Decimal(5), rail="bank", by=amina, at=clock.now())
    later(minutes=2)
    assert ways(amina) == ["bank", "by_hand"]
    payout = payouts.request(amina, amount=Decimal(5), rail="bank", by=amina, at=clock.now())
    assert (payout.rail, payout.details, payout.method) == ("bank", given, "IBAN DE …000")


def test_without_a_letter_nothing_takes_effect(earn: Earn, amina: Person, later: Later) -> None:
    earn(amina, "5")
    details.give(amina, rail="bank", facts=IBAN, by=amina, at=clock.now())
    later(days=30)
    assert ways(amina) == ["by_hand"]


def test_the_old_place_stands_until_the_new_one_is_in_force(earn: Earn, amina: Person, later: Later) -> None:
    earn(amina, "5")
    (before,) = details.in_force(amina, at=clock.now())
    given = give(amina, rail="by_hand")
    assert details.in_force(amina, at=clock.now()) == [before]
    assert details.waiting(amina, at=clock.now()) == [given]
    assert details.in_force(amina, at=later(hours=73)) == [given]


def test_who_has_earned_nothing_need_not_wait(newcomer: Person) -> None:
    (first,) = details.in_force(newcomer, at=clock.now())
    assert first.effective_at == first.given_at
    # A second place is a change, though nothing was earned.
    assert give(newcomer).effective_at != first.given_at
    assert ways(newcomer) == ["by_hand"]


def test_a_change_is_cancelled_on_the_page_or_by_its_letter(
    earn: Earn, amina: Person, later: Later, signed_in: SignedIn
) -> None:
    earn(amina, "5")
    first, second = give(amina), give(amina)
    assert signed_in(amina).post(f"/pay/details/{first.pk}/cancel/").status_code == 302
    letter = link_in(str(mail.outbox[-1].body))
    assert mail.outbox[-1].to == [amina.email]
    assert "IBAN DE …000" in str(mail.outbox[-1].body)
    assert "0532" not in str(mail.outbox[-1].body)
    assert Browser().get(letter).status_code == 200
    assert ways(amina) == ["by_hand"]
    assert details.waiting(amina, at=clock.now()) == [second]
    assert Browser().post(letter).status_code == 302
    later(hours=100)
    assert ways(amina) == ["by_hand"]


def test_what_is_in_force_is_not_cancelled(earn: Earn, amina: Person, later: Later) -> None:
    earn(amina, "5")
    given = give(amina)
    with pytest.raises(Refused, match="in force already"):
        details.cancel(given, by=amina, at=later(hours=73))


def test_nobody_cancels_anothers_change(earn: Earn, amina: Person, luis: Person, signed_in: SignedIn) -> None:
    earn(amina, "5")
    given = give(amina)
    with pytest.raises(Refused):
        details.cancel(given, by=luis, at=clock.now())
    assert signed_in(luis).post(f"/pay/details/{given.pk}/cancel/").status_code == 404


def test_the_former_address_is_told_too(earn: Earn, amina: Person, later: Later) -> None:
    from coop.people import addresses  # noqa: PLC0415 - only here
    from coop.people import background as people  # noqa: PLC0415 - only here

    earn(amina, "5")
    change = addresses.ask(amina, "thief@example.org", by=amina, at=clock.now())
    people.tell(change=change.pk)
    change.refresh_from_db()
    addresses.confirm(change, at=clock.now())
    assert addresses.take_effect_all(later(days=7, minutes=1)) == 1
    amina.refresh_from_db()
    mail.outbox.clear()
    give(amina)
    assert {address for letter in mail.outbox for address in letter.to} == {"thief@example.org", change.old_address}


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"account": "DE89370400440532013001"}, "check digits"),
        ({"account": "0123456789"}, "BIC"),
        ({"account": "0123456789", "bic": "NOBIC"}, "no BIC"),
        ({"account": "0123 4567 ü", "bic": "EQBLKENA"}, "letters and digits"),
        ({"account": ""}, "fill in"),
        ({"holder": "x" * 71}, "fill in"),
    ],
)
def test_what_cannot_be_an_account_is_refused(amina: Person, facts: dict[str, str], says: str) -> None:
    with pytest.raises(Refused, match=says):
        give(amina, **facts)


@pytest.mark.parametrize("facts", [{}, {"account": "0123456789", "bic": "eqblkena"}, {"bic": "COBADEFFXXX"}])
def test_an_iban_or_an_account_with_its_bank_is_taken(amina: Person, facts: dict[str, str]) -> None:
    said = details.opened(give(amina, **facts))
    assert said["account"] in {"DE89370400440532013000", "0123456789"}


def test_nobody_says_where_anothers_money_goes(amina: Person, teresa: Person) -> None:
    with pytest.raises(Refused, match="Only you"):
        details.give(amina, rail="bank", facts=IBAN, by=teresa, at=clock.now())


def test_a_way_that_nobody_opened_is_refused(amina: Person) -> None:
    with pytest.raises(Refused, match="not opened"):
        details.give(amina, rail="moon", facts=IBAN, by=amina, at=clock.now())
    assert not instruments.payout_terms("moon").is_open


def test_an_officer_reads_the_place_only_while_it_is_to_be_sent_and_is_seen(
    earn: Earn, amina: Person, teresa: Person, petra: Person, treasurer: Office, signed_in: SignedIn, now: datetime
) -> None:
    earn(amina, "5")
    number = f"0700 {amina.pk:06d}"
    payout = payouts.request(amina, amount=Decimal(5), by=amina, at=now)
    officer = signed_in(teresa)
    assert number not in officer.get("/desk/").text
    assert number in officer.get(f"/desk/payouts/{payout.pk}/").text
    assert [act.subject for act in watching.concerning(amina)] == [f"payout:{payout.pk}", "desk"]
    payouts.send(payout, reference="R", by=treasurer, at=now)
    for who in (teresa, petra):
        assert number not in signed_in(who).get(f"/desk/payouts/{payout.pk}/").text


def test_a_place_that_was_changed_behind_the_keys_is_not_shown_as_the_members(
    earn: Earn, amina: Person, teresa: Person, treasurer: Office, now: datetime
) -> None:
    earn(amina, "5")
    payout = payouts.request(amina, amount=Decimal(5), by=amina, at=now)
    (other,) = details.in_force(teresa, at=now)
    assert payout.details
    PayoutDetails.objects.filter(pk=payout.details.pk).update(sealed=other.sealed)
    payout.refresh_from_db()
    with pytest.raises(Unopened):
        payouts.destination(payout, by=treasurer, at=now)


def test_my_data_hold_what_i_said_and_nobody_elses(amina: Person, luis: Person, signed_in: SignedIn) -> None:
    give(amina)
    data = json.loads(signed_in(amina).get("/me/data.json").content)["payments.PayoutDetails"]
    assert [row["said"]["account"] for row in data] == [f"0700 {amina.pk:06d}", "DE89370400440532013000"]
    assert not {"sealed", "fingerprint"} & set(data[0])


def test_it_is_erased_once_who_left_was_paid(
    earn: Earn, amina: Person, treasurer: Office, secretary: Office, later: Later, now: datetime
) -> None:
    earn(amina, "5")
    payout = payouts.request(amina, amount=Decimal(4), by=amina, at=now)
    resigning.give_notice(amina, pressure="none", at=now)
    now = later(days=7, minutes=1)
    assert resigning.leave_due(now)
    assert details.erase_due(at=now) == 0
    payouts.send(payout, reference="R", by=treasurer, at=now)
    payouts.settle(payout, by=secretary, at=now)
    assert details.erase_due(at=now) == 0, "a dollar is left"
    last = payouts.request(amina, amount=Decimal(1), by=amina, at=now)
    assert details.erase_due(at=now) == 0, "on its way"
    payouts.send(last, reference="R", by=treasurer, at=now)
    payouts.settle(last, by=secretary, at=now)
    assert details.erase_due(at=now) == 1
    (left,) = PayoutDetails.objects.filter(person=amina)
    assert (left.sealed, left.hint, details.opened(left)) == ("", "", {})
    assert Payout.objects.filter(person=amina, method__startswith="M-Pesa").count() == 2


def test_what_was_replaced_is_erased_after_90_days(earn: Earn, amina: Person, later: Later) -> None:
    earn(amina, "5")
    given = give(amina, rail="by_hand")
    assert details.erase_due(at=later(days=92)) == 0
    assert details.erase_due(at=later(days=2)) == 1
    assert details.in_force(amina, at=clock.now()) == [given]


def test_all_is_sealed_by_the_newest_key(amina: Person, settings: Settings) -> None:
    old, new = settings.PAYOUT_KEYS[0], "the-newest-key-of-thirty-two-letters-or-more"
    settings.PAYOUT_KEYS = [new, old]
    assert details.reseal_all() == PayoutDetails.objects.count() > 0
    settings.PAYOUT_KEYS = [new]
    (mine,) = details.in_force(amina, at=clock.now())
    assert details.opened(mine)["holder"] == "Amina"


def test_the_record_says_that_and_not_where(amina: Person) -> None:
    given = give(amina)
    event = Event.objects.get(kind="payouts.details_given", subject=f"payout_details:{given.pk}")
    assert event.data == {}


def test_giving_asks_for_the_password_again(amina: Person, signed_in: SignedIn) -> None:
    answer = signed_in(amina).post("/pay/details/bank/", IBAN)
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert not PayoutDetails.objects.filter(person=amina, rail="bank").exists()


def test_the_page_tells_the_terms_before_choosing(earn: Earn, amina: Person, signed_in: SignedIn) -> None:
    earn(amina, "5")
    give(amina)
    browser = signed_in(amina)
    with CaptureQueriesContext(connection) as first:
        page = browser.get("/pay/details/").text
    for words in ("By hand", "Bank transfer", "1.00", "none; the cooperative bears it", "3 working days", "USD",
                  "IBAN DE …000", "A change is under way"):  # fmt: skip
        assert words in page
    give(amina)
    with CaptureQueriesContext(connection) as second:
        browser.get("/pay/details/")
    assert len(second) == len(first) <= 16


def test_no_place_at_all_leaves_a_balance_that_does_not_expire(earn: Earn, signed_in: SignedIn, later: Later) -> None:
    beatriz = Person.objects.get(email="beatriz@demo.workhall.example")
    earn(beatriz, "5")
    later(days=1000)
    assert payouts.ready(beatriz) == 5
    assert "Say first where your money goes" in signed_in(beatriz).get("/pay/ask/").text
