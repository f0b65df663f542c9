"""The whole books as plain text accounting reads them: hledger and beancount, each with our balances to check.

One transaction for each transfer, in the order of posting; debit stands positive, as accountants write it. The files
end with the balance that our books have for every account, so that the reading program itself finds a difference.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, timedelta
from decimal import Decimal

from django.db import connection

from payments.invariants import SUMS
from payments.models import Transfer
from payments.money import from_micro

CHUNK = 5_000
# The five kinds of account that both programs know, by a code, its last or its first part; what is not named here is
# the co-op's own: its funds, its reserve and what quarters left over.
ROOTS = {
    "bank": "Assets",
    "clearing:in": "Assets",
    "client": "Liabilities",
    "clearing": "Liabilities",
    "coop": "Income",
    "coop:expense": "Expenses",
    "job": "Liabilities",
    "member": "Liabilities",
    "receivable": "Assets",
}

type Line = Callable[[Transfer], str]


def name(code: str) -> str:
    """Return an account's name: `Liabilities:Member:12:Payable` for `member:12:payable`."""
    parts = code.split(":")
    known = (code, ":".join(parts[:2]), parts[-1], parts[0])
    root = next((ROOTS[one] for one in known if one in ROOTS), "Equity")
    return ":".join([root, *(part.replace("_", "-").capitalize() for part in parts)])


def hledger() -> Iterator[str]:
    """Yield the books as hledger reads them."""
    yield "; Debit is positive. Each transaction is one transfer; tag journal: which belong together.\n"
    day = None
    for transfer in _transfers():
        day = _day(transfer)
        yield (
            f"{day} * ({transfer.pk}) {transfer.kind} {transfer.ref}  ; journal:{transfer.journal}\n"
            f"    {name(transfer.debit.code)}  {transfer.amount:f} {transfer.debit.currency}\n"
            f"    {name(transfer.credit.code)}  -{transfer.amount:f} {transfer.debit.currency}\n\n"
        )
    if day:
        yield f"{day} * Balances, as our books have them\n"
        for code, currency, total in _balances():
            yield f"    {name(code)}  0 {currency} = {-total:f} {currency}\n"


def beancount() -> Iterator[str]:
    """Yield the books as beancount reads them."""
    first = Transfer.objects.order_by("posted_at").values_list("posted_at", flat=True).first()
    if first is None:
        return
    balances, last = list(_balances()), first.astimezone(UTC).date()
    yield from (f"{last} open {account}\n" for account in sorted({name(code) for code, *_rest in balances}))
    for transfer in _transfers():
        last = max(last, _day(transfer))
        yield (
            f'\n{_day(transfer)} * "{transfer.kind} {transfer.ref}" ^{transfer.journal}\n'
            f"  {name(transfer.debit.code)}  {transfer.amount:f} {transfer.debit.currency}\n"
            f"  {name(transfer.credit.code)}  -{transfer.amount:f} {transfer.debit.currency}\n"
        )
    for code, currency, total in balances:
        yield f"{last + timedelta(days=1)} balance {name(code)}  {-total:f} ~ 0 {currency}\n"


FORMATS: dict[str, Callable[[], Iterator[str]]] = {"hledger": hledger, "beancount": beancount}


def _transfers() -> Iterator[Transfer]:
    return Transfer.objects.select_related("debit", "credit").order_by("id").iterator(chunk_size=CHUNK)


def _day(transfer: Transfer) -> date:
    return transfer.posted_at.astimezone(UTC).date()


def _balances() -> Iterator[tuple[str, str, Decimal]]:
    """Yield every account's code, currency and balance (credits minus debits), as its transfers add up."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT code, currency, total FROM ({SUMS}) a ORDER BY code, currency")  # noqa: S608 - ours
        for code, currency, total in cursor:
            yield code, currency, from_micro(int(total))
