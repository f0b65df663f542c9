"""What a service may have taken by its word alone, and sums under one name that would hide each other.

Against the tests' own Stripe, tried as the site's own role.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.db import connection, transaction

from coop import clock
from coop.people.models import Client, Person
from governance.models import Office
from payments import accounts, at_services, cards, ledger
from payments.models import CardOutcome, CardPayment, Place, RailEvent
from tests.payments import stripe
from tests.payments.stripe import World
from tests.payments.test_cards import begin
from tests.payments.test_chargebacks import go_on, service, settled
from tests.payments.test_lists import FEE, day, differs, explain, fresh, late, listed, read

__all__ = ["day", "fresh", "listed", "service", "settled"]
NONE = Decimal(0)
type Attack = Callable[..., None]


def test_a_fee_beyond_its_bound_is_a_question(service: World, orbit: Client, olga: Person) -> None:
    """What was paid is settled all the same, and nothing of the fee is booked; asked again, it is asked once."""
    before, payment = ledger.balance(accounts.RAIL_FEES), begin(orbit, olga)
    stripe.pay(service, payment.session, fee=601)
    stripe.settle(service)
    go_on()
    stem = payment.events.get(outcome="settled").event.partition("/")[0]
    (asked,) = RailEvent.objects.filter(event__startswith=f"{stem}/")
    assert (asked.event, asked.outcome, asked.amount) == (f"{stem}/asked/6010000", "unknown", Decimal("6.01"))
    assert ledger.balance(accounts.RAIL_FEES) == before
    assert not cards.go_on(at=clock.now())


def test_no_name_of_a_cards_fee_is_taken_beforehand(
    service: World, orbit: Client, olga: Person, attack: Attack
) -> None:
    """Else what was paid never settled: its fee found its name taken, each time."""
    payment = begin(orbit, olga)
    stripe.pay(service, payment.session, fee=601)
    go_on()
    stem = payment.events.get().event.partition("/")[0]
    for outcome in ("unknown", "repeated", "deposit", "fee"):
        attack(FEE.replace("'fee'", "%s"), ["stripe", f"{stem}/fee", outcome, 10_000], guard="fees_are_of_something")
    with connection.cursor() as cursor:
        cursor.execute(FEE.replace("'fee'", "%s"), ["stripe", f"{stem}/asked/6010000", "unknown", 6_010_000])
    stripe.settle(service)
    assert cards.go_on(at=clock.now()) == 1
    assert payment.events.filter(outcome="settled").exists()
    assert RailEvent.objects.filter(event__startswith=f"{stem}/").count() == 1


def test_all_disputes_of_a_payment_have_one_bound(listed: World, settled: CardPayment, attack: Attack) -> None:
    """As many as there are: one could be of a micro-unit each."""
    before = ledger.balance(accounts.RAIL_FEES)
    stripe.dispute(listed, settled.session, 1_000, fee=3_000)
    go_on()
    for name in ("dp_x", "dp_y"):
        with transaction.atomic():
            cards._book(settled, CardOutcome.CHARGED_BACK, f"{name}/charged_back", Decimal("0.000001"), clock.now())  # noqa: SLF001
        attack(FEE, ["stripe", f"{name}/fee", 20_000_001], guard="fees_are_of_something")
    third = stripe.dispute(listed, settled.session, 1_000, fee=2_001)
    go_on()
    assert RailEvent.objects.get(event__startswith=f"{third['id']}/").event == f"{third['id']}/asked/20010000"
    fourth = stripe.dispute(listed, settled.session, 1_000, fee=2_000)
    go_on()
    assert RailEvent.objects.get(event=f"{fourth['id']}/fee").outcome == "fee"
    assert before - ledger.balance(accounts.RAIL_FEES) == 50


def test_what_cancels_under_one_name_is_found(
    listed: World, settled: CardPayment, orbit: Client, olga: Person, day: Callable[..., datetime], treasurer: Office,
    secretary: Office,
) -> None:  # fmt: skip
    """The site's own role makes up what came and what went of one thing, so that nothing lacks: no list has either."""
    payment = begin(orbit, olga)
    book = partial(cards._book, payment, amount=payment.amount, at=clock.now())  # noqa: SLF001
    with transaction.atomic():
        for outcome in (CardOutcome.PAID, CardOutcome.SETTLED, CardOutcome.CHARGED_BACK):
            book(outcome, f"pi_x/{outcome}")
    day()
    read(treasurer, secretary)
    assert not late()
    day(14)
    (one,) = at_services.differences(Place.STRIPE)
    assert (one.key, one.said, one.booked, one.late) == ("pi_x", NONE, NONE, True)
    assert late() == ["bank:stripe USD pi_x"]
    for officer in (treasurer, secretary):
        assert explain(one, officer).amount == 0
    assert not late()


def test_what_is_listed_both_ways_and_not_booked_differs_not(
    listed: World, day: Callable[..., datetime], treasurer: Office, secretary: Office
) -> None:
    """A payout that came back before it was said to have arrived moved nothing in our books."""
    about = listed.make("dispute")
    for cents in (-500, 500):
        listed.book(cents, "adjustment", about)
    day()
    read(treasurer, secretary)
    assert differs() == {}
