"""Attacks on the promises of the work, as the web role; each is refused by its guard, by name."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from coop.people.models import Client, Person
from governance import pauses
from governance.models import Office, PauseGround
from payments import deposits
from payments.models import Account, Deposit, Transfer
from payments.money import to_micro
from tasks import claims, onboarding, reviews
from tasks.models import Assignment, Job, ReviewRule, Task
from tests.money_in import arrive
from tests.tasks.conftest import SAME, hand_in, work

type Attack = Callable[..., None]

CLAIM = """INSERT INTO tasks_assignment (task_id, job_id, person_id, slot, rate_id, fee_version_id, card_id, pay, fee,
    state, claimed_at, expires_at)
SELECT %(task)s, job_id, %(person)s, %(slot)s, rate_id, fee_version_id, card_id, pay + %(more)s, fee + %(fee)s,
    %(state)s, %(at)s, %(at)s + interval '30 minutes' + %(longer)s
FROM tasks_assignment WHERE id = %(like)s"""
TRANSFER = """INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
VALUES (gen_random_uuid(), gen_random_uuid(), %s, %s, %s, %s, %s, coop_now())"""


def facts(like: Assignment, person: Person, **changes: Any) -> dict[str, Any]:
    """Return a claim of the next task that would be as good as the one it is made after, but for `changes`."""
    task = Task.objects.get(job=like.job_id, position=like.task.position + 1)
    fair = {"task": task.pk, "person": person.pk, "slot": 1, "more": 0, "fee": 0, "state": "claimed", "like": like.pk}
    at = clock.now() + changes.pop("shift", timedelta())
    return {**fair, "at": at, "longer": timedelta(), **changes}


@pytest.fixture
def mine(job: Job, amina: Person) -> Assignment:
    """Return Amina's open task."""
    return claims.claim_next(job, by=amina, at=clock.now())


def test_the_fair_claim_that_the_attacks_start_from_is_taken(mine: Assignment, luis: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, facts(mine, luis))
        assert cursor.rowcount == 1


@pytest.mark.parametrize(
    "change",
    [
        {"more": -1000},
        {"more": 1000},
        {"fee": -1},
        {"slot": 4},
        {"slot": 0},
        {"state": "accepted"},
        {"shift": timedelta(hours=-2)},
        {"shift": timedelta(minutes=5)},
        {"longer": timedelta(days=1)},
    ],
    ids=str,
)
def test_a_claim_on_other_terms(attack: Attack, mine: Assignment, luis: Person, change: dict[str, Any]) -> None:
    attack(CLAIM, facts(mine, luis, **change), guard="assignment_is_claimed_at_the_voted_rate")


def test_a_claim_of_another_jobs_task(
    attack: Attack, mine: Assignment, new_job: Callable[..., Job], luis: Person
) -> None:
    other = new_job(title="Another").tasks.first()
    assert other is not None
    attack(CLAIM, facts(mine, luis, task=other.pk), guard="assignment_is_claimed_at_the_voted_rate")


def test_a_claim_in_a_closed_job(attack: Attack, mine: Assignment, luis: Person) -> None:
    Job.objects.filter(pk=mine.job_id).update(closed_at=clock.now())
    attack(CLAIM, facts(mine, luis), guard="assignment_is_claimed_at_the_voted_rate")


def test_work_for_an_applicant(attack: Attack, mine: Assignment, newcomer: Person) -> None:
    attack(CLAIM, facts(mine, newcomer), guard="work_is_for_people_in_good_standing")


def test_work_for_the_clients_own_seat(attack: Attack, mine: Assignment, olga: Person) -> None:
    attack(CLAIM, facts(mine, olga), guard="work_is_for_people_in_good_standing")


def test_work_while_paused(
    attack: Attack, mine: Assignment, luis: Person, petra: Person, samuel: Person, at: datetime
) -> None:
    asked = pauses.ask(
        luis, ground=PauseGround.ACCOUNT_TAKEN_OVER, scope="work", reason="Signed in from two continents.",
        evidence=pauses.evidence_of("two sessions"), hours=24, by=samuel, at=at,
    )  # fmt: skip
    pauses.confirm(asked, by=petra, at=clock.now())
    attack(CLAIM, facts(mine, luis), guard="work_is_for_people_in_good_standing")


def test_a_second_assignment_on_one_slot(attack: Attack, mine: Assignment, luis: Person) -> None:
    attack(CLAIM, facts(mine, luis, task=mine.task_id), guard="one_assignment_per_slot")


def test_a_task_twice_for_one_person(attack: Attack, mine: Assignment, amina: Person) -> None:
    hand_in(mine, SAME)
    again = facts(mine, amina, task=mine.task_id, slot=2)
    attack(CLAIM, again, guard="one_assignment_per_person_and_task")


def test_two_open_tasks_of_a_job_for_one_person(attack: Attack, mine: Assignment, amina: Person) -> None:
    attack(CLAIM, facts(mine, amina), guard="one_open_claim_per_person_and_job")


@pytest.mark.parametrize("column", ["pay", "fee", "slot", "person_id", "claimed_at", "card_id", "rate_id", "task_id"])
def test_the_terms_of_a_claimed_task_are_out_of_reach(attack: Attack, mine: Assignment, column: str) -> None:
    attack(
        f"UPDATE tasks_assignment SET {column} = {column} WHERE id = %s",
        [mine.pk],
        guard="permission denied",
    )


def test_even_the_owner_cannot_change_the_terms(committed: None, mine: Assignment, owner: Any) -> None:
    for column, value in (("pay", "pay - 1"), ("fee", "fee + 1"), ("claimed_at", "claimed_at - interval '1 day'")):
        with pytest.raises(psycopg.Error, match="does not change") as caught, owner.transaction(force_rollback=True):
            owner.execute(f"UPDATE tasks_assignment SET {column} = {value} WHERE id = %s", [mine.pk])
        assert caught.value.diag.constraint_name == "assignment_terms_are_frozen"


MOVES = {
    "accepted without being handed in": "state = 'accepted', decided_at = coop_now()",
    "handed in without an answer": """state = 'submitted', submitted_at = coop_now(),
        accept_by = coop_now() + interval '1 day'""",
    "expired before its time": "state = 'expired', decided_at = coop_now()",
    "given more time": "expires_at = expires_at + interval '1 hour'",
    "given less time": "expires_at = coop_now()",
    "sent back before it was handed in": "state = 'sent_back', expires_at = coop_now() + interval '2 days'",
    "accepted by a date in the past": "accept_by = coop_now() - interval '1 day'",
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_step_out_of_order(attack: Attack, mine: Assignment, move: str) -> None:
    attack(f"UPDATE tasks_assignment SET {move} WHERE id = %s", [mine.pk], guard="assignment_moves_forward")


def test_an_accepted_answer_stays_accepted(
    attack: Attack, job: Job, amina: Person, luis: Person, priya: Person
) -> None:
    mine = work(job, amina, SAME)
    for who in (luis, priya):
        work(job, who, SAME)
    for state in ("submitted", "sent_back", "left", "expired", "claimed"):
        attack(
            "UPDATE tasks_assignment SET state = %s WHERE id = %s", [state, mine.pk], guard="assignment_moves_forward"
        )


def test_silence_of_more_than_seven_days(attack: Attack, mine: Assignment) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coop_now()")
        (moment,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at)"
            " VALUES (%s, 1, '{}', 1, gen_random_uuid(), %s)",
            [mine.pk, moment],
        )
    attack(
        "UPDATE tasks_assignment SET state = 'submitted', submitted_at = %s, accept_by = %s WHERE id = %s",
        [moment, moment + timedelta(days=8), mine.pk],
        guard="assignment_moves_forward",
    )


@pytest.mark.parametrize(
    ("table", "guard"),
    [
        ("tasks_answer", "tasks_answer_is_append_only"),
        ("tasks_review", "tasks_review_is_append_only"),
        ("tasks_ratecard", "tasks_ratecard_is_append_only"),
        ("tasks_report", "tasks_report_is_append_only"),
        ("tasks_assignment", "tasks_assignment_is_kept"),
        ("tasks_task", "tasks_task_is_kept"),
        ("tasks_job", "tasks_job_is_kept"),
    ],
)
def test_what_was_written_stays(attack: Attack, superuser: Any, table: str, guard: str) -> None:
    attack(f"DELETE FROM {table}", guard="permission denied")
    attack(f"TRUNCATE {table}", guard="permission denied")
    # With every right it is the guards: asked as the superuser, whose triggers fire all the same.
    with pytest.raises(psycopg.Error) as caught, superuser.transaction(force_rollback=True):
        superuser.execute(f"TRUNCATE {table} CASCADE")
    refused_by = caught.value.diag.constraint_name or ""
    assert refused_by.endswith(("_is_append_only", "_is_kept"))
    assert superuser.execute("SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgenabled = 'A'", [guard]).fetchone()


def test_an_answer_after_its_time(attack: Attack, mine: Assignment, later: Callable[..., datetime]) -> None:
    later(minutes=31)
    attack(
        "INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at)"
        " VALUES (%s, 1, '{}', 1, gen_random_uuid(), coop_now())",
        [mine.pk],
        guard="answers_belong_to_open_assignments",
    )


@pytest.mark.parametrize(("seconds", "at"), [(1801, "coop_now()"), (1, "'-infinity'")])
def test_an_answer_that_took_longer_than_its_task_allows(
    attack: Attack, mine: Assignment, seconds: int, at: str
) -> None:
    attack(
        "INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at)"
        f" VALUES (%s, 1, '{{}}', %s, gen_random_uuid(), {at})",
        [mine.pk, seconds],
        guard="answers_belong_to_open_assignments",
    )


@pytest.mark.parametrize("day", ["'infinity'", "'2020-01-01'", "coop_now() - interval '61 minutes'",
                                 "coop_now() + interval '1 minute'"])  # fmt: skip
def test_work_that_ends_on_another_day_or_on_none(attack: Attack, mine: Assignment, day: str) -> None:
    """Work of the last 28 days is what a ballot shows the impact on, and of 90 days what lets somebody be a peer."""
    left = f"UPDATE tasks_assignment SET state = 'left', decided_at = {day} WHERE id = %s"
    attack(left, [mine.pk], guard="assignment_moves_forward")


def test_a_second_answer_without_being_sent_back(attack: Attack, mine: Assignment) -> None:
    hand_in(mine, SAME)
    attack(
        "INSERT INTO tasks_answer (assignment_id, number, value, seconds, key, at)"
        " VALUES (%s, 2, '{}', 1, gen_random_uuid(), coop_now())",
        [mine.pk],
        guard="answers_belong_to_open_assignments",
    )


REVIEW = """INSERT INTO tasks_review (assignment_id, reviewer_id, decision, ground, reason, place, at)
VALUES (%s, %s, %s, %s, %s, %s, coop_now())"""


def test_reviews_that_nobody_may_write(attack: Attack, mine: Assignment, amina: Person, luis: Person) -> None:
    hand_in(mine, SAME)
    guard = "reviews_are_made_by_others"
    attack(REVIEW, [mine.pk, amina.pk, "accept", "peer", "", ""], guard=guard)
    attack(REVIEW, [mine.pk, None, "accept", "peer", "", ""], guard=guard)
    attack(REVIEW, [mine.pk, None, "accept", "silence", "", ""], guard=guard)
    attack(REVIEW, [mine.pk, None, "accept", "gold", "", ""], guard=guard)
    attack(REVIEW, [mine.pk, luis.pk, "accept", "client", "", ""], guard=guard)
    attack(REVIEW, [mine.pk, luis.pk, "accept", "because", "", ""], guard=guard)
    # A machine alone sends nothing back (E5).
    attack(REVIEW, [mine.pk, None, "send_back", "majority", "no", "labels"], guard=guard)
    attack(
        REVIEW,
        [mine.pk, luis.pk, "send_back", "peer", "", "labels"],
        guard="sending_back_needs_person_reason_and_place",
    )


def test_sending_back_twice(attack: Attack, new_job: Callable[..., Job], amina: Person, luis: Person) -> None:
    mine = work(new_job(review_rule=ReviewRule.PEER, overlap=1), amina, SAME)
    reviews.send_back(mine, reason="Look again.", place="labels", by=luis, at=clock.now())
    hand_in(mine, SAME)
    again = [mine.pk, luis.pk, "send_back", "peer", "again", "labels"]
    attack(REVIEW, again, guard="sent_back_once_and_accepted_once")


def test_a_card_with_another_name(attack: Attack, mine: Assignment) -> None:
    insert = "INSERT INTO tasks_ratecard (digest, body) VALUES (%s, %s)"
    attack(insert, ["0" * 64, '{"pay": "0.01"}'], guard="card_is_named_by_its_words")
    for body in ('{"pay": "1", "pay": "0.01"}', "no JSON"):
        digest = hashlib.sha256(body.encode()).hexdigest()
        attack(insert, [digest, body], guard="card_is_named_by_its_words")


def test_pay_of_an_open_job_falls(attack: Attack, job: Job) -> None:
    attack("UPDATE tasks_job SET pay = pay - 1 WHERE id = %s", [job.pk], guard="job_pay_never_falls")


def test_a_raise_without_the_money_behind_it(attack: Attack, job: Job) -> None:
    attack("UPDATE tasks_job SET pay = pay + 1 WHERE id = %s", [job.pk], guard="job_opens_with_money")


@pytest.mark.parametrize(
    "change",
    [
        "guide = 'Do more for the same.'", "form = '{}'", "overlap = 25", "time_limit = interval '1 minute'",
        "review_days = 7", "review_rule = 'peer'", "title = 'x'", "opened_at = NULL",
    ],
)  # fmt: skip
def test_what_an_open_job_asks_changes(attack: Attack, job: Job, change: str) -> None:
    attack(f"UPDATE tasks_job SET {change} WHERE id = %s", [job.pk], guard="job_terms_are_frozen")


def test_a_closed_job_opens_again(attack: Attack, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(closed_at=clock.now())
    attack("UPDATE tasks_job SET closed_at = NULL WHERE id = %s", [job.pk], guard="job_stays_closed")


COPY = """INSERT INTO tasks_job (client_id, work_type_id, title, guide, form, overlap, pay, review_rule, review_days,
    time_limit, sensitivity, is_onboarding, pass_mark, drafted_at, opened_at, task_bytes)
SELECT client_id, work_type_id, title, guide, form, overlap, %(pay)s, %(rule)s, review_days, time_limit, sensitivity,
    %(onboarding)s, 0, drafted_at, %(opened)s, task_bytes FROM tasks_job WHERE id = %(job)s RETURNING id"""


def draft(job: Job, pay: int = 90_000) -> int:
    """Return the number of a new draft like a job."""
    with connection.cursor() as cursor:
        fair: dict[str, Any] = {"job": job.pk, "pay": pay, "rule": "majority", "onboarding": False, "opened": None}
        cursor.execute(COPY, fair)
        return int(cursor.fetchone()[0])


def test_a_job_that_is_born_open(attack: Attack, job: Job) -> None:
    born = {"job": job.pk, "pay": 90_000, "rule": "majority", "onboarding": False, "opened": job.opened_at}
    attack(COPY, born, guard="job_opens_with_its_deposit")


@pytest.mark.parametrize("column", ["opened_at", "closed_at"])
def test_a_job_that_opens_or_closes_on_no_day(attack: Attack, job: Job, column: str) -> None:
    never = f"UPDATE tasks_job SET {column} = '-infinity' WHERE id = %s"
    number = draft(job, pay=90_000)
    attack(never, [number], guard="job_opens_with_money")


def test_a_job_opens_without_tasks_without_money_or_below_the_rate(attack: Attack, job: Job) -> None:
    opened = "UPDATE tasks_job SET opened_at = coop_now() WHERE id = %s"
    empty, unfunded, cheap = draft(job), draft(job), draft(job, pay=80_000)
    attack(opened, [empty], guard="job_opens_with_money")
    for number in (unfunded, cheap):
        Task.objects.create(job_id=number, position=1, external_id="1", data={}, open_slots=3)
        attack(opened, [number], guard="job_opens_with_money")


def test_a_clients_job_paid_from_the_training_fund(attack: Attack, job: Job) -> None:
    free = {"job": job.pk, "pay": 90_000, "rule": "gold", "onboarding": True, "opened": None}
    attack(COPY, free, guard="onboarding_is_the_cooperatives_own")


TASK = (
    "INSERT INTO tasks_task (job_id, position, external_id, data, open_slots, gold) VALUES (%s, %s, 'x', '{}', %s, %s)"
)


def test_tasks_that_arrive_with_other_slots_or_in_an_open_job_without_money(attack: Attack, job: Job) -> None:
    number = draft(job)
    attack(TASK, [number, 1, 2, None], guard="tasks_arrive_whole")
    attack(TASK, [number, 1, 4, None], guard="tasks_arrive_whole")
    attack(TASK, [number, 1, 3, '{"value": 1}'], guard="tasks_arrive_whole")
    attack(TASK, [job.pk, 99, 3, None], guard="tasks_arrive_whole")


def test_open_slots_changed_by_hand(attack: Attack, mine: Assignment) -> None:
    change = "UPDATE tasks_task SET open_slots = open_slots + 1 WHERE id = %s"
    attack(change, [mine.task_id], guard="open_slots_follow_assignments")
    attack("UPDATE tasks_task SET data = '{}' WHERE id = %s", [mine.task_id], guard="permission denied")


def account(code: str) -> int:
    """Return an account's number, opened if it is new."""
    return Account.objects.get_or_create(code=code, currency="USD")[0].pk


def test_money_that_no_assignment_promised(attack: Attack, mine: Assignment, amina: Person, luis: Person) -> None:
    hand_in(mine, SAME)
    locked, wages = account(f"job:{mine.job_id}:commit:{amina.pk}"), account(f"member:{amina.pk}:payable")
    escrow, fee, ref = account(f"job:{mine.job_id}:escrow"), account("coop:fee"), f"assignment:{mine.pk}"
    other = account(f"job:{mine.job_id}:commit:{luis.pk}")
    guard = "wage_is_what_was_promised"
    # Before it is accepted: no wage, no fee, no money back to the client.
    attack(TRANSFER, [5, locked, wages, 90_000, ref], guard=guard)
    attack(TRANSFER, [6, locked, fee, 9_000, ref], guard=guard)
    attack(TRANSFER, [4, locked, escrow, 99_000, ref], guard=guard)
    # Money locked again for the same claim, for another person, of another sum, for nothing.
    attack(TRANSFER, [3, escrow, locked, 99_000, ref], guard="facts_are_posted_once")
    attack(TRANSFER, [3, escrow, other, 99_000, ref], guard=guard)
    attack(TRANSFER, [3, escrow, locked, 1, "assignment:999999"], guard=guard)
    attack(TRANSFER, [3, escrow, locked, 1, "a gift"], guard=guard)


def test_a_wage_paid_twice_too_high_or_as_onboarding(
    attack: Attack, job: Job, amina: Person, luis: Person, priya: Person
) -> None:
    mine = work(job, amina, SAME)
    for who in (luis, priya):
        work(job, who, SAME)
    # More money locked behind a further task of hers, that an attacker would pay the first one from again.
    claims.claim_next(job, by=amina, at=clock.now())
    locked, wages = account(f"job:{job.pk}:commit:{amina.pk}"), account(f"member:{amina.pk}:payable")
    ref = f"assignment:{mine.pk}"
    for kind, amount in ((5, 90_000), (5, 99_000)):
        attack(TRANSFER, [kind, locked, wages, amount, ref], guard="facts_are_posted_once")
    attack(TRANSFER, [10, locked, wages, 90_000, ref], guard="wage_is_what_was_promised")


@pytest.mark.parametrize(
    "other", ["0{}", "+{}", " {}", "{} ", "{}\n", "{}:1", "{}.0", "_{}", "{:0>19}", "", "9" * 19, "\u0661"]
)
def test_a_wage_paid_again_under_another_name_of_its_answer(
    attack: Attack, job: Job, amina: Person, luis: Person, priya: Person, other: str
) -> None:
    mine = work(job, amina, SAME)
    for who in (luis, priya):
        work(job, who, SAME)
    claims.claim_next(job, by=amina, at=clock.now())
    locked, wages = account(f"job:{job.pk}:commit:{amina.pk}"), account(f"member:{amina.pk}:payable")
    line = [5, locked, wages, 90_000, f"assignment:{other.format(mine.pk)}"]
    attack(TRANSFER, line, guard="wage_is_what_was_promised")


def test_a_fund_that_gets_another_share_of_the_fee_than_was_voted(
    attack: Attack, job: Job, amina: Person, luis: Person, priya: Person, olga: Person
) -> None:
    """The shares are those of the version locked when the task was taken: 25, 5 and 5 per cent of 0.9 cents."""
    shares = {"fund:training": 2_250, "fund:care": 450, "fund:floor": 450, "coop:fee": 5_850}
    answered, unpaid = work(job, amina, SAME), work(job, amina, {"labels": ["Different"]})
    for who in (luis, priya):
        work(job, who, SAME)
    paid = Transfer.objects.filter(ref=f"assignment:{answered.pk}", kind__in=[6, 7])
    assert {one.credit.code: to_micro(one.amount) for one in paid.select_related("credit")} == shares
    locked, ref = account(f"job:{job.pk}:commit:{amina.pk}"), f"assignment:{unpaid.pk}"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(reviews.ACCEPT, [olga.pk, "client", clock.now(), [unpaid.pk]])
            cursor.execute(reviews.ACCEPTED, [clock.now(), [unpaid.pk]])
        for code, amount in shares.items():
            for wrong in (amount - 1, amount + 1):
                kind = 6 if code == "coop:fee" else 7
                attack(TRANSFER, [kind, locked, account(code), wrong, ref], guard="wage_is_what_was_promised")
        transaction.set_rollback(True)


def test_a_wage_paid_to_somebody_else(attack: Attack, job: Job, amina: Person, luis: Person, olga: Person) -> None:
    """The books let a team's wage go to its members: who is owed one, the work itself says."""
    mine, theirs = work(job, amina, SAME), account(f"member:{luis.pk}:payable")
    locked, ref = account(f"job:{job.pk}:commit:{amina.pk}"), f"assignment:{mine.pk}"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(reviews.ACCEPT, [olga.pk, "client", clock.now(), [mine.pk]])
            cursor.execute(reviews.ACCEPTED, [clock.now(), [mine.pk]])
        attack(TRANSFER, [5, locked, theirs, 90_000, ref], guard="wage_is_what_was_promised")
        transaction.set_rollback(True)


def test_money_taken_from_behind_an_open_job(attack: Attack, job: Job) -> None:
    back = account(f"client:{job.client_id}:available")
    attack(
        TRANSFER,
        [18, account(f"job:{job.pk}:escrow"), back, 1, f"job:{job.pk}"],
        guard="unclaimed_money_stays_with_an_open_job",
    )


def test_onboarding_pays_only_the_cooperatives_questions(attack: Attack, mine: Assignment, amina: Person) -> None:
    one = onboarding.job()
    assert one is not None
    attack(
        TRANSFER,
        [3, account("fund:training"), account(f"job:{one.pk}:commit:{amina.pk}"), 99_000, f"assignment:{mine.pk}"],
        guard="wage_is_what_was_promised",
    )


def test_a_job_paid_by_another_client(attack: Attack, job: Job) -> None:
    house = Client.objects.get(is_cooperative=True)
    treasurer = Office.objects.get(post="treasurer")
    arrive(house, amount=Decimal(5), reference="HOUSE-1", by=treasurer, at=clock.now())
    number, theirs = draft(job), account(f"client:{house.pk}:available")
    # Even as the first to set money aside, and for a job that is still to come.
    for one in (number, number + 1):
        line = [2, theirs, account(f"job:{one}:escrow"), 1_000_000, f"job:{one}"]
        attack(TRANSFER, line, guard="jobs_are_one_clients")
    attack(TRANSFER, [18, account(f"job:{job.pk}:escrow"), theirs, 1, f"job:{job.pk}"], guard="jobs_are_one_clients")


def test_what_is_seldom_posted_among_what_is_posted_every_day(attack: Attack, job: Job, amina: Person) -> None:
    theirs, aside = account(f"client:{job.client_id}:available"), account(f"job:{job.pk}:escrow")
    fair: list[Any] = [2, theirs, aside, 1, f"job:{job.pk}"]
    foul: list[Any] = [12, theirs, account(f"member:{amina.pk}:payable"), 1, "assignment:1"]
    one = TRANSFER.partition("VALUES ")[2]
    for lines in (foul + fair, fair + foul):
        attack(f"{TRANSFER}, {one}", lines, guard="tips_go_to_who_answered")
    with connection.cursor() as cursor:
        cursor.execute(f"{TRANSFER}, {one}", fair + fair)


def test_a_task_claimed_without_money_behind_it(attack: Attack, mine: Assignment, luis: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, facts(mine, luis))
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="money_follows_the_work")


@pytest.mark.parametrize("step", ["accepted", "left"])
def test_work_that_ends_without_its_money(
    attack: Attack, new_job: Callable[..., Job], amina: Person, olga: Person, step: str
) -> None:
    mine = claims.claim_next(new_job(review_rule=ReviewRule.PEER), by=amina, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    if step == "accepted":
        hand_in(mine, SAME)
        with connection.cursor() as cursor:
            cursor.execute(REVIEW, [mine.pk, olga.pk, "accept", "client", "", ""])
    Assignment.objects.filter(pk=mine.pk).update(state=step, decided_at=clock.now())
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="money_follows_the_work")


def test_work_whose_money_moved_passes_the_end_of_its_transaction(
    job: Job, amina: Person, luis: Person, priya: Person
) -> None:
    for who in (amina, luis, priya):
        work(job, who, SAME)
    claims.leave(claims.claim_next(job, by=amina, at=clock.now()), by=amina, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def test_a_wage_in_another_currency(attack: Attack, mine: Assignment, luis: Person, orbit: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM + " RETURNING id", facts(mine, luis))
        (number,) = cursor.fetchone()
    treasurer = Office.objects.get(post="treasurer")
    deposit = Deposit.objects.create(
        client=orbit, amount=Decimal(5), currency="VES", reference="VES-1", recorded_by=treasurer, at=clock.now()
    )
    deposits.confirm(deposit, by=Office.objects.get(post="secretary"), at=clock.now())
    theirs, aside, locked = (
        Account.objects.get_or_create(code=code, currency="VES")[0].pk
        for code in (
            f"client:{orbit.pk}:available", f"job:{mine.job_id}:escrow",
            f"job:{mine.job_id}:commit:{luis.pk}",
        )
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(TRANSFER, [2, theirs, aside, 5_000_000, f"job:{mine.job_id}"])
    attack(TRANSFER, [3, aside, locked, 99_000, f"assignment:{number}"], guard="wage_is_what_was_promised")


def test_money_and_tasks_that_move_by_an_older_view(attack_from_the_past: Attack, job: Job) -> None:
    back, aside = account(f"client:{job.client_id}:available"), account(f"job:{job.pk}:escrow")
    line = [18, aside, back, 1, f"job:{job.pk}"]
    attack_from_the_past(TRANSFER, line, guard="unclaimed_money_stays_with_an_open_job")
    raised = "UPDATE tasks_job SET pay = pay + 1 WHERE id = %s"
    attack_from_the_past(raised, [job.pk], guard="job_opens_with_money")
    attack_from_the_past(TASK, [draft(job), 1, 3, None], guard="tasks_arrive_whole")


@pytest.mark.usefixtures("committed")
def test_a_claim_that_looks_at_the_past(mine: Assignment, luis: Person, cluster: Cluster, database_name: str) -> None:
    fair = facts(mine, luis)
    with psycopg.connect(cluster.url(roles.WEB, database_name), cursor_factory=psycopg.ClientCursor) as old:
        old.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            old.execute(CLAIM, fair)
        assert caught.value.diag.constraint_name == "assignment_is_claimed_at_the_voted_rate"


def test_the_guards_themselves_are_out_of_reach(attack: Attack) -> None:
    attack("ALTER TABLE tasks_assignment DISABLE TRIGGER ALL", guard="must be owner")
    attack("SET ROLE workhall_owner", guard="permission denied")
