"""The founding meeting: no vote stands behind its rows, so they are compared with the hash in the record."""

from collections.abc import Iterator

from coop.audit.findings import Finding, Tick, faults
from coop.record.models import Event
from governance import founding
from governance.models import Mandate

# An app and the event that says what the founding wrote there.
SAID = (("governance", "governance.founded"), ("payments", "payments.books_opened"))


def _altered(mandate: Mandate, app: str, event: Event) -> Iterator[Finding]:
    """Name each row that the founding did not write so; where its event names none, say it of all (decision 0200)."""
    now, then = founding.hashes(mandate, app), event.data.get("rows", {})
    other = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    if not then or not other:
        what = f"the {app} rows of the founding meeting are not those it wrote"
        yield Finding(
            f"governance_mandate {mandate.pk}", what, f"their hash is {event.data['digest']}, event {event.pk}"
        )
    for name in other if then else ():
        yield _row(name, then.get(name), now.get(name), event)


def _row(name: str, was: str | None, now: str | None, event: Event) -> Finding:
    if was is None:
        return Finding(name, "stands on the founding meeting's word", f"it wrote no such row, says event {event.pk}")
    if now is None:
        return Finding(name, "is gone", f"the founding meeting wrote it, says event {event.pk}")
    what = "is not what the founding meeting wrote"
    return Finding(name, what, f"its hash was {was} and is {now}, says event {event.pk}")


def walk(tick: Tick) -> Iterator[Finding]:
    """Hash the founding's rows again: rules, members, officers, first rates and fee."""
    mandate = Mandate.objects.filter(proposal=None).first()
    if mandate is None:
        return
    for app, kind in SAID:
        event = Event.objects.filter(kind=kind).order_by("id").first()
        tick(1)
        if event is None:
            yield Finding(
                f"governance_mandate {mandate.pk}", f"no event {kind} speaks of it", "the founding is on record"
            )
        elif event.data["digest"] != founding.digest(mandate, app):
            yield from _altered(mandate, app, event)
    yield from faults(
        """
        SELECT c.id, c.simulated, a.id AS jump FROM coop_cooperative c JOIN coop_clockadvance a ON NOT c.simulated""",
        "coop_clockadvance {jump}",
        "lets the clock of a real cooperative run ahead",
        "only a demonstration has such rows",
    )
