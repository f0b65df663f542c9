"""Statements of our own account follow on one another, and what they lead to is asked every night (I14)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance.models import Office
from payments import bank_statements, escrow, invariants, places, proof, reconciling
from payments.models import BankStatement, GivenStatement, Place, RailEvent
from tests.money_in import arrive
from tests.payments import bank
from tests.payments.bank import Line
from tests.payments.conftest import owning
from tests.payments.test_deposits import FIFTY, theirs

type Attack = Callable[..., None]
FOREIGN = "GB33BUKB20201555555555"
WRITE = """INSERT INTO payments_bankstatement
    (given_id, place, number, digest, currency, opening, closing, read_by_id, read_at)
    SELECT id, place, number, digest, currency, opening, closing, %s, coop_now()
    FROM payments_givenstatement WHERE id = %s"""


def read(content: bytes, by: Office) -> bank.Read:
    return bank.read(content, by=by, at=clock.now())


def test_a_foreign_account_is_not_read(orbit: Client, treasurer: Office) -> None:
    before = escrow.available(orbit)
    with pytest.raises(Refused, match="which is not ours"):
        read(bank.statement([theirs(orbit)], account=FOREIGN), treasurer)
    assert escrow.available(orbit) == before
    assert not BankStatement.objects.exists()


def test_the_account_that_is_set_is_ours(orbit: Client, treasurer: Office, settings: LazySettings) -> None:
    settings.BANK_ACCOUNT = f"{FOREIGN} BUKBGB22 Workhall"
    with pytest.raises(Refused, match="which is not ours"):
        read(bank.statement([theirs(orbit)]), treasurer)
    assert read(bank.statement([theirs(orbit)], account=FOREIGN), treasurer).found == {"deposit": 1}


def test_a_statement_follows_on_the_last(
    orbit: Client, treasurer: Office, secretary: Office, now: datetime, attack: Attack
) -> None:
    first = read(bank.statement([theirs(orbit)]), treasurer).statements[0]
    before = escrow.available(orbit)
    with pytest.raises(Refused, match="does not follow on"):
        read(bank.statement([theirs(orbit)], number="S-3", opening="100100.00"), treasurer)
    assert escrow.available(orbit) == before
    for number, currency, opening in (
        (f"{bank.ACCOUNT}/S-3", "USD", first.closing + 1), (f"{bank.ACCOUNT}/S-4", "EUR", first.closing),
        ("S-5", "USD", first.closing),
    ):  # fmt: skip
        given = GivenStatement.objects.create(
            number=number, digest="", currency=currency, opening=opening, closing=opening, lines=[],
            given_by=treasurer, given_at=now,
        )  # fmt: skip
        attack(WRITE, [secretary.pk, given.pk], guard="statements_follow_on")
        bank_statements.turn_down(given, by=treasurer, at=now)
    assert read(bank.statement([theirs(orbit)], number="S-2"), treasurer).found == {"deposit": 1}


def test_the_night_finds_a_gap_and_what_is_not_booked(
    orbit: Client, treasurer: Office, secretary: Office, now: datetime
) -> None:
    assert proof.prove(clock.now()).good
    arrive(orbit, amount=FIFTY, reference="HAND", by=treasurer, at=now)
    fee, unknown = Line(Decimal("-0.35"), kind="CHRG"), Line(Decimal("-7.00"), words="Who knows")
    first = read(bank.statement([theirs(orbit), theirs(orbit), fee, unknown]), treasurer).statements[0]
    read(bank.statement([unknown], number="S-2"), treasurer)
    assert proof.prove(clock.now()).good
    said = RailEvent.objects.get(outcome="fee")
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_railevent DISABLE TRIGGER lines_are_as_two_saw_them")
        unbooked = RailEvent.objects.create(
            rail="bank", event="x", outcome="fee", amount=Decimal(1), incoming=False, currency="USD",
            statement=first, occurred_at=now, noted_at=now,
        )  # fmt: skip
    rows = {row[0] for row in invariants.broken()["I14"]}
    assert rows == {f"statement:{first.pk}", f"rail_event:{unbooked.pk}"}
    assert f"rail_event:{said.pk}" not in rows
    assert proof.prove(clock.now()).broken == ["I14"]


def test_the_page_sets_the_books_beside_the_bank(
    orbit: Client, treasurer: Office, teresa: Person, signed_in: Callable[[Person], Browser]
) -> None:
    assert reconciling.compared() == []
    before = places.held(Place.MAIN)
    read(bank.statement([theirs(orbit), Line(Decimal(-7), words="Who knows")]), treasurer)
    [now] = reconciling.compared()
    assert (now.held, now.unshown, now.unbooked) == (before + FIFTY, before, Decimal(-7))
    assert (now.opening, now.closing - now.opening) == (Decimal(bank.FIRST), FIFTY - 7)
    page = signed_in(teresa).get("/desk/statements/").text
    assert "The last statement closed with" in page
    assert "Our books hold at the bank" in page
