"""Orders and statements as banks read and write them: checked by the schema, the same each time, in plain letters."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from payments.rails.iso20022 import camt053, pain001
from payments.rails.iso20022.letters import plain
from payments.rails.iso20022.pain001 import Account, Order
from payments.rails.iso20022.schemas import NAMESPACE, ORDERS, Unreadable, check, parse
from tests.payments import bank
from tests.payments.bank import Line

US = Account("Workhall e.G.", "DE89370400440532013000", "COBADEFFXXX")
AMINA = Account("Amína Wanjikũ & Söhne", "GB33BUKB20201555555555")
NAIROBI = Account("Luis Ñandú", "01100123456789", "EQBLKENA")
DAY, AT = date(2026, 11, 27), datetime(2026, 11, 26, 12, tzinfo=UTC)
NS = {"p": NAMESPACE + ORDERS}


def written(*to: Account, currency: str = "USD", amount: str = "12.34") -> "etree._Element":
    orders = [
        Order(f"WORKHALL-PAYOUT-{number}", one, Decimal(amount), "Workhall payout") for number, one in enumerate(to)
    ]
    return parse(pain001.write(orders, name="WORKHALL-RUN-7", debtor=US, currency=currency, day=DAY, at=AT))


def texts(root: "etree._Element", path: str) -> list[str]:
    return [node.text or "" for node in root.iterfind(f".//p:{path}", NS)]


def test_a_file_keeps_to_the_schema_and_adds_up() -> None:
    root = written(AMINA, NAIROBI)
    check(root, ORDERS)
    assert texts(root, "GrpHdr/p:NbOfTxs") == ["2"]
    assert texts(root, "GrpHdr/p:CtrlSum") == ["24.68"]
    assert texts(root, "EndToEndId") == ["WORKHALL-PAYOUT-0", "WORKHALL-PAYOUT-1"]


def test_across_borders_the_charges_are_ours_and_accounts_need_no_iban() -> None:
    root = written(AMINA, NAIROBI)
    assert texts(root, "ChrgBr") == ["DEBT"]
    assert texts(root, "SvcLvl/p:Cd") == []
    assert texts(root, "CdtrAcct/p:Id/p:IBAN") == [AMINA.number]
    assert texts(root, "CdtrAcct/p:Id/p:Othr/p:Id") == [NAIROBI.number]
    assert texts(root, "CdtrAgt/p:FinInstnId/p:BICFI") == ["EQBLKENA"]


def test_in_euros_between_ibans_it_is_a_sepa_file() -> None:
    root = written(AMINA, currency="EUR")
    assert texts(root, "SvcLvl/p:Cd") == ["SEPA"]
    assert texts(root, "ChrgBr") == ["SLEV"]
    assert [node.get("Ccy") for node in root.iterfind(".//p:InstdAmt", NS)] == ["EUR"]
    assert texts(written(AMINA, NAIROBI, currency="EUR"), "SvcLvl/p:Cd") == []


def test_the_same_run_is_the_same_file() -> None:
    assert etree.tostring(written(AMINA, NAIROBI)) == etree.tostring(written(AMINA, NAIROBI))


@pytest.mark.parametrize(("to", "amount"), [(NAIROBI, "0.001"), (Account("A", "!", "EQBLKENA"), "0")])
def test_what_a_bank_cannot_carry_is_refused(to: Account, amount: str) -> None:
    with pytest.raises((ValueError, Unreadable)):
        written(to, amount=amount)


@pytest.mark.parametrize(
    ("name", "latin"),
    [("Amína Wanjikũ & Söhne", "Amina Wanjiku . Sohne"), ("Дмитрий", "Dmitrii"), ("//a//b//", "a/b"), ("李", "Li"),
     ("_@", ".."), ("", "."), ("a" * 80, "a" * 70)],
)  # fmt: skip
def test_names_go_in_letters_every_bank_knows(name: str, latin: str) -> None:
    assert plain(name, 70) == latin


@given(st.text(max_size=200))
def test_whatever_a_name_is_it_can_be_sent(name: str) -> None:
    sent = plain(name, 70)
    assert 0 < len(sent) <= 70
    assert set(sent) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
    assert not sent.startswith("/")
    assert not sent.endswith("/")
    assert "//" not in sent


def test_a_statement_is_read_entry_by_entry() -> None:
    lines = [
        Line(Decimal("-5.00"), "WORKHALL-PAYOUT-1"), Line(Decimal("5.00"), "WORKHALL-PAYOUT-1", reason="AC04"),
        Line(Decimal("100.00"), words="RF18 order 7"), Line(Decimal("-0.30"), kind="CHRG"),
    ]  # fmt: skip
    (read,) = camt053.read(bank.statement(lines, opening=bank.FIRST))
    assert read.adds_up
    assert (read.account, read.currency, read.opening, read.closing) == (
        "DE89370400440532013000", "USD", Decimal(100_000), Decimal("100099.70"),
    )  # fmt: skip
    assert [(entry.amount, entry.key, entry.reason, entry.came_back, entry.is_fee) for entry in read.entries] == [
        (Decimal("-5.00"), "WORKHALL-PAYOUT-1", "", False, False),
        (Decimal("5.00"), "WORKHALL-PAYOUT-1", "AC04", True, False),
        (Decimal("100.00"), "", "", False, False), (Decimal("-0.30"), "", "", False, True),
    ]  # fmt: skip
    assert read.entries[2].words == "RF18 order 7"


def test_a_batch_booked_as_one_is_taken_apart() -> None:
    one = bank.statement([Line(Decimal("-7.00"), "A")], opening=bank.FIRST).decode()
    single = "<TxDtls><Refs><EndToEndId>A</EndToEndId></Refs></TxDtls>"
    assert single in one
    parts = "".join(
        f'<TxDtls><Refs><EndToEndId>{key}</EndToEndId></Refs><Amt Ccy="USD">{amount}</Amt></TxDtls>'
        for key, amount in (("A", "3.00"), ("B", "4.00"))
    )
    (read,) = camt053.read(one.replace(single, parts).encode())
    assert [(entry.key, entry.amount) for entry in read.entries] == [("A", Decimal(-3)), ("B", Decimal(-4))]
    assert read.adds_up


def test_the_older_form_of_a_statement_is_read_too() -> None:
    newer = bank.statement([Line(Decimal("-7.00"), "A")], opening=bank.FIRST).decode()
    older = newer.replace("camt.053.001.08", "camt.053.001.02").replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>")
    (read,) = camt053.read(older.encode())
    assert [entry.key for entry in read.entries] == ["A"]


def test_what_is_not_booked_is_not_read() -> None:
    booked = bank.statement([Line(Decimal("-7.00"), "A")], opening=bank.FIRST)
    (read,) = camt053.read(booked.replace(b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>"))
    assert read.entries == []
    assert not read.adds_up


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<a/>", b"no xml", b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"/>',
        b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>',
        b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><d>&b;</d>',
    ],
)  # fmt: skip
def test_what_is_no_statement_is_not_read(content: bytes) -> None:
    with pytest.raises(Unreadable):
        camt053.read(content)
