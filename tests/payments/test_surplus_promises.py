"""Trying to close a quarter early or twice, and to divide a surplus without its vote, or otherwise than voted."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection

from coop import clock
from coop.people.models import Person
from governance import voting
from governance.models import Mandate
from payments import accounts, surplus
from payments.models import Close
from tests.governance.conftest import cast_all, reach, support
from tests.payments import leftover
from tests.payments.conftest import owning
from tests.payments.test_attacks import POST, posting

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]

CLOSE = "INSERT INTO payments_close (period, ends_at, income, expenses, at) VALUES (%s, coop_now(), 0, 0, coop_now())"
DIVIDE = """INSERT INTO payments_allocation (close_id, mandate_id, reserve, education, members, at)
    VALUES (%s, %s, 0, 0, 0, coop_now())"""
ENACT = "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, coop_now(), %s)"
SHARE = """INSERT INTO payments_share (allocation_id, person_id, worked, cash, capital) VALUES (1, 1, 1, 1, 0)"""
AT_ONCE = "SET CONSTRAINTS ALL IMMEDIATE"


def write(statement: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)  # type: ignore[arg-type]


@pytest.fixture
def close(amina: Person, luis: Person) -> Close:
    leftover.work({amina: "100.000001", luis: "33.333333"})
    return leftover.closed()


@pytest.fixture
def mandate(close: Close, amina: Person) -> Mandate:
    return leftover.voted(leftover.said(close), amina)


def test_no_quarter_is_closed_before_an_hour_after_its_end(amina: Person, attack: Attack, now: datetime) -> None:
    leftover.work({amina: "10"})
    guard = "close_is_of_a_quarter_that_is_over"
    quarter = surplus.Quarter.of(now)
    attack(CLOSE, [str(quarter)], guard=guard)
    reach(quarter.after)
    attack(CLOSE, [str(quarter)], guard=guard)


@pytest.mark.parametrize("period", ["2026-Q4", "2026-Q3", "2027-Q2", "2027-Q1", "2026-Q9", "x"])
def test_no_quarter_is_closed_twice_or_out_of_turn(close: Close, attack: Attack, period: str) -> None:
    attack(CLOSE, [period], guard="close_is_of_a_quarter_that_is_over")
    with owning():
        attack(CLOSE, [period], guard="close_is_of_a_quarter_that_is_over")


def test_a_close_that_moves_no_money_does_not_stand(amina: Person, attack: Attack) -> None:
    leftover.work({amina: "10"})
    quarter, _at = leftover.over()
    write(CLOSE, str(quarter))
    attack(AT_ONCE, guard="close_leaves_nothing")


def test_fees_are_closed_only_as_a_close_says(close: Close, attack: Attack, amina: Person) -> None:
    leftover.work({amina: "10"})
    held, guard = accounts.surplus(close.period), "closes_move_what_was_closed"
    attack(POST, posting(20, accounts.FEE, held, 5, "close:0"), guard=guard)
    attack(POST, posting(20, accounts.FEE, accounts.surplus("2027-Q1"), 5, f"close:{close.pk}"), guard=guard)
    attack(POST, posting(20, held, "coop:expense:hosting", 5, f"close:{close.pk}"), guard=guard)
    attack(POST, posting(20, accounts.FEE, held, 5, f"close:{close.pk}"), guard="facts_are_posted_once")


def test_no_surplus_is_divided_without_a_vote_on_it(close: Close, attack: Attack) -> None:
    founding = Mandate.objects.get(proposal=None)
    attack(DIVIDE, [close.pk, founding.pk], guard="surplus_is_divided_as_voted")
    with owning():
        attack(DIVIDE, [close.pk, founding.pk], guard="surplus_is_divided_as_voted")


def test_no_surplus_is_divided_before_the_lock_has_passed(close: Close, amina: Person, attack: Attack) -> None:
    proposal = leftover.published(leftover.said(close), amina)
    cast_all(proposal, yes=40)
    voting.close(proposal, at=reach(proposal.closes_at))
    attack(DIVIDE, [close.pk, proposal.mandate.pk], guard="surplus_is_divided_as_voted")


def test_a_vote_divides_the_quarter_it_was_about(close: Close, mandate: Mandate, attack: Attack, amina: Person) -> None:
    leftover.work({amina: "10"})
    attack(DIVIDE, [leftover.closed().pk, mandate.pk], guard="surplus_is_divided_as_voted")


def test_a_surplus_is_divided_once(close: Close, mandate: Mandate, attack: Attack) -> None:
    surplus.divide(close, mandate, at=clock.now())
    attack(DIVIDE, [close.pk, mandate.pk], guard="surplus_is_divided_as_voted")


def test_a_division_that_moves_no_money_does_not_stand(close: Close, mandate: Mandate, attack: Attack) -> None:
    write(DIVIDE, close.pk, mandate.pk)
    attack(AT_ONCE, guard="surplus_is_divided_to_the_last")


def test_a_surplus_goes_nowhere_else(close: Close, mandate: Mandate, attack: Attack, amina: Person) -> None:
    held, guard = accounts.surplus(close.period), "surplus_goes_where_it_was_voted"
    attack(POST, posting(21, held, accounts.payable(amina.pk), 5, "allocation:0"), guard=guard)
    attack(POST, posting(21, held, accounts.RESERVE, 5, f"close:{close.pk}"), guard=guard)
    divided = surplus.divide(close, mandate, at=clock.now())
    more = posting(21, held, accounts.payable(amina.pk), 5, f"allocation:{divided.pk}")
    attack(POST, more, guard="facts_are_posted_once")


def test_nobody_writes_a_share(close: Close, mandate: Mandate, attack: Attack) -> None:
    divided = surplus.divide(close, mandate, at=clock.now())
    attack(SHARE, guard="permission denied")
    for table in ("close", "allocation", "share"):
        attack(f"UPDATE payments_{table} SET id = id", guard="permission denied")
        with owning():
            attack(f"UPDATE payments_{table} SET id = id", guard=f"payments_{table}_is_append_only")
    assert divided.members > Decimal(0)


@pytest.mark.parametrize(
    "change", ["rule_id = (SELECT id FROM governance_rule WHERE key = 'N10')", "subject = 'work_type:1'",
               "payload = replace(payload, '4000', '4001')", "payload = replace(payload, '2026', '2027')"],
)  # fmt: skip
def test_a_vote_on_a_surplus_follows_its_rule(close: Close, amina: Person, attack: Attack, change: str) -> None:
    draft = support(leftover.drafted(leftover.said(close), amina))
    statement = f"UPDATE governance_proposal SET published_at = coop_now(), {change} WHERE id = %s"
    attack(statement, [draft.pk], guard="a_surplus_is_voted_by_its_rule")


def test_a_vote_on_a_surplus_is_not_ticked_off_without_dividing_it(mandate: Mandate, attack: Attack) -> None:
    attack(ENACT, [mandate.pk, ""], guard="enactment_divided_the_surplus")
    attack(ENACT, [mandate.pk, "not convenient"], guard="enactment_divided_the_surplus")
