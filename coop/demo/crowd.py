"""Replay a published crowd through the acts that the pages use: 176 people, 8,315 product pairs, 24,945 answers.

The answers have no times: what an hour came to is given at the rate card's usual time, and said so.
"""

import csv
import json
import multiprocessing
import statistics
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from django.core.files import File
from django.db import connections
from django.db.models import Sum

from coop import clock
from coop.demo.life import person
from coop.people import clients
from coop.people.models import Client, Person
from governance import offices, standing
from governance.models import Status
from payments import deposits, invariants, rates
from payments.models import WorkType
from tasks import answers, claims, datasets, exports, jobs, onboarding, reviews
from tasks.models import Assignment, AssignmentState, Job, Task
from tasks.quality import estimates

# Where the processes of a replay count what they have done.
DONE: ContextVar["Synchronized[int]"] = ContextVar("DONE")
# Told of each step: how many answers more there are to do, how many more are done.
type Progress = Callable[[int, int], None]

# Which label each of the published answers means.
LABELS = {"0": "Different", "1": "Same"}
NAMESPACE = uuid.UUID("5c0f6e3e-6f0b-4a56-9d1c-2f6d6b0a7f10")
GUIDE = "# Same product?\n\nSay **Same** if both shops sell the very same article, **Different** if not."


@dataclass(frozen=True, slots=True)
class Row:
    """One published answer: who said what about which pair."""

    pair: str
    worker: str
    answer: str


@dataclass(frozen=True, slots=True)
class Data:
    """The published data: its folder, and the answers in their order, at most `limit` pairs of them."""

    folder: Path
    limit: int | None = None

    def pairs(self) -> Iterator[dict[str, object]]:
        """Yield the pairs, as the client hands them in."""
        with (self.folder / "pairs.jsonl").open() as lines:
            for number, line in enumerate(lines):
                if self.limit is not None and number >= self.limit:
                    return
                yield json.loads(line)

    def answers(self) -> list[Row]:
        """Return the answers to these pairs."""
        wanted = {pair["id"] for pair in self.pairs()}
        with (self.folder / "answers.csv").open(newline="") as file:
            rows = [Row(line["pair"], line["worker"], line["answer"]) for line in csv.DictReader(file)]
        return [row for row in rows if row.pair in wanted]

    def truth(self) -> dict[str, str]:
        """Return the true answer to each pair."""
        with (self.folder / "truth.csv").open(newline="") as file:
            return {line["pair"]: line["same"] for line in csv.DictReader(file)}


@dataclass(frozen=True, slots=True)
class Figures:
    """What a replay came to. Money in US$; shares from 0 to 1; problems are rows that break an invariant."""

    people: int
    answers: int
    paid: Decimal
    fees: Decimal
    hourly: Decimal
    agreement: float
    accuracy: float
    f1: float
    weighed_accuracy: float
    weighed_f1: float
    problems: dict[str, list[tuple[object, ...]]]


def _silent(_more: int, _done: int) -> None:
    """Tell nobody."""


def replay(data: Data, *, processes: int = 1, progress: Progress = _silent) -> Figures:
    """Run the crowd through the platform and return what it came to; what is done already is not done again.

    `processes` work side by side, each person in one of them; 1 stays in this one. `progress` is told each step.
    """
    rows = data.answers()
    job = _job(data)
    shares = _shares(job, rows)
    progress(sum(len(share.todo) for share in shares), 0)
    if processes > 1:
        _side_by_side(shares, processes, progress)
    else:
        for share in shares:
            share.work_through(lambda: progress(0, 1))
    _let_silence_accept(job)
    jobs.close(job, by=person("Olga"), at=clock.now())  # what was set aside for checks goes back to the client
    return _figures(job, data)


@dataclass(frozen=True, slots=True)
class Share:
    """What one person of the crowd has still to do, with the tasks it is about."""

    someone: Person
    job: Job
    todo: list[tuple[Task, Row]]
    seconds: int

    def work_through(self, tick: Callable[[], None]) -> None:
        """Join by paid onboarding like everybody, then do the work; `tick` is called after each answer."""
        if standing.status(self.someone) == Status.APPLICANT:
            _onboard(self.someone)
        for task, row in self.todo:
            _answer(self.job, task, row, self.seconds, by=self.someone)
            tick()


def _shares(job: Job, rows: list[Row]) -> list[Share]:
    """Return each person's share, the largest first so that none is left alone at the end."""
    crowd = {worker: _join(worker) for worker in sorted({row.worker for row in rows})}
    tasks = {task.external_id: task for task in Task.objects.filter(job=job).only("external_id", "position")}
    done = set(Assignment.objects.filter(job=job).exclude(submitted_at=None).values_list("task_id", "person_id"))
    seconds = rates.current(job.work_type).estimated_seconds
    shares = {worker: Share(someone, job, [], seconds) for worker, someone in crowd.items()}
    for row in rows:
        if (tasks[row.pair].pk, crowd[row.worker].pk) not in done:
            shares[row.worker].todo.append((tasks[row.pair], row))
    return sorted(shares.values(), key=lambda share: -len(share.todo))


def _side_by_side(shares: list[Share], processes: int, progress: Progress) -> None:
    """Let several processes work through the shares, and report what all have done twice a second."""
    context = multiprocessing.get_context("fork")
    done = context.Value("l", 0)
    connections.close_all()
    with ProcessPoolExecutor(processes, context, initializer=DONE.set, initargs=(done,)) as pool:
        waiting = {pool.submit(_work_through, share) for share in shares}
        shown = 0
        while waiting:
            finished, waiting = wait(waiting, timeout=0.5)
            so_far = done.value
            progress(0, so_far - shown)
            shown = so_far
            _raise_at_once(finished, pool)


def _raise_at_once(finished: Iterable["Future[None]"], pool: ProcessPoolExecutor) -> None:
    """Raise what went wrong in a share without beginning any further one."""
    for future in finished:
        if future.exception():
            pool.shutdown(wait=False, cancel_futures=True)
        future.result()


def _work_through(share: Share) -> None:
    """Work through a share in a process of the pool, counting each answer where all of them count."""
    done = DONE.get()

    def tick() -> None:
        with done.get_lock():
            done.value += 1

    share.work_through(tick)


def _join(worker: str) -> Person:
    email = f"{worker.lower()}@crowd.workhall.example"
    found = Person.objects.filter(email=email).first()
    return found or Person.objects.create_user(email, name=worker)


def _onboard(someone: Person) -> None:
    """Answer every question of the onboarding that is left, rightly."""
    if (job := onboarding.job()) is None:
        return
    asked = Assignment.objects.filter(job=job, person=someone, state=AssignmentState.ACCEPTED).count()
    for _unit in range(Task.objects.filter(job=job).count() - asked):
        assignment = claims.claim_next(job, by=someone, at=clock.now())
        known = Task.objects.values_list("gold__value", flat=True).get(pk=assignment.task_id)
        answers.submit(assignment, value=known, key=uuid.uuid4(), seconds=60, by=someone, at=clock.now())


def _job(data: Data) -> Job:
    """Return the client's job, drafted, filled, funded and open."""
    found = Job.objects.filter(client__slug="product-match").first()
    job = found or _draft()
    if job.opened_at is None:
        _fill(job, data)
        olga = person("Olga")
        jobs.fund(job, by=olga, at=clock.now())
        job = jobs.open(job, by=olga, at=clock.now())
    return job


def _draft() -> Job:
    at, olga = clock.now(), person("Olga")
    client = clients.found(name="Product Match", slug="product-match", by=olga, at=at)
    treasurer, secretary = (offices.held_by(person(name), at)[0] for name in ("Teresa", "Petra"))
    sent = deposits.record(client, amount=Decimal(5000), reference="BANK-PRODUCT-MATCH", by=treasurer, at=at)
    deposits.confirm(sent, by=secretary, at=at)
    work_type = WorkType.objects.get(slug="product-match")
    return jobs.draft(
        Client.objects.get(pk=client.pk),
        work_type=work_type,
        title="Product pairs of two shops",
        guide=GUIDE,
        form={"question": "Are these the same product?", "labels": ["Same", "Different"], "multiple": False},
        overlap=3,
        pay=rates.current(work_type).amount,
        time_limit=timedelta(hours=1),
        by=olga,
        at=at,
    )


def _fill(job: Job, data: Data) -> None:
    if Task.objects.filter(job=job).exists():
        return
    with TemporaryFile() as file:
        _write(data, file)
        upload = datasets.receive(job, File(file, name="pairs.jsonl"), by=person("Olga"), at=clock.now())
    datasets.load(upload, at=clock.now())


def _write(data: Data, file: IO[bytes]) -> None:
    for pair in data.pairs():
        file.write(json.dumps(pair).encode() + b"\n")
    file.seek(0)


def _answer(job: Job, task: Task, row: Row, seconds: int, *, by: Person) -> None:
    """Claim a task and hand in what this person said about it, in the card's usual time: the data has none."""
    assignment = claims.claim_next(job, by=by, at=clock.now(), wanted=task)
    key = uuid.uuid5(NAMESPACE, f"{row.pair}/{row.worker}")
    value = {"labels": [LABELS[row.answer]]}
    answers.submit(assignment, value=value, key=key, seconds=seconds, by=by, at=clock.now())


def _let_silence_accept(job: Job) -> None:
    """Let the days pass after which silence accepts the answers that differ from the majority."""
    waiting = Assignment.objects.filter(job=job, state=AssignmentState.SUBMITTED)
    if waiting.exists():
        clock.advance(timedelta(days=job.review_days, hours=1))
    while reviews.accept_silent(at=clock.now(), limit=1000):
        continue


def _figures(job: Job, data: Data) -> Figures:
    votes = _votes(job)
    paid = Assignment.objects.filter(job=job, state=AssignmentState.ACCEPTED)
    sums = paid.aggregate(paid=Sum("pay"), fees=Sum("fee"))
    said = {pair: Counter(labels).most_common(1)[0][0] for pair, labels in votes.items()}
    accuracy, f1 = _right(said, data.truth())
    estimates.estimate(job, at=clock.now())
    weighed = {one.task: one.value["labels"][0] if one.value else "" for one in exports.results(job)}
    weighed_accuracy, weighed_f1 = _right(weighed, data.truth())
    work_type = job.work_type
    return Figures(
        people=paid.values("person").distinct().count(),
        answers=paid.count(),
        paid=sums["paid"],
        fees=sums["fees"],
        hourly=rates.hourly(job.pay, rates.current(work_type).estimated_seconds),
        agreement=statistics.mean(max(Counter(said).values()) / len(said) for said in votes.values()),
        accuracy=accuracy,
        f1=f1,
        weighed_accuracy=weighed_accuracy,
        weighed_f1=weighed_f1,
        problems={name: found for name, found in invariants.broken().items() if found},
    )


def _votes(job: Job) -> dict[str, list[str]]:
    """Return what was said about each pair, read back from the answers handed in."""
    votes: dict[str, list[str]] = defaultdict(list)
    given = Assignment.objects.filter(job=job, state=AssignmentState.ACCEPTED, answers__number=1)
    for pair, value in given.values_list("task__external_id", "answers__value").iterator():
        votes[pair].append(value["labels"][0])
    return votes


def _right(labels: dict[str, str], truth: dict[str, str]) -> tuple[float, float]:
    """Return accuracy and F1 of one label for each pair against the truth; "Same" is the positive class."""
    said = {pair: label == LABELS["1"] for pair, label in labels.items()}
    same = {pair: truth[pair] == "1" for pair in said}
    hits = sum(said[pair] and same[pair] for pair in said)
    wrong = sum(said[pair] != same[pair] for pair in said)
    return 1 - wrong / len(said), 2 * hits / (2 * hits + wrong)
