"""A head of the log that somebody kept: today's log still begins with it, and its times fit the keeper's own clock.

The head is the answer of `/record/head.json`, kept in a file, or stands in a letter that a member got and saved. When
the file was written, its keeper's machine says and not ours, and when a letter arrived, its reader's mail server: heads
kept by several people are witnesses of the time whom no administrator of the cooperative can persuade.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from coop.audit import letters
from coop.audit.findings import Finding
from coop.models import Cooperative
from coop.record import tree
from coop.record.models import Event, Leaf

# How far two good clocks may be apart (D8), and how much later than it happened an event may be written down.
APART, LATE = timedelta(seconds=120), timedelta(hours=1)


def compare(file: Path) -> Iterator[Finding]:
    """Compare the log with a kept head. Raises ValueError when the file is not one."""
    size, root, kept_at = _kept(file)
    leaves = Leaf.objects.order_by("index").values_list("leaf_hash", flat=True).iterator()
    begins = [bytes(leaf) for leaf in islice(leaves, size)]
    if len(begins) < size:
        yield Finding("record_leaf", f"has {len(begins)} places", f"the head in {file.name} had {size}")
    elif tree.root_of(begins).hex() != root:
        yield Finding("record_leaf", f"its first {size} places are not those of {file.name}", f"their root was {root}")
    yield from _times(size, kept_at, file.name)


def _kept(file: Path) -> tuple[int, str, datetime]:
    """Return the size and root of a kept head, and when it was kept."""
    said, written = file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
    if said.lstrip().startswith(b"{"):
        kept = json.loads(said)
        return int(kept["size"]), str(kept["root"]), written
    size, root, received = letters.kept_in(said)
    return size, root, received or written


def _times(size: int, kept_at: datetime, name: str) -> Iterator[Finding]:
    """Find events dated after they were seen, and events dated before but not yet there. A simulation may run ahead."""
    certain = not Cooperative.objects.filter(simulated=True).exists()
    ahead = Event.objects.filter(leaf__index__lt=size, at__gt=kept_at + APART).order_by("leaf__index").first()
    if ahead is not None:
        what = f"is dated {ahead.at:%Y-%m-%d %H:%M} UTC"
        yield Finding(f"record_event {ahead.pk}", what, f"{name} had it at {kept_at:%Y-%m-%d %H:%M} UTC", certain)
    back = Event.objects.filter(leaf__index__gte=size, at__lt=kept_at - LATE - APART).order_by("leaf__index").first()
    if back is not None:
        what = f"is dated {back.at:%Y-%m-%d %H:%M} UTC"
        yield Finding(
            f"record_event {back.pk}", what, f"{name} did not have it at {kept_at:%Y-%m-%d %H:%M} UTC", certain
        )
