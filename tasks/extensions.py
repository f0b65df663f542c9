"""More time: whoever holds an open task has its time limit once more, for the asking, whatever else is the case.

No rule, pause or person can refuse it: the only two reasons why it is not given are that it was given before, and that
the task is not open any more. The database adds the time (`extensions_are_given_once`, `extensions_add_their_time`).
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from tasks import answers, locks
from tasks.models import Assignment, Extension


def refusal(assignment: Assignment, *, by: Person, at: datetime) -> Refusal | None:
    """Say that a task is not open to a person, or has had its more time; None else."""
    if no := answers.refusal(assignment, by=by, at=at):
        return no
    if Extension.objects.filter(assignment=assignment).exists():
        return Refusal(
            _("You have had more time for this task."), "", _("What you wrote is kept; leaving is free."), 409
        )
    return None


@transaction.atomic
def give(assignment: Assignment, *, by: Person, at: datetime) -> Extension:
    """Add the task's time limit once more to what is left of it. Raises Refused a second time, or too late."""
    held = locks.one(assignment)
    refuse_if(refusal(held, by=by, at=at))
    try:
        with transaction.atomic():
            given = Extension.objects.create(assignment=held)
    except IntegrityError as error:
        raise Refused(Refusal(_("The time of this task is over."), status=409)) from error
    given.refresh_from_db()
    events.write("extensions.given", by=by, subject=f"job:{held.job_id}", at=at, assignment=held.pk)
    return given
