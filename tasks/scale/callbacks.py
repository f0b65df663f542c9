"""Telling the addresses that came with orders and batches what became of them, in that interface's own words.

An order's address hears that it is completed, that it is pending again, that it failed, and what the client said of its
answer; a batch's, that it is completed. What a client called off itself is told to nobody.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from coop.record.models import Event
from tasks.models import Assignment, Audit, Batch, Dispute, Message, Order
from tasks.scale import answered, finding, showing
from tasks.webhooks import outbox

# After these entries of the record an order may stand elsewhere than before.
SETTLED = "disputes.settled"
STEPS = ("answers.submitted", "reviews.sent_back", SETTLED)
HEARD = Q(callback_url__gt="") | Q(batch__callback__gt="")

type Json = dict[str, Any]


def tell(entries: Iterable[Event], *, at: datetime) -> int:
    """Tell what orders and batches came to by these entries of the record; return how many messages that makes."""
    steps = [(entry.kind, int(entry.subject.partition(":")[2])) for entry in entries if entry.kind in STEPS]
    if not steps:
        return 0
    settled = [number for kind, number in steps if kind == SETTLED]
    answers = [number for kind, number in steps if kind != SETTLED]
    answers += Dispute.objects.filter(pk__in=settled).values_list("assignment_id", flat=True)
    tasks = Assignment.objects.filter(pk__in=answers).values("task")
    orders = list(finding.joined(Order.objects.filter(HEARD, task__in=tasks)).order_by("pk"))
    return of_orders(orders, at=at) + of_batches({order.batch for order in orders if order.batch}, at=at)


def of_orders(orders: Sequence[Order], *, at: datetime) -> int:
    """Tell each order's address how it stands, unless that was told last; orders are as `finding.joined` loads them."""
    heard = [order for order in orders if order.callback_url]
    last = _told_last(heard)
    news = [order for order in heard if finding.status(order) != "canceled" and _standing(order) != last[order.pk]]
    said = answered.of(news)
    return outbox.call_back(
        outbox.callback(
            order.client_id, url=order.callback_url, subject=_of_order(order), test=order.test, at=at,
            payload=_body(showing.task(order, said.get(order.pk))),
        )
        for order in news
    )  # fmt: skip


def of_order(order: Order, *, at: datetime) -> int:
    """Tell an order's address how it stands now, unless that was told last."""
    return of_orders(list(finding.joined(Order.objects.filter(pk=order.pk))), at=at) if order.callback_url else 0


def of_batches(batches: Collection[Batch], *, at: datetime) -> int:
    """Tell each batch's address, once, that it is completed."""
    heard = {f"batch:{batch.key.hex}": batch for batch in batches if batch.callback}
    known = set(Message.objects.filter(webhook=None, subject__in=heard).values_list("subject", flat=True))
    fresh = {subject: batch for subject, batch in heard.items() if subject not in known}
    return outbox.call_back(
        outbox.callback(
            batch.client_id, url=batch.callback, subject=subject, test=batch.test, at=at,
            payload={"batch": showing.batch(batch), "status": "completed"},
        )
        for subject, batch in fresh.items()
        if finding.state(batch) == "completed"
    )  # fmt: skip


def _told_last(orders: Collection[Order]) -> Mapping[int, tuple[str, str]]:
    """Return what each order's address was told last; of one that heard nothing, how each order begins."""
    told = Message.objects.filter(webhook=None, subject__in=[_of_order(order) for order in orders])
    last = told.order_by("subject", "-pk").distinct("subject")
    said = last.values_list("subject", "payload__status", "payload__task__customer_review_status")
    known = {subject: (status, audit) for subject, status, audit in said}
    return {order.pk: known.get(_of_order(order), ("pending", Audit.PENDING.value)) for order in orders}


def _of_order(order: Order) -> str:
    """Return what a message about an order is about, by the name that its client knows."""
    return f"order:{order.key.hex}"


def _standing(order: Order) -> tuple[str, str]:
    return finding.status(order), order.audit


def _body(task: Json) -> Json:
    """Return a callback's body: the task, and beside it what programs look for first."""
    response = {"response": task["response"]} if "response" in task else {}
    return {"task": task, **response, "task_id": task["task_id"], "status": task["status"]}
