"""Deletes what jobs' tasks showed and what was answered, on the day that was named; what pays and proves stays.

The database says which job's day has come and empties its rows (decision 0229); here their files go from the disk, the
parts of versions among them. Each step can be done again: a run that was ended goes on where it stood.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import batched

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Q

from coop import due
from coop.database import moment
from coop.record import events
from tasks import deletions, jobs, releases, sweeping
from tasks.models import Endpoint, Estimate, Job, JobFile, Reliability

AT_ONCE = 500
FAILED = "the contents of job %s could not be deleted"


def close_due(*, at: datetime) -> int:
    """Close the jobs whose day of deletion is two weeks away, so that all is decided by then; return how many."""
    day = (at + deletions.CLOSES).astimezone(UTC).date()
    # A draft that waited too long names another day; nobody saw this one on a card.
    going = Job.objects.filter(delete_on__lte=day, emptied_at=None, closed_at=None, opened_at__isnull=False)
    return due.each(lambda job: bool(jobs.close(job, by=None, at=at)), going.order_by("pk"), failed=FAILED)


def erase_due(*, at: datetime) -> int:
    """Delete the contents of every job whose day has come and in which all is decided; return how many jobs."""
    today = at.astimezone(UTC).date()
    closed = Job.objects.filter(delete_on__lte=today, emptied_at=None).exclude(closed_at=None).order_by("pk")
    return due.each(lambda job: erase(job, at=at), closed, failed=FAILED)


def erase(job: Job, *, at: datetime) -> bool:
    """Delete a job's contents, from where it stood; False where something is still to be decided."""
    if job.deleted_at is None and not _asked("tasks_begin_to_delete(%s)", job.pk):
        return False
    place: int | None = 0
    while place is not None:
        place = _asked("tasks_delete_contents(%s, %s, %s)", job.pk, place, AT_ONCE)
    # From the disk first: a run that ends in between still finds their names.
    for name in on_disk(job):
        default_storage.delete(name)
    with transaction.atomic():
        _forget_what_was_found(job)
        _asked("tasks_delete_files(%s)", job.pk)
        _asked("tasks_end_to_delete(%s)", job.pk)
        events.write("deletions.done", by=None, subject=f"job:{job.pk}", at=at)
    return True


def _forget_what_was_found(job: Job) -> None:
    """Empty what was made of the answers: how labels are mistaken for each other, and what a model said wrongly."""
    Estimate.objects.filter(job=job).update(priors={}, usual={}, systems=[])
    Reliability.objects.filter(job=job).update(errors={})
    Endpoint.objects.filter(job=job).update(problems=[])


def _asked(function: str, *given: int) -> int | bool | None:
    with transaction.atomic(), connection.cursor() as cursor:
        moment.take_time(minutes=10)
        cursor.execute(f"SELECT {function}", given)
        answer: int | bool | None = cursor.fetchone()[0]
    return answer


def on_disk(job: Job) -> Iterator[str]:
    """Yield the names on disk of what the site wrote for a job and no other job shows; a stage's goes on its own day.

    What else stands in a row may be another's: it stays.
    """
    sent = sweeping.made(sweeping.DATA_SET, job.uploads.values_list("file", flat=True))
    yield from (name for name, number in sent.items() if int(number) == job.pk)
    for release in job.releases.only("folder"):
        yield from releases.parts_of(release)
    for some in batched(job.files.values_list("file", "small", "source").iterator(), AT_ONCE, strict=False):
        yield from _free(job, {name for names in some for name in names})


def _free(job: Job, names: set[str]) -> set[str]:
    """Return which names of files were made for rows of a client, and are named by no row of another job."""
    keys = sweeping.keys_of(names)
    made = set(JobFile.objects.filter(key__in=keys.values(), job__client=job.client).values_list("key", flat=True))
    others = Job.objects.filter(Q(stage__isnull=False) | Q(next_stages__isnull=False), client=job.client).values("pk")
    shown = Q(job__in=others) & (Q(file__in=names) | Q(small__in=names))
    elsewhere = sweeping.named_by(~Q(job=job) & Q(key__in=made)) | sweeping.named_by(~Q(job=job) & shown)
    return {name for name, key in keys.items() if key in made} - elsewhere
