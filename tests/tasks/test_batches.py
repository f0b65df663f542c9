"""A batch is asked at once: one wrong answer in it stops all of it, and many cost each what one costs."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from payments import invariants, ledger
from payments.models import Transfer
from tasks import claims, locks, reviews
from tasks.models import Assignment, Job, Review, ReviewRule
from tests.tasks.conftest import SAME, committed_money, hand_in, payable, work
from tests.tasks.test_claims import statements
from tests.tasks.test_teams import expert, task, team

type Attack = Callable[..., None]
type Later = Callable[..., datetime]
__all__ = ["expert", "task", "team"]

BY_SILENCE = """INSERT INTO tasks_review (assignment_id, decision, ground, reason, place, at)
SELECT id, 'accept', 'silence', '', '', coop_now() FROM unnest(%s::bigint[]) AS id"""
ONE_BY_ITSELF = """INSERT INTO tasks_review (assignment_id, reviewer_id, decision, ground, reason, place, at)
SELECT a.id, CASE a.id WHEN %s THEN a.person_id END, 'accept', CASE a.id WHEN %s THEN 'peer' ELSE 'silence' END, '', '',
    coop_now() FROM tasks_assignment a WHERE a.id = ANY(%s)"""
ACCEPTED = "UPDATE tasks_assignment SET state = 'accepted', decided_at = coop_now() WHERE id = ANY(%s)"


@pytest.fixture
def peer_job(new_job: Callable[..., Job]) -> Job:
    """Return an open job whose answers members check one by one."""
    return new_job(review_rule=ReviewRule.PEER, overlap=1, tasks=30)


def answers(job: Job, *people: Person) -> list[int]:
    return [work(job, who, SAME).pk for who in people]


def test_one_that_is_not_due_stops_a_batch(
    attack: Attack, peer_job: Job, amina: Person, luis: Person, later: Later
) -> None:
    due = answers(peer_job, amina, luis)
    later(days=4)
    fresh = answers(peer_job, amina)
    attack(BY_SILENCE, [[due[0], *fresh, due[1]]], guard="reviews_are_made_by_others")
    assert not Review.objects.filter(assignment__in=due).exists()


def test_one_that_is_its_authors_stops_a_batch(
    attack: Attack, peer_job: Job, amina: Person, luis: Person, later: Later
) -> None:
    first, second = answers(peer_job, amina, luis)
    later(days=4)
    attack(ONE_BY_ITSELF, [second, second, [first, second]], guard="reviews_are_made_by_others")


def test_one_that_nobody_handed_in_stops_a_batch(attack: Attack, peer_job: Job, amina: Person, later: Later) -> None:
    due = answers(peer_job, amina)
    later(days=4)
    attack(BY_SILENCE, [[*due, 2**40]], guard="reviews_are_made_by_others")


def test_one_without_a_review_stops_a_batch(
    attack: Attack, peer_job: Job, amina: Person, luis: Person, later: Later
) -> None:
    due = answers(peer_job, amina, luis)
    later(days=4)
    with connection.cursor() as cursor:
        cursor.execute(BY_SILENCE, [due[:1]])
    attack(ACCEPTED, [due], guard="assignment_moves_forward")


def test_one_without_its_money_stops_a_batch(
    attack: Attack, peer_job: Job, amina: Person, luis: Person, later: Later
) -> None:
    due = answers(peer_job, amina, luis)
    later(days=4)
    with connection.cursor() as cursor:
        cursor.execute(BY_SILENCE, [due])
        cursor.execute(ACCEPTED, [due])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="money_follows_the_work")


def test_silence_pays_teams_in_the_same_statements(
    expert: Job, task: Assignment, petra: Person, priya: Person, luis: Person, amina: Person, later: Later
) -> None:
    hand_in(task, SAME)
    work(expert, petra, SAME)
    at = later(days=8)
    with CaptureQueriesContext(connection) as queries:
        assert reviews.accept_silent(at=at) == 2
    # Of them two open accounts for the first pay of these members, and post again.
    assert len(statements(queries)) <= 7, statements(queries)
    wages = Transfer.objects.filter(ref=f"assignment:{task.pk}", kind=5)
    assert {row.credit.code for row in wages.select_related("credit")} == {
        f"member:{who.pk}:payable" for who in (priya, luis, amina)
    }
    assert sum(row.amount for row in wages) == task.pay
    assert committed_money(expert, priya) == Decimal(0)
    assert not any(invariants.broken().values())


def test_what_was_accepted_by_half_goes_on_where_it_stood(
    peer_job: Job, amina: Person, luis: Person, later: Later
) -> None:
    answers(peer_job, amina, luis, amina, luis, amina)
    at = later(days=4)
    assert [reviews.accept_silent(at=at, limit=2) for _turn in range(4)] == [2, 2, 1, 0]
    assert (payable(amina), payable(luis)) == (Decimal("0.27"), Decimal("0.18"))
    assert Transfer.objects.filter(kind=ledger.Kind.WAGE).count() == 5
    assert not any(invariants.broken().values())


def test_silence_finds_what_waits_longest_by_its_index(peer_job: Job, amina: Person, later: Later) -> None:
    for _turn in range(12):
        work(peer_job, amina, SAME)
    at = later(days=4)
    with connection.cursor() as cursor:
        # A table of a few rows is read whole otherwise.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + locks.SILENT, [at, 3])
        (plan,) = cursor.fetchone()
    inside = [plan[0]["Plan"]]
    for node in inside:
        inside.extend(node.get("Plans", []))
    assert "answers_by_silence" in json.dumps(plan)
    work_done = [node["Actual Rows"] for node in inside if node["Node Type"] in {"Index Scan", "LockRows"}]
    assert max(work_done) <= 3, plan


def test_more_time_is_still_what_only_an_extension_gives(attack: Attack, peer_job: Job, amina: Person) -> None:
    mine = claims.claim_next(peer_job, by=amina, at=clock.now())
    longer = "UPDATE tasks_assignment SET expires_at = expires_at + %s WHERE id = %s"
    attack(longer, [timedelta(hours=1), mine.pk], guard="assignment_moves_forward")
