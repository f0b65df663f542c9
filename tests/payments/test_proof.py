"""Every night the books are proved: said in the record, on the open ledger, and by mail; a touched book is found."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.audit import money
from coop.people.models import Person
from coop.record.models import Event
from payments import accounts, invariants, proof, sealing
from payments.open_ledger import Month
from tests.governance.conftest import reach
from tests.payments import test_budgets
from tests.payments.conftest import owning

type Earn = Callable[[Person, str], int]


def touch(table: str, statement: str) -> None:
    """Write into the books as an owner who switched their guards off."""
    with owning(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)


def raise_balance(person: Person) -> None:
    code = accounts.payable(person.pk)
    touch("payments_account", f"UPDATE payments_account SET balance = balance + 5 WHERE code = '{code}'")


def told(person: Person) -> str:
    """Tell an officer of today's proof."""
    event = Event.objects.filter(kind__in=proof.KINDS).latest("id")
    proof.tell(person, event.subject)
    return event.kind


def test_books_in_order_are_proved_once_a_day(earn: Earn, amina: Person, later: Callable[..., datetime]) -> None:
    earn(amina, "1.00")
    found = proof.prove_due(clock.now())
    assert found
    assert (found.good, found.broken, found.months, found.says) == (True, [], [], [])
    assert found.transfers > 0
    assert proof.prove_due(clock.now()) is None
    later(days=1)
    assert proof.prove_due(clock.now())
    assert Event.objects.filter(kind="ledger.proved").count() == 2


def test_each_invariant_has_a_name_of_its_own() -> None:
    """Two of one name would hide each other's rows."""
    assert len({one.name for one in invariants.ALL}) == len(invariants.ALL)
    assert len(proof.asked()) == len(invariants.ALL) + len(money.NIGHTLY)


def test_a_balance_that_its_transfers_do_not_make_is_found(earn: Earn, amina: Person) -> None:
    earn(amina, "1.00")
    raise_balance(amina)
    found = proof.prove_due(clock.now())
    assert found
    assert (found.good, found.broken) == (False, ["I3"])
    assert found.says == ["I3: Each balance is what its transfers add up to."]
    assert Event.objects.get(kind="ledger.unproved").data["broken"] == ["I3"]


@pytest.mark.parametrize(
    ("table", "statement", "name"),
    [
        ("tasks_assignment", "UPDATE tasks_assignment SET fee = fee + 1", "fees"),
        ("tasks_assignment", "UPDATE tasks_assignment SET pay = pay - 1", "pay"),
        ("payments_transfer", "UPDATE payments_transfer SET ref = 'assignment:1' WHERE kind = 5", "ledger"),
        ("payments_transfer", "UPDATE payments_transfer SET ref = 'assignment:1' WHERE kind = 6", "fees"),
    ],
)
def test_what_the_books_paid_is_compared_with_the_work_every_night(
    paid: Callable[[Person], object], amina: Person, table: str, statement: str, name: str
) -> None:
    paid(amina)
    assert proof.prove(clock.now()).good
    touch(table, statement)
    found = proof.prove_due(clock.now())
    assert found
    assert name in found.broken
    assert f"{name}: {proof.asked()[name]}" in found.says
    assert name in Event.objects.get(kind="ledger.unproved").data["broken"]


def test_a_budget_that_was_rewritten_is_found_at_night(amina: Person) -> None:
    test_budgets.in_force(amina)
    assert proof.prove(clock.now()).good
    touch("payments_budget", "UPDATE payments_budget SET hosting = hosting + 1")
    assert proof.prove(clock.now()).broken == ["budget"]


def test_a_transfer_touched_after_its_month_was_sealed_is_found(earn: Earn, amina: Person, now: datetime) -> None:
    number, month = earn(amina, "1.00"), Month.of(now)
    over = reach(month.after + timedelta(hours=2))
    sealing.seal_due(over)
    ref = f"assignment:{number}"
    touch("payments_transfer", f"UPDATE payments_transfer SET ref = 'assignment:1' WHERE ref = '{ref}'")
    found = proof.prove(at=over)
    assert found.months == [str(month)]
    assert found.says[-1] == f"The transfers of {month} are not those that were sealed."


def test_whoever_moves_the_money_is_told_in_their_language(
    teresa: Person, petra: Person, samuel: Person, mailoutbox: list[EmailMessage]
) -> None:
    proof.prove_due(clock.now())
    hear = proof.officers(clock.now())
    assert {teresa, petra} <= set(hear)
    assert samuel not in hear
    teresa.language = "es"
    assert told(teresa) == "ledger.proved"
    assert told(petra)
    spanish, english = mailoutbox
    assert english.subject.endswith("are proved")
    assert f"All {len(proof.asked())} statements" in english.body
    assert spanish.subject.startswith("Las cuentas del ")
    assert spanish.to == [teresa.email]


def test_the_mail_of_a_night_that_found_something_says_what(
    teresa: Person, amina: Person, earn: Earn, mailoutbox: list[EmailMessage]
) -> None:
    earn(amina, "1.00")
    raise_balance(amina)
    proof.prove_due(clock.now())
    assert told(teresa) == "ledger.unproved"
    (mail,) = mailoutbox
    assert mail.subject.startswith("LOOK")
    assert "I3: Each balance is what its transfers add up to." in mail.body
    assert "manage.py audit money" in mail.body


def test_the_open_ledger_says_when_the_books_were_proved(client: Browser, amina: Person, earn: Earn) -> None:
    assert "The first proof comes with the first night" in client.get("/ledger/").content.decode()
    proof.prove_due(clock.now())
    page = unescape(client.get("/ledger/").content.decode())
    assert "All that must hold of the books does." in page
    assert all(sentence in page for sentence in proof.asked().values())
    clock.advance(timedelta(days=1))
    earn(amina, "1.00")
    raise_balance(amina)
    proof.prove_due(clock.now())
    page = client.get("/ledger/").content.decode()
    assert "Something does not add up:" in page
    assert "I3: Each balance is what its transfers add up to." in page
