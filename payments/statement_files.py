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
from payments.guarantee import Counted, Part
from payments.money import plain
from payments.monthly import Capital, JobPay, Line, Statement, Total
from payments.papers import Paper, Table
from payments.templatetags.money import money

COLUMNS = (
    "posted_at", "kind", "what", "ref", "job", "title", "work", "rate_version", "rate", "vote", "seconds",
    "amount", "balance", "currency", "key", "week", "floor", "earned", "lacked", "capital", "capital_balance",
)  # fmt: skip


type Row = dict[str, str]


def as_csv(statement: Statement) -> bytes:
    """Return every line as CSV, in English whoever reads it, times in UTC, money in US dollars.

    The first row has the balances before the month; lines of pay follow, then those of capital, then the weeks by the
    hour: for each its seconds, the floor of an hour, what it earned and what it lacked (floor x seconds / 3600, rounded
    up to the micro-unit, less earned), and below it which line pays which part. The seconds of a line are engaged ones,
    each second once: the weeks count the same. What is posted never changes, nor does a week that was counted, so a
    month that is over always gives the same bytes.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    with translation.override("en"):
        writer.writerow(COLUMNS)
        rows = [_opening(statement), *map(_line, statement.lines), *map(_of_capital, statement.capital)]
        for week in statement.weeks:
            rows += [_week(week), *(_part(week, part) for part in week.parts)]
        writer.writerows([spreadsheets.harmless(row.get(column, "")) for column in COLUMNS] for row in rows)
    return written.getvalue().encode()


def _opening(statement: Statement) -> Row:
    balances = {"balance": plain(statement.before), "capital_balance": plain(statement.capital_before)}
    return {"what": "before the month", "currency": "USD", **balances}


def _posted(line: Line | Capital) -> Row:
    posted = line.at.astimezone(UTC).isoformat(timespec="microseconds")
    facts = {"kind": str(int(line.kind)), "what": line.words, "ref": line.ref, "key": str(line.key)}
    return {"posted_at": posted, "currency": "USD", **facts}


def _line(line: Line) -> Row:
    row, work = _posted(line) | {"amount": plain(line.amount), "balance": plain(line.balance)}, line.work
    if not work:
        return row
    rate = {"rate_version": str(work.version), "rate": plain(work.rate)}
    vote = f"vote {work.proposal}" if work.proposal else "founding meeting"
    about = {"job": str(work.job), "title": work.title, "work": work.slug, "seconds": plain(work.seconds)}
    return row | about | rate | {"vote": vote}


def _of_capital(line: Capital) -> Row:
    return _posted(line) | {"capital": plain(line.amount), "capital_balance": plain(line.balance)}


def _week(week: Counted) -> Row:
    money_cells = {"floor": plain(week.floor), "earned": plain(week.earned), "lacked": plain(week.lacked)}
    return {"what": "week", "week": str(week.monday), "seconds": str(week.seconds), "currency": "USD", **money_cells}


def _part(week: Counted, part: Part) -> Row:
    who = {"job": str(part.job)} if part.job else {}
    return {"what": "part of a week", "ref": part.ref, "week": str(week.monday), "lacked": plain(part.amount), **who}


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
    week = [_("Week from"), _("Your time"), _("Floor of an hour"), _("Your work paid"), _("Lacked")]
    capital = [_("What"), _("Amount"), _("After")]
    return [
        {"title": _("Work"), "heads": work, "rows": [_job(job) for job in statement.jobs]},
        {"title": _("Other pay"), "heads": other, "rows": [_total(total) for total in statement.others]},
        {"title": _("Payouts"), "heads": other, "rows": [_total(total) for total in statement.payouts]},
        {"title": _("Your weeks by the hour"), "heads": week, "rows": [_hours(one) for one in statement.weeks]},
        {"title": _("Your capital"), "heads": capital, "rows": [_moved(line) for line in statement.capital]},
    ]


def _hours(week: Counted) -> list[str]:
    day = defaultfilters.date(week.monday, "DATE_FORMAT")
    return [day, parts.minutes(week.seconds), money(week.floor), money(week.earned), money(week.lacked)]


def _moved(line: Capital) -> list[str]:
    return [line.words, money(line.amount), money(line.balance)]


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
