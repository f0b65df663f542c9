"""Reporting content: illegal, upsetting beyond what the card said, or somebody's personal data."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from tasks import claims, skips
from tasks.models import OPEN_STATES, Assignment, Report, Topic


@transaction.atomic
def report(
    assignment: Assignment, *, words: str, by: Person, at: datetime, paid: bool = False, topic: str = ""
) -> Report:
    """Report what a task shows; an open task goes back without penalty and is not offered to this person again.

    `topic` names what its card did not say; `paid` asks for pay for that, within the bounds of paid skips. Raises
    Refused without words, for a task that is somebody else's, or beyond those bounds.
    """
    refuse_if(refusal(assignment, words=words, by=by, topic=topic))
    made = Report.objects.create(task=assignment.task, person=by, words=words.strip(), topic=topic, at=at)
    events.write("reports.made", by=by, subject=f"job:{assignment.job_id}", at=at, report=made.pk)
    if assignment.state in OPEN_STATES and not assignment.job.is_onboarding:
        skips.skip(assignment, by=by, at=at) if paid else claims.skip(assignment, by=by, at=at)
    return made


def refusal(assignment: Assignment, *, words: str, by: Person, topic: str = "") -> Refusal | None:
    """Say why a report cannot be taken; None if it can."""
    if assignment.person_id != by.pk:
        return Refusal(_("This task is somebody else's."), status=404)
    if not 1 <= len(words.strip()) <= 2000:  # noqa: PLR2004 - the bound of the field
        return Refusal(_("Say in up to 2,000 characters what is wrong with the content."), status=422)
    if topic and (topic not in Topic.values or topic in assignment.job.content):
        return Refusal(_("The card of this job names that topic already."), status=422)
    return None
