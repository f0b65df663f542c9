import uuid
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from payments import escrow, ledger
from payments.models import Transfer
from tasks import answers, claims, datasets, jobs
from tasks.models import Job, ReviewRule
from tests.tasks import orders

NOW = clock.now


def test_a_job_is_drafted_at_the_voted_rate_or_more(orbit: Client, olga: Person) -> None:
    assert orders.draft(orbit, olga).pay == Decimal("0.09")
    assert orders.draft(orbit, olga, pay=Decimal("0.123456")).pay == Decimal("0.123456")
    assert Event.objects.filter(kind="jobs.drafted").count() >= 2


def test_below_the_voted_rate_the_rule_and_the_remedy_are_named(orbit: Client, olga: Person) -> None:
    with pytest.raises(Refused) as refused:
        orders.draft(orbit, olga, pay=Decimal("0.089999"))
    refusal = refused.value.refusal
    assert refusal.rule == "N1"
    assert "0.09" in str(refusal.reason)
    assert str(refusal.appeal).startswith("Offer US$")


@pytest.mark.parametrize("pay", ["NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "-1", "0", "0.0900001", "1E+30"])
def test_a_pay_that_is_no_exact_amount_is_refused(orbit: Client, olga: Person, pay: str) -> None:
    with pytest.raises(Refused) as refused:
        orders.draft(orbit, olga, pay=Decimal(pay))
    assert refused.value.refusal.status == 400
    assert not Job.objects.filter(title="Same or not?").exists()


@pytest.mark.parametrize(
    "facts",
    [
        {"title": "  "},
        {"guide": ""},
        {"guide": "a\0b"},
        {"overlap": 0},
        {"overlap": 26},
        {"form": {"question": "?", "labels": ["One"]}},
        {"form": {"question": "", "labels": ["One", "Two"]}},
        {"review_rule": ReviewRule.GOLD},
    ],
)
def test_a_job_that_nobody_could_do_is_refused(orbit: Client, olga: Person, facts: dict[str, object]) -> None:
    with pytest.raises(Refused):
        orders.draft(orbit, olga, **facts)


# Wage and fee of an answer, and the two checks that it can need.
WHOLE = Decimal("0.099") + 2 * Decimal("0.027")


def test_the_price_is_exact_and_the_fee_is_rounded_down_for_each_answer(orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga, pay=Decimal("0.123457"), overlap=3)
    orders.send(job, orders.rows_of(1000))
    quote = jobs.price(job)
    assert quote.wages == Decimal("370.371")
    assert quote.fee == 3000 * Decimal("0.012345")
    assert quote.checks == 6000 * Decimal("0.037038")  # 30 % rounded up, for who checks
    assert quote.total == quote.wages + quote.fee + quote.checks
    assert jobs.missing(job) == quote.total


def test_funding_sets_aside_exactly_the_price_and_once(orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    orders.send(job, orders.rows_of(10))
    orders.deposit(orbit, "100")
    before = escrow.available(orbit)
    for _repeated in range(3):
        jobs.fund(job, by=olga, at=NOW())
    assert escrow.set_aside(job.pk) == jobs.price(job).total == 30 * WHOLE
    assert escrow.available(orbit) == before - 30 * WHOLE
    assert jobs.missing(job) == 0


def test_more_tasks_need_more_money(orbit: Client, olga: Person) -> None:
    job = orders.ready(orbit, olga, tasks=4)
    orders.send(job, "id,left\nz1,a\nz2,b\n")
    assert jobs.missing(job) == 2 * 3 * WHOLE
    with pytest.raises(Refused):
        jobs.open(job, by=olga, at=NOW())
    jobs.fund(job, by=olga, at=NOW())
    assert jobs.open(job, by=olga, at=NOW()).opened_at


def test_an_order_larger_than_the_deposit_is_refused_and_nothing_moves(orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga, pay=Decimal(9999))
    orders.send(job, orders.rows_of(10))
    before = escrow.available(orbit)
    with pytest.raises(Refused) as refused:
        jobs.fund(job, by=olga, at=NOW())
    assert refused.value.refusal.rule == "E1"
    assert escrow.available(orbit) == before
    assert escrow.set_aside(job.pk) == 0


def test_a_job_without_tasks_or_money_does_not_open(orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    with pytest.raises(Refused, match="no tasks"):
        jobs.open(job, by=olga, at=NOW())
    orders.send(job, orders.rows_of(2))
    with pytest.raises(Refused, match="set aside") as refused:
        jobs.open(job, by=olga, at=NOW())
    assert refused.value.refusal.rule == "E1"
    assert Job.objects.get(pk=job.pk).opened_at is None


def test_a_job_does_not_open_while_its_data_is_being_read(
    orbit: Client, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = orders.ready(orbit, olga)
    monkeypatch.setattr(datasets, "AT_ONCE_MAX_BYTES", 10)
    orders.send(job, "id,left\nlate,a\n")
    with pytest.raises(Refused, match="being read"):
        jobs.open(job, by=olga, at=NOW())


def test_opening_twice_opens_once(orbit: Client, olga: Person) -> None:
    job = orders.opened(orbit, olga)
    again = jobs.open(job, by=olga, at=NOW())
    assert again.opened_at == job.opened_at
    assert Event.objects.filter(kind="jobs.opened", subject=f"job:{job.pk}").count() == 1


def test_the_pay_rises_with_its_money_and_never_falls(orbit: Client, olga: Person) -> None:
    job = orders.opened(orbit, olga, tasks=4)
    job = jobs.raise_pay(job, pay=Decimal("0.10"), by=olga, at=NOW())
    assert job.pay == Decimal("0.10")
    assert escrow.set_aside(job.pk) == jobs.price(job).total == 12 * Decimal("0.17")
    with pytest.raises(Refused) as refused:
        jobs.raise_pay(job, pay=Decimal("0.095"), by=olga, at=NOW())
    assert refused.value.refusal.rule == "E2"
    assert Job.objects.get(pk=job.pk).pay == Decimal("0.10")


def test_a_raise_sent_twice_moves_money_once(orbit: Client, olga: Person) -> None:
    job = orders.opened(orbit, olga)
    for _repeated in range(2):
        jobs.raise_pay(job, pay=Decimal("0.2"), by=olga, at=NOW())
    assert escrow.set_aside(job.pk) == jobs.price(Job.objects.get(pk=job.pk)).total


def test_a_raise_without_its_money_is_refused_with_the_amount_missing(orbit: Client, olga: Person) -> None:
    job = orders.opened(orbit, olga, tasks=4)
    with pytest.raises(Refused) as refused:
        jobs.raise_pay(job, pay=Decimal(9999), by=olga, at=NOW())
    assert "short" in str(refused.value.refusal.reason)
    assert Job.objects.get(pk=job.pk).pay == Decimal("0.09")


def test_a_claim_given_back_after_a_raise_still_has_its_money(orbit: Client, olga: Person, amina: Person) -> None:
    job = orders.opened(orbit, olga, tasks=1, overlap=1)
    claim = claims.claim_next(job, by=amina, at=NOW())
    jobs.raise_pay(job, pay=Decimal("0.5"), by=olga, at=NOW())
    claims.leave(claim, by=amina, at=NOW())
    assert jobs.missing(job) == 0
    assert escrow.set_aside(job.pk) == Decimal("0.85")


def test_closing_gives_back_what_nobody_claimed_and_never_what_stands_behind_a_claim(
    orbit: Client, olga: Person, amina: Person
) -> None:
    job = orders.opened(orbit, olga, tasks=4)
    claim = claims.claim_next(job, by=amina, at=NOW())
    before = escrow.available(orbit)
    for _repeated in range(2):
        job = jobs.close(job, by=olga, at=NOW())
    assert escrow.available(orbit) - before == 11 * WHOLE + 2 * Decimal("0.027")
    assert ledger.balance(f"job:{job.pk}:commit:{amina.pk}") == claim.pay + claim.fee
    assert escrow.set_aside(job.pk) == 0
    assert Transfer.objects.filter(kind=18, ref=f"job:{job.pk}").count() == 1


def test_what_a_claim_returns_after_the_close_can_be_taken_back(orbit: Client, olga: Person, amina: Person) -> None:
    job = orders.opened(orbit, olga, tasks=4)
    claim = claims.claim_next(job, by=amina, at=NOW())
    jobs.close(job, by=olga, at=NOW())
    claims.leave(claim, by=amina, at=NOW())
    before = escrow.available(orbit)
    jobs.close(job, by=olga, at=NOW())
    assert escrow.available(orbit) - before == claim.pay + claim.fee


def test_a_closed_job_takes_no_money_no_raise_and_does_not_open(orbit: Client, olga: Person) -> None:
    job = jobs.close(orders.ready(orbit, olga), by=olga, at=NOW())
    acts: list[Callable[[], Job]] = [
        lambda: jobs.fund(job, by=olga, at=NOW()),
        lambda: jobs.open(job, by=olga, at=NOW()),
        lambda: jobs.raise_pay(job, pay=Decimal(1), by=olga, at=NOW()),
    ]
    for act in acts:
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.refusal.status == 409


def test_progress_counts_answers_by_where_they_stand_in_one_query(
    orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    job = orders.opened(orbit, olga, tasks=2, overlap=2)
    claims.claim_next(job, by=amina, at=NOW())
    handed_in = claims.claim_next(job, by=luis, at=NOW())
    answers.submit(handed_in, value={"labels": ["Same"]}, key=_key(), seconds=20, by=luis, at=NOW())
    with CaptureQueriesContext(connection) as queries:
        progress = jobs.progress(job)
    assert len(queries) == 1
    assert (progress.tasks, progress.answers, progress.unclaimed) == (2, 4, 2)
    assert (progress.claimed, progress.being_checked, progress.accepted) == (1, 1, 0)
    assert progress.spent == 0


def _key() -> uuid.UUID:

    return uuid.uuid4()
