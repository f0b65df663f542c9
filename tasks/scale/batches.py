"""Batches: orders of a project that are finalized together."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.http import Http404
from procrastinate.contrib.django import app as background

from coop.people.models import Client, Person
from coop.refusals import Refused, guard_of, refuse_if
from payments import escrow
from tasks.models import Batch, BatchState, Project
from tasks.scale import callbacks, facts, fetching, live
from tasks.scale.access import Wrong

# Kinds of project whose batches are filled first and finalized then; a test's others are in work at once.
STAGED = ("rapid", "studio")
LEAST_PRIORITY, MOST_PRIORITY = 10, 30
# A batch that nobody finalizes is finalized once no task has come for so long.
QUIET = timedelta(minutes=15)
PLACE_REST = "tasks.place_rest"
AT_ONCE = 10


def find(client: Client, *, test: bool, **named: object) -> Batch:
    """Return a batch of a client's by its name or key; Http404 without one."""
    found = Batch.objects.filter(client=client, test=test, **named).select_related("project").first()
    if found is None:
        raise Http404
    return found


def start(project: Project, said: Mapping[str, Any], *, by: Person, at: datetime) -> Batch:
    """Make a batch in a project. Raise Wrong, 409 for a name that is taken."""
    name, metadata = facts.name_of(said.get("name"), "name"), facts.metadata_of(said.get("metadata") or {})
    callback = facts.callback_of(said.get("callback"), test=project.test)
    options = {one: said[one] for one in ("calibration_batch", "self_label_batch", "staging_batch") if said.get(one)}
    if options.get("self_label_batch") and not project.test:
        message = "Members do all work here, and choose it (rule N9): make the batch without self_label_batch."
        raise Wrong(message, 402)
    staged = not project.test or _is_staged(project, options)
    state = BatchState.STAGING if staged else BatchState.IN_PROGRESS
    try:
        with transaction.atomic():
            return Batch.objects.create(
                client_id=project.client_id, project=project, test=project.test, name=name, callback=callback,
                options=options, metadata=metadata, state=state, created_by=by, created_at=at,
            )  # fmt: skip
    except IntegrityError as error:
        if guard_of(error) != "one_batch_per_name":
            raise
        message = f"A batch named {name} already exists"
        raise Wrong(message, 409) from error


def _is_staged(project: Project, options: Mapping[str, Any]) -> bool:
    return bool(options.get("staging_batch")) or any(project.options.get(one) for one in STAGED)


def takes_more(batch: Batch) -> bool:
    """Tell whether tasks may still join a batch: where Scale asks nobody to finalize, that is no end."""
    if batch.state == BatchState.CANCELLED:
        return False
    return batch.finalized_at is None or not (batch.test or _is_staged(batch.project, batch.options))


@transaction.atomic
def set_metadata(batch: Batch, metadata: object, *, merge: bool = False) -> Batch:
    """Replace the metadata, or add to them."""
    batch = locked(batch)
    said = facts.metadata_of(metadata)
    return changed(batch, metadata=facts.metadata_of({**batch.metadata, **said} if merge else said))


@transaction.atomic
def prioritize(batch: Batch, priority: object) -> Batch:
    """Keep a batch's priority, from 10 to 30."""
    if type(priority) is not int or not LEAST_PRIORITY <= priority <= MOST_PRIORITY:
        message = "priority is a whole number from 10 to 30"
        raise Wrong(message)
    return changed(locked(batch), priority=priority)


@transaction.atomic
def finalize(batch: Batch, *, by: Person, at: datetime) -> Batch:
    """Put a batch to work; one that is in work stays so. A live one is funded and opened, all of it or nothing."""
    batch = locked(batch)
    if batch.state == BatchState.CANCELLED:
        message = "The batch is cancelled"
        raise Wrong(message)
    if not batch.test and batch.state == BatchState.STAGING:
        _place(batch, by=by, at=at)
    state = BatchState.IN_PROGRESS if batch.state == BatchState.STAGING else batch.state
    finalized = changed(batch, state=state, finalized_at=batch.finalized_at or at)
    callbacks.of_batches([finalized], at=at)
    return finalized


def _place(batch: Batch, *, by: Person, at: datetime) -> None:
    """Place the orders of a batch. Raise Wrong without any, and (503: asking again helps) while files are fetched."""
    orders = batch.orders.filter(canceled_at=None, failed_at=None).order_by("pk")
    waiting = list(orders.select_related("client", "project", "batch", "version__work_type"))
    if not waiting:
        message = "The batch has no tasks yet"
        raise Wrong(message)
    if count := fetching.waiting(waiting):
        message = f"{count} files of the batch are still being fetched: finalize it again in a moment."
        raise Wrong(message, 503)
    first = live.read_at_once(waiting)
    live.place(waiting[:first], by=by, at=at)
    if rest := waiting[first:]:
        refuse_if(escrow.refusal_to_fund(batch.client, live.price(rest)))
        background.configure_task(PLACE_REST, lock=f"batch:{batch.pk}").defer(batch_id=batch.pk)


def finalize_quiet(*, at: datetime) -> int:
    """Finalize the live batches that Scale's interface asks nobody to finalize, once they are quiet; return how many.

    One whose money is short, or whose files are still fetched, waits for the next time.
    """
    filled = Batch.objects.filter(test=False, state=BatchState.STAGING).exclude(created_by=None)
    quiet = filled.annotate(last=Max("orders__created_at")).filter(last__lte=at - QUIET)
    due = [one for one in quiet.select_related("project", "created_by") if not _is_staged(one.project, one.options)]
    return sum(_finalized(one, at) for one in due)


def _finalized(batch: Batch, at: datetime) -> bool:
    try:
        finalize(batch, by=batch.created_by, at=at)  # type: ignore[arg-type]  # somebody made it, as was asked for
    except (Wrong, Refused):
        return False
    return True


@transaction.atomic
def place_rest(batch: Batch, *, at: datetime) -> int:
    """Place the next orders of a finalized batch whose files the client did not wait for; return how many there were.

    Each is funded as it joins its job, in the name of whoever sent it; one that cannot be fails, and says why.
    """
    batch = locked(batch)
    begun = batch.finalized_at is not None and batch.state in {BatchState.IN_PROGRESS, BatchState.PAUSED}
    orders = batch.orders.filter(task=None, canceled_at=None, failed_at=None) if begun else batch.orders.none()
    some = list(orders.select_related("client", "project", "batch", "version__work_type").order_by("pk")[:AT_ONCE])
    for order in some:
        live.place_late(order, at=at)
    return len(some)


@transaction.atomic
def move(batch: Batch, state: BatchState, *, by: Person, at: datetime) -> Batch:
    """Pause, resume or cancel a batch. Raise Wrong where it cannot go there."""
    batch = locked(batch)
    ways = {
        BatchState.PAUSED: {BatchState.IN_PROGRESS, BatchState.STAGING},
        BatchState.IN_PROGRESS: {BatchState.PAUSED},
        BatchState.CANCELLED: {BatchState.STAGING, BatchState.IN_PROGRESS, BatchState.PAUSED},
    }
    if batch.state not in ways[state]:
        message = f"The batch is {batch.state}: it cannot become {state}"
        raise Wrong(message)
    if not batch.test:
        _move_the_work(batch, state, by=by, at=at)
    return changed(batch, state=state)


def _move_the_work(batch: Batch, state: BatchState, *, by: Person, at: datetime) -> None:
    if state == BatchState.CANCELLED:
        live.cancel(batch, by=by, at=at)
    elif state == BatchState.IN_PROGRESS:
        live.resume(batch, by=by, at=at)
    elif batch.state == BatchState.STAGING:
        message = "The batch is being filled: nobody works at it before it is finalized"
        raise Wrong(message)
    else:
        live.pause(batch, by=by, at=at)


def locked(batch: Batch) -> Batch:
    """Return the batch as it stands, its row locked."""
    return Batch.objects.select_for_update(no_key=True, of=["self"]).select_related("project").get(pk=batch.pk)


def changed(batch: Batch, **facts: object) -> Batch:
    """Write facts of a batch down, and return it."""
    for name, value in facts.items():
        setattr(batch, name, value)
    batch.save(update_fields=list(facts))
    return batch
