"""Post a job with so many tasks through the client's acts and print its id: `python -m tests.bench.prepare TASKS`."""

import json
import sys
import tempfile
import time
import uuid
from decimal import Decimal

import django

DELIVERY = 100_000


def post(tasks: int, pay: Decimal) -> tuple[int, float]:
    """Draft, fill, fund and open a job at US$ `pay` for each answer; return its id and the seconds of loading."""
    django.setup()
    from django.core.files import File  # noqa: PLC0415 - after setup

    from coop import clock  # noqa: PLC0415
    from coop.demo.life import person  # noqa: PLC0415
    from coop.people import clients  # noqa: PLC0415
    from coop.people.models import Client  # noqa: PLC0415
    from governance import offices  # noqa: PLC0415
    from payments.models import WorkType  # noqa: PLC0415
    from tasks import datasets, jobs  # noqa: PLC0415
    from tests.money_in import arrive  # noqa: PLC0415

    # Of a client of its own, or it would be a pilot of Orbit's work (N4).
    at, olga, name = clock.now(), person("Olga"), f"bench-{uuid.uuid4().hex[:12]}"
    client = Client.objects.get(pk=clients.found(name=name, slug=name, by=olga, at=at).pk)
    treasurer = offices.held_by(person("Teresa"), at)[0]
    amount, reference = tasks * max(Decimal(1), 2 * pay), f"BENCH-{uuid.uuid4().hex[:12]}"
    arrive(client, amount=amount, reference=reference, by=treasurer, at=at)
    job = jobs.draft(
        client, work_type=WorkType.objects.get(slug="product-match"), title=f"Bench of {tasks} tasks", guide="Choose.",
        form={"question": "The same?", "labels": ["Same", "Different"], "multiple": False}, overlap=1,
        pay=pay, review_rule="peer", by=olga, at=at,
    )  # fmt: skip
    began = time.monotonic()
    for first in range(0, tasks, DELIVERY):
        with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
            for number in range(first, min(first + DELIVERY, tasks)):
                row = {"id": f"t{number}", "left": "Kettle 1.7 l", "right": f"Kettle {number}"}
                file.write(json.dumps(row).encode() + b"\n")
            file.seek(0)
            upload = datasets.receive(job, File(file, name="bench.jsonl"), by=olga, at=at)
        datasets.load(upload, at=clock.now())
    seconds = time.monotonic() - began
    jobs.fund(job, by=olga, at=clock.now())
    jobs.open(job, by=olga, at=clock.now())
    return job.pk, seconds


if __name__ == "__main__":
    number, loading = post(int(sys.argv[1]), Decimal("0.09"))
    print(number, round(loading, 2))  # noqa: T201 - read by the process that asked
