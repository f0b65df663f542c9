"""Capital: kept in a member's name while they are one, paid out whole when they leave, to nobody else."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock, own_data
from coop.people.models import Person
from payments import accounts, capital, details, due, invariants, ledger, payouts, statements
from payments.models import Redemption, Transfer
from payments.money import to_micro
from tests.governance.conftest import depart, members
from tests.payments import leftover
from tests.payments.conftest import owning
from tests.payments.test_attacks import POST, posting

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]

REDEEM = "INSERT INTO payments_redemption (person_id, amount, at) VALUES (%s, 1, coop_now())"
GUARD = "capital_is_paid_out_on_leaving"


@pytest.fixture
def holder(amina: Person) -> Person:
    """Return a member with capital and a balance of a few cents, and whom nobody needs to back a draft."""
    somebody = members()[-1]
    place = {"way": "M-Pesa", "account": "0700 000 001", "holder": somebody.name}
    details.give(somebody, rail="by_hand", facts=place, by=somebody, at=clock.now())
    leftover.work({amina: "3", somebody: "0.345678"})
    leftover.divided(leftover.closed(), amina)
    return somebody


def test_leaving_pays_out_everything(holder: Person) -> None:
    kept, ready = capital.held(holder), payouts.ready(holder)
    assert kept > 0
    assert payouts.refusal(holder, Decimal("0.34"))
    at = depart(holder)
    due.settle(holder, at=at)
    due.settle(holder, at=at)
    assert capital.held(holder) == 0
    assert payouts.ready(holder) == ready + kept
    rest = payouts.most(holder)
    payouts.request(holder, amount=rest, by=holder, at=clock.now())
    assert 0 <= payouts.ready(holder) < Decimal("0.01")
    assert rest < 1
    assert not any(invariants.broken().values())


def test_whoever_looks_pays_out_those_who_left(holder: Person) -> None:
    assert capital.redeem_due(at=clock.now()) == 0
    at = depart(holder)
    assert capital.redeem_due(at=at) == 1
    assert capital.redeem_due(at=at) == 0
    assert Redemption.objects.get().person == holder


def test_capital_stays_while_its_member_is_one(holder: Person, amina: Person, attack: Attack) -> None:
    attack(REDEEM, [holder.pk], guard=GUARD)
    attack(REDEEM, [amina.pk], guard=GUARD)
    with owning():
        attack(REDEEM, [holder.pk], guard=GUARD)
    source, target = accounts.capital(holder.pk), accounts.payable(holder.pk)
    attack(POST, posting(22, source, target, 1, "redemption:0"), guard="capital_goes_to_its_member")
    attack(POST, posting(22, source, accounts.payable(amina.pk), 1, "redemption:0"), guard="capital_goes_to_its_member")
    attack(POST, posting(13, source, accounts.CLEARING_OUT), guard="posting_kind_allows_it")


def test_capital_is_paid_out_once_and_whole(holder: Person, attack: Attack) -> None:
    at, kept = depart(holder), capital.held(holder)
    paid = capital.redeem(holder.pk, at=at)
    assert paid.amount == kept
    assert capital.held(holder) == 0
    attack(REDEEM, [holder.pk], guard=GUARD)
    source, target = accounts.capital(holder.pk), accounts.payable(holder.pk)
    again = posting(22, source, target, to_micro(kept), f"redemption:{paid.pk}")
    attack(POST, again, guard="facts_are_posted_once")
    for change in ("UPDATE payments_redemption SET amount = 1", "DELETE FROM payments_redemption"):
        attack(change, guard="permission denied")
        with owning():
            attack(change, guard="payments_redemption_is_append_only")


def test_capital_is_not_ticked_off_without_the_money(holder: Person, attack: Attack) -> None:
    depart(holder)
    with connection.cursor() as cursor:
        cursor.execute(REDEEM, [holder.pk])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="redemption_is_paid")


def test_who_has_left_is_paid_every_cent_and_who_stays_is_not(holder: Person, amina: Person, attack: Attack) -> None:
    ask = """INSERT INTO payments_payout
        (person_id, amount, currency, rail, details_id, method, state, reference, key, requested_at)
        SELECT person_id, 20000, 'USD', rail, id, hint, 'requested', '', gen_random_uuid(), coop_now()
        FROM payments_payoutdetails WHERE person_id = %s AND rail = 'by_hand'"""
    for person in (amina, holder):
        attack(ask, [person.pk], guard="payouts_keep_to_the_instruments")
    depart(holder)
    with connection.cursor() as cursor:
        cursor.execute(ask, [holder.pk])
        assert cursor.rowcount == 1


def test_where_who_left_is_paid_is_kept_while_there_is_a_cent(holder: Person) -> None:
    at = depart(holder)
    assert details.erase_due(at=at) == 0
    capital.redeem_due(at=at)
    payouts.request(holder, amount=payouts.most(holder), by=holder, at=at)
    assert details.in_force(holder, at=at)


def test_capital_is_shown_to_its_member_alone(
    holder: Person, amina: Person, signed_in: Callable[[Person], Browser], now: datetime
) -> None:
    share = capital.shares_of(holder).get()
    words = f"{share.capital.normalize():f}"
    assert words in signed_in(holder).get("/pay/").text
    assert words not in signed_in(amina).get("/pay/").text
    at = depart(holder)
    capital.redeem_due(at=at)
    assert [row["person_id"] for row in own_data.of(holder)["payments.Redemption"]] == [holder.pk]
    [line] = statements.entries(statements.lines(holder)[:1], holder)
    assert (line.words, line.amount) == ("Your capital, paid out as you have left", share.capital)
    assert Transfer.objects.filter(kind=ledger.Kind.REDEEMED).count() == 1
