"""Wise's own statements beside our books: the same rows as of any other service.

Against the tests' own Wise: this proves our side of it, not theirs.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from coop import clock
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, at_services, bank_statements, ledger, lists, places
from payments.models import BankStatement, Payout, PayRun, Place
from tests.payments import abroad, wise
from tests.payments.test_wise import asked, opened, released, service
from tests.payments.ways import go_on, sound, state
from tests.payments.wise import Profile

__all__ = ["asked", "opened", "released", "service"]
NONE = Decimal(0)
type Later = Callable[..., datetime]


def read(first: Office, second: Office) -> list[BankStatement]:
    given = lists.ask(Place.WISE, by=first, at=clock.now())
    return [bank_statements.confirm(one, by=second, at=clock.now()).statement for one in given]


def differs() -> dict[str, tuple[Decimal, Decimal]]:
    return {one.key: (one.said, one.booked) for one in at_services.differences(Place.WISE)}


def pass_a_day(profile: Profile, later: Later) -> datetime:
    profile.ahead += timedelta(days=1)
    return later(days=1)


@pytest.fixture
def stocked(released: PayRun, service: Profile) -> Profile:
    """Let the euros lie at Wise that were bought; the site's clock is days ahead."""
    service.ahead = clock.now() - datetime.now(UTC)
    service.book("92.137", "FX-1", kind="CONVERSION")
    return service


def test_what_wise_states_is_what_our_books_have(
    asked: Payout, stocked: Profile, later: Later, treasurer: Office, secretary: Office
) -> None:
    go_on()
    number = stocked.turn("outgoing_payment_sent")
    go_on()
    assert state(asked) == "settled"
    at = pass_a_day(stocked, later)
    (statement,) = read(treasurer, secretary)
    assert statement.number == f"wise EUR/{(at - timedelta(days=1)).date()}"
    assert (statement.opening, statement.closing) == (NONE, Decimal("92.137") - Decimal("4.60") - Decimal(wise.FEE))
    assert statement.given
    assert [line["key"] for line in statement.given.lines] == [str(number), "FX-1"]
    # The purchase was noted three days before it lay there; so were the euros.
    assert differs() == {"": (NONE, Decimal("92.137")), "FX-1": (Decimal("92.137"), NONE)}
    (one,) = at_services.compared()
    assert (one.differ, one.held) == (NONE, places.held(Place.WISE, "EUR"))
    assert sound()


def test_a_transfer_on_its_way_is_listed_and_not_booked(
    asked: Payout, stocked: Profile, later: Later, treasurer: Office, secretary: Office
) -> None:
    go_on()
    pass_a_day(stocked, later)
    read(treasurer, secretary)
    number = max(stocked.transfers)
    paid = Decimal("-4.60") - Decimal(wise.FEE)
    assert differs().pop(str(number)) == (paid, NONE)
    stocked.turn("funds_refunded")
    stocked.book(str(-paid), f"TRANSFER-{number}")
    go_on()
    assert state(asked) == "failed"
    pass_a_day(stocked, later)
    read(treasurer, secretary)
    assert str(number) not in differs()
    assert sound()


def test_what_wise_charges_is_booked_once_our_books_hold_it(
    stocked: Profile, later: Later, treasurer: Office, secretary: Office
) -> None:
    stocked.book("-1.50", "CHARGE-1", kind="ACCRUAL_CHARGE")
    stocked.book("-100", "CHARGE-2", kind="ACCRUAL_CHARGE")
    pass_a_day(stocked, later)
    (given,) = lists.ask(Place.WISE, by=treasurer, at=clock.now())
    with pytest.raises(Refused, match=r"By our books there is €92\.137"):
        bank_statements.confirm(given, by=secretary, at=clock.now())
    assert places.held(Place.WISE, "EUR") == Decimal("92.137")
    abroad.buy(treasurer, secretary, currency="EUR", bought="10", paid="11", reference="FX-2")
    bank_statements.confirm(given, by=secretary, at=clock.now())
    assert ledger.balance(accounts.RAIL_FEES, "EUR") == Decimal("-101.50")
    assert not {"CHARGE-1", "CHARGE-2"} & differs().keys()
    assert sound()


def test_a_profile_that_has_to_look_first_is_told_so(stocked: Profile, later: Later, treasurer: Office) -> None:
    at = pass_a_day(stocked, later)
    stocked.wants_a_look = True
    with pytest.raises(Refused, match="look at your statement on its own pages"):
        lists.ask(Place.WISE, by=treasurer, at=at)
