"""Jobs about files, of kinds that a vote opened."""

import json
from decimal import Decimal
from typing import Any

from coop import clock
from coop.people.models import Client, Person
from governance import mandates
from payments.models import WorkType
from tasks import files, jobs
from tasks.models import Job
from tests.payments.test_new_kinds import kind, voted
from tests.tasks import handing_in, orders


def voted_kind(shape: str, by: Person) -> WorkType:
    """Let the members open a kind of work that is answered like this."""
    slug = f"with-{shape.replace('_', '-')}"
    mandate = voted(kind(slug=slug, name=f"Work with {shape.replace('_', ' ')}", shape=shape), by)
    assert not mandates.enact(mandate, at=clock.now()).failure
    return WorkType.objects.get(slug=slug)


def opened(
    client: Client,
    by: Person,
    *,
    of: WorkType,
    form: dict[str, Any],
    given: dict[str, bytes],
    data: list[dict[str, Any]],
    overlap: int = 1,
    **facts: Any,
) -> Job:
    """Return an open job of that kind: its files handed in, its tasks naming them, members check each answer."""
    job = orders.draft(
        client, by, work_type=of, form=form, overlap=overlap, review_rule="peer", title="With files",
        **{"pay": Decimal("0.5"), **facts},
    )  # fmt: skip
    assert files.problems(handing_in.hand_in(job, given)) == []
    assert orders.send(job, "\n".join(map(json.dumps, data)), "tasks.jsonl").problems == []
    orders.deposit(client, "100")
    jobs.fund(job, by=by, at=clock.now())
    return jobs.open(job, by=by, at=clock.now())
