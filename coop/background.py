"""Background jobs of the house: jobs of a worker that died are done by another, and what is stale is thrown away."""

import logging

from django.core.management import call_command
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

log = logging.getLogger(__name__)
# So often a job runs at most, when its worker dies each time: it may be what kills it.
MOST_RUNS = 10


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="house.rescue", pass_context=True)
async def rescue(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the planned time over
    """Put back the jobs of workers without a heartbeat for half a minute; every job of ours may run twice.

    One that ran ten times fails for good: `governance.errands` tells of it.
    """
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs():
        if job.attempts + 1 < MOST_RUNS:
            await jobs.retry_job(job)
        else:
            log.error("job %s (%s) is given up: its worker died each time", job.id, job.task_name)
            await jobs.finish_job(job, Status.FAILED, delete_job=False)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="house.tidy", pass_context=False)
def tidy(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Delete the sessions that have ended."""
    call_command("clearsessions")
