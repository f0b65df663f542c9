"""A raise that the reserve pays: voted by all, set aside at once, paid to who did the work, never beyond the vote."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.audit import budgets
from coop.people.models import Person
from coop.refusals import Refused
from governance import mandates
from governance.models import Mandate
from payments import accounts, invariants, ledger, open_ledger, raises, statements
from payments.models import Raise, Transfer, WorkType
from payments.open_ledger import Month
from payments.policies import ReserveRaise
from payments.surplus import SETTLED, Quarter
from tests.governance.conftest import reach, support
from tests.payments import leftover
from tests.payments.conftest import owning
from tests.payments.test_attacks import POST, posting

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]
type Paid = Callable[[Person], Decimal]

WRITE = """INSERT INTO payments_raise (work_type_id, period, amount, most, mandate_id, at)
    VALUES (%s, %s, %s, %s, %s, coop_now())"""
ENACT = "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, coop_now(), %s)"


@pytest.fixture
def reserve(amina: Person) -> Decimal:
    """Return what the reserve holds once a quarter's surplus went into it."""
    leftover.work({amina: "100"})
    leftover.divided(leftover.closed(), amina, reserve=10_000, education=0, members=0)
    return ledger.balance(accounts.RESERVE)


def coming() -> Quarter:
    return Quarter.of(Quarter.of(clock.now()).after)


def payload(quarter: Quarter | None = None, **said: Any) -> dict[str, Any]:
    kind = WorkType.objects.get(slug="product-match")
    sums = {"amount": 20_000, "most": 1_000_000}
    return {"key": f"work_type:{kind.pk}", "period": str(quarter or coming()), **sums, "replaces": 0, **said}


def voted(by: Person, **said: Any) -> Mandate:
    return leftover.voted(payload(**said), by, policy="reserve_raise")


def raised(by: Person, **said: Any) -> Raise:
    """Vote a raise for the next quarter, carry it out, and let that quarter begin."""
    enactment = mandates.enact(voted(by, **said), at=clock.now())
    assert not enactment.failure
    voted_now = Raise.objects.get()
    reach(Quarter.of(clock.now()).after)
    return voted_now


def over(one: Raise) -> None:
    reach(Quarter.named(one.period).after + SETTLED)


def payable(person: Person) -> Decimal:
    return ledger.balance(accounts.payable(person.pk))


def test_a_raise_is_set_aside_and_paid_when_its_quarter_is_over(
    reserve: Decimal, paid: Paid, amina: Person, priya: Person
) -> None:
    one = raised(amina)
    assert ledger.balance(accounts.RESERVE) == reserve - 1
    for who in (amina, amina, priya):
        paid(who)
    assert raises.settle(at=clock.now()) == 0
    over(one)
    before = {who: payable(who) for who in (amina, priya)}
    assert raises.settle(at=clock.now()) == 1
    assert [payable(who) - before[who] for who in (amina, priya)] == [Decimal("0.04"), Decimal("0.02")]
    assert ledger.balance(accounts.RESERVE) == reserve - Decimal("0.06")
    assert ledger.balance(accounts.for_raise(one.pk)) == 0
    assert (raises.settle(at=clock.now()), raises.pay(one.pk, at=clock.now())) == (0, False)
    (told,) = statements.entries(statements.lines(amina)[:1], amina)
    assert (told.words, told.amount) == ("A raise from the reserve", Decimal("0.04"))
    assert not any(invariants.broken().values())


def test_more_answers_than_were_paid_for_share_it(reserve: Decimal, paid: Paid, amina: Person, priya: Person) -> None:
    one = raised(amina, most=50_001)
    assert one.reaches == 2
    for who in (amina, amina, priya):
        paid(who)
    over(one)
    before = {who: payable(who) for who in (amina, priya)}
    raises.settle(at=clock.now())
    assert [payable(who) - before[who] for who in (amina, priya)] == [Decimal("0.033334"), Decimal("0.016667")]


def test_without_any_work_all_of_it_returns(reserve: Decimal, amina: Person) -> None:
    one = raised(amina)
    over(one)
    assert raises.settle(at=clock.now()) == 1
    assert ledger.balance(accounts.RESERVE) == reserve
    month = open_ledger.figures(Month.of(clock.now()))
    assert [flow.name for flow in month.flows] == ["received", "concealed"]


@pytest.mark.parametrize(
    "facts", [{"amount": 0}, {"amount": "2"}, {"amount": 2_000_000}, {"most": 10**12}, {"period": "2026-Q1"},
              {"period": "2031-Q1"}, {"period": None}, {"key": "work_type:0"}, {"replaces": 1}, {"more": 1}],
)  # fmt: skip
def test_what_is_no_raise_cannot_be_proposed(reserve: Decimal, amina: Person, facts: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        leftover.drafted(payload(**facts), amina, policy="reserve_raise")


def test_work_for_the_house_has_its_own_funds(reserve: Decimal, amina: Person) -> None:
    for slug in ("onboarding", "panel", "dispute"):
        own = f"work_type:{WorkType.objects.get(slug=slug).pk}"
        assert ReserveRaise().problems(payload(key=own))


def test_a_raise_that_the_reserve_cannot_pay_any_more_fails_whole(reserve: Decimal, amina: Person) -> None:
    first = voted(amina, most=6_000_000)
    second = leftover.published(
        payload(coming()) | {"key": f"work_type:{WorkType.objects.get(slug='compare-answers').pk}"}, amina,
        policy="reserve_raise",
    )  # fmt: skip
    assert second.published_at
    assert not mandates.enact(first, at=clock.now()).failure
    assert ReserveRaise().problems(payload())
    assert ReserveRaise().problems(payload(key=f"work_type:{WorkType.objects.get(slug='compare-answers').pk}"))


def test_a_raise_is_what_its_vote_said(reserve: Decimal, amina: Person, attack: Attack) -> None:
    mandate, said = voted(amina), payload()
    work, period = int(said["key"].partition(":")[2]), said["period"]
    guard, founding = "raise_is_what_the_vote_said", Mandate.objects.get(proposal=None)
    other = WorkType.objects.get(slug="compare-answers").pk
    for facts in (
        [work, period, 20_001, 1_000_000, mandate.pk], [work, period, 20_000, 999_999, mandate.pk],
        [other, period, 20_000, 1_000_000, mandate.pk], [work, "2027-Q4", 20_000, 1_000_000, mandate.pk],
        [work, period, 20_000, 1_000_000, founding.pk],
    ):  # fmt: skip
        attack(WRITE, facts, guard=guard)
    attack(ENACT, [mandate.pk, ""], guard="enactment_wrote_the_raise")
    attack(ENACT, [mandate.pk, "not convenient"], guard="enactment_wrote_the_raise")
    with owning():
        attack(WRITE, [work, period, 20_001, 1_000_000, mandate.pk], guard=guard)


def test_a_vote_on_a_raise_follows_its_rule(reserve: Decimal, amina: Person, attack: Attack) -> None:
    draft = support(leftover.drafted(payload(), amina, policy="reserve_raise"))
    for change in ("rule_id = (SELECT id FROM governance_rule WHERE key = 'N14')", "subject = 'work_type:1'"):
        statement = f"UPDATE governance_proposal SET published_at = coop_now(), {change} WHERE id = %s"
        attack(statement, [draft.pk], guard="a_reserve_raise_is_voted_by_its_rule")


def test_a_raise_goes_where_it_was_voted(reserve: Decimal, paid: Paid, amina: Person, attack: Attack) -> None:
    mandate, said, guard = voted(amina), payload(), "raises_move_as_voted"
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [said["key"].partition(":")[2], said["period"], 20_000, 1_000_000, mandate.pk])
    one, source = Raise.objects.get(), accounts.RESERVE
    pot, mine = accounts.for_raise(one.pk), accounts.payable(amina.pk)
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="raise_is_set_aside")
    attack(POST, posting(37, source, pot, 999_999, f"raise:{one.pk}"), guard=guard)
    attack(POST, posting(37, source, pot, 1_000_000, "raise:0"), guard=guard)
    ledger.post(
        ledger.Line(37, source, pot, one.most, f"raise:{one.pk}", f"raise:{one.pk}"), journal="r", at=clock.now()
    )
    reach(Quarter.of(clock.now()).after)
    paid(amina)
    attack(POST, posting(38, pot, mine, 20_000, f"raise:{one.pk}"), guard=guard)
    over(one)
    attack(POST, posting(38, pot, mine, 20_000, f"raise:{one.pk}"), guard=guard)
    attack(POST, posting(38, pot, source, 1_000_000, f"raise:{one.pk}"), guard=guard)
    attack(POST, posting(38, pot, mine, 1_000_000, f"raise:{one.pk}"), guard=guard)
    assert raises.pay(one.pk, at=clock.now())
    assert Transfer.objects.filter(kind=38).count() == 2


def test_a_raise_is_proposed_by_a_form_and_shown_on_the_rate_card(
    reserve: Decimal, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    said = payload()
    fields = {
        "work_type": said["key"].partition(":")[2], "quarter": said["period"], "amount": "0.02", "most": "1",
        "title": "A raise?", "text": "Why.",
    }  # fmt: skip
    browser = signed_in(amina)
    tried = browser.post("/votes/new/reserve_raise/check/", fields).text
    assert "US$\u00a00.02 on top for each answer" in tried
    assert "Set aside from the reserve" in tried
    assert browser.post("/votes/new/reserve_raise/", fields).status_code == 302
    raised(amina)
    assert "On top, from the reserve: US$\u00a00.02" in Browser().get("/rates/product-match/").text
    assert "Set aside for a raise" in Browser().get("/ledger/").text


def test_what_it_would_have_been_is_told_to_each(reserve: Decimal, paid: Paid, amina: Person, priya: Person) -> None:
    paid(amina)
    policy, at = ReserveRaise(), clock.now()
    assert policy.changes_for(amina, payload(), at) == "US$\u00a00.02 more for all that you did in the last 91 days."
    assert policy.changes_for(priya, payload(), at) == ""
    told = policy.impact(payload(), at)
    assert (told["units"], told["cost"]) == (None, None)
    assert "not told, as it concerns fewer than five people" in dict(policy.impact_lines(told)).values()


def test_an_audit_finds_a_raise_that_no_vote_made(reserve: Decimal, amina: Person) -> None:
    one = raised(amina)
    assert not list(budgets.walk(lambda _n: None))
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_raise DISABLE TRIGGER USER")
        cursor.execute("UPDATE payments_raise SET most = most * 2")
    (found,) = budgets.walk(lambda _n: None)
    assert str(found).startswith(f"payments_raise {one.pk}")
