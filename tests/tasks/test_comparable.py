"""A client raises at will and never lowers: comparable work reopens at its high-water mark or above (D5, N5)."""

import unicodedata
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from threading import Thread
from typing import Literal

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from coop.people.models import Client, ClientSeat, Person
from coop.refusals import Refused
from payments.models import WorkType
from tasks import funds, jobs
from tasks.models import Job
from tests.tasks import orders

type Attack = Callable[..., None]
type Form = Literal["NFC", "NFD", "NFKC", "NFKD"]

OPEN = "UPDATE tasks_job SET opened_at = coop_now() WHERE id = %s"
COMPARE = {"question": "Which is better?", "min_reason": 0}
TITLE = "Label kettles"
# How the same title can be written so that a program takes it for another.
LOOKALIKES = [
    "Label kettles ", "LABEL KETTLES", "L\u0430bel kettles", "Label\u200b kettles", "\uff2cabel kettles",
    "Lab\u0435l k\u0435ttl\u0435s", "La\u0301bel kettles", "Label-kettles!", "1abe1 kett1es", "LabeI ketties",
]  # fmt: skip


@pytest.fixture
def at_twelve_cents(orbit: Client, olga: Person) -> Job:
    """Return a job that pays 12 cents where 9 were voted."""
    return orders.opened(orbit, olga, title=TITLE, pay=Decimal("0.12"))


def fold(words: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_fold(%s)", [words])
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize("title", [TITLE, "Something else, v2", *LOOKALIKES])
def test_closed_and_reopened_lower_is_refused_whatever_it_is_called(
    at_twelve_cents: Job, orbit: Client, olga: Person, at: datetime, attack: Attack, title: str
) -> None:
    jobs.close(at_twelve_cents, by=olga, at=at)
    again = orders.ready(orbit, olga, title=title, pay=Decimal("0.119999"))
    with pytest.raises(Refused, match="N5"):
        jobs.open(again, by=olga, at=at)
    attack(OPEN, [again.pk], guard="job_reopens_no_lower")


@pytest.mark.parametrize("days", [-400, -1, 1])
def test_no_job_was_closed_or_opened_on_another_day(
    at_twelve_cents: Job, orbit: Client, olga: Person, attack: Attack, days: int
) -> None:
    """Closed three years ago, the same work opened at the voted rate the same minute, without a vote (N5)."""
    close = "UPDATE tasks_job SET closed_at = coop_now() + %s * interval '24 hours' WHERE id = %s"
    attack(close, [days, at_twelve_cents.pk], guard="jobs_open_and_close_now")
    again = orders.ready(orbit, olga, title="Another", pay=Decimal("0.12"))
    attack(OPEN.replace("coop_now()", f"coop_now() + interval '{24 * days} hours'"), [again.pk],
           guard="jobs_open_and_close_now" if days < 0 else "job_opens_with_money")  # fmt: skip
    assert funds.least_pay(again) == Decimal("0.12")


def test_the_same_or_more_opens(at_twelve_cents: Job, orbit: Client, olga: Person) -> None:
    assert orders.opened(orbit, olga, pay=Decimal("0.12")).opened_at
    assert orders.opened(orbit, olga, pay=Decimal("0.13")).opened_at


def test_the_mark_follows_a_raise(at_twelve_cents: Job, orbit: Client, olga: Person, at: datetime) -> None:
    orders.deposit(orbit, "1000")
    jobs.raise_pay(at_twelve_cents, pay=Decimal("0.2"), by=olga, at=at)
    assert funds.least_pay(orders.draft(orbit, olga, pay=Decimal("0.12"))) == Decimal("0.2")


def test_a_mark_is_forgotten_after_twelve_months(
    at_twelve_cents: Job, orbit: Client, olga: Person, later: Callable[..., datetime]
) -> None:
    jobs.close(at_twelve_cents, by=olga, at=clock.now())
    later(days=367)
    assert orders.opened(orbit, olga).pay == Decimal("0.09")


def test_a_vote_on_reopening_sets_another_mark(
    at_twelve_cents: Job, orbit: Client, olga: Person, committed: None, owner: psycopg.Connection
) -> None:
    owner.execute(
        """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
        SELECT 'reopening', %s, 1, '{"micro":100000}', id, coop_now() FROM governance_mandate
        WHERE proposal_id IS NULL""",
        [f"client:{orbit.pk}/work_type:{at_twelve_cents.work_type_id}"],
    )
    owner.commit()
    assert funds.least_pay(orders.draft(orbit, olga, pay=Decimal("0.1"))) == Decimal("0.1")


def test_another_client_pays_the_voted_rate(at_twelve_cents: Job, olga: Person, at: datetime) -> None:
    other = Client.objects.create(name="Other", slug="other", created_at=at)
    assert funds.least_pay(orders.draft(other, olga)) is None


def seat(client: Client, who: Person) -> ClientSeat:
    """Let somebody sit at a client's table."""
    return ClientSeat.objects.create(client=client, person=who, created_at=clock.now(), accepted_at=clock.now())


def test_the_same_person_reopens_it_no_lower_in_another_organisations_name(
    at_twelve_cents: Job, olga: Person, luis: Person, at: datetime, attack: Attack
) -> None:
    jobs.close(at_twelve_cents, by=olga, at=at)
    other = Client.objects.create(name="Orbit Two", slug="orbit-two", created_at=at)
    seat(other, luis)
    again = orders.ready(other, luis, title=TITLE)
    assert funds.least_pay(again) is None
    seat(other, olga)
    assert funds.least_pay(again) == Decimal("0.12")
    with pytest.raises(Refused, match="N5"):
        jobs.open(again, by=luis, at=at)
    attack(OPEN, [again.pk], guard="job_reopens_no_lower")


@pytest.mark.parametrize(("days", "counts"), [(364, True), (366, False)])
def test_who_left_one_of_the_tables_counts_for_twelve_months(
    at_twelve_cents: Job, olga: Person, at: datetime, later: Callable[..., datetime], days: int, *, counts: bool
) -> None:
    other = Client.objects.create(name="Orbit Two", slug="orbit-two", created_at=at)
    ClientSeat.objects.filter(pk=seat(other, olga).pk).update(ended_at=at)
    again = orders.draft(other, olga)
    later(days=days)
    assert funds.least_pay(again) == (Decimal("0.12") if counts else None)


def test_an_offer_of_a_seat_and_the_houses_own_jobs_bind_nobody(
    at_twelve_cents: Job, olga: Person, at: datetime
) -> None:
    other = Client.objects.create(name="Orbit Two", slug="orbit-two", created_at=at)
    ClientSeat.objects.create(client=other, person=olga, created_at=at)
    house = Client.objects.get(is_cooperative=True)
    seat(house, olga)
    with connection.cursor() as cursor:
        for client in (other, house):
            cursor.execute("SELECT tasks_least_pay(0, %s, %s, %s)", [client.pk, at_twelve_cents.work_type_id, TITLE])
            assert cursor.fetchone() == (None,)


def test_units_moved_to_a_kind_that_pays_less_an_hour_are_comparable_work(
    orbit: Client, olga: Person, attack: Attack
) -> None:
    """The same guide under another kind of work, so that an edit pays a fifth of what creating did (I23)."""
    comparing = WorkType.objects.get(slug="compare-answers")
    made = orders.draft(orbit, olga, work_type=comparing, title=TITLE, pay=Decimal("1.20"), form=COMPARE)
    assert funds.least_pay(made) is None
    orders.send(made, '{"id":"1","prompt":"?","a":"x","b":"y"}\n', "t.jsonl")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_least_pay(0, %s, %s, %s)", [orbit.pk, made.work_type_id, TITLE])
        assert cursor.fetchone() == (None,)
    matching = orders.opened(orbit, olga, title=TITLE, pay=Decimal("0.12"))
    # 12 cents for 30 seconds are 96 cents for 240.
    assert funds.least_pay(made) == Decimal("0.96")
    assert funds.least_pay(matching) is None


def test_a_client_with_two_kinds_under_two_titles_orders_both(
    at_twelve_cents: Job, orbit: Client, olga: Person
) -> None:
    comparing = WorkType.objects.get(slug="compare-answers")
    other = orders.draft(orbit, olga, work_type=comparing, title="Which is better?", pay=Decimal("0.9"), form=COMPARE)
    assert funds.least_pay(other) is None


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_lookalike_of_a_title_is_another_family(db: None, data: st.DataObject) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT like_this, array_agg(looks) FROM payments_confusable GROUP BY like_this")
        alike = dict(cursor.fetchall())
    words = data.draw(st.text("abcdefghjkopqstuvwxyz", min_size=1, max_size=12))
    swapped = "".join(data.draw(st.sampled_from([letter, letter.upper(), *alike.get(letter, [])])) for letter in words)
    form: Form = data.draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
    around = data.draw(st.sampled_from(["", " ", "\u00a0", "\u200d", "\u00ad", "!", "\ufeff"]))
    assert fold(around + unicodedata.normalize(form, swapped) + around) == fold(words)


def test_two_that_open_at_once_wait_for_each_other(
    committed: None, orbit: Client, olga: Person, cluster: Cluster, database_name: str
) -> None:
    dear = orders.ready(orbit, olga, pay=Decimal("0.12"))
    cheap = orders.ready(orbit, olga, pay=Decimal("0.09"))
    refused = []

    def open_cheap() -> None:
        with psycopg.connect(cluster.url(roles.WEB, database_name)) as web:
            try:
                web.execute(OPEN, [cheap.pk])
            except psycopg.errors.CheckViolation as error:
                refused.append(error.diag.constraint_name)

    with psycopg.connect(cluster.url(roles.WEB, database_name)) as first:
        first.execute(OPEN, [dear.pk])
        second = Thread(target=open_cheap)
        second.start()
        second.join(timeout=1)
        assert second.is_alive()
        first.commit()
    second.join()
    assert refused == ["job_reopens_no_lower"]


def test_nobody_opens_a_job_on_an_older_view(orbit: Client, attack_from_the_past: Attack, olga: Person) -> None:
    attack_from_the_past(OPEN, [orders.ready(orbit, olga).pk], guard="job_opens_with_money")
