"""How v1 tells of things: every key that programs read, and none where there is nothing to say."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from payments.money import plain
from tasks.models import Asset, Batch, Order, Project, ProjectVersion
from tasks.scale import answered, finding, projects

type Json = dict[str, Any]


def when(moment: datetime) -> str:
    """Return a time as that interface writes it: UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def task(order: Order, said: answered.Said | None = None, *, counted: bool = True) -> Json:
    """Return an order as a task. What it has not (an id of the client's own, tags) is not there at all."""
    done = finding.completed_at(order)
    optional: Json = {
        "response": _response(order, said, counted=counted), "error": order.error,
        "contributor_ids": said.by if said else None,
        "completed_at": when(done) if done else None, "project": order.project and order.project.name,
        "batch": order.batch and order.batch.name, "callback_url": order.callback_url, "unique_id": order.unique_id,
        "tags": order.tags, "priority": order.priority,
        "customer_review_comments": order.audit_words, "work_type": order.task and order.task.job.work_type.slug,
    }  # fmt: skip
    heard = finding.was_heard(order)
    return {
        "task_id": order.key.hex, "created_at": when(order.created_at), "updated_at": when(finding.updated_at(order)),
        "type": order.kind, "status": finding.status(order), "instruction": order.instruction, "is_test": order.test,
        "urgency": "standard", "params": order.params, "metadata": order.metadata,
        "customer_review_status": order.audit, **{name: said for name, said in optional.items() if said},
        **({} if heard is None else {"callback_succeeded": heard}),
    }  # fmt: skip


def _response(order: Order, said: answered.Said | None, *, counted: bool) -> Json | None:
    if order.error:
        return {"error": order.error}
    return answered.response(order, said, counted=counted) if said else None


def tasks(orders: Iterable[Order], *, whole: bool) -> list[Json]:
    """Return orders as tasks, `whole` with what they were answered, the pixels of things left out."""
    found = list(orders)
    said = answered.of(found) if whole else {}
    return [task(order, said.get(order.pk), counted=False) for order in found]


def one(order: Order, *, whole: bool) -> Json:
    """Return an order as a task, `whole` with what it was answered."""
    return task(order, answered.of([order]).get(order.pk) if whole else None)


def limited(order: Order) -> Json:
    """Return the little that is asked for where a program wants little."""
    return {
        "task_id": order.key.hex, "status": finding.status(order), "metadata": order.metadata,
        "project": order.project.name if order.project else None, "otherVersion": None,
    }  # fmt: skip


def known_answer(order: Order) -> Json:
    """Return an order whose answer the client knows."""
    found = {**task(order), "id": order.key.hex, "expected_response": order.expected}
    return {**found, "initial_response": order.initial} if order.initial is not None else found


def project(found: Project) -> Json:
    """Return a project with every version of its params."""
    return {
        "id": found.key.hex, "name": found.name, "type": found.kind, "created_at": when(found.created_at),
        "is_test": found.test, **found.options, "param_history": [version(one) for one in projects.history(found)],
    }  # fmt: skip


def version(found: ProjectVersion) -> Json:
    """Return what orders inherit from a version; `pay` as digits."""
    pay = {"pay": plain(found.pay)} if found.pay is not None else {}
    return {**found.params, **pay, "version": found.number, "created_at": when(found.created_at)}


def batches(page: Sequence[Batch]) -> list[Json]:
    """Return batches, where they stand asked for all at once."""
    states = finding.states(page)
    return [batch(one, state=states[one.pk]) for one in page]


def batch(found: Batch, *, state: str = "") -> Json:
    """Return a batch, and its `state` where that was asked for before."""
    return {
        "id": found.key.hex, "name": found.name, "project": found.project.name, "status": state or finding.state(found),
        "created_at": when(found.created_at), "metadata": found.metadata, "callback": found.callback,
        "is_test": found.test, **found.options, **({"priority": found.priority} if found.priority else {}),
    }  # fmt: skip


def template(found: Project) -> Json:
    """Return what an order of a project may say, as its current version has it."""
    current = projects.current(found)
    names = {one: current.params[one] for one in sorted(current.params)}
    return {
        "id": found.key.hex, "version": current.number, "created_at": when(found.created_at),
        "updated_at": when(current.created_at), "template_variables": names,
    }  # fmt: skip


def asset(found: Asset) -> Json:
    """Return a file with the name that orders give it."""
    return {
        "id": found.key.hex, "attachment_url": f"scaledata://{found.key.hex}/{found.name}", "display_name": found.name,
        "mime_type": found.content_type, "size": found.bytes, "metadata": found.metadata,
        "project_names": [found.project_name] if found.project_name else [], "created_at": when(found.created_at),
        "updated_at": when(found.created_at), **({"reference_id": found.reference} if found.reference else {}),
    }  # fmt: skip
