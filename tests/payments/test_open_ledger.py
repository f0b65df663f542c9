"""The open ledger: what the public reads adds up, says nothing about anybody, and is sealed when its month is over."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Client, Person
from governance.models import Office
from payments import escrow, open_ledger, published, sealing
from payments.models import Fee, Transfer
from payments.open_ledger import Hours, Month, Moved
from payments.surplus import Quarter
from tasks import answers, claims, reviews
from tasks.models import Assignment, Ground, Job
from tests.governance.conftest import members, reach
from tests.payments import leftover
from tests.payments.conftest import owning
from tests.payments.correcting import take_back
from tests.payments.test_sealed_statements import bogus
from tests.tasks.conftest import SAME, make_job

pytestmark = pytest.mark.django_db

type Earn = Callable[[Person, str], int]


@pytest.fixture
def month(now: datetime) -> Month:
    return Month.of(now)


@pytest.fixture
def five(amina: Person, luis: Person, priya: Person, teresa: Person, petra: Person) -> list[Person]:
    return [amina, luis, priya, teresa, petra]


def lines(month: Month) -> dict[str, Decimal]:
    return {flow.name: flow.amount for flow in open_ledger.figures(month).flows}


def test_a_month_with_fewer_than_five_people_tells_nothing_of_them(earn: Earn, amina: Person, month: Month) -> None:
    earn(amina, "3")
    figures = open_ledger.figures(month)
    assert (figures.people, figures.to_members, figures.share) == (None, None, None)
    assert [flow.name for flow in figures.flows] == ["received", "concealed"]


def test_what_five_people_got_is_told_in_one_sum(earn: Earn, five: list[Person], month: Month) -> None:
    for person in five:
        earn(person, "2.5")
    figures = open_ledger.figures(month)
    assert (figures.people, figures.to_members) == (5, Decimal("12.5"))
    assert lines(month)["training"] == Decimal("12.5")
    assert figures.share == 1


def test_a_kind_of_pay_that_few_got_is_merged_with_the_next_larger() -> None:
    moved = {"work": Moved(Decimal(90), 9), "training": Moved(Decimal(30), 6), "hearings": Moved(Decimal(4), 1)}
    assert [(flow.name, flow.amount) for flow in open_ledger._to_members(moved)] == [  # noqa: SLF001 - the rule itself
        ("work", Decimal(90)),
        ("several", Decimal(34)),
    ]


def test_money_in_fee_and_funds_stand_beside_it(
    earn: Earn, deposit: Callable[[str], None], orbit: Client, five: list[Person], fee: Fee, month: Month, now: datetime
) -> None:
    before = lines(month)["received"]
    deposit("100")
    for person in five:
        earn(person, "1")
    orbit_job, worker = 700_002, five[0]
    escrow.fund(orbit_job, Decimal(11), orbit, 1, by=None, at=now)
    escrow.commit(orbit_job, worker.pk, 900_001, Decimal(11), at=now)
    escrow.release(orbit_job, worker.pk, 900_001, Decimal(10), Decimal(1), fee, at=now)
    found = lines(month)
    assert found["received"] - before == 100
    assert found["kept"] + found["funds"] == 1
    assert found["several"] == 15
    assert "work" not in found


def test_a_correction_counts_against_what_it_corrects(
    earn: Earn, deposit: Callable[[str], None], treasurer: Office, secretary: Office, month: Month
) -> None:
    deposit("70")
    before = lines(month)["received"]
    take_back(Transfer.objects.filter(kind=1).latest("id"))
    assert lines(month)["received"] == before - 70


def test_the_questions_asked_do_not_grow(earn: Earn, five: list[Person], month: Month) -> None:
    with CaptureQueriesContext(connection) as first:
        open_ledger.figures(month)
    for person in five:
        earn(person, "1")
        earn(person, "2")
    with CaptureQueriesContext(connection) as second:
        open_ledger.figures(month)
    assert len(first) == len(second) == 5


def test_everybody_reads_the_page_and_its_files(client: Browser, earn: Earn, five: list[Person], month: Month) -> None:
    for person in five:
        earn(person, "2")
    reach(month.after + timedelta(hours=2))
    page = client.get("/ledger/")
    assert page.status_code == 200
    assert "10.00" in page.content.decode()
    for form, (content_type, _write) in published.TYPES.items():
        answer = client.get(f"/ledger/{month}.{form}")
        assert (answer.status_code, answer["Content-Type"]) == (200, content_type)


def test_a_running_month_tells_nobody_what_one_payment_was(
    client: Browser, earn: Earn, five: list[Person], month: Month
) -> None:
    """Whoever reads the page and its files before and after a payment reads the same."""

    def read() -> list[bytes]:
        files = [client.get(f"/ledger/{month}.{form}").content for form in published.TYPES]
        return [client.get(f"/ledger/?month={month}").content, *files]

    for person in five:
        earn(person, "2")
    before = read()
    earn(five[0], "1.234567")
    assert read() == before
    assert b"told when it is over" in before[0]
    reach(month.after + timedelta(minutes=59))
    assert json.loads(client.get(f"/ledger/{month}.json").content)["over"] is False
    reach(month.after + timedelta(minutes=61))
    assert "11.234567" in client.get("/ledger/").content.decode()
    said = json.loads(client.get(f"/ledger/{month}.json").content)
    assert (said["over"], said["rows"][0]["amount"]) == (True, "11.234567")


@pytest.mark.parametrize("name", ["2999-01", "2026-13", "0000-00", "x", "2026-11\0"])
def test_a_month_that_is_none_is_not_found(client: Browser, name: str, now: datetime) -> None:
    assert client.get("/ledger/", {"month": name}).status_code == 404
    assert client.get(f"/ledger/{name}.json").status_code == 404


def test_the_parquet_file_opens_in_duckdb_with_the_same_sums(
    earn: Earn, five: list[Person], month: Month, tmp_path: Path
) -> None:
    for person in five:
        earn(person, "0.123456")
    figures = open_ledger.figures(month)
    file = tmp_path / "month.parquet"
    file.write_bytes(published.as_parquet(figures))
    found = duckdb.connect().execute(
        f"SELECT sum(amount), any_value(typeof(amount)) FROM '{file}' WHERE item = 'training'"
    )
    [(total, kind)] = found.fetchall()
    assert (total, kind) == (Decimal("0.617280"), "DECIMAL(20,6)")
    said = json.loads(published.as_json(figures))
    assert [row["amount"] for row in said["rows"] if row["item"] == "training"] == ["0.61728"]
    values = {(row["part"], row["item"]): row["value"] for row in pq.read_table(file).to_pylist() if row["value"]}
    assert values == {("late", "payouts"): "0"}
    assert BytesIO(published.as_csv(figures)).readline().decode().strip() == ",".join(published.COLUMNS)


def test_the_files_tell_the_budget_and_what_quarters_left_over(amina: Person, luis: Person) -> None:
    budget = leftover.budgeted(amina, hosting=2_000_000, posts={"treasurer": 3_000_000})
    if str(Quarter.of(clock.now())) != budget.period:
        reach(Quarter.of(clock.now()).after)
    leftover.work({amina: "100", luis: "100"})
    said = rows_of(Month.of(clock.now()))
    assert said["budget", f"{budget.period} hosting: voted"] == Decimal(2)
    assert said["budget", f"{budget.period} hosting: spent"] == 0
    assert said["budget", f"{budget.period} treasurer: a month for each seat"] == Decimal(3)
    close = leftover.closed()
    month = Month.of(close.ends_at)
    assert rows_of(month)["surplus", f"{close.period}: surplus"] == close.surplus
    divided = leftover.divided(close, amina)
    said = rows_of(month)
    assert said["surplus", f"{close.period}: to education"] == divided.education
    # Two people are too few to tell what they got.
    assert ("surplus", f"{close.period}: members' cash") not in said
    assert not any(part == "surplus" for part, _item in rows_of(Month.of(month.after)))


def rows_of(month: Month) -> dict[tuple[str, str], Decimal]:
    rows = published.rows(open_ledger.figures(month))
    return {(row["part"], row["item"]): row["amount"] for row in rows}


def test_no_posting_pays_a_post(now: datetime) -> None:
    with owning(), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT credit FROM payments_postings()")
        paid = {credit for (credit,) in cursor.fetchall()}
    assert "member:payable" in paid
    assert not {credit for credit in paid if "office" in credit or "post" in credit}


def test_a_month_is_sealed_once_when_it_is_over(earn: Earn, amina: Person, month: Month, now: datetime) -> None:
    earn(amina, "1")
    assert sealing.seal_due(month.after) == 0
    over = reach(month.after + timedelta(hours=2))
    assert sealing.seal_due(over) >= 1
    assert sealing.seal_due(over) == 0
    size, root = sealing.root(month)
    assert size == Transfer.objects.filter(posted_at__gte=month.first).count()
    assert open_ledger.sealed_root(month) == root
    assert f"{month},root,merkle root,,,,{root}\r\n".encode() in published.as_csv(open_ledger.figures(month))


def test_a_second_word_on_a_month_does_not_count(earn: Earn, amina: Person, month: Month, now: datetime) -> None:
    earn(amina, "1")
    over = reach(month.after + timedelta(hours=2))
    sealing.seal_due(over)
    root = open_ledger.sealed_root(month)
    bogus("ledger.sealed", f"ledger:{month}", {"transfers": 0, "root": "00"})
    assert open_ledger.sealed_root(month) == root
    assert [head for of, _size, head in sealing.sealed() if of == month] == [root]


def test_a_transfer_touched_after_the_seal_shows(earn: Earn, amina: Person, month: Month, now: datetime) -> None:
    number = earn(amina, "1")
    sealing.seal_due(reach(month.after + timedelta(hours=2)))
    before = sealing.root(month)
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_transfer DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE payments_transfer SET ref = 'assignment:1' WHERE ref = 'assignment:{number}'")
    assert sealing.root(month) != before


def hours_of(crowd: list[Person], job: Job, seconds: int, by: Person) -> list[Hours]:
    """Let each of them do a task in so many seconds, all at the same time, and return what the month says of hours."""
    taken = [claims.claim_next(job, by=who, at=clock.now()) for who in crowd]
    clock.advance(timedelta(seconds=seconds))
    for mine in taken:
        answers.submit(mine, value=SAME, key=uuid4(), seconds=seconds, by=mine.person, at=clock.now())
    for mine in taken:
        answer = Assignment.objects.get(pk=mine.pk)
        reviews.accept(answer, by=by, at=clock.now(), ground=Ground.CLIENT)
    return open_ledger.figures(Month.of(clock.now())).hours


@pytest.mark.parametrize(("people", "told"), [(4, None), (5, 5), (9, 9), (10, 10)])
def test_an_hour_is_of_engaged_time_and_told_of_ten_people(
    people: int, told: int | None, orbit: Client, olga: Person
) -> None:
    """Nine cents for 240 seconds, of which three times the voted 30 count."""
    job = make_job(orbit, olga, tasks=25, overlap=1, review_rule="peer")
    crowd = [one for one in members() if one != olga][:people]
    (hours,) = hours_of(crowd, job, 240, olga)
    made = None if people < 10 else Decimal("3.60")
    assert (hours.people, hours.slower, hours.middle, hours.faster) == (told, made, made, made)
    assert (hours.slug == "product-match") is (told is not None)


def test_quarters_of_hours_are_those_of_people_and_overlaps_count_once(orbit: Client, olga: Person) -> None:
    crowd = [one for one in members() if one != olga][:10]
    job = make_job(orbit, olga, tasks=25, overlap=1, review_rule="peer")
    hours_of(crowd[:6], job, 30, olga)
    hours_of(crowd[6:], job, 60, olga)
    (hours,) = open_ledger.figures(Month.of(clock.now())).hours
    assert (hours.people, hours.slower, hours.middle, hours.faster) == (
        10, Decimal("5.40"), Decimal("10.80"), Decimal("10.80"),
    )  # fmt: skip
    other = make_job(orbit, olga, tasks=25, overlap=1, review_rule="peer", title="At the same time")
    both = [claims.claim_next(one, by=crowd[0], at=clock.now()) for one in (job, other)]
    at = clock.advance(timedelta(seconds=30))
    for mine in both:
        answers.submit(mine, value=SAME, key=uuid4(), seconds=30, by=crowd[0], at=at)
    for mine in both:
        reviews.accept(Assignment.objects.get(pk=mine.pk), by=olga, at=clock.now(), ground=Ground.CLIENT)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT amount, round(seconds) FROM payments_hours_paid(%s, %s) WHERE person_id = %s",
            [Month.of(clock.now()).first, Month.of(clock.now()).after, crowd[0].pk],
        )
        assert cursor.fetchone() == (270_000, 60)
