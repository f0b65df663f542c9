"""A member's year as files: each month's pay and payouts, and what they come to, as CSV and as PDF."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

from django.template import defaultfilters
from django.utils import translation
from django.utils.translation import gettext as _

from coop.people.models import Person
from payments import monthly, papers
from payments.money import plain
from payments.monthly import MonthTotal
from payments.papers import Paper
from payments.templatetags.money import money

COLUMNS = ("month", "earned", "paid_out", "currency")


@dataclass(frozen=True, slots=True)
class Year:
    """A member's year (UTC), so far where it runs: months in which their money moved, the latest first, and totals."""

    person: Person
    year: int
    months: list[MonthTotal]
    total: MonthTotal


def of(person: Person, year: int) -> Year | None:
    """Return a member's year; None where nothing of theirs moved in it. One query."""
    found = (Year(person, named, months, total) for named, months, total in monthly.years(person))
    return next((one for one in found if one.year == year), None)


def as_csv(year: Year) -> bytes:
    """Return a row for each month, oldest first, and one for the year, in US dollars."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    writer.writerows(_cells(str(one.month), one) for one in reversed(year.months))
    writer.writerow(_cells(str(year.year), year.total))
    return written.getvalue().encode()


def _cells(name: str, total: MonthTotal) -> list[str]:
    return [name, plain(total.earned), plain(total.paid_out), "USD"]


def as_pdf(year: Year) -> bytes:
    """Return the year as a PDF in the reader's language."""
    return papers.as_pdf(_facts(year), year.months[0].month.after)


def _facts(year: Year) -> Paper:
    rows = [
        [defaultfilters.date(one.month.day, "YEAR_MONTH_FORMAT"), money(one.earned), money(one.paid_out)]
        for one in reversed(year.months)
    ]
    return {
        "language": translation.get_language() or "en",
        "title": _("Statement, %(month)s") % {"month": year.year},
        "who": [year.person.name, _("Member %(number)s") % {"number": year.person.pk}],
        "sums": [[_("Earned"), money(year.total.earned)], [_("Paid out"), money(year.total.paid_out)]],
        "tables": [{"title": _("Months"), "heads": [_("Month"), _("Earned"), _("Paid out")], "rows": rows}],
        "foot": [
            _("The statement of each month has every line, and the vote behind each rate."),
            _("Amounts are in US dollars; months are those of UTC. Nothing was withheld for taxes."),
            _("Something is wrong? Tell the treasurer: what you earned does not expire."),
        ],
    }


TYPES: dict[str, tuple[str, Callable[[Year], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "pdf": ("application/pdf", as_pdf),
}
