"""Joining: paid whether right or wrong; passing admits."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import standing
from governance.models import Status
from payments import ledger
from tasks import claims, onboarding
from tasks.models import Job
from tests.tasks.conftest import hand_in, payable

QUESTIONS = [(f"Question {number}?", ["Yes", "No"], "Yes", f"Because {number}.") for number in range(1, 4)]


@pytest.fixture
def start(petra: Person) -> Job:
    """Return an onboarding of three questions, of which two must be right; the others are closed."""
    Job.objects.filter(is_onboarding=True, closed_at=None).update(closed_at=clock.now())
    house = Client.objects.get(is_cooperative=True)
    return onboarding.open_job(
        house, title="Start", guide="Read.", questions=QUESTIONS, pass_mark=2, by=petra, at=clock.now()
    )


def answer(job: Job, who: Person, label: str) -> None:
    hand_in(claims.claim_next(job, by=who, at=clock.now()), {"labels": [label]})


def test_each_question_is_paid_at_once_right_or_wrong(start: Job, newcomer: Person) -> None:
    before = ledger.balance("fund:training")
    for count, label in enumerate(("Yes", "No"), start=1):
        answer(start, newcomer, label)
        assert payable(newcomer) == count * start.pay
    so_far = onboarding.progress(newcomer)
    assert so_far is not None
    assert [(step.right, step.why) for step in so_far.steps] == [(True, "Because 1."), (False, "Because 2.")]
    assert (so_far.done, so_far.right, so_far.earned, so_far.cap) == (2, 1, 2 * start.pay, 3 * start.pay)
    assert ledger.balance("fund:training") == before - 2 * start.pay


def test_passing_admits_as_a_candidate_to_whom_paid_work_is_open(start: Job, newcomer: Person) -> None:
    for label in ("Yes", "No", "Yes"):
        assert standing.status(newcomer) == Status.APPLICANT
        answer(start, newcomer, label)
    assert standing.status(newcomer) == Status.CANDIDATE
    assert standing.refusal(newcomer, doing="work", at=clock.now()) is None


def test_not_passing_says_so_and_keeps_the_pay(start: Job, newcomer: Person) -> None:
    for label in ("Yes", "No", "No"):
        answer(start, newcomer, label)
    so_far = onboarding.progress(newcomer)
    assert so_far is not None
    assert (so_far.finished, so_far.passed) == (True, False)
    assert payable(newcomer) == Decimal("0.9")
    assert standing.status(newcomer) == Status.APPLICANT
    with pytest.raises(Refused, match="no task left"):
        claims.claim_next(start, by=newcomer, at=clock.now())


def test_a_second_onboarding_gives_a_second_chance(start: Job, newcomer: Person, petra: Person) -> None:
    for label in ("No", "No", "No"):
        answer(start, newcomer, label)
    house = Client.objects.get(is_cooperative=True)
    second = onboarding.open_job(
        house, title="Again", guide="Read.", questions=QUESTIONS, pass_mark=2, by=petra, at=clock.now()
    )
    so_far = onboarding.progress(newcomer)
    assert so_far is not None
    assert so_far.job == second
    for _question in range(3):
        answer(second, newcomer, "Yes")
    assert standing.status(newcomer) == Status.CANDIDATE


def test_a_question_is_asked_once_and_not_passed_over(start: Job, newcomer: Person, at: datetime) -> None:
    mine = claims.claim_next(start, by=newcomer, at=clock.now())
    with pytest.raises(Refused, match="asked once"):
        claims.skip(mine, by=newcomer, at=at)


def test_onboarding_charges_no_fee_and_closes_when_the_fund_is_empty(
    start: Job, newcomer: Person, luis: Person
) -> None:
    assert claims.claim_next(start, by=newcomer, at=clock.now()).fee == 0
    left = onboarding.fund_left(start.pay)
    assert left == int(ledger.balance("fund:training") / start.pay)


def test_a_member_may_look_and_is_not_admitted_twice(start: Job, amina: Person) -> None:
    for _question in range(3):
        answer(start, amina, "Yes")
    assert standing.status(amina) == Status.MEMBER


WRITTEN = """Who decides on pay?
- The client
* The members, by a vote
= Rules N1 to N3.

Is a wrong answer here paid?
* Yes
- No
= Onboarding is paid work (E6).

May a machine shut somebody out?
- Yes
* No
= A named human decides (E5).
"""


def test_petra_opens_one_from_what_she_writes_and_a_newcomer_joins_by_it(
    start: Job, petra: Person, newcomer: Person, signed_in: Callable[[Person], Browser]
) -> None:
    Job.objects.filter(pk=start.pk).update(closed_at=clock.now())
    browser, place = signed_in(petra), reverse("tasks:entrance")
    assert "nobody can join" in browser.get(place).content.decode()
    said = {"title": "Join us", "guide": "Read the rules first.", "asked": WRITTEN, "pass_mark": "2"}
    for wrong, words in (
        ({"pass_mark": "4"}, "not so many"),
        ({"asked": WRITTEN.replace("* Yes", "- Yes")}, "Question 2 needs one right answer"),
        ({"asked": WRITTEN.replace("= Rules", "Rules")}, "Question 1 needs its words"),
        ({"asked": WRITTEN.replace("- No", "- Yes")}, "Question 2 needs 2 to 8 answers"),
        ({"asked": WRITTEN.split("\n\n", maxsplit=1)[0]}, "3 to 50"),
        ({"asked": WRITTEN.replace("Rules", "x" * 2_000)}, "longer than 2,000"),
    ):
        answered = browser.post(place, {**said, **wrong})
        assert answered.status_code == 422
        page = answered.content.decode()
        assert words in page
        assert "Read the rules first." in page
    assert "Join us" in browser.post(place, said, follow=True).content.decode()
    job = onboarding.job()
    assert job is not None
    assert job.tasks.get(position=1).data["labels"] == ["The client", "The members, by a vote"]
    for label in ("The members, by a vote", "Yes", "Yes"):
        answer(job, newcomer, label)
    assert standing.status(newcomer) == Status.CANDIDATE


def test_nobody_else_opens_one(amina: Person, teresa: Person, signed_in: Callable[[Person], Browser]) -> None:
    assert signed_in(amina).get(reverse("tasks:entrance")).status_code == 403
    assert signed_in(teresa).get(reverse("tasks:entrance")).status_code == 200
    house = Client.objects.get(is_cooperative=True)
    with pytest.raises(Refused, match="post"):
        onboarding.open_job(house, title="Mine", guide="…", questions=QUESTIONS, pass_mark=1, by=amina, at=clock.now())
