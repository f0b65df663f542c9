"""What a job's tasks need is known without counting them, and never said to be less than it is."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import psycopg
import pytest
from django.db import connection

from coop import clock
from coop.people.models import Client, Person
from payments import escrow
from payments.money import to_micro
from tasks import additions, checks, claims, funds, guides, jobs, reviews
from tasks.models import Ground, Job, Tally
from tests.conftest import person
from tests.payments.correcting import take_back
from tests.tasks import disputing, orders
from tests.tasks.conftest import SAME, make_job, work

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
FEW = 100
VOTED = (
    """INSERT INTO payments_fee (version, on_wage, training, care, floor, mandate_id, since)
    SELECT version + 1, on_wage, training, care, floor, mandate_id, since FROM payments_fee""",
    """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
    SELECT kind, key, version + 1, value, mandate_id, since FROM payments_instrument WHERE kind = 'checking'""",
)
ROWS_READ = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    """Return an open job whose answers are checked, of which all is counted; its client has money."""
    made = disputing.checked(orbit, olga)
    orders.deposit(orbit, "100")
    funds.room(made)
    return made


def spare(job: Job) -> int | None:
    """Return what the tally says of a job's money."""
    return Tally.objects.get(job=job).spare


def counted(job: Job) -> int:
    """Return what all that is counted says of it."""
    return to_micro(escrow.set_aside(job.pk) - funds.needed(job))


def grow(job: Job, by: Person, *names: str) -> None:
    """Let tasks join a job."""
    additions.add(job, [(name, {"left": "Pot", "right": "Pan"}) for name in names], by=by, at=clock.now())


def test_what_joins_takes_its_money_from_what_is_spare(job: Job, olga: Person, amina: Person) -> None:
    assert (spare(job), counted(job)) == (0, 0)
    extra = 3 * funds.room(job).price
    escrow.fund(job.pk, extra, job.client, 999, by=olga, at=clock.now())
    grow(job, olga, "a", "b")
    assert to_micro(funds.room(job).spare) == spare(job) == counted(job) == to_micro(extra / 3)
    before = escrow.available(job.client)
    grow(job, olga, "c", "d")
    assert before - escrow.available(job.client) == extra / 3
    work(job, amina, SAME)
    assert spare(job) == counted(job) == 0
    tally = Tally.objects.get(job=job)
    assert (tally.tasks, tally.fundings) == (job.tasks.count(), 3)


def test_what_makes_the_work_dearer_is_counted(job: Job, olga: Person, amina: Person, luis: Person) -> None:
    one, two, three = (work(job, who, SAME) for who in (amina, luis, person("priya")))
    assert spare(job) == 0
    checks.take(one, by=luis, at=clock.now())
    assert spare(job) == counted(job) == 0
    reviews.send_back(one, reason="The sizes differ.", place="labels", by=luis, at=clock.now())
    reviews.accept(two, by=olga, at=clock.now(), ground=Ground.CLIENT)
    assert counted(job) > 0 == spare(job)
    disputing.reject(three, olga)
    assert spare(job) is None


def test_a_check_that_ran_out_is_counted(job: Job, amina: Person, luis: Person, later: Later) -> None:
    checks.take(work(job, amina, SAME), by=luis, at=clock.now())
    assert spare(job) == 0
    checks.lapse_due(at=later(minutes=31))
    assert spare(job) is None


def test_a_slot_that_comes_back_after_a_check_asks_for_two_more(
    job: Job, olga: Person, amina: Person, luis: Person, later: Later
) -> None:
    teresa = person("teresa")
    claims.leave(claims.claim_next(job, by=teresa, at=clock.now()), by=teresa, at=clock.now())
    assert spare(job) == counted(job) == 0
    back = work(job, amina, SAME)
    reviews.send_back(back, reason="The sizes differ.", place="labels", by=luis, at=clock.now())
    assert spare(job) == 0
    claims.expire_due(at=later(days=3, minutes=1))
    assert (spare(job), counted(job) < 0) == (None, True)
    lacks, before = -counted(job), escrow.available(job.client)
    grow(job, olga, "a")
    paid = to_micro(before - escrow.available(job.client))
    assert (paid - lacks, counted(job)) == (to_micro(funds.room(job).price), 0)


def test_a_guide_to_be_read_again_is_counted(job: Job, olga: Person, amina: Person) -> None:
    work(job, amina, SAME)
    guides.publish(job, guide=job.guide + " And weigh them.", after=1, by=olga, at=clock.now())
    assert to_micro(funds.room(job).spare) == counted(job) == 0


def test_money_that_goes_back_is_counted(job: Job, olga: Person) -> None:
    extra = escrow.fund(job.pk, Decimal(1), job.client, 999, by=olga, at=clock.now())
    deposit = escrow.fund(job.pk, Decimal(2), job.client, 998, by=olga, at=clock.now(), floor=True)
    assert to_micro(funds.room(job).spare) == 1_000_000
    take_back(extra)
    tally = Tally.objects.get(job=job)
    assert (tally.spare, tally.deposited) == (None, 2_000_000)
    assert deposit.amount == 2
    jobs.close(job, by=olga, at=clock.now())
    assert spare(job) is None


def test_at_another_price_all_is_counted(job: Job, olga: Person, amina: Person) -> None:
    work(job, amina, SAME)
    job = jobs.raise_pay(job, pay=Decimal("0.2"), by=olga, at=clock.now())
    grow(job, olga, "a")
    assert spare(job) == counted(job) == 0


def test_what_was_taken_before_a_raise_and_comes_back_is_counted(job: Job, olga: Person, amina: Person) -> None:
    taken = claims.claim_next(job, by=amina, at=clock.now())
    job = jobs.raise_pay(job, pay=Decimal("0.2"), by=olga, at=clock.now())
    grow(job, olga, "a")
    claims.leave(taken, by=amina, at=clock.now())
    grow(job, olga, "b")
    assert counted(job) >= 0


@pytest.mark.parametrize("voted", VOTED, ids=["fee", "share"])
def test_a_vote_on_a_price_is_counted_even_if_it_is_taken_back(superuser: psycopg.Connection, voted: str) -> None:
    superuser.execute("ALTER TABLE payments_fee DISABLE TRIGGER fee_is_what_the_vote_said")
    superuser.execute("ALTER TABLE payments_instrument DISABLE TRIGGER instrument_is_what_the_vote_said")
    known = superuser.execute("UPDATE tasks_tally SET spare = 5, price = 5").rowcount
    superuser.execute(voted)
    forgotten = superuser.execute("SELECT count(*) FROM tasks_tally WHERE spare IS NULL").fetchone()
    assert forgotten == (known,) != (0,)


def test_only_the_database_writes_a_tally(job: Job, attack: Attack) -> None:
    attack("UPDATE tasks_tally SET spare = 9", guard="permission denied")
    attack("INSERT INTO tasks_tally (job_id, tasks, fundings, deposited, seen) VALUES (1, 0, 0, 0, 0)",
           guard="permission denied")  # fmt: skip
    attack("SELECT tasks_spare(%s, -9)", [job.pk], guard="permission denied")


def test_one_task_more_reads_as_much_of_a_large_job_as_of_a_small_one(orbit: Client, olga: Person) -> None:
    orders.deposit(orbit, "1000")
    with connection.cursor() as cursor:
        # How large the planner takes a table for goes by what other tests left; whether an index finds a row does not.
        cursor.execute("SET LOCAL enable_seqscan = off")
    for count in (10, 2000):
        assert read(make_job(orbit, olga, tasks=count, title=f"Of {count}"), olga) < FEW


def read(job: Job, by: Person) -> int:
    """Return how many rows the second of two tasks reads that join a job."""
    grow(job, by, "a")
    found = []
    for name in "bc":
        found.append(rows_read())
        grow(job, by, name)
    return found[1] - found[0]


def rows_read() -> int:
    """Return how many rows this transaction has read so far."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS_READ)
        return int(cursor.fetchone()[0])
