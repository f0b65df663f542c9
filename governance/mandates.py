"""The authority of a passed vote, and carrying it out: exactly what was voted, once, after its lock (P2, P3)."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from governance import policies, proposals
from governance.models import Enactment, Mandate, Proposal
from governance.policy import Stale

LIFE = timedelta(days=30)


def give(proposal: Proposal, *, at: datetime) -> Mandate:
    """Write down the mandate of a vote that passed; its times follow from the proposal, by the database."""
    due = proposal.locked_until or at
    mandate = Mandate.objects.create(proposal=proposal, given_at=at, due_at=due, expires_at=due + LIFE)
    events.write("mandates.given", by=None, subject=f"proposal:{proposal.pk}", at=at, due_at=due)
    return mandate


def refusal(mandate: Mandate, *, at: datetime) -> Refusal | None:
    """Return why a mandate cannot be carried out now, or None. Who asks does not matter (P5)."""
    if at < mandate.due_at:
        return Refusal(_("The lock of this decision has not passed yet."), rule="P5", status=409)
    if at >= mandate.expires_at:
        return Refusal(
            _("This decision was not carried out within 30 days: nothing changes."), rule="3.5", status=409,
            appeal=_("It can be proposed again."),
        )  # fmt: skip
    return _stopped(mandate)


def _stopped(mandate: Mandate) -> Refusal | None:
    """Return that members stand in the way (3.2); the guard `enactment_is_not_stopped` asks the same."""
    asked = Proposal.objects.filter(petition__stops__mandate=mandate).exclude(published_at=None)
    if not asked.exclude(tally__passed=False).exists():
        return None
    return Refusal(
        _("Members have asked to stop this decision: it waits for that vote, or was stopped by it."), rule="3.2",
        status=409,
    )  # fmt: skip


def _not_now() -> Refusal:
    words = _(
        "This decision cannot be carried out now, and has not failed for good: it is tried again until it expires."
    )
    return Refusal(words, rule="P3", status=409)


def enact(mandate: Mandate, *, at: datetime) -> Enactment:
    """Carry out a mandate that is due and return what became of it; done already is fine.

    When the version it replaces has moved on (P3), or it would do worse now than was told (G6), the enactment fails,
    for good, and nothing else changes.
    Raises Refused before the lock has passed, after the mandate has expired, and while what stands in its way may pass.
    """
    refuse_if(refusal(mandate, at=at))
    with transaction.atomic():
        # Two that enact at once: the second waits here and finds it done.
        proposal = Proposal.objects.select_for_update(of=("self",)).get(mandate=mandate)
        done = Enactment.objects.filter(mandate=mandate).first()
        return done or _carry_out(mandate, proposal, at)


def _carry_out(mandate: Mandate, proposal: Proposal, at: datetime) -> Enactment:
    reason: Exception | None = None
    try:
        with transaction.atomic():
            policies.find(proposal.policy).enact(mandate, proposals.payload_of(proposal), at)
    except (Stale, Refused, IntegrityError) as caught:
        reason = caught
    enactment = _written(mandate, reason, at)
    came_of_it = "failed" if enactment.failure else "found" if reason else "enacted"
    events.write(f"mandates.{came_of_it}", by=None, subject=f"proposal:{proposal.pk}", at=at)
    return enactment


def _written(mandate: Mandate, reason: Exception | None, at: datetime) -> Enactment:
    """Write what became of it. Whose row was there before has been carried out.

    Raises Refused, its cause the `reason`, where the database takes neither.
    """
    failure = "" if reason is None else str(reason) or type(reason).__name__
    for said in dict.fromkeys((failure, "")):
        try:
            with transaction.atomic():
                return Enactment.objects.create(mandate=mandate, at=at, failure=said)
        except IntegrityError as error:
            if not failure or guard_of(error) != "enactment_did_what_was_voted":
                raise
    raise Refused(_not_now()) from reason
