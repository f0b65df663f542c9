import threading
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection

from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import offices
from governance.models import Office
from payments import accounts, deposits, escrow, invariants, ledger, payouts, statements
from payments.models import Payout, PayoutState
from tests.money_in import arrive
from tests.payments.ways import says

type Earn = Callable[[Person, str], int]


def test_a_payout_leaves_the_rest_below_a_cent_where_it_is(earn: Earn, amina: Person, now: datetime) -> None:
    earn(amina, "3.456789")
    assert payouts.most(amina) == Decimal("3.45")
    payouts.request(amina, amount=Decimal("3.45"), by=amina, at=now)
    assert payouts.ready(amina) == Decimal("0.006789")
    assert ledger.balance(accounts.CLEARING_OUT) == Decimal("3.45")


def test_a_payout_that_arrives_leaves_the_bank(
    earn: Earn, amina: Person, treasurer: Office, secretary: Office, now: datetime
) -> None:
    earn(amina, "5")
    bank = ledger.balance(accounts.BANK)
    payout = payouts.request(amina, amount=Decimal(5), by=amina, at=now)
    payouts.send(payout, reference="MP-1", by=treasurer, at=now)
    payout = payouts.settle(payout, by=secretary, at=now)
    assert (payout.state, ledger.balance(accounts.BANK) - bank) == (PayoutState.SETTLED, Decimal(5))
    assert not any(invariants.broken().values())


def test_a_payout_that_comes_back_is_ready_again(
    earn: Earn, amina: Person, treasurer: Office, secretary: Office, now: datetime
) -> None:
    earn(amina, "5")
    payout = payouts.request(amina, amount=Decimal(5), by=amina, at=now)
    payouts.send(payout, reference="MP-1", by=treasurer, at=now)
    payouts.fail(payout, by=secretary, at=now)
    assert payouts.ready(amina) == 5
    assert says(payout)
    with pytest.raises(Refused):
        payouts.settle(payout, by=secretary, at=now)
    lines = statements.entries(statements.lines(amina), amina)
    assert [line.amount for line in lines] == [5, -5, 5]
    assert lines[0].words == "Payout that came back"
    assert not any(invariants.broken().values())


@pytest.mark.parametrize("amount", ["0.99", "0", "-5", "NaN", "Infinity", "1.005", "5.01"])
def test_an_amount_that_cannot_be_paid_is_refused(earn: Earn, amina: Person, now: datetime, amount: str) -> None:
    earn(amina, "5")
    with pytest.raises(Refused):
        payouts.request(amina, amount=Decimal(amount), by=amina, at=now)
    assert payouts.ready(amina) == 5


def test_nobody_asks_for_anothers_money(earn: Earn, amina: Person, luis: Person, now: datetime) -> None:
    earn(amina, "5")
    with pytest.raises(Refused):
        payouts.request(amina, amount=Decimal(5), by=luis, at=now)


def test_no_officer_sends_money_to_themselves(
    earn: Earn, teresa: Person, treasurer: Office, secretary: Office, now: datetime
) -> None:
    earn(teresa, "5")
    payout = payouts.request(teresa, amount=Decimal(5), by=teresa, at=now)
    with pytest.raises(Refused, match="themselves"):
        payouts.send(payout, reference="R", by=treasurer, at=now)
    payouts.send(payout, reference="R", by=secretary, at=now)


def test_the_safety_officer_handles_no_money(
    earn: Earn, amina: Person, samuel: Person, orbit: Client, now: datetime
) -> None:
    earn(amina, "5")
    (office,) = offices.held_by(samuel, now)
    payout = payouts.request(amina, amount=Decimal(5), by=amina, at=now)
    with pytest.raises(Refused):
        payouts.send(payout, reference="R", by=office, at=now)
    with pytest.raises(Refused):
        arrive(orbit, amount=Decimal(1), reference="R", by=office, at=now)
    with pytest.raises(Refused):
        deposits.office_of(samuel, now)


def test_the_same_balance_is_asked_for_once(committed: None, earn: Earn, amina: Person, now: datetime) -> None:
    earn(amina, "5")
    start = threading.Barrier(4)
    seen: list[int | None] = []

    def ask() -> None:
        try:
            start.wait()
            seen.append(payouts.request(amina, amount=Decimal(5), by=amina, at=now).pk)
        except Refused:
            seen.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert Payout.objects.filter(person=amina).count() == 1
    assert payouts.ready(amina) == 0
    assert not any(invariants.broken().values())


def test_the_same_form_at_once_asks_once(committed: None, earn: Earn, amina: Person, now: datetime) -> None:
    earn(amina, "50")
    key, start = uuid4(), threading.Barrier(4)
    seen: list[int] = []

    def ask() -> None:
        try:
            start.wait()
            asked = payouts.request(amina, amount=Decimal(5), by=amina, at=now, key=key)
            seen.append(asked.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert payouts.ready(amina) == 45


def test_two_confirmations_at_once_move_the_money_once(
    committed: None, earn: Earn, amina: Person, treasurer: Office, secretary: Office, now: datetime
) -> None:
    earn(amina, "5")
    payout = payouts.request(amina, amount=Decimal(5), by=amina, at=now)
    payouts.send(payout, reference="R", by=treasurer, at=now)
    start, refusals = threading.Barrier(4), []

    def confirm(act: Callable[..., Payout]) -> None:
        try:
            start.wait()
            act(payout, by=secretary, at=now)
        except Refused as refused:
            refusals.append(refused)
        finally:
            connection.close()

    acts = (payouts.settle, payouts.fail, payouts.settle, payouts.fail)
    threads = [threading.Thread(target=confirm, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refusals) == 3
    assert not any(invariants.broken().values())


def test_what_happens_to_money_is_in_the_record_without_sums(
    earn: Earn, amina: Person, treasurer: Office, secretary: Office, now: datetime
) -> None:
    earn(amina, "5")
    payout = payouts.request(amina, amount=Decimal(5), by=amina, at=now)
    payouts.send(payout, reference="R", by=treasurer, at=now)
    payouts.settle(payout, by=secretary, at=now)
    events = Event.objects.filter(subject=f"payout:{payout.pk}").order_by("id")
    assert [event.kind for event in events] == ["payouts.requested", "payouts.sent", "payouts.settled"]
    assert all(event.data == {} for event in events)


def test_a_deposit_is_recorded_once(orbit: Client, treasurer: Office, now: datetime) -> None:
    before = escrow.available(orbit)
    arrive(orbit, amount=Decimal(7), reference="B-1", by=treasurer, at=now)
    with pytest.raises(Refused, match="is recorded"):
        arrive(orbit, amount=Decimal(7), reference="B-1", by=treasurer, at=now)
    with pytest.raises(Refused):
        arrive(orbit, amount=Decimal(0), reference="B-2", by=treasurer, at=now)
    assert escrow.available(orbit) - before == 7


def test_a_job_is_funded_from_what_is_there_and_once(orbit: Client, treasurer: Office, now: datetime) -> None:
    arrive(orbit, amount=Decimal(7), reference="B-1", by=treasurer, at=now)
    there = escrow.available(orbit)
    with pytest.raises(Refused, match="short"):
        escrow.fund(700_001, there + 1, orbit, 1, by=None, at=now)
    first = escrow.fund(700_001, there, orbit, 1, by=None, at=now)
    assert escrow.fund(700_001, there, orbit, 1, by=None, at=now) == first
    assert escrow.set_aside(700_001) == there
