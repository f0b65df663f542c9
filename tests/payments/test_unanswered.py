"""Payouts that a service never answered for: asked after at a press, ended by two officers who read the same."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.audit import payouts as walked
from coop.people.models import Person
from coop.refusals import Refused
from governance.models import Office, OfficeAct
from payments import accounts, ledger, payouts, questions, runs, unanswered
from payments.models import Payout, PayRun, RailEvent, Verdict
from tests.payments import test_mpesa
from tests.payments.conftest import owning
from tests.payments.mpesa import Shortcode
from tests.payments.test_proof import touch
from tests.payments.ways import go_on, sound, state

service, opened = test_mpesa.service, test_mpesa.opened
asked, released = test_mpesa.asked, test_mpesa.released
type Attack = Callable[..., None]
type Later = Callable[..., datetime]

JUDGE = """INSERT INTO payments_verdict (payout_id, office_id, arrived, words, at)
    VALUES (%s, %s, %s, %s, coop_now())"""
SAY = """INSERT INTO payments_railevent
    (rail, event, payout_id, outcome, amount, currency, words, occurred_at, noted_at)
    SELECT rail, 'WORKHALL-' || id || '/verdict', id, %s, amount, currency, '', coop_now(), coop_now()
    FROM payments_payout WHERE id = %s"""


def read(payout: Payout, by: Office, *, arrived: bool) -> bool:
    payout.refresh_from_db()
    return unanswered.decide(payout, arrived=arrived, words="Statement 7, line 3", by=by, at=clock.now())


def test_a_press_asks_the_service_again(
    asked: Payout, released: PayRun, service: Shortcode, teresa: Person, signed_in: Callable[[Person], Browser]
) -> None:
    go_on()
    before = len(service.questions)
    desk = signed_in(teresa)
    assert desk.post(f"/desk/payouts/{asked.pk}/ask/").status_code == 302
    assert len(service.questions) == before + 1
    assert test_mpesa.answer(service) == 204
    assert state(asked) == "settled"
    assert desk.post(f"/desk/payouts/{asked.pk}/ask/").status_code == 409


def test_what_may_be_forgotten_is_asked_after_and_never_sent_again(
    asked: Payout, released: PayRun, service: Shortcode, later: Later
) -> None:
    service.loses_answers = 1
    go_on()
    later(hours=24, minutes=1)
    assert go_on() == 0
    assert (state(asked), len(service.paid), len(service.questions)) == ("sending", 1, 1)
    assert test_mpesa.answer(service) == 204
    assert state(asked) == "settled"
    assert sound()


def test_officers_decide_after_72_hours_and_never_about_their_own(
    asked: Payout, released: PayRun, later: Later, treasurer: Office, attack: Attack
) -> None:
    go_on()
    guard, other = "verdicts_come_after_72_hours", Office.objects.exclude(post__in=["treasurer", "secretary"])[0]
    with pytest.raises(Refused, match="72 hours"):
        read(asked, treasurer, arrived=True)
    attack(JUDGE, [asked.pk, treasurer.pk, True, "x"], guard=guard)
    later(hours=73)
    attack(JUDGE, [asked.pk, other.pk, True, "x"], guard=guard)
    attack(JUDGE, [0, treasurer.pk, True, "x"], guard=guard)
    attack(JUDGE, [asked.pk, treasurer.pk, True, " "], guard="verdicts_name_a_statement")
    with owning():
        attack(JUDGE, [asked.pk, other.pk, True, "x"], guard=guard)
    for change in ("UPDATE payments_verdict SET arrived = false", "DELETE FROM payments_verdict"):
        attack(change, guard="permission denied")


TAKE = """INSERT INTO payments_railevent
    (rail, event, payout_id, outcome, amount, currency, words, occurred_at, noted_at)
    SELECT rail, 'WORKHALL-PAYOUT-' || id || %s, %s::bigint, %s, amount, currency, '', coop_now(), coop_now()
    FROM payments_payout WHERE id = %s"""


def test_nothing_else_is_written_under_the_name_of_a_payout(
    asked: Payout, released: PayRun, service: Shortcode, attack: Attack
) -> None:
    """Else the true word about it found its name taken, and what never arrived was never given back (E3)."""
    for place, payout, outcome in (
        ("/settled", None, "unknown"), ("/failed", None, "repeated"), ("/settled", asked.pk, "repeated"),
        ("/fee", asked.pk, "repeated"), ("", None, "unknown"),
    ):  # fmt: skip
        attack(TAKE, [place, payout, outcome, asked.pk], guard="words_of_a_payout_are_its_own")
    for payout in (None, asked.pk):
        attack(TAKE, ["/failed", payout, "fee", asked.pk], guard="fees_are_of_something")
    go_on()
    assert [test_mpesa.result(service, asked), test_mpesa.answer(service)] == [204, 204]
    assert state(asked) == "settled"


def test_nobody_decides_about_money_to_themselves(
    asked: Payout, released: PayRun, later: Later, treasurer: Office, attack: Attack
) -> None:
    go_on()
    later(hours=73)
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_payout DISABLE TRIGGER USER")
        cursor.execute("UPDATE payments_payout SET person_id = %s WHERE id = %s", [treasurer.person_id, asked.pk])
    attack(JUDGE, [asked.pk, treasurer.pk, True, "x"], guard="verdicts_come_after_72_hours")
    with pytest.raises(Refused, match="to themselves"):
        read(asked, treasurer, arrived=True)


@pytest.mark.parametrize("arrived", [True, False])
def test_two_officers_who_read_the_same_end_it(
    asked: Payout,
    released: PayRun,
    later: Later,
    treasurer: Office,
    secretary: Office,
    amina: Person,
    arrived: bool,  # noqa: FBT001 - as a case
) -> None:
    go_on()
    later(hours=73)
    ready, out = payouts.ready(amina), ledger.balance(accounts.CLEARING_OUT, "KES")
    assert out > 0
    assert not read(asked, treasurer, arrived=not arrived)
    assert not read(asked, secretary, arrived=arrived)
    assert read(asked, treasurer, arrived=arrived)
    assert state(asked) == ("settled" if arrived else "failed")
    assert ledger.balance(accounts.CLEARING_OUT, "KES") == 0
    assert (payouts.ready(amina) > ready) == (not arrived)
    whose = OfficeAct.objects.filter(person=amina, act="settled_payout", subject=f"payout:{asked.pk}")
    assert {one.office for one in whose} == {treasurer, secretary}
    with pytest.raises(Refused, match="does not wait"):
        read(asked, treasurer, arrived=arrived)
    assert sound()
    assert not list(walked.walk(bool))
    touch("payments_verdict", "UPDATE payments_verdict SET arrived = NOT arrived")
    assert "two officers decide what a service never answered for" in str(*walked.walk(bool))


def test_a_word_that_comes_after_all_moves_nothing_more(
    asked: Payout, released: PayRun, service: Shortcode, later: Later, treasurer: Office, secretary: Office
) -> None:
    go_on()
    later(hours=73)
    go_on()
    for office in (treasurer, secretary):
        read(asked, office, arrived=False)
    before = len(service.questions)
    service.status[runs.key_of(asked.pk)] = "Completed"
    go_on()
    assert len(service.questions) == before + 1
    assert test_mpesa.answer(service) == 204
    assert state(asked) == "failed"
    assert [event.outcome for event in questions.waiting()] == ["repeated"]
    later(days=31)
    go_on()
    assert len(service.questions) == before + 1
    assert sound()


def test_one_officer_alone_ends_nothing(
    asked: Payout, released: PayRun, later: Later, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    go_on()
    later(hours=73)
    guard = "two_officers_end_what_was_never_answered"
    read(asked, treasurer, arrived=True)
    read(asked, treasurer, arrived=True)
    attack(SAY, ["settled", asked.pk], guard=guard)
    read(asked, secretary, arrived=False)
    for outcome in ("settled", "failed"):
        attack(SAY, [outcome, asked.pk], guard=guard)
    assert state(asked) in {"sending", "sent"}
    assert not RailEvent.objects.filter(payout=asked).exists()


def test_the_desk_shows_it_and_takes_both_words(
    asked: Payout, released: PayRun, later: Later, teresa: Person, petra: Person, amina: Person,
    signed_in: Callable[[Person], Browser],
) -> None:  # fmt: skip
    go_on()
    desk, address = signed_in(teresa), f"/desk/payouts/{asked.pk}/decide/"
    assert "Not answered for a day" not in desk.get("/desk/").text
    later(hours=73)
    assert "Not answered for a day" in desk.get("/desk/").text
    assert "Ask it now" in desk.get(f"/desk/payouts/{asked.pk}/").text
    desk.post(address, {"arrived": "yes", "words": ""})
    assert not Verdict.objects.exists()
    assert desk.post(address, {"arrived": "yes", "words": "Line 3"}).status_code == 302
    assert "Teresa read that it arrived: Line 3" in desk.get(f"/desk/payouts/{asked.pk}/").text
    assert signed_in(amina).post(address, {"arrived": "yes", "words": "x"}).status_code == 403
    assert signed_in(petra).post(address, {"arrived": "yes", "words": "Line 3"}).status_code == 302
    assert state(asked) == "settled"
