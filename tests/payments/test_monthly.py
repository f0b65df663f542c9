"""A member's month: the sums are those of the books, the files say the same, and nobody else reads them."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from pypdf import PdfReader

from coop import clock
from coop.people.models import Client, Person
from governance.models import Office
from payments import capital, monthly, payouts, statement_files
from payments.ledger import Kind
from payments.models import Payout, Transfer
from payments.monthly import Statement
from payments.open_ledger import Month
from payments.statements import WORDS
from tasks import answers, claims, reviews, tips
from tasks.models import Assignment, Ground, Job
from tests.payments.conftest import owning
from tests.tasks.conftest import SAME, make_job, work

ZERO, THREE = Decimal(0), Decimal(3)

type Paid = Callable[[Person], Decimal]
type Earn = Callable[[Person, str], int]
type SignedIn = Callable[[Person], Browser]
# Between clients, jobs, funds and the bank. No reversal touches what a member earned.
NEVER_A_MEMBERS = {
    Kind.DEPOSIT, Kind.FUND, Kind.CLAIM, Kind.RETURN, Kind.FEE, Kind.LEVY, Kind.PAID_OUT, Kind.SPENT, Kind.REFUND,
    Kind.CLOSED, Kind.RECOVERED, Kind.GIVEN_BACK, Kind.FILLED, Kind.REVERSAL, Kind.CARD_PAID, Kind.CARD_SETTLED,
    Kind.CHARGED_BACK, Kind.REPAID, Kind.WON_BACK, Kind.RAISE_SET_ASIDE,
    Kind.CONCEALED, Kind.BACK_ASKED, Kind.BACK_ARRIVED, Kind.BACK_FAILED, Kind.MOVED,
}  # fmt: skip


def now(person: Person) -> Statement:
    return monthly.statement(person, Month.of(clock.now()))


def ask(person: Person, amount: str) -> Payout:
    return payouts.request(person, amount=Decimal(amount), by=person, at=clock.now(), key=uuid4())


def done(job: Job, who: Person, seconds: int, peer: Person) -> Assignment:
    """Let one do a task in so many seconds, and a peer accept it."""
    mine = claims.claim_next(job, by=who, at=clock.now())
    handed(mine, seconds, mine.claimed_at)
    reviews.accept(Assignment.objects.get(pk=mine.pk), by=peer, at=clock.now(), ground=Ground.PEER)
    return mine


def handed(mine: Assignment, seconds: int, since: datetime) -> None:
    """Hand in so many seconds after a moment, as what took all of them."""
    clock.advance(timedelta(seconds=seconds))
    at = since + timedelta(seconds=seconds)
    answers.submit(mine, value=SAME, key=uuid4(), seconds=seconds, by=mine.person, at=at)


def pdf(statement: Statement) -> PdfReader:
    return PdfReader(io.BytesIO(statement_files.as_pdf(statement)))


def test_a_month_has_the_job_its_rate_its_hours_and_other_pay(
    checked: Job, earn: Earn, amina: Person, luis: Person
) -> None:
    for _turn in range(3):
        done(checked, amina, 30, luis)
    earn(amina, "1.50")
    ask(amina, "1.20")
    month = now(amina)
    (job,), (training,), (payout,) = month.jobs, month.others, month.payouts
    assert (job.work.title, job.answers, job.seconds, job.amount) == ("Same or not?", 3, Decimal(90), Decimal("0.27"))
    assert (job.work.version, job.work.rate, job.work.proposal) == (1, Decimal("0.09"), None)
    assert job.hourly == Decimal("10.80")
    assert (training.words, training.lines, training.amount) == ("Training, paid", 1, Decimal("1.50"))
    assert payout.amount == Decimal("-1.20")
    assert (month.before, month.earned, month.after) == (ZERO, Decimal("1.77"), payouts.ready(amina))


def test_idling_counts_on_the_statement_as_in_the_weeks(checked: Job, amina: Person, luis: Person) -> None:
    """Told as 240 seconds, of which three times the voted 30 count."""
    done(checked, amina, 240, luis)
    (job,) = now(amina).jobs
    assert (job.seconds, job.hourly) == (Decimal(90), Decimal("3.60"))
    assert week_of(amina) == 90


def test_what_overlaps_counts_once_for_the_task_begun_first(
    checked: Job, orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    other = make_job(orbit, olga, tasks=2, overlap=1, review_rule="peer", title="At the same time")
    first, second = (claims.claim_next(job, by=amina, at=clock.now()) for job in (checked, other))
    begun = first.claimed_at
    handed(first, 20, begun)
    handed(second, 30, begun)
    for one in (first, second):
        reviews.accept(Assignment.objects.get(pk=one.pk), by=luis, at=clock.now(), ground=Ground.PEER)
    times = {job.work.job: round(job.seconds) for job in now(amina).jobs}
    assert times == {checked.pk: 20, other.pk: 10}
    assert ceil(sum(job.seconds for job in now(amina).jobs)) == week_of(amina)


def test_a_tip_is_for_no_more_time(checked: Job, olga: Person, amina: Person, luis: Person) -> None:
    answer = Assignment.objects.get(pk=done(checked, amina, 30, luis).pk)
    tips.give(answer, amount=Decimal("1.00"), by=olga, at=clock.now())
    (job,) = now(amina).jobs
    assert (job.seconds, job.amount) == (Decimal(30), Decimal("1.09"))


def week_of(person: Person) -> int:
    """Return the seconds that the guarantee counts for a person in this week."""
    monday = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    monday -= timedelta(days=monday.weekday())
    with owning(), connection.cursor() as cursor:
        cursor.execute("SELECT seconds FROM payments_week_worked(%s) WHERE person_id = %s", [monday, person.pk])
        (seconds,) = cursor.fetchone()
    return int(seconds)


def test_what_stands_before_and_after_meets_from_month_to_month(
    earn: Earn, amina: Person, later: Callable[..., object]
) -> None:
    earn(amina, "3.00")
    before = Month.of(clock.now())
    later(days=32)
    earn(amina, "0.25")
    ask(amina, "2.00")
    first, second = monthly.statement(amina, before), now(amina)
    assert (first.before, first.after) == (ZERO, THREE)
    assert (second.before, second.after) == (THREE, Decimal("1.25"))
    totals = {str(one.month): (one.earned, one.paid_out) for one in monthly.months(amina)}
    assert totals == {str(before): (THREE, ZERO), str(second.month): (Decimal("0.25"), Decimal(2))}


def test_years_add_their_months_up(earn: Earn, amina: Person, later: Callable[..., object]) -> None:
    expected = earned_by_year(earn, amina, later)
    years = monthly.years(amina)
    assert [year for year, *_rest in years] == sorted(expected, reverse=True)
    for year, months, total in years:
        assert {str(one.month): one.earned for one in months} == expected[year]
        assert total.earned == sum(expected[year].values())


def earned_by_year(earn: Earn, member: Person, later: Callable[..., object]) -> dict[int, dict[str, Decimal]]:
    """Let a member earn another sum in each of fourteen months; return each by year and month."""
    expected: dict[int, dict[str, Decimal]] = {}
    for number in range(1, 15):
        at = clock.now().astimezone(UTC)
        earn(member, f"0.{number:02}")
        expected.setdefault(at.year, {})[f"{at:%Y-%m}"] = Decimal(number) / 100
        later(days=31)
    return expected


def test_a_year_is_a_file_of_its_months_and_what_they_come_to(
    earn: Earn, amina: Person, luis: Person, later: Callable[..., object], signed_in: SignedIn
) -> None:
    expected = earned_by_year(earn, amina, later)
    browser = signed_in(amina)
    for year, months in expected.items():
        assert f"/pay/statements/{year}.csv" in browser.get("/pay/statements/").text
        read = [*csv.reader(io.StringIO(browser.get(f"/pay/statements/{year}.csv").content.decode()))]
        assert read[0] == ["month", "earned", "paid_out", "currency"]
        assert [(row[0], Decimal(row[1])) for row in read[1:-1]] == sorted(months.items())
        assert (read[-1][0], Decimal(read[-1][1])) == (str(year), sum(months.values()))
        pages = PdfReader(io.BytesIO(browser.get(f"/pay/statements/{year}.pdf").content)).pages
        text = " ".join(page.extract_text() for page in pages)
        assert all(f"{sum_:.2f}" in text for sum_ in (*months.values(), sum(months.values())))
    assert browser.get(f"/pay/statements/{min(expected) - 1}.csv").status_code == 404
    assert signed_in(luis).get(f"/pay/statements/{max(expected)}.csv").status_code == 404


def test_a_year_says_what_was_paid_out(earn: Earn, amina: Person, signed_in: SignedIn) -> None:
    earn(amina, "3.00")
    ask(amina, "1.20")
    year = clock.now().astimezone(UTC).year
    read = signed_in(amina).get(f"/pay/statements/{year}.csv").content.decode().splitlines()
    assert read[-1] == f"{year},3,1.2,USD"


def test_a_payout_that_came_back_went_nowhere(earn: Earn, amina: Person, treasurer: Office, secretary: Office) -> None:
    earn(amina, "3.00")
    payout = payouts.send(ask(amina, "2.00"), reference="MP-1", by=treasurer, at=clock.now())
    payouts.fail(payout, by=secretary, at=clock.now())
    month = now(amina)
    assert [total.words for total in month.payouts] == ["Payout you asked for", "Payout that came back"]
    assert (month.earned, month.after) == (THREE, THREE)
    assert monthly.months(amina)[0].paid_out == 0


def test_every_kind_has_words_or_never_reaches_a_member() -> None:
    assert set(Kind) - set(WORDS) == NEVER_A_MEMBERS


def test_the_csv_has_every_line_and_its_hash_is_the_statements(
    checked: Job, earn: Earn, amina: Person, luis: Person, signed_in: SignedIn
) -> None:
    done(checked, amina, 30, luis)
    earn(amina, "1.50")
    browser, name = signed_in(amina), str(Month.of(clock.now()))
    file = browser.get(f"/pay/statements/{name}.csv")
    opening, wage, training = csv.DictReader(io.StringIO(file.content.decode()))
    assert (opening["what"], opening["balance"]) == ("before the month", "0")
    assert (wage["title"], wage["work"], wage["rate_version"], wage["vote"], wage["seconds"]) == (
        "Same or not?", "product-match", "1", "founding meeting", "30",
    )  # fmt: skip
    assert (training["kind"], training["amount"], training["balance"]) == ("10", "1.5", "1.59")
    assert hashlib.sha256(file.content).hexdigest() in browser.get(f"/pay/statements/{name}/").content.decode()
    keys = {str(key) for key in Transfer.objects.values_list("key", flat=True)}
    assert {wage["key"], training["key"]} <= keys


def test_capital_stands_on_the_statement_and_adds_up(
    earn: Earn, amina: Person, later: Callable[..., object], signed_in: SignedIn
) -> None:
    earn(amina, "9.00")
    capital.pay_in(amina, Decimal("2.50"), by=amina, at=clock.now())
    first = Month.of(clock.now())
    later(days=32)
    capital.pay_in(amina, Decimal("1.25"), by=amina, at=clock.now())
    month = now(amina)
    assert (month.capital_before, month.capital_after) == (Decimal("2.50"), Decimal("3.75"))
    assert monthly.statement(amina, first).capital_after == Decimal("2.50")
    rows = list(csv.DictReader(io.StringIO(statement_files.as_csv(month).decode())))
    assert rows[0]["capital_balance"] == "2.5"
    (moved,) = [row for row in rows if row["capital"]]
    assert (moved["what"], moved["capital"], moved["capital_balance"]) == ("Paid into your capital", "1.25", "3.75")
    assert sum(Decimal(row["amount"].lstrip("'")) for row in rows[1:] if row["amount"]) == month.after - month.before
    assert "3.75" in signed_in(amina).get(f"/pay/statements/{month.month}/").content.decode()
    assert "3.75" in " ".join(page.extract_text() for page in pdf(month).pages)


def test_the_same_file_comes_whatever_language_it_is_read_in(paid: Paid, amina: Person) -> None:
    paid(amina)
    with translation.override("es"):
        spanish = statement_files.as_csv(now(amina))
    assert spanish == statement_files.as_csv(now(amina))


def test_a_title_of_a_job_is_no_formula_in_a_spreadsheet(
    orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    job = make_job(orbit, olga, title="=HYPERLINK(1)", overlap=1, review_rule="peer")
    reviews.accept(work(job, amina, SAME), by=luis, at=clock.now(), ground=Ground.PEER)
    assert b"'=HYPERLINK(1)" in statement_files.as_csv(now(amina))


def test_the_pdf_says_what_the_page_says_and_reads_itself_aloud(paid: Paid, amina: Person) -> None:
    paid(amina)
    month = now(amina)
    with translation.override("es"):
        read = pdf(month)
    text = " ".join(page.extract_text() for page in read.pages)
    assert "Same or not?" in text
    assert statement_files.digest(month)[:20] in text.replace("\n", "").replace(" ", "")
    assert read.trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert read.trailer["/Root"]["/Lang"] == "es"  # type: ignore[index]


@pytest.mark.parametrize("name", ["#set page(width: 1pt)", "$x$ *a* `b` <c> @d \\ // e", "李明", ""])
def test_whatever_somebody_is_called_the_pdf_is_made_of_it_as_text(name: str, earn: Earn, amina: Person) -> None:
    earn(amina, "1.00")
    amina.name = name
    (page,) = pdf(now(amina)).pages
    if name.isascii():
        assert name in page.extract_text()


def test_only_the_member_reads_their_statements(earn: Earn, amina: Person, luis: Person, signed_in: SignedIn) -> None:
    earn(amina, "1.23")
    name = str(Month.of(clock.now()))
    for address in ("/pay/statements/", f"/pay/statements/{name}/", f"/pay/statements/{name}.csv"):
        assert Browser().get(address).status_code == 302
        assert "1.23" in signed_in(amina).get(address).content.decode()
        assert "1.23" not in signed_in(luis).get(address).content.decode()


@pytest.mark.parametrize("month", ["2026-13", "2999-01", "0000-00"])
def test_a_month_that_is_none_or_lies_ahead_is_not_there(month: str, amina: Person, signed_in: SignedIn) -> None:
    for ending in ("/", ".csv", ".pdf"):
        assert signed_in(amina).get(f"/pay/statements/{month}{ending}").status_code == 404


def test_a_statement_costs_the_same_for_two_lines_and_for_thirty(
    paid: Paid, earn: Earn, amina: Person, signed_in: SignedIn
) -> None:
    paid(amina)
    earn(amina, "0.10")
    browser, address = signed_in(amina), f"/pay/statements/{Month.of(clock.now())}/"
    with CaptureQueriesContext(connection) as few:
        browser.get(address)
    for _turn in range(15):
        earn(amina, "0.10")
        paid(amina)
    with CaptureQueriesContext(connection) as many:
        browser.get(address)
    assert len(few) == len(many)
