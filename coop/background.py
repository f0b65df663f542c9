"""Background jobs of the house: jobs of a worker that died are done by another, and what is stale is thrown away."""

from django.core.management import call_command
from procrastinate import JobContext
from procrastinate.contrib.django import app


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="house.rescue", pass_context=True)
async def rescue(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the planned time over
    """Put back the jobs of workers without a heartbeat for half a minute; every job of ours may run twice."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs():
        await jobs.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="house.tidy", pass_context=False)
def tidy(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Delete the sessions that have ended."""
    call_command("clearsessions")
