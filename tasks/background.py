"""What runs in the background: large data sets, and what time makes due.

What is due is so whether or not these jobs run; they only do it without being asked.
"""

from collections.abc import Callable
from datetime import timedelta

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from coop import clock
from coop.people.models import Person
from tasks import (
    abandoned,
    alerts,
    answers,
    checks,
    claims,
    datasets,
    disputes,
    draft_files,
    erasing,
    files,
    forewarnings,
    hidden,
    invitations,
    jobs,
    notices,
    once,
    paces,
    pilots,
    release_files,
    releases,
    shortfalls,
    silence,
    stages,
    sweeping,
    watch,
)
from tasks.endpoints import asking
from tasks.machines import learning
from tasks.models import Alert, Batch, Delivery, Release, ReleaseFile, Sketch, Upload
from tasks.quality import estimates
from tasks.scale import batches, callbacks, fetching
from tasks.webhooks import addresses, outbox, sending

A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)
# Of what calculates for minutes one runs at a time: of a worker's two places one stays for pay and seals.
CALCULATES = release_files.CALCULATES


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tasks.expire", pass_context=False)
def expire(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the planned time over
    """Hand in what was saved in time, then return slots and money of the other tasks whose time ran out."""
    answers.hand_in_saved(at=clock.now())
    claims.expire_due(at=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tasks.accept_silent", pass_context=False)
def accept_silent(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Accept and pay what nobody objected to in time."""
    for _batch in silence.accept_all():
        pass


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tasks.hand_on", pass_context=False)
def hand_on(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Make the next stages' tasks from what was settled."""
    stages.hand_on_due(at=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tasks.lapse_checks", pass_context=False)
def lapse_checks(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Free the answers that somebody took to check and did not decide in time."""
    checks.lapse_due(at=clock.now())


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="tasks.look_for_shortfalls", pass_context=False)
def look_for_shortfalls(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Pause the jobs at which the usual hour makes less than the floor."""
    shortfalls.look_at_all(at=clock.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="tasks.pay_hidden", pass_context=False)
def pay_hidden(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Let clients pay for content that they did not name, as soon as they have the money; return how many."""
    return hidden.pay_due(at=clock.now())


@app.periodic(cron="51 3 * * *")
@app.task(queueing_lock="tasks.measure_paces", pass_context=False)
def measure_paces(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Write down what each kind of work takes by the time it was worked at; return how many had enough."""
    return paces.measure_all(at=clock.now())


@app.periodic(cron="7 4 * * *")
@app.task(queueing_lock="tasks.return_deposits", pass_context=False)
def return_deposits(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Give clients back what closed jobs no longer need of their deposits for the hourly floor."""
    jobs.return_deposits(at=clock.now())


@app.periodic(cron="43 * * * *")
@app.task(queueing_lock="tasks.erase", pass_context=False)
def erase(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Close what is to be deleted in two weeks, then delete what is due; return how many were emptied."""
    erasing.close_due(at=clock.now())
    return erasing.erase_due(at=clock.now())


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="tasks.forewarn", lock="tasks.forewarn", pass_context=False)
def forewarn(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Tell of days of deletion that were fixed or are near; return of how many."""
    return forewarnings.tell_due(at=clock.now())


@app.periodic(cron="17 4 * * *")
@app.task(queueing_lock="tasks.drop_abandoned", pass_context=False)
def drop_abandoned(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Tell of drafts that nobody touches, and drop those that were told of; return how many were dropped."""
    abandoned.tell_due(at=clock.now())
    return abandoned.drop_due(at=clock.now())


@app.periodic(cron="23 4 * * *")
@app.task(queueing_lock="tasks.sweep", pass_context=False)
def sweep(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Delete what undone acts left on disk more than a day ago; return how many files."""
    return sweeping.sweep(before=clock.now() - A_DAY)


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="tasks.go_on", pass_context=False)
def go_on(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Draw in the place of peers who did not look, and settle what time has decided."""
    disputes.go_on_all(at=clock.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="tasks.tell_of_new_work", pass_context=False)
def tell_of_new_work(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Have told of a new job whoever asked to be; return how many."""
    return alerts.tell_due(at=clock.now())


@app.task(name=alerts.SEND, retry=5)
def send_alert(alert_id: int) -> None:
    """Send a letter about new work, as deferred with it."""
    alerts.deliver(Alert.objects.select_related("person", "job").get(pk=alert_id))


@app.task(name=notices.TELL, retry=5)
def tell(person_id: int, about: str, number: int) -> None:
    """Send a notice of `tasks.notices`, as deferred with the act."""
    notices.deliver(Person.objects.get(pk=person_id), about, number)


@app.task(name=invitations.SEND, retry=5)
def invite(token: str) -> None:
    """Send a letter about a team, as deferred when somebody asked for it."""
    invitations.deliver(token, at=clock.now())


@app.periodic(cron="41 3 * * *")
@app.task(queueing_lock="tasks.forget_letters", pass_context=False)
def forget_letters(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Delete what is left of letters about teams that could not be sent; return how many."""
    return invitations.forget(at=clock.now())


@app.task(name=datasets.LOAD, retry=5)
def load_data_set(upload_id: int) -> None:
    """Load an upload, as deferred with it, once files that came before are read; a second time changes nothing."""
    upload = Upload.objects.select_related("job").get(pk=upload_id)
    if files.are_coming(upload.job, before=upload.created_at):
        datasets.have_loaded(upload, later=True)
    else:
        datasets.load(upload, at=clock.now())


@app.task(name=files.READ, retry=5)
def read_files(delivery_id: int) -> None:
    """Read the files of a delivery, for a minute; the rest waits its turn among what else is due."""
    delivery = Delivery.objects.select_related("job").get(pk=delivery_id)
    delivery = files.take_in(delivery, at=clock.now(), seconds=A_MINUTE.total_seconds())
    if delivery.finished_at is None:
        files.have_read(delivery)


@app.task(name=draft_files.READ, retry=RetryStrategy(max_attempts=5, wait=60))
def read_draft_files(sketch_id: int) -> None:
    """Read the files of a job that is being written, for a minute; the rest waits its turn among what else is due."""
    if draft_files.take_in(sketch_id, at=clock.now(), seconds=A_MINUTE.total_seconds()):
        draft_files.have_read(Sketch.objects.get(pk=sketch_id))


@app.task(name=releases.WRITE, retry=5)
def write_release(release_id: int) -> None:
    """Write a version of a data set, as deferred with it; goes on where it stood."""
    releases.write(Release.objects.get(pk=release_id), at=clock.now())


@app.task(name=release_files.MAKE)
def make_release_file(file_id: int) -> None:
    """Make the file of a version, as deferred for it, from its beginning; one that was forgotten meanwhile is none.

    One that fails is made again when somebody asks for it again.
    """
    found = ReleaseFile.objects.select_related("release__job__work_type").filter(pk=file_id).first()
    if found:
        release_files.make(found, at=clock.now())


@app.periodic(cron="11 4 * * *")
@app.task(queueing_lock="tasks.forget_release_files", pass_context=False)
def forget_release_files(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Delete the files of versions that nobody took for a week; return how many."""
    return release_files.forget(at=clock.now())


@app.periodic(cron="29 * * * *")
@app.task(queueing_lock="tasks.look", pass_context=False)
def look(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Open cases for members who are kept from work without a decision."""
    watch.look(at=clock.now())


@app.periodic(cron="41 * * * *")
@app.task(queueing_lock="tasks.measure_pilots", pass_context=False)
def measure_pilots(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Write down what pilots show once they are large enough, and anew every seven days."""
    pilots.measure_due(at=clock.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="tasks.compare_answers", lock=CALCULATES, pass_context=False)
def compare_answers(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Compare anew the answers of jobs that have a tenth more of them."""
    estimates.estimate_due(at=clock.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="tasks.teach_machines", lock=CALCULATES, pass_context=False)
def teach_machines(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Teach the machines of jobs that have a fifth more accepted answers."""
    learning.teach_due(at=clock.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tasks.ask_models", lock="tasks.ask_models", pass_context=False)
def ask_models(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Ask clients' models about their next tasks, for a minute at most; the rest comes with the next minute."""
    _for_a_minute(asking.ask_due)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tasks.tell_clients", lock="tasks.tell_clients", pass_context=False)
def tell_clients(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Make messages of what the record says, and send again what was not taken."""
    outbox.tell_of_the_record(at=clock.now(), tellers=[(callbacks.STEPS, callbacks.tell)])
    for client in sending.clients_due(at=clock.now()):
        addresses.have_sent(client)


@app.task(name=addresses.SEND, retry=5)
def send_messages(client_id: int) -> None:
    """Send what a client's addresses wait for, for a minute at most; the rest comes with the next minute."""
    _for_a_minute(sending.send_due, client_id)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tasks.fetch_late", pass_context=False)
def fetch_late(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Fetch again what did not come the first time, or was left by a worker that ended."""
    for client in fetching.clients_due(at=clock.now()):
        fetching.have_fetched(client)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tasks.finalize_quiet", pass_context=False)
def finalize_quiet(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Put to work the batches that nobody has to finalize and to which nothing came for a while; return how many."""
    batches.have_placed()
    return batches.finalize_quiet(at=clock.now())


@app.task(name=batches.PLACE_REST, retry=5)
def place_rest(batch_id: int) -> None:
    """Place the orders of a batch whose files are read after it is finalized; one at a time, wherever it stood."""
    while batches.place_next(Batch.objects.get(pk=batch_id), at=clock.now()):
        pass


@app.task(name=fetching.FETCH, retry=5)
def fetch_files(client_id: int) -> None:
    """Fetch what a client's orders name, for a minute at most; the rest comes with the next minute."""
    _for_a_minute(fetching.fetch_due, client_id)


@app.periodic(cron="37 4 * * *")
@app.task(queueing_lock="tasks.forget_messages", pass_context=False)
def forget_messages(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Delete what was told thirty days ago."""
    while sending.forget():
        pass


@app.periodic(cron="13 * * * *")
@app.task(queueing_lock="tasks.forget_calls", pass_context=False)
def forget_calls(timestamp: int) -> None:  # noqa: ARG001 - likewise
    """Delete what calls of the API were answered a day ago."""
    while once.forget():
        pass


def _for_a_minute(work: Callable[..., int], *of: int) -> None:
    """Let work be done, of a client where one is named, some at a time, until nothing is due or a minute is over."""
    until = clock.now() + A_MINUTE
    while clock.now() < until and work(*of, at=clock.now()):
        pass
