"""Two at the same moment, really committed: exactly one wins, and nothing is lost."""

import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import close_old_connections, connection
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import invariants
from payments.models import Transfer
from tasks import answers, claims, invitations, reviews
from tasks.models import Answer, Assignment, Job, ReviewRule, Task
from tasks.terms import offer
from tests.tasks.conftest import SAME, committed_money, make_job, payable, work

pytestmark = pytest.mark.usefixtures("committed")


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run acts at the same moment, each on a connection of its own; return what each gave or was refused with."""
    results: list[object] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], object]) -> None:
        connection.ensure_connection()
        barrier.wait()
        try:
            results[place] = act()
        except Exception as error:  # noqa: BLE001 - what went wrong is what the test looks at
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close_old_connections()
    return results


def count(results: list[object], kind: type) -> int:
    return sum(isinstance(result, kind) for result in results)


def test_of_many_who_claim_the_last_slots_only_as_many_get_one(orbit: Client, olga: Person) -> None:
    job = make_job(orbit, olga, tasks=1, overlap=3)
    members = list(Person.objects.exclude(name__in=["Nia", "Olga"])[:8])
    results = at_once(*(lambda who=who: claims.claim_next(job, by=who, at=clock.now()) for who in members))
    assert count(results, Assignment) == 3, results
    assert count(results, Refused) == 5, results
    held = Assignment.objects.filter(job=job, state="claimed")
    assert sorted(held.values_list("slot", flat=True)) == [1, 2, 3]
    assert Task.objects.get(job=job).open_slots == 0
    assert not any(invariants.broken().values())


def test_one_person_in_two_tabs_gets_one_task(orbit: Client, olga: Person, amina: Person) -> None:
    job = make_job(orbit, olga, tasks=5)
    results = at_once(*(lambda: claims.claim_next(job, by=amina, at=clock.now()) for _tab in range(4)))
    assert count(results, Assignment) == 4, results
    assert len({result.pk for result in results if isinstance(result, Assignment)}) == 1
    assert committed_money(job, amina) == Transfer.objects.get(kind=3, ref__startswith="assignment:").amount


def test_a_tab_that_saw_an_older_view_gets_the_task_of_the_first(
    orbit: Client, olga: Person, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(orbit, olga, tasks=5)
    before = offer(job, by=amina, at=clock.now())
    first = claims.claim_next(job, by=amina, at=clock.now())
    monkeypatch.setattr(claims, "offer", lambda *_job, **_by: before)
    for seen in Task.objects.filter(job=job).order_by("position")[:2]:
        monkeypatch.setattr(claims, "_next", lambda *_terms, seen=seen: seen)
        assert claims.claim_next(job, by=amina, at=clock.now()) == first


def patiently(job: Job, who: Person) -> Assignment:
    """Work on the next task; look again while the last ones are being claimed by others this moment."""
    for _look in range(100):
        try:
            return work(job, who, SAME)
        except Refused:
            time.sleep(0.05)
    return work(job, who, SAME)


def test_many_members_at_once_never_share_a_slot(orbit: Client, olga: Person) -> None:
    # As many answers to a task as members, so that the last slot is never one of a task that was theirs before.
    job = make_job(orbit, olga, tasks=10, overlap=4)
    members = list(Person.objects.exclude(name__in=["Nia", "Olga"])[:4])
    results = at_once(*(lambda who=who: [patiently(job, who) for _turn in range(10)] for who in members))
    assert count(results, list) == 4, results
    assert Assignment.objects.filter(job=job).count() == 40
    assert set(Assignment.objects.filter(job=job).values_list("state", flat=True)) == {"accepted"}
    assert not Task.objects.filter(job=job, open_slots__gt=0).exists()
    assert not any(invariants.broken().values())


def test_the_same_form_sent_twice_is_one_answer(orbit: Client, olga: Person, amina: Person) -> None:
    job = make_job(orbit, olga)
    mine, key = claims.claim_next(job, by=amina, at=clock.now()), uuid.uuid4()

    def send() -> Answer:
        return answers.submit(mine, value=SAME, key=key, seconds=5, by=amina, at=clock.now())

    results = at_once(send, send, send)
    assert count(results, Answer) == 3, results
    assert Answer.objects.filter(assignment=mine).count() == 1


@pytest.mark.parametrize("_round", range(3))
def test_handing_in_against_running_out_has_one_winner(
    orbit: Client, olga: Person, amina: Person, luis: Person, _round: int
) -> None:
    job = make_job(orbit, olga, tasks=1, overlap=1)
    mine = claims.claim_next(job, by=amina, at=clock.now())
    before = mine.expires_at - timedelta(microseconds=1)
    clock.advance(timedelta(minutes=31))

    # Sent just in time, taken in as the time ran out: both are right to try.
    def send() -> Answer:
        return answers.submit(mine, value=SAME, key=uuid.uuid4(), seconds=5, by=amina, at=before)

    sent, ended = at_once(send, lambda: claims.expire_due(job, at=clock.now()))
    mine.refresh_from_db()
    assert (mine.state, ended) in {("submitted", 0), ("expired", 1)}, (sent, ended)
    assert isinstance(sent, Answer) == (mine.state == "submitted")
    assert Task.objects.get(job=job).open_slots == (mine.state == "expired")
    assert Transfer.objects.filter(kind=4, ref=f"assignment:{mine.pk}").count() == (mine.state == "expired")
    assert not any(invariants.broken().values())


def test_two_peers_and_silence_at_once_pay_once(
    orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    job = make_job(orbit, olga, tasks=1, overlap=1, review_rule=ReviewRule.PEER)
    mine = work(job, amina, SAME)
    at_once(
        lambda: reviews.accept(mine, by=luis, at=clock.now()),
        lambda: reviews.accept(mine, by=priya, at=clock.now()),
        lambda: reviews.accept_silent(at=clock.now() + timedelta(days=4)),
    )
    mine.refresh_from_db()
    assert mine.state == "accepted"
    assert payable(amina) == mine.pay
    assert mine.reviews.count() == 1


def test_the_last_two_answers_at_once_still_settle_the_task(
    orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    job = make_job(orbit, olga, tasks=1, overlap=3)
    work(job, amina, SAME)
    held = [claims.claim_next(job, by=who, at=clock.now()) for who in (luis, priya)]

    def send(one: Assignment) -> Answer:
        return answers.submit(one, value=SAME, key=uuid.uuid4(), seconds=5, by=one.person, at=clock.now())

    results = at_once(*(lambda one=one: send(one) for one in held))
    assert count(results, Answer) == 2, results
    assert set(Assignment.objects.filter(job=job).values_list("state", flat=True)) == {"accepted"}


def test_of_many_letters_at_once_only_twenty_are_written(orbit: Client, olga: Person, priya: Person) -> None:
    job = make_job(orbit, olga, overlap=1, review_rule=ReviewRule.PEER)

    def write() -> str:
        invitations.invite(job, "a@example.org", percent=40, shares={priya: 60}, by=priya, at=clock.now())
        return "written"

    for _letter in range(invitations.MOST - 1):
        write()
    results = at_once(*[write] * 4)
    assert (count(results, str), count(results, Refused)) == (1, 3), results


def test_of_two_letters_at_once_one_goes(
    orbit: Client, olga: Person, priya: Person, luis: Person, mailoutbox: list[EmailMessage]
) -> None:
    job = make_job(orbit, olga, overlap=1, review_rule=ReviewRule.PEER)
    for by in (priya, luis):
        invitations.invite(job, "a@example.org", percent=40, shares={by: 60}, by=by, at=clock.now())
    sent = ProcrastinateJob.objects.filter(task_name=invitations.SEND).values_list("args__token", flat=True)
    results = at_once(*(lambda token=token: invitations.deliver(token, at=clock.now()) for token in sent))
    assert (results, len(mailoutbox)) == ([None, None], 1)
