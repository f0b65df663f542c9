"""Checking and paying: agreement, peers, silence."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from coop import clock
from coop.people import clients
from coop.people.models import ClientSeat, Person
from coop.refusals import Refused
from payments import invariants, ledger
from payments.models import Transfer
from tasks import claims, reviews
from tasks.models import Assignment, Ground, Job, ReviewRule
from tests.tasks.conftest import DIFFERENT, SAME, committed_money, hand_in, payable, work
from tests.tasks.test_claims import statements

type NewJob = Callable[..., Job]


@pytest.fixture
def peer_job(new_job: NewJob) -> Job:
    """Return an open job whose answers members check one by one."""
    return new_job(review_rule=ReviewRule.PEER, overlap=1)


def states(job: Job) -> Counter[str]:
    return Counter(Assignment.objects.filter(job=job).values_list("state", flat=True))


def test_answers_that_agree_are_accepted_and_paid_at_once(job: Job, amina: Person, luis: Person, priya: Person) -> None:
    mine, odd, third = work(job, amina, SAME), work(job, luis, DIFFERENT), work(job, priya, SAME)
    mine.refresh_from_db()
    assert (mine.state, odd.state, third.state) == ("accepted", "submitted", "accepted")
    assert (payable(amina), payable(luis), payable(priya)) == (Decimal("0.09"), Decimal(0), Decimal("0.09"))
    assert mine.reviews.get().ground == "majority"
    assert committed_money(job, amina) == 0


def test_wage_and_fee_move_in_one_journal_to_the_last_unit(
    job: Job, amina: Person, luis: Person, priya: Person
) -> None:
    mine = work(job, amina, SAME)
    work(job, luis, SAME)
    work(job, priya, SAME)
    moved = Transfer.objects.filter(ref=f"assignment:{mine.pk}", kind__in=[5, 6, 7])
    assert len({row.journal for row in moved}) == 1
    assert sum(row.amount for row in moved) == Decimal("0.099")
    assert not any(invariants.broken().values())


def test_nothing_is_settled_before_every_slot_is_answered(job: Job, amina: Person, luis: Person) -> None:
    work(job, amina, SAME)
    work(job, luis, SAME)
    assert states(job) == {"submitted": 2}


def test_one_answer_alone_is_no_agreement(new_job: NewJob, amina: Person) -> None:
    assert work(new_job(overlap=1), amina, SAME).state == "submitted"


def test_where_answers_tie_all_wait_for_a_member(new_job: NewJob, amina: Person, luis: Person, priya: Person) -> None:
    job = new_job(overlap=2, tasks=1)
    work(job, amina, SAME)
    work(job, luis, DIFFERENT)
    assert states(job) == {"submitted": 2}
    waiting = reviews.next_for(priya, at=clock.now())
    assert waiting is not None
    reviews.accept(waiting, by=priya, at=clock.now())
    assert states(job) == {"submitted": 1, "accepted": 1}


@given(st.lists(st.sampled_from(["same", "different", "unsure"]), max_size=9))
def test_a_majority_is_more_than_half_and_at_least_two(keys: list[str]) -> None:
    agreed = reviews.majority(keys)
    winners = [key for key in set(keys) if keys.count(key) >= 2 and keys.count(key) > len(keys) - keys.count(key)]
    assert agreed == (winners[0] if winners else None)


def test_a_peer_accepts_and_the_author_is_paid_once(peer_job: Job, amina: Person, luis: Person, priya: Person) -> None:
    mine = work(peer_job, amina, SAME)
    reviews.accept(mine, by=luis, at=clock.now())
    with pytest.raises(Refused, match="decided already"):
        reviews.accept(mine, by=priya, at=clock.now())
    assert payable(amina) == Decimal("0.09")
    assert Transfer.objects.filter(ref=f"assignment:{mine.pk}", kind=5).count() == 1


def test_nobody_checks_their_own_answer_or_a_task_they_answered(
    new_job: NewJob, amina: Person, luis: Person, priya: Person
) -> None:
    job = new_job(review_rule=ReviewRule.PEER, overlap=2, tasks=1)
    mine, _other = work(job, amina, SAME), work(job, luis, SAME)
    with pytest.raises(Refused, match="Somebody else checks"):
        reviews.accept(mine, by=amina, at=clock.now())
    with pytest.raises(Refused, match="Another member checks"):
        reviews.accept(mine, by=luis, at=clock.now())
    assert reviews.next_for(luis, at=clock.now()) is None
    assert reviews.next_for(priya, at=clock.now()) is not None


def test_an_applicant_and_a_clients_people_do_not_check(
    peer_job: Job, amina: Person, newcomer: Person, luis: Person, olga: Person, at: datetime
) -> None:
    mine = work(peer_job, amina, SAME)
    with pytest.raises(Refused):
        reviews.accept(mine, by=newcomer, at=at)
    clients.offer(peer_job.client, luis.email, by=olga, at=at)
    with pytest.raises(Refused, match="no seat"):
        reviews.accept(mine, by=luis, at=clock.now(), ground=Ground.CLIENT)
    assert reviews.next_for(luis, at=clock.now()) == mine
    clients.withdraw(clients.offers(peer_job.client)[0], by=olga, at=at)
    ClientSeat.objects.create(client=peer_job.client, person=luis, created_at=at, accepted_at=at)
    assert reviews.next_for(luis, at=clock.now()) is None


def test_a_client_checks_its_own_jobs_only(peer_job: Job, amina: Person, olga: Person, luis: Person) -> None:
    mine = work(peer_job, amina, SAME)
    with pytest.raises(Refused, match="no seat"):
        reviews.accept(mine, by=luis, at=clock.now(), ground=Ground.CLIENT)
    assert reviews.accept(mine, by=olga, at=clock.now(), ground=Ground.CLIENT).state == "accepted"


def test_sending_back_needs_a_reason_and_a_place(peer_job: Job, amina: Person, luis: Person) -> None:
    mine = work(peer_job, amina, SAME)
    for reason, place in (("", "labels"), ("The sizes differ.", " ")):
        with pytest.raises(Refused, match="Say why"):
            reviews.send_back(mine, reason=reason, place=place, by=luis, at=clock.now())


def test_what_was_sent_back_is_done_again_once_and_paid_once(
    peer_job: Job, amina: Person, luis: Person, priya: Person
) -> None:
    mine = work(peer_job, amina, SAME)
    reviews.send_back(mine, reason="The sizes differ.", place="labels", by=luis, at=clock.now())
    assert committed_money(peer_job, amina) == Decimal("0.099")
    assert hand_in(mine, DIFFERENT).number == 2
    # Not to the same member again, and not a second time by anybody.
    assert reviews.next_for(luis, at=clock.now()) is None
    with pytest.raises(Refused, match="a second time"):
        reviews.send_back(mine, reason="Still not.", place="labels", by=priya, at=clock.now())
    reviews.accept(mine, by=priya, at=clock.now())
    assert payable(amina) == Decimal("0.09")


def test_a_redo_that_now_agrees_is_accepted_at_once(
    job: Job, amina: Person, luis: Person, priya: Person, teresa: Person
) -> None:
    work(job, amina, SAME)
    odd = work(job, luis, DIFFERENT)
    work(job, priya, SAME)
    reviews.send_back(odd, reason="Look at the size.", place="labels", by=teresa, at=clock.now())
    hand_in(odd, SAME)
    odd.refresh_from_db()
    assert (odd.state, payable(luis)) == ("accepted", Decimal("0.09"))


def test_a_redo_nobody_sends_ends_with_its_time_and_frees_the_slot(
    peer_job: Job, amina: Person, luis: Person, later: Callable[..., datetime]
) -> None:
    mine = work(peer_job, amina, SAME)
    reviews.send_back(mine, reason="The sizes differ.", place="labels", by=luis, at=clock.now())
    at = later(days=3, minutes=1)
    assert claims.expire_due(at=at) == 1
    mine.task.refresh_from_db()
    assert (mine.task.open_slots, committed_money(peer_job, amina)) == (1, Decimal(0))


def test_silence_accepts_when_the_days_have_passed_and_not_before(
    peer_job: Job, amina: Person, luis: Person, later: Callable[..., datetime]
) -> None:
    for who in (amina, luis):
        work(peer_job, who, SAME)
    assert reviews.accept_silent(at=clock.now()) == 0
    at = later(days=3, minutes=1)
    with pytest.raises(Refused, match="has passed"):
        reviews.send_back(Assignment.objects.filter(person=amina).latest("pk"), reason="No.", place="x", by=luis, at=at)
    assert [reviews.accept_silent(at=at), reviews.accept_silent(at=at)] == [2, 0]
    assert (payable(amina), payable(luis)) == (Decimal("0.09"), Decimal("0.09"))


def test_silence_accepts_any_number_in_the_same_statements(
    new_job: NewJob, amina: Person, luis: Person, later: Callable[..., datetime]
) -> None:
    job = new_job(review_rule=ReviewRule.PEER, overlap=1, tasks=30)
    counts = []
    for number in (2, 20):
        for _turn in range(number):
            work(job, amina, SAME)
        at = later(days=4)
        with CaptureQueriesContext(connection) as queries:
            assert reviews.accept_silent(at=at) == number
        counts.append(len(statements(queries)))
    # The first time the member's account for wages is opened as well.
    assert counts[1] <= counts[0] <= 7, counts
    assert payable(amina) == 22 * Decimal("0.09")


def test_accepting_is_a_fixed_number_of_statements(peer_job: Job, amina: Person, luis: Person) -> None:
    # Of them nine are the check, taken, its pay locked behind it and paid (E6); two read the job, which pages have; one
    # holds the accounts of both payments in their order, as the care fund has a balance (0277).
    for expected in (None, 19):
        mine = work(peer_job, amina, SAME)
        at = clock.now()
        with CaptureQueriesContext(connection) as queries:
            reviews.accept(mine, by=luis, at=at)
        assert expected is None or len(statements(queries)) == expected, statements(queries)


def test_the_books_balance_after_every_way_a_task_can_go(
    job: Job, amina: Person, luis: Person, priya: Person, later: Callable[..., datetime]
) -> None:
    work(job, amina, SAME)
    work(job, luis, DIFFERENT)
    work(job, priya, SAME)
    claims.leave(claims.claim_next(job, by=amina, at=clock.now()), by=amina, at=clock.now())
    claims.skip(claims.claim_next(job, by=luis, at=clock.now()), by=luis, at=clock.now())
    claims.claim_next(job, by=priya, at=clock.now())
    at = later(days=4)
    claims.expire_due(at=at)
    reviews.accept_silent(at=at)
    assert states(job) == {"accepted": 3, "left": 1, "skipped": 1, "expired": 1}
    assert all(committed_money(job, who) == 0 for who in (amina, luis, priya))
    assert ledger.balance(f"job:{job.pk}:escrow") == 12 * Decimal("0.099") + 15 * 2 * Decimal("0.027")
    assert not any(invariants.broken().values())


def test_my_data_hold_every_review_of_my_answers_by_whomever_and_of_no_others(
    peer_job: Job, job: Job, amina: Person, luis: Person, priya: Person, olga: Person,
    signed_in: Callable[[Person], Browser],
) -> None:  # fmt: skip
    mine, theirs = work(peer_job, amina, SAME), work(peer_job, luis, SAME)
    for one, reason in ((mine, "Both are the same."), (theirs, "Theirs alone.")):
        reviews.send_back(one, reason=reason, place="labels", by=priya, at=clock.now(), ground=Ground.PEER)
    agreed, *_others = [work(job, who, SAME) for who in (amina, luis, priya)]

    def held(by: Person) -> list[tuple[int, str]]:
        rows = json.loads(signed_in(by).get("/me/data.json").content).get("tasks.Review", [])
        assert not any("reviewer_id" in row for row in rows)
        return sorted((row["assignment_id"], row["reason"]) for row in rows)

    assert held(amina) == sorted([(mine.pk, "Both are the same."), (agreed.pk, "")])
    assert (theirs.pk, "Theirs alone.") in held(luis)
    assert held(olga) == []
