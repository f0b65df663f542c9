"""Tips: what a client gives for an accepted answer beside its pay (kind 12), of its own accord and without a fee.

No rule promises one, no card shows one, and none counts as pay: neither for a rate, a floor, an average nor a share.
"""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from payments import escrow
from payments.templatetags.money import money
from tasks import teams
from tasks.models import Assignment, AssignmentState, Tip

MOST = Decimal(1000)


def refusal(assignment: Assignment, amount: Decimal) -> Refusal | None:
    """Say why this cannot be given for an answer, or nothing."""
    if assignment.state != AssignmentState.ACCEPTED or assignment.job.is_onboarding:
        return Refusal(_("A tip is given for an answer that was accepted."), status=409)
    if Tip.objects.filter(assignment=assignment).exists():
        return Refusal(_("A tip was given for this answer."), status=409)
    if not 0 < amount <= MOST:
        return Refusal(
            _("A tip is more than nothing, and %(most)s at most.") % {"most": money(MOST, "USD")}, status=400
        )
    if amount > escrow.available(assignment.job.client):
        return Refusal(_("There is less than this available."), appeal=_("Send money by bank transfer."), status=409)
    return None


def give(assignment: Assignment, *, amount: Decimal, by: Person, at: datetime) -> Tip:
    """Give a tip in US dollars for an accepted answer of one's client's (kind 12, client:available to member:payable).

    To a team it goes by their split. Raises Refused for another answer, a second tip, or more than is available.
    """
    refuse_if(refusal(assignment, amount))
    try:
        return _give(assignment, amount, by, at)
    except IntegrityError as error:  # the money is gone, or somebody else was faster
        refuse_if(refusal(assignment, amount))
        raise Refused(Refusal(_("Whoever has a seat at the client gives its tips."), status=403)) from error


@transaction.atomic
def _give(assignment: Assignment, amount: Decimal, by: Person, at: datetime) -> Tip:
    tip = Tip.objects.create(assignment=assignment, amount=amount, given_by=by, at=at)
    escrow.tip(assignment.job.client_id, assignment.pk, teams.parts(assignment, amount), at=at)
    events.write("tips.given", by=by, subject=f"assignment:{assignment.pk}", at=at)
    tip.refresh_from_db(fields=["at"])
    return tip
