"""What a quarter leaves over: closed to the last unit, divided as voted, exactly; and what the pages say of it."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test import Client as Browser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop import clock, own_data
from coop.audit import surplus as audited
from coop.people.models import Person
from coop.refusals import Refused
from governance import mandates, policies, proposals, voting
from payments import accounts, capital, invariants, ledger, payouts, statements, surplus
from payments.models import Close, Share
from payments.surplus import Quarter
from tests.governance.conftest import cast_all, cast_choices, depart, members, reach, support
from tests.payments import leftover
from tests.payments.conftest import owning

pytestmark = pytest.mark.django_db


def by_largest_remainder(pool: int, weights: list[int]) -> list[int]:
    """Divide as a textbook does, in fractions."""
    exact = [Fraction(pool * weight, sum(weights)) for weight in weights]
    whole = [part.numerator // part.denominator for part in exact]
    first = sorted(range(len(weights)), key=lambda n: (whole[n] - exact[n], n))
    for n in first[: pool - sum(whole)]:
        whole[n] += 1
    return whole


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=40).filter(any))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_sum_is_divided_exactly_by_largest_remainder(pool: int, weights: list[int]) -> None:
    with owning(), connection.cursor() as cursor:
        cursor.execute("SELECT amount FROM payments_divided(%s, %s::bigint[]) ORDER BY place", [pool, weights])
        found = [amount for (amount,) in cursor.fetchall()]
    assert found == by_largest_remainder(pool, weights)
    assert sum(found) == pool


@pytest.mark.parametrize(
    ("moment", "name", "after"),
    [
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "2026-Q4", datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2027, 1, 1, tzinfo=UTC), "2027-Q1", datetime(2027, 4, 1, tzinfo=UTC)),
        (datetime(2027, 9, 30, 23, 0, tzinfo=UTC), "2027-Q3", datetime(2027, 10, 1, tzinfo=UTC)),
    ],
)
def test_a_quarter_is_the_calendars(moment: datetime, name: str, after: datetime, now: datetime) -> None:
    assert (str(Quarter.of(moment)), Quarter.of(moment).after) == (name, after)
    assert Quarter.named(name) == Quarter.of(moment)
    with owning(), connection.cursor() as cursor:
        cursor.execute("SELECT upper(payments_quarter(%s))", [name])
        assert cursor.fetchone() == (after,)


def test_a_quarter_is_closed_to_the_last_unit(amina: Person, luis: Person) -> None:
    fees = ledger.balance(accounts.FEE)
    leftover.work({amina: "10.000007", luis: "0.33"})
    left = ledger.balance(accounts.FEE)
    close = leftover.closed()
    assert close.surplus == close.income == left > fees
    assert ledger.balance(accounts.FEE) == 0
    assert ledger.balance(accounts.surplus(close.period)) == left
    assert surplus.close_due(clock.now()) == []


def test_quarters_are_closed_one_after_the_other(amina: Person) -> None:
    leftover.work({amina: "10"})
    first, _at = leftover.over()
    leftover.work({amina: "20"})
    leftover.over()
    closes = surplus.close_due(clock.now())
    assert [close.period for close in closes] == [str(first), str(Quarter.of(first.after))]
    assert closes[1].income == 2 * Decimal("0.65")  # what training and care do not have of the fee
    assert not any(invariants.broken().values())


def test_a_quarter_without_fees_is_closed_with_nothing(now: datetime) -> None:
    leftover.closed()
    close = leftover.closed()
    assert close.surplus == 0
    assert close not in surplus.to_divide()


def test_a_surplus_is_divided_as_voted_and_the_sum_is_exact(amina: Person, luis: Person, priya: Person) -> None:
    leftover.work({amina: "100.000001", luis: "33.333333", priya: "7"})
    close = leftover.closed()
    before = payouts.ready(luis)
    divided = leftover.divided(close, amina)
    shares = {share.person: share for share in Share.objects.filter(allocation=divided)}
    assert divided.reserve + divided.education + divided.members == close.surplus
    assert sum(share.cash + share.capital for share in shares.values()) == divided.members
    assert set(shares) >= {amina, luis, priya}
    assert payouts.ready(luis) - before == shares[luis].cash
    assert capital.held(luis) == shares[luis].capital
    assert 0 <= shares[luis].cash - (shares[luis].cash + shares[luis].capital) * Decimal("0.3") < Decimal("0.000001")
    assert ledger.balance(accounts.RESERVE) == divided.reserve
    assert ledger.balance(accounts.EDUCATION) == divided.education
    assert ledger.balance(accounts.surplus(close.period)) == 0
    assert not any(invariants.broken().values())


def test_shares_follow_paid_work(amina: Person, luis: Person) -> None:
    leftover.closed()
    leftover.work({amina: "30", luis: "10"})
    divided = leftover.divided(leftover.closed(), amina, reserve=0, education=0, members=10_000)
    whole = {share.person: share.cash + share.capital for share in divided.shares.all()}
    assert whole == {amina: Decimal("1.95"), luis: Decimal("0.65")}


@pytest.mark.parametrize("name", ["payments_worked", "payments_anybody_worked", "payments_pause_pay"])
def test_the_same_kinds_of_pay_are_work_wherever_it_is_asked(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [name])
        ((asks,),) = cursor.fetchall()
    kinds = re.search(r"t\.kind IN \(([\d, ]+)\)", asks)
    told = re.search(r"t\.kind IN \(([\d, ]+)\)", audited.WORKED)
    assert kinds
    assert told
    assert kinds[1] == told[1] == "5, 9, 10, 11, 24, 26, 28, 31"


def test_whoever_left_meanwhile_is_paid_all_at_once(amina: Person) -> None:
    somebody = members()[-1]
    leftover.work({amina: "30", somebody: "10"})
    close = leftover.closed()
    depart(somebody)
    share = leftover.divided(close, amina).shares.get(person=somebody)
    assert share.capital == 0 < share.cash


def test_where_nobody_worked_the_members_part_is_the_reserves(amina: Person, olga: Person) -> None:
    leftover.closed()
    leftover.work({olga: "30"})  # a client's person, no member
    divided = leftover.divided(leftover.closed(), amina)
    assert (divided.members, divided.shares.count()) == (0, 0)
    assert divided.reserve == Decimal("1.95") * 9 / 10


def test_a_second_vote_on_the_same_surplus_changes_nothing(amina: Person, luis: Person) -> None:
    leftover.work({amina: "30"})
    close = leftover.closed()
    first, second = leftover.published(leftover.said(close), amina), leftover.published(leftover.said(close), luis)
    cast_all(first, yes=40)
    cast_all(second, yes=40)
    at = reach(second.closes_at)
    for proposal in (first, second):
        voting.close(proposal, at=at)
    at = reach(second.locked_until)
    assert not mandates.enact(first.mandate, at=at).failure
    assert mandates.enact(second.mandate, at=at).failure
    assert close.allocation.mandate == first.mandate


@pytest.mark.parametrize(
    "facts",
    [{"reserve": 4001}, {"cash": 1999}, {"cash": 10_001}, {"members": -5000}, {"education": 1000.5}, {"replaces": 1},
     {"key": "quarter:2026-Q5"}, {"key": "quarter:2031-Q1"}, {"to": "the board"}, {"reserve": "4000"}],
)  # fmt: skip
def test_what_divides_no_closed_surplus_whole_cannot_be_proposed(amina: Person, facts: dict[str, object]) -> None:
    leftover.work({amina: "30"})
    close = leftover.closed()
    with pytest.raises(Refused):
        leftover.published(leftover.said(close, **facts), amina)


def test_the_ballot_says_who_gets_how_much(amina: Person, luis: Person, client: Browser) -> None:
    leftover.work({amina: "30", luis: "10"})
    close = leftover.closed()
    proposal = leftover.published(leftover.said(close), amina)
    assert proposal.rule.key == "N11"
    impact = json.loads(proposal.impact)
    assert Decimal(impact["surplus"]) == close.surplus
    assert Decimal(impact["cash"]) + Decimal(impact["capital"]) == Decimal(impact["members"])
    assert (impact["people"], impact["quarters"]) == (None, [])
    page = client.get(f"/votes/{proposal.pk}/").text
    assert "The surplus of quarter 4 of 2026: 40% to the reserve, 10% for education, 50% to members" in page
    assert "To members, as capital that is paid out when they leave" in page
    assert "fewer than five" in page
    words = policies.find("surplus").changes_for(luis, proposals.payload_of(proposal), clock.now())
    share = leftover.divided(close, luis).shares.get(person=luis)
    assert f"{share.cash.normalize():f}" in words


def test_a_surplus_is_proposed_by_a_form_that_says_what_is_wrong(
    amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    leftover.work({amina: "30"})
    close, browser = leftover.closed(), signed_in(amina)
    fields = {"quarter": close.period, "reserve": "40", "education": "10", "members": "40", "cash": "30",
              "title": "The surplus?", "text": "Why."}  # fmt: skip
    wrong = browser.post("/votes/new/surplus/", fields)
    assert "100 % together" in wrong.text
    tried = browser.post("/votes/new/surplus/check/", fields | {"members": "50"})
    assert "would be paid to you at once" in tried.text
    assert browser.post("/votes/new/surplus/", fields | {"members": "50"}).status_code == 302


def test_a_share_stands_among_ones_pay_and_ones_own_data(
    amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    leftover.work({amina: "30", luis: "10"})
    divided = leftover.divided(leftover.closed(), amina)
    lines = statements.entries(statements.lines(luis)[:1], luis)
    assert lines[0].words == "Your share of a surplus, paid at once"
    rows = own_data.of(luis)["payments.Share"]
    assert [row["allocation_id"] for row in rows] == [divided.pk]
    assert str(Close.objects.get(pk=divided.close_id)) == "2026-Q4"


def test_another_way_to_divide_stands_on_the_same_ballot(amina: Person, luis: Person) -> None:
    leftover.work({amina: "30", luis: "10"})
    close = leftover.closed()
    first = leftover.published(leftover.said(close), amina)
    other = leftover.said(close, reserve=0, members=9000)
    rival = proposals.draft_rival(first, payload=other, title="Or so?", text="Why.", by=luis, at=clock.now())
    proposals.publish(support(rival), by=luis, at=clock.now())
    cast_choices(first, ["2"] * 30)
    voting.close(first, at=reach(first.closes_at))
    at = reach(first.locked_until)
    voting.carry_on_all(at)
    close.refresh_from_db()
    assert close.allocation.mandate.proposal_id == rival.pk
    assert close.allocation.reserve == 0
