"""A client's own money under the keys of what is still to come holds nothing up: no raise, no task, no refund (L)."""

from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import connection

from coop import clock
from coop.people.models import Client, Person
from payments import accounts, escrow, ledger
from payments.ledger import Kind
from tasks import additions, checks, claims, jobs
from tasks.models import Check, CheckState, Job, ReviewRule
from tests.tasks import orders
from tests.tasks.conftest import SAME, work

pytestmark = pytest.mark.django_db
POST = """
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
SELECT %s, gen_random_uuid(), %s, d.id, c.id, 1, %s, coop_now()
FROM payments_account d, payments_account c WHERE d.code = %s AND c.code = %s
"""

# Something about one of them fails, whatever it is.
REFUSED = """CREATE FUNCTION public.poisoned() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
RAISE 'poisoned'; END$$;
CREATE TRIGGER poisoned BEFORE INSERT ON payments_transfer FOR EACH ROW WHEN (NEW.ref = 'check:{}')
EXECUTE FUNCTION public.poisoned()"""


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    """Return an open job, with something left in its client's balance."""
    opened = orders.opened(orbit, olga, review_rule=ReviewRule.PEER)
    orders.deposit(orbit, "10")
    return opened


def take(fact: str, kind: Kind, job: Job) -> None:
    """Post a micro-unit of the client's own under a key, as whoever has the web role's password can."""
    codes = [accounts.client(job.client_id), accounts.escrow(job.pk)]
    with connection.cursor() as cursor:
        cursor.execute(
            POST,
            [ledger.key_of(fact), kind, f"job:{job.pk}", *(reversed(codes) if kind == Kind.REFUND else codes)],
        )
        assert cursor.rowcount == 1


def test_a_raise_finds_the_money_a_number_that_is_free(job: Job, olga: Person) -> None:
    for number in range(4, 9):
        take(f"publish:{job.pk}:{number}", Kind.FUND, job)
    raised = jobs.raise_pay(job, pay=job.pay + Decimal("0.01"), by=olga, at=clock.now())
    assert jobs.missing(raised) == 0


def test_a_task_joins_under_whatever_name_it_has(job: Job, olga: Person) -> None:
    take(f"publish:{job.pk}:task:next", Kind.FUND, job)
    before = escrow.available(job.client)
    assert additions.add(job, [("next", {"left": "Pot", "right": "next"})], by=olga, at=clock.now())
    assert escrow.available(job.client) < before


def test_what_is_left_of_a_closed_job_comes_back(job: Job, olga: Person, amina: Person) -> None:
    held = claims.claim_next(job, by=amina, at=clock.now())
    jobs.close(job, by=olga, at=clock.now())
    claims.leave(held, by=amina, at=clock.now())
    take(f"refund:{job.pk}:3", Kind.REFUND, job)
    jobs.close(job, by=olga, at=clock.now())
    assert escrow.set_aside(job.pk) == 0


def test_a_check_that_cannot_lapse_holds_up_no_other(
    committed: None, job: Job, amina: Person, luis: Person, priya: Person, owner: psycopg.Connection
) -> None:
    for who, checker in ((amina, luis), (luis, priya)):
        checks.take(work(job, who, SAME), by=checker, at=clock.now())
    poisoned, other = Check.objects.order_by("pk")
    owner.execute(REFUSED.format(poisoned.pk))
    owner.commit()
    assert checks.lapse_due(at=clock.advance(timedelta(minutes=31))) == 1
    other.refresh_from_db()
    assert other.state == CheckState.LAPSED
