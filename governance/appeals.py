"""The appeal to nine others (7.7): from then on, nothing of what was decided has effect until they have decided."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance import notices, panels
from governance.models import APPEAL_OPEN, Appeal, CaseKind, Decision, Measure, Stage


def refusal(decision: Decision, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot appeal against a decision, or None."""
    if decision.case.person_id != by.pk:
        return Refusal(_("The member it is about appeals."), rule="7.7")
    charged = decision.case.kind == CaseKind.CHARGE and decision.panel.stage == Stage.FIRST
    if not charged or decision.motion.measure == Measure.NOTHING:
        return Refusal(_("There is nothing to appeal against."), rule="7.7", status=409)
    if hasattr(decision, "appeal"):
        return Refusal(_("You have appealed already."), rule="7.7", status=409)
    if at > decision.decided_at + APPEAL_OPEN:
        return Refusal(_("The 90 days to appeal are over."), rule="7.7", status=409)
    return None


def appeal(decision: Decision, *, reasons: str, by: Person, at: datetime) -> Appeal:
    """Appeal against a decision and have nine others drawn; it needs no more than one's own words. Raises Refused."""
    refuse_if(refusal(decision, by=by, at=at))
    with transaction.atomic():
        made = Appeal.objects.create(decision=decision, by=by, reasons=reasons, appealed_at=at)
        events.write("appeals.made", by=by, subject=f"case:{decision.case_id}", at=at)
        panels.convene(decision.case, stage=Stage.APPEAL, by=by, at=at)
        if decision.case.charged_by is not None:
            notices.tell(decision.case.charged_by, "appealed", decision.case)
    return made
