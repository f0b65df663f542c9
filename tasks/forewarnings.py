"""Letters about the day on which a job's contents are deleted: when it is fixed, and two weeks before it comes.

They go by what stands in the database, not by an act: whoever opened the job, and by whatever way, its client hears of
it. The database deletes nothing before the second letters are a week old.
"""

from datetime import UTC, datetime
from functools import partial

from django.db import connection, transaction

from coop import due
from coop.people import clients
from coop.people.models import Person
from governance import offices
from governance.models import Right
from tasks import deletions, notices
from tasks.models import LIVE_STATES, Forewarned, Forewarning, Job

FAILED = "nobody could be told of the day of deletion of job %s"
# Who answered or still may, in whose team it is, and who checks it or did.
WORKED = """
WITH worked AS (SELECT a.id, a.person_id, a.team_id FROM tasks_assignment a
    WHERE a.job_id = %(job)s AND (a.submitted_at IS NOT NULL OR a.state = ANY(%(live)s)))
SELECT w.person_id FROM worked w
UNION SELECT m.person_id FROM worked w JOIN tasks_teammember m ON m.team_id = w.team_id
UNION SELECT k.person_id FROM worked w JOIN tasks_check k ON k.assignment_id = w.id WHERE k.state IN ('open', 'done')
"""


def tell_due(*, at: datetime) -> int:
    """Tell of every day that was fixed or is near and was not told of yet; return of how many. Anybody may call it."""
    near = (at + deletions.CLOSES).astimezone(UTC).date()
    named = Job.objects.filter(delete_on__isnull=False, opened_at__isnull=False, emptied_at=None, deleted_at=None)
    fixed = named.exclude(forewarnings__about=Forewarned.FIXED).order_by("pk")
    closed = named.filter(delete_on__lte=near, closed_at__isnull=False)
    soon = closed.exclude(forewarnings__about=Forewarned.SOON).order_by("pk")
    told = due.each(partial(_tell_that_it_is_fixed, at=at), fixed, failed=FAILED)
    return told + due.each(partial(_tell_that_it_is_near, at=at), soon, failed=FAILED)


@transaction.atomic
def _tell_that_it_is_fixed(job: Job, *, at: datetime) -> int:
    """Tell the client's seats, who may not know who named the day."""
    Forewarning.objects.create(job=job, about=Forewarned.FIXED)
    _tell_the_client(job, "will_go", at=at)
    return 1


def _tell_the_client(job: Job, about: str, *, at: datetime) -> None:
    """Tell the client's seats; where nobody has one any more, the officers who read reports, so that somebody knows."""
    if people := clients.people(job.client):
        for person in people:
            notices.tell(person, about, job.pk)
        return
    for office in offices.with_right(Right.REPORTS, at).select_related("person"):
        notices.tell(office.person, "left_goes", job.pk)


@transaction.atomic
def _tell_that_it_is_near(job: Job, *, at: datetime) -> int:
    """Tell the client's seats to take home what they need, and who worked on it what goes and what stays."""
    Forewarning.objects.create(job=job, about=Forewarned.SOON)
    _tell_the_client(job, "goes_soon", at=at)
    for person in _who_worked(job):
        notices.tell(person, "work_goes", job.pk)
    return 1


def _who_worked(job: Job) -> list[Person]:
    with connection.cursor() as cursor:
        cursor.execute(WORKED, {"job": job.pk, "live": list(LIVE_STATES)})
        return list(Person.objects.filter(pk__in=[person for (person,) in cursor.fetchall()]).order_by("pk"))
