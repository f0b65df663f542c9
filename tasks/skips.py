"""Skipping with pay: what is too much to bear, or shows what its card did not say.

The care fund pays it (kind 41), so that the task keeps its own money for whoever does it: as much as the task pays, a
dollar at most, three times in 24 hours and ten in 28 days. A job that names topics asks for no reason. Of any other job
the member has reported the content of this task. The database knows the same bounds (`paid_skips_are_few`).
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from payments import accounts, ledger, support
from tasks import claims, locks
from tasks.models import Assignment, AssignmentState, PaidSkip, Report

RULE = "E6"
A_DOLLAR = Decimal(1)
MOST = ((3, timedelta(hours=24)), (10, timedelta(days=28)))


def refusal(assignment: Assignment, *, by: Person, at: datetime) -> Refusal | None:
    """Say why a person cannot skip this task with pay; None if they can. Without pay they always can."""
    if no := claims.refusal_to_end(assignment, by=by):
        return no
    unpaid = _("You can skip it without pay at any time.")
    if assignment.state != AssignmentState.CLAIMED:
        return Refusal(_("What was handed in once is not skipped with pay."), RULE, unpaid, status=409)
    if not assignment.job.content and not Report.objects.filter(task=assignment.task, person=by).exists():
        return Refusal(_("This job names nothing that may upset: report what the task shows."), RULE, unpaid)
    paid = PaidSkip.objects.filter(assignment__person=by)
    if any(paid.filter(at__gt=at - within).count() >= most for most, within in MOST):
        words = _("Three skips in 24 hours are paid, and ten in 28 days.")
        return Refusal(words, RULE, unpaid, status=409)
    return support.refusal_to_pay_skip(min(assignment.pay, A_DOLLAR))


@transaction.atomic
def skip(assignment: Assignment, *, by: Person, at: datetime) -> PaidSkip:
    """Pass a task on to others with pay. Raises Refused beyond the bounds, and beyond what the care fund has."""
    held = locks.one(assignment)
    refuse_if(refusal(held, by=by, at=at))
    try:
        with transaction.atomic():
            paid = PaidSkip.objects.create(assignment=held)
    except IntegrityError as error:
        if guard_of(error) != "paid_skips_are_few":
            raise
        raise Refused(Refusal(_("Three skips in 24 hours are paid, and ten in 28 days."), RULE, status=409)) from error
    paid.refresh_from_db()
    # Both postings' accounts at once (decision 0204); from here on nobody else takes from the fund.
    own = accounts.commitment(held.job_id, by.pk), accounts.escrow(held.job_id), accounts.payable(by.pk)
    ledger.hold(("USD", code) for code in (accounts.CARE, *own))
    refuse_if(support.refusal_to_pay_skip(paid.amount))
    claims.skip(held, by=by, at=at)
    support.pay_skip(held.pk, by, paid.amount, at=at)
    # The record is public: that a skip was paid, not whose.
    events.write("skips.paid", by=None, subject=f"job:{held.job_id}", at=at)
    return paid
