"""One of several processes: `python -m tests.bench.postings WHAT WORKER COUNT` posts COUNT times; or founds who pays.

WHAT is `spread` (one transfer each, among clients of its own), `hot` (one transfer each, all from one client), `batch`
(a thousand transfers each) or `found`, which prints the numbers of the accounts, payers first.
"""

import sys
import time
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import django

from tests.bench import crowd

PAIRS, BATCH, CENT = 64, 1_000, Decimal("0.01")


def found() -> None:
    """Let 64 clients pay in a million dollars each and draft a job, and print the accounts of both, and the job."""
    from coop import clock  # noqa: PLC0415 - after setup
    from coop.demo.life import person  # noqa: PLC0415
    from coop.people import clients  # noqa: PLC0415
    from governance import offices  # noqa: PLC0415
    from payments import accounts, ledger  # noqa: PLC0415
    from payments.models import Account, WorkType  # noqa: PLC0415
    from tasks import jobs  # noqa: PLC0415
    from tests.money_in import arrive  # noqa: PLC0415

    kind, form = WorkType.objects.get(slug="product-match"), {"question": "?", "labels": ["A", "B"], "multiple": False}
    at, olga = clock.now(), person("Olga")
    treasurer = offices.held_by(person("Teresa"), at)[0]
    codes: list[tuple[str, str, int]] = []
    for _number in range(PAIRS):
        name = f"books-{uuid.uuid4().hex[:12]}"
        client = clients.found(name=name, slug=name, by=olga, at=at)
        arrive(client, amount=Decimal(1_000_000), reference=name, by=treasurer, at=at)
        facts: dict[str, Any] = {
            "work_type": kind,
            "title": name,
            "guide": "Choose.",
            "form": form,
            "overlap": 1,
            "pay": Decimal("0.09"),
        }
        job = jobs.draft(client, by=olga, at=at, **facts)
        codes.append((accounts.client(client.pk), accounts.escrow(job.pk), job.pk))
        ledger.post(_line(codes[-1][:2], name, f"job:{job.pk}"), journal=name, at=at)
    known = dict(Account.objects.values_list("code", "pk"))
    for payer, escrow, job_id in codes:
        print(known[payer], known[escrow], job_id)  # noqa: T201 - read by who asked


def _line(pair: Sequence[str], key: str, ref: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - its class stands after setup
    from payments.ledger import Kind, Line  # noqa: PLC0415

    return Line(Kind.FUND, pair[0], pair[1], CENT, key, ref)


def main(what: str, worker: int, count: int) -> None:
    """Wait for the common start, then post; tell how long each took."""
    from coop import clock  # noqa: PLC0415 - after setup
    from payments import ledger  # noqa: PLC0415
    from tasks.models import Job  # noqa: PLC0415

    known = Job.objects.filter(title__startswith="books-").order_by("pk")
    pairs = [(f"client:{job.client_id}:available", f"job:{job.pk}:escrow", f"job:{job.pk}") for job in known]
    mine = pairs[:1] if what == "hot" else pairs[worker::8]
    run = uuid.uuid4().hex[:12]
    times = []
    crowd.wait_for_all()
    for number in range(count):
        began = time.perf_counter()
        size = BATCH if what == "batch" else 1
        taken = [mine[(number + place) % len(mine)] for place in range(size)]
        lines = [_line(pair, f"{run}:{worker}:{number}:{place}", ref) for place, (*pair, ref) in enumerate(taken)]
        ledger.post_many(lines, journal=f"{run}:{worker}:{number}", at=clock.now())
        times.append(time.perf_counter() - began)
    crowd.tell(times)


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "found":
        found()
    else:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
