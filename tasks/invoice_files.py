"""A client's month as files, and what their accountant needs to pay in: PDF for filing, CSV for reading in."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from django.conf import settings
from django.template import defaultfilters
from django.utils import translation
from django.utils.translation import gettext as _

from coop import spreadsheets
from coop.models import Cooperative
from coop.people.models import Client
from payments import papers, reconciling
from payments.money import plain
from payments.papers import Paper, Table
from payments.templatetags.money import money
from tasks.invoices import Invoice, JobCost

COLUMNS = ("invoice", "job", "title", "answers", "wages", "checks", "fee", "total", "currency")


def as_csv(invoice: Invoice) -> bytes:
    """Return a row for each job, in English whoever reads it, money in US dollars."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for job in invoice.jobs:
        sums = [plain(amount) for amount in (job.wages, job.checks, job.fee, job.total)]
        cells = [invoice.number, str(job.job), job.title, str(job.answers), *sums, "USD"]
        writer.writerow([spreadsheets.harmless(cell) for cell in cells])
    return written.getvalue().encode()


def as_pdf(invoice: Invoice) -> bytes:
    """Return the invoice as a PDF in the reader's language."""
    paper: Paper = {
        "language": translation.get_language() or "en",
        "title": title(invoice),
        "who": [*_house(), _("To: %(client)s") % {"client": invoice.client.name}],
        "sums": [[label, money(amount)] for label, amount in sums(invoice)],
        "tables": [table for table in _tables(invoice) if table["rows"]],
        "foot": [
            _("SHA-256 of the CSV file: %(hash)s") % {"hash": digest(invoice)},
            _("Amounts are in US dollars; the month is that of UTC. It was paid in advance: nothing is due."),
            _("Wages and checks went to members whole. The fee is the same for every client, by the members' vote."),
            *tax(),
        ],
    }  # fmt: skip
    return papers.as_pdf(paper, invoice.month.after)


def tax() -> list[str]:
    """Return in sentences that no tax is added, and what the law where the house is has on an invoice, if anything."""
    words = _("No tax is added or withheld. What your country asks for, such as VAT on a service, is yours to declare.")
    return [words, *filter(None, [settings.INVOICE_NOTE])]


def digest(invoice: Invoice) -> str:
    """Return the SHA-256 of the CSV file, in hexadecimal."""
    return hashlib.sha256(as_csv(invoice)).hexdigest()


def title(invoice: Invoice) -> str:
    """Return what stands on top."""
    month = defaultfilters.date(invoice.month.day, "YEAR_MONTH_FORMAT")
    return _("Invoice %(number)s, %(month)s") % {"number": invoice.number, "month": month}


def sums(invoice: Invoice) -> list[tuple[str, Decimal]]:
    """Return the four figures on top: what was there, what came in, what jobs paid, what is there; US dollars."""
    return [
        (_("Before"), invoice.before), (_("Paid in"), invoice.paid_in),
        (_("Spent"), invoice.spent), (_("After"), invoice.after),
    ]  # fmt: skip


def _tables(invoice: Invoice) -> list[Table]:
    heads = [_("Job"), _("Answers"), _("Wages"), _("Checks"), _("Fee"), _("Total")]
    others = [[str(words), money(amount)] for words, amount in invoice.others]
    return [
        {"title": _("Jobs"), "heads": heads, "rows": [_row(job) for job in invoice.jobs]},
        {"title": _("Paid in"), "heads": [_("What"), _("Amount")], "rows": others},
    ]


def _row(job: JobCost) -> list[str]:
    figures = [money(amount) for amount in (job.wages, job.checks, job.fee, job.total)]
    return [job.title, str(job.answers), *figures]


def payment_request(client: Client, amount: Decimal, at: datetime) -> bytes:
    """Return what an accountant pays a deposit of US$ `amount` by: our account and the client's own reference."""
    account, _space, rest = settings.BANK_ACCOUNT.partition(" ")
    bank = [(_("Account (IBAN)"), account), (_("BIC and owner"), rest)] if account else []
    facts = [*bank, (_("Reference"), reconciling.client_reference(client)), (_("Amount"), money(amount))]
    paper: Paper = {
        "language": translation.get_language() or "en",
        "title": _("Payment request"),
        "who": [*_house(), _("To: %(client)s") % {"client": client.name}, _day(at)],
        "sums": [],
        "tables": [{"title": _("Bank transfer in US$"), "heads": [_("What"), ""], "rows": [list(f) for f in facts]}],
        "foot": [_("The transfer is found by its reference. What is not set aside or claimed stays yours.")],
    }
    return papers.as_pdf(paper, at)


def _house() -> list[str]:
    house = Cooperative.objects.first()
    return [house.name + (_(" (a demonstration: no real money)") if house.simulated else "")] if house else []


def _day(at: datetime) -> str:
    return str(defaultfilters.date(at.astimezone(UTC), "DATE_FORMAT"))


TYPES: dict[str, tuple[str, Callable[[Invoice], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "pdf": ("application/pdf", as_pdf),
}
