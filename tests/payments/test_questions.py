"""What fitted nothing waits until an officer answers it; no odd line stops a whole statement."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, deposits, escrow, ledger, questions, runs, unanswered, unconfirmed
from payments.models import Outcome, Payout, PayRun, RailAnswer, RailEvent
from tests.money_in import arrive
from tests.payments import bank
from tests.payments.bank import Line
from tests.payments.conftest import owning
from tests.payments.test_deposits import FIFTY, reads, theirs
from tests.payments.test_runs_attacks import asked, released, run
from tests.payments.test_unanswered import JUDGE, SAY

__all__ = ["asked", "released", "run"]
type Attack = Callable[..., None]
type SignedIn = Callable[[Person], Browser]
ANSWER = "INSERT INTO payments_railanswer (event_id, words, by_id, at) VALUES (%s, 'x', %s, coop_now())"
GUARD = "questions_are_answered_in_office"


def test_officers_answer_and_never_about_their_own(
    orbit: Client, treasurer: Office, secretary: Office, samuel: Person, now: datetime, attack: Attack
) -> None:
    arrive(orbit, amount=FIFTY, reference="HAND", by=treasurer, at=now)
    reads(treasurer, Line(Decimal(3), words="Thank you"), Line(Decimal("-0.30"), kind="CHRG"))
    unknown, fee = RailEvent.objects.order_by("pk")
    safety = Office.objects.get(person=samuel)
    with pytest.raises(Refused, match="treasurer or the secretary"):
        questions.answer(unknown, words="x", by=safety, at=now)
    attack(ANSWER, [unknown.pk, safety.pk], guard=GUARD)
    attack(ANSWER, [fee.pk, treasurer.pk], guard=GUARD)
    assert list(questions.waiting()) == [unknown]
    questions.answer(unknown, words="Interest, put forward at the next meeting", by=treasurer, at=now)
    assert not questions.waiting().exists()
    with pytest.raises(Refused, match="was answered"):
        questions.answer(unknown, words="x", by=secretary, at=now)
    attack(ANSWER, [unknown.pk, secretary.pk], guard="payments_railanswer_event_id_key")


def test_nobody_answers_about_a_payout_of_theirs(
    asked: Payout,
    released: PayRun,
    treasurer: Office,
    secretary: Office,
    now: datetime,
    attack: Attack,
) -> None:
    short = Line(Decimal("-4.99"), runs.key_of(asked.pk))
    runs.file(released, by=treasurer, at=clock.now())
    reads(treasurer, short)
    event = RailEvent.objects.get(outcome=Outcome.PARTIAL)
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_payout DISABLE TRIGGER USER")
        cursor.execute("UPDATE payments_payout SET person_id = %s WHERE id = %s", [treasurer.person_id, asked.pk])
    event = RailEvent.objects.select_related("payout").get(pk=event.pk)
    attack(ANSWER, [event.pk, treasurer.pk], guard=GUARD)
    with pytest.raises(Refused, match="to themselves"):
        questions.answer(event, words="x", by=treasurer, at=clock.now())
    questions.answer(event, words="A charge of the other bank", by=secretary, at=clock.now())


def test_a_line_is_the_deposit_that_was_written_down(
    orbit: Client, treasurer: Office, secretary: Office, now: datetime
) -> None:
    before = escrow.available(orbit)
    noted = deposits.record(orbit, amount=FIFTY, reference="HAND", by=treasurer, at=now)
    other = deposits.record(orbit, amount=FIFTY + 1, reference="OTHER", by=treasurer, at=now)
    reads(treasurer, Line(FIFTY, words="Thank you"), Line(FIFTY, words="Thank you"), Line(-FIFTY))
    first, second, out = questions.waiting()
    assert [list(deposits.like(line)) for line in (first, second, out)] == [[noted], [noted], []]
    with pytest.raises(Refused, match="not that deposit"):
        questions.is_deposit(first, deposit=other, by=treasurer, at=now)
    with pytest.raises(Refused, match="You wrote this deposit down"):
        questions.is_deposit(first, deposit=noted, by=treasurer, at=now)
    assert escrow.available(orbit) == before
    questions.is_deposit(first, deposit=noted, by=secretary, at=now)
    assert escrow.available(orbit) - before == FIFTY
    with pytest.raises(Refused, match="was answered"):
        questions.is_deposit(first, deposit=noted, by=treasurer, at=now)
    with pytest.raises(Refused, match="not that deposit"):
        questions.is_deposit(second, deposit=noted, by=treasurer, at=now)
    assert list(questions.waiting()) == [second, out]


def test_a_fee_in_a_currency_of_which_we_hold_nothing_is_a_question(
    orbit: Client, treasurer: Office, now: datetime
) -> None:
    arrive(orbit, amount=FIFTY, reference="HAND", by=treasurer, at=now)
    held = -ledger.balance(accounts.BANK)
    odd, fee = Line(Decimal("-0.30"), kind="CHRG", currency="EUR"), Line(Decimal("-0.30"), kind="CHRG")
    assert reads(treasurer, odd, fee, Line(Decimal(0))) == {"unknown": 1, "fee": 1}
    assert questions.waiting().get().currency == "EUR"
    assert held + ledger.balance(accounts.BANK) == Decimal("0.30")
    assert reads(treasurer, Line(-held, kind="CHRG"), number="S-2") == {"unknown": 1}
    assert reads(treasurer, Line(Decimal("0.30"), kind="CHRG"), number="S-3") == {"unknown": 1}


def test_what_a_bank_paid_beyond_our_books_is_a_question_and_no_word_about_the_payout(
    asked: Payout,
    released: PayRun,
    treasurer: Office,
) -> None:
    content = runs.file(released, by=treasurer, at=clock.now())
    held = -ledger.balance(accounts.BANK)
    reads(treasurer, Line(-(held - 1), kind="CHRG"))
    before = ledger.balance(accounts.BANK)
    assert bank.read(bank.answer(content, number="S-2"), by=treasurer, at=clock.now()).found == {"unknown": 1}
    asked.refresh_from_db()
    assert (asked.state, asked.events.count(), ledger.balance(accounts.BANK)) == ("sending", 0, before)
    assert questions.waiting().get().amount == asked.amount


def test_a_deposit_that_was_credited_by_hand_pays_for_nothing_a_second_time(
    orbit: Client, treasurer: Office, secretary: Office, now: datetime
) -> None:
    noted = deposits.record(orbit, amount=FIFTY, reference="HAND", by=treasurer, at=now)
    deposits.confirm(noted, by=secretary, at=now)
    held = -ledger.balance(accounts.BANK)
    lines = theirs(orbit), Line(-(held + FIFTY), kind="CHRG")
    assert reads(treasurer, *lines) == {"deposit": 1, "unknown": 1}
    assert -ledger.balance(accounts.BANK) == held
    # One that nobody credited yet does pay.
    deposits.record(orbit, amount=FIFTY, reference="OTHER", by=treasurer, at=now)
    assert reads(treasurer, *lines, number="S-2") == {"deposit": 1, "fee": 1}
    assert ledger.balance(accounts.BANK) == 0


def test_nobody_says_that_a_payout_did_not_arrive_which_stands_on_a_line(
    asked: Payout, released: PayRun, orbit: Client, treasurer: Office, secretary: Office,
    later: Callable[..., datetime], signed_in: SignedIn, attack: Attack,
) -> None:  # fmt: skip
    """It would be paid a second time."""
    content = runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    reads(treasurer, Line(ledger.balance(accounts.BANK) + 1, kind="CHRG"))
    found = bank.read(bank.answer(content, number="S-2"), by=treasurer, at=clock.now())
    assert found.found == {"unknown": 1}
    number, line = found.statements[0].number, questions.waiting().get()
    at = later(days=6)
    asked.refresh_from_db()
    desk = signed_in(secretary.person)
    for page in ("/desk/statements/", f"/desk/payouts/{asked.pk}/"):
        shown = desk.get(page).text
        assert f"Payout {asked.pk} stands on statement {number}, line 1, as a question" in shown
        assert f'href="/desk/statements/{line.pk}/"' in shown
    for office in (treasurer, secretary):
        with pytest.raises(Refused, match=f"stands on statement {number}, line 1"):
            unanswered.decide(asked, arrived=False, words="x", by=office, at=clock.now())
        attack(JUDGE, [asked.pk, office.pk, False, "x"], guard="what_stands_as_paid_arrived")
    assert not asked.verdicts.exists()
    arrive(orbit, amount=FIFTY, reference="HAND", by=treasurer, at=at)
    assert not unanswered.decide(asked, arrived=True, words="x", by=treasurer, at=clock.now())
    assert unanswered.decide(asked, arrived=True, words="x", by=secretary, at=clock.now())
    assert not unconfirmed.asked([asked.pk])


def test_two_words_from_before_the_line_end_nothing_after_it(
    asked: Payout,
    released: PayRun,
    treasurer: Office,
    secretary: Office,
    later: Callable[..., datetime],
    attack: Attack,
) -> None:
    """The site's own role keeps two true words that it did not arrive until a statement says that it did."""
    content = runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    later(days=6)
    with connection.cursor() as cursor:
        for office in (treasurer, secretary):
            cursor.execute(JUDGE, [asked.pk, office.pk, False, "x"])
    reads(treasurer, Line(ledger.balance(accounts.BANK) + 1, kind="CHRG"))
    assert bank.read(bank.answer(content, number="S-2"), by=treasurer, at=clock.now()).found == {"unknown": 1}
    attack(SAY, ["failed", asked.pk], guard="two_officers_end_what_was_never_answered")


def test_what_went_out_and_came_back_beyond_our_books_did_not_arrive(
    asked: Payout, released: PayRun, treasurer: Office, secretary: Office, later: Callable[..., datetime]
) -> None:
    runs.file(released, by=treasurer, at=clock.now())
    runs.hand_over(released, by=treasurer, at=clock.now())
    reads(treasurer, Line(ledger.balance(accounts.BANK) + 1, kind="CHRG"))
    key = runs.key_of(asked.pk)
    both = Line(-asked.amount, key), Line(asked.amount, key, reason="AC04")
    assert reads(treasurer, *both, number="S-2") == {"unknown": 2}
    at = later(days=6)
    asked.refresh_from_db()
    assert [one.incoming for one in unconfirmed.asked([asked.pk])] == [False, True]
    assert not unanswered.decide(asked, arrived=False, words="x", by=treasurer, at=at)
    assert unanswered.decide(asked, arrived=False, words="x", by=secretary, at=at)


def test_a_run_that_was_taken_apart_has_no_file(released: PayRun, treasurer: Office) -> None:
    runs.take_apart(released, by=treasurer, at=clock.now())
    with pytest.raises(Refused, match="Nothing is left"):
        runs.file(released, by=treasurer, at=clock.now())


def test_the_pages_show_all_that_waits_and_take_answers(
    orbit: Client, treasurer: Office, secretary: Office, teresa: Person, signed_in: SignedIn, now: datetime
) -> None:
    reads(treasurer, *(Line(Decimal(number), words=f"Number {number}.") for number in range(1, 23)))
    noted = deposits.record(orbit, amount=Decimal(2), reference="HAND", by=secretary, at=now)
    browser = signed_in(teresa)
    page, rest = (browser.get(f"/desk/statements/?page={number}").text for number in (1, 2))
    assert ("Number 1." in page, "Number 20." in page, "Number 21." in page) == (True, True, False)
    assert "Number 22." in rest
    first, second = questions.waiting()[:2]
    address = f"/desk/statements/{first.pk}/"
    assert "Which way" in browser.get(address).text
    assert browser.post(address, {"words": " "}).status_code == 200
    browser.post(address, {"words": "A gift without a name"})
    assert RailAnswer.objects.get(event=first).words == "A gift without a name"
    assert "A gift without a name" in browser.get(address).text
    address = f"/desk/statements/{second.pk}/"
    assert f"{address}deposit/{noted.pk}/" in browser.get(address).text
    assert "is credited" in browser.post(f"{address}deposit/{noted.pk}/", follow=True).text
    assert questions.waiting().count() == 20
