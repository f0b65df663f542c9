"""A quarter that spent more than its fees is closed in its turn, and the next fees bear what they did not cover."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from coop import clock
from coop.audit import surplus as audited
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, budgets, invariants, ledger, open_ledger, post_pay, published, surplus
from payments.models import Close, Purpose
from payments.open_ledger import Month
from payments.surplus import Quarter
from tests.governance.conftest import reach
from tests.payments import bank, leftover
from tests.payments.bank import Line
from tests.payments.test_attacks import POST, posting
from tests.payments.test_budgets import PAY, in_force
from tests.payments.test_surplus_promises import AT_ONCE, CLOSE, write

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]


def take(amount: str, by: Office) -> None:
    """Let the bank take so much for its services, on the next statement."""
    bank.read(bank.statement([Line(-Decimal(amount), kind="FEES")]), by=by, at=clock.now())


@pytest.fixture
def lost(treasurer: Office) -> Close:
    """Return a quarter without fees in which the bank took 9, after one with what stood before."""
    leftover.closed()
    take("9", treasurer)
    return leftover.closed()


def sums(close: Close) -> tuple[object, ...]:
    return close.income, close.expenses, close.carried, close.surplus


def told(close: Close) -> dict[str, object]:
    """Return what the record says of a close."""
    data: dict[str, object] = Event.objects.get(kind="surplus.closed", subject=f"close:{close.pk}").data
    return data


def sound() -> bool:
    return not any(invariants.broken().values()) and not list(audited.walk(lambda _many: None))


def test_a_loss_is_closed_and_the_next_fees_bear_it_first(lost: Close, amina: Person) -> None:
    assert sums(lost) == (0, 0, 9, 0)
    assert told(lost) == {"period": lost.period, "surplus": "0", "carried": "9"}
    assert ledger.balance(accounts.RAIL_FEES) == -9
    assert sound()
    leftover.work({amina: "100"})
    part = leftover.closed()
    assert sums(part) == (Decimal("6.5"), Decimal("6.5"), Decimal("2.5"), 0)
    leftover.work({amina: "100"})
    whole = leftover.closed()
    assert sums(whole) == (Decimal("6.5"), Decimal("2.5"), 0, 4)
    assert told(whole) == {"period": whole.period, "surplus": "4"}
    assert ledger.balance(accounts.RAIL_FEES) == ledger.balance(accounts.FEE) == 0
    assert surplus.to_divide().last() == whole
    assert lost not in surplus.to_divide()
    leftover.divided(whole, amina)
    assert sound()


def test_quarters_after_a_loss_are_closed_in_their_turn(treasurer: Office, amina: Person) -> None:
    leftover.closed()
    take("9", treasurer)
    leftover.over()
    leftover.work({amina: "200"})
    leftover.over()
    first, second = surplus.close_due(clock.now())
    assert (sums(first), sums(second)) == ((0, 0, 9, 0), (13, 9, 0, 4))
    assert sound()


def test_nothing_is_spent_before_what_was_carried_over(
    lost: Close, amina: Person, treasurer: Office, secretary: Office, attack: Attack
) -> None:
    in_force(amina, hosting=20_000_000)
    leftover.work({amina: "150"})
    assert budgets.unspent(Quarter.of(clock.now())) == Decimal("0.75")
    bill = budgets.ask(Purpose.HOSTING, amount=Decimal("0.76"), payee="A host", by=treasurer, at=clock.now())
    attack(PAY, [bill.pk, "B-1", secretary.pk], guard="house_spends_what_was_voted")
    with pytest.raises(Refused, match="Of the quarter's fees"):
        budgets.pay(bill, reference="B-1", by=secretary, at=clock.now())
    less = budgets.ask(Purpose.HOSTING, amount=Decimal("0.75"), payee="A host", by=treasurer, at=clock.now())
    budgets.pay(less, reference="B-2", by=secretary, at=clock.now())
    assert sums(leftover.closed()) == (Decimal("9.75"), Decimal("9.75"), 0, 0)


def test_before_the_close_the_books_say_what_is_carried_over(amina: Person, treasurer: Office) -> None:
    leftover.closed()
    take("9", treasurer)
    leftover.over()
    leftover.work({amina: "100"})
    assert budgets.unspent(Quarter.of(clock.now())) == Decimal("-2.5")
    surplus.close_due(clock.now())
    assert budgets.unspent(Quarter.of(clock.now())) == Decimal("-2.5")


def test_posts_wait_for_fees_beyond_what_was_carried_over(lost: Close, amina: Person) -> None:
    in_force(amina, posts={"treasurer": 3_000_000, "secretary": 3_000_000})
    first = Month.of(clock.now())
    leftover.work({amina: "150"})
    reach(first.after)
    assert (len(post_pay.owed()), post_pay.settle(at=clock.now())) == (2, 0)
    leftover.work({amina: "100"})
    assert post_pay.settle(at=clock.now()) == 2


def test_a_loss_is_closed_only_as_the_books_have_it(amina: Person, treasurer: Office, attack: Attack) -> None:
    leftover.closed()
    leftover.work({amina: "100"})
    take("9", treasurer)
    quarter, _at = leftover.over()
    write(CLOSE, str(quarter))
    close, held, guard = Close.objects.get(period=str(quarter)), accounts.surplus(str(quarter)), "closes_move_what"
    assert sums(close) == (Decimal("6.5"), Decimal("6.5"), Decimal("2.5"), 0)
    ref = f"close:{close.pk}"
    attack(POST, posting(20, accounts.FEE, held, 6_000_000, ref), guard=guard)
    attack(POST, posting(20, accounts.FEE, held, 6_500_000, ref), guard=guard)
    attack(AT_ONCE, guard="close_leaves_nothing")


def closed_of(close: Close, account: str) -> None:
    """Close 6.50 of fees, and 2 of expenses of an account."""
    held, ref = accounts.surplus(close.period), f"close:{close.pk}"
    lines = [
        ledger.Line(ledger.Kind.CLOSED, accounts.FEE, held, Decimal("6.5"), "x:fee", ref),
        ledger.Line(ledger.Kind.CLOSED, held, account, Decimal(2), "x:spent", ref),
    ]
    ledger.post_many(lines, journal="x", at=clock.now())


def keep() -> None:
    """Have what was closed stand, as a commit would."""
    for when in ("IMMEDIATE", "DEFERRED"):
        write(f"SET CONSTRAINTS close_leaves_nothing {when}")


@pytest.fixture
def unclosed(amina: Person, treasurer: Office, secretary: Office) -> Close:
    """Return a close that moved nothing yet, of 6.50 of fees and 2 of the bank's; 2 went for hosting after it."""
    leftover.closed()
    keep()
    leftover.work({amina: "100"})
    take("2", treasurer)
    first = Quarter.of(clock.now())
    in_force(amina, hosting=2_000_000)
    leftover.work({amina: "100"})
    bill = budgets.ask(Purpose.HOSTING, amount=Decimal(2), payee="A host", by=treasurer, at=clock.now())
    budgets.pay(bill, reference="B-1", by=secretary, at=clock.now())
    reach(clock.now() + surplus.SETTLED)
    write(CLOSE, str(first))
    return Close.objects.get(period=str(first))


def test_what_one_account_bore_is_not_given_to_another(unclosed: Close, attack: Attack) -> None:
    closed_of(unclosed, accounts.expense("hosting"))
    attack(AT_ONCE, guard="close_leaves_nothing")
    [found] = audited.walk(lambda _many: None)
    assert found.row == f"payments_close {unclosed.pk}"
    assert "leaves 2.0" in found.what
    assert accounts.expense("hosting") in found.what


def test_what_an_account_bore_is_given_to_it(unclosed: Close) -> None:
    closed_of(unclosed, accounts.RAIL_FEES)
    keep()
    leftover.over()
    [following] = surplus.close_due(clock.now())
    keep()
    assert sums(following) == (Decimal("6.5"), 2, 0, Decimal("4.5"))
    assert sound()


def test_the_open_ledger_says_what_is_carried_over(lost: Close, client: Browser) -> None:
    page = client.get("/ledger/").text
    assert "9.00 more was spent" in page.replace("\u00a0", "").replace("US$", "")
    told = {row["item"]: row["amount"] for row in published.rows(open_ledger.figures(Month.of(lost.ends_at)))}
    assert told[f"{lost.period}: carried over"] == 9
