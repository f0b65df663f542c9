"""Pilots: work that asks something else than a client's former work of the kind is paid and measured first (N4).

The terms of an open job never change; a longer guide is a new job. Where it differs from the client's work of the last
twelve months, its first units are the pilot: paid as any other. The database notes it, measures it, and says the least
pay at which an hour makes what it made before. A guide that changed by more than a small part is a pilot anew, measured
by what the job took before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils.translation import gettext as _

from coop.due import each
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, guard_of
from payments.money import from_micro, to_micro
from payments.templatetags.money import money
from tasks.models import LIVE_STATES, GuideVersion, Job, Pilot, Rescoping

UNITS, PEOPLE, EACH = 30, 10, 6
FRESH = timedelta(days=7)
GUARD = "work_is_piloted_before_it_grows"
TOO_SMALL = "pilot_is_measured_by_the_database"
USUAL, AGAIN = "tasks.usual_pay", 600
USUAL_PAY = "SELECT work_type_id, least, most FROM tasks_usual_pay"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a pilot shows so far: accepted units by how many people, their median beside that of before, in seconds.

    `least_pay` is in US dollars for each answer; the last three are None until it is complete: fewer would tell of one.
    """

    units: int
    people: int
    median: int | None
    former: int | None
    least_pay: Decimal | None

    @property
    def is_complete(self) -> bool:
        """Tell whether it is large enough to be measured by."""
        return self.units >= UNITS and self.people >= PEOPLE


def shown(job: Job) -> Shown | None:
    """Return what the pilot of a job shows so far; None for work that asks nothing else than before."""
    if not Rescoping.objects.filter(job=job).exists():
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT units, people, median, former, least_pay FROM tasks_measure_pilot(%s)", [job.pk])
        units, people, median, former, least = cursor.fetchone()
    counted = Shown(units, people, None, None, None)
    return Shown(units, people, median, former, from_micro(least)) if counted.is_complete else counted


def measure(job: Job, *, at: datetime) -> Pilot | None:
    """Write down what a pilot shows, as the database measures it; None while it is too small. Anybody may ask (P5)."""
    try:
        with transaction.atomic():
            pilot = Pilot.objects.create(
                job=job, units=0, people=0, median_seconds=0, least_pay=Decimal(0), measured_at=at
            )
            pilot.refresh_from_db()
            events.write(
                "pilots.measured", by=None, subject=f"job:{job.pk}", at=at, units=pilot.units, people=pilot.people,
                seconds=pilot.median_seconds, pay=to_micro(pilot.least_pay),
            )  # fmt: skip
    except IntegrityError as error:
        if guard_of(error) != TOO_SMALL:
            raise
        return None
    return pilot


def _fresh(at: datetime) -> QuerySet[Pilot]:
    """Return what pilots showed in the last seven days, of guides that have not changed much since."""
    changed = GuideVersion.objects.filter(job=OuterRef("job"), rescopes=True, at__gte=OuterRef("measured_at"))
    return Pilot.objects.filter(~Exists(changed), measured_at__gt=at - FRESH)


def measure_due(*, at: datetime) -> int:
    """Measure the pilots of open jobs that were not measured in seven days; return how many were large enough."""
    due = Job.objects.filter(rescoping__isnull=False, closed_at=None).exclude(pilots__in=_fresh(at)).order_by("pk")
    return each(lambda job: measure(job, at=at) is not None, due, failed="the pilot of job %s could not be measured")


def refusal_after_measuring(job: Job, *, by: Person, at: datetime) -> Refusal | None:
    """Measure a job's pilot if that is due, and say why a person can take nothing of it now; None if they can."""
    fresh = _fresh(at).filter(job=job).order_by("-pk").first()
    pilot = fresh or measure(job, at=at)
    if pilot is None:
        return _waiting(job, by)
    if job.pay >= pilot.least_pay:
        return None
    words = _("This work takes longer than this client's work before: it takes %(least)s at least for each answer.")
    return Refusal(
        words % {"least": money(pilot.least_pay, "USD")}, "N4", _("It opens again when the client raises its pay."),
        status=409,
    )  # fmt: skip


def _waiting(job: Job, by: Person) -> Refusal:
    taken = job.assignments.filter(person=by, state__in=LIVE_STATES)
    since = job.guide_versions.filter(rescopes=True).aggregate(at=Max("at"))["at"]
    mine = (taken.filter(claimed_at__gt=since) if since else taken).count()
    if mine >= EACH:
        words = _("This work is new and is being measured: each member does %(each)s of its tasks at first.")
        return Refusal(words % {"each": EACH}, "N4", _("What you did is paid. Others go on now."), status=409)
    return Refusal(
        _("This work is new and is being measured: its first tasks are all taken."), "N4",
        _("It goes on when ten members' answers were accepted."), status=409,
    )  # fmt: skip


def usual_pay() -> dict[int, tuple[Decimal, Decimal]]:
    """Return by kind of work the middle half of what jobs opened in the last twelve months pay an answer, in US$.

    Kinds with fewer than four such jobs of two clients are left out: a single client's offer is not shown to others.
    Counted anew once in ten minutes, whoever asks how often: it reads a year's jobs.
    """
    found = cache.get(USUAL)
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute(USUAL_PAY)
            found = [(kind, int(low), int(high)) for kind, low, high in cursor.fetchall()]
        cache.set(USUAL, found, AGAIN)
    return {kind: (from_micro(low), from_micro(high)) for kind, low, high in found}
