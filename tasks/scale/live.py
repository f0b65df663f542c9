"""Live orders: the jobs that do them, and the money behind them.

Orders of a batch wait until it is finalized. Then those that ask the same at the same pay become a job, funded from the
client's balance and opened: all of them, or none. An order without a batch joins the open job of its project that asks
the same, with its money, or makes one. Members see the terms of that job, as of any other.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from coop.people.models import Client, Person
from coop.refusals import Refused, refuse_if
from payments import escrow, founding
from payments.models import Rate, WorkType
from payments.money import plain
from tasks import additions, files, funds, halts, jobs, predictions, shapes
from tasks import content as contents
from tasks.models import Batch, Job, Lot, Order, Project, ProjectVersion, ReviewRule, Share, Topic
from tasks.scale import assets, callbacks, finding, kinds, knowing, paying
from tasks.scale.access import Wrong
from tasks.scale.kinds import beside, fields
from tasks.scale.kinds.kind import INSTEAD, Kind
from tasks.shapes import checking
from tasks.shapes.shape import LONGEST_QUESTION

ENOUGH = 3
LONGEST_GUIDE, LONGEST_TITLE, LONGEST_WARNING = 40_000, 120, 200
GUIDE = "instruction, with what labels and examples say,"
UNSAID, AS_GUIDED = "Do as the form asks.", "Do as the guide says."


@dataclass(frozen=True, slots=True)
class Terms:
    """What a job asks, and at which pay (the least one, where `names_pay` is false): orders of the same are one job."""

    work_type: WorkType
    title: str
    guide: str
    form: dict[str, Any]
    overlap: int
    pay: Decimal
    names_pay: bool
    review_rule: str
    content: dict[str, str]
    sensitivity: str
    time_limit: timedelta

    def digest(self) -> str:
        """Return the SHA-256 of all of it."""
        said = [
            self.work_type.pk, self.title, self.guide, self.form, self.overlap, plain(self.pay), self.content,
            self.sensitivity, *([] if self.names_pay else ["as voted"]),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Checked:
    """What an order asks, the files it shows by what names them, and the addresses of those to be fetched first."""

    asked: Terms
    found: dict[str, assets.Named]
    away: list[str]


def terms(kind: str, params: dict[str, Any], instruction: str, version: ProjectVersion) -> Terms:
    """Return what members would be asked, and at which pay. Raise Wrong or Refused where they would not be."""
    known = kinds.find(kind)
    shape = known.shape(params) if known else ""
    if known is None or not shape:
        message = f"{kind} cannot be ordered like this with a live key. {known.unheld(params) if known else ''}"
        raise Wrong(message.strip())
    if unseen := known.unseen(params):
        raise Wrong(unseen)
    if unheard := known.unheard(params):
        way = f"say {INSTEAD[unheard[0]]}" if unheard[0] in INSTEAD else "leave it out, or try it with a test key"
        message = f"Members are not asked for {unheard[0]} yet: {way}."
        raise Wrong(message, 402)
    work_type = version.work_type or _the_one(shape)
    if work_type.shape != shape:
        message = f"work_type {work_type.slug} is answered by {work_type.shape}, and this order by {shape}"
        raise Wrong(message)
    form = known.form(params, _question(instruction))
    if wrong := shapes.form_problems(shape, form):
        raise Wrong(str(wrong[0]))
    content, warning = _content(params), _whole(params.get("content_warning"), "content_warning", LONGEST_WARNING)
    refuse_if(contents.refusal(content, warning))
    overlap = fields.whole(params.get("responses_required"), 1)
    rate = jobs.voted_rate(work_type)
    agree = overlap > 1 and shapes.find(shape).agrees(form)
    guide = _whole((instruction or UNSAID) + beside.explained(params), GUIDE, LONGEST_GUIDE)
    return Terms(
        work_type, _title(params, work_type), guide, form, overlap,
        *paying.asked(params, version, work_type, rate, content),
        ReviewRule.MAJORITY if agree else ReviewRule.PEER, content, warning, _time(rate),
    )  # fmt: skip


def _question(instruction: str) -> str:
    """Return the first line of an instruction that says something; where it is long, that the guide says it."""
    lines = (line.strip("#* ") for line in instruction.splitlines())
    first = next((line for line in lines if line), UNSAID)
    return first if len(first) <= LONGEST_QUESTION else AS_GUIDED


def _whole(said: object, name: str, most: int) -> str:
    """Return a text that members read whole; raise Wrong where it is too long for that."""
    text = str(said or "")
    if len(text) > most:
        message = f"{name} has at most {most:,} characters: members read all of it"
        raise Wrong(message)
    return text


def _title(params: dict[str, Any], work_type: WorkType) -> str:
    """Return what everybody reads above the job: what the order says, or the kind of work; never a project's name."""
    said = params.get("title") or work_type.name
    if not isinstance(said, str) or not said.strip() or len(said) > LONGEST_TITLE:
        message = f"title is a text of at most {LONGEST_TITLE} characters: everybody reads it above the job"
        raise Wrong(message)
    return said


def _the_one(shape: str) -> WorkType:
    """Return the kind of work of a shape on the rate card, of several the one voted first; raise Wrong for none."""
    asked = founding.for_clients().filter(shape=shape).annotate(since=Min("rates__since"), first=Min("rates__pk"))
    found = next((one for one in asked.order_by("since", "first") if jobs.voted_rate(one)), None)
    if found is None:
        message = f"The members have voted no rate for work answered by {shape} (rule N10)."
        raise Wrong(message, 402)
    return found


def _content(params: dict[str, Any]) -> dict[str, str]:
    """Return which topics may upset and how often, as `content` says; of words alone, another topic in most tasks."""
    said = params.get("content")
    if isinstance(said, dict):
        return {str(topic): str(share) for topic, share in said.items()}
    return {Topic.OTHER.value: Share.MOST.value} if params.get("content_warning") else {}


def _time(rate: Rate | None) -> timedelta:
    return max(jobs.TIME_LIMIT, timedelta(seconds=ENOUGH * rate.estimated_seconds if rate else 0))


def terms_of(order: Order) -> Terms:
    """Return the terms of an order that was taken."""
    assert order.version is not None  # noqa: S101 - live orders have a project
    return terms(order.kind, order.params, order.instruction, order.version)


def check(
    client: Client, facts: dict[str, Any], version: ProjectVersion | None, known: Mapping[str, object]
) -> Checked:
    """Return what an order asks and shows; `known` are responses to it. Raise Wrong or Refused where no job does it."""
    if version is None:
        message = "Missing required parameter: project (with a live key each order has one)"
        raise Wrong(message)
    asked = terms(facts["kind"], facts["params"], facts["instruction"], version)
    away = _elsewhere(facts["kind"], facts["params"], asked)
    found = {**assets.named(client, facts["params"]), **assets.expected(away)}
    if len({one.name for one in found.values()}) > assets.MOST_SHOWN:
        raise Wrong(assets.TOO_MANY)
    data = _data(facts["kind"], facts["params"], found)
    if wrong := shapes.find(asked.work_type.shape).data_problems(asked.form, data):
        raise Wrong(str(wrong[0]))
    _require_value("hypothesis", _predicted(facts["kind"], facts["params"]), asked)
    for name, response in known.items():
        _require_value(name, knowing.value(facts["kind"], facts["params"], response, name), asked)
    return Checked(asked, found, away)


def _predicted(kind: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a machine said of an order, as a value. Raise Wrong for what cannot be read."""
    try:
        return _known(kind).predicted(params)
    except predictions.BROKEN as error:
        message = "hypothesis cannot be read: it has the shape of a response"
        raise Wrong(message) from error


def _require_value(name: str, said: dict[str, Any] | None, asked: Terms) -> None:
    schema = shapes.find(asked.work_type.shape).schema(asked.form)
    if said is not None and (faults := checking.says(checking.faults(schema, said))):
        message = f"{name}: {faults[0]}"
        raise Wrong(message)


@transaction.atomic
def place(orders: Sequence[Order], *, by: Person, at: datetime) -> list[Job]:
    """Give live orders of one project and batch their jobs, funded and open. Raise Refused: then nothing is done."""
    found = {**assets.named(orders[0].client, [order.params for order in orders]), **assets.fetched(orders)}
    # Before any money: an order that joins an open job takes them in this turn too.
    assets.locked(found.values())
    groups: dict[str, tuple[Terms, list[Order]]] = {}
    for order in orders:
        asked = terms_of(order)
        groups.setdefault(asked.digest(), (asked, []))[1].append(order)
    jobs_made = [_group(asked, together, found, by=by, at=at) for asked, together in groups.values()]
    Order.objects.bulk_update(orders, ["task"], batch_size=1000)
    return jobs_made


def price(orders: Sequence[Order]) -> Decimal:
    """Return the US$ that orders which are still to be placed cost at most."""
    asked = [terms_of(order) for order in orders]
    alike = {one.digest(): one for one in asked}
    many = Counter(one.digest() for one in asked)
    client = orders[0].client_id if orders else 0
    quotes = (
        jobs.quote(one.work_type.pk, many[mark], one.overlap, _offered(client, one)) for mark, one in alike.items()
    )
    return sum((quote.total for quote in quotes), Decimal(0))


def read_at_once(orders: Sequence[Order]) -> int:
    """Return of how many orders, the first ones, the files are read while the client waits; the worker reads others."""
    found = {**assets.named(orders[0].client, [order.params for order in orders]), **assets.fetched(orders)}
    shown = set[str]()
    for count, order in enumerate(orders):
        shown.update(text for text in assets.texts(order.params) if text in found)
        if len(shown) > assets.MOST_SHOWN:
            return max(count, 1)
    return len(orders)


def place_at_once(order: Order, checked: Checked, *, by: Person, at: datetime) -> Job:
    """Give an order that was checked its job, as `place` does, before it is written down in the same transaction."""
    return _group(checked.asked, [order], checked.found, by=by, at=at)


def _group(asked: Terms, orders: list[Order], found: dict[str, assets.Named], *, by: Person, at: datetime) -> Job:
    """Let one job do orders that ask the same."""
    data = [(order.key.hex, _row(order, found)) for order in orders]
    # What is known is said before anybody works: such orders join no open job.
    knows = any(knowing.right(order) is not None for order in orders)
    job = _job(orders, asked, _shown(data, found), knows=knows, by=by, at=at)
    added = additions.add(job, data, by=by, at=at)
    if job.opened_at is None:
        knowing.note(orders, added, by=by, at=at)
        jobs.open(jobs.fund(job, by=by, at=at), by=by, at=at)
    for order, task in zip(orders, added, strict=True):
        order.task = task
    return job


def _job(orders: list[Order], asked: Terms, shown: list[assets.Named], *, knows: bool, by: Person, at: datetime) -> Job:
    """Return the job that orders join: an open one that asks the same, or a new one; it has the files they show."""
    first = orders[0]
    project, batch = first.project, first.batch
    assert project is not None  # noqa: S101 - live orders have a project
    job = None if knows else _open_job(project, batch, asked, shown)
    if job is None:
        # The client's row is the lock: two orders at once make one job, not two. So it is looked for again.
        client = Client.objects.select_for_update(no_key=True).get(pk=first.client_id)
        job = None if knows else _open_job(project, batch, asked, shown)
    if job:
        assets.hand_over(job, shown, by=by, at=at)
        return job
    pay = _offered(client.pk, asked)
    if shown:  # before they are read, which takes long, and would leave them on disk
        most = jobs.quote(asked.work_type.pk, len(orders), asked.overlap, pay).total
        refuse_if(escrow.refusal_to_fund(client, most))
    job = _draft(client, asked, pay, by=by, at=at)
    Lot.objects.create(job=job, project=project, batch=batch, digest=asked.digest())
    assets.hand_over(job, shown, by=by, at=at)
    return job


def _open_job(project: Project, batch: Batch | None, asked: Terms, shown: Sequence[assets.Named]) -> Job | None:
    """Return the open job of a batch, or of a project without one, that asks this and has room for files."""
    found = finding.open_job(project, batch, asked.digest())
    if found is None or (shown and files.refusal(found)):
        return None
    found.client, found.work_type = project.client, asked.work_type
    return found


def _offered(client: int, asked: Terms) -> Decimal:
    """Return the pay of a new job: as named, or where none is at least what comparable work makes it (rule N5)."""
    if asked.names_pay:
        return asked.pay
    least = funds.least_for(client, asked.work_type.pk, asked.title, asked.content)
    return max(asked.pay, least or asked.pay)


def _draft(client: Client, asked: Terms, pay: Decimal, *, by: Person, at: datetime) -> Job:
    return jobs.draft(
        client, work_type=asked.work_type, title=asked.title, guide=asked.guide, form=asked.form,
        overlap=asked.overlap, pay=pay, review_rule=asked.review_rule, sensitivity=asked.sensitivity,
        content=asked.content,
        time_limit=asked.time_limit, by=by, at=at,
    )  # fmt: skip


def _data(kind: str, params: dict[str, Any], found: dict[str, assets.Named]) -> dict[str, Any]:
    """Return the data of a task, its files by the names they have in the job."""
    shown = {**_known(kind).data(params), **beside.laid(params)}
    return {name: assets.renamed(value, found) for name, value in shown.items()}


def _row(order: Order, found: dict[str, assets.Named]) -> dict[str, Any]:
    """Return what joins a job for an order: the data of its task, and what a machine said of it."""
    data = _data(order.kind, order.params, found)
    said = {"hypothesis": _predicted(order.kind, order.params), "initial_response": knowing.first(order)}
    found_of = [{"value": value, "model": model} for model, value in said.items() if value is not None]
    return {**data, predictions.FIELD: found_of[-1]} if found_of else data


def _elsewhere(kind: str, params: dict[str, Any], asked: Terms) -> list[str]:
    """Return the addresses of files that an order shows and that are not here. Raise Wrong for what is no address."""
    known, laid = _known(kind), beside.laid(params)
    parts = shapes.find(asked.work_type.shape).files or known.files(params)
    return assets.elsewhere({**known.data(params), **laid}, [*parts, *laid], reads=known.reads)


def _known(kind: str) -> Kind:
    found = kinds.find(kind)
    assert found is not None  # noqa: S101 - the terms know it
    return found


def _shown(data: Iterable[additions.Addition], found: dict[str, assets.Named]) -> list[assets.Named]:
    """Return the files that tasks show, each once."""
    names = {name for _id, one in data for name in assets.texts(one)}
    return [one for one in found.values() if one.name in names]


def place_late(order: Order, *, at: datetime) -> None:
    """Place an order whose files have come, in the name of whoever sent it; what is in the way fails it."""
    by = order.created_by
    if by is None:
        fail(order, "Who ordered this has left the organisation. Order it again.", at=at)
        return
    try:
        place([order], by=by, at=at)
    except (Wrong, Refused) as refused:
        fail(order, str(refused.refusal) if isinstance(refused, Refused) else str(refused), at=at)


def fail(order: Order, words: str, *, at: datetime) -> None:
    """End an order that nobody can do, say why, and tell its address."""
    order.failed_at = order.updated_at = at
    order.error = words
    if order.params.get("clear_unique_id_on_error"):
        order.unique_id = None
    order.save(update_fields=["failed_at", "updated_at", "error", "unique_id"])
    callbacks.of_order(order, at=at)
    callbacks.of_batches([order.batch] if order.batch else [], at=at)


def call_off(order: Order) -> bool:
    """Offer an order's task no more, unless somebody has taken it; tell whether it was called off."""
    if order.task_id is None:
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.tasks_call_off(%s)", [order.task_id])
        (off,) = cursor.fetchone()
    return bool(off)


@transaction.atomic
def cancel(batch: Batch, *, by: Person, at: datetime) -> None:
    """End a batch: what nobody has begun is called off and its money comes back; what is begun is done and paid."""
    for lot in batch.lots.select_related("job__client", "job__work_type"):
        jobs.close(lot.job, by=by, at=at)
    off = [one for one in batch.orders.filter(canceled_at=None) if call_off(one)]
    for order in off:
        order.canceled_at = order.updated_at = at
    Order.objects.bulk_update(off, ["canceled_at", "updated_at"], batch_size=1000)


@transaction.atomic
def pause(batch: Batch, *, by: Person, at: datetime) -> None:
    """Offer the jobs of a batch no more for a while. Raise Refused where one cannot be paused: then none is."""
    for lot in batch.lots.filter(job__closed_at=None).select_related("job").order_by("job"):
        halts.begin(lot.job, reason=_("The client's program paused this batch of work."), by=by, at=at)


@transaction.atomic
def resume(batch: Batch, *, by: Person, at: datetime) -> None:
    """Offer the jobs of a batch again."""
    for lot in batch.lots.select_related("job").order_by("job"):
        halts.end(lot.job, by=by, at=at)
