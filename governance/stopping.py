"""Stopping a decision that waits for its day: a majority of all, called by a petition (3.2)."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.record import events
from coop.refusals import Refusal
from governance.models import Mandate, Proposal
from governance.policy import NobodysPay, NoForm, Payload


class Stop(NobodysPay):
    """Stops a decision. Payload: {"proposal": number}. While the vote runs the decision waits; passed, it is over."""

    name = "stop"
    label = gettext_lazy("Stop a decision that waits (open the decision and sign its petition)")
    form_class = NoForm

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return why it cannot be asked."""
        if set(payload) == {"proposal"} and _decision(payload) is not None:
            return []
        return [
            Refusal(
                _("A vote that stops a decision is called by its petition."),
                rule="3.2",
                appeal=_("Open the decision while it waits, and sign the petition there."),
            )
        ]

    def subject(self, payload: Payload) -> str:
        """Return the decision."""
        return f"proposal:{payload['proposal']}"

    def rule_key(self, payload: Payload) -> str:
        """Return 3.2."""
        return "3.2"

    def describe(self, payload: Payload) -> str:
        """Return the change in plain words."""
        decision = _decision(payload)
        return _("Vote %(number)s, “%(title)s”, is stopped and never takes effect.") % {
            "number": payload["proposal"], "title": decision.title if decision else "",
        }  # fmt: skip

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write down that it is stopped; the guards of the decision know it since the count."""
        events.write("mandates.stopped", by=None, subject=f"proposal:{payload['proposal']}", at=at)


def _decision(payload: Payload) -> Proposal | None:
    number = payload["proposal"]
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    return Proposal.objects.filter(pk=number, mandate__isnull=False).first()
