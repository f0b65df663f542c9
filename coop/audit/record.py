"""The record: every leaf and chain hash, computed again from the events."""

from collections.abc import Iterator

from coop.audit.findings import Finding, Tick
from coop.record import log


def walk(tick: Tick) -> Iterator[Finding]:
    """Compute the whole log again."""
    altered = log.verify_chain(tick)
    if altered is not None:
        should = f"place {altered.index} of the log follows from its event and the place before"
        yield Finding(f"record_event {altered.event}", altered.what, should)
