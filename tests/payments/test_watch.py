"""A payout that nobody finishes for 72 hours opens a case by itself (E3)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from governance import signs
from governance.models import Case, Equivalent, Office
from payments import payouts, watch
from payments.models import Payout

type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]


@pytest.fixture
def asked(earn: Earn, amina: Person, now: datetime) -> Payout:
    earn(amina, "5")
    return payouts.request(amina, amount=Decimal(5), by=amina, at=now)


def test_a_payout_held_for_72_hours_opens_one_case(asked: Payout, amina: Person, later: Later) -> None:
    assert watch.look(at=later(hours=71)) == 0
    assert watch.look(at=later(hours=1, minutes=1)) == 1
    assert watch.look(at=clock.now()) == 0
    case = Case.objects.get(person=amina)
    assert (case.kind, case.ground) == ("equivalent", Equivalent.HELD_PAYOUT)
    assert str(asked.pk) in case.facts


def test_sending_without_confirming_is_holding_too(asked: Payout, treasurer: Office, later: Later) -> None:
    payouts.send(asked, reference="R", by=treasurer, at=clock.now())
    assert watch.look(at=later(hours=73)) == 1


def test_a_payout_that_arrived_opens_nothing(asked: Payout, treasurer: Office, secretary: Office, later: Later) -> None:
    payouts.send(asked, reference="R", by=treasurer, at=clock.now())
    payouts.settle(asked, by=secretary, at=clock.now())
    assert watch.look(at=later(hours=100)) == 0


def test_watching_finds_all_in_one_query(asked: Payout, earn: Earn, luis: Person, later: Later) -> None:
    earn(luis, "9")
    payouts.request(luis, amount=Decimal(4), by=luis, at=clock.now())
    payouts.request(luis, amount=Decimal(5), by=luis, at=clock.now())
    later(hours=80)
    with CaptureQueriesContext(connection) as seen:
        held = signs.found(Equivalent.HELD_PAYOUT)
    assert {person.pk for person in held} == {asked.person_id, luis.pk}
    assert len(seen) == 2
