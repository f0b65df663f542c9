"""The record: every leaf and chain hash, computed again from the events; and when it stood still."""

from collections.abc import Iterator

from coop.audit.findings import Finding, Tick, faults
from coop.record import log


def walk(tick: Tick) -> Iterator[Finding]:
    """Compute the whole log again, and find what was taken out of, or added to, the times in which it stood still."""
    altered = log.verify_chain(tick)
    if altered is not None:
        should = f"place {altered.index} of the log follows from its event and the place before"
        yield Finding(f"record_event {altered.event}", altered.what, should)
    yield from faults(
        """
        SELECT c.id, c.stood_still_since FROM (
            SELECT k.*, k.machine_at - lag(k.machine_at) OVER (ORDER BY k.id) AS silent FROM record_checkpoint k
        ) c WHERE c.stood_still_since IS DISTINCT FROM
            CASE WHEN c.silent > interval '15 minutes' THEN c.at - c.silent END""",
        "record_checkpoint {id}",
        "says that the record stood still since {stood_still_since}",
        "the checkpoint before it says otherwise",
    )
