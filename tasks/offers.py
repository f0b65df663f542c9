"""The board's lines: each open job with what it pays, by the task and by the hour, and how much is left."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, OuterRef

from coop.people.models import Person
from payments import rates
from payments.models import Rate
from payments.rates import Time
from tasks import content, halts, sharing
from tasks.models import Job, Shortfall
from tasks.sharing import Expected

LISTED = 200

LEFT = """
SELECT j.id, (SELECT count(*) FROM (
    SELECT FROM tasks_task t WHERE t.job_id = j.id AND t.open_slots > 0 LIMIT %s
) open) FROM tasks_job j WHERE j.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """One job on the board: `hourly` in the rate's currency at the usual time; `left` open tasks, at most 1,000."""

    job: Job
    time: Time
    hourly: Decimal
    left: int
    expected: Expected | None = None


def on_the_board(*, calm: bool = False, by: Person | None = None) -> list[Offered]:
    """Return the open jobs that pay the voted rate and have tasks left, the best paid by the hour first.

    Those that are paused, below the floor or by their client, are left out. `calm` leaves out jobs whose content may
    upset; `by` whom it is asked for says what they can expect. Four queries, whatever is open, a fifth for somebody.
    """
    jobs = Job.objects.filter(opened_at__isnull=False, closed_at=None, is_onboarding=False)
    jobs = jobs.filter(sensitivity="", content={}) if calm else jobs
    jobs = jobs.filter(~Exists(Shortfall.objects.filter(job=OuterRef("pk"), made_up_at=None)), ~halts.NOW)
    found = list(jobs.select_related("client", "work_type", "asks").order_by("-opened_at")[:LISTED])
    current = _rates(found)
    times = rates.times(list(current.values()))
    open_tasks = _left(found)
    for_me = sharing.expected(by, found) if by else {}
    lines = [
        Offered(job, time := times[job.work_type_id], _hourly(job, time), open_tasks[job.pk], for_me.get(job.pk))
        for job in found
        if job.pay >= content.with_rests(current[job.work_type_id].amount, job.content) and open_tasks[job.pk]
    ]
    return sorted(lines, key=lambda line: line.hourly, reverse=True)


def left(job: Job) -> int:
    """Return how many tasks of a job have an open slot, at most 1,000."""
    return _left([job])[job.pk]


def _hourly(job: Job, time: Time) -> Decimal:
    return rates.hourly(content.for_the_work(job.pay, job.content), round(time.usual))


def _rates(jobs: list[Job]) -> dict[int, Rate]:
    kinds = {job.work_type_id for job in jobs}
    latest = Rate.objects.filter(work_type__in=kinds).order_by("work_type_id", "-version").distinct("work_type_id")
    return {rate.work_type_id: rate for rate in latest}


def _left(jobs: list[Job]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(LEFT, [sharing.COUNTED, [job.pk for job in jobs]])
        return dict(cursor.fetchall())
