"""Work that asks something else than before is a paid pilot first: no longer, or paid by the ratio (N4, I13)."""

import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from django.db import IntegrityError

from coop import clock
from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refused, guard_of
from governance import turned_away
from governance.models import Standing, TurnedFrom
from tasks import answers, claims, jobs, pilots, reviews
from tasks.models import Job, Pilot, Rescoping
from tests.governance.conftest import members
from tests.tasks.conftest import FORM, SAME, fund, make_job
from tests.tasks.test_promises import CLAIM, facts

type Attack = Callable[..., None]

LONG = "Look twice.\n\n" + "Then read the whole page of exceptions once more. " * 80
MEASURE = """INSERT INTO tasks_pilot (job_id, units, people, median_seconds, least_pay, measured_at)
    VALUES (%s, 500, 50, 1, 1, coop_now())"""
GUARD = "work_is_piloted_before_it_grows"
MEASURED = "pilot_is_measured_by_the_database"


@pytest.fixture
def crowd(olga: Person) -> list[Person]:
    """Return members without a seat at the client."""
    return [person for person in members() if person != olga]


def hand_in(job: Job, people: Iterable[Person], each: int, seconds: int) -> None:
    """Let people do so many tasks each."""
    for person in people:
        for _turn in range(each):
            mine = claims.claim_next(job, by=person, at=clock.now())
            key, at = uuid.uuid4(), clock.now()
            answers.submit(mine, value=SAME, key=key, seconds=seconds, by=person, at=at)


def do(job: Job, people: Iterable[Person], each: int, seconds: int) -> None:
    """Let people do so many tasks each, and silence accept them."""
    hand_in(job, people, each, seconds)
    clock.advance(timedelta(days=job.review_days, hours=1))
    reviews.accept_silent(at=clock.now(), limit=1000)


def post(client: Client, by: Person, **facts: object) -> Job:
    """Open a job of fifteen tasks for twenty people each."""
    given: dict[str, Any] = {"tasks": 15, "overlap": 20, **facts}
    return make_job(client, by, **given)


@pytest.fixture
def former(orbit: Client, olga: Person, crowd: list[Person]) -> Job:
    """Return the client's work until now: ten members did three tasks each, in 30 seconds."""
    job = post(orbit, olga)
    do(job, crowd[:10], 3, 30)
    return job


@pytest.fixture
def longer(former: Job, olga: Person) -> Job:
    """Return the job that asks for more at the same price."""
    return post(former.client, olga, guide=LONG)


def raised(job: Job, pay: str, by: Person) -> None:
    """Let the client pay more."""
    fund(job, Decimal(100), by, clock.now())
    jobs.raise_pay(job, pay=Decimal(pay), by=by, at=clock.now())
    job.refresh_from_db()


def test_a_guide_that_grows_stops_after_its_pilot_until_the_pay_rises_by_the_ratio(
    longer: Job, crowd: list[Person], olga: Person
) -> None:
    do(longer, crowd[:10], 3, 41)
    pilots.measure_due(at=clock.now())
    with pytest.raises(Refused, match="N4") as refused:
        hand_in(longer, crowd[:1], 1, 41)
    # 41 seconds for 30 make 12.3 cents of 9.
    assert "0.123" in str(refused.value)
    raised(longer, "0.122999", olga)
    with pytest.raises(Refused, match="N4"):
        hand_in(longer, crowd[:1], 1, 41)
    assert not turned_away.note(crowd[0], TurnedFrom.CLAIM, job=longer.pk, at=clock.now())
    raised(longer, "0.123", olga)
    hand_in(longer, crowd[:12], 1, 41)
    assert Pilot.objects.filter(job=longer).count() == 1


def test_the_ratio_is_rounded_up_to_the_last_unit(longer: Job, crowd: list[Person]) -> None:
    do(longer, crowd[:10], 3, 37)
    pilot = pilots.measure(longer, at=clock.now())
    assert pilot is not None
    assert (pilot.units, pilot.people, pilot.median_seconds) == (30, 10, 37)
    # 90,000 micro-units by 37/30
    assert pilot.least_pay == Decimal("0.111")


def test_a_guide_that_takes_no_longer_passes_without_a_vote(longer: Job, crowd: list[Person]) -> None:
    do(longer, crowd[:10], 3, 30)
    hand_in(longer, crowd, 2, 30)
    assert Pilot.objects.get(job=longer).least_pay == longer.pay


@pytest.mark.parametrize("change", [
    {"guide": "Look twice!"}, {"form": FORM | {"labels": ["Same", "Different", "Unsure"]}}, {"review_rule": "peer"},
    {"time_limit": timedelta(minutes=29)},
], ids=str)  # fmt: skip
def test_whatever_asks_something_else_is_a_pilot(former: Job, olga: Person, change: dict[str, object]) -> None:
    assert Rescoping.objects.filter(job=post(former.client, olga, title="Another name", **change)).exists()


@pytest.mark.parametrize(
    "same", [{}, {"title": "Another"}, {"time_limit": timedelta(hours=2)}, {"overlap": 3}], ids=str
)
def test_the_same_work_goes_on_without(former: Job, olga: Person, same: dict[str, object]) -> None:
    assert not Rescoping.objects.filter(job=post(former.client, olga, **same)).exists()


def test_no_guide_of_an_open_job_changes(former: Job, attack: Attack) -> None:
    attack("UPDATE tasks_job SET guide = 'Ten more pages.' WHERE id = %s", [former.pk], guard="job_terms_are_frozen")


def test_a_pilot_is_paid_like_all_work(longer: Job, crowd: list[Person]) -> None:
    do(longer, crowd[:1], 3, 41)
    paid = longer.assignments.get(pk=longer.assignments.latest("pk").pk)
    assert (paid.state, paid.pay) == ("accepted", longer.pay)


# Gaming the pilot.


def test_one_member_cannot_do_it_all(longer: Job, crowd: list[Person], attack: Attack) -> None:
    hand_in(longer, crowd[:1], 6, 1)
    with pytest.raises(Refused, match="each member does 6"):
        hand_in(longer, crowd[:1], 1, 1)
    like = longer.assignments.latest("pk")
    attack(CLAIM, facts(like, crowd[0]), guard=GUARD)


@pytest.mark.parametrize(("people", "each"), [(9, 4), (10, 2)])
def test_too_few_measure_nothing(longer: Job, crowd: list[Person], attack: Attack, people: int, each: int) -> None:
    do(longer, crowd[:people], each, 1)
    assert pilots.measure(longer, at=clock.now()) is None
    attack(MEASURE, [longer.pk], guard=MEASURED)


def test_what_another_guard_refuses_is_no_small_pilot(
    longer: Job, crowd: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    do(longer, crowd[:10], 3, 30)
    newcomer = Person.objects.create(email="new@example.org", name="New")

    def rise(*_said: object, **_facts: object) -> None:
        Standing.objects.create(person=newcomer, status="member", since=clock.now(), rule="R2")

    monkeypatch.setattr(events, "write", rise)
    with pytest.raises(IntegrityError) as caught:
        pilots.measure(longer, at=clock.now())
    assert guard_of(caught.value) == "standing_rises_in_order"
    assert not Pilot.objects.filter(job=longer).exists()


def test_answers_that_were_not_accepted_measure_nothing(longer: Job, crowd: list[Person], attack: Attack) -> None:
    hand_in(longer, crowd[:10], 3, 1)
    attack(MEASURE, [longer.pk], guard=MEASURED)
    shown = pilots.shown(longer)
    assert shown
    assert not shown.is_complete


def test_ten_friends_who_never_did_the_work_do_not_count(longer: Job, crowd: list[Person]) -> None:
    do(longer, crowd[10:20], 3, 1)
    shown = pilots.shown(longer)
    assert shown
    assert (shown.units, shown.people) == (0, 0)


def test_quick_hands_are_measured_beside_themselves(former: Job, crowd: list[Person], olga: Person) -> None:
    """Ten who need 10 seconds where others need 30 hide no guide that takes them 20."""
    do(former, crowd[10:20], 3, 10)
    do(former, crowd[20:30], 3, 30)
    grown = post(former.client, olga, guide=LONG)
    do(grown, crowd[10:20], 3, 20)
    pilot = pilots.measure(grown, at=clock.now())
    assert pilot is not None
    assert pilot.least_pay == Decimal("0.18")


def test_friends_who_hurry_are_found_out_by_those_who_come_after(longer: Job, crowd: list[Person]) -> None:
    """A pilot holds for seven days; then whoever does the work counts by their latest six units."""
    do(longer, crowd[:10], 3, 20)
    hand_in(longer, crowd[10:25], 7, 41)
    clock.advance(timedelta(days=8))
    reviews.accept_silent(at=clock.now(), limit=1000)
    with pytest.raises(Refused, match="takes longer"):
        hand_in(longer, crowd[25:26], 1, 41)
    assert [pilot.median_seconds for pilot in Pilot.objects.filter(job=longer).order_by("pk")] == [20, 41]


def test_no_pilot_begins_anew_under_another_job(longer: Job, crowd: list[Person], olga: Person) -> None:
    """Sixty units in 28 days for all that was not measured, however many jobs they are cut into."""
    hand_in(longer, crowd[:9], 6, 1)
    other = post(longer.client, olga, guide=LONG + "And once more.")
    hand_in(other, crowd[10:16], 1, 1)
    with pytest.raises(Refused, match="all taken"):
        hand_in(other, crowd[16:17], 1, 1)


def test_an_unmeasured_pilot_makes_no_guide_an_old_one(longer: Job, olga: Person) -> None:
    jobs.close(longer, by=olga, at=clock.now())
    assert Rescoping.objects.filter(job=post(longer.client, olga, guide=LONG)).exists()


def test_what_a_pilot_shows_is_the_databases_own(longer: Job, crowd: list[Person], attack: Attack) -> None:
    do(longer, crowd[:10], 3, 41)
    attack("INSERT INTO tasks_pilot (id, job_id) VALUES (1, 1)", guard="permission denied")
    made = Pilot.objects.create(
        job=longer, units=9_000, people=900, median_seconds=1, least_pay=Decimal("0.000001"),
        measured_at=clock.now() - timedelta(days=300),
    )  # fmt: skip
    made.refresh_from_db()
    assert (made.units, made.people, made.median_seconds, made.least_pay) == (30, 10, 41, Decimal("0.123"))
    assert clock.now() - made.measured_at < timedelta(minutes=5)


@pytest.mark.parametrize("statement", [
    "DELETE FROM tasks_rescoping", "INSERT INTO tasks_rescoping SELECT id, coop_now() FROM tasks_job",
    "UPDATE tasks_pilot SET least_pay = 1", "DELETE FROM tasks_pilot", "TRUNCATE tasks_rescoping",
])  # fmt: skip
def test_no_pilot_is_made_up_or_forgotten(longer: Job, attack: Attack, statement: str) -> None:
    attack(statement, guard="permission denied")


def test_a_pilot_of_other_work_is_none(former: Job, attack: Attack) -> None:
    attack(MEASURE, [former.pk], guard=MEASURED)
    assert pilots.shown(former) is None


def test_the_clients_page_tells_how_far_the_pilot_is(
    longer: Job, crowd: list[Person], olga: Person, signed_in: Callable[[Person], object]
) -> None:
    do(longer, islice(crowd, 2), 3, 41)
    page = signed_in(olga).get(f"/c/{longer.client.slug}/jobs/{longer.pk}/").content.decode()  # type: ignore[attr-defined]
    assert "6 of 30" in page
