"""Posts are paid what the budget said when the month began, for the days they were held, by time alone."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import resigning
from governance.models import Office
from payments import accounts, budgets, invariants, ledger, post_pay, statements
from payments.ledger import Kind, Line
from payments.open_ledger import Month
from payments.surplus import Quarter
from tests.governance.conftest import reach
from tests.payments import leftover
from tests.payments.test_attacks import POST, posting
from tests.payments.test_budgets import in_force

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]

PAY = {"treasurer": 3_100_000, "secretary": 2_000_001}


@pytest.fixture
def month(amina: Person) -> Month:
    """Return the first month of a quarter whose budget pays two posts; it is over, and fees have come in."""
    in_force(amina, posts=PAY)
    first = Month.of(clock.now())
    leftover.work({amina: "100"})
    reach(first.after)
    return first


def payable(person: Person) -> Decimal:
    return ledger.balance(accounts.payable(person.pk))


def test_a_month_that_is_over_is_paid_once(month: Month, teresa: Person, petra: Person) -> None:
    before = {who: payable(who) for who in (teresa, petra)}
    assert post_pay.settle(at=clock.now()) == 2
    assert payable(teresa) - before[teresa] == Decimal("3.1")
    assert payable(petra) - before[petra] == Decimal("2.000001")
    assert (post_pay.settle(at=clock.now()), post_pay.owed()) == (0, [])
    assert [(one.post, one.holders, one.amount) for one in post_pay.paid(str(month))] == [
        ("secretary", 1, Decimal("2.000001")), ("treasurer", 1, Decimal("3.1")),
    ]  # fmt: skip
    assert budgets.unspent(Quarter.of(clock.now())) == Decimal("6.5") - Decimal("5.100001")
    (told,) = statements.entries(statements.lines(teresa)[:1], teresa)
    assert (told.words, told.amount, told.payout) == ("Pay for your post", Decimal("3.1"), None)
    close = leftover.closed()
    assert close.expenses == Decimal("5.100001")
    assert ledger.balance(accounts.expense("posts")) == 0
    assert not any(invariants.broken().values())


def test_nothing_is_owed_before_the_month_is_over(amina: Person) -> None:
    in_force(amina, posts=PAY)
    assert post_pay.owed() == []
    reach(Month.of(clock.now()).after - timedelta(hours=1))
    assert post_pay.owed() == []


def test_who_resigned_is_paid_for_the_days_until_then(amina: Person, petra: Person) -> None:
    in_force(amina, posts=PAY)
    first = Month.of(clock.now())
    office = Office.objects.get(person=petra, post="secretary")
    at = reach(first.first + timedelta(days=9, hours=20))
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_in_office(%s, %s)", [office.pk, at])
        assert cursor.fetchone() == (True,)
    resigned(petra, at)
    reach(first.after)
    (owed,) = (one for one in post_pay.owed() if one.office_id == office.pk)
    days = (first.after - first.first).days
    assert owed.amount == Decimal(2_000_001 * 17 // days) / 1_000_000, "ten days and the seven of the notice"


def resigned(person: Person, at: datetime) -> None:
    notice = resigning.give_notice(person, pressure="none", at=at)
    resigning.leave_due(reach(notice.due_at))


def test_fees_that_do_not_reach_leave_it_owed(amina: Person, teresa: Person) -> None:
    in_force(amina, posts=PAY)
    first = Month.of(clock.now())
    leftover.work({amina: "50"})
    reach(first.after)
    assert post_pay.settle(at=clock.now()) == 1
    (left,) = post_pay.owed()
    leftover.work({amina: "50"})
    assert post_pay.settle(at=clock.now()) == 1
    assert post_pay.owed() == []
    assert left.amount in {Decimal("3.1"), Decimal("2.000001")}


def test_a_later_version_does_not_reach_back(month: Month, amina: Person, teresa: Person) -> None:
    quarter = Quarter.of(clock.now())
    said = leftover.budget_of(quarter, replaces=1, posts={"treasurer": 9_000_000})
    assert budgets.in_force(quarter) is not None
    with connection.cursor() as cursor:
        office = Office.objects.get(person=teresa, post="treasurer")
        cursor.execute("SELECT payments_post_pay(%s, %s)", [office.pk, str(month)])
        assert cursor.fetchone() == (3_100_000,)
        cursor.execute("SELECT payments_budget_open(%s::jsonb)", [json.dumps(said)])
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize(
    "posts", [{"king": 5}, {"treasurer": 0}, {"treasurer": -5}, {"treasurer": "5"}, {"treasurer": 1.5}, [], None, "x"]
)
def test_what_is_no_pay_of_a_post_cannot_be_proposed(amina: Person, posts: Any) -> None:
    quarter = Quarter.of(Quarter.of(clock.now()).after)
    with pytest.raises(Refused):
        leftover.published(leftover.budget_of(quarter, posts=posts), amina, policy="budget")


def test_nobody_pays_a_post_more_or_to_another_or_early(
    month: Month, teresa: Person, petra: Person, attack: Attack
) -> None:
    office = Office.objects.get(person=teresa, post="treasurer")
    ref, source, guard = f"office:{office.pk}:{month}", accounts.expense("posts"), "posts_are_paid_as_voted"
    mine, other = accounts.payable(teresa.pk), accounts.payable(petra.pk)
    for facts in (
        (40, source, mine, 3_100_001, ref), (40, source, other, 3_100_000, ref),
        (40, accounts.expense("hosting"), mine, 3_100_000, ref),
        (40, source, mine, 3_100_000, f"office:{office.pk}:{Month.of(month.after)}"),
        (40, source, mine, 3_100_000, f"office:{office.pk}:2026-13"), (40, source, mine, 3_100_000, "office:x:y"),
    ):  # fmt: skip
        attack(POST, posting(*facts), guard=guard)


def test_a_second_key_does_not_pay_a_month_again(month: Month) -> None:
    one = post_pay.owed()[0]
    post_pay.settle(at=clock.now())
    line = Line(Kind.POST_PAY, accounts.expense("posts"), accounts.payable(one.person_id), one.amount, "again", one.ref)
    with pytest.raises(IntegrityError, match="facts_are_posted_once"):
        ledger.post(line, journal="again", at=clock.now())


def test_everybody_reads_what_posts_were_paid(month: Month, client: Browser) -> None:
    page = client.get(f"/ledger/?month={month}").content.decode()
    assert "No post was paid for this month" in page
    post_pay.settle(at=clock.now())
    page = client.get(f"/ledger/?month={month}").content.decode().replace("\u00a0", " ")
    assert "treasurer" in page
    assert "US$ 3.10" in page
    assert "3.10 a month" in page
    files = [client.get(f"/ledger/{month}.{form}") for form in ("csv", "json")]
    assert f"{month},post,treasurer,1,3.1,USD," in files[0].content.decode().replace("3.100000", "3.1")
    said = {row["item"]: row["amount"] for row in files[1].json()["rows"] if row["part"] == "post"}
    assert said["treasurer"] == "3.1"


def test_the_propose_page_asks_for_each_post(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    browser = signed_in(amina)
    page = browser.get("/votes/new/budget/").content.decode()
    assert 'name="post_safety_officer"' in page
