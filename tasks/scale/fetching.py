"""Fetching what orders and imports name by its address, before anything of it is shown.

Programs are answered at once; the worker asks the servers that clients named, through the guarded door, and looks by
content what came, in a process apart. An order is placed once all its files are here, and fails where one never comes.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files import File
from django.db import transaction
from procrastinate.contrib.django import app as background

from coop import door
from tasks.media import apart
from tasks.media.bounds import FILE_BYTES, Unfit
from tasks.models import Asset, FileKind, Order
from tasks.scale import live, problems
from tasks.scale.problems import Problem

FETCH = "tasks.fetch_files"
AT_ONCE = 8
PATIENCE = 60.0
# How long after each try that led to nothing the next one is made.
DELAYS = [timedelta(minutes=1), timedelta(minutes=5)]
# What another try may change.
PASSING = [problems.of_door(why) for why in (
    door.Why.UNKNOWN, door.Why.NO_ANSWER, door.Why.LATE, door.Why.BROKEN, door.Why.STATUS,
)]  # fmt: skip


def have_fetched(client_id: int) -> None:
    """Let the worker fetch what a client's orders and imports name, in the transaction of the act."""
    background.configure_task(FETCH, lock=f"fetch:{client_id}").defer(client_id=client_id)


def clients_due(*, at: datetime) -> list[int]:
    """Return the clients whose files wait to be fetched."""
    due = Asset.objects.filter(next_at__lte=at)
    return list(due.order_by("client_id").values_list("client_id", flat=True).distinct())


def fetch_due(client_id: int, *, at: datetime) -> int:
    """Fetch the first files that are due, side by side, and place the orders that have all of theirs; say how many."""
    due = list(Asset.objects.filter(client=client_id, next_at__lte=at).order_by("next_at", "pk")[:AT_ONCE])
    with TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as together:
        places = [Path(folder) / str(number) for number in range(len(due))]
        for asset, place, problem in zip(due, places, together.map(_fetch, due, places), strict=True):
            _keep(asset, place, problem or _look(place), at)
    return len(due)


def _fetch(asset: Asset, place: Path) -> Problem | None:
    """Write what stands at an address into a file, and return what went wrong."""
    try:
        with place.open("wb") as out:
            door.fetch(asset.address, out, most=FILE_BYTES, seconds=PATIENCE)
    except door.Closed as closed:
        return problems.of_door(closed.why)
    return None


def _look(place: Path) -> Problem | None:
    """Return what is wrong with a file by its content: whatever its server calls it, it must be one of ours."""
    with TemporaryDirectory() as folder:
        try:
            kind = apart.run(place, Path(folder))["kind"]
        except Unfit as unfit:
            return {"problem": unfit.problem, **unfit.facts}
    return {"problem": "archive"} if kind == FileKind.ARCHIVE else None


@transaction.atomic
def _keep(asset: Asset, place: Path, problem: Problem | None, at: datetime) -> None:
    """Write down what came of a try, and what it means for the order that waits for it."""
    # The order first, as whoever cancels it locks it first.
    order = Order.objects.select_for_update(no_key=True, of=["self"]).filter(assets=asset).first()
    asset = Asset.objects.select_for_update(no_key=True, of=["self"]).get(pk=asset.pk)
    if problem in PASSING and asset.tries < len(DELAYS):
        asset.next_at, asset.tries = at + DELAYS[asset.tries], asset.tries + 1
    else:
        asset.next_at, asset.problem = None, problem
    if not problem:
        asset.bytes = place.stat().st_size
        with place.open("rb") as opened:
            asset.file.save(asset.key.hex, File(opened), save=False)
    asset.save(update_fields=["next_at", "tries", "problem", "file", "bytes"])
    if order and asset.next_at is None:
        _go_on(order, asset, at)


def _go_on(order: Order, asset: Asset, at: datetime) -> None:
    if order.canceled_at or order.failed_at or order.task_id:
        return
    if asset.problem:
        address = asset.address[:200]
        live.fail(order, f"{address}: {problems.words(asset.problem)}", at=at)
    elif order.batch_id is None and not order.assets.filter(next_at__isnull=False).exists():
        live.place_late(order, at=at)


def waiting(orders: Sequence[Order]) -> int:
    """Return how many files of orders are still to come."""
    return Asset.objects.filter(order__in=orders, next_at__isnull=False).count()
