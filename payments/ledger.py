"""The ledger: transfers are posted, never changed; the database alone moves the balances.

A key says which business fact a transfer stands for. Posting the same fact again changes nothing; posting something
else of the same kind about the same thing under its key is a LedgerConflict. What anybody posts about something else
takes nobody's key. Posting kinds are those of the money's design; the database allows each kind
only between the accounts it is for (`posting_kind_allows_it`) and keeps every account within its bounds
(`account_above_its_floor`, `account_below_its_ceiling`).
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from coop.record import events
from coop.refusals import Refusal, Refused
from governance import offices
from governance.models import Office
from payments import accounts
from payments.models import Account, Transfer
from payments.money import from_micro, to_micro

NAMESPACE = uuid.UUID("6f0b9c5e-9d1a-5c58-9a3f-4b8f6a3f2d10")
# The digit of a UUID that names its variant keeps the last two bits of what it is made from (RFC 9562, 4.1).
VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class Kind(IntEnum):
    """What a posting is. 8, acceptance by silence, is posted as 5 to 7 with the same keys: it happens once.

    22 goes both ways: into a member's capital, and out of it when they leave.

    35 the database posts by itself: what a client owes is repaid first, from whatever becomes available to it.
    """

    DEPOSIT = 1
    FUND = 2
    CLAIM = 3
    RETURN = 4
    WAGE = 5
    FEE = 6
    LEVY = 7
    CHECK_PAY = 9
    TRAINING_PAY = 10
    TOP_UP = 11
    TIP = 12
    PAYOUT = 13
    PAID_OUT = 14
    CAME_BACK = 15
    LATE_RETURN = 16
    SPENT = 17
    REFUND = 18
    CHARGED_BACK = 19
    CLOSED = 20
    ALLOCATED = 21
    REDEEMED = 22
    EXCHANGED = 23
    PAUSE_PAY = 24
    UNFOUNDED_PAUSE = 25
    PANEL_PAY = 26
    BACK_PAY = 27
    ADVANCE = 28
    RECOVERED = 29
    GIVEN_BACK = 30
    PEER_PAY = 31
    FILLED = 32
    CARD_PAID = 33
    CARD_SETTLED = 34
    REPAID = 35
    WON_BACK = 36
    RAISE_SET_ASIDE = 37
    RAISE_PAID = 38
    POST_PAY = 40
    SUPPORT = 41
    CONCEALED = 42
    BACK_ASKED = 43
    BACK_ARRIVED = 44
    BACK_FAILED = 45
    MOVED = 46
    REVERSAL = 99


type Fact = tuple[uuid.UUID, int, str]


class LedgerConflict(Exception):  # noqa: N818 - reads as the sentence it is
    """A key stands for another fact already. Nothing was posted; the transaction must be rolled back."""


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer to post: `amount` (at most six decimals, above zero) from the account `debit` to `credit`.

    `key` names the business fact (`acc:5:12`), `ref` what it is about (`assignment:12`); `journal` binds lines
    together and is the posting's own when left out.
    """

    kind: int
    debit: str
    credit: str
    amount: Decimal
    key: str
    ref: str
    journal: str = ""


def key_of(fact: str) -> uuid.UUID:
    """Return the key that stands for a business fact, always the same for the same words."""
    return uuid.UUID(_digits_of(fact))


def first_free(fact: Callable[[int], str], number: int, *, kind: Kind, ref: str) -> int:
    """Return the first number from this one on of which nothing stands under its fact's key, of this kind about `ref`.

    It looks at twice as many each time: whoever took thousands beforehand holds nobody up.
    """
    width = 1
    while True:
        keys = {key_of(fact(one)): one for one in range(number, number + width)}
        taken = Transfer.objects.filter(key__in=keys, kind=kind, ref=ref).values_list("key", flat=True)
        if free := set(keys) - set(taken):
            return min(keys[key] for key in free)
        number, width = number + width, width * 2


def _digits_of(fact: str) -> str:
    """Return the digits of a key, a UUID of version 5, without an object for each of the thousands in a batch."""
    made = hashlib.sha1(NAMESPACE.bytes + fact.encode(), usedforsecurity=False).hexdigest()
    return f"{made[:12]}5{made[13:16]}{VARIANT[made[16]]}{made[17:32]}"


def to_each(kind: int, debit: str, parts: Iterable[tuple[int, Decimal]], *, key: str, ref: str) -> list[Line]:
    """Return lines from one account that pay each person their part; nobody gets a line of nothing.

    Keys `<key>:<person>`; the lines belong together by `key`.
    """
    return [
        Line(kind, debit, accounts.payable(person), amount, f"{key}:{person}", ref, key)
        for person, amount in parts
        if amount
    ]


def post(*lines: Line, journal: str, at: datetime, currency: str = "USD") -> list[Transfer]:
    """Post lines that belong together and return the transfers that stand for them, in their order.

    Usually one statement. Raises LedgerConflict, or IntegrityError in the name of the guard that refused.
    """
    posted = {_stood_for(row): row for row in post_many(lines, journal=journal, at=at, currency=currency)}
    missing = [line for line in lines if _stands_for(line) not in posted]
    posted |= _standing(missing) if missing else {}
    return [posted[_stands_for(line)] for line in lines]


def post_many(lines: Sequence[Line], *, journal: str = "", at: datetime, currency: str = "USD") -> list[Transfer]:
    """Post any number of lines in one statement and return only the transfers that are new."""
    # Alone it is whole by itself, in one trip to the database.
    alone = len(lines) == 1 and not connection.in_atomic_block
    if alone and (rows := _insert(INSERT, _columns(lines, journal), at, currency)[1]):
        return rows
    return _post_together(INSERT, lines, journal, at, currency)[1] if lines else []


@transaction.atomic(savepoint=False)
def _post_together(
    statement: str, lines: Sequence[Line], journal: str, at: datetime, currency: str
) -> tuple[int, list[Transfer]]:
    values = _columns(lines, journal)
    new, rows = _insert(statement, values, at, currency)
    if not new:
        _open_accounts(lines, currency)
        new, rows = _insert(statement, values, at, currency)
    if new < len(lines):
        _compare(lines, {_stood_for(row) for row in rows}, currency)
    return new, rows


@transaction.atomic(savepoint=False)
def post_early(lines: Sequence[Line], *, at: datetime, currency: str = "USD") -> int:
    """Post lines, each with a journal, as `post_many` does, and return how many are new; they are not read back.

    It is for what touches accounts that everybody's work touches: their locks are let go once the transaction is
    committed, and whoever asked is answered once it is on disk (decision 0115).
    """
    if not lines:
        return 0
    transaction.on_commit(_reach_the_disk)
    return _post_together(INSERT_EARLY, lines, "", at, currency)[0]


def hold(named: Iterable[tuple[str, str]]) -> None:
    """Take accounts, each named by currency and code, for the rest of a transaction: at once, in the order of postings.

    It is for an act of several postings: each takes its own in order, and two such acts would wait for each other. The
    rows that say what moves are locked before it (decision 0204). Accounts that are not open are left out.
    """
    pairs = set(named)
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [[currency for currency, _code in pairs], [code for _currency, code in pairs]])


def touched(lines: Iterable[tuple[str, Line]]) -> set[tuple[str, str]]:
    """Return the accounts that lines move, each line given with its currency, as `hold` takes them."""
    return {(currency, code) for currency, line in lines for code in (line.debit, line.credit)}


def balance(code: str, currency: str = "USD") -> Decimal:
    """Return an account's balance, credits minus debits, in its currency; zero for one that was never used."""
    account = Account.objects.filter(code=code, currency=currency).first()
    if account is None:
        return Decimal(0)
    return account.balance if account.tracked else recomputed(account)


def recomputed(account: Account) -> Decimal:
    """Return an account's balance as the sum of all its transfers."""
    into = Transfer.objects.filter(credit=account).aggregate(total=Sum("amount"))["total"]
    out = Transfer.objects.filter(debit=account).aggregate(total=Sum("amount"))["total"]
    return (into or Decimal(0)) - (out or Decimal(0))


@transaction.atomic
def reverse(transfer: Transfer, *, by: Office, at: datetime) -> Transfer:
    """Take back a deposit, a funding or a refund by its mirror (kind 99), once; return the mirror.

    Key `rev:<transfer>`. Raises Refused unless `by` handles money and is held now. Two officers say why before
    (`corrections.say`, `reversals_are_by_two_officers`). Wages and payouts are not reversed: the database refuses
    (`reversals_mirror_a_transfer`).
    """
    if not offices.handles_money(by, at):
        raise Refused(Refusal(_("Money is taken back by the treasurer or the secretary."), "D8"))
    with connection.cursor() as cursor:
        cursor.execute(REVERSE, [key_of(f"rev:{transfer.pk}"), key_of(f"rev:{transfer.pk}"), at, transfer.pk])
        new = cursor.rowcount
    if new:
        events.write("ledger.reversed", by=by.person, subject=f"transfer:{transfer.pk}", at=at)
    return Transfer.objects.get(reverses=transfer)


def lines_of(code: str, currency: str = "USD") -> QuerySet[Transfer]:
    """Return the statement of an account: its transfers, newest first, with both accounts loaded."""
    account = Account.objects.filter(code=code, currency=currency).first()
    touched = Transfer.objects.filter(Q(debit=account) | Q(credit=account)) if account else Transfer.objects.none()
    return touched.select_related("debit", "credit").order_by("-id")


# Each column is one text, of a line for each line: made and read ten times as fast as an array of values.
INSERT_ONLY = """
WITH line AS (
    SELECT * FROM unnest(
        string_to_array(%s, E'\n')::uuid[], string_to_array(%s, E'\n')::uuid[], string_to_array(%s, E'\n')::smallint[],
        string_to_array(%s, E'\n'), string_to_array(%s, E'\n'), string_to_array(%s, E'\n')::bigint[],
        string_to_array(%s, E'\n')
    ) WITH ORDINALITY AS line (key, journal, kind, debit, credit, amount, ref, position)
), known AS MATERIALIZED (
    SELECT line.*, debit.id AS debit_id, credit.id AS credit_id FROM line
    LEFT JOIN payments_account debit ON debit.code = line.debit AND debit.currency = %s
    LEFT JOIN payments_account credit ON credit.code = line.credit AND credit.currency = %s
)
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
SELECT key, journal, kind, debit_id, credit_id, amount, ref, %s FROM known
WHERE NOT EXISTS (SELECT FROM known WHERE debit_id IS NULL OR credit_id IS NULL)
ORDER BY position
ON CONFLICT (key, kind, ref) DO NOTHING
"""
INSERT = f"""{INSERT_ONLY}
RETURNING id, key, journal, kind, debit_id, credit_id, amount, ref, occurred_at, posted_at, reverses_id
"""
# The commit does not wait for the disk: whoever asked does, when the locks are gone (`_reach_the_disk`).
INSERT_EARLY = INSERT_ONLY.replace(
    "ORDER BY position", "AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'\nORDER BY position"
)
RETURNED = (
    "id",
    "key",
    "journal",
    "kind",
    "debit_id",
    "credit_id",
    "amount",
    "ref",
    "occurred_at",
    "posted_at",
    "reverses_id",
)
REVERSE = """
INSERT INTO payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at, reverses_id)
SELECT %s, %s, 99, credit_id, debit_id, amount, ref, %s, id FROM payments_transfer WHERE id = %s
ON CONFLICT (key, kind, ref) DO NOTHING
"""
HOLD = "SELECT payments_hold(%s, %s)"
OPEN = """
INSERT INTO payments_account (code, currency)
SELECT code, %s FROM unnest(%s::text[]) AS wanted (code)
WHERE NOT EXISTS (SELECT FROM payments_account a WHERE a.code = wanted.code AND a.currency = %s) ORDER BY code
ON CONFLICT (code, currency) DO NOTHING
"""


def _columns(lines: Sequence[Line], journal: str) -> list[str]:
    """Return the columns of INSERT_ONLY; no code, key or ref has more than one line of its own."""
    journals = {name: _digits_of(name) for name in {line.journal or journal for line in lines}}
    columns = [
        [_digits_of(line.key) for line in lines],
        [journals[line.journal or journal] for line in lines],
        [str(int(line.kind)) for line in lines],
        [line.debit for line in lines],
        [line.credit for line in lines],
        [str(to_micro(line.amount)) for line in lines],
        [line.ref for line in lines],
    ]
    return ["\n".join(column) for column in columns]


def _insert(statement: str, values: list[str], at: datetime, currency: str) -> tuple[int, list[Transfer]]:
    """Insert all lines whose keys are new, or none at all while an account is missing.

    Returns how many are new, and those of them that the statement returns.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, currency, currency, at])
        rows = cursor.fetchall() if cursor.description else []
        return cursor.rowcount, [_transfer(row) for row in rows]


def _reach_the_disk() -> None:
    """Return once all that is committed so far is on disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_logical_emit_message(false, '', '', true)")


def _transfer(row: tuple[Any, ...]) -> Transfer:
    return Transfer.from_db(None, RETURNED, [*row[:6], from_micro(row[6]), *row[7:]])


def _open_accounts(lines: Sequence[Line], currency: str) -> None:
    """Open the accounts that are missing."""
    codes = {code for line in lines for code in (line.debit, line.credit)}
    with connection.cursor() as cursor:
        cursor.execute(OPEN, [currency, sorted(codes), currency])


def _compare(lines: Sequence[Line], new: set[Fact], currency: str) -> None:
    """Raise LedgerConflict unless what stands under the keys that are not new says the same."""
    wanted = {fact: line for line in lines if (fact := _stands_for(line)) not in new}
    standing = _standing(list(wanted.values()))
    same = {fact for fact, line in wanted.items()
            if fact in standing and _says(standing[fact]) == (*_content(line), currency)}  # fmt: skip
    if same != set(wanted):
        facts = sorted(line.key for fact, line in wanted.items() if fact not in same)
        message = f"Another posting stands under {', '.join(facts)}."
        raise LedgerConflict(message)


def _standing(lines: Sequence[Line]) -> dict[Fact, Transfer]:
    """Return what stands under the keys of lines about the same things."""
    keys, about = [key_of(line.key) for line in lines], {line.ref for line in lines}
    found = Transfer.objects.filter(ref__in=about, kind__in={int(line.kind) for line in lines}, key__in=keys)
    return {_stood_for(row): row for row in found.select_related("debit", "credit")}


def _stands_for(line: Line) -> Fact:
    """Return what makes a line the same fact as another: its key, of a kind of posting about a thing."""
    return key_of(line.key), int(line.kind), line.ref


def _stood_for(row: Transfer) -> Fact:
    return row.key, row.kind, row.ref


def _says(row: Transfer) -> tuple[object, ...]:
    return row.kind, row.debit.code, row.credit.code, row.amount, row.ref, row.debit.currency


def _content(line: Line) -> tuple[object, ...]:
    return int(line.kind), line.debit, line.credit, line.amount, line.ref
