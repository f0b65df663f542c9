"""Attacks on what is promised to whoever's answer is rejected, as the web role; each is refused by its guard."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import connection

from coop import clock
from coop.people.models import Client, Person
from payments import advances
from tasks import disputes
from tasks.models import Assignment, Dispute, Job
from tests.tasks import disputing
from tests.tasks.conftest import SAME, work
from tests.tasks.test_promises import TRANSFER, account

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]

REJECT = """INSERT INTO tasks_dispute (assignment_id, rejected_by_id, looks_for, reason, place)
SELECT unnest(%s::bigint[]), %s, %s, %s, %s"""
DRAW = "INSERT INTO tasks_peer (dispute_id, person_id, rank) VALUES (%s, %s, %s)"
FIND = "INSERT INTO tasks_finding (peer_id, stands, reason) VALUES (%s, %s, 'The label is right.')"
SETTLE = "INSERT INTO tasks_settlement (dispute_id, stands, by_time) VALUES (%s, %s, %s)"
MOVE = "UPDATE tasks_assignment SET state = %s, decided_at = coop_now() WHERE id = %s"
BY_OTHERS, TURN = "rejections_are_made_in_time_by_others", "findings_are_made_in_turn"


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    disputing.learned(orbit, olga)
    return disputing.checked(orbit, olga, tasks=12)


@pytest.fixture
def mine(job: Job, amina: Person) -> Assignment:
    return work(job, amina, SAME)


@pytest.fixture
def dispute(mine: Assignment, olga: Person) -> Dispute:
    return disputing.reject(mine, olga)


def rejection(mine: Sequence[Assignment], by: Person, looks_for: str = "client", **words: str) -> list[Any]:
    """Return what would be a fair rejection of these answers, but for the words given."""
    said = {"reason": disputing.REASON, "place": "labels"} | words
    return [[one.pk for one in mine], by.pk, looks_for, said["reason"], said["place"]]


def test_the_fair_rejection_that_the_attacks_start_from_is_taken(mine: Assignment, olga: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REJECT, rejection([mine], olga))
        assert cursor.rowcount == 1


def test_many_answers_rejected_at_once(attack: Attack, job: Job, amina: Person, olga: Person) -> None:
    given = [work(job, amina, SAME) for _turn in range(12)]
    attack(REJECT, rejection(given, olga), guard="rejections_stay_few")
    attack(REJECT, rejection(given[:3], olga), guard="rejections_stay_few")


def test_more_than_ten_rejections_an_hour(
    attack: Attack, orbit: Client, olga: Person, amina: Person, later: Later
) -> None:
    for number in range(11):
        one = work(disputing.checked(orbit, olga, title=f"Part {number}", tasks=1), amina, SAME)
        if number < 10:
            disputing.reject(one, olga)
    attack(REJECT, rejection([one], olga), guard="rejections_stay_few")
    later(hours=1, minutes=1)
    disputing.reject(one, olga)


@pytest.mark.parametrize("words", [{"reason": ""}, {"reason": "bad"}, {"reason": " \n\t" * 9}, {"place": " "}], ids=str)
def test_a_rejection_without_reason_or_place(
    attack: Attack, mine: Assignment, olga: Person, words: dict[str, str]
) -> None:
    attack(REJECT, rejection([mine], olga, **words), guard="rejections_say_why_and_where")


def test_a_blank_reason_where_a_session_reads_backslashes_its_own_way(
    attack: Attack, mine: Assignment, olga: Person
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL standard_conforming_strings = off")
    attack(REJECT, rejection([mine], olga, reason=" " * 12, place="S"), guard="rejections_say_why_and_where")


def test_a_rejection_after_the_time(attack: Attack, mine: Assignment, olga: Person, later: Later) -> None:
    later(days=8)
    attack(REJECT, rejection([mine], olga), guard=BY_OTHERS)


def test_a_rejection_of_what_is_accepted(attack: Attack, job: Job, olga: Person, luis: Person) -> None:
    paid = Assignment.objects.filter(person=luis, state="accepted").first()
    assert paid is not None
    attack(REJECT, rejection([paid], olga), guard=BY_OTHERS)


def test_a_rejection_by_who_may_not(
    attack: Attack, mine: Assignment, amina: Person, luis: Person, olga: Person, newcomer: Person
) -> None:
    attack(REJECT, rejection([mine], luis), guard=BY_OTHERS)
    attack(REJECT, rejection([mine], amina), guard=BY_OTHERS)
    for who in (amina, olga, newcomer):
        attack(REJECT, rejection([mine], who, "peer"), guard=BY_OTHERS)
    attack(REJECT, rejection([mine], olga, "boss"), guard=BY_OTHERS)


def test_an_answer_rejected_twice(attack: Attack, dispute: Dispute, mine: Assignment, olga: Person) -> None:
    attack(REJECT, rejection([mine], olga), guard=BY_OTHERS)


def test_a_rejection_that_holds_the_pay_back(attack: Attack, mine: Assignment, olga: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REJECT, rejection([mine], olga))
        cursor.execute("UPDATE tasks_assignment SET state = 'disputed' WHERE id = %s", [mine.pk])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="money_follows_the_work")


def test_an_answer_disputed_without_a_rejection(attack: Attack, mine: Assignment) -> None:
    attack("UPDATE tasks_assignment SET state = 'disputed' WHERE id = %s", [mine.pk], guard="assignment_moves_forward")


def test_peers_that_somebody_picks(attack: Attack, dispute: Dispute, luis: Person, olga: Person) -> None:
    for who in (luis, olga):
        attack(DRAW, [dispute.pk, who.pk, None], guard="peers_are_drawn_by_lot")
    attack(DRAW, [dispute.pk, None, 1], guard="peers_are_drawn_by_lot")
    # Another draw while both places are taken.
    attack(DRAW, [dispute.pk, None, None], guard="peers_are_drawn_by_lot")
    attack("SELECT word FROM tasks_lotword", guard="permission denied")
    attack("SELECT tasks_next_peer(%s)", [dispute.pk], guard="permission denied")


def test_a_draw_that_is_tried_again_comes_out_the_same(mine: Assignment, olga: Person) -> None:
    with connection.cursor() as cursor:
        drawn = []
        for _turn in range(3):
            cursor.execute("SAVEPOINT again")
            drawn.append([place.person_id for place in disputing.places(disputing.reject(mine, olga))])
            cursor.execute("ROLLBACK TO again")
    assert drawn[0] == drawn[1] == drawn[2]


def test_nobody_reads_what_a_peer_found_before_the_end(attack: Attack, dispute: Dispute) -> None:
    first, second = disputing.places(dispute)
    disputing.look(first, stands=True)
    for column in ("stands", "reason", "*"):
        attack(f"SELECT {column} FROM tasks_finding", guard="permission denied")
    assert disputes.findings(dispute) == []
    disputing.look(second, stands=True)
    assert len(disputes.findings(dispute)) == 2


def test_a_finding_alone_twice_or_out_of_time(attack: Attack, dispute: Dispute, later: Later) -> None:
    first, second = disputing.places(dispute)
    disputing.look(first, stands=False)
    attack(FIND, [first.pk, False], guard="tasks_finding_peer_id")
    later(hours=25)
    attack(FIND, [second.pk, False], guard=TURN)
    attack(SETTLE, [dispute.pk, None, None], guard="disputes_end_as_peers_found")


def test_a_finding_after_the_end(attack: Attack, dispute: Dispute, later: Later) -> None:
    later(hours=25)
    disputes.go_on(dispute, at=clock.now())
    late = disputing.places(dispute)[2:]
    for place in late:
        disputing.look(place, stands=True)
    attack(FIND, [disputing.places(dispute)[0].pk, False], guard=TURN)


def test_a_finding_without_words_or_without_its_pay(attack: Attack, dispute: Dispute) -> None:
    first, _second = disputing.places(dispute)
    silent = "INSERT INTO tasks_finding (peer_id, stands, reason) VALUES (%s, true, '  ')"
    attack(silent, [first.pk], guard="findings_have_a_reason")
    with connection.cursor() as cursor:
        cursor.execute(FIND, [first.pk, True])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="looks_are_paid")


def test_a_dispute_settled_without_two_or_otherwise_than_they_found(attack: Attack, dispute: Dispute) -> None:
    for outcome in (None, True, False):
        attack(SETTLE, [dispute.pk, outcome, None], guard="disputes_end_as_peers_found")
    first, second = disputing.places(dispute)
    disputing.look(first, stands=False)
    with connection.cursor() as cursor:
        cursor.execute(FIND, [second.pk, False])
    attack(SETTLE, [dispute.pk, True, False], guard="disputes_end_as_peers_found")


@pytest.mark.parametrize("state", ["accepted", "rejected", "submitted", "left"])
def test_an_answer_leaves_a_dispute_only_as_it_was_settled(attack: Attack, dispute: Dispute, state: str) -> None:
    attack(MOVE, [state, dispute.assignment_id], guard="assignment_moves_forward")


@pytest.mark.parametrize("stands", [True, False])
def test_a_settlement_whose_money_stays_where_it_was(
    attack: Attack,
    dispute: Dispute,
    stands: bool,  # noqa: FBT001 - as parametrize gives it
) -> None:
    first, second = disputing.places(dispute)
    disputing.look(first, stands=stands)
    with connection.cursor() as cursor:
        cursor.execute(FIND + " RETURNING id", [second.pk, stands])
        (number,) = cursor.fetchone()
        look = [31, account("fund:dispute"), account(f"member:{second.person_id}:payable"), 600_000]
        cursor.execute(TRANSFER, [*look, f"finding:{number}"])
        cursor.execute(SETTLE, [dispute.pk, None, None])
    wrong, fair = ("rejected", "accepted") if stands else ("accepted", "rejected")
    attack(MOVE, [wrong, dispute.assignment_id], guard="assignment_moves_forward")
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [fair, dispute.assignment_id])
    attack("SET CONSTRAINTS ALL IMMEDIATE", guard="money_follows_the_work")


def test_the_funds_money_taken(
    attack: Attack, dispute: Dispute, mine: Assignment, amina: Person, olga: Person, luis: Person
) -> None:
    fund, hers, his = (
        account("fund:dispute"),
        account(f"member:{amina.pk}:payable"),
        account(f"member:{luis.pk}:payable"),
    )
    ref, guard, micro = f"assignment:{mine.pk}", "wage_is_what_was_promised", 90_000
    attack(TRANSFER, [28, fund, hers, micro, ref], guard="facts_are_posted_once")
    attack(TRANSFER, [28, fund, his, micro, ref], guard=guard)
    attack(TRANSFER, [28, fund, his, micro, "a gift"], guard=guard)
    other = work(mine.job, luis, SAME)
    attack(TRANSFER, [28, fund, his, micro, f"assignment:{other.pk}"], guard=guard)
    place = disputing.places(dispute)[0]
    for look in (f"finding:{place.pk}", "finding:999999", "a look"):
        attack(TRANSFER, [31, fund, his, 600_000, look], guard="looks_are_paid_as_voted")
    back = account(f"client:{mine.job.client_id}:available")
    for kind in (5, 18, 28, 30):
        attack(TRANSFER, [kind, fund, back, micro, ref], guard="posting_kind_allows_it")


def test_the_clients_money_taken_back_or_paid_twice_meanwhile(
    attack: Attack, dispute: Dispute, mine: Assignment, amina: Person
) -> None:
    locked, ref = account(f"job:{mine.job_id}:commit:{amina.pk}"), f"assignment:{mine.pk}"
    aside, fund = account(f"job:{mine.job_id}:escrow"), account("fund:dispute")
    guard = "wage_is_what_was_promised"
    attack(TRANSFER, [30, locked, aside, 99_000, ref], guard=guard)
    attack(TRANSFER, [4, locked, aside, 99_000, ref], guard=guard)
    attack(TRANSFER, [29, locked, fund, 90_000, ref], guard=guard)
    attack(TRANSFER, [5, locked, account(f"member:{amina.pk}:payable"), 90_000, ref], guard=guard)
    for place in disputing.places(dispute):
        disputing.look(place, stands=True)
    # The member has had this wage already.
    work(mine.job, amina, SAME)
    attack(TRANSFER, [5, locked, account(f"member:{amina.pk}:payable"), 90_000, ref], guard=guard)


def test_an_advance_that_leaves_nothing_for_the_looks(
    attack: Attack, mine: Assignment, amina: Person, orbit: Client, olga: Person
) -> None:
    dear = work(disputing.checked(orbit, olga, pay=advances.available(), tasks=1), amina, SAME)
    with connection.cursor() as cursor:
        cursor.execute(REJECT, rejection([dear], olga))
        cursor.execute("UPDATE tasks_assignment SET state = 'disputed' WHERE id = %s", [dear.pk])
    line = [28, account("fund:dispute"), account(f"member:{amina.pk}:payable"), int(dear.pay * 10**6)]
    attack(TRANSFER, [*line, f"assignment:{dear.pk}"], guard="advances_leave_peers_their_pay")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tasks_finding SET stands = true", "UPDATE tasks_settlement SET stands = true",
        "UPDATE tasks_peer SET person_id = 1", "UPDATE tasks_dispute SET reason = 'x'", "DELETE FROM tasks_peer",
        "DELETE FROM tasks_dispute",
    ],
)  # fmt: skip
def test_a_decision_edited(attack: Attack, dispute: Dispute, change: str) -> None:
    attack(change, guard="permission denied")


def test_a_decision_edited_even_by_the_owner(superuser: psycopg.Connection) -> None:
    guards = "SELECT count(*) FROM pg_trigger WHERE tgname = ANY(%s) AND tgenabled = 'A'"
    names = [f"tasks_{table}_is_append_only" for table in ("dispute", "peer", "finding", "settlement")]
    assert superuser.execute(guards, [names]).fetchone() == (4,)


def test_disputes_that_go_by_an_older_view(attack_from_the_past: Attack, job: Job, amina: Person, olga: Person) -> None:
    mine, other = work(job, amina, SAME), work(job, amina, SAME)
    dispute = disputing.reject(mine, olga)
    attack_from_the_past(REJECT, rejection([other], olga), guard="rejections_stay_few")
    attack_from_the_past(DRAW, [dispute.pk, None, None], guard="peers_are_drawn_by_lot")
    attack_from_the_past(FIND, [disputing.places(dispute)[0].pk, True], guard=TURN)
    attack_from_the_past(SETTLE, [dispute.pk, None, None], guard="disputes_end_as_peers_found")
