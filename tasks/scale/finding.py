"""Finding orders and batches: filters as programs say them, and pages that end."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import CharField, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat, Greatest, Replace
from django.http import Http404, QueryDict
from django.utils.dateparse import parse_datetime

from coop.database.kept import Given, Kept
from coop.people.models import Client
from tasks.models import (
    LIVE_STATES,
    OPEN_STATES,
    Assignment,
    Audit,
    Batch,
    BatchState,
    Job,
    Message,
    MessageState,
    Order,
    Project,
    Review,
)
from tasks.scale.access import Wrong

MOST = 100
# A task is completed once all its answers are handed in: then the client may say something of them.
UNDECIDED = OPEN_STATES
CANCELED = Q(canceled_at__isnull=False)
FAILED = Q(failed_at__isnull=False)
COMPLETED = Q(canceled_at=None) & (Q(test=True) | Q(task__open_slots=0, busy=False))
PENDING = Q(canceled_at=None, failed_at=None, test=False) & (Q(task=None) | Q(task__open_slots__gt=0) | Q(busy=True))


@dataclass(frozen=True, slots=True)
class Page:
    """Orders of a page, how many there are in all, and the key of the last where more follow."""

    orders: list[Order]
    total: int
    limit: int
    next_token: str


def of(client: Client, *, test: bool) -> QuerySet[Order]:
    """Find a client's orders, real ones or those that try things out, with what is told of them."""
    return joined(Order.objects.filter(client=client, test=test))


def joined(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Load what is told of orders: project, batch, whether anything is open, when the last was handed in.

    And what became of the last message to its callback, and when what is told of it last changed: by the client, or by
    an answer that was handed in, sent back or decided.
    """
    given = Assignment.objects.filter(task=OuterRef("task"))
    held = given.filter(state__in=LIVE_STATES).order_by().values("task")
    last = held.annotate(last=Max("submitted_at")).values("last")
    steps = given.filter(submitted_at__isnull=False).order_by().values("task")
    # Greatest() of PostgreSQL passes over what is NULL.
    moved = steps.annotate(last=Max(Greatest("submitted_at", "decided_at", "reviews__at"))).values("last")
    subject = Concat(Value("order:"), Replace(Cast(OuterRef("key"), CharField()), Value("-")))
    told = Message.objects.filter(webhook=None, subject=subject).order_by("-pk").values("state")
    return orders.select_related("project", "batch", "task__job__work_type").annotate(
        busy=Exists(given.filter(state__in=UNDECIDED)), decided=Subquery(last), heard=Subquery(told[:1]),
        changed=Greatest(F("updated_at"), Subquery(moved)),
    )  # fmt: skip


def _open(batch: Given | None) -> QuerySet[Job]:
    lots = {"lot__project": Given("project"), "lot__batch": batch, "lot__digest": Given("digest")}
    return Job.objects.filter(closed_at=None, opened_at__isnull=False, **lots).order_by("-pk")


ALONE = Kept(lambda: _open(None))
IN_BATCH = Kept(lambda: _open(Given("batch")))


def open_job(project: Project, batch: Batch | None, digest: str) -> Job | None:
    """Return the newest open job of a batch, or of a project without one, whose terms have this digest."""
    terms = {"project": project.pk, "digest": digest}
    return IN_BATCH.first(**terms, batch=batch.pk) if batch else ALONE.first(**terms)


def fresh(order: Order) -> Order:
    """Return an order that was taken this moment as `joined` loads it: nobody works at it, nothing was told yet."""
    for name, value in {"busy": False, "decided": None, "heard": None, "changed": order.updated_at}.items():
        setattr(order, name, value)
    return order


def status(order: Order) -> str:
    """Return where an order as `joined` loads it stands: pending, completed, canceled or error."""
    if order.canceled_at or order.failed_at:
        return "canceled" if order.canceled_at else "error"
    done = order.task is not None and order.task.open_slots == 0 and not order.busy  # type: ignore[attr-defined]  # by joined()
    return "completed" if order.test or done else "pending"


def completed_at(order: Order) -> datetime | None:
    """Return when a completed order was."""
    if status(order) != "completed":
        return None
    return order.created_at if order.test else order.decided  # type: ignore[attr-defined]  # by joined()


def updated_at(order: Order) -> datetime:
    """Return when what is told of an order last changed."""
    changed: datetime = order.changed  # type: ignore[attr-defined]  # by joined()
    return max(order.updated_at, changed)


def was_heard(order: Order) -> bool | None:
    """Tell whether an order's callback took its last message; None while it is tried, or was told nothing."""
    ended = {MessageState.TAKEN: True, MessageState.GIVEN_UP: False}
    return ended.get(order.heard)  # type: ignore[attr-defined]  # by joined()


def key_of(said: object) -> uuid.UUID:
    """Return a key as programs send it; Http404 for what is none."""
    try:
        return uuid.UUID(hex=str(said))
    except ValueError as error:
        raise Http404 from error


def number(asked: QueryDict, name: str, default: int, *, least: int = 1, most: int = MOST) -> int:
    """Return a whole number of a query within bounds; raise Wrong for anything else."""
    return whole(asked.get(name) or str(default), name, least=least, most=most)


def whole(said: str, name: str, *, least: int, most: int) -> int:
    """Return a whole number, at most `most`; raise Wrong for what is none, or less than `least`."""
    if not (said.isascii() and said.isdecimal() and len(said) <= 9 and int(said) >= least):  # noqa: PLR2004 - nine digits
        message = f"{name} is a whole number of at least {least}"
        raise Wrong(message)
    return min(int(said), most)


def flag(said: str | None) -> bool:
    """Return a yes or no as Python or JavaScript writes it into a query."""
    return (said or "").lower() in {"true", "1", "yes"}


def listed(asked: QueryDict, name: str) -> list[str]:
    """Return the values of a key that stands several times, or once with commas."""
    return [one for said in asked.getlist(name) for one in said.split(",") if one]


def moment(said: str) -> datetime:
    """Return a time as programs write it, in UTC where they say no zone; raise Wrong for what is none."""
    text = said.strip().replace(" +", "+")
    try:
        found = parse_datetime(text) or parse_datetime(f"{text}T00:00:00")
    except ValueError:
        found = None
    if found is None:
        message = f"Not a time: {said[:40]}"
        raise Wrong(message)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _completed(**bounds: datetime) -> Q:
    """Return what is completed within bounds: a test's orders are as they are made."""
    tests = Q(test=True, **{f"created_at__{name}": when for name, when in bounds.items()})
    return COMPLETED & (tests | Q(test=False, **{f"decided__{name}": when for name, when in bounds.items()}))


def _changed(client: Client, since: datetime) -> Q:
    """Return what `joined` says changed since a moment: found from what changed, however many orders there are."""
    handed_in = Q(submitted_at__isnull=False, task__order__client=client)
    answers = Assignment.objects.filter(handed_in, Q(submitted_at__gte=since) | Q(decided_at__gte=since))
    looks = Review.objects.filter(
        at__gte=since, assignment__submitted_at__isnull=False, assignment__task__order__client=client
    )
    by_client = Order.objects.filter(client=client, updated_at__gte=since).values("pk")
    return Q(pk__in=by_client.union(answers.values("task__order"), looks.values("assignment__task__order")))


STATUSES = {"canceled": CANCELED, "completed": COMPLETED, "error": FAILED, "pending": PENDING}
FILTERS: Mapping[str, Callable[[str], Q]] = {
    "start_time": lambda said: Q(created_at__gte=moment(said)),
    "end_time": lambda said: Q(created_at__lte=moment(said)),
    "updated_before": lambda said: Q(changed__lte=moment(said)),
    "completed_after": lambda said: _completed(gte=moment(said)),
    "completed_before": lambda said: _completed(lte=moment(said)),
    "status": lambda said: STATUSES.get(said, Q(pk=None)),
    "type": lambda said: Q(kind=said),
    "project": lambda said: Q(project__name=said),
    "batch": lambda said: Q(batch__name=said),
}


def wanted(asked: QueryDict, *, client: Client) -> Q:
    """Return what a query of a client asks for, key by key; what nobody knows is passed over."""
    since = asked.get("updated_after")
    found = _changed(client, moment(since)) if since else Q()
    for name, condition in FILTERS.items():
        if said := asked.get(name):
            found &= condition(str(said))
    if ids := asked.getlist("unique_id"):
        found &= Q(unique_id__in=ids)
    for tag in listed(asked, "tags"):
        found &= Q(tags__contains=[tag])
    if verdicts := listed(asked, "customer_review_status"):
        found &= Q(audit__in=[one for one in verdicts if one in Audit.values])
    return found


def page(found: QuerySet[Order], asked: QueryDict, *, client: Client) -> Page:
    """Return a page of orders, the newest first.

    While more follow, `next_token` is the key of its last order and how many there were at the first page: they are
    counted once, not on each page.
    """
    limit = number(asked, "limit", MOST)
    token, _dot, counted = asked.get("next_token", "").partition(".")
    total = whole(counted, "next_token", least=0, most=10**9) if counted else None
    everything = found
    if token:
        last = Order.objects.filter(client=client, key=key_of(token)).first()
        if last is None:
            message = "next_token is none of ours"
            raise Wrong(message)
        found = found.filter(pk__lt=last.pk)
    offset = number(asked, "offset", 0, least=0, most=10**9)
    orders = list(found.order_by("-pk")[offset:][: limit + 1])
    more = len(orders) > limit
    if total is None:
        total = everything.count() if more or offset or token else len(orders)
    return Page(orders[:limit], total, limit, f"{orders[limit - 1].key.hex}.{total}" if more else "")


def batches(client: Client, asked: QueryDict, *, test: bool) -> QuerySet[Batch]:
    """Find a client's batches, the newest first, as a query asks for them."""
    found = Batch.objects.filter(client=client, test=test).select_related("project").order_by("-pk")
    if said := asked.get("start_time") or asked.get("created_after"):
        found = found.filter(created_at__gte=moment(said))
    if said := asked.get("end_time") or asked.get("created_before"):
        found = found.filter(created_at__lte=moment(said))
    if said := asked.get("project") or asked.get("project_name"):
        found = found.filter(project__name=said)
    if said := asked.get("project_id"):
        found = found.filter(project__key=key_of(said))
    if said := asked.get("completed_after"):
        found = found.filter(_done(), Exists(_orders().filter(_completed(gte=moment(said)))))
    if said := asked.get("completed_before"):
        found = found.filter(_done(), ~Exists(_orders().filter(_completed(gt=moment(said)))))
    return found


def _done() -> Q:
    """Return what is in work and has orders, none of them pending."""
    in_work = Q(state=BatchState.IN_PROGRESS, finalized_at__isnull=False)
    return in_work & Q(Exists(_orders())) & ~Q(Exists(_orders().filter(PENDING)))


def with_state(found: QuerySet[Batch], said: str | None) -> QuerySet[Batch]:
    """Leave the batches of a state; every one where none is asked for."""
    if not said:
        return found
    if said == "completed":
        return found.filter(_done())
    return found.filter(~_done(), state=said) if said == BatchState.IN_PROGRESS else found.filter(state=said)


def _orders() -> QuerySet[Order]:
    return joined(Order.objects.filter(batch=OuterRef("pk"))).select_related(None)


def counts(batch: Batch) -> dict[str, int]:
    """Return how many orders of a batch stand where, all counted at once."""
    found = joined(Order.objects.filter(batch=batch)).select_related(None)
    return found.aggregate(**{name: Count("pk", filter=condition) for name, condition in STATUSES.items()})


def states(page: Sequence[Batch]) -> dict[int, str]:
    """Return where batches stand, by their number: what was done with each, or completed once its last order is.

    One look at all of them, which ends in each batch at the first order that is pending.
    """
    at_work = [one.pk for one in page if one.state == BatchState.IN_PROGRESS and one.finalized_at]
    done = set(Batch.objects.filter(_done(), pk__in=at_work).values_list("pk", flat=True)) if at_work else set()
    return {one.pk: "completed" if one.pk in done else one.state for one in page}


def state(batch: Batch) -> str:
    """Return where a batch stands."""
    return states([batch])[batch.pk]
