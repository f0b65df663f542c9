"""The log: every event gets its place, a chain over all places, and a tree head that anybody can check.

Events are written without waiting for each other; `seal` gives them their places after they are committed (decision
0003). An event's leaf is the RFC 6962 hash of its text; the chain hash of a place is SHA-256 of the chain hash before
it and the leaf.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, repeat
from threading import Lock
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from coop import clock
from coop.record import tree
from coop.record.models import Leaf
from coop.record.tree import Frontier, merkle_root

__all__ = ["Head", "consistency", "head", "inclusion", "merkle_root", "seal", "verify_chain", "when", "who"]

BATCH = 10_000
# Events of transactions that have all ended, behind the last sealed one: nothing can still slip in before them.
UNSEALED = """
SELECT event.id, public.record_event_text(event) FROM public.record_event event
WHERE (event.transaction, event.id) > (%s, %s)
  AND event.transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY event.transaction, event.id LIMIT %s
"""

COPY = "COPY public.record_leaf (index, event_id, leaf_hash, chain_hash) FROM STDIN"


@dataclass(frozen=True, slots=True)
class Head:
    """The log at a moment: how many events have a place, the tree's root and the last chain hash over them."""

    size: int
    root: bytes
    chain: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Altered:
    """The first place whose event or hashes are not what they were: its index, its event, and what is wrong."""

    index: int
    event: int
    what: str


def seal(batches: int | None = None) -> int:
    """Give every committed event without a place the next one, and return how many got theirs.

    `batches` of 10,000 at most, if given. Safe to run by several at once: the places are unique, so whoever comes
    second finds them taken and leaves it.
    """
    sealed = 0
    for _batch in repeat(None) if batches is None else range(batches):
        placed = _seal_batch()
        sealed += placed
        if placed < BATCH:
            break
    return sealed


def head(batches: int | None = None) -> Head:
    """Seal what waits (`batches` as for `seal`) and return the log's size, root and chain now."""
    seal(batches)
    frontier, chain = _grown()
    return Head(frontier.size, frontier.root(), chain, clock.now())


def inclusion(index: int, size: int | None = None) -> list[bytes]:
    """Return the audit path of a place in the tree of this size, today's if not given. Raises IndexError."""
    return tree.inclusion(_leaves(size), index)


def consistency(old: int, size: int | None = None) -> list[bytes]:
    """Return the proof that the tree of `old` places only grew into the one of this size. Raises IndexError."""
    return tree.consistency(_leaves(size), old)


def verify_chain(tick: Callable[[int], object] = lambda _places: None) -> Altered | None:
    """Compute every hash again from the events themselves and name the first place that does not fit; None if all do.

    Reads the plain columns, not the database's own functions: those might have been altered too. `tick` is told after
    each place, as a large log takes a while.
    """
    chain, expected = b"", 0
    for index, event, text, leaf, link in _places():
        tick(1)
        computed = tree.leaf_hash(text)
        chain = hashlib.sha256(chain + computed).digest()
        if index != expected:
            return Altered(expected, event, "a place is missing")
        if leaf != computed:
            return Altered(index, event, "the event is not the one that was sealed")
        if link != chain:
            return Altered(index, event, "the chain does not follow from the place before")
        expected += 1
    return _slipped_in(expected)


def _seal_batch() -> int:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            last = Leaf.objects.select_related("event").order_by("-index").first()
            after = (last.event.transaction, last.event_id) if last else (0, 0)
            cursor.execute(UNSEALED, [*after, BATCH])
            waiting = cursor.fetchall()
            if waiting:
                _place(cursor, waiting, last)
            return len(waiting)
    except IntegrityError:  # another one sealed these first
        return 0


def _place(cursor: CursorWrapper, events: list[tuple[int, str]], last: Leaf | None) -> None:
    """Write the next places with one COPY, as it costs a fifth of an INSERT."""
    index, chain = (last.index, bytes(last.chain_hash)) if last else (-1, b"")
    with connection.wrap_database_errors, cursor.copy(COPY) as copy:
        for event, text in events:
            index, leaf = index + 1, tree.leaf_hash(text.encode())
            chain = hashlib.sha256(chain + leaf).digest()
            copy.write_row((index, event, leaf, chain))


# The tree as far as this process has read it: leaves never change, so only the new ones are read each time.
_known = (Frontier(), b"")
_reading = Lock()


def _grown() -> tuple[Frontier, bytes]:
    """Return the tree and the chain hash over all places."""
    global _known  # noqa: PLW0603 - see above
    with _reading:
        frontier, chain = _known
        if frontier.size and not _still_there(frontier.size, chain):
            frontier, chain = Frontier(), b""
        frontier = Frontier(frontier.size, list(frontier.peaks))
        for leaf, link in _hashes(frontier.size):
            frontier.add(leaf)
            chain = link
        _known = frontier, chain
        return _known


def _still_there(size: int, chain: bytes) -> bool:
    """Tell whether what we know is a beginning of this database's log (tests have several)."""
    found = Leaf.objects.filter(index=size - 1).values_list("chain_hash", flat=True).first()
    return found is not None and bytes(found) == chain


def _hashes(start: int) -> Iterator[tuple[bytes, bytes]]:
    rows = Leaf.objects.filter(index__gte=start).order_by("index").values_list("leaf_hash", "chain_hash")
    return ((bytes(leaf), bytes(chain)) for leaf, chain in rows.iterator(BATCH))


def _leaves(size: int | None) -> list[bytes]:
    return [leaf for leaf, _chain in islice(_hashes(0), size)]


PLACES = """
SELECT leaf.index, leaf.event_id, event.at, event.kind, event.veil, event.actor_id, event.subject, event.data::text,
       leaf.leaf_hash, leaf.chain_hash
FROM public.record_leaf leaf LEFT JOIN public.record_event event ON event.id = leaf.event_id ORDER BY leaf.index
"""
SLIPPED_IN = """
SELECT event.id FROM public.record_event event LEFT JOIN public.record_leaf leaf ON leaf.event_id = event.id
WHERE leaf.index IS NULL AND (event.transaction, event.id) < (
    SELECT last.transaction, last.id FROM public.record_event last
    WHERE last.id = (SELECT event_id FROM public.record_leaf ORDER BY index DESC LIMIT 1)
) ORDER BY event.id LIMIT 1
"""


def _places() -> Iterator[tuple[int, int, bytes, bytes, bytes]]:
    """Yield each place: index, event, the event's text, leaf hash and chain hash."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(PLACES)
        for index, event, at, kind, veil, actor, subject, data, leaf, chain in cursor:
            text = _text(event, at, kind, who(veil, actor), subject, data)
            yield index, event, text, bytes(leaf), bytes(chain)


def when(at: datetime) -> str:
    """Return a moment as an event's text has it: in UTC, to the microsecond."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def who(veil: UUID | None, actor: int | None) -> str:
    """Return who acted as an event's text has it: the SHA-256 of its veil, a space and the number or "-", as hex."""
    number = "-" if actor is None else str(actor)
    return number if veil is None else hashlib.sha256(f"{veil} {number}".encode()).hexdigest()


def _text(event: int, at: datetime | None, *words: object) -> bytes:
    """Return the text of an event as `record_event_text` writes it; empty for an event that is gone."""
    if at is None:
        return b""
    fields = (event, when(at), *words)
    return "\n".join(map(str, fields)).encode()


def _slipped_in(size: int) -> Altered | None:
    """Name an event that stands before the last sealed one and has no place: it was written around the site."""
    with connection.cursor() as cursor:
        cursor.execute(SLIPPED_IN)
        row = cursor.fetchone()
    return Altered(size, row[0], "an event was slipped in between sealed ones") if row else None
