"""A client pauses an open job: what members have taken goes on and is paid, and nobody takes more until it goes on.

It says why, and members who look at the job read it. Its money stays set aside, its pay stays as it is. Once a day at
most, so that it is no way to choose who works; never while shares of it are kept for members (N9). The database asks
the same (`halts_begin_by_the_client`).
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from coop.people import clients
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from tasks.models import Halt, Job, Reserve

GUARD = "nobody_takes_what_is_halted"
RARELY = timedelta(hours=24)
LEAST_REASON, LONGEST_REASON = 10, 500
NOW = Exists(Halt.objects.filter(job=OuterRef("pk"), ended_at=None))


def standing(job: Job) -> Halt | None:
    """Return the halt of a job that lasts now, or None."""
    return Halt.objects.filter(job=job, ended_at=None).first()


def refusal_to_take(job: Job) -> Refusal | None:
    """Say to whoever would take a task of a halted job why nobody can; None if it goes on."""
    halt = standing(job)
    if halt is None or halt.at is None:
        return None
    words = {"since": f"{halt.at:%Y-%m-%d %H:%M}", "reason": halt.reason}
    reason = _("The client of this job paused it (%(since)s UTC) and says: “%(reason)s”")
    return Refusal(reason % words, "", _("What you have of it goes on and is paid. See the other jobs."), status=409)


def refusal(job: Job, *, by: Person, at: datetime) -> Refusal | None:
    """Say why a person cannot pause a job now; None if they can."""
    if no_seat := _refusal_without_seat(job, by):
        return no_seat
    if job.opened_at is None or job.closed_at or job.is_onboarding:
        return Refusal(_("Only a job that is open can be paused."), status=409)
    if standing(job):
        return Refusal(_("The job is paused already."), status=409)
    if Reserve.objects.filter(job=job, until__gt=at).exists():
        words = _("Shares of this job are kept for members, who plan with them.")
        return Refusal(words, "N9", _("Pause it once their hours are over, or close it."), status=409)
    if Halt.objects.filter(job=job, at__gt=at - RARELY).exists():
        words = _("A job is paused once in 24 hours at most: nobody chooses by it who works.")
        return Refusal(words, "", _("Leave it open, or close it: what is taken is paid either way."), status=409)
    return None


def _refusal_without_seat(job: Job, by: Person) -> Refusal | None:
    if clients.has_seat(job.client_id, by):
        return None
    return Refusal(_("You have no seat with this job's client."), status=404)


@transaction.atomic
def begin(job: Job, *, reason: str, by: Person, at: datetime) -> Halt:
    """Offer an open job no more; members read the reason. Raise Refused for others, without one, or too soon again."""
    job = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    refuse_if(refusal(job, by=by, at=at))
    if not LEAST_REASON <= len("".join(reason.split())) <= LONGEST_REASON:
        raise Refused(Refusal(_("Say why, in a sentence: members read it."), status=422))
    try:
        with transaction.atomic():
            halt = Halt.objects.create(job=job, reason=reason.strip(), asked_by=by)
    except IntegrityError as error:
        if guard_of(error) != "halts_begin_by_the_client":
            raise
        raise Refused(Refusal(_("The job cannot be paused at this moment."), status=409)) from error
    halt.refresh_from_db()
    events.write("jobs.halted", by=by, subject=f"job:{job.pk}", at=at)
    return halt


@transaction.atomic
def end(job: Job, *, by: Person, at: datetime) -> None:
    """Offer a job again; one that goes on already stays so. Raise Refused for who has no seat with its client."""
    refuse_if(_refusal_without_seat(job, by))
    if Halt.objects.filter(job=job, ended_at=None).update(ended_at=at):
        events.write("jobs.resumed", by=by, subject=f"job:{job.pk}", at=at)
