"""Capital that members pay in, and interest on capital: theirs alone, voted, bounded, and out whole when they leave."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock, own_data
from coop.audit import surplus as audited
from coop.people.models import Person
from coop.refusals import Refused
from payments import accounts, capital, invariants, ledger, monthly, open_ledger, payouts, statements
from payments.models import Allocation, Close, Contribution, Interest
from payments.policies import SurplusDivision
from tests.governance.conftest import depart
from tests.payments import leftover
from tests.payments.conftest import owning
from tests.payments.test_attacks import POST, posting
from tests.payments.test_capital import holder as _holder

holder = _holder  # the fixture of somebody who may leave

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]

PAY_IN = "INSERT INTO payments_contribution (person_id, amount, at) VALUES (%s, %s, coop_now())"


@pytest.fixture
def close(amina: Person, luis: Person) -> Close:
    """Return a closed quarter that left 13 over; Amina had 100 of capital before it began, Luis paid in during it."""
    leftover.work({amina: "200"})
    capital.pay_in(amina, Decimal(100), by=amina, at=clock.now())
    closed()
    leftover.work({amina: "100", luis: "100"})
    capital.pay_in(luis, Decimal(50), by=luis, at=clock.now())
    return closed()


def closed() -> Close:
    """Close the running quarter, as a transaction of its own would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        close = leftover.closed()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return close


def divided(close: Close, by: Person, interest: int, **shares: Any) -> Allocation:
    return leftover.divided(close, by, interest=interest, **shares)


def test_a_member_pays_in_what_they_earned(amina: Person) -> None:
    leftover.work({amina: "10"})
    ready = payouts.ready(amina)
    paid = capital.pay_in(amina, Decimal("2.50"), by=amina, at=clock.now())
    assert (payouts.ready(amina), capital.held(amina)) == (ready - paid.amount, Decimal("2.50"))
    (told,) = statements.entries(statements.lines(amina)[:1], amina)
    assert (told.words, told.amount) == ("Paid into your capital", Decimal("-2.50"))
    month = monthly.statement(amina, open_ledger.Month.of(clock.now()))
    assert [(out.words, out.amount) for out in month.payouts] == [("Paid into your capital", Decimal("-2.50"))]
    assert month.earned == month.after - month.before + Decimal("2.50")
    assert monthly.months(amina)[0].paid_out == Decimal("2.50")
    assert [row["person_id"] for row in own_data.of(amina)["payments.Contribution"]] == [amina.pk]
    assert not any(invariants.broken().values())


def test_only_members_pay_in_and_only_what_is_theirs(
    holder: Person,
    amina: Person,
    newcomer: Person,
    attack: Attack,
) -> None:
    at, cent, guard = clock.now(), Decimal("0.01"), "capital_is_paid_in_by_its_member"
    for person, by, amount in ((amina, holder, cent), (newcomer, newcomer, cent), (amina, amina, Decimal(10_000))):
        with pytest.raises(Refused):
            capital.pay_in(person, amount, by=by, at=at)
    for person, micro in ((newcomer, 10_000), (amina, 0), (amina, -10_000), (amina, 10_001)):
        attack(PAY_IN, [person.pk, micro], guard=guard)
    depart(holder)
    attack(PAY_IN, [holder.pk, 10_000], guard=guard)
    with owning():
        attack(PAY_IN, [holder.pk, 10_000], guard=guard)


def test_what_is_paid_in_moves_in_the_same_act(amina: Person, luis: Person, attack: Attack) -> None:
    leftover.work({amina: "10", luis: "10"})
    with connection.cursor() as cursor:
        cursor.execute(PAY_IN, [amina.pk, 1_000_000])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="contribution_is_posted")
    ref, guard = f"contribution:{Contribution.objects.get().pk}", "capital_goes_to_its_member"
    mine, other = accounts.payable(amina.pk), accounts.payable(luis.pk)
    attack(POST, posting(22, mine, accounts.capital(amina.pk), 1_000_001, ref), guard=guard)
    attack(POST, posting(22, mine, accounts.capital(amina.pk), 1_000_000, "redemption:0"), guard=guard)
    attack(POST, posting(22, other, accounts.capital(luis.pk), 1_000_000, ref), guard=guard)
    attack(POST, posting(22, other, accounts.capital(amina.pk), 1_000_000, ref), guard="posting_kind_allows_it")
    for change in ("UPDATE payments_contribution SET amount = 1", "DELETE FROM payments_interest"):
        attack(change, guard="permission denied")


def test_who_leaves_is_paid_what_they_paid_in(holder: Person) -> None:
    kept, ready = capital.held(holder), payouts.ready(holder)
    capital.pay_in(holder, Decimal("0.10"), by=holder, at=clock.now())
    at = depart(holder)
    assert capital.redeem_due(at=at) == 1
    assert (capital.held(holder), payouts.ready(holder)) == (Decimal(0), ready + kept)


def test_interest_is_paid_on_what_was_there_when_the_quarter_began(close: Close, amina: Person, luis: Person) -> None:
    before = {who: capital.held(who) for who in (amina, luis)}
    done = divided(close, amina, 400, reserve=10_000, education=0, members=0)
    (paid,) = Interest.objects.all()
    assert (paid.person, paid.held, paid.amount, done.interest) == (amina, 100, 1, 1)
    assert (capital.held(amina), capital.held(luis)) == (before[amina] + 1, before[luis])
    assert done.reserve == close.surplus - 1
    assert ledger.balance(accounts.surplus(close.period)) == 0
    assert not any(invariants.broken().values())
    assert not list(audited.walk(lambda _n: None))
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_interest DISABLE TRIGGER USER")
        cursor.execute("UPDATE payments_interest SET amount = 2 * amount")
    assert "pays interest of 2" in str(list(audited.walk(lambda _n: None)))


def test_interest_and_a_share_become_capital_together(close: Close, amina: Person) -> None:
    before = capital.held(amina)
    done = divided(close, amina, 800)
    share = done.shares.get(person=amina)
    assert done.interest == 2
    assert capital.held(amina) == before + share.capital + 2
    assert done.reserve + done.education + done.members + done.interest == close.surplus
    assert not any(invariants.broken().values())


def test_a_vote_that_says_nothing_of_interest_pays_none(close: Close, amina: Person) -> None:
    assert SurplusDivision().impact(leftover.said(close), clock.now())["interest"] == "0"
    assert not divided(close, amina, 0).interests.exists()


@pytest.mark.parametrize("interest", [801, -1, "400", 1.5, None])
def test_interest_is_eight_per_cent_at_most(close: Close, amina: Person, interest: object) -> None:
    with pytest.raises(Refused, match="interest on capital"):
        leftover.drafted(leftover.said(close, interest=interest), amina)


def test_who_has_left_by_then_gets_no_interest(amina: Person, holder: Person) -> None:
    leftover.work({amina: "100"})
    closed()
    leftover.work({amina: "100"})
    close = closed()
    depart(holder)
    capital.redeem_due(at=clock.now())
    done = divided(close, amina, 800, reserve=10_000, education=0, members=0)
    assert [one.person for one in done.interests.all()] == [amina]


def test_interest_is_no_more_than_a_quarter_left(amina: Person) -> None:
    leftover.work({amina: "10000"})
    capital.pay_in(amina, Decimal(9000), by=amina, at=clock.now())
    closed()
    leftover.work({amina: "10"})
    close = closed()
    with pytest.raises(Refused):
        leftover.drafted(leftover.said(close, interest=800), amina)
    assert leftover.drafted(leftover.said(close, interest=1), amina)


def test_the_pages_tell_of_capital_and_interest(
    close: Close, amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    draft = leftover.said(close, interest=400)
    assert "interest of 4% a year" in SurplusDivision().describe(draft)
    assert "kept for you" in SurplusDivision().changes_for(amina, draft, clock.now())
    divided(close, amina, 400)
    browser = signed_in(amina)
    page = browser.get("/pay/").text
    assert f"Interest for {close.period}" in page
    assert "US$\u00a01.00" in page
    assert "of interest on members' capital" in Browser().get("/ledger/").text.replace("&#x27;", "'")
    assert browser.post("/pay/capital/", {"amount": "1"}).status_code == 200
    assert browser.post("/pay/capital/", {"amount": "1", "known": "on"}).status_code == 302
    assert "US$" in browser.post("/pay/capital/", {"amount": "99999", "known": "on"}).text
    assert Contribution.objects.filter(person=amina).count() == 2
