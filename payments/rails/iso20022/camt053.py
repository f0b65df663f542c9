"""A bank's statement, read from camt.053: what it opened and closed with, and every entry, batches taken apart."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from payments.rails.iso20022.schemas import NAMESPACE, STATEMENTS, Unreadable, check, parse
from payments.rails.statement import Entry, Statement

BOOKED = {"BOOK"}
# Codes of what a bank takes for itself: charges, fees, commissions.
FEES = {"CHRG", "FEES", "COMM"}


def read(content: bytes) -> list[Statement]:
    """Return the statements of a file. Raises Unreadable for anything but camt.053 in a version we know."""
    root = parse(content)
    space = etree.QName(root).namespace or ""
    version = space.removeprefix(NAMESPACE)
    if version not in STATEMENTS:
        message = f"This is no statement in {' or '.join(STATEMENTS)}."
        raise Unreadable(message)
    check(root, version)
    return [_statement(node, {"s": space}) for node in root.iterfind(".//s:Stmt", {"s": space})]


type Names = dict[str, str]


def _statement(node: "etree._Element", ns: Names) -> Statement:
    balances = {_text(one, "s:Tp/s:CdOrPrtry/s:Cd", ns): one for one in node.iterfind("s:Bal", ns)}
    opening, closing = balances.get("OPBD", balances.get("PRCD")), balances.get("CLBD")
    if opening is None or closing is None:
        message = "The statement does not say what the account held before and after."
        raise Unreadable(message)
    amount = closing.find("s:Amt", ns)
    assert amount is not None  # noqa: S101 - the schema asks for it
    entries = [entry for one in node.iterfind("s:Ntry", ns) for entry in _entries(one, ns)]
    account = _text(node, "s:Acct/s:Id/s:IBAN", ns) or _text(node, "s:Acct/s:Id/s:Othr/s:Id", ns)
    return Statement(
        _text(node, "s:Id", ns), account, amount.get("Ccy", ""), _signed(opening, ns), _signed(closing, ns), entries
    )


def _entries(node: "etree._Element", ns: Names) -> Iterator[Entry]:
    """Yield a booked entry, or each payment of a batch that was booked as one."""
    if (_text(node, "s:Sts/s:Cd", ns) or _text(node, "s:Sts", ns)) not in BOOKED:
        return
    details = node.findall("s:NtryDtls/s:TxDtls", ns)
    for number, one in enumerate(details or [node], start=1):
        yield _entry(node, one, ns, alone=len(details) < 2, number=number)  # noqa: PLR2004 - a batch has two


def _entry(node: "etree._Element", one: "etree._Element", ns: Names, *, alone: bool, number: int) -> Entry:
    amount = one.find("s:Amt", ns) if not alone else node.find("s:Amt", ns)
    if amount is None:
        amount = one.find("s:AmtDtls/s:TxAmt/s:Amt", ns)
    if amount is None:
        message = f"An entry of several payments (line {node.sourceline}) does not say what each came to."
        raise Unreadable(message)
    reference = (
        _text(one, "s:Refs/s:AcctSvcrRef", ns) or _text(node, "s:AcctSvcrRef", ns) or _text(node, "s:NtryRef", ns)
    )
    reason = _text(one, "s:RtrInf/s:Rsn/s:Cd", ns)
    back = bool(reason) or one.find("s:RtrInf", ns) is not None or _text(node, "s:RvslInd", ns) in {"true", "1"}
    return Entry(
        reference=reference if alone else f"{reference}/{number}",
        key=_text(one, "s:Refs/s:EndToEndId", ns).removeprefix("NOTPROVIDED"),
        amount=_sign(one, ns, _sign(node, ns, 1)) * Decimal(amount.text or "0"),
        currency=amount.get("Ccy", ""),
        day=_day(node, ns),
        came_back=back,
        is_fee=_kind(node, one, ns) in FEES,
        reason=reason,
        words=" ".join(part.text or "" for part in one.iterfind("s:RmtInf//s:Ustrd", ns))
        or _text(one, "s:RmtInf/s:Strd/s:CdtrRefInf/s:Ref", ns),
    )


def _kind(node: "etree._Element", one: "etree._Element", ns: Names) -> str:
    path = "s:BkTxCd/s:Domn/s:Fmly/s:SubFmlyCd"
    return _text(one, path, ns) or _text(node, path, ns)


def _sign(node: "etree._Element", ns: Names, otherwise: int) -> int:
    said = _text(node, "s:CdtDbtInd", ns)
    return {"CRDT": 1, "DBIT": -1}.get(said, otherwise)


def _signed(node: "etree._Element", ns: Names) -> Decimal:
    return _sign(node, ns, 1) * Decimal(_text(node, "s:Amt", ns))


def _day(node: "etree._Element", ns: Names) -> date:
    said = _text(node, "s:BookgDt/s:Dt", ns) or _text(node, "s:BookgDt/s:DtTm", ns) or _text(node, "s:ValDt/s:Dt", ns)
    if not said:
        message = f"An entry (line {node.sourceline}) has no day."
        raise Unreadable(message)
    return datetime.fromisoformat(said).date()


def _text(node: "etree._Element", path: str, ns: Names) -> str:
    return (node.findtext(path, "", ns) or "").strip()
