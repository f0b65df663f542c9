"""Sealing a month of the books: one Merkle root over all its transfers, written into the public record.

Whoever may read the books computes the root again; who wrote it down finds out whether any transfer of the month was
touched later, added or taken away (invariant I15).
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from coop.record import events, tree
from coop.record.models import Event
from payments import open_ledger
from payments.models import Transfer
from payments.money import to_micro
from payments.open_ledger import Month

CHUNK = 5_000


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
    """Seal every month that is over and not sealed yet, the oldest first; return how many. Anybody may call it."""
    known = {month for month, _size, _head in sealed()}
    over = [month for month in open_ledger.months(Month.of(at)) if month.is_over(at) and month not in known]
    for month in over:
        size, head = root(month)
        events.write("ledger.sealed", by=None, subject=f"ledger:{month}", at=at, transfers=size, root=head)
    return len(over)


def sealed() -> list[tuple[Month, int, str]]:
    """Return what the record says of sealed months: month, number of transfers, root; the first word on each counts."""
    said: dict[str, tuple[Month, int, str]] = {}
    for event in Event.objects.filter(kind="ledger.sealed").order_by("id"):
        name = event.subject.removeprefix("ledger:")
        said.setdefault(name, (Month.named(name), event.data["transfers"], event.data["root"]))
    return list(said.values())
