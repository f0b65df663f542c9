"""Words of a processor and other money at the same moment, really committed: each moves once, and debts come first."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from pytest_django import Settings

from coop import clock
from coop.people.models import Client, Person
from governance.models import Office
from payments import cards, escrow, invariants
from payments.models import CardPayment
from tests.money_in import arrive
from tests.payments import stripe
from tests.payments.stripe import World
from tests.payments.test_cards import begin
from tests.tasks.test_races import at_once

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def service(settings: Settings, committed: None) -> Iterator[World]:
    """Run the fake, and let the site have an account there."""
    with stripe.running() as world:
        settings.STRIPE_URL = world.url
        yield world


def test_a_payment_asked_for_four_times_at_once_is_booked_once(service: World, orbit: Client, olga: Person) -> None:
    before = escrow.available(orbit)
    payment = begin(orbit, olga)
    stripe.pay(service, payment.session)
    stripe.settle(service)
    results = at_once(*(lambda: cards.ask(payment, at=clock.now()) for _time in range(4)))
    assert sorted(map(str, results)) == ["False"] * 3 + ["True"], results
    assert escrow.available(orbit) - before == 50
    assert [event.outcome for event in payment.events.order_by("pk")] == ["paid", "settled"]
    assert not any(invariants.broken().values())


def test_a_deposit_and_a_chargeback_at_once_never_leave_a_client_with_both(
    service: World, orbit: Client, olga: Person, treasurer: Office
) -> None:
    """Each way round, five times: whoever is second finds what the first left, and nobody waits for the other."""
    escrow.fund(700_009, escrow.available(orbit), orbit, 1, by=None, at=clock.now())
    for turn in range(5):
        payment = begin(orbit, olga, "20")
        stripe.pay(service, payment.session, fee=0)
        stripe.settle(service)
        cards.go_on(at=clock.now())
        have, owed = escrow.available(orbit), escrow.owed(orbit)
        if have:
            escrow.fund(700_009, have, orbit, 10 + turn, by=None, at=clock.now())
        stripe.dispute(service, payment.session, fee=0)

        def deposit(turn: int = turn) -> object:
            return arrive(orbit, amount=Decimal(7), reference=f"RACE-{turn}", by=treasurer, at=clock.now())

        results = at_once(deposit, lambda: cards.heard_of(at=clock.now()), lambda: cards.heard_of(at=clock.now()))
        assert not [result for result in results if isinstance(result, Exception)], results
        assert (escrow.available(orbit), escrow.owed(orbit)) == (Decimal(0), owed + 20 - 7)
    assert CardPayment.objects.count() == 5
    assert not any(invariants.broken().values())
