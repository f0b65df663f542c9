"""What the worker does for the record by itself; the log is also sealed whenever somebody asks for its head."""

from procrastinate.contrib.django import app

from coop.record import checkpoints, log


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="record.seal", lock="record.seal")
def seal(timestamp: int) -> None:
    """Give the events of the last minute their places, and write down now and then that the record moves."""
    del timestamp
    checkpoints.end_what_holds()
    log.seal()
    checkpoints.write()
