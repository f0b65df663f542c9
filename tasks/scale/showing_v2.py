"""How v2 tells of things, as its strict client parses them: ids are texts, metadata are always there."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tasks.models import Batch, Order, Project, Release
from tasks.scale import answered, deliveries, finding, projects
from tasks.scale.showing import when

type Json = dict[str, Any]

# Of a test's order that names none.
NO_PROJECT = "none"


def project(found: Project) -> Json:
    """Return a project."""
    params = projects.current(found).params
    types, models = params.get("types"), params.get("models")
    return {
        "id": found.key.hex, "name": found.name, "created_at": when(found.created_at),
        "types": [str(one) for one in types] if isinstance(types, list) else [found.kind],
        "models": [str(one) for one in models] if isinstance(models, list) else [],
    }  # fmt: skip


def batches(page: Sequence[Batch], expand: Collection[str] = ()) -> list[Json]:
    """Return batches, where they stand asked for all at once."""
    states = finding.states(page)
    return [batch(one, expand, state=states[one.pk]) for one in page]


def batch(found: Batch, expand: Collection[str] = (), *, state: str = "") -> Json:
    """Return a batch, its project whole where that is asked for, and its `state` where that was asked for before."""
    whole = "project" in expand
    return {
        "id": found.key.hex, "name": found.name, "project": project(found.project) if whole else found.project.key.hex,
        "created_at": when(found.created_at), "status": state or finding.state(found), "metadata": found.metadata,
        **({"callback": found.callback} if found.callback else {}),
    }  # fmt: skip


def delivery(found: Release, expand: Collection[str] = ()) -> Json:
    """Return a delivery."""
    of = found.job.lot.project
    return {
        "id": found.folder.hex, "name": deliveries.name(found), "task_count": found.items,
        "delivered_at": found.finished_at and when(found.finished_at),
        "project": project(of) if "project" in expand else of.key.hex,
    }  # fmt: skip


def delivered(order: Order, release: Release, said: answered.Said | None) -> Json:
    """Return an order as it stands in a delivery."""
    return {
        "task_id": order.key.hex, "created_at": when(order.created_at), "delivery_id": release.folder.hex,
        "delivered_at": release.finished_at and when(release.finished_at),
        "response": answered.response(order, said, counted=False) if said else None,
    }  # fmt: skip


def tasks(
    orders: Iterable[Order], *, whole: bool, expand: Collection[str] = (), opts: Collection[str] = (),
    said: Mapping[int, answered.Said] | None = None,
) -> list[Json]:  # fmt: skip
    """Return orders as tasks, `whole` conversations with their threads: as they were `said`, or stand now."""
    found = list(orders)
    said = (answered.of(found) if said is None else said) if whole else {}
    threads = {pk: answered.threads(order, said[pk]) for order in found if (pk := order.pk) in said}
    return [_task(order, threads.get(order.pk, []), expand, opts) for order in found]


def _task(order: Order, threads: list[Json], expand: Collection[str], opts: Collection[str]) -> Json:
    done = finding.completed_at(order)
    optional = {
        "completed_at": when(done) if done else None, "batch": _batch(order, expand),
        "errors": [{"message": order.error}] if order.error else None,
    }  # fmt: skip
    if opts and "submissions" not in opts:
        threads = [{name: one[name] for name in one if name != "submissions"} for one in threads]
    return {
        "task_id": order.key.hex, "project": _project(order, expand), "status": finding.status(order),
        "created_at": when(order.created_at), "metadata": order.metadata, "threads": threads,
        **{name: said for name, said in optional.items() if said},
    }  # fmt: skip


def _project(order: Order, expand: Collection[str]) -> Json | str:
    if order.project is None:
        return NO_PROJECT
    return project(order.project) if "project" in expand else order.project.key.hex


def _batch(order: Order, expand: Collection[str]) -> Json | str | None:
    if order.batch is None:
        return None
    return batch(order.batch) if "batch" in expand else order.batch.key.hex
