"""Batches: orders of a project that are finalized together."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.http import Http404
from procrastinate.contrib.django import app as background
from procrastinate.exceptions import AlreadyEnqueued

from coop.people.models import Client, Person
from coop.refusals import Refused, guard_of, refuse_if
from payments import escrow
from tasks.models import Asset, Batch, BatchState, Order, Project
from tasks.models.scale import BY_ITSELF
from tasks.scale import callbacks, facts, fetching, live
from tasks.scale.access import Wrong

logger = logging.getLogger(__name__)
# Kinds of project whose batches are filled first and finalized then; a test's others are in work at once.
STAGED = ("rapid", "studio")
LEAST_PRIORITY, MOST_PRIORITY = 10, 30
# A batch that nobody finalizes is finalized once no task has come for so long.
QUIET = timedelta(minutes=15)
GIVEN_UP = timedelta(days=30)
# Why a batch that starts by itself does not yet: it stands in its options.
WAITS = "waits_because"
PLACE_REST = "tasks.place_rest"


def find(client: Client, *, test: bool, **named: object) -> Batch:
    """Return a batch of a client's by its name or key; Http404 without one."""
    found = Batch.objects.filter(client=client, test=test, **named).select_related("project").first()
    if found is None:
        raise Http404
    return found


def start(project: Project, said: Mapping[str, Any], *, funds: bool, by: Person, at: datetime) -> Batch:
    """Make a batch in a project; made by a key that `funds`, it starts by itself. Raise Wrong, 409 for a taken name."""
    name, metadata = facts.name_of(said.get("name"), "name"), facts.metadata_of(said.get("metadata") or {})
    callback = facts.callback_of(said.get("callback"), test=project.test)
    options = {one: said[one] for one in ("calibration_batch", "self_label_batch", "staging_batch") if said.get(one)}
    if options.get("self_label_batch") and not project.test:
        message = "Members do all work here, and choose it (rule N9): make the batch without self_label_batch."
        raise Wrong(message, 402)
    waits = bool(options.get("staging_batch")) or any(project.options.get(one) for one in STAGED)
    staged = waits or not project.test
    options |= {BY_ITSELF: True} if funds and not (waits or project.test) else {}
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


def takes_more(batch: Batch) -> bool:
    """Tell whether tasks may still join a batch: of one that starts by itself, finalizing is no end."""
    return batch.state != BatchState.CANCELLED and (batch.finalized_at is None or BY_ITSELF in batch.options)


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
    options = {name: said for name, said in batch.options.items() if name != WAITS}
    finalized = changed(batch, state=state, finalized_at=batch.finalized_at or at, options=options)
    callbacks.of_batches([finalized], at=at)
    return finalized


def _place(batch: Batch, *, by: Person, at: datetime) -> None:
    """Place the orders of a batch. Raise Wrong without any, and (503: asking again helps) while files are fetched."""
    orders = batch.orders.filter(canceled_at=None, failed_at=None).order_by("pk")
    locking = orders.select_for_update(no_key=True, of=["self"])
    waiting = list(locking.select_related("client", "project", "batch", "version__work_type"))
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
        _let_place(batch.pk)


def finalize_quiet(*, at: datetime) -> int:
    """Finalize the live batches that start by themselves, once they are quiet; return how many.

    One that cannot be put to work yet says why in its options (`waits_because`). It is tried each minute at first, then
    once an hour, and no more after a month.
    """
    filled = Batch.objects.filter(test=False, state=BatchState.STAGING, options__has_key=BY_ITSELF)
    quiet = filled.exclude(created_by=None).annotate(last=Max("orders__created_at"))
    due = quiet.filter(last__lte=at - QUIET, last__gte=at - GIVEN_UP).select_related("project", "created_by")
    return sum(_finalized(one, at) for one in due if one.last > at - 2 * QUIET or at.minute == one.pk % 60)


def _finalized(batch: Batch, at: datetime) -> bool:
    """Finalize a batch that nobody waits for; what is in the way of one is in the way of no other."""
    try:
        finalize(batch, by=batch.created_by, at=at)  # type: ignore[arg-type]  # left out where nobody is left
    except Refused as refused:
        reason = str(refused.refusal)
    except Exception as error:
        if not isinstance(error, Wrong):
            logger.exception("batch %s is not put to work", batch.pk)
        reason = str(error) if isinstance(error, Wrong) else "Something of ours is in the way; we look at it."
    else:
        return True
    changed(batch, options=batch.options | {WAITS: reason[:500]})
    return False


def unplaced() -> QuerySet[Order]:
    """Find the live orders of finalized batches that are in no job yet, and whose files have come."""
    coming = Asset.objects.filter(order=OuterRef("pk"), next_at__isnull=False)
    at_work = {"batch__state": BatchState.IN_PROGRESS, "batch__finalized_at__isnull": False}
    return Order.objects.filter(~Exists(coming), test=False, task=None, canceled_at=None, failed_at=None, **at_work)


def have_placed() -> None:
    """Let the worker place what was left to it, by batches; also after one that ended in the middle."""
    for batch in unplaced().order_by("batch_id").values_list("batch_id", flat=True).distinct():
        _let_place(batch)


def _let_place(batch: int) -> None:
    task = background.configure_task(PLACE_REST, lock=f"batch:{batch}", queueing_lock=f"batch:{batch}")
    with suppress(AlreadyEnqueued), transaction.atomic():
        task.defer(batch_id=batch)


@transaction.atomic
def place_next(batch: Batch, *, at: datetime) -> bool:
    """Place one order of a finalized batch that was left to the worker; tell whether there was one.

    It is funded as it joins its job, in the name of whoever sent it; one that cannot be fails, and says why. Each in a
    transaction of its own: nobody waits for the files of others with the money locked.
    """
    batch = locked(batch)
    loaded = unplaced().select_related("client", "project", "batch", "version__work_type").order_by("pk")
    order = loaded.filter(batch=batch).select_for_update(no_key=True, of=["self"]).first()
    if order is None:
        return False
    try:
        with transaction.atomic():
            live.place_late(order, at=at)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("order %s is not placed", order.pk)
        live.fail(order, "It could not be placed, for a reason of ours: order it again.", at=at)
    return True


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
