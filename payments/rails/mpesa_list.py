"""What moved on our account at M-Pesa, by the statement that its organisation portal saves as a file (CSV).

Daraja has no list. As the portal writes it: some lines about the account, a line of headings, then one movement a line
with the balance after it, the newest or the oldest first, in Nairobi's time; a charge bears the receipt of what it was
for. Whatever does not keep to that is refused whole: each balance has to follow from the one before.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice, pairwise

from django.utils.translation import gettext as _

from payments.rails.iso20022.schemas import Unreadable
from payments.rails.statement import Asked, Entry, Statement

CURRENCY = "KES"
# A month of some hundred payments a day; nobody looks at more at once.
LARGEST, MOST = 5_000_000, 20_000
# So many lines about the account may stand before the headings.
ABOUT = 50
COLUMNS = ("Receipt No.", "Completion Time", "Details", "Transaction Status", "Paid In", "Withdrawn", "Balance")
RECEIPT = re.compile(r"[A-Z0-9]{6,20}")
AMOUNT = re.compile(r"-?([0-9]{1,12}|[0-9]{1,3}(,[0-9]{3}){1,3})(\.[0-9]{1,2})?")
CHARGE = re.compile(r"[A-Za-z ]{0,80}charges?", re.IGNORECASE)
TIMES = ("%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S")

type Line = tuple[Entry, Decimal]


def lists(content: bytes, days: Asked) -> list[Statement]:
    """Return what a file says of the days that are asked for, until the last on which something moved, if anything did.

    Days are Nairobi's. The first list is of all the days in its file. Raises Unreadable, in words for who brought it.
    """
    asked, lines = days(CURRENCY), _in_order([_line(row) for row in _rows(content)])
    if asked is None:
        return []
    first = date.min if asked.opening is None else asked.first
    mine = [(entry, balance) for entry, balance in lines if first <= entry.day <= asked.last]
    if not mine:
        return []
    (oldest, after), (latest, closing) = mine[0], mine[-1]
    entries = [entry for entry, _balance in mine]
    return [Statement(latest.day.isoformat(), f"mpesa {CURRENCY}", CURRENCY, after - oldest.amount, closing, entries)]


def _rows(content: bytes) -> Iterator[dict[str, str]]:
    """Yield the cells of each movement by its heading; what did not go through moved nothing."""
    if len(content) > LARGEST:
        raise Unreadable(_("It is larger than %(most)s megabytes: save fewer days.") % {"most": LARGEST // 1_000_000})
    try:
        lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        headings = next((row for row in islice(lines, ABOUT) if set(COLUMNS) <= {cell.strip() for cell in row}), None)
        if headings is None:
            raise Unreadable(_("It has no line with these headings: %(which)s.") % {"which": ", ".join(COLUMNS)})
        places = {name: [cell.strip() for cell in headings].index(name) for name in COLUMNS}
        for number, row in enumerate(lines):
            if number == MOST:
                raise Unreadable(_("It has more than %(most)s lines: save fewer days.") % {"most": MOST})
            if any(cell.strip() for cell in row):
                cells = {name: row[place].strip() for name, place in places.items()}
                if cells["Transaction Status"] == "Completed":
                    yield cells
    except (UnicodeDecodeError, csv.Error, IndexError) as error:
        raise Unreadable(_("It is no CSV in UTF-8 with as many cells in each line as there are headings.")) from error


def _line(cells: Mapping[str, str]) -> Line:
    """Return a movement, and the balance after it."""
    receipt, came, went = cells["Receipt No."], _amount(cells["Paid In"]), _amount(cells["Withdrawn"])
    if not RECEIPT.fullmatch(receipt) or not cells["Balance"] or bool(came) == bool(went):
        raise Unreadable(_("This line says not what moved: %(line)s") % {"line": receipt[:20] or "…"})
    is_fee = went and CHARGE.fullmatch(cells["Details"])
    # Its details name who was paid, or who paid.
    words = "Charge" if is_fee else "Paid In" if came else "Withdrawn"
    entry = Entry(
        reference=receipt, key=receipt, amount=abs(came) - abs(went), currency=CURRENCY, came_back=False,
        day=_time(cells["Completion Time"]).date(), is_fee=bool(is_fee), reason="", words=words,
    )  # fmt: skip
    return entry, _amount(cells["Balance"])


def _amount(said: str) -> Decimal:
    if said and not AMOUNT.fullmatch(said):
        raise Unreadable(_("This is no amount: %(said)s") % {"said": said[:20]})
    return Decimal(said.replace(",", "") or 0)


def _time(said: str) -> datetime:
    for form in TIMES:
        try:
            return datetime.strptime(said, form)  # noqa: DTZ007 - Nairobi's, of which the day is kept alone
        except ValueError:
            continue
    raise Unreadable(_("This is no day and hour: %(said)s") % {"said": said[:20]})


def _in_order(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the movements, the oldest first: each balance follows from the one before, and no day goes back."""
    for one in (lines, lines[::-1]):
        pairs = list(pairwise(one))
        if all(a[0].day <= b[0].day and a[1] + b[0].amount == b[1] for a, b in pairs):
            return one
    raise Unreadable(_("The balances do not follow one from another: a line is missing, or was changed."))
