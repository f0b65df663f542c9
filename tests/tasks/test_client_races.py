"""A client's acts at the same moment, really committed: money moves once, and never away from a claim."""

from collections.abc import Callable

import pytest

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import escrow, invariants, ledger
from payments.models import Transfer
from tasks import claims, datasets, jobs
from tasks.models import Assignment, Job, Upload
from tests.tasks import orders
from tests.tasks.test_races import at_once, count

pytestmark = pytest.mark.usefixtures("committed")


def test_the_button_pressed_four_times_at_once_sets_the_money_aside_once(orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    orders.send(job, orders.rows_of(10))
    orders.deposit(orbit, "100")
    results = at_once(*(lambda: jobs.fund(job, by=olga, at=clock.now()) for _press in range(4)))
    assert count(results, Job) == 4, results
    assert escrow.set_aside(job.pk) == jobs.price(job).total
    assert Transfer.objects.filter(kind=2, ref=f"job:{job.pk}").count() == 1


def test_two_jobs_never_set_the_same_dollar_aside(orbit: Client, olga: Person) -> None:
    both = [orders.draft(orbit, olga, title=title) for title in ("One", "Two")]
    for job in both:
        orders.send(job, orders.rows_of(10))
    have = escrow.available(orbit)
    for job in both:
        # Thirty answers, each with its fee of a tenth and two checks of three tenths: two thirds of what there is.
        jobs.raise_pay(job, pay=(have * 2 / 3 / 30 / 17 * 10).quantize(have), by=olga, at=clock.now())
    results = at_once(*(lambda job=job: jobs.fund(job, by=olga, at=clock.now()) for job in both))
    assert count(results, Job) == 1, results
    assert escrow.available(orbit) >= 0
    assert not any(invariants.broken().values())


def test_the_same_file_sent_twice_at_once_is_one_data_set(orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    results = at_once(*(lambda: orders.send(job, "a\n1\n2\n") for _tab in range(3)))
    assert count(results, Upload) == 3, results
    assert job.tasks.count() == 2


def test_two_files_at_once_both_arrive_in_order(orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    results = at_once(*(lambda n=n: orders.send(job, f"id,a\n{n}-1,x\n{n}-2,y\n") for n in range(4)))
    assert [upload.problem_count for upload in results if isinstance(upload, Upload)] == [0] * 4, results
    assert sorted(job.tasks.values_list("position", flat=True)) == list(range(1, 9))


def test_a_file_never_slips_into_a_job_that_opens(orbit: Client, olga: Person) -> None:
    job = orders.ready(orbit, olga)
    acts: list[Callable[[], object]] = [
        lambda: jobs.open(job, by=olga, at=clock.now()),
        lambda: orders.send(job, "id,a\nlate,x\n"),
    ]
    at_once(*acts)
    job.refresh_from_db()
    late = job.tasks.filter(external_id="late").exists()
    assert not (job.opened_at and late and jobs.missing(job) > 0)


def test_closing_while_members_claim_leaves_no_claim_without_its_money(orbit: Client, olga: Person) -> None:
    job = orders.opened(orbit, olga, tasks=6)
    members = list(Person.objects.exclude(name__in=["Nia", "Olga"])[:5])
    claiming = [lambda who=who: claims.claim_next(job, by=who, at=clock.now()) for who in members]
    results = at_once(*claiming, lambda: jobs.close(job, by=olga, at=clock.now()))
    assert all(isinstance(result, Assignment | Job | Refused) for result in results), results
    held = list(Assignment.objects.filter(job=job, state="claimed"))
    for claim in held:
        assert ledger.balance(f"job:{job.pk}:commit:{claim.person_id}") == claim.pay + claim.fee
    assert escrow.set_aside(job.pk) == 0
    assert not any(invariants.broken().values())


def test_the_worker_and_a_second_worker_load_a_file_once(
    orbit: Client, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "AT_ONCE_MAX_BYTES", 10)
    job = orders.draft(orbit, olga)
    upload = orders.send(job, orders.rows_of(40))
    results = at_once(*(lambda: datasets.load(upload, at=clock.now()) for _worker in range(2)))
    assert [result.rows for result in results if isinstance(result, Upload)] == [40, 40], results
    assert job.tasks.count() == 40
