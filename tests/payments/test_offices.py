"""Money is handled by whoever holds a post with that right now, and by nobody a second later."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import offices
from governance.models import Office
from payments import payouts
from tests.money_in import arrive

pytestmark = pytest.mark.django_db

type Earn = Callable[[Person, str], int]
DEPOSIT = """INSERT INTO payments_deposit (client_id, fund, amount, currency, reference, recorded_by_id, at)
VALUES (%s, '', 1000000, 'USD', 'B-LATE', %s, coop_now())"""
SEND = "UPDATE payments_payout SET state = 'sent', reference = 'x', sent_by_id = %s, sent_at = coop_now() WHERE id = %s"
CONFIRM = "UPDATE payments_payout SET state = %s, settled_by_id = %s, settled_at = coop_now() WHERE id = %s"


def test_the_second_after_the_term_no_money_moves(
    earn: Earn, amina: Person, orbit: Client, treasurer: Office, secretary: Office, now: datetime,
    later: Callable[..., datetime], attack: Callable[..., None],
) -> None:  # fmt: skip
    earn(amina, "5")
    asked, sent = (payouts.request(amina, amount=Decimal(2), by=amina, at=now) for _n in range(2))
    payouts.send(sent, reference="MP-1", by=treasurer, at=now)
    at = later(seconds=(treasurer.ends_at - clock.now()).total_seconds() + 1)
    with pytest.raises(Refused, match="treasurer or the secretary"):
        payouts.send(asked, reference="MP-2", by=treasurer, at=at)
    with pytest.raises(Refused, match="treasurer or the secretary"):
        payouts.settle(sent, by=secretary, at=at)
    with pytest.raises(Refused, match="treasurer or the secretary"):
        arrive(orbit, amount=Decimal(1), reference="B-LATE", by=treasurer, at=at)
    attack(DEPOSIT, [orbit.pk, treasurer.pk], guard="deposits_are_recorded_in_office")
    attack(SEND, [treasurer.pk, asked.pk], guard="payouts_go_by_two_officers")
    for state in ("settled", "failed"):
        attack(CONFIRM, [state, secretary.pk, sent.pk], guard="payouts_go_by_two_officers")


def test_the_right_is_asked_for_and_not_the_name_of_a_post(samuel: Person, treasurer: Office, now: datetime) -> None:
    assert offices.handles_money(treasurer, now)
    assert not offices.handles_money(offices.held_by(samuel, now)[0], now)
