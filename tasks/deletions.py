"""The day on which a job's contents are deleted: named by its client, told before anybody takes a task of it.

Until it opens the day may be changed; then it only comes nearer. Fourteen days before it the job closes, so that all is
decided by then. Carrying it out is `tasks.erasing`.
"""

from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from tasks.models import Job, Order

CLOSES = timedelta(days=14)
SOONEST, LATEST = timedelta(days=15), timedelta(days=3660)


def day_refusal(on: date, *, at: datetime) -> Refusal | None:
    """Say why nothing can be deleted on this day, or nothing."""
    today = at.astimezone(UTC).date()
    if today + SOONEST <= on <= today + LATEST:
        return None
    words = _("Name a day from %(soonest)s to %(latest)s: two weeks before it the job closes, so that all is decided.")
    soonest, latest = (date_format(today + time) for time in (SOONEST, LATEST))
    return Refusal(words % {"soonest": soonest, "latest": latest}, status=422)


def refusal(job: Job, on: date | None, *, at: datetime) -> Refusal | None:
    """Say why this cannot be the day of a job, or nothing; without a day, why it cannot be taken back."""
    if job.deleted_at:
        return gone(job)
    if job.opened_at and (on is None or (job.delete_on and on > job.delete_on)):
        words = _("Members took tasks with this day in view: it may come nearer, and not later.")
        return Refusal(words, status=409)
    if Order.objects.filter(task__job=job).exists():
        words = _("Tasks that came through the interface at /v1 keep what was ordered: no day is named for them.")
        return Refusal(words, appeal=_("Send such tasks to /api/v1, or by the pages."), status=409)
    return day_refusal(on, at=at) if on else None


@transaction.atomic
def name(job: Job, on: date | None, *, by: Person | None, at: datetime) -> Job:
    """Name the day on which the job's contents are deleted, or with None take it back; named again nothing changes.

    What is made of its answers at a next stage goes no later. Raise Refused where it cannot be that day.
    """
    held = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    if held.delete_on == on:
        return held
    refuse_if(refusal(held, on, at=at))
    held.delete_on = on
    held.save(update_fields=["delete_on"])
    events.write("deletions.named", by=by, subject=f"job:{held.pk}", at=at, on=on and on.isoformat())
    return held


def gone(job: Job) -> Refusal | None:
    """Say that nothing of a job is shown any more, or nothing."""
    if job.deleted_at is None:
        return None
    words = _("The tasks and answers of this job were deleted on %(day)s, as its rate card said.")
    kept = _("What was paid and decided stays, with the SHA-256 of each answer.")
    return Refusal(words % {"day": date_format(job.deleted_at)}, appeal=kept, status=410)
