"""Releases: what the database promises changes a week after it was announced, or the audit says so for good (G15)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from coop.audit.findings import Finding, Tick
from coop.models import Cooperative
from coop.record import events
from coop.record.models import Event

ANNOUNCED, RECORDED = "release.announced", "schema.recorded"
# How long members and outsiders can look at a release before it is in force.
NOTICE = timedelta(days=7)


def announce(digest: str, *, at: datetime) -> None:
    """Write into the record which schema is going to stand; its digest is what `migrate` says on a copy."""
    events.write(ANNOUNCED, by=None, subject="schema:public", at=at, digest=digest)


def was_announced(digest: str, *, by: datetime) -> bool:
    """Tell whether a schema had been announced a week before a moment."""
    return Event.objects.filter(kind=ANNOUNCED, data__digest=digest, at__lte=by - NOTICE).exists()


def walk(tick: Tick) -> Iterator[Finding]:
    """Find schemas that came without notice, since migrations give it; the first one needs none. A simulation may."""
    tick(1)
    certain, before, owed = not Cooperative.objects.filter(simulated=True).exists(), None, False
    for record in Event.objects.filter(kind=RECORDED).order_by("id"):
        digest, owed_before, owed = record.data["digest"], owed, "notice_days" in record.data
        if owed_before and digest != before and not was_announced(digest, by=record.at):
            yield Finding(
                f"record_event {record.pk}", f"put the schema {digest[:12]}… in force",
                "it was not announced seven days before", certain,
            )  # fmt: skip
        if owed_before and not owed:
            yield Finding(f"record_event {record.pk}", "owes no notice", "those before it do", certain)
        before, owed = digest, owed or owed_before
