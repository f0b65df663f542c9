"""Everything that a client has here, with one word in each of its texts that nobody else may read."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from coop import clock
from coop.demo.founding import CHORUS
from coop.people import clients, keys
from coop.people.models import ApiKey, Client, Person
from payments import paybacks
from payments.models import WorkType
from tasks import (
    answers,
    checks,
    claims,
    draft_files,
    formats,
    guides,
    jobs,
    known,
    release_files,
    releases,
    reviews,
    sketches,
    stages,
    teams,
)
from tasks.endpoints import naming
from tasks.models import (
    Assignment,
    Dispute,
    Ground,
    Job,
    JobFile,
    Message,
    Order,
    Peer,
    Release,
    Sketch,
    Takes,
    Webhook,
)
from tasks.quality import estimates
from tasks.webhooks import addresses
from tests.conftest import person
from tests.tasks import disputing, filming, handing_in, orders
from tests.tasks.conftest import DIFFERENT, SAME, hand_in, work

WORD = "Zwillingskessel"
# What a client announces by opening a job stands on the board for everybody; the form says so.
ANNOUNCED = "Announced by its title"
# They do Orbit's work; whoever else walks has nothing to do with it.
WORKERS = [name.lower() for name in CHORUS[:6]]
CATEGORIES = {
    "instruction": f"{WORD}: the same?", "attachment": f"{WORD} | Kettle", "attachment_type": "text",
    "categories": ["Same", "Different"], "metadata": {"note": WORD}, "tags": [WORD],
}  # fmt: skip


@dataclass(slots=True)
class Material:
    """What Orbit has: the open job and the draft, and one of each thing that has an address."""

    client: Client
    job: Job
    draft: Job
    file: JobFile
    film: JobFile
    assignment: Assignment
    rejected: Assignment
    dispute: Dispute
    peer: Peer
    release: Release
    webhook: Webhook
    message: Message
    key: ApiKey
    seat: int
    payback: int
    sketch: Sketch
    orders: list[Order] = field(default_factory=list)

    def of_job(self, job: Job) -> dict[str, object]:
        """Return what stands in addresses below a job."""
        return {
            "slug": self.client.slug, "number": job.pk, "pk": self.rejected.pk, "answer": self.rejected.pk,
            "release": self.release.number, "which": 2, "name": "jsonl", "kind": "jsonl", "ending": "csv", "team": 1,
            "token": "x",
            "batch": job.uploads.latest("pk").pk, "delivery": self.file.delivery_id,
        }  # fmt: skip

    def of_client(self) -> dict[str, object]:
        """Return what stands in a client's other addresses."""
        return {
            "slug": self.client.slug, "month": f"{clock.now():%Y-%m}", "year": f"{clock.now():%Y}", "form": "csv",
            "kind": "product-match", "key": self.message.key, "deposit": 1, "place": "stripe", "topic": "money",
        }  # fmt: skip

    def named(self, order: Order) -> dict[str, Any]:
        """Return the names by which Scale's interface asks for an order and what it belongs to."""
        batch, project = order.batch, order.project
        assert batch is not None
        assert project is not None
        return {
            "task_id": order.key.hex, "key": order.key.hex, "id": order.key.hex, "project_id": str(project.key),
            "project_name": project.name, "project": project.name, "batch_id": str(batch.key), "batch": batch.name,
            "batch_name": batch.name, "unique_id": WORD, "emails": [f"{WORD.lower()}@example.com"], "group": WORD,
        }  # fmt: skip


def made(client: Client, by: Person) -> Material:
    """Make it all, by acts."""
    workers = disputing.learned(client, by, names=" ".join(WORKERS))
    job, file = _opened(client, by)
    first, second = workers[0], workers[1]
    known_one, rejected = work(job, first, SAME), work(job, second, DIFFERENT)
    dispute = disputing.reject(rejected, by, reason=f"{WORD} is another one.")
    held = _question_and_reply(job, workers[2], by)
    hand_in(held, SAME)
    checks.take(held, by=workers[3], at=clock.now())
    disputing.look(disputing.places(dispute)[1], stands=True)
    _together(_handed_on(client, by, workers[0]), workers[1], workers[5])
    estimates.estimate(job, at=clock.now())
    release = releases.write(releases.ask(job, by=by, at=clock.now()), at=clock.now())
    release_files.ask(release, formats.find("csv", job), at=clock.now())
    releases.withdraw(job, [f"{WORD}-11"], reason=f"{WORD} is not ours.", by=by, at=clock.now())
    webhook, _secret = addresses.add(
        client, url=f"https://{WORD.lower()}.example/", kinds=list(addresses.KINDS), by=by, at=clock.now()
    )
    clients.offer(client, f"{WORD.lower()}@example.com", by=by, at=clock.now())
    return Material(
        client=client, job=job, draft=_drafted(client, by), file=file, film=job.files.get(kind="video"),
        assignment=known_one, rejected=rejected,
        dispute=dispute, peer=Peer.objects.filter(dispute=dispute).order_by("rank")[0], release=release,
        webhook=webhook, message=addresses.try_out(webhook, by=by, at=clock.now()),
        key=keys.issue(client, name=WORD, scopes=["read"], by=by, at=clock.now())[0],
        seat=clients.offers(client)[0].pk, payback=_asked_back(client, by), sketch=_sketched(client, by),
        orders=_ordered(client, by),
    )  # fmt: skip


def _asked_back(client: Client, by: Person) -> int:
    orders.deposit(client, "5")
    return paybacks.ask(client, amount=Decimal(5), key=uuid4(), by=by, at=clock.now())[0].pk


def _drafted(client: Client, by: Person) -> Job:
    job = orders.draft(client, by, title=WORD, guide=WORD)
    orders.send(job, json.dumps({"id": WORD, "left": WORD, "right": WORD}), f"{WORD}.jsonl")
    naming.name(job, url=f"https://{WORD.lower()}.example/", by=by, at=clock.now())
    return job


def _sketched(client: Client, by: Person) -> Sketch:
    begun = sketches.begin(client, work_type=WorkType.objects.get(slug="product-match"), by=by, at=clock.now())
    sketches.bring(begun, orders.file_of(f"id,left,right\n{WORD},{WORD},{WORD}\n", f"{WORD}.csv"), by=by)
    content = handing_in.image()
    sent = [ContentFile(content, name=f"{WORD}.png"), ContentFile(filming.video(1), name=f"{WORD}.mp4")]
    draft_files.receive(begun, sent, by=by)
    draft_files.take_in(begun.pk, at=clock.now())
    return sketches.keep(begun, {"title": WORD, "guide": WORD, "question": WORD}, by=by)


def _opened(client: Client, by: Person) -> tuple[Job, JobFile]:
    form = {"question": f"The same {WORD}?", "labels": ["Same", "Different"], "multiple": False}
    job = orders.draft(
        client, by, title=ANNOUNCED, guide=f"{WORD}: look twice.", form=form, overlap=2, review_rule="peer"
    )
    file = handing_in.taken_in(job, f"{WORD}.png", handing_in.image())
    handing_in.taken_in(job, f"{WORD}.mp4", filming.video(1))
    row = {"left": WORD, "right": "Kettle", "image": file.name, "prediction": {"value": SAME, "model": WORD}}
    lines = [json.dumps(row | {"id": f"{WORD}-{number}"}) for number in range(12)]
    sent = orders.send(job, "\n".join(lines), f"{WORD}.jsonl")
    assert sent.problems == []
    first = job.tasks.order_by("position")[0]
    known.say(first, value=SAME, why=f"Both are {WORD}.", by=by, at=clock.now())
    orders.deposit(client, "500")
    jobs.fund(job, by=by, at=clock.now())
    return jobs.open(job, by=by, at=clock.now()), file


def _handed_on(client: Client, by: Person, who: Person) -> Job:
    """Return a job of which an answer came to its next stage, and that goes on."""
    facts: dict[str, Any] = {"title": ANNOUNCED, "guide": WORD, "overlap": 1, "review_rule": "peer"}
    former, stage = orders.draft(client, by, **facts), orders.draft(client, by, **facts)
    orders.send(former, orders.rows_of(4).replace("Kettle", WORD))
    stages.join(stage, after=former, takes=Takes.EACH, carries={"answered": "labels"}, by=by, at=clock.now())
    for job in (stage, former):
        jobs.open(jobs.fund(job, by=by, at=clock.now()), by=by, at=clock.now())
    reviews.accept(work(former, who, SAME), by=by, at=clock.now(), ground=Ground.CLIENT)
    assert stages.hand_on_due(at=clock.now()) == 1
    return Job.objects.get(pk=former.pk)


def _together(job: Job, one: Person, other: Person) -> None:
    """Let two write a task of a job together, and talk about it."""
    team = teams.propose(job, shares={one: 50, other: 50}, by=one, at=clock.now())
    teams.consent(team, digest=teams.digest(team), by=other, at=clock.now())
    ours = claims.claim_next(job, by=one, at=clock.now())
    teams.say(ours, words=f"Which {WORD} is it?", by=other, at=clock.now())
    for who in (one, other):
        answers.save_draft(ours, value=SAME, by=who, at=clock.now())


def _question_and_reply(job: Job, who: Person, by: Person) -> Assignment:
    held = claims.claim_next(job, by=who, at=clock.now())
    asked = guides.ask(held, words=f"Which {WORD}?", by=who, at=clock.now())
    guides.publish(job, guide=job.guide, replies={asked: f"Any {WORD}."}, after=1, by=by, at=clock.now())
    guides.ask(held, words=f"Another {WORD}?", by=who, at=clock.now())
    return held


def program(client: Client, by: Person, scopes: list[str], kind: str = "Basic") -> Browser:
    """Return a program with a key of these scopes: Basic is how Scale's interface is called, Bearer ours."""
    _key, secret = keys.issue(client, name="walk", scopes=scopes, by=by, at=clock.now())
    said = base64.b64encode(f"{secret}:".encode()).decode() if kind == "Basic" else secret
    return Browser(headers={"authorization": f"{kind} {said}"})


def _ordered(client: Client, by: Person) -> list[Order]:
    """Let programs of a client order a task, by a live key and by one that tries things out."""
    for scopes in (["read", "post", "fund", "download"], ["test"]):
        call = program(client, by, scopes)
        name = f"{WORD} {scopes[0]}"
        _sent(call, "projects", {"name": name, "type": "categorization", "params": {"work_type": "product-match"}})
        _sent(call, "batches", {"project": name, "name": name})
        _sent(call, "task/categorization", CATEGORIES | {"batch": name, "unique_id": name})
        _sent(call, "task/categorization", CATEGORIES | {"project": name})
        picture = SimpleUploadedFile(f"{WORD}.png", handing_in.image())
        assert call.post("/v1/files/upload", {"file": picture}).status_code == 200
    found = Order.objects.filter(client=client).exclude(batch=None)
    return list(found.select_related("batch", "project").order_by("pk"))


def _sent(call: Browser, path: str, body: Mapping[str, Any]) -> None:
    answer = call.post(f"/v1/{path}", body, content_type="application/json")
    assert answer.status_code == 200, answer.text


def stranger() -> Person:
    """Return who has a seat at another client and is no member."""
    rita = person("nia")
    clients.found("Rival", slug="rival", by=rita, at=clock.now())
    return rita
