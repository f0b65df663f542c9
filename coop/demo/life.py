"""The first days of the demonstration cooperative, lived through the acts that its pages use, as the web role."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.base import ContentFile

from coop import clock
from coop.demo import founding, shown
from coop.people import clients, profile
from coop.people.models import Client, Person
from governance import assembly, offices, proposals, supporting
from governance.models import Proposal
from payments import deposits
from payments.models import Fund, WorkType
from tasks import answers, claims, datasets, files, jobs, onboarding, sketches
from tasks.models import Job, ReviewRule, Skill

HERE = Path(__file__).parent
ONBOARDING_GUIDE = """\
# How pay works here

You see the **rate card** before you accept: pay, usual time, what that makes an hour. It is kept with your task
as you saw it and cannot change afterwards. A cut needs a vote of the members; the database refuses anything else.

Answer each question as you think right. Each one is paid, right or wrong, and you read at once why.
"""
ONBOARDING = [
    (
        "A job shows US$ 0.09 a task and a usual time of 30 seconds. What does that make an hour?",
        ["US$ 5.40", "US$ 10.80", "US$ 27.00"],
        "US$ 10.80",
        "There are 120 half minutes in an hour: 120 times 0.09 is 10.80.",
    ),
    (
        "You accepted a task at US$ 0.90. An hour later the client would like to pay 0.70. What are you paid?",
        ["US$ 0.90", "US$ 0.70", "The client decides"],
        "US$ 0.90",
        "Your card is fixed when you accept (rule E1).",
    ),
    (
        "Two products: 'Kettle 1.7 l, steel' and 'Glass kettle 1.5 l'. The same product?",
        ["Yes", "No"],
        "No",
        "Size and material differ.",
    ),
    (
        "A task upsets you. What may you do?",
        ["Skip it; nothing is held against you", "Finish it first", "Ask the client"],
        "Skip it; nothing is held against you",
        "Skipping is free. You can also report the content.",
    ),
    (
        "Who can lower the pay of a kind of work?",
        ["The client", "An officer", "The members, by a vote"],
        "The members, by a vote",
        "Rules N1 to N3: only a vote of those affected, counted by the database.",
    ),
]
# What the demonstration's funds begin with, in US dollars.
GRANTS = ((Fund.TRAINING, 500), (Fund.HEARING, 2000), (Fund.DISPUTE, 200))


def person(name: str) -> Person:
    """Return one of the cast."""
    return Person.objects.get(email=f"{name.lower()}@{founding.DOMAIN}")


def begin(at: datetime) -> None:
    """Open the books of the cooperative as a client, its onboarding, and Orbit's account."""
    treasurer = offices.held_by(person("Teresa"), at)[0]
    petra = person("Petra")
    secretary = offices.held_by(petra, at)[0]
    house = Client.objects.get(is_cooperative=True)
    for number, (fund, amount) in enumerate(GRANTS, start=1):
        reference = f"GRANT-2026-{number}"
        given = deposits.grant(house, amount=Decimal(amount), reference=reference, by=treasurer, at=at, fund=fund)
        deposits.confirm(given, by=secretary, at=at)
    onboarding.open_job(
        house,
        title="Start: how work and pay go here",
        guide=ONBOARDING_GUIDE,
        questions=ONBOARDING,
        pass_mark=4,
        by=petra,
        at=at,
    )
    orbit = clients.found(name="Orbit", slug="orbit", by=person("Olga"), at=at)
    sent = deposits.record(orbit, amount=Decimal(2500), reference="BANK-2026-0001", by=treasurer, at=at)
    deposits.confirm(sent, by=secretary, at=at)


def populate(at: datetime) -> None:
    """Let Priya show a skill, Orbit post jobs, members work, one of them read Spanish, and one propose a raise."""
    mathematics = shown.mathematics(person("Petra"), by=person("Priya"), at=at)
    match, *_others = [_post(order, mathematics, at) for order in ORDERS]
    for name, count in (("Amina", 12), ("Luis", 9), ("Grace", 12), ("Omar", 10)):
        _work(person(name), match, count)
    profile.change(person("Luis"), by=person("Luis"), at=at, language="es")
    _begin_another(Client.objects.get(slug="orbit"), person("Olga"), at)
    _propose(at)
    _talk(at)


MATCH_GUIDE = """\
# Same product or not?

Two listings from two shops. Say **Same** if a customer would get the same article from both.

- Other words for the same thing do not matter: *kettle 1.7 l* and *1.7 litre kettle* are the same.
- Size, colour, model number or quantity that differ make it **Different**.
- An accessory or a spare part is never the same as the article.
- If one listing says less than the other and nothing contradicts, choose **Same**.
"""
COMPARE_GUIDE = """\
# Which answer is better?

Read the question and both answers. Choose the one that is **right** first, then the one that is clearer and kinder.
Say in a sentence what made the difference. If both are equally good, say so; if both are bad or unsafe, say that.
"""


SPANS_GUIDE = """\
# People, places, firms

Mark every **name** of a person, a place or a firm, whole and nothing more: *Dr. Njeri Kamau* without the *Dr.*

- A name that stands for two things is what it is in this sentence.
- A title, a job or a nationality is no name.
"""
STREET_GUIDE = """\
# What is in the street

Draw a box round every person, car and bicycle, as tight as it goes. Something half hidden gets the box of what you see.
"""
STEPS_GUIDE = """\
# Is each step right?

Say of every step whether it **follows** from what stands before it. A step that builds on a wrong one can be right in
itself. If a step is wrong, say why in a sentence that its author would understand.
"""


@dataclass(frozen=True, slots=True)
class Order:
    """A job that Orbit posts: `pay` in US dollars for each answer, `data` a file of tasks, `files` what they name."""

    kind: str
    title: str
    pay: str
    overlap: int
    form: dict[str, Any]
    data: str
    guide: str
    review_rule: str = ReviewRule.MAJORITY
    files: tuple[str, ...] = ()
    asks_mathematics: bool = False


ORDERS = (
    Order(
        "product-match", "Are these the same product?", "0.09", 3,
        {"question": "Are these the same product?", "labels": ["Same", "Different"], "multiple": False},
        "product_pairs.jsonl", MATCH_GUIDE,
    ),
    Order(
        "compare-answers", "Which answer is better?", "0.95", 2,
        {"question": "Which answer is better?", "min_reason": 20}, "comparisons.jsonl", COMPARE_GUIDE, ReviewRule.PEER,
    ),
    Order(
        "mark-words", "Names in sentences", "0.24", 1,
        {"question": "Mark people, places and firms.", "labels": ["person", "place", "firm"]}, "sentences.jsonl",
        SPANS_GUIDE, ReviewRule.PEER,
    ),
    Order(
        "mark-images", "People, cars and bicycles in the street", "0.45", 1,
        {"question": "Draw a box round each.", "labels": ["person", "car", "bicycle"], "types": ["box"]},
        "streets.jsonl", STREET_GUIDE, ReviewRule.PEER, ("street-1.png", "street-2.png", "street-3.png"),
    ),
    Order(
        "check-steps", "Is each step of the solution right?", "4.50", 1,
        {"question": "Is each step right?", "why": True, "markdown": True}, "solutions.jsonl", STEPS_GUIDE,
        ReviewRule.PEER, asks_mathematics=True,
    ),
)  # fmt: skip


def _post(order: Order, mathematics: Skill, at: datetime) -> Job:
    """Draft, fill, fund and open one job."""
    orbit, olga = Client.objects.get(slug="orbit"), person("Olga")
    job = jobs.draft(
        orbit, work_type=WorkType.objects.get(slug=order.kind), title=order.title, guide=order.guide, form=order.form,
        overlap=order.overlap, pay=Decimal(order.pay), review_rule=order.review_rule, time_limit=timedelta(minutes=30),
        asks=mathematics if order.asks_mathematics else None, by=olga, at=at,
    )  # fmt: skip
    if order.files:
        given = [ContentFile((HERE / name).read_bytes(), name=name) for name in order.files]
        files.take_in(files.receive(job, given, by=olga, at=at), at=at)
    with (HERE / order.data).open("rb") as file:
        upload = datasets.receive(job, File(file, name=order.data), by=olga, at=at)
    datasets.load(upload, at=at)
    jobs.fund(job, by=olga, at=at)
    return jobs.open(job, by=olga, at=at)


def _begin_another(orbit: Client, olga: Person, at: datetime) -> None:
    """Let a client begin another job and leave it half written."""
    kind = WorkType.objects.get(slug="product-match")
    begun = sketches.begin(orbit, work_type=kind, by=olga, at=at)
    with (HERE / "product_pairs.jsonl").open("rb") as file:
        sketches.bring(begun, File(file, name="product_pairs.jsonl"), by=olga)
    said = {
        "title": "Same product, other shops",
        "question": "Are these the same product?",
        "labels": "Same\nDifferent",
    }
    sketches.keep(begun, said, by=olga)


def _work(worker: Person, job: Job, count: int) -> None:
    """Let a member do some tasks; who is right shows later, by agreement."""
    for turn in range(count):
        at = clock.now()
        assignment = claims.claim_next(job, by=worker, at=at)
        label = "Same" if turn % 2 == 0 else "Different"
        answers.submit(
            assignment, value={"labels": [label]}, key=uuid.uuid4(), seconds=24 + turn % 11, by=worker, at=at
        )


def _talk(at: datetime) -> None:
    """Let members talk about what they are paid, and about the vote."""
    opened = assembly.open_thread(
        topic="conditions",
        title="How long do Orbit's comparisons really take you?",
        text="I need **seven minutes**, the card says five. How is it for you? Write times, not impressions.",
        by=person("Priya"),
        at=at,
    )
    assembly.write(
        opened.thread, "Six and a half on my phone. Reading both answers is most of it.", by=person("Amina"), at=at
    )
    assembly.write(opened.thread, "Five when both are short. We should ask for a pilot.", by=person("Luis"), at=at)
    vote = Proposal.objects.latest("id")
    assembly.write_about(f"proposal:{vote.pk}", "Listings are twice as long as in spring.", by=person("Luis"), at=at)


def _propose(at: datetime) -> None:
    work_type = WorkType.objects.get(slug="product-match")
    proposal = proposals.draft(
        policy="rate_change",
        payload={"work_type": work_type.pk, "amount": "0.1", "currency": "USD", "estimated_seconds": 30, "replaces": 1},
        title="Raise product matching from US$\u00a00.09 to US$\u00a00.10 a task?",
        text="Listings have become longer since the rate was set. Ten cents keep the hour at twelve dollars.",
        by=person("Amina"),
        at=at,
    )
    for name in ("Amina", "Luis", "Priya", "Grace", "Omar"):
        supporting.back(proposal, by=person(name), at=at)
    proposals.publish(proposal, by=person("Amina"), at=at)
