"""A bank for the tests: reads the orders of a pain.001 file and answers with a statement in camt.053, both checked.

What it does wrong is told to it: orders it rejects, loses, books with another amount, or books twice.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from lxml import etree

from governance import offices
from governance.models import Office, Right
from payments import bank_statements
from payments.models import BankStatement
from payments.rails.iso20022.schemas import NAMESPACE, ORDERS, check, parse

SPACE = NAMESPACE + "camt.053.001.08"
DAY = "2026-11-26"
ACCOUNT = "DE89370400440532013000"
FIRST = "100000.00"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement: `amount` above zero comes in, below goes out."""

    amount: Decimal
    key: str = "NOTPROVIDED"
    reason: str = ""
    words: str = ""
    currency: str = "USD"
    kind: str = ""
    reference: str = ""
    day: str = DAY


@dataclass(frozen=True, slots=True)
class Faults:
    """The orders, by place in the file, with which something goes wrong."""

    rejects: Collection[int] = ()
    loses: Collection[int] = ()
    shortens: Collection[int] = ()
    doubles: Collection[int] = ()
    more: Sequence[Line] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a file: its statements, and how many of each outcome."""

    statements: list[BankStatement]
    found: Counter[str]


def read(content: bytes, *, by: Office, at: datetime) -> Read:
    """Have another officer give a file, and confirm each of its statements."""
    first = offices.with_right(Right.MONEY, at).exclude(person=by.person_id).order_by("pk")[0]
    given = bank_statements.give(content, by=first, at=at)
    said = [bank_statements.confirm(one, by=by, at=at) for one in given]
    return Read([one.statement for one in said], sum((Counter(one.found) for one in said), Counter()))


def orders(content: bytes) -> list[tuple[str, Decimal, str]]:
    """Return key, amount and payee's name of each order of a file, checked against the schema as a bank would."""
    root = parse(content)
    check(root, ORDERS)
    ns = {"p": NAMESPACE + ORDERS}
    return [
        (one.findtext("p:PmtId/p:EndToEndId", "", ns), Decimal(one.findtext("p:Amt/p:InstdAmt", "", ns)),
         one.findtext("p:Cdtr/p:Nm", "", ns))
        for one in root.iterfind(".//p:CdtTrfTxInf", ns)
    ]  # fmt: skip


def answer(content: bytes, faults: Faults | None = None, *, number: str = "S-1") -> bytes:
    """Return the statement of a day on which these orders were booked."""
    faults = faults or Faults()
    lines: list[Line] = []
    for place, (key, amount, _name) in enumerate(orders(content)):
        if place in faults.loses:
            continue
        paid = amount - Decimal("0.01") if place in faults.shortens else amount
        lines += [Line(-paid, key)] * (2 if place in faults.doubles else 1)
        if place in faults.rejects:
            lines.append(Line(amount, key, reason="AC04"))
    return statement([*lines, *faults.more], number=number)


def statement(
    lines: Sequence[Line], *, number: str = "S-1", opening: str = "", slip: str = "0", account: str = ACCOUNT
) -> bytes:
    """Return a statement of these lines, after the last one that was read unless `opening` says otherwise.

    `slip` is by how much its closing balance is wrong.
    """
    root = etree.Element(f"{{{SPACE}}}Document", nsmap={None: SPACE})
    body = _add(root, "BkToCstmrStmt")
    head = _add(body, "GrpHdr")
    _add(head, "MsgId", f"M-{number}")
    _add(head, "CreDtTm", f"{DAY}T20:00:00")
    one = _add(body, "Stmt")
    _add(one, "Id", number)
    _add(one, "CreDtTm", f"{DAY}T20:00:00")
    _add(_add(_add(one, "Acct"), "Id"), "IBAN", account)
    first = Decimal(opening) if opening else _last()
    _balance(one, "OPBD", first)
    _balance(one, "CLBD", first + sum((line.amount for line in lines), Decimal(slip)))
    for place, line in enumerate(lines, start=1):
        _entry(one, line, line.reference or f"{number}-{place}")
    check(root, "camt.053.001.08")
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _last() -> Decimal:
    read = BankStatement.objects.order_by("-id").first()
    return read.closing if read else Decimal(FIRST)


def _entry(parent: "etree._Element", line: Line, reference: str) -> None:
    entry = _add(parent, "Ntry")
    _amount(entry, line.amount, line.currency)
    _add(_add(entry, "Sts"), "Cd", "BOOK")
    _add(_add(entry, "BookgDt"), "Dt", line.day)
    _add(entry, "AcctSvcrRef", reference)
    family = _add(_add(_add(entry, "BkTxCd"), "Domn"), "Cd", "PMNT").getparent()
    assert family is not None
    inner = _add(family, "Fmly")
    _add(inner, "Cd", "ICDT")
    _add(inner, "SubFmlyCd", line.kind or "ESCT")
    details = _add(_add(entry, "NtryDtls"), "TxDtls")
    _add(_add(details, "Refs"), "EndToEndId", line.key)
    if line.words:
        _add(_add(details, "RmtInf"), "Ustrd", line.words)
    if line.reason:
        _add(_add(_add(details, "RtrInf"), "Rsn"), "Cd", line.reason)


def _balance(parent: "etree._Element", code: str, amount: Decimal) -> None:
    balance = _add(parent, "Bal")
    _add(_add(_add(balance, "Tp"), "CdOrPrtry"), "Cd", code)
    _amount(balance, amount, "USD")
    _add(_add(balance, "Dt"), "Dt", DAY)


def _amount(parent: "etree._Element", amount: Decimal, currency: str) -> None:
    _add(parent, "Amt", f"{abs(amount):.2f}").set("Ccy", currency)
    _add(parent, "CdtDbtInd", "CRDT" if amount >= 0 else "DBIT")


def _add(parent: "etree._Element", name: str, text: str | None = None) -> "etree._Element":
    node = etree.SubElement(parent, f"{{{SPACE}}}{name}")
    node.text = text
    return node
