"""Turning what the record says into messages: entry by entry, in its order, each entry once."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from coop.record import log
from coop.record.models import Event, Leaf
from tasks import exports
from tasks.models import Dispute, Job, Message, Release, Told, Upload, Webhook
from tasks.webhooks import addresses

AT_ONCE = 5_000
# Of these entries, which are about a job, the message tells what they say.
OF_JOBS: Mapping[str, str] = {
    "jobs.paused": "job.paused",
    "jobs.closed": "job.closed",
    "datasets.loaded": "data_set.loaded",
    "datasets.sent_back": "data_set.sent_back",
    "releases.made": "release.made",
}
ACCEPTED, SETTLED = "reviews.accepted", "disputes.settled"
KINDS = [*OF_JOBS, ACCEPTED, SETTLED]
# Amounts in micro-units stay inside.
TOLD = {"upload", "number", "digest", "units", "people", "seconds"}
# Every slot is taken, and every answer decided.
COMPLETED = """
SELECT DISTINCT t.id, t.job_id FROM tasks_assignment a JOIN tasks_task t ON t.id = a.task_id
WHERE a.id = ANY(%s) AND t.job_id = ANY(%s) AND t.open_slots = 0 AND NOT EXISTS (
    SELECT FROM tasks_assignment o WHERE o.task_id = t.id
    AND o.state IN ('claimed', 'submitted', 'sent_back', 'disputed'))
"""
DONE = """
SELECT NOT EXISTS (SELECT FROM tasks_task WHERE job_id = %(job)s AND open_slots > 0)
AND NOT EXISTS (SELECT FROM tasks_assignment WHERE job_id = %(job)s
    AND state IN ('claimed', 'submitted', 'sent_back', 'disputed'))
"""

CALLBACK, CALLBACK_OF_TESTS = "callback", "callback.test"

type Teller = tuple[Collection[str], Callable[..., int]]
type Listening = Mapping[int, Sequence[Webhook]]
type Facts = dict[str, Any]


def tell_of_the_record(*, at: datetime, tellers: Sequence[Teller] = ()) -> int:
    """Make messages of everything that the record has sealed since the last time; return how many.

    `tellers` make messages of their own of the same entries.
    """
    log.seal()
    made = 0
    while (more := _tell_some(at, tellers)) is not None:
        made += more
    return made


@transaction.atomic
def _tell_some(at: datetime, tellers: Sequence[Teller]) -> int | None:
    """Go on by some entries, and return how many messages they made; None at the end."""
    told = Told.objects.select_for_update().get()
    last = Leaf.objects.order_by("-index").values_list("index", flat=True).first()
    if last is None or last <= told.place:
        return None
    upto = min(last, told.place + AT_ONCE)
    places = {"leaf__index__gt": told.place, "leaf__index__lte": upto}
    made = tell(Event.objects.filter(**places, kind__in=KINDS).order_by("leaf__index"), at=at)
    for kinds, told_of in tellers:
        made += told_of(Event.objects.filter(**places, kind__in=kinds).order_by("leaf__index"), at=at)
    Told.objects.filter(pk=told.pk).update(place=upto)
    return made


def tell(happened: Iterable[Event], *, at: datetime) -> int:
    """Make the messages of some entries of the record, and have them sent; return how many."""
    entries = list(happened)
    listening = _listening(_jobs_of(entries))
    made = [Message(**facts) for facts in _messages(entries, listening, at)] if listening else []
    return _send(made)


def callback(client_id: int, *, url: str, subject: str, payload: Facts, test: bool, at: datetime) -> Message:
    """Return a message to the address that came with an order or a batch, to be handed to `call_back`."""
    kind = CALLBACK_OF_TESTS if test else CALLBACK
    return Message(
        client_id=client_id, url=url, kind=kind, subject=subject, payload=payload, made_at=at, next_at=at
    )  # fmt: skip


@transaction.atomic
def call_back(callbacks: Iterable[Message]) -> int:
    """Have callbacks sent, each in the order of what it is about; return how many."""
    return _send(list(callbacks))


def _send(made: Sequence[Message]) -> int:
    Message.objects.bulk_create(made, batch_size=1_000)
    for client in {message.client_id for message in made}:
        addresses.have_sent(client)
    return len(made)


def _jobs_of(entries: Iterable[Event]) -> set[int]:
    """Return the numbers of the jobs that entries are about; those of disputes are looked up."""
    settled = [_number(entry) for entry in entries if entry.kind == SETTLED]
    named = {
        entry.data["job"] if entry.kind == ACCEPTED else _number(entry) for entry in entries if entry.kind != SETTLED
    }
    return named | set(Dispute.objects.filter(pk__in=settled).values_list("assignment__job_id", flat=True))


def _number(entry: Event) -> int:
    return int(entry.subject.partition(":")[2])


def _listening(jobs: Collection[int]) -> Listening:
    """Return for each of these jobs the webhooks of its client."""
    clients = dict(Job.objects.filter(pk__in=jobs, client__webhooks__ended_at=None).values_list("pk", "client_id"))
    of: dict[int, list[Webhook]] = defaultdict(list)
    for webhook in Webhook.objects.filter(client__in=set(clients.values()), ended_at=None).order_by("pk"):
        of[webhook.client_id].append(webhook)
    return {job: of[client] for job, client in clients.items() if of[client]}


def _messages(entries: Sequence[Event], listening: Listening, at: datetime) -> Iterator[Facts]:
    """Yield the fields of each message, what is about one thing in the order in which it happened."""
    about = [entry for entry in entries if entry.kind in OF_JOBS and _number(entry) in listening]
    counted = _counted(about)
    for entry in about:
        job, said = _number(entry), {name: fact for name, fact in entry.data.items() if name in TOLD}
        told = {"job": job, **said, **counted.get(entry.pk, {})}
        yield from _to(listening[job], OF_JOBS[entry.kind], f"job:{job}", told, entry.at)
    settled = [_number(entry) for entry in entries if entry.kind == SETTLED]
    yield from _of_disputes(settled, listening, at)
    accepted = [_number(entry) for entry in entries if entry.kind == ACCEPTED]
    yield from _of_tasks(accepted, listening, at)


def _counted(about: Collection[Event]) -> Mapping[int, Facts]:
    """Return by entry the counts of what it tells of: the record, which everybody reads, has none of a client's."""
    uploads = Upload.objects.in_bulk([one.data["upload"] for one in about if "upload" in one.data])
    made = {(_number(one), one.data["number"]): one.pk for one in about if one.kind == "releases.made"}
    releases = Release.objects.filter(job__in=[job for job, _number in made], number__in=[n for _job, n in made])
    found = {one.pk: uploads.get(one.data.get("upload", 0)) for one in about}
    return {
        **{entry: {"rows": it.rows, "problems": it.problem_count} for entry, it in found.items() if it},
        **{made[key]: {"items": it.items} for it in releases if (key := (it.job_id, it.number)) in made},
    }


def _to(webhooks: Iterable[Webhook], kind: str, subject: str, data: Facts, at: datetime) -> Iterator[Facts]:
    return (addresses.facts(one, kind, subject, data, at) for one in webhooks if kind in one.kinds)


def _of_disputes(settled: Collection[int], listening: Listening, at: datetime) -> Iterator[Facts]:
    """Yield what members decided on rejected answers, and what their tasks come to now."""
    found = Dispute.objects.filter(pk__in=settled, assignment__job__in=listening)
    disputes = list(found.select_related("assignment__task", "settlement").order_by("pk"))
    for dispute in disputes:
        answer, webhooks = dispute.assignment, listening[dispute.assignment.job_id]
        data = {
            "job": answer.job_id, "task": answer.task.external_id, "answer": answer.pk,
            "stands": dispute.settlement.stands,
        }  # fmt: skip
        yield from _to(webhooks, "dispute.settled", f"task:{answer.task_id}", data, at)
    answers = [dispute.assignment_id for dispute in disputes]
    yield from _completed(_whole(answers, listening), listening, at)


def _of_tasks(accepted: Collection[int], listening: Listening, at: datetime) -> Iterator[Facts]:
    """Yield what the tasks of accepted answers come to, of those that are completed and not told of yet."""
    whole = _whole(accepted, listening)
    subjects = [f"task:{task}" for tasks in whole.values() for task in tasks]
    known = set(
        Message.objects.filter(
            webhook__in=[one for webhooks in listening.values() for one in webhooks],
            kind="task.completed", subject__in=subjects,
        ).values_list("webhook_id", "subject")
    )  # fmt: skip
    for facts in _completed(whole, listening, at):
        if (facts["webhook"].pk, facts["subject"]) not in known:
            yield facts
    for job in whole:
        if _is_done(job) and not Message.objects.filter(kind="job.completed", subject=f"job:{job}").exists():
            yield from _to(listening[job], "job.completed", f"job:{job}", {"job": job}, at)


def _whole(answers: Collection[int], listening: Listening) -> Mapping[int, list[int]]:
    """Return for each job its tasks among those of these answers that are completed."""
    of: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(COMPLETED, [list(answers), list(listening)])
        for task, job in cursor.fetchall():
            of[job].append(task)
    return of


def _completed(tasks: Mapping[int, list[int]], listening: Listening, at: datetime) -> Iterator[Facts]:
    for job in Job.objects.filter(pk__in=tasks).select_related("client", "work_type"):
        for task, result in exports.of_tasks(job, tasks[job.pk]):
            row = {name: fact for name, fact in result.row().items() if name not in {"id", "data"}}
            data = {"job": job.pk, "task": result.task, **row}
            yield from _to(listening[job.pk], "task.completed", f"task:{task}", data, at)


def _is_done(job: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(DONE, {"job": job})
        (done,) = cursor.fetchone()
    return bool(done)
