"""Engaged time: noted while a task is open, counted once, idling cut off, for nobody but its member."""

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from tasks import answers, claims, engaged, reviews
from tasks.models import Assignment, Job, ReviewRule, Span
from tests.tasks.conftest import SAME

pytestmark = pytest.mark.django_db
type Later = Callable[..., datetime]
type Attack = Callable[..., None]

SPAN = """INSERT INTO tasks_span (assignment_id, from_at, to_at, told, noted_at)
VALUES (%s, coop_now() - %s::interval, coop_now() - %s::interval, false, coop_now())"""
WITHIN = "spans_lie_within_the_task"


@pytest.fixture
def mine(job: Job, amina: Person) -> Assignment:
    """Return Amina's open task; its usual time is voted, three times of it count."""
    return claims.claim_next(job, by=amina, at=clock.now())


def note(mine: Assignment, seconds: int, ago: int = 0) -> bool:
    """Note as the page of the one who took it does."""
    return engaged.note(mine, seconds=seconds, ago=ago, by=mine.person, at=clock.now())


def hand_in(mine: Assignment, seconds: int) -> None:
    answers.submit(mine, value=SAME, key=uuid.uuid4(), seconds=seconds, by=mine.person, at=clock.now())


def stretches(*mine: Assignment) -> list[int]:
    """Return how long each stretch of these tasks was, in seconds, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM to_at - from_at) FROM tasks_stretches(coop_now() - interval '10 days',"
            " coop_now() + interval '1 second') WHERE assignment_id = ANY(%s) ORDER BY from_at",
            [[one.pk for one in mine]],
        )
        return [round(seconds) for (seconds,) in cursor.fetchall()]


def most(mine: Assignment) -> int:
    """Return the seconds that a task counts at most: three times those that were voted."""
    return 3 * mine.rate.estimated_seconds


def test_what_the_page_noted_counts_to_taking_and_handing_in(mine: Assignment, later: Later) -> None:
    later(seconds=30)
    assert note(mine, seconds=20)
    later(seconds=15)
    hand_in(mine, 45)
    assert stretches(mine) == [45]


def test_without_a_script_the_time_from_taking_to_handing_in_counts(mine: Assignment, later: Later) -> None:
    later(seconds=40)
    hand_in(mine, 40)
    assert stretches(mine) == [40]


def test_nobody_tells_more_seconds_than_passed(mine: Assignment, later: Later) -> None:
    later(seconds=10)
    hand_in(mine, 600)
    assert stretches(mine) == [10]


def test_idling_does_not_count_with_and_without_a_script(mine: Assignment, luis: Person, later: Later) -> None:
    other = claims.claim_next(mine.job, by=luis, at=clock.now())
    for _minute in range(20):
        later(seconds=60)
        note(mine, seconds=60)
    for one in (mine, other):
        hand_in(one, 1200)
        assert stretches(one) == [most(one)]


def test_a_gap_of_two_minutes_counts_and_a_longer_one_does_not(new_job: Callable[..., Job], amina: Person) -> None:
    mine = claims.claim_next(new_job(), by=amina, at=clock.now())
    begun = mine.claimed_at
    for seconds in (2, 2 + 121 + 2):
        clock.advance(begun + timedelta(seconds=seconds) - clock.now())
        assert note(mine, seconds=2)
    hand_in(mine, 125)
    assert stretches(mine) == [2, 2]


def test_a_task_that_came_back_counts_its_second_time_too(
    new_job: Callable[..., Job], amina: Person, luis: Person, later: Later
) -> None:
    mine = claims.claim_next(new_job(review_rule=ReviewRule.PEER), by=amina, at=clock.now())
    later(seconds=30)
    hand_in(mine, 30)
    later(hours=3)
    reviews.send_back(mine, by=luis, reason="The left one has a lid.", place="answer", at=clock.now())
    mine.refresh_from_db()
    later(seconds=40)
    note(mine, seconds=30)
    later(seconds=5)
    hand_in(mine, 1800)
    assert stretches(mine) == [30, 35]


def test_what_lies_before_the_task_was_taken_is_cut_off(mine: Assignment, later: Later) -> None:
    later(seconds=30)
    assert note(mine, seconds=3000)
    assert Span.objects.get(assignment=mine).from_at == mine.claimed_at
    assert not engaged.note(mine, seconds=5, ago=300, by=mine.person, at=clock.now())


def test_time_without_a_connection_is_told_later_and_says_so(mine: Assignment, later: Later) -> None:
    later(seconds=200)
    assert note(mine, seconds=60, ago=100)
    later(seconds=60)
    assert note(mine, seconds=60)
    told = Span.objects.filter(assignment=mine).order_by("noted_at").values_list("told", flat=True)
    assert list(told) == [True, False]


def test_one_too_many_is_passed_over(mine: Assignment, later: Later) -> None:
    later(seconds=60)
    assert note(mine, seconds=60)
    later(seconds=10)
    assert not note(mine, seconds=10)
    assert Span.objects.count() == 1


def test_time_is_noted_only_by_the_one_who_took_it_while_it_is_open(
    mine: Assignment, luis: Person, later: Later
) -> None:
    later(seconds=60)
    with pytest.raises(Refused, match="somebody else"):
        engaged.note(mine, seconds=30, ago=0, by=luis, at=clock.now())
    hand_in(mine, 60)
    with pytest.raises(Refused, match="handed this task in"):
        note(Assignment.objects.get(pk=mine.pk), seconds=30)


def test_the_page_says_where_and_the_server_takes_it(
    mine: Assignment, signed_in: Callable[[Person], Browser], luis: Person, later: Later
) -> None:
    address = f"/work/{mine.pk}/time/"
    assert f'data-time="{address}"' in signed_in(mine.person).get(f"/work/{mine.pk}/").text
    later(seconds=60)
    for said, status in (({"seconds": 0, "ago": 0}, 422), ({"seconds": "x"}, 422), ({"seconds": 55, "ago": 0}, 204)):
        assert signed_in(mine.person).post(address, said).status_code == status
    assert signed_in(luis).post(address, {"seconds": 55, "ago": 0}).status_code == 404
    assert Span.objects.count() == 1


def test_spans_are_the_members_own(
    mine: Assignment, olga: Person, signed_in: Callable[[Person], Browser], later: Later
) -> None:
    later(seconds=60)
    note(mine, seconds=60)
    (kept,) = json.loads(signed_in(mine.person).get("/me/data.json").content)["tasks.Span"]
    assert kept["assignment_id"] == mine.pk
    assert "tasks.Span" not in json.loads(signed_in(olga).get("/me/data.json").content)


@pytest.mark.parametrize(
    ("since", "until"),
    [("2 hours", "0"), ("10 seconds", "-1 second"), ("10 seconds", "-infinity")],
    ids=["longer than the task is open", "ahead", "for ever"],
)
def test_a_span_outside_of_the_task(mine: Assignment, attack: Attack, later: Later, since: str, until: str) -> None:
    later(seconds=60)
    attack(SPAN, [mine.pk, since, until], guard=WITHIN)


def test_a_span_that_goes_backwards(mine: Assignment, attack: Attack, later: Later) -> None:
    later(seconds=60)
    attack(SPAN, [mine.pk, "10 seconds", "20 seconds"], guard="spans_have_a_length")


def test_spans_in_a_flood(mine: Assignment, attack: Attack, later: Later) -> None:
    later(seconds=60)
    note(mine, seconds=30)
    attack(SPAN, [mine.pk, "10 seconds", "0"], guard="spans_are_few")


def test_a_span_of_a_task_that_is_handed_in_or_whose_time_ran_out(
    mine: Assignment, luis: Person, attack: Attack, later: Later
) -> None:
    late = claims.claim_next(mine.job, by=luis, at=clock.now())
    later(seconds=60)
    hand_in(mine, 60)
    attack(SPAN, [mine.pk, "10 seconds", "0"], guard=WITHIN)
    later(minutes=40)
    attack(SPAN, [late.pk, "35 minutes", "30 minutes"], guard=WITHIN)


def test_a_span_that_is_changed_or_taken_away(mine: Assignment, attack: Attack, later: Later) -> None:
    later(seconds=60)
    note(mine, seconds=30)
    attack("UPDATE tasks_span SET to_at = to_at", guard="permission denied")
    attack("DELETE FROM tasks_span", guard="permission denied")


def test_a_span_by_an_older_view(attack_from_the_past: Attack, job: Job, amina: Person) -> None:
    mine = claims.claim_next(job, by=amina, at=clock.now())
    attack_from_the_past(SPAN, [mine.pk, "10 seconds", "0"], guard=WITHIN)
