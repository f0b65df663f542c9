"""Attacks on onboarding and payments (group L, and E1 to E6): each named with what refuses it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import offices, standing
from governance.models import Status
from payments import payouts, rates
from payments.models import Account, Payout
from payments.money import from_micro
from tasks import claims, onboarding, reviews
from tasks.models import Assignment, AssignmentState, Job
from tests.tasks.conftest import SAME, hand_in, payable, work

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]

POST = """
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
SELECT gen_random_uuid(), gen_random_uuid(), %s, d.id, c.id, %s, %s, coop_now()
FROM payments_account d, payments_account c WHERE d.code = %s AND c.code = %s
"""


def test_l1_a_trial_batch_of_a_client_is_not_unpaid(job: Job, attack: Attack) -> None:
    draft = """INSERT INTO tasks_job (client_id, work_type_id, title, guide, form, overlap, pay, review_rule,
        review_days, time_limit, sensitivity, is_onboarding, pass_mark, drafted_at, task_bytes)
        SELECT client_id, work_type_id, 'Trial', 'x', form, 1, %s, %s, 3, time_limit, '', %s, 0, coop_now(), 0
        FROM tasks_job WHERE id = %s"""
    attack(draft, [0, "peer", False, job.pk], guard="job_pays")
    attack(draft, [90_000, "gold", True, job.pk], guard="onboarding_is_the_cooperatives_own")


def test_l1_no_trial_is_worked_before_its_money_is_there(job: Job, amina: Person, attack: Attack) -> None:
    before = claims.claim_next(job, by=amina, at=clock.now())
    claims.skip(before, by=amina, at=clock.now())
    at = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO tasks_assignment (task_id, job_id, person_id, slot, rate_id, fee_version_id, card_id, pay,
                fee, state, claimed_at, expires_at)
            SELECT t.id, a.job_id, a.person_id, 1, rate_id, fee_version_id, card_id, a.pay, a.fee, 'claimed', %s,
                %s::timestamptz + j.time_limit
            FROM tasks_assignment a JOIN tasks_job j ON j.id = a.job_id
            JOIN tasks_task t ON t.job_id = j.id AND t.id <> a.task_id
            WHERE a.id = %s ORDER BY t.position DESC LIMIT 1""",
            [at, at, before.pk],
        )
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="money_follows_the_work")


def test_l2_a_test_answers_at_once_and_pays_right_or_wrong(newcomer: Person) -> None:
    start = onboarding.job()
    assert start is not None
    earned = payable(newcomer)
    mine = claims.claim_next(start, by=newcomer, at=clock.now())
    hand_in(mine, {"labels": [mine.task.data["labels"][0]]})
    mine.refresh_from_db()
    assert mine.state == AssignmentState.ACCEPTED
    assert payable(newcomer) == earned + start.pay


def test_l2_a_result_that_nobody_gives_is_an_acceptance(job: Job, amina: Person, later: Later) -> None:
    mine = work(job, amina, SAME)
    assert mine.accept_by is not None
    assert mine.submitted_at is not None
    assert mine.accept_by - mine.submitted_at <= timedelta(hours=72)
    reviews.accept_silent(at=later(hours=72, minutes=1))
    mine.refresh_from_db()
    assert mine.state == AssignmentState.ACCEPTED


def test_l2_silence_is_never_put_off_beyond_a_week(job: Job, amina: Person, attack: Attack) -> None:
    attack("UPDATE tasks_job SET review_days = 8 WHERE id = %s", [job.pk], guard="job_terms_are_frozen")
    mine = work(job, amina, SAME)
    later_on = "UPDATE tasks_assignment SET accept_by = accept_by + interval '9 days' WHERE id = %s"
    attack(later_on, [mine.pk], guard="assignment_moves_forward")


def test_l3_a_candidate_is_a_member_after_90_days_whoever_asks(newcomer: Person, later: Later) -> None:
    standing.admit(newcomer, status=Status.CANDIDATE, rule="R2", by=None, at=clock.now())
    standing.promote_due(later(days=89))
    assert standing.status(newcomer) == Status.CANDIDATE
    standing.promote_due(later(days=1, minutes=1))
    assert standing.status(newcomer) == Status.MEMBER


@pytest.fixture
def asked(newcomer: Person) -> Payout:
    """Let Nia earn by the onboarding and ask for a payout."""
    start = onboarding.job()
    assert start is not None
    for _question in range(5):
        mine = claims.claim_next(start, by=newcomer, at=clock.now())
        hand_in(mine, {"labels": [mine.task.data["labels"][0]]})
    return payouts.request(newcomer, amount=Decimal(1), by=newcomer, at=clock.now())


def test_l4_a_payout_sent_twice_leaves_once(asked: Payout, newcomer: Person, attack: Attack) -> None:
    before = payable(newcomer)
    again = payouts.request(newcomer, amount=Decimal(1), by=newcomer, at=clock.now(), key=asked.key)
    assert (again.pk, payable(newcomer)) == (asked.pk, before)
    mine, out, ref = f"member:{newcomer.pk}:payable", "clearing:out", f"payout:{asked.pk}"
    attack(POST, [13, 1_000_000, ref, mine, out], guard="facts_are_posted_once")
    attack(POST, [13, 1_000_000, f"{ref} ", mine, out], guard="payouts_move_what_was_asked")


def test_l4_a_payout_arrives_or_comes_back_and_not_both(
    asked: Payout, teresa: Person, petra: Person, newcomer: Person, attack: Attack
) -> None:
    treasurer, secretary = (offices.held_by(officer, clock.now())[0] for officer in (teresa, petra))
    payouts.send(asked, reference="R", by=treasurer, at=clock.now())
    payouts.settle(asked, by=secretary, at=clock.now())
    with pytest.raises(Refused):
        payouts.fail(asked, by=secretary, at=clock.now())
    back = [15, 1_000_000, f"payout:{asked.pk}", "clearing:out", f"member:{newcomer.pk}:payable"]
    attack(POST, back, guard="payouts_")


@pytest.mark.parametrize(
    "change", ["method = 'M-Pesa of an officer'", "amount = 2000000", "person_id = person_id + 1", "key = key"]
)
def test_l8_what_was_asked_for_and_where_it_goes_is_nobodys_to_change(
    asked: Payout, attack: Attack, change: str
) -> None:
    attack(f"UPDATE payments_payout SET {change} WHERE id = %s", [asked.pk], guard="permission denied")


def test_l8_no_officer_asks_for_a_members_money(newcomer: Person, teresa: Person) -> None:
    with pytest.raises(Refused, match="Only you"):
        payouts.request(newcomer, amount=Decimal(1), by=teresa, at=clock.now())


@given(st.integers(1, 3_000_000))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_l9_no_part_of_a_unit_is_lost_or_kept(micro: int) -> None:
    fee = rates.fee_now()
    charge = rates.fee_on(from_micro(micro), fee)
    coop, shares = rates.divide(charge, fee)
    assert coop + sum(shares.values()) == charge
    assert charge <= from_micro(micro) * fee.on_wage / 10_000


def test_l9_what_is_finer_than_a_cent_stays_the_members(asked: Payout, newcomer: Person) -> None:
    left = payable(newcomer)
    assert payouts.most(newcomer) <= left < payouts.most(newcomer) + Decimal("0.01")


@pytest.mark.parametrize(
    ("kind", "amount", "guard"),
    [
        (5, -90_000, "transfers_are_positive"),
        (5, 0, "transfers_are_positive"),
        (6, 9_000, "posting_kind_allows_it"),
        (8, 9_000, "posting_kind_allows_it"),
        (12, 9_000, "tips_go_to_who_answered"),
        (99, 9_000, "reversals_mirror_a_transfer"),
        (28, 9_000, "posting_kind_allows_it"),
    ],
)
def test_l10_no_line_takes_from_what_a_member_earned(
    asked: Payout, newcomer: Person, attack: Attack, kind: int, amount: int, guard: str
) -> None:
    attack(POST, [kind, amount, "penalty:1", f"member:{newcomer.pk}:payable", "clearing:out"], guard=guard)


def test_l10_the_wage_is_the_cards_to_the_last_unit(
    job: Job, amina: Person, luis: Person, priya: Person, attack: Attack
) -> None:
    mine = work(job, amina, SAME)
    Account.objects.get_or_create(code=f"member:{amina.pk}:payable")
    route = [f"assignment:{mine.pk}", f"job:{job.pk}:commit:{amina.pk}", f"member:{amina.pk}:payable"]
    attack(POST, [5, 89_999, *route], guard="wage_is_what_was_promised")
    attack(POST, [5, 90_000, *route], guard="wage_is_what_was_promised")  # nobody has accepted it yet
    for other in (luis, priya):
        work(job, other, SAME)
    attack(POST, [5, 1, *route], guard="facts_are_posted_once")


def test_e1_e2_what_was_accepted_is_paid_at_its_own_pay(job: Job, amina: Person, attack: Attack) -> None:
    mine = work(job, amina, SAME)
    attack("UPDATE tasks_assignment SET pay = 1 WHERE id = %s", [mine.pk], guard="permission denied")
    assert Assignment.objects.get(pk=mine.pk).pay == job.pay


def test_e3_standing_is_no_reason_to_hold_a_payout(asked: Payout, newcomer: Person) -> None:
    assert standing.status(newcomer) != Status.MEMBER
    assert asked.state == "requested"
