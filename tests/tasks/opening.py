"""New kinds of work as they come about: voted with their rate, then ordered by a client as the page for it says."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from coop import clock
from coop.people.models import Client, Person
from governance import mandates, proposals, voting
from governance.models import Mandate
from payments.models import WorkType
from tasks import datasets, jobs
from tasks.models import Job, ReviewRule
from tests.governance.conftest import cast_all, reach, support
from tests.tasks.orders import deposit, file_of


def vote_kind(shape: str, by: Person) -> WorkType:
    """Let the members open a kind of work that is answered in this shape."""
    slug = f"kind-{shape.replace('_', '-')}"
    payload = {
        "slug": slug, "name": f"Work of {shape.replace('_', ' ')}", "unit": "task", "shape": shape, "tier": "testing",
        "language": "en", "amount": "0.5", "currency": "USD", "estimated_seconds": 60,
    }  # fmt: skip
    draft = proposals.draft(policy="new_kind", payload=payload, title="New work", text="…", by=by, at=clock.now())
    vote = proposals.publish(support(draft), by=by, at=clock.now())
    cast_all(vote, yes=30)
    voting.close(vote, at=reach(vote.closes_at))
    mandate = Mandate.objects.get(proposal=vote)
    assert not mandates.enact(mandate, at=reach(mandate.due_at)).failure
    return WorkType.objects.get(slug=slug)


def order(
    client: Client,
    by: Person,
    kind: WorkType,
    form: dict[str, Any],
    data: list[dict[str, Any]],
    *,
    overlap: int = 1,
) -> Job:
    """Draft a job of one answer or several to each task that a member checks, fill, fund and open it."""
    job = jobs.draft(
        client, work_type=kind, title=f"Job: {kind.name}", guide="Look twice.", form=form, overlap=overlap,
        pay=Decimal("0.5"), review_rule=ReviewRule.PEER, time_limit=timedelta(minutes=30), by=by, at=clock.now(),
    )  # fmt: skip
    rows = "".join(json.dumps(row) + "\n" for row in data)
    upload = datasets.receive(job, file_of(rows, "tasks.jsonl"), by=by, at=clock.now())
    assert not upload.problems
    deposit(client, "100")
    jobs.fund(job, by=by, at=clock.now())
    return jobs.open(job, by=by, at=clock.now())
