"""A share of a job's answers is checked: drawn by the database once they are handed in, priced and funded by it."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client as Browser

from coop import clock
from coop.people import keys
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import escrow, invariants
from payments.models import WorkType
from tasks import checks, claims, drafting, funds, growing, jobs, reviews, sketches
from tasks.models import Assignment, AssignmentState, Ground, Job, ReviewRule, Sketch
from tests.tasks import orders
from tests.tasks.conftest import DIFFERENT, FORM, SAME, hand_in, make_job, work
from tests.tasks.test_checks import CENTS, TAKE
from tests.tasks.test_client_pages import words
from tests.tasks.test_growing import MORE
from tests.tasks.test_sketches import WHOLE, facts

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]


def shared(orbit: Client, olga: Person, share: int, tasks: int = 5) -> Job:
    return make_job(orbit, olga, review_rule=ReviewRule.PEER, overlap=1, check_share=share, tasks=tasks)


def drawn(*answers: Assignment) -> list[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_is_drawn(a) FROM unnest(%s::bigint[]) a", [[one.pk for one in answers]])
        return [bool(row[0]) for row in cursor.fetchall()]


def until(job: Job, by: Person, *, lot: bool) -> Assignment:
    """Hand in answers until the lot draws one, or leaves one out; return that."""
    while True:
        answer = work(job, by, SAME)
        if drawn(answer) == [lot]:
            return answer


# The lot


@pytest.mark.usefixtures("committed")
def test_members_check_what_the_lot_drew_and_the_client_the_rest(
    orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    job = shared(orbit, olga, 50, tasks=60)
    answers = [work(job, amina, SAME) for _number in range(60)]
    lots = drawn(*answers)
    # Fewer than 10 or more than 50 of 60 come up once in ten million times.
    assert 10 <= sum(lots) <= 50
    assert lots == drawn(*answers)
    waiting = set(reviews.waiting_for(luis, at=clock.now()).values_list("pk", flat=True))
    assert waiting == {one.pk for one, lot in zip(answers, lots, strict=True) if lot}
    left = next(one for one, lot in zip(answers, lots, strict=True) if not lot)
    assert reviews.refusal(left, by=luis, at=clock.now())
    accepted = reviews.accept(left, by=olga, at=clock.now(), ground=Ground.CLIENT)
    assert accepted.state == AssignmentState.ACCEPTED


@pytest.mark.usefixtures("committed")
def test_the_database_lets_nobody_check_what_was_not_drawn(
    orbit: Client, olga: Person, amina: Person, luis: Person, attack: Attack
) -> None:
    job = shared(orbit, olga, 50, tasks=60)
    left, found = (until(job, amina, lot=lot) for lot in (False, True))
    attack(TAKE, [left.pk, luis.pk, None, "open"], guard="checks_are_taken_by_others")
    assert checks.take(found, by=luis, at=clock.now()).pay == CENTS


def test_the_lot_says_nothing_of_what_is_not_handed_in(orbit: Client, olga: Person, amina: Person) -> None:
    job = shared(orbit, olga, 99, tasks=30)
    for _number in range(12):
        taken = claims.claim_next(job, by=amina, at=clock.now())
        assert drawn(taken) == [False]
        claims.leave(taken, by=amina, at=clock.now())


def test_whoever_tries_and_takes_it_back_learns_nothing(
    orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    job = shared(orbit, olga, 99, tasks=30)
    for _number in range(12):
        taken = claims.claim_next(job, by=amina, at=clock.now())
        needed = funds.needed(job)
        with transaction.atomic():
            hand_in(taken, SAME)
            with transaction.atomic():
                assert drawn(taken) == [False]
            assert not reviews.waiting_for(luis, at=clock.now()).exists()
            # What is not known yet counts as drawn.
            assert funds.needed(job) == needed
            transaction.set_rollback(True)
        claims.leave(taken, by=amina, at=clock.now())


@pytest.mark.usefixtures("committed")
def test_what_was_put_right_is_checked_again(orbit: Client, olga: Person, amina: Person, luis: Person) -> None:
    job = shared(orbit, olga, 50, tasks=60)
    answer = until(job, amina, lot=True)
    checks.take(answer, by=luis, at=clock.now())
    reviews.send_back(answer, reason="Look at the label.", place="labels", by=luis, at=clock.now())
    assert drawn(answer) == [True]


def test_an_open_job_keeps_its_share(orbit: Client, olga: Person, attack: Attack) -> None:
    job = shared(orbit, olga, 50)
    attack("UPDATE tasks_job SET check_share = 100 WHERE id = %s", [job.pk], guard="permission denied")


@pytest.mark.parametrize(("rule", "share"), [("peer", 9), ("peer", 101), ("majority", 50)])
def test_what_is_no_share_is_refused(orbit: Client, olga: Person, rule: str, share: int) -> None:
    kind = WorkType.objects.get(slug="product-match")
    said: dict[str, Any] = {"title": "x", "guide": "y", "form": FORM, "overlap": 2, "pay": Decimal("0.09")}
    with pytest.raises(Refused, match=r"100 answers|agreement decides"):
        jobs.draft(
            orbit, work_type=kind, **said, review_rule=rule, check_share=share, by=olga, at=clock.now()
        )  # fmt: skip


# Its money


@pytest.mark.parametrize(("share", "each"), [(30, "0.0162"), (33, "0.01782"), (10, "0.0054"), (100, "0.054")])
def test_each_answer_brings_its_share_of_two_checks(orbit: Client, olga: Person, share: int, each: str) -> None:
    job = shared(orbit, olga, share)
    price = jobs.price(job)
    assert price.checks == 5 * Decimal(each)
    assert escrow.set_aside(job.pk) == price.total == funds.needed(job)
    assert growing.price(job, 10) == 2 * price.total
    assert funds.room(job).price == price.total / 5


def test_a_share_that_is_no_whole_unit_is_rounded_up(orbit: Client, olga: Person) -> None:
    quote = jobs.quote(WorkType.objects.get(slug="product-match").pk, 1, 1, Decimal("0.090001"), share=11)
    assert quote.checks * 1_000_000 % 1 == 0
    job = make_job(
        orbit, olga, review_rule=ReviewRule.PEER, overlap=1, check_share=11, pay=Decimal("0.090001"), tasks=1
    )
    assert (jobs.price(job).checks, funds.needed(job)) == (quote.checks, quote.total)


@pytest.mark.usefixtures("committed")
def test_that_luck_drew_early_asks_nobody_for_more(orbit: Client, olga: Person, amina: Person, luis: Person) -> None:
    job = shared(orbit, olga, 10, tasks=150)
    answer = until(job, amina, lot=True)
    checks.take(answer, by=luis, at=clock.now())
    assert funds.wages_missing(job) == 0
    reviews.accept(answer, by=luis, at=clock.now())
    assert funds.wages_missing(job) == 0
    assert funds.room(job).spare >= 0


@pytest.mark.usefixtures("committed")
def test_what_the_lot_left_out_comes_back_when_the_job_closes(orbit: Client, olga: Person, amina: Person) -> None:
    job = shared(orbit, olga, 50, tasks=60)
    left = until(job, amina, lot=False)
    reviews.accept(left, by=olga, at=clock.now(), ground=Ground.CLIENT)
    for one in Assignment.objects.filter(job=job, state=AssignmentState.SUBMITTED):
        reviews.accept(one, by=olga, at=clock.now(), ground=Ground.CLIENT)
    quote, before = jobs.price(job), escrow.available(orbit)
    accepted = Assignment.objects.filter(job=job).count()
    jobs.close(job, by=olga, at=clock.now())
    # All but the wages of what was accepted, with the fee on them: nobody had a check.
    assert escrow.available(orbit) - before == quote.total - accepted * (quote.wages + quote.fee) / 60
    assert escrow.set_aside(job.pk) == 0


def drawn_alone(orbit: Client, olga: Person, amina: Person, share: int) -> Assignment:
    """Return the one answer of a job that the lot drew."""
    while True:
        answer = work(shared(orbit, olga, share, tasks=1), amina, SAME)
        if drawn(answer) == [True]:
            return answer


@pytest.mark.usefixtures("committed")
def test_of_few_answers_one_can_be_checked(orbit: Client, olga: Person, amina: Person, luis: Person) -> None:
    answer = drawn_alone(orbit, olga, amina, 33)
    assert (jobs.price(answer.job).checks, funds.wages_missing(answer.job)) == (CENTS, Decimal(0))
    assert checks.take(answer, by=luis, at=clock.now()).pay == CENTS
    assert (funds.needed(answer.job), escrow.set_aside(answer.job_id)) == (Decimal(0), Decimal(0))
    reviews.accept(answer, by=luis, at=clock.now())
    assert not any(invariants.broken().values())


def test_what_comes_to_few_answers_brings_its_share(orbit: Client, olga: Person) -> None:
    job = shared(orbit, olga, 33, tasks=1)
    before = escrow.set_aside(job.pk)
    orders.send(job, MORE)
    assert escrow.set_aside(job.pk) - before <= growing.price(job, 2)
    assert (job.tasks.count(), funds.wages_missing(job)) == (3, Decimal(0))
    assert (
        jobs.price(job).checks
        == 3 * Decimal("0.01782")
        == funds.needed(job) - 3 * Decimal("0.09") - jobs.price(job).fee
    )


@pytest.mark.usefixtures("committed")
def test_a_check_that_cannot_be_paid_is_offered_to_nobody(
    orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    answer = drawn_alone(orbit, olga, amina, 50)
    reviews.send_back(answer, reason="Look at the label.", place="labels", by=luis, at=clock.now())
    hand_in(answer, DIFFERENT)
    other = work(shared(orbit, olga, 100), amina, DIFFERENT)
    assert drawn(answer) == [True]
    with pytest.raises(Refused, match="money for this check"):
        checks.take(answer, by=priya, at=clock.now())
    assert reviews.next_for(priya, at=clock.now()) == other


# What is said of it


def test_the_card_and_its_hash_say_it(
    orbit: Client, olga: Person, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    job, whole = shared(orbit, olga, 20), shared(orbit, olga, 100)
    said = "A member checks 20 of 100 answers, drawn by lot"
    for who, page in ((amina, f"/jobs/{job.pk}/"), (olga, f"/c/orbit/jobs/{job.pk}/")):
        assert said in words(signed_in(who).get(page))
    assert said not in words(signed_in(amina).get(f"/jobs/{whole.pk}/"))
    assert "two for each of 20 in 100 answers" in words(signed_in(olga).get(f"/c/orbit/jobs/{job.pk}/"))
    card = claims.claim_next(job, by=amina, at=clock.now()).card
    assert json.loads(card.body)["check_share"] == 20


def test_the_step_says_what_a_share_costs_and_the_job_keeps_it(
    orbit: Client, olga: Person, signed_in: Callable[[Person], Browser]
) -> None:
    kind = WorkType.objects.get(slug="product-match")
    made = sketches.begin(orbit, work_type=kind, by=olga, at=clock.now())
    sketches.bring(made, orders.file_of(orders.rows_of(10)), by=olga)
    sketches.keep(made, WHOLE | {"overlap": "1", "review_rule": "peer", "pay": "0.09"}, by=olga)
    browser, step = signed_in(olga), f"/c/orbit/jobs/new/{made.pk}/quality/"
    assert "two for each answer" in words(browser.get(step))
    browser.post(step, {"overlap": "1", "review_rule": "peer", "check_share": "20", "minutes": "60", "look": "1"})
    shown = words(browser.get(step))
    assert "two for each of 20 in 100 answers" in shown
    # Ten answers, two checks of 0.027 each, a fifth of it.
    draft = Sketch.objects.select_related("client", "work_type").get(pk=made.pk)
    assert drafting.money(draft)["quote"].checks == Decimal("0.108")
    wrong = {"overlap": "1", "review_rule": "majority", "check_share": "20", "minutes": "60", "look": "1"}
    assert "agreement decides" in words(browser.post(step, wrong, follow=True))
    sketches.keep(made, {"review_rule": "peer"}, by=olga)
    whole = Sketch.objects.select_related("client", "work_type").get(pk=made.pk)
    assert sketches.make(whole, facts(whole), by=olga, at=clock.now()).check_share == 20


def test_a_program_orders_it(orbit: Client, olga: Person) -> None:
    _key, secret = keys.issue(orbit, name="t", scopes=["read", "post"], by=olga, at=clock.now())
    asked = {
        "work_type": "product-match", "title": "Same?", "guide": "Look.", "form": FORM, "overlap": 1, "pay": "0.09",
        "review_rule": "peer", "check_share": 20,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {secret}"}

    def called(**more: object) -> Any:
        return Browser().post(
            "/api/v1/jobs", data=json.dumps(asked | more), content_type="application/json", headers=headers
        )

    made = called()
    assert (made.status_code, made.json()["check_share"]) == (201, 20)
    assert called(review_rule="majority").status_code == 400
    assert called(check_share=5).status_code == 400
