"""The day on which a job's contents are deleted: named by its client, told before anybody takes a task of it.

It may be changed while the job is a draft; when it opens the day is fixed, or that there is none. Fourteen days before
it the job closes, so that all is decided by then. Carrying it out is `tasks.erasing`.
"""

from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from tasks.models import Job, Order, Stage

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
    if job.opened_at:
        words = _("The day was fixed when the job opened, or that there is none: members took tasks with it in view.")
        return Refusal(words, appeal=_("Name the day while the next job is a draft."), status=409)
    return (_refusal_to_name(job) or day_refusal(on, at=at) if on else None) or _refusal_by_stages(job, on)


def refusal_to_open(job: Job, *, at: datetime) -> Refusal | None:
    """Say why a job cannot open with the day that it names, or nothing."""
    return day_refusal(job.delete_on, at=at) if job.delete_on else None


def _refusal_to_name(job: Job) -> Refusal | None:
    if job.is_onboarding:
        return Refusal(_("Those who join later answer the same questions: no day is named for them."), status=409)
    if Order.objects.filter(task__job=job).exists():
        words = _("Tasks that came through the interface at /v1 keep what was ordered: no day is named for them.")
        return Refusal(words, appeal=_("Send such tasks to /api/v1, or by the pages."), status=409)
    return None


def _refusal_by_stages(job: Job, on: date | None) -> Refusal | None:
    """Say which job before or after does not let it be this day: a stage shows what the job before it showed."""
    stage = Stage.objects.filter(job=job).select_related("after").first()
    if stage and stage.after.delete_on and (on is None or on > stage.after.delete_on):
        words = _(
            "It shows what the job before it showed, which is deleted on %(day)s: name that day, or a sooner one."
        )
        return Refusal(words % {"day": date_format(stage.after.delete_on)}, status=409)
    later = Q(job__delete_on=None) | Q(job__delete_on__gt=on)
    if on and job.next_stages.filter(later, job__opened_at__isnull=False, job__deleted_at=None).exists():
        words = _("A stage after this job is open already, and shows for longer what this job showed.")
        return Refusal(words, appeal=_("Name the day before the stages after the job open."), status=409)
    return None


@transaction.atomic
def name(job: Job, on: date | None, *, by: Person | None, at: datetime) -> Job:
    """Name the day on which the job's contents are deleted, or with None take it back; named again nothing changes.

    A next stage that is a draft gets the same day where it had a later one, or none. Raise Refused where it cannot be
    that day.
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
