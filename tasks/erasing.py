"""Deletes what jobs' tasks showed and what was answered, on the day that was named; what pays and proves stays.

The database says which job's day has come and empties its rows (decision 0229); here their files go from the disk, the
parts of versions among them. Each step can be done again: a run that was ended goes on where it stood.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import batched

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Q

from coop.record import events
from tasks import deletions, jobs, releases
from tasks.models import Job, JobFile

log = logging.getLogger(__name__)

AT_ONCE = 500


def close_due(*, at: datetime) -> int:
    """Close the jobs whose day of deletion is two weeks away, so that all is decided by then; return how many."""
    day = (at + deletions.CLOSES).astimezone(UTC).date()
    due = Job.objects.filter(delete_on__lte=day, emptied_at=None, closed_at=None).order_by("pk")
    return sum(_done(lambda job: bool(jobs.close(job, by=None, at=at)), job) for job in due)


def erase_due(*, at: datetime) -> int:
    """Delete the contents of every job whose day has come and in which all is decided; return how many jobs."""
    today = at.astimezone(UTC).date()
    due = Job.objects.filter(delete_on__lte=today, emptied_at=None).exclude(closed_at=None).order_by("pk")
    return sum(_done(lambda job: erase(job, at=at), job) for job in due)


def _done(act: Callable[[Job], bool], job: Job) -> bool:
    """Do something for a job; one that fails, as by a disk that does not answer, must not hold up the others."""
    try:
        return act(job)
    except Exception:
        log.exception("the contents of job %s could not be deleted", job.pk)
        return False


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
        _asked("tasks_delete_files(%s)", job.pk)
        _asked("tasks_end_to_delete(%s)", job.pk)
        events.write("deletions.done", by=None, subject=f"job:{job.pk}", at=at)
    return True


def _asked(function: str, *given: int) -> int | bool | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}", given)
        answer: int | bool | None = cursor.fetchone()[0]
    return answer


def on_disk(job: Job) -> Iterator[str]:
    """Yield the names of a job's files on disk; one that another job still shows stays until that one's day."""
    for upload in job.uploads.exclude(file=""):
        yield str(upload.file.name)
    for release in job.releases.all():
        yield from releases.parts_of(release)
    stages = Job.objects.filter(Q(stage__isnull=False) | Q(next_stages__isnull=False), client=job.client)
    others = list(stages.exclude(pk=job.pk).values_list("pk", flat=True).distinct())
    for some in batched(job.files.values_list("file", "small", "source").iterator(), AT_ONCE, strict=False):
        lent = set(
            JobFile.objects.filter(job__in=others, file__in=[one[0] for one in some]).values_list("file", flat=True)
        )
        yield from (name for one in some if one[0] not in lent for name in one if name)
