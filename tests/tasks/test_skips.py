"""Skips with pay: few, small, out of the care fund, and of what may upset alone."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from payments import accounts, invariants, ledger
from payments.models import Transfer
from tasks import claims, content, releases, reports, skips
from tasks.formats import card
from tasks.models import Assignment, AssignmentState, Job, PaidSkip
from tests.payments.test_attacks import POST, posting
from tests.tasks.conftest import SAME, make_job, payable, work

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]

PAY = Decimal("0.108")
SKIP = "INSERT INTO tasks_paidskip (assignment_id) VALUES (%s)"


@pytest.fixture
def fund(orbit: Client, olga: Person, luis: Person, priya: Person) -> Callable[..., None]:
    """Return a function that lets dear work fill the care fund, once other jobs are open: no later one pays less."""

    def fill(pay: int = 2000) -> None:
        dear = make_job(orbit, olga, title="Dear", tasks=1, overlap=2, pay=Decimal(pay))
        for one in (luis, priya):
            work(dear, one, SAME)
        assert ledger.balance(accounts.CARE) >= pay // 100

    return fill


@pytest.fixture
def hard(orbit: Client, olga: Person, amina: Person, fund: Callable[[], None]) -> Job:
    """Return a job that may upset, with money in the care fund and Amina's choice."""
    content.choose(amina, ["hate"], None, by=amina, at=clock.now())
    job = make_job(orbit, olga, tasks=20, content={"hate": "some"}, pay=PAY)
    fund()
    return job


def take(job: Job, who: Person) -> Assignment:
    return claims.claim_next(job, by=who, at=clock.now())


def skip(mine: Assignment) -> PaidSkip:
    return skips.skip(mine, by=mine.person, at=clock.now())


def test_the_care_fund_pays_a_skip_and_the_task_keeps_its_money(hard: Job, amina: Person, luis: Person) -> None:
    mine, had, care = take(hard, amina), payable(amina), ledger.balance(accounts.CARE)
    assert skip(mine).amount == PAY
    assert (payable(amina) - had, care - ledger.balance(accounts.CARE)) == (PAY, PAY)
    mine.refresh_from_db()
    assert mine.state == AssignmentState.SKIPPED
    content.choose(luis, ["hate"], None, by=luis, at=clock.now())
    assert take(hard, luis).task_id == mine.task_id
    assert not any(invariants.broken().values())
    assert Event.objects.get(kind="skips.paid").actor_id is None


def test_three_in_24_hours_and_ten_in_28_days(attack: Attack, hard: Job, amina: Person, later: Later) -> None:
    for _day in range(4):
        for _skip in range(3 if _day < 3 else 1):
            skip(take(hard, amina))
        mine = take(hard, amina)
        with pytest.raises(Refused, match="ten in 28 days"):
            skip(mine)
        attack(SKIP, [mine.pk], guard="paid_skips_are_few")
        claims.leave(mine, by=amina, at=clock.now())
        later(hours=24, seconds=1)
    later(days=28)
    assert skip(take(hard, amina)).amount == PAY


def test_a_dollar_is_the_most(orbit: Client, olga: Person, amina: Person, fund: Callable[[], None]) -> None:
    content.choose(amina, ["hate"], None, by=amina, at=clock.now())
    job = make_job(orbit, olga, content={"hate": "some"}, pay=Decimal(3))
    fund()
    assert skip(take(job, amina)).amount == 1


def test_a_fund_with_a_dollar_pays_the_most_of_a_dear_task(
    orbit: Client, olga: Person, amina: Person, fund: Callable[..., None]
) -> None:
    content.choose(amina, ["hate"], None, by=amina, at=clock.now())
    job = make_job(orbit, olga, content={"hate": "some"}, pay=Decimal(3))
    fund(150)
    assert 1 <= ledger.balance(accounts.CARE) < 3
    assert skip(take(job, amina)).amount == 1


def test_of_a_calm_job_only_what_was_reported_is_paid(
    attack: Attack, job: Job, fund: Callable[[], None], amina: Person
) -> None:
    fund()
    mine = take(job, amina)
    with pytest.raises(Refused, match="names nothing"):
        skip(mine)
    attack(SKIP, [mine.pk], guard="paid_skips_are_few")
    reports.report(mine, words="It shows a corpse.", by=amina, at=clock.now(), paid=True)
    assert PaidSkip.objects.get().amount == job.pay


def test_an_empty_fund_pays_none_and_the_skip_is_free_all_the_same(orbit: Client, olga: Person, amina: Person) -> None:
    content.choose(amina, ["hate"], None, by=amina, at=clock.now())
    mine = take(make_job(orbit, olga, content={"hate": "some"}, pay=PAY), amina)
    assert ledger.balance(accounts.CARE) < PAY
    with pytest.raises(Refused, match="care fund"):
        skip(mine)
    claims.skip(mine, by=amina, at=clock.now())


def test_no_money_moves_by_the_name_of_a_skip(attack: Attack, hard: Job, amina: Person, luis: Person) -> None:
    mine = take(hard, amina)
    paid = skip(mine)
    guard = "paid_skips_pay_who_skipped"
    for target, amount, ref in (
        (f"member:{luis.pk}:payable", 108_000, f"skip:{paid.pk}"),
        (f"member:{amina.pk}:payable", 1, "skip:1"),
    ):
        attack(POST, posting(41, "fund:care", target, amount, ref), guard=guard)
    assert Transfer.objects.filter(ref=f"skip:{paid.pk}").count() == 1


def test_what_is_written_down_is_paid(committed: None, attack: Attack, hard: Job, amina: Person) -> None:
    mine = take(hard, amina)
    attack(f"{SKIP}; SET CONSTRAINTS ALL IMMEDIATE".replace("%s", str(mine.pk)), guard="paid_skips_are_paid_at_once")


def test_an_older_view_pays_none(committed: None, attack_from_the_past: Attack, hard: Job, amina: Person) -> None:
    attack_from_the_past(SKIP, [take(hard, amina).pk], guard="paid_skips_are_few")


def test_the_page_offers_it(hard: Job, amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    browser, mine = signed_in(amina), take(hard, amina)
    assert "Skip with pay" in browser.get(f"/work/{mine.pk}/").text
    assert browser.post(f"/work/{mine.pk}/skip/", {"paid": "1"}).status_code == 302
    assert PaidSkip.objects.filter(assignment=mine).exists()


def test_a_certificate_tells_apart_what_funds_bore(hard: Job, amina: Person, luis: Person, olga: Person) -> None:
    skipped = skip(take(hard, amina)).amount
    content.choose(luis, ["hate"], None, by=luis, at=clock.now())
    given = [work(hard, luis, SAME) for _task in range(2)]
    version = releases.write(releases.ask(hard, by=olga, at=clock.now()), at=clock.now())
    paid = card.facts(version)["paid"]
    assert Decimal(paid["of_wages"]["skips"]) == Decimal(paid["of_funds"]) == skipped > 0
    assert Decimal(paid["wages"]) == skipped + sum(one.pay for one in given if one.state == "accepted")
    assert sum(map(Decimal, paid["of_wages"].values())) == Decimal(paid["wages"])
