"""Orders: one task each, as a program asked for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.http import Http404

from coop.people.models import Client, Person
from coop.refusals import Refused, guard_of
from tasks.models import Audit, Batch, BatchState, Order, ProjectVersion, Role
from tasks.scale import assets, batches, callbacks, facts, fetching, finding, judging, kinds, live, projects
from tasks.scale.access import Wrong
from tasks.scale.kinds.kind import Kind

# What stands beside the params of an order, not among them.
BESIDE = frozenset({
    "project", "batch", "instruction", "callback_url", "metadata", "unique_id", "tags", "priority", "type",
    "expected_response", "initial_response",
})  # fmt: skip
KNOWN = ("expected_response", "initial_response")
MOST_TAGS, LONGEST_ID, LONGEST_PARAMS = 5, 200, 1_000_000


def find(client: Client, key: object, *, test: bool) -> Order:
    """Return an order of a client's; Http404 without one."""
    found = finding.of(client, test=test).filter(key=finding.key_of(key)).first()
    if found is None:
        raise Http404
    return found


def take(
    client: Client, kind: str, said: Mapping[str, Any], *, test: bool, by: Person, at: datetime, role: Role = Role.WORK
) -> Order:
    """Take an order and return it as `find` does.

    Raise Wrong for what cannot be done as it is said, 409 where its unique_id is used already.
    """
    known = kinds.find(kind)
    if known is None:
        message = f"Unknown task type: {kind[:40]}"
        raise Wrong(message)
    if role and not isinstance(said.get("expected_response"), dict):
        message = "Missing required parameter: expected_response"
        raise Wrong(message)
    try:
        with transaction.atomic():
            return _take(client, known, kind, said, test=test, by=by, at=at, role=role)
    except IntegrityError as error:
        raise _used(error) from error
    except Refused:
        _require_new(client, said, test=test)
        raise


def _require_new(client: Client, said: Mapping[str, Any], *, test: bool) -> None:
    """Raise Wrong (409) where a unique_id is used: whoever asks again hears that, however little money is left."""
    if (name := unique_id_of(said.get("unique_id"))) and Order.objects.filter(
        client=client, test=test, unique_id=name
    ).exists():
        raise _is_used()


def _take(
    client: Client, known: Kind, kind: str, said: Mapping[str, Any], *, test: bool, by: Person, at: datetime, role: Role
) -> Order:
    version, batch = _place(client, said, test=test)
    facts = _facts(kind, said, version, test=test)
    if wrong := known.wrong(facts["params"]):
        raise Wrong(wrong)
    checked = None if test else live.check(client, facts, version, {name: said.get(name) for name in KNOWN})
    order = Order(
        client=client, test=test, project=version.project if version else None, batch=batch, version=version,
        role=role, created_by=by, created_at=at, updated_at=at, expected=said.get("expected_response"),
        initial=said.get("initial_response"), **facts,
    )  # fmt: skip
    at_work = batch is None or (batch.finalized_at and batch.state == BatchState.IN_PROGRESS)
    if checked and at_work and not checked.away:
        live.place_at_once(order, checked, by=by, at=at)
    order.save(force_insert=True)
    if checked and checked.away:
        assets.look_for(order, checked.away, by=by, at=at)
        fetching.have_fetched(client.pk)
    callbacks.of_order(order, at=at)
    return finding.fresh(order)


def _place(client: Client, said: Mapping[str, Any], *, test: bool) -> tuple[ProjectVersion | None, Batch | None]:
    """Return what an order inherits from its project, and the batch that it names; a batch stands for its project."""
    version = batch = None
    if said.get("batch"):
        # Locked: nothing joins a batch while it is finalized.
        batch = batches.locked(_named("batch", lambda: batches.find(client, test=test, name=str(said["batch"]))))
        version = projects.current(batch.project)
        if not batches.takes_more(batch):
            message = f"The batch {batch.name} takes no more tasks"
            raise Wrong(message)
    if said.get("project"):
        version = _named("project", lambda: projects.newest(client, test=test, name=str(said["project"])))
        if batch and version.project_id != batch.project_id:
            message = f"The batch {said['batch']} is of another project"
            raise Wrong(message)
    return version, batch


def _named(what: str, find: Any) -> Any:  # noqa: ANN401 - a project's version or a batch
    try:
        return find()
    except Http404 as error:
        message = f"The {what} does not exist"
        raise Wrong(message) from error


def _facts(kind: str, said: Mapping[str, Any], version: ProjectVersion | None, *, test: bool) -> dict[str, Any]:
    """Return what is written down of an order: its params above its project's, and what stands beside them."""
    inherited = version.params if version else {}
    params = {name: value for name, value in {**inherited, **said}.items() if name not in BESIDE}
    if len(str(params)) > LONGEST_PARAMS:
        message = "The order is too large"
        raise Wrong(message)
    instruction = str(said.get("instruction") or inherited.get("instruction") or "")
    return {
        "kind": kind, "params": params, "instruction": instruction,
        "callback_url": facts.callback_of(said.get("callback_url", inherited.get("callback_url")), test=test),
        "metadata": facts.metadata_of(said.get("metadata") or {}), "unique_id": unique_id_of(said.get("unique_id")),
        "tags": _tags(said.get("tags") or []), "priority": _priority(said.get("priority")),
    }  # fmt: skip


def unique_id_of(said: object) -> str | None:
    """Return an id of the client's own; nothing where none is given."""
    if said in (None, ""):
        return None
    if not isinstance(said, str) or len(said) > LONGEST_ID:
        message = f"unique_id is a text of at most {LONGEST_ID} characters"
        raise Wrong(message)
    return said


def _tags(said: object) -> list[str]:
    found = list(dict.fromkeys(said)) if isinstance(said, list) and all(isinstance(one, str) for one in said) else None
    if found is None or len(found) > MOST_TAGS:
        message = f"tags are at most {MOST_TAGS} texts"
        raise Wrong(message)
    return found


def _priority(said: object) -> int | None:
    return said if type(said) is int and 0 < said <= batches.MOST_PRIORITY else None


def _used(error: IntegrityError) -> Exception:
    if guard_of(error) != "one_order_per_unique_id":
        return error
    return _is_used()


def _is_used() -> Wrong:
    return Wrong("The unique_id is used by another task", 409)


@transaction.atomic
def cancel(order: Order, *, clear_unique_id: bool, at: datetime) -> Order:
    """Call an order off before anybody has begun. Raise Wrong for one that is done, begun, or called off already."""
    order = _locked(order)
    if order.test or order.canceled_at or order.failed_at:
        message = "The task is completed, canceled or failed already"
        raise Wrong(message)
    if not live.call_off(order):
        message = "Somebody has begun this task: it is done and paid (rule E1)"
        raise Wrong(message)
    canceled = _changed(order, at, canceled_at=at, **({"unique_id": None} if clear_unique_id else {}))
    callbacks.of_batches([order.batch] if order.batch else [], at=at)
    return canceled


def set_unique_id(order: Order, unique_id: str | None, *, at: datetime) -> Order:
    """Give an order another id of the client's own, or none. Raise Wrong (409) where it is used."""
    try:
        with transaction.atomic():
            return _changed(_locked(order), at, unique_id=unique_id)
    except IntegrityError as error:
        raise _used(error) from error


@transaction.atomic
def set_metadata(order: Order, metadata: object, *, merge: bool = False, at: datetime) -> Order:
    """Replace an order's metadata, or add to them."""
    order, said = _locked(order), facts.metadata_of(metadata)
    return _changed(order, at, metadata=facts.metadata_of({**order.metadata, **said} if merge else said))


@transaction.atomic
def set_tags(order: Order, tags: list[str], *, at: datetime) -> Order:
    """Replace an order's tags."""
    return _changed(_locked(order), at, tags=_tags(tags))


@transaction.atomic
def add_tags(order: Order, tags: list[str], *, at: datetime) -> Order:
    """Add tags after those that stand; what stands already stays where it is."""
    order = _locked(order)
    return _changed(order, at, tags=_tags([*order.tags, *tags]))


@transaction.atomic
def delete_tags(order: Order, tags: list[str], *, at: datetime) -> Order:
    """Take tags away; one that is not there is passed over."""
    order = _locked(order)
    return _changed(order, at, tags=[one for one in order.tags if one not in tags])


@transaction.atomic
def audit(order: Order, *, accepted: object, words: object, by: Person, at: datetime) -> Order:
    """Take what the client says of an answer. A live one is accepted and paid, or rejected: then members look at it.

    Raise Wrong for anything but yes or no, and Refused where an answer is decided already or no reason is given.
    """
    if not isinstance(accepted, bool):
        message = "Missing required parameter: accepted (true or false)"
        raise Wrong(message)
    if not order.test:
        judging.judge(order, accepted=accepted, words=str(words or ""), by=by, at=at)
    verdict = Audit.ACCEPTED if accepted else Audit.REJECTED
    audited = _changed(_locked(order), at, audit=verdict, audit_words=str(words or "")[:10_000])
    callbacks.of_order(audited, at=at)
    return audited


def _locked(order: Order) -> Order:
    """Return the order as it stands, its row locked."""
    found = finding.joined(Order.objects.select_for_update(no_key=True, of=["self"]))
    return found.get(pk=order.pk)


def _changed(order: Order, at: datetime, **facts: object) -> Order:
    order.updated_at = at
    for name, value in facts.items():
        setattr(order, name, value)
    order.save(update_fields=["updated_at", *facts])
    return order
