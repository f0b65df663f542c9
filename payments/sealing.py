"""Sealing a month of the books: one Merkle root over all its transfers, written into the public record.

Whoever may read the books computes the root again; who wrote it down finds out whether any transfer of the month was
touched later, added or taken away (invariant I15).
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from coop.database import moment
from coop.record import tree
from coop.record.models import Event
from payments import open_ledger
from payments.models import Transfer
from payments.money import to_micro
from payments.open_ledger import Month

CHUNK = 5_000
KIND = "ledger.sealed"
SEAL = "SELECT payments_seal_books(%s)"


def leaf(transfer: Transfer) -> bytes:
    """Return a transfer as the tree holds it: a JSON list without spaces, the amount in micro-units, the time in UTC.

    Number, key, journal, kind, debit, credit, currency, amount, about what, number of what it reverses, posted at.
    """
    facts = [
        transfer.pk, str(transfer.key), str(transfer.journal), transfer.kind, transfer.debit.code,
        transfer.credit.code, transfer.debit.currency, to_micro(transfer.amount), transfer.ref,
        transfer.reverses_id, transfer.posted_at.astimezone(UTC).isoformat(timespec="microseconds"),
    ]  # fmt: skip
    return json.dumps(facts, separators=(",", ":"), ensure_ascii=False).encode()


def root(month: Month) -> tuple[int, str]:
    """Return how many transfers were posted in a month and the RFC 6962 tree head over them, in hexadecimal."""
    frontier = tree.Frontier()
    for entry in _leaves(month):
        frontier.add(tree.leaf_hash(entry))
    return frontier.size, frontier.root().hex()


def _leaves(month: Month) -> Iterator[bytes]:
    posted = Transfer.objects.filter(posted_at__gte=month.first, posted_at__lt=month.after)
    for transfer in posted.select_related("debit", "credit").order_by("id").iterator(chunk_size=CHUNK):
        yield leaf(transfer)


def seal_due(at: datetime) -> int:
    """Have the database seal every month that is over and not sealed yet, the oldest first; return how many.

    It reckons the root itself (`payments_seal_books`), for as long as that takes. Anybody may call it. Raises
    OperationalError where what is being posted does not end in two seconds: the next hour seals it.
    """
    known = {month for month, _size, _head in sealed()}
    over = [month for month in open_ledger.months(Month.of(at)) if month.is_over(at) and month not in known]
    for month in over:
        with moment.no_limit() as cursor:
            cursor.execute(SEAL, [str(month)])
    return len(over)


def sealed() -> list[tuple[Month, int, str]]:
    """Return what the record says of sealed months: month, number of transfers, root; the first word on each counts.

    What says it of no month, or says no number and root, is no seal: see `unreadable`.
    """
    said: dict[str, tuple[Month, int, str]] = {}
    for _number, subject, found in _words():
        if found:
            said.setdefault(subject, found)
    return list(said.values())


def unreadable() -> list[tuple[int, str]]:
    """Return the numbers and subjects of what the record has as a seal and is none; nothing of ours writes such."""
    return [(number, subject) for number, subject, found in _words() if found is None]


def _words() -> Iterator[tuple[int, str, tuple[Month, int, str] | None]]:
    for event in Event.objects.filter(kind=KIND).order_by("id"):
        month, data = month_of(event.subject, "ledger"), event.data if isinstance(event.data, dict) else {}
        size, head = data.get("transfers"), data.get("root")
        good = (month, size, head) if month and isinstance(size, int) and isinstance(head, str) else None
        yield event.pk, event.subject, good


def month_of(subject: str, of: str) -> Month | None:
    """Return the month that a seal names `of` something, as "ledger:2026-11"; None if it names none that can end."""
    try:
        month = Month.named(subject.partition(":")[2])
        ends = month.after
    except (ValueError, OverflowError):
        return None
    return month if ends and subject == f"{of}:{month}" else None
