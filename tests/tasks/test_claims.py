"""Claiming a task and giving it back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people import clients
from coop.people.models import ClientSeat, Person
from coop.record.models import Event
from coop.refusals import Refused
from payments import escrow
from tasks import cards, choosing, claims, funds
from tasks.models import Assignment, Job, Task
from tests.governance import charging
from tests.tasks.conftest import SAME, committed_money, fund, hand_in, price, work

type NewJob = Callable[..., Job]


def statements(queries: CaptureQueriesContext) -> list[str]:
    """Return the statements that do something: the test's own savepoints left out."""
    return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]


def test_a_claim_fixes_pay_fee_rate_and_card_and_locks_the_money(job: Job, amina: Person, at: datetime) -> None:
    before = escrow.set_aside(job.pk)
    claimed = claims.claim_next(job, by=amina, at=at)
    assert (claimed.pay, claimed.fee, claimed.slot) == (Decimal("0.09"), Decimal("0.009"), 1)
    assert claimed.expires_at == at + job.time_limit
    assert committed_money(job, amina) == price(job)
    assert escrow.set_aside(job.pk) == before - price(job)
    words = cards.read(claimed.card)
    assert (words["job"], words["pay"], words["hourly"]) == (job.pk, "0.09", "10.80")


def test_a_claim_counts_the_slot_and_writes_one_event(job: Job, amina: Person, luis: Person, at: datetime) -> None:
    claims.claim_next(job, by=amina, at=at)
    second = claims.claim_next(job, by=luis, at=at)
    assert (second.task.position, second.slot) == (1, 2)
    assert Task.objects.get(pk=second.task_id).open_slots == 1
    told = Event.objects.filter(kind="claims.claimed", subject=f"job:{job.pk}")
    assert told.count() == 2
    event = told.get(actor=luis)
    assert (event.at, event.data) == (at, {"assignment": second.pk, "pay": "0.09", "card": second.card_id})


def test_claiming_again_continues_the_open_task(job: Job, amina: Person, at: datetime) -> None:
    first = claims.claim_next(job, by=amina, at=at)
    assert claims.claim_next(job, by=amina, at=at).pk == first.pk
    assert Assignment.objects.filter(job=job).count() == 1


def test_nobody_gets_the_same_task_twice_and_then_none_is_left(job: Job, amina: Person) -> None:
    seen = [work(job, amina, SAME).task.position for _turn in range(5)]
    assert seen == [1, 2, 3, 4, 5]
    with pytest.raises(Refused, match="no task left for you"):
        claims.claim_next(job, by=amina, at=clock.now())


def test_a_skipped_task_goes_to_others_and_never_back(job: Job, amina: Person, luis: Person, at: datetime) -> None:
    skipped = claims.claim_next(job, by=amina, at=at)
    claims.skip(skipped, by=amina, at=at)
    assert committed_money(job, amina) == 0
    assert [work(job, amina, SAME).task.position for _turn in range(4)] == [2, 3, 4, 5]
    with pytest.raises(Refused):
        claims.claim_next(job, by=amina, at=clock.now())
    assert claims.claim_next(job, by=luis, at=clock.now()).task_id == skipped.task_id


@pytest.mark.parametrize(("decline", "presumed"), [(claims.skip, True), (claims.leave, True), (None, False)])
def test_a_measure_after_declined_work_is_presumed_retaliation(
    job: Job, luis: Person, samuel: Person, at: datetime, decline: Callable[..., object] | None, *, presumed: bool
) -> None:
    taken = claims.claim_next(job, by=luis, at=at)
    if decline:
        decline(taken, by=luis, at=at)
    else:
        claims.expire_due(job, at=clock.advance(job.time_limit * 2))
    assert charging.charge(luis, samuel).presumed == presumed


def test_a_slot_that_came_back_is_offered_to_those_who_passed_it(new_job: NewJob, amina: Person, luis: Person) -> None:
    job = new_job(overlap=1, tasks=3)
    first = claims.claim_next(job, by=amina, at=clock.now())
    work(job, luis, SAME)
    claims.leave(first, by=amina, at=clock.now())
    assert [work(job, luis, SAME).task.position for _turn in range(2)] == [3, 1]


def test_the_lowest_slot_that_came_back_is_taken_again(
    job: Job, amina: Person, luis: Person, priya: Person, teresa: Person, at: datetime
) -> None:
    first = claims.claim_next(job, by=amina, at=at)
    claims.claim_next(job, by=luis, at=at)
    claims.claim_next(job, by=priya, at=at)
    claims.leave(first, by=amina, at=at)
    assert claims.claim_next(job, by=teresa, at=at).slot == 1


def test_time_that_ran_out_frees_the_slot_whether_or_not_the_background_job_ran(
    new_job: NewJob, amina: Person, luis: Person, later: Callable[..., datetime]
) -> None:
    job = new_job(overlap=1, tasks=1)
    old = claims.claim_next(job, by=amina, at=clock.now())
    with pytest.raises(Refused, match="no task left"):
        claims.claim_next(job, by=luis, at=clock.now())
    at = later(minutes=31)
    assert claims.claim_next(job, by=luis, at=at).task_id == old.task_id
    old.refresh_from_db()
    assert old.state == "expired"
    assert committed_money(job, amina) == 0
    # Only what checking the answer can come to is still there.
    assert escrow.set_aside(job.pk) == funds.needed(job) == 2 * Decimal("0.027")


def test_a_members_own_expired_task_does_not_stand_in_the_way(
    job: Job, amina: Person, later: Callable[..., datetime]
) -> None:
    old = claims.claim_next(job, by=amina, at=clock.now())
    new = claims.claim_next(job, by=amina, at=later(hours=1))
    old.refresh_from_db()
    assert (old.state, new.task.position) == ("expired", 2)


def test_expiring_takes_only_what_is_due_and_nothing_twice(
    job: Job, amina: Person, luis: Person, later: Callable[..., datetime]
) -> None:
    claims.claim_next(job, by=amina, at=clock.now())
    at = later(minutes=20)
    claims.claim_next(job, by=luis, at=at)
    at = later(minutes=11)
    assert [claims.expire_due(at=at), claims.expire_due(at=at)] == [1, 0]
    assert Assignment.objects.get(job=job, state="claimed").person == luis


def test_a_raise_reaches_the_next_task_and_leaves_the_claimed_one(
    job: Job, amina: Person, luis: Person, olga: Person, at: datetime
) -> None:
    before = claims.claim_next(job, by=amina, at=at)
    escrow_needed = funds.needed(job, Decimal("0.12"))
    fund(job, escrow_needed - escrow.set_aside(job.pk), olga, at)
    Job.objects.filter(pk=job.pk).update(pay=Decimal("0.12"))
    after = claims.claim_next(Job.objects.get(pk=job.pk), by=luis, at=at)
    before.refresh_from_db()
    assert (before.pay, after.pay, after.fee) == (Decimal("0.09"), Decimal("0.12"), Decimal("0.012"))
    claims.leave(before, by=amina, at=at)
    # The money given back and set aside still pays for every open slot at the new pay.
    job.refresh_from_db()
    assert escrow.set_aside(job.pk) >= funds.needed(job)


def test_an_applicant_is_led_to_the_onboarding(job: Job, newcomer: Person, at: datetime) -> None:
    no = claims.refusal(job, by=newcomer, at=at)
    assert no is not None
    assert no.rule == "R2"
    with pytest.raises(Refused):
        claims.claim_next(job, by=newcomer, at=at)


def test_a_clients_own_people_do_not_work_on_its_jobs(job: Job, amina: Person, at: datetime) -> None:
    ClientSeat.objects.create(client=job.client, person=amina, created_at=at, accepted_at=at)
    with pytest.raises(Refused, match="this job's client"):
        claims.claim_next(job, by=amina, at=at)


def test_a_client_shuts_nobody_out_by_offering_a_seat(
    job: Job, luis: Person, olga: Person, signed_in: Callable[[Person], Browser]
) -> None:
    answer = signed_in(olga).post(f"/client/{job.client.slug}/seats/", {"email": luis.email}, follow=True)
    assert b"they now see your offer" in answer.content
    assert claims.refusal(job, by=luis, at=clock.now()) is None
    assert claims.claim_next(job, by=luis, at=clock.now()).person == luis


def test_a_seat_keeps_from_the_clients_work_once_it_is_accepted(
    job: Job, luis: Person, olga: Person, at: datetime
) -> None:
    clients.offer(job.client, luis.email, by=olga, at=at)
    clients.accept(clients.offers(job.client)[0], by=luis, at=at)
    with pytest.raises(Refused, match="this job's client"):
        claims.claim_next(job, by=luis, at=at)


def test_a_closed_job_takes_no_more_work_and_keeps_what_is_open(job: Job, amina: Person, luis: Person) -> None:
    mine = claims.claim_next(job, by=amina, at=clock.now())
    Job.objects.filter(pk=job.pk).update(closed_at=clock.now())
    with pytest.raises(Refused, match="no more work"):
        claims.claim_next(job, by=luis, at=clock.now())
    assert hand_in(mine, SAME).number == 1


def test_somebody_elses_task_cannot_be_given_back(job: Job, amina: Person, luis: Person, at: datetime) -> None:
    mine = claims.claim_next(job, by=amina, at=at)
    with pytest.raises(Refused, match="somebody else"):
        claims.leave(mine, by=luis, at=at)


def test_a_claim_with_another_jobs_card_is_refused(job: Job, new_job: NewJob, amina: Person, luis: Person) -> None:
    other = claims.claim_next(new_job(title="Another"), by=amina, at=clock.now())
    with pytest.raises(Refused, match="terms of this job changed"):
        claims.claim_next(job, by=luis, at=clock.now(), card=other.card_id)


def test_the_card_stays_the_same_while_the_terms_do(job: Job, amina: Person) -> None:
    assert work(job, amina, SAME).card_id == work(job, amina, SAME).card_id


def test_a_claim_is_four_statements(job: Job, amina: Person) -> None:
    work(job, amina, SAME)
    at = clock.now()
    with CaptureQueriesContext(connection) as queries:
        claims.claim_next(job, by=amina, at=at)
    assert len(statements(queries)) == 4, statements(queries)


@pytest.mark.parametrize("for_them", [choosing.OF_ONE_JOB, choosing.OF_STAGES], ids=["alone", "staged"])
def test_a_claim_looks_at_one_task_however_many_are_open(new_job: NewJob, amina: Person, for_them: str) -> None:
    job = new_job(tasks=3000, overlap=1, time_limit=timedelta(hours=1))
    work(job, amina, SAME)
    with connection.cursor() as cursor:
        facts = {"job": job.pk, "first": 1, "last": choosing.LAST, "person": amina.pk, "people": None}
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + choosing.BETWEEN.format(for_them=for_them), facts)
        (plan,) = cursor.fetchone()
    inside = [plan[0]["Plan"]]
    for node in inside:
        inside.extend(node.get("Plans", []))
    assert max(node["Actual Rows"] for node in inside) <= 2, plan
