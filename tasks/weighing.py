"""How many bytes a member loads with a task of a job: of its files, on average."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from tasks.models import Job
from tasks.shapes import media

# What the column holds: more is said as so much.
MOST = 2**31 - 1
WEIGH_MORE = """
UPDATE tasks_job j SET task_bytes = least(%(most)s,
    (j.task_bytes::bigint * (y.tasks - %(count)s) + %(found)s) / y.tasks)
FROM tasks_tally y WHERE y.job_id = j.id AND j.id = %(job)s
"""


def weigh(job: Job, added: Iterable[Mapping[str, Any]], count: int) -> None:
    """Note how many bytes the files of a task have on average, with the data of `count` that were added just now."""
    sizes: dict[str, int] = dict(job.files.filter(usable=True).values_list("name", "bytes"))
    if not sizes:
        return
    found = sum(sizes.get(name, 0) for data in added for name in media.names(data))
    tasks = job.tasks.count()
    job.task_bytes = min(MOST, (job.task_bytes * (tasks - count) + found) // tasks)
    job.save(update_fields=["task_bytes"])


def weigh_more(job: Job, added: Iterable[Mapping[str, Any]], count: int) -> None:
    """Bring up to date what the files of a task of an open job have on average, once `count` have joined it."""
    if not job.task_bytes:
        return
    names = [name for data in added for name in media.names(data)]
    sizes: dict[str, int] = dict(job.files.filter(usable=True, name__in=names).values_list("name", "bytes"))
    with connection.cursor() as cursor:
        found = sum(sizes.get(name, 0) for name in names)
        cursor.execute(WEIGH_MORE, {"job": job.pk, "found": found, "count": count, "most": MOST})
