"""A job's deposit for the hourly floor: in its price, paid out before the fund's money, back when nobody needs it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import accounts, escrow, guarantee, invariants, ledger, owing
from payments.models import Account, Kind, TopUp, TopUpPart, Transfer
from payments.money import to_micro
from payments.policies import impacts
from tasks import jobs, releases
from tasks.formats import card
from tasks.models import Job, ReviewRule
from tests.payments.correcting import take_back
from tests.payments.test_entitlements import average, pause
from tests.tasks import orders
from tests.tasks.conftest import payable
from tests.tasks.test_guarantee import KENYA, give, next_monday, work
from tests.tasks.test_instruments import decided

type Attack = Callable[..., None]
__all__ = ["decided"]

POST = """INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
VALUES (gen_random_uuid(), gen_random_uuid(), %s, %s, %s, %s, %s, coop_now())"""
TENTH = Decimal("0.108")  # of the wages of four tasks with three answers each at 9 cents


@pytest.fixture
def monday(decided: Callable[..., None]) -> datetime:
    """Let Kenya have a floor of ten dollars an hour, every job a deposit of a tenth, and a week begin."""
    decided(*KENYA)
    decided(Kind.DEPOSIT, "", {"share": 1_000})
    return next_monday()


@pytest.fixture
def slow(monday: datetime, orbit: Client, olga: Person) -> Job:
    """Return a job at which the tests take longer than the floor allows."""
    return orders.opened(orbit, olga, review_rule=ReviewRule.PEER)


def account(code: str) -> int:
    return Account.objects.get_or_create(code=code, currency="USD")[0].pk


def reckoned() -> int:
    """Let the week end, count it, and return how many payments that made."""
    next_monday()
    return guarantee.settle(at=clock.now())


def test_the_deposit_is_a_line_of_its_own_in_the_price(
    monday: datetime, orbit: Client, olga: Person, signed_in: Callable[[Person], Browser], attack: Attack
) -> None:
    job = orders.draft(orbit, olga)
    orders.send(job, orders.rows_of(4))
    orders.deposit(orbit, "10")
    quote = jobs.price(job)
    assert quote.floor == TENTH
    assert quote.total == quote.wages + quote.fee + quote.checks + TENTH == jobs.missing(job)
    page = signed_in(olga).get(f"/c/{orbit.slug}/jobs/{job.pk}/").text
    assert "Deposit for the hourly floor" in page
    assert "US$\N{NO-BREAK SPACE}0.108" in page
    # All money for the answers, and no deposit: it stays a draft.
    escrow.fund(job.pk, quote.total - TENTH, orbit, 1, by=olga, at=clock.now())
    with pytest.raises(Refused, match=r"0\.108 is missing"):
        jobs.open(job, by=olga, at=clock.now())
    attack("UPDATE tasks_job SET opened_at = coop_now() WHERE id = %s", [job.pk], guard="job_opens_with_its_deposit")
    before = escrow.available(orbit)
    for _repeated in range(2):
        jobs.fund(job, by=olga, at=clock.now())
    assert escrow.available(orbit) == before - TENTH
    assert (escrow.deposited(job.pk), jobs.missing(job)) == (TENTH, Decimal(0))
    assert jobs.open(job, by=olga, at=clock.now()).opened_at


def test_a_raise_deposits_the_difference(slow: Job, olga: Person, attack: Attack) -> None:
    raised = jobs.raise_pay(slow, pay=Decimal("0.18"), by=olga, at=clock.now())
    assert escrow.deposited(raised.pk) == 2 * TENTH
    attack("UPDATE tasks_job SET pay = pay + 1000 WHERE id = %s", [slow.pk], guard="job_opens_with_")


def test_the_jobs_that_made_a_week_lack_pay_by_the_time_at_each(
    slow: Job, orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    also, quick = (orders.opened(orbit, olga, title=title, review_rule=ReviewRule.PEER) for title in ("B", "C"))
    for job, seconds in ((slow, 80), (also, 60), (quick, 20)):
        work(job, amina, seconds, luis)
    assert reckoned() == 2
    # 10 x 160 / 3600 rounded up, less 27 cents, divided by 80 : 60; the quick job made more than the floor.
    parts = {part.job: part.amount for part in TopUpPart.objects.all()}
    assert parts == {slow.pk: Decimal("0.099683"), also.pk: Decimal("0.074762")}
    assert escrow.deposited(slow.pk) == TENTH - parts[slow.pk]
    assert escrow.deposited(quick.pk) == TENTH
    (week,) = guarantee.weeks(amina)
    assert (week.amount, week.paid) == (Decimal("0.174445"), True)
    assert payable(amina) == Decimal("0.27") + week.amount
    assert not any(invariants.broken().values())


def test_what_a_deposit_paid_on_top_stands_in_the_certificate_of_its_job(
    slow: Job, olga: Person, amina: Person, luis: Person
) -> None:
    work(slow, amina, 50, luis)
    reckoned()
    release = releases.write(releases.ask(slow, by=olga, at=clock.now()), at=clock.now())
    paid = card.facts(release)["paid"]
    assert Decimal(paid["of_wages"]["top_ups"]) == TopUpPart.objects.get(job=slow.pk).amount > 0
    assert Decimal(paid["wages"]) == sum(map(Decimal, paid["of_wages"].values()))
    assert f"US$ {paid['of_wages']['top_ups']} of it where a week came to less" in card.statement(release)


def test_what_a_deposit_does_not_reach_is_the_funds_and_stays_owed(
    slow: Job, amina: Person, luis: Person, priya: Person, owner: object, signed_in: Callable[[Person], Browser]
) -> None:
    """Two members lack; the deposit pays the first in full and the second as far as it reaches."""
    Person.objects.filter(pk=priya.pk).update(country="KE")
    for who in (amina, priya):
        work(slow, who, 50 if who == amina else 80, luis)
    fed = ledger.balance(accounts.FLOOR)
    assert fed < Decimal("0.01")  # its share of two fees
    assert reckoned() == 2
    hers, second = Decimal("0.048889"), Decimal("0.132223")
    rest = second - (TENTH - hers)
    assert escrow.deposited(slow.pk) == 0
    (week,) = guarantee.weeks(priya)
    assert (week.amount, week.received, week.owed, week.paid) == (second, second - rest, rest, False)
    assert [one.amount for one in owing.to(priya)] == [rest]
    assert owing.to(amina) == []
    page = " ".join(signed_in(priya).get("/pay/weeks/").text.split())
    assert "on top: US$ 0.059111 was paid, US$ 0.073112 is owed" in page
    give("1")
    assert guarantee.settle(at=clock.now()) == 1
    assert guarantee.weeks(priya)[0].paid
    assert ledger.balance(accounts.FLOOR) == fed + 1 - rest
    assert not any(invariants.broken().values())


def test_a_deposit_stays_with_an_open_job(slow: Job, orbit: Client, attack: Attack) -> None:
    attack(POST, [18, account(accounts.deposit(slow.pk)), account(accounts.client(orbit.pk)), 1, f"job:{slow.pk}"],
           guard="deposits_stay_until_weeks_are_counted")  # fmt: skip


def test_two_officers_learn_why_a_deposit_of_an_open_job_stays(slow: Job) -> None:
    aside = Transfer.objects.get(kind=2, credit__code=accounts.deposit(slow.pk))
    with pytest.raises(Refused, match="set aside for the hourly floor"):
        take_back(aside)
    assert escrow.deposited(slow.pk) == TENTH


def test_what_is_left_comes_back_after_the_last_week_was_counted(
    slow: Job, orbit: Client, olga: Person, amina: Person, luis: Person, attack: Attack
) -> None:
    work(slow, amina, 50, luis)
    attack(POST, [18, account(accounts.deposit(slow.pk)), account(accounts.client(orbit.pk)), 1, f"job:{slow.pk}"],
           guard="deposits_stay_until_weeks_are_counted")  # fmt: skip
    jobs.close(slow, by=olga, at=clock.now())
    assert (escrow.set_aside(slow.pk), escrow.deposited(slow.pk)) == (Decimal(0), TENTH)
    attack(POST, [18, account(accounts.deposit(slow.pk)), account(accounts.client(orbit.pk)), 1, f"job:{slow.pk}"],
           guard="deposits_stay_until_weeks_are_counted")  # fmt: skip
    assert jobs.return_deposits(at=clock.now()) == 0
    assert reckoned() == 1
    before = escrow.available(orbit)
    assert jobs.return_deposits(at=clock.now()) == 1
    assert escrow.available(orbit) == before + TENTH - Decimal("0.048889")
    assert jobs.return_deposits(at=clock.now()) == 0
    assert not any(invariants.broken().values())


def test_a_draft_that_is_dropped_has_its_deposit_back(monday: datetime, orbit: Client, olga: Person) -> None:
    before = escrow.available(orbit)
    job = orders.ready(orbit, olga)
    jobs.close(job, by=olga, at=clock.now())
    assert escrow.deposited(job.pk) == 0
    assert escrow.available(orbit) == before + 1000


def test_a_deposit_pays_nobody_but_whom_it_owes(
    slow: Job, orbit: Client, olga: Person, amina: Person, luis: Person, attack: Attack
) -> None:
    other = orders.opened(orbit, olga, title="B", review_rule=ReviewRule.PEER)
    work(slow, amina, 50, luis)
    work(other, luis, 5, amina)
    next_monday()
    for week in guarantee.due():
        guarantee.reckon(week, at=clock.now())
    part = TopUpPart.objects.get(topup=TopUp.objects.get(person=amina))
    ref, right = f"topup:{part.pk}", "top_ups_pay_what_lacks"
    hers, his = account(accounts.payable(amina.pk)), account(accounts.payable(luis.pk))
    source = account(accounts.deposit(slow.pk))
    give("1")
    for wrong in (
        [source, hers, 48_890, ref],
        [source, hers, 48_888, ref],
        [source, his, 48_889, ref],
        [account(accounts.deposit(other.pk)), hers, 48_889, ref],
        [account(accounts.FLOOR), hers, 48_889, ref],
        [source, hers, 48_889, "topup:999999"],
        [source, hers, 48_889, "a gift"],
    ):
        attack(POST, [11, *wrong], guard=right)
    attack("UPDATE payments_topuppart SET amount = amount + 1", guard="permission denied")
    attack("INSERT INTO payments_topuppart (topup_id, amount) SELECT id, 1 FROM payments_topup",
           guard="permission denied")  # fmt: skip
    assert guarantee.pay(at=clock.now()) == 1
    attack(POST, [11, source, hers, 48_889, ref], guard="facts_are_posted_once")


def test_a_deposit_by_somebody_elses_money(slow: Job, attack: Attack) -> None:
    house = Client.objects.get(is_cooperative=True)
    orders.deposit(house, "5")
    wrong = [2, account(accounts.client(house.pk)), account(accounts.deposit(slow.pk)), 1_000, f"job:{slow.pk}"]
    attack(POST, wrong, guard="jobs_are_one_clients")


@pytest.mark.django_db
@pytest.mark.parametrize(("share", "rule"), [(500, "N10"), (1_000, "N10"), (499, "N3")])
def test_a_lower_deposit_is_decided_by_n3(decided: Callable[..., None], share: int, rule: str) -> None:
    decided(Kind.DEPOSIT, "", {"share": 500})
    payload = {"key": "", "value": {"share": share}, "replaces": 1}
    assert impacts.needed_rule("deposit", payload) == rule


def test_nothing_of_it_is_charged_where_none_was_voted(db: None, orbit: Client, olga: Person) -> None:
    job = orders.opened(orbit, olga)
    assert jobs.price(job).floor == 0
    assert not Transfer.objects.filter(credit__code=accounts.deposit(job.pk)).exists()


@pytest.mark.parametrize("scope", ["work", "job"])
def test_what_was_paid_on_top_counts_as_pay_for_work(
    slow: Job, amina: Person, luis: Person, owner: psycopg.Connection, scope: str
) -> None:
    """In the average of 13 weeks while somebody is paused, and in the measure of a surplus."""
    work(slow, amina, 80, luis)
    give("1")
    assert reckoned() == 2  # the deposit as far as it reaches, and the fund for the rest
    parts = {part.job: part.amount for part in TopUpPart.objects.all()}
    assert parts == {slow.pk: TENTH, None: Decimal("0.024223")}
    paid = payable(amina) if scope == "work" else Decimal("0.09") + TENTH
    stood = pause(amina, scope=scope if scope == "work" else f"job:{slow.pk}")
    pays = owner.execute("SELECT payments_pause_pay('pause:' || id, ends_at) FROM governance_pause")
    assert pays.fetchone() == (to_micro(average(str(paid), 72)),)
    assert stood.ends_at - stood.starts_at == timedelta(hours=72)
    worked = owner.execute("SELECT worked FROM payments_worked('2026-Q4') WHERE person_id = %s", [amina.pk])
    assert worked.fetchone() == (to_micro(payable(amina)),)
