"""Funds that several ask at the same moment, really committed: no more is paid than is there, and nobody waits long."""

from decimal import Decimal
from functools import partial

import pytest

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance.models import Office
from payments import accounts, capital, invariants, ledger, payouts, support
from payments.models import Support, Transfer
from tests.governance.conftest import members
from tests.payments import leftover
from tests.payments.test_support import agree, learn, take
from tests.tasks.test_races import at_once

pytestmark = pytest.mark.usefixtures("committed")


def told(results: list[object], words: str) -> int:
    """Return how many were paid; whoever was not has been told why."""
    others = [result for result in results if isinstance(result, Exception)]
    assert all(isinstance(other, Refused) and words in str(other.refusal.reason) for other in others), results
    return len(results) - len(others)


def test_three_ask_for_care_at_once_and_the_fund_pays_one(amina: Person, luis: Person) -> None:
    """Five times: whoever is second finds what the first left."""
    three = [amina, luis, members()[-1]]
    for _turn in range(5):
        leftover.work(dict.fromkeys(three, "1000"))
        had, paid = ledger.balance(accounts.CARE), Transfer.objects.filter(kind=ledger.Kind.SUPPORT).count()
        most = min(had * Decimal("0.6"), Decimal(18)).quantize(Decimal("0.01"))
        results = at_once(*(partial(take, who, str(most)) for who in three))
        fits = int(had // most)
        assert told(results, "The care fund has") == fits < 3
        assert Transfer.objects.filter(kind=ledger.Kind.SUPPORT).count() == paid + fits == Support.objects.count()
        assert ledger.balance(accounts.CARE) == had - fits * most >= 0
    assert not any(invariants.broken().values())


def test_care_that_is_asked_for_while_work_is_paid_waits_for_it(amina: Person, luis: Person) -> None:
    leftover.work({amina: "20000", luis: "20000"})
    had, worked = ledger.balance(accounts.CARE), [partial(leftover.work, {amina: "2", luis: "2"}) for _time in range(3)]
    asked = [partial(take, who, "1") for who in (amina, luis) for _time in range(3)]
    assert told(at_once(*worked, *asked), "nothing is refused") == 9
    assert ledger.balance(accounts.CARE) == had + Decimal("0.06") - 6
    assert not any(invariants.broken().values())


def test_two_are_to_learn_at_once_and_the_fund_pays_one(
    amina: Person, luis: Person, treasurer: Office, secretary: Office
) -> None:
    leftover.work({amina: "1000", luis: "1000"})
    leftover.divided(leftover.closed(), amina, reserve=0, education=10_000, members=0)
    leftover.work({amina: "1", luis: "1"})
    had = ledger.balance(accounts.EDUCATION)
    most = (had * Decimal("0.6")).quantize(Decimal("0.01"))
    asked = [learn(who, str(most)) for who in (amina, luis)]
    for one in asked:
        agree(one, treasurer)
    results = at_once(*(partial(agree, one, secretary) for one in asked))
    assert told(results, "The education fund has") == 1
    assert ledger.balance(accounts.EDUCATION) == had - most
    assert support.waiting().count() == 1


def test_what_one_has_becomes_capital_once(amina: Person) -> None:
    leftover.work({amina: "10"})
    ready = payouts.ready(amina).quantize(Decimal("0.01"))
    pay = partial(capital.pay_in, amina, ready, by=amina, at=clock.now())
    assert told(at_once(pay, pay, pay), "ready") == 1
    assert capital.held(amina) == ready
