"""A client tips for an accepted answer: whole, once, to who answered; by nobody else and of nobody else's money."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.urls import reverse

from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import accounts, escrow, invariants, ledger, statements
from payments.models import Account
from tasks import reviews, tips
from tasks.models import Assignment
from tests.payments.test_attacks import POST, posting
from tests.tasks.conftest import SAME, make_job, payable, work

type Attack = Callable[..., None]

TIP = "INSERT INTO tasks_tip (assignment_id, amount, given_by_id, at) VALUES (%s, %s, %s, coop_now())"


@pytest.fixture
def answer(orbit: Client, olga: Person, amina: Person, luis: Person, now: datetime) -> Assignment:
    """Return an accepted answer of Amina's."""
    found = work(make_job(orbit, olga, overlap=1, review_rule="peer"), amina, SAME)
    reviews.accept(found, by=luis, at=now)
    return Assignment.objects.select_related("job__client").get(pk=found.pk)


def test_a_tip_goes_whole_to_who_answered(
    answer: Assignment, orbit: Client, olga: Person, amina: Person, now: datetime
) -> None:
    before, had = payable(amina), escrow.available(orbit)
    tips.give(answer, amount=Decimal("0.50"), by=olga, at=now)
    assert payable(amina) - before == had - escrow.available(orbit) == Decimal("0.5")
    (told,) = statements.entries(statements.lines(amina)[:1], amina)
    assert told.words == "A tip from the client"
    assert not any(invariants.broken().values())


@pytest.mark.parametrize("amount", ["0", "-1", "1000.01", "999"])
def test_what_cannot_be_given_is_refused(answer: Assignment, olga: Person, now: datetime, amount: str) -> None:
    available = escrow.available(answer.job.client)
    if Decimal(amount) == Decimal(999) and available >= Decimal(999):
        escrow.fund(answer.job_id, available, answer.job.client, 77, by=olga, at=now)
    with pytest.raises(Refused):
        tips.give(answer, amount=Decimal(amount), by=olga, at=now)


def test_a_tip_is_given_once_and_by_the_client(answer: Assignment, olga: Person, luis: Person, now: datetime) -> None:
    with pytest.raises(Refused, match="seat"):
        tips.give(answer, amount=Decimal(1), by=luis, at=now)
    tips.give(answer, amount=Decimal(1), by=olga, at=now)
    with pytest.raises(Refused, match="was given"):
        tips.give(answer, amount=Decimal(1), by=olga, at=now)


def test_an_answer_that_waits_gets_none(orbit: Client, olga: Person, amina: Person, now: datetime) -> None:
    waiting = work(make_job(orbit, olga, overlap=1, review_rule="peer"), amina, SAME)
    with pytest.raises(Refused, match="accepted"):
        tips.give(waiting, amount=Decimal(1), by=olga, at=now)


def test_no_tip_moves_otherwise(answer: Assignment, olga: Person, amina: Person, luis: Person, attack: Attack) -> None:
    guard, ref = "tips_go_to_who_answered", f"assignment:{answer.pk}"
    mine, source = accounts.payable(amina.pk), accounts.client(answer.job.client_id)
    attack(POST, posting(12, source, mine, 500_000, ref), guard=guard)
    attack(TIP, [answer.pk, 500_000, luis.pk], guard="tips_are_for_accepted_answers")
    attack("UPDATE tasks_tip SET amount = 1", guard="permission denied")
    attack(f"{TIP % (answer.pk, 500_000, olga.pk)}; SET CONSTRAINTS ALL IMMEDIATE", guard="tip_is_posted")
    assert Account.objects.filter(code=mine).exists()


def test_another_clients_money_gives_no_tip(answer: Assignment, olga: Person, amina: Person, attack: Attack) -> None:
    other = accounts.client(answer.job.client_id + 1)
    facts = posting(12, other, accounts.payable(amina.pk), 500_000, f"assignment:{answer.pk}")
    attack(
        f"WITH tip AS ({TIP % (answer.pk, 500_000, olga.pk)} RETURNING 1) {POST}",
        facts,
        guard="tips_go_to_who_answered",
    )
    assert ledger.balance(other) == 0


def test_olga_gives_one_on_the_answers_page(
    answer: Assignment, olga: Person, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    place = ["orbit", answer.job_id, answer.pk]
    browser = signed_in(olga)
    assert "Give a tip" in browser.get(reverse("tasks:client_answer", args=place)).content.decode()
    wrong = browser.post(reverse("tasks:tip", args=place), {"amount": "0.001"}, follow=True)
    assert "Nothing was paid" in wrong.content.decode()
    given = browser.post(reverse("tasks:tip", args=place), {"amount": "0.25"}, follow=True)
    assert "You gave a tip of" in given.content.decode()
    assert signed_in(amina).post(reverse("tasks:tip", args=place), {"amount": "0.25"}).status_code == 404
    money = browser.get(reverse("tasks:client_money", args=["orbit"])).content.decode()
    assert "Tip" in money
