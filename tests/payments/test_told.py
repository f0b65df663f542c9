"""What members are told of a payout that takes its time or comes back: in the words of its way, and by mail."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from governance.models import Office
from payments import background, payouts, runs
from payments.models import Payout, PayRun
from tests.payments import bank, test_mpesa
from tests.payments.mpesa import Shortcode
from tests.payments.test_runs_attacks import place
from tests.payments.test_unanswered import read
from tests.payments.ways import go_on, state

service, opened = test_mpesa.service, test_mpesa.opened
asked, released = test_mpesa.asked, test_mpesa.released
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]


def posted() -> None:
    """Do the letters that wait about payouts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [payouts.TELL])
        waiting = [json.loads(said) for (said,) in cursor.fetchall()]
    for said in waiting:
        background.tell_of_payout(**said)


@pytest.fixture
def ordered(
    earn: Callable[[Person, str], int], amina: Person, later: Later, treasurer: Office, secretary: Office
) -> tuple[Payout, bytes]:
    """Return a payout by bank that was handed over, and the file it went with."""
    earn(amina, "9")
    place(amina, later)
    payout = payouts.request(amina, amount=Decimal(5), rail="bank", by=amina, at=clock.now())
    run = runs.prepare("bank", at=clock.now())
    assert run
    runs.check(run, by=treasurer, at=clock.now())
    content = runs.file(runs.release(run, by=secretary, at=clock.now()), by=treasurer, at=clock.now())
    runs.hand_over(PayRun.objects.get(pk=run.pk), by=treasurer, at=clock.now())
    return payout, content


def test_a_service_that_is_silent_is_named_with_who_decides_and_when(
    asked: Payout, released: PayRun, service: Shortcode, amina: Person, signed_in: SignedIn, later: Later,
    treasurer: Office, secretary: Office,
) -> None:  # fmt: skip
    service.loses_answers = 1
    go_on()
    assert state(asked) == "sending"
    browser = signed_in(amina)
    page, mine = browser.get(f"/pay/payouts/{asked.pk}/").text, browser.get("/pay/").text
    for words in ("asked every ten minutes until it has taken it", "two officers decide by its statement from"):
        assert words in page
    assert "asked every ten minutes until it has taken it" in mine
    assert "bank" not in page[page.index("Being sent") : page.index("Received")]
    later(hours=73)
    for office in (treasurer, secretary):
        read(asked, office, arrived=True)
    page = browser.get(f"/pay/payouts/{asked.pk}/").text
    assert "as two officers read on its statement" in page
    assert "two officers decide by its statement from" not in page


def test_what_a_service_has_taken_is_its_to_say(
    asked: Payout, released: PayRun, service: Shortcode, amina: Person, signed_in: SignedIn
) -> None:
    go_on()
    go_on()
    browser = signed_in(amina)
    assert "asked every ten minutes" in browser.get("/pay/").text
    assert test_mpesa.answer(service) == 204
    page = browser.get(f"/pay/payouts/{asked.pk}/").text
    assert "as the service says" in page
    assert "bank&#x27;s statement" not in page


def test_the_banks_word_stays_the_banks(ordered: tuple[Payout, bytes], amina: Person, signed_in: SignedIn) -> None:
    page = signed_in(amina).get(f"/pay/payouts/{ordered[0].pk}/").text
    assert "The bank's statement says when it arrived" in page.replace("&#x27;", "'")
    assert "ten minutes" not in page


@pytest.mark.parametrize("late", [True, False])
def test_a_member_hears_by_mail_that_a_payout_came_back(
    ordered: tuple[Payout, bytes], treasurer: Office, mailoutbox: list[EmailMessage],
    late: bool,  # noqa: FBT001 - as a case
) -> None:  # fmt: skip
    payout, content = ordered
    mailoutbox.clear()  # the letter about where the money goes
    if late:
        bank.read(bank.answer(content), by=treasurer, at=clock.now())
        posted()
        assert mailoutbox == []
    line = bank.Line(Decimal(5), runs.key_of(payout.pk), reason="AC04")
    Person.objects.filter(pk=payout.person_id).update(language="es")
    bank.read(bank.statement([line], number="S-2"), by=treasurer, at=clock.now())
    posted()
    (letter,) = mailoutbox
    assert letter.to == [payout.person.email]
    assert letter.subject == "Un cobro volvió"
    for words in (f"El cobro {payout.pk}, ", "volvió", "AC04", f"/pay/payouts/{payout.pk}/"):
        assert words in letter.body


def test_what_one_officer_says_came_back_by_hand_is_told_too(
    earn: Callable[[Person, str], int], amina: Person, treasurer: Office, secretary: Office,
    mailoutbox: list[EmailMessage],
) -> None:  # fmt: skip
    earn(amina, "9")
    payout = payouts.request(amina, amount=Decimal(5), by=amina, at=clock.now())
    payouts.send(payout, reference="R", by=treasurer, at=clock.now())
    payouts.fail(payout, by=secretary, at=clock.now())
    posted()
    (letter,) = mailoutbox
    assert "payout" in letter.body
    assert "What was said of it" not in letter.body
