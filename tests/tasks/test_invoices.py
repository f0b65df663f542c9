"""A client's month: what came in, what each job paid, what is left; as a page, CSV and PDF, and for nobody else."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from coop import clock
from coop.people.models import Client, Person
from governance.models import Office
from payments import accounts, ledger, rates, reconciling
from payments.open_ledger import Month
from tasks import invoice_files, invoices, jobs, reviews
from tasks.api.serializers_money import InvoiceOut
from tasks.models import Job
from tests.money_in import arrive
from tests.payments.correcting import take_back
from tests.tasks.conftest import SAME, make_job, work


def this_month(client: Client) -> invoices.Invoice:
    """Return the running month."""
    return invoices.invoice(client, Month.of(clock.now()))


def whole(client: Client) -> Decimal:
    """Return all of a client's money, account by account."""
    codes = [accounts.client(client.pk)]
    for job in client.jobs.all():
        people = job.assignments.values_list("person_id", flat=True).distinct()
        codes += [accounts.escrow(job.pk), *(accounts.commitment(job.pk, person) for person in people)]
    return sum((ledger.balance(code) for code in codes), Decimal(0))


@pytest.fixture
def worked(orbit: Client, olga: Person, amina: Person, luis: Person, now: datetime) -> Job:
    """Return a job of which two answers were accepted by a peer and one is being checked."""
    job = make_job(orbit, olga, overlap=1, review_rule="peer", title="Kettles; =1+1")
    for _answer in range(2):
        reviews.accept(work(job, amina, SAME), by=luis, at=now)
    work(job, amina, SAME)
    return job


def test_what_is_left_is_all_of_the_clients_money(worked: Job, orbit: Client) -> None:
    month = this_month(orbit)
    assert month.after == whole(orbit) == month.before + month.paid_in - month.spent
    (cost,) = (one for one in month.jobs if one.job == worked.pk)
    assert (cost.answers, cost.wages) == (2, Decimal("0.18"))
    assert cost.fee == 2 * rates.fee_on(worked.pay, rates.fee_now())
    assert cost.checks == sum(ledger.balance(f"member:{one}:payable") for one in [_checker()]) > 0
    assert cost.total == cost.wages + cost.checks + cost.fee


def _checker() -> int:
    return Person.objects.get(name="Luis").pk


def test_money_set_aside_and_given_back_is_no_cost(worked: Job, orbit: Client, olga: Person, now: datetime) -> None:
    before = this_month(orbit)
    jobs.close(worked, by=olga, at=now)
    assert this_month(orbit) == before


def test_a_deposit_taken_back_counts_against_it(orbit: Client, now: datetime) -> None:
    before = this_month(orbit)
    office = Office.objects.get(post="treasurer")
    deposit = arrive(orbit, amount=Decimal("12.34"), reference="BANK-12", by=office, at=now)
    assert this_month(orbit).paid_in == before.paid_in + Decimal("12.34")
    (line,) = ledger.lines_of(accounts.client(orbit.pk)).filter(ref=f"deposit:{deposit.pk}")
    take_back(line)
    assert this_month(orbit).paid_in == before.paid_in
    assert this_month(orbit).after == whole(orbit)


def test_a_month_is_asked_in_two_queries_and_the_list_in_one(worked: Job, orbit: Client) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        this_month(orbit)
    with CaptureQueriesContext(connection) as listed:
        (total, *_earlier) = invoices.months(orbit)
    assert (len(asked), len(listed)) == (3, 1), "the clock is asked for the month"
    assert (total.paid_in, total.spent) == (this_month(orbit).paid_in, this_month(orbit).spent)


def test_an_accountant_gets_a_row_for_each_job_and_no_formula(worked: Job, orbit: Client) -> None:
    month = this_month(orbit)
    rows = list(csv.DictReader(io.StringIO(invoice_files.as_csv(month).decode())))
    row = next(row for row in rows if row["job"] == str(worked.pk))
    assert row["title"] == "Kettles; =1+1"
    assert row["invoice"] == f"WH-{orbit.pk}-{month.month}"
    assert Decimal(row["wages"]) + Decimal(row["checks"]) + Decimal(row["fee"]) == Decimal(row["total"])
    assert sum(Decimal(row["total"]) for row in rows) == month.spent


def test_the_pdf_has_its_number_its_sums_and_the_hash_of_the_csv(worked: Job, orbit: Client) -> None:
    month = this_month(orbit)
    read = PdfReader(io.BytesIO(invoice_files.as_pdf(month)))
    text = " ".join(" ".join(page.extract_text() for page in read.pages).split())
    assert month.number in text
    assert "Kettles; =1+1" in text
    assert hashlib.sha256(invoice_files.as_csv(month)).hexdigest()[:20] in text.replace(" ", "")


def test_price_and_invoice_say_that_no_tax_is_added_and_what_the_law_has_there(
    worked: Job, orbit: Client, olga: Person, signed_in: Callable[[Person], Browser], settings: Any
) -> None:
    settings.INVOICE_NOTE = "VAT exempt, section 19; DE 123/456"
    month = this_month(orbit)
    read = PdfReader(io.BytesIO(invoice_files.as_pdf(month)))
    text = " ".join(" ".join(page.extract_text() for page in read.pages).split())
    page = signed_in(olga).get(reverse("tasks:invoice", args=["orbit", str(month.month)])).text
    for said in (text, page):
        assert "No tax is added or withheld" in said
        assert "section 19" in said
    assert Decimal(InvoiceOut(month).data["tax"]) == 0
    for name in ("client_job", "fund_job"):
        shown = signed_in(olga).get(reverse(f"tasks:{name}", args=["orbit", worked.pk])).text
        assert "is yours to declare" in shown


def test_a_payment_request_has_the_account_and_the_reference(orbit: Client, now: datetime, settings: Any) -> None:
    settings.BANK_ACCOUNT = "DE89370400440532013000 COBADEFFXXX Workhall eG"
    read = PdfReader(io.BytesIO(invoice_files.payment_request(orbit, Decimal("1500.50"), now)))
    text = " ".join(read.pages[0].extract_text().split())
    for words in ("DE89370400440532013000", "COBADEFFXXX Workhall eG", reconciling.client_reference(orbit), "1,500.50"):
        assert words in text


def test_olga_reads_a_month_and_takes_it_home(
    worked: Job, orbit: Client, olga: Person, signed_in: Callable[[Person], Browser]
) -> None:
    browser, name = signed_in(olga), str(Month.of(clock.now()))
    listed = browser.get(reverse("tasks:invoices", args=["orbit"])).content.decode()
    assert reverse("tasks:invoice", args=["orbit", name]) in listed
    page = browser.get(reverse("tasks:invoice", args=["orbit", name])).content.decode()
    assert "The month is not over" in page
    for ending, kind in (("csv", "text/csv"), ("pdf", "application/pdf")):
        got = browser.get(reverse("tasks:invoice_file", args=["orbit", name, ending]))
        assert got["Content-Type"].startswith(kind)
        assert f"WH-{orbit.pk}-{name}.{ending}" in got["Content-Disposition"]
    assert browser.get(reverse("tasks:invoice", args=["orbit", "2999-01"])).status_code == 404
    money = browser.get(reverse("tasks:client_money", args=["orbit"])).content.decode()
    assert reverse("tasks:payment_request", args=["orbit"]) in money
    asked = browser.get(reverse("tasks:payment_request", args=["orbit"]), {"amount": "100"})
    assert asked.content.startswith(b"%PDF")
    wrong = browser.get(reverse("tasks:payment_request", args=["orbit"]), {"amount": "-1"})
    assert wrong.status_code == 400


def test_nobody_else_reads_a_clients_money(
    worked: Job, orbit: Client, amina: Person, teresa: Person, signed_in: Callable[[Person], Browser]
) -> None:
    name = str(Month.of(clock.now()))
    addresses = [
        reverse("tasks:invoices", args=["orbit"]), reverse("tasks:invoice", args=["orbit", name]),
        reverse("tasks:invoice_file", args=["orbit", name, "csv"]), reverse("tasks:payment_request", args=["orbit"]),
    ]  # fmt: skip
    for who in (amina, teresa):
        assert {signed_in(who).get(address).status_code for address in addresses} == {404}
