"""Movements that should not be there: taken back by the word of two officers, and by nobody else's."""

import threading
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import offices
from governance.models import Office
from payments import accounts, corrections, escrow, invariants, ledger, paybacks
from payments.models import Correction, Deposit, PayBackState, Transfer
from tests.conftest import person
from tests.money_in import arrive
from tests.payments.bank import Line
from tests.payments.conftest import JOB, owning
from tests.payments.test_deposits import reads

type Attack = Callable[..., None]
GUARD, ALONE = "corrections_are_said_in_office", "reversals_are_by_two_officers"
SAY = "INSERT INTO payments_correction (transfer_id, office_id, words) VALUES (%s, %s, %s)"
MIRROR = """INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at,
    reverses_id) SELECT gen_random_uuid(), gen_random_uuid(), 99, credit_id, debit_id, amount, ref, coop_now(), id
    FROM payments_transfer WHERE id = %s"""


@pytest.fixture
def wrong(orbit: Client, treasurer: Office, now: datetime) -> Transfer:
    """Return a deposit that was typed with a nought too many."""
    return typed(orbit, treasurer, now)


def typed(client: Client, by: Office, at: datetime) -> Transfer:
    made = arrive(client, amount=Decimal(500), reference="B-500", by=by, at=at)
    return Transfer.objects.get(ref=f"deposit:{made.pk}")


def say(transfer: Transfer, by: Office) -> bool:
    return corrections.say(transfer, words="The bank has 50", by=by, at=clock.now())


def test_two_officers_take_a_deposit_back(
    wrong: Transfer, orbit: Client, treasurer: Office, secretary: Office, now: datetime
) -> None:
    before = escrow.available(orbit)
    assert not say(wrong, treasurer)
    assert list(corrections.waiting()) == [wrong]
    with pytest.raises(Refused, match="another officer"):
        say(wrong, treasurer)
    assert say(wrong, secretary)
    assert escrow.available(orbit) == before - 500
    assert list(corrections.waiting()) == []
    with pytest.raises(Refused, match="taken back"):
        say(wrong, secretary)
    # The right one is recorded after it, under its own reference.
    arrive(orbit, amount=Decimal(50), reference="B-50", by=treasurer, at=now)
    assert escrow.available(orbit) == before - 450
    assert not any(invariants.broken().values())


def test_what_was_asked_back_of_it_stays_and_is_taken_back(
    wrong: Transfer, orbit: Client, olga: Person, treasurer: Office, secretary: Office
) -> None:
    before = escrow.available(orbit)
    (back,) = paybacks.ask(orbit, amount=Decimal(450), key=uuid4(), by=olga, at=clock.now())
    assert back.deposit
    assert f"deposit:{back.deposit.pk}" == wrong.ref
    say(wrong, treasurer)
    back.refresh_from_db()
    assert back.state == PayBackState.REQUESTED
    assert say(wrong, secretary)
    back.refresh_from_db()
    assert (back.state, escrow.available(orbit)) == (PayBackState.FAILED, before - 500)
    assert not any(invariants.broken().values())


def test_nobody_takes_anything_back_alone(
    wrong: Transfer, orbit: Client, samuel: Person, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    safety = Office.objects.get(person=samuel)
    attack(MIRROR, [wrong.pk], guard=ALONE)
    say(wrong, treasurer)
    attack(MIRROR, [wrong.pk], guard=ALONE)
    attack(SAY, [wrong.pk, safety.pk, "x"], guard=GUARD)
    attack(SAY, [0, secretary.pk, "x"], guard=GUARD)
    attack(SAY, [wrong.pk, secretary.pk, " "], guard="corrections_say_why")
    for change in ("UPDATE payments_correction SET words = 'x'", "DELETE FROM payments_correction"):
        attack(change, guard="permission denied")
    # The same person says it twice: still one.
    with connection.cursor() as cursor:
        cursor.execute(SAY, [wrong.pk, treasurer.pk, "again"])
    attack(MIRROR, [wrong.pk], guard=ALONE)
    with owning():
        attack(MIRROR, [wrong.pk], guard=ALONE)
    say(wrong, secretary)
    attack(SAY, [wrong.pk, secretary.pk, "x"], guard=GUARD)


def test_what_was_earned_is_called_wrong_by_nobody(
    earn: Callable[[Person, str], int], amina: Person, treasurer: Office, attack: Attack
) -> None:
    earn(amina, "0.30")
    wage = Transfer.objects.filter(credit__code=accounts.payable(amina.pk)).latest("pk")
    with pytest.raises(Refused, match="not taken back"):
        say(wage, treasurer)
    attack(SAY, [wage.pk, treasurer.pk, "x"], guard=GUARD)


def test_money_that_is_not_there_is_not_taken_back(
    wrong: Transfer, orbit: Client, treasurer: Office, secretary: Office, now: datetime
) -> None:
    escrow.fund(JOB, escrow.available(orbit), orbit, 1, by=None, at=now)
    say(wrong, treasurer)
    with pytest.raises(Refused, match="not there any more"):
        say(wrong, secretary)
    assert Correction.objects.count() == 1
    assert not Transfer.objects.filter(reverses=wrong).exists()


def test_money_that_the_bank_does_not_have_is_not_taken_back(
    wrong: Transfer, treasurer: Office, secretary: Office
) -> None:
    reads(treasurer, Line(ledger.balance(accounts.BANK), kind="CHRG"))
    say(wrong, treasurer)
    with pytest.raises(Refused, match="the bank has less"):
        say(wrong, secretary)
    assert not Transfer.objects.filter(reverses=wrong).exists()


@pytest.mark.usefixtures("committed")
def test_two_officers_who_speak_at_once_take_it_back_once(orbit: Client) -> None:
    both = [offices.require(person(name), post, clock.now()) for name, post in
            (("teresa", "treasurer"), ("petra", "secretary"))]  # fmt: skip
    wrong = typed(orbit, both[0], clock.now())
    start, told = threading.Barrier(2), []

    def go(by: Office) -> None:
        try:
            start.wait()
            told.append(say(wrong, by))
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(by,)) for by in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False, True]
    assert Transfer.objects.filter(reverses=wrong).count() == 1
    assert ledger.balance(accounts.client(orbit.pk)) == escrow.available(orbit)


@pytest.mark.usefixtures("committed")
def test_no_view_of_the_past_is_asked(attack_from_the_past: Attack, orbit: Client) -> None:
    by = offices.require(person("teresa"), "treasurer", clock.now())
    attack_from_the_past(SAY, [typed(orbit, by, clock.now()).pk, by.pk, "x"], guard=GUARD)


def test_the_desk_takes_both_words(
    wrong: Transfer, orbit: Client, teresa: Person, petra: Person, amina: Person,
    signed_in: Callable[[Person], Browser],
) -> None:  # fmt: skip
    before, address = escrow.available(orbit), f"/desk/corrections/{wrong.pk}/"
    first, second = signed_in(teresa), signed_in(petra)
    assert address in first.get("/desk/corrections/").text
    assert signed_in(amina).post(address, {"words": "x"}).status_code == 403
    assert first.post(address, {"words": " "}).status_code == 200
    assert "Another officer says it too" in first.post(address, {"words": "A nought too many"}, follow=True).text
    assert first.post(address, {"words": "Again"}).status_code == 409
    assert escrow.available(orbit) == before
    assert "Teresa called it wrong: A nought too many" in second.get(address).text
    assert "It is taken back." in second.post(address, {"words": "It is"}, follow=True).text
    assert escrow.available(orbit) == before - 500
    assert "This was taken back" in second.get(address).text
    assert Deposit.objects.filter(reference="B-500").exists()
