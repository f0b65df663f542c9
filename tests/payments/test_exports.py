"""The books are read by hledger and by beancount, which find the same balances; a file that was touched fails."""

import csv
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from coop import clock
from coop.people.models import Client, Person
from governance.models import Office
from payments import budgets, escrow, exports, payouts
from payments.books import trial_balance
from payments.models import Fee, Purpose
from tests.payments import leftover, test_budgets, ways

pytestmark = pytest.mark.django_db

BEAN_CHECK = str(Path(sys.executable).parent / "bean-check")
HLEDGER = "/usr/bin/hledger"


@pytest.fixture
def books(
    earn: Callable[[Person, str], int], deposit: Callable[[str], None], orbit: Client, amina: Person, luis: Person,
    fee: Fee, now: datetime,
) -> None:  # fmt: skip
    deposit("20.000001")
    earn(luis, "0.333333")
    escrow.fund(700_002, Decimal(11), orbit, 1, by=None, at=now)
    escrow.commit(700_002, amina.pk, 900_001, Decimal(11), at=now)
    escrow.release(700_002, amina.pk, 900_001, Decimal(10), Decimal(1), fee, at=now)
    payouts.request(amina, amount=Decimal(2), by=amina, at=now)


@pytest.fixture
def elsewhere(books: None, treasurer: Office, secretary: Office) -> None:
    ways.stock("paypal", treasurer, secretary, "7.5")


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the readers of books


def hledger(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run([HLEDGER, "-f", str(file), *words])


def bean_check(file: Path) -> subprocess.CompletedProcess[str]:
    return run([BEAN_CHECK, str(file)])


def written(form: str, folder: Path) -> Path:
    file = folder / f"books.{form}"
    file.write_text("".join(exports.FORMATS[form]()), encoding="utf-8")
    return file


def test_hledger_finds_our_balances(elsewhere: None, tmp_path: Path) -> None:
    file = written("hledger", tmp_path)
    checked = hledger(file, "check")
    assert checked.returncode == 0, checked.stderr
    said = hledger(file, "balance", "--no-total", "--flat", "-O", "csv", "Member")
    assert '"Liabilities:Member' in said.stdout
    whole = hledger(file, "balance", "--flat", "-O", "csv", "Bank")
    held = {total.kind: -total.total for total in trial_balance()}
    found = {name: Decimal(sum_.removesuffix(" USD")) for name, sum_ in csv.reader(whole.stdout.splitlines()[1:])}
    assert found["Assets:Bank:Main"] == held["bank:main"]
    assert found["Assets:Bank:Paypal"] == held["bank:paypal"] == Decimal("7.5")


def test_what_the_house_spent_stands_against_what_it_took(
    amina: Person, treasurer: Office, secretary: Office, tmp_path: Path
) -> None:
    test_budgets.in_force(amina, hosting=2_000_000)
    leftover.work({amina: "100"})
    bill = budgets.ask(Purpose.HOSTING, amount=Decimal("1.5"), payee="A host", by=treasurer, at=clock.now())
    budgets.pay(bill, reference="B-1", by=secretary, at=clock.now())
    file = written("hledger", tmp_path)
    # Spending stands positive, among expenses; income less expenses is what our books have for both.
    said = dict(csv.reader(hledger(file, "incomestatement", "-O", "csv").stdout.splitlines()))
    assert said["Expenses:Coop:Expense:Hosting"] == "1.5 USD"
    assert not [account for account in said if account.startswith("Income") and "Expense" in account]
    totals = {total.kind: total.total for total in trial_balance()}
    assert Decimal(said["Net:"].split()[0]) == totals["coop:fee"] + totals["coop:expense"]
    assert bean_check(written("beancount", tmp_path)).returncode == 0


def test_beancount_finds_our_balances(elsewhere: None, tmp_path: Path) -> None:
    checked = bean_check(written("beancount", tmp_path))
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("form", "check"), [("hledger", lambda file: hledger(file, "check")), ("beancount", bean_check)]
)
def test_an_amount_that_was_touched_is_found(
    books: None, tmp_path: Path, form: str, check: Callable[[Path], subprocess.CompletedProcess[str]]
) -> None:
    file = written(form, tmp_path)
    text = file.read_text(encoding="utf-8")
    assert "20.000001" in text
    file.write_text(text.replace("20.000001", "20.000002", 2), encoding="utf-8")
    assert check(file).returncode != 0


def test_each_account_has_a_name_of_its_own() -> None:
    assert exports.name("member:12:payable") == "Liabilities:Member:12:Payable"
    assert exports.name("bank:main") == "Assets:Bank:Main"
    assert exports.name("bank:paypal") == "Assets:Bank:Paypal"
    assert exports.name("fund:training") == "Equity:Fund:Training"
    assert exports.name("coop:fee") == "Income:Coop:Fee"
    assert exports.name("coop:expense:banks") == "Expenses:Coop:Expense:Banks"
    assert exports.name("clearing:in") == "Assets:Clearing:In"
    assert exports.name("client:7:receivable") == "Assets:Client:7:Receivable"
