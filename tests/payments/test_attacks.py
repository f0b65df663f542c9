from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from coop.people.models import Client, Person
from coop.refusals import Refused
from governance.models import Mandate, Office
from payments import accounts, escrow, ledger, payouts, rates
from payments.ledger import Kind, Line
from payments.models import Account, Correction, Deposit, DepositProof, Fee, Payout, Rate, Transfer, WorkType
from payments.money import to_micro
from tests.money_in import arrive, endow
from tests.payments.conftest import JOB, owning

type Attack = Callable[..., None]
type Earn = Callable[[Person, str], int]

TABLES = ["transfer", "rate", "fee", "deposit", "worktype"]


@pytest.mark.parametrize("table", [*TABLES, "payout", "account"])
@pytest.mark.parametrize("statement", ["DELETE FROM payments_{}", "TRUNCATE payments_{} CASCADE"])
def test_no_row_of_the_books_is_removed(training: None, attack: Attack, table: str, statement: str) -> None:
    attack(statement.format(table), guard="permission denied")


@pytest.mark.parametrize("table", ["transfer", "rate", "fee", "deposit", "worktype"])
@pytest.mark.parametrize(
    "statement", ["DELETE FROM payments_{}", "TRUNCATE payments_{} CASCADE", "UPDATE payments_{} SET id = id"]
)
def test_even_the_owner_changes_no_row_of_the_books(training: None, attack: Attack, table: str, statement: str) -> None:
    with owning():
        attack(statement.format(table), guard="payments_")


def test_even_the_owner_keeps_accounts_and_payouts(earn: Earn, amina: Person, now: datetime, attack: Attack) -> None:
    earn(amina, "2")
    payouts.request(amina, amount=Decimal(2), by=amina, at=now)
    with owning():
        attack("DELETE FROM payments_account", guard="payments_account_is_kept")
        attack("DELETE FROM payments_payout", guard="payments_payout_is_kept")
        attack(
            "UPDATE payments_account SET floor = NULL WHERE code = 'fund:training'", guard="payments_account_is_frozen"
        )


@pytest.mark.parametrize(
    "change", ["amount = 1", "debit_id = credit_id", "ref = 'x'", "kind = 1", "posted_at = now()", "reverses_id = NULL"]
)
def test_a_transfer_is_never_edited(training: None, attack: Attack, change: str) -> None:
    attack(f"UPDATE payments_transfer SET {change}", guard="permission denied")
    with owning():
        attack(f"UPDATE payments_transfer SET {change}", guard="payments_transfer_is_append_only")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO payments_seldom SELECT * FROM payments_transfer",
        "DELETE FROM payments_seldom",
        "SELECT FROM payments_seldom",
        "LOCK payments_seldom",
    ],
)
def test_nobody_comes_to_where_the_guards_of_what_is_seldom_stand(
    training: None, attack: Attack, statement: str
) -> None:
    attack(statement, guard="permission denied")


def test_nothing_stays_where_the_guards_of_what_is_seldom_stand(earn: Earn, amina: Person, now: datetime) -> None:
    earn(amina, "2")
    payouts.request(amina, amount=Decimal(2), by=amina, at=now)
    with owning(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payments_seldom")
        assert cursor.fetchone() == (0,)
    assert Transfer.objects.filter(kind=Kind.PAYOUT).exists()


def test_a_balance_is_never_set_by_hand(training: None, attack: Attack) -> None:
    attack("UPDATE payments_account SET balance = 1", guard="permission denied")


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("member:1:payable:x", {}),
        ("member:01:payable", {}),
        ("member:payable", {}),
        ("bank:other", {}),
        ("member:987654:payable", {"balance": 1}),
        ("member:987654:payable", {"floor": -1}),
        ("member:987654:payable", {"kind": "coop:fee"}),
        ("member:987654:payable", {"currency": "usd"}),
    ],
)
def test_an_account_opens_empty_with_the_bounds_of_its_kind(
    db: None, attack: Attack, code: str, more: dict[str, object]
) -> None:
    row = {"code": code, "currency": "USD", **more}
    columns, places = ", ".join(row), ", ".join(["%s"] * len(row))
    statement = f"INSERT INTO payments_account ({columns}) VALUES ({places})"
    attack(statement, list(row.values()), guard="accounts_open_empty_and_bounded")


def test_an_account_opens_with_its_floor(db: None) -> None:
    account = Account.objects.create(code="member:987654:payable")
    account.refresh_from_db()
    assert (account.kind, account.floor, account.ceiling, account.tracked) == ("member:payable", 0, None, True)


POST = """
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
SELECT %(key)s, %(key)s, %(kind)s, d.id, c.id, %(amount)s, %(ref)s, coop_now()
FROM payments_account d, payments_account c WHERE d.code = %(debit)s AND c.code = %(credit)s
"""


def posting(kind: int, debit: str, credit: str, amount: int = 1, ref: str = "x:1") -> dict[str, object]:
    Account.objects.bulk_create(
        [Account(code=code) for code in (debit, credit) if not Account.objects.filter(code=code).exists()]
    )
    return {"key": uuid4(), "kind": kind, "debit": debit, "credit": credit, "amount": amount, "ref": ref}


@pytest.mark.parametrize(
    ("kind", "debit", "credit"),
    [
        (Kind.WAGE, "fund:training", "member:1:payable"),
        (Kind.TRAINING_PAY, "job:5:commit:1", "member:2:payable"),
        (Kind.CLAIM, "job:5:escrow", "job:6:commit:1"),
        (Kind.FUND, "member:1:payable", "job:5:escrow"),
        (Kind.REFUND, "job:5:commit:1", "client:1:available"),
        (Kind.PAYOUT, "member:1:payable", "bank:main"),
        (Kind.FEE, "member:1:payable", "coop:fee"),
        (Kind.FEE, "job:5:commit:1", "member:1:payable"),
        (9, "job:5:commit:1", "job:5:escrow"),
        (8, "client:1:available", "member:1:payable"),
    ],
)
def test_a_posting_moves_money_only_as_its_kind_allows(
    training: None, attack: Attack, kind: int, debit: str, credit: str
) -> None:
    attack(POST, posting(kind, debit, credit), guard="posting_kind_allows_it")


def test_money_does_not_move_from_an_account_to_itself_or_between_currencies(training: None, attack: Attack) -> None:
    Account.objects.create(code="client:1:available", currency="EUR")
    Account.objects.create(code="job:5:escrow")
    across = posting(Kind.FUND, "client:1:available", "job:5:escrow")
    euros = POST + " AND d.currency = 'EUR' AND c.currency = 'USD'"
    attack(euros, across, guard="posting_kind_allows_it")


def test_an_account_that_is_not_there_takes_no_money(training: None, attack: Attack) -> None:
    statement = """INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
        SELECT %s, %s, 3, id, 999999999, 1, 'x:1', coop_now() FROM payments_account WHERE code = 'fund:training'"""
    attack(statement, [uuid4(), uuid4()], guard="posting_kind_allows_it")


def test_no_account_falls_below_its_floor(training: None, attack: Attack) -> None:
    more = to_micro(ledger.balance(accounts.TRAINING)) + 1
    attack(POST, posting(Kind.CLAIM, "fund:training", "job:5:commit:1", more), guard="account_above_its_floor")


def test_money_comes_in_only_by_a_recorded_deposit(
    orbit: Client, treasurer: Office, secretary: Office, now: datetime, attack: Attack
) -> None:
    noted = Deposit.objects.create(client=orbit, amount=5, reference="B-5", recorded_by=treasurer, at=now)
    DepositProof.objects.create(deposit=noted, by=secretary, at=now)
    ref, target, guard = f"deposit:{noted.pk}", accounts.client(orbit.pk), "deposits_are_on_the_statement"
    attack(POST, posting(Kind.DEPOSIT, "bank:main", target), guard=guard)
    attack(POST, posting(Kind.DEPOSIT, "bank:main", target, 5_000_001, ref), guard=guard)
    attack(POST, posting(Kind.DEPOSIT, "bank:main", "fund:training", 5_000_000, ref), guard=guard)
    attack(POST, posting(Kind.DEPOSIT, "bank:main", "client:987654:available", 5_000_000, ref), guard=guard)


def test_a_deposit_comes_in_once(training: None, attack: Attack) -> None:
    grant = Transfer.objects.filter(kind=Kind.DEPOSIT).latest("id")
    again = posting(Kind.DEPOSIT, "bank:main", "fund:training", to_micro(grant.amount), grant.ref)
    attack(POST, again, guard="facts_are_posted_once")


def test_a_jobs_money_goes_back_to_its_client_only(
    deposit: Callable[[str], None], orbit: Client, treasurer: Office, now: datetime, attack: Attack
) -> None:
    deposit("10")
    house = Client.objects.get(is_cooperative=True)
    arrive(house, amount=Decimal(5), reference="B-H", by=treasurer, at=now)
    escrow.fund(JOB, Decimal(4), orbit, 1, by=None, at=now)
    aside, other, guard = accounts.escrow(JOB), accounts.client(house.pk), "jobs_are_one_clients"
    attack(POST, posting(Kind.REFUND, aside, other, 1_000_000), guard=guard)
    attack(POST, posting(Kind.FUND, other, aside, 1_000_000), guard=guard)
    escrow.refund(JOB, Decimal(4), orbit, 1, at=now)


def test_the_same_fact_under_another_key_pays_nothing(earn: Earn, amina: Person, now: datetime, attack: Attack) -> None:
    number = earn(amina, "0.30")
    escrow.commit(JOB, amina.pk, number + 100_000_000, Decimal("0.30"), at=now, onboarding=True)
    source, target = accounts.commitment(JOB, amina.pk), accounts.payable(amina.pk)
    again = posting(Kind.TRAINING_PAY, source, target, 300_000, f"assignment:{number}")
    attack(POST, again, guard="facts_are_posted_once")


def test_the_same_key_is_taken(training: None, attack: Attack) -> None:
    taken = Transfer.objects.latest("id")
    again = posting(taken.kind, "bank:main", "fund:hearing", 1, taken.ref) | {"key": taken.key}
    attack(POST, again, guard="keys_stand_for_one_posting")


def test_nobody_takes_the_key_of_another_thing(
    deposit: Callable[[str], None], orbit: Client, amina: Person, fee: Fee, now: datetime
) -> None:
    """Else a client's one micro-unit, set aside under the key of a wage to come, kept it from being paid for good."""
    deposit("10")
    escrow.fund(JOB, Decimal(1), orbit, 1, by=None, at=now)
    with connection.cursor() as cursor:
        for fact in ("claim:900001", "acc:5:900001", "acc:6:900001", "acc:7:training:900001", "acc:7:care:900001"):
            mine = posting(Kind.FUND, accounts.client(orbit.pk), accounts.escrow(JOB), 1, f"job:{JOB}")
            under: dict[str, Any] = {**mine, "key": ledger.key_of(fact)}
            cursor.execute(POST, under)
    escrow.commit(JOB, amina.pk, 900_001, Decimal("0.099"), at=now)
    paid = escrow.release(JOB, amina.pk, 900_001, Decimal("0.09"), Decimal("0.009"), fee, at=now)
    again = escrow.release(JOB, amina.pk, 900_001, Decimal("0.09"), Decimal("0.009"), fee, at=now)
    assert [one.pk for one in paid] == [one.pk for one in again]
    assert ledger.balance(accounts.payable(amina.pk)) == Decimal("0.09")


def test_a_reversal_mirrors_its_transfer(
    deposit: Callable[[str], None], orbit: Client, treasurer: Office, secretary: Office, attack: Attack, now: datetime
) -> None:
    deposit("10")
    funding = escrow.fund(JOB, Decimal(4), orbit, 1, by=None, at=now)
    statement = """INSERT INTO payments_transfer
        (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at, reverses_id)
        SELECT gen_random_uuid(), gen_random_uuid(), 99, {}, {}, {}, ref, coop_now(), {}
        FROM payments_transfer WHERE id = %s"""
    for by in (treasurer, secretary):
        Correction.objects.create(transfer=funding, office=by, words="Wrong")
    for facts in (
        ("credit_id", "debit_id", "amount - 1", "id"),
        ("debit_id", "credit_id", "amount", "id"),
        ("credit_id", "debit_id", "amount", "NULL::bigint"),
    ):
        attack(statement.format(*facts), [funding.pk], guard="reversals_mirror_a_transfer")
    ledger.reverse(funding, by=treasurer, at=now)
    mirror = statement.format("credit_id", "debit_id", "amount", "id")
    attack(mirror, [funding.pk], guard="a_transfer_is_reversed_once")
    last = Transfer.objects.latest("id")
    attack(mirror, [last.pk], guard="reversals_mirror_a_transfer")


@pytest.mark.parametrize("amount", [0, -1])
def test_a_transfer_is_above_zero(training: None, attack: Attack, amount: int) -> None:
    attack(POST, posting(Kind.CLAIM, "fund:training", "job:5:commit:1", amount), guard="transfers_are_positive")


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_a_number_that_is_none_is_no_amount(training: None, attack: Attack, amount: str) -> None:
    attack(
        POST.replace("%(amount)s", f"'{amount}'::numeric"),
        posting(Kind.CLAIM, "fund:training", "job:5:commit:1"),
        guard="cannot convert",
    )


RATE = """INSERT INTO payments_rate (work_type_id, version, amount, currency, estimated_seconds, mandate_id, since)
    VALUES (%s, %s, %s, 'USD', 30, %s, coop_now())"""


def test_a_rate_without_a_vote_is_refused(db: None, attack: Attack) -> None:
    work_type, founding = WorkType.objects.get(slug="product-match"), Mandate.objects.get(proposal=None)
    attack(RATE, [work_type.pk, 2, 100_000, founding.pk], guard="rate_is_what_the_vote_said")
    attack(RATE, [work_type.pk, 1, 100_000, founding.pk], guard="rate_is_what_the_vote_said")
    attack(RATE, [work_type.pk, 2, 100_000, 987_654], guard="rate_is_what_the_vote_said")
    attack(RATE, [work_type.pk, 2, 100_000, None], guard="rate_is_what_the_vote_said")
    with owning():
        attack(RATE, [work_type.pk, 2, 100_000, founding.pk], guard="rate_is_what_the_vote_said")


@pytest.mark.parametrize("change", ["amount = amount - 1", "estimated_seconds = 300", "since = now()", "version = 7"])
def test_a_rate_is_never_cut_by_hand(db: None, attack: Attack, change: str) -> None:
    attack(f"UPDATE payments_rate SET {change}", guard="permission denied")
    with owning():
        attack(f"UPDATE payments_rate SET {change}", guard="payments_rate_is_append_only")


def test_the_fee_is_what_a_vote_said(fee: Fee, attack: Attack) -> None:
    statement = """INSERT INTO payments_fee (version, on_wage, training, care, mandate_id, since)
        SELECT 2, %s, training, care, mandate_id, since FROM payments_fee"""
    attack(statement, [500], guard="fee_is_what_the_vote_said")
    with owning():
        attack(statement, [500], guard="fee_is_what_the_vote_said")


def test_the_rate_card_takes_no_new_kind_of_work_from_the_site(db: None, attack: Attack) -> None:
    statement = """INSERT INTO payments_worktype (slug, name, unit, shape, tier, language, created_at)
        VALUES ('x', 'x', 'x', 'choice', 'x', 'en', coop_now())"""
    attack(statement, guard="kind_of_work_is_what_the_vote_said")


def test_a_deposit_is_recorded_in_office_only(samuel: Person, orbit: Client, now: datetime, attack: Attack) -> None:
    safety = Office.objects.get(person=samuel)
    statement = """INSERT INTO payments_deposit
        (client_id, fund, amount, currency, reference, recorded_by_id, at)
        VALUES (%s, '', 1000000, 'USD', 'B-X', %s, coop_now())"""
    for office in (safety.pk, None, 987_654):
        attack(statement, [orbit.pk, office], guard="deposits_are_recorded_in_office")


@pytest.mark.parametrize("fund", ["hearing", "dispute"])
def test_a_grant_reaches_the_fund_it_names_and_no_other(
    orbit: Client, treasurer: Office, secretary: Office, now: datetime, attack: Attack, fund: str
) -> None:
    given = endow(orbit, amount=Decimal(7), reference="GRANT-X", by=treasurer, at=now, fund=fund)
    assert ledger.balance(accounts.fund(fund)) >= Decimal(7)
    noted = Deposit.objects.create(client=orbit, amount=5, fund=fund, reference="B-6", recorded_by=treasurer, at=now)
    DepositProof.objects.create(deposit=noted, by=secretary, at=now)
    for target in (accounts.client(orbit.pk), accounts.TRAINING):
        ref = f"deposit:{noted.pk}"
        attack(POST, posting(1, "bank:main", target, to_micro(Decimal(5)), ref), guard="deposits_are_on_the_statement")
    with owning():
        attack(
            "UPDATE payments_deposit SET fund = '' WHERE id = %s", [given.pk], guard="payments_deposit_is_append_only"
        )


def test_a_deposit_names_no_fund_of_its_own_making(orbit: Client, treasurer: Office, attack: Attack) -> None:
    statement = """INSERT INTO payments_deposit (client_id, fund, amount, currency, reference, recorded_by_id, at)
        VALUES (%s, 'care', 1000000, 'USD', 'B-Y', %s, coop_now())"""
    attack(statement, [orbit.pk, treasurer.pk], guard="deposits_name_a_fund")


@pytest.fixture
def asked(earn: Earn, amina: Person, now: datetime) -> Payout:
    earn(amina, "5")
    return payouts.request(amina, amount=Decimal(5), by=amina, at=now)


def test_a_payout_begins_as_a_request(amina: Person, treasurer: Office, attack: Attack) -> None:
    statement = """INSERT INTO payments_payout
        (person_id, amount, currency, method, state, reference, requested_at, sent_by_id, key)
        VALUES (%s, %s, 'USD', 'x', %s, '', coop_now() + %s, %s, gen_random_uuid())"""
    for amount, state, ahead, office in (
        (10_001, "requested", timedelta(), None),
        (10_000, "sent", timedelta(), None),
        (10_000, "requested", timedelta(days=1), None),
        (10_000, "requested", timedelta(), treasurer.pk),
    ):
        attack(statement, [amina.pk, amount, state, ahead, office], guard="payouts_begin_as_asked")


@pytest.mark.parametrize(
    "change",
    [
        "amount = 1",
        "person_id = person_id + 1",
        "method = 'mine'",
        "requested_at = now()",
        "rail = 'bank'",
        "details_id = NULL",
    ],
)
def test_what_was_asked_for_does_not_change(asked: Payout, attack: Attack, change: str) -> None:
    attack(f"UPDATE payments_payout SET {change}", guard="permission denied")
    with owning():
        attack(f"UPDATE payments_payout SET {change}", guard="payments_payout_is_frozen")


SEND = "UPDATE payments_payout SET state = 'sent', reference = %s, sent_by_id = %s, sent_at = coop_now() WHERE id = %s"
CONFIRM = "UPDATE payments_payout SET state = %s, settled_by_id = %s, settled_at = coop_now() WHERE id = %s"


def test_a_payout_is_sent_by_an_officer_who_handles_money(
    asked: Payout, samuel: Person, treasurer: Office, attack: Attack
) -> None:
    safety = Office.objects.get(person=samuel)
    attack(SEND, ["R", safety.pk, asked.pk], guard="payouts_go_by_two_officers")
    attack(SEND, ["R", None, asked.pk], guard="payouts_go_by_two_officers")
    attack(SEND, ["", treasurer.pk, asked.pk], guard="payouts_go_by_two_officers")
    attack(CONFIRM, ["settled", treasurer.pk, asked.pk], guard="payouts_go_by_two_officers")


def test_a_payout_is_confirmed_by_another_officer(
    asked: Payout, treasurer: Office, secretary: Office, now: datetime, attack: Attack
) -> None:
    payouts.send(asked, reference="R", by=treasurer, at=now)
    attack(CONFIRM, ["settled", treasurer.pk, asked.pk], guard="payouts_go_by_two_officers")
    attack(CONFIRM, ["requested", secretary.pk, asked.pk], guard="payouts_go_by_two_officers")
    payouts.settle(asked, by=secretary, at=now)
    attack(CONFIRM, ["failed", secretary.pk, asked.pk], guard="payouts_go_by_two_officers")


def test_no_officer_confirms_their_own_payout(
    earn: Earn, teresa: Person, treasurer: Office, secretary: Office, now: datetime, attack: Attack
) -> None:
    earn(teresa, "5")
    payout = payouts.request(teresa, amount=Decimal(5), by=teresa, at=now)
    payouts.send(payout, reference="R", by=secretary, at=now)
    attack(CONFIRM, ["settled", treasurer.pk, payout.pk], guard="payouts_go_by_two_officers")
    with pytest.raises(Refused, match="themselves"):
        payouts.settle(payout, by=treasurer, at=now)


@pytest.mark.parametrize("moment", ["infinity", "-infinity"])
def test_money_moves_on_a_day_of_the_calendar(
    training: None, asked: Payout, orbit: Client, treasurer: Office, secretary: Office, now: datetime, attack: Attack,
    moment: str,
) -> None:  # fmt: skip
    post = POST.replace("coop_now()", f"'{moment}'::timestamptz")
    attack(post, posting(Kind.CLAIM, "fund:training", "job:5:commit:1"), guard="transfers_have_a_date")
    paid_in = """INSERT INTO payments_deposit
        (client_id, fund, amount, currency, reference, recorded_by_id, at)
        VALUES (%s, '', 1000000, 'USD', 'B-X', %s, %s)"""
    attack(paid_in, [orbit.pk, treasurer.pk, moment], guard="deposits_are_recorded_in_office")
    send = SEND.replace("coop_now()", f"'{moment}'::timestamptz")
    attack(send, ["R", treasurer.pk, asked.pk], guard="payouts_go_by_two_officers")
    payouts.send(asked, reference="R", by=treasurer, at=now)
    confirm = CONFIRM.replace("coop_now()", f"'{moment}'::timestamptz")
    attack(confirm, ["settled", secretary.pk, asked.pk], guard="payouts_go_by_two_officers")


def test_officers_whose_term_is_over_pay_nothing_out(
    asked: Payout, treasurer: Office, later: Callable[..., datetime], attack: Attack
) -> None:
    later(days=3 * 365)
    attack(SEND, ["R", treasurer.pk, asked.pk], guard="payouts_go_by_two_officers")


def test_money_goes_out_only_as_a_payout_says(
    asked: Payout, amina: Person, luis: Person, earn: Earn, now: datetime, attack: Attack
) -> None:
    earn(amina, "5")
    earn(luis, "5")
    (way,) = payouts.ways(amina, at=now)
    noted = Payout.objects.create(
        person=amina, amount=5, details=way.details, method=way.details.hint, requested_at=now
    )
    ref, out, guard = f"payout:{noted.pk}", accounts.CLEARING_OUT, "payouts_move_what_was_asked"
    attack(POST, posting(13, accounts.payable(luis.pk), out, 5_000_000, ref), guard=guard)
    attack(POST, posting(13, accounts.payable(amina.pk), out, 4_000_000, ref), guard=guard)
    attack(POST, posting(13, accounts.payable(luis.pk), out, 5_000_000, "payout:987654"), guard=guard)
    attack(POST, posting(14, out, accounts.BANK, 5_000_000, f"payout:{asked.pk}"), guard=guard)
    attack(POST, posting(15, out, accounts.payable(amina.pk), 5_000_000, f"payout:{asked.pk}"), guard=guard)


def test_what_came_back_goes_once_to_whose_it_was(
    asked: Payout, luis: Person, amina: Person, treasurer: Office, secretary: Office, now: datetime, attack: Attack
) -> None:
    payouts.send(asked, reference="R", by=treasurer, at=now)
    Payout.objects.filter(pk=asked.pk).update(state="failed", settled_by=secretary, settled_at=now)
    ref, out, back = f"payout:{asked.pk}", accounts.CLEARING_OUT, accounts.payable(amina.pk)
    guard = "payouts_move_what_was_asked"
    attack(POST, posting(15, out, accounts.payable(luis.pk), 5_000_000, ref), guard=guard)
    attack(POST, posting(14, out, accounts.BANK, 5_000_000, ref), guard=guard)
    ledger.post(Line(Kind.CAME_BACK, out, back, Decimal(5), f"{ref}:result", ref), journal=ref, at=now)
    attack(POST, posting(15, out, back, 5_000_000, ref), guard="facts_are_posted_once")
    attack(POST, posting(14, out, accounts.BANK, 5_000_000, ref), guard="payouts_end_once")
    assert payouts.ready(amina) == 5


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE payments_transfer DISABLE TRIGGER ALL",
        "DROP TRIGGER transfers_move_balances ON payments_transfer",
    ],
)
def test_the_books_are_not_switched_off(db: None, attack: Attack, statement: str) -> None:
    attack(statement, guard="must be owner")


@pytest.mark.parametrize("call", ["payments_postings()", "payments_chart()"])
def test_the_books_own_functions_are_closed(db: None, attack: Attack, call: str) -> None:
    attack(f"SELECT * FROM {call}", guard="permission denied")


def test_the_rate_in_force_is_the_latest(db: None) -> None:
    work_type = WorkType.objects.get(slug="product-match")
    assert rates.current(work_type) == Rate.objects.get(work_type=work_type, version=1)


@pytest.mark.parametrize("on_wage", [1501, -1])
def test_no_fee_is_outside_its_bounds(fee: Fee, superuser: psycopg.Connection, on_wage: int) -> None:
    superuser.execute("ALTER TABLE payments_fee DISABLE TRIGGER fee_is_what_the_vote_said")
    with pytest.raises(psycopg.errors.CheckViolation):
        superuser.execute(
            """INSERT INTO payments_fee (version, on_wage, training, care, mandate_id, since)
            SELECT 2, %s, training, care, mandate_id, since FROM payments_fee""",
            [on_wage],
        )


def test_nothing_is_taken_out_of_what_has_no_bound(db: None) -> None:
    """Of the accounts of the chart three have none: each has a guard of its own, that is tried elsewhere."""
    with owning(), connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM payments_chart() WHERE floor IS NULL AND ceiling IS NULL")
        assert {kind for (kind,) in cursor.fetchall()} == {"bank:stripe", "fx", "coop:fee"}
        cursor.execute("SELECT kind FROM payments_chart() WHERE NOT tracked")
        assert cursor.fetchall() == [("coop:fee",)]
