"""PayPal's own search of what moved beside our books: the same rows as of any other service.

Against the tests' own PayPal: this proves our side of it, not theirs.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from coop import clock
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, at_services, bank_statements, ledger, lists, places, runs
from payments.models import BankStatement, Payout, PayRun, Place
from tests.payments.paypal import Account
from tests.payments.test_paypal import asked, opened, released, service
from tests.payments.ways import go_on, sound, state

__all__ = ["asked", "opened", "released", "service"]
NONE = Decimal(0)
type Later = Callable[..., datetime]


def read(first: Office, second: Office) -> list[BankStatement]:
    given = lists.ask(Place.PAYPAL, by=first, at=clock.now())
    return [bank_statements.confirm(one, by=second, at=clock.now()).statement for one in given]


def differs() -> dict[str, tuple[Decimal, Decimal]]:
    return {one.key: (one.said, one.booked) for one in at_services.differences(Place.PAYPAL)}


def pass_days(account: Account, later: Later, days: int = 1) -> datetime:
    account.ahead += timedelta(days=days)
    return later(days=days)


@pytest.fixture
def stocked(released: PayRun, service: Account) -> Account:
    """Let the hundred dollars lie at PayPal that were moved there; the site's clock is days ahead."""
    service.ahead = clock.now() - datetime.now(UTC)
    service.book("100.00", "T0300")
    return service


def test_what_paypal_searches_is_what_our_books_have(
    asked: Payout, stocked: Account, later: Later, treasurer: Office, secretary: Office
) -> None:
    """What it holds back while it works on a payout is on no list: the total has that in it."""
    stocked.book("-5.25", "T1503")
    go_on()
    stocked.book("5.25", "T1105")
    assert state(asked) == "settled"
    at = pass_days(stocked, later)
    (statement,) = read(treasurer, secretary)
    assert statement.number == f"paypal USD/{(at - timedelta(days=1)).date()}"
    assert (statement.opening, statement.closing) == (NONE, Decimal("94.75"))
    assert statement.given
    key = runs.key_of(asked.pk)
    assert [(line["key"], line["words"]) for line in statement.given.lines if line["key"] == key] == [(key, "T0001")]
    # The hundred dollars were noted three days before they lay there.
    (came,) = (line["key"] for line in statement.given.lines if line["amount"] == "100.00")
    assert differs() == {"": (NONE, Decimal(100)), came: (Decimal(100), NONE)}
    (one,) = at_services.compared()
    assert (one.differ, one.held) == (NONE, places.held(Place.PAYPAL))
    assert sound()


def test_what_came_back_is_known_by_what_it_came_back_of(
    asked: Payout, stocked: Account, later: Later, treasurer: Office, secretary: Office
) -> None:
    """And whatever a stranger writes on a payment is no word about a payout."""
    stocked.status[runs.key_of(asked.pk)] = "UNCLAIMED"
    go_on()
    stocked.give_back(runs.key_of(asked.pk))
    stocked.status[runs.key_of(asked.pk)] = "RETURNED"
    stray = stocked.book("0.01", "T0000", custom=runs.key_of(asked.pk))
    go_on()
    assert state(asked) == "failed"
    pass_days(stocked, later)
    read(treasurer, secretary)
    assert runs.key_of(asked.pk) not in differs()
    assert differs()[stray] == (Decimal("0.01"), NONE)


def test_what_paypal_takes_for_itself_is_booked_by_its_list(
    asked: Payout, stocked: Account, later: Later, treasurer: Office, secretary: Office
) -> None:
    """But for the fee of payouts, which it tells with each."""
    go_on()
    taken, batch = stocked.book("-3.00", "T0106"), stocked.book("-1.00", "T0104")
    pass_days(stocked, later)
    before = ledger.balance(accounts.RAIL_FEES)
    read(treasurer, secretary)
    assert before - ledger.balance(accounts.RAIL_FEES) == 3
    assert taken not in differs()
    assert differs()[batch] == (Decimal(-1), NONE)


def test_what_was_begun_before_these_days_is_of_the_first_of_them(
    asked: Payout, stocked: Account, later: Later, treasurer: Office, secretary: Office
) -> None:
    go_on()
    pass_days(stocked, later)
    read(treasurer, secretary)
    number = stocked.book("-2.00", "T0200")
    stocked.moved[-1]["transaction_initiation_date"] = f"{clock.now() - timedelta(days=9):%Y-%m-%dT%H:%M:%S+0000}"
    at = pass_days(stocked, later)
    (statement,) = read(treasurer, secretary)
    assert statement.given
    (line,) = statement.given.lines
    assert (line["key"], line["day"]) == (number, str((at - timedelta(days=1)).date()))


def test_days_that_paypal_does_not_know_whole_are_asked_for_later(
    stocked: Account, later: Later, treasurer: Office
) -> None:
    pass_days(stocked, later)
    stocked.stale = timedelta(days=1)
    with pytest.raises(Refused, match="does not answer"):
        lists.ask(Place.PAYPAL, by=treasurer, at=clock.now())
    stocked.stale, stocked.breaks = timedelta(0), 1
    with pytest.raises(Refused, match="does not answer"):
        lists.ask(Place.PAYPAL, by=treasurer, at=clock.now())
    assert lists.ask(Place.PAYPAL, by=treasurer, at=clock.now())


def test_more_than_it_lists_at_once_is_read_in_parts_and_in_pages(
    stocked: Account, later: Later, treasurer: Office, secretary: Office
) -> None:
    at = pass_days(stocked, later)
    first = read(treasurer, secretary)[0].number[-10:]
    for _day in range(4):
        for _one in range(3):
            stocked.book("1.00", "T0000")
        at = pass_days(stocked, later)
    stocked.most, stocked.page = 7, 2
    sizes = []
    for _part in range(2):
        (given,) = lists.ask(Place.PAYPAL, by=treasurer, at=at)
        bank_statements.confirm(given, by=secretary, at=at)
        sizes.append((given.number[-10:], len(given.lines)))
    assert [size for _day, size in sizes] == [6, 6]
    assert first < sizes[0][0] < sizes[1][0]
    with pytest.raises(Refused, match="every day that is over"):
        lists.ask(Place.PAYPAL, by=treasurer, at=at)
    stocked.book("1.00", "T0000")
    stocked.book("1.00", "T0000")
    at = pass_days(stocked, later)
    stocked.most = 1
    with pytest.raises(Refused, match="does not answer"):
        lists.ask(Place.PAYPAL, by=treasurer, at=at)


def test_what_does_not_add_up_is_not_kept(stocked: Account, later: Later, treasurer: Office) -> None:
    """PayPal says itself what it held before and after: here it counts as gone what we take for held back."""
    stocked.book("-2.00", "T2101")
    pass_days(stocked, later)
    with pytest.raises(Refused, match="does not add up"):
        lists.ask(Place.PAYPAL, by=treasurer, at=clock.now())


def test_an_amount_in_another_currency_is_no_answer(stocked: Account, later: Later, treasurer: Office) -> None:
    stocked.moved[-1]["fee_amount"] = {"currency_code": "EUR", "value": "-1.00"}
    pass_days(stocked, later)
    with pytest.raises(Refused, match="does not answer"):
        lists.ask(Place.PAYPAL, by=treasurer, at=clock.now())
