"""One of several processes: `python -m tests.bench.postings WHAT WORKER COUNT` posts COUNT times; or founds who pays.

WHAT is `spread` (one transfer each, among clients of its own), `hot` (one transfer each, all from one client), `batch`
(a thousand transfers each) or `found`, which prints the numbers of the accounts, payers first.
"""

import sys
import time
import uuid
from decimal import Decimal

import django

from tests.bench import crowd

PAIRS, BATCH, CENT = 64, 1_000, Decimal("0.01")
# Jobs that nobody has posted: the books ask for an account's name, not for its owner.
JOBS = 900_000_000


def found() -> None:
    """Let 64 clients pay in a million dollars each, open an account for a job of each, and print all accounts."""
    from coop import clock  # noqa: PLC0415 - after setup
    from coop.demo.life import person  # noqa: PLC0415
    from coop.people import clients  # noqa: PLC0415
    from governance import offices  # noqa: PLC0415
    from payments import accounts, deposits, ledger  # noqa: PLC0415
    from payments.models import Account  # noqa: PLC0415

    at, olga = clock.now(), person("Olga")
    treasurer = offices.held_by(person("Teresa"), at)[0]
    codes: list[tuple[str, str]] = []
    for number in range(PAIRS):
        name = f"books-{uuid.uuid4().hex[:12]}"
        client = clients.found(name=name, slug=name, by=olga, at=at)
        deposits.record(client, amount=Decimal(1_000_000), reference=name, by=treasurer, at=at)
        codes.append((accounts.client(client.pk), accounts.escrow(JOBS + number)))
        ledger.post(_line(codes[-1], name), journal=name, at=at)
    known = dict(Account.objects.values_list("code", "pk"))
    print(*(known[code] for pair in zip(*codes, strict=True) for code in pair))  # noqa: T201 - read by who asked


def _line(pair: tuple[str, str], key: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - its class stands after setup
    from payments.ledger import Kind, Line  # noqa: PLC0415

    return Line(Kind.FUND, *pair, CENT, key, key)


def main(what: str, worker: int, count: int) -> None:
    """Wait for the common start, then post; print when it ended and the median milliseconds of a posting."""
    from coop import clock  # noqa: PLC0415 - after setup
    from payments import ledger  # noqa: PLC0415
    from payments.models import Account  # noqa: PLC0415

    payers = list(Account.objects.filter(code__startswith="client:", balance__gt=10**11).order_by("pk"))[-PAIRS:]
    pairs = [(payer.code, f"job:{JOBS + number}:escrow") for number, payer in enumerate(payers)]
    mine = pairs[:1] if what == "hot" else pairs[worker::8]
    run = uuid.uuid4().hex[:12]
    times = []
    crowd.wait_for_all()
    for number in range(count):
        began = time.perf_counter()
        size = BATCH if what == "batch" else 1
        lines = [_line(mine[(number + place) % len(mine)], f"{run}:{number}:{place}") for place in range(size)]
        ledger.post_many(lines, journal=f"{run}:{number}", at=clock.now())
        times.append(time.perf_counter() - began)
    print(time.time(), sorted(times)[count // 2] * 1000)  # noqa: T201 - read by the process that asked


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "found":
        found()
    else:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
