"""What the tests of the client's side share: drafts, files, deposits."""

import io
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile, File

from coop import clock
from coop.people.models import Client, Person
from governance.models import Office
from payments.models import WorkType
from tasks import datasets, jobs
from tasks.models import Job, Upload
from tests.money_in import arrive

FORM = {"question": "Are these the same product?", "labels": ["Same", "Different"], "multiple": False}


def draft(client: Client, by: Person, **facts: Any) -> Job:
    """Draft a job of product matching at the voted rate."""
    given: dict[str, Any] = {
        "work_type": WorkType.objects.get(slug="product-match"), "title": "Same or not?", "guide": "Look twice.",
        "form": FORM, "overlap": 3, "pay": Decimal("0.09"),
    }  # fmt: skip
    return jobs.draft(client, **(given | facts), by=by, at=clock.now())


def file_of(content: str | bytes, name: str = "tasks.csv") -> "File[bytes]":
    """Return a file as a browser would send it."""
    return ContentFile(content.encode() if isinstance(content, str) else content, name=name)


def rows_of(count: int) -> str:
    """Return CSV with so many rows."""
    return "id,left,right\n" + "".join(f"p{n},Kettle {n},Steel kettle {n}\n" for n in range(count))


def send(job: Job, content: str | bytes, name: str = "tasks.csv") -> Upload:
    """Send a data set as the job's author."""
    return datasets.receive(job, file_of(content, name), by=job.created_by, at=clock.now())


def deposit(client: Client, amount: str, *, at: datetime | None = None) -> None:
    """Let the treasurer record money from the bank."""
    treasurer = Office.objects.get(post="treasurer")
    reference = f"BANK-TEST-{client.deposits.count()}"
    arrive(client, amount=Decimal(amount), reference=reference, by=treasurer, at=at or clock.now())


def ready(client: Client, by: Person, *, tasks: int = 4, **facts: Any) -> Job:
    """Return a draft with its tasks and its money."""
    job = draft(client, by, **facts)
    send(job, rows_of(tasks))
    deposit(client, "1000")
    return jobs.fund(job, by=by, at=clock.now())


def opened(client: Client, by: Person, **facts: Any) -> Job:
    """Return an open job."""
    return jobs.open(ready(client, by, **facts), by=by, at=clock.now())


class Stream(io.RawIOBase):
    """A body of any size that is never in memory; counts what was read of it."""

    def __init__(self, head: bytes, size: int, tail: bytes = b"") -> None:
        """Begin with `head`, then `size` bytes of text, then `tail`."""
        self.head, self.left, self.tail, self.taken = head, size, tail, 0

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes."""
        want = 65536 if size < 0 else size
        piece, self.head = self.head[:want], self.head[want:]
        if not piece:
            piece = b"x" * min(want, self.left)
            self.left -= len(piece)
        if not piece:
            piece, self.tail = self.tail[:want], self.tail[want:]
        self.taken += len(piece)
        return piece


def lines(content: bytes) -> list[dict[str, Any]]:
    """Return the objects of JSON lines."""
    return [json.loads(line) for line in content.decode().splitlines()]
