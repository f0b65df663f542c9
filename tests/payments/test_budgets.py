"""A quarter's budget by vote: funds filled from the reserve, bills by two officers, never beyond what was voted."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import mandates
from governance.models import Mandate, Office
from payments import accounts, budgets, invariants, ledger, surplus
from payments.models import FILLED, Budget, Expense, Purpose
from payments.surplus import Quarter
from tests.governance.conftest import reach, support
from tests.payments import leftover
from tests.payments.conftest import owning
from tests.payments.test_attacks import POST, posting

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]

NOTHING = dict.fromkeys((*Purpose.values, *FILLED), 0)
WRITE = """INSERT INTO payments_budget (period, version, mandate_id, hosting, banks, advice, training, hearing, dispute,
    care, at) SELECT period, version + %s, %s, hosting + %s, banks, advice, training, hearing, dispute, care, at
    FROM (SELECT %s::text AS period, 1 AS version, 2000000 AS hosting, 0 AS banks, 0 AS advice, 0 AS training,
    0 AS hearing, 0 AS dispute, 0 AS care, coop_now() AS at) one"""
PAY = "INSERT INTO payments_outlay (expense_id, period, reference, paid_by_id, at) VALUES (%s, '', %s, %s, coop_now())"
ENACT = "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, coop_now(), %s)"


def voted(by: Person, **sums: Any) -> tuple[Quarter, Mandate]:
    """Take a budget of the next quarter through its vote."""
    quarter = Quarter.of(Quarter.of(clock.now()).after)
    return quarter, leftover.voted(leftover.budget_of(quarter, **sums), by, policy="budget")


def in_force(by: Person, **sums: Any) -> Budget:
    """Vote a budget of the next quarter, carry it out, and let that quarter begin."""
    budget = leftover.budgeted(by, **sums)
    if str(Quarter.of(clock.now())) != budget.period:
        reach(Quarter.of(clock.now()).after)
    return budget


@pytest.fixture
def bill(amina: Person, treasurer: Office) -> Expense:
    """Return a bill of 1.50 for hosting in a quarter with a budget of 2 for it, and fees of 6.50."""
    in_force(amina, hosting=2_000_000)
    leftover.work({amina: "100"})
    return budgets.ask(Purpose.HOSTING, amount=Decimal("1.5"), payee="A host", by=treasurer, at=clock.now())


def test_a_bill_is_paid_by_another_officer_and_closed_with_its_quarter(
    bill: Expense, treasurer: Office, secretary: Office
) -> None:
    at, bank = clock.now(), ledger.balance(accounts.BANK)
    with pytest.raises(Refused, match="another officer"):
        budgets.pay(bill, reference="B-1", by=treasurer, at=at)
    budgets.pay(bill, reference="B-1", by=secretary, at=at)
    assert ledger.balance(accounts.BANK) - bank == Decimal("1.5")
    [hosting, *_rest] = budgets.spending(Quarter.of(at))
    assert (hosting.voted, hosting.spent, hosting.left) == (Decimal(2), Decimal("1.5"), Decimal("0.5"))
    close = leftover.closed()
    assert (close.income, close.expenses, close.surplus) == (Decimal("6.5"), Decimal("1.5"), Decimal(5))
    assert ledger.balance(accounts.expense("hosting")) == ledger.balance(accounts.FEE) == 0
    assert not any(invariants.broken().values())


def test_a_budget_fills_funds_from_the_reserve(amina: Person) -> None:
    leftover.work({amina: "100"})
    leftover.divided(leftover.closed(), amina, reserve=10_000, education=0, members=0)
    reserve, before = ledger.balance(accounts.RESERVE), ledger.balance(accounts.HEARING)
    in_force(amina, hearing=4_000_000, care=1_000_000)
    assert ledger.balance(accounts.HEARING) - before == 4
    assert ledger.balance(accounts.RESERVE) == reserve - 5
    assert not any(invariants.broken().values())


def test_a_budget_that_the_reserve_cannot_fill_fails_whole(amina: Person) -> None:
    _quarter, mandate = voted(amina, hosting=2_000_000, hearing=4_000_000)
    assert mandates.enact(mandate, at=clock.now()).failure
    assert not Budget.objects.exists()


@pytest.mark.parametrize(
    "facts", [{"hosting": -1}, {"hosting": "2"}, {"hosting": 10**13}, {"replaces": 1}, {"key": "quarter:2026-Q1"},
              {"key": "2027-Q1"}, {"parties": 5}],
)  # fmt: skip
def test_what_is_no_budget_cannot_be_proposed(amina: Person, now: object, facts: dict[str, Any]) -> None:
    quarter = Quarter.of(Quarter.of(clock.now()).after)
    with pytest.raises(Refused):
        leftover.published(leftover.budget_of(quarter) | facts, amina, policy="budget")


def test_a_budget_is_what_its_vote_said(amina: Person, attack: Attack) -> None:
    quarter, mandate = voted(amina, hosting=2_000_000)
    guard = "budget_is_what_the_vote_said"
    founding = Mandate.objects.get(proposal=None)
    attack(WRITE, [0, mandate.pk, 1, str(quarter)], guard=guard)
    attack(WRITE, [1, mandate.pk, 0, str(quarter)], guard=guard)
    attack(WRITE, [0, mandate.pk, 0, "2027-Q3"], guard=guard)
    attack(WRITE, [0, founding.pk, 0, str(quarter)], guard=guard)
    attack(ENACT, [mandate.pk, ""], guard="enactment_wrote_the_budget")
    attack(ENACT, [mandate.pk, "not convenient"], guard="enactment_wrote_the_budget")
    with owning():
        attack(WRITE, [0, founding.pk, 0, str(quarter)], guard=guard)


def test_a_vote_on_a_budget_follows_its_rule(amina: Person, attack: Attack) -> None:
    quarter = Quarter.of(Quarter.of(clock.now()).after)
    draft = support(leftover.drafted(leftover.budget_of(quarter), amina, policy="budget"))
    for change in ("rule_id = (SELECT id FROM governance_rule WHERE key = 'N10')", "subject = 'work_type:1'"):
        statement = f"UPDATE governance_proposal SET published_at = coop_now(), {change} WHERE id = %s"
        attack(statement, [draft.pk], guard="a_budget_is_voted_by_its_rule")


def test_nothing_is_spent_beyond_the_budget(
    bill: Expense, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    at, guard = clock.now(), "house_spends_what_was_voted"
    budgets.pay(bill, reference="B-1", by=secretary, at=at)
    for purpose, amount in ((Purpose.HOSTING, "0.51"), (Purpose.BANKS, "0.01")):
        more = budgets.ask(purpose, amount=Decimal(amount), payee="More", by=treasurer, at=at)
        attack(PAY, [more.pk, "B-2", secretary.pk], guard=guard)
        with pytest.raises(Refused, match="members voted"):
            budgets.pay(more, reference="B-2", by=secretary, at=at)
    with owning():
        attack(PAY, [more.pk, "B-2", secretary.pk], guard=guard)


def test_nothing_is_spent_beyond_the_quarters_fees(amina: Person, treasurer: Office, secretary: Office) -> None:
    in_force(amina, hosting=900_000_000)
    leftover.work({amina: "10"})
    at = clock.now()
    bill = budgets.ask(Purpose.HOSTING, amount=Decimal("0.66"), payee="A host", by=treasurer, at=at)
    with pytest.raises(Refused, match="Of the quarter's fees"):
        budgets.pay(bill, reference="B-1", by=secretary, at=at)
    leftover.work({amina: "1"})
    assert budgets.pay(bill, reference="B-1", by=secretary, at=clock.now()).period == str(Quarter.of(at))


def test_a_bill_goes_by_two_officers(
    bill: Expense, treasurer: Office, secretary: Office, amina: Person, attack: Attack
) -> None:
    attack(PAY, [bill.pk, "B-1", treasurer.pk], guard="expenses_go_by_two_officers")
    attack(PAY, [bill.pk, " ", secretary.pk], guard="expenses_go_by_two_officers")
    other = Office.objects.exclude(post__in=["treasurer", "secretary"])[0]
    attack(PAY, [bill.pk, "B-1", other.pk], guard="expenses_go_by_two_officers")
    put = """INSERT INTO payments_expense (purpose, amount, payee, asked_by_id, at)
        VALUES ('hosting', 5, 'x', %s, coop_now())"""
    attack(put, [other.pk], guard="expenses_are_asked_for_in_office")


def test_money_leaves_only_as_a_bill_or_a_budget_says(bill: Expense, secretary: Office, attack: Attack) -> None:
    source, guard = accounts.expense("hosting"), "bills_are_paid_as_put_forward"
    attack(POST, posting(17, source, accounts.BANK, 1_500_000, f"expense:{bill.pk}"), guard=guard)
    with connection.cursor() as cursor:
        cursor.execute(PAY, [bill.pk, "B-1", secretary.pk])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="outlay_is_posted")
    attack(POST, posting(17, source, accounts.BANK, 1_500_001, f"expense:{bill.pk}"), guard=guard)
    attack(POST, posting(17, accounts.expense("banks"), accounts.BANK, 1_500_000, f"expense:{bill.pk}"), guard=guard)


def test_the_reserve_goes_nowhere_without_a_budget(amina: Person, attack: Attack) -> None:
    leftover.work({amina: "100"})
    leftover.divided(leftover.closed(), amina, reserve=10_000, education=0, members=0)
    source, guard = accounts.RESERVE, "funds_are_filled_as_voted"
    attack(POST, posting(32, source, accounts.HEARING, 5, "budget:0"), guard=guard)
    attack(POST, posting(32, source, accounts.payable(amina.pk), 5, "budget:0"), guard=guard)
    quarter, mandate = voted(amina, hearing=2_000_000)
    budget = budgets.set_from({**NOTHING, "hearing": 2_000_000, "replaces": 0}, mandate, str(quarter), clock.now())
    budget.save(force_insert=True)
    attack(POST, posting(32, source, accounts.CARE, 2_000_000, f"budget:{budget.pk}"), guard=guard)
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="budget_fills_its_funds")
    for table in ("budget", "expense", "outlay"):
        attack(f"UPDATE payments_{table} SET id = id", guard="permission denied")


def test_officers_pay_bills_and_everybody_reads_the_budget(
    bill: Expense, teresa: Person, petra: Person, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    page = signed_in(teresa).get("/desk/bills/").text
    assert "A host" in page
    assert "by another officer" in signed_in(teresa).get(f"/desk/bills/{bill.pk}/").text
    browser = signed_in(petra)
    assert "by another officer" not in browser.get(f"/desk/bills/{bill.pk}/").text
    assert browser.post(f"/desk/bills/{bill.pk}/", {"reference": "B-9"}).status_code == 302
    assert browser.post("/desk/bills/", {"purpose": "banks", "payee": "A bank", "amount": "1"}).status_code == 302
    assert "US$\u00a01.50 of US$\u00a02.00" in Browser().get("/ledger/").text
    assert signed_in(amina).get("/desk/bills/").status_code == 403


def test_a_budget_is_proposed_by_a_form(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    quarter = Quarter.of(Quarter.of(clock.now()).after)
    sums = {name: str(value) for name, value in NOTHING.items()} | {"hosting": "120.50"}
    fields = {"quarter": str(quarter), "title": "A budget?", "text": "Why.", **sums}
    browser = signed_in(amina)
    tried = browser.post("/votes/new/budget/check/", fields).text
    assert "Machines and hosting US$\u00a0120.50" in tried
    assert "Spent at most" in tried
    assert browser.post("/votes/new/budget/", fields).status_code == 302
    assert surplus.due(clock.now()) is None
