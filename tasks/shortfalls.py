"""A job whose usual hour makes less than the floor is paused until its client makes up for it (E4).

The database measures: the middle time of accepted answers, six of each member at most, 20 of five members at least. It
pauses the job by itself and says why; who works at it is judged by nobody. It opens again when the pay is raised to
what makes the floor and everybody who did it for less was paid the difference.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from coop.due import each
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, guard_of
from coop.templatetags.parts import minutes
from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.money import from_micro, to_micro
from payments.templatetags.money import money
from tasks import teams
from tasks.models import Difference, Job, Shortfall

GUARD = "nobody_works_below_the_floor_at_a_job"
NOTHING = "shortfalls_are_measured_by_the_database"
# Open jobs of which something was accepted in the last hours, and that are not paused already.
DUE = """
SELECT j.id FROM tasks_job j
WHERE j.opened_at IS NOT NULL AND j.closed_at IS NULL AND NOT j.is_onboarding
    AND NOT EXISTS (SELECT FROM tasks_shortfall s WHERE s.job_id = j.id AND s.made_up_at IS NULL)
    AND EXISTS (SELECT FROM tasks_assignment a WHERE a.job_id = j.id AND a.state = 'accepted' AND a.decided_at > %s)
ORDER BY j.id
"""
LOOKS_BACK = timedelta(hours=26)


def standing(job: Job) -> Shortfall | None:
    """Return the shortfall for which a job is paused now, or None."""
    return Shortfall.objects.filter(job=job, made_up_at=None).first()


def due(job: Job) -> Decimal:
    """Return the US$ that are to be paid for answers done below the floor before a paused job opens; else nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_differences_due(%s)", [job.pk])
        (micro,) = cursor.fetchone()
    return from_micro(micro)


def refusal(found: Shortfall) -> Refusal:
    """Say to whoever would work at a paused job why nobody can, and when it opens again."""
    words = {
        "time": minutes(found.median_seconds), "floor": money(found.floor, "USD"),
        "least": money(found.least_pay, "USD"), "pay": money(found.pay, "USD"),
    }  # fmt: skip
    reason = _(
        "This job is paused: its answers usually take %(time)s, so that %(pay)s made an hour below the floor of"
        " %(floor)s. It takes %(least)s at least."
    )
    opens = _("It opens when the client raises the pay and pays the difference to everybody who did it for less.")
    return Refusal(reason % words, "E4", opens, status=409)


def look(job: Job, *, at: datetime) -> Shortfall | None:
    """Pause a job if its usual hour makes less than the floor, by the database's own measure; None if not.

    Anybody may ask (P5).
    """
    nothing = dict.fromkeys(("floor", "pay", "least_pay"), Decimal(0))
    try:
        with transaction.atomic():
            found = Shortfall.objects.create(job=job, units=0, people=0, median_seconds=0, **nothing, at=at)
            found.refresh_from_db()
            events.write(
                "jobs.paused", by=None, subject=f"job:{job.pk}", at=at, units=found.units, people=found.people,
                seconds=found.median_seconds, pay=to_micro(found.least_pay),
            )  # fmt: skip
    except IntegrityError as error:
        if guard_of(error) not in {NOTHING, "one_shortfall_at_a_time"}:
            raise
        return None
    return found


def look_at_all(*, at: datetime) -> int:
    """Look at every open job of which something was accepted lately; return how many are paused by it."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, [at - LOOKS_BACK])
        numbers = [number for (number,) in cursor.fetchall()]
    jobs = Job.objects.filter(pk__in=numbers).order_by("pk")
    return each(lambda job: look(job, at=at) is not None, jobs, failed="pay per hour of job %s could not be looked at")


def make_up(job: Job, *, by: Person | None, at: datetime) -> int:
    """Pay everybody who did a paused job below the floor the difference (kind 11, job:floor to member:payable).

    The pay is raised and the money set aside by now; the job opens again. Return how many answers that were: none for a
    job that is not paused, or whose pay is still too low. Keys `difference:<number>:<person>`.
    """
    found = standing(job)
    if found is None or job.pay < found.least_pay:
        return 0
    Shortfall.objects.filter(pk=found.pk).update(made_up_at=at)
    owed = list(Difference.objects.filter(shortfall=found).select_related("assignment").order_by("pk"))
    ledger.post_many([line for one in owed for line in _lines(job, one)], at=at)
    events.write("jobs.made_up", by=by, subject=f"job:{job.pk}", at=at, answers=len(owed))
    return len(owed)


def _lines(job: Job, one: Difference) -> list[Line]:
    ref, parts = f"difference:{one.pk}", teams.parts(one.assignment, one.amount)
    return ledger.to_each(Kind.TOP_UP, accounts.deposit(job.pk), parts, key=ref, ref=ref)
