"""A member's statement as files: CSV with every line, whose SHA-256 is the statement's hash, and PDF for the desk."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import UTC
from decimal import Decimal

from django.template import defaultfilters
from django.utils import translation
from django.utils.translation import gettext as _

from coop import spreadsheets
from coop.templatetags import parts
from payments import papers
from payments.money import plain
from payments.monthly import JobPay, Line, Statement, Total
from payments.papers import Paper, Table
from payments.templatetags.money import money

COLUMNS = (
    "posted_at", "kind", "what", "ref", "job", "title", "work", "rate_version", "rate", "vote", "seconds",
    "amount", "balance", "currency", "key",
)  # fmt: skip


def as_csv(statement: Statement) -> bytes:
    """Return every line as CSV, in English whoever reads it, times in UTC, money in US dollars.

    The first row has the balance before the month. What is posted never changes, so a month that is over always
    gives the same bytes.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    with translation.override("en"):
        writer.writerow(COLUMNS)
        opening = {"what": "before the month", "balance": plain(statement.before), "currency": "USD"}
        writer.writerow([opening.get(column, "") for column in COLUMNS])
        writer.writerows([spreadsheets.harmless(cell) for cell in _cells(line)] for line in statement.lines)
    return written.getvalue().encode()


def _cells(line: Line) -> list[str]:
    work, posted = line.work, line.at.astimezone(UTC).isoformat(timespec="microseconds")
    about = [""] * 7
    if work:
        vote = f"vote {work.proposal}" if work.proposal else "founding meeting"
        rate, seconds = plain(work.rate), plain(work.seconds)
        about = [str(work.job), work.title, work.slug, str(work.version), rate, vote, seconds]
    money_cells = [plain(line.amount), plain(line.balance), "USD"]
    return [posted, str(int(line.kind)), line.words, line.ref, *about, *money_cells, str(line.key)]


def digest(statement: Statement) -> str:
    """Return the SHA-256 of the CSV file, in hexadecimal: what the page and the PDF print as the statement's hash."""
    return hashlib.sha256(as_csv(statement)).hexdigest()


def as_pdf(statement: Statement) -> bytes:
    """Return the statement as a PDF in the reader's language."""
    return papers.as_pdf(_facts(statement), statement.month.after)


def _facts(statement: Statement) -> Paper:
    """Return what the layout prints, every text in the reader's language and every number written out."""
    month = defaultfilters.date(statement.month.day, "YEAR_MONTH_FORMAT")
    return {
        "language": translation.get_language() or "en",
        "title": _("Statement, %(month)s") % {"month": month},
        "who": [statement.person.name, _("Member %(number)s") % {"number": statement.person.pk}],
        "sums": [[label, money(amount)] for label, amount in sums(statement)],
        "tables": [table for table in _tables(statement) if table["rows"]],
        "foot": [
            _("Hash of every line, as in the CSV file (SHA-256):"), digest(statement),
            _("Amounts are in US dollars; the month is that of UTC. Nothing was withheld for taxes."),
            _("Something is wrong? Tell the treasurer: what you earned does not expire."),
        ],
    }  # fmt: skip


def sums(statement: Statement) -> list[tuple[str, Decimal]]:
    """Return the four figures on top: what was there, what came, what went, what is there; US dollars."""
    return [
        (_("Before"), statement.before), (_("Earned"), statement.earned),
        (_("Paid out"), -sum((total.amount for total in statement.payouts), Decimal(0))),
        (_("After"), statement.after),
    ]  # fmt: skip


def _tables(statement: Statement) -> list[Table]:
    work = [_("Work"), _("Answers"), _("Voted rate"), _("Time"), _("An hour"), _("Amount")]
    other = [_("What"), _("Lines"), _("Amount")]
    return [
        {"title": _("Work"), "heads": work, "rows": [_job(job) for job in statement.jobs]},
        {"title": _("Other pay"), "heads": other, "rows": [_total(total) for total in statement.others]},
        {"title": _("Payouts"), "heads": other, "rows": [_total(total) for total in statement.payouts]},
    ]


def _job(job: JobPay) -> list[str]:
    rate = _("%(rate)s (%(vote)s)") % {"rate": money(job.work.rate), "vote": vote(job.work.proposal)}
    time, hourly = parts.minutes(job.seconds), money(job.hourly)
    return [job.work.title, str(job.answers), rate, time, hourly, money(job.amount)]


def vote(proposal: int | None) -> str:
    """Return the words for what a rate stands on."""
    return _("vote %(number)s") % {"number": proposal} if proposal else _("founding meeting")


def _total(total: Total) -> list[str]:
    return [total.words, str(total.lines), money(total.amount)]


TYPES: dict[str, tuple[str, Callable[[Statement], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "pdf": ("application/pdf", as_pdf),
}
