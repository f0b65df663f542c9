"""What members are owed beside payouts: told to them with why, and to everybody once it is late, saying of nobody."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from governance import cases
from governance.models import CaseGround, Measure, Office, Said
from payments import accounts, entitlements, ledger, open_ledger, owing, post_pay
from payments.open_ledger import Month
from payments.owing import LateSum
from tests.governance import charging
from tests.governance.conftest import reach
from tests.money_in import endow
from tests.payments import leftover
from tests.payments.test_budgets import in_force
from tests.payments.test_entitlements import average, pause
from tests.payments.test_hearings import reversed_on_appeal
from tests.payments.test_proof import touch

pytestmark = pytest.mark.django_db

type Earn = Callable[[Person, str], int]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]


def late(since: datetime) -> list[tuple[str, int | None, Decimal | None]]:
    """Return what the public reads of the month of a moment."""
    told = open_ledger.told(Month.of(since), at=clock.now()).owed
    return [(one.fund, one.people, one.amount) for one in told]


def words(browser: Browser, address: str) -> str:
    return " ".join(browser.get(address).text.split())


def test_five_seats_unpaid_for_73_hours_are_late_and_for_71_are_not(
    amina: Person, samuel: Person, teresa: Person, later: Later, client: Browser
) -> None:
    case = charging.charge(amina, samuel)
    panel = case.panels.get()
    seats = charging.seat(panel, amina, teresa)
    cases.say(case, kind=Said.REPLY, text="I did it alone.", by=amina, at=clock.now())
    charging.agree(panel, charging.finding(case))
    (mine,) = owing.to(seats[0].person)
    assert (mine.kind, mine.fund, mine.amount) == ("panel", "hearing", Decimal(12))
    later(hours=71)
    assert late(mine.since) == []
    later(hours=2)
    assert late(mine.since) == [("hearing", 5, Decimal(60))]
    month = Month.of(mine.since)
    assert "The fund for hearings" in words(client, f"/ledger/?month={month}")
    said = json.loads(client.get(f"/ledger/{month}.json").content)["rows"]
    row = next(row for row in said if row["part"] == "owed")
    assert (row["item"], row["people"], row["amount"]) == ("hearing", 5, "60")
    assert f"{month},owed,hearing,5,60" in client.get(f"/ledger/{month}.csv").content.decode()
    assert entitlements.settle(at=clock.now()) == 5
    assert late(mine.since) == []
    assert owing.to(seats[0].person) == []


def test_what_the_fund_for_hearings_cannot_pay_stands_on_my_pay(
    earn: Earn, amina: Person, later: Later, orbit: Client, treasurer: Office, signed_in: SignedIn
) -> None:
    rich = ledger.balance(accounts.HEARING) * 50
    endow(orbit, amount=rich, reference="G-8", by=treasurer, at=clock.now())
    earn(amina, str(rich))
    later(hours=1)
    began = pause(amina).starts_at
    later(hours=72)
    assert [(one.kind, one.amount) for one in owing.to(amina)] == [("paused", average(str(rich), 72))]
    page = words(signed_in(amina), "/pay/")
    assert "Owed to you" in page
    assert "The fund for hearings does not reach it yet." in page
    later(hours=1)
    # One person's sum is never told, however it is rounded.
    assert late(began) == [("hearing", None, None)]
    assert "Nothing else that fell due" not in words(signed_in(amina), f"/ledger/?month={Month.of(began)}")


def test_back_pay_is_owed_from_the_decision_that_undid_the_measure(
    earn: Earn, amina: Person, samuel: Person, teresa: Person, later: Later
) -> None:
    earn(amina, "9.1")
    decision = charging.decide(
        amina, samuel, teresa, ground=CaseGround.DATA_TAKEN, measure=Measure.PAUSE, scope="work", days=30
    )
    later(days=17)
    before = clock.now()
    reversed_on_appeal(decision, amina, teresa)
    found = [one for one in owing.to(amina) if one.kind == "back_pay"]
    assert [before < one.since <= clock.now() for one in found] == [True]
    touch(
        "governance_panel",
        "UPDATE governance_panel SET decide_by = decide_by - interval '60 days' WHERE stage = 'appeal'",
    )
    due = decision.case.panels.get(stage="appeal").decide_by
    assert [one.since for one in owing.to(amina) if one.kind == "back_pay"] == [due]


def test_a_post_is_owed_from_the_end_of_its_month(amina: Person, teresa: Person, petra: Person) -> None:
    in_force(amina, posts={"treasurer": 3_100_000, "secretary": 2_000_001})
    first = Month.of(clock.now())
    reach(first.after + timedelta(hours=74))
    assert post_pay.settle(at=clock.now()) == 0
    assert [(one.kind, one.since, one.amount) for one in owing.to(teresa)] == [("post", first.after, Decimal("3.1"))]
    assert [(one.kind, one.since) for one in owing.to(petra)] == [("post", first.after)]
    assert late(first.after) == [("posts", None, None)]
    leftover.work({amina: "100"})
    assert post_pay.settle(at=clock.now()) == 2
    assert owing.to(teresa) == []


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], []),
        ([["floor", 5, 20_000_001]], [("floor", 5, 30)]),
        ([["floor", 4, 20_000_000]], [("floor", None, None)]),
        ([["posts", 2, 9_000_000], ["floor", 4, 1]], [("several", None, None)]),
        ([["posts", 2, 9_000_000], ["floor", 5, 12_000_000]], [("several", None, 30)]),
        (
            [["posts", 2, 9_000_000], ["hearing", 6, 1_000_000], ["floor", 9, 12_000_000]],
            [("floor", 9, 20), ("several", None, 10)],
        ),
    ],
)
def test_sums_of_few_are_merged_and_all_are_rounded_up(
    rows: list[object], told: list[tuple[str, int | None, int | None]]
) -> None:
    assert owing.told(json.dumps(rows)) == [
        LateSum(fund, people, None if amount is None else Decimal(amount)) for fund, people, amount in told
    ]
