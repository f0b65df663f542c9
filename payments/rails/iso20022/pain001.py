"""Orders to a bank, as one pain.001 file: the same file each time it is made, so that a bank knows it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from lxml import etree
from sepaxml import SepaTransfer
from stdnum import iban

from payments.rails.iso20022.letters import plain
from payments.rails.iso20022.schemas import NAMESPACE, ORDERS, check, parse

NS = {"p": NAMESPACE + ORDERS}
# Longest an id can be.
LONGEST_ID = 35


@dataclass(frozen=True, slots=True)
class Account:
    """An account: whose, its number (an IBAN or another), and the bank's BIC, empty where the IBAN says it."""

    holder: str
    number: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One payment: `key` is its end-to-end id, at most 35 characters, `words` what the payee reads."""

    key: str
    to: Account
    amount: Decimal
    words: str


def write(orders: Sequence[Order], *, name: str, debtor: Account, currency: str, day: date, at: datetime) -> bytes:
    """Return the file of these orders, checked against the schema. Its ids follow from `name`: the bank finds repeats.

    In euros between IBANs it is a SEPA file; any other goes with all charges on us (DEBT), so that the whole amount
    arrives. Raises schemas.Unreadable if an order cannot be carried, ValueError for an amount finer than a cent.
    """
    sepa = currency == "EUR" and all(iban.is_valid(order.to.number) for order in orders)
    config = {
        "name": plain(debtor.holder, 70), "IBAN": debtor.number, "BIC": debtor.bic, "batch": True,
        "currency": currency, "domestic": not sepa,
    }  # fmt: skip
    file = SepaTransfer(config, schema=ORDERS, clean=True)
    for order in orders:
        file.add_payment(_payment(order, day))
    root = parse(file.export(validate=False))
    _name(root, name, at)
    if not sepa:
        _across_borders(root)
    check(root, ORDERS)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _payment(order: Order, day: date) -> dict[str, object]:
    cents = order.amount * 100
    if cents != cents.to_integral_value():
        message = "Banks move whole cents."
        raise ValueError(message)
    facts: dict[str, object] = {
        "name": plain(order.to.holder, 70), "IBAN": order.to.number, "amount": int(cents),
        "description": plain(order.words, 140), "execution_date": day, "endtoend_id": order.key[:LONGEST_ID],
    }  # fmt: skip
    return facts | ({"BIC": order.to.bic} if order.to.bic else {})


def _name(root: "etree._Element", name: str, at: datetime) -> None:
    """Put our own ids in the place of the random ones: a file made again is the same file."""
    for path, text in (("MsgId", name), ("CreDtTm", at.strftime("%Y-%m-%dT%H:%M:%S"))):
        _all(root, f".//p:GrpHdr/p:{path}")[0].text = text
    for number, node in enumerate(_all(root, ".//p:PmtInf/p:PmtInfId"), start=1):
        node.text = f"{name}-{number}"


def _across_borders(root: "etree._Element") -> None:
    """Say who bears the charges, leave out SEPA's empty level of service, and name accounts that are no IBAN."""
    for node in _all(root, ".//p:ChrgBr"):
        node.text = "DEBT"
    for node in _all(root, ".//p:PmtTpInf"):
        if len(node) == 0:
            _parent(node).remove(node)
    for node in _all(root, ".//p:CdtrAcct/p:Id/p:IBAN"):
        if not iban.is_valid(node.text or ""):
            other = etree.SubElement(_parent(node), f"{{{NS['p']}}}Othr")
            etree.SubElement(other, f"{{{NS['p']}}}Id").text = node.text
            _parent(node).remove(node)


def _all(root: "etree._Element", path: str) -> list["etree._Element"]:
    return list(root.iterfind(path, NS))


def _parent(node: "etree._Element") -> "etree._Element":
    parent = node.getparent()
    assert parent is not None  # noqa: S101 - found below the root
    return parent
