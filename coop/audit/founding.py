"""The founding meeting: no vote stands behind its rows, so they are compared with the hash in the record."""

from collections.abc import Iterator

from coop.audit.findings import Finding, Tick, faults
from coop.record.models import Event
from governance import founding
from governance.models import Mandate

# An app and the event that says what the founding wrote there.
SAID = (("governance", "governance.founded"), ("payments", "payments.books_opened"))


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
            what = f"the {app} rows of the founding meeting are not those it wrote"
            yield Finding(
                f"governance_mandate {mandate.pk}", what, f"their hash is {event.data['digest']}, event {event.pk}"
            )
    yield from faults(
        """
        SELECT c.id, c.simulated, a.id AS jump FROM coop_cooperative c JOIN coop_clockadvance a ON NOT c.simulated""",
        "coop_clockadvance {jump}",
        "lets the clock of a real cooperative run ahead",
        "only a demonstration has such rows",
    )
