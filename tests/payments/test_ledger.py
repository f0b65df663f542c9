import threading
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from importlib import import_module

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from coop.people.models import Client, Person
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, escrow, invariants, ledger, rates
from payments.ledger import Kind, LedgerConflict, Line
from payments.models import Account, Fee, Transfer
from payments.money import from_micro
from tests.payments.correcting import take_back

JOB = 700_001


def funded(orbit: Client, deposit: Callable[[str], None], now: datetime, amount: str = "10") -> None:
    deposit(amount)
    escrow.fund(JOB, Decimal(amount), orbit, 1, by=None, at=now)


def test_a_deposit_is_on_the_balance(deposit: Callable[[str], None], orbit: Client) -> None:
    before = escrow.available(orbit)
    deposit("12.345678")
    assert escrow.available(orbit) - before == Decimal("12.345678")


def test_an_acceptance_pays_wage_fee_and_levies_to_the_last_unit(
    deposit: Callable[[str], None], orbit: Client, amina: Person, fee: Fee, now: datetime
) -> None:
    funded(orbit, deposit, now)
    pay = Decimal("0.093337")
    charge = rates.fee_on(pay, fee)
    codes = (accounts.payable(amina.pk), accounts.TRAINING, accounts.FEE, accounts.CARE, accounts.FLOOR)
    was, training, coop, care, floor = map(ledger.balance, codes)
    escrow.commit(JOB, amina.pk, 900_001, pay + charge, at=now)
    posted = escrow.release(JOB, amina.pk, 900_001, pay, charge, fee, at=now)
    assert charge == Decimal("0.009333")
    assert len({transfer.journal for transfer in posted}) == 1
    assert ledger.balance(accounts.payable(amina.pk)) - was == pay
    assert ledger.balance(accounts.TRAINING) - training == Decimal("0.002333")
    assert ledger.balance(accounts.CARE) - care == Decimal("0.000466")
    assert ledger.balance(accounts.FLOOR) - floor == Decimal("0.000466")
    assert ledger.balance(accounts.FEE) - coop == Decimal("0.006068")
    assert ledger.balance(accounts.commitment(JOB, amina.pk)) == 0
    assert escrow.set_aside(JOB) == Decimal(10) - pay - charge


def test_an_acceptance_again_changes_nothing(
    deposit: Callable[[str], None], orbit: Client, amina: Person, fee: Fee, now: datetime
) -> None:
    funded(orbit, deposit, now)
    escrow.commit(JOB, amina.pk, 900_001, Decimal("0.099"), at=now)
    first = escrow.release(JOB, amina.pk, 900_001, Decimal("0.09"), Decimal("0.009"), fee, at=now)
    again = escrow.release(JOB, amina.pk, 900_001, Decimal("0.09"), Decimal("0.009"), fee, at=now)
    assert [transfer.pk for transfer in again] == [transfer.pk for transfer in first]
    assert ledger.balance(accounts.payable(amina.pk)) == Decimal("0.09")


def test_the_same_key_with_another_amount_is_a_conflict(
    deposit: Callable[[str], None], orbit: Client, amina: Person, now: datetime
) -> None:
    funded(orbit, deposit, now)
    escrow.commit(JOB, amina.pk, 900_001, Decimal("0.10"), at=now)
    with pytest.raises(LedgerConflict, match="claim:900001"), transaction.atomic():
        escrow.commit(JOB, amina.pk, 900_001, Decimal("0.11"), at=now)
    assert ledger.balance(accounts.commitment(JOB, amina.pk)) == Decimal("0.10")


def test_a_conflict_in_one_line_posts_none_of_the_others(
    deposit: Callable[[str], None], orbit: Client, amina: Person, now: datetime
) -> None:
    funded(orbit, deposit, now)
    target = accounts.commitment(JOB, amina.pk)
    escrow.commit(JOB, amina.pk, 900_001, Decimal("0.10"), at=now)
    lines = [
        Line(Kind.CLAIM, accounts.escrow(JOB), target, Decimal("0.10"), "claim:900002", "assignment:900002"),
        Line(Kind.CLAIM, accounts.escrow(JOB), target, Decimal("0.20"), "claim:900001", "assignment:900001"),
    ]
    with pytest.raises(LedgerConflict), transaction.atomic():
        ledger.post(*lines, journal="both", at=now)
    assert ledger.balance(target) == Decimal("0.10")


def test_a_posting_is_one_statement_once_its_accounts_stand(
    deposit: Callable[[str], None],
    orbit: Client,
    amina: Person,
    fee: Fee,
    now: datetime,
    django_assert_num_queries: Callable[..., object],
) -> None:
    funded(orbit, deposit, now)
    for number in (900_001, 900_002):
        escrow.commit(JOB, amina.pk, number, Decimal("0.099"), at=now)
    escrow.release(JOB, amina.pk, 900_001, Decimal("0.09"), Decimal("0.009"), fee, at=now)
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        escrow.release(JOB, amina.pk, 900_002, Decimal("0.09"), Decimal("0.009"), fee, at=now)


def test_thousands_are_released_in_one_statement(
    deposit: Callable[[str], None],
    orbit: Client,
    amina: Person,
    fee: Fee,
    now: datetime,
    django_assert_num_queries: Callable[..., object],
) -> None:
    funded(orbit, deposit, now, "300")
    source = accounts.escrow(JOB)
    numbers = range(900_000, 901_000)
    target = accounts.commitment(JOB, amina.pk)
    claims = [
        Line(Kind.CLAIM, source, target, Decimal("0.099"), f"claim:{n}", f"assignment:{n}", f"claim:{n}")
        for n in numbers
    ]
    ledger.post_many(claims, at=now)
    done = [escrow.Acceptance(JOB, amina.pk, n, Decimal("0.09"), Decimal("0.009"), fee) for n in numbers]
    escrow.release_many(done[:1], at=now)
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert escrow.release_many(done[1:], at=now) == 5 * 999
    assert escrow.release_many(done, at=now) == 0
    assert ledger.balance(accounts.payable(amina.pk)) == 90
    assert not any(invariants.broken().values())


def test_an_acceptance_lets_its_locks_go_before_it_waits_for_the_disk(
    deposit: Callable[[str], None], orbit: Client, amina: Person, fee: Fee, now: datetime,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[list[object]]],
) -> None:  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")
    with django_capture_on_commit_callbacks(execute=True) as waited:
        funded(orbit, deposit, now)
        escrow.commit(JOB, amina.pk, 900_001, Decimal("0.099"), at=now)
    assert (waits(), waited) == ("on", [])
    with CaptureQueriesContext(connection) as seen, django_capture_on_commit_callbacks(execute=True) as waited:
        accepted = escrow.Acceptance(JOB, amina.pk, 900_001, Decimal("0.09"), Decimal("0.009"), fee)
        escrow.release_many([accepted], at=now)
    assert (waits(), len(waited)) == ("off", 1)
    assert "pg_logical_emit_message(false, '', '', true)" in seen.captured_queries[-1]["sql"]


def waits() -> str:
    """Return whether the running transaction will wait for the disk when it is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "0.0000001"])
def test_an_amount_is_a_number_of_six_decimals(amina: Person, now: datetime, amount: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        escrow.commit(JOB, amina.pk, 900_001, Decimal(amount), at=now)


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_an_amount_is_above_zero(
    deposit: Callable[[str], None], orbit: Client, amina: Person, now: datetime, amount: str
) -> None:
    funded(orbit, deposit, now)
    with pytest.raises(IntegrityError, match="transfers_are_positive"), transaction.atomic():
        escrow.commit(JOB, amina.pk, 900_001, Decimal(amount), at=now)


def test_a_funding_is_taken_back_by_its_mirror_once(
    deposit: Callable[[str], None], orbit: Client, treasurer: Office, secretary: Office, now: datetime
) -> None:
    deposit("10")
    before = escrow.available(orbit)
    transfer = escrow.fund(JOB, Decimal(4), orbit, 1, by=None, at=now)
    mirror = take_back(transfer)
    assert ledger.reverse(transfer, by=treasurer, at=now) == mirror
    assert escrow.available(orbit) == before
    assert escrow.set_aside(JOB) == 0
    assert not any(invariants.broken().values())


def test_money_is_taken_back_by_an_officer_who_handles_it(
    deposit: Callable[[str], None], orbit: Client, samuel: Person, now: datetime
) -> None:
    deposit("10")
    transfer = escrow.fund(JOB, Decimal(4), orbit, 1, by=None, at=now)
    with pytest.raises(Refused):
        ledger.reverse(transfer, by=Office.objects.get(person=samuel), at=now)


def test_a_wage_is_never_taken_back(
    earn: Callable[[Person, str], int], amina: Person, treasurer: Office, now: datetime
) -> None:
    number = earn(amina, "0.30")
    wage = Transfer.objects.get(ref=f"assignment:{number}", kind=Kind.TRAINING_PAY)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        ledger.reverse(wage, by=treasurer, at=now)
    assert guard_of(caught.value) == "reversals_mirror_a_transfer"


def test_a_claim_ends_and_the_money_is_the_jobs_again(
    deposit: Callable[[str], None], orbit: Client, amina: Person, now: datetime
) -> None:
    funded(orbit, deposit, now)
    escrow.commit(JOB, amina.pk, 900_001, Decimal("0.10"), at=now)
    escrow.restore(JOB, amina.pk, 900_001, Decimal("0.10"), at=now)
    assert escrow.set_aside(JOB) == 10
    escrow.refund(JOB, Decimal(10), orbit, 1, at=now)
    assert escrow.set_aside(JOB) == 0


def test_the_last_money_stands_behind_one_claim_only(
    committed: None, deposit: Callable[[str], None], orbit: Client, amina: Person, luis: Person, now: datetime
) -> None:
    funded(orbit, deposit, now, "0.50")
    start = threading.Barrier(20)
    outcomes: list[str | None] = []

    def claim(number: int) -> None:
        try:
            start.wait()
            escrow.commit(JOB, (amina.pk, luis.pk)[number % 2], number, Decimal("0.10"), at=now)
            outcomes.append("locked")
        except IntegrityError as error:
            outcomes.append(guard_of(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=(900_100 + number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["account_above_its_floor"] * 15 + ["locked"] * 5
    assert escrow.set_aside(JOB) == 0
    assert not any(invariants.broken().values())


def test_the_same_acceptance_from_two_sides_pays_once(
    committed: None, deposit: Callable[[str], None], orbit: Client, amina: Person, fee: Fee, now: datetime
) -> None:
    funded(orbit, deposit, now)
    escrow.commit(JOB, amina.pk, 900_001, Decimal("0.099"), at=now)
    start, seen = threading.Barrier(4), []

    def accept() -> None:
        try:
            start.wait()
            posted = escrow.release(JOB, amina.pk, 900_001, Decimal("0.09"), Decimal("0.009"), fee, at=now)
            seen.append({transfer.pk for transfer in posted})
        finally:
            connection.close()

    threads = [threading.Thread(target=accept) for _turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert all(pks == seen[0] for pks in seen)
    assert ledger.balance(accounts.payable(amina.pk)) == Decimal("0.09")


def guard_of(error: IntegrityError) -> str | None:
    assert isinstance(error.__cause__, psycopg.Error)
    return error.__cause__.diag.constraint_name


def test_balances_at_the_surface_are_exact() -> None:
    assert from_micro(1) * 3 == Decimal("0.000003")
    assert Account(code="fund:care", balance=from_micro(1)).balance == Decimal("0.000001")


def test_an_account_is_read_in_as_many_queries_however_long_it_is(
    deposit: Callable[[str], None], orbit: Client, amina: Person, fee: Fee, now: datetime
) -> None:
    for _turn in range(12):
        funded(orbit, deposit, now, "1.5")
    escrow.commit(JOB, amina.pk, 900_001, Decimal("0.099"), at=now)
    escrow.release(JOB, amina.pk, 900_001, Decimal("0.09"), Decimal("0.009"), fee, at=now)
    asked = []
    # Of the fees no balance is kept: it is the sum of both sides.
    for code in (accounts.client(orbit.pk), accounts.FEE):
        with CaptureQueriesContext(connection) as of_balance:
            ledger.balance(code)
        with CaptureQueriesContext(connection) as of_lines:
            lines = [(line.debit.code, line.credit.code, line.amount) for line in ledger.lines_of(code)]
        asked.append((len(of_balance), len(of_lines), len(lines) > 0))
    assert asked == [(1, 2, True), (3, 2, True)]


def test_the_database_lets_every_kind_move_something_and_no_other(owner: psycopg.Connection) -> None:
    known = {kind for (kind,) in owner.execute("SELECT DISTINCT kind FROM payments_postings()")}
    assert known == {int(kind) for kind in Kind} - {Kind.REVERSAL}


LISTED = """SELECT kind, debit, credit, debit_part, credit_part FROM payments_postings()
    WHERE kind IN (5, 42, 43, 44, 45) ORDER BY kind, credit"""


def test_paybacks_are_let_move_beside_what_other_apps_let_move(owner: psycopg.Connection) -> None:
    """A site that has its other apps' changes already loses none of them by an update, whichever comes first."""
    listed = owner.execute(LISTED).fetchall()
    assert listed == [
        (5, "job:commit", "member:payable", None, None), (42, "client:available", "fund:care", None, None),
        (43, "client:available", "clearing:out", None, None), (44, "clearing:out", "bank:main", None, None),
        (44, "clearing:out", "bank:stripe", None, None), (45, "clearing:out", "client:available", None, None),
    ]  # fmt: skip
    operations = import_module("payments.migrations.0069_paybacks").Migration.operations
    for text in [one.sql if isinstance(one.sql, str) else one.sql() for one in operations if hasattr(one, "sql")]:
        if "public.payments_postings" in text:
            owner.execute(text)
    assert sorted(set(owner.execute(LISTED).fetchall()), key=str) == sorted(listed, key=str)


@given(st.text(max_size=80))
def test_a_key_is_a_name_based_uuid_of_its_fact(fact: str) -> None:
    fact = fact.encode(errors="replace").decode()
    assert ledger.key_of(fact) == uuid.uuid5(ledger.NAMESPACE, fact)


def test_a_fact_is_one_line_and_two_are_never_posted_as_one(
    deposit: Callable[[str], None], orbit: Client, now: datetime
) -> None:
    deposit("1")
    lines = [
        Line(Kind.FUND, accounts.client(orbit.pk), accounts.escrow(JOB), Decimal(1), f"broken:{ref}", ref)
        for ref in (f"job:{JOB}\njob:1", f"job:{JOB}")
    ]
    before = Transfer.objects.count()
    for some in (lines[:1], lines):
        with pytest.raises((LedgerConflict, IntegrityError)), transaction.atomic():
            ledger.post_many(some, journal="broken", at=now)
    assert Transfer.objects.count() == before
